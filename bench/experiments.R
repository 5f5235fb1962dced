# The paper's second and third experiments on the data at hand: genes with
# co-essential pairs, and drugs with co-response pairs.
#
#     KITH_DATA=... Rscript bench/experiments.R [options]
#
#     --parts=genes,drugs,signatures
#     --epochs=30 --draws=200   of each arm; bootstrap draws
#     --tables=DIR              where results are written as CSV
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
# too: is it degree that was learnt?
#
# signatures: L1000 signatures (978 landmark genes, z scores) of the compounds
# of CTRPv2 that have one, with the tenth of their pairs whose responses over
# the 887 lines correlate most. The paper: 2,094 drugs of PRISM. Signatures are
# named by DrugBank ids; which compound has which says the table of the CRAN
# package DrugSim2DR, which this part needs.
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
    join_response(x, response, share = 0.01)
}

read_signatures <- function() {
    z <- utils::read.delim(
        data_file("genes", "l1000_landmark978_x_drugbank1170_z.tsv.gz"),
        row.names = "gene", check.names = FALSE
    )
    x <- t(as.matrix(z[names(z) != "entrez"]))
    drugs <- utils::read.delim(
        data_file("drug", "ctrp2_drugs.tsv.gz"),
        quote = ""
    )
    response <- utils::read.delim(data_file("drug", "ctrp2_auc_long.tsv.gz"))
    response <- with(response, tapply(auc, list(drug, cell), mean))
    of_drug <- drugbank_ids(drugs$drug, drugs$cid)
    of_drug <- of_drug[of_drug %in% rownames(x)]
    x <- x[of_drug, ]
    rownames(x) <- names(of_drug)
    join_response(x, response, share = 0.1)
}

# DrugBank ids by the names of drugs, found by PubChem compound or by name
drugbank_ids <- function(drug, cid) {
    loaded <- new.env()
    utils::data("myenv", package = "DrugSim2DR", envir = loaded)
    compounds <- loaded$myenv$Drugbankid_CID
    names <- loaded$myenv$drugname
    plain <- function(name) {
        ascii <- iconv(name, "latin1", "ASCII", sub = "")
        gsub("[^a-z0-9]", "", tolower(ascii))
    }
    by_cid <- compounds$drug_id[match(cid, compounds$PubChem_Compound)]
    by_name <- names$primary_key[match(plain(drug), plain(names$Drug.name))]
    ids <- ifelse(is.na(by_cid), by_name, by_cid)
    names(ids) <- drug
    ids[!is.na(ids)]
}

# the drugs of x with responses, and that share of their pairs that agree most
join_response <- function(x, response, share) {
    response <- response[rownames(response) %in% rownames(x), ]
    n <- round(share * choose(nrow(response), 2))
    list(x = x[rownames(response), ], pairs = co_response(response, n = n))
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
    write_table(found, paste0("experiment-", name))
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
    parts <- strsplit(option("parts", "genes,drugs,signatures"), ",")[[1L]]
    # before the other parts take their hour
    if ("signatures" %in% parts &&
        !requireNamespace("DrugSim2DR", quietly = TRUE)) {
        stop("the part signatures needs DrugBank ids from CRAN: ",
            "install.packages(\"DrugSim2DR\")",
            call. = FALSE
        )
    }
    results <- list()
    for (part in parts) {
        data <- switch(part,
            genes = read_genes(),
            drugs = read_drugs(),
            signatures = read_signatures()
        )
        results <- c(results, run_experiment(part, data))
    }
    cat("\n")
    print_results(results)
}

main()
