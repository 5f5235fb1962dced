# Fields of lines. A field may stand in quotes, which close on its line: then it
# may hold the separator, and quotes that are doubled or follow a backslash. Any
# other quote is an ordinary character.

# What stands, until the fields are apart, for a separator (comma and the like,
# or blank), a tab and a quote within quotes.
stand_ins <- "\x1f\x1e\x1d"

# Lines without quotes around fields. sep: one character, "" for white space; n:
# how many fields there should be, NULL if that is not known.
plain_fields <- function(lines, sep, n = NULL, file, call) {
    quoted <- grep("\"", lines, fixed = TRUE, useBytes = TRUE)
    if (length(quoted)) {
        check_no_stand_in(lines[quoted], file, call)
        lines[quoted] <- unquote(lines[quoted], sep, n)
    }
    if (!nzchar(sep)) {
        lines <- gsub("[ \t]+", " ", trim(lines), useBytes = TRUE)
    }
    as_utf8(lines)
}

check_no_stand_in <- function(lines, file, call) {
    bad <- grep(paste0("[", stand_ins, "]"), lines, useBytes = TRUE)
    if (length(bad)) {
        abort_input(c(
            "{.file {file}} must not hold control characters.",
            x = "One is in {.val {strtrim(show_text(lines[bad[1]]), 40L)}}.",
            i = "Remove it."
        ), call = call)
    }
}

unquote <- function(lines, sep, n) {
    # most quotes stand around fields that hold no separator and no quote
    class <- separator_class(sep)
    plain <- paste0("[^\"", substring(class, 2L))
    simple <- gsub(
        paste0("(^|", class, ")[ ]*\"(", plain, "*)\"[ ]*(?=", class, "|$)"),
        "\\1\\2", lines,
        perl = TRUE, useBytes = TRUE
    )
    if (!nzchar(sep)) {
        # see hide()
        empty <- grepl("\"\"", lines, fixed = TRUE, useBytes = TRUE)
        simple[empty] <- lines[empty]
    }
    rest <- grep("\"", simple, fixed = TRUE, useBytes = TRUE)
    if (length(rest)) {
        simple[rest] <- unquote_all(lines[rest], sep, n)
    }
    simple
}

# of lines with quotes or separators within quotes
unquote_all <- function(lines, sep, n) {
    found <- replace_quoted(lines, sep, c(doubled_quotes, escaped_quotes))
    odd <- grep("\\\"", lines, fixed = TRUE, useBytes = TRUE)
    if (!is.null(n) && length(odd)) {
        # "a \", b" is one field if quotes follow a backslash, or two
        odd <- odd[count_fields(found[odd], sep) != n]
        other <- replace_quoted(lines[odd], sep,
            c(escaped_quotes, doubled_quotes)
        )
        better <- count_fields(other, sep) == n
        found[odd[better]] <- other[better]
    }
    found
}

# what stands between the quotes around a field; possessive, as lines are long
doubled_quotes <- "[^\"]*+(?:\"\"[^\"]*+)*+"
escaped_quotes <- "[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+"

replace_quoted <- function(lines, sep, contents) {
    class <- separator_class(sep)
    form <- paste0("\"", contents, "\"[ ]*(?=", class, "|$)", collapse = "|")
    found <- gregexpr(paste0("(?:^|(?<=", class, "))[ ]*(?:", form, ")"), lines,
        perl = TRUE, useBytes = TRUE
    )
    fields <- regmatches(lines, found)
    regmatches(lines, found) <- relist_text(hide(unlist(fields), sep), fields)
    lines
}

relist_text <- function(text, like) {
    split_at <- rep(seq_along(like), lengths(like))
    unname(split(text, factor(split_at, seq_along(like))))
}

# quoted fields -> without quotes around, with stand-ins within
hide <- function(fields, sep) {
    # without the quotes at both ends
    fields <- sub("\"$", "", sub("^\"", "", trim(fields), useBytes = TRUE),
        useBytes = TRUE
    )
    doubled <- grepl(paste0("^", doubled_quotes, "$"), fields,
        perl = TRUE, useBytes = TRUE
    )
    fields[doubled] <- gsub("\"\"", "\"", fields[doubled],
        fixed = TRUE, useBytes = TRUE
    )
    fields[!doubled] <- gsub("\\\"", "\"", fields[!doubled],
        fixed = TRUE, useBytes = TRUE
    )
    for (at in 1:3) {
        fields <- gsub(c(if (nzchar(sep)) sep else " ", "\t", "\"")[at],
            substr(stand_ins, at, at), fields,
            fixed = TRUE, useBytes = TRUE
        )
    }
    # among blanks a field with nothing in it would be lost
    if (!nzchar(sep)) fields[!nzchar(fields)] <- substr(stand_ins, 1L, 1L)
    fields
}

# texts with what the stand-ins stand for
show_hidden <- function(x, sep) {
    hidden <- grep(paste0("[", stand_ins, "]"), x)
    x[hidden] <- trim(chartr(
        stand_ins, paste0(if (nzchar(sep)) sep else " ", "\t\""), x[hidden]
    ))
    x
}

# A backslash before a quote or another one is a character to some tools, and a
# mark that goes to others.
check_no_backslashes <- function(x, file, call) {
    bad <- grep("\\\\[\\\\\"]", x)
    if (length(bad)) {
        abort_input(c(
            "{.file {file}} must not hold a backslash before a quote or another
            backslash, which is read in two ways.",
            x = "It stands in {.val {strtrim(x[bad[1L]], 40L)}}.",
            i = "Remove it."
        ), call = call)
    }
}

# one of these characters parts two fields; also in a look-behind
separator_class <- function(sep) {
    if (!nzchar(sep)) {
        return("[ \t]")
    }
    paste0("[", sep, "]")
}

# of lines without quotes around fields
count_fields <- function(lines, sep) {
    if (!nzchar(sep)) sep <- " "
    found <- gregexpr(sep, lines, fixed = TRUE, useBytes = TRUE)
    vapply(found, function(at) sum(at > 0L), integer(1)) + 1L
}

# lines -> a list with the fields of each
split_fields <- function(lines, sep, n = NULL, file, call) {
    lines <- plain_fields(lines, sep, n, file, call)
    by <- if (nzchar(sep)) sep else " "
    # strsplit() drops an empty field at the end
    fields <- strsplit(paste0(lines, by), by, fixed = TRUE, useBytes = TRUE)
    lapply(fields, function(x) {
        x <- as_utf8(trim(x))
        valid <- validUTF8(x)
        x[valid] <- show_hidden(x[valid], sep)
        x
    })
}

# without blanks at both ends; linear also in long runs of blanks
trim <- function(x) {
    x <- sub("^[ \t]+", "", x, perl = TRUE, useBytes = TRUE)
    as_utf8(sub("(?<![ \t])[ \t]++$", "", x, perl = TRUE, useBytes = TRUE))
}
