# What the benchmarks against PyTorch share: its settings, and the files that
# are exchanged with bench/cal_torch.py. Sourced, after common.R, by
# bench/cal-vs-torch.R and bench/heldout.R.

BATCH_SIZE <- 512L

# PyTorch ----------------------------------------------------------------------

write_matrix <- function(x, file, type = c("f64", "i32")) {
    values <- as.vector(t(x))
    values <- if (match.arg(type) == "i32") as.integer(values) else values
    writeBin(values, file, endian = "little")
}

read_real <- function(file, size = 8L) {
    readBin(
        file, "numeric", file.size(file) / size,
        size = size, endian = "little"
    )
}

# Writes what bench/cal_torch.py reads; indices count from 0 there.
write_problem <- function(folder, x, index, batches = NULL,
                          negatives = NULL) {
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    problem <- c(
        n_genes = nrow(x), n_in = ncol(x), n_pairs = nrow(index),
        n_steps = if (is.null(batches)) 0L else dim(batches)[1L],
        batch_size = BATCH_SIZE
    )
    fields <- sprintf("\"%s\": %d", names(problem), as.integer(problem))
    writeLines(
        paste0("{", paste(fields, collapse = ", "), "}"),
        file.path(folder, "problem.json")
    )
    write_matrix(x, file.path(folder, "x.f64"))
    write_matrix(index - 1L, file.path(folder, "pairs.i32"), "i32")
    if (!is.null(negatives)) {
        write_matrix(negatives - 1L, file.path(folder, "negatives.i32"), "i32")
    }
    if (!is.null(batches)) {
        # steps x pairs x 2, the last index fastest
        writeBin(
            as.integer(aperm(batches, 3:1)) - 1L,
            file.path(folder, "batches.i32"),
            endian = "little"
        )
    }
}

# One setting of PyTorch: its threads, those of the BLAS, the BLAS build.
torch_setting <- function(threads, blas_threads, build, foreach = FALSE) {
    list(
        threads = threads, blas_threads = blas_threads, build = build,
        foreach = foreach
    )
}

setting_name <- function(setting) {
    paste0(
        "threads ", setting$threads, ", BLAS ", basename(setting$build), " ",
        setting$blas_threads, if (setting$foreach) ", foreach"
    )
}

# OpenBLAS builds that the loader can be pointed to ("" is the default one).
blas_builds <- function() {
    found <- Sys.glob("/usr/lib/*/openblas-*/libblas.so.3")
    found <- dirname(found[grepl("pthread|openmp", found)])
    if (length(found)) found else ""
}

torch_run <- function(command, folder, setting, arguments = character()) {
    environment <- c(
        paste0("OPENBLAS_NUM_THREADS=", setting$blas_threads),
        paste0("OMP_NUM_THREADS=", setting$threads),
        if (nzchar(setting$build)) paste0("LD_LIBRARY_PATH=", setting$build)
    )
    script <- file.path(dirname(script_path()), "cal_torch.py")
    output <- system2(
        Sys.getenv("KITH_PYTHON", "/usr/bin/python3"),
        c(
            shQuote(script), command, shQuote(folder), "--threads",
            setting$threads, arguments, if (setting$foreach) "--foreach",
            if (nzchar(setting$build)) {
                c("--expect-blas", shQuote(basename(setting$build)))
            }
        ),
        env = environment, stdout = TRUE
    )
    if (!is.null(attr(output, "status"))) {
        stop("cal_torch.py ", command, " failed (", setting_name(setting), ")")
    }
    jsonlite::fromJSON(output)
}

torch_time <- function(folder, setting, warm_up, steps) {
    torch_run("time", folder, setting, c(
        "--warm-up", warm_up, "--steps", steps
    ))
}

# Few steps for each setting; then more for the best three, each run twice of
# which the faster counts (other work on the machine must not hide the best).
search_torch <- function(folder, cores) {
    message("search over the settings of PyTorch, ms per step:")
    settings <- torch_settings(cores)
    seconds <- vapply(settings, measure_setting, numeric(1), folder, 8L)
    best <- utils::head(settings[order(seconds)], 3L)
    with_lists <- lapply(best, utils::modifyList, list(foreach = TRUE))
    best <- c(best, with_lists)
    seconds <- lapply(1:2, function(run) {
        vapply(best, measure_setting, numeric(1), folder, 25L)
    })
    best[[which.min(do.call(pmin, seconds))]]
}

chosen_setting <- function(choice, folder, cores) {
    if (!nzchar(choice)) {
        return(search_torch(folder, cores))
    }
    parts <- strsplit(choice, ",")[[1L]]
    build <- grep(parts[3L], blas_builds(), value = TRUE)
    stopifnot(length(parts) == 3L, length(build) == 1L)
    torch_setting(as.integer(parts[1L]), as.integer(parts[2L]), build)
}

torch_settings <- function(cores) {
    counts <- unique(pmin(c(1L, 2L, cores), cores))
    settings <- list()
    for (build in blas_builds()) {
        # the OpenMP build takes PyTorch's own number of threads
        follows <- grepl("openmp", build)
        for (threads in counts) {
            for (blas_threads in if (follows) threads else counts) {
                settings <- c(settings, list(
                    torch_setting(threads, blas_threads, build)
                ))
            }
        }
    }
    settings
}

measure_setting <- function(setting, folder, steps) {
    seconds <- torch_time(folder, setting, 3L, steps)$median_seconds
    message(sprintf("  %6.1f ms  %s", 1000 * seconds, setting_name(setting)))
    seconds
}
