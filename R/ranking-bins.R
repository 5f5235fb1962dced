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
    # by the very name, or by what names of one chromosome have in common
    at <- match(bins$chromosome, known)
    other <- is.na(at)
    at[other] <- match(
        plain_chromosome(bins$chromosome[other]), plain_chromosome(known)
    )
    lengths <- coverage$lengths[at]
    lengths <- if (coverage$open) {
        pmax(lengths, bins$length, na.rm = TRUE)
    } else {
        ifelse(is.na(lengths), bins$length, lengths)
    }
    check_chromosomes(bins, known, at, mark, call)
    check_genome_build(bins, lengths, coverage$open, mark, call)
    lengths[is.na(lengths)] <- .Machine$integer.max
    result <- matrix(0, length(bins$first), bins$n_bins)
    cut <- 0L
    for (chromosome in unique(at[!is.na(at)])) {
        genes <- which(at == chromosome)
        track <- coverage$values[[chromosome]]
        starts <- outer(
            bins$first[genes], (seq_len(bins$n_bins) - 1L) * bins$bin_width,
            `+`
        )
        first_base <- pmax(starts, 1)
        last_base <- pmin(starts + bins$bin_width - 1, lengths[genes])
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

# known: chromosomes of the signal; at: the one of each gene
check_chromosomes <- function(bins, known, at, mark, call) {
    wanted <- unique(bins$chromosome)
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
}

# lengths: of the chromosome of each gene in the signal; where it is open, at
# least as many bases as the regions say
check_genome_build <- function(bins, lengths, open, mark, call) {
    advice <- "They are probably of another genome build: take start sites of
        the build that the signal was mapped to, or move them with
        {.fn rtracklayer::liftOver}."
    other <- which(bins$length != lengths)
    if (length(other)) {
        gene <- other[1L]
        abort_input(c(
            "{.arg regions} and the signal of {.val {mark}} must be of one
            genome.",
            x = "{bins$chromosome[gene]} has {bins$length[gene]} bases in
            {.arg regions}, {lengths[gene]} in the signal.", i = advice
        ), call = call)
    }
    beyond <- which(bins$position > lengths)
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
