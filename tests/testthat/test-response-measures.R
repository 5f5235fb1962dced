# Measures of predicted drug response, against the same by loops, and means of
# drugs and cells, against least squares.

screen_of <- function(n_drugs = 6, n_cells = 9, share = 0.7) {
    pairs <- expand.grid(
        drug = paste0("d", seq_len(n_drugs)),
        cell = paste0("c", seq_len(n_cells)), stringsAsFactors = FALSE
    )
    pairs[sort(sample(nrow(pairs), share * nrow(pairs))), ]
}

test_that("the correlation within groups is that of each group, averaged", {
    set.seed(1)
    group <- sample(letters[1:7], 60, TRUE, c(1, 8, 8, 8, 8, 8, 8))
    a <- rnorm(60)
    b <- a + rnorm(60)
    plain <- tapply(seq_along(a), group, function(at) {
        if (length(at) < 5) NA else cor(a[at], b[at])
    })
    expect_true(anyNA(plain))
    expect_equal(
        within_correlation(a, b, group), mean(plain, na.rm = TRUE)
    )
})

test_that("groups of a constant do not count, and none is no number", {
    a <- c(1:6, 1:6)
    b <- c(2, 1, 3, 4, 6, 5, rep(0.1 + 0.2, 6))
    group <- rep(1:2, each = 6)
    expect_equal(within_correlation(a, b, group), cor(a[1:6], b[1:6]))
    expect_identical(within_correlation(a, rep(1, 12), group), NA_real_)
    expect_identical(within_correlation(1:4, 4:1, rep(1, 4)), NA_real_)
})

test_that("effects of drugs and cells are those of least squares", {
    set.seed(2)
    pairs <- screen_of()
    value <- rnorm(nrow(pairs)) + match(pairs$drug, unique(pairs$drug))
    fitted <- fit_effects(pairs, value)
    plain <- stats::lm(value ~ drug + cell, pairs)
    expect_equal(
        predict_effects(fitted, pairs), unname(fitted(plain)),
        tolerance = 1e-4
    )
    expect_equal(
        predict_effects(fitted, pairs, "drug"),
        unname(ave(value, pairs$drug))
    )
})

test_that("what was not seen is predicted by the means that there are", {
    pairs <- data.frame(
        drug = c("a", "a", "b", "b"), cell = c("x", "y", "x", "y")
    )
    fitted <- fit_effects(pairs, c(1, 3, 5, 7))
    new <- data.frame(drug = c("a", "z", "z"), cell = c("q", "y", "q"))
    expect_equal(predict_effects(fitted, new), c(2, 5, 4))
    expect_equal(predict_effects(fitted, new, "cell"), c(4, 5, 4))
})

test_that("measures are those of their formulas", {
    set.seed(3)
    pairs <- screen_of(share = 1)
    truth <- rnorm(nrow(pairs))
    predicted <- truth + rnorm(nrow(pairs))
    effects <- rnorm(nrow(pairs))
    found <- measure_response(predicted, truth, pairs, effects)
    expect_equal(found$rmse, sqrt(mean((predicted - truth)^2)))
    expect_equal(found$pearson, cor(predicted, truth))
    expect_equal(found$spearman, cor(predicted, truth, method = "spearman"))
    expect_equal(found$normalised, cor(predicted - effects, truth - effects))
})

test_that("left-out errors of kernel ridge regression are those of refits", {
    set.seed(4)
    x <- matrix(rnorm(12 * 3), 12)
    kernel <- unname(exp(-as.matrix(dist(x))^2 / 4))
    y <- rnorm(12)
    left_out <- vapply(kernel_penalties, function(penalty) {
        sum(vapply(1:12, function(i) {
            alpha <- solve(kernel[-i, -i] + diag(penalty, 11), y[-i])
            (y[i] - sum(kernel[i, -i] * alpha))^2
        }, 0))
    }, 0)
    best <- kernel_penalties[which.min(left_out)]
    expect_equal(
        ridge_of_kernel(kernel, list(1:12), list(y))[[1]],
        drop(solve(kernel + diag(best, 12), y))
    )
})

test_that("intervals of held-out residuals hold the share asked for", {
    set.seed(5)
    drug <- rep(1:4, each = 500)
    residual <- rnorm(2000, sd = drug)
    spread <- residual_spread(residual, drug, letters[1:4], "cell")
    for (level in c(0.5, 0.9)) {
        half <- interval_width(spread, letters[drug], level)
        held <- tapply(abs(residual) <= half, drug, mean)
        expect_true(all(abs(held - level) < 0.05))
    }
    # a drug that is new has the width of all
    new <- residual_spread(residual, drug, letters[1:4], "drug")
    expect_length(unique(interval_width(new, c("a", "d", "z"), 0.9)), 1L)
})
