# Public sets of drug response, as the benchmarks of learn_response() read them.
# Sourced after common.R. Each is a function that returns
#   response   long table drug, cell, value
#   direction  which values mean sensitive
#   drugs      fingerprints
#   cells      features, or a named list of them
#   text       words about drugs, by id
#   by         what is held out

read_drug <- function(name) {
    utils::read.delim(
        data_file("drug", paste0(name, ".tsv.gz")),
        check.names = FALSE, quote = "", comment.char = ""
    )
}

# circular fingerprints of a set, 2,048 bits
fingerprints <- function(set) {
    table <- read_drug("drug_ecfp4_2048_own")
    table <- table[table$set == set & !duplicated(table$drug_id), ]
    bits <- strsplit(table$on_bits, " ", fixed = TRUE)
    x <- matrix(0, nrow(table), 2048, dimnames = list(
        table$drug_id, paste0("bit", seq_len(2048L) - 1L)
    ))
    x[cbind(rep(seq_along(bits), lengths(bits)), as.integer(unlist(bits)) + 1L)
    ] <- 1
    x
}

cell_table <- function(name, id = "CCLE_Name") {
    table <- read_drug(name)
    names <- table[[id]]
    x <- as.matrix(table[vapply(table, is.numeric, NA)])
    rownames(x) <- names
    x[!is.na(names) & !duplicated(names), ]
}

ctrp <- function(cells, by, id = "CCLE_Name") {
    table <- read_drug("ctrp2_auc_long")
    drugs <- read_drug("ctrp2_drugs")
    response <- data.frame(
        drug = as.character(table$drug_id), cell = table[[id]],
        value = table$auc
    )
    list(
        response = response[!is.na(response$cell), ], direction = "low",
        drugs = fingerprints("ctrp2"), cells = cells,
        text = stats::setNames(
            paste(drugs$cpd_smiles, drugs$drug), drugs$drug_id
        ), by = by
    )
}

nci60 <- function(by) {
    table <- read_drug("nci60_response_long")
    drugs <- read_drug("nci60_drugs")
    expression <- read_drug("nci60_expr_xai")
    x <- t(as.matrix(expression[-1L]))
    colnames(x) <- expression$Gene
    x <- x[, !duplicated(colnames(x))]
    # a gene that one line lacks: the mean of the others
    centre <- colMeans(x, na.rm = TRUE)
    at <- which(is.na(x), arr.ind = TRUE)
    x[at] <- centre[at[, 2L]]
    list(
        response = data.frame(
            drug = as.character(table$nsc), cell = table$cell,
            value = table$neglog10_gi50
        ), direction = "high",
        drugs = fingerprints("nci60"), cells = x[, is.finite(centre)],
        text = stats::setNames(
            paste(drugs$smiles, drugs$name), drugs$nsc
        ), by = by
    )
}

sets <- list(
    nci60_drug = function() nci60("drug"),
    ctrp_rppa_cell = function() ctrp(cell_table("cell_rppa"), "cell"),
    ctrp_drug = function() ctrp(cell_table("cell_rppa"), "drug"),
    ctrp_pair = function() ctrp(cell_table("cell_rppa"), "pair"),
    ctrp_views_cell = function() {
        ctrp(list(
            rppa = cell_table("cell_rppa"),
            metabolites = cell_table("cell_metabolomics")
        ), "cell")
    },
    ctrp_metabolites_cell = function() {
        ctrp(cell_table("cell_metabolomics"), "cell")
    },
    ctrp_methylation_cell = function() {
        ctrp(cell_table("cell_methylation808", "DepMap_ID"), "cell",
            "DepMap_ID"
        )
    },
    ctrp_mutation_cell = function() {
        ctrp(cell_table("cell_mutation1667"), "cell")
    },
    ccle24_cell = function() {
        table <- read_drug("ccle24_response_long")
        drugs <- read_drug("ccle24_drugs")
        list(
            response = data.frame(
                drug = table$drug, cell = table$CCLE_Name,
                value = table$ActArea
            ), direction = "high",
            drugs = fingerprints("ccle24"),
            cells = cell_table("cell_rppa"),
            text = stats::setNames(
                paste(drugs$smiles, drugs$drug), drugs$drug
            ), by = "cell"
        )
    }
)
