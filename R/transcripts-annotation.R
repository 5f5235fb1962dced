# Coding sequences and exons of transcripts, in bases of the transcript.

# ---- coding sequences -------------------------------------------------------

# A data frame with a row for each of `id`: cds_start, cds_end, NA without one.
transcript_cds <- function(cds, id, length, call) {
    none <- rep(NA_real_, length(id))
    result <- data.frame(cds_start = none, cds_end = none)
    if (is.null(cds)) {
        return(result)
    }
    table <- cds_table(cds, call)
    if (nrow(table) == 0L) {
        return(result)
    }
    at <- match_annotation(table$id, id, "cds", call)
    table <- table[!is.na(at), ]
    at <- at[!is.na(at)]
    check_cds_places(table, length[at], call)
    check_codons(table, call)
    result$cds_start[at] <- table$cds_start
    result$cds_end[at] <- table$cds_end
    result
}

# columns id, cds_start, cds_end
cds_table <- function(cds, call) {
    if (methods::is(cds, "IRanges")) {
        cds <- data.frame(
            id = names(cds) %||% rep("", length(cds)),
            cds_start = IRanges::start(cds), cds_end = IRanges::end(cds)
        )
    }
    if (!is.data.frame(cds)) {
        abort_input(c(
            "{.arg cds} must be a data frame with the columns {.field id},
            {.field cds_start} and {.field cds_end}, or an {.cls IRanges} with
            names.",
            x = "It is {describe_value(cds)}.",
            i = if (methods::is(cds, "GRangesList")) {
                "Ranges on chromosomes go with exons in {.arg x} that are such
                ranges too."
            }
        ), call = call)
    }
    columns <- c("id", "cds_start", "cds_end")
    check_transcript_columns(cds, columns, "cds", call)
    cds <- as.data.frame(cds)[columns]
    cds$id <- table_ids(cds$id, "cds", call)
    cds
}

# Places of annotated ids among those of transcripts, NA where there is none;
# an error where all are.
match_annotation <- function(annotated, id, name, call) {
    at <- match(annotated, id)
    unknown <- is.na(at)
    if (all(unknown)) {
        abort_input(c(
            "{.arg {name}} must have ids of transcripts in {.arg x}.",
            x = "None is; the first is {.val {annotated[1L]}}.",
            i = "{advise_ids(annotated, id, genes = FALSE)}"
        ), call = call)
    }
    if (any(unknown)) {
        first <- annotated[unknown][1L]
        inform_kith(
            "{sum(unknown)} of {length(annotated)} ids of {.arg {name}}
            {cli::qty(sum(unknown))}{?is/are} not in {.arg x}, the first is
            {.val {first}}.",
            class = "kith_message_transcripts"
        )
    }
    at
}

# length: of the transcript of each row
check_cds_places <- function(table, length, call) {
    from <- table$cds_start
    to <- table$cds_end
    good <- if (is.numeric(from) && is.numeric(to)) {
        inside <- from >= 1 & from <= to & to <= length
        inside & from == round(from) & to == round(to)
    } else {
        rep(FALSE, nrow(table))
    }
    good[is.na(good)] <- FALSE
    if (all(good)) {
        return(invisible())
    }
    row <- which(!good)[1L]
    abort_input(c(
        "{.field cds_start} and {.field cds_end} must be whole numbers from 1 to
        the length of the transcript, or {.val {NA}} both.",
        x = "{.val {table$id[row]}}, of {length[row]} bases, has
        {from[row]} and {to[row]}, the first of {sum(!good)}.",
        i = "Bases are counted from 1, and the end is included: where the first
        base is 0 and the end is not included (as in BED), add 1 to
        {.field cds_start} alone."
    ), call = call)
}

check_codons <- function(table, call) {
    bases <- table$cds_end - table$cds_start + 1
    broken <- which(bases %% 3 != 0)
    if (length(broken) == 0L) {
        return(invisible())
    }
    ids <- utils::head(table$id[broken], 3L)
    abort_input(c(
        "The length of a coding sequence must be a multiple of three.",
        x = "That of {.val {table$id[broken[1L]]}} is {bases[broken[1L]]};
        {length(broken)} {?is/are} not, such as {.val {ids}}.",
        i = "Annotations have such incomplete ones. Leave them out of a data
        frame with
        {.code cds[(cds$cds_end - cds$cds_start + 1) %% 3 == 0, ]}, of ranges
        with {.code cds[sum(width(cds)) %% 3 == 0]}, or set both ends to
        {.val {NA}}."
    ), call = call)
}

# ---- exons ------------------------------------------------------------------

# A list of the lengths of exons of each of `id`, NULL where they are not known.
transcript_exons <- function(exons, id, length, call) {
    result <- vector("list", length(id))
    if (is.null(exons)) {
        return(result)
    }
    if (!is.list(exons) && !is.character(exons) && !is.factor(exons)) {
        # whole numbers: one exon each
        exons <- as.list(exons)
    }
    if (is.factor(exons)) {
        exons <- stats::setNames(as.character(exons), names(exons))
    }
    if (is.null(names(exons)) || is.data.frame(exons)) {
        abort_input(c(
            "{.arg exons} must be a named list or a named character vector.",
            x = "It is {describe_value(exons)}.",
            i = "For instance {.code list(t1 = c(354, 109), t2 = 80)}."
        ), call = call)
    }
    check_named_once(names(exons), "names(exons)", "exons", call)
    lengths <- lapply(exons, exon_numbers)
    known <- !vapply(lengths, anyNA, NA) | vapply(exons, is_unknown, NA)
    check_exon_numbers(exons, known, call)
    lengths <- lengths[!vapply(exons, is_unknown, NA)]
    if (length(lengths) == 0L) {
        return(result)
    }
    at <- match_annotation(names(lengths), id, "exons", call)
    lengths <- lengths[!is.na(at)]
    at <- at[!is.na(at)]
    check_exon_sums(lengths, length[at], call)
    result[at] <- lapply(unname(lengths), as.integer)
    report_unknown_exons(result)
    result
}

is_unknown <- function(exons) {
    length(exons) == 0L || (length(exons) == 1L && is.na(exons))
}

# numbers of "354,109,1189" (or with a comma behind the last, as UCSC has it);
# NA where one is not a positive whole number
exon_numbers <- function(exons) {
    if (is.character(exons) && length(exons) == 1L) {
        exons <- strsplit(trimws(exons), "[[:space:]]*,[[:space:]]*")[[1L]]
    }
    numbers <- suppressWarnings(as.numeric(exons))
    wrong <- !is.finite(numbers) | numbers < 1 | numbers != round(numbers)
    numbers[wrong] <- NA
    numbers
}

check_exon_numbers <- function(exons, good, call) {
    if (all(good)) {
        return(invisible())
    }
    first <- which(!good)[1L]
    value <- toString(exons[[first]])
    abort_input(c(
        "Lengths of exons must be positive whole numbers.",
        x = "{.val {names(exons)[first]}} has {.val {value}}.",
        i = "Give them as {.code c(354, 109)} or {.code \"354,109\"}, or
        {.val {NA}} where they are not known."
    ), call = call)
}

check_exon_sums <- function(exons, length, call) {
    sums <- vapply(exons, sum, 0)
    wrong <- which(sums != length)
    if (length(wrong) == 0L) {
        return(invisible())
    }
    first <- wrong[1L]
    abort_input(c(
        "Lengths of exons must add up to the length of their transcript.",
        x = "Those of {.val {names(exons)[first]}} add up to {sums[[first]]},
        and it has {length[[first]]} bases; it is the first of
        {length(wrong)}.",
        i = "Are exons and sequences of one release, with a poly-A tail in
        neither? Exons may also be left out, or {.val {NA}}."
    ), call = call)
}

report_unknown_exons <- function(exons) {
    unknown <- sum(lengths(exons) == 0L)
    if (unknown > 0L) {
        inform_kith(
            "{unknown} of {length(exons)} transcripts
            {cli::qty(unknown)}{?has/have} no exons; nothing is marked in
            {?its/their} splice track.",
            class = "kith_message_transcripts"
        )
    }
}
