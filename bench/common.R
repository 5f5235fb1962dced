# What the benchmarks share: kith, options, data, measures, the last lines.

kith_load <- function(lib) {
    suppressPackageStartupMessages(
        library(kith, lib.loc = if (nzchar(lib)) lib)
    )
}

# Options ----------------------------------------------------------------------

option <- function(name, default = "") {
    arguments <- commandArgs(trailingOnly = TRUE)
    found <- grep(paste0("^--", name, "="), arguments, value = TRUE)
    if (length(found)) sub("^[^=]*=", "", found[1L]) else default
}

flag <- function(name) {
    paste0("--", name) %in% commandArgs(trailingOnly = TRUE)
}

script_path <- function() {
    file <- grep("^--file=", commandArgs(), value = TRUE)
    normalizePath(sub("^--file=", "", file[1L]))
}

# names of the sets that --sets asks for, all without it
chosen_sets <- function(sets) {
    asked <- option("sets", paste(names(sets), collapse = ","))
    match.arg(strsplit(asked, ",")[[1L]], names(sets), TRUE)
}

n_workers <- function() as.integer(option("workers", "1"))

# where folds are computed
bench_workers <- function() {
    if (n_workers() > 1L) {
        BiocParallel::MulticoreParam(n_workers())
    } else {
        BiocParallel::SerialParam()
    }
}

# workers have a thread each
bench_control <- function() {
    train_control(
        seed = 1, threads = if (n_workers() > 1L) 1L, verbose = FALSE
    )
}

# Data -------------------------------------------------------------------------

# path of a file of the data folder, by folder and name
data_file <- function(...) {
    folder <- Sys.getenv("KITH_DATA")
    if (!dir.exists(folder)) {
        stop("KITH_DATA must name the folder of the data, not: ", folder)
    }
    file.path(folder, ...)
}

# the two genes of pairs as one string, the same in either orientation
pair_key <- function(a, b) paste(pmin(a, b), pmax(a, b))

# Measures ---------------------------------------------------------------------

seconds <- function(code) system.time(code)[["elapsed"]]

# the most memory that this process has held (Linux)
peak_mib <- function() {
    line <- grep("^VmHWM:", readLines("/proc/self/status"), value = TRUE)
    as.double(gsub("[^0-9]", "", line)) / 1024
}

# a list as lines `name: value`
print_results <- function(results, digits = 4L) {
    for (name in names(results)) {
        value <- results[[name]]
        value <- if (is.numeric(value)) signif(value, digits) else value
        cat(name, ": ", format(value), "\n", sep = "")
    }
}

# a table as NAME.csv, where --tables asks for it
write_table <- function(table, name) {
    folder <- option("tables")
    if (nzchar(folder)) {
        dir.create(folder, showWarnings = FALSE, recursive = TRUE)
        numbers <- vapply(table, is.double, NA)
        table[numbers] <- lapply(table[numbers], signif, digits = 4L)
        file <- file.path(folder, paste0(name, ".csv"))
        utils::write.csv(table, file, row.names = FALSE)
    }
}
