# Text tables: where they begin, what parts their fields, what their columns are
# called and which of them hold numbers; and their rows. One line is one row,
# always: a line with another number of fields than the others is an error.

# ---- what a user may decide -----------------------------------------------

# sep, header, skip, comment as readers take them -> checked; sep as
# read-fields.R has it, NULL where the file decides
table_options <- function(sep, header, skip, comment,
                          call = rlang::caller_env()) {
    if (!is.logical(header) || length(header) != 1L) {
        abort_input(c(
            "{.arg header} must be {.code TRUE}, {.code FALSE} or {.code NA}.",
            x = "It is {describe_value(header)}."
        ), call = call)
    }
    if (!identical(comment, NA) && !identical(comment, "")) {
        check_string(comment, "comment", call)
    }
    list(
        sep = check_separator(sep, call), header = header,
        skip = check_count(skip, 0, name = "skip", call = call),
        comment = comment
    )
}

check_separator <- function(sep, call) {
    if (!is.null(sep)) {
        check_string(sep, "sep", call)
        if (nchar(sep, "bytes") != 1L || grepl("[][A-Za-z0-9.+\"'\\^-]", sep)) {
            abort_input(c(
                "{.arg sep} must be one character of ASCII that is in no number
                or name, such as {.val \\t}.",
                x = "It is {describe_value(sep)}."
            ), call = call)
        }
    }
    if (identical(sep, " ")) "" else sep
}

# ---- opening --------------------------------------------------------------

# An open table, an environment with
#   lines         see read-lines.R, at the first row
#   file, sep     as the user names it; "" for white space
#   header        does a line name the columns? NA: see `is_header`
#   columns       their names; types: "number" or "text" by the first rows
#   sample        the columns of the first rows as text
#   n_rows        rows read; n_expected: those the file says it has, or NULL
#   n_open_quotes lines with a quote that does not close on its line
#   n_ids         columns before the values, where the format says so, or NULL
#   n_annotation  lines between the header and the rows
#   notes         what was decided, for the reader's message
#   missing       texts that stand for nothing
# options: see table_options(); is_header: a function of the fields of the first
# line and the columns of the next ones; formats: functions that look for a
# known format, see read-formats.R. The caller closes the lines.
open_table <- function(file, options, is_header, formats = list(),
                       missing = "NA", call = rlang::caller_env()) {
    lines <- open_lines(file, call)
    opened <- FALSE
    on.exit(if (!opened) close_lines(lines))
    if (!is.na(options$comment)) lines$comment <- options$comment
    skip_lines(lines, options$skip, call)
    table <- new_table(lines, options$sep, options$header)
    table$missing <- c(missing, "")
    if (length(peek_lines(lines, 1L, call)$text) == 0L) {
        abort_no_rows(table, call)
    }
    for (known in formats) {
        if (is.na(table$header) && known(table, call)) break
    }
    if (is.na(options$comment)) skip_comments(table, call)
    find_columns(table, is_header, call)
    opened <- TRUE
    table
}

new_table <- function(lines, sep, header, columns = NULL) {
    table <- new.env(parent = emptyenv())
    table$lines <- lines
    table$file <- lines$file
    table$sep <- sep
    table$header <- header
    table$columns <- columns
    table$missing <- c("NA", "")
    table$n_annotation <- 0
    table$n_rows <- 0
    table$n_open_quotes <- 0
    table$notes <- character()
    table
}

note <- function(table, ...) table$notes <- c(table$notes, paste0(...))

# Lines that start with "#" before the table are no part of it, but for the last
# one if it names columns ("#node1<tab>node2").
skip_comments <- function(table, call) {
    ahead <- peek_lines(table$lines, 1000L, call)
    marked <- startsWith(ahead$text, "#")
    n <- match(FALSE, marked, length(marked) + 1L) - 1L
    if (n == 0L) {
        return(invisible())
    }
    if (n == length(marked)) abort_no_rows(table, call)
    text <- ahead$text[seq_len(n + 1L)]
    sep <- table$sep %||%
        guess_separator(ahead$text[-seq_len(n)], table$file, call)
    counts <- lengths(split_fields(text, sep, NULL, table$file, call))
    names_columns <- counts[n] > 1L && counts[n] == counts[n + 1L] &&
        (n == 1L || counts[n - 1L] != counts[n]) && !isFALSE(table$header)
    n_comments <- n - names_columns
    if (n_comments > 0L) {
        note(
            table, format_count(n_comments), " ", plural(n_comments, "line"),
            " with # before the table skipped"
        )
        skip_lines(table$lines, ahead$number[n_comments], call)
    }
    if (names_columns) table$header <- TRUE
}

# ---- columns --------------------------------------------------------------

# Sets separator, header, names and types by the first lines, and takes the
# header.
find_columns <- function(table, is_header, call) {
    ahead <- peek_lines(table$lines, 1000L, call)
    if (length(ahead$text) == 0L) abort_no_rows(table, call)
    table$sep <- table$sep %||% guess_separator(ahead$text, table$file, call)
    fields <- split_fields(ahead$text, table$sep, NULL, table$file, call)
    first <- check_utf8(fields[[1L]], table$file, call)
    rest <- fields[-1L]
    if (is.na(table$header)) {
        # one line alone is taken for names if there are no numbers in it
        table$header <- if (length(rest) == 0L) {
            !any(parses(first[-1L]) & nzchar(first[-1L]))
        } else {
            is_names(first, rest, is_header)
        }
        if (!table$header) {
            note(table, "no header: line ", ahead$number[1L], " is a row")
        }
    }
    if (table$header) {
        if (length(rest) <= table$n_annotation) {
            abort_no_rows(table, call, header_only = TRUE)
        }
        table$columns <- header_names(first, rest, table$sep)
        skip_lines(table$lines, ahead$number[1L + table$n_annotation], call)
        rest <- utils::tail(rest, length(rest) - table$n_annotation)
    } else {
        table$columns <- paste0("V", seq_along(first))
        rest <- fields
    }
    table$sample <- sample_columns(
        rest, length(table$columns), table$missing
    )
    table$types <- ifelse(
        vapply(table$sample, is_number, logical(1)), "number", "text"
    )
}

abort_no_rows <- function(table, call, header_only = FALSE) {
    abort_input(c(
        "{.file {table$file}} must have rows.",
        x = if (header_only) "It has a header only." else "It has none.",
        i = if (!is.null(table$n_expected)) {
            "Its second line tells of {table$n_expected} row{?s}: get the file
            again."
        } else if (header_only) {
            "If that is a row, give {.code header = FALSE}."
        }
    ), call = call)
}

# A rule that also takes a line for names if it has one that the user gives.
header_rule <- function(is_header, ...) {
    given <- Filter(is.character, list(...))
    function(first, rest) {
        any(unlist(given) %in% first) || is_header(first, rest)
    }
}

# first, rest: fields of the first line and of the next ones
is_names <- function(first, rest, is_header) {
    n <- length(rest[[1L]])
    length(first) != n || is_header(first, sample_columns(rest, n))
}

# the names that the first line gives to the columns of the others
header_names <- function(first, rest, sep) {
    if (startsWith(first[1L], "#")) first[1L] <- sub("^#+ *", "", first[1L])
    if (length(rest[[1L]]) != length(first) + 1L) {
        return(first)
    }
    ends_empty <- vapply(rest, function(x) !nzchar(x[length(x)]), logical(1))
    if (nzchar(sep) && all(ends_empty)) {
        # rows, not the header, end in a separator
        c(first, "")
    } else {
        # as write.table() does it: no name above the row names
        c("", first)
    }
}

# rows of fields -> columns, of those rows that have n fields
sample_columns <- function(fields, n, missing = c("NA", "")) {
    fields <- fields[lengths(fields) == n]
    cells <- matrix(as.character(unlist(fields)), nrow = n)
    cells[cells %in% missing] <- NA
    lapply(seq_len(n), function(at) cells[at, ])
}

# The separator that parts the first lines in the same way (the first may lack
# the name of the row names), else the first two, else the first at all.
guess_separator <- function(lines, file, call) {
    known <- c("\t", ",", ";", "")
    lines <- utils::head(lines, 10L)
    counts <- vapply(known, function(sep) {
        count_fields(plain_fields(lines, sep, NULL, file, call), sep)
    }, integer(length(lines)))
    counts <- matrix(counts, ncol = length(known))
    for (n in unique(c(nrow(counts), min(2L, nrow(counts))))) {
        fits <- which(fitting_separators(counts[seq_len(n), , drop = FALSE]))
        if (length(fits)) {
            return(known[fits[1L]])
        }
    }
    known[c(which(counts[1L, ] > 1L), 1L)[1L]]
}

# counts: fields of lines, a column for each of tab, comma, semicolon and blank
fitting_separators <- function(counts) {
    first <- counts[1L, ]
    rest <- counts[-1L, , drop = FALSE]
    if (nrow(rest) == 0L) rest <- counts
    alike <- apply(rest, 2L, function(n) all(n == n[1L]))
    same <- alike & (rest[1L, ] - first) %in% c(0L, 1L)
    row_names <- alike & first == 1L & rest[1L, ] == 2L
    fits <- (first > 1L & same) | row_names
    # if a semicolon does, too, the comma is a decimal one
    fits[2L] <- fits[2L] && !(row_names[2L] && fits[3L])
    fits
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
    structure(stats::setNames(table$sample, table$columns),
        class = "data.frame",
        row.names = .set_row_names(length(table$sample[[1L]]))
    )
}
