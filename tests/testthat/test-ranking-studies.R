# evaluate(), benchmark_ranking(), mark_ablation(), importance(), their figures.

study_cells <- function(n = 150, ...) {
    withr::with_seed(1, simulate_marks(n, n_bins = 8, ...))
}

study_control <- function(...) {
    train_control(epochs = 5, threads = 1, seed = 1, verbose = FALSE, ...)
}

linear_fit <- function(cells, train) {
    learn_ranking(cells$marks[train, , ], cells$expression[train],
        scorer_linear(penalty = c(30, 3)), control = study_control()
    )
}

test_that("an evaluation sets genes apart that were trained on", {
    cells <- study_cells()
    train <- 1:100
    fit <- linear_fit(cells, train)
    result <- withr::with_seed(1, evaluate(
        fit, cells$marks, cells$expression,
        draws = 40
    ))
    expect_identical(
        unique(result$setting), c("held out", "transductive")
    )
    expect_identical(unique(result$n_genes), c(50L, 100L))
    held <- result[result$setting == "held out", ]
    scores <- predict(fit, cells$marks[-train, , ])$.pred
    y <- unname(cells$expression[-train])
    expect_equal(held$concordance[1], concordance(scores, y))
    expect_equal(held$tau_b[1], cor(scores, y, method = "kendall"))
    expect_equal(held$spearman[1], cor(scores, y, method = "spearman"))
    expect_equal(held$auc[1], auc(scores, y > median(y)))
    # the mean of a mark that lowers expression counts the other way round
    repressed <- rowMeans(cells$marks[-train, , "H3K27me3"])
    expect_equal(
        held$concordance[held$scorer == "mean H3K27me3"],
        concordance(-repressed, y)
    )
    expect_true(all(held$lower <= held$concordance))
    expect_true(all(held$upper >= held$concordance))
    expect_equal(held$margin[-1], held$concordance[1] - held$concordance[-1])
    expect_output(print(result), "says nothing about others")
    expect_identical(nrow(summary(result)), 2L)
    expect_identical(glance(result)$setting, "held out")
    expect_s3_class(autoplot(result), "ggplot")
    expect_identical(class(result[1:2]), "data.frame")
})

test_that("baselines are trained on the training genes", {
    skip_if_not_installed("ranger")
    skip_if_not_installed("glmnet")
    skip_if_not_installed("gbm")
    cells <- study_cells()
    train <- 1:100
    fit <- linear_fit(cells, train)
    given <- list(x = cells$marks[train, , ], y = cells$expression[train])
    result <- evaluate(fit, cells$marks[-train, , ], cells$expression[-train],
        train = given, draws = 0
    )
    trained <- c("ridge", "forest", "forest, smoothed bins", "boosted trees")
    expect_true(all(trained %in% result$scorer))
    expect_true(all(
        result$concordance[result$scorer %in% trained] > 0.6
    ))
    expect_true(all(is.na(result$lower)))
    # the same without draws of R's stream
    withr::local_seed(5)
    before <- .Random.seed
    again <- evaluate(fit, cells$marks[-train, , ], cells$expression[-train],
        train = given, draws = 0
    )
    expect_identical(again, result)
    expect_identical(.Random.seed, before)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    refused(evaluate(fit, cells$marks[-train, , ], cells$expression[-train],
        train = given$x
    ), "list of the marks")
    refused(evaluate(fit, cells$marks[-train, , ], cells$expression[-train],
        train = list(x = cells$marks, y = cells$expression)
    ), "50 are not among them")
})

test_that("GAM and forest see few features", {
    skip_if_not_installed("mgcv")
    cells <- study_cells(120)
    x <- apply(cells$marks[, , 1:2], c(1, 3), mean)
    signal <- ranking_signal(x)
    train <- signal_rows(signal, 1:80)
    test <- signal_rows(signal, 81:120)
    y <- unname(cells$expression)
    found <- ranking_baselines$GAM$score(train, y[1:80], test, 1L)
    expect_gt(concordance(found, y[81:120]), 0.6)
    expect_false(ranking_baselines$GAM$fits(ranking_signal(cells$marks)))
    expect_false(
        ranking_baselines[["forest, smoothed bins"]]$fits(signal)
    )
})

test_that("a benchmark compares arms on the same genes, and goes on", {
    cells <- study_cells()
    folder <- withr::local_tempdir()
    run <- function(...) {
        benchmark_ranking(cells$marks, cells$expression,
            arms = list(
                linear = scorer_linear(penalty = 30),
                first = function(x, y, newdata) newdata$values[, 3]
            ),
            baselines = "best mark", splits = 3, control = study_control(),
            ...
        )
    }
    result <- run(folder = folder)
    expect_identical(nrow(result), 9L)
    expect_identical(
        unique(result$method), c("linear", "first", "best mark")
    )
    expect_identical(length(list.files(folder)), 9L)
    # what was kept is read, or found again
    expect_identical(run(folder = folder)[1:6], result[1:6])
    # known again, though a scorer was used since
    expect_identical(length(list.files(folder)), 9L)
    table <- summary(result)
    values <- matrix(result$concordance, 3)
    expect_equal(table$mean, rowMeans(values))
    expect_equal(table$margin[2], mean(values[1, ] - values[2, ]))
    expect_equal(
        table$margin_se[3], sd(values[1, ] - values[3, ]) / sqrt(3)
    )
    expect_s3_class(autoplot(result), "ggplot")
    # whole groups are kept out
    groups <- unname(cells$chromosome)
    tested <- split_genes(groups, 0.8, draw_key(1L), length(groups))
    expect_length(intersect(groups[tested], groups[!tested]), 0)
    by_group <- run(groups = groups)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    refused(run(groups = groups[-1]), "150 genes and 149 values")
    refused(run(groups = replace(groups, 4, NA)), "G004.*chromosome")
    refused(run(groups = rep("chr1", 150)), "at least two groups")
    refused(
        benchmark_ranking(cells$marks, cells$expression, scorer_linear()),
        "named list"
    )
    refused(
        benchmark_ranking(cells$marks, cells$expression, baselines = "oracle"),
        "baselines.*among"
    )
})

test_that("an ablation finds the marks that are needed", {
    cells <- study_cells(300, noise = 0.3)
    result <- mark_ablation(cells$marks, cells$expression,
        scorer_linear(penalty = 30), folds = 4, control = study_control()
    )
    expect_identical(nrow(result), 31L)
    expect_identical(result$n_marks[1], 5L)
    best <- result[result$smallest, ]
    # repression is told by one mark alone; either active mark tells activity
    expect_true(best$H3K27me3)
    expect_false(best$H3K9me3)
    folds <- attr(result, "folds")
    expect_equal(result$concordance, unname(colMeans(folds)))
    expect_equal(
        result$difference_se[7], sd(folds[, 7] - folds[, 1]) / 2
    )
    expect_true(all(
        result$n_marks[result$within] >= best$n_marks
    ))
    expect_output(print(result), "Smallest within one standard error")
    expect_s3_class(autoplot(result, n = 5), "ggplot")
    few <- mark_subsets(letters[1:9], NULL)
    expect_identical(lengths(few), c(9L, rep(c(8L, 2L, 1L), c(9, 36, 9))))
    expect_error(mark_subsets(letters[1:14], 1:14), "4095",
        class = "kith_error_input"
    )
    expect_error(mark_subsets("a", NULL), "two marks",
        class = "kith_error_input"
    )
})

test_that("permutations show what the scores rest on", {
    cells <- study_cells(300, noise = 0.3)
    fit <- linear_fit(cells, 1:200)
    x <- cells$marks[-(1:200), , ]
    y <- cells$expression[-(1:200)]
    found <- importance(fit, x, y, seed = 3)
    expect_identical(found$mark, fit$marks)
    expect_gt(found$importance[found$mark == "H3K27me3"], 0.05)
    expect_lt(abs(found$importance[found$mark == "H3K9me3"]), 0.02)
    expect_identical(importance(fit, x, y, seed = 3), found)
    bins <- importance(fit, x, y, by = "bin", repeats = 2, seed = 3)
    expect_identical(nrow(bins), 40L)
    expect_identical(bins$bin[1:8], 1:8)
    expect_s3_class(autoplot(found), "ggplot")
    expect_s3_class(autoplot(bins), "ggplot")
    expect_error(importance(fit, x), "y.*needed", class = "kith_error_input")
})

test_that("integrated gradients add up to differences of scores", {
    cells <- study_cells(120)
    conv <- encoder_conv(
        channels = 6, width = 3, pool = 2, hidden = 6, dropout = 0
    )
    fit <- learn_ranking(cells$marks, cells$expression,
        list(
            scorer_kernel(width = 2, scale = "mark"), scorer_linear(),
            encoder_mlp(hidden = 8), conv
        ),
        control = study_control(), members = 2
    )
    # all have a say here
    fit$weights[] <- c(1, 0.3, 0.7, 0.5)
    signal <- ranking_signal(cells$marks)
    shares <- integrated_gradients(fit, signal, 200)
    expect_identical(dim(shares), c(120L, 40L))
    score <- score_genes(fit, signal)
    # each part starts from the mean gene as it sees it, which is one number
    start <- score - rowSums(shares)
    expect_lt(sd(start), 0.02 * sd(score))
    by_mark <- importance(fit, cells$marks, method = "gradients", steps = 50)
    expect_false(by_mark$mark[which.max(by_mark$importance)] == "H3K9me3")
    expect_lt(by_mark$direction[by_mark$mark == "H3K27me3"], 0)
    bins <- importance(fit, cells$marks, by = "bin", method = "gradients",
        steps = 20
    )
    expect_equal(bins$importance, unname(colMeans(abs(
        integrated_gradients(fit, signal, 20)
    ))))
})

test_that("a kernel's slope equals central differences", {
    withr::local_seed(2)
    space <- list(centres = random_matrix(9, 4), width = 1.7)
    a <- rnorm(9)
    x <- random_matrix(3, 4)
    f <- function(v) {
        sum(space_scores(space, a, matrix(v, 3), 1L))
    }
    slope <- kernel_slope(x, space, a, 1L)
    expect_lt(
        relative_error(as.vector(slope), numeric_gradient(f, as.vector(x))),
        1e-6
    )
    # at a centre there is none by that centre
    expect_true(all(is.finite(kernel_slope(space$centres, space, a, 1L))))
})

test_that("simulated marks have the truth that they claim", {
    cells <- withr::with_seed(1, simulate_marks(3000))
    expect_identical(dim(cells$marks), c(3000L, 50L, 5L))
    expect_identical(sum(cells$expression == 0), 600L)
    totals <- apply(cells$marks, c(1, 3), sum)
    with_truth <- cor(totals, cells$truth[c("activity", "repression")],
        method = "spearman"
    )
    expect_gt(with_truth["H3K4me3", "activity"], 0.6)
    expect_gt(with_truth["H3K27me3", "repression"], 0.6)
    expect_lt(max(abs(with_truth["H3K9me3", ])), 0.06)
    # what two marks have in common besides the activity makes them redundant
    rest <- apply(log1p(totals), 2, function(total) {
        residuals(lm(total ~ cells$truth$activity + cells$truth$repression))
    })
    expect_gt(cor(rest[, "H3K4me3"], rest[, "H3K27ac"]), 0.6)
    expect_lt(abs(cor(rest[, "H3K4me3"], rest[, "H3K36me3"])), 0.06)
    best <- concordance(cells$truth$expected, cells$expression)
    noisy <- concordance(
        cells$truth$expected + rnorm(3000), cells$expression
    )
    expect_gt(best, noisy)
    expect_output(print(cells), "best concordance")
    expect_error(simulate_marks(noise = -1), "noise",
        class = "kith_error_input"
    )
})

test_that("figures of a fit show what was compared", {
    fit <- linear_fit(study_cells(60), 1:60)
    expect_s3_class(autoplot(fit), "ggplot")
    expect_identical(autoplot(fit)$data$concordance, fit$folds$concordance)
})

test_that("splits by few groups differ, and hold out whole groups", {
    held <- lapply(1:12, function(s) {
        split_genes(rep(c("a", "b"), 10), 0.8, draw_key(s), 20)
    })
    expect_true(all(vapply(held, sum, 0) == 10))
    expect_length(unique(held), 2)
    four <- split_genes(rep(letters[1:4], 5), 0.5, draw_key(1L), 20)
    expect_identical(sum(four), 10L)
})

test_that("benchmarks of ranking refuse what cannot be", {
    cells <- simulate_marks(40, n_bins = 4)
    lin <- scorer_linear(penalty = 100)
    refused <- function(regexp, ...) {
        expect_error(
            benchmark_ranking(cells$marks, cells$expression,
                baselines = "best mark", splits = 2, ...
            ), regexp,
            class = "kith_error_input"
        )
    }
    refused("name of two arms", arms = list(a = lin, a = scorer_linear(1)))
    refused("name of two arms", arms = list("best mark" = lin))
    refused("prop", arms = list(a = lin), prop = 0.99)
    refused("prop", arms = list(a = lin), prop = 0.01)
    refused("checkpoint", arms = list(a = lin), control = train_control(
        checkpoint = withr::local_tempfile()
    ))
    ablate <- function(regexp, marks = cells$marks, ...) {
        expect_error(
            mark_ablation(marks, cells$expression, lin, size = 1, ...), regexp,
            class = "kith_error_input"
        )
    }
    ablate("folds.* at most 20", folds = 40)
    ablate("folds.* at most 2 ", groups = rep(1:2, 20), folds = 5)
    named <- cells$marks
    dimnames(named)[[3]][1] <- "se"
    ablate("named as columns", marks = named)
    ablate("checkpoint", control = train_control(
        checkpoint = withr::local_tempfile()
    ))
    # where the median is the largest value
    expect_identical(auc_at_median(1:4, c(0, 1, 1, 1)), 1)
})

test_that("all subsets of an ablation have one transform", {
    cells <- simulate_marks(60, n_bins = 4)
    x <- cells$marks * 1
    x[, , 1] <- x[, , 1] - 2
    control <- train_control(seed = 1)
    lin <- scorer_linear(penalty = 100)
    expect_equal(
        mark_ablation(x, cells$expression, lin, size = 1, control = control),
        mark_ablation(x, cells$expression, lin,
            size = 1, control = control, transform = "none"
        )
    )
})
