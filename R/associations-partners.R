#' Find new partners of genes
#'
#' The genes that score highest with each gene asked for, over all genes of
#' the fit. The gene itself and the partners that are known already are left
#' out.
#'
#' Genes are compared in blocks, so memory stays bounded: 20,000 genes against
#' 20,000 take well under 1 GiB. Equal scores are ordered by the place of the
#' gene in the fit.
#'
#' @param fit A fit of [learn_associations()].
#' @param genes Ids of the genes to find partners for. `NULL`: all.
#' @param n Partners for each gene; fewer are given where there are fewer.
#' @param how,lambda,newdata As in [score_pairs()]. New genes can be asked for
#'   and can be found.
#' @param known Pairs that are known, beside those that the fit was trained on
#'   or validated with: anything that [gene_pairs()] takes.
#' @param exclude_known Leave known partners out?
#' @param evidence Add the known pair that supports each partner most, in words
#'   ([evidence()] lists more)? For few genes: it is slow for thousands.
#' @param prior With combined scores: the share of pairs that are pairs of
#'   partners among those that `probability` is meant for. `NULL` takes the
#'   share of training pairs among all pairs of genes of the fit, as a list of
#'   partners is drawn from all genes; `predict(type = "prob")` takes one in
#'   six. Probabilities are those of a random pair with that score: at the very
#'   top of a ranking of many genes they are still too high.
#'
#' @return A data frame with a row for each gene and partner, in the order of
#'   `genes`, best partner first: `gene`, `partner`, `rank` (from 1), `score`,
#'   `cosine` (of the inputs), `known` (is it a known pair?), `degree` (known
#'   pairs of the partner in the training data), with combined scores
#'   `probability` (see `prior`), for fits of several networks `spread`, the
#'   standard deviation of the score among them, and where it is asked for
#'   `evidence` (`NA` where no known pair supports the partner).
#' @section Errors: Of class `kith_error_input`: a gene without a vector (the
#'   message has the nearest name), `n` that is not a positive whole number,
#'   `prior` outside (0, 1).
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 2, batch_size = 64, threads = 1)
#' )
#' partners(fit, fit$genes[1:2], n = 3)
#' @export
partners <- function(fit, genes = NULL, n = 10, how = NULL, lambda = 1,
                     newdata = NULL, known = NULL, exclude_known = TRUE,
                     evidence = FALSE, prior = NULL) {
    check_class(fit, "association_fit", "learn_associations")
    n <- check_count(n)
    how <- check_how(how, fit)
    lambda <- check_lambda(lambda, how)
    check_flag(exclude_known)
    check_flag(evidence)
    prior <- if (is.null(prior)) {
        pair_density(fit)
    } else {
        check_number(prior, 0, 1, open = TRUE)
    }
    places <- places_of(fit, newdata)
    all_genes <- rownames(places$vectors)
    genes <- check_queries(genes, all_genes)
    known_pairs <- known_pairs(fit, known)
    queries <- match(genes, all_genes)
    scorer <- fit_scorer(fit, places, places$encoded, how, lambda)
    partner_lists <- known_partners(known_pairs, all_genes)
    exclude <- if (exclude_known) partner_lists[queries]
    found <- top_partners(
        scorer_of_queries(scorer, queries), queries, exclude,
        min(n, length(all_genes)),
        fit$control$threads
    )
    table <- partner_table(
        found, queries, places, partner_lists, fit, how, lambda, prior
    )
    if (evidence) table$evidence <- best_evidence(fit, table, newdata)
    table
}

# the text of the strongest support for each row of a partner table
best_evidence <- function(fit, table, newdata) {
    pairs <- data.frame(from = table$gene, to = table$partner)
    best <- evidence(fit, pairs, n = 1, newdata = newdata)
    key <- function(x) paste(x$from, x$to, sep = "\r")
    best$text[match(key(pairs), key(best))]
}

# found: list(genes, scores), queries x n, NA where there is none
partner_table <- function(found, queries, places, partner_lists, fit, how,
                          lambda, prior) {
    all_genes <- rownames(places$vectors)
    # a row for each gene and rank, gene by gene
    partner <- as.vector(t(found$genes))
    query <- rep(queries, each = ncol(found$genes))
    rank <- rep(seq_len(ncol(found$genes)), times = length(queries))
    there <- !is.na(partner)
    partner <- partner[there]
    gene <- query[there]
    code <- function(a, b) (a - 1) * length(all_genes) + b
    known <- code(
        rep(seq_along(partner_lists), lengths(partner_lists)),
        unlist(partner_lists)
    )
    scored <- score_places(fit, places, gene, partner, how, lambda)
    result <- data.frame(
        gene = all_genes[gene], partner = all_genes[partner],
        rank = rank[there], score = scored$score, cosine = scored$cosine,
        known = code(gene, partner) %in% known,
        degree = pair_degree(fit$pairs, all_genes)$degree[partner]
    )
    if (how == "combined") {
        result$probability <- score_probability(result$score, prior)
    }
    if (length(fit$members) > 1L) result$spread <- scored$spread
    result
}

check_queries <- function(genes, all_genes, call = rlang::caller_env()) {
    if (is.null(genes)) {
        return(all_genes)
    }
    if (!is.character(genes) || length(genes) == 0L) {
        abort_input(c(
            "{.arg genes} must be a character vector of gene ids.",
            x = "It is {describe_value(genes)}."
        ), call = call)
    }
    unknown <- unique(genes[!genes %in% all_genes])
    if (length(unknown) > 0L) {
        near <- nearest_names(unknown[1L], all_genes)
        abort_input(c(
            "{.arg genes} must be known to the fit.",
            x = "{length(unknown)} {?is/are} not; the first is
            {.val {unknown[1]}}.",
            i = "Did you mean {.or {.val {near}}}? The vector of a new gene can
            be given in {.arg newdata}."
        ), call = call)
    }
    genes
}

# all pairs that count as known: trained on, validated with, given
known_pairs <- function(fit, known = NULL) {
    pairs <- fit$pairs
    if (!is.null(fit$validation)) pairs <- join_pairs(pairs, fit$validation)
    if (!is.null(known)) pairs <- join_pairs(pairs, check_pairs(known))
    pairs
}

# for every gene the places of its partners
known_partners <- function(pairs, genes) {
    index <- match_pairs(pairs, genes)
    a <- index$a[index$known] + 1L
    b <- index$b[index$known] + 1L
    unname(split(c(b, a), factor(c(a, b), seq_along(genes))))
}
