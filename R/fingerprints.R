# Fingerprints: rows of 0 and 1, compared as packed bits.

#' Tanimoto similarity of fingerprints
#'
#' The Tanimoto (Jaccard) similarity of two fingerprints is the number of bits
#' that both have over the number that at least one has,
#' \eqn{|a \wedge b| / |a \vee b|}{|a & b| / |a | b|}. Rows are packed into
#' words of 64 bits, whose bits the processor counts at once: all pairs of
#' 5,000 drugs with 2,048 bits take less than a second.
#'
#' Two fingerprints without any bit are equal, so their similarity is 1; with
#' one that has bits it is 0. So the matrix of `x` with itself is positive
#' semi-definite with a diagonal of 1, a kernel that models of drugs can use
#' ([method_kernels()]).
#'
#' @param x A matrix of 0 and 1 (numeric, integer or logical), drugs x bits,
#'   with the ids of the drugs as row names.
#' @param y Another, with the same bits; `NULL`: `x` itself.
#' @param threads Number of threads; it does not change the result.
#'
#' @return A matrix of similarities from 0 to 1, rows of `x` x rows of `y`,
#'   named by their ids. It holds 8 bytes for each pair: 20,000 x 20,000 drugs
#'   need 3.2 GB; [group_drugs()] does without.
#' @section Errors: Of class `kith_error_input`: no matrix, no row, no bit, a
#'   value that is neither 0 nor 1 (row and column are named), row names that
#'   are missing or come twice, other bits in `y` than in `x`.
#' @references Rogers DJ, Tanimoto TT (1960). "A computer program for
#'   classifying plants." *Science* 132, 1115-1118. Ralaivola L et al. (2005).
#'   "Graph kernels for chemical informatics." *Neural Networks* 18, 1093-1110.
#' @family drug response functions
#' @examples
#' bits <- rbind(
#'     aspirin = c(1, 1, 0, 0, 1), salicylate = c(1, 1, 0, 0, 0),
#'     taxol = c(0, 0, 1, 1, 1)
#' )
#' tanimoto(bits)
#' tanimoto(bits, bits["taxol", , drop = FALSE])
#' @export
tanimoto <- function(x, y = NULL, threads = 1) {
    x <- check_fingerprints(x)
    threads <- check_threads(threads)
    if (is.null(y)) {
        y <- x
    } else {
        y <- check_fingerprints(y)
        check_same_bits(x, y)
    }
    similarities <- .Call(C_tanimoto, x, y, threads)
    dimnames(similarities) <- list(x$ids, y$ids)
    similarities
}

#' Groups of drugs of like structure
#'
#' Joins drugs whose fingerprints are more alike than a threshold, directly or
#' through others in between (connected components, single linkage). Salts,
#' stereoisomers and close analogues of a drug come into one group, which a
#' split for drugs never seen must not tear apart: else the test meets what it
#' was trained on.
#'
#' Pairs are compared in blocks and never stored; drugs whose numbers of bits
#' alone keep them apart are not compared. 20,000 drugs with 2,048 bits take
#' seconds and, beside `x`, some 20 MB.
#'
#' @inheritParams tanimoto
#' @param threshold Drugs are joined where their [tanimoto()] similarity is
#'   above this; at least 0, below 1.
#'
#' @return The number of each drug's group, an integer vector named by the rows
#'   of `x`. Groups are numbered in the order of their first drug.
#' @section Errors: Of class `kith_error_input`: as in [tanimoto()], and a
#'   `threshold` out of its range.
#' @references Kramer C, Gedeck P (2010). "Leave-cluster-out cross-validation is
#'   appropriate for scoring functions derived from diverse protein data sets."
#'   *J Chem Inf Model* 50, 1961-1969.
#' @family drug response functions
#' @examples
#' bits <- rbind(
#'     base = c(1, 1, 1, 0, 0), salt = c(1, 1, 1, 1, 0),
#'     other = c(0, 0, 0, 1, 1)
#' )
#' group_drugs(bits, threshold = 0.7)
#' @export
group_drugs <- function(x, threshold = 0.9, threads = 1) {
    x <- check_fingerprints(x)
    threshold <- check_number(threshold, 0, 1)
    if (threshold == 1) {
        abort_input(c(
            "{.arg threshold} must be below 1.",
            x = "It is 1, which no similarity exceeds.",
            i = "{.code threshold = 0.999} joins drugs of equal fingerprints."
        ))
    }
    threads <- check_threads(threads)
    # rows of rising counts: those out of reach of a row lie behind the others
    rising <- order(x$counts)
    width <- 8L * x$n_words
    words <- matrix(x$words, width)[, rising, drop = FALSE]
    sorted <- list(
        words = as.vector(words), counts = x$counts[rising], n_words = x$n_words
    )
    leader <- integer(length(rising))
    leader[rising] <- .Call(C_tanimoto_groups, sorted, threshold, threads)
    stats::setNames(match(leader, unique(leader)), x$ids)
}

# Packed rows of a matrix of 0 and 1:
# list(words = raw, counts = bits of each row, n_words, n_bits, ids).
check_fingerprints <- function(x, name = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
    if (!is.matrix(x) || !(is.numeric(x) || is.logical(x))) {
        abort_input(c(
            "{.arg {name}} must be a matrix of 0 and 1, drugs x bits.",
            x = "It is {describe_value(x)}.",
            i = "{.code as.matrix()} turns data frames and sparse matrices into
            one."
        ), call = call)
    }
    if (nrow(x) == 0L || ncol(x) == 0L) {
        abort_input(c(
            "{.arg {name}} must have drugs in rows and bits in columns.",
            x = "It is {nrow(x)} x {ncol(x)}."
        ), call = call)
    }
    ids <- rownames(x)
    if (is.null(ids)) {
        abort_input(c(
            "{.arg {name}} must have the ids of its drugs as row names.",
            i = "Set them with {.code rownames({name}) <- ids}."
        ), call = call)
    }
    check_unique_ids(ids, name, rows = TRUE, call = call)
    packed <- .Call(C_pack_bits, x)
    if (packed$at > 0) {
        at <- arrayInd(packed$at, dim(x))
        column <- colnames(x)[at[2L]] %||% at[2L]
        abort_input(c(
            "{.arg {name}} must hold 0 and 1 only.",
            x = "Row {.val {ids[at[1L]]}}, column {.val {column}} is
            {format(x[at])}.",
            i = "Counts become bits with {.code ({name} > 0) * 1}; other
            features are compared by their distance."
        ), call = call)
    }
    list(
        words = packed$words, counts = packed$counts, n_words = packed$n_words,
        n_bits = ncol(x), bits = colnames(x), ids = ids
    )
}

# both have the same bits in the same order
check_same_bits <- function(x, y, call = rlang::caller_env()) {
    if (x$n_bits != y$n_bits) {
        abort_input(c(
            "{.arg y} must have the bits of {.arg x}.",
            x = "They have {y$n_bits} and {x$n_bits} columns."
        ), call = call)
    }
    named <- !is.null(x$bits) && !is.null(y$bits)
    if (named && !identical(x$bits, y$bits)) {
        at <- which(x$bits != y$bits)[1L]
        abort_input(c(
            "{.arg y} must have the bits of {.arg x} in the same order.",
            x = "Column {at} is {.val {y$bits[at]}} and {.val {x$bits[at]}}.",
            i = "{.code y[, colnames(x)]} puts them in order."
        ), call = call)
    }
    invisible(y)
}
