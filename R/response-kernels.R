# Kernels: settings of method_kernels(), the similarity of drugs and of cells
# from their views, and the predictions of a fitted member.

#' Method: kernels of drugs and cells
#'
#' Describes the part of [learn_response()] that works by likeness: like drugs
#' act alike, and like cells react alike. A response is a mean, an effect of the
#' drug, an effect of the cell and an interaction:
#' \eqn{y_{dc} = \mu + a_d + b_c + f_{dc}}.
#'
#' * The interaction is a Gaussian process over all measured pairs, with
#'   covariance \eqn{K_D(d, d') K_C(c, c')} and noise: the kernel of pairs
#'   (Kronecker kernel ridge regression). Pairs that were not measured are
#'   simply absent; the equations are solved by conjugate gradients, which the
#'   solution of a full table preconditions.
#' * A kernel of one side is a weighted sum of the likeness of its views, of
#'   what is a drug's (cell's) own, and of how alike the measured profiles are.
#'   The last is the covariance of drugs over cells, or of cells over
#'   drugs, estimated by expectation-maximisation where pairs are missing. A
#'   drug (cell) that was never measured has neither of the last two.
#' * Fingerprints (views of zeros and ones) are compared by
#'   \eqn{T e^{-s(1 - T)}}{T exp(-s (1 - T))} with T their [tanimoto()]
#'   similarity; numbers by a Laplace or RBF kernel of standardised
#'   features, whose width is in units of the median distance.
#' * Effects of drugs and cells are Gaussian processes on the likeness
#'   of the views. So a drug that was never measured gets an effect from those
#'   like it, and one that was measured keeps its own.
#'
#' Sharpness s and width, weights of views, shares, and noise are chosen one
#' after the other on held-out values of the training part, blind in the way
#' that the fit is asked to be; penalties of effects on five folds of drugs (of
#' cells). Time grows with drugs x cells x (drugs + cells): a search
#' over 114,000 pairs of 173 drugs and 792 cells takes about half a minute.
#'
#' @param kernel Of features that are numbers: `"laplace"`
#'   \eqn{\exp(-|x - y| / w)}, which was ahead on protein and expression
#'   profiles, or `"rbf"` \eqn{\exp(-|x - y|^2 / 2 w^2)}.
#' @param profiles Use the likeness of measured profiles?
#' @param folds Number of inner folds; of large data the first ones are
#'   enough, until 200 held-out drugs or cells have been predicted.
#'
#' @return An object of class `method_kernels`, a `response_method`: a list of
#'   the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Stock M et al. (2018). "A comparative study of pairwise learning
#'   methods based on kernel ridge regression." *Neural Computation* 30,
#'   2245-2283. Bonilla EV, Chai KMA, Williams CKI (2007). "Multi-task Gaussian
#'   process prediction." NIPS.
#' @family drug response functions
#' @examples
#' method_kernels()
#' method_kernels(kernel = "rbf", profiles = FALSE)
#' @export
method_kernels <- function(kernel = c("laplace", "rbf"), profiles = TRUE,
                           folds = 3) {
    structure(
        list(
            kernel = check_choice(kernel, c("laplace", "rbf")),
            profiles = check_flag(profiles),
            folds = check_count(folds, min = 2, max = 20)
        ),
        class = c("method_kernels", "response_method")
    )
}

#' @method print response_method
#' @export
print.response_method <- function(x, ...) {
    print_settings(x, "by the data")
}

# ---- likeness of views -------------------------------------------------------

# A view as the kernel compares it: list(kind, rows: training rows; unit: the
# median distance, and fitted: how numbers are scaled).
fit_likeness <- function(view, rows, kernel, name) {
    if (is_fingerprint(view)) {
        return(list(
            kind = "fingerprint", rows = view[rows, , drop = FALSE]
        ))
    }
    fitted <- fit_view(view, rows, name = name, call = NULL)
    scaled <- apply_view(fitted, view[rows, , drop = FALSE])
    list(
        kind = kernel, rows = scaled, fitted = fitted,
        unit = median_distance(scaled)
    )
}

# Likeness of rows of a view (or of the training rows) to the training rows, in
# a form that sharpen() takes: T of fingerprints, exp(-distance / unit) else.
likeness <- function(one, view = NULL, threads = 1L) {
    if (one$kind == "fingerprint") {
        alike <- tanimoto(view %||% one$rows, one$rows, threads)
        return(unname(alike))
    }
    x <- if (is.null(view)) one$rows else apply_view(one$fitted, view)
    .Call(
        C_kernel_matrix, unclass_matrix(x), unclass_matrix(one$rows), one$unit,
        threads
    )
}

# step: 0 at first; every step halves the width
sharpen <- function(alike, kind, step) {
    switch(kind,
        fingerprint = alike * exp(-(step / 2) * (1 - alike)),
        laplace = alike^(2^step),
        # the distance in units of the width
        rbf = exp(-(log(alike) * 2^step)^2 / 2)
    )
}

sharpness_range <- list(
    fingerprint = c(0, 6), laplace = c(-3, 2), rbf = c(-2, 2)
)

# the kernel of all views: weighted mean of their sharpened likeness
join_views <- function(alike, kinds, setting) {
    parts <- Map(function(one, kind, step, weight) {
        weight * sharpen(one, kind, step)
    }, alike, kinds, setting$sharpness, setting$weight)
    Reduce(`+`, parts) / sum(setting$weight)
}

# The kernel of one side, of rows by the training ones. features: from
# join_views(); known: the training row that each row is, NA for new ones;
# profile: covariance of the training rows, or NULL.
mix_kernel <- function(features, known, profile, setting) {
    share <- if (is.null(profile)) 0 else setting$profile
    mixed <- (1 - share) * (1 - setting$own) * features
    at <- which(!is.na(known))
    own <- cbind(at, known[at])
    mixed[own] <- mixed[own] + (1 - share) * setting$own
    if (share > 0) {
        mixed[at, ] <- mixed[at, , drop = FALSE] +
            share * profile[known[at], , drop = FALSE]
    }
    mixed
}

# ---- the member --------------------------------------------------------------

fit_response_member.method_kernels <- function(method, data, rows, blind,
                                               groups, key, control) {
    with_one_blas_thread({
        table <- response_table(data, rows)
        sides <- list(
            drug = kernel_side(
                data$drugs, "drugs", table$drugs, groups$drug, method,
                derive_key(key, "fold", 3L), control
            ),
            cell = kernel_side(
                data$cells, "cells", table$cells, groups$cell, method,
                derive_key(key, "fold", 4L), control
            )
        )
        problem <- list(
            sides = sides,
            profile = if (method$profiles) {
                profile_side(blind, length(table$drugs), length(table$cells))
            } else {
                "none"
            }
        )
        found <- search_kernels(
            problem, table, blind, groups, method$folds, key, data, rows
        )
        means <- table_means(table$value, problem$profile)
        fitted <- fit_table(problem, means, found$setting, final_tolerance)
    })
    structure(
        list(
            method = method, setting = found$setting, tried = found$tried,
            views = lapply(sides, `[[`, "views"),
            ids = lapply(sides, `[[`, "ids"), effects = fitted$effects,
            profile = means$profile, coefficients = fitted$coefficients
        ),
        class = c("kernels_member", "response_member")
    )
}

effect_folds <- 5L

# Training drugs x cells, NA where not measured: list(value, drugs, cells: rows
# of the views).
response_table <- function(data, rows) {
    pairs <- response_pairs(data, rows)
    drugs <- sort(unique(pairs$drug))
    cells <- sort(unique(pairs$cell))
    value <- matrix(NA_real_, length(drugs), length(cells))
    at <- cbind(match(pairs$drug, drugs), match(pairs$cell, cells))
    value[at] <- data$response$value[rows]
    list(value = value, drugs = drugs, cells = cells)
}

# Of drugs or cells (name): list(views, kinds, alike: a matrix for each view,
# folds of their effects, ids).
kernel_side <- function(views, name, rows, groups, method, key, control) {
    groups <- if (is.null(groups)) seq_along(rows) else groups[rows]
    fitted <- Map(function(view, one) {
        fit_likeness(view, rows, method$kernel, view_label(one, views, name))
    }, views, names(views))
    list(
        views = fitted, kinds = vapply(fitted, `[[`, "", "kind"),
        alike = lapply(fitted, likeness, threads = control$threads),
        folds = item_folds(
            length(rows), min(effect_folds, length(unique(groups))), key, groups
        ),
        ids = rownames(views[[1L]])[rows]
    )
}

# Which side has its profiles compared: the one that is known where the fit is
# used; where both or none are, the one with fewer, as the other has more to
# estimate its covariance on.
profile_side <- function(blind, n_drugs, n_cells) {
    switch(blind,
        cell = "drug",
        drug = "cell",
        if (n_drugs <= n_cells) "drug" else "cell"
    )
}

# Registered, as lapply() looks for methods nowhere else.
predict_response_member.kernels_member <- function(member, drugs, cells,
                                                   pairs) {
    asked <- list(
        drug = asked_rows(drugs, pairs$drug), cell = asked_rows(cells,
            pairs$cell
        )
    )
    with_one_blas_thread({
        cross <- lapply(c(drug = "drug", cell = "cell"), function(side) {
            one <- asked[[side]]
            setting <- member$setting[[side]]
            views <- member$views[[side]]
            alike <- Map(likeness, views, one$views[names(views)])
            kinds <- vapply(views, `[[`, "", "kind")
            list(
                features = join_views(alike, kinds, setting),
                known = match(one$ids, member$ids[[side]])
            )
        })
        predicted <- predict_table(
            cross, member$effects, member$profile, member$coefficients,
            member$setting
        )
    })
    predicted[cbind(asked$drug$at, asked$cell$at)]
}

# the rows of views that are asked for, each once: list(views, ids, at)
asked_rows <- function(views, rows) {
    used <- unique(rows)
    views <- lapply(views, function(view) view[used, , drop = FALSE])
    list(
        views = views, ids = rownames(views[[1L]]), at = match(rows, used)
    )
}

# cross: for each side list(features, known) of the asked rows by the training
# ones; a matrix of asked drugs x asked cells
predict_table <- function(cross, effects, profile, coefficients, setting) {
    mixed <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        mix_kernel(
            cross[[side]]$features, cross[[side]]$known, profile[[side]],
            setting[[side]]
        )
    })
    of <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        predict_effect(effects[[side]], cross[[side]])
    })
    effects$overall + outer(of$drug, of$cell, `+`) +
        mixed$drug %*% tcrossprod(coefficients, mixed$cell)
}
