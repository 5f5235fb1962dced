# The data of cal-study.R: files of the folder genes/ where KITH_DATA points.

data_file <- function(...) {
    folder <- Sys.getenv("KITH_DATA")
    if (!dir.exists(folder)) {
        stop("KITH_DATA must name the folder of the data, not: ", folder)
    }
    file.path(folder, "genes", ...)
}

# STRING pairs with the study's cosines and the scores of each channel
read_string_pairs <- function(min_score) {
    name <- paste0("string_pairs_", min_score, ".csv.gz")
    table <- utils::read.csv(data_file(name))
    table$from <- toupper(table$gene1)
    table$to <- toupper(table$gene2)
    table
}

# ---- what the study has published -------------------------------------------

read_reference <- function() {
    if (!requireNamespace("jsonlite", quietly = TRUE)) {
        stop("the reference needs: install.packages(\"jsonlite\")")
    }
    file <- function(name) data_file("geneticcal_reference", name)
    json <- function(name) {
        jsonlite::fromJSON(file(name), simplifyVector = TRUE)
    }
    scores <- utils::read.csv(file("degree_vs_improvement_pairs.csv.gz"))
    clusters <- utils::read.csv(file("replogle_06_validation_summary.csv"))
    members <- strsplit(clusters$genes, ";")
    targets <- utils::read.csv(data_file("k562_essential_targets.csv.gz"))
    list(
        pairs = list(
            "700" = read_string_pairs(700), "900" = read_string_pairs(900)
        ),
        scored = data.frame(
            from = toupper(scores$gene_a), to = toupper(scores$gene_b),
            cosine = scores$cosine, score = scores$assoc,
            degree = scores$mean_deg
        ),
        clusters = data.frame(
            cluster = rep(seq_along(members), lengths(members)),
            gene = unlist(members)
        ),
        genes = unique(toupper(targets$gene)),
        seeds = json("02_seed_variance.json")$stats,
        thresholds = json("replogle_05_threshold_results.json")
    )
}

# ---- matrices ---------------------------------------------------------------

# the sets to run, with the study's own matrix where it is at hand
set_names <- function() {
    names <- strsplit(option("sets", "hpa64,k562"), ",")[[1L]]
    if (nzchar(replogle_file())) c(names, "replogle") else names
}

# --replogle, or the file in the cache of kith_dataset(); "" without either
replogle_file <- function() {
    given <- option("replogle")
    if (nzchar(given)) {
        if (!file.exists(given)) stop("--replogle: there is no file ", given)
        return(given)
    }
    known <- as.data.frame(kith_dataset())
    known <- known[known$name == "replogle_k562_essential", ]
    cache <- getOption("kith.cache", tools::R_user_dir("kith", "cache"))
    cached <- file.path(cache, known$folder, known$file)
    if (file.exists(cached)) cached else ""
}

read_genes <- function(file) {
    table <- utils::read.delim(data_file(file))
    x <- as.matrix(table[, grep("^PC", names(table))])
    rownames(x) <- toupper(table$gene)
    as_embedding(x)
}

# The study's matrix. Several rows of a gene stay apart, as in the study, and
# pairs are those of the first; controls are left out.
read_replogle <- function(file) {
    x <- read_profiles(file, repeated = "keep")
    rownames(x) <- toupper(rownames(x))
    as_embedding(x, pca = min(50L, nrow(x) - 1L, ncol(x)))
}

read_set <- function(name) {
    set <- switch(name,
        hpa64 = list(
            x = read_genes("hpa64_k562essential_pca50.tsv.gz"),
            about = "expression of 64 cell lines (HPA)",
            kind = "another matrix"
        ),
        k562 = list(
            x = read_genes("k562_essential_pca10.tsv.gz"),
            about = paste(
                "10 components of half of the genes of the study's screen"
            ),
            kind = "another matrix"
        ),
        replogle = list(
            x = read_replogle(replogle_file()),
            about = paste(
                "the study's screen without its controls, another PCA and",
                "other random draws"
            ),
            kind = "same matrix"
        ),
        stop("there is no set ", name)
    )
    pairs <- read_string_pairs(700)
    genes <- rownames(set$x)
    pairs <- pairs[pairs$from %in% genes & pairs$to %in% genes, ]
    set$name <- name
    set$pairs <- pairs[c("from", "to", "combined_score", "experimental")]
    message(name, ": ", nrow(set$x), " genes, ", nrow(pairs), " pairs")
    set$about <- paste0(
        set$about, ", ", nrow(set$x), " genes x ", ncol(set$x)
    )
    set
}

# ends of the pairs with at least this score
pairs_from <- function(set, min_score, channel = "combined_score") {
    set$pairs[set$pairs[[channel]] >= min_score, c("from", "to")]
}

named_examples <- data.frame(
    from = c("C7ORF26", "SNAPC4", "SNAPC4", "SNAPC4", "HSPA5"),
    to = c("INTS1", "SNAPC1", "SNAPC2", "SNAPC3", "MANF")
)
