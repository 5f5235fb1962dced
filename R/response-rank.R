#' Rank drugs for a cell, or cells for a drug
#'
#' Orders candidates by their predicted response, the most sensitive first, and
#' shows what the prediction rests on. A potent drug acts on most cells: the
#' column `relative` has what is predicted beyond the mean of the drug (or
#' cell), which is what this cell (or drug) has of its own. `by = "relative"`
#' orders by it.
#'
#' @param fit A fit of [learn_response()].
#' @param cell,drug The id of one cell or drug.
#' @param drugs,cells Features of new ones, as [predict()][response_fit] takes
#'   them; the candidates are all drugs (cells) given, else those of the fit.
#' @param n How many to return; `Inf`: all.
#' @param by `"response"` or `"relative"`.
#' @param level Of the bounds.
#' @param n_near How many near training cells (drugs) give evidence.
#' @param ... Not used.
#' @return A data frame with a row for each candidate: `rank`, `drug` or `cell`,
#'   `prediction`, `lower` and `upper` (see [predict()][response_fit]),
#'   `relative` (positive: more sensitive than the mean of that drug or cell
#'   over the training data, `NA` where it has no response there), `measured`
#'   (the response of this pair, if the fit has seen it), and evidence: `near`
#'   (the training cells or drugs most like the one asked for, of those with a
#'   response and a likeness above 0; the one itself is none of them) and
#'   `near_response` (their mean response, weighted by likeness). Likeness is
#'   Tanimoto's of fingerprints, else the correlation of standardised features,
#'   of the first view.
#' @section Errors: Of class `kith_error_input`: an id without features.
#' @family drug response functions
#' @examples
#' set.seed(1)
#' screen <- simulate_response(n_drugs = 25, n_cells = 30)
#' fit <- learn_response(screen$response, screen$drugs, screen$cells,
#'     methods = list(kernels = method_kernels()), folds = 2
#' )
#' rank_drugs(fit, "C001", n = 3)
#' rank_cells(fit, "D001", n = 3, by = "relative")
#' @export
rank_drugs <- function(fit, cell, drugs = NULL, cells = NULL, n = 10,
                       by = c("response", "relative"), level = 0.9,
                       n_near = 3, ...) {
    rlang::check_dots_empty()
    rank_candidates(fit, "drug", cell, drugs, cells, n, by, level, n_near)
}

#' @rdname rank_drugs
#' @export
rank_cells <- function(fit, drug, cells = NULL, drugs = NULL, n = 10,
                       by = c("response", "relative"), level = 0.9,
                       n_near = 3, ...) {
    rlang::check_dots_empty()
    rank_candidates(fit, "cell", drug, drugs, cells, n, by, level, n_near)
}

# what: is ranked ("drug" or "cell"), for the other one with the id `one`
rank_candidates <- function(fit, what, one, drugs, cells, n, by, level, n_near,
                            call = rlang::caller_env()) {
    check_class(fit, "response_fit", "learn_response", call = call)
    one <- check_string(one,
        name = if (what == "drug") "cell" else "drug", call = call
    )
    if (!identical(n, Inf)) n <- check_count(n, call = call)
    n_near <- check_count(n_near, call = call)
    by <- check_choice(by, c("response", "relative"), call = call)
    given <- if (what == "drug") drugs else cells
    name <- paste0(what, "s")
    candidates <- view_ids(
        given_views(given, fit, name, call) %||% fit$data[[name]]
    )
    newdata <- if (what == "drug") {
        data.frame(drug = candidates, cell = one)
    } else {
        data.frame(drug = one, cell = candidates)
    }
    rows <- stats::predict(fit, newdata, drugs, cells, type = "interval",
        level = level
    )
    sign <- if (fit$data$response$direction == "low") -1 else 1
    effects <- fit_effects(
        as.data.frame(fit$data$response)[c("drug", "cell")],
        fit$data$response$value
    )
    seen <- if (what == "drug") names(effects$drug) else names(effects$cell)
    means <- if (what == "drug") effects$drug_mean else effects$cell_mean
    mean_of <- effects$overall + unname(means)[match(candidates, seen)]
    rows$relative <- sign * (rows$prediction - mean_of)
    rows <- cbind(rows, rank_evidence(
        fit, what, one, candidates, drugs, cells, n_near
    ))
    rows <- rows[order(
        -(if (by == "relative") rows$relative else sign * rows$prediction)
    ), ]
    rows <- utils::head(rows, n)
    rows[[if (what == "drug") "cell" else "drug"]] <- NULL
    data.frame(rank = seq_len(nrow(rows)), rows, row.names = NULL)
}

# measured, near, near_response of each candidate
rank_evidence <- function(fit, what, one, candidates, drugs, cells, n_near) {
    response <- as.data.frame(fit$data$response)
    other <- if (what == "drug") "cell" else "drug"
    name <- paste0(other, "s")
    known <- fit$data[[name]][1L]
    given <- if (what == "drug") cells else drugs
    new <- given_views(given, fit, name, NULL)
    here <- chosen_views(one, new[1L], known, name, NULL)$views[[1L]]
    likeness <- view_likeness(here, known[[1L]])
    likeness[names(likeness) == one] <- NA
    like <- likeness[response[[other]]]
    like[!(like > 0)] <- NA
    rows <- split(seq_len(nrow(response)), response[[what]])[candidates]
    found <- lapply(rows, function(at) {
        at <- at[order(-like[at])]
        at <- utils::head(at[!is.na(like[at])], n_near)
        list(
            near = paste(response[[other]][at], collapse = ", "),
            near_response = if (length(at)) {
                sum(like[at] * response$value[at]) / sum(like[at])
            } else {
                NA_real_
            }
        )
    })
    of_one <- response[response[[other]] == one, ]
    data.frame(
        measured = of_one$value[match(candidates, of_one[[what]])],
        near = vapply(found, `[[`, "", "near"),
        near_response = vapply(found, `[[`, numeric(1), "near_response")
    )
}

# likeness of one row to each row of a view, by name
view_likeness <- function(one, view) {
    if (is_fingerprint(view)) {
        return(tanimoto(one, view)[1L, ])
    }
    scaling <- fit_view(view)
    scaled <- apply_view(scaling, rbind(one, view))
    unit <- scaled / sqrt(rowSums(scaled^2))
    stats::setNames(drop(unit[-1L, , drop = FALSE] %*% unit[1L, ]),
        rownames(view)
    )
}
