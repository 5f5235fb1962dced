# Measures of benchmark_transcripts(), and what its result answers.

# of predictions as matrices, a column for each label, and labels
number_arm_measures <- lapply(number_measures, function(measure) {
    of <- measure$of
    measure$of <- function(predicted, labels) of(drop(predicted), labels$y)
    measure
})

label_arm_measures <- list(
    new_measure("micro_auc", "micro AUC", TRUE, function(predicted, labels) {
        auc(c(predicted), unlist(lapply(labels$y, `==`, "TRUE")))
    }),
    new_measure("macro_auc", "macro AUC", TRUE, function(predicted, labels) {
        mean(vapply(seq_along(labels$y), function(i) {
            value_or_na(predicted[, i], measure_auc, labels$y[[i]] == "TRUE")
        }, numeric(1)), na.rm = TRUE)
    }),
    new_measure(
        "micro_precision", "micro average precision", TRUE,
        function(predicted, labels) {
            average_precision(
                c(predicted), unlist(lapply(labels$y, `==`, "TRUE"))
            )
        }
    )
)

arm_measures <- function(kind) {
    measures <- if (kind == "response") {
        number_arm_measures
    } else {
        label_arm_measures
    }
    stats::setNames(measures, vapply(measures, `[[`, "", "name"))
}

# a row for each arm
measure_transcript_arms <- function(predicted, labels) {
    rows <- Map(function(one, name) {
        values <- lapply(arm_measures(labels$kind), value_or_na,
            predicted = one, truth = labels
        )
        data.frame(method = name, values)
    }, predicted, names(predicted))
    do.call(rbind, unname(rows))
}

#' @rdname benchmark_transcripts
#' @order 2
#' @param object A result of `benchmark_transcripts()`.
#' @param first Which arm the others are compared with. `NULL`: the first
#'   method, or the first baseline.
#' @param measure One of those of the result. `NULL`: `"pearson"` or
#'   `"micro_auc"`.
#' @param bootstrap Draws of the paired bootstrap; 0: no bounds.
#' @param level Of the bounds.
#' @param ... Not used.
#' @method summary transcripts_benchmark
#' @export
summary.transcripts_benchmark <- function(object, first = NULL, measure = NULL,
                                          bootstrap = 200, level = 0.95, ...) {
    rlang::check_dots_empty()
    measures <- arm_measures(attr(object, "kind"))
    measure <- check_choice(measure %||% names(measures)[1L], names(measures))
    measure <- measures[[measure]]
    bootstrap <- check_count(bootstrap, min = 0)
    level <- check_number(level, 0, 1, open = TRUE)
    known <- unique(object$method)
    first <- check_choice(first %||% known[1L], known)
    tables <- lapply(sort(unique(object$labels)), function(k) {
        rows <- object[object$labels == k, ]
        values <- tapply(
            rows[[measure$name]], list(rows$fold, rows$method), mean,
            na.rm = TRUE
        )
        # no draw had a value, as that of a constant prediction
        values[is.nan(values)] <- NA
        table <- compare_folds(
            values[, known, drop = FALSE], first, measure
        )
        predicted <- attr(object, "predicted")
        predicted <- predicted[predicted$labels == k, ]
        plain <- Find(function(one) one$name == measure$name, number_measures)
        cbind(labels = k, table, margin_bounds(
            predicted[known], predicted$y, predicted$group, known, first,
            plain, bootstrap, level
        ))
    })
    do.call(rbind, tables)
}

#' @rdname benchmark_transcripts
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot transcripts_benchmark
#' @export
autoplot.transcripts_benchmark <- function(object, measure = NULL, ...) {
    rlang::check_dots_empty()
    rows <- summary(object, measure = measure, bootstrap = 0)
    measures <- arm_measures(attr(object, "kind"))
    measure <- measures[[measure %||% names(measures)[1L]]]
    plot_few_labels(object, rows,
        paste(measure$label, "of held-out transcripts"), "labelled",
        "Labels of transcripts from their sequences",
        transductive_note(attr(object, "transductive"))
    )
}

transductive_note <- function(names) {
    if (length(names) > 0L) {
        paste(
            "transductive, as their sequences, not labels, were seen:",
            toString(names)
        )
    }
}

#' @method print transcripts_benchmark
#' @export
print.transcripts_benchmark <- function(x, ...) {
    cli::cat_line(sprintf(
        "<transcripts_benchmark> %d folds, %d arms",
        length(unique(x$fold)), length(unique(x$method))
    ))
    note <- transductive_note(attr(x, "transductive"))
    if (!is.null(note)) {
        cli::cat_line("  ", note)
    }
    rows <- summary(x, bootstrap = 0)
    table <- tapply(rows$mean, list(
        factor(rows$method, unique(rows$method)), rows$labels
    ), mean)
    cli::cat_line(
        "  ", arm_measures(attr(x, "kind"))[[1L]]$label,
        " by number of labelled transcripts"
    )
    print(round(table, 3))
    invisible(x)
}
