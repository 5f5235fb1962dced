#' Why does a pair score?
#'
#' The known pairs that speak most for two genes being partners: pairs of
#' training genes of which one resembles the first gene and the other the
#' second. For a gene that has known partners itself these count, too: it
#' resembles itself most.
#'
#' Every gene is described by its `k` most similar training genes, weighted by a
#' softmax of cosine / 0.1 as in [guilt_by_association()]; a known pair (i, j)
#' supports (a, b) by \eqn{w_{ai} w_{bj}}. The combined score weighs such
#' evidence in its own way and adds that of the networks, which cannot be told
#' pair by pair: a high score with little support rests on the latter.
#'
#' @param fit A fit of [learn_associations()].
#' @param pairs Pairs to explain, as in [score_pairs()]; the result of
#'   [partners()] is such a table.
#' @param n How many known pairs to list for each, at most.
#' @param k Similar training genes for each gene.
#' @param newdata As in [score_pairs()].
#'
#' @return A data frame with a row for each pair and supporting known pair, in
#'   the order of `pairs`, strongest first: `from`, `to`, `rank`, `like_from`
#'   and `like_to` (the known pair, in the order of the genes they resemble),
#'   `cosine_from`, `cosine_to` (how much they do), `support` (0 to 1), and
#'   `text`, the same in words. Pairs without any support have no row.
#' @section Errors: As [score_pairs()].
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32), combine = FALSE, members = 1,
#'     control = train_control(epochs = 2, threads = 1)
#' )
#' found <- partners(fit, fit$genes[1], n = 2)
#' evidence(fit, data.frame(from = found$gene, to = found$partner), n = 2)$text
#' @export
evidence <- function(fit, pairs, n = 3, k = 20, newdata = NULL) {
    check_class(fit, "association_fit", "learn_associations")
    n <- check_count(n)
    k <- check_count(k)
    pairs <- pair_rows(pairs)
    vectors <- gene_vectors(fit, newdata)
    known <- match_pairs(pairs, rownames(vectors))$known
    warn_unknown(pairs, known)
    pairs <- pairs[known, ]
    training <- pair_genes(fit$pairs)
    # only the genes that matter, the training genes first
    genes <- unique(c(training, pairs$from, pairs$to))
    vectors <- vectors[genes, , drop = FALSE]
    near <- nearest_genes(
        vectors, seq_along(training), k, 0.1, fit$control$threads
    )
    index <- match_pairs(fit$pairs, training)
    adjacent <- adjacency(index$a + 1L, index$b + 1L, length(training))
    a <- match(pairs$from, genes)
    b <- match(pairs$to, genes)
    found <- do.call(rbind, lapply(seq_len(nrow(pairs)), function(i) {
        strongest_support(i, near, a[i], b[i], adjacent, n)
    }))
    evidence_table(found, a, b, vectors)
}

# The n known pairs that support genes a and b most, as rows of the vectors:
# data frame pair, rank, like_a, like_b, support; NULL without any.
strongest_support <- function(pair, near, a, b, adjacent, n) {
    of_a <- near$genes[a, ] + 1L
    of_b <- near$genes[b, ] + 1L
    support <- outer(near$weights[a, ], near$weights[b, ]) *
        as.matrix(adjacent[of_a, of_b])
    at <- which(support > 0, arr.ind = TRUE)
    at <- at[utils::head(order(-support[at]), n), , drop = FALSE]
    if (nrow(at) == 0L) {
        return(NULL)
    }
    data.frame(
        pair = pair, rank = seq_len(nrow(at)), like_a = of_a[at[, 1L]],
        like_b = of_b[at[, 2L]], support = support[at]
    )
}

evidence_table <- function(found, a, b, vectors) {
    if (is.null(found)) {
        found <- data.frame(
            pair = integer(), rank = integer(), like_a = integer(),
            like_b = integer(), support = double()
        )
    }
    genes <- rownames(vectors)
    a <- a[found$pair]
    b <- b[found$pair]
    cosine_a <- dot_pairs(vectors, vectors, a, found$like_a)
    cosine_b <- dot_pairs(vectors, vectors, b, found$like_b)
    # a gene that resembles itself is named, not compared
    resembles <- function(gene, like, cosine) {
        ifelse(gene == like, genes[like],
            sprintf("%s (like %s, cosine %.2f)", genes[like], genes[gene],
                cosine
            )
        )
    }
    data.frame(
        from = genes[a], to = genes[b], rank = found$rank,
        like_from = genes[found$like_a], like_to = genes[found$like_b],
        cosine_from = cosine_a, cosine_to = cosine_b, support = found$support,
        text = paste(
            resembles(a, found$like_a, cosine_a), "is a known partner of",
            resembles(b, found$like_b, cosine_b),
            recycle0 = TRUE
        )
    )
}
