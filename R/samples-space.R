# The space of method_neighbours(): whitening by neighbours, in closed form.
#
# q: samples x components, the scores of the leading principal components.
# Samples that are each other's nearest should be alike, so what differs between
# them is noise; W = C^(-1/2), with C the covariance of these differences, makes
# that noise the same in all directions (relevant component analysis, with
# neighbours in place of known pairs).

# Pairs of rows that are among each other's k nearest by cosine: a matrix with
# two columns of row numbers, the smaller first.
mutual_neighbours <- function(space, k, threads = 1L) {
    n <- nrow(space)
    unit <- unit_length(space)
    found <- top_partners(
        plain_scorer(unit), seq_len(n),
        n = min(k, n - 1L), threads = threads
    )$genes
    from <- rep(seq_len(n), ncol(found))
    to <- c(found)
    # a pair is mutual where it was found from both ends
    key <- (pmin(from, to) - 1) * n + pmax(from, to)
    twice <- sort(unique(key[duplicated(key)]))
    cbind((twice - 1) %/% n + 1, (twice - 1) %% n + 1)
}

# rows at length 1; a row of zeros stays one
unit_length <- function(x) {
    length <- sqrt(rowSums(x^2))
    x / pmax(length, .Machine$double.xmin)
}

# mean over pairs of (q_i - q_j)(q_i - q_j)' / 2, weighted
difference_covariance <- function(q, pairs, weights = rep(1, nrow(pairs))) {
    differences <- q[pairs[, 1L], , drop = FALSE] -
        q[pairs[, 2L], , drop = FALSE]
    crossprod(differences, weights * differences) / (2 * sum(weights))
}

# (C + shrinkage tr(C) / d I)^(-1/2)
inverse_root <- function(covariance, shrinkage) {
    d <- ncol(covariance)
    # neighbours that are all the same have no noise to scale
    if (sum(diag(covariance)) == 0) {
        return(diag(d))
    }
    ridge <- shrinkage * sum(diag(covariance)) / d
    system <- eigen(covariance + diag(ridge, d), symmetric = TRUE)
    # without shrinkage a direction without any noise would have no end
    values <- pmax(system$values, 1e-10 * system$values[1L])
    system$vectors %*% (t(system$vectors) / sqrt(values))
}

# The matrix that whitens q; each round finds neighbours in the space of the
# round before. known: NULL or list(pairs, weight) of pairs known to be alike.
whitening_of <- function(q, settings, known = NULL, threads = 1L) {
    space <- q
    for (round in seq_len(settings$rounds)) {
        pairs <- mutual_neighbours(space, settings$neighbours, threads)
        weights <- rep(1, nrow(pairs))
        if (!is.null(known)) {
            pairs <- rbind(pairs, known$pairs)
            weights <- c(weights, rep(known$weight, nrow(known$pairs)))
        }
        w <- inverse_root(
            difference_covariance(q, pairs, weights), settings$shrinkage
        )
        space <- q %*% w
    }
    w
}

# ---- is there anything to whiten? -------------------------------------------

# How much nearer, against random pairs, whitening brings mutual neighbours that
# it has not seen: it is learned on one half of the samples, and on the other
# half the mean squared distance of mutual neighbours over that of all pairs is
# taken before and after. The mean of `halvings` random halves, each taken
# twice. Above 1 where samples come in groups, 1 or less on a continuum.
neighbour_gain <- function(q, settings, key, threads = 1L, halvings = 4L) {
    n <- nrow(q)
    q <- q[, seq_len(min(ncol(q), 50L, max(1L, n %/% 8L))), drop = FALSE]
    gains <- vapply(seq_len(halvings), function(i) {
        half <- item_folds(n, 2L, derive_key(key, "halves", i))
        mean(vapply(1:2, function(h) {
            learned <- q[half == h, , drop = FALSE]
            other <- q[half != h, , drop = FALSE]
            w <- whitening_of(learned, settings, threads = threads)
            k <- settings$neighbours
            neighbour_ratio(other, k, threads) /
                neighbour_ratio(other %*% w, k, threads)
        }, numeric(1)))
    }, numeric(1))
    mean(gains)
}

# mean squared distance of mutual neighbours over that of all pairs
neighbour_ratio <- function(space, k, threads) {
    pairs <- mutual_neighbours(space, k, threads)
    near <- rowSums((space[pairs[, 1L], , drop = FALSE] -
        space[pairs[, 2L], , drop = FALSE])^2)
    mean(near) / (2 * sum(apply(space, 2L, stats::var)))
}

# noise without any structure gains 1.1 by chance
least_gain <- 1.15

# ---- encodings --------------------------------------------------------------

# Scores in each whitened space at length 1, side by side, at length 1 together:
# the cosine of two encodings is the mean of their cosines in these spaces.
encode_blocks <- function(q, whitenings) {
    blocks <- lapply(whitenings, function(w) {
        unit_length(q[, seq_len(nrow(w)), drop = FALSE] %*% w)
    })
    do.call(cbind, blocks) / sqrt(length(blocks))
}

# Moves each row by `share` towards the mean of its k nearest among the training
# samples, and back to length 1. The sample itself does not count.
smooth_encodings <- function(encoded, training, k, share, threads = 1L) {
    if (share == 0) {
        return(encoded)
    }
    found <- top_partners(
        plain_scorer(encoded, training),
        n = min(k + 1L, nrow(training)), threads = threads
    )
    # the nearest is left out where it is the sample itself, else the last
    itself <- found$scores[, 1L] > 1 - 1e-9
    n_used <- ncol(found$genes) - 1L
    nearest <- found$genes[, seq_len(n_used), drop = FALSE]
    nearest[itself, ] <- found$genes[itself, -1L]
    sums <- matrix(0, nrow(encoded), ncol(encoded))
    for (j in seq_len(n_used)) {
        sums <- sums + training[nearest[, j], , drop = FALSE]
    }
    unit_length((1 - share) * encoded + share * sums / n_used)
}
