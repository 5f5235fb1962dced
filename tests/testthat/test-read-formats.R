# Where a table begins, and which of its columns are what, in files as the large
# sources and tools write them.

read_quietly <- function(lines, ..., ext = ".txt") {
    file <- text_file(lines, ext, envir = parent.frame())
    suppressMessages(read_profiles(file, ...))
}

plain <- function(x) {
    attributes(x) <- list(dim = dim(x), dimnames = dimnames(x))
    x
}

numbers <- matrix(c(1.5, -2, 3, 0.25, 5, 6), 2,
    dimnames = list(c("TP53", "MDM2"), c("V1", "V2", "V3"))
)

test_that("embeddings as word2vec writes them lose no gene", {
    rows <- c("TP53 1.5 3 5", "MDM2 -2 0.25 6")
    for (sep in c(" ", "\t")) {
        lines <- gsub(" ", sep, rows)
        expect_identical(plain(read_quietly(c("2 3", lines))), numbers)
        expect_identical(plain(read_quietly(lines)), numbers)
        # Gene2vec has a blank at the end of each line
        expect_identical(
            plain(read_quietly(paste0(c("2 3", lines), " "))), numbers
        )
    }
    expect_message(
        read_profiles(text_file(c("2 3", rows))),
        "line 1 says 2 rows of 3 numbers",
        class = "kith_message_profiles"
    )
    expect_message(
        read_profiles(text_file(rows)), "no header: line 1 is a row",
        class = "kith_message_profiles"
    )
    expect_input_error(
        read_quietly(c("3 3", rows)), "3 rows, as it says.*It has 2"
    )
})

test_that("ranked lists and tables without a header keep their first row", {
    x <- read_quietly(c("TP53\t2.5", "MDM2\t-1"), ext = ".rnk")
    expect_identical(x[, 1], c(TP53 = 2.5, MDM2 = -1))
    x <- read_quietly(c("\"TP53\",1,2", "\"MDM2\",3,4"), ext = ".csv")
    expect_identical(rownames(x), c("TP53", "MDM2"))
    # numbers as names of columns, below the name of the ids or none
    for (corner in c("gene", "", "Gene Symbol")) {
        x <- read_quietly(paste0(c(corner, "TP53", "MDM2"), c(
            ",0,5", ",1,2", ",3,4"
        )))
        expect_identical(dimnames(x), list(c("TP53", "MDM2"), c("0", "5")))
    }
    # one row alone, and a missing value in the first
    expect_identical(dim(read_quietly("TP53 1 2 3")), c(1L, 3L))
    expect_identical(
        rownames(read_quietly(c("A\t1\tNA\t3", "B\t2\t2\t4"),
            max_missing = 0.5
        )), c("A", "B")
    )
    # by hand
    expect_identical(
        dim(read_quietly(c("gene,0,5", "TP53,1,2"), header = FALSE)), c(2L, 2L)
    )
    expect_identical(
        colnames(read_quietly(c("a,1,2", "b,3,4"), header = TRUE)), c("1", "2")
    )
    expect_input_error(read_quietly("a,1", header = 0), "`header`")
    expect_input_error(read_quietly("a,1", skip = -1), "`skip`")
    expect_input_error(read_quietly("a,1", comment = NULL), "`comment`")
})

test_that("GCT files are read by their own account", {
    gct <- c(
        "#1.2", "2\t2", "Name\tDescription\ts1\ts2", "TP53\ttumor\t1\t2",
        "MDM2\tna\t3\t4"
    )
    x <- read_quietly(gct, ext = ".gct")
    expect_identical(
        plain(x), matrix(c(1, 3, 2, 4), 2, dimnames = list(
            c("TP53", "MDM2"), c("s1", "s2")
        ))
    )
    expect_identical(
        rownames(read_quietly(gct, "Description")), c("tumor", "na")
    )
    expect_input_error(read_quietly(gct[-5]), "2 rows, as it says")
    # without rows: the header is one all the same
    error <- expect_input_error(read_quietly(gct[1:3]), "tells of 2 rows")
    expect_no_match(conditionMessage(error), "header = FALSE")
    expect_input_error(
        read_quietly(sub("2\t2", "2\t3", gct, fixed = TRUE)), "5 columns"
    )
    # 1.3: further columns of ids, rows of annotation below the header
    x <- read_quietly(c(
        "#1.3", "2\t2\t2\t1", "id\tsymbol\tlength\ts1\ts2",
        "tissue\tna\tna\tliver\tlung", "p1\tTP53\t100\t1\t2",
        "p2\tMDM2\t200\t3\t4"
    ))
    expect_identical(
        plain(x), matrix(c(1, 3, 2, 4), 2, dimnames = list(
            c("p1", "p2"), c("s1", "s2")
        ))
    )
})

test_that("comments before a table are no part of it", {
    counts <- c(
        "# Program:featureCounts v2; Command:\"featureCounts\" \"-T\" \"4\"",
        "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam",
        "TP53\tchr17;chr17\t7661779;7668402\t7662014;7668421\t-;-\t256\t10\t20",
        "MDM2\tchr12\t68808172\t68808500\t+\t329\t30\t40"
    )
    x <- read_quietly(counts)
    expect_identical(
        plain(x), matrix(c(10, 30, 20, 40), 2, dimnames = list(
            c("TP53", "MDM2"), c("a.bam", "b.bam")
        ))
    )
    # also where every gene has one exon, so that positions are numbers
    expect_identical(
        plain(read_quietly(counts[c(1, 2, 4)])),
        plain(x)["MDM2", , drop = FALSE]
    )
    exported <- text_file(c(
        "#node1\tnode2\tnode1_string_id\tcombined_score",
        "TP53\tMDM2\t9606.E1\t0.999", "CDK2\tCCNE1\t9606.E2\t0.998"
    ))
    expect_message(pairs <- read_pairs(exported), "\"node1\", \"node2\"",
        class = "kith_message_pairs"
    )
    expect_identical(pairs$from, c("TP53", "CDK2"))
    expect_identical(pairs$score, c(0.999, 0.998))
    several <- c("# one", "# two", "from,to", "TP53,MDM2", "#CDK2,CCNE1")
    pairs_of <- function(...) suppressMessages(read_pairs(...))
    expect_identical(
        pairs_of(text_file(several), comment = "#")$from, "TP53"
    )
    expect_identical(pairs_of(text_file(several))$from, c("TP53", "#CDK2"))
    expect_identical(
        pairs_of(text_file(c("%%", several[3:4])), comment = "%")$from, "TP53"
    )
    expect_identical(
        pairs_of(text_file(c("a line, of, words", several[3:4])),
            skip = 1
        )$from, "TP53"
    )
    # nothing is left
    only <- c("# one", "# two")
    expect_input_error(pairs_of(text_file(only)), "must have rows")
    expect_input_error(pairs_of(text_file(only), comment = "#"), "have rows")
    expect_input_error(pairs_of(text_file(several), skip = 10), "have rows")
    # the advice of the error leads out
    within <- c("from,to", "TP53,MDM2", "# note", "CDK2,CCNE1")
    expect_input_error(pairs_of(text_file(within)), "comment = \"#\"")
    expect_identical(
        pairs_of(text_file(within), comment = "#")$from, c("TP53", "CDK2")
    )
})

test_that("a SIF file has pairs of its first and later fields", {
    pairs_of <- function(lines, ext, ...) {
        file <- text_file(lines, ext, envir = parent.frame())
        suppressMessages(read_pairs(file, ...))
    }
    lines <- c("TP53 pp MDM2", "TP53 pd CDKN1A BAX", "LONELY", "CDK2 pp CCNE1")
    for (sep in c(" ", "\t")) {
        pairs <- pairs_of(gsub(" ", sep, lines), ".sif")
        expect_identical(pairs$from, c("TP53", "TP53", "TP53", "CDK2"))
        expect_identical(pairs$to, c("MDM2", "CDKN1A", "BAX", "CCNE1"))
    }
    pathway <- c(
        "TP53\tcontrols-expression-of\tMDM2", "CDK2\tin-complex-with\tCCNE1",
        "CDK4\tin-complex-with\tCCND1", "MYC\tcontrols-expression-of\tCDK4"
    )
    pairs <- pairs_of(pathway, ".txt")
    expect_identical(pairs$to, c("MDM2", "CCNE1", "CCND1", "CDK4"))
    expect_input_error(pairs_of(c("a pp b", "c pp"), ".sif"), "Line 2 has 2")
    expect_input_error(pairs_of(lines, ".sif", score = 2), "`score`.*SIF")
})

test_that("DepMap's tables of today have genes in columns", {
    lines <- c(
        paste0(
            ",SequencingID,ModelID,IsDefaultEntryForModel,",
            "TSPAN6 (ENSG00000000003),TNMD (ENSG00000000005),",
            "(Unknown) (ENSG00000000419)"
        ),
        "0,CDS-1,ACH-000001,Yes,1,2,3", "1,CDS-2,ACH-000001,No,9,9,9",
        "2,CDS-3,ACH-000002,Yes,4,5,6"
    )
    x <- read_quietly(lines)
    expect_identical(
        plain(x), matrix(c(1, 2, 4, 5), 2, dimnames = list(
            c("TSPAN6", "TNMD"), c("ACH-000001", "ACH-000002")
        ))
    )
    expect_message(
        read_profiles(text_file(lines)),
        "1 rows that are not the default entry",
        class = "kith_message_profiles"
    )
    by_id <- read_quietly(lines, id = "accession")
    expect_identical(rownames(by_id)[1], "ENSG00000000003")
    expect_identical(nrow(by_id), 3L)
    # another column may name the features; then all rows stay
    x <- read_quietly(lines, feature = "SequencingID")
    expect_identical(colnames(x), c("CDS-1", "CDS-2", "CDS-3"))
    # without the column that chooses, repeats are averaged or kept
    some <- sub("Yes,|No,", "", sub("IsDefaultEntryForModel,", "", lines))
    x <- read_quietly(some)
    expect_identical(unname(x["TSPAN6", ]), c(5, 4))
    x <- read_quietly(some, repeated = "keep")
    expect_identical(ncol(x), 3L)
})

test_that("rows that are samples leave the genes to the columns", {
    lines <- c("sample,TP53,MDM2", "ACH-000001,1,2", "ACH-000002,3,4")
    x <- read_quietly(lines)
    expect_identical(rownames(x), c("TP53", "MDM2"))
    expect_identical(x["TP53", ], c("ACH-000001" = 1, "ACH-000002" = 3))
    expect_message(read_profiles(text_file(lines)), "genes in columns",
        class = "kith_message_profiles"
    )
    x <- read_quietly(c("sample,TP53,MDM2", "S1,1,2", "S2,3,4"))
    expect_identical(rownames(x), c("TP53", "MDM2"))
    x <- read_quietly(c("id,TP53,MDM2", "ACH-000001,1,2", "ACH-000002,3,4"))
    expect_identical(rownames(x), c("TP53", "MDM2"))
    expect_identical(
        rownames(read_quietly(lines, genes_in = "rows"))[1], "ACH-000001"
    )
})
