# Transcripts of ranges: exons and coding sequences on chromosomes.

#' @rdname encode_transcripts
#' @export
encode_transcripts.TxDb <- function(x, cds = NULL, exons = NULL, ...,
                                    genome = NULL, find_orfs = FALSE,
                                    longest = 12288) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    need_package("GenomicFeatures", "Reading a TxDb", call)
    check_no_exons(exons, call)
    if (is.null(cds)) {
        cds <- GenomicFeatures::cdsBy(x, "tx", use.names = TRUE)
    }
    encode_ranges(
        GenomicFeatures::exonsBy(x, "tx", use.names = TRUE), cds, genome,
        find_orfs, longest, call
    )
}

#' @rdname encode_transcripts
#' @export
encode_transcripts.GRangesList <- function(x, cds = NULL, exons = NULL, ...,
                                           genome = NULL, find_orfs = FALSE,
                                           longest = 12288) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    check_no_exons(exons, call)
    encode_ranges(x, cds, genome, find_orfs, longest, call)
}

check_no_exons <- function(exons, call) {
    if (!is.null(exons)) {
        abort_input(c(
            "{.arg exons} must not be given where {.arg x} has ranges.",
            x = "It is {describe_value(exons)}.",
            i = "Exons are those of {.arg x}: leave {.arg exons} away."
        ), call = call)
    }
}

encode_ranges <- function(x, cds, genome, find_orfs, longest, call) {
    need_package("GenomicRanges", "Reading exons of ranges", call)
    need_package("Biostrings", "Reading sequences of ranges", call)
    check_exon_ranges(x, call)
    x <- order_exons(on_one_strand(x, call))
    check_genome(genome, x, call)
    sequences <- stats::setNames(exon_sequences(x, genome, call), names(x))
    cds <- map_cds(cds, x, call)
    exons <- as.list(GenomicRanges::width(x))
    pack_transcripts(sequences, cds, exons, find_orfs, longest, call)
}

check_exon_ranges <- function(x, call) {
    if (length(x) == 0L || is.null(names(x))) {
        abort_input(c(
            "{.arg x} must have the exons of at least one transcript, with ids
            as names.",
            x = "It has {length(x)} item{?s}{if (is.null(names(x))) ' without
            names'}.",
            i = "{.code GenomicFeatures::exonsBy(txdb, \"tx\", use.names =
            TRUE)} gives such ranges."
        ), call = call)
    }
    check_named_once(names(x), "names(x)", "x", call)
    empty <- which(lengths(x) == 0L)
    if (length(empty) > 0L) {
        abort_input(c(
            "Every transcript in {.arg x} must have exons.",
            x = "{.val {names(x)[empty[1L]]}} has none, the first of
            {length(empty)}.",
            i = "Leave them out with {.code x[lengths(x) > 0]}."
        ), call = call)
    }
    strand <- as.character(GenomicRanges::strand(unlist(x, use.names = FALSE)))
    if (any(strand == "*")) {
        first <- names(x)[transcript_of(x)[which(strand == "*")[1L]]]
        abort_input(c(
            "Exons in {.arg x} must be on the strand {.val +} or {.val -}.",
            x = "{.val {first}} has one on {.val *}.",
            i = "Leave such transcripts out with
            {.code x[all(strand(x) != \"*\")]}."
        ), call = call)
    }
}

# the number of the transcript of each exon
transcript_of <- function(x) rep(seq_along(x), lengths(x))

# without transcripts of several chromosomes or strands (trans-splicing)
on_one_strand <- function(x, call) {
    flat <- unlist(x, use.names = FALSE)
    place <- paste(GenomicRanges::seqnames(flat), GenomicRanges::strand(flat))
    of <- transcript_of(x)
    first <- place[!duplicated(of)]
    several <- unique(of[place != first[of]])
    if (length(several) == 0L) {
        return(x)
    }
    if (length(several) == length(x)) {
        abort_input(c(
            "The exons of a transcript must be on one chromosome and strand.",
            x = "Those of {.val {names(x)[several[1L]]}} are not, nor those of
            any other.",
            i = "Is {.arg x} split by transcript? {.code split(exons,
            exons$transcript_id)} does it."
        ), call = call)
    }
    inform_kith(
        "{length(several)} of {length(x)} transcripts
        {cli::qty(length(several))}{?is/are} left out as
        their exons are on several chromosomes or strands, the first is
        {.val {names(x)[several[1L]]}}.",
        class = "kith_message_transcripts"
    )
    x[-several]
}

# exons in the order of transcription
order_exons <- function(x) {
    flat <- unlist(x, use.names = FALSE)
    rank <- S4Vectors::mcols(flat)$exon_rank
    if (is.null(rank) || anyNA(rank)) {
        minus <- as.vector(GenomicRanges::strand(flat) == "-")
        start <- GenomicRanges::start(flat)
        rank <- ifelse(minus, -start, start)
    }
    S4Vectors::mcols(flat) <- NULL
    flat <- flat[order(transcript_of(x), rank)]
    ordered <- S4Vectors::split(flat, transcript_of(x))
    names(ordered) <- names(x)
    ordered
}

# ---- sequences --------------------------------------------------------------

check_genome <- function(genome, x, call) {
    classes <- c("BSgenome", "FaFile", "TwoBitFile", "DNAStringSet")
    if (!any(vapply(classes, methods::is, NA, object = genome))) {
        abort_input(c(
            "{.arg genome} must be a {.cls BSgenome}, a {.cls FaFile} or a
            {.cls DNAStringSet} with the chromosomes of {.arg x}.",
            x = "It is {describe_value(genome)}.",
            i = "For instance
            {.code genome = Rsamtools::FaFile(\"genome.fa\")}."
        ), call = call)
    }
    known <- if (methods::is(genome, "DNAStringSet")) {
        names(genome)
    } else {
        GenomeInfoDb::seqnames(GenomeInfoDb::seqinfo(genome))
    }
    chromosome <- as.character(
        GenomicRanges::seqnames(unlist(x, use.names = FALSE))
    )
    lacking <- setdiff(chromosome, known)
    if (length(lacking) > 0L) {
        abort_input(c(
            "{.arg genome} must have all chromosomes of {.arg x}.",
            x = "It lacks {.val {lacking[1L]}}, the first of {length(lacking)};
            it has {.val {utils::head(known, 3L)}}.",
            i = "{.fn GenomeInfoDb::seqlevelsStyle} translates names;
            {.code GenomeInfoDb::keepSeqlevels(x, chromosomes, pruning.mode =
            \"coarse\")} keeps the transcripts of some."
        ), call = call)
    }
}

# the sequence of each transcript, strings
exon_sequences <- function(x, genome, call) {
    tryCatch(
        as.character(if (methods::is(genome, "DNAStringSet")) {
            spliced_sequences(x, genome)
        } else {
            need_package(
                "GenomicFeatures", "Reading sequences of a genome", call
            )
            GenomicFeatures::extractTranscriptSeqs(genome, x)
        }),
        kith_error = function(e) rlang::cnd_signal(e),
        error = function(e) {
            abort_input(c(
                "{.arg genome} must have the sequences of the exons in
                {.arg x}.",
                x = "They cannot be read: {conditionMessage(e)}",
                i = "Exons beyond the end of a chromosome are of another genome
                build."
            ), call = call)
        }
    )
}

# genome: a DNAStringSet of chromosomes
spliced_sequences <- function(x, genome) {
    flat <- unlist(x, use.names = FALSE)
    chromosome <- as.character(GenomicRanges::seqnames(flat))
    parts <- Biostrings::subseq(
        genome[chromosome], GenomicRanges::start(flat), GenomicRanges::end(flat)
    )
    minus <- as.vector(GenomicRanges::strand(flat) == "-")
    parts[minus] <- Biostrings::reverseComplement(parts[minus])
    letters <- split(unname(as.character(parts)), transcript_of(x))
    vapply(letters, paste, "", collapse = "")
}

# ---- coding sequences -------------------------------------------------------

# Coding parts on chromosomes -> a data frame of bases of the transcript, as
# pack_transcripts() takes it. x: exons in the order of transcription.
map_cds <- function(cds, x, call) {
    if (is.null(cds)) {
        return(NULL)
    }
    if (!methods::is(cds, "GRangesList") || is.null(names(cds))) {
        abort_input(c(
            "{.arg cds} must be a {.cls GRangesList} with ids of transcripts as
            names.",
            x = "It is {describe_value(cds)}.",
            i = "{.code GenomicFeatures::cdsBy(txdb, \"tx\", use.names = TRUE)}
            gives such ranges."
        ), call = call)
    }
    cds <- cds[lengths(cds) > 0L]
    if (length(cds) == 0L) {
        return(NULL)
    }
    check_named_once(names(cds), "names(cds)", "cds", call)
    at <- match_annotation(names(cds), names(x), "cds", call)
    cds <- cds[!is.na(at)]
    at <- at[!is.na(at)]
    first <- min(GenomicRanges::start(cds))
    last <- max(GenomicRanges::end(cds))
    places <- cbind(base_of(x, at, first), base_of(x, at, last))
    table <- data.frame(
        id = names(cds), cds_start = pmin(places[, 1L], places[, 2L]),
        cds_end = pmax(places[, 1L], places[, 2L])
    )
    check_cds_parts(table, sum(GenomicRanges::width(cds)), call)
    table
}

# The base of transcript number `at` that lies at a position of its chromosome,
# from 1; NA if none of its exons does.
base_of <- function(x, at, position) {
    flat <- unlist(x, use.names = FALSE)
    n_exons <- lengths(x)[at]
    # the exons of the transcript of each position
    of <- rep(seq_along(at), n_exons)
    exon <- cumsum(c(0L, lengths(x)))[at][of] + sequence(n_exons)
    start <- GenomicRanges::start(flat)
    end <- GenomicRanges::end(flat)
    bases <- cumsum(as.numeric(end - start + 1))
    before <- c(0, bases)[exon] - c(0, bases)[cumsum(c(1L, lengths(x)))[at][of]]
    inside <- start[exon] <= position[of] & position[of] <= end[exon]
    minus <- as.vector(GenomicRanges::strand(flat) == "-")[exon]
    offset <- ifelse(
        minus, end[exon] - position[of], position[of] - start[exon]
    )
    result <- rep(NA_real_, length(at))
    result[of[inside]] <- (before + offset + 1)[inside]
    result
}

# width: bases of the coding parts of each row
check_cds_parts <- function(table, width, call) {
    whole <- table$cds_end - table$cds_start + 1
    wrong <- which(is.na(whole) | whole != width)
    if (length(wrong) > 0L) {
        abort_input(c(
            "Ranges in {.arg cds} must be the coding parts of the exons in
            {.arg x}.",
            x = "Those of {.val {table$id[wrong[1L]]}} lie outside of its exons
            or leave bases between them out, the first of {length(wrong)}.",
            i = "Are both of one annotation? Leave such out of {.arg cds}, as in
            {.code cds[names(cds) != \"{table$id[wrong[1L]]}\"]}."
        ), call = call)
    }
}
