#' Scorer: a random forest
#'
#' Describes how [learn_ranking()] scores genes by a random forest of regression
#' trees (package ranger) on the ranks of the expression. Marks are smoothed
#' along their bins first. A forest looks at a few bins at a time, where a
#' kernel looks at all, so with few genes each finds what the other misses, and
#' both together rank better than either.
#'
#' Trees have leaves of at least five genes and choose each split among a third
#' of the features, the usual settings for regression. Each gene is scored by
#' the trees that were not trained on it: these scores tell how much to trust the
#' forest, so that no fold has to be trained.
#'
#' @inheritParams scorer_kernel
#' @param trees Number of trees.
#'
#' @return An object of class `scorer_forest`, a `scorer`: a list of the
#'   arguments.
#' @inheritSection scorer_kernel Errors
#' @references Breiman L (2001). Random forests. Machine Learning 45. Wright MN,
#'   Ziegler A (2017). ranger. Journal of Statistical Software 77.
#' @family building blocks
#' @examples
#' scorer_forest()
#' @export
scorer_forest <- function(trees = 500, smooth = NULL) {
    structure(
        list(
            trees = check_count(trees, min = 50, max = 1e5),
            smooth = or_null(smooth, check_number, 0, 1e4)
        ),
        class = c("scorer_forest", "scorer")
    )
}

# A part as in R/ranking-parts.R.
forest_part <- function(scorer, learned, key) {
    signal <- smooth_signal(learned$signal, scorer)
    train <- numbered_columns(signal$values)
    ranks <- mid_ranks(learned$y)
    forest <- ranger::ranger(
        x = train, y = ranks, num.trees = scorer$trees, min.node.size = 5L,
        mtry = max(1L, ncol(train) %/% 3L), seed = forest_seed(key),
        num.threads = learned$settings$control$threads, importance = "none"
    )
    # a gene that all trees were trained on: the mean of all
    unseen <- forest$predictions
    unseen[!is.finite(unseen)] <- mean(ranks)
    list(
        scorer = scorer, forest = forest$forest,
        held_out = lapply(learned$folds, function(out) unseen[out])
    )
}

# ranger draws from a generator of its own, seeded by a number above 0.
forest_seed <- function(key) {
    1L + .Call(
        C_draw_items, .Machine$integer.max - 1L, 1L, derive_key(key, "units", 1L)
    )
}

forest_part_scores <- function(part, signal, threads) {
    values <- numbered_columns(smooth_signal(signal, part$scorer)$values)
    # without a seed, predict() would draw one from R's stream
    stats::predict(part$forest, values, num.threads = threads, seed = 1L)$
        predictions
}
