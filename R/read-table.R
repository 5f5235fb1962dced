# Tables with one header line: finds the separator and the columns that hold
# numbers, from the first lines.

# An open table: list(con, layout, sample), the connection at the first row;
# sample: the columns of the first rows as text. The caller closes con.
open_table <- function(file, sep = NULL, header = TRUE,
                       call = rlang::caller_env()) {
    con <- open_text(file, call)
    opened <- FALSE
    on.exit(if (!opened) close(con))
    lines <- first_lines(con, file, call)
    if (length(lines) <= header) {
        abort_input(c(
            "{.file {file}} must have rows.",
            x = if (header) "It has a header only." else "It has none."
        ), call = call)
    }
    sep <- sep %||% guess_separator(lines)
    check_utf8(lines[1L], file, call)
    columns <- split_line(lines[1L], sep)
    if (header) {
        lines <- lines[-1L]
        if (length(split_line(lines[1L], sep)) == length(columns) + 1L) {
            columns <- if (nzchar(sep) && all(endsWith(lines, sep))) {
                # rows, not the header, end in a separator
                c(columns, "")
            } else {
                # as write.table() does it: no name above the row names
                c("", columns)
            }
        }
    } else {
        columns <- paste0("V", seq_along(columns))
    }
    sample <- split_lines(lines, sep, length(columns))
    types <- ifelse(vapply(sample, is_number, logical(1)), "number", "text")
    pushBack(lines, con, encoding = "bytes")
    opened <- TRUE
    list(
        con = con, sample = sample,
        layout = new_layout(file, columns, unname(types), sep,
            header = header,
            quoted_numbers = has_quoted_numbers(lines, types, sep)
        )
    )
}

# scan() takes a number in quotes for text, and stops where it wants a number
has_quoted_numbers <- function(lines, types, sep) {
    if (!any(grepl("\"", lines, fixed = TRUE, useBytes = TRUE))) {
        return(FALSE)
    }
    what <- ifelse(types == "number", list(0), list(""))
    tryCatch(
        {
            scan_sample(lines, what, sep)
            FALSE
        },
        error = function(e) TRUE
    )
}

# the lines at the start of the file without blank ones: at most 1,000, and
# not many more than a million characters
first_lines <- function(con, file, call) {
    lines <- character()
    size <- 0
    while (length(lines) < 1000L && size < 1e6) {
        line <- next_line(con, file, call)
        if (is.null(line)) {
            break
        }
        if (grepl("[^[:space:]]", line, useBytes = TRUE)) {
            lines <- c(lines, line)
            size <- size + nchar(line, "bytes")
        }
    }
    lines
}

# The separator that parts the first two lines in the same way (the first may
# lack the name of the row names), else the one that parts the first at all.
guess_separator <- function(lines) {
    known <- c("\t", ",", ";", "")
    counts <- vapply(known, function(sep) {
        lengths(lapply(lines[seq_len(min(2L, length(lines)))], split_line, sep))
    }, integer(min(2L, length(lines))))
    counts <- matrix(counts, ncol = length(known))
    parts <- counts[1L, ] > 1L
    same <- (counts[nrow(counts), ] - counts[1L, ]) %in% c(0L, 1L)
    row_names <- counts[1L, ] == 1L & counts[nrow(counts), ] == 2L
    fits <- (parts & same) | row_names
    # if a semicolon does, too, the comma is a decimal one
    fits[2L] <- fits[2L] && !(row_names[2L] && fits[3L])
    fits <- which(fits)
    if (length(fits)) known[fits[1L]] else known[c(which(parts), 1L)[1L]]
}

split_line <- function(line, sep) {
    suppressWarnings(scan(
        text = line, what = "", sep = sep, quote = "\"", quiet = TRUE,
        strip.white = TRUE, na.strings = character(), comment.char = "",
        encoding = "UTF-8"
    ))
}

# lines -> list of n columns of text; no rows where the lines do not fit, which
# reading them in earnest will explain
split_lines <- function(lines, sep, n) {
    tryCatch(
        scan_sample(lines, rep(list(""), n), sep),
        error = function(e) rep(list(character()), n),
        warning = function(w) rep(list(character()), n)
    )
}

scan_sample <- function(lines, what, sep) {
    scan(
        text = lines, what = what, sep = sep, quote = "\"",
        multi.line = FALSE, quiet = TRUE, strip.white = TRUE,
        na.strings = c("NA", ""), comment.char = ""
    )
}

is_number <- function(x) all(parses(x))

# which of the texts are numbers or missing?
parses <- function(x) {
    # as.numeric() stops at bytes that are no UTF-8
    valid <- validUTF8(x)
    number <- rep(NA_real_, length(x))
    number[valid] <- suppressWarnings(as.numeric(x[valid]))
    is.na(x) | is.nan(number) | !is.na(number)
}

# the first rows of an open table as a data frame of text
table_sample <- function(table) {
    structure(stats::setNames(table$sample, table$layout$columns),
        class = "data.frame",
        row.names = .set_row_names(length(table$sample[[1L]]))
    )
}

# `sep` as readers take it -> as scan() does: NULL stays, " " becomes ""
check_separator <- function(sep, call = rlang::caller_env()) {
    if (!is.null(sep)) {
        check_string(sep, "sep", call)
        if (nchar(sep, "bytes") != 1L) {
            abort_input(c(
                "{.arg sep} must be one character of ASCII, such as
                {.val \\t}.",
                x = "It is {describe_value(sep)}."
            ), call = call)
        }
    }
    if (identical(sep, " ")) "" else sep
}
