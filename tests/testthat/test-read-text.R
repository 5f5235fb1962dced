# What all readers of text refuse, and what they all read.

readers <- list(
    links = function(file) read_string(file, min_score = 0),
    pairs = function(file) read_pairs(file),
    profiles = function(file) suppressMessages(read_profiles(file)),
    sets = function(file) read_gene_sets(file)
)

# enough lines that a cut file has whole ones left
good_lines <- local({
    withr::local_seed(1)
    n <- 4000
    a <- paste0("9606.A", sample(1e6, n))
    b <- paste0("9606.B", sample(1e6, n))
    score <- sample(999, n, TRUE)
    list(
        links = c("protein1 protein2 combined_score", paste(a, b, score)),
        pairs = c("from\tto\tscore", paste(a, b, score, sep = "\t")),
        profiles = c("gene,s1,s2", paste(a, score, rev(score), sep = ",")),
        sets = paste(a, "", b, score, sep = "\t")
    )
})

test_that("complete files are read whatever they are packed in", {
    for (kind in names(readers)) {
        lines <- good_lines[[kind]]
        expected <- readers[[kind]](text_file(lines))
        for (ext in c(".gz", ".xz", ".bz2")) {
            found <- readers[[kind]](text_file(lines, ext))
            expect_identical(found, expected)
        }
        zipped <- zip_file(text_file(lines, ".gz"))
        expect_identical(readers[[kind]](zipped), expected)
        windows <- text_file(lines, ".gz", ending = "\r\n", bom = TRUE)
        expect_identical(readers[[kind]](windows), expected)
        # the last line without an end
        open_end <- text_file(paste(lines, collapse = "\n"), ending = "")
        expect_identical(readers[[kind]](open_end), expected)
    }
})

test_that("compressed files that are cut off or damaged are refused", {
    for (kind in names(readers)) {
        for (ext in c(".gz", ".xz", ".bz2")) {
            for (share in c(0.3, 0.95)) {
                file <- cut_off(text_file(good_lines[[kind]], ext), share)
                expect_input_error(
                    readers[[kind]](file), "cut off or damaged"
                )
            }
        }
        file <- text_file(good_lines[[kind]], ".gz")
        bytes <- readBin(file, raw(), file.size(file))
        zipped <- zip_file(file)
        expect_input_error(
            readers[[kind]](cut_off(zipped, 0.95)), "cut off or damaged"
        )
        expect_input_error(readers[[kind]](zip_file(file, 2)), "archive of 2")
        workbook <- zip_file(file, 2, "xl/sheet%d.xml")
        expect_input_error(readers[[kind]](workbook), "workbook")
        bytes[seq(2000, 2100)] <- as.raw(7)
        writeBin(bytes, file)
        expect_input_error(readers[[kind]](file), "cut off or damaged")
        packed <- readBin(zipped, raw(), file.size(zipped))
        packed[seq(2000, 2100)] <- as.raw(7)
        writeBin(packed, zipped)
        expect_input_error(readers[[kind]](zipped), "cut off or damaged")
    }
})

test_that("files that are no tables are named", {
    page <- c("", "<!DOCTYPE html>", "<html><title>404 Not Found</title>")
    for (read in readers) {
        for (ext in c(".txt", ".gz")) {
            expect_input_error(
                read(text_file(page, ext)), "web page.*<!DOCTYPE html>"
            )
        }
        # saved under the name of a compressed file, but not compressed
        plain <- text_file(page)
        renamed <- sub("txt$", "txt.gz", plain)
        file.rename(plain, renamed)
        expect_input_error(read(renamed), "web page")
        unlink(renamed)

        expect_input_error(read(tempfile("no_such_")), "does not exist")
        expect_input_error(read(tempdir()), "is a folder")
        expect_input_error(read(text_file(character())), "is empty")
        expect_input_error(read(7), "must be one string")
        binary <- withr::local_tempfile(fileext = ".tsv")
        writeBin(as.raw(c(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 8)), binary)
        expect_input_error(read(binary), "no text")
    }
})

test_that("numbers may be quoted", {
    for (sep in c("\t", ",", ";", " ")) {
        lines <- gsub(";", sep, c(
            "\"gene\";\"s1\";\"s2\"", "\"a\";\"1.5\";\"NA\"",
            "\"b\";\"2\";\"-3e2\""
        ))
        found <- suppressMessages(
            read_profiles(text_file(lines), missing = "zero", max_missing = 0.5)
        )
        expect_identical(
            unname(found[, 1:2]), matrix(c(1.5, 2, 0, -300), 2)
        )
        pairs <- read_pairs(text_file(lines), "gene", "s2", score = "s1")
        expect_identical(pairs$score, 2)
    }
    # past the lines from which columns are told apart
    many <- c(lines[1], rep(lines[2], 1500), "\"b\" \"x\" \"1\"")
    expect_input_error(
        readers$profiles(text_file(many)), "column s1.*Line 1502 has \"x\""
    )
})

test_that("text of another encoding is named where it is read", {
    latin1 <- function(lines) {
        file <- text_file("", envir = parent.frame(2))
        text <- paste0(lines, "\n", collapse = "")
        # an a with two dots, as Latin 1 has it
        bytes <- charToRaw(gsub("~", "\xe4", text, useBytes = TRUE))
        writeBin(bytes, file)
        file
    }
    expect_refused <- function(read, lines) {
        expect_input_error(read(latin1(lines)), "UTF-8.*<e4>")
    }
    expect_refused(readers$pairs, c("from,to", "HLA~,B"))
    expect_refused(readers$pairs, c("fr~m,to", "A,B"))
    expect_refused(readers$profiles, c("gene,s1", "HLA~,1", "B,2"))
    expect_refused(readers$profiles, c("gene,s~1", "A,1", "B,2"))
    expect_refused(
        readers$profiles, c("gene,s1", paste0("g", 1:1500, ",1"), "HLA~,1")
    )
    expect_refused(readers$sets, "Set\tna~ve\tA")
    expect_refused(readers$links, c("protein~1 protein2 combined_score"))
    links <- text_file(
        c("protein1 protein2 combined_score", "9606.A 9606.B 900")
    )
    info <- c("#string_protein_id\tpreferred_name\tannotation", "9606.A\tX\t~")
    expect_refused(
        function(file) read_string(links, file), c(info, "9606.B\tY~\t")
    )
    # it does no harm where nobody reads it
    pairs <- read_string(links, latin1(c(info, "9606.B\tY\t")))
    expect_identical(pairs$to, "Y")
    pairs <- read_pairs(latin1(c("from\tto\tnote", "A\tB\t~", "C\tD\t")))
    expect_identical(pairs$to, c("B", "D"))
    x <- readers$profiles(latin1(c("gene\tnote\ts1", "A\t~\t1", "B\t\t2")))
    expect_identical(x[, "s1"], c(A = 1, B = 2))
})

test_that("the locale makes no difference", {
    here <- environment()
    text <- function(...) text_file(enc2utf8(c(...)), envir = here)
    files <- list(
        pairs = text("fr\u00e4\tto", "HLA-DR\u03b1\tB"),
        profiles = text("gene\ts\u00e4", "HLA-DR\u03b1\t1", "B\t2"),
        depmap = text(",A\u03b1 (1),B (2)", "s\u00e4,1,2", "t,2,3"),
        sets = text("S\u00e4t\td\u00e4\tHLA-DR\u03b1")
    )
    page <- text("<html><title>\u00e4</title>")
    read <- list(
        pairs = function(x) read_pairs(x, "fr\u00e4", "to"),
        profiles = readers$profiles, depmap = readers$profiles,
        sets = readers$sets
    )
    expected <- Map(function(f, file) f(file), read, files)
    expect_identical(colnames(expected$profiles), "s\u00e4")
    withr::local_locale(LC_CTYPE = "C")
    for (kind in names(files)) {
        expect_identical(read[[kind]](files[[kind]]), expected[[kind]])
    }
    expect_input_error(readers$pairs(page), "web page")
    expect_input_error(readers$links(files$pairs), "starts with")
})

test_that("readers leave no connection open", {
    before <- nrow(showConnections())
    for (kind in names(readers)) {
        readers[[kind]](text_file(good_lines[[kind]], ".gz"))
        try(readers[[kind]](text_file("a")), silent = TRUE)
        try(readers[[kind]](cut_off(text_file(good_lines[[kind]], ".gz"))),
            silent = TRUE
        )
    }
    expect_identical(nrow(showConnections()), before)
})

test_that("gz files of several streams are read to their end", {
    first <- text_file(c("from\tto", "TP53\tMDM2"), ".gz")
    second <- text_file("CDK2\tCCNE1", ".gz")
    both <- withr::local_tempfile(fileext = ".gz")
    bytes <- function(file) readBin(file, raw(), file.size(file))
    writeBin(c(bytes(first), bytes(second)), both)
    quiet <- function(file) suppressMessages(read_pairs(file))
    expect_identical(quiet(both)$to, c("MDM2", "CCNE1"))
    writeBin(utils::head(c(bytes(first), bytes(second)), -3), both)
    expect_input_error(quiet(both), "cut off or damaged")
    # bgzip: each block names its length, an empty one ends the file
    block <- function(gz) {
        packed <- bytes(gz)
        size <- length(packed) + 8 - 1
        extra <- as.raw(c(6, 0, 66, 67, 2, 0, size %% 256, size %/% 256))
        c(
            packed[1:3], as.raw(4), packed[5:10], extra,
            packed[11:length(packed)]
        )
    }
    empty <- text_file(character(), ".gz")
    blocks <- c(block(first), block(second))
    writeBin(c(blocks, block(empty)), both)
    expect_identical(quiet(both)$to, c("MDM2", "CCNE1"))
    writeBin(blocks, both)
    expect_input_error(quiet(both), "cut off or damaged")
})

test_that("a zipped file keeps its last line, also without an end", {
    text <- c("S1\tone\tA\tB", "S2\ttwo\tC\tD")
    open_end <- text_file(paste(text, collapse = "\n"), ".gz", ending = "")
    expect_identical(names(read_gene_sets(zip_file(open_end))), c("S1", "S2"))
    csv <- text_file("gene,s1\nTP53,1\nMDM2,400", ".gz", ending = "")
    x <- suppressMessages(read_profiles(zip_file(csv)))
    expect_identical(x[, "s1"], c(TP53 = 1, MDM2 = 400))
})

test_that("a plain file whose last line has no end is told", {
    cut <- text_file("gene,s1\nTP53,1\nMDM2,40", ending = "")
    expect_message(read_profiles(cut), "the last line has no end",
        class = "kith_message_profiles"
    )
    cut <- text_file("from,to\nTP53,MDM2\nBAX,BC", ending = "")
    expect_message(read_pairs(cut), "the last line has no end",
        class = "kith_message_pairs"
    )
    whole <- text_file(c("from,to", "TP53,MDM2"))
    told <- tryCatch(read_pairs(whole), message = conditionMessage)
    expect_false(grepl("no end", told))
})

test_that("files that stop or go wrong within are refused by kith alone", {
    before <- nrow(showConnections())
    refused <- function(read, bytes) {
        file <- withr::local_tempfile()
        writeBin(bytes, file)
        expect_error(suppressMessages(read(file)), class = "kith_error_input")
    }
    raw_of <- function(...) charToRaw(paste0(...))
    # cut off inside a quoted last field: read as it stands, or refused
    cut <- raw_of("from\tto\tnote\nA\tB\t\"x\"\nC\tD\t\"y")
    file <- withr::local_tempfile()
    writeBin(cut, file)
    expect_identical(suppressMessages(read_pairs(file))$from, c("A", "C"))
    for (read in readers[c("links", "pairs", "profiles")]) {
        # a NUL past the first bytes, and text that is no UTF-8 in the header
        refused(read, c(
            raw_of("protein1,protein2,combined_score\n"),
            raw_of(strrep("a,b,1\n", 500)),
            as.raw(0L), raw_of("c,d,1\n")
        ))
        refused(read, c(raw_of("from,t"), as.raw(0xff), raw_of("\na,b\n")))
        refused(read, raw_of("\n\n\n"))
        refused(read, raw_of("a,b"))
    }
    for (i in 1:3) {
        refused(read_gene_sets, c(raw_of("S\tx\tA"), as.raw(c(0xff, 0x0a))))
    }
    expect_identical(nrow(showConnections()), before)
    # nothing of what was unpacked stays
    left <- list.files(tempdir(), "^kith-")
    suppressMessages(
        read_pairs(text_file(c("from,to", "TP53,MDM2"), ".gz"))
    )
    try(read_pairs(cut_off(text_file(good_lines$pairs, ".gz"))), silent = TRUE)
    expect_identical(list.files(tempdir(), "^kith-"), left)
})

test_that("what the errors of files advise makes them readable", {
    quiet <- function(file) suppressMessages(read_pairs(file))
    lines <- c("from,to", "HLA\u00e4,B")
    expected <- quiet(text_file(enc2utf8(lines)))
    expect_identical(expected$from, "HLA\u00e4")
    for (encoding in c("latin1", "UTF-16LE")) {
        text <- paste0(enc2utf8(lines), "\n", collapse = "")
        file <- withr::local_tempfile(fileext = ".csv")
        writeBin(iconv(text, "UTF-8", encoding, toRaw = TRUE)[[1]], file)
        expect_input_error(quiet(file), "Save it (as text )?in UTF-8")
        con <- file(file, encoding = encoding)
        saved <- text_file(enc2utf8(readLines(con)))
        close(con)
        expect_identical(quiet(saved), expected)
    }
    zipped <- zip_file(text_file(c("from,to", "A,B"), ".gz"), 2)
    expect_input_error(quiet(zipped), "utils::unzip")
    members <- utils::unzip(zipped, exdir = withr::local_tempdir())
    expect_identical(quiet(members[2])$to, "B")
    path <- text_file(c("from,to", "A,B"))
    withr::local_dir(withr::local_tempdir())
    expect_input_error(quiet(basename(path)), "Relative paths start at")
    withr::local_dir(dirname(path))
    expect_identical(quiet(basename(path))$to, "B")
})
