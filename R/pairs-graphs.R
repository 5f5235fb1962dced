# Gene pairs from graphs, hits and adjacency matrices.

#' @rdname gene_pairs
#' @export
gene_pairs.igraph <- function(x, score = NULL, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    need_package("igraph", "A graph in {.arg x}", call)
    if (!"name" %in% igraph::vertex_attr_names(x)) {
        abort_input(c(
            "The vertices of {.arg x} must have names, which are the gene
            ids.",
            i = "Set them with {.code igraph::V(x)$name <- ids}."
        ), call = call)
    }
    score <- find_attribute(score, igraph::edge_attr_names(x), call)
    ends <- igraph::as_edgelist(x, names = TRUE)
    values <- if (!is.null(score)) igraph::edge_attr(x, score)
    pairs_from_columns(ends[, 1L], ends[, 2L], values, call)
}

#' @rdname gene_pairs
#' @export
gene_pairs.graphNEL <- function(x, score = NULL, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    need_package("graph", "A graph in {.arg x}", call)
    score <- find_attribute(score, names(graph::edgeDataDefaults(x)), call)
    ends <- graph::edgeMatrix(x, duplicates = FALSE)
    genes <- graph::nodes(x)
    from <- genes[ends[1L, ]]
    to <- genes[ends[2L, ]]
    values <- if (!is.null(score)) {
        unlist(graph::edgeData(x, from, to, score), use.names = FALSE)
    }
    pairs_from_columns(from, to, values, call)
}

#' @rdname gene_pairs
#' @export
gene_pairs.SelfHits <- function(x, genes, score = NULL, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    n_nodes <- S4Vectors::nnode(x)
    if (missing(genes) || !is.character(genes) || length(genes) != n_nodes) {
        given <- if (missing(genes)) "missing" else describe_value(genes)
        abort_input(c(
            "{.arg genes} must be a character vector with one id for each of
            the {n_nodes} nodes of {.arg x}.",
            x = "It is {given}."
        ), call = call)
    }
    columns <- S4Vectors::mcols(x)
    score <- find_attribute(score, names(columns), call)
    values <- if (!is.null(score)) columns[[score]]
    pairs_from_columns(
        genes[S4Vectors::queryHits(x)], genes[S4Vectors::subjectHits(x)],
        values, call
    )
}

#' @rdname gene_pairs
#' @export
gene_pairs.Matrix <- function(x, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    genes <- adjacency_genes(x, call)
    entries <- adjacency_entries(x, genes, call)
    pairs_from_columns(
        genes[entries$row], genes[entries$column], entries$value, call
    )
}

# a score is an edge attribute by name; NULL means `score`, where there is one
find_attribute <- function(score, attributes, call) {
    if (is.null(score)) {
        return(if ("score" %in% attributes) "score")
    }
    if (!is.character(score) || length(score) != 1L ||
        !score %in% attributes) {
        known <- if (length(attributes)) attributes else "none"
        abort_input(c(
            "{.arg score} must name one edge attribute of {.arg x}.",
            x = "It is {describe_value(score)}.",
            i = "The attributes are {.field {known}}."
        ), call = call)
    }
    score
}

# the ids of a square matrix: its row and column names, which must agree
adjacency_genes <- function(x, call) {
    if (nrow(x) != ncol(x)) {
        abort_input(c(
            "An adjacency matrix {.arg x} must be square.",
            x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
        ), call = call)
    }
    sides <- dimnames(x)
    genes <- if (is.null(sides[[1L]])) sides[[2L]] else sides[[1L]]
    if (is.null(genes)) {
        abort_input(c(
            "An adjacency matrix {.arg x} must have gene ids as row names.",
            i = "Set them with {.code rownames(x) <- ids}."
        ), call = call)
    }
    apart <- which(genes != sides[[2L]])
    if (length(apart)) {
        abort_input(c(
            "Row names and column names of {.arg x} must be the same.",
            x = "Row {apart[1]} is {.val {genes[apart[1]]}}, column
            {apart[1]} is {.val {sides[[2]][apart[1]]}}."
        ), call = call)
    }
    check_unique_ids(genes, "x", rows = TRUE, call = call)
}

# the entries other than zero, each pair of a symmetric matrix once
adjacency_entries <- function(x, genes, call) {
    x <- methods::as(methods::as(x, "generalMatrix"), "CsparseMatrix")
    x@Dimnames <- list(NULL, NULL)
    x <- Matrix::drop0(x)
    row <- x@i + 1L
    column <- rep.int(seq_len(ncol(x)), diff(x@p))
    value <- if (methods::is(x, "dMatrix")) x@x
    if (any(row < column) && any(row > column)) {
        if (!Matrix::isSymmetric(x)) {
            abort_asymmetric(x, genes, call)
        }
        once <- row <= column
        row <- row[once]
        column <- column[once]
        value <- value[once]
    }
    list(row = row, column = column, value = value)
}

abort_asymmetric <- function(x, genes, call) {
    apart <- Matrix::which(x != Matrix::t(x), arr.ind = TRUE)
    first <- genes[apart[1L, ]]
    abort_input(c(
        "An adjacency matrix {.arg x} must be symmetric or triangular.",
        x = "The entry of {.val {first[1]}} and {.val {first[2]}} differs
        from that of {.val {first[2]}} and {.val {first[1]}}.",
        i = "Make it symmetric, for instance by the mean of both entries,
        {.code (x + Matrix::t(x)) / 2}."
    ), call = call)
}
