# Labels from few labelled samples on public expression: kith against logistic
# regression, PCA with it, nearest centroid, shrunken LDA and random forest.
# Five folds that keep patients together, stratified by class, five draws of
# labels in each; everything is fitted on training samples.
#
#   KITH_DATA=DIR Rscript bench/samples.R [--sets=A,B] [--folder=DIR]
#       [--folds=5] [--draws=5] [--workers=1] [--transductive] [--tables=DIR]
#
# Settings of the default were chosen while type, gtex26, site, pam50_rnaseq and
# pam50_array were looked at; type_state, normal, rare6, lung and er were not.
# Finished folds are kept in the folder (./samples-folds), so that a stopped
# benchmark goes on. --tables: writes samples.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "samples-sets.R"))

# ---- run ---------------------------------------------------------------------

kith_load(option("lib"))
folder <- option("folder", "samples-folds")
chosen <- option("sets", paste(names(sets), collapse = ","))
chosen <- match.arg(strsplit(chosen, ",")[[1L]], names(sets), TRUE)
n_workers <- as.integer(option("workers", "1"))
workers <- if (n_workers > 1L) {
    BiocParallel::MulticoreParam(n_workers)
} else {
    BiocParallel::SerialParam()
}
dir.create(folder, showWarnings = FALSE)

run_set <- function(name) {
    set <- sets[[name]]()
    cat(name, ": ", nrow(set$x), " samples x ", ncol(set$x), " genes, ",
        length(unique(set$y)), " classes\n",
        sep = ""
    )
    result <- benchmark_samples(set$x, set$y,
        groups = set$groups, transform = "none",
        folds = as.integer(option("folds", "5")),
        draws = as.integer(option("draws", "5")),
        transductive = flag("transductive"),
        control = train_control(
            seed = 1, threads = if (n_workers > 1L) 1L else NULL,
            verbose = FALSE
        ),
        folder = folder, BPPARAM = workers
    )
    table <- do.call(rbind, lapply(
        c("balanced", "accuracy", "macro_f1"),
        function(measure) {
            cbind(measure = measure, summary(result, measure = measure))
        }
    ))
    rows <- table[table$measure == "balanced", ]
    print(round(xtabs(mean ~ method + labels, rows), 3))
    cbind(set = name, table)
}

tables <- do.call(rbind, lapply(chosen, run_set))
write_table(tables, "samples")

# ---- last lines --------------------------------------------------------------

balanced <- tables[tables$measure == "balanced", ]
for (name in chosen) {
    for (k in unique(balanced$labels)) {
        rows <- balanced[balanced$set == name & balanced$labels == k, ]
        shown <- if (is.finite(k)) paste0("_", k, "shot") else ""
        arms <- gsub("[^a-z0-9]+", "_", tolower(rows$method))
        lines <- stats::setNames(as.list(rows$mean), paste0(
            name, shown, "_", arms, if (!is.finite(k)) "_balanced"
        ))
        best <- rows[-1L, ][which.max(rows$mean[-1L]), ]
        lines[[paste0(name, shown, "_margin")]] <- best$margin
        lines[[paste0(name, shown, "_margin_se")]] <- best$margin_se
        print_results(lines, 3L)
    }
}
