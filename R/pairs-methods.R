# What gene pairs answer to: subsetting, binding, printing, counting.

#' @export
`[.gene_pairs` <- function(x, ...) {
    out <- NextMethod()
    if (!is.data.frame(out)) {
        return(out)
    }
    out <- plain_if_columns_lost(drop_reports(out), x)
    # repeated or missing rows get new row names, so they show here
    rows <- attr(out, "row.names")
    if (all(rows %in% attr(x, "row.names"))) out else drop_pair_class(out)
}

#' @method as.data.frame gene_pairs
#' @export
as.data.frame.gene_pairs <- function(x, ...) {
    drop_pair_class(drop_reports(x))
}

drop_reports <- function(x) {
    attr(x, "report") <- NULL
    attr(x, "id_map") <- NULL
    x
}

drop_pair_class <- function(x) {
    class(x) <- setdiff(class(x), "gene_pairs")
    x
}

# Tables put below each other may repeat a pair, so they are made anew.
#' @method rbind gene_pairs
#' @export
rbind.gene_pairs <- function(..., deparse.level = 1) {
    parts <- lapply(list(...), as.data.frame)
    gene_pairs.data.frame(do.call(rbind, parts))
}

#' @method print gene_pairs
#' @export
print.gene_pairs <- function(x, n = 6L, ...) {
    genes <- length(unique(c(x$from, x$to)))
    cat(sprintf(
        "<gene_pairs> %s %s of %s %s\n", format_count(nrow(x)),
        plural(nrow(x), "pair"), format_count(genes), plural(genes, "gene")
    ))
    shown <- utils::head(as.data.frame(x), n)
    if (nrow(shown)) {
        print(shown, row.names = FALSE)
    }
    if (nrow(x) > nrow(shown)) {
        cat(sprintf("... and %s more\n", format_count(nrow(x) - nrow(shown))))
    }
    print_report(attr(x, "report"))
    print_id_report(attr(x, "id_map"))
    invisible(x)
}

#' @method summary gene_pairs
#' @export
summary.gene_pairs <- function(object, ...) {
    degree <- pair_degree(object)$degree
    score <- object[["score"]]
    structure(
        list(
            pairs = nrow(object), genes = length(degree),
            degree = summary_or_null(degree), score = summary_or_null(score),
            report = attr(object, "report"), id_map = attr(object, "id_map")
        ),
        class = "summary.gene_pairs"
    )
}

summary_or_null <- function(x) {
    if (length(x)) summary(x)
}

#' @method print summary.gene_pairs
#' @export
print.summary.gene_pairs <- function(x, ...) {
    cat(sprintf(
        "<gene_pairs> %s %s of %s %s\n", format_count(x$pairs),
        plural(x$pairs, "pair"), format_count(x$genes),
        plural(x$genes, "gene")
    ))
    if (!is.null(x$degree)) {
        cat("\nPairs per gene:\n")
        print(x$degree)
    }
    if (!is.null(x$score)) {
        cat("\nScore:\n")
        print(x$score)
    }
    if (!is.null(x$report)) {
        cat("\n")
        print_report(x$report)
        print_id_report(x$id_map)
    }
    invisible(x)
}

# "Report: 5 input rows, 2 kept, 1 self pairs, ..."
print_report <- function(report) {
    if (is.null(report)) {
        return(invisible())
    }
    told <- paste(format_count(report$n), report$reason, collapse = ", ")
    cat(strwrap(paste("Report:", told), exdent = 2L), sep = "\n")
}

# "Ids: 19,566 looked up, 19,022 one-to-one, ..."; map: a gene_map
print_id_report <- function(map) {
    if (is.null(map)) {
        return(invisible())
    }
    report <- attr(map, "report")
    told <- paste(
        c(format_count(sum(report$n)), format_count(report$n)),
        c("looked up", report$status), collapse = ", "
    )
    cat(strwrap(paste("Ids:", told), exdent = 2L), sep = "\n")
}

format_count <- function(n) {
    format(n, big.mark = ",", scientific = FALSE, trim = TRUE)
}

plural <- function(n, word) {
    if (n == 1) word else paste0(word, "s")
}

count_of <- function(n, word) paste(format_count(n), plural(n, word))

#' Number of pairs of each gene
#'
#' @param pairs Gene pairs: what [gene_pairs()] makes or accepts.
#' @param genes Character vector of different gene ids to count for, or `NULL`
#'   for every gene in `pairs`. A gene without a pair gets 0. Pairs are counted
#'   whether or not the partner is in `genes`.
#' @return A data frame with one row per gene, in the order of `genes` or of
#'   first appearance (first in `from`, then in `to`):
#'   \describe{
#'     \item{gene}{character, the gene id}
#'     \item{degree}{integer, the number of its pairs}
#'   }
#' @section Errors: `genes` that are not character, missing or repeated.
#' @family gene pairs
#' @export
#' @examples
#' pairs <- gene_pairs(data.frame(
#'     from = c("SNAPC4", "SNAPC4", "HSPA5"),
#'     to = c("SNAPC1", "SNAPC2", "MANF")
#' ))
#' pair_degree(pairs)
#' pair_degree(pairs, genes = c("SNAPC4", "MANF", "ACTB"))
pair_degree <- function(pairs, genes = NULL) {
    pairs <- check_pairs(pairs)
    known <- pair_genes(pairs)
    genes <- if (is.null(genes)) known else check_genes(genes, 0L)
    at <- match_pairs(pairs, known)
    degree <- .Call(C_count_degrees, at$a, at$b, length(known))
    degree <- degree[match(genes, known)]
    degree[is.na(degree)] <- 0L
    data.frame(gene = genes, degree = degree)
}

# ---- for the other parts of the package -----------------------------------

# what gene_pairs() accepts -> gene_pairs with at least `min` rows
check_pairs <- function(x, min = 0L, name = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
    force(name)
    if (inherits(x, "pair_split")) {
        abort_input(c(
            "{.arg {name}} must be pairs, not a whole split of them.",
            i = "Give one of its parts: {.code $train} to learn from, as in
            {.code parts$train}, {.code $test} to test with."
        ), call = call)
    }
    pairs <- tryCatch(gene_pairs(x), kith_error_input = function(error) {
        abort_input(
            "{.arg {name}} must be what {.fn gene_pairs} makes or accepts.",
            parent = error, call = call
        )
    })
    if (nrow(pairs) < min) {
        abort_input(c(
            "{.arg {name}} must have at least {min} pair{?s}.",
            x = "It has {nrow(pairs)}."
        ), call = call)
    }
    pairs
}

# the genes that occur in pairs, by first appearance
pair_genes <- function(pairs) {
    unique(c(pairs$from, pairs$to))
}

# a character vector of at least `min` different gene ids
check_genes <- function(x, min = 1L, name = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
    if (!is.character(x) || length(x) < min) {
        abort_input(c(
            "{.arg {name}} must be a character vector of at least {min} gene
            id{?s}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    check_unique_ids(x, name,
        advice = "Pass {.code unique({name})}.", call = call
    )
    as.vector(x)
}

# where the genes of each pair stand in `genes`, counted from 0 (NA: nowhere)
match_pairs <- function(pairs, genes) {
    a <- match(pairs$from, genes) - 1L
    b <- match(pairs$to, genes) - 1L
    list(a = a, b = b, known = !is.na(a) & !is.na(b))
}

# the pairs whose two genes are both in `genes`; says how many are dropped
keep_known_pairs <- function(pairs, genes, name = rlang::caller_arg(pairs),
                             call = rlang::caller_env()) {
    force(name)
    known <- match_pairs(pairs, genes)$known
    if (all(known) && length(known)) {
        return(pairs)
    }
    unknown <- setdiff(pair_genes(pairs), genes)
    first <- utils::head(unknown, 3L)
    if (!any(known)) {
        abort_input(c(
            "{.arg {name}} must have a pair of two known genes.",
            x = if (length(unknown)) {
                "Unknown genes: {length(unknown)}, first {.val {first}}."
            } else {
                "It has no pairs."
            },
            i = "{advise_ids(unknown, genes)}"
        ), call = call)
    }
    inform_kith(c(
        "!" = "{sum(!known)} of {length(known)} pairs in {.arg {name}}
        dropped. Unknown genes: {length(unknown)}, first {.val {first}}.",
        i = if (mostly(!known)) "{advise_ids(unknown, genes)}"
    ), class = "kith_message_dropped")
    pairs[known, ]
}

# the pairs that are not among others, in either orientation
drop_pairs <- function(pairs, others) {
    genes <- unique(c(pair_genes(pairs), pair_genes(others)))
    code <- function(some) {
        at <- match_pairs(some, genes)
        pair_codes(at$a, at$b, length(genes))
    }
    pairs[!code(pairs) %in% code(others), ]
}

# A number for each pair of indices of n genes, the same in either orientation.
# A double: integers overflow from 46,341 genes on.
pair_codes <- function(a, b, n) pmin(a, b) * as.double(n) + pmax(a, b)
