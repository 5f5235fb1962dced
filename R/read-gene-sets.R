#' Read gene sets from a GMT file
#'
#' Reads the gene matrix transposed format, in which Reactome, MSigDB, Enrichr
#' and others give pathways: in each line the name of a set, a description and
#' the genes, separated by tabs. The file may be plain or compressed.
#'
#' Genes that a set names twice are kept once, and sets without a gene are left
#' out. Sets of the same name stay apart: the later ones get a number
#' ([make.unique()]).
#'
#' @param file Path of a GMT file.
#' @param id What to take from names that hold two ids, as in `TP53 (7157)`;
#'   see [read_profiles()].
#' @return A named list with a character vector of different gene ids for each
#'   set, in the order of the file. It has the attributes
#'   \describe{
#'     \item{description}{character, the second field of each set, named by set;
#'       `NA` where it is empty}
#'     \item{report}{a data frame with the columns `reason` and `n`: the number
#'       of sets in the file, of those kept, of empty sets left out, of sets
#'       that were renamed, and of repeated genes left out}
#'   }
#' @section Errors:
#' An error of class `kith_error_input` is raised for a file that does not
#' exist, is empty, is cut off, is no text in UTF-8 or is a web page, for a line
#' without a tab or without a name (the message has its number), and when no set
#' has a gene.
#' @family readers
#' @export
#' @examples
#' file <- tempfile(fileext = ".gmt")
#' writeLines(c(
#'     "Integrator\tcomplex\tINTS1\tINTS2\tC7orf26\tINTS1",
#'     "SNAPc\t\tSNAPC1\tSNAPC4"
#' ), file)
#' sets <- read_gene_sets(file)
#' lengths(sets)
#' attr(sets, "report")
#' unlink(file)
read_gene_sets <- function(file, id = c("symbol", "accession", "name")) {
    call <- rlang::current_env()
    id <- check_choice(id, id_parts)
    path <- check_file(file)
    lines <- open_lines(path, call)
    on.exit(close_lines(lines))
    found <- read_lines(lines, call)
    text <- check_utf8(as.character(found$text), file, call)
    # empty fields at the end go, as strsplit() has it
    fields <- lapply(strsplit(text, "\t", fixed = TRUE), trim)
    bad <- which(lengths(fields) < 2L |
        !vapply(fields, function(x) nzchar(x[1L]), logical(1)))
    if (length(bad)) {
        first <- strtrim(text[bad[1]], 40L)
        abort_input(c(
            "{.file {file}} must have a name, a description and genes in each
            line, separated by tabs.",
            x = "Line {found$number[bad[1]]} is {.val {first}}."
        ))
    }
    sets <- gene_sets_from_fields(fields, id)
    if (length(sets) == 0L) {
        abort_input(c(
            "{.file {file}} must have a set with genes.",
            x = if (length(text)) {
                "All of its sets are empty."
            } else {
                "It is blank."
            }
        ))
    }
    first <- unique(unlist(utils::head(sets, 3L)))
    inform_kith(c(
        "{.file {basename(file)}}: {count_of(length(sets), 'set')} with
        {count_of(sum(lengths(sets)), 'gene')}.",
        i = "First ids: {first_of(first)}"
    ), class = "kith_message_sets")
    sets
}

# fields: name, description, genes of each set; id: see gene_names()
gene_sets_from_fields <- function(fields, id) {
    given <- vapply(fields, `[`, "", 1L)
    listed <- lapply(fields, `[`, -(1:2))
    named <- utils::relist(gene_names(unlist(listed), id), listed)
    genes <- lapply(named, function(x) x[!is.na(x) & nzchar(x)])
    sets <- lapply(genes, unique)
    description <- vapply(fields, `[`, "", 2L)
    description[!nzchar(description)] <- NA
    full <- lengths(sets) > 0L
    name <- make.unique(given[full])
    report <- new_report(
        c("sets", "kept", "empty", "renamed", "repeated genes"),
        c(
            length(sets), sum(full), sum(!full), sum(name != given[full]),
            sum(lengths(genes) - lengths(sets))
        )
    )
    structure(stats::setNames(sets[full], name),
        description = stats::setNames(description[full], name),
        report = report
    )
}
