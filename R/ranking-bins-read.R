# Tracks and peaks of a mark, in one form: list(values, an RleList with the
# signal of each base; lengths of its chromosomes, NA where unknown).

mark_coverage <- function(signal, mark, call = rlang::caller_env()) {
    if (is.character(signal) && length(signal) == 1L && !is.na(signal)) {
        return(file_coverage(signal, mark, call))
    }
    if (methods::is(signal, "RleList")) {
        return(list(values = signal, lengths = unname(lengths(signal))))
    }
    if (methods::is(signal, "GRanges")) {
        return(range_coverage(signal, mark, call))
    }
    abort_input(c(
        "The signal of {.val {mark}} must be the path of a file, a
        {.cls GRanges} or an {.cls RleList}.",
        x = "It is {describe_value(signal)}."
    ), call = call)
}

# by the extension of the name, behind which .gz may stand
signal_formats <- c(
    bw = "bigWig", bigwig = "bigWig", bedgraph = "bedGraph", bg = "bedGraph",
    bdg = "bedGraph", bed = "bed", narrowpeak = "narrowPeak",
    broadpeak = "broadPeak", gappedpeak = "gappedPeak", bam = "bam"
)

file_coverage <- function(file, mark, call) {
    if (!file.exists(file)) {
        abort_input(c(
            "There is no file {.file {file}} for {.val {mark}}.",
            i = "The path is relative to {.file {getwd()}}."
        ), call = call)
    }
    name <- sub("[.](gz|bgz)$", "", basename(file), ignore.case = TRUE)
    format <- signal_formats[tolower(sub("^.*[.]", "", name))]
    if (is.na(format)) {
        abort_input(c(
            "The format of {.file {file}} must show in its name.",
            x = "It ends in {.val {sub('^.*[.]', '.', name)}}.",
            i = "Known are {.val {paste0('.', names(signal_formats))}}, all but
            bigWig and BAM also with {.val .gz}."
        ), call = call)
    }
    tryCatch(
        read_signal(file, format[[1L]], mark, call),
        kith_error = function(error) stop(error),
        error = function(error) {
            abort_input(c(
                "{.file {file}} cannot be read as {format}.",
                x = "{conditionMessage(error)}",
                i = "Is it whole, and of that format? Get it again, or give it
                the extension of what it is."
            ), call = call)
        }
    )
}

read_signal <- function(file, format, mark, call) {
    if (format == "bam") {
        return(bam_coverage(file, call))
    }
    need_package("rtracklayer", "Reading tracks and peaks", call = call)
    if (format == "bigWig") {
        track <- rtracklayer::BigWigFile(file)
        lengths <- GenomeInfoDb::seqlengths(track)
        values <- rtracklayer::import(track, as = "RleList")
        return(list(values = values, lengths = unname(lengths[names(values)])))
    }
    if (is_empty_text(file)) {
        return(list(
            values = IRanges::RleList(compress = FALSE), lengths = integer()
        ))
    }
    extra <- c(signalValue = "numeric", pValue = "numeric", qValue = "numeric")
    ranges <- if (format == "gappedPeak") {
        rtracklayer::import(file, format = "bed", extraCols = extra)
    } else {
        rtracklayer::import(file, format = format)
    }
    range_coverage(ranges, mark, call)
}

# no line but comments
is_empty_text <- function(file) {
    connection <- gzfile(file, "rt")
    on.exit(close(connection))
    lines <- readLines(connection, 1000L, warn = FALSE)
    length(lines) < 1000L &&
        all(grepl("^(#|track|browser|[[:space:]]*$)", lines))
}

# The largest score of the ranges that cover a base.
range_coverage <- function(ranges, mark, call) {
    columns <- S4Vectors::mcols(ranges)
    score <- columns$signalValue %||% columns$score %||%
        rep(1, length(ranges))
    score <- as.numeric(score)
    if (anyNA(score)) {
        first <- which(is.na(score))[1L]
        abort_input(c(
            "The signal of {.val {mark}} must have no missing scores.",
            x = "Range {first} of {length(score)} has none.",
            i = "Leave such ranges out, or set {.field score}."
        ), call = call)
    }
    lengths <- GenomeInfoDb::seqlengths(ranges)
    plain <- GenomicRanges::granges(ranges)
    GenomicRanges::strand(plain) <- "*"
    if (GenomicRanges::isDisjoint(plain)) {
        pieces <- plain
    } else {
        pieces <- GenomicRanges::disjoin(plain, with.revmap = TRUE)
        score <- max(IRanges::extractList(
            score, S4Vectors::mcols(pieces)$revmap
        ))
        S4Vectors::mcols(pieces) <- NULL
    }
    values <- GenomicRanges::coverage(pieces, weight = score)
    list(values = values, lengths = unname(lengths[names(values)]))
}

# Reads are counted a million at a time, so that memory stays bounded.
bam_coverage <- function(file, call) {
    need_package("GenomicAlignments", "Reading BAM files", call = call)
    need_package("Rsamtools", "Reading BAM files", call = call)
    parameters <- Rsamtools::ScanBamParam(flag = Rsamtools::scanBamFlag(
        isUnmappedQuery = FALSE, isSecondaryAlignment = FALSE,
        isDuplicate = FALSE, isNotPassingQualityControls = FALSE
    ))
    reads <- Rsamtools::BamFile(file, yieldSize = 1e6)
    open(reads)
    on.exit(close(reads))
    total <- NULL
    repeat {
        piece <- GenomicAlignments::readGAlignments(reads, param = parameters)
        found <- GenomicRanges::coverage(piece)
        total <- if (is.null(total)) found else total + found
        if (length(piece) == 0L) break
    }
    list(values = total, lengths = unname(lengths(total)))
}
