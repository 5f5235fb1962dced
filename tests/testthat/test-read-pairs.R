test_that("columns are found by name, by place and by default", {
    lines <- c(
        "x\tgene1\tgene2\tweight\tscore", "1\ta\tb\t0.5\t10", "2\tb\tc\t0.7\t20"
    )
    file <- text_file(lines, ".tsv")
    plain <- function(...) as.list(as.data.frame(read_pairs(...)))
    expect_identical(plain(file), list(
        from = c("a", "b"), to = c("b", "c"), score = c(10, 20)
    ))
    expect_identical(plain(file, "gene2", "gene1", "weight"), list(
        from = c("b", "c"), to = c("a", "b"), score = c(0.5, 0.7)
    ))
    expect_identical(plain(file, 2, 3, 1)$score, c(1, 2))
    expect_input_error(
        read_pairs(file, "gene1", "gene3"), "`to`.*`file`.*gene2"
    )
    expect_input_error(read_pairs(file, "gene1"), "together")
    expect_input_error(
        read_pairs(file, 1, 2, score = "gene2"), "numbers.*Line 2.*b"
    )
    expect_input_error(read_pairs(file, score = "gene1"), "another column")
    expect_identical(
        plain(text_file(c("a\tb", "b\tc")), header = FALSE),
        list(from = c("a", "b"), to = c("b", "c"))
    )
    expect_identical(
        plain(text_file(c("a b 1", "b c 2")), header = FALSE, score = 3)$score,
        c(1, 2)
    )
})

test_that("separators are found, quoted fields keep theirs", {
    expected <- list(from = c("a,1", "b"), to = c("c;d", "e f"))
    plain <- function(...) as.list(as.data.frame(read_pairs(...)))
    quoted <- function(sep) {
        paste(
            c("\"from\"", "\"a,1\"", "\"b\""),
            c("\"to\"", "\"c;d\"", "\"e f\""),
            sep = sep
        )
    }
    for (sep in c("\t", ",", ";", " ")) {
        expect_identical(plain(text_file(quoted(sep))), expected)
        expect_identical(plain(text_file(quoted(sep)), sep = sep), expected)
    }
    expect_identical(
        plain(text_file(gsub(",", "|", quoted("|"))), sep = "|")$to,
        expected$to
    )
    expect_input_error(
        read_pairs(text_file(c("a|b", "c|d"))), "two columns.*a\\|b.*sep"
    )
    for (sep in c(",,", "\u00e4")) {
        expect_input_error(read_pairs(text_file("a,b"), sep = sep), "`sep`")
    }
})

test_that("ids stay as they are written, and losses are counted", {
    file <- text_file(c(
        "from,to", "0012,1e5", "NA,b", ",b", "b,b", "1e5,0012", "TRUE,Inf"
    ))
    pairs <- read_pairs(file)
    expect_identical(pairs$from, c("0012", "TRUE"))
    expect_identical(pairs$to, c("1e5", "Inf"))
    expect_identical(report_counts(pairs), c(
        "input rows" = 6, kept = 2, "self pairs" = 1, "missing ids" = 2,
        duplicated = 0, reversed = 1
    ))
})

test_that("lines at fault are named", {
    at <- function(lines, pattern) {
        expect_input_error(read_pairs(text_file(lines)), pattern)
    }
    at(c("from,to", "a,b", "c"), "Line 3 has 1 field, not 2")
    at(c("from,to", "a,b", "", "c,d,e"), "Line 4 has 3 fields, not 2")
    at(c("from,to,score", "a,b,1", "c,d,x"), "score.*Line 3 has \"x\"")
    at("from,to", "header only")
    expect_input_error(read_pairs(text_file("a"), header = 1), "`header`")
})

test_that("a file without names of columns does not lose its first pair", {
    headless <- list(
        # an id comes again, a number is above numbers, ids of one form
        c("ENSG05\tENSG09", "ENSG05\tENSG11"), c("a\tb\t0.9", "c\td\t0.8"),
        c("TP53 MDM2", "BRCA1 BARD1"), c("P04637,Q00987", "P38398,Q99728"),
        c("7157\t4193", "672\t580"), c("a b", "c d")
    )
    for (lines in headless) {
        file <- text_file(lines)
        expect_message(pairs <- read_pairs(file), "no header: line 1 is a row",
            class = "kith_message_pairs"
        )
        expect_identical(nrow(pairs), 2L)
        expect_identical(pairs, read_pairs(file, header = FALSE))
        expect_identical(nrow(read_pairs(file, header = TRUE)), 1L)
    }
    # the names of columns, where they look like ids
    named <- text_file(c("a\tb\t2000", "a\tc\t0.5"))
    expect_identical(nrow(read_pairs(named)), 2L)
    expect_identical(read_pairs(named, "a", "b")$to, "c")
    expect_identical(read_pairs(named, score = "2000")$score, 0.5)
})

test_that("gene sets are read, cleaned and counted", {
    file <- text_file(c(
        "Integrator\tcomplex\tINTS1\tINTS2\tINTS1\t", "SNAPc\t\tSNAPC1",
        "empty\thttp://x", "", "SNAPc\tagain\t SNAPC4 \tSNAPC1", "none\t\t\t"
    ), ".gmt")
    sets <- read_gene_sets(file)
    expect_identical(
        sets[seq_along(sets)],
        list(
            Integrator = c("INTS1", "INTS2"), SNAPc = "SNAPC1",
            SNAPc.1 = c("SNAPC4", "SNAPC1")
        )
    )
    expect_identical(attr(sets, "description"), c(
        Integrator = "complex", SNAPc = NA, SNAPc.1 = "again"
    ))
    expect_identical(report_counts(sets), c(
        sets = 5, kept = 3, empty = 2, renamed = 1, "repeated genes" = 1
    ))
    expect_input_error(
        read_gene_sets(text_file(c("a\tb\tc", "", "d,e,f"))), "Line 3.*d,e,f"
    )
    expect_input_error(read_gene_sets(text_file("\tb\tc")), "Line 1")
    expect_input_error(read_gene_sets(text_file(c("", ""))), "blank")
    expect_input_error(read_gene_sets(text_file("a\tb\t")), "sets are empty")
})

test_that("names of sets that hold two ids are taken apart", {
    file <- text_file(c("S1\tone\tTP53 (7157)\tMDM2 (4193)", "S2\t\tBAX (581)"))
    expect_identical(read_gene_sets(file)$S1, c("TP53", "MDM2"))
    expect_identical(read_gene_sets(file, id = "accession")$S2, "581")
    expect_message(read_gene_sets(file), "2 sets with 3 genes",
        class = "kith_message_sets"
    )
})
