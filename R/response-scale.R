# Views as networks take them: what is estimated (which features, their means,
# spreads and components) comes of the training drugs or cells alone.

# A fingerprint has zeros and ones only.
is_fingerprint <- function(view) all(view == 0 | view == 1)

# Tanimoto similarity is one of sets of bits.
check_fingerprint <- function(view, name, call = rlang::caller_env()) {
    bad <- which(!(view == 0 | view == 1))
    if (length(bad)) {
        at <- arrayInd(bad[1L], dim(view))
        abort_input(c(
            "{.arg {name}} must be fingerprints, of zeros and ones, for
            Tanimoto similarity.",
            x = "Row {.val {rownames(view)[at[1L]]}}, column
            {.val {colnames(view)[at[2L]]}} is {format(view[bad[1L]])}.",
            i = "Turn counts of substructures into bits with
            {.code 1 * ({name} > 0)}, or choose another kernel."
        ), call = call)
    }
    view
}

# bits that are on in a smaller share of the training rows, or off, tell nothing
least_bit_share <- 0.01

# What is estimated on `rows` of a view: list(kind, columns, centre, scale[,
# rotation, spread]). Of a fingerprint, bits that (nearly) all or none have are
# dropped; of other views constant features, and more than most_columns that are
# left become components.
fit_view <- function(view, rows = seq_len(nrow(view)), most_columns = Inf,
                     name = "view", call = rlang::caller_env()) {
    training <- view[rows, , drop = FALSE]
    fitted <- if (is_fingerprint(view)) {
        fit_fingerprint(training)
    } else {
        fit_numbers(training)
    }
    if (length(fitted$columns) == 0L) {
        abort_input(c(
            "{.arg {name}} must have features that differ between the ids in
            training.",
            x = "All {ncol(view)} {?is/are} the same in {length(rows)} of
            them."
        ), call = call)
    }
    if (fitted$kind == "numeric" && length(fitted$columns) > most_columns) {
        fitted <- fit_components(fitted, training, most_columns)
    }
    fitted
}

fit_fingerprint <- function(training) {
    share <- colMeans(training)
    varies <- share > 0 & share < 1
    kept <- share >= least_bit_share & share <= 1 - least_bit_share & varies
    # of alike drugs those that differ at all
    if (!any(kept)) kept <- varies
    columns <- colnames(training)[kept]
    list(
        kind = "fingerprint", columns = columns,
        centre = numeric(length(columns)), scale = rep(1, length(columns))
    )
}

fit_numbers <- function(training) {
    centre <- colMeans(training)
    scale <- apply(training, 2L, stats::sd)
    # what differs by rounding alone is constant
    kept <- !is.na(scale) & scale > 1e-8 * abs(centre)
    list(
        kind = "numeric", columns = colnames(training)[kept],
        centre = unname(centre[kept]), scale = unname(scale[kept])
    )
}

# Principal components of the scaled features, their scores of variance 1 on
# average.
fit_components <- function(fitted, training, most_columns) {
    x <- scaled_view(fitted, training)
    found <- with_one_blas_thread(leading_components(
        x, min(most_columns, dim(x) - 1L), colMeans(x)
    ))
    size <- found$variance[1L] * max(dim(x)) * .Machine$double.eps
    kept <- found$variance > size
    fitted$rotation <- orient_components(
        found$rotation[, kept, drop = FALSE], fitted$columns
    )
    fitted$spread <- sqrt(mean(found$variance[kept]) / (nrow(x) - 1))
    fitted
}

# features of all rows, less their means and over their spreads, and cut: a
# feature may lie far outside of what it was in training
scaled_view <- function(fitted, view) {
    x <- view[, fitted$columns, drop = FALSE]
    x <- x - rep(fitted$centre, each = nrow(x))
    x <- x / rep(fitted$scale, each = nrow(x))
    pmin(pmax(x, -largest_score), largest_score)
}

# rows of a view as the network takes them: a matrix with their ids
apply_view <- function(fitted, view) {
    x <- scaled_view(fitted, view)
    if (is.null(fitted$rotation)) {
        return(x)
    }
    with_one_blas_thread(x %*% fitted$rotation) / fitted$spread
}
