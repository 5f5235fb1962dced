#' How well a fit ranks genes
#'
#' Compares the order of a fit's scores with that of the expression of genes
#' that were kept out of training, over all pairs of them, beside simple
#' baselines. Genes that the fit was trained on are set apart as
#' "transductive", which says nothing about other genes.
#'
#' Baselines without training are the means of each mark, with the sign that
#' they had on the training genes. With `train`, the marks and expression of the
#' training genes, ridge regression, random forests, boosted trees and (of at
#' most three features) a generalised additive model are trained too, see
#' [benchmark_ranking()].
#'
#' @param x A fit of [learn_ranking()].
#' @param newdata,y Marks and expression of genes, as in [learn_ranking()].
#' @param train `NULL`, or a list of the marks and the expression that `x` was
#'   trained on, to train baselines: `list(x = marks, y = expression)`.
#' @param baselines Which of the trained baselines, by name; `NULL`: all.
#' @param groups `NULL`, or a group for each gene of `newdata` (a chromosome,
#'   say): groups instead of genes are then drawn for the intervals.
#' @param draws Bootstrap draws of genes; 0: no intervals.
#' @param level Coverage of the intervals.
#' @param ... Not used.
#'
#' @return A data frame of class `ranking_evaluation` with a row for each
#'   setting (`"held out"`, `"transductive"`) and scorer: `setting`, `scorer`,
#'   `concordance` (over pairs with different expression; ties of scores one
#'   half), `lower`, `upper`, `tau_b`, `spearman`, `auc` (against the median of
#'   these genes), `accuracy` (the measure of the paper: pairs of equal
#'   expression count as "not above", equal scores as "above"), `margin`
#'   (concordance of kith less that of the scorer), `margin_lower`,
#'   `margin_upper` (from the same draws), `n_genes`.
#' @section Errors: Of class `kith_error_input`: marks that are not those of the
#'   training, fewer than two genes, expression that is the same everywhere.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 300)
#' train <- 1:200
#' fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
#'     scorer = scorer_linear()
#' )
#' result <- evaluate(fit, cells$marks, cells$expression, draws = 100)
#' result
#' plot(result)
#' @method evaluate ranking_fit
#' @export
evaluate.ranking_fit <- function(x, newdata, y, train = NULL,
                                 baselines = NULL, groups = NULL,
                                 draws = 1000, level = 0.95, ...) {
    if (missing(newdata) || missing(y)) {
        abort_input(c(
            "{.arg newdata} and {.arg y} are needed.",
            i = "Give marks and expression of genes that were kept out:
            {.code evaluate(fit, marks, expression)}."
        ))
    }
    draws <- check_count(draws, min = 0)
    level <- check_number(level, 0, 1, open = TRUE)
    signal <- matching_signal(newdata, x)
    genes <- signal_genes(signal)
    groups <- if (is.null(groups)) genes else check_groups(groups, signal)
    data <- match_expression(signal, y)
    groups <- groups[match(signal_genes(data$signal), genes)]
    if (!is.null(train)) train <- training_data(train, x)
    seen <- signal_genes(data$signal) %in% x$genes
    settings <- list("held out" = !seen, transductive = seen)
    rows <- Map(function(kept, setting) {
        if (!is_ordered(data$y[kept], setting)) {
            return(NULL)
        }
        cbind(setting = setting, evaluate_genes(
            x, signal_rows(data$signal, kept), data$y[kept], groups[kept],
            train, baselines, draws, level
        ))
    }, settings, names(settings))
    rows <- do.call(rbind, unname(rows))
    if (is.null(rows)) {
        abort_input(c(
            "{.arg newdata} must hold at least two genes with different
            expression.",
            x = "It holds {length(data$y)}."
        ))
    }
    structure(rows,
        class = c("ranking_evaluation", "data.frame"),
        options = list(
            draws = draws, level = level,
            unit = if (identical(groups, signal_genes(data$signal))) {
                "genes"
            } else {
                "groups"
            }
        )
    )
}

# are there two genes with different expression?
is_ordered <- function(y, setting) {
    if (length(unique(y)) > 1L) {
        return(TRUE)
    }
    if (length(y) > 0L) {
        inform_kith(c(
            "!" = "{length(y)} gene{?s} {?has/have} no order, as {?its/their}
            expression is the same, and {?is/are} left out ({setting})."
        ), class = "kith_message_genes")
    }
    FALSE
}

training_data <- function(train, fit, call = rlang::caller_env()) {
    if (!is.list(train) || !all(c("x", "y") %in% names(train))) {
        abort_input(c(
            "{.arg train} must be a list of the marks {.field x} and the
            expression {.field y} of the training genes.",
            x = "It is {describe_value(train)}."
        ), call = call)
    }
    data <- match_expression(
        matching_signal(train$x, fit, "train$x", call), train$y, call
    )
    other <- setdiff(signal_genes(data$signal), fit$genes)
    if (length(other)) {
        abort_input(c(
            "{.arg train} must hold the genes that the fit was trained on, no
            others.",
            x = "{length(other)} {?is/are} not among them, such as
            {.val {other[1]}}.",
            i = "Baselines would see genes that the fit did not."
        ), call = call)
    }
    data
}

evaluate_genes <- function(fit, signal, y, groups, train, baselines, draws,
                           level) {
    expression_ranks(y)
    # of one group alone there is no interval
    if (length(unique(groups)) < 2L) draws <- 0L
    means <- mark_means(signal)
    of_marks <- lapply(fit$marks, function(mark) {
        fit$direction[[mark]] * means[, mark]
    })
    names(of_marks) <- paste("mean", fit$marks)
    scores <- c(list(kith = score_genes(fit, signal)), of_marks)
    if (!is.null(train)) {
        kept <- usable_baselines(train$signal, baselines)
        kept[["best mark"]] <- NULL
        scores <- c(scores, lapply(kept, function(baseline) {
            as.vector(baseline$score(
                train$signal, train$y, signal, fit$control$threads
            ))
        }))
    }
    scores <- as.data.frame(lapply(scores, unname),
        optional = TRUE, check.names = FALSE
    )
    drawn <- if (draws > 0L) bootstrap_concordance(scores, y, draws, groups)
    table <- compare_columns(scores, y, measure_concordance, drawn, level)
    others <- t(vapply(scores, ranking_measures, numeric(4), y))
    cbind(
        table[c("scorer", "concordance", "lower", "upper")], others,
        table[c("margin", "margin_lower", "margin_upper")],
        n_genes = length(y), row.names = NULL
    )
}

ranking_measures <- function(scores, y) {
    counts <- count_ordered_pairs(scores, y)
    c(
        tau_b = kendall(scores, y), spearman = spearman(scores, y),
        auc = auc_at_median(scores, y), accuracy = pair_accuracy(counts)
    )
}

# of the genes above the median against the others
auc_at_median <- function(scores, y) {
    above <- y > stats::median(y)
    if (!any(above)) above <- y >= stats::median(y)
    if (all(above)) NA_real_ else auc(scores, above)
}

# The share of ordered pairs (i, j), i and j different, that are called right
# where "i is above j" is called if the score of i is at least that of j, and is
# true if y_i is above y_j: what the authors of the method report. Of two genes
# with different expression and scores, both orders are right or wrong; equal
# scores are right once; equal expression is right once, or never with equal
# scores.
pair_accuracy <- function(counts) {
    pairs <- sum(counts[pair_kinds])
    right <- 2 * counts[["concordant"]] + counts[["tied_prediction"]] +
        counts[["tied_truth"]]
    right / (2 * pairs)
}

# ---- methods ----------------------------------------------------------------

#' Look into an evaluation of a ranking
#'
#' @param x,object A result of [evaluate()][evaluate.ranking_fit].
#' @param ... Not used.
#'
#' @return
#' * `tidy`: the rows as a plain data frame.
#' * `glance`: one row: `concordance`, `best_baseline`, `baseline_concordance`
#'   and `margin` on genes that were held out, else on the training genes, and
#'   `setting`.
#' * `summary`: a row for each setting, with the interval of the margin and a
#'   `verdict`, as in [association_evaluation].
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 300)
#' train <- 1:200
#' fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
#'     scorer = scorer_linear()
#' )
#' result <- evaluate(fit, cells$marks[-train, , ], cells$expression[-train])
#' glance(result)
#' summary(result)
#' @name ranking_evaluation
NULL

#' @rdname ranking_evaluation
#' @method tidy ranking_evaluation
#' @export
tidy.ranking_evaluation <- function(x, ...) {
    attr(x, "options") <- NULL
    class(x) <- "data.frame"
    x
}

#' @rdname ranking_evaluation
#' @method summary ranking_evaluation
#' @export
summary.ranking_evaluation <- function(object, ...) {
    rows <- tidy(object)
    result <- lapply(split(rows, factor(rows$setting, unique(rows$setting))),
        function(part) {
            others <- part[part$scorer != "kith", ]
            best <- others[which.max(others$concordance), ]
            data.frame(
                setting = best$setting,
                kith = part$concordance[part$scorer == "kith"],
                best_baseline = best$scorer,
                baseline_concordance = best$concordance,
                margin = best$margin, margin_lower = best$margin_lower,
                margin_upper = best$margin_upper, verdict = margin_verdict(best)
            )
        }
    )
    do.call(rbind, unname(result))
}

#' @rdname ranking_evaluation
#' @method glance ranking_evaluation
#' @export
glance.ranking_evaluation <- function(x, ...) {
    first <- summary(x)[1L, ]
    data.frame(
        concordance = first$kith, best_baseline = first$best_baseline,
        baseline_concordance = first$baseline_concordance,
        margin = first$margin, setting = first$setting
    )
}

#' @method print ranking_evaluation
#' @export
print.ranking_evaluation <- function(x, ...) {
    if (lacks_columns(x, c("setting", "scorer", "concordance"))) {
        return(NextMethod())
    }
    for (setting in unique(x$setting)) {
        rows <- x[x$setting == setting, ]
        title <- if (setting == "transductive") {
            "transductive (trained on these genes: says nothing about others)"
        } else {
            setting
        }
        cli::cat_line(title, ": ", rows$n_genes[1L], " genes")
        interval <- ifelse(is.na(rows$lower), "",
            sprintf(" [%.3f, %.3f]", rows$lower, rows$upper)
        )
        cli::cat_line(
            "  ", format(rows$scorer), "  concordance ",
            sprintf("%.3f", rows$concordance), interval, "  Spearman ",
            sprintf("%.3f", rows$spearman), "  AUC ",
            sprintf("%.3f", rows$auc)
        )
    }
    options <- attr(x, "options")
    if (!is.null(options) && options$draws > 0L) {
        cli::cat_line(
            "Intervals: ", 100 * options$level, " % over ", options$unit, ", ",
            options$draws, " draws."
        )
    }
    invisible(x)
}

#' @export
`[.ranking_evaluation` <- function(x, ...) {
    plain_if_columns_lost(NextMethod(), x)
}
