# From sequences, coding sequences and exons to an object of class transcripts.

# sequences: a character vector with ids as names; cds and exons as
# encode_transcripts() takes them for sequences
pack_transcripts <- function(sequences, cds, exons, find_orfs, longest, call) {
    check_flag(find_orfs, call = call)
    if (!identical(longest, Inf)) {
        longest <- check_count(longest, call = call)
    }
    id <- names(sequences)
    # in bytes: a letter of several bytes is refused below
    length <- nchar(sequences, type = "bytes")
    cds <- transcript_cds(cds, id, length, call)
    exons <- transcript_exons(exons, id, length, call)
    kept <- which(length <= longest)
    report_too_long(id, length, longest, call)
    packed <- .Call(C_pack_transcripts, enc2utf8(unname(sequences[kept])))
    if (!is.null(packed$wrong)) {
        abort_letter(sequences[kept], packed$wrong, call)
    }
    x <- new_transcripts(
        id[kept], packed$codes, unname(length[kept]), cds[kept, ],
        exons[kept]
    )
    if (find_orfs && anyNA(x$cds_start)) x <- add_orfs(x)
    mark_tracks(x, exons[kept])
}

# without marks of tracks; exons: a list, NULL where they are not known
new_transcripts <- function(id, codes, length, cds, exons) {
    n_exons <- lengths(exons)
    n_exons[n_exons == 0L] <- NA_integer_
    structure(
        list(
            id = id, codes = codes, start = starts_of(length), length = length,
            cds_start = as.integer(cds$cds_start),
            cds_end = as.integer(cds$cds_end), exons = unname(n_exons),
            tracks = 4L
        ),
        class = "transcripts"
    )
}

# how many bases come before each
starts_of <- function(length) {
    cumsum(c(0, length))[seq_along(length)]
}

mark_tracks <- function(x, exons) {
    if (all(is.na(x$cds_start)) && all(is.na(x$exons))) {
        return(x)
    }
    cds <- cds_spans(x)
    x$codes <- .Call(
        C_mark_tracks, x$codes, c(x$start, length(x$codes)), cds$first,
        cds$last, as.integer(unlist(exons)), lengths(exons)
    )
    x$tracks <- 6L
    x
}

# Spans of `codes` from `first` to before `last`, both counted from 0: of whole
# transcripts, and of coding sequences, which are empty where there is none.
transcript_spans <- function(x) {
    list(first = x$start, last = x$start + x$length)
}

cds_spans <- function(x) {
    none <- is.na(x$cds_start)
    first <- x$start + ifelse(none, 0, x$cds_start - 1)
    list(
        first = first,
        last = ifelse(none, first, x$start + x$cds_end)
    )
}

# the longest reading frame as the CDS of transcripts that have none
add_orfs <- function(x) {
    none <- is.na(x$cds_start)
    spans <- transcript_spans(x)
    orfs <- .Call(C_longest_orfs, x$codes, spans$first[none], spans$last[none])
    found <- orfs[, 2L] > 0
    x$cds_start[which(none)[found]] <- as.integer(orfs[found, 1L] + 1)
    x$cds_end[which(none)[found]] <- as.integer(orfs[found, 2L])
    inform_kith(
        "{sum(found)} of {sum(none)} transcripts without a coding sequence
        {cli::qty(sum(found))}get{?s/} the longest open reading frame as one: a
        guess, also for non-coding transcripts.",
        class = "kith_message_orfs"
    )
    x
}

report_too_long <- function(id, length, longest, call) {
    left_out <- which(length > longest)
    if (length(left_out) == 0L) {
        return(invisible())
    }
    shortest <- min(length)
    if (shortest > longest) {
        abort_input(c(
            "{.arg longest} must leave at least one transcript.",
            x = "It is {longest}, and the shortest transcript has {shortest}
            bases.",
            i = "{.code longest = Inf} takes transcripts of any length."
        ), call = call)
    }
    first <- id[left_out[1L]]
    inform_kith(
        "{length(left_out)} of {length(id)} transcripts
        {cli::qty(length(left_out))}{?is/are} left out as
        longer than {longest} bases, the first is {.val {first}}.",
        class = "kith_message_transcripts"
    )
}

# wrong: number of the sequence and of the letter
abort_letter <- function(sequences, wrong, call) {
    id <- names(sequences)[wrong[1L]]
    # all letters before it are of one byte
    readable <- iconv(sequences[[wrong[1L]]], "UTF-8", "UTF-8", sub = "byte")
    letter <- substr(readable, wrong[2L], wrong[2L])
    way_out <- if (letter %in% c("-", ".", "*", " ")) {
        "Remove such signs with {.code gsub(\"[-.* ]\", \"\", x)}."
    } else {
        "Leave the transcript out, or write N for bases that are not known, as
        in {.code gsub(\"[^ACGTUNacgtun]\", \"N\", x)}."
    }
    abort_input(c(
        "{.arg x} must have letters of DNA or RNA only (A, C, G, T, U and the
        ambiguity codes of IUPAC).",
        x = "{.val {id}} has {.val {letter}} at position {wrong[2L]}.",
        i = paste(way_out, "In a data frame x is its column
        {.field sequence}.")
    ), call = call)
}
