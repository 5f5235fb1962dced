# Figures of studies of scores (R/study-scored.R, R/study-degree.R,
# R/study-examples.R); what all figures of studies share: R/plot-studies.R.

#' @rdname plot_studies
#' @method autoplot boundary_sweep
#' @export
autoplot.boundary_sweep <- function(object, ...) {
    rows <- as_facets(object)
    if (all(is.na(rows$auc))) {
        return(plot_boundary_means(rows))
    }
    rows$bound <- factor(rows$boundary, sort(unique(rows$boundary),
        decreasing = TRUE
    ))
    counts <- rows[rows$scorer == "kith", ]
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$bound, .data$auc,
        colour = .data$scorer, shape = .data$scorer, group = .data$scorer
    )) +
        chance_line() +
        ggplot2::geom_line() +
        ggplot2::geom_errorbar(
            ggplot2::aes(ymin = .data$lower, ymax = .data$upper),
            width = 0.2, na.rm = TRUE
        ) +
        ggplot2::geom_point(size = 2.2) +
        ggplot2::geom_text(
            ggplot2::aes(
                y = -Inf, label = format(.data$n_positive, big.mark = ",")
            ),
            data = counts, vjust = -0.6, size = 3, colour = "grey30"
        ) +
        ggplot2::scale_colour_manual(values = scorer_colours, name = NULL) +
        ggplot2::scale_shape_discrete(name = NULL) +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting), nrow = 1) +
        ggplot2::labs(
            x = "|cosine| below (small numbers: known pairs)",
            y = "AUC", title = "Pairs that do not look alike"
        ) +
        study_theme()
}

# known pairs alone have no AUC: their means
plot_boundary_means <- function(rows) {
    rows <- rows[rows$scorer == "kith", ]
    long <- data.frame(
        setting = rep(rows$setting, 2), boundary = rep(rows$boundary, 2),
        measure = rep(c("score", "cosine"), each = nrow(rows)),
        value = c(rows$mean_score, rows$mean_cosine)
    )
    ggplot2::ggplot(long, ggplot2::aes(
        factor(.data$boundary, sort(unique(.data$boundary), TRUE)),
        .data$value,
        colour = .data$measure, shape = .data$measure, group = .data$measure
    )) +
        ggplot2::geom_line() +
        ggplot2::geom_point(size = 2.2) +
        ggplot2::scale_colour_manual(values = measure_colours, name = NULL) +
        ggplot2::scale_shape_discrete(name = NULL) +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting), nrow = 1) +
        ggplot2::labs(
            x = "|cosine| below", y = "mean of known pairs",
            title = "Pairs that do not look alike"
        ) +
        study_theme()
}

#' @rdname plot_studies
#' @method autoplot blend_sweep
#' @export
autoplot.blend_sweep <- function(object, ...) {
    rows <- as_facets(object)
    means <- all(is.na(rows$auc))
    rows$value <- if (means) rows$mean_positive else rows$auc
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$lambda, .data$value,
        colour = .data$subset, fill = .data$subset
    )) +
        (if (!means) chance_line()) +
        ggplot2::geom_ribbon(
            ggplot2::aes(ymin = .data$lower, ymax = .data$upper),
            alpha = 0.2, colour = NA, na.rm = TRUE
        ) +
        ggplot2::geom_line() +
        ggplot2::geom_point(ggplot2::aes(shape = .data$subset), size = 2) +
        ggplot2::scale_colour_manual(values = subset_colours, name = "pairs") +
        ggplot2::scale_fill_manual(values = subset_colours, name = "pairs") +
        ggplot2::scale_shape_discrete(name = "pairs") +
        ggplot2::scale_x_continuous(breaks = c(0, 0.5, 1)) +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting), nrow = 1) +
        ggplot2::labs(
            x = "lambda: 0 is the cosine, 1 the networks' score",
            y = if (means) "mean of known pairs" else "AUC",
            title = "Blend of cosine and score"
        ) +
        study_theme()
}

#' @rdname plot_studies
#' @method autoplot degree_profile
#' @export
autoplot.degree_profile <- function(object,
                                    subsets = c("all", "cross-boundary"),
                                    ...) {
    rows <- as_facets(object, subsets)
    of <- function(measure) {
        data.frame(
            rows[c("setting", "subset", "group")],
            measure = measure, value = rows[[measure]],
            lower = rows[[paste0(measure, "_lower")]],
            upper = rows[[paste0(measure, "_upper")]]
        )
    }
    long <- rbind(of("score"), of("cosine"))
    long$measure <- factor(long$measure, c("score", "cosine"))
    apart <- ggplot2::position_dodge(0.3)
    ggplot2::ggplot(long, ggplot2::aes(
        factor(.data$group), .data$value,
        colour = .data$measure, shape = .data$measure,
        linetype = .data$subset,
        group = interaction(.data$measure, .data$subset)
    )) +
        ggplot2::geom_line(position = apart) +
        ggplot2::geom_errorbar(
            ggplot2::aes(ymin = .data$lower, ymax = .data$upper),
            width = 0.3, linetype = 1, na.rm = TRUE, position = apart
        ) +
        ggplot2::geom_point(size = 2.2, position = apart) +
        ggplot2::scale_colour_manual(values = measure_colours, guide = "none") +
        ggplot2::scale_shape_discrete(guide = "none") +
        ggplot2::scale_linetype_discrete(name = "pairs") +
        ggplot2::facet_grid(
            ggplot2::vars(.data$measure), ggplot2::vars(.data$setting),
            scales = "free_y"
        ) +
        ggplot2::labs(
            x = "known pairs in groups by degree (1: fewest partners)",
            y = "mean of known pairs", title = "Score and degree"
        ) +
        study_theme()
}

#' @rdname plot_studies
#' @method autoplot score_distribution
#' @export
autoplot.score_distribution <- function(object, ...) {
    rows <- as_facets(object)
    bins <- unique(rows$bin[order(rows$cosine_min)])
    rows$bin <- factor(rows$bin, bins)
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$bin,
        fill = .data$kind
    )) +
        ggplot2::geom_boxplot(
            ggplot2::aes(
                ymin = .data$q05, lower = .data$q25, middle = .data$q50,
                upper = .data$q75, ymax = .data$q95
            ),
            stat = "identity", width = 0.7, colour = "grey20"
        ) +
        ggplot2::scale_fill_manual(values = kind_colours, name = NULL) +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting), nrow = 1) +
        ggplot2::labs(
            x = "cosine of the input vectors", y = "association score",
            title = "Scores by cosine",
            subtitle = "boxes: quartiles, whiskers: 5 % and 95 %"
        ) +
        study_theme() +
        ggplot2::theme(axis.text.x = ggplot2::element_text(
            angle = 40, hjust = 1
        ))
}

#' @rdname plot_studies
#' @method autoplot example_pairs
#' @export
autoplot.example_pairs <- function(object, ...) {
    rows <- as_facets(object)
    rows$pair <- paste(rows$from, "-", rows$to)
    rows$pair <- factor(rows$pair, rev(unique(rows$pair)))
    long <- data.frame(
        pair = rep(rows$pair, 2), setting = rep(rows$setting, 2),
        measure = rep(c("cosine", "score"), each = nrow(rows)),
        percentile = c(rows$cosine_percentile, rows$score_percentile)
    )
    ggplot2::ggplot(long, ggplot2::aes(.data$percentile, .data$pair)) +
        ggplot2::geom_line(ggplot2::aes(group = .data$pair),
            colour = "grey60"
        ) +
        ggplot2::geom_point(
            ggplot2::aes(colour = .data$measure, shape = .data$measure),
            size = 3
        ) +
        ggplot2::scale_colour_manual(values = measure_colours, name = NULL) +
        ggplot2::scale_shape_discrete(name = NULL) +
        ggplot2::facet_grid(ggplot2::vars(.data$setting),
            scales = "free_y", space = "free_y"
        ) +
        ggplot2::scale_x_continuous(limits = c(0, 100)) +
        ggplot2::labs(
            x = "place among random pairs (percent below)", y = NULL,
            title = "Examples"
        ) +
        study_theme() +
        ggplot2::theme(strip.text.y = ggplot2::element_text(angle = 0))
}
