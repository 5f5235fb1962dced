# What a result of fine_tune() of transcripts answers.

#' @rdname fine_tune_transcripts
#' @order 2
#' @param object A result of `fine_tune()`, as `x` of `evaluate()`.
#' @param newdata,type,draws,level See [predict() and
#'   evaluate()][transcripts_probe] of a result of [probe()][probe_transcripts];
#'   `newdata` must be given.
#' @method predict transcripts_tuned
#' @export
predict.transcripts_tuned <- function(object, newdata, type = NULL, ...) {
    rlang::check_dots_empty()
    types <- prediction_types(object)
    type <- if (is.null(type)) types[1L] else check_choice(type, types)
    newdata <- new_transcripts_of(object$fit, newdata)
    predict_tuned(object, newdata, type)
}

predict_tuned <- function(object, x, type) {
    scores <- head_of_tuned(
        object$networks, object$member, encode_tuned(object, x), object$control
    )
    finish_prediction(tuned_predictions(object, scores), object, x$id, type)
}

encode_tuned <- function(object, x) {
    encode_sequences(
        x, object$fit$encoder, numbers_of(object$member, object$networks, 1L),
        object$control, object$fit$method$positions
    )
}

#' @rdname fine_tune_transcripts
#' @order 2
#' @method encode transcripts_tuned
#' @export
encode.transcripts_tuned <- function(fit, newdata, ...) {
    rlang::check_dots_empty()
    encode_tuned(fit, new_transcripts_of(fit$fit, newdata))
}

#' @rdname fine_tune_transcripts
#' @order 2
#' @method evaluate transcripts_tuned
#' @export
evaluate.transcripts_tuned <- function(x, newdata, y, groups = NULL,
                                       draws = 1000, level = 0.95, ...) {
    rlang::check_dots_empty()
    newdata <- new_transcripts_of(x$fit, newdata)
    evaluate_transcripts(x, newdata$id, y, groups, draws, level, function() {
        predict_tuned(x, newdata, utils::tail(prediction_types(x), 1L))
    })
}

#' @method tidy transcripts_tuned
#' @export
tidy.transcripts_tuned <- function(x, ...) x$history

#' @method glance transcripts_tuned
#' @export
glance.transcripts_tuned <- function(x, ...) {
    glance_tuned(x, length(x$transcripts))
}

#' @method print transcripts_tuned
#' @export
print.transcripts_tuned <- function(x, ...) {
    print_tuned(x, "transcripts")
}

#' @method summary transcripts_tuned
#' @export
summary.transcripts_tuned <- function(object, ...) {
    structure(
        list(glance = glance(object), tuned = object),
        class = c("summary.transcripts_tuned", "summary.samples_tuned")
    )
}

#' @rdname fine_tune_transcripts
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot transcripts_tuned
#' @export
autoplot.transcripts_tuned <- function(object, ...) {
    plot_sample_history(object$history, "Training with labels")
}
