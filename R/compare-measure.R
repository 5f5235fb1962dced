# Measures: what models are compared by, and what a run watches.
#
# A measure is list(name, label, higher_is_better, of): of(predicted, truth) is
# its value, name is that of a column, label that of an axis.

new_measure <- function(name, label, higher_is_better, of) {
    list(
        name = name, label = label, higher_is_better = higher_is_better,
        of = of
    )
}

measure_auc <- new_measure("auc", "AUC", TRUE, function(predicted, truth) {
    auc(predicted, truth)
})

measure_average_precision <- new_measure(
    "average_precision", "average precision", TRUE,
    function(predicted, truth) average_precision(predicted, truth)
)

measure_spearman <- new_measure(
    "spearman", "Spearman correlation", TRUE,
    function(predicted, truth) spearman(predicted, truth)
)

measure_concordance <- new_measure(
    "concordance", "concordance", TRUE,
    function(predicted, truth) concordance(predicted, truth)
)

measure_rmse <- new_measure(
    "rmse", "root mean squared error", FALSE,
    function(predicted, truth) sqrt(mean((predicted - truth)^2))
)

# correlation of a constant: none, without a warning
measure_pearson <- new_measure(
    "pearson", "Pearson correlation", TRUE, function(predicted, truth) {
        constant <- function(x) length(x) < 2L || all(x == x[1L])
        if (constant(predicted) || constant(truth)) {
            return(NA_real_)
        }
        stats::cor(predicted, truth)
    }
)

# of predicted numbers
number_measures <- list(measure_pearson, measure_spearman, measure_rmse)

# of scores and whether a label holds
label_measures <- list(measure_auc, measure_average_precision)

# Is a value of the measure better than another (NULL: there is no other), by
# more than the least that counts where the measure has one?
is_better <- function(measure, value, than) {
    is.null(than) || advantage(measure, value, than) > (measure$least %||% 0)
}

# how much better values are than others, positive where better
advantage <- function(measure, values, than) {
    if (measure$higher_is_better) values - than else than - values
}
