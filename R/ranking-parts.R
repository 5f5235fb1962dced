# ---- parts ------------------------------------------------------------------
#
# A part is what one scorer has become: list(scorer, ..., held_out: a list with
# the scores of each fold's genes).

# ends: of its members, then of its folds
network_part <- function(encoder, ends, learned) {
    n_members <- learned$settings$members
    members <- ends[seq_len(n_members)]
    list(
        scorer = encoder,
        network = members[[1L]]$job$plan$networks$scorer,
        members = lapply(members, function(end) {
            c(fit_member(end), list(input = end$job$input))
        }),
        history = cbind(
            scorer = members[[1L]]$job$scorer, member_histories(members)
        ),
        held_out = lapply(ends[-seq_len(n_members)], `[[`, "kept")
    )
}

# Kernel and linear scorers: the best of their settings on the folds, refitted
# on all genes. Of many genes some are enough to compare settings: one fold, and
# fewer genes and centres.
convex_part <- function(scorer, learned, key, workers) {
    settings <- scorer_settings(scorer, learned$signal)
    n <- length(learned$y)
    many <- n > few_genes
    folds <- learned$folds
    tested <- if (many) folds[1L] else folds
    tasks <- unlist(lapply(seq_along(settings), function(s) {
        lapply(seq_along(tested), function(f) list(s = s, f = f))
    }), recursive = FALSE)
    trained <- map_on(workers, tasks, function(task) {
        try_setting(
            scorer, learned, settings[[task$s]], tested[[task$f]], many, key
        )
    })
    values <- compare_penalties(
        trained, tasks, tested, expression_ranks(learned$y)
    )
    best <- which(values == max(values), arr.ind = TRUE)[1L, ]
    setting <- settings[[best[1L]]]
    penalty <- scorer$penalty[best[2L]]
    held_out <- if (many) {
        map_on(workers, folds, function(out) {
            fit_convex(
                scorer, learned, setting, setdiff(seq_len(n), out), out,
                penalty, key
            )$scores[, 1L]
        })
    } else {
        lapply(which(vapply(tasks, `[[`, 1L, "s") == best[1L]), function(i) {
            trained[[i]][, best[2L]]
        })
    }
    final <- fit_convex(
        scorer, learned, setting, seq_len(n), integer(), penalty, key
    )
    list(
        scorer = scorer, setting = setting, penalty = penalty,
        transform = final$transform, space = final$space,
        coefficients = final$coefficients, held_out = held_out,
        compared = list(
            labels = outer(
                vapply(settings, label_setting, ""), scorer$penalty,
                function(a, b) paste0(a, "penalty ", b)
            ),
            values = values
        )
    )
}

# scores of a fold's genes, out x penalties
try_setting <- function(scorer, learned, setting, out, many, key) {
    rows <- setdiff(seq_along(learned$y), out)
    if (many) {
        rows <- rows[spread_rows(length(rows), most_compared)]
        out <- out[seq_len(min(length(out), most_compared))]
        if (!is.null(scorer$centres)) {
            scorer$centres <- min(500L, scorer$centres)
        }
    }
    fit_convex(
        scorer, learned, setting, rows, out, scorer$penalty, key
    )$scores
}

label_setting <- function(setting) {
    if (length(setting) == 0L) {
        return("")
    }
    paste0(paste(names(setting), unlist(setting), collapse = ", "), ", ")
}

# rows: to train on; out: to score. list(transform, space, coefficients: columns
# x penalties, scores: out x penalties)
fit_convex <- function(scorer, learned, setting, rows, out, penalties, key) {
    signal <- learned$signal
    settings <- learned$settings
    threads <- settings$control$threads
    signal <- smooth_signal(signal_rows(signal, c(rows, out)), scorer)
    inside <- seq_along(rows)
    transform <- fit_transform(signal_rows(signal, inside), settings$transform)
    values <- apply_transform(signal, transform)
    fitted <- fit_space(
        scorer, values[inside, , drop = FALSE], signal$n_bins, setting, threads
    )
    coefficients <- fit_penalties(
        fitted, expression_ranks(learned$y)[rows], penalties, scorer$loss,
        settings$keep_ties, key, threads
    )
    list(
        transform = transform, space = fitted$space,
        coefficients = coefficients,
        scores = if (length(out)) {
            space_scores(
                fitted$space, coefficients, values[-inside, , drop = FALSE],
                threads
            )
        }
    )
}

# Mean concordance over the folds: settings x penalties. scores: of each task,
# out x penalties.
compare_penalties <- function(scores, tasks, folds, ranks) {
    by_task <- vapply(seq_along(tasks), function(i) {
        # of many genes the first
        truth <- ranks[folds[[tasks[[i]]$f]][seq_len(nrow(scores[[i]]))]]
        apply(scores[[i]], 2L, measure_concordance$of, truth)
    }, numeric(ncol(scores[[1L]])))
    by_task <- matrix(by_task, nrow = ncol(scores[[1L]]))
    setting <- vapply(tasks, `[[`, 1L, "s")
    t(vapply(unique(setting), function(s) {
        # a fold may hold genes of one expression alone
        found <- rowMeans(by_task[, setting == s, drop = FALSE], na.rm = TRUE)
        ifelse(is.nan(found), 0.5, found)
    }, numeric(nrow(by_task))))
}

# ---- weights ----------------------------------------------------------------

# Weights of at least 0, by pairwise logistic regression on the scores of held-
# out genes; scores are compared within a fold alone. list(weights, shares: of
# weights times standard deviations, as scorers have units of their own)
stack_scores <- function(held_out, learned) {
    ranks <- expression_ranks(learned$y)
    folds <- learned$folds
    columns <- do.call(cbind, lapply(held_out, unlist))
    spread <- apply(columns, 2L, stats::sd)
    spread[!(spread > 0)] <- 1
    sizes <- lengths(folds)
    ends <- cumsum(sizes)
    blocks <- unlist(Map(function(first, last) {
        rows <- seq.int(first, last)
        unname(split(rows, (seq_along(rows) - 1L) %/% largest_block))
    }, ends - sizes + 1L, ends), recursive = FALSE)
    found <- minimise_pairs(
        columns / rep(spread, each = nrow(columns)), ranks[unlist(folds)], 0,
        learned$settings$keep_ties, blocks,
        rep(1 / ncol(columns), ncol(columns)),
        learned$settings$control$threads,
        lower = 0
    )
    list(
        weights = stats::setNames(found / spread, names(held_out)),
        shares = stats::setNames(
            # none, where no scorer ranks better than chance
            found / max(sum(found), .Machine$double.xmin), names(held_out)
        )
    )
}

# What was compared on the held-out folds, and how the parts did alone and
# together.
compared_settings <- function(parts, held_out, weights, learned) {
    ranks <- expression_ranks(learned$y)
    of_scores <- function(scores) {
        mean(mapply(function(s, rows) {
            measure_concordance$of(s, ranks[rows])
        }, scores, learned$folds), na.rm = TRUE)
    }
    together <- Reduce(function(a, b) Map(`+`, a, b), Map(
        function(scores, weight) lapply(scores, `*`, weight), held_out, weights
    ))
    rows <- Map(function(part, name) {
        if (is.null(part$compared)) {
            return(data.frame(
                scorer = name, setting = "", concordance =
                    of_scores(held_out[[name]]), chosen = TRUE
            ))
        }
        values <- c(part$compared$values)
        data.frame(
            scorer = name, setting = c(part$compared$labels),
            concordance = values,
            chosen = seq_along(values) == which.max(values)
        )
    }, parts, names(parts))
    rbind(
        do.call(rbind, unname(rows)),
        data.frame(
            scorer = "together", setting = "", concordance =
                of_scores(together), chosen = TRUE
        )
    )
}
