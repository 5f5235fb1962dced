#' Scored pairs, known and random
#'
#' The table that [sweep_boundary()], [sweep_blend()], [degree_profile()],
#' [score_distribution()] and [example_pairs()] look into: held-out and training
#' pairs of a fit with random ones, each with cosine, score and degree. All of
#' them take a plain table of scored pairs just as well, from whatever model.
#'
#' @param x A fit of [learn_associations()]; or a data frame with the columns
#'   `from`, `to`, `cosine` and `score`, and where there are any `positive`
#'   (logical; without it all pairs are known ones), `degree` (mean number of
#'   known pairs of the two genes; else counted among the known pairs of the
#'   table), `setting` and `drawn` (`"uniform"` or `"matched"`: how a negative
#'   was drawn).
#' @param test For a fit: pairs that were kept out, as in
#'   [evaluate()][evaluate.association_fit]. `NULL`: the training pairs alone.
#' @param transductive For a fit: add the pairs that it was trained on?
#' @param how Which score of a fit, see [score_pairs()].
#' @param k Neighbours for guilt by association.
#'
#' @return A data frame of class `scored_pairs`, held-out settings first:
#'   `setting` (`"given"` for a table without), `from`, `to`, `positive`,
#'   `drawn` (`"known"`, `"uniform"` or `"matched"` negatives, see
#'   [study_design()]), `degree`, `cosine`, `score`; and for a fit `networks`
#'   (the score without what it was combined with, on the scale of a cosine),
#'   `partners` (log(1 + d_a) + log(1 + d_b) in the training pairs) and
#'   `neighbours` ([guilt_by_association()]).
#' @section Errors: Of class `kith_error_input`: a table without one of the
#'   columns, or with missing or not finite values in them; `test` for a table.
#' @family studies
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 200)
#' parts <- split_pairs(gene_pairs(organism$pairs), by = "gene")
#' fit <- learn_associations(
#'     organism$vectors, parts$train, encoder_mlp(hidden = 32),
#'     members = 1, combine = FALSE,
#'     control = train_control(epochs = 5, threads = 1)
#' )
#' scored <- scored_pairs(fit, parts)
#' table(scored$setting, scored$drawn)
#' sweep_boundary(scored, draws = 0)
#' @export
scored_pairs <- function(x, test = NULL, transductive = TRUE, how = NULL,
                         k = 20) {
    if (is.data.frame(x)) {
        return(check_scored(x, test))
    }
    check_class(x, "association_fit", "learn_associations")
    check_flag(transductive)
    test <- test_pairs(x, test)
    known <- known_pairs(x, if (nrow(test) > 0L) test)
    if (nrow(test) == 0L && !transductive) {
        abort_input(c(
            "There are no pairs to score.",
            i = "Give {.arg test}, or set {.code transductive = TRUE}."
        ))
    }
    settings <- test_settings(x$pairs, test, if (transductive) x$genes)
    scored <- score_tests(x, draw_tests(settings, known), how, check_count(k))
    new_study(scored, "scored_pairs", fit_how = check_how(how, x))
}

check_scored <- function(x, test, call = rlang::caller_env()) {
    if (inherits(x, "scored_pairs")) {
        return(x)
    }
    if (!is.null(test)) {
        abort_input(c(
            "{.arg test} belongs to a fit.",
            x = "{.arg x} is a table: mark its pairs by {.field setting}."
        ), call = call)
    }
    ends <- check_pair_columns(x, "x", call)
    for (column in c("cosine", "score", if ("degree" %in% names(x)) "degree")) {
        check_scored_column(x[[column]], column, call)
    }
    positive <- if (is.null(x$positive)) {
        rep(TRUE, nrow(x))
    } else {
        check_labels(x$positive, nrow(x), "x$positive", call)
    }
    drawn <- if (is.null(x$drawn)) {
        ifelse(positive, "known", "uniform")
    } else {
        as.character(x$drawn)
    }
    scored <- data.frame(
        setting = if (is.null(x$setting)) "given" else as.character(x$setting),
        from = ends$from, to = ends$to, positive = positive, drawn = drawn,
        degree = NA_real_, cosine = as.double(x$cosine),
        score = as.double(x$score)
    )
    scored$degree <- if (is.null(x$degree)) {
        mean_degree(scored, gene_pairs(scored[positive, c("from", "to")]))
    } else {
        as.double(x$degree)
    }
    new_study(scored, "scored_pairs")
}

check_scored_column <- function(values, column, call) {
    if (!is.numeric(values) || length(values) == 0L) {
        abort_input(c(
            "{.arg x} must be a fit, or a data frame of scored pairs with a
            numeric column {.field {column}}.",
            x = "It is {describe_value(values)}."
        ), call = call)
    }
    bad <- which(!is.finite(values))
    if (length(bad) > 0L) {
        abort_input(c(
            "Column {.field {column}} of {.arg x} must hold finite numbers.",
            x = "Row {bad[1]} is {values[bad[1]]}.",
            i = "Leave out the pairs that have no score."
        ), call = call)
    }
}

# what the sweeps over scored pairs ask of their arguments
scored_design <- function(boundary, draws, level, call = rlang::caller_env()) {
    list(
        boundary = check_number(boundary, 0, 1, open = TRUE, call = call),
        easy = 0.3, draws = check_count(draws, min = 0, call = call),
        level = check_number(level, 0, 1, open = TRUE, call = call)
    )
}

#' Sweep the bound of what looks alike
#'
#' How well are partners told from other pairs among the pairs that do not look
#' alike, and what if that is meant more strictly?
#'
#' @param x,test What [scored_pairs()] takes: a fit and its test pairs, a table
#'   of scored pairs, or its result.
#' @param boundaries Bounds of the absolute cosine, in (0, 1).
#' @param draws,level Bootstrap draws over genes (0: none) and coverage of the
#'   intervals.
#' @return A data frame of class `boundary_sweep`, a row for each setting,
#'   boundary and scorer (`"kith"`, `"cosine"`): `setting`, `boundary`,
#'   `n_positive`, `n_negative`, `share` (of all positives), `mean_cosine`,
#'   `mean_score` (of these positives), `scorer`, `auc`, `lower`, `upper` (`NA`
#'   without negatives), `margin` (AUC of kith less that of the scorer),
#'   `margin_lower`, `margin_upper`. `autoplot()` draws it.
#' @section Errors: As [scored_pairs()]. Of class `kith_error_input`: a boundary
#'   outside (0, 1).
#' @references J. Dury (2026). arXiv:2603.20955 (cross-boundary sensitivity).
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = "A", to = paste0("B", 1:400), cosine = runif(400, -1, 1),
#'     score = rnorm(400), positive = rep(c(TRUE, FALSE), c(100, 300))
#' )
#' sweep_boundary(scored, draws = 0)
#' @export
sweep_boundary <- function(x, test = NULL,
                           boundaries = c(0.30, 0.20, 0.15, 0.10, 0.05),
                           draws = 1000, level = 0.95) {
    if (!is.numeric(boundaries) || length(boundaries) == 0L) {
        abort_input(c(
            "{.arg boundaries} must be numbers.",
            x = "It is {describe_value(boundaries)}."
        ))
    }
    for (boundary in boundaries) {
        check_number(boundary, 0, 1, open = TRUE, name = "boundaries")
    }
    design <- scored_design(0.2, draws, level)
    scored <- scored_pairs(x, test)
    scored <- scored[scored$drawn != "matched", ]
    rows <- lapply(unique(scored$setting), function(setting) {
        here <- scored[scored$setting == setting, ]
        do.call(rbind, lapply(boundaries, boundary_rows, here, design))
    })
    new_study(do.call(rbind, rows), "boundary_sweep")
}

boundary_rows <- function(boundary, scored, design) {
    near <- scored[abs(scored$cosine) < boundary, ]
    positive <- near$positive
    measured <- data.frame(
        scorer = c("kith", "cosine"), auc = NA_real_, lower = NA_real_,
        upper = NA_real_, margin = NA_real_, margin_lower = NA_real_,
        margin_upper = NA_real_
    )
    if (any(positive) && !all(positive)) {
        measured <- measure_scores(
            data.frame(kith = near$score, cosine = near$cosine), positive,
            near[c("from", "to")], design, 1L
        )[names(measured)]
    }
    cbind(
        setting = scored$setting[1], boundary = boundary,
        n_positive = sum(positive), n_negative = sum(!positive),
        share = sum(positive) / sum(scored$positive),
        mean_cosine = mean_or_na(near$cosine[positive]),
        mean_score = mean_or_na(near$score[positive]), measured
    )
}

mean_or_na <- function(x) if (length(x) > 0L) mean(x) else NA_real_

#' Blend the score with the cosine
#'
#' The blend \eqn{(1 - \lambda) cosine + \lambda score} for a range of
#' \eqn{\lambda}: from looking alike (0) to belonging together (1). Of a fit
#' with combined scores the networks' score is blended, which is on the scale
#' of a cosine.
#'
#' @inheritParams sweep_boundary
#' @param lambda Shares of the score, numbers from 0 to 1.
#' @param boundary Bound of the absolute cosine for the cross-boundary subset.
#' @return A data frame of class `blend_sweep`, a row for each setting, subset
#'   (`"all"`, `"cross-boundary"`) and lambda: `setting`, `subset`, `lambda`,
#'   `auc`, `lower`, `upper`, `gain` (AUC less that at the first lambda),
#'   `gain_lower`, `gain_upper` (`NA` without negatives), `mean_positive`,
#'   `sd_positive`, `mean_negative` (of the blend), `n_positive`, `n_negative`.
#'   `autoplot()` draws it.
#' @section Errors: As [scored_pairs()]. Of class `kith_error_input`: a lambda
#'   outside 0 to 1.
#' @references J. Dury (2026). arXiv:2603.20955, section 3.
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = "A", to = paste0("B", 1:400), cosine = runif(400, -1, 1),
#'     positive = rep(c(TRUE, FALSE), c(100, 300))
#' )
#' scored$score <- rnorm(400) + scored$positive
#' sweep_blend(scored, draws = 0)
#' @export
sweep_blend <- function(x, test = NULL, lambda = seq(0, 1, 0.1),
                        boundary = 0.2, draws = 1000, level = 0.95) {
    if (!is.numeric(lambda) || length(lambda) == 0L || anyDuplicated(lambda)) {
        abort_input(c(
            "{.arg lambda} must be different numbers.",
            x = "It is {describe_value(lambda)}."
        ))
    }
    for (share in lambda) check_number(share, 0, 1, name = "lambda")
    design <- scored_design(boundary, draws, level)
    scored <- scored_pairs(x, test)
    scored <- scored[scored$drawn != "matched", ]
    score <- scored$networks %||% scored$score
    blends <- outer(scored$cosine, 1 - lambda) + outer(score, lambda)
    colnames(blends) <- format(lambda)
    subsets <- scored_subsets(scored, design)[c("all", "cross-boundary")]
    rows <- lapply(unique(scored$setting), function(setting) {
        here <- scored$setting == setting
        do.call(rbind, lapply(names(subsets), function(subset) {
            kept <- here & subsets[[subset]]
            if (!any(scored$positive[kept])) {
                return(NULL)
            }
            cbind(setting = setting, subset = subset, blend_rows(
                scored[kept, ], blends[kept, , drop = FALSE], lambda, design
            ))
        }))
    })
    new_study(do.call(rbind, rows), "blend_sweep")
}

blend_rows <- function(scored, blends, lambda, design) {
    positive <- scored$positive
    known <- blends[positive, , drop = FALSE]
    rows <- data.frame(
        lambda = lambda, auc = NA_real_, lower = NA_real_, upper = NA_real_,
        gain = NA_real_, gain_lower = NA_real_, gain_upper = NA_real_,
        mean_positive = colMeans(known),
        sd_positive = apply(known, 2L, stats::sd), mean_negative = NA_real_,
        n_positive = sum(positive), n_negative = sum(!positive)
    )
    if (!all(positive)) {
        measured <- measure_scores(
            as.data.frame(blends), positive, scored[c("from", "to")], design, 1L
        )
        rows[c("auc", "lower", "upper")] <- measured[c("auc", "lower", "upper")]
        rows$gain <- -measured$margin
        rows$gain_lower <- -measured$margin_upper
        rows$gain_upper <- -measured$margin_lower
        rows$gain[1] <- 0
        rows$mean_negative <- colMeans(blends[!positive, , drop = FALSE])
    }
    rows
}
