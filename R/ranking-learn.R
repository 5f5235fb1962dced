#' Learn which gene is expressed more
#'
#' Learns, from histone marks (or any other features) around the start of each
#' gene, a score f that puts genes into the order of their expression. What is
#' learned from are pairs of genes: which of the two is expressed more. So no
#' threshold of "high" and "low" is needed, only the order of `y` counts, and
#' P(i above j) = sigmoid(f(i) - f(j)).
#'
#' # What the default does
#'
#' 1. **Kernel.** [scorer_kernel()]: pairwise logistic regression in the space
#'    of a Laplace kernel of the smoothed marks. Its width, penalty and scale
#'    are those with the highest concordance on held-out folds of the training
#'    genes.
#' 2. **Networks.** The mean of three networks (`members`) with two hidden
#'    layers of 64 and 32, layer normalisation and dropout 0.3, trained on all
#'    pairs of each batch of 256 genes: one pass over the genes of a batch
#'    serves its 32,640 pairs.
#' 3. **Weights.** On the same folds, a pairwise logistic regression with
#'    weights of at least 0 learns how much to trust each scorer. It makes
#'    scores log-odds too, so that probabilities are calibrated.
#'
#' Up to 3,000 training genes there are three folds; of more, one fold of a
#' quarter of the genes, 4,000 at most, and kernels are compared on 4,000 genes.
#'
#' `preset = "paper"` is the published twin network, and `"paper_concat"` its
#' earlier form that sees both genes of a pair side by side; see
#' [ranking_presets].
#'
#' @param x Marks, genes in rows with their ids as names: a matrix or data frame
#'   genes x features (each a mark of one number), an array genes x bins x
#'   marks, a named list of matrices genes x bins, or a `SummarizedExperiment`
#'   with an assay for each mark and bins in columns, as [bin_signal()] makes
#'   it. Bins are those along the gene, upstream first.
#' @param y Expression of each gene (RPKM, TPM, counts, logarithms: ranks
#'   decide), in the order of `x` or with gene ids as names. Genes without a
#'   value are left out and counted.
#' @param scorer How genes are scored: [scorer_kernel()], [scorer_linear()],
#'   [encoder_mlp()], [encoder_conv()] or a list of several. `NULL`: a kernel
#'   and a network, see below. Networks end in one value: `n_out`, `blend` and
#'   `normalize` of an encoder have no say.
#' @param control How networks are trained: [train_control()]. `NULL` settings:
#'   60 epochs, batches of 256 genes, learning rate 1e-3, weight decay 0.01. Its
#'   `threads`, `seed` and `verbose` hold for all scorers; `validation` is a
#'   share of the genes, `patience` counts epochs without a higher concordance.
#' @param preset `"kith"`, or one of [ranking_presets].
#' @param transform What is done to the signal first: `"sqrt"`, `"log1p"`,
#'   `"normal_scores"` (each feature by its ranks) or `"none"`. `NULL`: normal
#'   scores where a mark is one number; of bins the square root, which evens out
#'   the noise of counts, or nothing where there are negative values.
#' @param ties Pairs of equal expression: `"drop"` them, or `"half"`, learn that
#'   either is above with probability one half.
#' @param members How many networks for each encoder. `NULL`: 3.
#' @param BPPARAM Where networks are trained and kernels compared: in this
#'   process or on workers of BiocParallel (see [kith-workers]). It changes no
#'   result.
#' @param ... Not used: an argument that comes here is answered with where it
#'   belongs.
#'
#' @return An object of class `ranking_fit`, a `kith_fit`: plain R data. Its
#'   parts: `scorers` (a list for each: its settings and numbers), `weights`
#'   (named), `folds` (data frame with a row for each scorer and setting that
#'   was compared: `scorer`, `setting`, `concordance` on held-out folds),
#'   `history` (of the networks, as in [learn_associations()], with
#'   `validation_concordance`), `marks`, `n_bins`, `transform`, `direction` (of
#'   each mark's mean: the sign of its correlation with expression), `genes`
#'   (trained on), `control`, `version`, `blas`. The marks of the training genes
#'   are not kept, but for those that are centres of a kernel.
#' @section Errors: Of class `kith_error_input`: marks of unequal bins, values
#'   that are not finite, a `transform` that negative values have none of, fewer
#'   than 30 genes, expression that is the same everywhere.
#' @references Datta D, Li S, Munif A, Ward C (2025). Pairwise ranking of gene
#'   expression from histone marks. bioRxiv 2025.09.04.674139. Burges C et al.
#'   (2005). Learning to rank using gradient descent. ICML.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 300)
#' train <- 1:240
#' fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
#'     scorer = scorer_kernel(width = 2, scale = "none")
#' )
#' fit
#' evaluate(fit, cells$marks[-train, , ], cells$expression[-train], draws = 50)
#' @export
learn_ranking <- function(x, y, scorer = NULL, control = train_control(),
                          preset = c("kith", "paper", "paper_concat"),
                          transform = NULL, ties = c("drop", "half"),
                          members = NULL,
                          BPPARAM = BiocParallel::SerialParam(), ...) {
    check_no_others(..., homes = list(
        control = "train_control", scorer = "scorer_kernel",
        scorer = "encoder_mlp", scorer = "encoder_conv"
    ))
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    preset <- check_choice(preset, c("kith", "paper", "paper_concat"))
    data <- match_expression(ranking_signal(x), y)
    if (preset != "kith") {
        return(learn_published_ranking(data, preset, scorer, control, call))
    }
    settings <- list(
        scorers = check_scorers(scorer, data$signal),
        control = complete_control(control, ranking_defaults),
        transform = check_transform(transform, data$signal),
        keep_ties = check_choice(ties, c("drop", "half")) == "half",
        members = if (is.null(members)) 3L else check_count(members)
    )
    check_gene_count(data, settings$control)
    learn_ranking_settled(
        data, settings, draw_key(settings$control$seed), BPPARAM
    )
}

ranking_defaults <- list(
    epochs = 60L, learning_rate = 1e-3, weight_decay = 0.01
)

fewest_ranking_genes <- 30L

check_gene_count <- function(data, control, call = rlang::caller_env()) {
    n <- length(data$y)
    if (n < fewest_ranking_genes) {
        abort_input(c(
            "{.arg x} must leave at least {fewest_ranking_genes} genes with
            expression.",
            x = "There {?is/are} {n}."
        ), call = call)
    }
    expression_ranks(data$y, call = call)
    if (is.data.frame(control$validation)) {
        abort_input(c(
            "{.arg validation} must be a share of the genes here.",
            x = "It is {describe_value(control$validation)}.",
            i = "For instance {.code train_control(validation = 0.1)}."
        ), call = call)
    }
}

# The scorers as a named list.
check_scorers <- function(scorer, signal, call = rlang::caller_env()) {
    if (is.null(scorer)) {
        scorer <- list(kernel = scorer_kernel(), network = default_network())
    }
    if (inherits(scorer, c("scorer", "encoder"))) {
        scorer <- list(scorer)
    }
    fits <- vapply(scorer, inherits, NA, c("scorer", "encoder"))
    if (!is.list(scorer) || length(scorer) == 0L || !all(fits)) {
        wrong <- if (length(scorer) && !all(fits)) {
            scorer[[which(!fits)[1L]]]
        } else {
            scorer
        }
        abort_input(c(
            "{.arg scorer} must come from {.fn scorer_kernel},
            {.fn scorer_linear}, {.fn encoder_mlp} or {.fn encoder_conv}, or be
            a list of such.",
            x = "It is {describe_value(wrong)}."
        ), call = call)
    }
    kinds <- vapply(scorer, function(one) {
        c(
            scorer_kernel = "kernel", scorer_linear = "linear",
            encoder_mlp = "network", encoder_conv = "convolution"
        )[[class(one)[1L]]]
    }, "")
    given <- names(scorer) %||% character(length(scorer))
    names(scorer) <- make.unique(ifelse(nzchar(given), given, kinds), " ")
    for (one in scorer) {
        if (inherits(one, "encoder")) {
            ranking_network(one, length(signal$marks), signal$n_bins)
        }
    }
    scorer
}

default_network <- function() {
    encoder_mlp(
        hidden = c(64, 32), dropout = 0.3, blend = FALSE, normalize = FALSE,
        n_out = 1
    )
}

# ---- folds ------------------------------------------------------------------

# Up to so many genes there are three folds and kernels are compared on all.
few_genes <- 3000L
most_compared <- 4000L

# list of the rows held out in each fold
ranking_folds <- function(n, key) {
    key <- derive_key(key, "folds of genes", 1L)
    if (n <= few_genes) {
        folds <- item_folds(n, 3L, key)
        return(lapply(1:3, function(f) which(folds == f)))
    }
    test <- which(draw_held_out(n, 0.75, key) == 1L)
    list(test[seq_len(min(length(test), most_compared))])
}

# ---- all of a fit -----------------------------------------------------------

learn_ranking_settled <- function(data, settings, key,
                                  workers = BiocParallel::SerialParam(),
                                  call = rlang::caller_env()) {
    folds <- ranking_folds(length(data$y), key)
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
                learned = learned, data_hash = list(learned = hash),
                alone = alone, stem = file_stem(file), call = call
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
    scales <- fit_network_input(values[rows, , drop = FALSE])
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
        input = list(transform = fitted, standardiser = scales), ...,
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
            if (inherits(scorer, "encoder")) {
                own <- vapply(jobs, function(job) job$scorer == name, NA)
                network_part(scorer, ends[own], learned)
            } else {
                convex_part(
                    scorer, learned, derive_key(learned$key, "scorer", i),
                    workers
                )
            }
        }, settings$scorers, names(settings$scorers),
        seq_along(settings$scorers))
        held_out <- lapply(parts, `[[`, "held_out")
        weights <- stack_scores(held_out, learned)
        compared <- compared_settings(parts, held_out, weights, learned)
    })
    signal <- learned$signal
    fields <- list(
        scorers = lapply(parts, function(part) {
            part[setdiff(names(part), c("held_out", "compared", "history"))]
        }),
        weights = weights, folds = compared,
        history = do.call(rbind, unname(lapply(parts, `[[`, "history"))),
        marks = signal$marks, n_bins = signal$n_bins,
        transform = settings$transform,
        direction = mark_directions(signal, learned$y),
        genes = signal_genes(signal), ties = settings$keep_ties,
        preset = "kith"
    )
    if (length(jobs) == 0L) {
        jobs <- list(list(
            control = settings$control, alone = TRUE, learned = learned
        ))
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
# on all genes.
convex_part <- function(scorer, learned, key, workers) {
    settings <- scorer_settings(scorer)
    n <- length(learned$y)
    ranks <- expression_ranks(learned$y)
    threads <- learned$settings$control$threads
    tasks <- unlist(lapply(seq_along(settings), function(s) {
        lapply(seq_along(learned$folds), function(f) list(s = s, f = f))
    }), recursive = FALSE)
    # of many genes some are enough to compare settings
    few <- n > few_genes
    trained <- map_on(workers, tasks, function(task) {
        out <- learned$folds[[task$f]]
        rows <- setdiff(seq_len(n), out)
        small <- scorer
        if (few) {
            rows <- rows[spread_rows(length(rows), most_compared)]
            if (!is.null(small$centres)) small$centres <- min(500L, small$centres)
        }
        fit_convex(
            small, learned, settings[[task$s]], rows, out, scorer$penalty, key
        )$scores
    })
    values <- compare_penalties(trained, tasks, learned$folds, ranks)
    best <- which(values == max(values), arr.ind = TRUE)[1L, ]
    setting <- settings[[best[1L]]]
    penalty <- scorer$penalty[best[2L]]
    held_out <- if (few) {
        out <- learned$folds[[1L]]
        list(fit_convex(
            scorer, learned, setting, setdiff(seq_len(n), out), out, penalty,
            key
        )$scores[, 1L])
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
        coefficients = final$coefficients[, 1L], held_out = held_out,
        compared = list(
            labels = outer(
                vapply(settings, label_setting, ""), scorer$penalty,
                function(a, b) paste0(a, "penalty ", b)
            ),
            values = values
        )
    )
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
    fitted <- fit_transform(signal_rows(signal, rows), settings$transform)
    values <- apply_transform(signal_rows(signal, c(rows, out)), fitted)
    inside <- seq_along(rows)
    space <- fit_space(
        scorer, values[inside, , drop = FALSE], signal$n_bins, setting, threads
    )
    columns <- space_columns(space, values, signal$n_bins, threads)
    coefficients <- fit_penalties(
        columns[inside, , drop = FALSE], expression_ranks(learned$y)[rows],
        penalties, scorer$loss, settings$keep_ties, key, threads
    )
    scores <- columns[-inside, , drop = FALSE] %*% coefficients
    if (!is.null(space$centres)) {
        # scoring needs the product alone
        space$functions <- space$whitening %*% coefficients
    }
    list(
        transform = fitted, space = space, coefficients = coefficients,
        scores = scores
    )
}

# Mean concordance over the folds: settings x penalties. scores: of each task,
# out x penalties.
compare_penalties <- function(scores, tasks, folds, ranks) {
    by_task <- vapply(seq_along(tasks), function(i) {
        truth <- ranks[folds[[tasks[[i]]$f]]]
        apply(scores[[i]], 2L, measure_concordance$of, truth)
    }, numeric(ncol(scores[[1L]])))
    by_task <- matrix(by_task, nrow = ncol(scores[[1L]]))
    setting <- vapply(tasks, `[[`, 1L, "s")
    t(vapply(unique(setting), function(s) {
        rowMeans(by_task[, setting == s, drop = FALSE])
    }, numeric(nrow(by_task))))
}

# ---- weights ----------------------------------------------------------------

# Weights of at least 0, by pairwise logistic regression on the scores of held-
# out genes; scores are compared within a fold alone.
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
    stats::setNames(found / spread, names(held_out))
}

# What was compared on the held-out folds, and how the parts did alone and
# together.
compared_settings <- function(parts, held_out, weights, learned) {
    ranks <- expression_ranks(learned$y)
    of_scores <- function(scores) {
        mean(mapply(function(s, rows) {
            measure_concordance$of(s, ranks[rows])
        }, scores, learned$folds))
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
