#' Read gene pairs from an edge list
#'
#' Reads a text table with one pair of genes in each row, such as the files of
#' HuRI, hu.MAP, BioPlex or BioGRID, or a SIF file of Cytoscape or Pathway
#' Commons, and gives it to [gene_pairs()]. A message says what was taken from
#' which column, and what was decided.
#'
#' Files may be plain or compressed (gz, xz, bz2, zip), in UTF-8, with the line
#' ends of any system, with or without a byte order mark. One line is one row: a
#' line with another number of fields is an error. Fields may be quoted, if the
#' quote closes on its line; any other quote is an ordinary character. Ids are
#' read as text. What stands for a missing id (`NA`, `-`, nothing) and names
#' that a spreadsheet has turned into dates (`1-Mar`) count as missing ids in
#' the report.
#'
#' A SIF file (by its extension, or if words like `pp` or `interacts-with` stand
#' between two ids) has a pair for each target of a line.
#'
#' @param file Path of a text file with one pair in each line.
#' @param from,to Columns that hold the two ids, by name or number. By default
#'   those with names that are usual for them, in any case and with any signs:
#'   `from` and `to`, `gene1` and `gene2`, `Official Symbol Interactor A` and
#'   `B`, `SymbolA` and `SymbolB`, `protein1` and `protein2`, `source` and
#'   `target` and others; else the first two that do not number the rows.
#' @param score Column (name or number) with a numeric score of each pair,
#'   higher for stronger evidence; by default one called `score`,
#'   `combined_score`, `confidence`, `weight` or `probability`, where there is
#'   one. `FALSE`: none.
#' @param sep The character between two fields, `" "` for any white space.
#'   `NULL` takes what parts the first two lines alike: tab, comma, semicolon
#'   or white space.
#' @param header Is the first line the names of the columns? `NA` looks: names
#'   that are usual for columns are, fields that are like those below are not
#'   (HuRI and hu.MAP have no header). The message says what was found.
#' @param skip Lines to leave out at the start of the file.
#' @param comment Lines that start with this text are left out; `""`: none.
#'   `NA`: lines with `#` before the table, but for one that names columns.
#' @param min_score Least score of a pair; rows below it, or without a score,
#'   are counted and left out. `NULL`: all rows are kept.
#' @param id What to take from names that hold two ids, as in `TP53 (7157)`;
#'   see [read_profiles()].
#' @return A data frame of class `gene_pairs`; see [gene_pairs()], also for its
#'   report of rows that were left out.
#' @section Errors:
#' An error of class `kith_error_input` is raised for a file that does not
#' exist, is empty, has a header only, is cut off, is no text in UTF-8 or is a
#' web page; for lines with another number of fields than the first (the message
#' names the line), for a score that is no number, for columns that are not
#' there, and for a column of ids that numbers the rows.
#' @family readers
#' @export
#' @examples
#' file <- tempfile(fileext = ".tsv")
#' writeLines(c(
#'     "gene_a\tgene_b\tprobability",
#'     "INTS1\tC7orf26\t0.93",
#'     "SNAPC4\tSNAPC1\t0.99",
#'     "SNAPC1\tSNAPC4\t0.97"
#' ), file)
#' read_pairs(file)
#' unlink(file)
read_pairs <- function(file, from = NULL, to = NULL, score = NULL, sep = NULL,
                       header = NA, skip = 0, comment = NA, min_score = NULL,
                       id = c("symbol", "accession", "name")) {
    call <- rlang::current_env()
    path <- check_file(file)
    options <- table_options(sep, header, skip, comment, call)
    id <- check_choice(id, id_parts)
    if (!is.null(min_score)) check_number(min_score)
    table <- open_table(
        path, options, header_rule(is_pair_header, from, to, score),
        list(find_sif), missing_marks, call
    )
    on.exit(close_lines(table$lines))
    found <- if (isTRUE(table$is_sif)) {
        check_no_columns(table, from, to, score, min_score, call)
        read_sif(table, call)
    } else {
        read_pair_columns(table, from, to, score, min_score, call)
    }
    ends <- lapply(found[c("from", "to")], pair_ids, id = id)
    low <- low_rows(found, min_score, table, call)
    pairs <- pairs_from_columns(
        ends$from[!low], ends$to[!low], found$score[!low], call
    )
    if (any(low)) pairs <- add_low_rows(pairs, sum(low))
    inform_pairs(pairs, file, found, table)
    pairs
}

# which rows have too low a score, or none
low_rows <- function(found, min_score, table, call) {
    if (is.null(min_score)) {
        return(rep(FALSE, length(found$from)))
    }
    low <- is.na(found$score) | found$score < min_score
    if (all(low)) {
        highest <- suppressWarnings(max(found$score, na.rm = TRUE))
        abort_input(c(
            "{.arg min_score} must be low enough to leave a pair.",
            x = "The highest score in {.file {table$file}} is {highest}."
        ), call = call)
    }
    low
}

# ids as a file has them -> gene ids, NA for what names no gene
pair_ids <- function(ids, id) {
    ids <- drop_missing_marks(gene_names(drop_missing_marks(ids), id))
    ids[look_like_dates(ids)] <- NA
    ids
}

# the report with the rows below min_score, which pairs_from_columns() never saw
add_low_rows <- function(pairs, n) {
    report <- attr(pairs, "report")
    report$n[report$reason == "input rows"] <- n +
        report$n[report$reason == "input rows"]
    attr(pairs, "report") <- rbind(report, new_report("below min_score", n))
    pairs
}

inform_pairs <- function(pairs, file, found, table) {
    notes <- sprintf("{table$notes[%d]}.", seq_along(table$notes))
    dates <- unique(c(found$from, found$to))
    dates <- dates[look_like_dates(dates)]
    inform_kith(c(
        "{.file {basename(file)}}: {count_of(nrow(pairs), 'pair')} from
        {found$source}.",
        i = "First ids: {first_of(pair_genes(pairs))}",
        i = if (length(dates)) {
            "Dates, which a spreadsheet has made of gene names, are missing ids:
            {first_of(dates)}. Get the table as text."
        },
        stats::setNames(notes, rep("i", length(notes)))
    ), class = "kith_message_pairs")
}

# ---- columns --------------------------------------------------------------

# list(from, to, score (or NULL), source)
read_pair_columns <- function(table, from, to, score, min_score, call) {
    columns <- table_sample(table)
    if (ncol(columns) < 2L) {
        abort_input(c(
            "{.file {table$file}} must have at least two columns.",
            x = "Its first row has one field:
            {.val {show_text(table$sample[[1L]][1L])}}.",
            i = "Is {.arg sep} right? Does it have a header?"
        ), call = call)
    }
    ends <- find_end_columns(columns, from, to, call, "file")
    at <- score_column(table, columns, score, ends, call)
    if (!is.null(min_score) && is.null(at)) {
        abort_input(c(
            "{.arg min_score} needs a column of scores.",
            i = "Name it with {.arg score}; the columns are
            {.field {table$columns}}."
        ), call = call)
    }
    types <- rep("skip", length(table$columns))
    types[ends] <- "text"
    types[at] <- "number"
    rows <- read_rows(table, types, call)
    found <- list(
        from = rows[[ends[1L]]], to = rows[[ends[2L]]],
        score = if (!is.null(at)) rows[[at]],
        source = paste(
            c(column_source(table, ends[1L]), column_source(table, ends[2L]),
            if (!is.null(at)) paste("score", column_source(table, at))),
            collapse = ", "
        )
    )
    if (is.null(from)) check_no_numbered_rows(found$from, table, ends, call)
    found
}

# names of columns of scores, as squeeze() leaves them
score_names <- c(
    "score", "combinedscore", "confidence", "confidencescore", "weight",
    "probability"
)

score_column <- function(table, columns, score, ends, call) {
    if (isFALSE(score)) {
        return(NULL)
    }
    if (is.null(score)) {
        at <- match(score_names, squeeze(names(columns)))
        at <- setdiff(at[!is.na(at)], ends)[1L]
        if (is.na(at)) {
            return(NULL)
        }
        # a fault among numbers is named when they are read
        values <- columns[[at]][!is.na(columns[[at]])]
        if (length(values) == 0L || any(parses(values))) {
            return(at)
        }
        note(table, "no score: ", column_source(table, at), " holds text")
        return(NULL)
    }
    at <- find_column(columns, score, "score", call, "file")
    if (at %in% ends) {
        abort_input(c(
            "{.arg score} must be another column than those of the ids.",
            x = "It is {.field {names(columns)[at]}}."
        ), call = call)
    }
    at
}

check_no_numbered_rows <- function(ids, table, ends, call) {
    if (length(ids) >= 3L && look_like_row_numbers(ids)) {
        abort_input(c(
            "{.file {table$file}} must have gene ids.",
            x = "Column {.field {table$columns[ends[1]]}} numbers the rows:
            {.val {utils::head(ids, 3)}}.",
            i = "Name the columns with {.arg from} and {.arg to}; there are
            {.field {table$columns}}."
        ), call = call)
    }
}

# Are the fields of the first line names of columns? No if one is an id that
# comes again or a number above numbers; yes if one is usual for columns; else
# no if they are of the form of most ids below.
is_pair_header <- function(first, rest) {
    number <- vapply(rest, is_number, logical(1))
    ids <- utils::head(which(!number), 2L)
    if (any(parses(first[number]) & nzchar(first[number])) ||
        any(first[ids] %in% unlist(rest[ids]))) {
        return(FALSE)
    }
    names <- squeeze(first)
    any(names %in% c(unlist(end_names), score_names)) ||
        all(grepl(id_column, utils::head(names, 2L))) ||
        !all(mapply(is_alike, first[ids], rest[ids]))
}

# has the text the kinds of characters of most of the others?
is_alike <- function(text, others) {
    others <- others[!is.na(others)]
    form <- function(x) {
        paste(grepl("[a-z]", x), grepl("[A-Z]", x), grepl("[ _]", x))
    }
    mostly(form(others) == form(text))
}

# ---- SIF ------------------------------------------------------------------

# Cytoscape's simple interaction format: source, relation and targets in each
# line, without a header; see open_table()
find_sif <- function(table, call) {
    ahead <- peek_lines(table$lines, 1000L, call)
    named <- grepl("[.]sif([.][a-z0-9]+)?$", table$file, TRUE)
    if (!named && !has_relations(ahead$text, table, call)) {
        return(FALSE)
    }
    tabs <- grepl("\t", ahead$text, fixed = TRUE, useBytes = TRUE)
    table$sep <- table$sep %||% if (any(tabs)) "\t" else ""
    table$header <- FALSE
    table$is_sif <- TRUE
    note(table, "a SIF file: the second field of a line is a relation")
    TRUE
}

# three fields in each line, of which the second is one of few words
has_relations <- function(lines, table, call) {
    sep <- table$sep %||% guess_separator(lines, table$file, call)
    fields <- split_fields(lines, sep, NULL, table$file, call)
    if (length(fields) < 2L || any(lengths(fields) != 3L)) {
        return(FALSE)
    }
    part <- function(at) vapply(fields, `[`, "", at)
    words <- part(2L)
    all(grepl("^[a-z]+([-_ ][a-z]+)*$", words)) &&
        length(unique(words)) <= length(words) / 2 &&
        !any(words %in% c(part(1L), part(3L))) && !any(parses(part(3L)))
}

# a line with a source alone has no pair
read_sif <- function(table, call) {
    lines <- read_lines(table$lines, call)
    fields <- split_fields(lines$text, table$sep, NULL, table$file, call)
    bad <- which(lengths(fields) == 2L)
    if (length(bad)) {
        abort_input(c(
            "{.file {table$file}} must have a source, a relation and targets in
            each line, as a SIF file.",
            x = "Line {lines$number[bad[1]]} has 2 fields.",
            i = "Give {.code header = TRUE} or {.code FALSE} if it is no SIF
            file."
        ), call = call)
    }
    targets <- lapply(fields, `[`, -(1:2))
    source <- vapply(fields, `[`, "", 1L)
    list(
        from = check_utf8(rep(source, lengths(targets)), table$file, call),
        to = check_utf8(unlist(targets), table$file, call),
        source = "sources and targets"
    )
}

check_no_columns <- function(table, from, to, score, min_score, call) {
    given <- c(
        from = !is.null(from), to = !is.null(to),
        score = !is.null(score) && !isFALSE(score),
        min_score = !is.null(min_score)
    )
    if (any(given)) {
        abort_input(c(
            "{.arg {names(which(given))}} cannot be given for a SIF file, which
            has no columns of that kind.",
            i = "Give {.code header = TRUE} or {.code FALSE} if
            {.file {table$file}} is another table."
        ), call = call)
    }
}
