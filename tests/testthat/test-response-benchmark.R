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
})
