# Scores of gene against gene in C (src/eval/score.h, src/eval/top_partners.c).
#
# A scorer is a list. With `left` (queries x d) and `right` (genes x d) alone,
# score(q, g) = left[q, ] . right[g, ]. Every score of one network is such a
# product: the half score (f(a).b + f(b).a) / 2 has left = cbind(F, X) / 2 and
# right = cbind(X, F), where F holds the encoded and X the raw vectors; a blend
# with the cosine has left = cbind((1 - w) X, w F) and right = cbind(X, F).
#
# A combined scorer has more entries (combined_scorer()): the score is then the
# weighted sum of one, this product, slog(propagated / scale) with slog(x) =
# sign(x) log(1 + |x|), the cosine, and the sum of a number of each gene; the
# weights are column k of a matrix where k - 1 of the two genes have no known
# partner.
#
# A pair has the same score to the last bit wherever it is computed.

plain_scorer <- function(left, right = left) {
    storage.mode(left) <- storage.mode(right) <- "double"
    list(left = left, right = right)
}

# learned, propagated, cosine: scorers; weights: matrix 5 x 3; unseen, sum: for
# each gene whether it has no known partner, and its number
combined_scorer <- function(learned, propagated, cosine, weights, scale,
                            unseen, sum) {
    storage.mode(unseen) <- "integer"
    list(
        left = learned$left, right = learned$right, propagated = propagated,
        cosine = cosine, weights = weights, scale = scale, left_unseen = unseen,
        right_unseen = unseen, left_sum = sum, right_sum = sum
    )
}

# the scorer of some rows of the left side
scorer_of_queries <- function(scorer, rows) {
    scorer$left <- scorer$left[rows, , drop = FALSE]
    if (!is.null(scorer$propagated)) {
        scorer$propagated <- scorer_of_queries(scorer$propagated, rows)
        scorer$cosine <- scorer_of_queries(scorer$cosine, rows)
        scorer$left_unseen <- scorer$left_unseen[rows]
        scorer$left_sum <- scorer$left_sum[rows]
    }
    scorer
}

# The n genes with the highest score for each query.
#   queries  for each row on the left, the row on the right that is the same
#            gene and hence no partner, or NA
#   exclude  NULL, or a list with one integer vector per query: rows on the
#            right that must not be listed (known partners)
# Returns list(genes, scores), both matrices queries x n from the best to the
# n-th: rows on the right (NA where there are fewer candidates than n) and
# their scores (NA likewise). Equal scores are listed by the lower row.
top_partners <- function(scorer,
                         queries = rep(NA_integer_, nrow(scorer$left)),
                         exclude = NULL, n = 10L, threads = 1L) {
    n_queries <- nrow(scorer$left)
    if (is.null(exclude)) {
        exclude <- rep(list(integer()), n_queries)
    }
    stopifnot(
        ncol(scorer$left) == ncol(scorer$right), length(queries) == n_queries,
        length(exclude) == n_queries, all(is.finite(scorer$left)),
        all(is.finite(scorer$right))
    )
    queries <- as.integer(queries) - 1L
    queries[is.na(queries)] <- -1L
    excluded <- as.integer(unlist(exclude, use.names = FALSE)) - 1L
    found <- .Call(
        C_top_partners, scorer, queries,
        c(0L, cumsum(lengths(exclude, use.names = FALSE))), excluded,
        as.integer(n), as.integer(threads)
    )
    found$genes <- found$genes + 1L
    found$genes[found$genes == 0L] <- NA_integer_
    found$scores[is.na(found$genes)] <- NA_real_
    found
}

# the score of rows a on the left and b on the right
score_rows <- function(scorer, a, b, threads = 1L) {
    stopifnot(length(a) == length(b))
    .Call(
        C_score_pairs, scorer, as.integer(a) - 1L, as.integer(b) - 1L,
        as.integer(threads)
    )
}

# left[a[i], ] . right[b[i], ] for each i; a and b are row numbers
dot_pairs <- function(left, right, a, b, threads = 1L) {
    score_rows(plain_scorer(left, right), a, b, threads)
}
