# plain-R oracles

test_that("uniform negatives are different non-pairs of the universe", {
    set.seed(1)
    for (n_genes in c(4L, 8L, 30L)) {
        for (share in c(0.1, 0.5, 0.8)) {
            total <- choose(n_genes, 2)
            pairs <- random_network(n_genes, ceiling(share * total))
            genes <- paste0("g", seq_len(n_genes))
            possible <- non_pairs_r(pairs, genes)
            for (n in unique(c(1, ceiling(length(possible) / c(8, 2, 1))))) {
                negatives <- sample_negatives(pairs, genes, n)
                expect_s3_class(negatives, "gene_pairs")
                expect_identical(names(negatives), c("from", "to"))
                drawn <- pair_text(negatives$from, negatives$to)
                expect_length(drawn, n)
                expect_identical(anyDuplicated(drawn), 0L)
                expect_true(all(drawn %in% possible))
                expect_identical(report_of(negatives), c(
                    "asked for" = n, drawn = n, existing = length(possible)
                ))
            }
            # the last n was all that exists
            expect_setequal(drawn, possible)
        }
    }
})

test_that("with two gene sets one gene comes from each", {
    set.seed(2)
    pairs <- random_network(20L, 60L)
    sets <- list(
        disjoint = list(paste0("g", 1:8), paste0("g", 11:20)),
        overlapping = list(paste0("g", 1:12), paste0("g", 7:20)),
        nested = list(paste0("g", 1:3), paste0("g", 1:20)),
        equal = list(paste0("g", 1:9), paste0("g", 9:1)),
        single = list("g1", paste0("g", 1:20)),
        strangers = list(c("x", "y"), c("g1", "z"))
    )
    for (sides in sets) {
        possible <- non_pairs_r(pairs, sides[[1]], sides[[2]])
        for (n in unique(c(1, length(possible)))) {
            negatives <- sample_negatives(pairs, sides, n)
            expect_true(all(negatives$from %in% sides[[1]]))
            expect_true(all(negatives$to %in% sides[[2]]))
            expect_identical(report_of(negatives)[["existing"]], 0 +
                length(possible))
        }
        expect_setequal(pair_text(negatives$from, negatives$to), possible)
    }
})

test_that("every non-pair is equally likely, drawn or listed", {
    pairs <- gene_pairs(data.frame(
        from = c("a", "a", "c"), to = c("b", "c", "h")
    ))
    sides <- list(letters[1:5], letters[3:8])
    set.seed(3)
    n_draws <- 800L
    for (universe in list(letters[1:8], sides)) {
        possible <- if (is.list(universe)) {
            non_pairs_r(pairs, universe[[1]], universe[[2]])
        } else {
            non_pairs_r(pairs, universe)
        }
        # few are drawn and rejected, many listed and picked
        for (n in c(4L, 18L)) {
            drawn <- lapply(seq_len(n_draws), function(i) {
                sample_negatives(pairs, universe, n)
            })
            drawn <- do.call(rbind, lapply(drawn, as.data.frame))
            text <- pair_text(drawn$from, drawn$to)
            expect_length(text, n * n_draws)
            expect_gt(evenness(text, possible, n_draws), 1e-4)
            # a pair that both orders give comes in both
            shared <- if (is.list(universe)) c("d", "e") else c("d", "g")
            turned <- drawn$from[text == paste(shared, collapse = " ")]
            expect_gt(
                stats::binom.test(sum(turned == "d"), length(turned))$p.value,
                1e-4
            )
        }
    }
})

test_that("evenness() sees an uneven sampler", {
    set.seed(4)
    things <- letters[1:10]
    even <- replicate(1000, sample(things, 3))
    odd <- replicate(1000, sample(things, 3, prob = c(1.5, rep(1, 9))))
    expect_gt(evenness(even, things, 1000), 1e-4)
    expect_lt(evenness(odd, things, 1000), 1e-4)
})

test_that("the default number is 5 for each pair, and at most what exists", {
    set.seed(5)
    pairs <- random_network(60L, 40L)
    expect_identical(nrow(sample_negatives(pairs)), 200L)
    expect_identical(nrow(sample_negatives(pairs, per_positive = 3)), 120L)
    expect_identical(
        nrow(sample_negatives(pairs, positives = pairs[1:4, ])), 20L
    )
    crowded <- random_network(10L, 30L)
    expect_message(
        negatives <- sample_negatives(crowded), "150.*15 exist",
        class = "kith_message_fewer"
    )
    expect_identical(
        report_of(negatives), c("asked for" = 150, drawn = 15, existing = 15)
    )
    # at most 50,000
    wide <- gene_pairs(data.frame(
        from = paste0("a", seq_len(10001)), to = paste0("b", seq_len(10001))
    ))
    expect_identical(nrow(sample_negatives(wide)), 50000L)
})

test_that("set.seed() decides, and another seed gives other negatives", {
    set.seed(6)
    pairs <- random_network(40L, 80L)
    draw <- function(seed, ...) {
        set.seed(seed)
        sample_negatives(pairs, ...)
    }
    for (n in c(50, 600)) {
        expect_identical(draw(1, n = n), draw(1, n = n))
        expect_false(identical(draw(1, n = n), draw(2, n = n)))
    }
    expect_identical(draw(1, method = "degree"), draw(1, method = "degree"))
    expect_false(
        identical(draw(1, method = "degree"), draw(2, method = "degree"))
    )
})

# hubs, a middle field and leaves, so that all kinds of windows come up
mixed_network <- function() {
    hubs <- expand.grid(from = paste0("hub", 1:3), to = paste0("leaf", 1:90))
    field <- random_network(60L, 240L)
    gene_pairs(rbind(
        data.frame(from = as.character(hubs$from), to = as.character(hubs$to)),
        as.data.frame(field), data.frame(from = "hub1", to = "hub2")
    ))
}

test_that("degree-matched negatives keep to the window of their positive", {
    set.seed(7)
    pairs <- mixed_network()
    genes <- unique(c(pairs$from, pairs$to))
    degree <- degree_of(pairs, genes)
    mean_degree <- (degree[pairs$from] + degree[pairs$to]) / 2
    windows <- lapply(unique(mean_degree), function(m) window_r(degree, m))
    names(windows) <- unique(mean_degree)
    narrow <- vapply(unique(mean_degree), function(m) {
        sum(degree >= 0.8 * m & degree <= 1.2 * m) >= 20
    }, NA)
    everyone <- lengths(windows) == length(genes)
    # the network has windows of all three kinds
    expect_true(any(narrow) && any(everyone) && any(!narrow & !everyone))

    # the draws themselves, in the order of their positives
    at <- match_pairs(pairs, genes)
    drawn <- .Call(
        C_matched_negatives, seq_along(genes) - 1L, NULL, at$a, at$b,
        length(genes), at$a, at$b, 3L, draw_key()
    )
    own <- windows[as.character(rep(mean_degree, drawn$n_found))]
    from <- genes[drawn$from + 1L]
    to <- genes[drawn$to + 1L]
    expect_length(own, length(from))
    inside <- mapply(function(a, b, window) a %in% window && b %in% window,
        from, to, own,
        USE.NAMES = FALSE
    )
    expect_true(all(inside))
    possible <- non_pairs_r(pairs, genes)
    expect_true(all(pair_text(from, to) %in% possible))
    expect_true(all(drawn$n_found == 3L))
})

test_that("20 genes are enough for the narrow window, 19 are not", {
    set.seed(16)
    for (n in 19:20) {
        ring <- paste0("r", seq_len(n))
        pairs <- gene_pairs(rbind(
            data.frame(from = ring, to = ring[c(2:n, 1)]),
            data.frame(from = "hub5", to = paste0("leaf", 1:5)),
            data.frame(from = "hub6", to = paste0("blade", 1:6))
        ))
        negatives <- sample_negatives(pairs,
            method = "degree", positives = pairs[1, ], per_positive = 3000
        )
        # the ring has degree 2; the wide window is from 1 to 5
        expected <- setdiff(unique(c(pairs$from, pairs$to)), "hub6")
        if (n == 20) expected <- ring
        expect_setequal(c(negatives$from, negatives$to), expected)
    }
})

test_that("repeated matched negatives are counted, not lost", {
    set.seed(15)
    pairs <- mixed_network()
    genes <- unique(c(pairs$from, pairs$to))
    negatives <- sample_negatives(pairs, method = "degree")
    expect_identical(names(negatives), c("from", "to", "times"))
    expect_type(negatives$times, "integer")
    expect_identical(report_of(negatives), c(
        "asked for" = 5 * nrow(pairs), drawn = 5 * nrow(pairs),
        different = nrow(negatives), "positives with fewer" = 0,
        "positives with none" = 0
    ))
    expect_identical(sum(negatives$times), 5L * nrow(pairs))
    expect_gt(max(negatives$times), 1)
    text <- pair_text(negatives$from, negatives$to)
    expect_identical(anyDuplicated(text), 0L)
    expect_true(all(text %in% non_pairs_r(pairs, genes)))
})

test_that("every pair of the window is equally likely", {
    set.seed(8)
    pairs <- mixed_network()
    genes <- unique(c(pairs$from, pairs$to))
    degree <- degree_of(pairs, genes)
    # one window that stays narrow, one that is widened, one of everyone
    field <- grepl("^g", pairs$from)
    m <- (degree[pairs$from] + degree[pairs$to]) / 2
    for (at in c(which(field)[1], which.min(m), which.max(m))) {
        window <- window_r(degree, m[at])
        possible <- non_pairs_r(pairs, window)
        drawn <- sample_negatives(pairs,
            method = "degree", positives = pairs[at, ],
            per_positive = 10 * length(possible)
        )
        text <- rep(pair_text(drawn$from, drawn$to), drawn$times)
        expect_true(all(text %in% possible))
        expect_setequal(unique(unlist(strsplit(text, " "))), window)
        expect_gt(
            stats::chisq.test(table(factor(text, possible)))$p.value, 1e-4
        )
    }
})

test_that("matched negatives also keep to two gene sets", {
    set.seed(9)
    pairs <- random_network(60L, 240L)
    sides <- list(paste0("g", 1:40), paste0("g", 41:60))
    degree <- degree_of(pairs, unlist(sides))
    m <- (degree[pairs$from] + degree[pairs$to]) / 2
    fewest <- Inf
    for (row in seq_len(nrow(pairs))) {
        negatives <- sample_negatives(pairs, sides,
            method = "degree", positives = pairs[row, ], per_positive = 50
        )
        windows <- list(
            window_r(degree[sides[[1]]], m[row]),
            window_r(degree[sides[[2]]], m[row])
        )
        expect_true(all(negatives$from %in% windows[[1]]))
        expect_true(all(negatives$to %in% windows[[2]]))
        fewest <- min(fewest, lengths(windows))
    }
    # the windows were narrower than the sides
    expect_lt(fewest, 20)
})

test_that("positives without a negative are counted", {
    # in a complete network no pair is free
    pairs <- gene_pairs(t(utils::combn(letters[1:5], 2)))
    negatives <- sample_negatives(pairs, method = "degree")
    expect_identical(nrow(negatives), 0L)
    expect_identical(report_of(negatives), c(
        "asked for" = 50, drawn = 0, different = 0,
        "positives with fewer" = 10, "positives with none" = 10
    ))
    # the window of a and b, degrees 3.5 to 10.5, has these two alone, which
    # are a pair; the windows of the others are empty, so all genes are taken
    star <- gene_pairs(data.frame(
        from = c("a", rep("a", 6), rep("b", 6)),
        to = c("b", letters[3:8], letters[3:8])
    ))
    negatives <- sample_negatives(star, method = "degree")
    expect_identical(report_of(negatives)[-3], c(
        "asked for" = 65, drawn = 60, "positives with fewer" = 1,
        "positives with none" = 1
    ))
})

test_that("pairs and positives are both left out", {
    set.seed(11)
    pairs <- random_network(15L, 50L)
    test <- pairs[1:20, ]
    genes <- unique(c(pairs$from, pairs$to))
    possible <- non_pairs_r(pairs, genes)
    draw <- function(pairs, ...) {
        negatives <- sample_negatives(pairs, genes, ...)
        pair_text(negatives$from, negatives$to)
    }
    expect_setequal(
        draw(pairs, length(possible), positives = test), possible
    )
    # also where positives are not among the pairs, or have other columns
    test$unseen <- "one"
    expect_setequal(
        draw(pairs[21:50, ], length(possible), positives = test), possible
    )
    # degrees are those among all known pairs
    first <- pairs[1, ]
    degree <- degree_of(pairs, genes)
    window <- window_r(degree, mean(degree[c(first$from, first$to)]))
    drawn <- sample_negatives(pairs, genes,
        method = "degree", positives = first, per_positive = 5
    )
    expect_true(all(c(drawn$from, drawn$to) %in% window))
})

test_that("many negatives of many genes are drawn without repeats", {
    set.seed(12)
    genes <- paste0("g", seq_len(1200))
    pairs <- gene_pairs(data.frame(
        from = sample(genes, 20000, TRUE), to = sample(genes, 20000, TRUE)
    ))
    existing <- choose(1200, 2) - nrow(pairs)
    for (n in c(300000, 600000, existing)) {
        negatives <- sample_negatives(pairs, genes, n)
        both <- rbind(pairs, negatives)
        expect_identical(nrow(both), nrow(pairs) + as.integer(n))
        expect_identical(attr(both, "report")$n[-(1:2)], c(0, 0, 0, 0))
    }
})

test_that("bad input is refused by name", {
    pairs <- gene_pairs(data.frame(
        from = c("a", "b", "c"), to = c("b", "c", "d")
    ))
    refuse <- function(regexp, ...) {
        expect_error(
            sample_negatives(...), regexp,
            class = "kith_error_input"
        )
    }
    for (n in list(-1, 0, 1.5, NA, Inf, "3", c(1, 2))) {
        refuse("`n` must be one whole", pairs, n = n)
        refuse("`per_positive` must be one whole", pairs, per_positive = n)
    }
    refuse("`n` must be at most.*4.*Existing: 3", pairs, n = 4)
    refuse("`n` must be at most.*Existing: 3", pairs, n = 1e9)
    full <- gene_pairs(t(utils::combn(letters[1:4], 2)))
    refuse("`n` must be at most.*Existing: 0", full)
    refuse("`n` can only", pairs, n = 2, method = "degree")
    refuse("`per_positive`", pairs, per_positive = 2e9, method = "degree")
    refuse("`method` must be one of", pairs, method = "matched")
    refuse("`pairs` must have at least 1", pairs[0, ])
    refuse("`pairs` must be", list())
    refuse("`positives` must have at least 1", pairs, positives = pairs[0, ])
    refuse("`positives` must be", pairs, positives = "a")
    refuse("`universe` must be a character", pairs, universe = "a")
    refuse("`universe` must be a character", pairs, universe = 1:3)
    refuse("`universe`.*\"a\"", pairs, universe = c("a", "b", "a"))
    refuse("`universe`.*Element 2", pairs, universe = c("a", NA))
    refuse("`universe`.*Element 1", pairs, universe = c("", "b"))
    refuse("`universe`.*list of two", pairs, universe = list("a", "b", "c"))
    refuse("`universe`.*list of two", pairs, universe = as.data.frame(pairs))
    refuse("`universe\\[\\[2\\]\\]`", pairs, universe = list("a", c("b", "b")))
    refuse("`universe\\[\\[1\\]\\]`", pairs, universe = list(NULL, "a"))
    refuse("`universe`.*two different", pairs, universe = list("a", "a"))
})

test_that("pairs are cleaned before negatives are drawn", {
    rows <- data.frame(
        from = c("a", "b", "c", NA, "a"), to = c("b", "a", "c", "d", "d")
    )
    set.seed(13)
    negatives <- sample_negatives(rows, n = 1)
    expect_identical(report_of(negatives)[["existing"]], 1)
    expect_setequal(c(negatives$from, negatives$to), c("b", "d"))
})

test_that("the degrees of real networks are matched", {
    folder <- Sys.getenv("KITH_DATA")
    file <- file.path(folder, "genes", "string_pairs_900.csv.gz")
    skip_if_not(nzchar(folder) && file.exists(file), "KITH_DATA is not set")
    pairs <- gene_pairs(utils::read.csv(file))
    set.seed(14)
    negatives <- sample_negatives(pairs, method = "degree")
    degree <- degree_of(pairs, unique(c(pairs$from, pairs$to)))
    log_degree <- function(x) log(degree[x$from]) + log(degree[x$to])
    repeated <- rep(log_degree(negatives), negatives$times)
    expect_equal(mean(repeated), mean(log_degree(pairs)), tolerance = 0.03)
    # the AUC of a score that knows degrees alone
    ranks <- rank(c(log_degree(pairs), repeated))[seq_len(nrow(pairs))]
    auc <- (mean(ranks) - (nrow(pairs) + 1) / 2) / length(repeated)
    expect_equal(auc, 0.5, tolerance = 0.03)
})
