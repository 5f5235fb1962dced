# ---- scoring ----------------------------------------------------------------

# Scores of genes by one scorer of a fit.
score_part <- function(part, signal, threads, precision) {
    n_bins <- signal$n_bins
    if (!is.null(part$forest)) {
        return(forest_part_scores(part, signal, threads))
    }
    if (is.null(part$members)) {
        values <- apply_transform(
            smooth_signal(signal, part$scorer), part$transform
        )
        return(space_scores(
            part$space, part$coefficients, values, threads
        )[, 1L])
    }
    if (!is.null(part$reference)) {
        return(reference_scores(
            part, unname(signal$values), precision, threads
        ))
    }
    scores <- vapply(part$members, function(member) {
        values <- apply_transform(signal, member$input$transform)
        input <- network_input(
            part$scorer, values, n_bins, member$input$standardiser
        )
        network_encode(
            part$network, precision, member$parameters, input, threads,
            member$state %||% double()
        )[, 1L]
    }, numeric(nrow(signal$values)))
    rowMeans(matrix(scores, nrow(signal$values)))
}

# genes x scorers
score_parts <- function(fit, signal) {
    scores <- with_one_blas_thread(vapply(fit$scorers, score_part,
        numeric(nrow(signal$values)), signal, fit$control$threads,
        fit$control$precision
    ))
    matrix(scores, nrow(signal$values),
        dimnames = list(signal_genes(signal), names(fit$scorers))
    )
}

# the scores that predictions are made of: log-odds
score_genes <- function(fit, signal) {
    drop(score_parts(fit, signal) %*% fit$weights)
}

# ---- methods ----------------------------------------------------------------

#' Look into a ranking fit
#'
#' @param x,object,fit A fit of [learn_ranking()].
#' @param newdata Marks of genes, also of genes that the fit has never met:
#'   whatever [learn_ranking()] takes as `x`, with the marks and bins that the
#'   fit was trained on.
#' @param type What to predict: `"score"` of each gene (log-odds: differences
#'   matter), `"rank"` (1 is the gene with the highest score), or `"prob"`, for
#'   `pairs`: the probability that the first gene is expressed more than the
#'   second.
#' @param pairs For `type = "prob"`: a data frame with the columns `from` and
#'   `to`, genes of `newdata`.
#' @param ... Not used.
#'
#' @return
#' * `predict`: a data frame with a row for each gene and the columns `gene` and
#'   `.pred`, or for each pair `from`, `to` and `.pred`. P(a above b) and P(b
#'   above a) add up to 1, and the most likely orders of all pairs agree with
#'   each other: they follow from one score for each gene.
#' * `encode`: a matrix genes x scorers, the score of each.
#' * `augment`: `newdata`'s genes as a data frame with the columns `gene`,
#'   `.score`, `.rank` and a column for the mean of each mark.
#' * `tidy`: a data frame with a row for each scorer: `scorer`, `weight` (of its
#'   scores, which have units of their own), `share` (in the variation of the
#'   whole score; shares add up to 1), `setting` (chosen on held-out folds),
#'   `concordance` (on these folds).
#' * `glance`: a data frame with one row: `genes`, `marks`, `bins`, `scorers`,
#'   `transform`, `concordance` (of all scorers together on the held-out folds
#'   of training genes), `precision`.
#' * `summary`: both, and the history of the networks.
#' @section Errors: Of class `kith_error_input`: marks or bins that are not
#'   those of the training, pairs of genes that `newdata` does not have.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 200)
#' fit <- learn_ranking(cells$marks, cells$expression,
#'     scorer = scorer_linear()
#' )
#' head(predict(fit, cells$marks))
#' pairs <- data.frame(from = "G001", to = c("G002", "G003"))
#' predict(fit, cells$marks, type = "prob", pairs = pairs)
#' tidy(fit)
#' @name ranking_fit
NULL

#' @rdname ranking_fit
#' @method predict ranking_fit
#' @export
predict.ranking_fit <- function(object, newdata,
                                type = c("score", "rank", "prob"),
                                pairs = NULL, ...) {
    type <- check_choice(type, c("score", "rank", "prob"))
    if (missing(newdata)) {
        abort_input(c(
            "{.arg newdata} is missing.",
            i = "Give the marks of the genes to score: a fit does not keep
            those that it was trained on."
        ))
    }
    if (type == "prob" && is.null(pairs)) {
        abort_input(c(
            "{.code type = \"prob\"} needs {.arg pairs}.",
            i = "Give a data frame with the columns {.field from} and
            {.field to}: the probability is that {.field from} is expressed
            more."
        ))
    }
    if (type != "prob" && !is.null(pairs)) {
        abort_input(c(
            "{.arg pairs} goes with {.code type = \"prob\"}.",
            x = "{.arg type} is {.val {type}}."
        ))
    }
    signal <- matching_signal(newdata, object)
    if (type == "prob") {
        return(pair_probabilities(object, signal, pairs))
    }
    score <- score_genes(object, signal)
    data.frame(
        gene = signal_genes(signal),
        .pred = unname(if (type == "rank") mid_ranks(-score) else score)
    )
}

pair_probabilities <- function(fit, signal, pairs,
                               call = rlang::caller_env()) {
    genes <- signal_genes(signal)
    ends <- check_pair_columns(pairs, name = "pairs", call = call)
    from <- match(ends$from, genes)
    to <- match(ends$to, genes)
    unknown <- c(ends$from[is.na(from)], ends$to[is.na(to)])
    if (length(unknown)) {
        abort_input(c(
            "{.arg pairs} must be of genes of {.arg newdata}.",
            x = "{.val {unknown[1]}} is not one.",
            i = "{advise_ids(unknown, genes)}"
        ), call = call)
    }
    part <- fit$scorers[[1L]]
    logits <- if (is.null(part$reference)) {
        score <- unname(score_genes(fit, signal))
        score[from] - score[to]
    } else {
        x <- unname(signal$values)
        pair_logits(
            "concat", part$network, fit$control$precision,
            part$members[[1L]]$parameters, x[from, , drop = FALSE],
            x[to, , drop = FALSE], fit$control$threads
        )
    }
    data.frame(from = ends$from, to = ends$to, .pred = stats::plogis(logits))
}

#' @rdname ranking_fit
#' @method encode ranking_fit
#' @export
encode.ranking_fit <- function(fit, newdata = NULL, ...) {
    if (is.null(newdata)) {
        abort_input(c(
            "{.arg newdata} is missing.",
            i = "Give marks of genes: a fit does not keep those that it was
            trained on."
        ))
    }
    score_parts(fit, matching_signal(newdata, fit))
}

#' @rdname ranking_fit
#' @method augment ranking_fit
#' @export
augment.ranking_fit <- function(x, newdata, ...) {
    signal <- matching_signal(newdata, x)
    score <- score_genes(x, signal)
    data.frame(
        gene = signal_genes(signal), .score = unname(score),
        .rank = mid_ranks(-score), mark_means(signal),
        check.names = FALSE, row.names = NULL
    )
}

#' @rdname ranking_fit
#' @method tidy ranking_fit
#' @export
tidy.ranking_fit <- function(x, ...) {
    alone <- x$folds[x$folds$chosen & x$folds$scorer != "together", ]
    at <- match(names(x$scorers), alone$scorer)
    data.frame(
        scorer = names(x$scorers), weight = unname(x$weights),
        share = unname(x$shares),
        setting = alone$setting[at], concordance = alone$concordance[at],
        row.names = NULL
    )
}

#' @rdname ranking_fit
#' @method glance ranking_fit
#' @export
glance.ranking_fit <- function(x, ...) {
    together <- x$folds$concordance[x$folds$scorer == "together"]
    data.frame(
        genes = length(x$genes), marks = length(x$marks), bins = x$n_bins,
        scorers = length(x$scorers), transform = x$transform,
        concordance = if (length(together)) together else NA_real_,
        precision = x$control$precision
    )
}

#' @method print ranking_fit
#' @export
print.ranking_fit <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<ranking_fit>")
    cli::cat_line(
        "  ", row$genes, " genes, ", row$marks, " mark",
        if (row$marks > 1L) "s", if (row$bins > 1L) {
            paste0(" x ", row$bins, " bins")
        }, ", transform ", row$transform
    )
    parts <- tidy(x)
    cli::cat_line(sprintf(
        "  %s share %.2f%s%s", format(parts$scorer), parts$share,
        ifelse(is.na(parts$concordance), "",
            sprintf(", concordance %.3f", parts$concordance)
        ),
        ifelse(is.na(parts$setting) | !nzchar(parts$setting), "",
            paste0(" (", parts$setting, ")")
        )
    ))
    if (!is.na(row$concordance)) {
        cli::cat_line(sprintf(
            "  together %.3f, on held-out folds of the training genes",
            row$concordance
        ))
    }
    cli::cat_line("  other genes: evaluate(fit, marks, expression)")
    invisible(x)
}

#' @rdname ranking_fit
#' @method summary ranking_fit
#' @export
summary.ranking_fit <- function(object, ...) {
    structure(
        list(
            glance = glance(object), scorers = tidy(object),
            compared = object$folds, history = object$history, fit = object
        ),
        class = "summary.ranking_fit"
    )
}

#' @method print summary.ranking_fit
#' @export
print.summary.ranking_fit <- function(x, ...) {
    print(x$fit)
    cli::cat_line("Compared on held-out folds of the training genes")
    print(x$compared, row.names = FALSE, digits = 4)
    if (!is.null(x$history)) {
        cli::cat_line("History of the networks")
        shown <- unique(round(seq(1, nrow(x$history), length.out = 10)))
        print(x$history[shown, ], row.names = FALSE, digits = 4)
    }
    invisible(x)
}
