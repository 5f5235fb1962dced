# Which gene is expressed more: kith against forests, boosted trees, ridge and
# GAM on five public sets, ten random 80/20 splits of the genes, everything
# tuned within the training genes, all arms on the same splits.
#
#   KITH_DATA=DIR Rscript bench/ranking.R [SET ...] [--folder=DIR] [--splits=N]
#       [--extra] [--tables=DIR]
#
# Finished arms are kept in the folder (./ranking-arms), so that a stopped
# benchmark goes on. --extra: scorers alone and others that were tried, too.
# --tables: writes the tables that the vignette shows.

library(kith)

arguments <- commandArgs(TRUE)
option_of <- function(name, default) {
    at <- grep(paste0("^--", name, "="), arguments, value = TRUE)
    if (length(at)) sub("^[^=]*=", "", at[1L]) else default
}
data_folder <- file.path(Sys.getenv("KITH_DATA"), "histone")
if (!dir.exists(data_folder)) {
    stop("set KITH_DATA to a folder with histone/ in it")
}
folder <- option_of("folder", "ranking-arms")
dir.create(folder, showWarnings = FALSE)
n_splits <- as.integer(option_of("splits", "10"))

read_table <- function(file) {
    utils::read.csv(gzfile(file.path(data_folder, file)))
}

# genes whose strand is minus are turned, so that bins run along the gene
along_gene <- function(bins, strand) {
    turned <- strand %in% "-"
    bins[turned, ] <- bins[turned, rev(seq_len(ncol(bins)))]
    bins
}

# ---- the sets: list(x, y, position) ------------------------------------------

chr11 <- function(cell) {
    rows <- read_table("chr11_chromhmm_9tracks_gm12878_k562.csv.gz")
    rows <- rows[tolower(rows$cell) == cell, ]
    tracks <- names(rows)[9:17]
    marks <- lapply(stats::setNames(tracks, tracks), function(track) {
        bins <- do.call(rbind, strsplit(substring(rows[[track]], 2), ""))
        storage.mode(bins) <- "double"
        rownames(bins) <- rows$gene_id
        along_gene(bins, rows$strand)
    })
    list(x = marks, y = rows$rpkm, position = rows$tss_hg19)
}

# Methylation has a bin for every ten; where no CpG was measured the gene's mean
# stands in, or that of all.
chr21 <- function() {
    rows <- read_table("chr21_lung_h3k4me3_meth_720genes.csv.gz")
    named <- function(bins) {
        bins <- as.matrix(bins)
        rownames(bins) <- rows$gene_id
        along_gene(bins, rows$strand)
    }
    meth <- as.matrix(rows[grep("^meth_b", names(rows))])
    means <- rowMeans(meth, na.rm = TRUE)
    means[is.nan(means)] <- mean(meth, na.rm = TRUE)
    gaps <- which(is.na(meth), arr.ind = TRUE)
    meth[gaps] <- means[gaps[, 1L]]
    list(
        x = list(
            H3K4me3 = named(rows[grep("^H3K4me3_b", names(rows))]),
            methylation = named(meth)[, rep(seq_len(10), each = 10)]
        ),
        y = rows$rpkm, position = rows$tss
    )
}

two_marks <- function(file, marks, expression, genes) {
    rows <- read_table(file)
    x <- as.matrix(rows[marks])
    rownames(x) <- if (is.null(genes)) {
        sprintf("gene%05d", seq_len(nrow(x)))
    } else {
        rows[[genes]]
    }
    list(x = x, y = rows[[expression]])
}

sets <- list(
    gm12878 = function() chr11("gm12878"),
    k562 = function() chr11("k562"),
    chr21 = chr21,
    compgenomr = function() {
        two_marks(
            "compgenomr_2marks_13731genes.csv.gz", c("H3K4me3", "H3K27me3"),
            "log2_expression", NULL
        )
    },
    egrandis = function() {
        two_marks(
            "egrandis_2marks_35711genes.csv.gz",
            c("H3K4me3_bin25", "H3K27me3_bin21"), "fpkm", "gene_id"
        )
    }
)

# ---- arms --------------------------------------------------------------------

network <- function(...) {
    encoder_mlp(...,
        blend = FALSE, normalize = FALSE, n_out = 1
    )
}

arms_of <- function(set) {
    arms <- list(kith = NULL)
    if ("--extra" %in% arguments) {
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

chosen <- arguments[!startsWith(arguments, "--")]
if (!length(chosen)) chosen <- names(sets)
control <- train_control(seed = 20260901, verbose = FALSE)
tables <- list()
for (name in chosen) {
    set <- sets[[name]]()
    kinds <- list(gene = NULL)
    if (!is.null(set$position)) kinds$block <- blocks_of(set$position)
    for (by in names(kinds)) {
        result <- benchmark_ranking(set$x, set$y,
            arms = arms_of(name), splits = n_splits, groups = kinds[[by]],
            control = control, folder = folder
        )
        table <- cbind(set = name, by = by, summary(result))
        tables[[paste(name, by)]] <- table
        cat("\n", name, ", split by ", by, "\n", sep = "")
        shown <- table
        shown$seconds <- tapply(result$seconds, result$method, median)[
            table$method
        ]
        print(shown[order(-shown$mean), -(1:2)], row.names = FALSE, digits = 4)
    }
}
tables <- do.call(rbind, unname(tables))
tables_folder <- option_of("tables", NULL)
if (!is.null(tables_folder)) {
    utils::write.csv(tables, file.path(tables_folder, "ranking.csv"),
        row.names = FALSE
    )
}

baselines <- c(
    "best mark", "ridge", "forest", "forest, smoothed bins", "boosted trees",
    "GAM"
)
cat("\n")
for (name in chosen) {
    rows <- tables[tables$set == name & tables$by == "gene", ]
    best <- rows[rows$method %in% baselines, ]
    best <- best[which.max(best$mean), ]
    prefix <- paste0(name, "_")
    cat(
        sprintf("%sconcordance: %.4f\n", prefix,
            rows$mean[rows$method == "kith"]
        ),
        sprintf("%sbest_baseline: %.4f (%s)\n", prefix, best$mean,
            best$method
        ),
        sprintf("%smargin: %.4f\n", prefix, best$margin),
        sprintf("%smargin_se: %.4f\n", prefix, best$margin_se),
        sep = ""
    )
}
