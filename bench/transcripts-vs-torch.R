# A training step of the published encoder S against PyTorch: 64 sequences of
# 4,096 positions with six tracks, the convolutions' share of what the BLAS can
# do, and the memory of a batch of 256 sets.
#
#   Rscript bench/transcripts-vs-torch.R [--rounds=5] [--seconds=10]
#       [--parts=speed,memory] [--lib=DIR]
#
# speed   seconds of a step: encoder forward and back, a linear head with
#         squared error, the optimiser. In turns, all cores for both; PyTorch at
#         the fastest of its settings, which are searched first. kith's rows
#         pass in chunks of 16, so batch statistics are those of a chunk. Also
#         the contrastive step of the same 64 rows, which passes them forward
#         twice to bound its memory.
# memory  peak of this process after contrastive steps of 256 sets (512 rows).

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "torch-peer.R"))
kith_load(option("lib"))
cores <- parallel::detectCores()
rounds <- as.integer(option("rounds", "5"))
span <- as.numeric(option("seconds", "10"))
parts <- strsplit(option("parts", "speed,memory"), ",")[[1L]]
n_rows <- 64L
positions <- 4096L

# ---- kith --------------------------------------------------------------------

drawn_transcripts <- function(n) {
    set.seed(1)
    bases <- vapply(seq_len(n), function(i) {
        paste(sample(c("A", "C", "G", "T"), positions, TRUE), collapse = "")
    }, "")
    ids <- sprintf("t%05d", seq_len(n))
    encode_transcripts(stats::setNames(bases, ids), cds = data.frame(
        id = ids, cds_start = 1, cds_end = positions - 1L
    ))
}

# the network of encoder S; its method is found from within the package alone
network_s <- function() {
    eval(
        bquote(resolve_network(encoder_residual("S"), 6L, .(positions))),
        asNamespace("kith")
    )
}

# a run of either task; n: items of a batch
kith_run <- function(task, n) {
    x <- drawn_transcripts(if (task == "sequences_labels") n else 2L * n)
    method <- method_isoclr("paper", projector = c(512, 128), shift = 0)
    method$positions <- NULL
    control <- train_control(threads = cores, seed = 1)
    first <- network_s()
    n_encoded <- kith:::network_n_out(first)
    set <- if (task == "sequences_labels") {
        seq_len(n)
    } else {
        rep(seq_len(n), each = 2L)
    }
    lengths <- list(shortest = positions, longest = positions)
    plan <- list(
        task = task, options = c(
            kith:::sequence_options(method, lengths),
            frozen = 0
        ), optimizer = kith:::resolve_optimizer(control), batch_size = n,
        key = kith:::draw_key(1L)
    )
    arrays <- kith:::sequence_arrays(x, set, weighted = FALSE)
    if (task == "sequences_labels") {
        plan$options <- plan$options[names(plan$options) != "temperature"]
        plan$objective <- "squared_error"
        plan$networks <- list(encoder = first, head = kith:::network_of_layers(
            n_encoded, list(kith:::layer("linear", 1))
        ))
        arrays$y <- cbind(stats::rnorm(n))
    } else {
        plan$options <- plan$options[names(plan$options) != "frozen"]
        plan$objective <- "decoupled"
        plan$networks <- kith:::transcript_networks(
            encoder_residual("S"), method, x$tracks, positions
        )
    }
    plan$groups <- kith:::engine_groups(
        plan$networks, list(weight_decay = 0, clip_norm = 1)
    )
    kith:::engine_create(plan, "single", arrays)
}

kith_seconds <- function(run, seconds) {
    epoch <- 0
    step <- function() {
        kith:::engine_epoch_begin(run, epoch, cores)
        kith:::engine_advance(run, 1, 1e-4, cores)
        epoch <<- epoch + 1
    }
    step()
    started <- proc.time()[["elapsed"]]
    n <- 0
    repeat {
        step()
        n <- n + 1
        now <- proc.time()[["elapsed"]]
        if (now - started > seconds) {
            return((now - started) / n)
        }
    }
}

# ---- PyTorch -----------------------------------------------------------------

torch_seconds <- function(setting, seconds) {
    environment <- c(
        paste0("OPENBLAS_NUM_THREADS=", setting$blas_threads),
        paste0("OMP_NUM_THREADS=", setting$threads),
        if (nzchar(setting$build)) paste0("LD_LIBRARY_PATH=", setting$build)
    )
    as.numeric(system2(
        Sys.getenv("KITH_PYTHON", "/usr/bin/python3"),
        c(
            shQuote(file.path(dirname(script_path()), "transcripts_torch.py")),
            "--rows", n_rows, "--positions", positions, "--threads",
            setting$threads, "--seconds", seconds
        ),
        env = environment, stdout = TRUE
    ))
}

# ---- run ---------------------------------------------------------------------

# multiplications and additions of a step: those of the convolutions forward,
# and twice as many back
step_flops <- function() {
    layers <- kith:::layer_table(network_s())
    # each pool halves the positions
    at <- positions / 2^cumsum(layers$type == "pool")
    is_conv <- layers$type == "conv"
    weights <- is_conv * (layers$parameters - layers$n_out)
    3 * 2 * sum(weights * at) * n_rows
}

product_flops <- function() {
    a <- matrix(stats::rnorm(1500^2), 1500)
    taken <- min(replicate(3, seconds(a %*% a)))
    # single precision is twice as fast as what R multiplies in
    2 * 2 * 1500^3 / taken
}

results <- list()
if ("speed" %in% parts) {
    settings <- torch_settings(cores)
    taken <- vapply(settings, torch_seconds, numeric(1), seconds = 2)
    best <- settings[[which.min(taken)]]
    message("PyTorch is fastest with ", setting_name(best))
    run <- kith_run("sequences_labels", n_rows)
    contrast <- kith_run("sequences_contrast", n_rows / 2)
    taken <- vapply(seq_len(rounds), function(i) {
        c(
            kith = kith_seconds(run, span), torch = torch_seconds(best, span),
            contrast = kith_seconds(contrast, span)
        )
    }, numeric(3))
    print(round(taken, 3))
    medians <- apply(taken, 1L, stats::median)
    results <- list(
        kith_step_seconds = medians[["kith"]],
        torch_step_seconds = medians[["torch"]],
        conv_ratio_all_cores = stats::median(taken[1L, ] / taken[2L, ]),
        contrast_step_seconds = medians[["contrast"]],
        conv_gflops = step_flops() / medians[["kith"]] / 1e9,
        conv_gflops_share = step_flops() / medians[["kith"]] / product_flops()
    )
}
if ("memory" %in% parts) {
    large <- kith_run("sequences_contrast", 256L)
    kith_seconds(large, 0)
    results$peak_256_sets_gib <- peak_mib() / 1024
}
print_results(results, 3L)
