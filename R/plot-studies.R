# Figures of studies that train, and what those of scores
# (R/plot-studies-scored.R) share with them. Colours of Okabe and Ito
# (R/plot-associations.R); held-out settings stand first; bars and bands are the
# intervals of the study.

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
