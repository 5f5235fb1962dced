#' Sets of transcripts that belong together
#'
#' Puts transcripts of one gene into a set, and those of homologous genes of one
#' species (paralogs) as well. A learner takes two transcripts of a set as a
#' positive pair.
#'
#' The weight of a set of n transcripts is ln(n + 0.4), divided by its mean over
#' the sets, so that weights have mean 1. So a gene with twenty isoforms counts
#' more than one with two, yet not ten times as much.
#'
#' @param x What [encode_transcripts()] returns, a data frame with a column
#'   `id`, or the ids of transcripts.
#' @param gene The gene of each transcript: a vector of gene ids that has the
#'   ids of transcripts as names, or the name of a column of the data frame `x`.
#'   Transcripts without a gene are sets of their own; a message counts them.
#' @param homology `NULL`, or groups of homologous genes: a data frame as
#'   HomoloGene has it, with the columns `hid` (the group), `taxid` (may be
#'   missing) and one or several of gene ids or symbols, of which the one that
#'   matches best is taken; or a vector of groups that has gene ids as names. A
#'   gene in several groups goes with the first; a message counts them.
#' @param species The species of genes: one for all, or a vector that has the
#'   ids of genes or of transcripts as names. Needed where `homology` has
#'   several `taxid`, and then to be given as such.
#' @param across Also merge homologous genes of different species?
#'
#' @return An object of class `transcript_sets`, a list:
#'   \describe{
#'   \item{id}{ids of transcripts}
#'   \item{set}{number of the set of each}
#'   \item{sets}{data frame, a row for each set: `set`, `name` (its genes, with
#'     `+` between), `n_genes`, `size` (number of transcripts) and `weight`}
#'   }
#' @section Errors: Of class `kith_error_input`: transcripts of which none has a
#'   gene, genes of which none is in `homology`, species that are missing where
#'   they are needed or not known.
#' @references Fradkin P et al. (2023). Splicing up your predictions with RNA
#'   contrastive learning. arXiv:2310.08738.
#' @family transcript functions
#' @examples
#' gene <- c(t1 = "TUBA1A", t2 = "TUBA1A", t3 = "TUBA1B", t4 = "ACTB")
#' transcript_sets(names(gene), gene)
#' homology <- c(TUBA1A = "tubulin", TUBA1B = "tubulin")
#' transcript_sets(names(gene), gene, homology)$sets
#' @export
transcript_sets <- function(x, gene, homology = NULL, species = NULL,
                            across = FALSE) {
    check_flag(across)
    call <- rlang::current_env()
    id <- set_ids(x, call)
    gene <- genes_of(x, id, gene, call)
    species <- species_of(species, id, gene, call)
    group <- if (!is.null(homology)) {
        homology_groups(homology, gene, species, call)
    }
    # a gene id counts within its species
    own <- ifelse(
        is.na(gene), paste0("transcript\r", id), paste0(species, "\r", gene)
    )
    key <- own
    if (!is.null(group)) {
        merged <- paste0("group\r", if (!across) species, "\r", group)
        key[!is.na(group)] <- merged[!is.na(group)]
    }
    set <- match(key, unique(key))
    structure(
        list(id = id, set = set, sets = set_table(set, own, gene, id)),
        class = "transcript_sets"
    )
}

set_ids <- function(x, call) {
    id <- if (inherits(x, "transcripts")) {
        names(x)
    } else if (is.data.frame(x)) {
        check_transcript_columns(x, "id", "x", call)
        table_ids(x$id, "x", call)
    } else {
        x
    }
    id <- check_ids(id, "x", call)
    if (length(id) == 0L) {
        abort_input("{.arg x} must have at least one transcript.", call = call)
    }
    check_named_once(id, "x", "x", call)
}

# the gene of each transcript, NA without one
genes_of <- function(x, id, gene, call) {
    if (is.data.frame(x) && rlang::is_string(gene) && is.null(names(gene))) {
        check_transcript_columns(x, gene, "x", call)
        gene <- stats::setNames(x[[gene]], id)
    }
    if (is.null(names(gene)) || !is.atomic(gene) && !is.factor(gene)) {
        abort_input(c(
            "{.arg gene} must be a vector of gene ids with ids of transcripts as
            names{if (is.data.frame(x)) ', or the name of a column'}.",
            x = "It is {describe_value(gene)} without names.",
            i = "Set them with {.code stats::setNames(gene, ids)}."
        ), call = call)
    }
    check_named_once(names(gene), "names(gene)", "gene", call)
    known <- as.character(gene)
    result <- known[match(id, names(gene))]
    result[!nzchar(result)] <- NA
    if (all(is.na(result))) {
        abort_input(c(
            "{.arg gene} must have the genes of transcripts in {.arg x}.",
            x = "It has none of them; the first is {.val {id[1L]}}.",
            i = "{advise_ids(id, names(gene), genes = FALSE)}"
        ), call = call)
    }
    lacking <- which(is.na(result))
    if (length(lacking) > 0L) {
        inform_kith(
            "{length(lacking)} of {length(id)} transcripts
            {cli::qty(length(lacking))}{?has/have} no gene and {?is a set/are
            sets} of {?its/their} own, the first is {.val {id[lacking[1L]]}}.",
            class = "kith_message_sets"
        )
    }
    result
}

# the species of each transcript, "" where there is one alone without a name
species_of <- function(species, id, gene, call) {
    if (is.null(species)) {
        return(rep("", length(id)))
    }
    if (is.null(names(species))) {
        if (length(species) != 1L || is.na(species)) {
            abort_input(c(
                "{.arg species} must be one species, or a vector with the ids of
                genes or transcripts as names.",
                x = "It is {describe_value(species)}."
            ), call = call)
        }
        return(rep(as.character(species), length(id)))
    }
    by_id <- match(id, names(species))
    by_gene <- match(gene, names(species))
    at <- ifelse(is.na(by_id), by_gene, by_id)
    result <- as.character(species)[at]
    if (anyNA(result)) {
        first <- id[which(is.na(result))[1L]]
        abort_input(c(
            "{.arg species} must have the species of every gene or transcript.",
            x = "It has none for {.val {first}}, the first of
            {sum(is.na(result))}.",
            i = "Its names must be ids of transcripts or of genes, such as
            {.val {id[1L]}} or {.val {gene[!is.na(gene)][1L]}}."
        ), call = call)
    }
    result
}

# a row for each set; own: the gene of each transcript within its species
set_table <- function(set, own, gene, id) {
    label <- ifelse(is.na(gene), id, gene)
    first <- !duplicated(paste(set, own))
    names <- split(label[first], set[first])
    size <- tabulate(set)
    data.frame(
        set = seq_along(size),
        name = vapply(names, paste, "", collapse = "+", USE.NAMES = FALSE),
        n_genes = lengths(names, use.names = FALSE), size = size,
        weight = set_weights(size)
    )
}

# of sets by their number of transcripts, with mean 1
set_weights <- function(size) {
    # exactly 1, whatever sums round to
    if (all(size == size[1L])) {
        return(rep(1, length(size)))
    }
    log(size + 0.4) / mean(log(size + 0.4))
}

#' @method print transcript_sets
#' @export
print.transcript_sets <- function(x, ...) {
    sets <- x$sets
    cli::cat_line(sprintf(
        "<transcript_sets> %d transcripts in %d sets", length(x$id), nrow(sets)
    ))
    merged <- sets$n_genes > 1L
    cli::cat_line(sprintf(
        "%d with one transcript; the largest has %d", sum(sets$size == 1L),
        max(sets$size)
    ))
    cli::cat_line(sprintf(
        "%d of several genes (%d genes)", sum(merged),
        sum(sets$n_genes[merged])
    ))
    invisible(x)
}
