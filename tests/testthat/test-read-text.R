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
