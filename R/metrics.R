# How well scores rank true pairs above false ones. Every number is computed
# in C (src/eval); the functions here check what a user can get wrong.

#' Area under the ROC curve
#'
#' The probability that a randomly chosen positive scores above a randomly
#' chosen negative, a tie counting one half (the Mann-Whitney statistic). The
#' value is exact: wins and ties are counted in whole numbers and divided
#' once. Scores are sorted by their bits in linear time, so tens of millions
#' of them are a matter of a second or two.
#'
#' @param scores Numeric vector, one score per item; higher means more likely
#'   positive. `Inf` and `-Inf` are ranked as they stand; `NA` is an error,
#'   because an item that cannot be ranked has no place in the comparison.
#' @param positive Logical vector of the same length, `TRUE` for positives;
#'   numbers 0 and 1 are taken as well.
#' @param subset Logical vector of the same length that says which items to
#'   look at, or `NULL` for all of them.
#'
#' @return One number between 0 and 1; 0.5 is what random scores give.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised where lengths differ, a score
#' or label is missing, labels are neither logical nor 0/1, or (in the subset)
#' there is no positive or no negative.
#'
#' @references Mann HB, Whitney DR (1947). "On a test of whether one of two
#'   random variables is stochastically larger than the other." *Annals of
#'   Mathematical Statistics* 18, 50-60.
#' @family metrics
#' @examples
#' scores <- c(0.9, 0.8, 0.8, 0.3, 0.1)
#' positive <- c(TRUE, TRUE, FALSE, FALSE, FALSE)
#' auc(scores, positive)
#' # only among the items that score below 0.85
#' auc(scores, positive, subset = scores < 0.85)
#' @export
auc <- function(scores, positive, subset = NULL) {
    scores <- check_scores(scores)
    positive <- check_labels(positive, length(scores))
    if (!is.null(subset)) {
        subset <- check_labels(subset, length(scores))
    }
    value <- .Call(C_auc, scores, positive, subset)
    if (is.nan(value)) {
        check_both_classes(if (is.null(subset)) positive else positive[subset])
    }
    value
}

#' Average precision
#'
#' The area under the precision-recall curve as a sum of steps: over the
#' distinct scores from the highest down, the share of positives gained at a
#' score times the precision among all items that score at least as high.
#' Items of one score enter together, so their order has no influence. Unlike
#' [auc()], the value depends on the share of positives, which is what random
#' scores give.
#'
#' @inheritParams auc
#'
#' @return One number above 0 and at most 1.
#'
#' @inheritSection auc Errors
#'
#' @references Davis J, Goadrich M (2006). "The relationship between
#'   precision-recall and ROC curves." *ICML*, 233-240.
#' @family metrics
#' @examples
#' scores <- c(0.9, 0.8, 0.7, 0.3, 0.1)
#' positive <- c(TRUE, FALSE, TRUE, FALSE, FALSE)
#' # (1/1 + 2/3) / 2
#' average_precision(scores, positive)
#' @export
average_precision <- function(scores, positive) {
    scores <- check_scores(scores)
    positive <- check_labels(positive, length(scores))
    check_both_classes(positive)
    .Call(C_average_precision, scores, positive)
}

#' Spearman's rank correlation
#'
#' Pearson's correlation of the ranks, tied values sharing the mean of their
#' ranks. Used, for one, to see whether a score follows the number of known
#' partners of a gene instead of the association itself.
#'
#' @param x,y Numeric vectors of one length, at least 2, without `NA`;
#'   infinite values are ranked as they stand.
#'
#' @return One number between -1 and 1; `NA` where `x` or `y` is constant,
#'   because a constant has no ranking.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised where `x` or `y` is not
#' numeric, holds `NA`, is shorter than 2, or the lengths differ.
#'
#' @references Spearman C (1904). "The proof and measurement of association
#'   between two things." *American Journal of Psychology* 15, 72-101.
#' @family metrics
#' @examples
#' spearman(c(1, 2, 3, 4), c(10, 30, 20, 40))
#' @export
spearman <- function(x, y) {
    x <- check_scores(x, min_length = 2L)
    y <- check_scores(y, min_length = 2L)
    if (length(x) != length(y)) {
        abort_input(c(
            "{.arg y} must have as many values as {.arg x}.",
            x = "{.arg x} has {length(x)}, {.arg y} has {length(y)}."
        ), call = rlang::current_env())
    }
    value <- .Call(C_spearman, x, y)
    if (is.nan(value)) NA_real_ else value
}

# a plain vector of doubles without NA
check_scores <- function(x, min_length = 0L, name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    if (!is.numeric(x) || is.factor(x) || length(dim(x)) > 1L) {
        abort_input(c(
            "{.arg {name}} must be a numeric vector.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    if (length(x) < min_length) {
        abort_input(c(
            "{.arg {name}} must have at least {min_length} values.",
            x = "It has {length(x)}."
        ), call = call)
    }
    if (anyNA(x)) {
        abort_input(c(
            "{.arg {name}} must not hold missing values.",
            x = "Number {which(is.na(x))[1]} of {length(x)} is missing.",
            i = "Leave out the items that have no score."
        ), call = call)
    }
    as.double(x)
}

# labels as a logical vector of length n
check_labels <- function(x, n, name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    if (length(x) != n) {
        abort_input(c(
            "{.arg {name}} must have one value for each score.",
            x = "There are {n} scores and {length(x)} values."
        ), call = call)
    }
    if (is.logical(x) || (is.numeric(x) && !is.factor(x))) {
        wrong <- if (is.logical(x)) is.na(x) else !(x %in% c(0, 1))
        if (!any(wrong)) {
            return(as.logical(x))
        }
        first <- which(wrong)[1]
        problem <- "Number {first} is {describe_value(x[[first]])}."
    } else {
        problem <- "It is {describe_value(x)}."
    }
    abort_input(c(
        "{.arg {name}} must be {.code TRUE} or {.code FALSE} (or 1 or 0) for
        each item.",
        x = problem
    ), call = call)
}

# stops where one of the classes is empty
check_both_classes <- function(positive, name = "positive",
                               call = rlang::caller_env()) {
    n_positive <- sum(positive)
    missing <- if (n_positive == 0L) "positive" else "negative"
    if (n_positive == 0L || n_positive == length(positive)) {
        abort_input(c(
            "{.arg {name}} must mark at least one positive and one negative
            item.",
            x = "None of the {length(positive)} item{?s} is {missing}."
        ), call = call)
    }
    invisible(positive)
}
