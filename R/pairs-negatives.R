# Pairs that are not known to belong together, to hold positives against.

# as many as the paper compares with
max_uniform_negatives <- 50000

#' Draw negative pairs
#'
#' Draws pairs of genes that are not among the known pairs. A model's scores
#' of known pairs are held against those of such negatives. No known pair is
#' ever drawn, in neither orientation, and no gene is paired with itself.
#'
#' Two ways of drawing ask two questions:
#'
#' * `"uniform"`: all pairs are equally likely, and none is drawn twice. As
#'   most genes have few partners, a score that only knows which genes have
#'   many partners does well against these.
#' * `"degree"`: for each positive with mean degree m (mean of the numbers of
#'   pairs of its two genes), both genes of a negative come from the genes of
#'   degree 0.8 m to 1.2 m; where these are fewer than 20, of degree 0.5 m to
#'   the larger of 1.5 m and 5; where these are fewer than 2, from all genes.
#'   Each negative gets 100 tries. Degree alone can hardly tell positives from
#'   these, so they show what a model knows beyond it. Among genes with many
#'   partners free pairs are few, so one pair may be drawn several times: the
#'   column `times` counts that and is the weight of the pair in whatever is
#'   computed from the negatives. Without repeats the negatives would have
#'   far lower degrees than the positives.
#'
#' Absence from a list of pairs is not evidence of absence: some negatives
#' will be pairs that nobody has found yet.
#'
#' The draw comes from R's random numbers: `set.seed()` decides. Where uniform
#' negatives are scarce, what exists is listed and drawn from, so that a
#' request for all of them is answered with all of them.
#'
#' @param pairs All known pairs, none of which may be drawn: what
#'   [gene_pairs()] makes or accepts.
#' @param universe The genes to draw from: a character vector, or a list of two
#'   for pairs with one gene from each, `from` the first and `to` the second
#'   (say training genes and unseen genes). By default the genes in `pairs`. A
#'   universe that also has genes without any pair makes the task easier.
#' @param n Number of uniform negatives. By default `per_positive` for each
#'   pair in `positives`, but at most 50,000, as in the paper, and at most what
#'   exists (a message tells). Not for `method = "degree"`.
#' @param method `"uniform"` or `"degree"`, see above.
#' @param per_positive Number of negatives for each positive. The default of 5
#'   is that of the paper.
#' @param positives The pairs that the negatives are to be held against, by
#'   default all `pairs`. For held-out pairs give these here and all known
#'   pairs as `pairs`: then negatives are matched to the held-out pairs, by
#'   degrees among all known pairs, and none of either is drawn.
#' @return [gene_pairs()] with one row per different negative:
#'   \describe{
#'     \item{from, to}{character, the two gene ids}
#'     \item{times}{integer, only for `"degree"`: how often it was drawn}
#'   }
#'   The attribute `report` is a data frame with the columns `reason` and `n`:
#'   how many negatives were asked for and drawn; for `"uniform"` how many
#'   exist; for `"degree"` how many different ones were drawn, and how many
#'   positives got fewer than asked for and none at all.
#' @section Errors: no pairs; a universe with fewer than two genes or with
#'   repeated or missing ids; `n` or `per_positive` that is no whole number of
#'   at least 1; more negatives than exist; `n` with `method = "degree"`.
#' @references J. Dury (2026). Beyond Expression Similarity: Contrastive
#'   Learning Recovers Functional Gene Associations from Protein Interaction
#'   Structure. <https://arxiv.org/abs/2603.20955> (both kinds of negatives).
#' @family gene pairs
#' @export
#' @examples
#' ring <- gene_pairs(data.frame(from = letters, to = c(letters[-1], "a")))
#' set.seed(1)
#' sample_negatives(ring, n = 10)
#'
#' # for pairs that were held out by gene: one gene seen, one unseen
#' parts <- split_pairs(ring, by = "gene")
#' sample_negatives(ring,
#'     universe = list(parts$train_genes, parts$test_genes),
#'     positives = parts$test[parts$test$unseen == "one", ]
#' )
#'
#' # matched by degree
#' sample_negatives(ring, method = "degree", per_positive = 2)
sample_negatives <- function(pairs, universe = NULL, n = NULL,
                             method = c("uniform", "degree"),
                             per_positive = 5, positives = pairs) {
    given <- !missing(positives)
    pairs <- check_pairs(pairs, min = 1L)
    method <- check_choice(method, c("uniform", "degree"))
    per_positive <- check_count(per_positive)
    positives <- if (given) check_pairs(positives, min = 1L) else pairs
    if (!is.null(n)) {
        n <- check_count(n)
        if (method == "degree") {
            abort_input(c(
                "{.arg n} can only be given with
                {.code method = \"uniform\"}.",
                x = "{.arg method} is \"degree\".",
                i = "Set {.arg per_positive} instead."
            ), call = rlang::current_env())
        }
    }
    sides <- check_universe(universe, pairs)
    known <- if (given) join_pairs(pairs, positives) else pairs
    coded <- code_universe(sides, known)
    if (method == "uniform") {
        draw_uniform(coded, n, per_positive, nrow(positives))
    } else {
        draw_matched(coded, positives, per_positive)
    }
}

# the pairs of both tables, each once, without their scores
join_pairs <- function(x, y) {
    pairs_from_columns(
        c(x$from, y$from), c(x$to, y$to), NULL, rlang::caller_env()
    )
}

# one or two character vectors of different genes, as a list
check_universe <- function(universe, pairs, call = rlang::caller_env()) {
    if (is.null(universe)) {
        return(list(pair_genes(pairs)))
    }
    if (!is.list(universe)) {
        return(list(check_genes(universe, 2L, "universe", call)))
    }
    if (is.data.frame(universe) || length(universe) != 2L) {
        abort_input(c(
            "{.arg universe} must be a character vector or a list of two.",
            x = "It is {describe_value(universe)} with {length(universe)}
            element{?s}."
        ), call = call)
    }
    sides <- list(
        check_genes(universe[[1L]], 1L, "universe[[1]]", call),
        check_genes(universe[[2L]], 1L, "universe[[2]]", call)
    )
    if (length(unique(unlist(sides))) < 2L) {
        abort_input(c(
            "{.arg universe} must have at least two different genes.",
            x = "Both parts are {.val {sides[[1]]}}."
        ), call = call)
    }
    sides
}

# genes as codes from 0, as the C side wants them
code_universe <- function(sides, known) {
    genes <- unique(c(unlist(sides), pair_genes(known)))
    at <- match_pairs(known, genes)
    list(
        genes = genes, n_genes = length(genes), a = at$a, b = at$b,
        left = match(sides[[1L]], genes) - 1L,
        right = if (length(sides) == 2L) match(sides[[2L]], genes) - 1L
    )
}

draw_uniform <- function(coded, n, per_positive, n_positives,
                         key = draw_key(), call = rlang::caller_env()) {
    existing <- count_negatives(coded)
    wanted <- if (is.null(n)) {
        min(per_positive * n_positives, max_uniform_negatives)
    } else {
        n
    }
    check_existing(wanted, existing, is.null(n), call)
    drawn <- .Call(
        C_uniform_negatives, coded$left, coded$right, coded$a, coded$b,
        coded$n_genes, min(wanted, existing), key
    )
    new_gene_pairs(
        coded$genes[drawn$from + 1L], coded$genes[drawn$to + 1L],
        report = new_report(
            c("asked for", "drawn", "existing"),
            c(wanted, length(drawn$from), existing)
        )
    )
}

# how many pairs of the universe are no known pairs
count_negatives <- function(coded) {
    .Call(
        C_count_negatives, coded$left, coded$right, coded$a, coded$b,
        coded$n_genes
    )
}

# more than exists is an error, unless the number is our own default
check_existing <- function(wanted, existing, by_default, call) {
    if (wanted <= existing) {
        return(invisible())
    }
    if (existing == 0 || !by_default) {
        abort_input(c(
            "{.arg n} must be at most the number of negatives that exist.",
            x = "Asked for: {format_count(wanted)}. Existing:
            {format_count(existing)}.",
            i = "Ask for fewer, or give a larger {.arg universe}."
        ), call = call)
    }
    inform_kith(c(
        "!" = "{format_count(wanted)} negatives would be drawn, but no more
        than {format_count(existing)} exist: these are taken."
    ), class = "kith_message_fewer")
}

draw_matched <- function(coded, positives, per_positive,
                         call = rlang::caller_env()) {
    wanted <- as.double(per_positive) * nrow(positives)
    if (wanted > .Machine$integer.max) {
        abort_input(c(
            "{.arg per_positive} must give at most 2^31 - 1 negatives.",
            x = "It gives {format_count(wanted)}."
        ), call = call)
    }
    at <- match_pairs(positives, coded$genes)
    drawn <- .Call(
        C_matched_negatives, coded$left, coded$right, coded$a, coded$b,
        coded$n_genes, at$a, at$b, per_positive, draw_key()
    )
    repeats <- .Call(C_unique_pairs, drawn$from, drawn$to, NULL)
    rows <- repeats$kept + 1L
    negatives <- new_gene_pairs(
        coded$genes[drawn$from[rows] + 1L], coded$genes[drawn$to[rows] + 1L]
    )
    negatives$times <- repeats$times
    attr(negatives, "report") <- report_matched(
        wanted, drawn$n_found, per_positive, nrow(negatives)
    )
    negatives
}

report_matched <- function(wanted, n_found, per_positive, n_different) {
    new_report(
        c(
            "asked for", "drawn", "different", "positives with fewer",
            "positives with none"
        ),
        c(
            wanted, sum(n_found), n_different, sum(n_found < per_positive),
            sum(n_found == 0L)
        )
    )
}
