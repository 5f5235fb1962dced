# What the ranking benchmarks share: where finished arms are kept, how arms are
# trained, and the public sets of marks and expression. Each set is a function
# that returns list(x, y, position: of the start sites, where they are known).

kith_load(option("lib"))
folder <- option("folder", "ranking-arms")
dir.create(folder, showWarnings = FALSE)
control <- train_control(seed = 20260901, threads = 1, verbose = FALSE)
workers <- BiocParallel::MulticoreParam(as.integer(option("workers", "1")))

read_table <- function(file) {
    utils::read.csv(gzfile(data_file("histone", file)))
}

# genes whose strand is minus are turned, so that bins run along the gene
along_gene <- function(bins, strand) {
    turned <- strand %in% "-"
    bins[turned, ] <- bins[turned, rev(seq_len(ncol(bins)))]
    bins
}

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
