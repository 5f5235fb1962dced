#' Sweep the strictness of pairs
#'
#' Trains on the pairs above each threshold of their score and tests on held-out
#' pairs above the same threshold. Test genes and test pairs are drawn once for
#' all thresholds, so that no pair changes sides; negatives are never pairs of
#' any threshold.
#'
#' @inheritParams ablate
#' @param pairs Known pairs with scores: whatever [gene_pairs()] takes with a
#'   `score`, or a data frame with a column for each of `channels`.
#' @param thresholds Numbers: pairs with at least this score are kept.
#' @param channels Columns of `pairs` that hold the scores, such as STRING's
#'   `"combined_score"` and `"experimental"`.
#'
#' @return A data frame of class `threshold_sweep`, a row for each channel,
#'   threshold, setting, subset and scorer: `channel`, `threshold`, `pairs`
#'   (that are left), `mean_cosine` and `cross_boundary` (the share of them
#'   with an absolute cosine below the design's boundary), then the columns of
#'   [evaluate()][evaluate.association_fit]. `autoplot()` draws it.
#' @section Errors: As [ablate()]. Of class `kith_error_input`: pairs without
#'   scores, a channel that is no numeric column, a threshold that leaves fewer
#'   than 8 pairs.
#' @references J. Dury (2026). arXiv:2603.20955 (threshold sweep).
#' @family studies
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 200)
#' organism$pairs$score <- runif(nrow(organism$pairs), 400, 1000)
#' sweep_threshold(
#'     organism$vectors, organism$pairs, thresholds = c(400, 700),
#'     design = study_design(heldout = "edge", draws = 50),
#'     encoder = encoder_mlp(hidden = 32), members = 1, combine = FALSE,
#'     control = train_control(epochs = 5, threads = 1)
#' )
#' @export
sweep_threshold <- function(x, pairs, thresholds = c(400, 700, 900),
                            channels = "score", design = study_design(), ...,
                            BPPARAM = BiocParallel::SerialParam()) {
    x <- as_embedding(x, normalize = TRUE)
    levels <- threshold_levels(x, pairs, thresholds, channels)
    input <- study_input(x, join_levels(levels), design, BPPARAM, ...)
    plan <- plan_thresholds(input, levels, study_key(input))
    tell_thresholds(run_arms(plan, BPPARAM), input, levels)
}

# list(channel, threshold, pairs) for each channel and threshold
threshold_levels <- function(x, pairs, thresholds, channels,
                             call = rlang::caller_env()) {
    if (!is.numeric(thresholds) || length(thresholds) == 0L ||
        anyNA(thresholds)) {
        abort_input(c(
            "{.arg thresholds} must be numbers.",
            x = "It is {describe_value(thresholds)}."
        ), call = call)
    }
    by_channel <- lapply(channels, function(channel) {
        scored <- keep_known_pairs(
            channel_pairs(pairs, channel, call), rownames(x), "pairs", call
        )
        lapply(sort(unique(thresholds)), function(threshold) {
            kept <- scored[which(scored$score >= threshold), ]
            check_level(nrow(kept), channel, threshold, call)
            list(channel = channel, threshold = threshold, pairs = kept)
        })
    })
    do.call(c, by_channel)
}

channel_pairs <- function(pairs, channel, call) {
    if (!inherits(pairs, "data.frame")) pairs <- check_pairs(pairs, call = call)
    if (!channel %in% names(pairs) || !is.numeric(pairs[[channel]])) {
        numeric <- names(pairs)[vapply(pairs, is.numeric, logical(1))]
        abort_input(c(
            "{.arg channels} must name numeric columns of {.arg pairs}.",
            x = "{.val {channel}} is none.",
            i = if (length(numeric) > 0L) {
                "Numeric columns: {.field {numeric}}."
            } else {
                "The pairs have no scores: a threshold sweep needs them."
            }
        ), call = call)
    }
    gene_pairs(as.data.frame(pairs), score = channel)
}

check_level <- function(n, channel, threshold, call) {
    if (n < smallest_batch) {
        abort_input(c(
            "{.arg thresholds} must leave at least {smallest_batch} pairs.",
            x = "{.val {channel}} of at least {threshold} leaves {n}.",
            i = "Take lower thresholds."
        ), call = call)
    }
}

# the pairs of all levels, each once
join_levels <- function(levels) {
    Reduce(join_pairs, lapply(levels, `[[`, "pairs"))
}

plan_thresholds <- function(input, levels, key, call = rlang::caller_env()) {
    genes <- rownames(input$x)
    splits <- study_splits(input$pairs, genes, input$design)
    plan <- lapply(seq_along(levels), function(i) {
        level <- levels[[i]]
        lapply(names(splits), function(part) {
            split <- splits[[part]]
            split$train <- keep_listed(level$pairs, split$train)
            if (part != "all") {
                split$test <- keep_listed(level$pairs, split$test)
            }
            split <- with_tests(split, part, input$pairs, genes, call)
            new_arm(data.frame(level = i, part = part), input, split, key)
        })
    })
    do.call(c, plan)
}

# the pairs that are among others
keep_listed <- function(pairs, others) {
    drop_pairs(pairs, drop_pairs(pairs, others))
}

tell_thresholds <- function(results, input, levels) {
    of_level <- vapply(results, function(run) run$label$level, integer(1))
    rows <- lapply(seq_along(levels), function(i) {
        level <- levels[[i]]
        scored <- stack_scored(results[of_level == i])
        measured <- measure_settings(
            scored, scorer_columns(scored), input$design,
            input$settings$control$threads
        )
        index <- match_pairs(level$pairs, rownames(input$x))
        vectors <- unclass_matrix(input$x)
        cosine <- dot_pairs(vectors, vectors, index$a + 1L, index$b + 1L)
        cbind(
            channel = level$channel, threshold = level$threshold,
            pairs = nrow(level$pairs), mean_cosine = mean(cosine),
            cross_boundary = mean(abs(cosine) < input$design$boundary),
            measured
        )
    })
    new_study(do.call(rbind, rows), "threshold_sweep", design = input$design)
}

#' @method print threshold_sweep
#' @export
print.threshold_sweep <- function(x, ...) {
    if (lacks_columns(x, c("channel", "threshold", "scorer", "auc"))) {
        return(NextMethod())
    }
    cli::cat_line("<threshold_sweep> AUC of kith (cosine)")
    x <- x[x$subset == "all", ]
    level <- paste0(x$channel, " >= ", x$threshold, ", ", x$pairs, " pairs")
    both <- cbind(
        x[x$scorer == "kith", ], level = level[x$scorer == "kith"],
        other = x$auc[x$scorer == "cosine"]
    )
    both$cell <- sprintf("%.3f (%.3f)", both$auc, both$other)
    print_wide(both, "level", "cell", identity)
    invisible(x)
}

#' How much do scores owe to the seed?
#'
#' Trains the same model from several seeds, which decide first weights, orders
#' and dropout; splits and negatives are the same for all.
#'
#' @inheritParams ablate
#' @param seeds Different whole numbers; the default are the paper's.
#'
#' @return A data frame of class `seed_sweep`, a row for each setting, subset
#'   and seed: `setting`, `subset`, `seed`, `auc`, `lower`, `upper`,
#'   `average_precision`, `n_positive`, `n_negative`, `loss` (of the last
#'   epoch), `accuracy` (on training batches), `input_share`. `summary()` gives
#'   `mean` and `sd` (n - 1) of the AUC for each setting and subset.
#'   `autoplot()` draws it.
#' @section Errors: As [ablate()]. Of class `kith_error_input`: seeds that are
#'   no different whole numbers, or fewer than two.
#' @references J. Dury (2026). arXiv:2603.20955 (seed variance).
#' @family studies
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 200)
#' found <- sweep_seeds(
#'     organism$vectors, organism$pairs, seeds = 1:2,
#'     design = study_design(heldout = "gene", draws = 0),
#'     encoder = encoder_mlp(hidden = 32), members = 1, combine = FALSE,
#'     control = train_control(epochs = 5, threads = 1)
#' )
#' found
#' @export
sweep_seeds <- function(x, pairs, seeds = c(42, 123, 456),
                        design = study_design(), ...,
                        BPPARAM = BiocParallel::SerialParam()) {
    seeds <- check_seeds(seeds)
    input <- study_input(x, pairs, design, BPPARAM, ...)
    plan <- plan_seeds(input, seeds, study_parts(input))
    tell_seeds(run_arms(plan, BPPARAM), input)
}

check_seeds <- function(seeds, call = rlang::caller_env()) {
    ok <- is.numeric(seeds) && length(seeds) >= 2L && all(is.finite(seeds)) &&
        all(seeds == round(seeds)) && !anyDuplicated(seeds)
    if (!ok) {
        abort_input(c(
            "{.arg seeds} must be at least two different whole numbers.",
            x = "It is {describe_value(seeds)}."
        ), call = call)
    }
    as.integer(seeds)
}

plan_seeds <- function(input, seeds, parts) {
    plan <- lapply(seeds, function(seed) {
        lapply(names(parts), function(part) {
            new_arm(
                data.frame(seed = seed, part = part), input, parts[[part]],
                draw_key(seed)
            )
        })
    })
    do.call(c, plan)
}

tell_seeds <- function(results, input) {
    rows <- lapply(results, function(run) {
        measured <- measure_settings(
            run$scored, data.frame(kith = run$scored$score), input$design,
            input$settings$control$threads
        )
        measured <- measured[!grepl("^margin|^scorer$", names(measured))]
        cbind(measured[1:2],
            seed = run$label$seed, measured[-(1:2)],
            run$glance[c("loss", "accuracy", "input_share")]
        )
    })
    rows <- do.call(rbind, rows)
    order <- order(
        match(rows$setting, c(setting_names, "transductive")),
        match(rows$subset, unique(rows$subset))
    )
    new_study(rows[order, ], "seed_sweep", design = input$design)
}

#' @method summary seed_sweep
#' @export
summary.seed_sweep <- function(object, ...) {
    group <- paste(object$setting, object$subset)
    first <- !duplicated(group)
    group <- factor(group, unique(group))
    data.frame(
        setting = object$setting[first], subset = object$subset[first],
        seeds = as.vector(table(group)),
        mean = as.vector(tapply(object$auc, group, mean)),
        sd = as.vector(tapply(object$auc, group, stats::sd))
    )
}

#' @method print seed_sweep
#' @export
print.seed_sweep <- function(x, ...) {
    if (lacks_columns(x, c("setting", "subset", "seed", "auc"))) {
        return(NextMethod())
    }
    cli::cat_line(
        "<seed_sweep> AUC over seeds ", toString(unique(x$seed)), ": mean (sd)"
    )
    told <- summary(x)
    told$cell <- sprintf("%.4f (%.4f)", told$mean, told$sd)
    print_wide(told, "subset", "cell", identity)
    invisible(x)
}
