#' Ablations: what does a fit owe its score to?
#'
#' Trains again with something taken away, and judges every arm by the same
#' real pairs, held out and (as the paper does) transductive:
#'
#' * `"full"`: the pairs and the objective as given.
#' * `"shuffled"`: partners shuffled ([shuffle_pairs()]), so that only the
#'   number of partners of each gene is true. Where this arm reaches the full
#'   one, degree was learned and not association: `print()` raises the alarm.
#' * `"similar"`: as many pairs with the highest cosines instead of the real
#'   ones (among training genes, without test pairs). What remains of the score
#'   is looking alike.
#' * `"in_batch"`, `"uniform"`: [info_nce()] against in-batch and against
#'   uniform negatives (the paper's random negatives), `"multi_positive"`:
#'   [multi_positive()]; each with the full arm's keys, encoder and, where the
#'   objective is of the same kind, temperature. The one that the full arm has
#'   anyway is not trained twice.
#'
#' The paper's edge split and gene split are not arms but settings here: every
#' arm has its held-out rows beside the transductive ones.
#'
#' Arms differ in nothing but what they are named for: encoder, rate and passes
#' of the full arm may suit its objective better than another. The comparison
#' of the paper is that of `preset = "cal2026"`.
#'
#' All arms start from the same first weights. `set.seed()` decides splits,
#' shuffles and negatives; a `seed` in `control` decides the networks.
#'
#' @param x Gene vectors: whatever [as_embedding()] takes.
#' @param pairs Known pairs: whatever [gene_pairs()] takes.
#' @param arms Which arms to train, `"full"` always among them.
#' @param design How to test: [study_design()].
#' @param ... Further arguments of [learn_associations()]: `encoder`,
#'   `objective`, `control`, `preset`, `members`, `combine`. With the defaults
#'   each arm trains six networks for each of the three splits; `members = 1,
#'   combine = FALSE` trains one.
#' @param BPPARAM Where the arms are trained, one arm after the other or on
#'   workers of BiocParallel, each with its share of the threads (see
#'   [kith-workers]). It changes no number.
#'
#' @return A data frame of class `ablation`, held-out settings first, a row for
#'   each setting, subset ([study_design()]), arm and baseline: `setting`,
#'   `subset`, `arm` (the arms, then `"cosine"`, `"degree"` and `"neighbours"`,
#'   see [evaluate()][evaluate.association_fit]; these know the real training
#'   pairs), `auc`, `lower`, `upper`, `average_precision`, `n_positive`,
#'   `n_negative`, `drop` (AUC of the full arm less this one), `drop_lower`,
#'   `drop_upper` (from the same bootstrap draws). `autoplot()` draws it.
#' @section Errors: As [learn_associations()] and [split_pairs()]. Of class
#'   `kith_error_input`: an unknown arm, a checkpoint or validation pairs in
#'   `control`.
#' @references J. Dury (2026). arXiv:2603.20955 (ablations).
#' @family studies
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 200)
#' found <- ablate(
#'     organism$vectors, organism$pairs, arms = c("full", "shuffled"),
#'     design = study_design(heldout = "gene", draws = 50),
#'     encoder = encoder_mlp(hidden = 32), members = 1, combine = FALSE,
#'     control = train_control(epochs = 5, threads = 1)
#' )
#' found
#' autoplot(found)
#' @export
ablate <- function(x, pairs,
                   arms = c(
                       "full", "shuffled", "similar", "in_batch", "uniform",
                       "multi_positive"
                   ),
                   design = study_design(), ...,
                   BPPARAM = BiocParallel::SerialParam()) {
    arms <- check_arms(arms)
    input <- study_input(x, pairs, design, BPPARAM, ...)
    plan <- plan_ablation(input, arms, study_parts(input), study_key(input))
    tell_ablation(run_arms(plan, BPPARAM), input)
}

ablation_arms <- c(
    full = "full", shuffled = "shuffled partners", similar = "similar pairs",
    in_batch = "in-batch negatives", uniform = "uniform negatives",
    multi_positive = "multi-positive"
)

check_arms <- function(arms, call = rlang::caller_env()) {
    unknown <- setdiff(arms, names(ablation_arms))
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg arms} must be of {.val {names(ablation_arms)}}.",
            x = "{.val {unknown[1]}} is none of them."
        ), call = call)
    }
    intersect(names(ablation_arms), c("full", arms))
}

# the splits of the pairs with their tests
study_parts <- function(input, call = rlang::caller_env()) {
    genes <- rownames(input$x)
    splits <- study_splits(input$pairs, genes, input$design)
    Map(function(split, name) {
        with_tests(split, name, input$pairs, genes, call)
    }, splits, names(splits))
}

# arms of one study share the key, and with it first weights and orders
study_key <- function(input) draw_key(input$settings$control$seed)

# one arm for each part and ablation; the fit of keep$arm on keep$part is kept
plan_ablation <- function(input, arms, parts, key) {
    objectives <- ablation_objectives(input$settings$objective, arms)
    plan <- lapply(names(parts), function(part) {
        split <- parts[[part]]
        lapply(names(objectives), function(arm) {
            new_arm(data.frame(arm = arm, part = part), input, split, key,
                pairs = ablated_pairs(arm, split, input),
                objective = objectives[[arm]],
                keep = arm == "full" && part == "all"
            )
        })
    })
    do.call(c, plan)
}

# the objective of each arm, without those that the full arm has anyway
ablation_objectives <- function(full, arms) {
    temperature <- if (inherits(full, "info_nce")) full$temperature else 0.05
    objectives <- list(
        full = full, shuffled = full, similar = full,
        in_batch = info_nce(temperature, full$keys),
        uniform = info_nce(temperature, full$keys, negatives = "uniform"),
        multi_positive = multi_positive(keys = full$keys)
    )[arms]
    same <- vapply(names(objectives), function(arm) {
        arm %in% c("in_batch", "uniform", "multi_positive") &&
            identical(
                resolve_objective(objectives[[arm]])$type,
                resolve_objective(full)$type
            )
    }, logical(1))
    objectives[!same]
}

ablated_pairs <- function(arm, split, input) {
    switch(arm,
        shuffled = shuffle_pairs(split$train),
        similar = most_alike(
            input$x, split$genes, nrow(split$train), split$test,
            input$settings$control$threads
        ),
        split$train
    )
}

# The n pairs of the genes with the highest cosines, without those in
# `left_out`; all there are where these are fewer.
most_alike <- function(x, genes, n, left_out, threads) {
    vectors <- unclass_matrix(x)[match(genes, rownames(x)), , drop = FALSE]
    exclude <- known_partners(left_out, genes)
    n_each <- ceiling(8 * n / length(genes))
    repeat {
        n_each <- min(n_each, length(genes) - 1L)
        found <- top_partners(
            plain_scorer(vectors), seq_along(genes), exclude, n_each, threads
        )
        rows <- cbind(
            as.vector(row(found$genes)), as.vector(found$genes)
        )
        # each pair once: the gene that comes first lists it, or the other does
        ends <- cbind(pmin(rows[, 1], rows[, 2]), pmax(rows[, 1], rows[, 2]))
        code <- pair_codes(rows[, 1], rows[, 2], length(genes))
        first <- !duplicated(code) & !is.na(code)
        ends <- ends[first, , drop = FALSE]
        cosine <- as.vector(found$scores)[first]
        best <- utils::head(order(-cosine, ends[, 1], ends[, 2]), n)
        # complete unless a list ends above the last cosine that was taken
        last <- if (length(best) == n) cosine[best[n]] else -Inf
        cut_off <- found$scores[, n_each]
        more <- any(cut_off >= last, na.rm = TRUE)
        if (n_each == length(genes) - 1L || !more) {
            return(new_gene_pairs(genes[ends[best, 1]], genes[ends[best, 2]]))
        }
        n_each <- 2L * n_each
    }
}

# results of run_arms() -> the ablation
tell_ablation <- function(results, input) {
    labels <- do.call(rbind, lapply(results, `[[`, "label"))
    by_part <- lapply(unique(labels$part), function(part) {
        mine <- results[labels$part == part]
        names(mine) <- labels$arm[labels$part == part]
        full <- mine$full$scored
        baselines <- scorer_columns(full)[-1L]
        scores <- cbind(
            as.data.frame(lapply(mine, function(run) run$scored$score)),
            baselines
        )
        measure_settings(
            full, scores, input$design, input$settings$control$threads
        )
    })
    rows <- do.call(rbind, by_part)
    names(rows)[names(rows) == "scorer"] <- "arm"
    names(rows) <- sub("^margin", "drop", names(rows))
    new_study(rows, "ablation", design = input$design)
}

# Where shuffled partners come up to real ones, or cannot be told from them: the
# rows, with `reached` in the former case. Pairs that look alike are left out,
# as any model that keeps the cosine scores them.
shuffle_alarm <- function(ablation) {
    rows <- unclass_study(ablation)
    rows <- rows[rows$arm == "shuffled" & rows$subset %in% told_subsets, ]
    lower <- ifelse(is.na(rows$drop_lower), rows$drop, rows$drop_lower)
    rows$reached <- rows$drop <= 0
    rows[lower <= 0, , drop = FALSE]
}

# the subsets that a page shows
told_subsets <- c("all", "cross-boundary", "degree-matched")

#' @method print ablation
#' @export
print.ablation <- function(x, ...) {
    if (lacks_columns(x, c("setting", "subset", "arm", "auc", "drop"))) {
        return(NextMethod())
    }
    cli::cat_line("<ablation> AUC on real pairs; transductive: trained on them")
    for (subset in intersect(told_subsets, x$subset)) {
        cli::cat_line(subset, " pairs")
        print_wide(x[x$subset == subset, ], "arm")
    }
    print_alarm(x)
    invisible(x)
}

print_alarm <- function(x) {
    alarm <- shuffle_alarm(x)
    if (nrow(alarm) > 0L) {
        cli::cat_line(
            ifelse(alarm$reached, "ALARM: ", "! "), alarm$setting, ", ",
            alarm$subset, ": shuffled partners ",
            ifelse(alarm$reached, "score as high as", "are not told from"),
            " real ones (", format_auc(alarm$auc), " and ",
            format_auc(alarm$auc + alarm$drop), ")"
        )
        cli::cat_line(
            "  There the score rests on the number of partners, not on who ",
            "belongs together.\n  Use how = \"corrected\", degree-matched ",
            "negatives, or stricter pairs; see diagnose()."
        )
    }
}

format_auc <- function(x) ifelse(is.na(x), "    -", sprintf("%.3f", x))

# a line for each value of the column `by`, a column for each setting
print_wide <- function(rows, by, value = "auc", format_one = format_auc) {
    settings <- unique(rows$setting)
    lines <- unique(rows[[by]])
    cells <- vapply(settings, function(setting) {
        here <- rows[rows$setting == setting, ]
        format(
            c(setting, format_one(here[[value]][match(lines, here[[by]])])),
            justify = "right"
        )
    }, character(length(lines) + 1L))
    cells <- matrix(cells, ncol = length(settings))
    cli::cat_line(
        "  ", format(c("", as.character(lines))), "  ",
        apply(cells, 1L, paste, collapse = "  ")
    )
}
