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

# a gz file of R's -> a zip archive that holds its content n times; both pack in
# the same way, and the gz file tells checksum and size
zip_file <- function(gz, n = 1, name = "table%d.txt",
                     envir = parent.frame()) {
    file <- withr::local_tempfile(fileext = ".zip", .local_envir = envir)
    bytes <- readBin(gz, raw(), file.size(gz))
    packed <- bytes[11:(length(bytes) - 8)]
    tail <- utils::tail(bytes, 8)
    number <- function(x, size) {
        as.raw((x %/% 256^(seq_len(size) - 1)) %% 256)
    }
    members <- lapply(sprintf(name, seq_len(n)), function(name) {
        about <- c(
            number(20, 2), raw(2), number(8, 2), raw(4), tail[1:4],
            number(length(packed), 4), tail[5:8], number(nchar(name), 2), raw(2)
        )
        list(
            local = c(
                charToRaw("PK"), as.raw(3:4), about, charToRaw(name), packed
            ),
            about = about, name = charToRaw(name)
        )
    })
    starts <- cumsum(c(0, lengths(lapply(members, `[[`, "local"))))
    central <- unlist(Map(function(member, start) {
        c(
            charToRaw("PK"), as.raw(1:2), number(20, 2), member$about, raw(10),
            number(start, 4), member$name
        )
    }, members, starts[seq_len(n)]))
    end <- c(
        charToRaw("PK"), as.raw(5:6), raw(4), number(n, 2), number(n, 2),
        number(length(central), 4), number(starts[n + 1], 4), raw(2)
    )
    writeBin(c(unlist(lapply(members, `[[`, "local")), central, end), file)
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
