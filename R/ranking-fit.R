# A ranking fit: its jobs, its parts and their weights.

# ---- all of a fit -----------------------------------------------------------

learn_ranking_settled <- function(data, settings, key,
                                  workers = BiocParallel::SerialParam(),
                                  call = rlang::caller_env()) {
    folds <- ranking_folds(data$signal, key)
    learned <- list(
        signal = data$signal, y = data$y, settings = settings, folds = folds,
        key = key
    )
    jobs <- ranking_jobs(learned, call)
    if (length(jobs) == 0L) {
        return(ranking_fit_of(learned, list(), list(), workers))
    }
    save_jobs(jobs)
    ends <- run_jobs(jobs, workers)
    ranking_fit_of(
        jobs[[1L]]$learned, jobs, ends, workers
    )
}

# Members of each encoder, then its folds.
ranking_jobs <- function(learned, call = rlang::caller_env()) {
    settings <- learned$settings
    encoders <- Filter(function(s) inherits(s, "encoder"), settings$scorers)
    if (length(encoders) == 0L) {
        return(list())
    }
    signal <- learned$signal
    n <- length(learned$y)
    n_each <- settings$members + length(learned$folds)
    file <- settings$control$checkpoint
    alone <- length(encoders) * n_each == 1L
    hash <- rlang::hash(learned)
    unlist(lapply(seq_along(encoders), function(e) {
        encoder <- encoders[[e]]
        lapply(seq_len(n_each), function(i) {
            number <- (e - 1L) * n_each + i
            control <- settings$control
            if (!is.null(file) && !alone) {
                control$checkpoint <- numbered_file(file, number)
            }
            is_fold <- i > settings$members
            out <- if (is_fold) {
                learned$folds[[i - settings$members]]
            } else {
                integer()
            }
            if (is_fold) control[c("validation", "patience")] <- list(NULL)
            ranking_job_of(
                learned, encoder, setdiff(seq_len(n), out), out, control,
                derive_key(learned$key, "network", number),
                scorer = names(encoders)[e],
                data_hash = list(learned = hash), alone = alone,
                stem = file_stem(file), call = call
            )
        })
    }), recursive = FALSE)
}

# rows: to train on; out: that a fold scores
ranking_job_of <- function(learned, encoder, rows, out, control, key, ...,
                           call) {
    signal <- learned$signal
    settings <- learned$settings
    shape <- list(n_marks = length(signal$marks), n_bins = signal$n_bins)
    watch <- integer()
    if (!is.null(control$validation)) {
        held <- draw_held_out(
            length(rows), 1 - control$validation,
            derive_key(key, "validation", 1L)
        ) == 1L
        watch <- rows[held]
        rows <- rows[!held]
    }
    fitted <- fit_transform(signal_rows(signal, rows), settings$transform)
    values <- apply_transform(signal, fitted)
    scales <- standardiser(values[rows, , drop = FALSE], signal$n_bins)
    take <- function(which) {
        network_input(
            encoder, values[which, , drop = FALSE], signal$n_bins, scales
        )
    }
    ranks <- expression_ranks(learned$y)
    ranking_job(
        take(rows), ranks[rows], encoder, shape, control, settings$keep_ties,
        key,
        watched = if (length(watch)) {
            list(input = take(watch), ranks = ranks[watch])
        },
        test = if (length(out)) take(out),
        input = list(transform = fitted, standardiser = scales),
        learned = learned, ...,
        call = call
    )
}

# A fit of jobs that have ended: list(job, state, kept) each.
ranking_fit <- function(ends) {
    jobs <- lapply(ends, `[[`, "job")
    ranking_fit_of(
        jobs[[1L]]$learned, jobs, ends, BiocParallel::SerialParam()
    )
}

ranking_fit_of <- function(learned, jobs, ends, workers) {
    with_one_blas_thread({
        settings <- learned$settings
        parts <- Map(function(scorer, name, i) {
            key <- derive_key(learned$key, "scorer", i)
            if (inherits(scorer, "encoder")) {
                own <- vapply(jobs, function(job) job$scorer == name, NA)
                network_part(scorer, ends[own], learned)
            } else if (inherits(scorer, "scorer_forest")) {
                forest_part(scorer, learned, key)
            } else {
                convex_part(scorer, learned, key, workers)
            }
        }, settings$scorers, names(settings$scorers),
        seq_along(settings$scorers))
        held_out <- lapply(parts, `[[`, "held_out")
        stacked <- stack_scores(held_out, learned)
        compared <- compared_settings(
            parts, held_out, stacked$weights, learned
        )
    })
    signal <- learned$signal
    fields <- list(
        scorers = lapply(parts, function(part) {
            part[setdiff(names(part), c("held_out", "compared", "history"))]
        }),
        weights = stacked$weights, shares = stacked$shares, folds = compared,
        history = do.call(rbind, unname(lapply(parts, `[[`, "history"))),
        marks = signal$marks, n_bins = signal$n_bins, bins = signal$bins,
        transform = settings$transform,
        direction = mark_directions(signal, learned$y),
        genes = signal_genes(signal), ties = settings$keep_ties,
        preset = "kith"
    )
    if (length(jobs) == 0L) {
        return(do.call(new_plain_fit, c(
            list("ranking_fit", settings$control), fields
        )))
    }
    do.call(new_fit, c(list("ranking_fit", jobs), fields))
}

# the sign with which a mark's mean goes with expression
mark_directions <- function(signal, y) {
    means <- mark_means(signal)
    ranks <- mid_ranks(y)
    vapply(colnames(means), function(mark) {
        r <- spearman(means[, mark], ranks)
        if (is.na(r) || r >= 0) 1 else -1
    }, numeric(1))
}

# genes x marks
mark_means <- function(signal) {
    means <- vapply(signal$marks, function(mark) {
        rowMeans(signal$values[, mark_columns(signal, mark), drop = FALSE])
    }, numeric(nrow(signal$values)))
    matrix(means, nrow(signal$values),
        dimnames = list(signal_genes(signal), signal$marks)
    )
}
