# From the signal as it comes to what scorers compute with. Everything that is
# estimated (scales, scores of the normal distribution) comes from the training
# genes and is part of the fit.

signal_transforms <- c("none", "sqrt", "log1p", "normal_scores")

# What suits a signal: counts, coverage and shares of bins vary more where they
# are large. Single numbers without long tails, such as logarithms, are taken as
# they are; others are best known by their rank.
default_transform <- function(signal) {
    if (signal$n_bins == 1L) {
        if (has_long_tails(signal$values)) "normal_scores" else "none"
    } else if (all(signal$values >= 0)) {
        "sqrt"
    } else {
        "none"
    }
}

# Does a column have values more than six interquartile ranges away from its
# median? Of a normal distribution one in 10^15 lies there.
has_long_tails <- function(x) {
    any(apply(x, 2L, function(column) {
        max(abs(column - stats::median(column))) > 6 * stats::IQR(column)
    }))
}

check_transform <- function(transform, signal, call = rlang::caller_env()) {
    if (is.null(transform)) {
        return(default_transform(signal))
    }
    transform <- check_choice(transform, signal_transforms, call = call)
    check_no_lower(signal, transform, "x", call)
    transform
}

# Can all values be transformed?
check_no_lower <- function(signal, transform, name, call) {
    lowest <- switch(transform, sqrt = 0, log1p = -1, -Inf)
    at <- which(signal$values < lowest | (lowest == -1 & signal$values == -1))
    if (length(at)) {
        place <- arrayInd(at[1L], dim(signal$values))
        mark <- signal$marks[(place[2L] - 1L) %/% signal$n_bins + 1L]
        abort_input(c(
            "{.arg transform} cannot be {.val {transform}} for this
            {.arg {name}}.",
            x = "Gene {.val {signal_genes(signal)[place[1]]}} has
            {format(signal$values[at[1]])} in mark {.val {mark}}.",
            i = if (name == "x") {
                "Use {.code transform = \"none\"} or
                {.code transform = \"normal_scores\"} for signals that are
                logarithms or differences already."
            } else {
                "The fit was trained on values that have none like it: give
                marks on the same scale."
            }
        ), call = call)
    }
}

# list(transform, knots): knots for normal scores, by feature
fit_transform <- function(signal, transform) {
    list(
        transform = transform,
        knots = if (transform == "normal_scores") {
            lapply(seq_len(ncol(signal$values)), function(j) {
                normal_knots(signal$values[, j])
            })
        }
    )
}

# Values and their normal scores at up to `most` places, for interpolation.
normal_knots <- function(x, most = 1000L) {
    n <- length(x)
    scores <- stats::qnorm((mid_ranks(x) - 0.5) / n)
    first <- !duplicated(x)
    at <- order(x[first])
    value <- x[first][at]
    score <- scores[first][at]
    if (length(value) > most) {
        kept <- unique(round(seq(1, length(value), length.out = most)))
        value <- value[kept]
        score <- score[kept]
    }
    list(value = value, score = score)
}

mid_ranks <- function(x) .Call(C_mid_ranks, as.double(x))

apply_transform <- function(signal, fitted) {
    x <- unname(signal$values)
    switch(fitted$transform,
        none = x,
        sqrt = sqrt(x),
        log1p = log1p(x),
        normal_scores = matrix(unlist(lapply(seq_len(ncol(x)), function(j) {
            knots <- fitted$knots[[j]]
            if (length(knots$value) == 1L) {
                return(numeric(nrow(x)))
            }
            stats::approx(knots$value, knots$score, x[, j], rule = 2)$y
        })), nrow(x))
    )
}

# Weights of neighbouring bins, a Gaussian of standard deviation `sd`, in
# columns that sum to 1.
smoothing_weights <- function(n_bins, sd) {
    bins <- seq_len(n_bins)
    weights <- exp(-outer(bins, bins, `-`)^2 / (2 * sd^2))
    weights / rep(colSums(weights), each = n_bins)
}

# each mark of x (genes x features, n_bins for a mark) smoothed along its bins
smooth_bins <- function(x, n_bins, sd) {
    if (sd == 0 || n_bins == 1L) {
        return(x)
    }
    weights <- smoothing_weights(n_bins, sd)
    for (first in seq(1L, ncol(x), by = n_bins)) {
        columns <- seq.int(first, length.out = n_bins)
        x[, columns] <- x[, columns, drop = FALSE] %*% weights
    }
    x
}

# The signal as a kernel or linear scorer takes it. Bins are smoothed before
# they are transformed: the root of a mean is steadier than the mean of roots,
# and the root of a 0/1 signal is itself.
smooth_signal <- function(signal, scorer) {
    signal$values <- smooth_bins(
        signal$values, signal$n_bins,
        scorer$smooth %||% default_smooth(signal$n_bins)
    )
    signal
}

default_smooth <- function(n_bins) 0.04 * n_bins

# one over the standard deviation of all values of a mark, for each feature; 0
# for marks that are constant
mark_scales <- function(x, n_bins) {
    spread <- vapply(seq(1L, ncol(x), by = n_bins), function(first) {
        stats::sd(x[, seq.int(first, length.out = n_bins)])
    }, numeric(1))
    largest <- vapply(seq(1L, ncol(x), by = n_bins), function(first) {
        max(abs(x[, seq.int(first, length.out = n_bins)]))
    }, numeric(1))
    # smoothing leaves a constant mark with differences of rounding
    rep(ifelse(spread > 1e-8 * largest, 1 / spread, 0), each = n_bins)
}

# Columns at mean 0 and standard deviation 1; constant ones become 0. What
# little smoothing carries to bins of a mark with few peaks must not count as
# much as a peak, so bins are divided by no less than a tenth of the standard
# deviation of the most variable one of their mark; and values of other genes
# are cut where those of the training genes end in that mark.
standardiser <- function(x, n_bins) {
    centre <- colMeans(x)
    spread <- sqrt(colMeans((x - rep(centre, each = nrow(x)))^2))
    mark <- (seq_len(ncol(x)) - 1L) %/% n_bins
    most <- vapply(split(spread, mark), max, numeric(1))
    divisor <- pmax(spread, 0.1 * most[mark + 1L])
    by <- list(
        centre = centre,
        scale = unname(ifelse(spread > 1e-8 * abs(centre), 1 / divisor, 0)),
        limit = rep(Inf, ncol(x))
    )
    largest <- apply(abs(standardise(x, by)), 2L, max)
    by$limit <- unname(
        vapply(split(largest, mark), max, numeric(1))[mark + 1L]
    )
    by
}

standardise <- function(x, by) {
    x <- (x - rep(by$centre, each = nrow(x))) * rep(by$scale, each = nrow(x))
    limit <- rep(by$limit, each = nrow(x))
    pmin(pmax(x, -limit), limit)
}
