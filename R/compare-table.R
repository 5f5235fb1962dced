# Tables of comparisons: a row for each arm, held-out settings first.

# A measure of every column of predicted, and how much better the first is:
# data frame scorer, <measure>, lower, upper, margin, margin_lower,
# margin_upper. drawn: values of bootstrap draws, NULL for no intervals.
compare_columns <- function(predicted, truth, measure, drawn = NULL,
                            level = 0.95) {
    values <- vapply(predicted, measure$of, numeric(1), truth)
    margin <- advantage(measure, values[1L], values)
    margin[1L] <- NA_real_
    intervals <- if (is.null(drawn)) {
        none <- rep(NA_real_, length(values))
        data.frame(
            lower = none, upper = none, margin_lower = none,
            margin_upper = none
        )
    } else {
        paired_intervals(drawn, level, measure)
    }
    table <- data.frame(
        scorer = names(predicted), value = unname(values),
        intervals[c("lower", "upper")], margin = unname(margin),
        intervals[c("margin_lower", "margin_upper")],
        row.names = NULL
    )
    names(table)[2L] <- measure$name
    table
}

# compare() of each subset, below each other: a list of logical vectors by name.
# Subsets for which it returns NULL have no rows.
compare_subsets <- function(subsets, compare) {
    rows <- Map(function(kept, label) {
        compared <- compare(kept)
        if (!is.null(compared)) cbind(subset = label, compared)
    }, subsets, names(subsets))
    do.call(rbind, unname(rows))
}

# Values of a measure (folds x arms) as a row for each arm: mean and sd over the
# folds, and how much better the arm `first` is, paired by fold, with the
# standard error of that.
compare_folds <- function(values, first, measure = measure_auc) {
    margins <- advantage(measure, values[, first], values)
    data.frame(
        method = colnames(values), mean = colMeans(values),
        sd = apply(values, 2L, stats::sd), margin = colMeans(margins),
        margin_se = apply(margins, 2L, stats::sd) / sqrt(nrow(margins)),
        row.names = NULL
    )
}
