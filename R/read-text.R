# Text files as users have them: plain or compressed (gz, xz, bz2, zip), with or
# without a byte order mark, with the line ends of any system. What cannot be
# read as text, or not to its end, is refused here, for all readers.

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

# a checked text file -> its open connection, at the first line
open_text <- function(file, call) {
    check_text_start(file, call)
    unpacking(file, "r")
}

# an open connection to what a file holds
unpacking <- function(file, mode, call = rlang::caller_env()) {
    if (has_magic(file, c(0x50, 0x4b, 0x03, 0x04))) {
        # readLines() cannot go on reading from unz() itself
        gzcon(unz(file, only_member(file, call), "rb"), text = mode == "r")
    } else {
        gzfile(file, mode)
    }
}

has_magic <- function(file, bytes) {
    identical(readBin(file, raw(), length(bytes)), as.raw(bytes))
}

# the one file in a zip archive
only_member <- function(file, call) {
    members <- tryCatch(utils::unzip(file, list = TRUE)$Name,
        error = identity, warning = identity
    )
    if (inherits(members, "condition")) {
        abort_damaged(file, call)
    }
    members <- members[!endsWith(members, "/")]
    if (length(members) != 1L) {
        abort_input(c(
            "{.file {file}} must hold one file.",
            x = "It is a zip archive of {length(members)}.",
            i = if (any(startsWith(members, "xl/"))) {
                "It is a workbook of Excel: save its sheet as text in UTF-8."
            } else {
                "Unpack it with {.fn utils::unzip}."
            }
        ), call = call)
    }
    members
}

# A page of a web server that was saved as the file, and files that are no
# text, show at their first bytes.
check_text_start <- function(file, call) {
    con <- unpacking(file, "rb", call)
    on.exit(close(con))
    start <- tryCatch(readBin(con, raw(), 512L),
        error = identity, warning = identity
    )
    if (inherits(start, "condition") || length(start) == 0L) {
        abort_damaged(file, call)
    }
    if (any(start == as.raw(0L))) {
        abort_input(c(
            "{.file {file}} must be a text file.",
            x = "It holds bytes that are no text: a binary file, a workbook, or
            text in UTF-16.",
            i = "Save it as text in UTF-8, with tabs or commas between fields."
        ), call = call)
    }
    text <- trimws(show_text(drop_mark(rawToChar(start))))
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

# the next line without byte order mark, NULL at the end
next_line <- function(con, file, call) {
    line <- tryCatch(readLines(con, 1L, warn = FALSE),
        error = identity, warning = identity
    )
    if (inherits(line, "condition")) {
        abort_damaged(file, call)
    }
    if (length(line) == 1L) drop_mark(line)
}

# the same for a line that must be text, such as a header
header_line <- function(con, file, call) {
    check_utf8(next_line(con, file, call), file, call)
}

# ---- encoding -------------------------------------------------------------

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

# ---- files that end too early ---------------------------------------------

# con: read to its end. A gz file ends with the number of bytes (modulo 2^32)
# that it unpacks to; reading one that was cut off gives no sign of it.
check_complete <- function(con, file, call) {
    size <- unpacked_size(file)
    if (!is.null(size) && size != seek(con) %% 2^32) {
        abort_damaged(file, call)
    }
}

# what a gz file says of itself; NULL for other files
unpacked_size <- function(file) {
    if (!has_magic(file, c(0x1f, 0x8b))) {
        return(NULL)
    }
    con <- file(file, "rb")
    on.exit(close(con))
    seek(con, file.size(file) - 4)
    sum(as.numeric(readBin(con, raw(), 4L)) * 256^(0:3))
}

is_damaged <- function(file) {
    con <- unpacking(file, "rb")
    on.exit(close(con))
    n <- 0
    repeat {
        block <- tryCatch(readBin(con, raw(), 2^22),
            error = identity, warning = identity
        )
        if (inherits(block, "condition")) {
            return(TRUE)
        }
        if (length(block) == 0L) {
            break
        }
        n <- n + length(block)
    }
    size <- unpacked_size(file)
    !is.null(size) && size != n %% 2^32
}

abort_damaged <- function(file, call) {
    abort_input(c(
        "{.file {file}} must be a complete compressed file.",
        x = "It is cut off or damaged.",
        i = "Get it again. If it is several gz files in one, unpack it first
        with {.code gunzip}."
    ), call = call)
}

# ---- rows of a table ------------------------------------------------------

# The layout of a table: file; columns, their names; types, "text", "number"
# or "skip" for each; sep, "" for white space; quote; header, is line 1 the
# names of the columns? quoted_numbers: scan() does not take them as numbers
new_layout <- function(file, columns, types, sep, quote = "\"",
                       header = TRUE, quoted_numbers = FALSE) {
    list(
        file = file, columns = columns, types = types, sep = sep,
        quote = quote, header = header, quoted_numbers = quoted_numbers
    )
}

# the next rows, by default all of them, as a list of columns
scan_rows <- function(con, layout, n_rows = 0L, call = rlang::caller_env()) {
    known <- list(text = "", number = 0, integer = 0L, skip = NULL)
    types <- layout$types
    if (layout$quoted_numbers) {
        types[types == "number"] <- "text"
    }
    rows <- tryCatch(
        scan(con, unname(known[types]),
            nlines = n_rows, sep = layout$sep, quote = layout$quote,
            multi.line = FALSE, quiet = TRUE, na.strings = c("NA", ""),
            strip.white = TRUE, comment.char = "", encoding = "UTF-8"
        ),
        error = identity, warning = identity
    )
    if (inherits(rows, "condition")) {
        explain_failure(layout, rows, call)
    }
    for (column in rows[types == "text"]) {
        check_utf8(column, layout$file, call)
    }
    for (at in which(types != layout$types)) {
        if (!is.na(first_bad_number(rows[[at]], whole = FALSE))) {
            explain_failure(layout, NULL, call)
        }
        rows[[at]] <- as.numeric(rows[[at]])
    }
    stats::setNames(rows, layout$columns)
}

# what scan() stumbled over -> an error that names line and field
explain_failure <- function(layout, failure, call) {
    file <- layout$file
    if (is_damaged(file)) {
        abort_damaged(file, call)
    }
    fields <- count_fields(file, layout$sep, layout$quote)
    n <- length(layout$types)
    lines <- seq_along(fields)
    if (layout$header) {
        lines <- lines[-1L]
    }
    bad <- lines[!fields[lines] %in% c(0L, n, NA)]
    if (length(bad)) {
        abort_input(c(
            "{.file {file}} must have the same number of fields in each line.",
            x = "Line {bad[1]} has {fields[bad[1]]} field{?s}, not {n}.",
            i = "Look for a missing or a second separator, an open quote, or a
            file that was cut off."
        ), call = call)
    }
    field <- find_bad_field(layout, lines[!fields[lines] %in% 0L])
    if (!is.null(field)) {
        kind <- if (layout$types[field$column] == "integer") "whole " else ""
        abort_input(c(
            "{.file {file}} must have {kind}numbers in column
            {.field {layout$columns[field$column]}}.",
            x = "Line {field$line} has {.val {field$value}}.",
            i = "Write {.val NA} for what is missing, or remove the column."
        ), call = call)
    }
    abort_input(c(
        "{.file {file}} could not be read as a table.",
        x = "{conditionMessage(failure)}"
    ), call = call)
}

count_fields <- function(file, sep, quote) {
    con <- unpacking(file, "r")
    on.exit(close(con))
    utils::count.fields(con, sep, quote,
        blank.lines.skip = FALSE, comment.char = ""
    )
}

# the first value that is no number where one should be; lines: the line of
# each row
find_bad_field <- function(layout, lines) {
    con <- unpacking(layout$file, "r")
    on.exit(close(con))
    if (layout$header) {
        readLines(con, 1L, warn = FALSE)
    }
    wanted <- which(layout$types %in% c("number", "integer"))
    whole <- layout$types[wanted] == "integer"
    as_text <- layout
    as_text$types[] <- "skip"
    as_text$types[wanted] <- "text"
    done <- 0
    while (done < length(lines)) {
        rows <- scan_rows(con, as_text, 1000L)[wanted]
        bad <- Map(first_bad_number, rows, whole)
        first <- suppressWarnings(min(unlist(bad), na.rm = TRUE))
        if (is.finite(first)) {
            at <- which(unlist(bad) == first)[1]
            return(list(
                line = lines[done + first], column = wanted[at],
                value = rows[[at]][first]
            ))
        }
        done <- done + length(rows[[1L]])
    }
}

first_bad_number <- function(x, whole) {
    number <- suppressWarnings(as.numeric(x))
    bad <- is.na(number) & !is.nan(number) & !is.na(x)
    if (whole) {
        bad <- bad | (!is.na(number) & number != round(number))
    }
    which(bad)[1]
}
