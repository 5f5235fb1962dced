# Names of the proteins of STRING, and pairs of genes by these names.

# the file that was given -> distinct rows of id (the protein), mapped, in the
# order of the file; NULL if none was given
string_ids <- function(info, aliases, ids, call) {
    if (!is.null(info) && !is.null(aliases)) {
        abort_input(c(
            "{.arg info} and {.arg aliases} must not both be given.",
            i = "{.arg info} gives gene symbols, {.arg aliases} any other kind
            of id."
        ), call = call)
    }
    if (is.null(aliases) && !is.null(ids)) {
        abort_input(c(
            "{.arg ids} must be given together with {.arg aliases}.",
            i = "{.arg info} gives gene symbols."
        ), call = call)
    }
    found <- if (!is.null(info)) {
        read_string_info(check_file(info, call = call), call)
    } else if (!is.null(aliases)) {
        read_string_aliases(check_file(aliases, call = call), ids, call)
    }
    if (!is.null(found)) {
        named <- !is.na(found$id) & !is.na(found$mapped)
        unique(found[named, ])
    }
}

read_string_info <- function(file, call) {
    table <- open_string_table(file,
        c("string_protein_id|protein_external_id", "preferred_name"), "info",
        call
    )
    on.exit(close_lines(table$lines))
    rows <- read_rows(table, table$types, call)
    data.frame(id = rows[[1L]], mapped = rows[[2L]])
}

# Such files have a hundred aliases to a protein, so they are read in pieces.
# A row may come from several sources, which spaces part in older versions.
read_string_aliases <- function(file, ids, call) {
    if (!is.null(ids)) check_string(ids, call = call)
    table <- open_string_table(file,
        c("string_protein_id|protein_external_id", "alias", "source"),
        "aliases", call
    )
    on.exit(close_lines(table$lines))
    found <- list()
    sources <- character()
    while (!is.null(rows <- read_piece(table, table$types, call))) {
        known <- unique(rows[[3L]])
        words <- strsplit(known, " ", fixed = TRUE)
        sources <- union(sources, unlist(words))
        right <- vapply(words, function(x) any(x %in% ids), logical(1))
        at <- which(rows[[3L]] %in% known[right])
        found <- c(found, list(data.frame(
            id = rows[[1L]][at], mapped = rows[[2L]][at]
        )))
    }
    if (is.null(ids) || !ids %in% sources) {
        abort_input(c(
            "{.arg ids} must be one of the sources in {.file {file}}.",
            x = "It is {describe_value(ids)}.",
            i = "It has: {toString(sort(sources))}."
        ), call = call)
    }
    do.call(rbind, found)
}

# A table of STRING whose header starts with one or two "#", or none in 11.0;
# wanted: names of its first columns, with "|" where they have changed.
open_string_table <- function(file, wanted, name, call) {
    lines <- open_lines(file, call)
    opened <- FALSE
    on.exit(if (!opened) close_lines(lines))
    header <- take_header(lines, call)
    # "## string_protein_id ## alias ## source ##" in older versions
    columns <- strsplit(sub("^#+[ \t]*", "", header), "[ \t#]+")[[1L]]
    found <- columns[seq_along(wanted)]
    fits <- mapply(`%in%`, found, strsplit(wanted, "|", fixed = TRUE))
    if (!all(fits)) {
        wanted <- sub("[|].*", "", wanted)
        abort_input(c(
            "{.arg {name}} must be a {.file protein.{name}} file of STRING, with
            the columns {.field {wanted}}.",
            x = "{.file {file}} starts with {.val {strtrim(header, 60L)}}."
        ), call = call)
    }
    table <- new_table(lines, "\t", TRUE, columns)
    table$types <- rep(c("text", "skip"), c(
        length(wanted), length(columns) - length(wanted)
    ))
    opened <- TRUE
    table
}

# ---- pairs ----------------------------------------------------------------

# link: see read_links(); found: see string_ids() -> gene_pairs
string_pairs <- function(link, found, file, call) {
    if (length(link$a) == 0L) {
        abort_no_link(link, file, call)
    }
    pairs <- unique_links(link$a, link$b, link$score)
    names <- link$proteins
    map <- NULL
    used <- unique(c(pairs$a, pairs$b)) + 1L
    if (!is.null(found)) {
        map <- map_proteins(names[used], found)
        code <- rep(NA_integer_, length(names))
        names <- unique(map$mapped[!is.na(map$mapped)])
        code[used] <- match(map$mapped, names) - 1L
        pairs <- rename_links(pairs, code)
    }
    if (length(pairs$a) == 0L) {
        abort_no_pair(length(used), map, file, call)
    }
    n <- c(
        "input rows" = link$n_rows, pairs$counts["kept"],
        "below min_score" = link$n_rows - length(link$a),
        pairs$counts[names(pairs$counts) != "kept"]
    )
    result <- new_gene_pairs(names[pairs$a + 1L], names[pairs$b + 1L],
        pairs$score, new_report(names(n), n)
    )
    attr(result, "id_map") <- map
    result
}

# a, b: codes from 0 -> list(a, b, score, counts), one row per pair
unique_links <- function(a, b, score) {
    found <- unique_codes(a, b, score)
    list(
        a = a[found$rows], b = b[found$rows], score = found$score,
        counts = found$counts
    )
}

# pairs: of proteins; code: for each protein the code of its gene, or NA. A
# pair counts once in what becomes of it, its other lines count as before.
rename_links <- function(pairs, code) {
    renamed <- unique_links(
        code[pairs$a + 1L], code[pairs$b + 1L], pairs$score
    )
    counts <- pairs$counts
    counts["kept"] <- renamed$counts["kept"]
    lost <- c("missing ids", "self pairs")
    counts[lost] <- counts[lost] + renamed$counts[lost]
    counts["merged"] <- sum(renamed$counts[c("duplicated", "reversed")])
    renamed$counts <- counts
    renamed
}

map_proteins <- function(proteins, found) {
    found <- found[found$id %in% proteins, ]
    found$by_alias <- rep(FALSE, nrow(found))
    assemble_map(proteins, found, character(), "first")
}

# n_used: proteins in pairs; map: their ids, NULL where they keep their own
abort_no_pair <- function(n_used, map, file, call) {
    if (n_used == 0L) {
        abort_input(c(
            "{.file {file}} must have pairs of two proteins.",
            x = "Each line names one protein twice."
        ), call = call)
    }
    abort_input(c(
        "{.file {file}} must have pairs of two proteins with different ids.",
        x = "Of {n_used} protein{?s} {sum(!is.na(map$mapped))} {?has/have} an
        id, and no pair has two.",
        i = "Are both files of the same version of STRING?"
    ), call = call)
}

abort_no_link <- function(link, file, call) {
    if (link$n_rows == 0) {
        abort_input(c(
            "{.file {file}} must have rows.",
            x = "It has a header only."
        ), call = call)
    }
    abort_input(c(
        "{.arg min_score} must be low enough to leave a pair.",
        x = "The highest score in {.file {file}} is {link$highest}."
    ), call = call)
}
