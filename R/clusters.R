#' Clusters of genes, in the space of the inputs and in that of associations
#'
#' Clusters genes by HDBSCAN on 1 - cosine, in the space of their vectors and in
#' the space that a fit has learned, and tells which clusters are there in the
#' latter alone: groups of genes that belong together and do not look alike.
#'
#' Association space is that of `encode(fit)`, whatever the objective. With
#' transformed keys the cosine of two encodings is the association score of the
#' networks. With raw keys (`preset = "cal2026"`) the score compares the
#' encoding of one gene with the vector of the other; genes are near in
#' association space if they are sent to the same place, so if they have the
#' same partners. The paper clusters these encodings, too. Neither holds what
#' the combined score adds to the networks. Several networks count alike: the
#' cosine is the mean of theirs.
#'
#' The clusters rest on all pairs that the fit was trained on: that partners
#' share a cluster is no evidence of anything (transductive). Look at the genes
#' beside them, or leave pairs out.
#'
#' # Settings
#'
#' HDBSCAN has two: the number of genes that make a cluster (`min_size`), and
#' the rank of the neighbour whose distance is the core distance of a gene, the
#' gene itself not counted (`min_samples`). The defaults, 5 and 3, are the
#' paper's. [dbscan::hdbscan()] has one, `minPts`, which stands for `min_size =
#' minPts` and `min_samples = minPts - 1` at once; so its tree for `minPts =
#' min_samples + 1` is cut by [dbscan::extractFOSC()] at `min_size`, which is
#' the result of `hdbscan()` itself where the two agree. A cluster is never the
#' whole set.
#'
#' Distances are 1 - cosine, as in the paper, and not the Euclidean distances of
#' unit vectors. Neighbours are the same by both, but the stability of clusters
#' adds up inverse distances, so that the clusters may differ.
#'
#' # Memory
#'
#' dbscan needs all distances at once: n (n - 1) / 2 numbers of 8 bytes, and
#' about four times that at its peak. That is 0.1 GiB for 2,000 genes, 1.6 for
#' 10,000 and 6.5 for 20,000. Give `genes` (those with known partners, say)
#' where that is too much.
#'
#' @param x A fit of [learn_associations()], or gene vectors of any space: what
#'   [as_embedding()] takes, genes in rows.
#' @param space Which space to cluster: `"association"`, `"input"` or both. For
#'   gene vectors, which of the two they are of.
#' @param genes Ids of the genes to cluster; `NULL` for all.
#' @param min_size Smallest number of genes in a cluster.
#' @param min_samples Rank of the neighbour that sets the core distance: the
#'   higher, the more genes in thin regions stay unclustered.
#' @param ... For gene vectors, further arguments of [as_embedding()]. For a fit
#'   not used.
#'
#' @return A data frame of class `gene_clusters`, a row for each space and gene:
#'   \describe{
#'   \item{gene}{the gene}
#'   \item{space}{`"association"` or `"input"`}
#'   \item{cluster}{number of its cluster, 1 for the largest of the space; 0 for
#'     unclustered genes}
#'   \item{probability}{how firmly it is in its cluster: 1 - (its core distance)
#'     / (the largest of the cluster), 0 for unclustered genes}
#'   \item{outlier_score}{GLOSH, 0 to 1: how thin its surroundings are beside
#'     the dense parts of its branch}
#'   }
#'   `tidy()` gives a row for each cluster, `glance()` one row in all (see
#'   [tidy.gene_clusters()]), [enrich_clusters()] tells what the clusters are,
#'   and `autoplot()` draws them. Rows taken by `[` are a plain data frame.
#'
#' @section Errors: Of class `kith_error_input`: fewer genes than `min_size` or
#'   `min_samples` ask for, ids in `genes` that `x` does not have or that come
#'   twice, and what [as_embedding()] refuses. Of class `kith_error_package`
#'   where dbscan is not installed.
#' @references Campello RJGB, Moulavi D, Sander J (2013). Density-based
#'   clustering based on hierarchical density estimates. PAKDD. Dury J (2026).
#'   arXiv:2603.20955.
#' @family clusters
#' @examplesIf requireNamespace("dbscan", quietly = TRUE)
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 64), combine = FALSE, members = 1,
#'     control = train_control(epochs = 15, threads = 1, verbose = FALSE)
#' )
#' clusters <- cluster_genes(fit)
#' clusters
#' head(tidy(clusters))
#' @export
cluster_genes <- function(x, ...) {
    UseMethod("cluster_genes")
}

#' @rdname cluster_genes
#' @export
cluster_genes.association_fit <- function(x,
                                          space = c("association", "input"),
                                          genes = NULL, min_size = 5,
                                          min_samples = 3, ...) {
    rlang::check_dots_empty()
    space <- check_spaces(space)
    vectors <- take_genes(x$vectors, genes)
    encoded <- encode_members(x, vectors)
    how <- default_how_of(x)
    pooled <- pool_encodings(encoded, "both")
    rownames(pooled) <- rownames(vectors)
    spaces <- list(association = as_embedding(pooled), input = vectors)
    new_clusters(
        spaces[space], min_size, min_samples,
        cosines = list(left = vectors, right = vectors),
        scores = score_factors(vectors, pool_encodings(encoded, how), how)
    )
}

#' @rdname cluster_genes
#' @export
cluster_genes.default <- function(x, space = c("input", "association"),
                                  genes = NULL, min_size = 5, min_samples = 3,
                                  ...) {
    space <- check_choice(space, c("input", "association"))
    vectors <- as.matrix(as_embedding(x, normalize = TRUE, ...))
    vectors <- take_genes(vectors, genes)
    new_clusters(
        stats::setNames(list(vectors), space), min_size, min_samples,
        cosines = if (space == "input") list(left = vectors, right = vectors)
    )
}

check_spaces <- function(space, call = rlang::caller_env()) {
    known <- c("association", "input")
    if (!is.character(space) || !length(space) || anyDuplicated(space) ||
        !all(space %in% known)) {
        abort_input(c(
            "{.arg space} must be {.val association}, {.val input} or both.",
            x = "It is {.val {space}}."
        ), call = call)
    }
    intersect(known, space)
}

# the rows of some genes
take_genes <- function(vectors, genes, call = rlang::caller_env()) {
    if (is.null(genes)) {
        return(vectors)
    }
    genes <- check_ids(genes, "genes", call)
    unknown <- setdiff(genes, rownames(vectors))
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg genes} must be genes of {.arg x}.",
            x = "{length(unknown)} {?is/are} not, the first is
            {.val {unknown[1]}}."
        ), call = call)
    }
    check_unique_ids(genes, "genes", call = call)
    vectors[genes, , drop = FALSE]
}

# spaces: unit vectors by space, with the same genes in rows. cosines, scores:
# factors as of score_factors(), whose means over pairs the clusters get.
new_clusters <- function(spaces, min_size, min_samples, cosines = NULL,
                         scores = NULL, call = rlang::caller_env()) {
    need_package("dbscan", "Clustering genes", call = call)
    spaces <- lapply(spaces, as.matrix)
    genes <- rownames(spaces[[1L]])
    min_size <- check_count(min_size, min = 2, call = call)
    min_samples <- check_count(min_samples, call = call)
    needed <- max(min_size, min_samples + 1L) + 1L
    if (length(genes) < needed) {
        abort_input(c(
            "Clusters with {.arg min_size} {min_size} and {.arg min_samples}
            {min_samples} need at least {needed} genes.",
            x = "There {cli::qty(length(genes))}{?is/are} {length(genes)}.",
            i = "Lower {.arg min_size} and {.arg min_samples}, or give more
            genes."
        ), call = call)
    }
    found <- lapply(spaces, find_clusters, min_size, min_samples, call)
    labels <- lapply(found, `[[`, "cluster")
    structure(
        data.frame(
            gene = rep(genes, length(spaces)),
            space = rep(names(spaces), each = length(genes)),
            do.call(rbind, unname(found))
        ),
        clusters = cluster_table(labels, cosines, scores),
        vectors = spaces,
        settings = c(min_size = min_size, min_samples = min_samples),
        class = c("gene_clusters", "data.frame")
    )
}

# HDBSCAN on 1 - cosine of unit vectors: data frame of cluster, probability,
# outlier_score, a row for each row of x
find_clusters <- function(x, min_size, min_samples, call) {
    distances <- cosine_distances(x, call)
    tree <- dbscan::hdbscan(distances, minPts = min_samples + 1L)
    rm(distances)
    cluster <- dbscan::extractFOSC(tree$hc, minPts = min_size)$cluster
    largest <- stats::ave(tree$coredist, cluster, FUN = max)
    # a cluster of genes with the same vector has no width
    probability <- ifelse(largest > 0, 1 - tree$coredist / largest, 1)
    probability[cluster == 0L] <- 0
    data.frame(
        cluster = number_by_size(cluster), probability = probability,
        outlier_score = dbscan::glosh(tree$hc, k = min_size)
    )
}

# 1 for the largest cluster, then by the first gene; 0 stays
number_by_size <- function(cluster) {
    seen <- unique(cluster[cluster != 0L])
    size <- tabulate(match(cluster, seen), length(seen))
    match(cluster, seen[order(-size)], nomatch = 0L)
}

# 1 - cosine of unit vectors as a dist, without the square matrix of all
cosine_distances <- function(x, call = rlang::caller_env()) {
    n <- nrow(x)
    # the limit of dbscan, which counts distances in 32 bits
    if (n > 65536) {
        abort_input(c(
            "Clustering takes at most 65,536 genes.",
            x = "There are {n}.",
            i = "Choose some with {.arg genes}."
        ), call = call)
    }
    distances <- numeric(n * (n - 1) / 2)
    block <- max(1L, as.integer(5e6 / n))
    for (first in seq.int(1L, n - 1L, by = block)) {
        columns <- seq.int(first, min(first + block - 1L, n - 1L))
        below <- (first + 1L):n
        products <- tcrossprod(
            x[below, , drop = FALSE], x[columns, , drop = FALSE]
        )
        # column j of the lower triangle: rows j + 1 to n
        kept <- rep(below, length(columns)) >
            rep(columns, each = length(below))
        start <- (first - 1) * (n - first / 2)
        values <- products[kept]
        distances[start + seq_along(values)] <- pmax(0, 1 - values)
    }
    structure(distances,
        Size = n, Labels = rownames(x), Diag = FALSE, Upper = FALSE,
        method = "1 - cosine", class = "dist"
    )
}

# labels: clusters of the same genes, by space -> a row for each cluster
cluster_table <- function(labels, cosines, scores) {
    tables <- Map(function(cluster, space) {
        numbers <- seq_len(max(cluster))
        members <- lapply(numbers, function(i) which(cluster == i))
        specific <- if (space == "association" && !is.null(labels$input)) {
            specific_clusters(members, labels$input)
        } else {
            none <- rep(NA_integer_, length(numbers))
            data.frame(
                specific = rep(NA, length(numbers)),
                n_input_unclustered = none, n_input_clusters = none
            )
        }
        data.frame(
            space = rep(space, length(numbers)), cluster = numbers,
            size = lengths(members), specific,
            mean_cosine = mean_products(members, cosines),
            mean_score = mean_products(members, scores)
        )
    }, labels, names(labels))
    do.call(rbind, unname(tables))
}

# The paper's rule: a cluster belongs to association space alone if more than
# half of its genes are unclustered in input space or they are spread over three
# or more of its clusters.
specific_clusters <- function(members, input) {
    unclustered <- vapply(members, function(rows) {
        sum(input[rows] == 0L)
    }, integer(1))
    spread <- vapply(members, function(rows) {
        length(setdiff(input[rows], 0L))
    }, integer(1))
    data.frame(
        specific = unclustered > lengths(members) / 2 | spread >= 3L,
        n_input_unclustered = unclustered, n_input_clusters = spread
    )
}

# the mean of left[a, ] . right[b, ] over the pairs of different members
mean_products <- function(members, factors) {
    if (is.null(factors)) {
        return(rep(NA_real_, length(members)))
    }
    left <- unclass_matrix(factors$left)
    right <- unclass_matrix(factors$right)
    vapply(members, function(rows) {
        left <- left[rows, , drop = FALSE]
        right <- right[rows, , drop = FALSE]
        total <- sum(colSums(left) * colSums(right)) - sum(left * right)
        total / (length(rows) * (length(rows) - 1))
    }, numeric(1))
}
