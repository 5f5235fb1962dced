# What the benchmarks from few labels share: bounds of margins, and a figure.

# Bounds of how much better the arm `first` is than each, on the same draws of
# groups; the draws are the same each time. predicted: a column for each arm, or
# NULL; NA without it or without draws.
margin_bounds <- function(predicted, truth, groups, arms, first, measure, draws,
                          level) {
    if (draws == 0L || is.null(predicted)) {
        none <- rep(NA_real_, length(arms))
        return(data.frame(margin_lower = none, margin_upper = none))
    }
    values <- resample_units(
        measure, predicted[, c(first, setdiff(arms, first)), drop = FALSE],
        truth, groups, draws, draw_key(1L)
    )
    bounds <- paired_intervals(values, level, measure)
    bounds[match(arms, colnames(values)), c("margin_lower", "margin_upper")]
}

# counts, shares or all of the labels, in words
name_label_counts <- function(k, what = "labelled for each class") {
    shown <- ifelse(k < 1, paste(100 * k, "%"),
        ifelse(is.finite(k), as.character(k), "all")
    )
    shown <- paste(shown, what)
    factor(shown, unique(shown))
}

# rows: the summary of a benchmark; of: what is measured of whom; what: is
# labelled
plot_few_labels <- function(object, rows, of, what, title, caption = NULL) {
    rows$kind <- ifelse(rows$method %in% attr(object, "ours"), "kith",
        "baseline"
    )
    rows$labels <- name_label_counts(rows$labels, what)
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
            height = 0.3, na.rm = TRUE
        ) +
        ggplot2::geom_point(size = 2.2) +
        ggplot2::facet_wrap(ggplot2::vars(.data$labels)) +
        ggplot2::scale_colour_manual(values = ranking_colours) +
        ggplot2::labs(
            x = paste(of, "(bars: standard error)"), y = NULL,
            title = title, caption = caption
        ) +
        study_theme() +
        ggplot2::theme(legend.position = "none")
}
