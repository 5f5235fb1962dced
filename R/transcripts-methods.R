# Methods of transcripts, and their tracks as numbers.

#' @method print transcripts
#' @export
print.transcripts <- function(x, ...) {
    if (length(x) == 0L) {
        cli::cat_line("<transcripts> none")
        return(invisible(x))
    }
    cli::cat_line(sprintf(
        "<transcripts> %d of %d to %d bases (median %.0f)", length(x),
        min(x$length), max(x$length), stats::median(x$length)
    ))
    n_cds <- sum(!is.na(x$cds_start))
    n_exons <- sum(!is.na(x$exons))
    cli::cat_line(if (x$tracks == 6L) {
        sprintf(
            "6 tracks: letters, codons (of %d), exons (of %d)", n_cds, n_exons
        )
    } else {
        "4 tracks: letters"
    })
    cli::cat_line("ids: ", paste(
        c(utils::head(x$id, 3L), if (length(x) > 3L) "..."),
        collapse = ", "
    ))
    invisible(x)
}

#' @export
length.transcripts <- function(x) length(x$id)

#' @export
names.transcripts <- function(x) x$id

#' @export
`[.transcripts` <- function(x, i, ...) {
    i <- if (missing(i)) seq_along(x$id) else transcript_numbers(x, i)
    spans <- transcript_spans(x)
    codes <- .Call(C_gather_codes, x$codes, spans$first[i], spans$last[i])
    structure(
        list(
            id = x$id[i], codes = codes, start = starts_of(x$length[i]),
            length = x$length[i], cds_start = x$cds_start[i],
            cds_end = x$cds_end[i], exons = x$exons[i], tracks = x$tracks
        ),
        class = "transcripts"
    )
}

# ids, numbers or flags -> numbers of transcripts, each of which is there
transcript_numbers <- function(x, i, call = rlang::caller_env()) {
    if (is.factor(i)) i <- as.character(i)
    numbers <- stats::setNames(seq_along(x$id), x$id)[i]
    if (anyNA(numbers)) {
        first <- if (is.logical(i)) NA else i[which(is.na(numbers))[1L]]
        abort_input(c(
            "Indices of transcripts must be ids or numbers of transcripts that
            are there.",
            x = "{.val {first}} is not, the first of {sum(is.na(numbers))}.",
            i = "There are {length(x$id)}; {.code names()} gives their ids."
        ), call = call)
    }
    if (anyDuplicated(numbers)) {
        twice <- x$id[numbers[duplicated(numbers)][1L]]
        abort_input(c(
            "Indices of transcripts must name each once.",
            x = "{.val {twice}} comes more than once."
        ), call = call)
    }
    unname(numbers)
}

#' @export
as.character.transcripts <- function(x, ...) {
    spans <- transcript_spans(x)
    letters <- .Call(C_unpack_letters, x$codes, spans$first, spans$last)
    stats::setNames(letters, x$id)
}

#' @method summary transcripts
#' @export
summary.transcripts <- function(object, ...) {
    data.frame(
        id = object$id, length = object$length,
        utr5_length = object$cds_start - 1L,
        cds_length = object$cds_end - object$cds_start + 1L,
        utr3_length = object$length - object$cds_end,
        exons = object$exons
    )
}

# Tracks of some transcripts as a network reads them: an array rows x positions
# x tracks. Letters are A, C, G, T, all 0.25 where none of these is known;
# behind the end of a transcript all tracks are 0.
expand_tracks <- function(transcripts, rows = seq_along(transcripts$id),
                          positions = max(transcripts$length)) {
    spans <- transcript_spans(transcripts)
    tracks <- .Call(
        C_expand_tracks, transcripts$codes, spans$first[rows],
        spans$last[rows], as.integer(positions), transcripts$tracks
    )
    names <- c("A", "C", "G", "T", "codon", "exon_end")
    dimnames(tracks) <- list(
        transcripts$id[rows], NULL, names[seq_len(transcripts$tracks)]
    )
    tracks
}
