# Figures of what was learned from samples; the space itself is drawn by
# autoplot() of the fit (samples-methods.R).

# The columns of a history that are worth a look, one below the other.
plot_sample_history <- function(history, title) {
    shown <- intersect(c(
        "loss", "validation_loss", "validation_log_loss", "validation_rmse",
        "mask_accuracy", "hits", "mean_cosine", "dead"
    ), names(history))
    rows <- data.frame(
        epoch = rep(history$epoch, length(shown)),
        measure = factor(
            rep(gsub("_", " ", shown), each = nrow(history)),
            gsub("_", " ", shown)
        ),
        value = unlist(history[shown], use.names = FALSE)
    )
    ggplot2::ggplot(rows, ggplot2::aes(.data$epoch, .data$value)) +
        ggplot2::geom_line(colour = "#0072B2") +
        ggplot2::facet_wrap(ggplot2::vars(.data$measure), scales = "free_y") +
        ggplot2::labs(x = "epoch", y = NULL, title = title) +
        study_theme()
}

#' @rdname fine_tune
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot samples_tuned
#' @export
autoplot.samples_tuned <- function(object, ...) {
    plot_sample_history(object$history, "Training with labels")
}

#' @rdname samples_probe
#' @importFrom ggplot2 autoplot
#' @method autoplot samples_probe
#' @export
autoplot.samples_probe <- function(object, ...) {
    plot_head_weights(tidy(object), "weight in the sum of log-probabilities")
}

# rows: head, weight and, with several labels, label
plot_head_weights <- function(rows, axis) {
    rows$label <- rows$label %||% "all classes"
    rows$head <- factor(rows$head, rev(unique(rows$head)))
    ggplot2::ggplot(rows, ggplot2::aes(.data$weight, .data$head)) +
        ggplot2::geom_col(fill = "#0072B2", width = 0.6) +
        ggplot2::facet_wrap(ggplot2::vars(.data$label)) +
        ggplot2::labs(
            x = axis, y = NULL, title = "What the labels are learned from"
        ) +
        study_theme()
}
