# What stands where genes are named, and names none.

profiles_of <- function(lines, ...) {
    file <- text_file(lines, envir = parent.frame())
    suppressMessages(read_profiles(file, ...))
}

test_that("numbers of rows are no genes", {
    expect_true(look_like_row_numbers(c("2", "3", "4", "7")))
    expect_true(look_like_row_numbers(as.character(0:5)))
    expect_false(look_like_row_numbers(c("7157", "4193", "672")))
    expect_false(look_like_row_numbers(c("1", "2", "9", "10", "12", "7157")))
    expect_false(look_like_row_numbers(c("TP53", "2", "3")))
    left <- c(",s1,s2", "2,1,2", "3,3,4", "4,5,6")
    expect_input_error(profiles_of(left), "look like\\s+numbers of rows")
    # as the error says
    expect_identical(rownames(profiles_of(left, gene_id = 1)), c(
        "2", "3", "4"
    ))
    # as pandas writes an index, before the genes
    x <- profiles_of(c(",symbol,s1", "0,TP53,1", "1,MDM2,2", "2,BAX,3"))
    expect_identical(x[, "s1"], c(TP53 = 1, MDM2 = 2, BAX = 3))
    x <- profiles_of(c("entrez_id,symbol,s1", "1,TP53,1", "2,MDM2,2"))
    expect_identical(rownames(x), c("1", "2"))
})

test_that("dates and marks of missing values are no genes", {
    expect_identical(
        look_like_dates(c(
            "1-Mar", "Sep-02", "2-SEP-21", "2002/09/02", "2023-03-01",
            "3/1/2023", "MARCH1", "SEPTIN2", "DEC1", "H1-2", "HLA-A", NA
        )),
        rep(c(TRUE, FALSE), c(6, 6))
    )
    lines <- c("gene,s1", "TP53,1", "1-Mar,2", "1-Mar,4", "-,8", "nan,16")
    expect_message(
        x <- read_profiles(text_file(lines)), "Left out as dates.*1-Mar",
        class = "kith_message_profiles"
    )
    expect_identical(rownames(x), "TP53")
    expect_identical(
        report_counts(x)[c("input rows", "dates", "missing ids")],
        c("input rows" = 5, dates = 2, "missing ids" = 2)
    )
    merged <- text_file(c("gene,s1", "TP53,1", "TP53,3", "MDM2,4"))
    expect_message(read_profiles(merged), "Rows merged: those of TP53",
        class = "kith_message_profiles"
    )
})

test_that("columns of pairs are found as the large sources call them", {
    biogrid <- c(
        paste(c(
            "#BioGRID Interaction ID", "Entrez Gene Interactor A",
            "Entrez Gene Interactor B", "Systematic Name Interactor A",
            "Systematic Name Interactor B", "Official Symbol Interactor A",
            "Official Symbol Interactor B", "Score"
        ), collapse = "\t"),
        "117\t6416\t2318\t-\t-\tMAP2K4\tFLNC\t-",
        "183\t90\t2339\t-\t-\tACVR1\tFNTA\t0.5",
        "278\t2624\t5371\t-\t-\t-\tPML\t-"
    )
    expect_message(
        pairs <- read_pairs(text_file(biogrid)),
        "\"Official Symbol Interactor A\"",
        class = "kith_message_pairs"
    )
    expect_identical(pairs$from, c("MAP2K4", "ACVR1"))
    expect_identical(pairs$to, c("FLNC", "FNTA"))
    expect_identical(pairs$score, c(NA, 0.5))
    expect_identical(report_counts(pairs)[["missing ids"]], 1)
    pairs_of <- function(lines, ...) {
        file <- text_file(lines, envir = parent.frame())
        suppressMessages(read_pairs(file, ...))
    }
    x <- pairs_of(c("id,Gene1,Gene2", "1,TP53,MDM2", "2,CDK2,CCNE1"))
    expect_identical(x$from, c("TP53", "CDK2"))
    bioplex <- c(
        "\"GeneA\",\"GeneB\",\"UniprotA\",\"SymbolA\",\"SymbolB\",\"pInt\"",
        "100,728378,\"P00813\",\"ADA\",\"POTEF\",0.99"
    )
    expect_identical(pairs_of(bioplex)$to, "POTEF")
    for (names in list(
        c("FROM", "TO"), c("Protein A", "protein_b"), c("Node.1", "node.2"),
        c("Source", "Target"), c("Bait", "Prey")
    )) {
        x <- pairs_of(c(
            paste(c("n", names), collapse = ","), "5,TP53,MDM2", "9,A1BG,BAX"
        ))
        expect_identical(x$to, c("MDM2", "BAX"))
    }
    # no usual name: a column that numbers the rows is no partner
    x <- pairs_of(c("nr;first;second", "1;TP53;MDM2", "2;A1BG;BAX"))
    expect_identical(x$to, c("MDM2", "BAX"))
    expect_message(
        gene_pairs(data.frame(x = c("TP53", "A"), y = c("MDM2", "B"))),
        "taken from the columns", class = "kith_message_pairs"
    )
})

test_that("scores are kept, chosen, filtered or left", {
    file <- text_file(c(
        "from,to,Combined Score", "TP53,MDM2,0.9", "A,B,0.2", "C,D,"
    ))
    read <- function(...) suppressMessages(read_pairs(file, ...))
    expect_identical(read()$score, c(0.9, 0.2, NA))
    expect_null(read(score = FALSE)$score)
    high <- read(min_score = 0.5)
    expect_identical(high$from, "TP53")
    counts <- report_counts(high)
    expect_identical(counts[["input rows"]], 3)
    expect_identical(counts[["below min_score"]], 2)
    expect_input_error(read(score = FALSE, min_score = 1), "`min_score`.*score")
    expect_input_error(read(min_score = 2), "highest score.*0.9")
    expect_identical(
        suppressMessages(read_pairs(
            text_file(c("from,to", "TP53 (7157),MDM2 (4193)")),
            id = "accession"
        ))$from, "7157"
    )
})

test_that("a column that the error names has the genes, wherever it stands", {
    for (lines in list(
        c(",s1,note", "2,1,TP53", "3,3,MDM2", "4,5,BAX"),
        c(",s1,entrez,note", "2,1,71,TP53", "3,3,41,MDM2", "4,5,58,BAX")
    )) {
        expect_input_error(profiles_of(lines), "`gene_id`.*note")
        x <- profiles_of(lines, gene_id = "note")
        expect_identical(x[, "s1"], c(TP53 = 1, MDM2 = 3, BAX = 5))
    }
    long <- c("n,v,f,gene", "1,3,x,A", "2,4,y,A", "3,5,x,B", "4,6,y,B")
    expect_input_error(
        profiles_of(long, feature = "f", value = "v"), "others are\\s+gene"
    )
    x <- profiles_of(long, "gene", feature = "f", value = "v")
    expect_identical(x[, "y"], c(A = 4, B = 6))
})

test_that("what the errors of pairs advise gives the pairs", {
    refused <- function(file, pattern, ...) {
        expect_input_error(suppressMessages(read_pairs(file, ...)), pattern)
    }
    rows <- function(...) {
        as.list(as.data.frame(suppressMessages(read_pairs(...))))
    }
    ends <- list(from = c("A", "C"), to = c("B", "D"))
    scored <- c(ends, list(score = c(1, 2)))
    numbered <- text_file(c("gene1,gene2,x,y", "1,5,A,B", "2,6,C,D", "3,7,,"))
    refused(numbered, "numbers the rows.*gene1, gene2, x, and\\s+y")
    expect_identical(rows(numbered, "x", "y"), ends)
    bars <- text_file(c("A|B", "C|D"))
    refused(bars, "Is `sep` right")
    expect_identical(rows(bars, sep = "|"), ends)
    odd <- text_file(c("from,to,evidence", "A,B,1", "C,D,2"))
    refused(odd, "Name it with `score`.*evidence", min_score = 1)
    expect_identical(rows(odd, score = "evidence", min_score = 1), scored)
    word <- c("from,to,score", "A,B,1", "C,D,x")
    refused(text_file(word), "Write \"NA\"", score = "score")
    expect_identical(rows(text_file(sub("x", "NA", word)))$score, c(1, NA))
    expect_identical(rows(text_file(sub(",[^,]*$", "", word))), ends)
    # no SIF files, but for their name
    table <- text_file(c("A\tB", "C\tD"), ".sif")
    refused(table, "header = TRUE` or `FALSE")
    expect_identical(rows(table, header = FALSE), ends)
    table <- text_file(c("from\tto\ts", "A\tB\t1", "C\tD\t2"), ".sif")
    refused(table, "header = TRUE` or `FALSE", score = "s")
    expect_identical(rows(table, score = "s", header = TRUE), scored)
    one <- text_file("A,B")
    refused(one, "header = FALSE")
    expect_identical(rows(one, header = FALSE), list(from = "A", to = "B"))
    # where nothing is a header, nothing is said of one
    for (lines in list(c("# a", "# b"), c("", ""))) {
        refused(text_file(lines), "It has none.$", sep = ",")
    }
})
