#' Transcripts in the form that learners take
#'
#' Reads sequences of transcripts, with their coding sequences and exons where
#' these are known, and packs them: one byte a base, which holds the letter and
#' whether a codon starts or an exon ends there. These are the six tracks of the
#' paper; without coding sequences and exons there are four, the letters alone.
#'
#' U counts as T and lower case as upper case. Other ambiguity codes of IUPAC
#' (N, R, Y ...) are all kept as "any base". The coding track marks the first
#' base of every codon from `cds_start` to `cds_end`: whether the stop codon is
#' among them is up to these. The splice track marks the last base of every
#' exon, the last exon included.
#'
#' Exons in ranges are put in the order of transcription, by `exon_rank` where
#' the ranges have it, else by strand. Transcripts with exons on several
#' chromosomes or strands are left out; a message counts them.
#'
#' @param x The sequences:
#'   * a named character vector;
#'   * a `DNAStringSet` or `RNAStringSet` with names;
#'   * the path of a FASTA file, which may be compressed by gzip; ids are the
#'     names up to the first blank;
#'   * a data frame with the columns `id` and `sequence` and, if known,
#'     `cds_start`, `cds_end` (see `cds`) and `exon_lengths` (see `exons`);
#'   * a `GRangesList` with the exons of each transcript, with names;
#'   * a `TxDb`, of which all transcripts are taken.
#' @param cds Coding sequences. Of sequences: a data frame with the columns
#'   `id`, `cds_start` and `cds_end` (bases of the transcript, counted from 1,
#'   both included), or an `IRanges` with names. Of ranges: a `GRangesList` with
#'   the coding parts of exons, with the names of transcripts. Transcripts that
#'   are not among them, or have `NA`, have none.
#' @param exons Of sequences: lengths of the exons of each transcript in the
#'   order of transcription: a named list of whole numbers, or a named character
#'   vector of numbers with commas between (`c(t1 = "354,109,1189")`).
#' @param ... For methods; must be empty.
#' @param genome Of ranges: the sequences of chromosomes, a `BSgenome`, `FaFile`
#'   or named `DNAStringSet`.
#' @param find_orfs Take for transcripts without a coding sequence the longest
#'   open reading frame, from ATG to stop codon? It is a guess, which makes no
#'   difference between coding and non-coding transcripts.
#' @param longest Longest transcript, in bases. Longer ones are left out; a
#'   message counts them. `Inf` for no limit.
#'
#' @return An object of class `transcripts`, a list:
#'   \describe{
#'   \item{id}{names of the transcripts}
#'   \item{codes}{raw vector, the bases of all transcripts one after the other.
#'     Low three bits: 0 A, 1 C, 2 G, 3 T, 4 another letter. Bit 3 (8): first
#'     base of a codon. Bit 4 (16): last base of an exon.}
#'   \item{start}{number of bases before each transcript in `codes`}
#'   \item{length}{bases of each transcript}
#'   \item{cds_start, cds_end}{first and last base of the coding sequence,
#'     counted from 1; `NA` without one}
#'   \item{exons}{number of exons, `NA` where they are not known}
#'   \item{tracks}{4, or 6 where a coding sequence or exons are known}
#'   }
#'   It may be indexed by number or id, and has methods for `length()`,
#'   `names()`, `as.character()` (the sequences, with N for any other letter
#'   than A, C, G, T) and `summary()` (a data frame of lengths).
#' @section Errors: Of class `kith_error_input`: letters outside of IUPAC, empty
#'   sequences, ids that are missing or come twice, a coding sequence that
#'   reaches beyond its transcript or whose length is not a multiple of three,
#'   exons that do not add up to their transcript, ids of `cds` or `exons` of
#'   which none is known, chromosomes that `genome` lacks, a file that is not
#'   there. Of class `kith_error_package`: a package is needed that is not
#'   installed.
#' @references Fradkin P et al. (2023). Splicing up your predictions with RNA
#'   contrastive learning. arXiv:2310.08738.
#' @family transcript functions
#' @examples
#' transcripts <- encode_transcripts(
#'     c(t1 = "GGATGAAATAGCC", t2 = "acgun"),
#'     cds = data.frame(id = "t1", cds_start = 3, cds_end = 11),
#'     exons = list(t1 = c(5, 8), t2 = 5)
#' )
#' transcripts
#' as.character(transcripts["t2"])
#' summary(transcripts)
#'
#' # exons on a chromosome
#' if (requireNamespace("Biostrings", quietly = TRUE) &&
#'     requireNamespace("GenomicRanges", quietly = TRUE)) {
#'     exons <- GenomicRanges::GRangesList(t3 = GenomicRanges::GRanges(
#'         "chr1", IRanges::IRanges(c(2, 10), width = 4), "-"
#'     ))
#'     genome <- Biostrings::DNAStringSet(c(chr1 = "GATTACAGATTACAGA"))
#'     as.character(encode_transcripts(exons, genome = genome))
#' }
#' @export
encode_transcripts <- function(x, cds = NULL, exons = NULL, ...,
                               find_orfs = FALSE, longest = 12288) {
    UseMethod("encode_transcripts")
}

#' @export
encode_transcripts.default <- function(x, cds = NULL, exons = NULL, ...,
                                       find_orfs = FALSE, longest = 12288) {
    abort_input(c(
        "{.arg x} must be a named character vector, a {.cls DNAStringSet}, the
        path of a FASTA file, a data frame, a {.cls GRangesList} or a
        {.cls TxDb}.",
        x = "It is {describe_value(x)}."
    ), call = rlang::current_env())
}

#' @rdname encode_transcripts
#' @export
encode_transcripts.character <- function(x, cds = NULL, exons = NULL, ...,
                                         find_orfs = FALSE, longest = 12288) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    if (is.null(names(x)) && length(x) == 1L) {
        x <- read_fasta(x, call)
    }
    pack_transcripts(
        named_sequences(x, call), cds, exons, find_orfs, longest, call
    )
}

#' @rdname encode_transcripts
#' @export
encode_transcripts.XStringSet <- function(x, cds = NULL, exons = NULL, ...,
                                          find_orfs = FALSE, longest = 12288) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    need_package("Biostrings", "Reading sequences of Biostrings", call)
    pack_transcripts(
        named_sequences(as.character(x), call), cds, exons, find_orfs, longest,
        call
    )
}

#' @rdname encode_transcripts
#' @export
encode_transcripts.data.frame <- function(x, cds = NULL, exons = NULL, ...,
                                          find_orfs = FALSE, longest = 12288) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    x <- as.data.frame(x)
    check_transcript_columns(x, c("id", "sequence"), "x", call)
    x$id <- table_ids(x$id, "x", call)
    annotation <- table_annotation(x, cds, exons, call)
    sequences <- x$sequence
    if (is.factor(sequences)) sequences <- as.character(sequences)
    if (!is.character(sequences)) {
        abort_input(c(
            "Column {.field sequence} of {.arg x} must hold strings.",
            x = "It is {describe_value(sequences)}."
        ), call = call)
    }
    names(sequences) <- x$id
    pack_transcripts(
        named_sequences(sequences, call), annotation$cds, annotation$exons,
        find_orfs, longest, call
    )
}

# `cds` and `exons` as the columns of a table have them, or as they are given
table_annotation <- function(x, cds, exons, call) {
    columns <- c("cds_start", "cds_end")
    has_cds <- any(columns %in% names(x))
    has_exons <- "exon_lengths" %in% names(x)
    twice <- c(
        cds = has_cds && !is.null(cds), exons = has_exons && !is.null(exons)
    )
    if (any(twice)) {
        what <- names(twice)[twice][1L]
        abort_input(c(
            "{.arg {what}} must not be given where {.arg x} has columns of
            it.",
            x = "{.arg x} has the columns {.field {names(x)}}.",
            i = "Leave {.arg {what}} away, or these columns out of {.arg x}."
        ), call = call)
    }
    if (has_cds) {
        check_transcript_columns(x, columns, "x", call)
        cds <- x[c("id", columns)]
        cds <- cds[!(is.na(cds$cds_start) & is.na(cds$cds_end)), ]
    }
    if (has_exons) {
        exons <- x$exon_lengths
        names(exons) <- x$id
    }
    list(cds = cds, exons = exons)
}

check_transcript_columns <- function(x, columns, name, call) {
    lacking <- setdiff(columns, names(x))
    if (length(lacking) > 0L) {
        rename <- sprintf("names(%s)[i] <- \"%s\"", name, lacking[1L])
        abort_input(c(
            "{.arg {name}} must have the columns {.field {columns}}.",
            x = "It lacks {.field {lacking}}; its columns are
            {.field {names(x)}}.",
            i = "Rename the i-th column by {.code {rename}}."
        ), call = call)
    }
}

# the ids of a table as strings, each once
table_ids <- function(ids, name, call) {
    holder <- paste0(name, "$id")
    lost <- is.na(ids)
    ids <- as.character(ids)
    ids[lost] <- ""
    check_named_once(ids, holder, name, call, ", ")
}

# Ids that are there and differ. holder: where they are, an expression of
# `name`; comma: ", " if items of `name` are rows.
check_named_once <- function(ids, holder, name, call, comma = "") {
    lost <- which(is.na(ids) | !nzchar(ids))
    if (length(lost) > 0L) {
        keep <- sprintf(
            "%s[!is.na(%s) & %s != \"\"%s]", name, holder, holder, comma
        )
        abort_input(c(
            "{.code {holder}} must have no missing or empty ids.",
            x = "Number {lost[1L]} is without, the first of {length(lost)}.",
            i = "Leave them out with {.code {keep}}."
        ), call = call)
    }
    twice <- unique(ids[duplicated(ids)])
    if (length(twice) > 0L) {
        keep <- sprintf("%s[!duplicated(%s)%s]", name, holder, comma)
        abort_input(c(
            "{.code {holder}} must have each id once.",
            x = "{.val {twice[1L]}} comes more than once, the first of
            {length(twice)}.",
            i = "Keep the first of each with {.code {keep}}."
        ), call = call)
    }
    ids
}

# sequences of a FASTA file, with names
read_fasta <- function(path, call) {
    if (is.na(path) || !file.exists(path) || dir.exists(path)) {
        abort_input(c(
            "{.arg x} must be the path of a FASTA file, or sequences with
            names.",
            x = "There is no file {.file {path}}.",
            i = "Of a sequence give the name too, as in
            {.code c(t1 = \"ACGT\")}."
        ), call = call)
    }
    need_package("Biostrings", "Reading a FASTA file", call)
    # any byte is let through, so that a wrong letter is found with its place
    sequences <- tryCatch(
        Biostrings::readBStringSet(path),
        error = function(e) {
            abort_input(c(
                "{.arg x} must be the path of a FASTA file.",
                x = "{.file {path}} cannot be read: {conditionMessage(e)}"
            ), call = call)
        }
    )
    ids <- sub("[[:space:]].*", "", names(sequences))
    stats::setNames(as.character(sequences), ids)
}

# sequences with ids that are there and differ, none of them empty
named_sequences <- function(x, call) {
    if (length(x) == 0L) {
        abort_input("{.arg x} must have at least one transcript.", call = call)
    }
    if (is.null(names(x))) {
        abort_input(c(
            "{.arg x} must have the ids of transcripts as names.",
            x = "It is {describe_value(x)} without names.",
            i = "Set them with {.code names(x) <- ids}."
        ), call = call)
    }
    check_named_once(names(x), "names(x)", "x", call)
    empty <- which(is.na(x) | !nzchar(x))
    if (length(empty) > 0L) {
        abort_input(c(
            "{.arg x} must have no empty or missing sequences.",
            x = "{.val {names(x)[empty[1L]]}} has none, the first of
            {length(empty)}.",
            i = "Leave them out with {.code x[!is.na(x) & nzchar(x)]}, or of a
            data frame
            {.code x[!is.na(x$sequence) & nzchar(x$sequence), ]}."
        ), call = call)
    }
    x
}
