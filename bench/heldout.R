# How well does kith score pairs of genes that it has never met, beside every
# baseline that a reader would ask for?
#
#     KITH_DATA=... Rscript bench/heldout.R [options]
#
#     --sets=hpa64,k562,ecoli   some of the data sets (time is of hpa64)
#     --splits=5 --seeds=3      gene splits, and seeds of each trained model
#     --parts=heldout,external,evidence,time
#     --figures=DIR             where the reliability plots go (default: none)
#     --tables=DIR              where heldout-SET.csv and time-to-auc.csv go
#                               (default: none)
#     --lib=DIR                 library that kith is loaded from
#     --torch=4,4,openmp        setting of PyTorch, instead of the search
#
# Data (README of the data folder): HPA64, 2,057 genes x 50 components of 64
# cell lines; K562, 1,092 x 10 of a Perturb-seq screen, both with STRING pairs
# >= 900; E. coli, 4,211 x 40 of PRECISE-1K with STRING physical pairs >= 700.
#
# Held out: of the genes that have pairs 30 % are test genes; models see the
# pairs of two training genes. AUC on pairs with one and with both genes
# unseen, against negatives of the same kinds of genes (all of them genes that
# have pairs), five to a positive, the same for all methods. Settings of
# baselines are chosen on a split within the training genes. `margin`: kith
# less the best baseline of that setting (by its mean over the splits), paired
# by split. `degree_rho`: Spearman of log degree (all pairs) and score among
# the held-out positives (of both settings the larger), of kith's
# degree-corrected score; beside it that of the combined score, which the AUC
# and the margins are of, and what either does against negatives of the
# positives' degrees (`matched_auc`). ECE: expected calibration error of the
# probabilities, ten bins.
#
# Evidence: what speaks for held-out pairs of two new genes, and for the best
# pairs that nobody has listed, in words.
#
# External: trained on all pairs of the set, judged by pairs of other sources
# without those. Time: kith's wall time to the training-pair AUC that the
# published recipe ends with in PyTorch, over PyTorch's time to the first epoch
# with that AUC (it may pass it well before the end).
#
# The last lines are `name: value`.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "torch-peer.R"))
source(file.path(dirname(script_path()), "heldout-table.R"))
source(file.path(dirname(script_path()), "heldout-baselines.R"))
source(file.path(dirname(script_path()), "heldout-uses.R"))

# Data -------------------------------------------------------------------------

read_genes <- function(file, id) {
    table <- utils::read.delim(data_file("genes", file))
    x <- as.matrix(table[, grep("^PC", names(table))])
    rownames(x) <- toupper(table[[id]])
    as_embedding(x)
}

read_ends <- function(file, from, to, keep = function(table) TRUE) {
    table <- utils::read.csv(data_file("genes", file))
    table <- table[keep(table), ]
    data.frame(from = toupper(table[[from]]), to = toupper(table[[to]]))
}

read_set <- function(name) {
    string <- function() {
        read_ends("string_pairs_900.csv.gz", "gene1", "gene2")
    }
    set <- switch(name,
        hpa64 = list(
            read_genes("hpa64_k562essential_pca50.tsv.gz", "gene"), string()
        ),
        k562 = list(
            read_genes("k562_essential_pca10.tsv.gz", "gene"), string()
        ),
        ecoli = list(
            read_genes("ecoli_precise1k_ica40_pca40.tsv.gz", "locus_tag"),
            read_ends(
                "ecoli_string_physical_v12_ge400.csv.gz", "locus1", "locus2",
                function(table) table$combined_score >= 700
            )
        ),
        stop("there is no data set ", name)
    )
    list(name = name, x = set[[1L]], pairs = known_to(set[[2L]], set[[1L]]))
}

# Held-out pairs ---------------------------------------------------------------

run_heldout <- function(set, n_splits, n_seeds, figures) {
    degree <- with(pair_degree(set$pairs), stats::setNames(degree, gene))
    rows <- calibration <- list()
    for (split in seq_len(n_splits)) {
        problem <- split_problem(set, set$pairs, split)
        rows <- c(rows, list(judge_baselines(problem, set, degree, split)))
        for (seed in seq_len(n_seeds)) {
            ours <- judge_kith(problem, degree, split, seed)
            rows <- c(rows, list(
                ours$rows, judge_published(problem, degree, split, seed)
            ))
            calibration <- c(calibration, list(ours$calibration))
        }
        message(set$name, ": split ", split, " of ", n_splits, " done")
    }
    rows <- do.call(rbind, rows)
    if (nzchar(figures)) {
        plot_reliability(do.call(rbind, calibration), set$name, figures)
    }
    table <- heldout_table(rows)
    print_heldout(table, set, n_splits)
    write_table(table, paste0("heldout-", set$name))
    summarise_heldout(table, set$name)
}

plot_reliability <- function(calibration, name, folder) {
    bin <- cut(calibration$probability, seq(0, 1, 0.1), include.lowest = TRUE)
    groups <- list(bin = bin, setting = calibration$setting)
    means <- stats::aggregate(calibration[c("probability", "positive")],
        groups, mean
    )
    means$n <- stats::aggregate(calibration["positive"], groups, length)[[3L]]
    labels <- c(one = "one gene unseen", both = "both genes unseen")
    means$setting <- labels[means$setting]
    plot <- ggplot2::ggplot(means, ggplot2::aes(
        .data$probability, .data$positive
    )) +
        ggplot2::geom_abline(linetype = "dashed", colour = "grey50") +
        ggplot2::geom_line(colour = "#D55E00") +
        ggplot2::geom_point(ggplot2::aes(size = .data$n), colour = "#D55E00") +
        ggplot2::facet_wrap(ggplot2::vars(.data$setting)) +
        ggplot2::scale_size_area() +
        ggplot2::coord_equal(xlim = c(0, 1), ylim = c(0, 1)) +
        ggplot2::labs(
            x = "probability given", y = "share of partners", size = "pairs",
            title = paste("Reliability on held-out pairs:", name)
        )
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    file <- file.path(folder, paste0("reliability-", name, ".png"))
    ggplot2::ggsave(file, plot, width = 8, height = 4.5, dpi = 150)
    message("drawn: ", file)
}

# All --------------------------------------------------------------------------

main <- function() {
    kith_load(option("lib"))
    parts <- option("parts", "heldout,external,evidence,time")
    parts <- strsplit(parts, ",")[[1L]]
    names <- strsplit(option("sets", "hpa64,k562,ecoli"), ",")[[1L]]
    results <- list()
    for (name in names) {
        set <- read_set(name)
        if ("heldout" %in% parts) {
            results <- c(results, run_heldout(
                set, as.integer(option("splits", "5")),
                as.integer(option("seeds", "3")), option("figures")
            ))
        }
        if ("external" %in% parts) results <- c(results, run_external(set))
        if ("evidence" %in% parts) run_evidence(set)
    }
    if ("time" %in% parts) results <- c(results, run_time(option("torch")))
    cat("\n")
    print_results(results)
}

main()
