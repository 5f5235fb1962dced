# What the studies share: how they test, what is drawn for it, and the one
# runner that trains and scores. A study plans arms (R/study-*.R), run_arms()
# does them here or on workers, and the study tells what came of it.

#' How studies test
#'
#' The settings that [ablate()], [sweep_threshold()], [sweep_seeds()] and
#' [association_study()] have in common.
#'
#' Every arm of a study is trained up to three times: without the test pairs of
#' an edge split, without the test genes of a gene split, and on all pairs (the
#' transductive figures of the paper, which say nothing about new pairs). All
#' arms of one study are judged on the same pairs, positive and negative, so
#' their differences are paired.
#'
#' Subsets of the test pairs: `"all"`; `"cross-boundary"`, positives and
#' negatives with an absolute cosine below `boundary`; `"easy"` and `"hard"`,
#' positives with a cosine above `easy`, or an absolute cosine below
#' `boundary`, against all negatives; `"degree-matched"`, all positives against
#' negatives of their degree ([sample_negatives()] tells how both are drawn).
#'
#' @param heldout Splits to hold pairs out by: `"edge"`, `"gene"`, both, or
#'   `character()` for none.
#' @param transductive Add the transductive setting?
#' @param prop Share that goes to training, as in [split_pairs()].
#' @param boundary,easy Bounds of the cosine for the subsets, see above.
#' @param k Neighbours for guilt by association, the third baseline.
#' @param draws Bootstrap draws over genes for the intervals. 0: none.
#' @param level Coverage of the intervals.
#' @param checkpoint Folder that keeps the results of finished arms (made if it
#'   is not there). A study that was stopped takes them from there when the same
#'   call is made again after the same `set.seed()`; arms with other data,
#'   settings or seeds are trained anew. `NULL`, the default: none is kept.
#' @return An object of class `study_design`: a list of the arguments.
#' @section Errors: Of class `kith_error_input`: an argument out of its range,
#'   neither `heldout` nor `transductive`.
#' @references J. Dury (2026). arXiv:2603.20955, section 3.
#' @family studies
#' @examples
#' study_design()
#' study_design(heldout = "gene", transductive = FALSE, draws = 200)
#' @export
study_design <- function(heldout = c("edge", "gene"), transductive = TRUE,
                         prop = 0.7, boundary = 0.2, easy = 0.3, k = 20,
                         draws = 1000, level = 0.95, checkpoint = NULL) {
    unknown <- setdiff(heldout, c("edge", "gene"))
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg heldout} must be {.val edge}, {.val gene} or both.",
            x = "It holds {.val {unknown[1]}}."
        ))
    }
    if (!check_flag(transductive) && length(heldout) == 0L) {
        abort_input(c(
            "Neither {.arg heldout} nor {.arg transductive} pairs to test on.",
            i = "Set {.code heldout = \"gene\"}."
        ))
    }
    structure(
        list(
            heldout = unique(heldout), transductive = transductive,
            prop = check_number(prop, 0, 1, open = TRUE),
            boundary = check_number(boundary, 0, 1, open = TRUE),
            easy = check_number(easy, -1, 1), k = check_count(k),
            draws = check_count(draws, min = 0),
            level = check_number(level, 0, 1, open = TRUE),
            checkpoint = check_checkpoint(checkpoint)
        ),
        class = "study_design"
    )
}

#' @method print study_design
#' @export
print.study_design <- function(x, ...) {
    cli::cat_line("<study_design>")
    cli::cat_line("  ", format(names(x)), "  ", vapply(x, toString, ""))
    invisible(x)
}

# The vectors, pairs and settings of a study, checked. ...: what goes on to
# learn_associations().
study_input <- function(x, pairs, design, workers, ...,
                        call = rlang::caller_env()) {
    check_class(design, "study_design", "study_design", call = call)
    check_class(workers, "BiocParallelParam", "BiocParallel::SerialParam",
        "BPPARAM",
        call = call
    )
    x <- as_embedding(x, normalize = TRUE)
    list(
        x = x, design = design, settings = study_settings(..., call = call),
        pairs = keep_known_pairs(
            check_pairs(pairs, call = call), rownames(x), "pairs",
            call = call
        )
    )
}

study_settings <- function(encoder = NULL, objective = NULL,
                           control = train_control(), preset = "kith",
                           members = NULL, combine = NULL, ...,
                           call = rlang::caller_env()) {
    rlang::check_dots_empty(call = call)
    settings <- association_settings(
        encoder, objective, control, preset, members, combine, call
    )
    if (!is.null(control$checkpoint) || is.data.frame(control$validation)) {
        abort_input(c(
            "The {.arg control} of a study must be without checkpoint, and
            without validation pairs of your own.",
            x = "A study trains many networks on different pairs.",
            i = "A share is fine: {.code validation = 0.1}."
        ), call = call)
    }
    settings
}

# ---- parts: what is trained on, what is tested ------------------------------

# The splits of a study: list(edge, gene, all) of list(train, test, genes), as
# far as the design has them; genes may have training pairs.
study_splits <- function(pairs, genes, design) {
    held_out <- lapply(stats::setNames(nm = design$heldout), function(by) {
        split <- split_pairs(pairs, by = by, prop = design$prop)
        list(
            train = split$train, test = split$test,
            genes = if (by == "gene") {
                setdiff(genes, split$test_genes)
            } else {
                genes
            }
        )
    })
    c(held_out, if (design$transductive) {
        list(all = list(train = pairs, test = pairs[0L, ], genes = genes))
    })
}

# A split with its test pairs. Of an edge split only pairs of two training
# genes are tested: the others belong to the settings of unseen genes.
with_tests <- function(split, name, known, genes, call = rlang::caller_env()) {
    if (nrow(split$train) < smallest_batch) {
        abort_input(c(
            "{.arg pairs} must leave at least {smallest_batch} pairs to train
            on.",
            x = "The split by {name} leaves {nrow(split$train)}.",
            i = "Give more pairs, or another {.arg heldout} or {.arg prop} in
            {.fn study_design}."
        ), call = call)
    }
    settings <- test_settings(
        split$train, split$test, if (name == "all") genes
    )
    if (name == "edge") settings <- settings[setting_names[1L]]
    settings <- settings[!vapply(settings, is.null, logical(1))]
    split$tests <- draw_tests(settings, known)
    split
}

# The positives of each setting, five uniform negatives for each and five of
# its degree: data frame setting, from, to, positive, drawn, degree (mean
# number of known pairs of the two genes).
draw_tests <- function(settings, known) {
    tests <- do.call(rbind, Map(function(setting, name) {
        uniform <- setting_negatives(setting, known, "uniform")
        matched <- setting_negatives(setting, known, "degree")
        sizes <- c(nrow(setting$positives), nrow(uniform), nrow(matched))
        data.frame(
            setting = rep(name, sum(sizes)),
            from = c(setting$positives$from, uniform$from, matched$from),
            to = c(setting$positives$to, uniform$to, matched$to),
            positive = rep(c(TRUE, FALSE), c(sizes[1], sum(sizes[-1]))),
            drawn = rep(c("known", "uniform", "matched"), sizes)
        )
    }, settings, names(settings)))
    rownames(tests) <- NULL
    tests$degree <- mean_degree(tests, known)
    tests
}

mean_degree <- function(pairs, known) {
    degree <- pair_degree(known, unique(c(pairs$from, pairs$to)))
    degree <- stats::setNames(degree$degree, degree$gene)
    unname(degree[pairs$from] + degree[pairs$to]) / 2
}

# ---- arms -------------------------------------------------------------------

# An arm that trains associations and scores tests; keep = TRUE to get the fit
# as well.
new_arm <- function(label, input, split, key, pairs = split$train,
                    objective = NULL, keep = FALSE) {
    settings <- input$settings
    if (!is.null(objective)) settings$objective <- objective
    # a batch that fits all pairs may be too large for a part of them
    if (!is.null(settings$control$batch_size)) {
        settings$control$batch_size <- min(
            settings$control$batch_size,
            count_items(
                settings$objective, list(a = pairs$from, b = pairs$to)
            )
        )
    }
    new_compare_arm(
        x = input$x, pairs = pairs, key = key, tests = split$tests,
        k = input$design$k, keep = keep,
        kind = "association", label = label, settings = settings,
        folder = input$design$checkpoint
    )
}

# returns list(label, scored, glance, fit)
fit_arm.association_arm <- function(arm) {
    fit <- learn_settled(arm$x, arm$pairs, arm$settings, arm$key)
    list(
        label = arm$label, scored = score_tests(fit, arm$tests, k = arm$k),
        glance = glance(fit), fit = if (arm$keep) fit
    )
}

# tests with the scores of a fit and of the baselines (all_scores()), and the
# score of the networks alone, which a combined one is made from
score_tests <- function(fit, tests, how = NULL, k = 20L) {
    scores <- all_scores(fit, tests, list(how = how, lambda = 1, k = k))
    tests$cosine <- scores$cosine
    tests$score <- scores$kith
    tests$networks <- if (is_combined(check_how(how, fit))) {
        score_pairs(fit, tests, how = default_how_of(fit))$score
    } else {
        scores$kith
    }
    tests$partners <- scores$degree
    tests$neighbours <- scores$neighbours
    tests
}

# ---- tables ------------------------------------------------------------------

# the results of some arms, one below the other: label, setting, ...
stack_scored <- function(results) {
    do.call(rbind, lapply(results, `[[`, "scored"))
}

# logical vectors by the names of subsets, see study_design()
scored_subsets <- function(scored, design) {
    uniform <- scored$drawn != "matched"
    near <- abs(scored$cosine) < design$boundary
    list(
        all = uniform, "cross-boundary" = uniform & near,
        easy = uniform & (!scored$positive | scored$cosine > design$easy),
        hard = uniform & (!scored$positive | near),
        "degree-matched" = scored$drawn != "uniform"
    )
}

# AUC and the like of every column of `scores`, a row for each setting, subset
# and column; margins are against the first column
measure_settings <- function(scored, scores, design, threads,
                             subsets = scored_subsets(scored, design)) {
    rows <- lapply(unique(scored$setting), function(setting) {
        here <- scored$setting == setting
        measured <- measure_subsets(
            scores[here, , drop = FALSE], scored$positive[here],
            scored[here, c("from", "to")],
            lapply(subsets, `[`, here), design, threads
        )
        if (!is.null(measured)) cbind(setting = setting, measured)
    })
    do.call(rbind, rows)
}

# the columns of scores that tables and figures show
scorer_columns <- function(scored) {
    data.frame(
        kith = scored$score, cosine = scored$cosine,
        degree = scored$partners, neighbours = scored$neighbours
    )
}

new_study <- function(rows, class, ...) {
    rownames(rows) <- NULL
    structure(rows, class = c(class, "study_table", "data.frame"), ...)
}
