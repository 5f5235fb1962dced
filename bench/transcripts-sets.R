# Public sets of RNA sequences with labels, as bench/transcripts.R reads them.
# Sourced after common.R. Each is a function that returns
#   x       encoded transcripts
#   y       labels, by id
#   groups  transcripts that folds keep together, by id
#   folds   those of a published split, NULL: drawn
#   k       lengths of words
#   floor   the baseline that others are held against
#   arms    baselines, NULL: those that there is data for
#   corpus  function: list(x, groups), what an encoder is trained on without
#           labels; NULL: x
#   corpus_name  sets of one corpus share an encoder

read_rna <- function(name) {
    utils::read.delim(
        data_file("rna", paste0(name, ".tsv.gz")),
        quote = "", na.strings = "NA", comment.char = ""
    )
}

# coding sequences from the first base to the last
coding <- function(ids, sequences) {
    whole <- nchar(sequences) %% 3L == 0L
    if (!all(whole)) {
        message(sum(!whole), " coding sequences of incomplete codons left out")
    }
    encode_transcripts(
        stats::setNames(sequences, ids)[whole],
        cds = data.frame(id = ids, cds_start = 1, cds_end = nchar(sequences))[
            whole,
        ],
        longest = Inf
    )
}

# a group for each id: HomoloGene's within a species, and identical sequences
# join groups. symbols: what HomoloGene knows genes by, in the order of ids
paralogs <- function(ids, symbols, sequences, taxid) {
    homology <- read_rna("homologene68")
    homology <- homology[homology$taxid == taxid, ]
    hid <- homology$hid[match(symbols, homology$symbol)]
    group <- ifelse(is.na(hid), paste("gene", ids), paste("hid", hid))
    # a group takes over those that it shares a sequence with, until none is
    repeat {
        merged <- ave(match(group, group), sequences, FUN = min)
        merged <- ave(merged, group, FUN = min)
        merged <- group[merged]
        if (identical(merged, group)) {
            return(stats::setNames(group, ids))
        }
        group <- merged
    }
}

# list(x, groups): all coding sequences of yeast
yeast <- function() {
    cds <- read_rna("yeast_cds")
    names <- read_rna("yeast_expression")
    symbol <- names$gene_name[match(cds$gene_id, names$gene_id)]
    symbol <- ifelse(is.na(symbol) | symbol == "", cds$gene_id, symbol)
    list(
        x = coding(cds$gene_id, cds$cds),
        groups = paralogs(cds$gene_id, symbol, cds$cds, 4932)
    )
}

yeast_set <- function(values, ...) {
    all <- yeast()
    values <- values[is.finite(values) & names(values) %in% names(all$x)]
    list(
        x = all$x[names(values)], y = values, groups = all$groups, k = 1:4,
        floor = "codons", corpus = function() all, corpus_name = "yeast", ...
    )
}

vertebrates <- function() {
    cds <- read_rna("vertebrate_cds_icodon")
    list(x = coding(cds$gene_id, cds$cds), groups = NULL)
}

# list(x, groups): transcripts of three human chromosomes by gene, and coding
# sequences of yeast with their paralogs, as letters alone
isoforms <- function() {
    chr1 <- read_rna("human_isoforms_chr1_6track")
    chr22 <- read_rna("human_refseq_chr22")
    chr21 <- read_rna("human_ensembl90_chr21")
    cds <- read_rna("yeast_cds")
    of_yeast <- yeast()$groups
    table <- data.frame(
        id = c(
            chr1$transcript_id, chr22$accession, chr21$transcript_id,
            cds$gene_id
        ),
        sequence = c(
            chr1$sequence, chr22$sequence, chr21$sequence, cds$cds
        ),
        group = c(
            chr1$gene_id, chr22$symbol, chr21$overlap_cluster,
            unname(of_yeast[cds$gene_id])
        )
    )
    table <- table[!duplicated(table$id), ]
    list(
        x = encode_transcripts(table[c("id", "sequence")], longest = 6144),
        groups = stats::setNames(table$group, table$id)
    )
}

# short sequences without ids; identical ones are a group
short_set <- function(sequences, y, split = NULL, groups = NULL, k = 1:4) {
    ids <- sprintf("s%05d", seq_along(sequences))
    there <- !is.na(y) & !is.na(sequences) & nzchar(sequences)
    groups <- groups %||% match(sequences, sequences)
    named <- function(values) {
        if (!is.null(values)) stats::setNames(values, ids)[there]
    }
    list(
        x = encode_transcripts(stats::setNames(sequences, ids)[there]),
        y = named(y), groups = named(groups), k = k, floor = "k-mers",
        # the validation part of a split is left out of both, as it is small
        folds = named(if (!is.null(split)) {
            ifelse(split == "test", 1L, NA_integer_)
        })
    )
}

`%||%` <- function(x, y) if (is.null(x)) y else x

sets <- list(
    yeast_halflife = function() {
        table <- read_rna("yeast_halflife")
        yeast_set(stats::setNames(log(table$half_life), table$gene_id))
    },
    yeast_expression = function() {
        table <- read_rna("yeast_expression")
        table <- table[table$fpkm > 0, ]
        yeast_set(stats::setNames(log(table$fpkm), table$gene_id))
    },
    human_halflife = function() {
        cds <- read_rna("vertebrate_cds_icodon")
        cds <- cds[cds$species == "human", ]
        known <- read_rna("halflife_human_saluki")
        cds <- cds[cds$gene_id %in% known$ensembl_gene_id, ]
        known <- known[match(cds$gene_id, known$ensembl_gene_id), ]
        x <- coding(cds$gene_id, cds$cds)
        y <- stats::setNames(known$halflife_pc1, cds$gene_id)
        list(
            x = x, y = y[names(x)],
            groups = paralogs(cds$gene_id, known$symbol, cds$cds, 9606),
            k = 1:4, floor = "codons", corpus = vertebrates
        )
    },
    mrl = function() {
        table <- read_rna("mrl_human5utr_snv")
        short_set(table$utr5_50nt, table$mrl,
            groups = table$mother_group, k = 1:3
        )
    },
    te = function() {
        table <- read_rna("hek_te_5utr")
        short_set(table$utr5, table$log_te, table$split, k = 1:5)
    },
    utr3 = function() {
        table <- read_rna("utr3_mpra_halflife")
        short_set(table$utr3_segment, table$halflife_h, table$split, k = 1:5)
    },
    # the ten commonest functions; a gene may have several
    go_function = function() {
        table <- read_rna("yeast_go_slim")
        root <- c("molecular_function", "other", "not_yet_annotated")
        table <- table[table$aspect == "F" & !table$go_slim_term %in% root, ]
        counts <- sort(table(table$go_slim_term), decreasing = TRUE)
        terms <- names(counts)[1:10]
        all <- yeast()
        ids <- intersect(names(all$x), table$gene_id)
        y <- vapply(terms, function(term) {
            ids %in% table$gene_id[table$go_slim_term == term]
        }, logical(length(ids)))
        rownames(y) <- ids
        list(
            x = all$x[ids], y = y, groups = all$groups, k = 1:4,
            floor = "codons", corpus = function() all, corpus_name = "yeast",
            # ten logistic heads on words take minutes a fold
            arms = c("codons", "length")
        )
    }
)
