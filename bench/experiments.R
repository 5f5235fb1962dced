# The paper's second and third experiments on the data at hand: genes with
# co-essential pairs, and drugs with co-response pairs.
#
#     KITH_DATA=... Rscript bench/experiments.R [options]
#
#     --parts=genes,drugs
#     --epochs=30 --draws=200   of each arm; bootstrap draws
#     --lib=DIR                 library that kith is loaded from
#
# genes: 64 cell lines of the Human Protein Atlas, log2(NX + 1), 50 principal
# components, of the 10,558 genes that have co-essential pairs (82,416, on
# different chromosomes, Wainberg 2021). The paper: expression of 1,112 lines
# and the 25,000 to 200,000 best products of DepMap's gene effects. Does
# learning against in-batch negatives fall below the cosine, as it did there?
#
# drugs: fingerprints (2,048 bits, radius 2) of the NCI-60 compounds with the
# 1 % of pairs whose activity over the 60 lines correlates most. The paper:
# 4,684 compounds of PRISM. Do shuffled partners reach the real ones there,
# too: is it degree that was learnt? (Its third set, expression signatures of
# drugs, cannot be joined to a response table here: they are named by DrugBank
# ids, and no table says which compound has which.)
#
# Network, rate and batches are those of the paper, with transformed keys; the
# arms differ in their negatives and in what the pairs are. Held out by gene,
# and transductive as in the paper.
#
# The last lines are `name: value`.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))

read_genes <- function() {
    x <- read_profiles(
        data_file("genes", "hpa_celllines64_nx.tsv.gz"),
        gene_id = "gene"
    )
    pairs <- read_pairs(
        data_file("genes", "coessential_comodule_otherchrom.csv.gz")
    )
    known <- pairs$from %in% rownames(x) & pairs$to %in% rownames(x)
    pairs <- pairs[known, ]
    x <- as_embedding(log2(x + 1), pca = 50)
    list(x = x[pair_degree(pairs)$gene, ], pairs = pairs)
}

read_drugs <- function() {
    bits <- utils::read.delim(
        data_file("drug", "drug_ecfp4_2048_own.tsv.gz"),
        colClasses = "character"
    )
    bits <- bits[bits$set == "nci60", ]
    on <- strsplit(bits$on_bits, " ")
    x <- matrix(0, nrow(bits), 2048, dimnames = list(bits$drug_id, NULL))
    x[cbind(rep(seq_along(on), lengths(on)), as.integer(unlist(on)) + 1L)] <- 1
    response <- utils::read.delim(
        data_file("drug", "nci60_response_long.tsv.gz")
    )
    response <- with(response, tapply(zscore, list(nsc, cell), mean))
    response <- response[rownames(response) %in% rownames(x), ]
    pairs <- co_response(response, n = round(0.01 * choose(nrow(response), 2)))
    list(x = x[rownames(response), ], pairs = pairs)
}

run_experiment <- function(name, data) {
    cat("\n", name, ": ", nrow(data$x), " rows, ", nrow(data$pairs),
        " pairs\n",
        sep = ""
    )
    print(diagnose(data$x, data$pairs))
    set.seed(1)
    found <- ablate(data$x, data$pairs,
        arms = c("full", "shuffled", "in_batch", "uniform", "multi_positive"),
        design = study_design(
            heldout = "gene", draws = as.integer(option("draws", "200"))
        ),
        objective = info_nce(keys = "transformed"), preset = "cal2026",
        control = train_control(
            epochs = as.integer(option("epochs", "30")), seed = 1L,
            verbose = FALSE
        )
    )
    print(found)
    shown <- found[found$subset == "all", ]
    values <- stats::setNames(
        as.list(shown$auc),
        paste(name, gsub("[^a-z]+", "_", shown$setting), shown$arm, "auc",
            sep = "_"
        )
    )
    values
}

main <- function() {
    kith_load(option("lib"))
    parts <- strsplit(option("parts", "genes,drugs"), ",")[[1L]]
    results <- list()
    for (part in parts) {
        data <- switch(part, genes = read_genes(), drugs = read_drugs())
        results <- c(results, run_experiment(part, data))
    }
    cat("\n")
    print_results(results)
}

main()
