# kith against PyTorch on the published recipe of contrastive association
# learning: the same numbers, the same AUC, and how long each takes.
#
#     KITH_DATA=... Rscript bench/cal-vs-torch.R [options]
#
#     --quick          3 epochs, one seed, two rounds: for trying out
#     --only-torch     leave kith out
#     --parts=a,b      some of steps, auc, speed (default: all)
#     --folder=DIR     keep the exchanged files; PyTorch encodings found there
#                      are used again (default: a folder in tempdir())
#     --lib=DIR        library that kith is loaded from
#     --torch=4,4,openmp   threads of PyTorch and of the BLAS and the BLAS
#                      build, instead of the search
#
# Data: 2,057 genes x 50 principal components of 64 cell lines (rows of length
# 1) and the 23,268 STRING pairs of score >= 900. PyTorch runs in processes of
# their own (bench/cal_torch.py); KITH_PYTHON names the Python that has it.
#
#   steps  same first weights, same ten batches of 512 pairs, double precision:
#          largest difference of losses and of parameters
#   auc    100 epochs, seeds 42, 123, 456 on each side; AUC of the training
#          pairs (transductive) against the same negatives, all and |cosine| <
#          0.2; differences are kith minus PyTorch, means over the seeds
#   speed  a search over the settings of PyTorch first; then rounds in which
#          each competitor trains a warm-up and then full batches of 512 pairs
#          in a fresh process, in an order that alternates: PyTorch's clock
#          covers the steps of an epoch, kith's is what four more epochs
#          of learn_associations() cost. Ratios are kith over PyTorch (below 1:
#          kith is faster), medians over rounds.
#
# The last lines are `name: value`; beside a ratio stands the goal that it was
# built towards (on four cores). Exit status 1 if numbers or AUC differ by more
# than they may; ratios depend on the machine and decide nothing.
# Time on an idle machine: other work slows the side with more waiting threads
# (PyTorch's, mostly) out of proportion.

SEEDS <- c(42L, 123L, 456L)
EPOCHS <- 100L
N_STEPS <- 10L
N_ROUNDS <- 5L
MAX_NEGATIVES <- 50000L
STEPS_TOLERANCE <- 1e-5
AUC_TOLERANCE <- 0.003
RATIO_GOALS <- c(ratio_all_cores = 0.45, ratio_one_thread = 0.75)

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "torch-peer.R"))
source(file.path(dirname(script_path()), "kith-side.R"))

# Data -------------------------------------------------------------------------

read_data <- function() {
    table <- utils::read.delim(
        data_file("genes", "hpa64_k562essential_pca50.tsv.gz")
    )
    x <- as.matrix(table[, grep("^PC", names(table))])
    dimnames(x) <- list(toupper(table$gene), NULL)
    x <- x / sqrt(rowSums(x^2))
    pairs <- utils::read.csv(data_file("genes", "string_pairs_900.csv.gz"))
    pairs <- data.frame(from = toupper(pairs$gene1), to = toupper(pairs$gene2))
    known <- pairs$from %in% rownames(x) & pairs$to %in% rownames(x)
    message(
        nrow(x), " genes, ", sum(known), " pairs, ", sum(!known),
        " pairs of unknown genes left out"
    )
    list(x = x, pairs = pairs[known, ])
}

# Uniform pairs of two genes that are no positive in either orientation.
draw_negatives <- function(index, n_genes, n) {
    key <- function(a, b) (pmin(a, b) - 1) * n_genes + pmax(a, b)
    positive <- key(index[, 1L], index[, 2L])
    negatives <- matrix(0L, 0L, 2L)
    while (nrow(negatives) < n) {
        draw <- matrix(sample.int(n_genes, 2L * n, replace = TRUE), ncol = 2L)
        keep <- draw[, 1L] != draw[, 2L] &
            !key(draw[, 1L], draw[, 2L]) %in% positive
        negatives <- rbind(negatives, draw[keep, , drop = FALSE])
    }
    negatives[seq_len(n), ]
}

# Part 1: ten steps ------------------------------------------------------------

compare_steps <- function(data, folder, only_torch, cores) {
    index <- data$index
    rows <- sample.int(nrow(index), N_STEPS * BATCH_SIZE)
    batches <- array(index[rows, ], c(N_STEPS, BATCH_SIZE, 2L))
    write_problem(folder, data$x, index, batches)
    one <- torch_setting(1L, 1L, blas_builds()[1L])
    torch_run("init", folder, one, c("--seed", 42L))
    torch_run("steps", folder, one)
    start <- read_real(file.path(folder, "parameters.f64"))
    losses <- read_real(file.path(folder, "steps-losses.f64"))
    parameters <- read_real(file.path(folder, "steps-parameters.f64"))
    moved <- max(abs(parameters - start))
    message(sprintf(
        "ten steps: %d parameters moved by up to %.2g, loss %.4f to %.4f",
        length(start), moved, losses[1L], losses[N_STEPS]
    ))
    if (only_torch) {
        return(list(steps_moved = moved))
    }
    run <- kith_steps(data$x, start, batches, cores)
    list(
        steps_moved = moved,
        steps_loss_diff = max(abs(run$losses - losses)),
        steps_parameters_diff = max(abs(run$parameters - parameters))
    )
}

# Part 2: AUC ------------------------------------------------------------------

# Mann-Whitney AUC, ties count one half.
auc_plain <- function(positive, negative) {
    n <- as.numeric(length(positive))
    ranks <- rank(c(positive, negative))
    (sum(ranks[seq_len(n)]) - n * (n + 1) / 2) / (n * length(negative))
}

half_score <- function(x, f, index) {
    a <- index[, 1L]
    b <- index[, 2L]
    (rowSums(f[a, ] * x[b, ]) + rowSums(f[b, ] * x[a, ])) / 2
}

both_aucs <- function(x, f, positives, negatives) {
    near <- lapply(list(positives, negatives), function(index) {
        abs(rowSums(x[index[, 1L], ] * x[index[, 2L], ])) < 0.2
    })
    positive <- half_score(x, f, positives)
    negative <- half_score(x, f, negatives)
    c(
        auc = auc_plain(positive, negative),
        cb_auc = auc_plain(positive[near[[1L]]], negative[near[[2L]]])
    )
}

torch_encoding <- function(data, folder, setting, epochs, seed) {
    kept <- file.path(folder, paste0("encoding-", epochs, "-", seed, ".f32"))
    if (file.exists(kept)) {
        message("  PyTorch, seed ", seed, ": used again from ", kept)
    } else {
        run <- torch_run("train", folder, setting, c(
            "--epochs", epochs, "--seed", seed
        ))
        message(sprintf(
            "  PyTorch, seed %d: %.0f s, last loss %.3f, a = %.3f",
            seed, run$seconds, run$final_loss, run$share
        ))
        made <- file.path(folder, "train-encoding.f32")
        if (!file.rename(made, kept)) stop("cannot move ", made)
    }
    matrix(read_real(kept, 4L), nrow(data$x), byrow = TRUE)
}

kith_encoding <- function(data, epochs, seed, cores) {
    seconds <- system.time(
        fit <- kith_fit(data$x, data$object, epochs, seed, cores)
    )[["elapsed"]]
    f <- kith_encode(fit)[rownames(data$x), ]
    message(sprintf(
        "  kith, seed %d: %.0f s, last loss %.3f",
        seed, seconds, utils::tail(fit$history$loss, 1L)
    ))
    # the package's own score is the one that is judged
    differs <- kith_score(fit, data$object) - half_score(data$x, f, data$index)
    stopifnot(max(abs(differs)) < 1e-5)
    f
}

compare_auc <- function(data, folder, setting, epochs, seeds, only_torch,
                        cores) {
    set.seed(42L)
    n <- min(5L * nrow(data$index), MAX_NEGATIVES)
    negatives <- draw_negatives(data$index, nrow(data$x), n)
    write_problem(folder, data$x, data$index)
    judge <- function(f) both_aucs(data$x, f, data$index, negatives)
    message("AUC of the training pairs, ", epochs, " epochs:")
    cosine <- judge(data$x)
    torch <- vapply(seeds, function(seed) {
        judge(torch_encoding(data, folder, setting, epochs, seed))
    }, cosine)
    result <- list(
        auc_cosine = cosine[["auc"]], cb_auc_cosine = cosine[["cb_auc"]],
        auc_torch = mean(torch["auc", ]),
        cb_auc_torch = mean(torch["cb_auc", ]),
        auc_torch_range = diff(range(torch["auc", ])),
        cb_auc_torch_range = diff(range(torch["cb_auc", ]))
    )
    if (only_torch) {
        return(result)
    }
    kith <- vapply(seeds, function(seed) {
        judge(kith_encoding(data, epochs, seed, cores))
    }, cosine)
    c(result, list(
        auc_kith = mean(kith["auc", ]), cb_auc_kith = mean(kith["cb_auc", ]),
        auc_diff = mean(kith["auc", ]) - mean(torch["auc", ]),
        cb_auc_diff = mean(kith["cb_auc", ]) - mean(torch["cb_auc", ])
    ))
}

# Part 3: speed and memory -----------------------------------------------------

# What a fresh R process does that times kith on the files of a folder.
run_child <- function(folder, threads) {
    kith_load(option("lib"))
    problem <- jsonlite::fromJSON(file.path(folder, "problem.json"))
    x <- matrix(
        read_real(file.path(folder, "x.f64")), problem$n_genes,
        byrow = TRUE
    )
    rownames(x) <- paste0("g", seq_len(nrow(x)))
    index <- matrix(readBin(
        file.path(folder, "pairs.i32"), "integer", 2L * problem$n_pairs,
        endian = "little"
    ), ncol = 2L, byrow = TRUE) + 1L
    pairs <- data.frame(
        from = rownames(x)[index[, 1L]], to = rownames(x)[index[, 2L]]
    )
    object <- kith_pairs(x, pairs)$object
    start_mb <- peak_mib()
    seconds <- kith_seconds_per_step(x, object, threads)
    cat(jsonlite::toJSON(list(
        mean_seconds = seconds, start_mb = start_mb,
        peak_mb = peak_mib()
    ), auto_unbox = TRUE, digits = NA), "\n")
}

kith_time <- function(folder, threads) {
    output <- system2(
        file.path(R.home("bin"), "Rscript"),
        c(
            shQuote(script_path()), paste0("--child=", shQuote(folder)),
            paste0("--threads=", threads),
            paste0("--lib=", shQuote(option("lib")))
        ),
        env = if (threads == 1L) {
            c("OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1")
        } else {
            character()
        },
        stdout = TRUE
    )
    if (!is.null(attr(output, "status"))) {
        stop("timing kith with ", threads, " threads failed")
    }
    jsonlite::fromJSON(utils::tail(output, 1L))
}

compare_speed <- function(data, folder, best, rounds, only_torch, cores) {
    n_full <- nrow(data$index) %/% BATCH_SIZE
    write_problem(
        folder, data$x, data$index[seq_len(n_full * BATCH_SIZE), ]
    )
    one <- torch_setting(1L, 1L, blas_builds()[1L])
    competitors <- list(
        torch_all_cores = function() torch_time(folder, best, n_full, n_full),
        torch_one_thread = function() torch_time(folder, one, n_full, n_full)
    )
    if (!only_torch) {
        competitors <- c(competitors, list(
            kith_all_cores = function() kith_time(folder, cores),
            kith_one_thread = function() kith_time(folder, 1L)
        ))
    }
    fields <- c("mean_seconds", "start_mb", "peak_mb")
    runs <- array(
        NA_real_, c(rounds, length(competitors), 3L),
        list(NULL, names(competitors), fields)
    )
    result <- list()
    for (round in seq_len(rounds)) {
        turn <- names(competitors)
        for (name in if (round %% 2L) turn else rev(turn)) {
            run <- competitors[[name]]()
            runs[round, name, ] <- unlist(run[fields])
            if (!is.null(run$distinct_anchors)) {
                result$distinct_anchors <- run$distinct_anchors
            }
        }
        message("round ", round, ", ms per step: ", paste(sprintf(
            "%s %.1f", names(competitors), 1000 * runs[round, , 1L]
        ), collapse = ", "))
    }
    summarise_speed(runs, result)
}

summarise_speed <- function(runs, result) {
    medians <- apply(runs, 2:3, stats::median)
    for (name in rownames(medians)) {
        result[[paste0("ms_", name)]] <- 1000 * medians[name, "mean_seconds"]
        result[[paste0("start_mb_", name)]] <- medians[name, "start_mb"]
        result[[paste0("peak_mb_", name)]] <- medians[name, "peak_mb"]
    }
    for (kind in c("all_cores", "one_thread")) {
        sides <- paste0(c("torch_", "kith_"), kind)
        if (all(sides %in% rownames(medians))) {
            by_round <- runs[, sides[2L], 1L] / runs[, sides[1L], 1L]
            name <- paste0("ratio_", kind)
            result[[name]] <- stats::median(by_round)
            result[[paste0("goal_", name)]] <- RATIO_GOALS[[name]]
        }
    }
    result
}

# Report -----------------------------------------------------------------------

# TRUE unless a measured figure breaks its promise.
promises_kept <- function(results, quick) {
    within <- function(name, tolerance) {
        is.null(results[[name]]) || isTRUE(abs(results[[name]]) <= tolerance)
    }
    steps <- within("steps_loss_diff", STEPS_TOLERANCE) &&
        within("steps_parameters_diff", STEPS_TOLERANCE)
    aucs <- within("auc_diff", AUC_TOLERANCE) &&
        within("cb_auc_diff", AUC_TOLERANCE)
    steps && (quick || aucs)
}

main <- function() {
    quick <- flag("quick")
    only_torch <- flag("only-torch")
    parts <- strsplit(option("parts", "steps,auc,speed"), ",")[[1L]]
    folder <- option("folder", file.path(tempdir(), "cal-vs-torch"))
    cores <- parallel::detectCores()
    data <- read_data()
    if (only_torch) {
        data$index <- cbind(
            match(data$pairs$from, rownames(data$x)),
            match(data$pairs$to, rownames(data$x))
        )
    } else {
        kith_load(option("lib"))
        data[c("object", "index")] <- kith_pairs(data$x, data$pairs)
    }
    set.seed(1L)
    results <- list(cores = cores)
    if ("steps" %in% parts) {
        results <- c(results, compare_steps(
            data, file.path(folder, "steps"), only_torch, cores
        ))
    }
    best <- NULL
    if (any(c("auc", "speed") %in% parts)) {
        write_problem(file.path(folder, "speed"), data$x, data$index)
        best <- chosen_setting(
            option("torch"), file.path(folder, "speed"), cores
        )
        results$torch_setting <- setting_name(best)
    }
    if ("auc" %in% parts) {
        results <- c(results, compare_auc(
            data, file.path(folder, "auc"), best, if (quick) 3L else EPOCHS,
            if (quick) SEEDS[1L] else SEEDS, only_torch, cores
        ))
    }
    if ("speed" %in% parts) {
        results <- c(results, compare_speed(
            data, file.path(folder, "speed"), best,
            if (quick) 2L else N_ROUNDS, only_torch, cores
        ))
    }
    kept <- promises_kept(results, quick)
    print_results(c(results, list(promises_kept = kept)), digits = 5L)
    quit(status = if (kept) 0L else 1L)
}

if (nzchar(option("child"))) {
    run_child(option("child"), as.integer(option("threads")))
} else {
    main()
}
