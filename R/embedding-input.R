# The classes of Matrix are imported so that its methods are there whenever one
# of its objects arrives, from a file for instance.
#' @importClassesFrom Matrix Matrix dMatrix generalMatrix sparseMatrix
#'   CsparseMatrix
NULL

# From the objects that users hold to a checked matrix, genes x features, which
# may be sparse or file-backed: the one that as_embedding() and project_genes()
# compute with. name and call: what an error message names.
gene_matrix <- function(x, ..., name = "x", call = rlang::caller_env()) {
    UseMethod("gene_matrix")
}

gene_matrix.default <- function(x, ..., name = "x",
                                call = rlang::caller_env()) {
    abort_input(c(
        "{.arg {name}} must be a numeric matrix, a data frame, a sparse or
        delayed matrix, or a SummarizedExperiment.",
        x = "It is {describe_value(x)}."
    ), call = call)
}

gene_matrix.matrix <- function(x, ..., name = "x", call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    if (!is.numeric(x)) {
        abort_input(c(
            "{.arg {name}} must be numeric.",
            x = "It is a {typeof(x)} matrix."
        ), call = call)
    }
    check_gene_rows(x, name, call)
}

gene_matrix.data.frame <- function(x, ..., name = "x",
                                   call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    numeric <- vapply(x, is.numeric, logical(1))
    if (!all(numeric)) {
        first <- which(!numeric)[1]
        column <- names(x)[first]
        abort_input(c(
            "{.arg {name}} must have numeric columns only.",
            x = "Column {.val {column}} is {describe_value(x[[first]])}.",
            i = if (anyDuplicated(x[[first]])) {
                "Gene ids belong in the row names, each once, and in that column
                they repeat:
                {.code {name}[!duplicated({name}[[\"{column}\"]]), ]} keeps the
                first row of each."
            } else {
                "Gene ids belong in the row names:
                {.code data.frame({name}, row.names = \"{column}\", check.names
                = FALSE)} puts those of that column there."
            }
        ), call = call)
    }
    # row names that are numbers count rows, also behind a filter
    own_names <- is.character(attr(x, "row.names"))
    x <- as.matrix(x)
    if (!own_names) {
        rownames(x) <- NULL
    }
    check_gene_rows(x, name, call)
}

gene_matrix.Matrix <- function(x, ..., name = "x", call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    if (!methods::is(x, "dMatrix")) {
        abort_input(c(
            "{.arg {name}} must be numeric.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    x <- if (methods::is(x, "sparseMatrix")) {
        methods::as(methods::as(x, "generalMatrix"), "CsparseMatrix")
    } else {
        as.matrix(x)
    }
    check_gene_rows(x, name, call)
}

gene_matrix.DelayedMatrix <- function(x, ..., name = "x",
                                      call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    need_package("DelayedArray", "Reading a delayed matrix", call = call)
    if (!DelayedArray::type(x) %in% c("double", "integer")) {
        abort_input(c(
            "{.arg {name}} must be numeric.",
            x = "It is a delayed matrix of type {DelayedArray::type(x)}."
        ), call = call)
    }
    check_gene_rows(x, name, call)
}

gene_matrix.SummarizedExperiment <- function(x, assay = 1, ..., name = "x",
                                             call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    gene_matrix(chosen_assay(x, assay, name, call), name = name, call = call)
}

# an assay of a SummarizedExperiment, by name or number
chosen_assay <- function(x, assay, name, call) {
    known <- SummarizedExperiment::assayNames(x)
    count <- length(SummarizedExperiment::assays(x, withDimnames = FALSE))
    check_element(assay, known, count, "assay", name, call)
    SummarizedExperiment::assay(x, assay)
}

gene_matrix.SingleCellExperiment <- function(x, assay = 1, reduced_dim = NULL,
                                             ..., name = "x",
                                             call = rlang::caller_env()) {
    if (is.null(reduced_dim)) {
        return(gene_matrix.SummarizedExperiment(x, assay, ...,
            name = name, call = call
        ))
    }
    rlang::check_dots_empty(call = call)
    need_package("SingleCellExperiment", "Reading reduced dimensions",
        call = call
    )
    known <- SingleCellExperiment::reducedDimNames(x)
    check_element(reduced_dim, known, length(known), "reduced_dim", name, call)
    found <- SingleCellExperiment::reducedDim(x, reduced_dim)
    gene_matrix(as.matrix(found), name = name, call = call)
}

# choice: the name or number of one of the parts of a container
check_element <- function(choice, known, count, arg, name, call) {
    found <- length(choice) == 1L && !is.na(choice) && if (is.numeric(choice)) {
        choice %in% seq_len(count)
    } else {
        choice %in% known
    }
    if (!found) {
        named <- if (length(known) > 0L) {
            "Its names: {.val {known}}."
        }
        abort_input(c(
            "{.arg {arg}} must be the name or number of one of the {count} there
            {?is/are} in {.arg {name}}.",
            x = "It is {describe_value(choice)}.",
            i = named
        ), call = call)
    }
}

# rows and columns are there, and each row has an id of its own
check_gene_rows <- function(x, name, call) {
    if (nrow(x) == 0L || ncol(x) == 0L) {
        abort_input(c(
            "{.arg {name}} must have genes (rows) and features (columns).",
            x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
        ), call = call)
    }
    ids <- rownames(x)
    if (is.null(ids)) {
        abort_input(c(
            "{.arg {name}} must have gene ids as row names.",
            x = "It has none, or numbers of rows.",
            i = "Set them with {.code rownames({name}) <- ids}, after
            {.fn as.matrix} if it is a data.table or a tibble."
        ), call = call)
    }
    if (look_like_row_numbers(ids)) {
        inform_kith(c(
            "!" = "The row names of {.arg {name}} look like numbers of rows, not
            genes: {.val {utils::head(ids, 3)}}."
        ), class = "kith_message_ids")
    }
    check_unique_ids(ids, name,
        rows = TRUE,
        advice = "Merge such rows with {.fn rename_genes}, or make the names
        unique with {.fn make.unique}.",
        call = call
    )
    x
}
