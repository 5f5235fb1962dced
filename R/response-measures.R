# What predictions of drug response are measured by, and the means that any
# model has to beat. pairs: list(drug, cell), numbers or ids of each row.

# Measures of predictions: data frame of one row.
#   rmse, pearson, spearman  over all rows together: potency of drugs decides
#   per_drug, per_cell       mean correlation within a drug, within a cell
#   normalised               correlation of what is left of prediction and truth
#                            without `effects`, what the means predict
measure_response <- function(predicted, truth, pairs, effects) {
    data.frame(
        rmse = measure_rmse$of(predicted, truth),
        pearson = measure_pearson$of(predicted, truth),
        spearman = rank_correlation(predicted, truth),
        per_drug = within_correlation(predicted, truth, pairs$drug),
        per_cell = within_correlation(predicted, truth, pairs$cell),
        normalised = measure_pearson$of(predicted - effects, truth - effects)
    )
}

response_measures <- list(
    measure_rmse, measure_pearson, measure_spearman,
    new_measure("per_drug", "mean correlation within a drug", TRUE, NULL),
    new_measure("per_cell", "mean correlation within a cell line", TRUE, NULL),
    new_measure("normalised", "correlation beyond mean effects", TRUE, NULL)
)
names(response_measures) <- vapply(response_measures, `[[`, "", "name")

# Spearman's, NA of a constant
rank_correlation <- function(predicted, truth) {
    measure_pearson$of(rank(predicted), rank(truth))
}

# a correlation of fewer rows says nothing
fewest_correlated <- 5L

# The mean over groups of the correlation within each; groups of few rows, or in
# which one of both is constant, do not count. NA where none is left.
within_correlation <- function(predicted, truth, group) {
    group <- match(group, unique(group))
    n <- tabulate(group)
    centred <- function(x) x - (drop(rowsum(x, group)) / n)[group]
    a <- centred(predicted)
    b <- centred(truth)
    sums <- rowsum(cbind(a * b, a^2, b^2), group)
    # what is left of a constant by rounding is no variance
    level <- function(x) 1e-20 * drop(rowsum(x^2, group))
    counted <- n >= fewest_correlated & sums[, 2L] > level(predicted) &
        sums[, 3L] > level(truth)
    if (!any(counted)) {
        return(NA_real_)
    }
    mean(sums[counted, 1L] / sqrt(sums[counted, 2L] * sums[counted, 3L]))
}

# ---- means -------------------------------------------------------------------

# What means of the training rows predict: list(overall, drug, cell (named
# deviations from it, of those seen)). A drug or cell that was not seen deviates
# by 0. Deviations of both are found together, by turns, as not all pairs are
# measured.
fit_effects <- function(pairs, value) {
    overall <- mean(value)
    drug <- factor(pairs$drug)
    cell <- factor(pairs$cell)
    means <- function(x, of) drop(rowsum(x, of)) / as.vector(table(of))
    of_drug <- means(value - overall, drug)
    of_cell <- numeric(nlevels(cell))
    for (turn in seq_len(most_turns)) {
        before <- of_cell
        of_cell <- means(value - overall - of_drug[drug], cell)
        of_drug <- means(value - overall - of_cell[cell], drug)
        if (max(abs(of_cell - before)) < 1e-6 * stats::sd(value)) break
    }
    list(
        overall = overall,
        drug = stats::setNames(of_drug, levels(drug)),
        cell = stats::setNames(of_cell, levels(cell)),
        drug_mean = means(value - overall, drug),
        cell_mean = means(value - overall, cell)
    )
}

most_turns <- 100L

# kind: "effects" (both), "drug" or "cell": the mean of a drug, of a cell
predict_effects <- function(fitted, pairs,
                            kind = c("effects", "drug", "cell")) {
    kind <- check_choice(kind, c("effects", "drug", "cell"))
    deviation <- function(of, id, names) {
        found <- of[match(as.character(id), names)]
        found[is.na(found)] <- 0
        unname(found)
    }
    of_drug <- if (kind == "drug") fitted$drug_mean else fitted$drug
    of_cell <- if (kind == "cell") fitted$cell_mean else fitted$cell
    fitted$overall +
        (kind != "cell") * deviation(of_drug, pairs$drug, names(fitted$drug)) +
        (kind != "drug") * deviation(of_cell, pairs$cell, names(fitted$cell))
}
