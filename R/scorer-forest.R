#' Scorer: a random forest
#'
#' Describes how [learn_ranking()] scores genes by a random forest of regression
#' trees (package ranger) on the ranks of the expression. Marks are smoothed
#' along their bins first. A forest looks at a few bins at a time, where a
#' kernel looks at all, so with few genes each finds what the other misses, and
#' both together rank better than either.
#'
#' Each gene is also scored by the trees that were not trained on it. The
#' smallest node and the number of features that a split may choose from are
#' those with the highest concordance of these scores, which then tell how much
#' to trust the forest: no fold has to be trained.
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
    values <- smooth_signal(learned$signal, scorer)$values
    best <- best_forest(
        values, learned$y, scorer$trees, forest_seed(key),
        learned$settings$control$threads
    )
    # a gene that all trees were trained on: the mean of all
    unseen <- best$predictions
    unseen[!is.finite(unseen)] <- mean(unseen, na.rm = TRUE)
    list(
        scorer = scorer, forest = best$forest,
        held_out = lapply(learned$folds, function(out) unseen[out])
    )
}

# ranger draws from a generator of its own, seeded by a number above 0.
forest_seed <- function(key) {
    key <- derive_key(key, "units", 1L)
    1L + .Call(C_draw_items, .Machine$integer.max - 1L, 1L, key)
}

forest_part_scores <- function(part, signal, threads) {
    predict_forest(
        part$forest, smooth_signal(signal, part$scorer)$values, threads
    )
}

# ---- ranger -----------------------------------------------------------------

# The forest on the ranks of y whose out-of-bag predictions have the highest
# concordance, among several sizes of nodes and numbers of features tried.
best_forest <- function(x, y, trees, seed, threads) {
    x <- numbered_columns(x)
    p <- ncol(x)
    ranks <- mid_ranks(y)
    grid <- expand.grid(
        node = if (length(y) > few_genes) c(20, 100, 300) else c(5, 20),
        tried = unique(pmax(1, c(floor(sqrt(p)), floor(p / 3))))
    )
    forests <- lapply(seq_len(nrow(grid)), function(i) {
        ranger::ranger(
            x = x, y = ranks, num.trees = trees, seed = seed,
            min.node.size = grid$node[i], mtry = grid$tried[i],
            num.threads = threads, importance = "none",
            verbose = FALSE
        )
    })
    values <- vapply(forests, function(forest) {
        seen <- is.finite(forest$predictions)
        concordance(forest$predictions[seen], ranks[seen])
    }, numeric(1))
    forests[[which.max(values)]]
}

# Without a seed, predict() would draw one from R's stream.
predict_forest <- function(forest, x, threads) {
    stats::predict(
        forest, numbered_columns(x),
        num.threads = threads, seed = 1L, verbose = FALSE
    )$predictions
}

numbered_columns <- function(x) {
    x <- as.data.frame(unname(x))
    names(x) <- paste0("x", seq_along(x))
    x
}
