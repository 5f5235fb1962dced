# The forest plot of comparisons: a measure with its interval, a line for each
# value of the column `by`, a panel for each setting and subset.

# rows: facets (setting, subset) as factors, <measure>, lower, upper. chance: of
# the measure, a dashed line; values: write each beside its point?
plot_forest <- function(rows, by, colours, title, colour = by,
                        measure = measure_auc, chance = 0.5,
                        values = FALSE) {
    ggplot2::ggplot(rows, ggplot2::aes(
        .data[[measure$name]], .data[[by]],
        colour = .data[[colour]]
    )) +
        ggplot2::geom_vline(
            xintercept = chance, colour = "grey60", linetype = 2
        ) +
        ggplot2::geom_errorbarh(
            ggplot2::aes(xmin = .data$lower, xmax = .data$upper),
            height = 0.4, na.rm = TRUE
        ) +
        ggplot2::geom_point(size = 2.2) +
        if_wanted(values, list(
            ggplot2::geom_text(
                ggplot2::aes(label = sprintf("%.3f", .data[[measure$name]])),
                vjust = -1.1, size = 3, colour = "grey20"
            ),
            # room for labels at the ends of both axes
            ggplot2::scale_x_continuous(
                expand = ggplot2::expansion(mult = c(0.05, 0.1))
            ),
            ggplot2::scale_y_discrete(
                expand = ggplot2::expansion(add = c(0.6, 0.9))
            )
        )) +
        ggplot2::scale_colour_manual(values = colours) +
        ggplot2::facet_grid(
            ggplot2::vars(.data$subset), ggplot2::vars(.data$setting)
        ) +
        ggplot2::labs(
            x = paste(
                measure$label, "(bars: intervals over genes; dashed: chance)"
            ),
            y = NULL, title = title
        ) +
        study_theme() +
        ggplot2::theme(
            legend.position = "none",
            # labels of two axes must not touch
            panel.spacing.x = ggplot2::unit(1.2, "lines")
        )
}

if_wanted <- function(wanted, layers) if (wanted) layers
