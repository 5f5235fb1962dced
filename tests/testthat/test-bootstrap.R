# Plain-R oracles: the AUC of resampled data, and a naive bootstrap.
auc_of <- function(scores, positive, weights) {
    w <- outer(weights[positive], weights[!positive])
    above <- outer(scores[positive], scores[!positive], ">")
    tied <- outer(scores[positive], scores[!positive], "==")
    sum(w * (above + tied / 2)) / sum(w)
}

naive_bootstrap <- function(scores, positive, draws) {
    replicate(draws, {
        up <- sample(which(positive), replace = TRUE)
        down <- sample(which(!positive), replace = TRUE)
        mean(outer(scores[up], scores[down], ">") +
            outer(scores[up], scores[down], "==") / 2)
    })
}

toy <- function(n = 120) {
    set.seed(21)
    positive <- rep(c(TRUE, FALSE, FALSE), length.out = n)
    genes <- paste0("g", seq_len(15))
    list(
        positive = positive,
        scores = cbind(
            good = round(rnorm(n) + 1.2 * positive, 1),
            poor = rnorm(n) + 0.4 * positive
        ),
        pairs = data.frame(
            from = sample(genes, n, TRUE), to = sample(genes, n, TRUE)
        )
    )
}

test_that("weights of draws of pairs keep the size of both classes", {
    data <- toy()
    key <- draw_key(4L)
    sums <- vapply(0:199, function(draw) {
        weights <- .Call(
            C_bootstrap_weights, data$positive, NULL, NULL, 0L, draw, key
        )
        c(sum(weights[data$positive]), sum(weights[!data$positive]), weights)
    }, double(2 + length(data$positive)))
    expect_true(all(sums[1, ] == sum(data$positive)))
    expect_true(all(sums[2, ] == sum(!data$positive)))
    # counts of draws with replacement: mean 1, variance 1 - 1/m
    weights <- sums[-(1:2), ][data$positive, ]
    expect_equal(mean(weights), 1)
    expect_equal(var(as.vector(weights)), 1 - 1 / sum(data$positive),
        tolerance = 0.05
    )
    expect_gt(length(unique(weights[1, ])), 2L)
})

test_that("weights of draws of genes are products of gene counts", {
    data <- toy()
    genes <- index_pair_genes(data$pairs, 120)
    key <- draw_key(4L)
    for (draw in 0:9) {
        weights <- .Call(
            C_bootstrap_weights, data$positive, genes$from, genes$to, genes$n,
            draw, key
        )
        # all pairs of genes: the counts come back from the diagonal
        every <- expand.grid(from = seq_len(genes$n), to = seq_len(genes$n))
        square <- matrix(.Call(
            C_bootstrap_weights, rep(TRUE, nrow(every)), every$from - 1L,
            every$to - 1L, genes$n, draw, key
        ), genes$n)
        counts <- sqrt(diag(square))
        expect_identical(counts, round(counts))
        expect_identical(sum(counts), as.double(genes$n))
        expect_identical(square, outer(counts, counts))
        expect_identical(
            weights, counts[genes$from + 1L] * counts[genes$to + 1L]
        )
    }
})

test_that("each draw is the AUC under its weights, for every column", {
    data <- toy()
    genes <- index_pair_genes(data$pairs, 120)
    designs <- list(
        pairs = list(from = NULL, to = NULL, n = 0L), genes = genes
    )
    for (by in names(designs)) {
        design <- designs[[by]]
        set.seed(7)
        key <- draw_key()
        set.seed(7)
        result <- bootstrap_auc(
            data$scores, data$positive, data$pairs,
            draws = 25, by = by
        )
        for (draw in c(1, 2, 25)) {
            weights <- .Call(
                C_bootstrap_weights, data$positive, design$from, design$to,
                design$n, draw - 1L, key
            )
            for (column in c("good", "poor")) {
                expect_equal(
                    attr(result, "draws")[[draw, column]],
                    auc_of(data$scores[, column], data$positive, weights)
                )
            }
        }
    }
})

test_that("the summary describes the draws", {
    data <- toy()
    set.seed(1)
    result <- bootstrap_auc(data$scores, data$positive,
        draws = 400, level = 0.9
    )
    draws <- attr(result, "draws")
    expect_identical(
        names(result),
        c("scorer", "auc", "lower", "upper", "se", "usable_draws")
    )
    expect_identical(result$scorer, c("good", "poor"))
    expect_identical(dim(draws), c(400L, 2L))
    expect_identical(colnames(draws), c("good", "poor"))
    expect_identical(result$auc[1], auc(data$scores[, 1], data$positive))
    expect_equal(result$se, unname(apply(draws, 2, sd)))
    expect_equal(
        c(result$lower[2], result$upper[2]),
        unname(quantile(draws[, 2], c(0.05, 0.95)))
    )
    expect_true(all(result$lower < result$auc & result$auc < result$upper))
    expect_identical(result$usable_draws, c(400L, 400L))
})

test_that("draws of pairs agree with a naive bootstrap", {
    data <- toy()
    set.seed(2)
    draws <- attr(
        bootstrap_auc(data$scores[, 1], data$positive, draws = 4000), "draws"
    )
    naive <- naive_bootstrap(data$scores[, 1], data$positive, 2000)
    # about four standard errors of the difference of two means, 6 % of sd
    expect_lt(
        abs(mean(draws) - mean(naive)),
        4 * sd(naive) * sqrt(1 / 2000 + 1 / 4000)
    )
    expect_equal(sd(draws), sd(naive), tolerance = 0.08)
})

test_that("set.seed() decides; threads and the other columns do not", {
    data <- toy()
    for (by in c("pairs", "genes")) {
        run <- function(scores, threads) {
            set.seed(3)
            bootstrap_auc(scores, data$positive, data$pairs,
                draws = 60, by = by, threads = threads
            )
        }
        one <- run(data$scores, 1)
        expect_identical(run(data$scores, 2), one)
        expect_identical(run(data$scores, 4), one)
        alone <- run(data$scores[, "poor", drop = FALSE], 1)
        expect_identical(
            attr(alone, "draws")[, 1], attr(one, "draws")[, "poor"]
        )
        set.seed(4)
        other <- bootstrap_auc(data$scores, data$positive, data$pairs,
            draws = 60, by = by
        )
        expect_false(identical(attr(other, "draws"), attr(one, "draws")))
    }
})

test_that("vectors, matrices and data frames of scores are one", {
    data <- toy()
    run <- function(scores) {
        set.seed(9)
        bootstrap_auc(scores, data$positive, draws = 20)
    }
    from_matrix <- run(data$scores)
    expect_identical(run(as.data.frame(data$scores)), from_matrix)
    expect_identical(run(unname(data$scores))$scorer, c("score1", "score2"))
    vector <- run(data$scores[, "good"])
    expect_identical(vector$scorer, "score")
    expect_identical(vector$upper, from_matrix$upper[1])
    expect_identical(run(as.integer(data$scores[, 1] * 10))$scorer, "score")
})

test_that("draws without a positive or a negative are counted", {
    # the one positive needs both of two genes; some draws leave one out
    pairs <- data.frame(from = c("a", "a", "b"), to = c("b", "c", "c"))
    set.seed(1)
    result <- bootstrap_auc(c(3, 1, 2), c(1, 0, 0), pairs,
        draws = 300, by = "genes"
    )
    draws <- attr(result, "draws")
    expect_identical(result$usable_draws, sum(!is.na(draws)))
    # all of a, b, c: 6 of 27 draws
    expect_gt(result$usable_draws, 30)
    expect_lt(result$usable_draws, 110)
    expect_false(any(is.nan(draws) & !is.na(draws)))
    expect_identical(result$auc, 1)
    # no draw of two disjoint genes pairs can hold a positive and a negative
    expect_error(
        bootstrap_auc(c(1, 2), c(TRUE, FALSE),
            data.frame(from = c("a", "c"), to = c("b", "d")),
            draws = 2, by = "genes"
        ),
        "draws",
        class = "kith_error_input"
    )
})

test_that("bad input is refused by name", {
    data <- toy()
    scores <- data$scores
    positive <- data$positive
    expect_refused <- function(code, names_it) {
        expect_error(code, names_it, class = "kith_error_input")
    }
    holed <- scores
    holed[5, 2] <- NA
    expect_refused(bootstrap_auc(holed, positive), "scores.*\n.*Row 5.*poor")
    expect_refused(bootstrap_auc("a", positive), "scores")
    expect_refused(bootstrap_auc(scores[, 0], positive), "scores")
    expect_refused(bootstrap_auc(data.frame(a = letters), TRUE), "scores")
    twins <- cbind(a = 1:120, a = 1:120)
    expect_refused(bootstrap_auc(twins, positive), "scores")
    expect_refused(bootstrap_auc(scores, positive[-1]), "positive")
    expect_refused(bootstrap_auc(scores, rep(TRUE, 120)), "positive")
    expect_refused(bootstrap_auc(scores, positive, draws = 1), "draws")
    expect_refused(bootstrap_auc(scores, positive, level = 1), "level")
    expect_refused(bootstrap_auc(scores, positive, threads = 0), "threads")
    expect_refused(bootstrap_auc(scores, positive, threads = 1025), "threads")
    expect_error(bootstrap_auc(scores, positive, by = "edges"), "by")
    by_genes <- function(pairs) {
        bootstrap_auc(scores, positive, pairs, by = "genes")
    }
    expect_refused(by_genes(NULL), "pairs")
    expect_refused(by_genes(data$pairs[-1, ]), "pairs.*\n.*119 rows")
    expect_refused(by_genes(data$pairs["from"]), "pairs")
    expect_refused(by_genes(data.frame(from = 1:120, to = 1:120)), "pairs")
    holed <- data$pairs
    holed$to[3] <- NA
    expect_refused(by_genes(holed), "pairs.*\n.*Row 3")
})
