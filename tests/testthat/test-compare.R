# The core of studies and benchmarks: folds, arms, bootstrap, tables, the plot.

test_that("measures have a direction", {
    set.seed(1)
    truth <- rnorm(20)
    near <- truth + rnorm(20, sd = 0.1)
    far <- truth + rnorm(20)
    expect_true(is_better(measure_auc, 0.7, 0.6))
    expect_false(is_better(measure_auc, 0.6, 0.6))
    expect_false(is_better(measure_auc, 0.5, 0.6))
    expect_true(is_better(measure_rmse, 0.5, 0.6))
    expect_false(is_better(measure_rmse, 0.7, 0.6))
    expect_true(is_better(measure_rmse, 0.7, NULL))
    for (measure in list(measure_spearman, measure_rmse)) {
        expect_true(is_better(
            measure, measure$of(near, truth), measure$of(far, truth)
        ))
        expect_gt(advantage(
            measure, measure$of(near, truth), measure$of(far, truth)
        ), 0)
    }
    expect_equal(measure_rmse$of(c(1, 2), c(1, 4)), sqrt(2))
    expect_equal(measure_spearman$of(near, truth),
        cor(near, truth, method = "spearman")
    )
})

test_that("folds are of one size, and a key decides them", {
    key <- draw_key(1L)
    folds <- item_folds(103, 5, key)
    expect_setequal(folds, 1:5)
    expect_lte(diff(range(table(folds))), 1)
    expect_identical(item_folds(103, 5, key), folds)
    expect_false(identical(item_folds(103, 5, draw_key(2L)), folds))
    expect_identical(item_folds(4, 1, key), rep(1L, 4))
})

test_that("groups stay together, strata are shared out", {
    key <- draw_key(1L)
    groups <- rep(sprintf("g%02d", 1:20), times = rep(1:4, 5))
    folds <- item_folds(length(groups), 4, key, groups = groups)
    expect_true(all(tapply(folds, groups, function(f) {
        length(unique(f))
    }) == 1L))
    expect_identical(
        as.vector(table(folds[!duplicated(groups)])), rep(5L, 4)
    )
    strata <- rep(c("a", "b", "c"), c(40, 20, 8))
    folds <- item_folds(68, 4, key, strata = strata)
    expect_identical(
        unclass(unname(as.matrix(table(strata, folds)))),
        unclass(unname(matrix(c(10L, 5L, 2L), 3, 4))),
        ignore_attr = TRUE
    )
    # whole groups of one stratum
    stratum <- rep(rep(c("x", "y"), each = 10), times = rep(1:4, 5))
    folds <- item_folds(length(groups), 5, key, groups, stratum)
    of_group <- folds[!duplicated(groups)]
    expect_true(all(table(of_group, stratum[!duplicated(groups)]) == 2L))
})

test_that("a bootstrap of units equals one by hand", {
    set.seed(2)
    unit <- rep(letters[1:8], times = 1:8)
    truth <- rnorm(36)
    predicted <- cbind(near = truth + rnorm(36, sd = 0.2), far = rnorm(36))
    key <- draw_key(3L)
    found <- resample_units(measure_rmse, predicted, truth, unit, 40, key)
    expect_identical(dim(found), c(40L, 2L))
    by_hand <- t(vapply(1:40, function(draw) {
        drawn <- drawn_units(8L, key, draw)
        rows <- unlist(lapply(letters[drawn], function(u) which(unit == u)))
        c(
            sqrt(mean((predicted[rows, 1] - truth[rows])^2)),
            sqrt(mean((predicted[rows, 2] - truth[rows])^2))
        )
    }, numeric(2)))
    expect_equal(unname(found), by_hand)
    expect_identical(
        resample_units(measure_rmse, predicted, truth, unit, 40, key), found
    )
    # units are drawn evenly, with replacement
    drawn <- unlist(lapply(1:2000, drawn_units, n = 8L, key = key))
    expect_setequal(drawn, 1:8)
    expect_gt(stats::chisq.test(table(drawn))$p.value, 1e-4)
    expect_lt(length(unique(drawn_units(50L, key, 1))), 50)
})

test_that("draws without a value are NA, and intervals leave them out", {
    truth <- c(TRUE, FALSE, FALSE, FALSE)
    predicted <- cbind(score = c(4, 1, 2, 3))
    found <- resample_units(
        measure_auc, predicted, truth, 1:4, 60, draw_key(1L)
    )
    expect_true(anyNA(found))
    expect_identical(unique(found[!is.na(found)]), 1)
    expect_identical(paired_intervals(found, 0.9)$lower, 1)
})

test_that("tables have values, intervals and paired margins", {
    set.seed(3)
    truth <- rnorm(30)
    predicted <- data.frame(
        near = truth + rnorm(30, sd = 0.3), far = truth + rnorm(30)
    )
    drawn <- resample_units(
        measure_rmse, predicted, truth, seq_len(30), 200, draw_key(1L)
    )
    table <- compare_columns(predicted, truth, measure_rmse, drawn, 0.9)
    expect_identical(names(table)[1:2], c("scorer", "rmse"))
    expect_equal(table$rmse, c(
        sqrt(mean((predicted$near - truth)^2)),
        sqrt(mean((predicted$far - truth)^2))
    ))
    # lower is better: the first has the smaller error, so a positive margin
    expect_equal(table$margin, c(NA, table$rmse[2] - table$rmse[1]))
    expect_gt(table$margin[2], 0)
    expect_equal(
        c(table$margin_lower[2], table$margin_upper[2]),
        unname(quantile(drawn[, 2] - drawn[, 1], c(0.05, 0.95)))
    )
    expect_equal(table$lower,
        unname(apply(drawn, 2, quantile, 0.05))
    )
    none <- compare_columns(predicted, truth, measure_rmse)
    expect_true(all(is.na(none$lower)))
    expect_equal(none$margin, table$margin)

    subsets <- list(all = rep(TRUE, 30), none = rep(FALSE, 30),
        half = rep(c(TRUE, FALSE), 15)
    )
    rows <- compare_subsets(subsets, function(kept) {
        if (any(kept)) {
            compare_columns(predicted[kept, ], truth[kept], measure_rmse)
        }
    })
    expect_identical(unique(rows$subset), c("all", "half"))
    expect_equal(rows$rmse[1:2], table$rmse)
})

test_that("folds are compared in pairs", {
    values <- cbind(kith = c(0.8, 0.7, 0.9), other = c(0.75, 0.7, 0.7))
    found <- compare_folds(values, "kith")
    expect_equal(found$mean, c(0.8, mean(values[, 2])))
    difference <- values[, 1] - values[, 2]
    expect_equal(found$margin, c(0, mean(difference)))
    expect_equal(found$margin_se, c(0, sd(difference) / sqrt(3)))
    # of an error the smaller one is better
    expect_equal(compare_folds(values, "kith", measure_rmse)$margin,
        -found$margin
    )
})

test_that("arms are kept in a folder, and a stopped study goes on", {
    folder <- file.path(withr::local_tempdir(), "arms")
    count <- 0
    registerS3method("fit_arm", "counting_arm", function(arm) {
        count <<- count + 1
        if (arm$value == stop_at) stop("stopped")
        list(label = arm$label, result = arm$value^2)
    }, asNamespace("kith"))
    arms <- lapply(1:3, function(value) {
        new_compare_arm(
            value = value, kind = "counting",
            label = data.frame(value = value),
            settings = list(control = train_control(verbose = FALSE)),
            folder = folder
        )
    })
    stop_at <- 3
    serial <- BiocParallel::SerialParam()
    expect_error(run_arms(arms, serial), "stopped")
    expect_identical(count, 3)
    expect_length(list.files(folder), 2)
    stop_at <- 0
    found <- run_arms(arms, serial)
    expect_identical(count, 4)
    expect_identical(vapply(found, `[[`, 0, "result"), c(1, 4, 9))
    # another number of threads is the same arm, another rate is not
    same <- other <- arms[1]
    same[[1]]$settings$control$threads <- 7L
    other[[1]]$settings$control$learning_rate <- 0.1
    run_arms(same, serial)
    expect_identical(count, 4)
    run_arms(other, serial)
    expect_identical(count, 5)
})

test_that("the forest plot draws any measure with its intervals", {
    rows <- data.frame(
        setting = factor("held out"), subset = factor("all"),
        scorer = c("kith", "cosine"), rmse = c(0.5, 0.7),
        lower = c(0.4, NA), upper = c(0.6, NA)
    )
    plot <- plot_forest(rows, "scorer",
        c(kith = "red", cosine = "blue"), "Title",
        measure = measure_rmse, chance = 1, values = TRUE
    )
    built <- ggplot2::ggplot_build(plot)
    expect_match(plot$labels$x, "^root mean squared error")
    expect_identical(built$data[[1]]$xintercept, 1)
    expect_equal(sort(built$data[[3]]$x), c(0.5, 0.7))
    expect_setequal(built$data[[4]]$label, c("0.500", "0.700"))
})
