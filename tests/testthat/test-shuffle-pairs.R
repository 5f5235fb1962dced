# Shuffled partners: marginals by plain tables, validity by hand.

network <- withr::with_seed(1, small_organism()$pairs)

key_r <- function(pairs) {
    paste(pmin(pairs$from, pairs$to), pmax(pairs$from, pairs$to))
}

test_that("degrees stay on both sides, pairs are valid and differ", {
    set.seed(1)
    shuffled <- shuffle_pairs(network)
    expect_s3_class(shuffled, "gene_pairs")
    expect_identical(shuffled$from, network$from)
    expect_identical(table(shuffled$to), table(network$to))
    expect_false(any(shuffled$from == shuffled$to))
    expect_identical(anyDuplicated(key_r(shuffled)), 0L)
    kept <- sum(key_r(shuffled) %in% key_r(network))
    expect_identical(report_counts(shuffled)[["known"]], as.numeric(kept))
    # two random networks of these degrees share about sum (d_a d_b / 2m) pairs
    degree <- pair_degree(network)
    degree <- stats::setNames(degree$degree, degree$gene)
    expected <- sum(degree[network$from] * degree[network$to]) /
        (2 * nrow(network))
    expect_lt(kept, 2 * expected)
    set.seed(1)
    expect_identical(shuffle_pairs(network), shuffled)
    set.seed(2)
    expect_false(identical(shuffle_pairs(network)$to, shuffled$to))
})

test_that("every other valid network is reached alike", {
    # a-b, c-d: the second genes change places or stay
    two <- gene_pairs(data.frame(from = c("a", "c"), to = c("b", "d")))
    set.seed(1)
    swapped <- vapply(1:40, function(i) {
        shuffle_pairs(two, rounds = 1)$to[1] == "d"
    }, logical(1))
    expect_true(all(swapped))
    # three pairs without a common gene have six arrangements
    three <- gene_pairs(data.frame(
        from = c("a", "c", "e"), to = c("b", "d", "f")
    ))
    set.seed(1)
    seen <- table(vapply(1:1200, function(i) {
        paste(shuffle_pairs(three, rounds = 21)$to, collapse = "")
    }, ""))
    # one exchange each round: an odd number of rounds reaches three of them
    expect_length(seen, 3L)
    expect_gt(stats::chisq.test(seen)$p.value, 1e-3)
})

test_that("networks without freedom come back as they are", {
    clique <- utils::combn(letters[1:5], 2)
    clique <- gene_pairs(data.frame(from = clique[1, ], to = clique[2, ]))
    star <- gene_pairs(data.frame(from = letters[2:9], to = "a"))
    set.seed(1)
    for (fixed in list(clique, star)) {
        shuffled <- shuffle_pairs(fixed)
        expect_setequal(key_r(shuffled), key_r(fixed))
        expect_identical(
            report_counts(shuffled)[["known"]], as.numeric(nrow(fixed))
        )
    }
})

test_that("bad input is refused", {
    expect_input_error(shuffle_pairs(network[1, ]), "at least 2")
    expect_input_error(shuffle_pairs(network, rounds = 0), "rounds")
    expect_input_error(shuffle_pairs(1:3), "pairs")
})

test_that("genomes with more pairs of genes than integers are shuffled", {
    n <- 50000L
    genes <- sprintf("g%05d", seq_len(n))
    ring <- gene_pairs(data.frame(from = genes, to = genes[c(2:n, 1L)]))
    set.seed(1)
    expect_silent(shuffled <- shuffle_pairs(ring))
    expect_identical(sort(shuffled$to), sort(ring$to))
    expect_lt(mean(shuffled$to == ring$to), 0.01)
    expect_false(anyDuplicated(cbind(
        pmin(shuffled$from, shuffled$to), pmax(shuffled$from, shuffled$to)
    )) > 0L)
})
