# What a result of fine_tune() answers.

#' @rdname fine_tune
#' @order 2
#' @param object A result of `fine_tune()`.
#' @param newdata,type See [predict()][samples_probe] of a result of [probe()];
#'   `newdata` must be given.
#' @method predict samples_tuned
#' @export
predict.samples_tuned <- function(object, newdata, type = NULL, assay = NULL,
                                  ...) {
    rlang::check_dots_empty()
    types <- prediction_types(object)
    type <- if (is.null(type)) types[1L] else check_choice(type, types)
    predict_scaled(object, new_samples(object$fit, newdata, assay), type)
}

predict_scaled <- function(object, x, type) {
    finish_prediction(
        tuned_predictions(object, tuned_rows(object, x)), object, rownames(x),
        type
    )
}

tuned_predictions <- function(object, scores) {
    switch(object$kind,
        class = named_columns(exp(log_softmax(scores)), object$levels),
        labels = named_columns(stats::plogis(scores), object$levels),
        response = scores[, 1L] * object$targets$scale + object$targets$centre
    )
}

# scaled samples through encoder and head
tuned_rows <- function(object, x) {
    values <- lapply(sample_blocks(x), function(rows) {
        tuned_scores(
            object$networks, object$member, unname(scaled_rows(x, rows)),
            object$control
        )
    })
    do.call(rbind, values)
}

#' @rdname fine_tune
#' @order 2
#' @method encode samples_tuned
#' @export
encode.samples_tuned <- function(fit, newdata, assay = NULL, ...) {
    rlang::check_dots_empty()
    encode_scaled(
        new_samples(fit$fit, newdata, assay), fit$networks$encoder,
        numbers_of(fit$member, fit$networks, 1L), fit$control
    )
}

#' @method evaluate samples_tuned
#' @export
evaluate.samples_tuned <- evaluate.samples_probe

# What the tuned fits of samples and of transcripts have in common.

glance_tuned <- function(x, n_labelled) {
    data.frame(
        kind = x$kind, labelled = n_labelled, classes = length(x$levels),
        frozen = x$frozen, epochs = nrow(x$history),
        best_epoch = x$member$best_epoch %||% NA,
        loss = utils::tail(x$history$loss, 1L)
    )
}

# what: is labelled
print_tuned <- function(x, what) {
    row <- glance(x)
    cli::cat_line("<", what, "_tuned>")
    cli::cat_line(
        "  ", row$labelled, " labelled ", what, ", ", describe_labels(x),
        "; encoder of ", x$fit$method$name,
        if (x$frozen) ", frozen" else ", trained with the head"
    )
    cli::cat_line(sprintf("  %d epochs, last loss %.3g", row$epochs, row$loss))
    cli::cat_line("  predict(tuned, newdata)")
    invisible(x)
}

#' @method tidy samples_tuned
#' @export
tidy.samples_tuned <- function(x, ...) x$history

#' @method glance samples_tuned
#' @export
glance.samples_tuned <- function(x, ...) {
    glance_tuned(x, length(x$samples))
}

#' @method print samples_tuned
#' @export
print.samples_tuned <- function(x, ...) {
    print_tuned(x, "samples")
}

#' @method summary samples_tuned
#' @export
summary.samples_tuned <- function(object, ...) {
    structure(
        list(glance = glance(object), tuned = object),
        class = "summary.samples_tuned"
    )
}

#' @method print summary.samples_tuned
#' @export
print.summary.samples_tuned <- function(x, ...) {
    print(x$tuned)
    print(x$glance, row.names = FALSE, digits = 3)
    invisible(x)
}
