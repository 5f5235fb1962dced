benchmark_set <- function(n = 45) {
    set.seed(1)
    tissue <- rep(c("a", "b", "c"), length.out = n)
    centre <- matrix(rnorm(3 * 60), 3, dimnames = list(unique(tissue), NULL))
    x <- centre[tissue, ] + matrix(rnorm(n * 60), n)
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("g", 1:60))
    list(x = x, y = tissue, patient = rep(seq_len(n / 3), each = 3))
}

quiet <- train_control(threads = 1, seed = 1, verbose = FALSE)

test_that("a benchmark compares all arms on the same folds and labels", {
    set <- benchmark_set()
    run <- function(...) {
        benchmark_samples(set$x, set$y, ...,
            labels = c(1, Inf), folds = 3, draws = 2, control = quiet,
            baselines = c("logistic", "nearest centroid")
        )
    }
    result <- run()
    # one draw of all labels
    expect_equal(nrow(result), 3 * (2 + 1) * 3)
    expect_true(all(result$n_test == 15))
    expect_true(all(is.na(
        result$log_loss[result$method == "nearest centroid"]
    )))
    expect_true(all(result$log_loss[result$method != "nearest centroid"] > 0))
    expect_identical(run(), result)
    folder <- withr::local_tempdir()
    expect_identical(run(folder = folder), result)
    expect_length(dir(folder), 3)
    expect_identical(run(folder = folder), result)
    found <- summary(result)
    values <- result[result$labels == 1, ]
    kith <- tapply(values$balanced, list(values$fold, values$method), mean)
    margin <- kith[, "kith"] - kith[, "logistic"]
    row <- found[found$labels == 1 & found$method == "logistic", ]
    expect_equal(row$margin, mean(margin))
    expect_equal(row$margin_se, sd(margin) / sqrt(3))
    expect_s3_class(ggplot2::autoplot(result), "ggplot")
    expect_true(attr(run(transductive = TRUE), "transductive"))
})

test_that("nothing of the test samples is seen, and groups stay together", {
    set <- benchmark_set()
    data <- benchmark_data(set$x, set$y, set$patient, 3)
    fold <- class_folds(data, 3, draw_key(1L))
    expect_true(all(tapply(fold, set$patient, function(f) {
        length(unique(f)) == 1L
    })))
    arm <- new_compare_arm(
        kind = "samples", label = data.frame(fold = 1L),
        settings = list(
            control = quiet, labels = 2, draws = 1L, transductive = FALSE,
            methods = list(kith = method_neighbours()),
            baselines = names(sample_baselines)[1:4], transform = "none"
        ), folder = NULL, x = set$x, class = data$class, test = fold == 1L,
        key = draw_key(2L)
    )
    fitted_of <- function(x) {
        seen <- x[!arm$test, ]
        learn_neighbours(
            scaled_samples(seen, fit_scaling(seen, "none")),
            method_neighbours(), NULL, quiet, 1
        )
    }
    garbage <- set$x
    garbage[arm$test, ] <- 1e5
    expect_identical(fitted_of(garbage), fitted_of(set$x))
    # a sample whose label is not known is in its patient's fold
    y <- set$y
    y[1] <- NA
    unknown <- benchmark_data(set$x, y, set$patient, 3)
    fold <- class_folds(unknown, 3, draw_key(1L))
    expect_identical(fold[1], fold[2])
})

test_that("baselines and measures are those of plain R", {
    set <- benchmark_set()
    x <- scale(set$x)
    class <- match(set$y, c("a", "b", "c"))
    train <- list(genes = x[1:30, ], components = x[1:30, 1:5])
    test <- list(genes = x[31:45, ], components = x[31:45, 1:5])
    centroids <- apply(train$genes, 2, tapply, class[1:30], mean)
    distance <- as.matrix(dist(rbind(test$genes, centroids)))[1:15, 16:18]
    score <- sample_baselines[["nearest centroid"]]$score(
        train, class[1:30], test, 3, 1
    )
    expect_equal(
        unname(max.col(score)), unname(max.col(-distance))
    )
    few <- x[1:30, 1:4]
    means <- apply(few, 2, tapply, class[1:30], mean)
    within <- crossprod(few - means[class[1:30], ]) / 27
    shrunken <- 0.5 * within + 0.5 * mean(diag(within)) * diag(4)
    plain <- x[31:45, 1:4] %*% solve(shrunken, t(means)) - rep(
        diag(means %*% solve(shrunken, t(means))) / 2,
        each = 15
    )
    expect_equal(
        unname(shrunken_lda(few, class[1:30], x[31:45, 1:4])), unname(plain),
        tolerance = 1e-6
    )
    found <- factor(c("a", "a", "b", "c"), c("a", "b", "c"))
    truth <- factor(c("a", "b", "b", "b"), c("a", "b", "c"))
    expect_equal(balanced_accuracy(found, truth), (1 + 1 / 3) / 2)
    expect_equal(macro_f1(found, truth), (2 / 3 + 2 / 4) / 2)
    labels <- draw_labels(truth, 2, draw_key(1L))
    expect_length(labels, 3)
    expect_true(1L %in% labels)
    expect_identical(sort(draw_labels(truth, Inf, draw_key(1L))), 1:4)
})

test_that("a forest is among the baselines", {
    skip_if_not_installed("ranger")
    set <- benchmark_set()
    result <- benchmark_samples(set$x, set$y,
        labels = 5, folds = 3, draws = 1, control = quiet,
        baselines = c("random forest", "PCA + logistic", "shrunken LDA")
    )
    expect_true(all(result$balanced > 0.6))
})

test_that("benchmarks of what cannot be right are refused", {
    set <- benchmark_set()
    refuse <- function(words, ...) {
        expect_error(benchmark_samples(set$x, control = quiet, ...), words,
            class = "kith_error_input"
        )
    }
    refuse("factor", y = seq_along(set$y))
    refuse("at least 5", y = replace(set$y, set$y == "a", c("a", rep("b", 14))))
    refuse("whole numbers", y = set$y, labels = 0.5)
    refuse("named list", y = set$y, methods = method_neighbours())
    refuse("logistic", y = set$y, baselines = "svm")
})

test_that("a network has three arms, none of which sees a test label", {
    data <- benchmark_set()
    encoder <- encoder_mlp(8,
        activation = "relu", norm = "batch", blend = FALSE, normalize = FALSE,
        output = "hidden"
    )
    run <- function(y, seen = 1:2) {
        benchmark_samples(data$x, y,
            labels = c(2, Inf), baselines = "nearest centroid",
            methods = list(
                kith = method_neighbours(),
                scarf = method_scarf(projector = c(8, 4)),
                untrained = method_untrained()
            )[seen],
            folds = 3, draws = 2, encoder = encoder,
            control = train_control(seed = 1, threads = 1, epochs = 3),
            tuning = train_control(seed = 1, threads = 1, epochs = 3)
        )
    }
    result <- run(data$y, 1:3)
    ours <- c(
        "kith", paste("scarf", network_arms), paste("untrained", network_arms)
    )
    expect_identical(attr(result, "ours"), ours)
    expect_setequal(result$method, c(ours, "nearest centroid"))
    expect_identical(
        is.na(result$log_loss), result$method == "nearest centroid"
    )
    expect_s3_class(ggplot2::autoplot(result), "ggplot")
    # what an arm finds is the same by hand
    folds <- unique(result$fold)
    expect_length(folds, 3)
    expect_true(all(result$balanced >= 0 & result$balanced <= 1))
    # the arms of other methods stay as they are
    fewer <- run(data$y, 1:2)
    shared <- result[!startsWith(result$method, "untrained"), ]
    expect_equal(as.data.frame(fewer), as.data.frame(shared),
        ignore_attr = TRUE
    )
})
