# plain-R oracle: how many genes of each pair are held out
count_unseen_r <- function(pairs, test_genes) {
    vapply(seq_len(nrow(pairs)), function(row) {
        sum(c(pairs$from[row], pairs$to[row]) %in% test_genes)
    }, integer(1))
}

random_network <- function(n_genes, n_pairs) {
    ends <- utils::combn(paste0("g", seq_len(n_genes)), 2L)
    rows <- sample(ncol(ends), n_pairs)
    gene_pairs(data.frame(
        from = ends[1, rows], to = ends[2, rows], score = rows / 7
    ))
}

as_text <- function(pairs) paste(pairs$from, pairs$to, pairs$score)

path <- gene_pairs(data.frame(from = letters[-26], to = letters[-1]))

test_that("an edge split has the share asked for and loses nothing", {
    set.seed(1)
    for (n in c(2L, 3L, 10L, 101L)) {
        pairs <- random_network(20L, n)
        for (prop in c(0.3, 0.5, 0.7)) {
            parts <- split_pairs(pairs, prop = prop)
            expect_s3_class(parts, "pair_split")
            expect_s3_class(parts$train, "gene_pairs")
            expect_s3_class(parts$test, "gene_pairs")
            expect_identical(nrow(parts$train), as.integer(round(prop * n)))
            expect_setequal(
                c(as_text(parts$train), as_text(parts$test)), as_text(pairs)
            )
            expect_identical(nrow(parts$train) + nrow(parts$test), n)
            # the order of the whole
            expect_false(is.unsorted(
                match(as_text(parts$train), as_text(pairs))
            ))
            expect_identical(parts$test$unseen, rep("none", nrow(parts$test)))
            expect_setequal(
                parts$test_genes, c(parts$test$from, parts$test$to)
            )
            expect_setequal(
                parts$train_genes, c(parts$train$from, parts$train$to)
            )
        }
    }
    expect_identical(parts$by, "edge")
    expect_identical(parts$prop, 0.7)
})

test_that("a gene split holds out genes with all their pairs", {
    set.seed(2)
    for (n_pairs in c(60L, 200L, 435L)) {
        pairs <- random_network(30L, n_pairs)
        genes <- unique(c(pairs$from, pairs$to))
        for (prop in c(0.4, 0.7)) {
            parts <- split_pairs(pairs, by = "gene", prop = prop)
            expect_length(parts$train_genes, round(prop * length(genes)))
            expect_setequal(c(parts$train_genes, parts$test_genes), genes)
            expect_length(intersect(parts$train_genes, parts$test_genes), 0)
            n_unseen <- count_unseen_r(pairs, parts$test_genes)
            expect_identical(
                as_text(parts$train), as_text(pairs[n_unseen == 0, ])
            )
            expect_identical(
                as_text(parts$test), as_text(pairs[n_unseen > 0, ])
            )
            expect_identical(
                parts$test$unseen, c("one", "both")[n_unseen[n_unseen > 0]]
            )
            # no training pair has an unseen gene, no pair of two unseen
            # genes has a gene of a training pair
            trained <- c(parts$train$from, parts$train$to)
            expect_false(any(trained %in% parts$test_genes))
            both <- parts$test[parts$test$unseen == "both", ]
            expect_gt(nrow(both), 0)
            expect_false(any(c(both$from, both$to) %in% trained))
        }
    }
})

test_that("genes to hold out can be named", {
    parts <- split_pairs(path, "gene", test_genes = c("z", "m", "y"))
    expect_identical(parts$test_genes, c("m", "y", "z"))
    expect_identical(parts$prop, NA_real_)
    expect_identical(parts$test$from, c("l", "m", "x", "y"))
    expect_identical(parts$test$unseen, c("one", "one", "one", "both"))
    # prop is not looked at
    expect_identical(
        split_pairs(path, "gene", prop = 7, test_genes = c("z", "m", "y")),
        parts
    )
    expect_message(
        known <- split_pairs(path, "gene", test_genes = c("Z", "m", "X")),
        "2 of 3 genes in `test_genes`.*\"Z\" and \"X\"",
        class = "kith_message_dropped"
    )
    expect_identical(known$test_genes, "m")
})

test_that("set.seed() decides, and another seed gives another split", {
    for (by in c("edge", "gene")) {
        draw <- function(seed) {
            set.seed(seed)
            split_pairs(path, by)
        }
        expect_identical(draw(1), draw(1))
        expect_false(identical(draw(1)$test, draw(2)$test))
    }
})

test_that("every choice of pairs is equally likely", {
    pairs <- path[1:6, ]
    set.seed(3)
    held_out <- vapply(seq_len(2000), function(i) {
        paste(split_pairs(pairs, prop = 2 / 3)$test$from, collapse = "")
    }, "")
    counts <- table(held_out)
    expect_length(counts, choose(6, 2))
    expect_gt(stats::chisq.test(counts)$p.value, 1e-4)
})

test_that("every choice of genes is equally likely", {
    pairs <- gene_pairs(t(utils::combn(letters[1:6], 2)))
    set.seed(4)
    held_out <- vapply(seq_len(2000), function(i) {
        paste(split_pairs(pairs, "gene", 0.5)$test_genes, collapse = "")
    }, "")
    counts <- table(held_out)
    expect_length(counts, choose(6, 3))
    expect_gt(stats::chisq.test(counts)$p.value, 1e-4)
})

test_that("a training part can be split once more", {
    set.seed(5)
    outer <- split_pairs(random_network(40L, 300L), "gene")
    inner <- split_pairs(outer$train, "gene")
    expect_setequal(
        c(as_text(inner$train), as_text(inner$test)), as_text(outer$train)
    )
    expect_false(any(inner$test_genes %in% outer$test_genes))
})

test_that("tidy() and print() tell the parts apart", {
    set.seed(6)
    parts <- split_pairs(random_network(20L, 100L), "gene")
    table <- tidy(parts)
    expect_identical(names(table), c("part", "unseen", "pairs", "genes"))
    expect_identical(table$part, c("train", "test", "test"))
    expect_identical(table$unseen, c("none", "one", "both"))
    expect_identical(sum(table$pairs), 100L)
    both <- parts$test[parts$test$unseen == "both", ]
    expect_identical(table$genes[3], length(unique(c(both$from, both$to))))
    expect_output(print(parts), "by gene, prop 0.7.*14 training genes, 6")
    capture.output(expect_identical(print(parts), parts))

    none_both <- tidy(split_pairs(path, "gene", test_genes = "a"))
    expect_identical(none_both$pairs, c(24L, 1L, 0L))

    # in a star, every test pair has a gene without a training pair
    star <- split_pairs(data.frame(from = "hub", to = letters[1:10]))
    expect_identical(tidy(star)$unseen, c("none", "none"))
    expect_identical(tidy(star)$genes, c(8L, 4L))
    expect_output(print(star), "3 test pairs have a gene without")
})

test_that("bad input is refused by name", {
    refuse <- function(expr, regexp) {
        expect_error(expr, regexp, class = "kith_error_input")
    }
    for (prop in list(0, 1, -0.1, 1.1, NA, NaN, "0.7", c(0.5, 0.7), NULL)) {
        refuse(split_pairs(path, prop = prop), "`prop` must be one number")
        refuse(split_pairs(path, "gene", prop = prop), "`prop`")
    }
    refuse(split_pairs(path, "node"), "`by` must be one of.*\"node\"")
    refuse(split_pairs(path, c("gene", "edge")), "`by` must be one of")
    refuse(split_pairs("path"), "`pairs` must be")
    refuse(split_pairs(path[0, ]), "`pairs` must have at least 2.*has 0")
    refuse(split_pairs(path[1, ], "gene"), "`pairs` must have at least 2")
    # rounded to all or none
    refuse(split_pairs(path[1:3, ], prop = 0.99), "no test pair")
    refuse(split_pairs(path[1:3, ], prop = 0.01), "no training pair")
    refuse(split_pairs(path, test_genes = "a"), "`test_genes`.*gene")
    hold_out <- function(genes) split_pairs(path, "gene", test_genes = genes)
    refuse(hold_out(letters), "no training pair.*`test_genes`")
    refuse(hold_out(c("b", "d", "f", letters[8:26])), "no training pair")
    refuse(hold_out("A"), "`test_genes` must have a gene.*\"A\"")
    refuse(hold_out(c("a", NA)), "`test_genes`.*Element 2")
    refuse(hold_out(c("a", "a")), "`test_genes`.*\"a\"")
    refuse(hold_out(character()), "`test_genes`")
    refuse(hold_out(1), "`test_genes`")
    # a share that rounds to all genes leaves nothing to test
    refuse(split_pairs(path, "gene", prop = 0.99), "no test pair")
})
