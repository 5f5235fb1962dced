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
        cbind(labels = k, table, margin_bounds(
            found, known, first, found_measures[[measure]], bootstrap, level
        ))
    })
    do.call(rbind, tables)
}

# Bounds of how much better the arm `first` is than each, on the same draws of
# groups; the draws are the same each time.
margin_bounds <- function(found, arms, first, measure, draws, level) {
    none <- rep(NA_real_, length(arms))
    if (draws == 0L) {
        return(data.frame(margin_lower = none, margin_upper = none))
    }
    columns <- found[c(first, setdiff(arms, first))]
    values <- resample_units(
        measure, vapply(columns, as.integer, integer(nrow(found))),
        as.integer(found$class), found$group, draws, draw_key(1L)
    )
    bounds <- paired_intervals(values, level, measure)
    bounds[match(arms, colnames(values)), c("margin_lower", "margin_upper")]
}

name_label_counts <- function(k) {
    shown <- ifelse(k < 1, paste(100 * k, "%"),
        ifelse(is.finite(k), as.character(k), "all")
    )
    shown <- paste(shown, "labelled for each class")
    factor(shown, unique(shown))
}

#' @rdname benchmark_samples
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot samples_benchmark
#' @export
autoplot.samples_benchmark <- function(object, ...) {
    rows <- summary(object, bootstrap = 0)
    rows$kind <- ifelse(rows$method %in% attr(object, "ours"), "kith",
        "baseline"
    )
    rows$labels <- name_label_counts(rows$labels)
    rows$method <- factor(rows$method, rev(unique(rows$method)))
    half <- rows$sd / sqrt(length(unique(object$fold)))
    rows$lower <- rows$mean - half
    rows$upper <- rows$mean + half
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$mean, .data$method,
        colour = .data$kind
    )) +
        ggplot2::geom_errorbarh(
            ggplot2::aes(xmin = .data$lower, xmax = .data$upper),
            height = 0.3
        ) +
        ggplot2::geom_point(size = 2.2) +
        ggplot2::facet_wrap(ggplot2::vars(.data$labels)) +
        ggplot2::scale_colour_manual(values = ranking_colours) +
        ggplot2::labs(
            x = paste(
                "balanced accuracy of",
                if (attr(object, "transductive")) {
                    "samples whose expression, not label, was seen"
                } else {
                    "held-out samples"
                }, "(bars: standard error over folds)"
            ), y = NULL, title = "Labels from few labelled samples"
        ) +
        study_theme() +
        ggplot2::theme(legend.position = "none")
}
