# Files of a test, gone at its end.

# lines -> a text file; ending: of the lines; compress: by its extension
text_file <- function(lines, ext = ".txt", ending = "\n", bom = FALSE,
                      envir = parent.frame()) {
    file <- withr::local_tempfile(fileext = ext, .local_envir = envir)
    open <- switch(sub("^.*[.]", "", ext),
        gz = gzfile, xz = xzfile, bz2 = bzfile, base::file
    )
    con <- open(file, "wb")
    on.exit(close(con))
    text <- paste0(lines, rep(ending, length(lines)), collapse = "")
    if (bom) {
        writeBin(as.raw(c(0xef, 0xbb, 0xbf)), con)
    }
    writeBin(charToRaw(text), con)
    file
}

# the first part of a file, as a broken download leaves it
cut_off <- function(file, share = 0.5) {
    bytes <- readBin(file, raw(), file.size(file))
    writeBin(bytes[seq_len(length(bytes) * share)], file)
    file
}

expect_input_error <- function(expr, pattern) {
    testthat::expect_error({{ expr }}, pattern, class = "kith_error_input")
}

report_counts <- function(x) {
    report <- attr(x, "report")
    stats::setNames(report$n, report$reason)
}
