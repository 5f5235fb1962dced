#' Look into clusters
#'
#' @param x,object A result of [cluster_genes()].
#' @param ... Not used.
#'
#' @return
#' * `tidy`: a data frame with a row for each cluster, the largest of each space
#'   first: `space`, `cluster` (its number), `size` (genes), `specific` (does
#'   it belong to association space alone, by the paper's rule: more than half
#'   of its genes are unclustered in input space, or they are spread over three
#'   or more of its clusters), `n_input_unclustered` and `n_input_clusters`
#'   (what the rule is about: how many of its genes are unclustered in input
#'   space, and over how many clusters the others are spread), `mean_cosine`
#'   (of the inputs, over all pairs of its genes) and `mean_score` (their mean
#'   association score, that of the networks alone). The three columns of the
#'   rule are `NA` for clusters of the input space and where it was not
#'   clustered; a mean is `NA` where `x` came from vectors that do not tell it.
#' * `glance`: a data frame with one row: `genes`, `min_size`, `min_samples`,
#'   `association_clusters` (number of clusters), `association_genes` (genes in
#'   clusters), `input_clusters`, `input_genes`, `specific` (number of clusters
#'   of association space alone); `NA` for what was not clustered.
#' * `summary`: as `tidy`.
#' * `as.data.frame`: the rows as a plain data frame.
#' @family clusters
#' @examplesIf requireNamespace("dbscan", quietly = TRUE)
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' clusters <- cluster_genes(organism$vectors)
#' tidy(clusters)
#' glance(clusters)
#' @name tidy.gene_clusters
NULL

#' @rdname tidy.gene_clusters
#' @method tidy gene_clusters
#' @export
tidy.gene_clusters <- function(x, ...) {
    attr(x, "clusters")
}

#' @rdname tidy.gene_clusters
#' @method summary gene_clusters
#' @export
summary.gene_clusters <- function(object, ...) {
    tidy(object)
}

#' @rdname tidy.gene_clusters
#' @method glance gene_clusters
#' @export
glance.gene_clusters <- function(x, ...) {
    count <- function(space) {
        rows <- x$space == space
        if (!any(rows)) {
            return(c(NA_integer_, NA_integer_))
        }
        c(max(x$cluster[rows]), sum(x$cluster[rows] > 0L))
    }
    association <- count("association")
    input <- count("input")
    settings <- attr(x, "settings")
    data.frame(
        genes = nrow(x) %/% length(unique(x$space)),
        min_size = settings[["min_size"]],
        min_samples = settings[["min_samples"]],
        association_clusters = association[1],
        association_genes = association[2],
        input_clusters = input[1], input_genes = input[2],
        specific = if (anyNA(c(association, input))) {
            NA_integer_
        } else {
            sum(tidy(x)$specific, na.rm = TRUE)
        }
    )
}

#' @method print gene_clusters
#' @export
print.gene_clusters <- function(x, ...) {
    row <- glance(x)
    count <- function(n) format(n, big.mark = ",")
    cli::cat_line(
        "<gene_clusters> of ", count(row$genes),
        " genes (HDBSCAN on 1 - cosine, min_size ", row$min_size,
        ", min_samples ", row$min_samples, ")"
    )
    for (space in unique(x$space)) {
        clusters <- row[[paste0(space, "_clusters")]]
        genes <- row[[paste0(space, "_genes")]]
        cli::cat_line(sprintf(
            "  %-11s %s clusters of %s genes; %s unclustered (%.0f %%)",
            space, clusters, count(genes), count(row$genes - genes),
            100 * (1 - genes / row$genes)
        ))
    }
    if (!is.na(row$specific)) {
        cli::cat_line(
            "  ", row$specific, " of association space alone: most genes ",
            "unclustered in input space, or spread over 3 of its clusters"
        )
    }
    cli::cat_line("  a row for each cluster: tidy(clusters)")
    invisible(x)
}

#' @export
`[.gene_clusters` <- function(x, ...) {
    # some rows are no clustering any more: they are a plain data frame
    as.data.frame(x)[...]
}

#' @rdname tidy.gene_clusters
#' @method as.data.frame gene_clusters
#' @export
as.data.frame.gene_clusters <- function(x, ...) {
    attributes(x) <- attributes(x)[c("names", "row.names")]
    class(x) <- "data.frame"
    x
}
