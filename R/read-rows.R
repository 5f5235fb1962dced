# Rows of an open table. data.table::fread() turns a piece of lines into
# columns. It finds quotes, headers and the first row by guesses that this
# package does not want, so it gets lines without any of them, and what comes
# back must have a row for each line.

# The next rows as a list of columns, NULL at the end. types: for each column
# "text", "number", "integer" or "skip" (not read).
read_piece <- function(table, types, call) {
    piece <- take_piece(table$lines, call)
    if (is.null(piece)) {
        end_table(table, call)
        return(NULL)
    }
    columns <- parse_piece(piece, table, types, call)
    table$n_rows <- table$n_rows + piece$n
    columns
}

# all of them, named
read_rows <- function(table, types, call) {
    pieces <- list()
    while (!is.null(piece <- read_piece(table, types, call))) {
        pieces <- c(pieces, list(piece))
    }
    columns <- if (length(pieces) == 1L) {
        pieces[[1L]]
    } else {
        lapply(seq_along(types), function(at) {
            unlist(lapply(pieces, `[[`, at), use.names = FALSE)
        })
    }
    stats::setNames(columns, table$columns)
}

parse_piece <- function(piece, table, types, call) {
    text <- without_quotes(piece, table, call)
    sep <- if (nzchar(table$sep)) table$sep else " "
    first <- regmatches(text, regexpr("^[^\n]*", text, useBytes = TRUE))
    rows <- if (count_fields(first, sep) == length(types)) {
        fread_quietly(text, sep, types, table$missing)
    }
    if (is.null(rows) || nrow(rows) != piece$n) {
        explain_failure(piece, table, types, call)
    }
    columns <- vector("list", length(types))
    columns[types != "skip"] <- rows
    quoted <- has_text(piece, "\"")
    escaped <- has_text(piece, "\\")
    for (at in which(types == "text")) {
        values <- check_utf8(as_utf8(columns[[at]]), table$file, call)
        if (quoted) {
            values <- show_hidden(values, table$sep)
            values[!nzchar(values)] <- NA
        }
        if (escaped) check_no_backslashes(values, table$file, call)
        columns[[at]] <- values
    }
    for (at in which(types %in% c("number", "integer"))) {
        numbers <- as_numbers(columns[[at]], types[at] == "integer")
        if (is.null(numbers)) explain_failure(piece, table, types, call)
        columns[[at]] <- numbers
    }
    columns
}

# NULL where a text is no number, or no whole one
as_numbers <- function(x, whole) {
    if (!is.numeric(x)) {
        # fread() leaves what it has no double for, such as 1e-400
        x <- show_hidden(x, ",")
        if (!is_number(x)) {
            return(NULL)
        }
        x <- as.numeric(x)
    }
    if (!whole) {
        return(x)
    }
    if (all(is.na(x) | x == round(x))) as.integer(x)
}

fread_quietly <- function(text, sep, types, missing) {
    classes <- c(
        text = "character", number = "numeric", integer = "numeric",
        skip = "NULL"
    )[types]
    tryCatch(
        suppressWarnings(data.table::fread(
            text = text, sep = sep, quote = "", header = FALSE,
            colClasses = unname(classes), na.strings = missing,
            strip.white = TRUE, fill = FALSE, blank.lines.skip = FALSE,
            encoding = "UTF-8", integer64 = "double", data.table = FALSE,
            showProgress = FALSE, nThread = 1L
        )),
        error = function(e) NULL
    )
}

# the text of a piece as fread_quietly() takes it
without_quotes <- function(piece, table, call) {
    has_quotes <- has_text(piece, "\"")
    odd_blanks <- !nzchar(table$sep) && (has_text(piece, "\t") ||
        has_text(piece, "  ") || has_text(piece, " \n") ||
        has_line(piece, " "))
    if (!has_quotes && !odd_blanks) {
        return(piece$text)
    }
    lines <- strsplit(piece$text, "\n", fixed = TRUE, useBytes = TRUE)[[1L]]
    lines <- plain_fields(
        lines, table$sep, length(table$columns), table$file, call
    )
    if (has_quotes) {
        class <- separator_class(table$sep)
        open <- grep(paste0("(^|", class, ")[ ]*\""), lines, useBytes = TRUE)
        table$n_open_quotes <- table$n_open_quotes + length(open)
    }
    paste0(lines, "\n", collapse = "")
}

# what is known after the last row only
end_table <- function(table, call) {
    n <- table$n_expected
    if (!is.null(n) && n != table$n_rows) {
        abort_input(c(
            "{.file {table$file}} must have {format_count(n)} rows, as it says
            at its start.",
            x = "It has {format_count(table$n_rows)}.",
            i = "Get it again: it may have been cut off."
        ), call = call)
    }
    if (table$n_open_quotes > 0) {
        note(
            table, format_count(table$n_open_quotes), " ",
            plural(table$n_open_quotes, "line"),
            " with a quote that does not close on its line: read as it stands"
        )
    }
    if (table$lines$open_end && table$lines$plain == table$lines$file) {
        note(
            table, "the last line has no end: see that the file was not cut off"
        )
    }
}

# ---- lines that do not fit ------------------------------------------------

# a piece that could not be read -> an error that names line and field
explain_failure <- function(piece, table, types, call) {
    file <- table$file
    lines <- data_lines(piece$whole, piece$n_before, table$lines$comment)
    n <- length(types)
    fields <- split_fields(lines$text, table$sep, n, file, call)
    bad <- which(lengths(fields) != n)
    if (length(bad)) {
        k <- length(fields[[bad[1L]]])
        marked <- !is.null(table$sample) &&
            startsWith(lines$text[bad[1L]], "#")
        abort_input(c(
            "{.file {file}} must have the same number of fields in each line.",
            x = "Line {lines$number[bad[1]]} has {k} field{?s}, not {n}.",
            i = if (marked) {
                "Is it a comment? {.code comment = \"#\"} leaves such lines
                out."
            } else {
                "Look for a missing or a second separator, an open quote, or a
                file that was cut off."
            }
        ), call = call)
    }
    for (row in seq_along(fields)) {
        for (at in which(types %in% c("number", "integer"))) {
            value <- fields[[row]][at]
            if (!value %in% table$missing &&
                !fits_number(value, types[at] == "integer")) {
                abort_number(
                    table, at, lines$number[row], value, types[at], call
                )
            }
        }
    }
    abort_kith(
        "internal error in kith, please report it: {.file {file}} has rows that
        could not be read.",
        "kith_error_internal",
        call = call
    )
}

fits_number <- function(value, whole) {
    parses(value) && (!whole || as.numeric(value) == round(as.numeric(value)))
}

abort_number <- function(table, at, line, value, type, call) {
    kind <- if (type == "integer") "whole " else ""
    abort_input(c(
        "{.file {table$file}} must have {kind}numbers in column
        {.field {table$columns[at]}}.",
        x = "Line {line} has {.val {show_text(value)}}.",
        i = if (type == "integer") {
            "STRING has no such score: get the file again."
        } else {
            "Write {.val NA} for what is missing, or remove the column."
        }
    ), call = call)
}
