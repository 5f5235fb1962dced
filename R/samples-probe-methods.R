#' Labels predicted from a space of samples
#'
#' @param object,x A result of [probe()].
#' @param newdata New samples in any of the forms of [learn_samples()]. `NULL`:
#'   the samples of the fit.
#' @param assay Of a `SummarizedExperiment`. `NULL`: that of the fit's, or the
#'   only one.
#' @param type `"class"`, `"prob"` (a column for each class or label) or
#'   `"response"`, the predicted number, or for survival times the logarithm of
#'   the relative risk. `NULL`: what there is.
#' @param ... Not used.
#' @return `predict()`: for classes a factor with sample ids as names, or a
#'   matrix samples x classes of probabilities; for several labels a logical
#'   matrix or one of probabilities; for numbers a named vector. `tidy()`: a
#'   data frame with a row for each `head` and its `weight` (and `label`,
#'   where there are several). `glance()`: one row, `kind`, `labelled`,
#'   `classes`, `encoding` (the share of that head in all weights).
#'   `evaluate()`: a data frame with a row for each measure, `measure`
#'   (`accuracy`, `balanced` (accuracy), `macro_f1`, `log_loss`; for numbers
#'   `spearman` and `rmse`; for survival times Harrell's `concordance`), its
#'   `value`, a bootstrap interval over groups (`lower`, `upper`) and `n`
#'   samples; with several labels one for each `label`. `autoplot()`: a `ggplot`
#'   of the weights of the heads.
#' @section Errors: Of class `kith_error_input`: a `type` that the labels do not
#'   have, classes that the probe does not know, an evaluation on samples that
#'   it has learned from, and all that [encode()][samples_fit] refuses.
#' @family sample functions
#' @examples
#' x <- matrix(rnorm(40 * 50), 40,
#'     dimnames = list(paste0("s", 1:40), paste0("g", 1:50))
#' )
#' known <- probe(learn_samples(x), x[, 1])
#' tidy(known)
#' predict(known, x[1:3, ])
#' @name samples_probe
NULL

#' @rdname samples_probe
#' @method predict samples_probe
#' @export
predict.samples_probe <- function(object, newdata = NULL, type = NULL,
                                  assay = NULL, ...) {
    rlang::check_dots_empty()
    types <- prediction_types(object)
    type <- if (is.null(type)) types[1L] else check_choice(type, types)
    fit <- object$fit
    spaces <- sample_spaces(fit, newdata, assay)
    samples <- rownames(spaces$components)
    predict_spaces(object, scale_spaces(fit, spaces), samples, type)
}

prediction_types <- function(object) {
    if (object$kind %in% c("response", "survival")) {
        "response"
    } else {
        c("class", "prob")
    }
}

# predictions from scaled spaces of samples
predict_spaces <- function(object, spaces, samples, type) {
    predicted <- switch(object$kind,
        response = , survival = response_of(object$learned, spaces)[, 1L],
        class = named_columns(
            probabilities_of(object$learned, spaces), object$levels
        ),
        labels = named_columns(vapply(object$learned, function(one) {
            probabilities_of(one, spaces)[, 2L]
        }, numeric(length(samples))), object$levels, length(samples))
    )
    finish_prediction(predicted, object, samples, type)
}

finish_prediction <- function(predicted, object, samples, type) {
    if (type == "class") {
        predicted <- as_classes(predicted, object)
    }
    if (is.matrix(predicted)) {
        rownames(predicted) <- samples
    } else {
        names(predicted) <- samples
    }
    predicted
}

named_columns <- function(x, names, n = nrow(x)) {
    matrix(x, n, dimnames = list(NULL, names))
}

as_classes <- function(probabilities, object) {
    if (object$kind == "labels") {
        return(probabilities > 0.5)
    }
    factor(
        object$levels[max.col(probabilities, "first")], object$levels
    )
}

probabilities_of <- function(learned, spaces) {
    logs <- Map(function(head, space) {
        log_softmax(head_scores(head, space))
    }, learned$heads, spaces[head_space(names(learned$heads))])
    exp(log_softmax(weighted_sum(logs, learned$weights)))
}

response_of <- function(learned, spaces) {
    weighted_sum(
        Map(head_scores, learned$heads, spaces[names(learned$heads)]),
        learned$weights
    )
}

#' @rdname samples_probe
#' @method tidy samples_probe
#' @export
tidy.samples_probe <- function(x, ...) {
    rows <- function(learned) {
        data.frame(
            head = names(learned$weights), weight = unname(learned$weights)
        )
    }
    if (x$kind != "labels") {
        return(rows(x$learned))
    }
    do.call(rbind, unname(Map(function(learned, label) {
        cbind(label = label, rows(learned))
    }, x$learned, x$levels)))
}

#' @rdname samples_probe
#' @method glance samples_probe
#' @export
glance.samples_probe <- function(x, ...) {
    weights <- tidy(x)
    encoding <- weights$head == "encoding"
    data.frame(
        kind = x$kind, labelled = length(x$samples),
        classes = length(x$levels),
        encoding = sum(weights$weight[encoding]) / sum(weights$weight)
    )
}

#' @method print samples_probe
#' @export
print.samples_probe <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<samples_probe>")
    cli::cat_line(
        "  ", row$labelled, " labelled samples, ", describe_labels(x)
    )
    cli::cat_line(sprintf(
        "  share of the encodings %.2f, of the components %.2f",
        row$encoding, 1 - row$encoding
    ))
    cli::cat_line("  predict(probe, newdata)")
    invisible(x)
}

describe_labels <- function(x) {
    switch(x$kind,
        class = paste(length(x$levels), "classes"),
        labels = paste(length(x$levels), "labels"),
        response = "a number", survival = "survival times"
    )
}

#' @rdname samples_probe
#' @method summary samples_probe
#' @export
summary.samples_probe <- function(object, ...) {
    structure(
        list(glance = glance(object), heads = tidy(object), probe = object),
        class = "summary.samples_probe"
    )
}

#' @method print summary.samples_probe
#' @export
print.summary.samples_probe <- function(x, ...) {
    print(x$probe)
    print(x$heads, row.names = FALSE, digits = 3)
    invisible(x)
}
