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
    # bounds of the margin: patients are drawn, each with all of its rows
    seen <- attr(result, "found")
    seen <- seen[seen$labels == 1, ]
    expect_identical(nrow(seen), 2L * nrow(set$x))
    expect_equal(
        mean(seen$kith == seen$class),
        mean(result$accuracy[result$method == "kith" & result$labels == 1])
    )
    balanced <- function(rows, arm) {
        mean(tapply(seen[[arm]][rows] == seen$class[rows],
            droplevels(seen$class[rows]), mean
        ))
    }
    units <- split(seq_len(nrow(seen)), match(seen$group, unique(seen$group)))
    drawn <- vapply(1:30, function(draw) {
        rows <- unlist(units[drawn_units(length(units), draw_key(1L), draw)])
        balanced(rows, "kith") - balanced(rows, "logistic")
    }, 0)
    few <- summary(result, bootstrap = 30, level = 0.9)
    row <- few[few$labels == 1 & few$method == "logistic", ]
    expect_equal(
        c(row$margin_lower, row$margin_upper),
        unname(stats::quantile(drawn, c(0.05, 0.95)))
    )
    expect_true(is.na(few$margin_lower[few$method == "kith"][1]))
    expect_s3_class(ggplot2::autoplot(result), "ggplot")
    expect_true(attr(run(transductive = TRUE), "transductive"))
})

small_encoder <- encoder_mlp(8,
    activation = "relu", norm = "batch", blend = FALSE, normalize = FALSE,
    output = "hidden"
)

# fold 1 of a benchmark with all kinds of arms
benchmark_arm <- function(set = benchmark_set(), transductive = FALSE) {
    data <- benchmark_data(set$x, set$y, set$patient, 3)
    test <- class_folds(data, 3, draw_key(1L)) == 1L
    short <- train_control(epochs = 3, threads = 1, verbose = FALSE)
    new_compare_arm(
        kind = "samples", label = data.frame(fold = 1L),
        settings = list(
            control = short, tuning = short, labels = 2, draws = 1L,
            transductive = transductive, encoder = small_encoder,
            methods = list(
                kith = method_neighbours(),
                scarf = method_scarf(projector = c(8, 4))
            ),
            baselines = names(sample_baselines), transform = "none"
        ), folder = NULL, x = set$x, class = data$class, groups = data$groups,
        test = test, key = draw_key(2L)
    )
}

test_that("nothing is learned from the test samples", {
    arm <- benchmark_arm()
    clean <- fold_spaces(arm)
    expect_identical(clean$tested, which(arm$test))
    expect_identical(clean$shown, which(!arm$test))
    numbers <- function(fold) {
        list(
            lapply(fold$ours, function(one) {
                one$fit[c("scaling", "components", "encoded", "member")]
            }),
            lapply(fold$theirs, function(x) x[!arm$test, ])
        )
    }
    garbage <- arm
    garbage$x[arm$test, ] <- 1e5
    expect_identical(numbers(fold_spaces(garbage)), numbers(clean))
    # what is seen does change it
    other <- arm
    other$x[which(!arm$test)[1], ] <- 0
    expect_false(identical(numbers(fold_spaces(other)), numbers(clean)))
    all <- fold_spaces(benchmark_arm(transductive = TRUE))
    expect_identical(nrow(all$ours$kith$fit$encoded), nrow(arm$x))
    expect_identical(all$tested, clean$tested)
})

test_that("no arm sees the labels of test samples", {
    skip_if_not_installed("ranger")
    arm <- benchmark_arm()
    fold <- fold_spaces(arm)
    for (k in c(2, Inf)) {
        found <- scores_of_draw(arm, fold, k, 1L)
        expect_named(found, c(
            "kith", paste("scarf", network_arms), names(sample_baselines)
        ))
        other <- arm
        other$class[arm$test] <- rev(arm$class[arm$test])
        expect_false(identical(other$class, arm$class))
        expect_equal(scores_of_draw(other, fold, k, 1L), found)
        # those that are shown do change all
        other <- arm
        other$class[!arm$test] <- rev(arm$class[!arm$test])
        changed <- scores_of_draw(other, fold, k, 1L)
        for (name in names(found)) {
            expect_false(isTRUE(all.equal(changed[[name]], found[[name]])))
        }
    }
})

test_that("a seed decides, wherever folds are computed", {
    set <- benchmark_set()
    run <- function(...) {
        set.seed(4)
        benchmark_samples(set$x, set$y,
            labels = 2, folds = 3, draws = 1, baselines = "logistic",
            methods = list(s = method_scarf(projector = c(8, 4))),
            encoder = small_encoder, control = train_control(
                epochs = 2, threads = 1, verbose = FALSE
            ), tuning = train_control(epochs = 2, verbose = FALSE), ...
        )
    }
    one <- run()
    expect_identical(run(), one)
    skip_on_os("windows")
    expect_identical(run(BPPARAM = BiocParallel::MulticoreParam(2)), one)
})

test_that("baselines do not depend on the methods beside them", {
    set <- benchmark_set()
    score <- function(method) {
        result <- benchmark_samples(set$x, set$y,
            methods = list(kith = method), labels = 5,
            baselines = "PCA + logistic", folds = 3, draws = 1, control = quiet
        )
        result[result$method == "PCA + logistic", "log_loss"]
    }
    expect_identical(
        score(method_neighbours(dims = 2)), score(method_neighbours())
    )
})

test_that("groups stay together", {
    set <- benchmark_set()
    data <- benchmark_data(set$x, set$y, set$patient, 3)
    fold <- class_folds(data, 3, draw_key(1L))
    expect_true(all(tapply(fold, set$patient, function(f) {
        length(unique(f)) == 1L
    })))
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
    refuse("whole numbers", y = set$y, labels = 1.5)
    refuse("named list", y = set$y, methods = method_neighbours())
    refuse("logistic", y = set$y, baselines = "svm")
})

test_that("a network has three arms", {
    data <- benchmark_set()
    run <- function(y, seen = 1:2) {
        benchmark_samples(data$x, y,
            labels = c(2, Inf), baselines = "nearest centroid",
            methods = list(
                kith = method_neighbours(),
                scarf = method_scarf(projector = c(8, 4)),
                untrained = method_untrained()
            )[seen],
            folds = 3, draws = 2, encoder = small_encoder,
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
    # the arms of other methods stay as they are
    fewer <- run(data$y, 1:2)
    shared <- result[!startsWith(result$method, "untrained"), ]
    expect_equal(as.data.frame(fewer), as.data.frame(shared),
        ignore_attr = TRUE
    )
})

test_that("arms and folders that cannot be are refused", {
    set <- benchmark_set()
    refused <- function(regexp, ...) {
        expect_error(
            benchmark_samples(set$x, set$y, folds = 3, draws = 1, ...),
            regexp,
            class = "kith_error_input"
        )
    }
    refused("name of two arms", methods = list(logistic = method_neighbours()))
    refused("name of two arms", methods = list(
        a = method_neighbours(), a = method_neighbours(dims = 2)
    ))
    refused("name of two arms", methods = list(
        s = method_scarf(), "s frozen" = method_neighbours()
    ))
    refused("no folder", folder = "/none/a/b", control = quiet)
    refused("control.*must have no .*checkpoint", control = train_control(
        checkpoint = withr::local_tempfile()
    ))
    refused("tuning.*must have no .*checkpoint", tuning = train_control(
        checkpoint = withr::local_tempfile()
    ))
})

test_that("the transform is chosen once, and told", {
    withr::local_seed(6)
    x <- matrix(rpois(60 * 20, 20), 60,
        dimnames = list(paste0("s", 1:60), paste0("g", 1:20))
    )
    x[1, 1] <- 60
    expect_message(
        benchmark_samples(x, rep(c("a", "b"), 30),
            labels = 2, folds = 3, draws = 1, baselines = "nearest centroid",
            control = quiet
        ), "log_cpm",
        class = "kith_message_transform"
    )
})

test_that("labels may be a share of each class", {
    class <- factor(rep(c("a", "b", "c"), c(40, 10, 3)))
    drawn <- draw_labels(class, 0.1, draw_key(1L))
    expect_identical(as.vector(table(class[drawn])), c(4L, 1L, 1L))
    expect_false(identical(draw_labels(class, 0.1, draw_key(2L)), drawn))
    set <- benchmark_set()
    result <- benchmark_samples(set$x, set$y,
        labels = c(0.2, Inf), baselines = "logistic", folds = 3, draws = 1,
        control = quiet
    )
    expect_identical(unique(result$labels), c(0.2, Inf))
    expect_identical(
        levels(name_label_counts(c(0.2, 1, Inf))),
        paste(c("20 %", "1", "all"), "labelled for each class")
    )
    expect_error(check_label_counts(c(0, 1)), class = "kith_error_input")
    expect_error(check_label_counts(1.5), class = "kith_error_input")
})

test_that("threads make no other arm", {
    arm <- benchmark_arm()
    other <- arm
    other$settings$control$threads <- 7L
    other$settings$tuning$threads <- 5L
    expect_identical(arm_hash(other), arm_hash(arm))
    other$settings$tuning$epochs <- 99L
    expect_false(identical(arm_hash(other), arm_hash(arm)))
})

test_that("groups that hold several classes fill all folds", {
    # each of 11 types has tumours and normal tissue: a fold for each
    type <- rep(letters[1:11], each = 6)
    state <- rep(c("tumour", "normal"), 33)
    state[type %in% c("b", "e")] <- rev(state[type %in% c("b", "e")])
    data <- list(class = factor(state), groups = type)
    for (i in 1:5) {
        fold <- class_folds(data, 11, draw_key(i))
        expect_true(all(tabulate(fold, 11) == 6))
    }
    # patients with one or both of two classes
    patient <- c(rep(1:20, each = 2), 21:40)
    class <- factor(c(rep(c("a", "b"), 20), rep("a", 20)))
    fold <- class_folds(
        list(class = class, groups = as.character(patient)), 5, draw_key(1L)
    )
    expect_true(all(table(fold, class)[, "a"] == 8))
    expect_true(all(table(fold, class)[, "b"] == 4))
    # what is rare stays in
    rare <- class_strata(
        factor(c("a", "b", "a", "b", "a")), c("p", "p", "q", "r", "s"), 2
    )
    expect_identical(rare, c("other", "other", "a", "other", "a"))
})
