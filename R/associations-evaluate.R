#' How good is a fit on pairs that it has not seen?
#'
#' AUC and average precision of a fit beside simple baselines, apart for the
#' kinds of held-out pairs, with bootstrap intervals.
#'
#' A test pair belongs to one of three settings by what the fit was trained
#' on: both genes have training pairs (`"edge held out"`), one has none
#' (`"one gene unseen"`), neither has (`"both genes unseen"`). Negatives are
#' drawn from genes of the same kind (both with training pairs; one with and
#' one without; both without; the genes without are those of the test pairs),
#' five for each positive and at most 50,000, never a known pair. The fourth
#' setting, `"transductive"`, scores the pairs that the fit was trained on
#' against pairs of all its genes, as the paper does: a high value there says
#' nothing about new pairs.
#'
#' Beside the fit (`"kith"`, by its combined score where it has one) stand
#' * `"cosine"` of the input vectors,
#' * `"degree"`, log(1 + d_a) + log(1 + d_b) with d the number of training
#'   pairs of a gene: what can be known without looking at the vectors,
#' * `"neighbours"`, guilt by association: [guilt_by_association()],
#' * where all genes have training pairs, `"common partners"`, the number of
#'   partners that two genes share in the training pairs, and `"Adamic-Adar"`,
#'   the same with each partner weighted by 1 / log(its degree). In dense
#'   networks they are hard to beat, and they need no vectors.
#'
#' The cross-boundary subset holds pairs, positive and negative, with an
#' absolute cosine below `boundary`: genes that do not look alike.
#'
#' @param x A fit of [learn_associations()].
#' @param test Pairs that were kept out: the result of [split_pairs()], or
#'   pairs in any form that [gene_pairs()] takes. Pairs that the fit was
#'   trained on are left out and counted in a message. `NULL`: the
#'   transductive setting alone.
#' @param transductive Add the transductive setting?
#' @param negatives `"uniform"`, or `"degree"` for negatives of the positives'
#'   degree (transductive and edge settings; genes without training pairs have
#'   no degree to match).
#' @param boundary Bound of the absolute cosine for the cross-boundary subset.
#' @param how,lambda As in [score_pairs()].
#' @param k Neighbours for guilt by association.
#' @param draws Bootstrap draws; genes are drawn with replacement and a pair
#'   counts as often as both its genes. 0: no intervals.
#' @param level Coverage of the intervals.
#' @param ... Not used.
#'
#' @return A data frame of class `association_evaluation`, a row for each
#'   setting, subset and scorer: `setting`, `subset` (`"all"`,
#'   `"cross-boundary"`), `scorer`, `auc`, `lower`, `upper`,
#'   `average_precision`, `n_positive`, `n_negative`, `margin` (AUC of kith
#'   less that of the scorer), `margin_lower`, `margin_upper` (from the same
#'   draws). Held-out settings come first.
#' @section Errors: Of class `kith_error_input`: a test without a pair that the
#'   fit can score.
#' @references Dury J (2026). arXiv:2603.20955, sections 3 to 5. Adamic LA,
#'   Adar E (2003). Friends and neighbors on the Web. Social Networks 25.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' parts <- split_pairs(gene_pairs(organism$pairs), by = "gene")
#' fit <- learn_associations(
#'     organism$vectors, parts$train,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 5, batch_size = 64, threads = 1)
#' )
#' evaluate(fit, parts, draws = 100)
#' @method evaluate association_fit
#' @export
evaluate.association_fit <- function(x, test = NULL,
                                     transductive = is.null(test),
                                     negatives = c("uniform", "degree"),
                                     boundary = 0.2, how = NULL, lambda = 1,
                                     k = 20, draws = 1000, level = 0.95,
                                     ...) {
    options <- list(
        negatives = check_choice(negatives, c("uniform", "degree")),
        boundary = check_number(boundary, 0, 1),
        how = check_how(how, x), lambda = lambda,
        k = check_count(k), draws = check_count(draws, min = 0),
        level = check_number(level, 0, 1, open = TRUE)
    )
    check_lambda(lambda, options$how)
    check_flag(transductive)
    test <- test_pairs(x, test)
    settings <- test_settings(x$pairs, test, if (transductive) x$genes)
    known <- known_pairs(x, if (nrow(test) > 0L) test)
    rows <- Map(
        function(setting, name) {
            evaluate_setting(x, setting, name, known, options)
        }, settings, names(settings)
    )
    result <- do.call(rbind, unname(rows))
    structure(result,
        class = c("association_evaluation", "data.frame"),
        options = options
    )
}

# by the number of genes without training pairs
setting_names <- c("edge held out", "one gene unseen", "both genes unseen")

# What is asked of a fit that was trained on `train`, held out first: a list of
# list(positives, universe) by the names of settings. genes: all of the fit, or
# NULL to leave the transductive setting out.
test_settings <- function(train, test, genes = NULL) {
    seen <- pair_genes(train)
    n_unseen <- (!test$from %in% seen) + (!test$to %in% seen)
    settings <- list()
    for (n in 0:2) {
        positives <- test[n_unseen == n, c("from", "to")]
        if (nrow(positives) > 0L) {
            settings[[setting_names[n + 1L]]] <- list(
                positives = positives,
                universe = setting_universe(n, seen, test)
            )
        }
    }
    if (!is.null(genes)) {
        settings$transductive <- list(
            positives = train[c("from", "to")], universe = genes
        )
    }
    settings
}

setting_universe <- function(n_unseen, seen, test) {
    unseen <- setdiff(unique(c(test$from, test$to)), seen)
    switch(n_unseen + 1L,
        seen,
        list(seen, unseen),
        unseen
    )
}

# the test pairs that the fit can score and was not trained on
test_pairs <- function(fit, test, call = rlang::caller_env()) {
    if (is.null(test)) {
        return(data.frame(from = character(), to = character()))
    }
    pairs <- if (inherits(test, "pair_split")) test$test else check_pairs(test)
    pairs <- keep_known_pairs(pairs, fit$genes, "test", call = call)
    kept <- drop_pairs(pairs, fit$pairs)
    n_lost <- nrow(pairs) - nrow(kept)
    if (nrow(kept) == 0L) {
        abort_input(c(
            "{.arg test} must hold pairs that the fit was not trained on.",
            x = "All {n_lost} of its pairs are training pairs.",
            i = "Split the pairs before training: {.fn split_pairs}."
        ), call = call)
    }
    if (n_lost > 0L) {
        inform_kith(
            "{n_lost} of {nrow(pairs)} test pairs are training pairs and are
            left out.",
            class = "kith_message_dropped"
        )
    }
    data.frame(from = kept$from, to = kept$to)
}

evaluate_setting <- function(fit, setting, name, known, options) {
    # unseen genes have no degree that negatives of two kinds could match
    method <- if (is.list(setting$universe)) "uniform" else options$negatives
    negatives <- setting_negatives(setting, known, method)
    pairs <- join_rows(setting$positives, negatives)
    positive <- rep(
        c(TRUE, FALSE), c(nrow(setting$positives), nrow(negatives))
    )
    scores <- all_scores(fit, pairs, options)
    if (all(unlist(pairs[c("from", "to")]) %in% pair_genes(fit$pairs))) {
        scores <- cbind(scores, link_scores(fit$pairs, pairs))
    }
    subsets <- list(
        all = rep(TRUE, length(positive)),
        "cross-boundary" = abs(scores$cosine) < options$boundary
    )
    cbind(setting = name, measure_subsets(
        scores, positive, pairs, subsets, options, fit$control$threads
    ))
}

# measure_scores() of each subset (a list of logical vectors) that has both
# positives and negatives, below each other
measure_subsets <- function(scores, positive, pairs, subsets, options,
                            threads) {
    compare_subsets(subsets, function(kept) {
        if (any(positive[kept]) && !all(positive[kept])) {
            measure_scores(
                scores[kept, , drop = FALSE], positive[kept], pairs[kept, ],
                options, threads
            )
        }
    })
}

setting_negatives <- function(setting, known, method) {
    if (method == "uniform") {
        return(sample_negatives(known, setting$universe,
            positives = setting$positives
        ))
    }
    drawn <- sample_negatives(known, setting$universe,
        method = "degree", positives = setting$positives
    )
    # a pair that was drawn several times counts as often
    drawn[rep(seq_len(nrow(drawn)), drawn$times), ]
}

# a column of scores for the fit and for each baseline
all_scores <- function(fit, pairs, options) {
    learned <- score_pairs(fit, pairs, options$how, options$lambda)
    degree <- log1p(pair_degree(fit$pairs, fit$genes)$degree)
    names(degree) <- fit$genes
    data.frame(
        kith = learned$score,
        cosine = learned$cosine,
        degree = unname(degree[pairs$from] + degree[pairs$to]),
        neighbours = guilt_by_association(
            fit$vectors, fit$pairs, pairs,
            k = options$k
        )
    )
}

# What training pairs alone tell of pairs whose genes all have some: how many
# partners two genes share, and these weighted by 1 / log(their degree).
link_scores <- function(train, pairs) {
    genes <- pair_genes(train)
    at <- match_pairs(train, genes)
    linked <- Matrix::sparseMatrix(
        i = c(at$a, at$b), j = c(at$b, at$a), x = 1, index1 = FALSE,
        dims = rep(length(genes), 2L)
    )
    degree <- Matrix::colSums(linked)
    # a gene with one partner is shared by no two
    weights <- cbind(1, ifelse(degree > 1, 1 / log(degree), 0))
    of <- match_pairs(pairs, genes)
    blocks <- split(seq_along(of$a), (seq_along(of$a) - 1L) %/% 10000L)
    found <- lapply(blocks, function(rows) {
        shared <- linked[, of$a[rows] + 1L, drop = FALSE] *
            linked[, of$b[rows] + 1L, drop = FALSE]
        as.matrix(Matrix::crossprod(shared, weights))
    })
    found <- do.call(rbind, found)
    data.frame(
        "common partners" = found[, 1L], "Adamic-Adar" = found[, 2L],
        check.names = FALSE, row.names = NULL
    )
}

# AUC, average precision and the margin of the first column, a row for each;
# genes are drawn for the intervals
measure_scores <- function(scores, positive, pairs, options, threads) {
    drawn <- if (options$draws > 0L) {
        bootstrap_draws(
            as.matrix(scores), positive, index_pair_genes(pairs, nrow(pairs)),
            options$draws, threads
        )
    }
    table <- compare_columns(
        scores, positive, measure_auc, drawn, options$level
    )
    counts <- data.frame(
        average_precision = unname(vapply(
            scores, average_precision, numeric(1), positive
        )),
        n_positive = sum(positive), n_negative = sum(!positive)
    )
    cbind(
        table[c("scorer", "auc", "lower", "upper")], counts,
        table[c("margin", "margin_lower", "margin_upper")]
    )
}
