# Figures of rankings; colours of Okabe and Ito (R/plot-associations.R).

ranking_colours <- c(kith = "#D55E00", baseline = "#0072B2")

#' Figures of rankings
#'
#' @param object A fit of [learn_ranking()] (the concordance of all settings
#'   that were compared on held-out folds), or a result of
#'   [evaluate()][evaluate.ranking_fit] (a forest plot), [benchmark_ranking()]
#'   (how much better kith is on each split, by method), [mark_ablation()]
#'   (subsets of marks) or [importance()] (by mark bars, by bin a map of bins
#'   and marks).
#' @param n How many subsets of marks to draw, the best; all marks, single marks
#'   and the smallest sufficient subset are always there.
#' @param ... Not used.
#' @return A `ggplot`.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 200)
#' result <- mark_ablation(cells$marks, cells$expression,
#'     scorer = scorer_linear(penalty = 100), size = 1, folds = 3
#' )
#' ggplot2::autoplot(result)
#' @name autoplot.ranking_fit
NULL

#' @rdname autoplot.ranking_fit
#' @importFrom ggplot2 autoplot
#' @method autoplot ranking_fit
#' @export
autoplot.ranking_fit <- function(object, ...) {
    rows <- object$folds
    rows$scorer <- factor(rows$scorer, unique(rows$scorer))
    rows$chosen <- factor(
        ifelse(rows$chosen, "chosen", "compared"), c("chosen", "compared")
    )
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$concordance, .data$scorer,
        colour = .data$chosen, shape = .data$chosen
    )) +
        ggplot2::geom_point(size = 2.4, alpha = 0.8) +
        ggplot2::scale_colour_manual(
            values = c(chosen = "#D55E00", compared = "grey60")
        ) +
        ggplot2::labs(
            x = "concordance on held-out folds of the training genes",
            y = NULL, colour = NULL, shape = NULL,
            title = "What was compared to choose the fit"
        ) +
        study_theme()
}

#' @rdname autoplot.ranking_fit
#' @method autoplot ranking_evaluation
#' @export
autoplot.ranking_evaluation <- function(object, ...) {
    rows <- tidy(object)
    order <- rows$scorer[order(rows$concordance)]
    rows$scorer <- factor(rows$scorer, unique(order))
    rows$kind <- ifelse(rows$scorer == "kith", "kith", "baseline")
    rows$subset <- "genes"
    rows$setting <- factor(
        ifelse(rows$setting == "transductive",
            "transductive\n(trained on these genes)", rows$setting
        )
    )
    plot_forest(rows, "scorer", ranking_colours,
        "How well genes are ranked",
        colour = "kind", measure = measure_concordance, values = TRUE
    ) + ggplot2::theme(strip.text.y = ggplot2::element_blank())
}

#' @rdname autoplot.ranking_fit
#' @method autoplot ranking_benchmark
#' @export
autoplot.ranking_benchmark <- function(object, ...) {
    first <- attr(object, "ours")[1L]
    own <- object[object$method == first, ]
    rows <- object[object$method != first, ]
    rows$margin <- own$concordance[match(rows$split, own$split)] -
        rows$concordance
    means <- tapply(rows$margin, rows$method, mean)
    rows$method <- factor(rows$method, names(sort(means)))
    ggplot2::ggplot(rows, ggplot2::aes(.data$margin, .data$method)) +
        ggplot2::geom_vline(
            xintercept = 0, colour = "grey60", linetype = 2
        ) +
        ggplot2::geom_point(colour = "#0072B2", alpha = 0.6) +
        ggplot2::stat_summary(
            fun.data = ggplot2::mean_se, colour = "#D55E00", size = 0.7
        ) +
        ggplot2::labs(
            x = paste0(
                "concordance of ", first, " less that of the method"
            ),
            y = NULL,
            title = "Points: splits; orange: mean and standard error"
        ) +
        study_theme()
}

#' @rdname autoplot.ranking_fit
#' @method autoplot mark_ablation
#' @export
autoplot.mark_ablation <- function(object, n = 15, ...) {
    n <- check_count(n)
    all <- object[which.max(object$n_marks), ]
    rows <- object[order(-object$concordance), ]
    kept <- unique(c(
        seq_len(min(n, nrow(rows))), which(rows$smallest),
        which(rows$n_marks == 1L), which(rows$marks == all$marks)
    ))
    rows <- rows[sort(kept), ]
    rows$kind <- ifelse(rows$smallest, "smallest within\none standard error",
        ifelse(rows$marks == all$marks, "all marks", "other subset")
    )
    label <- ifelse(rows$marks == all$marks,
        paste0("all ", all$n_marks, " marks"), rows$marks
    )
    rows$subset <- factor(label, rev(label))
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$concordance, .data$subset,
        colour = .data$kind, shape = .data$kind
    )) +
        ggplot2::annotate("rect",
            xmin = all$concordance - all$se, xmax = all$concordance + all$se,
            ymin = -Inf, ymax = Inf, alpha = 0.15
        ) +
        ggplot2::geom_errorbarh(ggplot2::aes(
            xmin = .data$concordance - .data$se,
            xmax = .data$concordance + .data$se
        ), height = 0.3) +
        ggplot2::geom_point(size = 2.4) +
        ggplot2::scale_colour_manual(values = c(
            "smallest within\none standard error" = "#D55E00",
            "all marks" = "#0072B2", "other subset" = "grey50"
        )) +
        ggplot2::labs(
            x = "concordance, held out (bars: standard error)",
            y = NULL, colour = NULL, shape = NULL,
            title = "Which marks are needed"
        ) +
        study_theme()
}

#' @rdname autoplot.ranking_fit
#' @method autoplot ranking_importance
#' @export
autoplot.ranking_importance <- function(object, ...) {
    rows <- as.data.frame(object)
    permuted <- attr(object, "method") == "permutation"
    what <- if (permuted) "loss of concordance" else "mean share in the score"
    if (!"bin" %in% names(rows)) {
        rows$mark <- factor(rows$mark, rows$mark[order(rows$importance)])
        return(ggplot2::ggplot(
            rows, ggplot2::aes(.data$importance, .data$mark)
        ) +
            ggplot2::geom_col(fill = "#0072B2", width = 0.7) +
            ggplot2::geom_errorbarh(ggplot2::aes(
                xmin = .data$importance - .data$se,
                xmax = .data$importance + .data$se
            ), height = 0.3) +
            ggplot2::labs(x = what, y = NULL, title = "Importance of marks") +
            study_theme())
    }
    value <- rows$importance
    if (!permuted) {
        value <- value * sign(rows$direction)
        what <- paste0(what, ",\nnegative where more lowers it")
    }
    rows$value <- value
    rows$mark <- factor(rows$mark, rev(unique(rows$mark)))
    ggplot2::ggplot(
        rows, ggplot2::aes(.data$bin, .data$mark, fill = .data$value)
    ) +
        ggplot2::geom_tile() +
        ggplot2::scale_fill_gradient2(
            low = "#0072B2", mid = "white", high = "#D55E00", name = what
        ) +
        ggplot2::labs(
            x = "bin, along the gene", y = NULL, title = "Importance of bins"
        ) +
        ggplot2::scale_x_continuous(expand = c(0, 0)) +
        study_theme()
}
