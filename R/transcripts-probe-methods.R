#' Labels predicted from spaces of transcripts
#'
#' @param object,x A [probe of transcripts][probe_transcripts].
#' @param newdata New transcripts: what [encode_transcripts()] returns or takes,
#'   for a probe of a fit; else a matrix, or a list of matrices, as [probe()]
#'   took, with the same columns in any order. `NULL`: the transcripts of the
#'   fit, where there are no heads on features.
#' @param type `"response"`, the predicted number; `"class"` or `"prob"` (a
#'   column for each class or label). `NULL`: what there is.
#' @param y Labels of `newdata`, in the form and kind that [probe()] took. Those
#'   of transcripts that the probe has learned from are no test, and are
#'   refused.
#' @param groups Transcripts that belong together, as in [probe()]: intervals
#'   draw them together. `NULL`: each by itself.
#' @param draws Draws of the bootstrap for intervals; 0 for none.
#' @param level Of the intervals.
#' @param ... Not used.
#' @return `predict()`: for numbers a vector with ids of transcripts as names;
#'   for classes a factor, or a matrix transcripts x classes of probabilities;
#'   for several labels a logical matrix or one of probabilities.
#'
#'   `evaluate()`: a data frame with a row for each measure: `measure`, its
#'   `value`, a bootstrap interval over groups (`lower`, `upper`) and `n`
#'   transcripts. For numbers `pearson`, `spearman` and `rmse`; for classes
#'   `accuracy`, `balanced`, `macro_f1`, `log_loss`, and of two classes `auc`
#'   and `average_precision` of the second; for several labels `auc` and
#'   `average_precision` for each `label` and for all of them together (`label`
#'   is `"(micro)"`).
#'
#'   `tidy()`: a data frame with a row for each `head` (and `label`), its
#'   `weight` and `penalty`. `glance()`: one row with `kind`, `labelled`,
#'   `groups`, `classes`, `columns` (of all spaces), `constant` (columns that
#'   were one value in the labelled transcripts, and have no say) and, with two
#'   spaces, the mean weight of the joint head, `joint`. `autoplot()`: a
#'   `ggplot` of the weights of heads.
#' @section Errors: Of class `kith_error_input`: a `type` that the labels do not
#'   have, columns that are missing, labels of other kinds or classes, an
#'   evaluation on transcripts that the probe has learned from.
#' @family transcript functions
#' @examples
#' x <- matrix(rnorm(40 * 5), 40,
#'     dimnames = list(paste0("t", 1:40), paste0("f", 1:5))
#' )
#' y <- x[, 1] + rnorm(40)
#' known <- probe(list(left = x[, 1:2], right = x[, 3:5]), y[1:30])
#' tidy(known)
#' predict(known, list(left = x[31:33, 1:2], right = x[31:33, 3:5]))
#' @name transcripts_probe
NULL

#' @rdname transcripts_probe
#' @method predict transcripts_probe
#' @export
predict.transcripts_probe <- function(object, newdata = NULL, type = NULL,
                                      ...) {
    rlang::check_dots_empty()
    types <- prediction_types(object)
    type <- if (is.null(type)) types[1L] else check_choice(type, types)
    spaces <- probed_spaces(object, newdata)
    predict_spaces(object, spaces, rownames(spaces[[1L]]), type)
}

#' @rdname transcripts_probe
#' @importFrom generics evaluate
#' @method evaluate transcripts_probe
#' @export
evaluate.transcripts_probe <- function(x, newdata, y, groups = NULL,
                                       draws = 1000, level = 0.95, ...) {
    rlang::check_dots_empty()
    spaces <- probed_spaces(x, newdata)
    ids <- rownames(spaces[[1L]])
    evaluate_transcripts(x, ids, y, groups, draws, level, function() {
        predict_spaces(x, spaces, ids, utils::tail(prediction_types(x), 1L))
    })
}

# learned: a probe, or what is like one; predict: predictions for all ids
evaluate_transcripts <- function(learned, ids, y, groups, draws, level, predict,
                                 call = rlang::caller_env()) {
    draws <- check_count(draws, min = 0, call = call)
    level <- check_number(level, 0, 1, open = TRUE, call = call)
    check_label_ids(y, ids, "y", call)
    labels <- tested_labels(y, ids, learned, call)
    if (length(labels$rows) == 0L) {
        abort_input(c(
            "{.arg y} must have a label for some transcripts of
            {.arg newdata}.",
            x = "All are {.code NA}."
        ), call = call)
    }
    check_not_learned(ids[labels$rows], learned$transcripts, "transcripts",
        call = call
    )
    groups <- transcript_groups(groups, ids, call)[labels$rows]
    predicted <- predict()
    measure <- function(predicted, truth, measures, groups) {
        measure_labels(
            predicted, truth, groups, measures, draws, level,
            learned$control$seed
        )
    }
    switch(learned$kind,
        response = measure(
            predicted[labels$rows], labels$y, number_measures, groups
        ),
        class = evaluate_two_classes(
            predicted[labels$rows, , drop = FALSE], labels$y, groups, measure
        ),
        labels = evaluate_labels(
            predicted[labels$rows, learned$levels, drop = FALSE],
            labels$y[learned$levels], groups, measure
        )
    )
}

# measures of all classes, and of two classes those of ranking by the second
evaluate_two_classes <- function(prob, truth, groups, measure) {
    log <- log(pmax(prob, .Machine$double.xmin))
    found <- measure(log, truth, class_measures, groups)
    if (nlevels(truth) != 2L) {
        return(found)
    }
    second <- truth == levels(truth)[2L]
    rbind(found, measure(prob[, 2L], second, label_measures, groups))
}

evaluate_labels <- function(prob, truth, groups, measure) {
    holds <- vapply(truth, function(one) one == "TRUE", logical(nrow(prob)))
    holds <- matrix(holds, nrow(prob))
    each <- lapply(seq_along(truth), function(i) {
        cbind(
            label = names(truth)[i],
            measure(prob[, i], holds[, i], label_measures, groups)
        )
    })
    micro <- measure(
        c(prob), c(holds), label_measures, rep(groups, length(truth))
    )
    micro$n <- nrow(prob)
    rbind(do.call(rbind, each), cbind(label = "(micro)", micro))
}

#' @rdname transcripts_probe
#' @method tidy transcripts_probe
#' @export
tidy.transcripts_probe <- function(x, ...) {
    rows <- function(learned) {
        data.frame(
            head = names(learned$weights), weight = unname(learned$weights),
            penalty = unname(learned$penalties)
        )
    }
    if (x$kind != "labels") {
        return(rows(x$learned))
    }
    do.call(rbind, unname(Map(function(learned, label) {
        cbind(label = label, rows(learned))
    }, x$learned, x$levels)))
}

#' @rdname transcripts_probe
#' @method glance transcripts_probe
#' @export
glance.transcripts_probe <- function(x, ...) {
    heads <- tidy(x)
    scales <- unlist(lapply(x$scaling, `[[`, "scale"))
    data.frame(
        kind = x$kind, labelled = length(x$transcripts), groups = x$n_groups,
        classes = length(x$levels), columns = length(scales),
        constant = sum(is.infinite(scales)),
        joint = if ("joint" %in% heads$head) {
            sum(heads$weight[heads$head == "joint"]) / sum(heads$weight)
        } else {
            NA_real_
        }
    )
}

#' @method print transcripts_probe
#' @export
print.transcripts_probe <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<transcripts_probe>")
    cli::cat_line(sprintf(
        "  %d labelled transcripts in %d groups, %s", row$labelled, row$groups,
        describe_labels(x)
    ))
    columns <- vapply(x$scaling, function(one) length(one$centre), 0L)
    cli::cat_line("  spaces: ", paste0(
        names(columns), " (", columns, " columns)",
        collapse = ", "
    ))
    if (row$constant > 0L) {
        cli::cat_line(sprintf(
            "  %d columns are constant among these, and have no say",
            row$constant
        ))
    }
    heads <- tidy(x)
    weights <- tapply(heads$weight, heads$head, sum)[unique(heads$head)]
    cli::cat_line("  weights: ", paste(
        names(weights), sprintf("%.2f", weights / sum(weights)),
        collapse = ", "
    ))
    cli::cat_line("  predict(probe, newdata)")
    invisible(x)
}

#' @rdname transcripts_probe
#' @method summary transcripts_probe
#' @export
summary.transcripts_probe <- function(object, ...) {
    structure(
        list(glance = glance(object), heads = tidy(object), probe = object),
        class = c("summary.transcripts_probe", "summary.samples_probe")
    )
}

#' @rdname transcripts_probe
#' @importFrom ggplot2 autoplot
#' @method autoplot transcripts_probe
#' @export
autoplot.transcripts_probe <- function(object, ...) {
    rows <- tidy(object)
    if (object$kind == "response") {
        rows$label <- "a number"
    }
    plot_head_weights(rows, if (object$kind == "response") {
        "weight in the average of predictions"
    } else {
        "weight in the sum of log-probabilities"
    })
}
