# Oracle: the matrix that was written into the file.
quietly <- function(...) suppressMessages(read_profiles(...))

values <- function(x) {
    attributes(x) <- list(dim = dim(x), dimnames = dimnames(x))
    x
}

expression <- function(n = 6, p = 4) {
    withr::local_seed(1)
    matrix(round(rnorm(n * p), 3), n,
        dimnames = list(paste0("G", seq_len(n)), paste0("s", seq_len(p)))
    )
}

# lines of a table; ids: further columns left of the values
table_lines <- function(x, sep = "\t", corner = "gene", ids = list()) {
    c(
        paste(c(corner, names(ids), colnames(x)), collapse = sep),
        do.call(paste, c(
            list(rownames(x)), ids, as.data.frame(unname(x)), list(sep = sep)
        ))
    )
}

test_that("tables of genes by samples are read", {
    x <- expression()
    for (sep in c("\t", ",", ";", " ")) {
        for (ext in c(".txt", ".gz", ".xz")) {
            file <- text_file(table_lines(x, sep), ext)
            expect_identical(values(quietly(file)), x)
            expect_identical(values(quietly(file, sep = sep)), x)
            expect_identical(
                values(quietly(file, genes_in = "columns")), t(x)
            )
        }
    }
    file <- withr::local_tempfile()
    write.table(x, file, sep = "\t")
    expect_identical(values(quietly(file)), x)
    write.table(x, file, sep = ",", col.names = NA, eol = "\r\n")
    expect_identical(values(quietly(file)), x)
    # rows that end in a separator have no row names
    lines <- table_lines(x)
    file <- text_file(c(lines[1], paste0(lines[-1], "\t")))
    expect_identical(values(quietly(file)), x)
    # one column, no name above the row names
    write.table(x[, 1, drop = FALSE], file, sep = "\t")
    expect_identical(values(quietly(file)), x[, 1, drop = FALSE])
})

test_that("further columns of ids are no features", {
    x <- expression()
    symbol <- c("A", "B", "C", "A", "", "D,E")
    quoted <- ifelse(nzchar(symbol), paste0("\"", symbol, "\""), "")
    file <- text_file(table_lines(x, ",", "Gene", list(
        "Gene name" = quoted, entrez_id = 1:6
    )))
    expect_identical(values(quietly(file)), x)
    expect_message(
        read_profiles(file), "Columns not read: Gene name and entrez_id"
    )
    expect_message(read_profiles(file), "Features: s1, s2, s3, ...")
    for (column in list("Gene name", 2)) {
        found <- quietly(file, column)
        expect_identical(rownames(found), c("A", "B", "C", "D,E"))
        expect_equal(found["A", ], colMeans(x[c(1, 4), ]))
        expect_identical(report_counts(found)[["missing ids"]], 1)
        expect_identical(report_counts(found)[["merged rows"]], 1)
    }
    expect_identical(
        rownames(quietly(file, "entrez_id")), as.character(1:6)
    )
    # ids that are numbers may stand left of the gene id that is asked for
    file <- text_file(table_lines(
        `rownames<-`(x, 101:106), "\t", "entrez", list(gene = LETTERS[1:6])
    ))
    expect_identical(
        values(quietly(file, "gene")), `rownames<-`(x, LETTERS[1:6])
    )
    expect_identical(rownames(quietly(file)), as.character(101:106))
    # several ids in one field
    file <- text_file(table_lines(x, "\t", ids = list(
        entrez_id = c(1:5, "6///7")
    )))
    expect_identical(values(quietly(file)), x)
    # text right of numbers
    file <- text_file(paste0(table_lines(x), c("\tnote", rep("\tfine", 6))))
    expect_identical(values(quietly(file)), x)
    expect_message(read_profiles(file), "Columns not read: note")
    expect_input_error(quietly(file, "nobody"), "`gene_id`.*`file`.*gene, s1")
})

test_that("tables of DepMap are turned and their names taken apart", {
    x <- expression(5, 3)
    lines <- paste0("ACH-00000", 1:3)
    header <- c("A1BG (1)", "NKX2-5 (1482)", "HLA-A (3105)", "X (nan)", "A (9)")
    depmap <- t(x)
    dimnames(depmap) <- list(lines, header)
    expected <- matrix(x, 5, dimnames = list(sub(" .*", "", header), lines))
    file <- text_file(table_lines(depmap, ",", ""))
    expect_identical(values(quietly(file)), expected)
    expect_message(read_profiles(file), "5 genes x 3 features from 5 rows")
    found <- quietly(file, id = "accession")
    expect_identical(rownames(found), c("1", "1482", "3105", "9"))
    expect_identical(report_counts(found)[["missing ids"]], 1)
    expect_identical(rownames(quietly(file, id = "name")), header)
    # later releases have columns of their own before the genes
    file <- text_file(table_lines(depmap, ",", "ModelID", list(
        IsDefault = c("True", "True", "False"), Batch = 1:3
    )))
    expect_identical(values(quietly(file)), expected)
    expect_message(
        read_profiles(file), "Columns not read: IsDefault and Batch"
    )
    expect_input_error(quietly(file, "ModelID"), "`gene_id`.*genes in rows")
    expect_identical(values(quietly(file, feature = "ModelID")), expected)
})

test_that("missing and infinite values are counted, dropped and filled in", {
    x <- expression(6, 5)
    x[1, 2] <- NA
    x[2, 3] <- Inf
    x[3, c(1, 2)] <- NA
    x[, 5] <- c(NA, 1, NaN, -Inf, 2, 3)
    text <- format(x, trim = TRUE)
    text[x %in% -Inf] <- "-inf"
    text[2, 3] <- ""
    text[is.nan(x)] <- "nan"
    file <- text_file(table_lines(text, ","))
    x[2, 3] <- NA
    left <- x[-3, -5]
    found <- quietly(file, max_missing = 0.4)
    filled <- left
    filled["G1", 2] <- mean(left["G1", ], na.rm = TRUE)
    filled["G2", 3] <- mean(left["G2", ], na.rm = TRUE)
    expect_equal(values(found), filled)
    expect_identical(report_counts(found), c(
        "input rows" = 6, genes = 5, "missing ids" = 0, controls = 0, dates = 0,
        "incomplete genes" = 1, "merged rows" = 0, "input features" = 5,
        features = 4, "incomplete features" = 1, "missing values" = 6,
        "infinite values" = 1, "filled in" = 2
    ))
    zero <- left
    zero[is.na(zero)] <- 0
    expect_identical(
        values(quietly(file, missing = "zero", max_missing = 0.4)), zero
    )
    expect_identical(dim(quietly(file, max_missing = 1)), c(6L, 5L))
    # a share of zero leaves only what is complete
    expect_identical(
        values(quietly(text_file(table_lines(left, ",")), max_missing = 0)),
        left[, c(1, 4)]
    )
    expect_input_error(
        quietly(file, missing = "error"),
        "Others: 7.*NA for \"G1\" in \"s2\".*mean"
    )
    expect_input_error(quietly(file, max_missing = 1.1), "`max_missing`")
    expect_input_error(
        quietly(text_file(c("gene,s", "a,NA", "b,Inf"))), "enough values"
    )
})

test_that("filling in comes before averaging, keeping before neither", {
    lines <- c("gene,s1,s2,s3", "a,1,NA,3", "b,1,1,1", "a,5,6,9")
    found <- quietly(text_file(lines), max_missing = 0.5)
    expect_identical(found["a", ], c(s1 = 3, s2 = 4, s3 = 6))
    kept <- quietly(text_file(lines), max_missing = 0.5, repeated = "keep")
    expect_identical(rownames(kept), c("a", "b", "a.1"))
    expect_identical(kept[1, ], c(s1 = 1, s2 = 2, s3 = 3))
    expect_identical(attr(kept, "gene"), c("a", "b", "a"))
})

test_that("long tables are spread", {
    x <- expression()
    long <- data.frame(
        Gene = rownames(x)[row(x)], "Gene name" = tolower(rownames(x))[row(x)],
        Tissue = colnames(x)[col(x)], nTPM = as.vector(x), check.names = FALSE
    )
    withr::local_seed(1)
    shuffled <- long[c(1, sample(2:24)), ]
    file <- withr::local_tempfile(fileext = ".tsv.gz")
    write.table(shuffled, con <- gzfile(file, "w"),
        sep = "\t", row.names = FALSE, quote = FALSE
    )
    close(con)
    found <- quietly(file, feature = "Tissue", value = "nTPM")
    expect_identical(values(found)[rownames(x), colnames(x)], x)
    found <- quietly(file, "Gene name", feature = 3, value = 4)
    expect_identical(unname(values(found)[tolower(rownames(x)), "s2"]),
        unname(x[, "s2"])
    )
    expect_input_error(quietly(file),
        "a row for each Gene and Tissue.*feature = \"Tissue\".*nTPM"
    )
    expect_input_error(quietly(file, feature = "Tissue"), "together")
    expect_input_error(
        quietly(file, feature = "Tissue", value = "TPM"), "`value`.*nTPM"
    )
    expect_input_error(
        quietly(file, feature = "nTPM", value = "Tissue"), "Tissue.*Line 2"
    )
    # a gap, and two values at one place
    lines <- c("g,f,v", "a,x,1", "a,y,2", "b,x,3", "a,x,4", "b,y,NA", "c,x,5")
    found <- quietly(text_file(lines),
        feature = "f", value = "v", max_missing = 0.7, missing = "zero"
    )
    expect_identical(values(found), matrix(c(2.5, 3, 5, 2, 0, 0), 3,
        dimnames = list(c("a", "b", "c"), c("x", "y"))
    ))
})

test_that("rows of a long table without a feature are counted", {
    file <- text_file(c("g,f,v", "a,x,1", "a,,5", "b,x,2", "b,NA,7"))
    suppressMessages(expect_message(
        x <- read_profiles(file, feature = "f", value = "v"),
        "2 rows without f left out"
    ))
    expect_identical(x[, "x"], c(a = 1, b = 2))
})

test_that("profiles go into the learners, without the notes of the reader", {
    x <- expression()
    found <- quietly(text_file(table_lines(x)))
    expect_identical(as_embedding(found), as_embedding(x))
    expect_identical(as_embedding(found, pca = 2), as_embedding(x, pca = 2))
})

test_that("tables at fault are named", {
    at <- function(lines, pattern, ...) {
        expect_input_error(quietly(text_file(lines), ...), pattern)
    }
    x <- expression()
    lines <- table_lines(x, ",")
    at(lines[1], "header only")
    at(c(lines, "G7,1,2"), "Line 8 has 3 fields, not 5")
    at(c(lines[1:2], "G7,1,2", lines[3:7]), "Line 3 has 3 fields, not 5")
    at(c(lines, "", "G7,1,2,x,4"), "numbers in column s3.*Row 7.*\"x\"")
    at(
        c("gene;s1;s2", "a;1,5;2,5", "b;1,0;3,1"),
        "numbers in column s1.*1,5.*decimal\\s+point"
    )
    at(c("gene;s1", "a;1,5", "b;2,5"), "column s1.*1,5")
    at(c("gene;s1;s2", "a;1;2,5", "b;2;3,5"), "column s2.*2,5")
    at(c("s1", "a;1,5", "b;2,5"), "column s1.*1,5")
    at(c("gene\ts1\ts2", "a\t1,200\t2", "b\t950\t3"), "column s1.*1,200")
    at(c("gene|s1", "a|1", "b|2"), "columns of numbers.*a\\|1")
    at(lines, "columns of numbers", sep = "\t")
    at(c("gene,s1", ",1", "NA,2"), "gene with an id")
    at(lines, "`genes_in`", genes_in = "obs")
    at(lines, "`repeated`", repeated = "max")
    at(lines, "`missing`", missing = NA)
    at(lines, "`id`", id = "entrez")
    at(lines, "`delayed` is for h5ad", delayed = TRUE)
    # past the lines from which columns are told apart
    many <- c("gene,s1", paste0("g", 1:1500, ",", 1:1500))
    many[1400] <- "g1399,x"
    at(many, "column s1.*Line 1400 has \"x\"")
})

test_that("real tables are read as they are described", {
    data <- Sys.getenv("KITH_DATA")
    skip_if(data == "", "KITH_DATA is not set")
    file <- file.path(data, "genes", "hpa_celllines64_nx.tsv.gz")
    x <- quietly(file)
    expect_identical(dim(x), c(19670L, 64L))
    expect_identical(x["ENSG00000000003", "A-431"], 7.8)
    by_symbol <- quietly(file, "gene")
    expect_identical(by_symbol["TSPAN6", ], x["ENSG00000000003", ])
    expect_identical(
        sum(report_counts(by_symbol)[c("genes", "merged rows", "missing ids")]),
        19670
    )
    pairs <- read_pairs(
        file.path(data, "genes", "ecoli_string_physical_v12_ge400.csv.gz"),
        score = "combined_score"
    )
    expect_identical(nrow(pairs), 29591L)
    expect_identical(sum(pairs$score >= 900), 4402L)
})

test_that("what the errors of tables advise gives the table", {
    expected <- matrix(c(1.5, 2, 2.5, 3), 2,
        dimnames = list(c("a", "b"), c("s1", "s2"))
    )
    refused <- function(lines, pattern, ...) {
        expect_input_error(quietly(text_file(lines), ...), pattern)
    }
    found <- function(lines, ...) values(quietly(text_file(lines), ...))
    # numbers with a decimal point, NA for what is missing, or no such column
    commas <- c("gene;s1;s2", "a;1,5;2,5", "b;2;3")
    refused(commas, "decimal\\s+point")
    expect_identical(found(gsub(",", ".", commas)), expected)
    word <- c("gene;s1;s2;s3", "a;1.5;2.5;x", "b;2;3;4", "c;5;6;7")
    refused(word, "Write \"NA\"")
    x <- found(sub("x", "NA", word), missing = "zero", max_missing = 0.5)
    expect_identical(unname(x[, "s3"]), c(0, 4, 7))
    expect_identical(found(sub(";[^;]*$", "", word))[1:2, ], expected)
    # past the lines from which columns are told apart
    many <- c("gene,s1,s2", paste0("g", 1:1500, ",", 1:1500, ",1"))
    many[1400] <- "g1399,x,1"
    refused(many, "Write \"NA\"")
    x <- found(sub("x", "NA", many), missing = "zero", max_missing = 0.5)
    expect_identical(unname(x[, "s1"]), c(1:1398, 0, 1400:1500) + 0)
    expect_identical(
        unname(found(sub(",[^,]*", "", many))[, "s2"]), rep(1, 1500)
    )
    bars <- c("gene|s1|s2", "a|1.5|2.5", "b|2|3")
    refused(bars, "Is `sep` right")
    expect_identical(found(bars, sep = "|"), expected)
    one_more <- c("gene,s1,s2", "a,1.5,2.5", "b,,2,3")
    refused(one_more, "second separator")
    expect_identical(found(sub(",,", ",", one_more)), expected)
    samples <- c("id,a,b", "s1,1.5,2", "s2,2.5,3")
    refused(samples, "add\\s+`genes_in = \"columns\"", feature = "id")
    expect_identical(
        found(samples, feature = "id", genes_in = "columns"), expected
    )
})
