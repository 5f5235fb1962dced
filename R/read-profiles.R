#' Read gene profiles
#'
#' Reads a matrix of genes by features from a file: an h5ad file (AnnData, such
#' as the pseudo-bulk of a Perturb-seq screen), a wide table of DepMap (cell
#' lines in rows, `SYMBOL (Entrez id)` above the columns), a table of genes by
#' samples, or a long table such as those of the Human Protein Atlas. What comes
#' back goes into [as_embedding()] or [learn_associations()]. A message says
#' what became of rows, columns and missing values.
#'
#' What a file is shows in what is in it. Text may be plain or compressed (gz,
#' also of several streams, xz, bz2, a zip of one file), in UTF-8, with the line
#' ends of any system and with or without a byte order mark; `NA` and empty
#' fields are missing values. One line is one row: a line with another number of
#' fields is an error. Fields, also numbers, may be quoted, if the quote closes
#' on its line; any other quote is an ordinary character.
#'
#' The first column of a table holds the gene ids, or the row names as
#' [utils::write.table()] writes them; if it numbers the rows before a column of
#' text, that column does. Columns of text next to it (`Gene`, `Gene name`) and
#' a column of Entrez ids are further ids. A column of text further right is
#' left out and named in the message; if most of it are numbers it is an error.
#' `-`, `nan` and the like name no gene, nor do dates that a spreadsheet has
#' made of gene names (`1-Mar`): such rows are left out and counted.
#'
#' GCT files, tables of featureCounts (whose positions and lengths are no
#' features), ranked lists (`.rnk`) and the text format of word2vec and Gene2vec
#' are read by their own rules.
#'
#' Of an h5ad file `X` is read, dense or sparse (CSR, CSC), in the layout of
#' AnnData 0.7 and later or an older one.
#'
#' Names that hold two ids are taken apart if most names of the file are of
#' their form: those of Perturb-seq (`10005_POLR2D_P1P2_ENSG00000144231`) and of
#' DepMap (`POLR2D (5433)`, `TSPAN6 (ENSG00000000003)`). Rows of non-targeting
#' controls (`non-targeting`) are left out.
#'
#' Values that are missing or infinite (as where a control does not vary and a
#' z-score divides by zero) are handled in this order: features that lack more
#' than `max_missing` of their values are left out, then genes, then the rest is
#' filled in by `missing`. Rows of one gene are averaged last.
#'
#' @param file Path of the file.
#' @param gene_id Where the gene ids are: a column of the table or of `obs`, by
#'   name (of a table also by number). `NULL` takes the first column, or the
#'   index of `obs`.
#' @param genes_in Are the genes in the `"rows"` of the table (`obs` of an h5ad
#'   file) or in its `"columns"` (`var`)? `NULL` takes columns for tables with
#'   headers like DepMap's and where the rows are named like cells or samples,
#'   rows otherwise; the message says which.
#' @param id What to take from names that hold two ids: the gene `"symbol"`, the
#'   `"accession"` (Ensembl, Entrez) or the `"name"` as it is.
#' @param repeated What to do with several rows of one gene: take their
#'   `"mean"`, or `"keep"` them, with a number behind the later ones
#'   ([make.unique()]), so that pairs are found for the first of them only.
#'   With genes in columns the same holds for rows of one name, but that of a
#'   DepMap table with `IsDefaultEntryForModel` only those rows are taken.
#' @param missing What to fill in for values that are missing or infinite: the
#'   `"mean"` of the gene's other values, or `"zero"`, which fits z-scores. With
#'   `"error"` the first of them is an error.
#' @param max_missing The largest share of such values, from 0 to 1, that a
#'   feature or gene may have to be kept. One without any value is never kept.
#' @param feature,value Columns (name or number) of a long table, with one row
#'   for each gene and feature: what becomes the columns of the result, and its
#'   values. `feature` alone: with genes in columns, the column with the names
#'   of the rows. Values of one gene and feature are averaged. Rows without a
#'   feature are left out, and a message says how many.
#' @param delayed For an h5ad file: leave the values in the file, for matrices
#'   that do not fit into memory? (A sparse `X` is read and stays sparse.)
#'   Then `repeated = "mean"` cannot be done where there are repeated genes, nor
#'   `missing = "mean"` where values are missing.
#' @param sep For a text file: the character between two fields, `" "` for any
#'   white space. `NULL` takes what parts the first two lines alike: tab,
#'   comma, semicolon or white space.
#' @param header Is the first line the names of the columns? `NA` looks: it is
#'   none if it has numbers above all columns of numbers, unless the first field
#'   is a name for ids such as `gene`, or empty. The message says what was
#'   found.
#' @param skip Lines to leave out at the start of a text file.
#' @param comment Lines that start with this text are left out; `""`: none.
#'   `NA`: lines with `#` before the table, but for one that names columns.
#' @return A numeric matrix, genes x features, with different gene ids as row
#'   names; with `delayed` a [DelayedArray::DelayedMatrix]. It has the
#'   attributes
#'   \describe{
#'     \item{report}{a data frame with the columns `reason` and `n`. `input
#'       rows` is the sum of `genes` (rows of the result), `missing ids`,
#'       `controls`, `dates`, `incomplete genes` and `merged rows`; `input
#'       features` of `features` and `incomplete features`. `missing values` and
#'       `infinite values` count those of all rows with an id, `filled in` what
#'       `missing` filled in}
#'     \item{gene}{character, the gene of each row, also where `repeated =
#'       "keep"` has changed the name of the row}
#'   }
#' @section Errors:
#' An error of class `kith_error_input` is raised for a file that does not
#' exist, is empty, has a header only, is cut off, is no text in UTF-8 or is a
#' web page; for lines with another number of fields than the first and values
#' that are no numbers (the message names line and column); for gene ids that
#' look like numbers of rows, unless `gene_id` is given; for columns that are
#' not there; for an h5ad file without `X`, with an `X` of other than numbers,
#' or without an index; for a table that looks long while `feature` and `value`
#' are missing; and when no gene or feature is left. One of class
#' `kith_error_package` is raised for an h5ad file when the package HDF5Array is
#' not installed.
#' @family readers
#' @export
#' @examples
#' file <- tempfile(fileext = ".csv")
#' writeLines(c(
#'     ",A1BG (1),INTS1 (26173),SNAPC4 (6621)",
#'     "ACH-000001,0.12,-1.31,-0.92",
#'     "ACH-000002,,-1.27,-1.10",
#'     "ACH-000003,0.05,-1.45,-0.88"
#' ), file)
#' read_profiles(file, max_missing = 0.5)
#' unlink(file)
read_profiles <- function(file, gene_id = NULL, genes_in = NULL,
                          id = c("symbol", "accession", "name"),
                          repeated = c("mean", "keep"),
                          missing = c("mean", "zero", "error"),
                          max_missing = 0.2, feature = NULL, value = NULL,
                          delayed = FALSE, sep = NULL, header = NA, skip = 0,
                          comment = NA) {
    call <- rlang::current_env()
    path <- check_file(file)
    id <- check_choice(id, id_parts)
    repeated <- check_choice(repeated, c("mean", "keep"))
    missing <- check_choice(missing, c("mean", "zero", "error"))
    if (!is.null(genes_in)) check_choice(genes_in, c("rows", "columns"))
    check_number(max_missing, 0, 1)
    check_flag(delayed)
    options <- table_options(sep, header, skip, comment, call)
    found <- if (is_hdf5(path)) {
        need_package("HDF5Array", "Reading an h5ad file", call = call)
        check_no_text_arguments(file, feature, value, sep, call)
        read_h5ad(path, gene_id, genes_in, delayed, call)
    } else {
        check_no_h5ad(path, delayed, call)
        if (is.null(value)) {
            read_wide(
                path, gene_id, genes_in, feature, repeated, options, call
            )
        } else {
            check_long(feature, value, call)
            read_long(path, gene_id, feature, value, options, call)
        }
    }
    clean <- clean_profiles(found, id, repeated, missing, max_missing, call)
    inform_profiles(clean$x, file, found, clean$examples)
    clean$x
}

check_no_text_arguments <- function(file, feature, value, sep, call) {
    if (!is.null(c(feature, value, sep))) {
        abort_input(c(
            "{.arg feature}, {.arg value} and {.arg sep} are for text files.",
            x = "{.file {file}} is an HDF5 file."
        ), call = call)
    }
}

check_long <- function(feature, value, call) {
    if (is.null(feature) != is.null(value)) {
        name <- if (is.null(feature)) "feature" else "value"
        abort_input(c(
            "{.arg feature} and {.arg value} must be given together, but where
            genes are in columns.",
            x = "{.arg {name}} is missing.",
            i = if (is.null(value)) {
                "If the genes are in columns, add
                {.code genes_in = \"columns\"}."
            }
        ), call = call)
    }
}

is_hdf5 <- function(file) {
    con <- file(file, "rb")
    on.exit(close(con))
    identical(readBin(con, raw(), 8L), as.raw(
        c(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)
    ))
}

# file: one that is not HDF5
check_no_h5ad <- function(file, delayed, call) {
    if (grepl("[.]h5(ad)?([.](gz|xz|bz2|zip))?$", file, ignore.case = TRUE)) {
        # a web page says so itself
        check_no_page(readBin(file, raw(), 512L), file, call)
        abort_input(c(
            "{.file {file}} must be an HDF5 file, as its name says.",
            x = "It does not start as one.",
            i = "Unpack it if it is compressed, or get it again."
        ), call = call)
    }
    if (delayed) {
        abort_input(c(
            "{.arg delayed} is for h5ad files.",
            x = "{.file {file}} is none."
        ), call = call)
    }
}

# found: what was read, see read-profiles-table.R
inform_profiles <- function(x, file, found, examples) {
    report <- attr(x, "report")
    n <- stats::setNames(report$n, report$reason)
    told <- setdiff(names(n)[n > 0], c(
        "input rows", "genes", "input features", "features"
    ))
    left_out <- if (length(told)) {
        paste(format_count(n[told]), told, collapse = ", ")
    }
    size <- c(nrow(x), ncol(x), n[["input rows"]])
    told_size <- mapply(count_of, size, c("gene", "feature", "row"))
    notes <- sprintf("{found$notes[%d]}.", seq_along(found$notes))
    ignored <- found$ignored
    ignored[!nzchar(ignored)] <- "one without a name"
    inform_kith(c(
        "{.file {basename(file)}}: {told_size[1]} x {told_size[2]} from
        {told_size[3]}.",
        i = left_out,
        i = "Genes: {first_of(rownames(x))} ({found$source})",
        i = "Features: {first_of(colnames(x))}",
        i = if (length(examples$merged)) {
            "Rows merged: those of {first_of(examples$merged)}"
        },
        i = if (length(examples$dates)) {
            "Left out as dates, which a spreadsheet has made of gene names:
            {first_of(examples$dates)}. Get the table as text."
        },
        i = if (length(ignored)) "Columns not read: {.field {ignored}}.",
        stats::setNames(notes, rep("i", length(notes)))
    ), class = "kith_message_profiles")
}

# the first three of many
first_of <- function(x) {
    paste0(toString(utils::head(x, 3L)), if (length(x) > 3L) ", ...")
}
