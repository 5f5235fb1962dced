# Losses of predictions against targets: plain R, central differences, PyTorch.

loss_gradients <- function(name, x, target, option = 0, precision = "double",
                           threads = 1L) {
    storage.mode(target) <- "double"
    .Call(C_loss_gradients, name, precision, x, target, option, threads)
}

log_sum_exp <- function(x) max(x) + log(sum(exp(x - max(x))))

losses_r <- list(
    squared_error = function(x, target, option) mean((x - target)^2),
    softmax_cross_entropy = function(x, target, option) {
        weights <- if (ncol(target) == 2) target[, 2] else 1
        mean(weights * vapply(seq_len(nrow(x)), function(i) {
            log_sum_exp(x[i, ]) - x[i, target[i, 1] + 1]
        }, 0))
    },
    pairwise_logistic = function(x, target, option) {
        pairs <- utils::combn(nrow(x), 2)
        terms <- apply(pairs, 2, function(pair) {
            above <- x[pair[1]] - x[pair[2]]
            order <- sign(target[pair[1]] - target[pair[2]])
            if (order == 0 && option == 0) return(NA)
            log1p(exp(above)) - (order + 1) / 2 * above
        })
        mean(terms, na.rm = TRUE)
    },
    cosine_distance = function(x, target, option) {
        cosine <- rowSums(x * target) /
            sqrt(rowSums(x^2) * rowSums(target^2))
        mean(2 - 2 * cosine)
    },
    nt_xent = function(x, target, option) {
        unit <- x / sqrt(rowSums(x^2))
        scores <- unit %*% t(unit) / option
        n <- nrow(x)
        mean(vapply(seq_len(n), function(k) {
            other <- (k + n / 2 - 1) %% n + 1
            log_sum_exp(scores[k, -k]) - scores[k, other]
        }, 0))
    }
)

loss_cases <- function() {
    set.seed(1)
    x <- random_matrix(8, 3)
    list(
        list("squared_error", x, random_matrix(8, 3), 0),
        list("softmax_cross_entropy", 5 * x, cbind(c(0, 1, 2, 2, 1, 0, 1, 2)),
            0
        ),
        list("softmax_cross_entropy", x,
            cbind(c(0, 1, 2, 2, 1, 0, 1, 2), c(2, 0, 1, 0.5, 3, 1, 1, 1)), 0
        ),
        list("pairwise_logistic", 3 * x[, 1, drop = FALSE],
            cbind(c(3, 1, 2, 2, 5, 1, 9, 0)), 0
        ),
        list("pairwise_logistic", 3 * x[, 1, drop = FALSE],
            cbind(c(3, 1, 2, 2, 5, 1, 9, 0)), 1
        ),
        list("cosine_distance", x, random_matrix(8, 3), 0),
        list("nt_xent", x, x, 0.3)
    )
}

test_that("losses equal plain R, their gradients central differences", {
    for (case in loss_cases()) {
        name <- case[[1]]
        x <- case[[2]]
        found <- loss_gradients(name, x, case[[3]], case[[4]])
        expect_equal(found$loss, losses_r[[name]](x, case[[3]], case[[4]]),
            tolerance = 1e-12, info = name
        )
        numeric <- numeric_gradient(function(v) {
            loss_gradients(name, matrix(v, nrow(x)), case[[3]], case[[4]])$loss
        }, as.vector(x))
        expect_gt(max(abs(numeric)), 0)
        expect_lt(relative_error(as.vector(found$dx), numeric), 1e-6)
    }
})

test_that("losses agree with PyTorch", {
    gold <- golden_parts("parts")$losses
    for (name in names(gold)) {
        for (case in gold[[name]]) {
            found <- loss_gradients(
                name, case$x, case$target, as.double(case$option)
            )
            expect_equal(found$loss, case$loss, tolerance = 1e-13, info = name)
            expect_equal(found$dx, case$dx, tolerance = 1e-12, info = name)
        }
    }
})

test_that("extreme predictions give finite losses", {
    far <- cbind(c(800, -800, 0))
    found <- loss_gradients("pairwise_logistic", far, cbind(c(0, 1, 2)))
    expect_equal(found$loss, (1600 + 800 + 0) / 3)
    expect_true(all(is.finite(found$dx)))
    found <- loss_gradients("softmax_cross_entropy", cbind(1e4, -1e4),
        matrix(1)
    )
    expect_equal(found$loss, 2e4)
    expect_equal(found$dx, cbind(1, -1))
})

test_that("rows without any order have no ranking loss", {
    found <- loss_gradients(
        "pairwise_logistic", cbind(c(1, 5, 2)), cbind(c(4, 4, 4))
    )
    expect_identical(found$loss, 0)
    expect_identical(found$dx, cbind(c(0, 0, 0)))
})

test_that("threads change nothing, single precision is near", {
    set.seed(2)
    x <- random_matrix(300, 20)
    rank <- cbind(sample(40, 300, TRUE))
    cases <- list(
        list("nt_xent", x, x, 0.2),
        list("pairwise_logistic", x[, 1, drop = FALSE], rank, 0)
    )
    for (case in cases) {
        try_with <- function(...) {
            loss_gradients(case[[1]], case[[2]], case[[3]], case[[4]], ...)
        }
        found <- try_with()
        expect_identical(try_with(threads = 3L), found)
        skip_if_not(build_features()$single, "no single precision here")
        single <- try_with(precision = "single")
        expect_equal(single$loss, found$loss, tolerance = 1e-5)
        expect_lt(relative_error(single$dx, found$dx), 1e-4)
    }
})

test_that("targets that do not fit are refused", {
    refused <- function(name, x, target, regexp, option = 1) {
        expect_error(loss_gradients(name, x, target, option), regexp,
            class = "kith_error"
        )
    }
    x <- matrix(1, 3, 2)
    refused("squared_error", x, x[, 1, drop = FALSE], "2 columns .* not 1")
    refused("softmax_cross_entropy", x, cbind(0:2), "row 3 has class 2")
    refused("softmax_cross_entropy", x, cbind(c(0, 0.5, 1)), "class 0.5")
    refused("softmax_cross_entropy", x, cbind(c(0, NaN, 1)), "row 2")
    refused(
        "softmax_cross_entropy", x, cbind(0, c(1, -1, 1)), "row 2 has weight -1"
    )
    refused("pairwise_logistic", x, x, "1 columns .* not 2")
    refused("nt_xent", x, x, "not 3 rows")
    refused("nt_xent", x[-1, ], x[-1, ], "and 0", option = 0)
    refused("nt_xent", x, x[-1, ], "differ in their rows")
    refused("mystery", x, x, "no loss")
})
