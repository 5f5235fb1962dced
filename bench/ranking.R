# Which gene is expressed more: kith against forests, boosted trees, ridge and
# GAM on five public sets, ten random 80/20 splits of the genes, everything
# tuned within the training genes, all arms on the same splits. Where positions
# are known, five splits of blocks of neighbours besides.
#
#   KITH_DATA=DIR Rscript bench/ranking.R [--sets=A,B] [--folder=DIR]
#       [--splits=10] [--blocks=5] [--workers=1] [--extra] [--tables=DIR]
#
# Finished arms are kept in the folder (./ranking-arms), so that a stopped
# benchmark goes on. --extra: scorers alone and others that were tried, too.
# --tables: writes ranking.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "ranking-sets.R"))

# ---- arms --------------------------------------------------------------------

network <- function(...) {
    encoder_mlp(...,
        blend = FALSE, normalize = FALSE, n_out = 1
    )
}

arms_of <- function(set) {
    arms <- list(kith = NULL)
    if (flag("extra")) {
        arms <- c(arms, list(
            kernel = scorer_kernel(),
            "kernel, squared loss" = scorer_kernel(loss = "squared"),
            "kernel, unsmoothed" = scorer_kernel(smooth = 0),
            linear = scorer_linear(),
            network = network(hidden = c(64, 32), dropout = 0.3)
        ))
        if (!set %in% c("compgenomr", "egrandis")) {
            arms$convolution <- encoder_conv(
                channels = c(32, 32), pool = c(2, 4), readout = "flatten",
                hidden = integer(), dropout = 0.3
            )
        }
    }
    arms
}

# Blocks of neighbours on the one chromosome that there is: genes within a block
# share no window with those of the next but at its ends.
blocks_of <- function(position, n_blocks = 20) {
    cut(rank(position, ties.method = "first"), n_blocks, labels = FALSE)
}

# ---- run ---------------------------------------------------------------------

chosen <- strsplit(option("sets", toString(names(sets))), "[, ]+")[[1L]]
n_splits <- c(
    gene = as.integer(option("splits", "10")),
    block = as.integer(option("blocks", "5"))
)
tables <- list()
for (name in chosen) {
    set <- sets[[name]]()
    kinds <- list(gene = NULL)
    if (!is.null(set$position) && n_splits[["block"]] > 0L) {
        kinds$block <- blocks_of(set$position)
    }
    for (by in names(kinds)) {
        result <- benchmark_ranking(set$x, set$y,
            arms = arms_of(name), splits = n_splits[[by]],
            groups = kinds[[by]], control = control, folder = folder,
            BPPARAM = workers
        )
        table <- cbind(
            set = name, by = by, n_genes = length(set$y),
            splits = n_splits[[by]], summary(result)
        )
        table$seconds <- as.vector(
            tapply(result$seconds, result$method, stats::median)[table$method]
        )
        tables[[paste(name, by)]] <- table
        cat("\n", name, ", split by ", by, "\n", sep = "")
        print(table[order(-table$mean), -(1:4)], row.names = FALSE, digits = 4)
    }
}
tables <- do.call(rbind, unname(tables))
write_table(tables, "ranking")

cat("\n")
for (name in chosen) {
    rows <- tables[tables$set == name & tables$by == "gene", ]
    rivals <- rows[rows$method %in% names(kith:::ranking_baselines), ]
    best <- rivals[which.max(rivals$mean), ]
    results <- list(
        rows$mean[rows$method == "kith"],
        sprintf("%.4f (%s)", best$mean, best$method), best$margin,
        best$margin_se
    )
    names(results) <- paste0(
        name, c("_concordance", "_best_baseline", "_margin", "_margin_se")
    )
    print_results(results)
}
