# The study of contrastive association learning (CAL; J. Dury 2026,
# arXiv:2603.20955), run again: every table beside the published values.
#
#     KITH_DATA=... Rscript cal-study.R [options]
#
#     --tables=DIR          where the tables go (default: cal-study)
#     --parts=reference,models,clusters
#                           some of the parts
#     --sets=hpa64,k562     some of the matrices
#     --replogle=FILE.h5ad  the study's own matrix (K562 essential, normalised
#                           pseudo-bulk); without it that of the cache of
#                           kith_dataset() is taken if it is there. Nothing is
#                           downloaded
#     --quick               few epochs: to try the script, not to read from
#     --threads=4           cores: a run of the study on each
#     --cache=DIR           keep finished runs there, and take those that are
#                           (default: none). Empty it after a change of kith
#     --lib=DIR             library that kith is loaded from
#
# Installed: system.file("scripts", "cal-study.R", package = "kith"). Data:
# README of the data folder, genes/.
#
# reference   what needs no matrix: kith's study functions on the study's own
#             cosines (STRING pairs >= 700 and >= 900) and scores (per pair,
#             >= 900)
# models      trained on matrices at hand: HPA64, 2,057 genes x 50 components
#             of 64 cell lines, and K562, 1,092 genes x 10 components of the
#             study's own screen; on the study's matrix where there is one.
#             preset = "cal2026", the published recipe; beside it kith's
#             default with one network instead of three
# clusters    of the >= 900 model, in input and association space
#
# Epochs: 100, as published, for all models on pairs >= 900 and, transductive,
# >= 700; 20 for ablations, seeds, the edge split >= 700 and experimental
# evidence (column `epochs`).
#
# published.csv has a row for each published value and each set of data that
# answers it. `kind` tells what may be expected of it:
#   no matrix        computed from the study's own cosines and scores; the
#                    tolerance is half a unit of the last printed digit
#   same matrix      trained on the study's matrix; the tolerances are those of
#                    cal-study-published.csv
#   another matrix   trained on HPA64 or K562: same tolerances, but nothing says
#                    that the values should agree. Where they do, it is chance
#   not in the data  kith has no value
# A row is `matched` if kith's value is within the tolerance; all others are
# off, and each has its reason. Values are compared as they are; tables show
# four significant digits.
#
# Last lines: `name: value`.

arguments <- commandArgs(trailingOnly = TRUE)

option <- function(name, default = "") {
    found <- grep(paste0("^--", name, "="), arguments, value = TRUE)
    if (length(found)) sub("^[^=]*=", "", found[1L]) else default
}

script_folder <- dirname(normalizePath(
    sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
))
for (part in c("data", "tables", "reference", "models", "clusters")) {
    source(file.path(script_folder, paste0("cal-study-", part, ".R")))
}

# How long to train, and how often to draw.
study_effort <- function(quick) {
    if (quick) {
        list(main = 3L, short = 2L, kith = 3L, draws = 20L)
    } else {
        list(main = 100L, short = 20L, kith = 60L, draws = 200L)
    }
}

known_parts <- c("reference", "models", "clusters")

main <- function() {
    began <- Sys.time()
    suppressPackageStartupMessages(
        library(kith, lib.loc = if (nzchar(option("lib"))) option("lib"))
    )
    parts <- strsplit(option("parts", toString(known_parts)), ", *")[[1L]]
    unknown <- setdiff(parts, known_parts)
    if (length(unknown)) stop("--parts: there is no part ", unknown[1L])
    effort <- study_effort("--quick" %in% arguments)
    effort$threads <- as.integer(option("threads", "4"))

    found <- list()
    if ("reference" %in% parts) found <- list(run_reference(read_reference()))
    if (any(c("models", "clusters") %in% parts)) {
        found <- c(found, run_sets(parts, effort))
    }
    compared <- compare(
        read_published(script_folder),
        do.call(rbind, lapply(found, `[[`, "values"))
    )
    tables <- Reduce(add_tables, lapply(found, `[[`, "tables"))
    tables$published <- compared
    if (!is.null(tables$ablation)) {
        tables$ablation_order <- order_ablations(tables$ablation)
    }
    tables$facts <- study_facts(effort, began)
    n_written <- write_tables(tables, option("tables", "cal-study"))
    tell_order(tables$ablation_order)
    tell(compared, n_written, began)
}

# Models and clusters of each matrix.
run_sets <- function(parts, effort) {
    sets <- lapply(stats::setNames(nm = set_names()), read_set)
    runs <- if ("models" %in% parts) run_models(sets, effort)
    found <- lapply(sets, function(set) {
        mine <- runs[[set$name]]
        list(
            if (!is.null(mine)) tell_models(mine, set, effort),
            if ("clusters" %in% parts) run_clusters(set, mine$main$fit, effort)
        )
    })
    Filter(Negate(is.null), do.call(c, unname(found)))
}

study_facts <- function(effort, began) {
    data.frame(
        fact = c(
            "version", "main", "short", "kith", "draws", "threads", "minutes"
        ),
        value = c(
            as.character(utils::packageVersion("kith")), effort$main,
            effort$short, effort$kith, effort$draws, effort$threads,
            sprintf("%.1f", minutes_since(began))
        )
    )
}

main()
