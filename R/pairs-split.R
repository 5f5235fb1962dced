# Which pairs a model may learn from and which it is judged by.

#' Split pairs into a training and a test part
#'
#' A model that is judged by the pairs it was trained on says little about
#' new ones. `split_pairs()` holds pairs out, in one of two ways:
#'
#' * `by = "edge"`: a random share of the pairs is held out. Their genes are
#'   known from other pairs as a rule. This asks: which partners of known
#'   genes are missing?
#' * `by = "gene"`: a random share of the genes is held out, and with them
#'   every pair that they occur in. This asks: which partners does a gene have
#'   of which nothing is known? Pairs with one and with two unseen genes are
#'   told apart, because the latter are much harder.
#'
#' For validation while training, split the training part once more:
#' `split_pairs(parts$train, by = "gene")`. Its training part then shares no
#' gene with the validation genes, and neither with the test genes.
#'
#' The draw comes from R's random numbers: `set.seed()` decides.
#'
#' @param pairs Gene pairs: what [gene_pairs()] makes or accepts.
#' @param by `"edge"` or `"gene"`, see above.
#' @param prop Share that goes to training, in the open interval (0, 1): of
#'   the pairs (`by = "edge"`) or of the genes that occur in pairs
#'   (`by = "gene"`), rounded to whole pairs or genes. The default of 0.7 is
#'   that of the paper.
#' @param test_genes Only for `by = "gene"`: character vector of the genes to
#'   hold out, for instance whole complexes. `prop` is not used then. Genes
#'   without pairs are dropped with a message.
#' @return A list of class `pair_split`:
#'   \describe{
#'     \item{train}{[gene_pairs()] of two training genes}
#'     \item{test}{[gene_pairs()] with a further column `unseen`: `"none"`
#'       (edge split), `"one"` or `"both"` (gene split: one or both genes are
#'       held out)}
#'     \item{by}{as given}
#'     \item{prop}{as given, `NA` where `test_genes` were}
#'     \item{train_genes, test_genes}{character, the genes of the two sides.
#'       In a gene split they share nothing and make up all genes; in an edge
#'       split they are the genes that occur in each part}
#'   }
#'   Each pair is in exactly one part, and parts keep the order of `pairs`.
#'   `tidy()` gives a data frame with one row per part: `part` and `unseen`
#'   (character), `pairs` and `genes` (integer, their numbers).
#'
#'   In an edge split, genes of which all pairs happen to be held out have no
#'   training pair although `unseen` is `"none"`; `print()` counts the pairs
#'   concerned.
#' @section Errors: `prop` outside (0, 1); `test_genes` in an edge split,
#'   missing, repeated or all unknown; a split that leaves no training or no
#'   test pair; fewer than two pairs.
#' @references J. Dury (2026). Beyond Expression Similarity: Contrastive
#'   Learning Recovers Functional Gene Associations from Protein Interaction
#'   Structure. <https://arxiv.org/abs/2603.20955> (edge and node split).
#' @family gene pairs
#' @export
#' @examples
#' ring <- data.frame(from = letters, to = c(letters[-1], "a"))
#' set.seed(1)
#' parts <- split_pairs(ring, by = "gene")
#' parts
#' generics::tidy(parts)
#' head(parts$test)
#'
#' # hold out genes of your own choice
#' split_pairs(ring, by = "gene", test_genes = c("a", "b", "c"))
split_pairs <- function(pairs, by = c("edge", "gene"), prop = 0.7,
                        test_genes = NULL) {
    pairs <- check_pairs(pairs, min = 2L)
    by <- check_choice(by, c("edge", "gene"))
    if (by == "edge" && !is.null(test_genes)) {
        abort_input(c(
            "{.arg test_genes} can only be given with
            {.code by = \"gene\"}.",
            x = "{.arg by} is \"edge\"."
        ), call = rlang::current_env())
    }
    if (is.null(test_genes)) {
        prop <- check_number(prop, 0, 1, open = TRUE)
    } else {
        prop <- NA_real_
    }
    if (by == "edge") {
        split_by_edge(pairs, prop)
    } else {
        split_by_gene(pairs, prop, test_genes)
    }
}

split_by_edge <- function(pairs, prop, key = draw_key(),
                          call = rlang::caller_env()) {
    held_out <- draw_held_out(nrow(pairs), prop, key) == 1L
    check_both_parts(held_out, "pair", call)
    train <- pairs[!held_out, ]
    test <- pairs[held_out, ]
    new_pair_split(
        train, test, rep.int("none", nrow(test)), "edge", prop,
        pair_genes(train), pair_genes(test)
    )
}

split_by_gene <- function(pairs, prop, test_genes,
                          call = rlang::caller_env()) {
    genes <- pair_genes(pairs)
    held_out <- if (is.null(test_genes)) {
        draw_held_out(length(genes), prop)
    } else {
        as.integer(genes %in% known_test_genes(test_genes, genes, call))
    }
    at <- match_pairs(pairs, genes)
    n_unseen <- .Call(C_count_unseen, at$a, at$b, held_out)
    check_both_parts(n_unseen > 0L, "gene", call)
    new_pair_split(
        pairs[n_unseen == 0L, ], pairs[n_unseen > 0L, ],
        c("one", "both")[n_unseen[n_unseen > 0L]], "gene", prop,
        genes[held_out == 0L], genes[held_out == 1L]
    )
}

# 1 for each of n items that is held out, round(prop * n) of them are not
draw_held_out <- function(n, prop, key = draw_key()) {
    .Call(C_split_items, n, round(prop * n), key)
}

known_test_genes <- function(test_genes, genes, call) {
    test_genes <- check_genes(test_genes, call = call)
    unknown <- setdiff(test_genes, genes)
    if (length(unknown) == length(test_genes)) {
        abort_input(c(
            "{.arg test_genes} must have a gene that occurs in
            {.arg pairs}.",
            x = "{.val {unknown[1]}} does not occur there, nor does any
            other.",
            i = "Gene ids are compared as they are: check type and case."
        ), call = call)
    }
    if (length(unknown)) {
        first <- utils::head(unknown, 3L)
        inform_kith(c(
            "!" = "{length(unknown)} of {length(test_genes)} genes in
            {.arg test_genes} dropped for want of pairs, first
            {.val {first}}."
        ), class = "kith_message_dropped")
    }
    test_genes
}

check_both_parts <- function(in_test, what, call) {
    if (any(in_test) && !all(in_test)) {
        return(invisible())
    }
    lacking <- if (any(in_test)) "training" else "test"
    way_out <- if (what == "pair") {
        "Change {.arg prop}: {length(in_test)} pairs were split."
    } else {
        "Change {.arg prop} or {.arg test_genes}, or draw again: a gene that
        is held out takes all its pairs along."
    }
    abort_input(c(
        "The split by {what} leaves no {lacking} pair.",
        i = way_out
    ), call = call)
}

new_pair_split <- function(train, test, unseen, by, prop, train_genes,
                           test_genes) {
    test$unseen <- unseen
    row.names(train) <- NULL
    row.names(test) <- NULL
    structure(
        list(
            train = train, test = test, by = by, prop = prop,
            train_genes = train_genes, test_genes = test_genes
        ),
        class = "pair_split"
    )
}

#' @method tidy pair_split
#' @export
tidy.pair_split <- function(x, ...) {
    unseen <- if (x$by == "edge") "none" else c("one", "both")
    parts <- c(
        list(x$train),
        lapply(unseen, function(kind) x$test[x$test$unseen == kind, ])
    )
    data.frame(
        part = c("train", rep.int("test", length(unseen))),
        unseen = c("none", unseen),
        pairs = vapply(parts, nrow, integer(1)),
        genes = lengths(lapply(parts, pair_genes))
    )
}

#' @method print pair_split
#' @export
print.pair_split <- function(x, ...) {
    asked <- if (is.na(x$prop)) "test genes given" else paste("prop", x$prop)
    cat(sprintf("<pair_split> by %s, %s\n", x$by, asked))
    if (x$by == "gene") {
        cat(sprintf(
            "%s training genes, %s held out\n",
            format_count(length(x$train_genes)),
            format_count(length(x$test_genes))
        ))
    }
    print(tidy.pair_split(x), row.names = FALSE)
    if (x$by == "edge") {
        known <- match_pairs(x$test, x$train_genes)$known
        cat(sprintf(
            "%s test %s a gene without a training pair\n",
            format_count(sum(!known)),
            if (sum(!known) == 1L) "pair has" else "pairs have"
        ))
    }
    invisible(x)
}
