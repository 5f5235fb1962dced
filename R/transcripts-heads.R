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

# twice pool_penalty, as a squared error over its variance is minus twice a log
# likelihood; on yeast 2 and 50 gave what 10 gives, within .004
average_pull <- 10

# Weights of at least 0 with sum 1 of predictions of y, which minimise their
# squared error, in units of that of the best one, plus pull times the squared
# distance from even weights. The minimum lies inside some face of the simplex,
# and there are few: each is solved and the best taken.
average_weights <- function(predicted, y, pull = average_pull) {
    n <- length(predicted)
    even <- rep(1 / n, n)
    # as weights have sum 1, errors are averaged as predictions are
    errors <- vapply(predicted, function(one) one - y, numeric(length(y)))
    level <- min(colMeans(errors^2))
    if (n == 1L || level == 0) {
        best <- if (n == 1L) 1 else as.double(seq_len(n) == which_least(errors))
        return(stats::setNames(best, names(predicted)))
    }
    quadratic <- crossprod(errors) / level + diag(pull, n)
    value <- function(w) sum(w * (quadratic %*% w)) - 2 * pull * sum(even * w)
    best <- NULL
    for (face in seq_len(2^n - 1L)) {
        inside <- bitwAnd(face, 2^(seq_len(n) - 1L)) > 0L
        w <- replace(numeric(n), inside, face_minimum(
            quadratic[inside, inside, drop = FALSE], pull * even[inside]
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
# and the weights of its log-probabilities in their sum.
learn_transcript_classes <- function(spaces, y, groups, settings) {
    kinds <- names(spaces)
    with_penalty <- function(penalty) {
        settings$penalty <- penalty * length(y)
        settings
    }
    penalties <- rep(few_class_penalty, length(kinds))
    weights <- even_weights(kinds)
    folds <- inner_folds(y, groups, settings)
    if (!is.null(folds)) {
        logs <- lapply(class_penalties, function(penalty) {
            fold_logs(spaces, y, folds, with_penalty(penalty), kinds)
        })
        losses <- vapply(logs, function(tried) {
            vapply(tried, function(one) {
                cross_entropy(one, as.integer(y), settings$threads)$loss
            }, numeric(1))
        }, numeric(length(kinds)))
        best <- apply(matrix(losses, length(kinds)), 1L, which.min)
        penalties <- class_penalties[best]
        weights <- stats::setNames(pool_weights(
            Map(function(kind, i) logs[[i]][[kind]], kinds, best),
            as.integer(y), weights, settings$threads
        ), kinds)
    }
    heads <- Map(function(kind, penalty) {
        class_heads(
            spaces[kind], y, settings$weights, with_penalty(penalty), kind
        )[[1L]]
    }, kinds, penalties)
    list(
        heads = heads, weights = weights,
        penalties = stats::setNames(penalties * length(y), kinds)
    )
}
