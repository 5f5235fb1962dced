# Groups of homologous genes.

# The group of each gene, NA without one; gene and species are those of
# transcripts.
homology_groups <- function(homology, gene, species, call) {
    group <- if (is.data.frame(homology)) {
        table_groups(homology, gene, species, call)
    } else {
        named_groups(homology, gene, call)
    }
    report_homology(group, gene)
    group
}

# homology: a vector of groups with gene ids as names
named_groups <- function(homology, gene, call) {
    if (is.null(names(homology)) || !is.atomic(homology)) {
        abort_input(c(
            "{.arg homology} must be a data frame with a column {.field hid}, or
            a vector of groups with gene ids as names.",
            x = "It is {describe_value(homology)}.",
            i = "For instance {.code c(TUBA1A = 1, TUBA1B = 1)}."
        ), call = call)
    }
    if (!any(gene %in% names(homology))) {
        abort_no_homology(gene, names(homology), call)
    }
    first_group(gene, names(homology), as.character(homology))
}

# homology: a data frame with hid, perhaps taxid, and columns of gene ids
table_groups <- function(homology, gene, species, call) {
    check_transcript_columns(homology, "hid", "homology", call)
    of <- gene
    prefix <- character(nrow(homology))
    if ("taxid" %in% names(homology)) {
        check_taxids(homology$taxid, species, call)
        if (all(species != "")) {
            of <- ifelse(is.na(gene), NA, paste(species, gene))
            prefix <- paste0(homology$taxid, " ")
        }
    }
    columns <- setdiff(names(homology), c("hid", "taxid"))
    if (length(columns) == 0L) {
        abort_input(c(
            "{.arg homology} must have a column of gene ids.",
            x = "It has the columns {.field {names(homology)}}."
        ), call = call)
    }
    ids <- lapply(columns, function(column) {
        paste0(prefix, homology[[column]])
    })
    matches <- vapply(ids, function(known) sum(unique(of) %in% known), 0L)
    if (max(matches) == 0L) {
        nearest <- if (all(nzchar(prefix))) {
            homology$taxid %in% species
        } else {
            TRUE
        }
        abort_no_homology(gene, homology[[columns[1L]]][nearest], call)
    }
    best <- ids[[which.max(matches)]]
    first_group(of, best, as.character(homology$hid))
}

# are the species of genes those of the table?
check_taxids <- function(taxid, species, call) {
    known <- unique(as.character(taxid))
    if (all(species == "") && length(known) > 1L) {
        abort_input(c(
            "{.arg species} must be given where {.arg homology} has several.",
            x = "Its {.field taxid} has {length(known)}, such as
            {.val {utils::head(known, 3L)}}.",
            i = "For instance {.code species = {utils::head(known, 1L)}} for all
            genes."
        ), call = call)
    }
    if (any(species != "") && !any(species %in% known)) {
        abort_input(c(
            "{.arg species} must be among the {.field taxid} of
            {.arg homology}.",
            x = "{.val {species[1L]}} is not; there are
            {.val {utils::head(known, 3L)}}.",
            i = "These are taxon ids of NCBI, such as 9606 for human and 10090
            for mouse."
        ), call = call)
    }
}

# of: a key for each transcript; known, groups: keys and their groups
first_group <- function(of, known, groups) {
    used <- known %in% of
    pairs <- unique(data.frame(known = known[used], group = groups[used]))
    several <- unique(pairs$known[duplicated(pairs$known)])
    if (length(several) > 0L) {
        inform_kith(
            "{length(several)} gene{?s} {?is/are} in several groups of
            {.arg homology}, of which the first is taken.",
            class = "kith_message_sets"
        )
    }
    pairs$group[match(of, pairs$known)]
}

abort_no_homology <- function(gene, known, call) {
    known <- as.character(known)
    first <- gene[!is.na(gene)][1L]
    abort_input(c(
        "{.arg homology} must have groups of genes in {.arg gene}.",
        x = "It has none of them; the first is {.val {first}}.",
        i = "{advise_ids(gene[!is.na(gene)], known)}"
    ), call = call)
}

report_homology <- function(group, gene) {
    genes <- unique(gene[!is.na(gene)])
    lacking <- setdiff(genes, gene[!is.na(group)])
    if (length(lacking) > 0L) {
        inform_kith(
            "{length(lacking)} of {length(genes)} genes
            {cli::qty(length(lacking))}{?is/are} in no group of
            {.arg homology}.",
            class = "kith_message_sets"
        )
    }
}
