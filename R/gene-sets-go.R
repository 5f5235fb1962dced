#' Gene sets of the Gene Ontology
#'
#' The genes of every term of the Gene Ontology, with those of its more special
#' terms, from the annotation package of an organism and GO.db.
#'
#' @param org An annotation object such as `org.Hs.eg.db::org.Hs.eg.db`, or the
#'   name of its package.
#' @param genes Genes to look up; `NULL` for all that `org` has.
#' @param ontology Which of `"BP"` (biological process), `"MF"` (molecular
#'   function) and `"CC"` (cellular component); all three by default.
#' @param keytype Kind of the gene ids: one of `AnnotationDbi::keytypes(org)`.
#'
#' @return A named list with a character vector of gene ids for each term, named
#'   by its id (`"GO:0032039"`). Its attribute `term` has the names of the terms
#'   (`"integrator complex"`), by id. Terms without a gene of `genes` are left
#'   out.
#' @section Errors: Of class `kith_error_input`: genes of which `org` knows
#'   none, an `org` or a `keytype` that is none. Of class `kith_error_package`:
#'   AnnotationDbi, GO.db or `org` is not installed.
#' @family readers
#' @examplesIf requireNamespace("org.Hs.eg.db", quietly = TRUE)
#' # INTS1, INTS2 and SNAPC1 by their Entrez ids
#' sets <- go_gene_sets("org.Hs.eg.db", c("26173", "57508", "6617"),
#'     ontology = "CC", keytype = "ENTREZID"
#' )
#' attr(sets, "term")[lengths(sets) == 2]
#' @export
go_gene_sets <- function(org, genes = NULL, ontology = c("BP", "MF", "CC"),
                         keytype = "SYMBOL") {
    need_package("AnnotationDbi", "Reading gene sets of the Gene Ontology")
    need_package("GO.db", "Reading gene sets of the Gene Ontology")
    ontology <- check_ontology(ontology)
    org <- find_annotation(org)
    check_keytype(keytype, AnnotationDbi::keytypes(org), "keytype")
    known <- AnnotationDbi::keys(org, keytype)
    wanted <- if (is.null(genes)) {
        known
    } else {
        intersect(check_ids(genes, "genes"), known)
    }
    if (length(wanted) == 0L) {
        abort_input(c(
            "{.arg genes} must be ids of the kind {.val {keytype}}.",
            x = "None is; the first is {.val {genes[1]}}, where {.arg org} has
            such as {.val {utils::head(known, 3)}}.",
            i = "{advise_ids(genes, known)}"
        ))
    }
    found <- read_go(org, wanted, ontology, keytype)
    sets <- split(found$gene, found$go)
    terms <- suppressMessages(AnnotationDbi::select(
        GO.db::GO.db, names(sets), "TERM", "GOID"
    ))
    structure(sets,
        term = stats::setNames(terms$TERM, terms$GOID)[names(sets)]
    )
}

# distinct rows of gene, go
read_go <- function(org, genes, ontology, keytype) {
    tables <- paste0("go_", tolower(ontology), "_all")
    if (has_go_tables(org, tables)) {
        found <- read_go_tables(org, genes, tables, keytype)
    } else {
        found <- suppressMessages(AnnotationDbi::select(
            org, genes, "GOALL", keytype
        ))
        found <- found[found$ONTOLOGYALL %in% ontology, ]
        found <- data.frame(gene = found[[keytype]], go = found$GOALL)
    }
    # as one string, since rows of a data frame are compared slowly
    found[!duplicated(paste(found$gene, found$go, sep = "\r")), ]
}

# is org a package for Entrez ids with the usual tables?
has_go_tables <- function(org, tables) {
    about <- AnnotationDbi::metadata(org)
    central <- about$value[about$name == "CENTRALID"]
    identical(central, "EG") && all(c("genes", tables) %in%
        DBI::dbListTables(AnnotationDbi::dbconn(org)))
}

# select() joins all genes with all terms before it looks which are wanted:
# three seconds for a few genes, half a minute for a genome. Asked directly, the
# tables take a tenth of a second and ten.
read_go_tables <- function(org, genes, tables, keytype) {
    ids <- look_up(genes, keytype, "ENTREZID", org)
    rows <- do.call(rbind, lapply(tables, function(table) {
        DBI::dbGetQuery(AnnotationDbi::dbconn(org), sprintf(
            "SELECT DISTINCT gene_id, go_id FROM %s JOIN genes USING (_id)
            WHERE gene_id = ?", table
        ), params = list(unique(ids$mapped)))
    }))
    # an id may stand for several genes, and a gene may have several ids
    terms <- split(rows$go_id, rows$gene_id)[ids$mapped]
    data.frame(
        gene = rep(ids$id, lengths(terms)),
        go = as.character(unlist(terms, use.names = FALSE))
    )
}

check_ontology <- function(ontology, call = rlang::caller_env()) {
    known <- c("BP", "MF", "CC")
    if (!is.character(ontology) || !length(ontology) ||
        !all(ontology %in% known)) {
        abort_input(c(
            "{.arg ontology} must be some of {.val {known}}.",
            x = "It is {.val {ontology}}."
        ), call = call)
    }
    unique(ontology)
}
