# Numbers of partners against counting.

path <- data.frame(from = c("a", "b", "c"), to = c("b", "c", "d"))

test_that("pair_degree() agrees with counting", {
    set.seed(3)
    pairs <- gene_pairs(random_rows(150L, 20L))
    degrees <- pair_degree(pairs)
    expect_identical(degrees$gene, unique(c(pairs$from, pairs$to)))
    expect_identical(degrees$degree, pair_degree_r(pairs, degrees$gene))
    expect_identical(sum(degrees$degree), 2L * nrow(pairs))
    genes <- c("g5", "nowhere", "g1")
    expect_identical(
        pair_degree(pairs, genes),
        data.frame(gene = genes, degree = pair_degree_r(pairs, genes))
    )
    expect_identical(
        pair_degree(pairs[0, ]),
        data.frame(gene = character(), degree = integer())
    )
    expect_identical(pair_degree(pairs[0, ], "g1")$degree, 0L)
})

test_that("pair_degree() refuses bad genes and bad pairs", {
    refuse <- function(genes, regexp) {
        expect_error(
            pair_degree(path, genes), regexp,
            class = "kith_error_input"
        )
    }
    refuse(1:3, "`genes` must be a character")
    refuse(c("a", NA), "`genes`.*Element 2")
    refuse(c("a", "b", "a"), "`genes`.*\"a\"")
    expect_error(
        pair_degree(1), "`pairs` must be",
        class = "kith_error_input"
    )
})
