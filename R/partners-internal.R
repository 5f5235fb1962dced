# Scores of gene against gene in C (src/eval/top_partners.c, src/eval/dot.c).
#
# score(q, k) = left[q, ] . right[k, ]. Every score of an association fit is
# such a product: the half score (f(a).b + f(b).a) / 2 has
# left = cbind(F, X) / 2 and right = cbind(X, F), where F holds the encoded
# and X the raw vectors; a blend with the cosine has left = cbind((1 - w) X,
# w F) and right = cbind(X, F), and so on. Both functions add up a product in
# one fixed order: a pair has the same score to the last bit in either.

# The n genes with the highest score for each query.
#   left     matrix queries x d, finite
#   right    matrix genes x d, finite
#   queries  for each row of left, the row of right that is the same gene and
#            hence no partner, or NA
#   exclude  NULL, or a list with one integer vector per query: rows of right
#            that must not be listed (known partners)
# Returns list(genes, scores), both matrices queries x n from the best to the
# n-th: rows of right (NA where there are fewer candidates than n) and their
# scores (NA likewise). Equal scores are listed by the lower row of right.
top_partners <- function(left, right, queries = rep(NA_integer_, nrow(left)),
                         exclude = NULL, n = 10L, threads = 1L) {
    if (is.null(exclude)) {
        exclude <- rep(list(integer()), nrow(left))
    }
    stopifnot(
        ncol(left) == ncol(right), length(queries) == nrow(left),
        length(exclude) == nrow(left), all(is.finite(left)),
        all(is.finite(right))
    )
    storage.mode(left) <- storage.mode(right) <- "double"
    queries <- as.integer(queries) - 1L
    queries[is.na(queries)] <- -1L
    excluded <- as.integer(unlist(exclude, use.names = FALSE)) - 1L
    found <- .Call(
        C_top_partners, left, right, queries,
        c(0L, cumsum(lengths(exclude, use.names = FALSE))), excluded,
        as.integer(n), as.integer(threads)
    )
    found$genes <- found$genes + 1L
    found$genes[found$genes == 0L] <- NA_integer_
    found$scores[is.na(found$genes)] <- NA_real_
    found
}

# left[a[i], ] . right[b[i], ] for each i; a and b are row numbers.
dot_pairs <- function(left, right, a, b, threads = 1L) {
    stopifnot(ncol(left) == ncol(right), length(a) == length(b))
    storage.mode(left) <- storage.mode(right) <- "double"
    .Call(
        C_dot_pairs, left, right, as.integer(a) - 1L, as.integer(b) - 1L,
        as.integer(threads)
    )
}
