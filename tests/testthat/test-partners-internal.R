# Plain-R oracles: the full product and order().
top_oracle <- function(left, right, queries, exclude, n) {
    scores <- tcrossprod(left, right)
    genes <- matrix(NA_integer_, nrow(left), n)
    best <- matrix(NA_real_, nrow(left), n)
    for (q in seq_len(nrow(left))) {
        out <- c(queries[q], exclude[[q]])
        candidates <- setdiff(seq_len(nrow(right)), out)
        kept <- utils::head(
            candidates[order(-scores[q, candidates], candidates)], n
        )
        genes[q, seq_along(kept)] <- kept
        best[q, seq_along(kept)] <- scores[q, kept]
    }
    list(genes = genes, scores = best)
}

none <- function(n) rep(list(integer()), n)

test_that("partners are those of the full product", {
    set.seed(31)
    for (d in c(1, 7, 8, 33)) {
        for (n_genes in c(1, 2, 15, 16, 17, 64, 201)) {
            left <- matrix(rnorm(20 * d), 20)
            right <- matrix(rnorm(n_genes * d), n_genes)
            queries <- sample(c(NA, seq_len(n_genes)), 20, TRUE)
            exclude <- lapply(seq_len(20), function(q) {
                sample.int(n_genes, sample(0:min(5, n_genes), 1))
            })
            for (n in c(1, 5, 40)) {
                expect_equal(
                    top_partners(
                        plain_scorer(left, right), queries, exclude, n
                    ),
                    top_oracle(left, right, queries, exclude, n),
                    info = paste(d, n_genes, n), tolerance = 1e-12
                )
            }
        }
    }
})

test_that("equal scores are listed by the lower gene", {
    # whole numbers: products are exact, so the oracle sees the same ties
    set.seed(32)
    left <- matrix(sample(-1:1, 60 * 3, TRUE), 60)
    right <- matrix(sample(-1:1, 90 * 3, TRUE), 90)
    for (n in c(1, 4, 30, 90)) {
        expect_identical(
            top_partners(plain_scorer(left, right), seq_len(60), NULL, n),
            top_oracle(left, right, seq_len(60), none(60), n)
        )
    }
    # copies of one gene tie to the last bit wherever they stand
    right <- matrix(rnorm(11), 700, 11, byrow = TRUE)
    left <- matrix(rnorm(3 * 11), 3)
    found <- top_partners(plain_scorer(left, right), n = 9)
    expect_identical(found$genes, matrix(rep(1:9, each = 3), 3))
})

test_that("block edges and threads do not change a result", {
    # 512 queries make a block of so few genes
    set.seed(33)
    left <- matrix(rnorm(1100 * 6), 1100)
    right <- matrix(rnorm(40 * 6), 40)
    whole <- top_partners(plain_scorer(left, right), n = 5)
    expect_equal(whole, top_oracle(left, right, rep(NA, 1100), none(1100), 5))
    for (rows in list(511:514, 1024:1026, 1100)) {
        part <- top_partners(
            plain_scorer(left[rows, , drop = FALSE], right),
            n = 5
        )
        expect_identical(part$genes, whole$genes[rows, , drop = FALSE])
        expect_identical(part$scores, whole$scores[rows, , drop = FALSE])
    }
    # large enough for the product to be cut into tiles
    left <- matrix(rnorm(700 * 50), 700)
    for (threads in 2:4) {
        expect_identical(
            top_partners(plain_scorer(left), seq_len(700), NULL, 12, threads),
            top_partners(plain_scorer(left), seq_len(700), NULL, 12, 1)
        )
    }
})

test_that("the rounding of the BLAS does not choose", {
    # the same numbers in other orders: sums that differ in last bits only
    set.seed(36)
    numbers <- rnorm(100)
    right <- t(vapply(seq_len(400), function(i) sample(numbers), numbers))
    left <- matrix(rep(c(1, 3, -0.1), each = 100), 3, byrow = TRUE)
    found <- top_partners(plain_scorer(left, right), n = 10)
    for (q in 1:3) {
        scores <- dot_pairs(left, right, rep(q, 400), seq_len(400))
        expect_lt(diff(range(scores)), 1e-12)
        expect_gt(length(unique(scores)), 5L)
        expect_identical(
            found$genes[q, ], utils::head(order(-scores, seq_len(400)), 10)
        )
    }
})

test_that("scores equal those of single pairs to the last bit", {
    set.seed(34)
    left <- matrix(rnorm(130 * 37), 130)
    right <- matrix(rnorm(300 * 37), 300)
    found <- top_partners(plain_scorer(left, right), n = 6)
    a <- as.vector(row(found$genes))
    b <- as.vector(found$genes)
    alone <- dot_pairs(left, right, a, b)
    expect_identical(alone, as.vector(found$scores))
    expect_equal(alone, rowSums(left[a, ] * right[b, ]))
    expect_identical(dot_pairs(left, right, a, b, threads = 4), alone)
    expect_identical(dot_pairs(left, right, integer(), integer()), double())
})

test_that("places without a candidate are missing", {
    left <- matrix(1:2, 2)
    right <- matrix(c(1, 5, 3), 3)
    found <- top_partners(
        plain_scorer(left, right), c(1L, NA), list(2:3, 2L), 4
    )
    expect_identical(
        found$genes, rbind(rep(NA_integer_, 4), c(3L, 1L, NA, NA))
    )
    expect_identical(found$scores[2, ], c(6, 2, NA, NA))
    empty <- top_partners(plain_scorer(left[0, , drop = FALSE], right), n = 2)
    expect_identical(dim(empty$genes), c(0L, 2L))
    lonely <- top_partners(plain_scorer(left, right[0, , drop = FALSE]), n = 2)
    expect_true(all(is.na(lonely$genes)))
    # products that overflow are ranked first, and the excluded stay out
    huge <- matrix(c(1, 1e200, 1e200), 3)
    found <- top_partners(plain_scorer(matrix(1e200, 1), huge), 2L, NULL, 2)
    expect_identical(found$genes, matrix(c(3L, 1L), 1))
    found <- top_partners(plain_scorer(matrix(1e200, 1), huge), 2L, NULL, 1)
    expect_identical(found$genes, matrix(3L, 1))
})

test_that("nearest genes are the nearest, weighted by a softmax", {
    set.seed(35)
    x <- matrix(rnorm(60 * 5), 60)
    x <- x / sqrt(rowSums(x^2))
    training <- sort(sample.int(60, 25))
    near <- nearest_genes(x, training, 4, 0.2, 1L)
    cosines <- tcrossprod(x, x[training, ])
    for (gene in seq_len(60)) {
        nearest <- order(-cosines[gene, ])[1:4]
        expect_identical(near$genes[gene, ], nearest - 1L)
        weights <- exp(cosines[gene, nearest] / 0.2)
        expect_equal(near$weights[gene, ], weights / sum(weights))
    }
    expect_identical(near$genes[training, 1], 0:24)
    # a temperature near zero leaves one neighbour, without overflow
    cold <- nearest_genes(x, training, 4, 1e-300, 1L)
    expect_identical(cold$weights[, 1], rep(1, 60))
})

test_that("broken index lists stop in the glue", {
    x <- matrix(1, 2, 2)
    call <- function(queries, starts, genes) {
        .Call(
            C_top_partners, plain_scorer(x), queries, starts, genes, 1L, 1L
        )
    }
    expect_error(call(c(0L, 2L), c(0L, 0L, 0L), integer()), "queries")
    expect_error(call(0:1, c(0L, 1L, 1L), 2L), "exclude")
    expect_error(call(0:1, c(0L, 1L, 1L), -1L), "exclude")
    expect_error(call(0:1, c(0L, 2L, 1L), 1L), "exclude")
    expect_error(call(0:1, c(0L, 0L, 1L), integer()), "exclude")
    expect_error(score_rows(plain_scorer(x), 3L, 1L), "`a`")
})

# ---- combined scores --------------------------------------------------------

# all scores of a combined scorer of genes with themselves, in plain R
combined_r <- function(scorer) {
    slog <- function(x) sign(x) * log1p(abs(x))
    product <- tcrossprod(scorer$left, scorer$right)
    propagated <- tcrossprod(scorer$propagated$left, scorer$propagated$right)
    kind <- outer(scorer$left_unseen, scorer$right_unseen, "+") + 1L
    w <- function(i) matrix(scorer$weights[i, kind], nrow(kind))
    w(1) + w(2) * product + w(3) * slog(propagated / scorer$scale) +
        w(4) * tcrossprod(scorer$cosine$left, scorer$cosine$right) +
        w(5) * outer(scorer$left_sum, scorer$right_sum, "+")
}

random_combined <- function(n) {
    product <- matrix(rnorm(n * 9), n)
    propagated <- matrix(rnorm(n * 13), n)
    combined_scorer(
        plain_scorer(product),
        plain_scorer(propagated * rep(c(1, -1), c(n * 10, n * 3)), propagated),
        plain_scorer(matrix(rnorm(n * 4), n)), matrix(rnorm(15), 5), 0.3,
        rep(c(TRUE, FALSE), length.out = n), rnorm(n)
    )
}

test_that("combined scores are those of plain R", {
    set.seed(36)
    scorer <- random_combined(60)
    expected <- combined_r(scorer)
    a <- as.vector(row(expected))
    b <- as.vector(col(expected))
    expect_equal(
        score_rows(scorer, a, b), as.vector(expected),
        tolerance = 1e-12
    )
    expect_identical(score_rows(scorer, a, b, 4), score_rows(scorer, a, b))
})

test_that("the best by combined scores are those of all scores", {
    set.seed(37)
    scorer <- random_combined(150)
    expected <- combined_r(scorer)
    diag(expected) <- -Inf
    queries <- c(3L, 150L, 40L, 41L)
    found <- top_partners(
        scorer_of_queries(scorer, queries), queries, NULL, 12, 2
    )
    for (i in seq_along(queries)) {
        best <- order(-expected[queries[i], ])[1:12]
        expect_identical(found$genes[i, ], best)
        expect_identical(
            found$scores[i, ], score_rows(scorer, rep(queries[i], 12), best)
        )
    }
})
