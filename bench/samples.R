# Labels from few labelled samples on public expression: kith against logistic
# regression, PCA with it, nearest centroid, shrunken LDA and random forest.
# Five folds that keep patients together, stratified by class, five draws of
# labels in each; everything is fitted on training samples.
#
#   KITH_DATA=DIR Rscript bench/samples.R [--sets=A,B] [--folder=DIR]
#       [--folds=5] [--draws=5] [--workers=1] [--transductive] [--tables=DIR]
#       [--networks=paper|kith] [--labels=1,2,5,10,Inf]
#
# Settings of the default were chosen while type, gtex26, site, pam50_rnaseq and
# pam50_array were looked at; the other sets were not. new_type has a fold for
# each type of cancer, of which no sample is seen.
# --networks: SCARF, VIME and BYOL with that preset and the untrained encoder
#   beside the default, frozen, with genes and fine-tuned.
# Finished folds are kept in the folder (./samples-folds), so that a stopped
# benchmark goes on. --tables: writes samples.csv, or samples-networks.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "samples-sets.R"))

# ---- run ---------------------------------------------------------------------

kith_load(option("lib"))
folder <- option("folder", "samples-folds")
chosen <- chosen_sets(sets)
n_folds <- as.integer(option("folds", "5"))
workers <- bench_workers()
dir.create(folder, showWarnings = FALSE)
networks <- option("networks")
methods <- c(list(kith = method_neighbours()), if (nzchar(networks)) {
    list(
        SCARF = method_scarf(networks), VIME = method_vime(networks),
        BYOL = method_byol(networks), untrained = method_untrained()
    )
})
labels <- as.numeric(strsplit(option("labels", "1,2,5,10,Inf"), ",")[[1L]])
control <- bench_control()

run_set <- function(name) {
    set <- sets[[name]]()
    cat(name, ": ", nrow(set$x), " samples x ", ncol(set$x), " genes, ",
        length(unique(set$y)), " classes\n",
        sep = ""
    )
    result <- benchmark_samples(set$x, set$y,
        groups = set$groups, transform = "none",
        labels = labels, methods = methods,
        folds = if (is.null(set$folds)) n_folds else set$folds,
        draws = as.integer(option("draws", "5")),
        transductive = flag("transductive"),
        control = control, tuning = control, folder = folder, BPPARAM = workers
    )
    table <- do.call(rbind, lapply(
        c("balanced", "accuracy", "macro_f1"),
        function(measure) {
            draws <- if (measure == "balanced") 200 else 0
            cbind(measure = measure, summary(
                result,
                measure = measure, bootstrap = draws
            ))
        }
    ))
    rows <- table[table$measure == "balanced", ]
    print(round(xtabs(mean ~ method + labels, rows), 3))
    cbind(set = name, table)
}

tables <- do.call(rbind, lapply(chosen, run_set))
write_table(tables, if (nzchar(networks)) "samples-networks" else "samples")

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
