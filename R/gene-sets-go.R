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
            i = case_hint(genes, known) %||% "See {.fn map_genes}."
        ))
    }
    found <- suppressMessages(AnnotationDbi::select(
        org, wanted, "GOALL", keytype
    ))
    found <- found[found$ONTOLOGYALL %in% ontology, ]
    found <- unique(data.frame(gene = found[[keytype]], go = found$GOALL))
    sets <- split(found$gene, found$go)
    terms <- suppressMessages(AnnotationDbi::select(
        GO.db::GO.db, names(sets), "TERM", "GOID"
    ))
    structure(sets,
        term = stats::setNames(terms$TERM, terms$GOID)[names(sets)]
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

# what to do where ids would match in the other case; NULL where they would not
case_hint <- function(ids, known) {
    if (any(ids %in% known)) {
        NULL
    } else if (any(toupper(ids) %in% known)) {
        "They match in upper case: use {.code toupper()} on the gene ids."
    } else if (any(toupper(ids) %in% toupper(known))) {
        "They match but for the case of the letters: bring both to one."
    }
}
