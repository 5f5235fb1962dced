# Figures of association fits and evaluations. Each is a ggplot whose data
# stand in `$data`; colours are those of Okabe and Ito, told apart by all.

scorer_colours <- c(
    kith = "#D55E00", cosine = "#0072B2", degree = "#999999",
    neighbours = "#009E73", "common partners" = "#CC79A7",
    "Adamic-Adar" = "#56B4E9"
)

#' Figures of a fit
#'
#' @param object A fit of [learn_associations()].
#' @param type `"history"`: loss (and validation AUC, if watched) by epoch;
#'   `"pairs"`: score against cosine of pairs and of as many random ones, kin
#'   to the right, kith at the top left; `"scores"`: distribution of the
#'   scores of pairs and random ones.
#' @param pairs Pairs to show: anything that [gene_pairs()] takes. `NULL`: the
#'   training pairs (transductive, and labelled so).
#' @param n Draw at most so many pairs, taken at random.
#' @param ... Further arguments of [score_pairs()].
#'
#' @return A `ggplot`. Its `$data`: for `"history"` `epoch`, `measure`,
#'   `value`; else `from`, `to`, `cosine`, `score`, `kind` (`"known pairs"` or
#'   `"random pairs"`).
#' @section Errors: As [score_pairs()].
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 3, batch_size = 64, threads = 1)
#' )
#' autoplot(fit)
#' autoplot(fit, "pairs")
#' @method autoplot association_fit
#' @export
autoplot.association_fit <- function(object,
                                     type = c("history", "pairs", "scores"),
                                     pairs = NULL, n = 5000, ...) {
    type <- check_choice(type, c("history", "pairs", "scores"))
    if (type == "history") {
        return(plot_history(object))
    }
    scored <- score_sample(object, pairs, check_count(n), ...)
    source <- if (is.null(pairs)) {
        "Training pairs (transductive)"
    } else {
        "Pairs given"
    }
    if (type == "pairs") {
        plot_pairs(scored, source)
    } else {
        plot_scores(scored, source)
    }
}

plot_history <- function(fit) {
    history <- fit$history
    long <- data.frame(
        epoch = rep(history$epoch, 2),
        measure = rep(
            c("loss (training)", "AUC (validation pairs)"),
            each = nrow(history)
        ),
        value = c(history$loss, history$validation_auc),
        member = rep(history$member, 2)
    )
    long <- long[!is.na(long$value), ]
    best <- unlist(lapply(fit$members, `[[`, "best_epoch"))
    ggplot2::ggplot(long, ggplot2::aes(
        .data$epoch, .data$value,
        group = .data$member
    )) +
        ggplot2::geom_line(colour = scorer_colours[["kith"]]) +
        ggplot2::geom_point(colour = scorer_colours[["kith"]], size = 0.8) +
        ggplot2::facet_wrap(ggplot2::vars(.data$measure),
            scales = "free_y", ncol = 1
        ) +
        ggplot2::labs(
            x = "epoch", y = NULL, title = "Training",
            subtitle = if (!is.null(best)) {
                paste("parameters of epoch", toString(best), "kept")
            }
        )
}

# scores of known pairs and of as many random ones
score_sample <- function(fit, pairs, n, ...) {
    known <- known_pairs(fit, pairs)
    shown <- if (is.null(pairs)) fit$pairs else check_pairs(pairs)
    shown <- keep_known_pairs(shown, fit$genes, "pairs")
    index <- sample.int(nrow(shown), min(n, nrow(shown)))
    shown <- data.frame(from = shown$from, to = shown$to)[index, ]
    coded <- code_universe(list(fit$genes), known)
    n_random <- min(nrow(shown), count_negatives(coded))
    random <- draw_uniform(coded, n_random, NULL, NULL)
    scored <- score_pairs(fit, join_rows(shown, random), ...)
    scored$kind <- rep(
        c("known pairs", "random pairs"), c(nrow(shown), n_random)
    )
    scored
}

kind_colours <- c(
    "known pairs" = "#D55E00", "random pairs" = "#56B4E9"
)

plot_pairs <- function(scored, source) {
    ggplot2::ggplot(
        scored, ggplot2::aes(.data$cosine, .data$score, colour = .data$kind)
    ) +
        ggplot2::geom_vline(
            xintercept = 0.2, linetype = 2, colour = "grey60"
        ) +
        ggplot2::geom_point(size = 0.6, alpha = 0.4) +
        ggplot2::scale_colour_manual(values = kind_colours, name = NULL) +
        ggplot2::guides(colour = ggplot2::guide_legend(
            override.aes = list(size = 2, alpha = 1)
        )) +
        ggplot2::facet_wrap(ggplot2::vars(.data$kind)) +
        ggplot2::labs(
            x = "cosine of the input vectors (do they look alike?)",
            y = "association score (do they belong together?)",
            title = "Kin and kith",
            subtitle = paste0(source, "; left of the line: not alike")
        ) +
        ggplot2::theme(legend.position = "none")
}

plot_scores <- function(scored, source) {
    long <- data.frame(
        kind = rep(scored$kind, 2),
        measure = rep(
            c("association score", "cosine of the inputs"),
            each = nrow(scored)
        ),
        value = c(scored$score, scored$cosine)
    )
    ggplot2::ggplot(long, ggplot2::aes(
        .data$value,
        colour = .data$kind, fill = .data$kind
    )) +
        ggplot2::geom_density(alpha = 0.3) +
        ggplot2::scale_colour_manual(values = kind_colours, name = NULL) +
        ggplot2::scale_fill_manual(values = kind_colours, name = NULL) +
        ggplot2::facet_wrap(ggplot2::vars(.data$measure), ncol = 1) +
        ggplot2::labs(
            x = NULL, y = "density", title = "Distribution of scores",
            subtitle = source
        )
}

#' Figure of an evaluation
#'
#' AUC of the fit and of each baseline with their intervals, a panel for each
#' setting and subset; held-out settings stand before the transductive one.
#'
#' @param object A result of [evaluate()][evaluate.association_fit].
#' @param ... Not used.
#'
#' @return A `ggplot`; its `$data` are the rows of `object`.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' parts <- split_pairs(gene_pairs(organism$pairs), by = "edge")
#' fit <- learn_associations(
#'     organism$vectors, parts$train,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 3, batch_size = 64, threads = 1)
#' )
#' autoplot(evaluate(fit, parts, draws = 50))
#' @method autoplot association_evaluation
#' @export
autoplot.association_evaluation <- function(object, ...) {
    rows <- as.data.frame(object)
    class(rows) <- "data.frame"
    rows$setting <- factor(rows$setting, unique(rows$setting))
    rows$subset <- factor(rows$subset, unique(rows$subset))
    rows$scorer <- factor(rows$scorer, rev(unique(rows$scorer)))
    plot_forest(rows, "scorer", scorer_colours, "Model and baselines",
        values = TRUE
    )
}
