#' Read protein links of STRING
#'
#' Reads the files that STRING offers for download
#' (<https://string-db.org/cgi/download>) and returns one row per pair of genes.
#' A file of links is read in pieces, so that memory is needed for the pairs
#' that are kept, not for the file: 13 million lines with all channels take some
#' 30 seconds.
#'
#' STRING lists each pair in both directions; one row is kept, with the larger
#' score if the two differ. Proteins are named by ids like
#' `9606.ENSP00000269305`, in which the number is the species (NCBI taxonomy).
#' With `info` or `aliases` they get other ids. Pairs of proteins that get the
#' same two ids are merged and the best score is kept; two proteins with the
#' same id make no pair. A protein with several ids gets the first in the file,
#' and pairs of a protein without any are left out. All of this is counted.
#'
#' @param links Path of a file of links: `protein.links`,
#'   `protein.links.detailed`, `protein.links.full`, `protein.physical.links` or
#'   `protein.physical.links.detailed`, as it was downloaded (`.txt.gz`) or
#'   unpacked.
#' @param info Path of the `protein.info` file of the species: genes are then
#'   named by symbols (its column `preferred_name`).
#' @param aliases Path of the `protein.aliases` file of the species, instead of
#'   `info`: genes are then named by ids of the kind that `ids` chooses.
#' @param species Taxonomy number that the ids must have, such as 9606 (human).
#'   `NULL` takes the one that the file has.
#' @param min_score Least score of a pair, from 0 to 1000. STRING calls 400
#'   medium, 700 high and 900 highest confidence.
#' @param channel Column of scores: `"combined"`, or a channel of the detailed
#'   and full files such as `"experimental"` or `"coexpression"`, by its name in
#'   the file.
#' @param ids With `aliases`: the source of the ids, as its third column names
#'   it, such as `"Ensembl_gene"` or `"UniProt_AC"`. An unknown source is
#'   answered with those that the file has.
#' @return A data frame of class `gene_pairs` with one row per pair, as
#'   [gene_pairs()] returns it:
#'   \describe{
#'     \item{from, to}{character, the ids of the two genes}
#'     \item{score}{numeric, from `min_score` to 1000}
#'   }
#'   Its attribute `report` has the columns `reason` and `n`: the number of
#'   lines (`input rows`), of pairs kept, and of lines left out because the
#'   score is below `min_score`, because a protein has no id (`missing ids`),
#'   because both proteins have one id (`self pairs`), as repeats the same way
#'   round (`duplicated`) or the other way round (`reversed`), and as pairs of
#'   other proteins of the same two genes (`merged`). With `info` or `aliases`
#'   the attribute `id_map` has one row per protein with a score of at least
#'   `min_score`, in the form of [map_genes()]. Printing shows both reports.
#' @section Errors:
#' An error of class `kith_error_input` is raised for files that do not exist,
#' are empty, cut off, no text in UTF-8 or a web page; for lines that are not as
#' they should be (the message has their number); for another species than asked
#' for or several of them; for a channel or source that is not there (the
#' message lists those that are); and when no pair is left.
#' @references Szklarczyk et al. (2023), The STRING database in 2023,
#'   \doi{10.1093/nar/gkac1000}. Data of STRING are under CC BY 4.0.
#' @family readers
#' @export
#' @examples
#' folder <- tempfile()
#' dir.create(folder)
#' links <- file.path(folder, "9606.protein.links.v12.0.txt")
#' writeLines(c(
#'     "protein1 protein2 combined_score",
#'     "9606.ENSP01 9606.ENSP02 999", "9606.ENSP02 9606.ENSP01 999",
#'     "9606.ENSP01 9606.ENSP03 250", "9606.ENSP03 9606.ENSP01 250"
#' ), links)
#' info <- file.path(folder, "9606.protein.info.v12.0.txt")
#' writeLines(c(
#'     "#string_protein_id\tpreferred_name\tprotein_size\tannotation",
#'     "9606.ENSP01\tINTS1\t2190\tIntegrator complex subunit 1",
#'     "9606.ENSP02\tC7orf26\t449\tIntegrator complex subunit 15",
#'     "9606.ENSP03\tHSPA5\t654\tBiP"
#' ), info)
#' read_string(links, info)
#' unlink(folder, recursive = TRUE)
read_string <- function(links, info = NULL, aliases = NULL, species = NULL,
                        min_score = 700, channel = "combined", ids = NULL) {
    call <- rlang::current_env()
    path <- check_file(links)
    min_score <- check_min_score(min_score)
    check_string(channel)
    species <- check_species(species)
    found <- string_ids(info, aliases, ids, call)
    if (!is.null(found)) {
        species <- find_species(found$id, species, info %||% aliases, call)
    }
    link <- read_links(path, species, min_score, channel, call)
    pairs <- string_pairs(link, found, path, call)
    inform_kith(c(
        "{.file {basename(links)}}: {count_of(nrow(pairs), 'pair')} from
        \"protein1\", \"protein2\", score {.field {channel}}.",
        i = "First ids: {first_of(pair_genes(pairs))}"
    ), class = "kith_message_pairs")
    pairs
}

check_min_score <- function(min_score, call = rlang::caller_env()) {
    check_number(min_score, 0, 1000, call = call)
    if (min_score > 0 && min_score < 1) {
        # rounded first, so that 0.07 becomes 70 and not 71
        meant <- ceiling(round(1000 * min_score, 6))
        abort_input(c(
            "{.arg min_score} must be on the scale of the files, 0 to 1000.",
            x = "It is {min_score}.",
            i = "Use {.code min_score = {meant}}."
        ), call = call)
    }
    min_score
}

check_species <- function(species, call = rlang::caller_env()) {
    if (is.null(species) || is.character(species)) {
        if (!is.null(species)) check_string(species, call = call)
        return(species)
    }
    format(check_count(species, call = call), scientific = FALSE)
}

# The species that ids start with, which must be one and the one asked for.
find_species <- function(ids, species, file, call) {
    found <- sub("[.].*$", "", ids)
    if (length(ids)) {
        species <- species %||% found[1L]
    }
    bad <- which(found != species | !grepl(".", ids, fixed = TRUE))
    if (length(bad)) {
        first <- ids[bad[1L]]
        abort_input(c(
            "{.file {file}} must hold proteins of one species, {species}.",
            x = if (grepl(".", first, fixed = TRUE)) {
                "{.val {first}} is of species {found[bad[1L]]}."
            } else {
                "{.val {first}} is no id of STRING, like
                {.val 9606.ENSP00000269305}."
            },
            i = "Get the files of the species that you want from
            {.url https://string-db.org/cgi/download}."
        ), call = call)
    }
    species
}

# ---- links ----------------------------------------------------------------

# The lines with at least min_score: list(proteins, a, b = codes from 0 of the
# two proteins, score, n_rows = lines in the file, highest = score in it)
read_links <- function(file, species, min_score, channel, call) {
    lines <- open_lines(file, call)
    on.exit(close_lines(lines))
    table <- links_table(lines, channel, call)
    score_at <- which(table$types == "integer")
    proteins <- character()
    blocks <- list()
    n_rows <- 0
    highest <- -Inf
    while (!is.null(rows <- read_piece(table, table$types, call))) {
        n <- length(rows[[1L]])
        score <- rows[[score_at]]
        check_link_scores(score, n_rows, table, call)
        ends <- unique(c(unique(rows[[1L]]), unique(rows[[2L]])))
        new <- setdiff(ends, proteins)
        species <- find_species(new, species, file, call)
        proteins <- c(proteins, new)
        good <- which(score >= min_score)
        blocks <- c(blocks, list(list(
            a = match(rows[[1L]][good], proteins) - 1L,
            b = match(rows[[2L]][good], proteins) - 1L,
            score = score[good]
        )))
        n_rows <- n_rows + n
        highest <- max(highest, score)
    }
    part <- function(name) unlist(lapply(blocks, `[[`, name))
    list(
        proteins = proteins, a = part("a"), b = part("b"),
        score = as.double(part("score")), n_rows = n_rows, highest = highest
    )
}

# an open file of links at its first line -> a table, with the types to read
links_table <- function(lines, channel, call) {
    file <- lines$file
    header <- take_header(lines, call)
    sep <- guess_separator(header, file, call)
    columns <- split_fields(header, sep, NULL, file, call)[[1L]]
    if (length(columns) < 3L || !identical(
        columns[1:2], c("protein1", "protein2")
    )) {
        abort_input(c(
            "{.arg links} must be a file of protein links of STRING.",
            x = "{.file {file}} starts with {.val {strtrim(header, 60L)}}.",
            i = "Such files have the columns {.field protein1},
            {.field protein2} and {.field combined_score}. Other tables of pairs
            are for {.fn read_pairs}."
        ), call = call)
    }
    channels <- columns[-(1:2)]
    wanted <- if (channel == "combined") "combined_score" else channel
    if (!wanted %in% channels) {
        detailed <- if (length(channels) == 1L) {
            "The {.file detailed} and {.file full} files have other channels."
        }
        abort_input(c(
            "{.arg channel} must be one of the channels in {.file {file}}:
            {.or {.val {sub('^combined_score$', 'combined', channels)}}}.",
            x = "It is {.val {channel}}.",
            i = detailed
        ), call = call)
    }
    types <- c("text", "text", rep("skip", length(channels)))
    types[match(wanted, columns)] <- "integer"
    table <- new_table(lines, sep, TRUE, columns)
    table$types <- types
    table
}

# the first line, which must be text
take_header <- function(lines, call) {
    first <- peek_lines(lines, 1L, call)
    if (length(first$text) == 0L) {
        abort_input(c(
            "{.file {lines$file}} must have rows.",
            x = "It is blank."
        ), call = call)
    }
    skip_lines(lines, first$number, call)
    check_utf8(first$text, lines$file, call)
}

# n_before: rows before those of these scores
check_link_scores <- function(score, n_before, table, call) {
    bad <- which(is.na(score) | score < 0L | score > 1000L)
    if (length(bad)) {
        abort_input(c(
            "{.file {table$file}} must have scores of 0 to 1000.",
            x = "Row {format_count(n_before + bad[1])} after the header has
            {score[bad[1]]} in
            {.field {table$columns[table$types == 'integer']}}."
        ), call = call)
    }
}
