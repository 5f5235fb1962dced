# plain-R oracle: one row after the other
path <- data.frame(from = c("a", "b", "c"), to = c("b", "c", "d"))

pair_keys <- function(from, to) paste(pmin(from, to), pmax(from, to))

test_that("gene_pairs() agrees with the oracle over a grid", {
    set.seed(1)
    for (n in c(0L, 1L, 2L, 17L, 200L)) {
        for (n_genes in c(1L, 2L, 9L, 60L)) {
            rows <- random_rows(n, n_genes)
            expect_same_pairs(
                gene_pairs(rows), gene_pairs_r(rows$from, rows$to)
            )
            # ties and missing scores
            rows$score <- sample(c(NA, NaN, -1, 0.5, 0.5, 2), n, TRUE)
            oracle <- gene_pairs_r(rows$from, rows$to, rows$score)
            pairs <- gene_pairs(rows)
            oracle$pairs$score[is.na(oracle$pairs$score)] <- NA
            pairs$score[is.na(pairs$score)] <- NA
            expect_same_pairs(pairs, oracle)
        }
    }
})

test_that("the highest score stays at the place of the first row", {
    rows <- data.frame(
        from = c("b", "x", "a", "b", "x"), to = c("a", "y", "b", "a", "y"),
        score = c(0.2, NA, 0.9, 0.4, -3)
    )
    pairs <- gene_pairs(rows)
    expect_identical(pairs$from, c("b", "x"))
    expect_identical(pairs$to, c("a", "y"))
    expect_identical(pairs$score, c(0.9, -3))
    expect_identical(
        attr(pairs, "report")$n, c(5, 2, 0, 0, 2, 1)
    )
})

test_that("a large set finds every pair again, in both orientations", {
    ends <- utils::combn(400L, 2L)
    set.seed(2)
    turned <- sample(c(TRUE, FALSE), ncol(ends), TRUE)
    from <- paste0("g", ifelse(turned, ends[2, ], ends[1, ]))
    to <- paste0("g", ifelse(turned, ends[1, ], ends[2, ]))
    order <- sample(length(from))
    pairs <- gene_pairs(data.frame(
        from = c(from, to[order]), to = c(to, from[order])
    ))
    expect_identical(pairs$from, from)
    expect_identical(pairs$to, to)
    expect_identical(attr(pairs, "report")$n[6], as.numeric(ncol(ends)))
})

test_that("columns are found by name, by number and by default", {
    wide <- data.frame(
        x = c(1, 2), A = c("a", "b"), B = c("b", "c"), w = c(0.1, 0.2)
    )
    expected <- data.frame(from = c("a", "b"), to = c("b", "c"))
    plain <- function(...) as.data.frame(gene_pairs(...))
    expect_identical(plain(wide, "A", "B"), expected)
    expect_identical(plain(wide, 2, 3), expected)
    expect_identical(plain(wide[-1]), expected)
    expect_identical(
        plain(wide, "A", "B", "w"), cbind(expected, score = c(0.1, 0.2))
    )
    expect_identical(
        plain(wide, "A", "B", 4), plain(wide, "A", "B", "w")
    )
    for (ends in list(
        c("from", "to"), c("gene1", "gene2"), c("protein1", "protein2")
    )) {
        named <- stats::setNames(wide, c("x", rev(ends), "score"))
        expect_identical(plain(named), data.frame(
            from = c("b", "c"), to = c("a", "b"), score = c(0.1, 0.2)
        ))
    }
})

test_that("ids of every kind become character, as they are", {
    ids <- function(from, to) {
        unlist(as.data.frame(gene_pairs(data.frame(from, to))),
            use.names = FALSE
        )
    }
    expect_identical(ids(factor(c("b", "a")), factor(c("c", "b"))), c(
        "b", "a", "c", "b"
    ))
    # not 1e+05, and NA stays missing
    expect_identical(
        ids(c(1e5, 7, NA), c(12345678901, 1e5, 1)),
        c("100000", "7", "12345678901", "100000")
    )
    expect_identical(ids(c(100000L, 2L), c(3L, 100000L)), c(
        "100000", "2", "3", "100000"
    ))
    expect_identical(ids(" a", "a"), c(" a", "a"))
    expect_identical(ids("a", "A"), c("a", "A"))
    expect_identical(nrow(gene_pairs(data.frame(a = NA, b = "x"))), 0L)
})

test_that("a two-column character matrix holds pairs", {
    expect_identical(gene_pairs(as.matrix(path)), gene_pairs(path))
    expect_error(
        gene_pairs(matrix(0, 2, 2)), "`x`.*character",
        class = "kith_error_input"
    )
    expect_error(
        gene_pairs(matrix("a", 2, 3)), "3 columns",
        class = "kith_error_input"
    )
    # as the errors say
    ids <- c("p", "q", "r")
    x <- matrix(c(0, 2, 0, 2, 0, 5, 0, 5, 0), 3, dimnames = list(ids, ids))
    pairs <- gene_pairs(Matrix::Matrix(x, sparse = TRUE))
    expect_identical(pair_keys(pairs$from, pairs$to), c("p q", "q r"))
    expect_identical(pairs$score, c(2, 5))
    wide <- as.data.frame(cbind(as.matrix(path), "note"))
    expect_identical(gene_pairs(wide), gene_pairs(path))
})

test_that("a DataFrame holds pairs", {
    rows <- S4Vectors::DataFrame(path, score = 1:3)
    expect_identical(gene_pairs(rows), gene_pairs(as.data.frame(rows)))
})

test_that("gene_pairs come back as they are, unless they were spoilt", {
    pairs <- gene_pairs(rbind(path, path))
    expect_identical(gene_pairs(pairs), pairs)
    pairs$unseen <- "one"
    expect_identical(gene_pairs(pairs), pairs)
    pairs$to[2] <- "b"
    expect_identical(nrow(gene_pairs(pairs)), 2L)
    expect_identical(attr(gene_pairs(pairs), "report")$n[3], 1)
    pairs$to <- NULL
    expect_error(gene_pairs(pairs), "lost to", class = "kith_error_input")
    # as the error says
    expect_identical(gene_pairs(path)$to, path$to)
})

test_that("igraph and graphNEL graphs hold pairs", {
    skip_if_not_installed("igraph")
    rows <- data.frame(
        from = c("b", "a", "c", "a", "b"), to = c("a", "b", "c", "d", "d"),
        weight = c(0.5, 0.7, 1, 0.1, 0.2)
    )
    graph <- igraph::graph_from_data_frame(rows, directed = TRUE)
    expect_identical(gene_pairs(graph), gene_pairs(rows[1:2]))
    expect_identical(
        gene_pairs(graph, score = "weight"), gene_pairs(rows, 1, 2, "weight")
    )
    graph <- igraph::set_edge_attr(graph, "score", value = rows$weight)
    expect_identical(
        gene_pairs(graph), gene_pairs(rows, "from", "to", "weight")
    )
    expect_error(
        gene_pairs(graph, score = "width"), "`score`.*width",
        class = "kith_error_input"
    )
    expect_error(
        gene_pairs(igraph::make_ring(3)), "`x`.*names",
        class = "kith_error_input"
    )
    ring <- igraph::make_ring(3)
    igraph::V(ring)$name <- c("a", "b", "c")
    pairs <- gene_pairs(ring)
    expect_setequal(pair_keys(pairs$from, pairs$to), c("a b", "b c", "a c"))

    skip_if_not_installed("graph")
    for (mode in c("directed", "undirected")) {
        graph <- graph::ftM2graphNEL(
            as.matrix(path),
            W = c(0.3, 0.2, 0.1), edgemode = mode
        )
        pairs <- gene_pairs(graph, score = "weight")
        expect_setequal(
            paste(pairs$from, pairs$to, pairs$score),
            paste(path$from, path$to, c(0.3, 0.2, 0.1))
        )
        expect_false("score" %in% names(gene_pairs(graph)))
    }
})

test_that("SelfHits hold pairs, with ids for their nodes", {
    hits <- S4Vectors::SelfHits(c(1, 2, 3), c(2, 1, 4), nnode = 4)
    pairs <- gene_pairs(hits, genes = c("w", "x", "y", "z"))
    expect_same_pairs(
        pairs, gene_pairs_r(c("w", "x", "y"), c("x", "w", "z"))
    )
    S4Vectors::mcols(hits)$score <- c(1, 3, 2)
    expect_identical(
        gene_pairs(hits, genes = c("w", "x", "y", "z"))$score, c(3, 2)
    )
    expect_error(gene_pairs(hits), "`genes`", class = "kith_error_input")
    expect_error(
        gene_pairs(hits, genes = c("w", "x")), "`genes`.*4 nodes",
        class = "kith_error_input"
    )
})

test_that("adjacency matrices of every kind hold pairs", {
    genes <- c("p", "q", "r", "s")
    full <- matrix(0, 4, 4, dimnames = list(genes, genes))
    full[1, 3] <- full[3, 1] <- 0.5
    full[2, 3] <- full[3, 2] <- -2
    full[4, 2] <- full[2, 4] <- 7
    full[4, 4] <- 1
    upper <- lower <- full
    upper[lower.tri(full)] <- 0
    lower[upper.tri(full)] <- 0
    expected <- c("p r 0.5", "q r -2", "q s 7")
    as_text <- function(x, turn = FALSE) {
        pairs <- gene_pairs(x)
        ends <- if (turn) pairs[["to"]] else pairs[["from"]]
        others <- if (turn) pairs[["from"]] else pairs[["to"]]
        sort(paste(ends, others, pairs[["score"]]))
    }
    sparse <- function(x) Matrix::Matrix(x, sparse = TRUE)
    general <- function(x) methods::as(sparse(x), "generalMatrix")
    for (x in list(
        sparse(full), general(full), sparse(upper), general(upper),
        Matrix::Matrix(full, sparse = FALSE),
        Matrix::forceSymmetric(general(full), "L"),
        Matrix::forceSymmetric(general(full), "U"),
        methods::as(general(full), "TsparseMatrix"),
        methods::as(general(full), "RsparseMatrix")
    )) {
        expect_identical(as_text(x), expected, info = class(x))
        expect_identical(
            attr(gene_pairs(x), "report")$n, c(4, 3, 1, 0, 0, 0),
            info = class(x)
        )
    }
    for (x in list(sparse(lower), general(lower))) {
        expect_identical(as_text(x, turn = TRUE), expected)
    }
    # explicit zeros are no pairs, values that are not numbers no scores
    zeros <- general(full)
    zeros@x[zeros@x == 7] <- 0
    expect_identical(as_text(zeros), expected[1:2])
    for (type in c("nMatrix", "lMatrix")) {
        pattern <- gene_pairs(methods::as(general(full), type))
        expect_identical(names(pattern), c("from", "to"))
        expect_identical(nrow(pattern), 3L)
    }
    none <- gene_pairs(sparse(full * 0))
    expect_identical(nrow(none), 0L)
})

test_that("an adjacency matrix without its rules is refused", {
    genes <- c("p", "q", "r")
    x <- Matrix::sparseMatrix(
        c(1, 2, 3), c(2, 1, 1),
        x = c(1, 1, 4), dims = c(3, 3), dimnames = list(genes, genes)
    )
    refuse <- function(x, regexp) {
        expect_error(gene_pairs(x), regexp, class = "kith_error_input")
    }
    refuse(x, "`x` must be symmetric.*\"[pr]\" and \"[pr]\"")
    # as the error says, no pair is lost
    pairs <- gene_pairs((x + Matrix::t(x)) / 2)
    expect_identical(pair_keys(pairs$from, pairs$to), c("p q", "p r"))
    expect_identical(pairs$score, c(1, 2))
    y <- x
    y[3, 1] <- 0
    y[1, 2] <- 2
    refuse(y, "`x` must be symmetric.*\"[pq]\" and \"[pq]\"")
    refuse(x[1:2, ], "`x` must be square")
    y <- x
    dimnames(y) <- list(NULL, NULL)
    refuse(y, "`x` must have gene ids.*rownames\\(x\\)")
    y <- Matrix::triu(y)
    rownames(y) <- genes
    expect_identical(as.list(as.data.frame(gene_pairs(y))), list(
        from = "p", to = "q", score = 1
    ))
    y <- x
    colnames(y) <- rev(genes)
    refuse(y, "same.*Row 1.*\"p\".*\"r\"")
    dimnames(y) <- list(c("p", "p", "r"), c("p", "p", "r"))
    refuse(y, "once.*\"p\"")
})

test_that("what holds no pairs is refused by name", {
    refuse <- function(expr, regexp) {
        expect_error(expr, regexp, class = "kith_error_input")
    }
    refuse(gene_pairs(path$from), "`x` must be.*data.frame\\(from")
    expect_identical(
        gene_pairs(data.frame(from = path$from, to = path$to))$to, path$to
    )
    refuse(gene_pairs(NULL), "`x` must be.*NULL")
    refuse(gene_pairs(list(path)), "`x` must be.*list")
    refuse(gene_pairs(path, from = "from"), "`to` is missing")
    refuse(gene_pairs(path, to = "to"), "`from` is missing")
    refuse(gene_pairs(path, "from", "TO"), "`to` must be one column.*TO")
    refuse(gene_pairs(path, 1, 3), "`to` must be one column.*3")
    refuse(gene_pairs(path, 1, NA), "`to` must be one column")
    refuse(gene_pairs(path, 1, 1.5), "`to` must be one column")
    refuse(gene_pairs(path, c("from", "to"), 2), "`from` must be one column")
    refuse(gene_pairs(path["from"]), "`x` must have at least two columns")
    refuse(gene_pairs(path, score = "width"), "`score` must be one column")
    refuse(
        gene_pairs(cbind(path, score = "high")), "`score` must be numeric"
    )
    refuse(
        gene_pairs(data.frame(c(1, 1.5), c(2, 3))),
        "`from`.*whole numbers.*Element 2 is 1.5"
    )
    refuse(gene_pairs(data.frame("a", Inf)), "`to`.*Element 1 is Inf")
    refuse(gene_pairs(data.frame("a", TRUE)), "`to`.*TRUE")
    refuse(gene_pairs(data.frame(I(list(1)), "a")), "`from`")
    expect_error(gene_pairs(path, form = 1))
})

test_that("a subset of rows keeps the class and drops the report", {
    pairs <- gene_pairs(cbind(path, score = 1:3))
    for (part in list(
        pairs[2:3, ], pairs[-1, ], pairs[pairs$score > 1, ],
        subset(pairs, score > 1), utils::tail(pairs, 2)
    )) {
        expect_s3_class(part, "gene_pairs")
        expect_null(attr(part, "report"))
        expect_identical(part$from, c("b", "c"))
        expect_identical(part$score, c(2, 3))
    }
    expect_s3_class(pairs[0, ], "gene_pairs")
    expect_s3_class(pairs[3:1, ][2, ], "gene_pairs")
    # other columns, or rows that are repeated or missing, are plain tables
    for (part in list(
        pairs[c("from", "to")], pairs[, 2:3], pairs[c(1, 1), ],
        pairs[c(1, NA), ], as.data.frame(pairs)
    )) {
        expect_identical(class(part), "data.frame")
        expect_null(attr(part, "report"))
    }
    expect_identical(pairs[, "from"], path$from)
    expect_identical(pairs[2, "to"], "c")
    expect_identical(pairs[["score"]], c(1, 2, 3))
})

test_that("tables put below each other are made anew", {
    pairs <- gene_pairs(path)
    turned <- data.frame(from = c("b", "x"), to = c("a", "y"))
    both <- rbind(pairs, turned)
    expect_same_pairs(both, gene_pairs_r(
        c(path$from, turned$from), c(path$to, turned$to)
    ))
    expect_identical(attr(both, "report")$n[6], 1)
})

test_that("print and summary show the report and give back the object", {
    pairs <- gene_pairs(data.frame(
        from = c("a", "b", "c", NA), to = c("b", "a", "c", "d"),
        score = 1:4 / 4
    ))
    expect_output(print(pairs), "1 pair of 2 genes")
    expect_output(
        print(pairs),
        "4 input rows, 1 kept, 1 self pairs, 1 missing ids, 0[ \n]+dupl"
    )
    expect_output(print(pairs), "1 reversed")
    many <- gene_pairs(data.frame(from = letters[-1], to = "a"))
    expect_output(print(many), "and 19 more")
    expect_output(print(many[0, ]), "0 pairs of 0 genes")
    capture.output({
        expect_identical(print(pairs), pairs)
        expect_identical(print(summary(pairs)), summary(pairs))
    })
    overview <- summary(many)
    expect_identical(overview$pairs, 25L)
    expect_identical(overview$genes, 26L)
    expect_identical(overview$degree[["Max."]], 25)
    expect_output(print(overview), "Pairs per gene")
    expect_output(print(summary(pairs)), "Score.*Report: 4 input rows")
    expect_output(print(summary(many[0, ])), "0 pairs")
})

test_that("drop_pairs() tells the pairs of 60,000 genes apart", {
    genes <- as.character(seq_len(60000))
    chain <- gene_pairs(data.frame(from = genes[-1], to = genes[-60000]))
    others <- gene_pairs(data.frame(from = genes[-60000], to = genes[-1]))
    left <- drop_pairs(chain, others[-c(7, 59990), ])
    expect_identical(left$from, genes[c(8, 59991)])
})

test_that("match_pairs() counts from 0 and marks unknown genes", {
    at <- match_pairs(gene_pairs(path), c("d", "c", "b"))
    expect_identical(at, list(
        a = c(NA, 2L, 1L), b = c(2L, 1L, 0L), known = c(FALSE, TRUE, TRUE)
    ))
})

test_that("keep_known_pairs() says what it drops", {
    pairs <- gene_pairs(path)
    expect_silent(all <- keep_known_pairs(pairs, letters))
    expect_identical(all, pairs)
    expect_message(
        kept <- keep_known_pairs(pairs, c("a", "b", "c")),
        "1 of 3 pairs in `pairs`.*Unknown genes: 1, first \"d\"",
        class = "kith_message_dropped"
    )
    expect_identical(kept$to, c("b", "c"))
    expect_s3_class(kept, "gene_pairs")
    expect_message(
        keep_known_pairs(
            gene_pairs(data.frame(letters[-1], letters[-26])),
            c("a", "b"),
            name = "known"
        ),
        "`known`.*: 24, first \"c\", \"d\", and \"e\"\\."
    )
    expect_error(
        keep_known_pairs(pairs, LETTERS), "`pairs`.*Unknown genes: 4",
        class = "kith_error_input"
    )
    expect_error(
        keep_known_pairs(pairs[0, ], letters, name = "pairs"),
        "`pairs`.*no pairs",
        class = "kith_error_input"
    )
})
