# How good are predicted labels?

#' @rdname samples_probe
#' @param y Labels of `newdata`, in the form and kind that [probe()] took. Those
#'   of samples that the probe has learned from are no test, and are refused.
#' @param groups Samples that belong together (patients), in the form of `y`:
#'   intervals draw them together. `NULL`: each sample by itself.
#' @param draws Draws of the bootstrap for intervals; 0 for none.
#' @param level Of the intervals.
#' @importFrom generics evaluate
#' @method evaluate samples_probe
#' @export
evaluate.samples_probe <- function(x, newdata, y, groups = NULL, draws = 1000,
                                   level = 0.95, assay = NULL, ...) {
    rlang::check_dots_empty()
    draws <- check_count(draws, min = 0)
    level <- check_number(level, 0, 1, open = TRUE)
    data <- sample_matrix(newdata, assay %||% x$fit$assay, "newdata")
    check_not_learned(rownames(data), x$samples)
    labels <- tested_labels(y, rownames(data), x)
    groups <- sample_groups(groups, rownames(data))[labels$rows]
    if (length(labels$rows) == 0L) {
        abort_input(c(
            "{.arg y} must have a label for some samples of {.arg newdata}.",
            x = "All are {.code NA}."
        ))
    }
    predicted <- stats::predict(x, newdata,
        assay = assay, type = utils::tail(prediction_types(x), 1L)
    )
    if (prediction_types(x)[1L] == "response") {
        measures <- if (x$kind == "survival") {
            list(measure_survival)
        } else {
            list(measure_spearman, measure_rmse)
        }
        return(measure_labels(
            predicted[labels$rows], labels$y, groups, measures, draws, level,
            x$control$seed
        ))
    }
    if (x$kind == "labels") {
        tables <- lapply(x$levels, function(label) {
            prob <- predicted[labels$rows, label]
            cbind(label = label, evaluate_classes(
                cbind("FALSE" = 1 - prob, "TRUE" = prob), labels$y[[label]],
                groups, draws, level, x$control$seed
            ))
        })
        return(do.call(rbind, tables))
    }
    evaluate_classes(
        predicted[labels$rows, , drop = FALSE], labels$y, groups, draws, level,
        x$control$seed
    )
}

check_not_learned <- function(samples, learned, what = "samples",
                              call = rlang::caller_env()) {
    both <- intersect(samples, learned)
    if (length(both)) {
        abort_input(c(
            "{.arg newdata} must hold {what} that the probe has not learned
            from.",
            x = "{.val {both[1]}} is one of its labelled {what}
            ({length(both)} of {length(samples)} are).",
            i = "Test on others: fits of all {what} look better than they
            are. Other {what} with the same ids need ids of their own."
        ), call = call)
    }
}

# labels of the kind that the probe has learned
tested_labels <- function(y, samples, probe, call = rlang::caller_env()) {
    if (probe$kind == "class" && is.null(dim(y))) {
        names <- names(y)
        unknown <- setdiff(unique(as.character(y[!is.na(y)])), probe$levels)
        if (length(unknown)) {
            abort_input(c(
                "{.arg y} must hold classes that the probe knows.",
                x = "{.val {unknown[1]}} is not among {.val {probe$levels}}.",
                i = "Set {.code NA} for samples of other classes."
            ), call = call)
        }
        rows <- labelled_rows(names, length(y), samples, "y", call)
        there <- !is.na(y)
        return(list(
            y = factor(as.character(y[there]), probe$levels),
            rows = rows[there]
        ))
    }
    found <- sample_labels(y, samples, call, tested = TRUE)
    if (found$kind != probe$kind ||
        (probe$kind == "labels" && !setequal(found$levels, probe$levels))) {
        abort_input(c(
            "{.arg y} must be of the kind that the probe has learned.",
            x = "It holds {c(class = 'classes', response = 'numbers',
            labels = 'several labels', survival = 'survival times'
            )[[found$kind]]}."
        ), call = call)
    }
    found
}

# of log-probabilities, with a column for each class
class_measures <- c(
    lapply(
        unname(found_measures[c("accuracy", "balanced", "macro_f1")]),
        function(measure) {
            of_found <- measure$of
            measure$of <- function(log, truth) {
                of_found(likely_classes(log, levels(truth)), truth)
            }
            measure
        }
    ),
    list(new_measure("log_loss", "log-loss", FALSE, function(log, truth) {
        -mean(log[cbind(seq_along(truth), as.integer(truth))])
    }))
)

evaluate_classes <- function(prob, truth, groups, draws, level, seed) {
    # what has come out as 0 is the smallest number that there is
    log <- log(pmax(prob, .Machine$double.xmin))
    measure_labels(log, truth, groups, class_measures, draws, level, seed)
}

# A row for each measure: measure, value, lower, upper, n. All are taken of the
# same draws of groups.
measure_labels <- function(predicted, truth, groups, measures, draws, level,
                           seed) {
    predicted <- as.matrix(predicted)
    value_of <- function(rows) {
        vapply(measures, function(measure) {
            of <- predicted[rows, , drop = ncol(predicted) == 1L]
            value_or_na(of, measure, truth[rows])
        }, numeric(1))
    }
    key <- draw_key(seed)
    members <- split(seq_along(truth), match(groups, unique(groups)))
    drawn <- vapply(seq_len(draws), function(draw) {
        value_of(unlist(
            members[drawn_units(length(members), key, draw)],
            use.names = FALSE
        ))
    }, numeric(length(measures)))
    tails <- c(1 - level, 1 + level) / 2
    bounds <- if (draws > 0L) {
        apply(
            matrix(drawn, length(measures)), 1L, stats::quantile, tails,
            na.rm = TRUE
        )
    } else {
        matrix(NA_real_, 2L, length(measures))
    }
    data.frame(
        measure = vapply(measures, `[[`, "", "name"),
        value = value_of(seq_along(truth)),
        lower = bounds[1L, ], upper = bounds[2L, ], n = length(truth)
    )
}
