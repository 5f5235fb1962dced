# Tracks and peaks of a mark, in one form: list(values, an RleList with the
# signal of each base; lengths of its chromosomes, NA where unknown; open: may
# the chromosomes be longer?).

mark_coverage <- function(signal, mark, call = rlang::caller_env()) {
    if (is.character(signal) && length(signal) == 1L && !is.na(signal)) {
        return(file_coverage(signal, mark, call))
    }
    if (methods::is(signal, "RleList")) {
        check_no_gaps(signal, mark, call)
        # coverage() of ranges ends with the last of them
        lengths <- unname(lengths(signal))
        return(list(values = signal, lengths = lengths, open = TRUE))
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

check_no_gaps <- function(signal, mark, call) {
    for (chromosome in names(signal)) {
        values <- S4Vectors::runValue(signal[[chromosome]])
        gap <- which(!is.finite(values))[1L]
        if (!is.na(gap)) {
            at <- S4Vectors::start(signal[[chromosome]])[gap]
            abort_input(c(
                "The signal of {.val {mark}} must have no missing values.",
                x = "{chromosome}:{at} has {values[gap]}.",
                i = "Set such bases to 0 where there is no signal."
            ), call = call)
        }
    }
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
        error = function(error) {
            # kith's own say what to do
            if (inherits(error, "kith_error")) stop(error)
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
        check_bigwig(file, call)
        track <- rtracklayer::BigWigFile(file)
        lengths <- GenomeInfoDb::seqlengths(track)
        values <- rtracklayer::import(track, as = "RleList")
        return(closed_coverage(values, lengths[names(values)]))
    }
    # rtracklayer takes what there is of a file that was cut off
    plain <- unpack(file, call)
    on.exit(if (plain != file) unlink(plain))
    first <- first_signal_line(plain)
    if (is.null(first)) {
        return(closed_coverage(IRanges::RleList(compress = FALSE), integer()))
    }
    check_text_start(plain, file, call)
    check_last_line(plain, first, file, call)
    tidied <- tidy_signal_file(plain, first)
    on.exit(if (tidied != plain) unlink(tidied), add = TRUE)
    if (format == "bed") {
        format <- bed_format(signal_fields(first), mark)
    }
    extra <- c(signalValue = "numeric", pValue = "numeric", qValue = "numeric")
    ranges <- if (format == "gappedPeak") {
        rtracklayer::import(tidied, format = "bed", extraCols = extra)
    } else {
        rtracklayer::import(tidied, format = format)
    }
    range_coverage(ranges, mark, call)
}

# A bigWig file begins and ends with the same four bytes, in the order of the
# machine that wrote it.
check_bigwig <- function(file, call) {
    magic <- as.raw(c(0x26, 0xfc, 0x8f, 0x88))
    start <- readBin(file, raw(), 4L)
    if (!identical(start, magic) && !identical(start, rev(magic))) {
        abort_input(c(
            "{.file {file}} must be a bigWig file.",
            x = "It does not start as one.",
            i = "Give it the extension of what it is, or get it again: a server
            may have sent an error page in its place."
        ), call = call)
    }
    if (!identical(last_bytes(file, 4L), start)) {
        abort_cut_off(file, "It does not end as bigWig files do.", call)
    }
}

# A line that was cut off has fewer fields than the first.
check_last_line <- function(plain, first, file, call) {
    end <- strsplit(show_text(rawToChar(last_bytes(plain, 2^16))), "[\r\n]+")
    end <- signal_lines(end[[1L]])
    if (length(end) == 0L) {
        return(invisible())
    }
    found <- length(signal_fields(end[length(end)]))
    expected <- length(signal_fields(first))
    if (found < expected) {
        abort_cut_off(
            file, paste("Its last line has", found, "of", expected, "fields."),
            call
        )
    }
}

abort_cut_off <- function(file, what, call) {
    abort_input(c(
        "{.file {file}} must be a complete file.",
        x = "{what}", i = "It was probably cut off: get it again."
    ), call = call)
}

# Peak callers and ENCODE name their peaks .bed, too: the signal of such files
# is a field that BED does not have.
bed_format <- function(fields, mark) {
    number <- suppressWarnings(as.numeric(fields))
    within <- number[7:8] >= number[2L] & number[7:8] <= number[3L]
    thick <- isTRUE(all(within | number[7:8] == 0))
    format <- switch(as.character(length(fields)),
        "9" = if (thick) "bed" else "broadPeak",
        "10" = "narrowPeak", "15" = "gappedPeak", "bed"
    )
    if (format != "bed") {
        inform_kith(
            "{.val {mark}}: the file has the {length(fields)} fields of
            {format} and is read as such.",
            class = "kith_message_format"
        )
    } else if (length(fields) == 4L && !is.na(number[4L])) {
        inform_kith(c("!" = "{.val {mark}}: the fourth field of a BED file is a
            name, so the signal of its ranges is 1.",
            i = "If {.val {fields[4L]}} is a signal, give the file the
            extension {.val .bedGraph}."
        ), class = "kith_message_format")
    }
    format
}

# tabs part the fields of a line that has any: names may hold blanks then
signal_fields <- function(line) {
    strsplit(line, if (grepl("\t", line)) "\t" else " +")[[1L]]
}

# The file as rtracklayer takes it: headers of browsers (which peak callers
# write too), empty lines and comments are left out, and blanks become tabs
# where there are none. A temporary file, or the file itself where it is so
# already.
tidy_signal_file <- function(plain, first, lines_at_once = 100000L) {
    from <- file(plain, "rt")
    on.exit(close(from))
    blanks <- !grepl("\t", first)
    to <- tempfile(fileext = ".txt")
    out <- file(to, "wt")
    on.exit(close(out), add = TRUE)
    differs <- blanks
    repeat {
        lines <- readLines(from, lines_at_once, warn = FALSE)
        if (length(lines) == 0L) break
        kept <- signal_lines(lines)
        differs <- differs || length(kept) < length(lines)
        writeLines(if (blanks) gsub(" +", "\t", kept) else kept, out)
    }
    if (differs) {
        return(to)
    }
    unlink(to)
    plain
}

# without comments, headers of browsers and empty lines
signal_lines <- function(lines) {
    lines[!grepl("^(#|track|browser|[[:space:]]*$)", lines)]
}

# NULL where there is none
first_signal_line <- function(plain) {
    con <- file(plain, "rt")
    on.exit(close(con))
    repeat {
        lines <- readLines(con, 1000L, warn = FALSE)
        found <- signal_lines(lines)
        if (length(found)) return(found[1L])
        if (length(lines) == 0L) return(NULL)
    }
}

# The largest score of the ranges that cover a base.
range_coverage <- function(ranges, mark, call) {
    columns <- S4Vectors::mcols(ranges)
    score <- columns$signalValue %||% columns$score %||%
        rep(1, length(ranges))
    if (is.factor(score)) score <- as.character(score)
    score <- suppressWarnings(as.numeric(score))
    if (!all(is.finite(score))) {
        first <- which(!is.finite(score))[1L]
        abort_input(c(
            "The signal of {.val {mark}} must have finite scores.",
            x = "Range {first} of {length(score)} has {score[first]}.",
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
    closed_coverage(values, lengths[names(values)])
}

closed_coverage <- function(values, lengths) {
    list(values = values, lengths = unname(lengths), open = FALSE)
}

# Reads are counted a million at a time, so that memory stays bounded.
bam_coverage <- function(file, call) {
    need_package("GenomicAlignments", "Reading BAM files", call = call)
    need_package("Rsamtools", "Reading BAM files", call = call)
    if (lacks_last_block(file)) {
        abort_cut_off(file, "Its last block is missing.", call)
    }
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
    closed_coverage(total, lengths(total))
}
