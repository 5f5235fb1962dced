# Figures of studies. Colours of Okabe and Ito (R/plot-associations.R); held-out
# settings stand first; bars and bands are the intervals of the study.

# the columns that facets are made of, in the order of the study
as_facets <- function(x, subsets = NULL) {
    x <- unclass_study(x)
    if (!is.null(subsets)) x <- x[x$subset %in% subsets, ]
    labels <- unique(x$setting)
    labels <- c(intersect(c(setting_names, "transductive"), labels), labels)
    labels <- unique(labels)
    x$setting <- factor(x$setting, labels)
    levels(x$setting) <- sub("transductive", "transductive\n(trained on)",
        levels(x$setting)
    )
    if (!is.null(x$subset)) x$subset <- factor(x$subset, unique(x$subset))
    x
}

study_theme <- function() {
    list(
        ggplot2::theme_bw(base_size = 13),
        ggplot2::theme(
            panel.grid.minor = ggplot2::element_blank(),
            legend.position = "bottom",
            strip.background = ggplot2::element_rect(fill = "grey93"),
            plot.title.position = "plot"
        )
    )
}

chance_line <- function() {
    ggplot2::geom_hline(yintercept = 0.5, colour = "grey60", linetype = 2)
}

subset_colours <- c(
    all = "#D55E00", "cross-boundary" = "#0072B2", easy = "#009E73",
    hard = "#CC79A7", "degree-matched" = "#56B4E9"
)
measure_colours <- c(score = "#D55E00", cosine = "#0072B2")

#' Figures of studies
#'
#' Each study draws itself; held-out settings stand before the transductive
#' one. Colours can be told apart by all readers, and points differ by shape as
#' well.
#'
#' @param object A study: a result of [ablate()], [sweep_threshold()],
#'   [sweep_seeds()], [sweep_boundary()], [sweep_blend()], [degree_profile()],
#'   [score_distribution()], [example_pairs()] or [association_study()].
#' @param subsets Subsets of pairs to show, see [study_design()].
#' @param which Part of an [association_study()] to draw: `"evaluation"`,
#'   `"ablation"`, `"thresholds"`, `"seeds"`, `"boundary"`, `"blend"`,
#'   `"degree"`, `"distribution"` or `"examples"`.
#' @param ... Not used; for an [association_study()], arguments of the part's
#'   figure.
#' @return A `ggplot`; its `$data` are rows of the study.
#' @section Errors: Of class `kith_error_input`: a part that the study has not.
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = paste0("A", 1:400), to = paste0("B", 1:400),
#'     cosine = runif(400, -1, 1), degree = rpois(400, 30),
#'     positive = rep(c(TRUE, FALSE), c(100, 300))
#' )
#' scored$score <- rnorm(400) + scored$positive
#' autoplot(sweep_boundary(scored, draws = 50))
#' autoplot(score_distribution(scored))
#' @name plot_studies
NULL

#' @rdname plot_studies
#' @method autoplot association_study
#' @export
autoplot.association_study <- function(object,
                                       which = c(
                                           "evaluation", "ablation",
                                           "thresholds", "seeds", "boundary",
                                           "blend", "degree", "distribution",
                                           "examples"
                                       ), ...) {
    which <- check_choice(which, eval(formals()$which))
    part <- object[[which]]
    if (is.null(part)) {
        abort_input(c(
            "{.arg which} must be a part that the study has.",
            x = "{.val {which}} was left out of it."
        ))
    }
    autoplot(part, ...)
}

#' @rdname plot_studies
#' @method autoplot study_evaluation
#' @export
autoplot.study_evaluation <- function(object,
                                      subsets = told_subsets, ...) {
    rows <- as_facets(object, subsets)
    rows$scorer <- factor(rows$scorer, rev(unique(rows$scorer)))
    plot_forest(rows, "scorer", scorer_colours, "Model and baselines")
}

#' @rdname plot_studies
#' @method autoplot ablation
#' @export
autoplot.ablation <- function(object,
                              subsets = told_subsets, ...) {
    rows <- as_facets(object, subsets)
    arms <- unique(rows$arm)
    labels <- ifelse(arms %in% names(ablation_arms), ablation_arms[arms],
        paste("baseline:", arms)
    )
    rows$role <- ifelse(rows$arm == "full", "full",
        ifelse(rows$arm == "shuffled", "shuffled",
            ifelse(rows$arm %in% names(ablation_arms), "ablated", "baseline")
        )
    )
    rows$arm <- factor(labels[match(rows$arm, arms)], rev(labels))
    colours <- c(
        full = "#D55E00", shuffled = "#CC79A7", ablated = "#0072B2",
        baseline = "#777777"
    )
    plot_forest(rows, "arm", colours, "Ablations", "role")
}

# AUC with its interval, a line for each value of `by`, a panel for each setting
# and subset
plot_forest <- function(rows, by, colours, title, colour = by) {
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$auc, .data[[by]],
        colour = .data[[colour]]
    )) +
        ggplot2::geom_vline(
            xintercept = 0.5, colour = "grey60", linetype = 2
        ) +
        ggplot2::geom_errorbarh(
            ggplot2::aes(xmin = .data$lower, xmax = .data$upper),
            height = 0.4, na.rm = TRUE
        ) +
        ggplot2::geom_point(size = 2.2) +
        ggplot2::scale_colour_manual(values = colours) +
        ggplot2::facet_grid(
            ggplot2::vars(.data$subset), ggplot2::vars(.data$setting)
        ) +
        ggplot2::labs(
            x = "AUC (bars: intervals over genes; dashed: chance)", y = NULL,
            title = title
        ) +
        study_theme() +
        ggplot2::theme(legend.position = "none")
}

#' @rdname plot_studies
#' @method autoplot threshold_sweep
#' @export
autoplot.threshold_sweep <- function(object,
                                     subsets = c("all", "cross-boundary"),
                                     ...) {
    rows <- as_facets(object, subsets)
    rows$scorer <- factor(rows$scorer, names(scorer_colours))
    several <- length(unique(rows$channel)) > 1L
    span <- max(1, diff(range(rows$threshold)))
    apart <- ggplot2::position_dodge(span / 15)
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$threshold, .data$auc,
        colour = .data$scorer, shape = .data$scorer,
        linetype = .data$channel,
        group = interaction(.data$scorer, .data$channel)
    )) +
        chance_line() +
        ggplot2::geom_line(position = apart) +
        ggplot2::geom_errorbar(
            ggplot2::aes(ymin = .data$lower, ymax = .data$upper),
            width = span / 20, linetype = 1, na.rm = TRUE, position = apart
        ) +
        ggplot2::geom_point(size = 2.2, position = apart) +
        ggplot2::scale_colour_manual(values = scorer_colours, name = NULL) +
        ggplot2::scale_shape_discrete(name = NULL) +
        ggplot2::scale_x_continuous(breaks = unique(rows$threshold)) +
        ggplot2::scale_linetype_discrete(
            name = "channel", guide = if (several) "legend" else "none"
        ) +
        ggplot2::facet_grid(
            ggplot2::vars(.data$subset), ggplot2::vars(.data$setting)
        ) +
        ggplot2::labs(
            x = "pairs with at least this score", y = "AUC",
            title = "Strictness of pairs"
        ) +
        study_theme()
}

#' @rdname plot_studies
#' @method autoplot seed_sweep
#' @export
autoplot.seed_sweep <- function(object,
                                subsets = told_subsets, ...) {
    rows <- as_facets(object, subsets)
    rows$seed <- factor(rows$seed)
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$subset, .data$auc,
        colour = .data$subset, group = .data$seed
    )) +
        ggplot2::geom_errorbar(
            ggplot2::aes(ymin = .data$lower, ymax = .data$upper),
            width = 0.2, na.rm = TRUE,
            position = ggplot2::position_dodge(0.6)
        ) +
        ggplot2::geom_point(ggplot2::aes(shape = .data$seed),
            size = 2.2, position = ggplot2::position_dodge(0.6)
        ) +
        ggplot2::scale_colour_manual(values = subset_colours, guide = "none") +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting), nrow = 1) +
        ggplot2::labs(
            x = NULL, y = "AUC", title = "Seeds",
            subtitle = "bars: intervals over genes, not over seeds"
        ) +
        study_theme() +
        ggplot2::theme(axis.text.x = ggplot2::element_text(
            angle = 30, hjust = 1
        ))
}

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
