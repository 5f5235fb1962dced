#' Guilt by association: score pairs by the partners of similar genes
#'
#' A baseline that needs no training. Each gene is described by the `k`
#' training genes that resemble it most, and two genes score high when the
#' ones that resemble the first are known partners of the ones that resemble
#' the second:
#' \deqn{s(a, b) = \sum_{ij} w_{ai} A_{ij} w_{bj}}
#' with \eqn{A} the 0/1 adjacency of the training pairs and \eqn{w_a} the
#' softmax of cosine / `temperature` over the `k` training genes nearest to
#' \eqn{a}. A training gene is its own nearest neighbour, so a training pair
#' counts for itself: scores of pairs that are in `pairs` say nothing about
#' new pairs.
#'
#' With `weights = "ridge"` the weights are those of kernel ridge regression
#' over all training genes, \eqn{w_a = (K + 0.3 I)^{-1} k_a} with the Laplace
#' kernel \eqn{\exp(-|x_i - x_j| / 0.4)}, and \eqn{A + I + J} stands for A:
#' genes that look alike count as candidates, and genes that share partners by
#' the Jaccard index J of these (kept to 256 eigenvectors). It takes the square
#' of the number of training genes in memory and its cube in time (beyond 8,192
#' a subset of so many carries the regression), and was better than the nearest
#' genes on three of four data sets; [learn_associations()] combines it with
#' what its networks learn.
#'
#' In the space that a fit has learned: `x = encode(fit)`.
#'
#' @param x Numeric matrix, one row per gene, with gene names as row names.
#'   Rows are scaled to unit length inside; no `NA`, no infinite value, no row
#'   of zeros.
#' @param pairs Data frame with a character column for each gene of a pair,
#'   `from` and `to` (or as [gene_pairs()] finds them): the training pairs.
#'   Their order, their orientation and repeats have no influence. The genes
#'   that occur here are the training genes.
#' @param candidates Data frame of such columns: the pairs to score.
#' @param k Number of training genes that describe a gene; all of them where
#'   there are fewer. 20 to 50 did equally well on held-out pairs of three
#'   organisms.
#' @param weights `"nearest"` or `"ridge"`, see above; `k` and `temperature`
#'   belong to the former.
#' @param temperature Width of the softmax, in units of cosine: the lower, the
#'   more the nearest gene decides.
#' @param threads Number of threads, see [train_control()]; it does not change
#'   the result.
#'
#' @return A numeric vector with one score per row of `candidates`, in their
#'   order: between 0 and 1 with `weights = "nearest"`. The score of (a, b) is
#'   that of (b, a).
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised where `x` is no matrix of
#' finite numbers with unique row names or has a row of zeros, where `pairs`
#' is empty or holds a pair of a gene with itself, and where a gene of `pairs`
#' or `candidates` is not in `x`.
#'
#' @references Oliver S (2000). "Guilt-by-association goes global." *Nature*
#'   403, 601-602. Pahikkala T et al. (2014). "A two-step learning approach for
#'   solving full and almost full cold start problems in dyadic prediction."
#'   ECML PKDD.
#' @family associations
#' @examples
#' set.seed(1)
#' # two modules of ten genes each
#' centres <- matrix(rnorm(2 * 8), 2)
#' x <- centres[rep(1:2, each = 10), ] + 0.5 * matrix(rnorm(20 * 8), 20)
#' rownames(x) <- paste0("g", seq_len(20))
#' pairs <- data.frame(
#'     from = c("g1", "g2", "g11", "g12"),
#'     to = c("g3", "g4", "g13", "g14")
#' )
#' candidates <- data.frame(from = c("g7", "g7"), to = c("g8", "g18"))
#' # a pair within a module, then a pair across
#' guilt_by_association(x, pairs, candidates, k = 4)
#' @export
guilt_by_association <- function(x, pairs, candidates, k = 20,
                                 temperature = 0.1,
                                 weights = c("nearest", "ridge"),
                                 threads = 1) {
    x <- check_gene_vectors(x)
    known <- index_genes(pairs, rownames(x))
    asked <- index_genes(candidates, rownames(x))
    if (length(known$from) == 0L) {
        abort_input(c(
            "{.arg pairs} must hold at least one pair.",
            x = "It has no rows."
        ), call = rlang::current_env())
    }
    k <- check_count(k)
    temperature <- check_number(temperature, min = 0, max = Inf, open = TRUE)
    weights <- check_choice(weights, c("nearest", "ridge"))
    threads <- check_threads(threads)
    if (weights == "ridge") {
        propagation <- fit_propagation(x, known$from - 1L, known$to - 1L,
            threads = threads
        )
        scorer <- propagation_scorer(
            propagation, propagate(propagation, x, threads)
        )
        return(score_rows(scorer, asked$from, asked$to, threads))
    }
    training <- sort(unique(c(known$from, known$to)))
    near <- nearest_genes(x, training, k, temperature, threads)
    partners <- list_known_partners(known, training)
    .Call(
        C_guilt, near, partners$starts, partners$genes,
        asked$from - 1L, asked$to - 1L, threads
    )
}

# The k rows of x[training, ] nearest to each row of x (of unit length), from
# 0, and their weights: list(genes, weights) of matrices nrow(x) x k.
nearest_genes <- function(x, training, k, temperature, threads) {
    .Call(
        C_neighbours, plain_scorer(x, x[training, , drop = FALSE]),
        min(k, length(training)), temperature, threads
    )
}

# The symmetric 0/1 adjacency of the pairs among training genes, as the list
# of partners of each: gene i has genes[starts[i] + 1] to genes[starts[i + 1]],
# numbered from 0.
list_known_partners <- function(pairs, training) {
    from <- match(c(pairs$from, pairs$to), training)
    to <- match(c(pairs$to, pairs$from), training)
    cells <- sort(unique((from - 1) * length(training) + (to - 1)))
    rows <- cells %/% length(training)
    list(
        starts = c(0L, cumsum(tabulate(rows + 1, length(training)))),
        genes = as.integer(cells %% length(training))
    )
}

# a matrix of finite doubles with unique row names, rows of unit length
check_gene_vectors <- function(x, name = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
    if (!is.matrix(x) || !is.numeric(x) || is.null(rownames(x))) {
        abort_input(c(
            "{.arg {name}} must be a numeric matrix with gene names as row
            names.",
            x = "It is {describe_value(x)}{if (is.matrix(x) && is.numeric(x))
            ' without row names'}."
        ), call = call)
    }
    check_unique_ids(rownames(x), name, rows = TRUE, call = call)
    if (!all(is.finite(x))) abort_not_finite(x, name = name, call = call)
    lengths <- sqrt(rowSums(x^2))
    if (any(lengths == 0)) {
        abort_input(c(
            "{.arg {name}} must not hold a row of zeros: it has no direction.",
            x = "The row of {.val {rownames(x)[lengths == 0][1]}} is zero."
        ), call = call)
    }
    x / lengths
}

# the genes of pairs as rows of x
index_genes <- function(pairs, universe, name = rlang::caller_arg(pairs),
                        call = rlang::caller_env()) {
    ends <- check_pair_columns(pairs, name = name, call = call)
    rows <- lapply(ends, match, table = universe)
    for (column in names(rows)) {
        unknown <- which(is.na(rows[[column]]))
        if (length(unknown) > 0L) {
            abort_input(c(
                "Every gene of {.arg {name}} must be a row name of {.arg x}.",
                x = "{.val {ends[[column]][unknown[1]]}} (row {unknown[1]})
                is not; {length(unknown)} row{?s} in column {.field {column}}
                {?is/are} affected.",
                i = "Leave out those pairs, or add the genes to {.arg x}."
            ), call = call)
        }
    }
    self <- which(rows$from == rows$to)
    if (length(self) > 0L) {
        abort_input(c(
            "{.arg {name}} must not pair a gene with itself.",
            x = "Row {self[1]} pairs {.val {ends$from[self[1]]}} with itself.",
            i = "Leave out such rows."
        ), call = call)
    }
    rows
}
