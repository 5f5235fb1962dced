#' Look at vectors and pairs before training
#'
#' The five rules of the CAL paper: what the data say about whether learning
#' will help, which negatives to take and what to beware of.
#'
#' @param x Gene vectors: whatever [as_embedding()] takes.
#' @param pairs Known pairs: whatever [gene_pairs()] takes. A `score` column is
#'   used to judge how strict they are.
#'
#' @return A data frame of class `association_diagnosis` with a row for each
#'   rule: `rule`, `measure` (what was measured), `value`, `limit`, `flagged`
#'   (is the rule's warning due? `NA` where only training can tell) and
#'   `advice`. The attribute `facts` is a data frame `fact`, `value` (genes,
#'   pairs, genes without a pair, share of cross-boundary pairs, mean cosine).
#' @section Errors: As [learn_associations()].
#' @references Dury J (2026). arXiv:2603.20955, discussion.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' diagnose(organism$vectors, organism$pairs)
#' @export
diagnose <- function(x, pairs) {
    x <- as_embedding(x, normalize = TRUE)
    pairs <- keep_known_pairs(check_pairs(pairs), rownames(x), "pairs")
    negatives <- sample_negatives(pairs, rownames(x))
    vectors <- unclass_matrix(x)
    cosine_of <- function(some) {
        index <- match_pairs(some, rownames(x))
        dot_pairs(vectors, vectors, index$a + 1L, index$b + 1L)
    }
    cosine <- cosine_of(pairs)
    degree <- pair_degree(pairs, rownames(x))
    log_degree <- stats::setNames(log1p(degree$degree), degree$gene)
    positive <- rep(c(TRUE, FALSE), c(nrow(pairs), nrow(negatives)))
    both <- join_rows(pairs, negatives)
    measures <- list(
        cosine_auc = auc(c(cosine, cosine_of(negatives)), positive),
        alike = mean(cosine > 0.5),
        pairs_per_gene = mean(degree$degree[degree$degree > 0]),
        strictness = strictness(pairs, cosine),
        degree_auc = auc(
            log_degree[both$from] + log_degree[both$to], positive
        )
    )
    facts <- data.frame(
        fact = c(
            "genes", "pairs", "genes without a pair",
            "share of pairs with |cosine| < 0.2", "mean cosine of pairs"
        ),
        value = c(
            nrow(x), nrow(pairs), sum(degree$degree == 0),
            mean(abs(cosine) < 0.2), mean(cosine)
        )
    )
    structure(diagnosis_rules(measures),
        class = c("association_diagnosis", "data.frame"), facts = facts
    )
}

# how much more alike the better scored half of the pairs is; NA without
# scores that differ
strictness <- function(pairs, cosine) {
    score <- pairs$score
    if (is.null(score) || length(unique(score)) < 2L) {
        return(NA_real_)
    }
    upper <- score > stats::median(score)
    if (!any(upper)) upper <- score >= stats::median(score)
    mean(cosine[upper]) - mean(cosine[!upper])
}

diagnosis_rules <- function(measures) {
    flag <- function(value, limit) {
        if (is.na(value)) NA else value > limit
    }
    rule <- function(rule, measure, value, limit, advice) {
        data.frame(
            rule = rule, measure = measure, value = value, limit = limit,
            flagged = flag(value, limit), advice = advice
        )
    }
    rules <- rbind(
        rule(
            "little to gain", "AUC of the cosine", measures$cosine_auc, 0.85,
            "The cosine finds these pairs already; use uniform negatives."
        ),
        rule(
            "partners look alike", "share of pairs with cosine > 0.5",
            measures$alike, 0.5,
            "In-batch negatives push look-alikes apart; use uniform ones."
        ),
        rule(
            "degree confounding", "pairs per gene with a pair",
            measures$pairs_per_gene, 50,
            "Hubs may explain the scores; compare with shuffled partners."
        ),
        rule(
            "strict pairs", "cosine gained by the stricter half",
            measures$strictness, 0.05,
            "The strictest pairs carry more; try a higher score threshold."
        ),
        rule(
            "degree alone", "AUC of the log-degree sum",
            measures$degree_auc, 0.8,
            paste(
                "If shuffled partners score as high as real ones, degree was",
                "learned, not association: use degree-matched negatives."
            )
        )
    )
    rules
}

#' @method print association_diagnosis
#' @export
print.association_diagnosis <- function(x, ...) {
    facts <- attr(x, "facts")
    if (!is.null(facts)) {
        cli::cat_line(
            format(facts$fact), "  ",
            vapply(facts$value, format, "", digits = 3, big.mark = ",")
        )
    }
    mark <- ifelse(is.na(x$flagged), "?", ifelse(x$flagged, "!", "."))
    cli::cat_line(
        mark, " ", format(x$rule), "  ", format(round(x$value, 3), nsmall = 3),
        format(sprintf(" (limit %s)", x$limit)), "  ", x$measure
    )
    due <- which(x$flagged)
    if (length(due) > 0L) {
        advice <- paste0("! ", x$rule[due], ": ", x$advice[due])
        cli::cat_line(strwrap(advice, exdent = 2))
    }
    invisible(x)
}
