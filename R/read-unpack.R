# Files as users have them, plain or compressed (gz, xz, bz2, zip), become plain
# files here, complete or not at all. What is no text is refused.

# the path of a file that exists and is not empty
check_file <- function(file, name = rlang::caller_arg(file),
                       call = rlang::caller_env()) {
    check_string(file, name, call)
    path <- path.expand(file)
    if (!file.exists(path) || dir.exists(path)) {
        what <- if (dir.exists(path)) "is a folder" else "does not exist"
        abort_input(c(
            "{.arg {name}} must be the path of a file.",
            x = "{.file {file}} {what}.",
            i = "Relative paths start at {.file {getwd()}}."
        ), call = call)
    }
    if (file.size(path) == 0) {
        abort_input(c(
            "{.arg {name}} must be a file with something in it.",
            x = "{.file {file}} is empty.",
            i = "Get it again: the download may have failed."
        ), call = call)
    }
    path
}

# The path of the plain file that a file is or holds. One other than `file` is
# temporary, and the caller removes it.
unpack <- function(file, call) {
    kind <- packed_as(file)
    if (is.null(kind)) {
        return(file)
    }
    plain <- tempfile("kith-")
    done <- FALSE
    on.exit(if (!done) unlink(plain))
    if (kind == "zip") {
        unpack_zip(file, plain, call)
    } else {
        unpack_stream(file, kind, plain, call)
    }
    done <- TRUE
    plain
}

packed_as <- function(file) {
    magic <- list(
        zip = c(0x50, 0x4b, 0x03, 0x04), gz = c(0x1f, 0x8b),
        bz2 = c(0x42, 0x5a, 0x68),
        xz = c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)
    )
    start <- readBin(file, raw(), 6L)
    fits <- vapply(magic, function(bytes) {
        identical(utils::head(start, length(bytes)), as.raw(bytes))
    }, logical(1))
    if (any(fits)) names(magic)[which(fits)[1L]]
}

unpack_zip <- function(file, plain, call) {
    member <- only_member(file, call)
    con <- unz(file, member$Name, "rb")
    on.exit(close(con))
    if (!identical(copy_bytes(con, plain)$size, as.numeric(member$Length))) {
        abort_damaged(file, call)
    }
}

# the one file in a zip archive: a row of utils::unzip(list = TRUE)
only_member <- function(file, call) {
    members <- tryCatch(utils::unzip(file, list = TRUE),
        error = identity, warning = identity
    )
    if (inherits(members, "condition")) {
        abort_damaged(file, call)
    }
    members <- members[!endsWith(members$Name, "/"), ]
    if (nrow(members) != 1L) {
        abort_input(c(
            "{.file {file}} must hold one file.",
            x = "It is a zip archive of {nrow(members)}.",
            i = if (any(startsWith(members$Name, "xl/"))) {
                "It is a workbook of Excel: save its sheet as text in UTF-8."
            } else {
                "Unpack it with {.fn utils::unzip}."
            }
        ), call = call)
    }
    members
}

# Streams may follow each other in one file (bgzip, cat a.gz b.gz), and reading
# one that was cut off gives no sign of it. So a last stream with a known text
# is put behind the file's own: what precedes it is whole if it is found.
unpack_stream <- function(file, kind, plain, call) {
    if (kind == "gz" && lacks_last_block(file)) {
        abort_damaged(file, call)
    }
    last <- charToRaw("\nend of the file that kith unpacks\n")
    whole <- tempfile("kith-")
    on.exit(unlink(whole))
    open <- switch(kind, gz = gzfile, bz2 = bzfile, xz = xzfile)
    con <- open(whole, "wb")
    writeBin(last, con)
    close(con)
    end <- readBin(whole, raw(), file.size(whole))
    if (!file.copy(file, whole, overwrite = TRUE, copy.mode = FALSE)) {
        abort_no_space(file, call)
    }
    con <- file(whole, "ab")
    writeBin(end, con)
    close(con)
    if (file.size(whole) != file.size(file) + length(end)) {
        abort_no_space(file, call)
    }
    con <- open(whole, "rb")
    on.exit(close(con), add = TRUE, after = FALSE)
    if (!identical(copy_bytes(con, plain, length(last))$last, last)) {
        abort_damaged(file, call)
    }
}

# Files of bgzip are blocks that hold the length of a block, and an empty one at
# the end: without it some are missing.
lacks_last_block <- function(file) {
    start <- readBin(file, raw(), 18L)
    is_block <- length(start) == 18L && start[4L] == as.raw(4L) &&
        identical(start[13:14], charToRaw("BC"))
    if (!is_block) {
        return(FALSE)
    }
    empty <- last_bytes(file, 28L)
    !identical(empty[c(1:2, 13:14)], start[c(1:2, 13:14)]) ||
        any(empty[25:28] != as.raw(0L))
}

last_bytes <- function(file, n) {
    con <- file(file, "rb")
    on.exit(close(con))
    seek(con, max(0, file.size(file) - n))
    readBin(con, raw(), n)
}

# From an open connection to a file, but for the last n_last bytes. Returns
# list(size, last = those bytes), or NULL if reading fails.
copy_bytes <- function(con, to, n_last = 0) {
    out <- file(to, "wb")
    on.exit(close(out))
    size <- 0
    last <- raw()
    repeat {
        block <- tryCatch(readBin(con, raw(), 2^22),
            error = identity, warning = identity
        )
        if (inherits(block, "condition")) {
            return(NULL)
        }
        if (length(block) == 0L) {
            return(list(size = size, last = last))
        }
        size <- size + length(block)
        block <- c(last, block)
        writeBin(block[seq_len(max(0, length(block) - n_last))], out)
        last <- utils::tail(block, n_last)
    }
}

abort_damaged <- function(file, call) {
    abort_input(c(
        "{.file {file}} must be a complete compressed file.",
        x = "It is cut off or damaged.",
        i = "Get it again."
    ), call = call)
}

abort_no_space <- function(file, call) {
    abort_input(c(
        "{.file {file}} could not be unpacked into {.file {tempdir()}}.",
        x = "Is there space for it?",
        i = "Set {.envvar TMPDIR} to a larger folder and start R again."
    ), call = call)
}

# ---- text -----------------------------------------------------------------

# A page of a web server that was saved as the file, and files that are no
# text, show at their first bytes. plain: `file` unpacked.
check_text_start <- function(plain, file, call) {
    start <- readBin(plain, raw(), 512L)
    if (length(start) == 0L) {
        abort_damaged(file, call)
    }
    if (any(start == as.raw(0L))) {
        abort_binary(file, call)
    }
    check_no_page(start, file, call)
}

# start: the first bytes
check_no_page <- function(start, file, call) {
    start <- start[start != as.raw(0L)]
    text <- trimws(substr(show_text(drop_mark(rawToChar(start))), 1L, 200L))
    if (startsWith(text, "<")) {
        first <- strsplit(text, "[\r\n]")[[1]][1]
        abort_input(c(
            "{.file {file}} must be a table.",
            x = "It is a web page or XML; it starts with
            {.val {strtrim(first, 40L)}}.",
            i = "A server may have sent an error page in its place: look at it,
            then get the file again."
        ), call = call)
    }
}

abort_binary <- function(file, call) {
    abort_input(c(
        "{.file {file}} must be a text file.",
        x = "It holds bytes that are no text: a binary file, a workbook, or
        text in UTF-16.",
        i = "Save it as text in UTF-8, with tabs or commas between fields."
    ), call = call)
}

# text as a file has it -> without byte order mark, known to be UTF-8, whatever
# the locale
drop_mark <- function(text) {
    text <- sub("^\xef\xbb\xbf", "", text, useBytes = TRUE)
    Encoding(text) <- "UTF-8"
    text
}

check_utf8 <- function(text, file, call) {
    bad <- which(!validUTF8(text))
    if (length(bad)) {
        abort_input(c(
            "{.file {file}} must be text in UTF-8.",
            x = "Bytes of another encoding are in
            {.val {strtrim(show_text(text[bad[1]]), 40L)}}.",
            i = "Save it in UTF-8."
        ), call = call)
    }
    text
}

# bytes that are no UTF-8 as <e4>
show_text <- function(text) {
    iconv(text, "UTF-8", "UTF-8", sub = "byte")
}
