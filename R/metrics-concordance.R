#' Concordance and Kendall's rank correlation
#'
#' `concordance()` is the share of the pairs of items with different truth that
#' a prediction puts into the right order, a tie of the prediction counting one
#' half. `kendall()` is Kendall's tau-b of the same pairs; without ties
#' concordance = (tau + 1) / 2. Both look at all pairs, exactly, in
#' O(n log n): a million items take about a second.
#'
#' Concordance answers the question "which of two genes is expressed more" and
#' needs no threshold. It is lower than the [auc()] of the upper against the
#' lower half, which leaves out the pairs that are hard: .80 goes with about
#' .92.
#'
#' @param predicted,x Numeric vector, a value for each item; no `NA`. Infinite
#'   values are ranked as they stand.
#' @param truth,y Numeric vector of the same length; only its order counts.
#'
#' @return One number: of `concordance()` between 0 and 1, 0.5 by chance, `NA`
#'   where all of `truth` is equal; of `kendall()` between -1 and 1, `NA` where
#'   either is constant.
#' @section Errors: An error of class `kith_error_input` is raised where a
#'   vector is not numeric, holds `NA`, is shorter than 2, or the lengths
#'   differ.
#' @references Kendall MG (1945). The treatment of ties in ranking problems.
#'   Biometrika 33, 239-251. Harrell FE et al. (1982). Evaluating the yield of
#'   medical tests. JAMA 247, 2543-2546.
#' @family metrics
#' @examples
#' concordance(c(0.1, 0.4, 0.3, 0.9), truth = c(1, 2, 3, 4))
#' kendall(c(0.1, 0.4, 0.3, 0.9), c(1, 2, 3, 4))
#' @export
concordance <- function(predicted, truth) {
    value <- count_ordered_pairs(predicted, truth)[["concordance"]]
    if (is.nan(value)) NA_real_ else value
}

#' @rdname concordance
#' @export
kendall <- function(x, y) {
    value <- count_ordered_pairs(x, y, names = c("x", "y"))[["tau_b"]]
    if (is.nan(value)) NA_real_ else value
}

pair_kinds <- c(
    "concordant", "discordant", "tied_prediction", "tied_truth", "tied_both"
)

# the numbers of pairs of each kind, and both measures
count_ordered_pairs <- function(predicted, truth, weights = NULL,
                                names = c("predicted", "truth"),
                                call = rlang::caller_env()) {
    predicted <- check_scores(predicted, 2L, names[1L], call)
    truth <- check_scores(truth, 2L, names[2L], call)
    if (length(predicted) != length(truth)) {
        abort_input(c(
            "{.arg {names[2]}} must have as many values as
            {.arg {names[1]}}.",
            x = "{.arg {names[1]}} has {length(predicted)}, {.arg {names[2]}}
            {length(truth)}."
        ), call = call)
    }
    .Call(C_concordance, predicted, truth, weights)
}

# Concordances as a matrix draws x columns of predicted, NA for draws without a
# pair. unit: what is drawn with replacement, with all of its items.
bootstrap_concordance <- function(predicted, truth, draws,
                                  unit = seq_along(truth), key = draw_key()) {
    predicted <- as.matrix(predicted)
    storage.mode(predicted) <- "double"
    index <- match(unit, unique(unit)) - 1L
    values <- .Call(
        C_bootstrap_concordance, unname(predicted), as.double(truth), index,
        as.double(length(unique(index))), as.integer(draws), key
    )
    values[is.nan(values)] <- NA_real_
    dimnames(values) <- list(NULL, colnames(predicted))
    values
}
