# Gene pairs: the class and what makes one. A pair is unordered; the columns
# keep the orientation in which it was first listed.

#' Known gene pairs
#'
#' Collects pairs of genes that are known to belong together (interaction
#' partners, members of one complex, co-essential genes) into one tidy table.
#' A pair is unordered: A-B and B-A are the same pair and are kept once, in
#' the place and orientation in which it came first. Rows that name a gene
#' with itself or lack an id are left out. Nothing goes silently: a report
#' says how many rows came in and what became of each.
#'
#' @param x What holds the pairs:
#'   * a data frame (also a [S4Vectors::DataFrame]) with one pair per row;
#'   * a character matrix with two columns;
#'   * an igraph graph whose vertices have names;
#'   * a graphNEL graph of the package graph;
#'   * [S4Vectors::SelfHits], with the ids of its nodes in `genes`;
#'   * a square adjacency matrix of the package Matrix with ids as row and
#'     column names, symmetric or with one triangle only: each entry other
#'     than zero is a pair. A numeric matrix gives its values as scores, a
#'     logical or pattern matrix gives none.
#'   * `gene_pairs`, which come back as they are.
#' @param from,to Columns of a data frame that hold the two ids, by name or
#'   number. By default those with names that are usual for them (`from` and
#'   `to`, `gene1` and `gene2`, `SymbolA` and `SymbolB`, `protein1` and
#'   `protein2` and others, in any case), else the first two columns that do not
#'   number the rows, which a message says. Ids
#'   may be character, factor or whole numbers (Entrez); they are compared as
#'   they are, white space and case included. `NA` and `""` are missing ids.
#' @param score Column of a data frame (name or number), edge attribute of a
#'   graph or metadata column of `SelfHits` (name) with a numeric score of each
#'   pair, higher for stronger evidence. By default the one called `score`,
#'   where there is one. Of several rows that name the same pair the highest
#'   score is kept. A missing score stays `NA`.
#' @param genes For `SelfHits`: character vector with the id of each node.
#' @param ... Not used.
#' @return A data frame of class `gene_pairs` with one row per pair:
#'   \describe{
#'     \item{from, to}{character, the two gene ids}
#'     \item{score}{numeric, where the pairs have scores}
#'   }
#'   Its attribute `report`, shown by `print()` and `summary()`, is a data
#'   frame with the columns `reason` and `n`: the number of input rows, of
#'   those kept, of self pairs, of rows with a missing id, and of repeats the
#'   same way round (`duplicated`) and the other way round (`reversed`). The
#'   last five add up to the first. A subset of rows is again of the class,
#'   without the report.
#' @section Errors: `x` of a type that holds no pairs, columns that are not
#'   there, ids that are no whole numbers, scores that are not numeric, an
#'   adjacency matrix without names or that is neither symmetric nor
#'   triangular.
#' @family gene pairs
#' @export
#' @examples
#' listed <- data.frame(
#'     from = c("HSPA5", "MANF", "SNAPC4", "INTS1", "INTS1"),
#'     to = c("MANF", "HSPA5", "SNAPC1", "INTS1", NA),
#'     score = c(0.7, 0.9, 0.95, 1, 0.4)
#' )
#' pairs <- gene_pairs(listed)
#' pairs
#' summary(pairs)
gene_pairs <- function(x, ...) {
    UseMethod("gene_pairs")
}

#' @rdname gene_pairs
#' @export
gene_pairs.default <- function(x, ...) {
    call <- rlang::current_env()
    abort_input(c(
        "{.arg x} must be a data frame, a two-column character matrix, an
        igraph or graphNEL graph, {.cls SelfHits}, a square matrix of the
        package {.pkg Matrix} or {.cls gene_pairs}.",
        x = "It is {describe_value(x)}.",
        i = if (is.atomic(x) && is.null(dim(x))) {
            "Put two vectors of ids into {.code data.frame(from = , to = )}."
        }
    ), call = call)
}

#' @rdname gene_pairs
#' @export
gene_pairs.gene_pairs <- function(x, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    lost <- setdiff(c("from", "to"), names(x))
    if (length(lost)) {
        abort_input(c(
            "{.arg x} must have the columns {.field from} and {.field to}.",
            x = "It has lost {.field {lost}}.",
            i = "Make it again with {.fn gene_pairs}."
        ), call = call)
    }
    checked <- pairs_from_columns(
        x[["from"]], x[["to"]], x[["score"]], call
    )
    # a table that was changed by hand may hold what does not belong there
    same <- identical(checked$from, x[["from"]]) &&
        identical(checked$to, x[["to"]])
    if (same) x else checked
}

#' @rdname gene_pairs
#' @export
gene_pairs.data.frame <- function(x, from = NULL, to = NULL, score = NULL,
                                  ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    ends <- find_end_columns(x, from, to, call)
    if (is.null(score) && "score" %in% names(x)) {
        score <- "score"
    }
    values <- if (!is.null(score)) x[[find_column(x, score, "score", call)]]
    pairs_from_columns(x[[ends[1L]]], x[[ends[2L]]], values, call)
}

#' @rdname gene_pairs
#' @export
gene_pairs.DataFrame <- function(x, from = NULL, to = NULL, score = NULL,
                                 ...) {
    plain <- as.data.frame(x, optional = TRUE)
    gene_pairs.data.frame(plain, from, to, score, ...)
}

#' @rdname gene_pairs
#' @export
gene_pairs.matrix <- function(x, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    if (!is.character(x) || ncol(x) != 2L) {
        abort_input(c(
            "A matrix {.arg x} must be of type character and have two
            columns.",
            x = "It is a {typeof(x)} matrix with {ncol(x)} column{?s}.",
            i = "Turn an adjacency matrix into
            {.code Matrix::Matrix(x, sparse = TRUE)}, and a wider table into
            a data frame."
        ), call = call)
    }
    pairs_from_columns(x[, 1L], x[, 2L], NULL, call)
}

# ---- the one way to make the class ----------------------------------------

report_reasons <- c(
    "kept", "missing ids", "self pairs", "duplicated", "reversed"
)

# ids and scores of all rows -> gene_pairs with its report
pairs_from_columns <- function(from, to, score, call) {
    from <- as_ids(from, "from", call)
    to <- as_ids(to, "to", call)
    score <- check_pair_scores(score, call)
    genes <- unique(c(from, to))
    genes <- genes[!is.na(genes)]
    found <- unique_codes(
        match(from, genes) - 1L, match(to, genes) - 1L, score
    )
    rows <- found$rows
    counts <- found$counts
    reasons <- c(
        "kept", "self pairs", "missing ids", "duplicated", "reversed"
    )
    new_gene_pairs(from[rows], to[rows], found$score,
        report = new_report(
            c("input rows", reasons), c(length(from), counts[reasons])
        )
    )
}

# a, b: codes of genes from 0, NA where missing -> list(rows = the first of each
# pair, score = the best of each, counts = of all rows, by report_reasons)
unique_codes <- function(a, b, score) {
    found <- .Call(C_unique_pairs, a, b, score)
    list(
        rows = found$kept + 1L, score = found$score,
        counts = stats::setNames(found$counts, report_reasons)
    )
}

# ids that are known to be fine -> gene_pairs
new_gene_pairs <- function(from, to, score = NULL, report = NULL) {
    columns <- list(from = from, to = to)
    columns$score <- score
    structure(columns,
        class = c("gene_pairs", "data.frame"),
        row.names = .set_row_names(length(from)), report = report
    )
}

new_report <- function(reason, n) {
    data.frame(reason = reason, n = as.numeric(n))
}

# character ids with NA where one is missing
as_ids <- function(x, name, call) {
    if (is.factor(x)) {
        x <- as.character(x)
    } else if (is.numeric(x)) {
        x <- number_ids(x, name, call)
    } else if (is.logical(x) && all(is.na(x))) {
        x <- as.character(x)
    }
    if (!is.character(x)) {
        abort_input(c(
            "The ids in {.arg {name}} must be character, factor or whole
            numbers.",
            x = "They are {describe_value(x)}."
        ), call = call)
    }
    x <- as.vector(x)
    x[!nzchar(x)] <- NA_character_
    x
}

# whole numbers as ids, never in the form 1e+05
number_ids <- function(x, name, call) {
    bad <- which(!is.na(x) & !(is.finite(x) & x == round(x)))
    if (length(bad)) {
        abort_input(c(
            "Ids in {.arg {name}} that are numbers must be whole numbers.",
            x = "Element {bad[1]} is {x[bad[1]]}."
        ), call = call)
    }
    ids <- format(x, scientific = FALSE, trim = TRUE, digits = 15L)
    ids[is.na(x)] <- NA_character_
    ids
}

check_pair_scores <- function(score, call) {
    if (is.null(score)) {
        return(NULL)
    }
    if (!is.numeric(score)) {
        abort_input(c(
            "{.arg score} must be numeric.",
            x = "It is {describe_value(score)}."
        ), call = call)
    }
    as.double(score)
}

# ---- columns of a data frame ----------------------------------------------

find_end_columns <- function(x, from, to, call, holder = "x") {
    if (is.null(from) != is.null(to)) {
        name <- if (is.null(from)) "from" else "to"
        abort_input(c(
            "{.arg from} and {.arg to} must be given together.",
            x = "{.arg {name}} is missing."
        ), call = call)
    }
    if (is.null(from)) {
        return(guess_end_columns(x, call, holder))
    }
    c(
        find_column(x, from, "from", call, holder),
        find_column(x, to, "to", call, holder)
    )
}

# Names of the two columns of ids, as squeeze() leaves them: symbols before
# other ids, where a table has both.
end_names <- c(
    list(
        c("from", "to"),
        c("officialsymbolinteractora", "officialsymbolinteractorb"),
        c("sourcegenesymbol", "targetgenesymbol")
    ),
    unlist(lapply(c(
        "officialsymbol", "genesymbol", "symbol", "genename", "preferredname",
        "gene", "protein", "node", "interactor"
    ), function(stem) {
        list(paste0(stem, c("1", "2")), paste0(stem, c("a", "b")))
    }), recursive = FALSE),
    list(
        c("gene", "partner"), c("bait", "prey"),
        c("baitsymbol", "preysymbol"), c("source", "target"),
        c("regulator", "target"), c("id1", "id2"), c("ida", "idb"),
        c("idsinteractora", "idsinteractorb"), c("uniprota", "uniprotb"),
        c("entrezgeneinteractora", "entrezgeneinteractorb"),
        c("ensembl1", "ensembl2"), c("ensembla", "ensemblb"),
        c("entrez1", "entrez2"), c("entreza", "entrezb")
    )
)

guess_end_columns <- function(x, call, holder = "x") {
    if (ncol(x) < 2L) {
        abort_input(c(
            "{.arg {holder}} must have at least two columns, one for each gene
            of a pair.",
            x = "It has {ncol(x)}."
        ), call = call)
    }
    names <- squeeze(names(x))
    for (ends in end_names) {
        if (all(ends %in% names)) {
            return(match(ends, names))
        }
    }
    # the first two, without one that numbers the rows before them
    numbered <- ncol(x) > 2L && look_like_row_numbers(as.character(x[[1L]]))
    at <- c(1L, 2L) + numbered
    if (holder != "file") {
        inform_kith(
            "The genes of a pair are taken from the columns
            {.field {names(x)[at]}} of {.arg {holder}}.",
            class = "kith_message_pairs"
        )
    }
    at
}

# the ids of a data frame of pairs as they stand, as character vectors from, to
check_pair_columns <- function(x, name = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
    if (!is.data.frame(x)) {
        abort_input(c(
            "{.arg {name}} must be a data frame with a column for each gene of
            a pair, {.field from} and {.field to}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    at <- guess_end_columns(x, call, name)
    ends <- lapply(at, function(column) {
        genes <- x[[column]]
        if (is.factor(genes)) genes <- as.character(genes)
        label <- names(x)[column]
        if (!is.character(genes)) {
            abort_input(c(
                "Column {.field {label}} of {.arg {name}} must be character.",
                x = "It is {describe_value(genes)}."
            ), call = call)
        }
        if (anyNA(genes)) {
            abort_input(c(
                "{.arg {name}} must not hold missing genes.",
                x = "Row {which(is.na(genes))[1]} of column {.field {label}} is
                missing."
            ), call = call)
        }
        genes
    })
    stats::setNames(ends, c("from", "to"))
}

# a column by name or number -> its number; holder: the argument that x is from
find_column <- function(x, column, name, call, holder = "x") {
    at <- if (is.character(column) && length(column) == 1L) {
        match(column, names(x))
    } else if (is.numeric(column) && length(column) == 1L) {
        match(column, seq_len(ncol(x)))
    }
    if (is.null(at) || is.na(at)) {
        abort_input(c(
            "{.arg {name}} must be one column of {.arg {holder}}, by name or
            number.",
            x = "It is {describe_value(column)}.",
            i = "The columns are {.field {names(x)}}."
        ), call = call)
    }
    at
}
