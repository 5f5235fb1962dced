# Heads of transcripts: what is learned from labels on several spaces
# (encodings, features) at once. A head lies in each space and one in all side
# by side, the joint space; their predictions are averaged.

# ---- spaces -----------------------------------------------------------------

# Centre and scale of the columns of each space such that the rows given have
# variance 1 / (number of columns that vary) in each: so all spaces have total
# variance 1, however many columns they have. Columns that do not vary are 0.
space_scaling <- function(spaces) {
    lapply(spaces, function(space) {
        centre <- colMeans(space)
        spread <- sqrt(colMeans((space - rep(centre, each = nrow(space)))^2))
        # what is left of a constant by rounding is no spread
        varies <- spread > 1e-10 * pmax(1, abs(centre))
        scale <- ifelse(varies, spread * sqrt(max(1, sum(varies))), Inf)
        list(centre = centre, scale = scale, columns = colnames(space))
    })
}

# scaled spaces, and with several of them the joint one
apply_scaling <- function(spaces, scaling) {
    spaces <- Map(function(space, one) {
        n <- nrow(space)
        (space - rep(one$centre, each = n)) / rep(one$scale, each = n)
    }, spaces[names(scaling)], scaling)
    if (length(spaces) > 1L) {
        spaces$joint <- do.call(cbind, unname(spaces))
    }
    spaces
}

# ---- numbers ----------------------------------------------------------------

# penalties for each labelled row, beside spaces of total variance 1
relative_penalties <- 10^seq(-5, 2, by = 0.5)

# Ridge regression in each space, and the weights of its prediction in the
# average. What decides penalties and weights are predictions of each group by
# what the others teach.
learn_numbers <- function(spaces, y, groups) {
    found <- lapply(spaces, ridge_head,
        y = y, penalties = length(y) * relative_penalties, groups = groups
    )
    list(
        heads = lapply(found, `[[`, "coefficients"),
        weights = average_weights(lapply(found, `[[`, "held_out"), y),
        penalties = vapply(found, `[[`, numeric(1), "penalty")
    )
}

# The share of the head on features in first weights. It and the pull were
# chosen on yeast expression and half-life, among 1, .8 and .6, and 10 to 300.
features_share <- 0.8
average_pull <- 100

# Weights of heads before labels are asked: most on features, which few labels
# suffice for, so that other spaces have to prove how much they add; even ones
# without a space of that name.
first_weights <- function(kinds, n = length(kinds)) {
    if (n == 1L || !"features" %in% kinds) {
        return(rep(1 / n, n))
    }
    ifelse(kinds == "features", features_share, (1 - features_share) / (n - 1))
}

# Weights of at least 0 with sum 1 of predictions of y, which minimise their
# squared error, in units of that of the best one, plus pull times the squared
# distance from the first weights. The minimum lies inside some face of the
# simplex, and there are few: each is solved and the best taken.
average_weights <- function(predicted, y, pull = average_pull) {
    n <- length(predicted)
    first <- first_weights(names(predicted), n)
    # as weights have sum 1, errors are averaged as predictions are
    errors <- vapply(predicted, function(one) one - y, numeric(length(y)))
    level <- min(colMeans(errors^2))
    if (n == 1L || level == 0) {
        best <- if (n == 1L) 1 else as.double(seq_len(n) == which_least(errors))
        return(stats::setNames(best, names(predicted)))
    }
    quadratic <- crossprod(errors) / level + diag(pull, n)
    value <- function(w) sum(w * (quadratic %*% w)) - 2 * pull * sum(first * w)
    best <- NULL
    for (face in seq_len(2^n - 1L)) {
        inside <- bitwAnd(face, 2^(seq_len(n) - 1L)) > 0L
        w <- replace(numeric(n), inside, face_minimum(
            quadratic[inside, inside, drop = FALSE], pull * first[inside]
        ))
        if (all(w >= 0) && (is.null(best) || value(w) < value(best))) {
            best <- w
        }
    }
    stats::setNames(best, names(predicted))
}

which_least <- function(errors) which.min(colSums(errors^2))

# the minimum of w'Qw - 2 b'w where w has sum 1
face_minimum <- function(quadratic, b) {
    found <- solve(quadratic, cbind(b, 1))
    found[, 1L] + found[, 2L] * (1 - sum(found[, 1L])) / sum(found[, 2L])
}

# ---- classes ----------------------------------------------------------------

class_penalties <- 10^seq(-4, -1)

# where labels are too few for inner folds
few_class_penalty <- 1e-2

# Logistic regression in each space with the penalty that fits inner folds best,
# and the weights of its log-probabilities in their sum. axes: principal_axes()
# of each space. All penalties, folds and labels share them: rows of a fold are
# no longer exactly orthogonal there, which costs a few steps and no accuracy.
learn_transcript_classes <- function(axes, y, groups, settings) {
    kinds <- names(axes)
    penalties <- rep(few_class_penalty, length(kinds))
    weights <- first_weights(kinds)
    folds <- inner_folds(y, groups, settings)
    if (!is.null(folds)) {
        logs <- lapply(axes, function(space) {
            lapply(class_penalties, function(penalty) {
                axis_fold_logs(space$x, y, folds, penalty, settings)
            })
        })
        losses <- vapply(logs, function(tried) {
            vapply(tried, function(one) {
                cross_entropy(one, as.integer(y), settings$threads)$loss
            }, numeric(1))
        }, numeric(length(class_penalties)))
        best <- apply(losses, 2L, which.min)
        penalties <- class_penalties[best]
        weights <- pool_weights(
            Map(`[[`, logs, best), as.integer(y), weights, settings$threads
        )
    }
    heads <- Map(function(space, penalty) {
        head_off_axes(
            axis_head(space$x, y, settings$weights, penalty, settings),
            space$basis
        )
    }, axes, penalties)
    list(
        heads = heads, weights = stats::setNames(weights, kinds),
        penalties = stats::setNames(penalties * length(y), kinds)
    )
}

# penalty: for each row
axis_head <- function(x, y, weights, penalty, settings) {
    softmax_on_axes(
        x, as.integer(y), nlevels(y), penalty * nrow(x), settings$threads,
        weights
    )
}

# log-probabilities of each transcript by the head that has not seen its fold
axis_fold_logs <- function(x, y, folds, penalty, settings) {
    logs <- matrix(0, length(y), nlevels(y))
    for (f in unique(folds)) {
        out <- folds == f
        head <- axis_head(
            x[!out, , drop = FALSE], y[!out], settings$weights[!out], penalty,
            settings
        )
        logs[out, ] <- log_softmax(head_scores(head, x[out, , drop = FALSE]))
    }
    logs
}
