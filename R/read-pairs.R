#' Read gene pairs from an edge list
#'
#' Reads a text table with one pair of genes in each row, such as the files of
#' HuRI, hu.MAP or BioPlex, and gives it to [gene_pairs()].
#'
#' Files may be plain or compressed (gz, xz, bz2, zip), in UTF-8, with the line
#' ends of any system, with or without a byte order mark. Fields may be quoted.
#' Ids are read as text, `NA` and empty fields as missing ids, which the report
#' counts.
#'
#' @param file Path of a text file with one pair in each line.
#' @param from,to Columns that hold the two ids, by name or number. By default
#'   those called `from` and `to`, else `gene1` and `gene2`, else `protein1`
#'   and `protein2`, else the first two.
#' @param score Column (name or number) with a numeric score of each pair,
#'   higher for stronger evidence; by default the one called `score`, where
#'   there is one.
#' @param sep The character between two fields, `" "` for any white space.
#'   `NULL` takes what parts the first two lines alike: tab, comma, semicolon
#'   or white space.
#' @param header Is the first line the names of the columns? If not, as in the
#'   files of HuRI and hu.MAP, columns are given by number.
#' @return A data frame of class `gene_pairs`; see [gene_pairs()], also for its
#'   report of rows that were left out.
#' @section Errors:
#' An error of class `kith_error_input` is raised for a file that does not
#' exist, is empty, has a header only, is cut off, is no text in UTF-8 or is a
#' web page; for lines with another number of fields than the first (the message
#' names the line), for a score that is no number, for columns that are not
#' there, and when the first line looks like a pair, not like names of columns:
#' one of its ids comes again in the same columns, or a number is above numbers.
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
#' read_pairs(file, score = "probability")
#' unlink(file)
read_pairs <- function(file, from = NULL, to = NULL, score = NULL, sep = NULL,
                       header = TRUE) {
    call <- rlang::current_env()
    path <- check_file(file)
    check_flag(header)
    sep <- check_separator(sep)
    table <- open_table(path, sep, header, call)
    on.exit(close(table$con))
    layout <- table$layout
    columns <- table_sample(table)
    if (ncol(columns) < 2L) {
        abort_input(c(
            "{.file {file}} must have at least two columns.",
            x = "The first line has one field: {.val {layout$columns[1]}}.",
            i = "Is {.arg sep} right? Does it have a header?"
        ))
    }
    ends <- find_end_columns(columns, from, to, call, "file")
    if (is.null(score) && "score" %in% layout$columns) {
        score <- "score"
    }
    if (header && !is.character(from) && !is.character(score)) {
        check_header(columns, layout, ends, call)
    }
    layout$types[] <- "skip"
    layout$types[ends] <- "text"
    at <- if (!is.null(score)) {
        find_column(columns, score, "score", call, "file")
    }
    if (any(ends %in% at)) {
        abort_input(c(
            "{.arg score} must be another column than those of the ids.",
            x = "It is {.field {layout$columns[at]}}."
        ))
    }
    layout$types[at] <- "number"
    rows <- scan_rows(table$con, layout, call = call)
    check_complete(table$con, path, call)
    pairs_from_columns(rows[[ends[1L]]], rows[[ends[2L]]],
        if (!is.null(at)) rows[[at]], call
    )
}

# A file without names of columns would lose its first pair. columns: the first
# rows; ends: those of the ids
check_header <- function(columns, layout, ends, call) {
    names <- names(columns)
    is_id <- names[ends] %in% unlist(columns[ends])
    is_value <- layout$types == "number" & nzchar(names) & parses(names)
    if (any(is_id) || any(is_value[-ends])) {
        abort_input(c(
            "{.file {layout$file}} must have the names of its columns in the
            first line.",
            x = "That is {.val {names}}, which looks like a pair.",
            i = "Use {.code header = FALSE} if it is one. If not, name the
            columns with {.arg from} and {.arg to}."
        ), call = call)
    }
}
