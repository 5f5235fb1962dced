#' Bootstrap intervals of the AUC
#'
#' Draws the data again and again with replacement and looks how the AUC
#' varies. All scorers (columns) are judged on the same draws, so a
#' difference of two of them can be taken draw by draw.
#'
#' Pairs that share a gene are not independent: a resampling of pairs takes
#' them as if they were and gives intervals that are too short. With
#' `by = "genes"` the genes that occur in `pairs` are drawn with replacement,
#' and a pair counts as often as the product of the counts of its two genes.
#' That is the interval to report when scores are to hold for other genes.
#' With `by = "pairs"` positives are drawn from the positives and negatives
#' from the negatives, so their numbers stay.
#'
#' Random numbers come from a stream per draw whose key is taken from R's
#' generator: `set.seed()` before the call fixes the result, and `threads` does
#' not change it.
#'
#' @param scores Numeric vector, or a numeric matrix or data frame with one
#'   row per item and one column per scorer. No `NA`.
#' @param positive Logical vector (or 0/1), one label per item.
#' @param pairs Data frame with a character column for each gene of a pair,
#'   `from` and `to` (or as [gene_pairs()] finds them), one row per item.
#'   Needed for `by = "genes"` only.
#' @param draws Number of bootstrap draws. 1,000 makes the ends of a 95 %
#'   interval steady to about a twentieth of its width.
#' @param by What is drawn: `"pairs"` or `"genes"`.
#' @param level Coverage of the intervals, between 0 and 1.
#' @param threads Number of threads, as in [train_control()].
#'
#' @return A data frame with one row per scorer: `scorer` (its column name, or
#'   `"score"` for a vector), `auc` (of the data as they are), `lower` and
#'   `upper` (percentile interval), `se` (standard deviation over the draws),
#'   and `usable_draws`. A draw of genes may leave no positive or no negative
#'   pair; it has no AUC, is left out of the summary, and lowers
#'   `usable_draws`. The attribute `"draws"` is the matrix behind it, draws in
#'   rows and scorers in columns, with `NA` for such draws; differences of its
#'   columns are paired.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for missing scores or labels,
#' lengths that differ, labels of one class only, `by = "genes"` without
#' `pairs`, and where fewer than two draws are usable.
#'
#' @references Efron B, Tibshirani RJ (1993). *An Introduction to the
#'   Bootstrap*. Chapman & Hall. Owen AB (2007). "The pigeonhole bootstrap."
#'   *Annals of Applied Statistics* 1, 386-411, for drawing both sides of a
#'   pair.
#' @family metrics
#' @examples
#' set.seed(1)
#' positive <- rep(c(TRUE, FALSE), c(40, 160))
#' scores <- cbind(
#'     good = rnorm(200) + 1.5 * positive,
#'     poor = rnorm(200) + 0.5 * positive
#' )
#' result <- bootstrap_auc(scores, positive, draws = 200)
#' result
#' # interval of the difference, draw by draw
#' draws <- attr(result, "draws")
#' quantile(draws[, "good"] - draws[, "poor"], c(0.025, 0.975))
#' @export
bootstrap_auc <- function(scores, positive, pairs = NULL, draws = 1000,
                          by = c("pairs", "genes"), level = 0.95,
                          threads = 1) {
    by <- rlang::arg_match(by)
    scores <- check_score_columns(scores)
    positive <- check_labels(positive, nrow(scores))
    check_both_classes(positive)
    draws <- check_count(draws, min = 2)
    level <- check_number(level, min = 0, max = 1, open = TRUE)
    threads <- check_threads(threads)
    genes <- if (by == "genes") index_pair_genes(pairs, nrow(scores))
    aucs <- bootstrap_draws(scores, positive, genes, draws, threads)
    summarise_draws(scores, positive, aucs, level)
}

# AUCs as a matrix draws x scorers, NA for draws without both classes. genes:
# NULL to draw pairs, or list(from, to, n) as index_pair_genes() makes it.
bootstrap_draws <- function(scores, positive, genes, draws, threads) {
    aucs <- .Call(
        C_bootstrap_auc, scores, positive, genes$from, genes$to,
        if (is.null(genes)) 0L else genes$n, draws, draw_key(), threads
    )
    aucs[is.nan(aucs)] <- NA_real_
    dimnames(aucs) <- list(NULL, colnames(scores))
    aucs
}

summarise_draws <- function(scores, positive, aucs, level,
                            call = rlang::caller_env()) {
    usable <- !is.na(aucs[, 1])
    if (sum(usable) < 2L) {
        abort_input(c(
            "Fewer than two of the {nrow(aucs)} {.arg draws} have a positive
            and a negative pair.",
            i = "Give more pairs, or draw pairs: {.code by = \"pairs\"}."
        ), call = call)
    }
    kept <- aucs[usable, , drop = FALSE]
    tails <- c((1 - level) / 2, (1 + level) / 2)
    bounds <- apply(kept, 2L, stats::quantile, probs = tails, names = FALSE)
    columns <- seq_len(ncol(scores))
    result <- data.frame(
        scorer = colnames(scores),
        auc = vapply(columns, function(column) {
            .Call(C_auc, scores[, column], positive, NULL)
        }, 0),
        lower = bounds[1, ],
        upper = bounds[2, ],
        se = apply(kept, 2L, stats::sd),
        usable_draws = sum(usable),
        row.names = NULL
    )
    attr(result, "draws") <- aucs
    result
}

# scores as a matrix of doubles with a name for each column
check_score_columns <- function(scores, call = rlang::caller_env()) {
    if (is.data.frame(scores)) {
        numeric <- vapply(scores, is.numeric, TRUE)
        if (!all(numeric)) {
            abort_input(c(
                "The columns of {.arg scores} must be numeric.",
                x = "Column {.val {names(scores)[!numeric][1]}} is not."
            ), call = call)
        }
        scores <- as.matrix(scores)
    }
    if (is.null(dim(scores))) {
        check_scores(scores, call = call)
        scores <- matrix(scores, ncol = 1L, dimnames = list(NULL, "score"))
    }
    if (!is.numeric(scores) || length(dim(scores)) != 2L ||
        ncol(scores) == 0L) {
        abort_input(c(
            "{.arg scores} must be a numeric vector, matrix or data frame
            with at least one column.",
            x = "It is {describe_value(scores)}."
        ), call = call)
    }
    if (is.null(colnames(scores))) {
        colnames(scores) <- paste0("score", seq_len(ncol(scores)))
    }
    check_score_cells(scores, call)
    storage.mode(scores) <- "double"
    dimnames(scores) <- list(NULL, colnames(scores))
    scores
}

check_score_cells <- function(scores, call) {
    if (anyDuplicated(colnames(scores))) {
        twice <- colnames(scores)[anyDuplicated(colnames(scores))]
        abort_input(c(
            "The columns of {.arg scores} must have different names.",
            x = "{.val {twice}} comes more than once."
        ), call = call)
    }
    if (anyNA(scores)) {
        at <- arrayInd(which(is.na(scores))[1], dim(scores))
        abort_input(c(
            "{.arg scores} must not hold missing values.",
            x = "Row {at[1]} of column {.val {colnames(scores)[at[2]]}} is
            missing.",
            i = "Leave out the items that have no score."
        ), call = call)
    }
}

# the genes of n pairs as numbers from 0
index_pair_genes <- function(pairs, n, call = rlang::caller_env()) {
    if (is.null(pairs)) {
        abort_input(c(
            "{.arg pairs} is needed to draw genes.",
            i = "Give a data frame with the columns {.field from} and
            {.field to}, or use {.code by = \"pairs\"}."
        ), call = call)
    }
    ends <- check_pair_columns(pairs, name = "pairs", call = call)
    if (length(ends$from) != n) {
        abort_input(c(
            "{.arg pairs} must have one row for each score.",
            x = "There are {n} scores and {length(ends$from)} rows."
        ), call = call)
    }
    genes <- unique(c(ends$from, ends$to))
    list(
        from = match(ends$from, genes) - 1L,
        to = match(ends$to, genes) - 1L,
        n = length(genes)
    )
}
