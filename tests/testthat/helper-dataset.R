# Data sets for tests of downloads and of the cache.

toy_dataset <- function(...) {
    row <- read_datasets("9606")
    row <- row[row$name == "bioplex_293t", ]
    utils::modifyList(row, list(...))
}

# where the file of a row belongs in a cache, its folder made
place_of <- function(row, cache) {
    path <- file.path(cache, row$folder, row$file)
    dir.create(dirname(path), showWarnings = FALSE)
    path
}

gzip <- function(text, path = withr::local_tempfile(
                     .local_envir = parent.frame()
                 )) {
    connection <- gzfile(path, "wb")
    writeBin(charToRaw(text), connection)
    close(connection)
    readBin(path, "raw", file.size(path))
}

fetch_quietly <- function(...) suppressMessages(kith_dataset(...))

download_error <- function(code) {
    tryCatch(suppressMessages(code), kith_error_download = identity)
}

# all that a user reads of an error, on one line
said <- function(error) {
    text <- cli::ansi_strip(paste(conditionMessage(error), collapse = " "))
    gsub("\\s+", " ", text)
}

answers_ab <- function(request, n) {
    list(
        status = 200L, headers = c(ETag = "\"1\""), body = charToRaw("A\tB\n")
    )
}
