# One line is one row: quotes, separators and fields against what was written.

pairs_of <- function(lines, ...) {
    suppressMessages(read_pairs(text_file(lines, envir = parent.frame()), ...))
}

profiles_of <- function(lines, ...) {
    file <- text_file(lines, envir = parent.frame())
    suppressMessages(read_profiles(file, ...))
}

fields_of <- function(line, sep = ",", n = NULL) {
    split_fields(line, sep, n, "f", NULL)[[1L]]
}

test_that("a quote that does not close on its line is a character", {
    x <- profiles_of(chartr(" ~", "\t ", c(
        "gene description s1 s2", "A finger~5\"~x 1 2", "B k 3 4", "C p 5 6",
        "D bind~3\"~y 7 8", "E x 9 10"
    )))
    expect_identical(rownames(x), LETTERS[1:5])
    expect_identical(unname(x[, "s1"]), c(1, 3, 5, 7, 9))
    expect_identical(unname(x[, "s2"]), c(2, 4, 6, 8, 10))
    lines <- c(
        "from\tto\tnote", "A\tB\t\"", "C\tD\tplain", "E\tF\tend\"", "G\tH\t"
    )
    expect_identical(pairs_of(lines)$from, c("A", "C", "E", "G"))
    # as many rows as lines, however many there are
    many <- c("from\tto\tnote", sprintf(
        "A%d\tB%d\t%s", 1:3000, 1:3000,
        ifelse(1:3000 %in% c(17, 2017), "\"odd", "even")
    ))
    expect_message(
        pairs <- read_pairs(text_file(many)),
        "2 lines with a quote that does not close",
        class = "kith_message_pairs"
    )
    expect_identical(nrow(pairs), 3000L)
    expect_identical(report_counts(pairs)[["input rows"]], 3000)
})

test_that("a line with more fields is no second row", {
    lines <- c("from\tto", "TP53\tMDM2", "BRCA1\tBARD1\tBRCA2\tPALB2")
    expect_input_error(pairs_of(lines), "Line 3 has 4 fields, not 2")
    links <- c(
        "protein1 protein2 combined_score", "9606.A 9606.B 900",
        "9606.C 9606.D 900 9606.E 9606.F 900"
    )
    expect_input_error(
        read_string(text_file(links)), "Line 3 has 6 fields, not 3"
    )
    x <- c("gene\ts1", "A\t1", "B\t2\tC\t3")
    expect_input_error(profiles_of(x), "Line 3 has 4 fields, not 2")
    # also where all other lines have as many
    expect_input_error(
        pairs_of(c("from\tto", "A\tB\tC\tD", "E\tF\tG\tH")),
        "Line 2 has 4 fields, not 2"
    )
})

test_that("fields are taken apart by one rule", {
    expect_identical(fields_of("a,b,c"), c("a", "b", "c"))
    expect_identical(fields_of("a,,"), c("a", "", ""))
    expect_identical(fields_of("\"a,b\",c"), c("a,b", "c"))
    expect_identical(fields_of("\"a\"\"b\",c"), c("a\"b", "c"))
    expect_identical(fields_of("\"a\\\"b\",c"), c("a\"b", "c"))
    expect_identical(fields_of("\"a\\\", b\",c", n = 2), c("a\", b", "c"))
    expect_identical(fields_of("\"C:\\\",c"), c("C:\\", "c"))
    expect_identical(fields_of("5\" x,3\" y"), c("5\" x", "3\" y"))
    expect_identical(fields_of("\"a,b"), c("\"a", "b"))
    expect_identical(fields_of("\"a\"b,c"), c("\"a\"b", "c"))
    expect_identical(fields_of("\"\"\"a\"\"\",\"\""), c("\"a\"", ""))
    expect_identical(fields_of(" a , \"b c\" "), c("a", "b c"))
    expect_identical(fields_of("a \"b c\"\t\td", ""), c("a", "b c", "d"))
    expect_identical(fields_of("\"\" 1 \"x\"", ""), c("", "1", "x"))
    expect_identical(fields_of("a#b,#c"), c("a#b", "#c"))
    # tools differ in what a backslash means
    for (id in c("a\\\\", "\"a\\\\\"", "a\\\"b")) {
        lines <- c("from,to", paste0(id, ",b"))
        expect_input_error(pairs_of(lines), "backslash.*Remove it")
        lines <- gsub("\\", "", lines, fixed = TRUE)
        expect_identical(pairs_of(lines)$to, "b")
    }
    control <- c("from,to", "\"a\x1f\",b")
    expect_input_error(pairs_of(control), "control characters.*Remove it")
    expect_identical(pairs_of(sub("\x1f", "", control))$from, "a")
    expect_identical(pairs_of(c("from,to", "a\\,b"))$from, "a\\")
    expect_identical(
        fields_of("\u00e4,\"\u00e4,\u03b1\""), c("\u00e4", "\u00e4,\u03b1")
    )
})

test_that("runs of blanks cost no more than other characters", {
    wide <- paste0("a", strrep(" ", 2e5), "b")
    seconds <- system.time({
        expect_identical(trim(c(wide, paste0(" ", wide, "  "))), c(wide, wide))
        sets <- read_gene_sets(text_file(paste0("S\t", wide, "\tA\tB ")))
    })[["elapsed"]]
    # quadratic time was minutes
    expect_lt(seconds, 10)
    expect_identical(sets$S, c("A", "B"))
})

# ---- tables as other tools write them ----------------------------------------

# text with all that may come between and within fields
odd_text <- function(n) {
    parts <- c(
        "a", "Bc", "1", " ", "\"", "'", ",", "\t", ";", "#", "\\", "\u00e4",
        "NAD", "-", "(", "|"
    )
    vapply(seq_len(n), function(i) {
        inner <- paste(sample(parts, sample(0:6, 1), TRUE), collapse = "")
        paste0("g", inner, i)
    }, "")
}

test_that("tables are read back as they were written, or refused", {
    withr::local_seed(3)
    n_refused <- 0
    for (round in 1:40) {
        n <- sample(2:12, 1)
        x <- data.frame(
            id = odd_text(n), note = odd_text(n), s1 = round(rnorm(n), 3),
            s2 = sample(100, n)
        )
        sep <- sample(c("\t", ",", ";", " "), 1)
        file <- withr::local_tempfile()
        if (round %% 2 == 0) {
            data.table::fwrite(x, file,
                sep = sep, quote = sample(list(TRUE, "auto"), 1)[[1]],
                qmethod = sample(c("double", "escape"), 1)
            )
        } else {
            write.table(x, file,
                sep = sep, row.names = FALSE,
                qmethod = sample(c("double", "escape"), 1)
            )
        }
        found <- tryCatch(
            suppressMessages(read_profiles(
                file, "id", "rows", "name", "keep",
                sep = sep, header = TRUE
            )),
            kith_error_input = function(e) NULL
        )
        if (is.null(found)) {
            n_refused <- n_refused + 1
            next
        }
        expect_identical(attr(found, "gene"), trim(x$id))
        expect_equal(unname(found[, "s1"]), x$s1, tolerance = 1e-15)
        expect_identical(unname(found[, "s2"]), as.numeric(x$s2))
    }
    expect_lt(n_refused, 20)
})
