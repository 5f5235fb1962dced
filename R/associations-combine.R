# How the learned score, the propagated one, the cosine and the degrees become
# one score and a probability. The weights are learned on pairs that the
# networks of the folds have not seen (associations-runs.R), apart for pairs
# with no, one or two genes without known partners.

# a kind with fewer positives or negatives takes the weights of another
least_of_either <- 30L
# share of the probabilities: five negatives to a positive
calibrated_prior <- 1 / 6

# The test pairs of a fold with its scores: `learned` by the network,
# `propagated`, `cosine` of the vectors, and `sum` of the expected log degrees.
fold_scores <- function(job, state, test) {
    threads <- job$control$threads
    x <- job$arrays$x
    encoded <- network_encode(
        job$plan$networks$encoder, job$control$precision,
        final_numbers(state)$parameters, x, threads
    )
    product <- score_factors(x, encoded, default_how(job$keys))
    propagation <- fit_propagation(x, job$arrays$first, job$arrays$second,
        threads = threads
    )
    places <- propagate(propagation, x, threads)
    test$learned <- score_rows(product, test$a, test$b, threads)
    test$propagated <- score_rows(
        propagation_scorer(propagation, places), test$a, test$b, threads
    )
    test$cosine <- dot_pairs(x, x, test$a, test$b, threads)
    test$sum <- places$degree[test$a] + places$degree[test$b]
    test
}

# scores: the tables of all folds. list(weights = list(combined, corrected),
# matrices 5 x 3; scale; positives, how many of each kind).
learn_combination <- function(scores) {
    scores <- do.call(rbind, scores)
    positives <- tabulate(scores$kind[scores$positive], 3L)
    negatives <- tabulate(scores$kind[!scores$positive], 3L)
    is_enough <- pmin(positives, negatives) >= least_of_either
    scale <- stats::median(abs(scores$propagated))
    if (scale == 0) scale <- 1
    scores$level <- signed_log(scores$propagated / scale)
    # nearest kinds first
    order <- list(c(1, 2, 3), c(2, 3, 1), c(3, 2, 1))
    weights <- lapply(list(combined = FALSE, corrected = TRUE), function(aim) {
        vapply(order, function(kinds) {
            enough <- kinds[is_enough[kinds]]
            used <- if (length(enough) > 0L) enough[1] else 1:3
            kind_weights(scores[scores$kind %in% used, ], aim)
        }, numeric(5))
    })
    list(weights = weights, scale = scale, positives = positives)
}

signed_log <- function(x) sign(x) * log1p(abs(x))

# Weights of intercept, learned score, propagated level, cosine and degree, as
# combine_terms() in src/eval/score.h takes them. corrected: against negatives
# weighted to the degrees of positives, and then with that weight of degree
# that takes out what is left of it.
kind_weights <- function(scores, corrected) {
    positive <- scores$positive
    importance <- rep(1, length(positive))
    if (corrected) importance[!positive] <- scores$degree[!positive]
    # five to one, whatever was drawn
    importance[!positive] <- importance[!positive] *
        5 * sum(positive) / sum(importance[!positive])
    columns <- c("learned", "level", "cosine", "sum")
    predictors <- cbind(1, as.matrix(scores[columns]))
    found <- fit_logistic(predictors, positive, importance)
    if (corrected) {
        found[5] <- uncorrelate(
            found, predictors[positive, ], log(scores$degree[positive])
        )
    }
    found
}

# The weight of degree, the last of the predictors, with which the score of
# positives does not follow their degree.
uncorrelate <- function(weights, predictors, log_degree) {
    last <- ncol(predictors)
    content <- as.vector(predictors[, -last] %*% weights[-last])
    excess <- function(w) {
        spearman(content + w * predictors[, last], log_degree)
    }
    start <- weights[last]
    rho <- excess(start)
    if (is.na(rho) || rho == 0) {
        return(start)
    }
    # the correlation rises with the weight: widen until zero lies between
    step <- -sign(rho)
    while (sign(excess(start + step)) == sign(rho)) {
        step <- 2 * step
        if (abs(step) > 1e3) {
            return(start)
        }
    }
    stats::uniroot(excess, sort(start + c(0, step)), tol = 1e-6)$root
}

# Logistic regression with a slight pull to zero, which keeps weights finite
# where positives and negatives fall apart. importance: weight of each row.
fit_logistic <- function(x, y, importance, penalty = 1, steps = 50L) {
    spread <- apply(x, 2, stats::sd)
    # the intercept, and what is constant but for rounding
    spread[spread <= 1e-6 * colMeans(abs(x))] <- 1
    x <- x / rep(spread, each = nrow(x))
    pull <- c(0, rep(penalty, ncol(x) - 1L))
    beta <- numeric(ncol(x))
    for (step in seq_len(steps)) {
        p <- stats::plogis(as.vector(x %*% beta))
        slope <- crossprod(x, importance * (y - p)) - pull * beta
        curvature <- crossprod(x, x * (importance * p * (1 - p))) +
            diag(pull + 1e-9)
        change <- as.vector(solve(curvature, slope))
        # a step of Newton's may overshoot far from the optimum
        beta <- beta + change * min(1, 5 / max(abs(change)))
        if (max(abs(change)) < 1e-10) break
    }
    beta / spread
}
