# kith against PyTorch on SCARF, VIME and BYOL with the settings of Dradjat et
# al. (2025), and how long the default takes.
#
#   KITH_DATA=DIR Rscript bench/samples-vs-torch.R [--rounds=5] [--seconds=4]
#       [--methods=scarf,vime,byol] [--parts=speed,default] [--lib=DIR]
#
# speed    seconds of a step on the 1,204 x 3,556 samples of tcga_paired11, in
#          turns, all cores for both; PyTorch at the fastest of its settings
#          (threads, those of the BLAS, the BLAS build), which are searched
#          first. Medians over rounds and their ratio (below 1: kith is faster),
#          of which the goal is 0.6.
# default  seconds of learn_samples() by default on these samples, and on 10,000
#          x 20,000 simulated ones with the memory that it took.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "torch-peer.R"))
source(file.path(dirname(script_path()), "samples-sets.R"))
kith_load(option("lib"))
cores <- parallel::detectCores()
rounds <- as.integer(option("rounds", "5"))
span <- as.numeric(option("seconds", "4"))
parts <- strsplit(option("parts", "speed,default"), ",")[[1L]]
methods <- strsplit(option("methods", "scarf,vime,byol"), ",")[[1L]]
x <- read_expression("tcga_paired11")$x

# ---- a step ------------------------------------------------------------------

file <- tempfile(fileext = ".f32")
writeBin(as.vector(t(scale(x))), file, size = 4L)

torch_seconds <- function(method, setting, seconds) {
    environment <- c(
        paste0("OPENBLAS_NUM_THREADS=", setting$blas_threads),
        paste0("OMP_NUM_THREADS=", setting$threads),
        if (nzchar(setting$build)) paste0("LD_LIBRARY_PATH=", setting$build)
    )
    output <- system2(
        Sys.getenv("KITH_PYTHON", "/usr/bin/python3"),
        c(
            shQuote(file.path(dirname(script_path()), "samples_torch.py")),
            file, nrow(x), ncol(x), "--method", method,
            "--threads", setting$threads, "--seconds", seconds
        ),
        env = environment, stdout = TRUE
    )
    as.numeric(output)
}

fastest_setting <- function(method) {
    settings <- torch_settings(cores)
    taken <- vapply(settings, function(setting) {
        torch_seconds(method, setting, 1)
    }, numeric(1))
    best <- settings[[which.min(taken)]]
    message(sprintf(
        "%s: PyTorch is fastest (%.1f ms) with %s", method,
        1000 * min(taken), setting_name(best)
    ))
    best
}

kith_run <- function(method) {
    settings <- list(
        scarf = method_scarf("paper"), vime = method_vime("paper"),
        byol = method_byol("paper")
    )[[method]]
    control <- train_control(threads = cores, seed = 1)
    scaled <- kith:::scaled_samples(x, kith:::fit_scaling(x, "none"))
    encoder <- kith:::sample_encoder(settings, NULL, ncol(x))
    job <- kith:::sample_job(
        scaled, settings, encoder, control, kith:::draw_key(1L), list()
    )
    kith:::engine_create(job$plan, job$control$precision, job$arrays)
}

# whole epochs, so that small last batches do not count
kith_seconds <- function(run, rate = 1e-4) {
    epoch <- 0
    steps <- 0
    started <- NULL
    repeat {
        kith:::engine_epoch_begin(run, epoch, cores)
        repeat {
            done <- kith:::engine_advance(run, 1, rate, cores)[["done"]]
            if (!is.null(started)) steps <- steps + 1
            if (done == 1) break
        }
        epoch <- epoch + 1
        now <- proc.time()[["elapsed"]]
        if (is.null(started)) {
            started <- now
        } else if (now - started > span) {
            return((now - started) / steps)
        }
    }
}

compare_speed <- function(method) {
    setting <- fastest_setting(method)
    run <- kith_run(method)
    taken <- vapply(seq_len(rounds), function(i) {
        c(kith_seconds(run), torch_seconds(method, setting, span))
    }, numeric(2))
    medians <- apply(taken, 1L, median)
    print(round(1000 * taken, 2))
    stats::setNames(
        list(1000 * medians[1L], 1000 * medians[2L], median(
            taken[1L, ] / taken[2L, ]
        )),
        paste0(method, c("_kith_ms", "_torch_ms", "_ratio_all_cores"))
    )
}

results <- list()
if ("speed" %in% parts) {
    results <- unlist(lapply(methods, compare_speed), recursive = FALSE)
}

# ---- the default -------------------------------------------------------------

if ("default" %in% parts) {
    control <- train_control(seed = 1, threads = cores, verbose = FALSE)
    results$default_1204_3556_seconds <- median(replicate(3, seconds(
        learn_samples(x, control = control, transform = "none")
    )))
    set.seed(1)
    n <- 10000L
    group <- rep(seq_len(50L), length.out = n)
    large <- matrix(rnorm(n * 20000), n)
    large <- large + matrix(rnorm(50 * 20000), 50)[group, ]
    dimnames(large) <- list(paste0("s", seq_len(n)), paste0("g", 1:20000))
    results$default_10000_20000_seconds <- seconds(
        learn_samples(large, control = control, transform = "none")
    )
    results$default_10000_20000_peak_gib <- peak_mib() / 1024
}
print_results(results)
