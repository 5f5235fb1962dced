# Measures of benchmark_samples(), and what its result answers.

# a row for each arm
measure_arms <- function(scores, found, truth, settings) {
    with_log <- c(
        arm_names(settings$methods),
        names(Filter(function(one) one$log, sample_baselines))
    )
    rows <- Map(function(one, found, name) {
        own <- one[cbind(
            seq_along(truth), match(as.character(truth), colnames(one))
        )]
        data.frame(
            method = name, accuracy = mean(found == truth),
            balanced = balanced_accuracy(found, truth),
            macro_f1 = macro_f1(found, truth),
            log_loss = if (name %in% with_log) -mean(own) else NA_real_,
            n_test = length(truth)
        )
    }, scores, found, names(scores))
    do.call(rbind, unname(rows))
}

# Counts by class: list(there, found, hits). found, truth: classes by name,
# truth is a factor then, or both by number.
count_classes <- function(found, truth) {
    if (is.factor(truth)) {
        found <- match(as.character(found), levels(truth))
        truth <- as.integer(truth)
    }
    n <- max(truth)
    list(
        there = tabulate(truth, n), found = tabulate(found, n),
        hits = tabulate(truth[found == truth], n)
    )
}

# mean over the classes that there are of the share that was found
balanced_accuracy <- function(found, truth) {
    counts <- count_classes(found, truth)
    seen <- counts$there > 0L
    mean(counts$hits[seen] / counts$there[seen])
}

# mean over the classes that there are of 2 hits / (found + there)
macro_f1 <- function(found, truth) {
    counts <- count_classes(found, truth)
    seen <- counts$there > 0L
    mean(2 * counts$hits[seen] / (counts$found + counts$there)[seen])
}

found_measures <- list(
    balanced = new_measure(
        "balanced", "balanced accuracy", TRUE, balanced_accuracy
    ),
    accuracy = new_measure(
        "accuracy", "accuracy", TRUE, function(found, truth) {
            mean(found == truth)
        }
    ),
    macro_f1 = new_measure("macro_f1", "macro-F1", TRUE, macro_f1)
)

#' @rdname benchmark_samples
#' @order 2
#' @param object A result of `benchmark_samples()`.
#' @param first Which method the others are compared with.
#' @param measure `"balanced"`, `"accuracy"` or `"macro_f1"`.
#' @param bootstrap Draws of the paired bootstrap; 0: no bounds.
#' @param level Of the bounds.
#' @param ... Not used.
#' @method summary samples_benchmark
#' @export
summary.samples_benchmark <- function(object,
                                      first = attr(object, "ours")[1L],
                                      measure = c(
                                          "balanced", "accuracy", "macro_f1"
                                      ), bootstrap = 200, level = 0.95, ...) {
    measure <- check_choice(measure, names(found_measures))
    bootstrap <- check_count(bootstrap, min = 0)
    level <- check_number(level, 0, 1, open = TRUE)
    known <- unique(object$method)
    first <- check_choice(first, known)
    tables <- lapply(sort(unique(object$labels)), function(k) {
        rows <- object[object$labels == k, ]
        values <- tapply(rows[[measure]], list(rows$fold, rows$method), mean)
        values <- values[, known, drop = FALSE]
        table <- compare_folds(values, first, found_measures[[measure]])
        found <- attr(object, "found")
        found <- found[found$labels == k, ]
        columns <- vapply(found[known], as.integer, integer(nrow(found)))
        cbind(labels = k, table, margin_bounds(
            columns, as.integer(found$class), found$group, known, first,
            found_measures[[measure]], bootstrap, level
        ))
    })
    do.call(rbind, tables)
}

#' @rdname benchmark_samples
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot samples_benchmark
#' @export
autoplot.samples_benchmark <- function(object, ...) {
    whose <- if (attr(object, "transductive")) {
        "samples whose expression, not label, was seen"
    } else {
        "held-out samples"
    }
    plot_few_labels(object, summary(object, bootstrap = 0),
        paste("balanced accuracy of", whose),
        "labelled for each class", "Labels from few labelled samples"
    )
}
