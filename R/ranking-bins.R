#' Signal of marks in bins around transcription start sites
#'
#' Makes of tracks or peak files what [learn_ranking()] takes: for each gene and
#' mark the mean signal in equal bins of a window around the start site. The
#' mean is over base pairs, weighted by overlap, with 0 where there is no
#' signal. So a peak that lies within one bin counts by its share of the bin.
#'
#' Files are read by rtracklayer (bigWig, bedGraph, BED, narrowPeak, broadPeak,
#' gappedPeak, each also as `.gz` but for bigWig) and GenomicAlignments (BAM:
#' the number of reads that cover a base; secondary alignments, duplicates and
#' reads that failed quality checks are left out). Of peaks the signal is their
#' `signalValue` where there is one, else their score, else 1; where several
#' cover a base the largest counts. A gappedPeak counts from its start to its
#' end. Peaks in files named `.bed`, as ENCODE names them, are known by the
#' number of their fields; a message tells.
#'
#' The bins of a gene on the minus strand are turned, so that bins run along
#' transcription: the first bins lie upstream. The site itself is the first base
#' downstream. Base pairs beyond the end of a chromosome are left out of the
#' mean.
#'
#' Names of chromosomes may be written with or without "chr", and mitochondria
#' "M" or "MT": a message says where they differ.
#'
#' @param regions Start sites or genes, with ids: a `GRanges` (of genes the
#'   start site is their 5' end) with names or a column `gene_id`, or a data
#'   frame with columns for chromosome, start site and gene (`chrom`, `tss`,
#'   `gene_id` or as biomaRt and others write them) and, if known, `strand`. In
#'   place of `tss` it may have `start` and `end` of the genes, both counted
#'   from 1 and included.
#' @param signal A named list or character vector, an item for each mark: the
#'   path of a file, a `GRanges` with a score, or an `RleList` of coverage.
#' @param width Length of the window in base pairs; the site lies in its middle.
#' @param n_bins Bins of the window, a divisor of `width`. The default, 100 bins
#'   of 100 base pairs, is that of DeepChrome and of the paper.
#' @param flip Turn genes on the minus strand?
#'
#' @return A `RangedSummarizedExperiment` with genes in rows (`rowRanges`: the
#'   start sites), bins in columns (`start` and `end` of each, relative to the
#'   site) and an assay for each mark.
#' @section Errors: Of class `kith_error_input`: ids that are missing or come
#'   twice, a file that cannot be read as what its name says, scores that are
#'   missing, no common chromosome, start sites beyond the end of their
#'   chromosome (another genome build), marks that are 0 everywhere. Of class
#'   `kith_error_package`: a package is needed that is not there.
#' @family ranking functions
#' @examplesIf requireNamespace("GenomicRanges", quietly = TRUE)
#' genes <- data.frame(
#'     chrom = "chr1", tss = c(3000, 8000), strand = c("+", "-"),
#'     gene_id = c("A", "B")
#' )
#' peaks <- GenomicRanges::GRanges(
#'     "chr1", IRanges::IRanges(c(2900, 8100), width = 400),
#'     score = c(5, 2)
#' )
#' bins <- bin_signal(genes, list(H3K4me3 = peaks), width = 2000, n_bins = 4)
#' SummarizedExperiment::assay(bins, "H3K4me3")
#' @export
bin_signal <- function(regions, signal, width = 10000, n_bins = 100,
                       flip = TRUE) {
    need_package("GenomicRanges", "Binning signal")
    width <- check_count(width, min = 2)
    n_bins <- check_count(n_bins)
    check_flag(flip)
    if (width %% n_bins != 0L || width %% 2L != 0L) {
        abort_input(c(
            "{.arg n_bins} must divide {.arg width}, which must be even.",
            x = "{.arg width} is {width}, {.arg n_bins} {n_bins}.",
            i = "For instance {.code width = 10000, n_bins = 100}."
        ))
    }
    sites <- start_sites(regions)
    check_marks(signal)
    bins <- site_bins(sites, width, n_bins)
    assays <- lapply(names(signal), function(mark) {
        coverage <- mark_coverage(signal[[mark]], mark)
        mean_in_bins(bins, coverage, mark)
    })
    names(assays) <- names(signal)
    report_empty_marks(assays)
    if (flip) {
        minus <- as.vector(GenomicRanges::strand(sites) == "-")
        assays <- lapply(assays, function(values) {
            values[minus, ] <- values[minus, rev(seq_len(n_bins))]
            values
        })
    }
    bin_width <- width %/% n_bins
    start <- (seq_len(n_bins) - 1L) * bin_width - width %/% 2L
    SummarizedExperiment::SummarizedExperiment(
        assays = lapply(assays, function(values) {
            dimnames(values) <- list(names(sites), paste0("bp", start))
            values
        }),
        rowRanges = sites,
        colData = S4Vectors::DataFrame(
            start = start, end = start + bin_width - 1L,
            row.names = paste0("bp", start)
        ),
        metadata = list(width = width, n_bins = n_bins, flip = flip)
    )
}

check_marks <- function(signal, call = rlang::caller_env()) {
    named <- length(signal) > 0L && !is.null(names(signal)) &&
        all(nzchar(names(signal))) && !anyDuplicated(names(signal))
    if (!(is.list(signal) || is.character(signal)) || !named) {
        abort_input(c(
            "{.arg signal} must have an item for each mark, with its name.",
            x = "It is {describe_value(signal)}.",
            i = "For instance {.code c(H3K4me3 = \"h3k4me3.bigWig\")}."
        ), call = call)
    }
}

# ---- start sites ------------------------------------------------------------

# The spellings of columns that sources use, in lower case and with one "_" for
# all between words: "Gene start (bp)" is gene_start_bp.
site_columns <- list(
    chromosome = c(
        "chrom", "chr", "chromosome", "seqnames", "seqname",
        "chromosome_name", "chromosome_scaffold_name", "space"
    ),
    tss = c(
        "tss", "transcription_start_site", "transcription_start_site_tss",
        "tss_position", "position", "pos"
    ),
    start = c(
        "start", "start_position", "gene_start_bp", "transcript_start_bp"
    ),
    end = c("end", "end_position", "gene_end_bp", "transcript_end_bp"),
    gene = c(
        "gene_id", "gene", "ensembl_gene_id", "gene_stable_id", "id", "symbol",
        "name"
    ),
    strand = "strand"
)

plain_column <- function(names) {
    gsub("^_|_$", "", gsub("[^a-z0-9]+", "_", tolower(names)))
}

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
    columns <- lapply(site_columns, function(spellings) {
        at <- match(spellings, plain_column(names(regions)))
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

# The bins of all genes by their position on the chromosome: list(chromosome,
# length: of it, NA where unknown; first: start of the first bin of each gene,
# position: of the site, n_bins, bin_width).
site_bins <- function(sites, width, n_bins) {
    position <- GenomicRanges::start(sites)
    minus <- as.vector(GenomicRanges::strand(sites) == "-")
    chromosome <- as.character(GenomicRanges::seqnames(sites))
    list(
        chromosome = chromosome,
        length = unname(GenomeInfoDb::seqlengths(sites)[chromosome]),
        # the site is the first base downstream, on either strand
        first = position - width %/% 2L + minus,
        position = position, n_bins = n_bins, bin_width = width %/% n_bins
    )
}

# ---- means ------------------------------------------------------------------

# "chr1" and "1", "chrM" and "MT" are one
plain_chromosome <- function(names) {
    plain <- sub("^chr", "", names, ignore.case = TRUE)
    ifelse(toupper(plain) %in% c("M", "MT"), "MT", plain)
}

# genes x bins; coverage as mark_coverage() returns it
mean_in_bins <- function(bins, coverage, mark, call = rlang::caller_env()) {
    known <- names(coverage$values)
    at <- match(plain_chromosome(bins$chromosome), plain_chromosome(known))
    check_chromosomes(bins, coverage, at, mark, call)
    result <- matrix(0, length(bins$first), bins$n_bins)
    cut <- 0L
    for (chromosome in unique(at[!is.na(at)])) {
        genes <- which(at == chromosome)
        track <- coverage$values[[chromosome]]
        starts <- outer(
            bins$first[genes], (seq_len(bins$n_bins) - 1L) * bins$bin_width,
            `+`
        )
        last <- last_bases(bins, coverage, genes, chromosome)
        first_base <- pmax(starts, 1)
        last_base <- pmin(starts + bins$bin_width - 1, last)
        inside <- pmax(last_base - first_base + 1, 0)
        cut <- cut + sum(rowSums(inside) < bins$n_bins * bins$bin_width)
        # beyond the last signal there is none
        sums <- range_sums(track, first_base, last_base)
        result[genes, ] <- ifelse(inside > 0, sums / pmax(inside, 1), 0)
    }
    if (cut > 0L) {
        inform_kith(
            "{.val {mark}}: the windows of {cut} gene{?s} run over the end of
            their chromosome; means are over the part inside.",
            class = "kith_message_bins"
        )
    }
    result
}

# of a chromosome, for each of its genes
last_bases <- function(bins, coverage, genes, chromosome) {
    last <- rep(coverage$lengths[chromosome], length(genes))
    if (coverage$open) {
        last <- pmax(last, bins$length[genes], na.rm = TRUE)
    }
    last[is.na(last)] <- .Machine$integer.max
    last
}

# sums of an Rle over ranges that may lie behind its end
range_sums <- function(track, first, last) {
    ends <- cumsum(as.numeric(S4Vectors::runLength(track)))
    values <- as.numeric(S4Vectors::runValue(track))
    if (length(ends) == 0L) {
        return(array(0, dim(first)))
    }
    # sum of all bases up to a position, by interpolation in the running sum
    running <- c(0, cumsum(values * diff(c(0, ends))))
    up_to <- function(position) {
        position <- pmin(pmax(position, 0), ends[length(ends)])
        run <- findInterval(position, c(0, ends), rightmost.closed = TRUE)
        running[run] + (position - c(0, ends)[run]) * values[run]
    }
    sums <- up_to(as.vector(last)) - up_to(as.vector(first) - 1)
    sums[as.vector(last) < as.vector(first)] <- 0
    array(sums, dim(first))
}

check_chromosomes <- function(bins, coverage, at, mark, call) {
    wanted <- unique(bins$chromosome)
    known <- names(coverage$values)
    if (all(is.na(at))) {
        if (length(known) == 0L) {
            return(invisible())
        }
        abort_input(c(
            "{.arg regions} and the signal of {.val {mark}} must have
            chromosomes in common.",
            x = "{.arg regions}: {.val {utils::head(wanted, 3)}}; signal:
            {.val {utils::head(known, 3)}}.",
            i = "Are they of the same species?
            {.fn GenomeInfoDb::seqlevelsStyle} translates names."
        ), call = call)
    }
    same <- bins$chromosome == known[at]
    if (any(!same, na.rm = TRUE)) {
        first <- which(!same)[1L]
        inform_kith(
            "{.val {mark}}: chromosomes are matched by name without
            {.val chr}: {.val {bins$chromosome[first]}} with
            {.val {known[at[first]]}}.",
            class = "kith_message_chromosomes"
        )
    }
    if (anyNA(at)) {
        lost <- unique(bins$chromosome[is.na(at)])
        inform_kith(c("!" = "{.val {mark}}: no signal on {length(lost)}
            chromosome{?s} ({.val {utils::head(lost, 3)}}): its
            {sum(is.na(at))} gene{?s} get 0."
        ), class = "kith_message_chromosomes")
    }
    check_genome_build(bins, coverage$lengths[at], coverage$open, mark, call)
}

# lengths: of the chromosome of each gene in the signal
check_genome_build <- function(bins, lengths, open, mark, call) {
    advice <- "They are probably of another genome build: take start sites of
        the build that the signal was mapped to, or move them with
        {.fn rtracklayer::liftOver}."
    other <- which(bins$length != lengths & !(open & bins$length > lengths))
    if (length(other)) {
        gene <- other[1L]
        abort_input(c(
            "{.arg regions} and the signal of {.val {mark}} must be of one
            genome.",
            x = "{bins$chromosome[gene]} has {bins$length[gene]} bases in
            {.arg regions}, {lengths[gene]} in the signal.", i = advice
        ), call = call)
    }
    # an open signal may go on as far as the regions say
    beyond <- which(bins$position > if (open) {
        pmax(lengths, bins$length, na.rm = TRUE)
    } else {
        lengths
    })
    if (length(beyond)) {
        gene <- beyond[1L]
        abort_input(c(
            "Start sites in {.arg regions} must lie on the chromosomes of the
            signal.",
            x = "{length(beyond)} lie{?s/} beyond the end in {.val {mark}}: the
            first at {bins$chromosome[gene]}:{bins$position[gene]}, which has
            {lengths[gene]} bases.",
            i = advice,
            i = if (open) {
                "If the signal only ends there: give {.fn coverage} the
                {.arg width} of the chromosomes."
            }
        ), call = call)
    }
}

report_empty_marks <- function(assays, call = rlang::caller_env(2)) {
    empty <- vapply(assays, function(values) all(values == 0), NA)
    if (all(empty)) {
        abort_input(c(
            "{.arg signal} is 0 in all windows of {.arg regions}.",
            x = "No mark has signal there: {.val {names(assays)}}.",
            i = "Are both of one genome build, and the files not empty?"
        ), call = call)
    }
    if (any(empty)) {
        inform_kith(c("!" = "{.val {names(assays)[empty]}} {?is/are} 0 in all
            windows."
        ), class = "kith_message_bins")
    }
}
