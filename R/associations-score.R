#' Encode genes
#'
#' Maps gene vectors into association space with the network of a fit.
#'
#' @param fit A fit of [learn_associations()].
#' @param newdata Gene vectors to encode, also of genes that the fit has never
#'   met: anything that [as_embedding()] takes, with the columns (samples,
#'   cell lines) of the data that the fit was trained on. `NULL`: the genes of
#'   the fit.
#' @param ... Not used.
#'
#' @return A numeric matrix genes x dimensions with the gene ids as row names;
#'   rows have unit length unless the encoder says otherwise.
#' @section Errors: Of class `kith_error_input`: columns that do not match
#'   those of the training data, and all that [as_embedding()] refuses.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 2, batch_size = 64, threads = 1)
#' )
#' dim(encode(fit))
#' encode(fit, organism$vectors[1:3, ])[, 1:4]
#' @export
encode <- function(fit, newdata = NULL, ...) {
    UseMethod("encode")
}

#' @method encode association_fit
#' @export
encode.association_fit <- function(fit, newdata = NULL, ...) {
    vectors <- if (is.null(newdata)) {
        fit$vectors
    } else {
        project_genes(newdata, fit$preprocessing)
    }
    encoded <- pool_encodings(encode_members(fit, vectors), "both")
    rownames(encoded) <- rownames(vectors)
    encoded
}

# the encodings of unit vectors by each network of a fit
encode_members <- function(fit, vectors) {
    lapply(fit$members, function(member) {
        network_encode(
            fit$network, fit$control$precision, member$parameters,
            unclass_matrix(vectors), fit$control$threads
        )
    })
}

# One matrix whose scores are the mean of the scores by each: half scores are
# linear in the encodings, products of encodings add up side by side.
pool_encodings <- function(encoded, how) {
    if (length(encoded) == 1L) {
        encoded[[1L]]
    } else if (how == "half") {
        Reduce(`+`, encoded) / length(encoded)
    } else {
        do.call(cbind, encoded) / sqrt(length(encoded))
    }
}

#' Score gene pairs
#'
#' The association score of any pairs of genes that a fit knows, or of new
#' genes whose vectors are given.
#'
#' * `"combined"`, given by default where the fit has it: the score of the
#'   networks, what is propagated from known partners, the cosine and the
#'   degrees that are expected, weighted as learned on held-out genes; the
#'   log-odds that the two are partners, where there are five other pairs to
#'   one of partners. Genes with many partners score higher with anything: that
#'   is true of partners, too. The score to rank candidates by.
#' * `"corrected"`: the same four, weighted against negatives of the same degree
#'   and freed of what follows degree among true pairs: what speaks for this
#'   pair beside the popularity of its genes. For understudied genes, and for
#'   comparisons between genes.
#'
#' and of the networks alone, with unit vectors A and B and the encoder f,
#' * `"both"`: \eqn{f(A) \cdot f(B)}, for fits with transformed keys,
#' * `"half"`: \eqn{\frac{1}{2}(f(A) \cdot B + f(B) \cdot A)}, for fits with
#'   raw keys,
#'
#' or, as a blend with the cosine of the inputs,
#' \eqn{(1 - \lambda) A \cdot B + \lambda\, score}; these lie in -1 to 1. No
#' score depends on the order of a pair's genes. Several networks are averaged.
#'
#' @param fit A fit of [learn_associations()].
#' @param pairs Pairs to score: a data frame with a column for each gene (as
#'   [gene_pairs()] finds them: `from` and `to`, `gene1` and `gene2`, ..., else
#'   the first two), or a character matrix of two columns. Rows are scored as
#'   they stand, also repeated ones.
#' @param how `"combined"`, `"corrected"`, `"both"` or `"half"`, see below.
#'   `NULL`: combined where the fit has it, else what fits the objective.
#' @param lambda Weight of the learned score against the cosine, 0 to 1, for
#'   `"both"` and `"half"`.
#' @param newdata Vectors of further genes (see [encode()]); they take
#'   precedence over genes of the same id in the fit.
#'
#' @return A data frame with a row for each pair, in order: `from`, `to`,
#'   `cosine` (of the inputs), `score`, and for fits of several networks
#'   `spread`, the standard deviation of the score among them. Pairs with a
#'   gene that has no vector get `NA`, and a message counts them.
#'   A table without pairs gives one without rows.
#' @section Errors: Of class `kith_error_input`: pairs of which none has two
#'   genes with vectors, `lambda` outside 0 to 1, a score that the fit does not
#'   have.
#' @references Dury J (2026). arXiv:2603.20955, section 3.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 2, batch_size = 64, threads = 1)
#' )
#' score_pairs(fit, organism$pairs[1:3, ])
#' @export
score_pairs <- function(fit, pairs, how = NULL, lambda = 1, newdata = NULL) {
    check_class(fit, "association_fit", "learn_associations")
    how <- check_how(how, fit)
    lambda <- check_lambda(lambda, how)
    pairs <- pair_rows(pairs)
    places <- places_of(fit, newdata)
    index <- match_pairs(pairs, rownames(places$vectors))
    warn_unknown(pairs, index$known)
    scored <- matrix(NA_real_, nrow(pairs), 3L)
    scored[index$known, ] <- as.matrix(score_places(
        fit, places, index$a[index$known] + 1L, index$b[index$known] + 1L,
        how, lambda
    ))
    result <- data.frame(
        from = pairs$from, to = pairs$to, cosine = scored[, 1],
        score = scored[, 2]
    )
    if (length(fit$members) > 1L) result$spread <- scored[, 3]
    result
}

# cosine, score and spread of rows a and b of the places
score_places <- function(fit, places, a, b, how, lambda) {
    threads <- fit$control$threads
    by_member <- vapply(places$encoded, function(encoded) {
        scorer <- fit_scorer(fit, places, list(encoded), how, lambda)
        score_rows(scorer, a, b, threads)
    }, numeric(length(a)))
    by_member <- matrix(by_member, length(a))
    scorer <- fit_scorer(fit, places, places$encoded, how, lambda)
    data.frame(
        cosine = dot_pairs(places$vectors, places$vectors, a, b, threads),
        score = score_rows(scorer, a, b, threads),
        spread = sqrt(
            rowSums((by_member - rowMeans(by_member))^2) /
                max(1, ncol(by_member) - 1)
        )
    )
}

# the scorer among all places, by the encodings of some or all members
fit_scorer <- function(fit, places, encoded, how, lambda) {
    product_how <- if (is_combined(how)) default_how_of(fit) else how
    pooled <- pool_encodings(encoded, product_how)
    product <- score_factors(places$vectors, pooled, product_how, lambda)
    if (!is_combined(how)) {
        return(product)
    }
    combined_scorer(
        product, propagation_scorer(fit$propagation, places$propagated),
        plain_scorer(unname(places$vectors)),
        fit$combination$weights[[how]], fit$combination$scale,
        places$unseen, places$propagated$degree
    )
}

is_combined <- function(how) how %in% c("combined", "corrected")

# the pairs of a table as they stand: data frame from, to
pair_rows <- function(pairs, call = rlang::caller_env()) {
    if (is.matrix(pairs) && is.character(pairs) && ncol(pairs) == 2L) {
        pairs <- data.frame(from = pairs[, 1], to = pairs[, 2])
    }
    as.data.frame(check_pair_columns(pairs, "pairs", call))
}

# the pairs of two tables below each other
join_rows <- function(x, y) {
    data.frame(from = c(x$from, y$from), to = c(x$to, y$to))
}

# unit vectors of a fit's genes, and before them those of new ones
gene_vectors <- function(fit, newdata, call = rlang::caller_env()) {
    if (is.null(newdata)) {
        return(fit$vectors)
    }
    new <- project_genes(newdata, fit$preprocessing, call = call)
    rbind(new, fit$vectors[!fit$genes %in% rownames(new), , drop = FALSE])
}

# Of a fit's genes and of new ones, genes in rows: unit vectors, encodings by
# each member, what is propagated to them, whether they have no training pair.
places_of <- function(fit, newdata = NULL, call = rlang::caller_env()) {
    vectors <- gene_vectors(fit, newdata, call)
    list(
        vectors = vectors, encoded = encode_members(fit, vectors),
        propagated = if (!is.null(fit$propagation)) {
            propagate(fit$propagation, vectors, fit$control$threads)
        },
        unseen = !rownames(vectors) %in% c(fit$pairs$from, fit$pairs$to)
    )
}

# Every score is a product of two rows, so that one kernel serves lists of
# pairs and searches over all genes: score(a, b) = left[a, ] . right[b, ].
score_factors <- function(vectors, encoded, how, lambda = 1) {
    if (how == "half") {
        list(
            left = cbind(
                lambda / 2 * encoded + (1 - lambda) * vectors,
                lambda / 2 * vectors
            ),
            right = cbind(vectors, encoded)
        )
    } else if (lambda == 1) {
        list(left = encoded, right = encoded)
    } else {
        list(
            left = cbind(lambda * encoded, (1 - lambda) * vectors),
            right = cbind(encoded, vectors)
        )
    }
}

default_how <- function(keys) {
    if (keys == "raw") "half" else "both"
}

default_how_of <- function(fit) default_how(fit$objective$keys)

check_how <- function(how, fit, call = rlang::caller_env()) {
    if (is.null(how)) {
        return(if (is.null(fit$combination)) {
            default_how_of(fit)
        } else {
            "combined"
        })
    }
    how <- check_choice(how, c("combined", "corrected", "half", "both"),
        call = call
    )
    if (is_combined(how) && is.null(fit$combination)) {
        abort_input(c(
            "{.arg how} cannot be {.val {how}} for this fit.",
            x = "It was learned with {.code combine = FALSE}."
        ), call = call)
    }
    n_out <- network_n_out(fit$network)
    if (how == "half" && ncol(fit$vectors) != n_out) {
        abort_input(c(
            "{.arg how} cannot be {.val half} for this fit.",
            x = "Its encodings have {n_out} dimensions, its gene
            vectors {ncol(fit$vectors)}."
        ), call = call)
    }
    how
}

check_lambda <- function(lambda, how, call = rlang::caller_env()) {
    lambda <- check_number(lambda, 0, 1, call = call)
    if (lambda < 1 && is_combined(how)) {
        abort_input(c(
            "{.arg lambda} blends a learned score with the cosine, not a
            combined one.",
            i = "Set {.arg how} to {.val both} or {.val half}."
        ), call = call)
    }
    lambda
}

warn_unknown <- function(pairs, known, call = rlang::caller_env()) {
    n <- sum(!known)
    if (n > 0L && n == length(known)) {
        abort_input(c(
            "{.arg pairs} must hold pairs of genes that the fit knows.",
            x = "None of its {n} pair{?s} is one; the first is
            {.val {pairs$from[1]}} and {.val {pairs$to[1]}}.",
            i = "Vectors of new genes go into {.arg newdata}."
        ), call = call)
    }
    if (n > 0L) {
        inform_kith(
            "{n} of {length(known)} pairs have a gene without a vector: their
            score is {.code NA}.",
            class = "kith_message_dropped"
        )
    }
}
