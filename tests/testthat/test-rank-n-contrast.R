# The loss of rows in the order of their targets: plain R, differences, PyTorch.

rank_n_contrast_r <- function(x, y, temperature) {
    scores <- -as.matrix(stats::dist(x)) / temperature
    far <- abs(outer(y, y, "-"))
    n <- length(y)
    terms <- vapply(seq_len(n), function(i) {
        others <- setdiff(seq_len(n), i)
        mean(vapply(others, function(j) {
            kept <- others[far[i, others] >= far[i, j]]
            log(sum(exp(scores[i, kept]))) - scores[i, j]
        }, 0))
    }, 0)
    mean(terms)
}

try_rank <- function(x, y, temperature = 2, precision = "double",
                     threads = 1L) {
    .Call(
        C_loss_gradients, "rank_n_contrast", precision, x,
        cbind(as.double(y)), as.double(temperature), threads
    )
}

test_that("Rank-N-Contrast equals plain R, differences and PyTorch", {
    set.seed(1)
    targets <- list(
        stats::runif(9), sample(4, 9, TRUE), rep(1, 9), c(1, rep(2, 8)), 9:1
    )
    for (y in targets) {
        x <- random_matrix(9, 3)
        found <- try_rank(x, y, 0.7)
        expect_equal(found$loss, rank_n_contrast_r(x, y, 0.7),
            tolerance = 1e-12
        )
        numeric <- numeric_gradient(function(v) {
            try_rank(matrix(v, 9), y, 0.7)$loss
        }, as.vector(x))
        expect_lt(relative_error(as.vector(found$dx), numeric), 1e-6)
    }
    gold <- golden_parts("response-rank")
    found <- try_rank(gold$x, gold$y, gold$temperature)
    expect_equal(found$loss, gold$loss, tolerance = 1e-13)
    expect_equal(found$dx, gold$dx, tolerance = 1e-12)
})

test_that("Rank-N-Contrast stands far rows, equal rows and threads", {
    set.seed(2)
    x <- random_matrix(200, 16)
    y <- stats::runif(200)
    found <- try_rank(x, y)
    expect_identical(try_rank(x, y, threads = 3L), found)
    far <- try_rank(1e4 * x, y)
    expect_true(is.finite(far$loss) && all(is.finite(far$dx)))
    x[2, ] <- x[1, ]
    expect_true(all(is.finite(try_rank(x, y)$dx)))
    # two rows: one other row, which is its own sum
    expect_identical(try_rank(x[3:4, ], 1:2)$loss, 0)
    expect_error(try_rank(x[1, , drop = FALSE], 1), "two rows")
    expect_error(try_rank(x[1:2, ], c(1, NaN)), "row 2 has target")
    expect_error(try_rank(x[1:2, ], 1:2, 0), "above 0")
    skip_if_not(build_features()$single, "no single precision here")
    single <- try_rank(x, y, precision = "single")
    double <- try_rank(x, y)
    expect_equal(single$loss, double$loss, tolerance = 1e-5)
    expect_lt(relative_error(single$dx, double$dx), 1e-3)
})
