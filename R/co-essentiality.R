# Pairs from the rows of a matrix that rise and fall together: genes over cell
# lines, drugs over cell lines.

#' Gene pairs from a fitness screen
#'
#' Genes whose loss harms the same cell lines work together. Compares the
#' fitness profiles of all genes and lists the pairs that agree most, ready for
#' [learn_associations()].
#'
#' * `score = "product"`: as in the paper, gains are cut off,
#'   \eqn{G = \max(0, -x)}, and a pair scores \eqn{\sum_l G_{al} G_{bl}}. Genes
#'   that harm most lines (ribosome, proteasome) score high with each other.
#' * `score = "correlation"`: Pearson's correlation over the lines, which asks
#'   for the same pattern whatever its size.
#'
#' Neighbours on a chromosome are cut and copied together, so that screens
#' correlate along it: three of four of the closest pairs within co-essential
#' modules of DepMap lie on one chromosome. Give `chromosome`, and drop or at
#' least look at those.
#'
#' Genes are compared in blocks, without the matrix of all pairs: 18,000 genes
#' over 1,000 lines take a quarter of a minute and 1 GB, their table included.
#'
#' @param x Effects of losing a gene, genes x cell lines, negative where it
#'   harms: whatever [as_embedding()] takes; DepMap's table comes from
#'   [read_profiles()].
#' @param n How many pairs at most.
#' @param score `"product"` or `"correlation"`, see above.
#' @param min_score Leave out pairs below this score. `NULL`: products must
#'   exceed 0, correlations may be anything.
#' @param chromosome `NULL`, or a character vector with the chromosome of each
#'   gene, named by the ids of `x`; for human symbols
#'   `AnnotationDbi::mapIds(org.Hs.eg.db, rownames(x), "CHR", "SYMBOL")` of an
#'   older annotation package, or the column of any gene table. Genes without
#'   one (`NA`, `""` or not named) are never dropped.
#' @param same_chromosome `"flag"` pairs on one chromosome, or `"drop"` them
#'   before the best are chosen; either needs `chromosome`.
#' @param threads Number of threads; it does not change the result.
#'
#' @return [gene_pairs()] with the columns `from`, `to`, `score` (best first)
#'   and, with `chromosome`, `same_chromosome` (logical, `NA` where one is not
#'   known). The report counts genes without variation, which have no
#'   correlation and are left out, and genes without a chromosome.
#' @section Errors: Of class `kith_error_input`: what [as_embedding()] refuses,
#'   missing or infinite effects, no negative effect at all (the sign is turned
#'   round), fewer than two genes (that vary, for correlations), pairs to drop
#'   without a `chromosome`, no pair that reaches `min_score`.
#' @references Dury J (2026). arXiv:2603.20955. Wainberg M et al. (2021). "A
#'   genome-wide atlas of co-essential modules assigns function to
#'   uncharacterized genes." *Nature Genetics* 53, 638-649.
#' @family gene pairs
#' @examples
#' set.seed(1)
#' # two modules of five genes that different lines depend on
#' effects <- matrix(rnorm(20 * 30, sd = 0.2), 20)
#' effects[1:5, 1:10] <- effects[1:5, 1:10] - 1
#' effects[6:10, 11:20] <- effects[6:10, 11:20] - 1
#' rownames(effects) <- paste0("gene", 1:20)
#' co_essentiality(effects, n = 20)
#' chromosome <- setNames(rep(c("1", "2"), 10), rownames(effects))
#' co_essentiality(effects,
#'     n = 20, score = "correlation",
#'     chromosome = chromosome, same_chromosome = "drop"
#' )
#' @export
co_essentiality <- function(x, n = 100000, score = c("product", "correlation"),
                            min_score = NULL, chromosome = NULL,
                            same_chromosome = c("flag", "drop"),
                            threads = 1) {
    x <- profile_matrix(x)
    n <- check_count(n, max = 1e8)
    score <- check_choice(score, c("product", "correlation"))
    min_score <- or_null(min_score, check_number)
    same_chromosome <- check_choice(same_chromosome, c("flag", "drop"))
    threads <- check_threads(threads)
    drop <- same_chromosome == "drop"
    group <- chromosome_codes(chromosome, rownames(x), drop)
    profiles <- if (score == "product") {
        losses(x)
    } else {
        standardize_profiles(x)
    }
    varies <- attr(profiles, "varies")
    least <- if (!is.null(min_score)) {
        min_score
    } else if (score == "product") {
        .Machine$double.xmin
    } else {
        -Inf
    }
    excluded <- if (drop) group else integer(nrow(x))
    found <- .Call(
        C_top_pairs, profiles[varies, , drop = FALSE], excluded[varies],
        least, n, threads
    )
    ids <- rownames(x)[varies]
    check_found(length(found$a), score, min_score, drop)
    pairs <- new_gene_pairs(ids[found$a + 1L], ids[found$b + 1L], found$score,
        report = new_report(
            c("genes", "genes without variation",
                if (!is.null(chromosome)) "genes without a chromosome", "kept"),
            c(nrow(x), sum(!varies),
                if (!is.null(chromosome)) sum(group == 0L), length(found$a))
        )
    )
    if (!is.null(chromosome)) {
        of_gene <- ifelse(group > 0L, group, NA)[varies]
        pairs$same_chromosome <- of_gene[found$a + 1L] == of_gene[found$b + 1L]
    }
    pairs
}

#' Drug pairs from a response screen
#'
#' Drugs that kill the same cell lines often work through the same mechanism.
#' Correlates the response profiles of all drugs and lists the pairs that agree
#' most, ready for [learn_associations()] with drugs in the place of genes
#' (vectors: structural fingerprints, expression signatures ...).
#'
#' Screens have gaps: a pair is compared over the lines in which both drugs
#' were measured. Drugs are compared in blocks, without the matrix of all pairs:
#' 10,000 drugs over 60 lines take half a minute and 0.3 GB.
#'
#' @param x Responses, drugs x cell lines, `NA` where a drug was not measured:
#'   numeric matrix or data frame with drug ids as row names. Whether high means
#'   sensitive or resistant makes no difference.
#' @param n How many pairs at most.
#' @param min_score Leave out pairs whose correlation is below.
#' @param min_lines Leave out pairs with fewer lines in common: a correlation
#'   over few lines is high by chance.
#'
#' @return [gene_pairs()] with the columns `from`, `to`, `score` (the
#'   correlation, best first) and `lines` (how many it rests on). The report
#'   counts drugs without variation, and pairs with too few lines or over
#'   whose lines one drug does not vary.
#' @section Errors: Of class `kith_error_input`: a matrix without unique row
#'   names, infinite responses, fewer than two drugs that vary, no pair that
#'   reaches `min_score` and `min_lines`.
#' @references Dury J (2026). arXiv:2603.20955.
#' @family gene pairs
#' @examples
#' set.seed(1)
#' response <- matrix(rnorm(12 * 40), 12)
#' response[2, ] <- response[1, ] + rnorm(40, sd = 0.3)
#' response[sample(480, 60)] <- NA
#' rownames(response) <- paste0("drug", 1:12)
#' co_response(response, n = 5)
#' @export
co_response <- function(x, n = 100000, min_score = -1, min_lines = 20) {
    x <- as.matrix(gene_matrix(x))
    n <- check_count(n, max = 1e8)
    min_score <- check_number(min_score, -1, 1)
    min_lines <- check_count(min_lines, min = 3)
    check_no_infinite(x)
    measured <- !is.na(x)
    varies <- apply(x, 1, function(row) {
        seen <- row[!is.na(row)]
        length(seen) > 1L && any(seen != seen[1L])
    })
    check_two_vary(varies)
    found <- search_responses(
        t(x[varies, , drop = FALSE]), n, min_score, min_lines
    )
    best <- found$pairs
    if (length(best$score) == 0L) {
        abort_input(c(
            "There must be a pair whose correlation is {min_score} or more over
            {min_lines} or more lines in common.",
            x = "There is none among {sum(varies)} drugs that vary over
            {ncol(x)} line{?s}.",
            i = "Lower {.arg min_score} or {.arg min_lines}; drugs belong in
            the rows of {.arg x}."
        ))
    }
    ids <- rownames(x)[varies]
    pairs <- new_gene_pairs(ids[best$a], ids[best$b], best$score,
        report = new_report(
            c("drugs", "drugs without variation", "pairs with too few lines",
                "kept"),
            c(nrow(x), sum(!varies), found$n_short, length(best$score))
        )
    )
    pairs$lines <- best$lines
    pairs
}

# The best n pairs of columns (lines x drugs, NA for gaps), and how many pairs
# have too few lines or no correlation. Blocks of columns meet the columns from
# their first on; a block is some `work` products, about a second, after which
# Ctrl-C is answered. Equal scores are ranked by the later drug, then by the
# earlier.
search_responses <- function(profiles, n, min_score, min_lines, work = 1e8) {
    n_drugs <- ncol(profiles)
    measured <- 1 * !is.na(profiles)
    # blocks of few lines are bounded by their pairs
    width <- max(1, floor(work / n_drugs / max(nrow(profiles), 25)))
    best <- list(a = integer(), b = integer(), score = NULL, lines = NULL)
    least <- min_score
    n_short <- 0
    for (first in seq(1, n_drugs, by = width)) {
        block <- seq(first, min(first + width - 1, n_drugs))
        rest <- seq(first, n_drugs)
        # a pair may have lines in common of which one drug knows no difference
        score <- suppressWarnings(stats::cor(
            profiles[, block, drop = FALSE], profiles[, rest, drop = FALSE],
            use = "pairwise.complete.obs"
        ))
        lines <- crossprod(
            measured[, block, drop = FALSE], measured[, rest, drop = FALSE]
        )
        later <- col(score) > row(score)
        compared <- later & lines >= min_lines & !is.na(score)
        n_short <- n_short + sum(later) - sum(compared)
        at <- which(compared & score >= least, arr.ind = TRUE)
        best <- list(
            a = c(best$a, block[at[, 1L]]), b = c(best$b, rest[at[, 2L]]),
            score = c(best$score, score[at]), lines = c(best$lines, lines[at])
        )
        if (length(best$score) > 2 * n) {
            best <- best_responses(best, n)
            least <- best$score[n]
        }
    }
    list(pairs = best_responses(best, n), n_short = n_short)
}

best_responses <- function(found, n) {
    ranked <- order(-found$score, found$b, found$a)
    lapply(found, `[`, utils::head(ranked, n))
}

# ---- checks -----------------------------------------------------------------

# a dense matrix of finite numbers
profile_matrix <- function(x, call = rlang::caller_env()) {
    x <- as.matrix(gene_matrix(x, call = call))
    storage.mode(x) <- "double"
    if (!all(is.finite(x))) {
        abort_not_finite(x,
            call = call,
            advice = "{.fn read_profiles} can fill in what is missing, by the
            gene's mean."
        )
    }
    x
}

check_no_infinite <- function(x, call = rlang::caller_env()) {
    infinite <- is.infinite(x)
    if (any(infinite)) {
        abort_not_finite(x, ifelse(infinite, x, 0),
            call = call, advice = "Leave it missing (NA) where it was not
            measured."
        )
    }
}

check_two_vary <- function(varies, call = rlang::caller_env()) {
    if (sum(varies) < 2L) {
        abort_input(c(
            "{.arg x} must have at least two rows that vary.",
            x = "{sum(varies)} of {length(varies)} do{?es/}."
        ), call = call)
    }
}

check_found <- function(n, score, min_score, drop,
                        call = rlang::caller_env()) {
    if (n > 0L) {
        return(invisible())
    }
    abort_input(c(
        if (!is.null(min_score)) {
            "There must be a pair that scores {signif(min_score, 3)} or more."
        } else if (score == "product") {
            "There must be a pair of genes that harm a cell line in common."
        } else {
            "There must be a pair of genes on two chromosomes."
        },
        x = if (drop) "There is none beyond one chromosome." else "There is
        none.",
        i = if (!is.null(min_score)) "Lower {.arg min_score}.",
        i = if (drop) {
            "{.code same_chromosome = \"flag\"} keeps pairs on one chromosome."
        }
    ), call = call)
}

# What a loss costs, gains cut off. Attribute `varies` as that of
# standardize_profiles(): products ask for no variation.
losses <- function(x, call = rlang::caller_env()) {
    check_two_vary(rep(TRUE, nrow(x)), call)
    profiles <- pmax(-x, 0)
    if (!any(profiles > 0)) {
        abort_input(c(
            "{.arg x} must have negative effects: losing a gene harms.",
            x = "Its smallest value is {min(x)}.",
            i = "Turn the sign round if harm is positive in it."
        ), call = call)
    }
    attr(profiles, "varies") <- rep(TRUE, nrow(x))
    profiles
}

# Rows of mean 0 and length 1, of which products are correlations; attribute
# `varies` is FALSE for rows of one value.
standardize_profiles <- function(x, call = rlang::caller_env()) {
    before <- sqrt(rowSums(x^2))
    x <- x - rowMeans(x)
    lengths <- sqrt(rowSums(x^2))
    # what rounding leaves of a constant row is no variation
    varies <- lengths > 1e-12 * before
    check_two_vary(varies, call)
    x <- x / lengths
    attr(x, "varies") <- varies
    x
}

# for each gene the number of its chromosome, 0 where it is not known
chromosome_codes <- function(chromosome, genes, drop,
                             call = rlang::caller_env()) {
    if (is.null(chromosome)) {
        if (drop) {
            abort_input(c(
                "{.arg chromosome} must be given to drop pairs on one
                chromosome.",
                x = "It is NULL.",
                i = "Give the chromosome of each gene, named by gene."
            ), call = call)
        }
        return(integer(length(genes)))
    }
    if (is.factor(chromosome)) {
        chromosome <- stats::setNames(
            as.character(chromosome), names(chromosome)
        )
    }
    if (!is.character(chromosome) || is.null(names(chromosome))) {
        abort_input(c(
            "{.arg chromosome} must be a character vector named by gene.",
            x = "It is {describe_value(chromosome)}.",
            i = "For instance
            {.code setNames(as.character(genes$chromosome), genes$symbol)}."
        ), call = call)
    }
    own <- unname(chromosome[genes])
    own[!nzchar(own)] <- NA
    if (all(is.na(own))) {
        abort_input(c(
            "{.arg chromosome} must have the chromosome of genes of {.arg x}.",
            x = "It has none of them; its first name is
            {.val {names(chromosome)[1]}}, the first gene {.val {genes[1]}}."
        ), call = call)
    }
    codes <- match(own, unique(own[!is.na(own)]))
    codes[is.na(codes)] <- 0L
    codes
}
