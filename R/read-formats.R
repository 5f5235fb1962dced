# Formats that a table of profiles may have, which no rule for tables in general
# would get right. Each function looks at the next lines of a table that is
# being opened; if they are of its format, it says so in the table, goes to the
# first line that is left and returns TRUE.

profile_formats <- list(
    function(table, call) find_gct(table, call),
    function(table, call) find_word2vec(table, call)
)

# GCT of GSEA and the Connectivity Map: a version, a line of counts (rows,
# columns; in 1.3 also further columns and further rows of annotation), then a
# header. Ids, the further columns and then the values.
find_gct <- function(table, call) {
    ahead <- peek_lines(table$lines, 3L, call)
    if (!grepl("^#1[.][23][ \t]*$", ahead$text[1L])) {
        return(FALSE)
    }
    counts <- suppressWarnings(
        as.numeric(strsplit(trim(ahead$text[2L]), "[ \t]+")[[1L]])
    )
    if (length(counts) < 2L || anyNA(counts)) {
        abort_input(c(
            "{.file {table$file}} must have the number of its rows and columns
            in the second line, as a GCT file.",
            x = "That is {.val {show_text(ahead$text[2L])}}."
        ), call = call)
    }
    table$sep <- "\t"
    table$header <- TRUE
    table$n_expected <- counts[1L]
    table$n_ids <- if (length(counts) > 2L) 1L + counts[3L] else 2L
    if (length(counts) > 3L) table$n_annotation <- counts[4L]
    table$n_columns <- table$n_ids + counts[2L]
    skip_lines(table$lines, ahead$number[2L], call)
    note(table, "a GCT file of ", counts[1L], " x ", counts[2L])
    TRUE
}

# The text format of word2vec and Gene2vec: a line with the number of rows and
# of dimensions, then rows without a header.
find_word2vec <- function(table, call) {
    ahead <- peek_lines(table$lines, 2L, call)
    counts <- strsplit(trim(ahead$text[1L]), "[ \t]+")[[1L]]
    if (length(ahead$text) < 2L || length(counts) != 2L ||
        !all(grepl("^[0-9]+$", counts))) {
        return(FALSE)
    }
    counts <- as.numeric(counts)
    sep <- guess_separator(ahead$text[2L], table$file, call)
    row <- split_fields(ahead$text[2L], sep, NULL, table$file, call)[[1L]]
    if (counts[2L] < 2 || length(row) != counts[2L] + 1) {
        return(FALSE)
    }
    table$sep <- sep
    table$header <- FALSE
    table$n_expected <- counts[1L]
    skip_lines(table$lines, ahead$number[1L], call)
    note(
        table, "line 1 says ", counts[1L], " rows of ", counts[2L], " numbers"
    )
    TRUE
}
