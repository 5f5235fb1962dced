#' The whole study in one call
#'
#' Runs [diagnose()], [evaluate()][evaluate.association_fit] on held-out pairs,
#' [ablate()], [sweep_threshold()], [sweep_seeds()], [sweep_boundary()],
#' [sweep_blend()], [degree_profile()], [score_distribution()] and
#' [example_pairs()] on one data set, with one set of splits: every table of the
#' CAL paper for data of one's own, held-out figures first. `print()` gives a
#' page, `autoplot(study, which = "ablation")` a figure.
#'
#' All networks are trained in one go, so that workers stay busy to the end.
#' With all defaults these are many: each of six arms and three seeds on three
#' parts of the data, and the default of [learn_associations()] trains six
#' networks for each. `members = 1, combine = FALSE` makes that one, fewer
#' `arms` fewer fits; `study_design(checkpoint = )` keeps what is done.
#'
#' @inheritParams ablate
#' @param arms Arms of [ablate()]; `"full"` alone leaves ablations out.
#' @param seeds Seeds of [sweep_seeds()]. `NULL`: none.
#' @param thresholds,channels As in [sweep_threshold()]. `NULL` thresholds:
#'   none.
#' @param boundaries,lambda,groups,breaks As in [sweep_boundary()],
#'   [sweep_blend()], [degree_profile()] and [score_distribution()].
#' @param examples Pairs for [example_pairs()]: a data frame with `from` and
#'   `to`, or `NULL` for the best scored ones that do not look alike.
#'
#' @return A list of class `association_study`: `diagnosis`, `evaluation`,
#'   `ablation`, `thresholds`, `seeds` (`NULL` where left out), `boundary`,
#'   `blend`, `degree`, `distribution`, `examples`, each what the function of
#'   that name returns; `scored` ([scored_pairs()] of the full arm); `fit` (the
#'   full arm on all pairs; `NULL` without the transductive setting);
#'   `evaluation` has the columns of [evaluate()][evaluate.association_fit] for
#'   the subsets of [study_design()]; `facts`, a data frame `fact`, `value`.
#' @section Errors: As the functions named.
#' @references J. Dury (2026). arXiv:2603.20955.
#' @family studies
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 150)
#' study <- association_study(
#'     organism$vectors, organism$pairs, arms = c("full", "shuffled"),
#'     seeds = NULL, design = study_design(heldout = "gene", draws = 50),
#'     encoder = encoder_mlp(hidden = 32), members = 1, combine = FALSE,
#'     control = train_control(epochs = 5, threads = 1)
#' )
#' study
#' autoplot(study, "degree")
#' @export
association_study <- function(x, pairs,
                              arms = c(
                                  "full", "shuffled", "similar", "in_batch",
                                  "uniform", "multi_positive"
                              ),
                              seeds = c(42, 123, 456), thresholds = NULL,
                              channels = "score",
                              boundaries = c(0.30, 0.20, 0.15, 0.10, 0.05),
                              lambda = seq(0, 1, 0.1), groups = 5,
                              breaks = c(-1, -0.2, 0, 0.2, 0.5, 1),
                              examples = NULL, design = study_design(), ...,
                              BPPARAM = BiocParallel::SerialParam()) {
    began <- Sys.time()
    arms <- check_arms(arms)
    if (!is.null(seeds)) seeds <- check_seeds(seeds)
    input <- study_input(x, pairs, design, BPPARAM, ...)
    if (!is.null(examples)) {
        examples <- check_examples(examples, rownames(input$x))
    }
    plans <- study_plans(input, pairs, arms, seeds, thresholds, channels)
    results <- run_plans(plans$arms, BPPARAM)

    full <- Filter(function(run) run$label$arm == "full", results$ablation)
    fit <- Filter(Negate(is.null), lapply(full, `[[`, "fit"))
    fit <- if (length(fit) > 0L) fit[[1L]]
    scored <- new_study(stack_scored(full), "scored_pairs",
        fit_how = if (!is.null(fit)) check_how(NULL, fit)
    )
    threads <- input$settings$control$threads
    draws <- design$draws
    level <- design$level
    boundary <- design$boundary
    study <- list(
        diagnosis = diagnose(input$x, input$pairs),
        evaluation = new_study(
            measure_settings(scored, scorer_columns(scored), design, threads),
            "study_evaluation"
        ),
        ablation = if (length(arms) > 1L) {
            tell_ablation(results$ablation, input)
        },
        thresholds = if (!is.null(plans$levels)) {
            tell_thresholds(results$thresholds, input, plans$levels)
        },
        seeds = if (!is.null(seeds)) tell_seeds(results$seeds, input),
        boundary = sweep_boundary(scored,
            boundaries = boundaries, draws = draws, level = level
        ),
        blend = sweep_blend(scored,
            lambda = lambda, boundary = boundary, draws = draws, level = level
        ),
        degree = degree_profile(scored,
            groups = groups, boundary = boundary, draws = draws, level = level
        ),
        distribution = score_distribution(scored, breaks = breaks),
        examples = study_examples(scored, examples, fit, boundary),
        scored = scored, fit = fit
    )
    study$facts <- study_facts(input, results, began)
    structure(study, class = "association_study", design = design)
}

# The arms of ablation, thresholds and seeds as lists, and the levels of the
# thresholds.
study_plans <- function(input, pairs, arms, seeds, thresholds, channels,
                        call = rlang::caller_env()) {
    key <- study_key(input)
    parts <- study_parts(input, call)
    levels <- if (!is.null(thresholds)) {
        threshold_levels(input$x, pairs, thresholds, channels, call)
    }
    of_levels <- input
    if (!is.null(levels)) of_levels$pairs <- join_levels(levels)
    list(
        arms = list(
            ablation = plan_ablation(input, arms, parts, key),
            thresholds = if (!is.null(levels)) {
                plan_thresholds(of_levels, levels, key, call)
            },
            seeds = if (!is.null(seeds)) plan_seeds(input, seeds, parts)
        ),
        levels = levels
    )
}

# the arms of all plans in one go, their results by plan
run_plans <- function(plans, workers) {
    plans <- Filter(Negate(is.null), plans)
    plan <- rep(names(plans), lengths(plans))
    results <- run_arms(do.call(c, unname(plans)), workers)
    split(results, factor(plan, names(plans)))
}

# pairs of genes that have vectors; the others are counted in a message
check_examples <- function(examples, genes, call = rlang::caller_env()) {
    examples <- pair_rows(examples, call)
    known <- match_pairs(examples, genes)$known
    if (!any(known)) {
        abort_input(c(
            "{.arg examples} must hold pairs of genes in {.arg x}.",
            x = "None of its {length(known)} pair{?s} is one; the first is
            {.val {examples$from[1]}} and {.val {examples$to[1]}}."
        ), call = call)
    }
    if (!all(known)) {
        inform_kith(
            "{sum(!known)} of {length(known)} examples have a gene without a
            vector and are left out.",
            class = "kith_message_dropped"
        )
    }
    examples[known, ]
}

study_examples <- function(scored, examples, fit, boundary) {
    if (is.null(examples)) {
        example_pairs(scored, n = 3, boundary = boundary)
    } else {
        place_examples(named_examples(scored, examples, fit), scored)
    }
}

study_facts <- function(input, results, began) {
    full <- results$ablation[[1L]]$glance
    minutes <- as.numeric(difftime(Sys.time(), began, units = "mins"))
    data.frame(
        fact = c(
            "genes", "dimensions", "pairs", "genes with a pair",
            "networks trained", "parameters of a network", "epochs", "minutes"
        ),
        value = c(
            nrow(input$x), ncol(input$x), nrow(input$pairs),
            length(pair_genes(input$pairs)),
            sum(lengths(results)) *
                (full$members + if (full$combined) n_folds else 0),
            full$parameters, full$epochs, minutes
        )
    )
}

#' @method print association_study
#' @export
print.association_study <- function(x, ...) {
    facts <- x$facts
    values <- vapply(facts$value, format, "", big.mark = ",", digits = 3)
    print_title("Association study")
    cli::cat_line("  ", format(facts$fact), "  ", format(values,
        justify = "right"
    ))
    print_title("Held-out pairs first: AUC with its interval")
    print_study_evaluation(x$evaluation)
    print_title("Before training")
    print(x$diagnosis)
    for (part in names(study_parts_titles)) {
        if (!is.null(x[[part]])) {
            print_title(study_parts_titles[[part]])
            print(x[[part]])
        }
    }
    design <- attr(x, "design")
    print_title("How this was tested")
    cli::cat_line(study_note(design))
    invisible(x)
}

print_title <- function(title) {
    cli::cat_line()
    cli::cat_line(title)
    cli::cat_line(strrep("-", nchar(title)))
}

study_parts_titles <- c(
    ablation = "Ablations", thresholds = "Strictness of pairs",
    seeds = "Seeds", boundary = "Pairs that do not look alike",
    blend = "Blend of cosine and score", degree = "Degree",
    distribution = "Scores by cosine", examples = "Examples"
)

print_study_evaluation <- function(rows) {
    rows$cell <- paste0(
        format_auc(rows$auc),
        ifelse(is.na(rows$lower), "",
            sprintf(" [%.3f, %.3f]", rows$lower, rows$upper)
        )
    )
    for (subset in unique(rows$subset)) {
        cli::cat_line(subset, " pairs")
        print_wide(rows[rows$subset == subset, ], "scorer", "cell", identity)
    }
}

study_note <- function(design) {
    strwrap(paste0(
        "Held-out pairs: ", if (length(design$heldout) > 0L) {
            paste0(
                100 * (1 - design$prop), " % of the ",
                paste(c(edge = "pairs", gene = "genes")[design$heldout],
                    collapse = ", and in another split of the "
                ), ". "
            )
        } else {
            "none. "
        },
        "Transductive: trained on the pairs that are tested, which says ",
        "nothing about new ones. Negatives: five for each known pair, of the ",
        "same kind of genes. Cross-boundary: |cosine| < ", design$boundary,
        ". Easy: cosine > ", design$easy, "; hard: |cosine| < ",
        design$boundary, "; both against all negatives. ", if (design$draws) {
            paste0(
                "Intervals: ", 100 * design$level, " % over genes, ",
                design$draws, " draws."
            )
        }
    ), width = 78)
}

#' @method print boundary_sweep
#' @export
print.boundary_sweep <- function(x, ...) {
    if (lacks_columns(x, c("boundary", "scorer", "n_positive"))) {
        return(NextMethod())
    }
    cli::cat_line("<boundary_sweep> AUC of kith and cosine, |cosine| below")
    x <- as.data.frame(x)
    other <- x$auc[x$scorer == "cosine"]
    x <- x[x$scorer == "kith", ]
    for (setting in unique(x$setting)) {
        here <- x$setting == setting
        rows <- x[here, ]
        cli::cat_line("  ", setting_title(setting))
        cli::cat_line(
            "    ", format(rows$boundary, nsmall = 2), "  ",
            format(rows$n_positive), " known (",
            sprintf("%4.1f", 100 * rows$share), " %)  ",
            format(rows$n_negative), " random  ", format_auc(rows$auc), "  ",
            format_auc(other[here])
        )
    }
    invisible(x)
}

#' @method print blend_sweep
#' @export
print.blend_sweep <- function(x, ...) {
    if (lacks_columns(x, c("lambda", "subset", "auc"))) {
        return(NextMethod())
    }
    cli::cat_line(
        "<blend_sweep> from the cosine (0) to the score (1): ",
        if (all(is.na(x$auc))) "mean of known pairs" else "AUC"
    )
    x$line <- paste0("lambda ", format(x$lambda))
    value <- if (all(is.na(x$auc))) "mean_positive" else "auc"
    for (subset in unique(x$subset)) {
        cli::cat_line(subset, " pairs")
        print_wide(x[x$subset == subset, ], "line", value)
    }
    invisible(x)
}

#' @method print score_distribution
#' @export
print.score_distribution <- function(x, ...) {
    if (lacks_columns(x, c("bin", "kind", "q50"))) {
        return(NextMethod())
    }
    cli::cat_line("<score_distribution> median score (5 %, 95 %) by cosine")
    x$cell <- sprintf("%.2f (%.2f, %.2f)", x$q50, x$q05, x$q95)
    x$line <- paste0(x$kind, ", cosine ", x$bin)
    print_wide(x[order(x$kind, x$cosine_min), ], "line", "cell", identity)
    invisible(x)
}

#' @method print example_pairs
#' @export
print.example_pairs <- function(x, ...) {
    if (lacks_columns(x, c("from", "score", "score_percentile"))) {
        return(NextMethod())
    }
    cli::cat_line("<example_pairs> percent of random pairs below, in brackets")
    if (nrow(x) > 0L) {
        cli::cat_line(
            "  ", format(paste0(x$from, " - ", x$to)), "  cosine ",
            sprintf("%6.3f (%5.1f)", x$cosine, x$cosine_percentile),
            "  score ", sprintf("%6.3f (%5.1f)", x$score, x$score_percentile),
            "  ", x$setting
        )
    }
    invisible(x)
}

# a plain print of what has lost its columns or is a table of pairs
#' @method print study_table
#' @export
print.study_table <- function(x, ...) {
    print(unclass_study(x), ...)
    invisible(x)
}

unclass_study <- function(x) {
    class(x) <- "data.frame"
    x
}
