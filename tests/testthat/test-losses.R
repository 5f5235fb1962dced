# Losses of predictions against targets: plain R, central differences, PyTorch.

loss_gradients <- function(name, x, target, option = 0, precision = "double",
                           threads = 1L) {
    storage.mode(target) <- "double"
    .Call(C_loss_gradients, name, precision, x, target, option, threads)
}

# Both directions of the decoupled loss, pair by pair, after the formula.
decoupled_r <- function(x, target, option, one_sum) {
    unit <- x / sqrt(rowSums(x^2))
    n <- nrow(x) / 2
    set <- target[seq_len(n), 1]
    weight <- target[seq_len(n), 2]
    direction <- function(a, b) {
        mean(vapply(seq_len(n), function(i) {
            others <- which(set != set[i])
            own_view <- drop(a[others, , drop = FALSE] %*% a[i, ]) / option
            other_view <- drop(b[others, , drop = FALSE] %*% a[i, ]) / option
            positive <- weight[i] * sum(a[i, ] * b[i, ]) / option
            if (length(others) == 0) return(-positive)
            if (one_sum) return(log_sum_exp(c(own_view, other_view)) - positive)
            log_sum_exp(own_view) + log_sum_exp(other_view) - positive
        }, 0))
    }
    a <- unit[seq_len(n), ]
    b <- unit[n + seq_len(n), ]
    (direction(a, b) + direction(b, a)) / 2
}

# sets and weights of pairs, for both views
pair_targets <- function(set, weight = 1) {
    target <- cbind(set, weight)
    unname(rbind(target, target))
}

decoupled_losses <- c("decoupled", "decoupled_one_sum")

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
    },
    decoupled = function(x, target, option) {
        decoupled_r(x, target, option, FALSE)
    },
    decoupled_one_sum = function(x, target, option) {
        decoupled_r(x, target, option, TRUE)
    }
)

loss_cases <- function() {
    set.seed(1)
    x <- random_matrix(8, 3)
    sets <- pair_targets(c(4, 1, 4, 9), c(0.4, 2.9, 1, 0))
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
        list("nt_xent", x, x, 0.3),
        list("decoupled", x, pair_targets(0:3), 0.3),
        list("decoupled", x, sets, 0.3),
        list("decoupled", x[1:4, ], pair_targets(c(5, -7)), 1),
        list("decoupled", x, pair_targets(2, c(1, 0, 3, 2)), 0.3),
        list("decoupled_one_sum", x, pair_targets(0:3), 0.3),
        list("decoupled_one_sum", x, sets, 0.3),
        list("decoupled_one_sum", x[1:4, ], pair_targets(c(5, -7)), 1),
        list("decoupled_one_sum", x, pair_targets(2, c(1, 0, 3, 2)), 0.3)
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

test_that("a batch of one set has positive terms alone", {
    set.seed(3)
    x <- random_matrix(10, 4)
    weight <- c(1, 0.5, 2, 0, 3)
    unit <- x / sqrt(rowSums(x^2))
    positive <- rowSums(unit[1:5, ] * unit[6:10, ])
    for (name in decoupled_losses) {
        found <- loss_gradients(name, x, pair_targets(1, weight), 0.2)
        expect_equal(found$loss, -mean(weight * positive) / 0.2)
        # the pull of a pair: along its other view, across itself
        pull <- unit[6:10, ] - positive * unit[1:5, ]
        expect_equal(
            found$dx[1:5, ],
            -weight / 5 / 0.2 * pull / sqrt(rowSums(x[1:5, ]^2))
        )
        expect_identical(found$hits, rep(1, 10))
    }
})

test_that("hits are rows that find their other view", {
    set.seed(4)
    x <- random_matrix(24, 3)
    x[13:24, ] <- x[1:12, ] + 0.7 * x[13:24, ]
    unit <- x / sqrt(rowSums(x^2))
    scores <- unit[1:12, ] %*% t(unit[13:24, ])
    expected <- c(max.col(scores) == 1:12, max.col(t(scores)) == 1:12)
    expect_gt(sum(expected), 3)
    expect_lt(sum(expected), 21)
    found <- loss_gradients("decoupled", x, pair_targets(1:12), 0.1)
    expect_identical(found$hits, as.double(expected))
    one_sum <- loss_gradients("decoupled_one_sum", x, pair_targets(1:12), 0.1)
    expect_identical(one_sum$hits, found$hits)
    found <- loss_gradients("nt_xent", x, x, 0.1)
    expect_identical(found$hits, as.double(expected))
    # a pair of the own set does not compete
    set <- c(1:11, 1)
    scores[1, 12] <- scores[12, 1] <- -1
    expected <- c(max.col(scores) == 1:12, max.col(t(scores)) == 1:12)
    found <- loss_gradients("decoupled", x, pair_targets(set), 0.1)
    expect_identical(found$hits, as.double(expected))
})

test_that("the order of pairs and views orders gradients, nothing else", {
    set.seed(5)
    x <- random_matrix(140, 6)
    target <- pair_targets(sample(50, 70, TRUE), stats::runif(70))
    order <- sample(70)
    views <- list(c(order, 70 + order), c(71:140, 1:70))
    for (name in decoupled_losses) {
        found <- loss_gradients(name, x, target, 0.1)
        expect_equal(found$loss,
            losses_r[[name]](x, target, 0.1),
            tolerance = 1e-12
        )
        for (rows in views) {
            moved <- loss_gradients(name, x[rows, ], target[rows, ], 0.1)
            expect_equal(moved$loss, found$loss, tolerance = 1e-13)
            expect_equal(moved$dx, found$dx[rows, ], tolerance = 1e-11)
            expect_identical(moved$hits, found$hits[rows])
        }
        # what sets are called does not matter
        target[, 1] <- -3 * target[, 1] + 7
        expect_identical(loss_gradients(name, x, target, 0.1), found)
    }
})

test_that("decoupled losses stand low temperatures, not missing numbers", {
    set.seed(6)
    x <- random_matrix(12, 3)
    target <- pair_targets(c(1, 2, 3, 3, 4, 5))
    for (precision in precisions()) {
        for (name in decoupled_losses) {
            found <- loss_gradients(name, x, target, 1e-3, precision)
            expect_equal(found$loss, losses_r[[name]](x, target, 1e-3),
                tolerance = if (precision == "double") 1e-12 else 1e-4
            )
            expect_true(all(is.finite(found$dx)))
            expect_false(is.finite(loss_gradients(
                name, replace(x, 5, NaN), target, 0.1, precision
            )$loss))
        }
    }
})

test_that("threads change nothing, single precision is near", {
    set.seed(2)
    x <- random_matrix(300, 20)
    rank <- cbind(sample(40, 300, TRUE))
    pairs <- pair_targets(sample(100, 150, TRUE), stats::runif(150))
    cases <- list(
        list("nt_xent", x, x, 0.2),
        list("decoupled", x, pairs, 0.2),
        list("decoupled_one_sum", x, pairs, 0.2),
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
    x <- matrix(1, 6, 2)
    two <- pair_targets(1:3)
    for (name in decoupled_losses) {
        refused(name, x[1:2, ], two[c(1, 4), ], "two pairs .* not 2 rows")
        refused(name, x[1:5, ], two[1:5, ], "not 5 rows")
        refused(name, x, two, "and 0", option = 0)
        refused(name, x, two, "and -1", option = -1)
        refused(name, x, x[, 1, drop = FALSE], "set and weight, .* not 1")
        refused(name, x, cbind(two, 1), "not 3")
        refused(name, x, pair_targets(c(1, 2.5, 3)), "pair 2 has set 2.5")
        refused(name, x, pair_targets(c(1, 2, NaN)), "pair 3 has set")
        refused(name, x, pair_targets(c(1, 2, 2^25)), "pair 3 has set")
        refused(name, x, pair_targets(1:3, c(-1, 1, 1)), "1 has weight -1")
        refused(name, x, pair_targets(1:3, c(1, Inf, 1)), "pair 2 has weight")
        refused(name, x, replace(two, 4, 9), "views of pair 1 have different")
        refused(name, x, replace(two, 12, 2), "views of pair 3 have different")
    }
    refused("mystery", x, x, "no loss")
})
