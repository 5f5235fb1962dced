# benchmark_response(): folds that leak nothing, arms that see the same pairs.

screen <- local({
    set.seed(1)
    simulate_response(n_drugs = 20, n_cells = 24)
})
quiet <- train_control(seed = 1, threads = 1, verbose = FALSE)
run <- function(response = screen$response, ..., methods = list(
                    kernels = method_kernels()
                )) {
    benchmark_response(response, screen$drugs, screen$cells,
        methods = methods, folds = 2, inner_folds = 2, control = quiet, ...
    )
}

test_that("arms are tested on the same rows, by each way to hold out", {
    found <- run(by = c("cell", "both"), baselines = c(
        "drug mean", "mean effects", "kernel ridge"
    ))
    # the mean of a drug says nothing where drugs are new
    expect_setequal(found$method[found$by == "both"], c(
        "kith", "kernels", "mean effects", "kernel ridge"
    ))
    cell <- attr(found, "predicted")$cell
    expect_identical(nrow(cell), length(screen$response))
    rmse <- function(x) sqrt(mean((x - cell$value[cell$fold == 1])^2))
    first <- found[found$by == "cell" & found$fold == 1, ]
    for (arm in first$method) {
        expect_equal(
            first$rmse[first$method == arm], rmse(cell[cell$fold == 1, arm])
        )
    }
    table <- summary(found, bootstrap = 10)
    best <- table[table$by == "cell" & table$method == "drug mean", ]
    kith <- table[table$by == "cell" & table$method == "kith", ]
    expect_equal(best$margin, best$mean - kith$mean)
    expect_s3_class(autoplot(found), "ggplot")
    expect_output(print(found), "new drugs and cells")
})

test_that("responses of held-out cells change no prediction", {
    found <- attr(run(by = "cell", baselines = c(
        "kernel ridge", "random forest"
    )), "predicted")$cell
    out <- unique(found$cell[found$fold == 1])
    table <- as.data.frame(screen$response)
    garbage <- table$cell %in% out
    table$value[garbage] <- 100 * rnorm(sum(garbage))
    spoiled <- attr(run(
        drug_response(table, direction = "high"),
        by = "cell", baselines = c("kernel ridge", "random forest")
    ), "predicted")$cell
    at <- found$fold == 1
    expect_identical(
        spoiled[at, c("drug", "cell")], found[at, c("drug", "cell")]
    )
    arms <- c("kith", "kernels", "kernel ridge", "random forest")
    expect_identical(spoiled[at, arms], found[at, arms])
    # and those of others do
    expect_false(identical(spoiled[!at, arms], found[!at, arms]))
})

test_that("trees learn what the means cannot know of new drugs and cells", {
    set.seed(4)
    potent <- simulate_response(60, 20,
        from_series = 1,
        shares = c(drug = 0.8, cell = 0.1, interaction = 0.02, noise = 0.08)
    )
    found <- benchmark_response(potent$response, potent$drugs, potent$cells,
        by = c("drug", "both"), methods = list(kernels = method_kernels()),
        baselines = c("mean effects", "random forest"), folds = 2,
        inner_folds = 2, control = quiet
    )
    rmse <- tapply(found$rmse, list(found$by, found$method), mean)
    expect_true(all(
        rmse[, "random forest"] < 0.8 * rmse[, "mean effects"]
    ))
})

test_that("a seed decides all draws, and R's own are left alone", {
    set.seed(5)
    large <- simulate_response(60, 60, n_features = 20)
    fill <- function() {
        benchmark_response(large$response, large$drugs, large$cells,
            by = "pair", methods = list(kernels = method_kernels()),
            baselines = c("low rank", "random forest"), folds = 2,
            inner_folds = 2, control = quiet
        )
    }
    before <- .Random.seed
    first <- fill()
    expect_identical(.Random.seed, before)
    set.seed(6)
    expect_identical(attr(fill(), "predicted"), attr(first, "predicted"))
})

test_that("some columns of a result are a plain table", {
    found <- run(by = "cell", baselines = "drug mean")
    expect_output(print(found[, c("method", "rmse")]), "method +rmse")
    # a mean does not differ within a drug
    expect_output(print(found), "drug mean.* NA ")
})

test_that("pairs that repeats hold out again are one unit of the bootstrap", {
    found <- run(by = "pair", baselines = "drug mean")
    again <- function(x) {
        x$repeat_ <- 2L
        x
    }
    table <- attr(found, "predicted")$pair
    twice <- structure(rbind(found, again(found)),
        class = class(found),
        predicted = list(pair = rbind(table, again(table)))
    )
    expect_equal(
        summary(twice, bootstrap = 20)$margin_lower,
        summary(found, bootstrap = 20)$margin_lower
    )
})

test_that("low rank fills a table of low rank", {
    set.seed(4)
    truth <- outer(rnorm(20), rnorm(30)) + outer(rnorm(20), rnorm(30))
    at <- sort(sample(600, 420))
    pairs <- data.frame(drug = row(truth)[at], cell = col(truth)[at])
    filled <- soft_impute(c(20, 30), pairs, truth[at], 0.02)
    expect_gt(cor(filled[-at], truth[-at]), 0.8)
})

test_that("rivals are arms of their own, and names must differ", {
    found <- run(by = "cell", baselines = "drug mean", rivals = list(
        rbf = method_kernels("rbf")
    ))
    expect_true("rbf" %in% found$method)
    expect_true("rbf" %in% attr(found, "ours"))
    expect_error(
        run(by = "cell", rivals = list(kernels = method_kernels("rbf"))),
        "kernels",
        class = "kith_error_input"
    )
    expect_error(run(by = "cells"), "by", class = "kith_error_input")
    expect_error(run(by = "cell", baselines = "forest"), "random forest",
        class = "kith_error_input"
    )
    expect_error(run(by = "cell", baselines = c("drug mean", "low rank")),
        "low rank.*pair",
        class = "kith_error_input"
    )
    few <- stats::setNames(
        rep(c("lung", "skin"), 12), rownames(screen$cells)
    )
    expect_error(
        run(by = "cell", baselines = "drug mean", cell_groups = few),
        "inner_folds` must be at most",
        class = "kith_error_input"
    )
})
