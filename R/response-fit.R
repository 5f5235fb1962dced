#' Fits of learn_response()
#'
#' @param x,object,fit A fit of [learn_response()].
#' @param newdata The pairs to predict: a data frame with ids in the columns
#'   `drug` and `cell`. `NULL`: each drug of `drugs` with each cell of `cells`.
#' @param drugs,cells Features of new drugs and cells, in the form that
#'   [learn_response()] took, with the same columns. `NULL`: those of the fit.
#'   Ids say which are new: one that the fit was trained on is taken for the
#'   same drug or cell, and a message says if its features differ.
#' @param drug_text,cell_text Words about drugs and cells, by id. Where there
#'   are none they are those of the fit, else the id.
#' @param type `"response"`: what the average of all members predicts.
#'   `"interval"`: with bounds that hold a share `level` of responses that were
#'   held out as the fit is `blind`; a message says where more is new, as those
#'   bounds are too narrow. `"caption"`: what the texts of numbers say,
#'   of the first network with captions: mean and spread of 1,000 numbers.
#'   `"embedding"`: the space of the first network.
#' @param level Of the bounds.
#' @param ... Not used.
#' @return `predict()`: a data frame `drug`, `cell`, `prediction` (in units of
#'   the response), and `lower` and `upper` with `"interval"`, or `spread` with
#'   `"caption"`; a matrix pairs x dimensions with `"embedding"`, as from
#'   `encode()`. `tidy()`: how members, their average and the means did on the
#'   inner blind folds, a mean over these: `model`, `rmse`, `pearson`,
#'   `spearman`, `per_drug` and `per_cell` (mean correlation within a drug,
#'   within a cell line, of five values or more), `normalised` (correlation
#'   beyond what mean effects predict) and `weight`. `glance()`: one row with
#'   `drugs`, `cells`, `pairs`,
#'   `blind`, and the measures of the average. `augment()`: the training pairs
#'   with `value` and the fitted `prediction`, which is no test. `autoplot()`: a
#'   `ggplot` of one of these measures.
#' @section Errors: Of class `kith_error_input`: ids without features, features
#'   with other columns, `"caption"` and `"embedding"` of a fit without such a
#'   network.
#' @family drug response functions
#' @examples
#' set.seed(1)
#' screen <- simulate_response(n_drugs = 25, n_cells = 30)
#' fit <- learn_response(screen$response, screen$drugs, screen$cells,
#'     methods = list(kernels = method_kernels()), folds = 2
#' )
#' tidy(fit)
#' head(predict(fit, type = "interval"))
#' @name response_fit
NULL

#' @rdname response_fit
#' @method predict response_fit
#' @export
predict.response_fit <- function(object, newdata = NULL, drugs = NULL,
                                 cells = NULL,
                                 type = c(
                                     "response", "interval", "caption",
                                     "embedding"
                                 ),
                                 level = 0.9, drug_text = NULL,
                                 cell_text = NULL, ...) {
    rlang::check_dots_empty()
    type <- check_choice(type, c(
        "response", "interval", "caption", "embedding"
    ))
    level <- check_number(level, 0, 1, open = TRUE)
    asked <- asked_pairs(
        object, newdata, drugs, cells, drug_text, cell_text
    )
    if (type == "embedding") {
        return(network_embedding(object, asked))
    }
    rows <- data.frame(drug = asked$drug_ids, cell = asked$cell_ids)
    if (type == "caption") {
        member <- network_member(object, TRUE)
        return(cbind(rows, predict_captions(
            member, asked$drugs, asked$cells, asked$pairs, asked$drug_text,
            asked$cell_text
        )))
    }
    rows$prediction <- average_members(object, asked)
    if (type == "interval") {
        tell_newer(object, asked)
        half <- interval_width(object$spread, rows$drug, level)
        rows$lower <- rows$prediction - half
        rows$upper <- rows$prediction + half
    }
    rows
}

average_members <- function(fit, asked) {
    predicted <- predict_members(
        fit$members, asked$drugs, asked$cells, asked$pairs
    )
    weighted_sum(predicted, fit$weights)
}

# what each member predicts
predict_members <- function(members, drugs, cells, pairs) {
    lapply(members, function(member) {
        predict_response_member(member, drugs, cells, pairs)
    })
}

#' @rdname response_fit
#' @method encode response_fit
#' @export
encode.response_fit <- function(fit, newdata = NULL, drugs = NULL,
                                cells = NULL, ...) {
    stats::predict(fit, newdata, drugs, cells, type = "embedding", ...)
}

network_embedding <- function(fit, asked) {
    member <- network_member(fit, FALSE)
    embedded <- embed_response_pairs(
        member, asked$drugs, asked$cells, asked$pairs
    )
    dimnames(embedded) <- list(
        paste(asked$drug_ids, asked$cell_ids, sep = " : "),
        paste0("dim", seq_len(ncol(embedded)))
    )
    embedded
}

# the first network; captions: one with texts
network_member <- function(fit, captions, call = rlang::caller_env(2)) {
    found <- Find(function(member) {
        inherits(member, "cldr_member") &&
            (!captions || member$method$caption != "none")
    }, fit$members)
    if (is.null(found)) {
        type <- if (captions) "caption" else "embedding"
        abort_input(c(
            "{.arg type} cannot be {.val {type}} for this fit.",
            x = "Its members are {.val {names(fit$members)}}, and none is a
            network{if (captions) ' with captions'}.",
            i = "Learn with {.code methods = list(network = method_cldr())}."
        ), call = call)
    }
    found
}

# ---- generics ----------------------------------------------------------------

#' @rdname response_fit
#' @method tidy response_fit
#' @export
tidy.response_fit <- function(x, ...) {
    cbind(x$compared,
        weight = unname(x$weights[match(x$compared$model, names(x$weights))])
    )
}

#' @rdname response_fit
#' @method glance response_fit
#' @export
glance.response_fit <- function(x, ...) {
    data.frame(
        drugs = length(x$data$response$drugs),
        cells = length(x$data$response$cells),
        pairs = length(x$data$response), blind = x$blind,
        x$compared[1L, -1L], row.names = NULL
    )
}

#' @rdname response_fit
#' @method augment response_fit
#' @export
augment.response_fit <- function(x, ...) {
    rlang::check_dots_empty()
    rows <- as.data.frame(x$data$response)
    cbind(rows, prediction = stats::predict(x, rows)$prediction)
}

#' @method print response_fit
#' @export
print.response_fit <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<response_fit>")
    cli::cat_line(sprintf(
        "  %d pairs of %d drugs and %d cells, blind to %s", row$pairs,
        row$drugs, row$cells, blind_words[[x$blind]]
    ))
    cli::cat_line(
        "  ", paste(names(x$weights), sprintf("%.2f", x$weights),
            collapse = ", "
        ), " (weights of the average)"
    )
    best <- x$compared[x$compared$model %in% naive_models, ]
    best <- best[which.min(best$rmse), ]
    cli::cat_line(sprintf(
        "  inner folds: RMSE %.3g, within drugs %.2f (%s: %.3g, %.2f)",
        row$rmse, row$per_drug, best$model, best$rmse, best$per_drug
    ))
    cli::cat_line("  rank_drugs(fit, cell), rank_cells(fit, drug), predict()")
    invisible(x)
}

naive_models <- c("drug mean", "cell mean", "mean effects")

blind_words <- list(
    cell = "new cells", drug = "new drugs", both = "new drugs and cells",
    pair = "new pairs"
)

#' @rdname response_fit
#' @method summary response_fit
#' @export
summary.response_fit <- function(object, ...) {
    structure(list(fit = object), class = "summary.response_fit")
}

#' @method print summary.response_fit
#' @export
print.summary.response_fit <- function(x, ...) {
    print(x$fit)
    cli::cat_line("Models on the inner folds")
    print(tidy(x$fit), row.names = FALSE, digits = 3)
    invisible(x)
}

#' @rdname response_fit
#' @param measure A measure of [tidy()][response_fit].
#' @importFrom ggplot2 autoplot
#' @method autoplot response_fit
#' @export
autoplot.response_fit <- function(object, measure = "rmse", ...) {
    rlang::check_dots_empty()
    measure <- check_choice(measure, names(response_measures))
    rows <- tidy(object)
    rows$kind <- ifelse(rows$model %in% naive_models, "baseline", "kith")
    rows$model <- factor(rows$model, rev(rows$model))
    ggplot2::ggplot(rows, ggplot2::aes(
        .data[[measure]], .data$model,
        colour = .data$kind
    )) +
        ggplot2::geom_point(size = 2.4, na.rm = TRUE) +
        ggplot2::scale_colour_manual(values = ranking_colours) +
        ggplot2::labs(
            x = response_measures[[measure]]$label, y = NULL,
            title = paste("Held-out", blind_words[[object$blind]])
        ) +
        study_theme() +
        ggplot2::theme(legend.position = "none")
}
