# Paired bootstrap: all arms are judged on the same draws of the independent
# units (genes, patients, cells, drugs), so differences are taken draw by draw.

# Values of a measure as a matrix draws x arms. predicted: matrix or data frame,
# an arm in each column; truth, unit: of its rows. Each draw takes as many units
# as there are, with replacement, each with all of its rows; draws in which the
# measure has no value are NA. The AUC of pairs, whose two genes are drawn
# both, is bootstrap_draws() of metrics-bootstrap.R.
resample_units <- function(measure, predicted, truth, unit, draws,
                           key = draw_key()) {
    predicted <- as.matrix(predicted)
    rows <- split(seq_along(truth), match(unit, unique(unit)))
    n <- length(rows)
    values <- matrix(NA_real_, draws, ncol(predicted),
        dimnames = list(NULL, colnames(predicted))
    )
    for (draw in seq_len(draws)) {
        drawn <- unlist(rows[drawn_units(n, key, draw)], use.names = FALSE)
        values[draw, ] <- apply(predicted[drawn, , drop = FALSE], 2L,
            value_or_na,
            measure = measure, truth = truth[drawn]
        )
    }
    values
}

# n units drawn from n, with replacement
drawn_units <- function(n, key, draw) {
    .Call(C_draw_items, n, n, derive_key(key, "units", draw)) + 1L
}

# a draw may hold one class or a constant: no value then
value_or_na <- function(predicted, measure, truth) {
    tryCatch(measure$of(predicted, truth),
        kith_error_input = function(error) NA_real_
    )
}

# Intervals of the columns of draws, and of how much better the first column is
# than each (NA for itself): data frame lower, upper, margin_lower,
# margin_upper, a row for each column.
paired_intervals <- function(drawn, level, measure = measure_auc) {
    tails <- c(1 - level, 1 + level) / 2
    quantiles <- function(values) {
        apply(values, 2L, stats::quantile, tails, na.rm = TRUE)
    }
    bounds <- quantiles(drawn)
    margins <- quantiles(advantage(measure, drawn[, 1L], drawn))
    margins[, 1L] <- NA_real_
    data.frame(
        lower = bounds[1L, ], upper = bounds[2L, ],
        margin_lower = margins[1L, ], margin_upper = margins[2L, ],
        row.names = NULL
    )
}
