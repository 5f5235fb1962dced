#' Map gene ids from one system to another
#'
#' Looks ids up in an annotation package and says what became of each of them:
#' what was lost, what was ambiguous and what was found only under an older
#' name. Works offline.
#'
#' Ids are matched as they are, in upper and lower case as given. When `from` is
#' `"SYMBOL"`, symbols that are not current are looked up a second time among
#' the aliases of genes.
#'
#' @param ids Character vector (or whole numbers, for Entrez ids); may contain
#'   duplicates.
#' @param from,to Kinds of id, as [AnnotationDbi::keytypes()] names them:
#'   `"SYMBOL"`, `"ENSEMBL"`, `"ENTREZID"`, `"ALIAS"`, `"ACCNUM"`, `"UNIPROT"`,
#'   or `"PROBEID"` for chip packages.
#' @param org An annotation object such as `org.Hs.eg.db::org.Hs.eg.db`, or the
#'   name of its package.
#' @param multiple What to do with an id that has several targets: take the
#'   `"first"` in the order of the database, `"drop"` it (`mapped` is `NA`), or
#'   keep `"all"` in rows of their own.
#'
#' @return A data frame of class `gene_map` with one row per element of `ids`,
#'   in their order (more for `multiple = "all"`), and the columns
#'   \describe{
#'   \item{id}{the id as given}
#'   \item{mapped}{its target, or `NA`}
#'   \item{status}{`"one-to-one"`; `"one-to-many"`: the id has several targets;
#'     `"many-to-one"`: other ids have the same target; `"by alias"`: found as
#'     the alias of one gene; `"ambiguous alias"`: found as the alias of several
#'     genes, mapped as `multiple` says; `"unmapped"`}
#'   }
#'   The attribute `report` is a data frame of the number `n` of elements of
#'   `ids` by `status`; printing shows it.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for missing ids, kinds of id
#' that `org` does not have (the message lists those it has) and an `org` that
#' is not an annotation package; one of class `kith_error_package` when the
#' package is not installed.
#'
#' @examplesIf requireNamespace("org.Hs.eg.db", quietly = TRUE)
#' map_genes(c("TP53", "MLL", "BRCA1", "no such gene"),
#'     from = "SYMBOL", to = "ENTREZID", org = "org.Hs.eg.db"
#' )
#' @family gene ids
#' @export
map_genes <- function(ids, from, to, org,
                      multiple = c("first", "drop", "all")) {
    multiple <- rlang::arg_match(multiple)
    need_package("AnnotationDbi", "Mapping gene ids")
    ids <- check_ids(ids)
    org <- find_annotation(org)
    check_keytype(from, AnnotationDbi::keytypes(org), "from")
    check_keytype(to, AnnotationDbi::columns(org), "to")

    found <- look_up(unique(ids), from, to, org)
    found$by_alias <- rep(FALSE, nrow(found))
    ambiguous <- character()
    if (from == "SYMBOL" && "ALIAS" %in% AnnotationDbi::keytypes(org)) {
        rest <- setdiff(ids, found$id)
        genes <- look_up(rest, "ALIAS", "SYMBOL", org)
        ambiguous <- unique(genes$id[duplicated(genes$id)])
        found <- rbind(found, look_up_aliases(genes, to, org))
    }
    assemble_map(ids, found, ambiguous, multiple)
}

# distinct ids -> data frame of id, mapped: the targets there are, each once
look_up <- function(ids, from, to, org) {
    nothing <- data.frame(id = character(), mapped = character())
    if (length(ids) == 0L) {
        return(nothing)
    }
    if (from == to) {
        # select() would give unknown ids back as their own targets
        known <- intersect(ids, AnnotationDbi::keys(org, from))
        return(data.frame(id = known, mapped = known))
    }
    # select() tells by message what the status column tells here, and stops
    # where none of the ids is known
    found <- tryCatch(
        suppressMessages(AnnotationDbi::select(org, ids, to, from)),
        error = function(e) {
            if (any(ids %in% AnnotationDbi::keys(org, from))) {
                stop(e)
            }
            NULL
        }
    )
    if (is.null(found)) {
        return(nothing)
    }
    found <- data.frame(
        id = as.character(found[[from]]),
        mapped = as.character(found[[to]])
    )
    unique(found[!is.na(found$mapped), ])
}

# genes: aliases (id) and the symbols they stand for (mapped)
look_up_aliases <- function(genes, to, org) {
    if (to == "SYMBOL") {
        found <- genes
    } else {
        targets <- look_up(unique(genes$mapped), "SYMBOL", to, org)
        by_gene <- split(targets$mapped, targets$id)[genes$mapped]
        found <- unique(data.frame(
            id = rep(genes$id, lengths(by_gene)),
            mapped = as.character(unlist(by_gene, use.names = FALSE))
        ))
    }
    found$by_alias <- rep(TRUE, nrow(found))
    found
}

# found: id, mapped, by_alias, one row per distinct id and target
assemble_map <- function(ids, found, ambiguous, multiple) {
    first <- match(ids, found$id)
    several <- ids %in% found$id[duplicated(found$id)] | ids %in% ambiguous
    chosen <- if (multiple == "all") {
        unname(split(seq_len(nrow(found)), factor(found$id, unique(ids))))
    } else {
        as.list(match(unique(ids), found$id))
    }
    chosen <- chosen[match(ids, unique(ids))]
    chosen[lengths(chosen) == 0L] <- NA_integer_
    if (multiple == "drop") {
        chosen[several] <- NA_integer_
    }
    rows <- unlist(chosen)
    element <- rep(seq_along(ids), lengths(chosen))
    map <- data.frame(id = ids[element], mapped = found$mapped[rows])

    pairs <- unique(map[!is.na(map$mapped), ])
    shared <- pairs$mapped[duplicated(pairs$mapped)]
    status <- rep("one-to-one", length(ids))
    status[ids %in% pairs$id[pairs$mapped %in% shared]] <- "many-to-one"
    status[several] <- "one-to-many"
    status[found$by_alias[first]] <- "by alias"
    status[ids %in% ambiguous] <- "ambiguous alias"
    status[is.na(first)] <- "unmapped"
    map$status <- status[element]
    structure(map,
        report = report_status(status),
        class = c("gene_map", "data.frame")
    )
}

report_status <- function(status) {
    known <- c(
        "one-to-one", "one-to-many", "many-to-one", "by alias",
        "ambiguous alias", "unmapped"
    )
    n <- tabulate(match(status, known), length(known))
    data.frame(status = known[n > 0L], n = n[n > 0L])
}

find_annotation <- function(org, call = rlang::caller_env()) {
    if (is.character(org)) {
        check_string(org, "org", call)
        if (!grepl("^org[.].*[.]db$", org)) abort_no_organism(org, call)
        need_package(org, "This mapping", call = call)
        exported <- getNamespaceExports(org)
        org <- if (org %in% exported) getExportedValue(org, org)
    }
    if (!methods::is(org, "AnnotationDb")) {
        abort_input(c(
            "{.arg org} must be an annotation object such as
            {.code org.Hs.eg.db::org.Hs.eg.db}, or the name of its package.",
            x = "It is {describe_value(org)}."
        ), call = call)
    }
    org
}

# names of the annotation packages of Bioconductor by what people call species
organism_packages <- c(
    human = "org.Hs.eg.db", "homo sapiens" = "org.Hs.eg.db",
    mouse = "org.Mm.eg.db", "mus musculus" = "org.Mm.eg.db",
    rat = "org.Rn.eg.db", "rattus norvegicus" = "org.Rn.eg.db",
    yeast = "org.Sc.sgd.db", "saccharomyces cerevisiae" = "org.Sc.sgd.db",
    fly = "org.Dm.eg.db", "drosophila melanogaster" = "org.Dm.eg.db",
    worm = "org.Ce.eg.db", "caenorhabditis elegans" = "org.Ce.eg.db",
    zebrafish = "org.Dr.eg.db", "danio rerio" = "org.Dr.eg.db",
    arabidopsis = "org.At.tair.db", "escherichia coli" = "org.EcK12.eg.db"
)

abort_no_organism <- function(org, call) {
    package <- organism_packages[tolower(org)]
    abort_input(c(
        "{.arg org} must name a package with annotation of an organism.",
        x = "It is {.val {org}}.",
        i = if (!is.na(package)) {
            "Use {.code org = \"{package}\"}."
        } else {
            "They are called like {.pkg org.Hs.eg.db} (human); see
            {.url https://bioconductor.org/packages/AnnotationData}."
        }
    ), call = call)
}

check_keytype <- function(type, known, name, call = rlang::caller_env()) {
    check_string(type, name, call)
    if (!type %in% known) {
        abort_input(c(
            "{.arg {name}} must be a kind of id that {.arg org} has.",
            x = "It is {describe_value(type)}.",
            i = "It has: {toString(known)}."
        ), call = call)
    }
}

#' @method print gene_map
#' @export
print.gene_map <- function(x, n = 6, ...) {
    report <- attr(x, "report")
    total <- sum(report$n)
    cat(sprintf("<gene_map> of %s ids\n", format(total, big.mark = ",")))
    report$share <- sprintf("%.1f %%", 100 * report$n / max(total, 1))
    print(report, row.names = FALSE)
    if (nrow(x) > 0L) {
        cat("\n")
        print(utils::head(as.data.frame(x), n), row.names = FALSE)
    }
    if (nrow(x) > n) {
        cat(sprintf("... %s more rows\n", format(nrow(x) - n, big.mark = ",")))
    }
    invisible(x)
}

#' @export
`[.gene_map` <- function(x, ...) {
    # a part of a map has another report: it is a plain data frame
    as.data.frame(x)[...]
}

#' @method as.data.frame gene_map
#' @export
as.data.frame.gene_map <- function(x, ...) {
    attr(x, "report") <- NULL
    class(x) <- "data.frame"
    x
}

#' Give the rows of a matrix the ids of a map
#'
#' Renames the rows of a matrix by the result of [map_genes()], leaves out rows
#' without a target and merges rows that land on one gene. A message counts
#' both.
#'
#' @param x Numeric matrix whose row names are ids; these may be duplicated
#'   (several probes of one transcript).
#' @param map Result of [map_genes()], or any data frame with the columns `id`
#'   and `mapped`. An id with several targets gives its row to each of them.
#' @param combine How rows that land on one gene become one: their `"mean"`, the
#'   `"first"` of them in the order of `x`, or `"drop"` such genes.
#'
#' @return Numeric matrix with one row per gene, named by `map$mapped`, in the
#'   order in which the genes first occur in `x`; its columns are those of `x`.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for an `x` that is not a
#' numeric matrix with row names, a `map` without the two columns, and when no
#' row has a target.
#'
#' @examples
#' probes <- matrix(c(1, 3, 5, 7), 4, dimnames = list(c("a", "b", "c", "d")))
#' map <- data.frame(id = c("a", "b", "c"), mapped = c("G1", "G1", "G2"))
#' rename_genes(probes, map)
#' @family gene ids
#' @export
rename_genes <- function(x, map, combine = c("mean", "first", "drop")) {
    combine <- rlang::arg_match(combine)
    check_renaming(x, map)
    known <- !is.na(map$mapped)
    pairs <- unique(data.frame(
        id = as.character(map$id)[known],
        mapped = as.character(map$mapped)[known]
    ))
    rows_of <- split(seq_len(nrow(x)), rownames(x))[pairs$id]
    rows <- unlist(rows_of, use.names = FALSE)
    genes <- rep(pairs$mapped, lengths(rows_of))
    if (length(rows) == 0L) {
        abort_input(c(
            "{.arg map} must have a target for a row of {.arg x}.",
            x = "It has none; the first row is {.val {rownames(x)[1]}}."
        ))
    }
    genes <- genes[order(rows)]
    rows <- sort(rows)
    merged <- unique(genes[duplicated(genes)])
    if (combine == "drop") {
        alone <- !genes %in% merged
        rows <- rows[alone]
        genes <- genes[alone]
    }
    renamed <- x[rows, , drop = FALSE]
    storage.mode(renamed) <- "double"
    rownames(renamed) <- genes
    if (combine == "mean") {
        count <- tabulate(match(genes, unique(genes)))
        renamed <- rowsum(renamed, genes, reorder = FALSE) / count
    }
    renamed <- renamed[!duplicated(rownames(renamed)), , drop = FALSE]
    lost <- nrow(x) - sum(rownames(x) %in% pairs$id)
    inform_kith(c(
        "{nrow(x)} row{?s} became {nrow(renamed)} gene{?s}.",
        i = "{lost} row{?s} without a target {?was/were} left out.",
        i = "{length(merged)} gene{?s} with several rows: {.val {combine}}."
    ), "kith_message_renamed")
    renamed
}

check_renaming <- function(x, map, call = rlang::caller_env()) {
    if (!is.matrix(x) || !is.numeric(x) || is.null(rownames(x))) {
        abort_input(c(
            "{.arg x} must be a numeric matrix with ids as row names.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    if (!is.data.frame(map) || !all(c("id", "mapped") %in% names(map))) {
        abort_input(c(
            "{.arg map} must be a data frame with the columns {.field id} and
            {.field mapped}.",
            x = "It is {describe_value(map)}.",
            i = "{.fn map_genes} gives one."
        ), call = call)
    }
}
