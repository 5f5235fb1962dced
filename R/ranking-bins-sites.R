# Start sites of genes, of the ranges or the table that a user has.

# Names of columns, as biomaRt and others spell them; case, blanks and signs do
# not count.
site_columns <- list(
    chromosome = c(
        "chrom", "chr", "chromosome", "seqnames", "seqname",
        "chromosome_name", "chromosome/scaffold name", "space"
    ),
    tss = c(
        "tss", "transcription_start_site", "transcription start site (tss)",
        "tss_position", "position", "pos"
    ),
    start = c(
        "start", "start_position", "gene start (bp)", "transcript start (bp)"
    ),
    end = c("end", "end_position", "gene end (bp)", "transcript end (bp)"),
    gene = c(
        "gene_id", "gene", "ensembl_gene_id", "gene stable id", "id", "symbol",
        "name"
    ),
    strand = "strand"
)

# a GRanges of width 1 with gene ids as names
start_sites <- function(regions, call = rlang::caller_env()) {
    if (is.data.frame(regions)) {
        regions <- site_table(regions, call)
    }
    if (!methods::is(regions, "GRanges")) {
        abort_input(c(
            "{.arg regions} must be a {.cls GRanges} or a data frame.",
            x = "It is {describe_value(regions)}."
        ), call = call)
    }
    ids <- names(regions) %||% S4Vectors::mcols(regions)$gene_id %||%
        S4Vectors::mcols(regions)$gene
    if (is.null(ids)) {
        abort_input(c(
            "{.arg regions} must have gene ids: names, or a column
            {.field gene_id}.",
            i = "Set them with {.code names(regions) <- ids}."
        ), call = call)
    }
    ids <- check_ids(as.character(ids), "regions", call)
    check_unique_ids(ids, "regions",
        advice = "Keep one start site for each gene, for instance by
        {.code regions[!duplicated(names(regions))]}.",
        call = call
    )
    if (length(regions) == 0L) {
        abort_input("{.arg regions} must have at least one gene.", call = call)
    }
    sites <- GenomicRanges::promoters(
        GenomicRanges::granges(regions),
        upstream = 0L, downstream = 1L
    )
    names(sites) <- ids
    unknown <- sum(as.vector(GenomicRanges::strand(sites) == "*"))
    if (unknown > 0L) {
        inform_kith(
            "{unknown} of {length(sites)} genes have no strand and are read as
            {.val +}.",
            class = "kith_message_strand"
        )
    }
    sites
}

# A GRanges of start sites, or of genes where the table has their start and end.
site_table <- function(regions, call) {
    found <- squeeze(names(regions))
    columns <- lapply(site_columns, function(spellings) {
        at <- match(squeeze(spellings), found)
        at <- at[!is.na(at)]
        if (length(at)) regions[[at[1L]]]
    })
    check_site_columns(columns, names(regions), call)
    strand <- if (is.null(columns$strand)) {
        rep("*", nrow(regions))
    } else {
        known_strands(columns$strand, call)
    }
    first <- columns$tss %||% columns$start
    last <- if (is.null(columns$tss)) columns$end else first
    check_positions(first, call)
    check_positions(last, call)
    if (any(last < first)) {
        row <- which(last < first)[1L]
        abort_input(c(
            "Genes in {.arg regions} must not end before they start.",
            x = "Row {row} goes from {first[row]} to {last[row]}."
        ), call = call)
    }
    genes <- GenomicRanges::GRanges(
        as.character(columns$chromosome), IRanges::IRanges(first, last), strand
    )
    names(genes) <- check_ids(columns$gene, "regions", call)
    genes
}

check_site_columns <- function(columns, found, call) {
    for (what in c("chromosome", "gene")) {
        if (is.null(columns[[what]])) {
            abort_input(c(
                "{.arg regions} must have a column for the {what}.",
                x = "It has {.val {found}}.",
                i = "Call it {.field {site_columns[[what]][1]}}."
            ), call = call)
        }
    }
    genes <- !is.null(columns$start) && !is.null(columns$end)
    if (is.null(columns$tss) && !genes) {
        abort_input(c(
            "{.arg regions} must have a column for the start site, or for start
            and end of the gene.",
            x = "It has {.val {found}}.",
            i = "Call it {.field tss}, or them {.field start} and {.field end}:
            the start site of a gene on the minus strand is its end."
        ), call = call)
    }
}

check_positions <- function(position, call) {
    good <- if (is.numeric(position)) {
        is.finite(position) & position >= 1 & position == round(position)
    } else {
        rep(FALSE, length(position))
    }
    if (!all(good)) {
        row <- which(!good)[1L]
        abort_input(c(
            "Positions in {.arg regions} must be whole numbers of at least 1.",
            x = "Row {row} has {.val {position[row]}}."
        ), call = call)
    }
}

# "+", "-" or "*"
known_strands <- function(strand, call) {
    known <- c(
        "+" = "+", "-" = "-", "1" = "+", "-1" = "-", "*" = "*", "." = "*"
    )
    strand <- as.character(strand)
    strand[is.na(strand) | !nzchar(strand)] <- "*"
    found <- unname(known[strand])
    if (anyNA(found)) {
        first <- which(is.na(found))[1L]
        abort_input(c(
            "Strands in {.arg regions} must be {.val +} or {.val -}, {.val 1} or
            {.val -1}, or {.val *} where unknown.",
            x = "Row {first} has {.val {strand[first]}}."
        ), call = call)
    }
    found
}
