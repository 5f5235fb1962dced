# Figures of clusters and of what they are made of.

# of Okabe and Ito, and a shape for each, so that nothing hangs on colour alone
cluster_colours <- c(
    "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
    "#000000", "#8B5A2B"
)
cluster_shapes <- c(16, 17, 15, 18, 16, 17, 15, 18)

space_titles <- c(
    input = "input space", association = "association space"
)

#' Figures of clusters
#'
#' @param object A result of [cluster_genes()].
#' @param type `"umap"`: the genes of each space in two dimensions, by uwot,
#'   with some clusters in colour; `"heatmap"`: the cosines among the genes of
#'   some clusters, in each space, genes ordered by cluster.
#' @param clusters Numbers of the clusters to show, at most 8 for `"umap"`.
#'   `NULL`: the 8 largest, for association space those first that it alone
#'   has.
#' @param space The space whose clusters are shown (in all spaces); `NULL`:
#'   association space where it was clustered.
#' @param n_neighbors Genes that UMAP counts as neighbours of each: the more,
#'   the more it shows the large picture.
#' @param seed Seed of UMAP. R's own random numbers are left as they were.
#' @param ... Not used.
#'
#' @return A `ggplot`. Its `$data`: for `"umap"` a row for each space and gene,
#'   `gene`, `space`, `cluster` (`NA` where it is not one of those shown), `x`,
#'   `y` and `clustered` (is the gene in any cluster?); for `"heatmap"` a row
#'   for each space and two genes, `space`, `row` and `column` (genes, as
#'   factors in the order of the figure) and `cosine`.
#' @section Errors: Of class `kith_error_input`: clusters that there are not.
#'   Of class `kith_error_package`: `"umap"` needs uwot and withr.
#' @references McInnes L, Healy J, Melville J (2018). UMAP: uniform manifold
#'   approximation and projection for dimension reduction. arXiv:1802.03426.
#' @family clusters
#' @examplesIf requireNamespace("dbscan", quietly = TRUE)
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' clusters <- cluster_genes(organism$vectors)
#' autoplot(clusters, "heatmap")
#' @method autoplot gene_clusters
#' @export
autoplot.gene_clusters <- function(object, type = c("umap", "heatmap"),
                                   clusters = NULL, space = NULL,
                                   n_neighbors = 15, seed = 1, ...) {
    type <- check_choice(type, c("umap", "heatmap"))
    space <- if (is.null(space)) {
        object$space[1]
    } else {
        check_choice(space, unique(object$space))
    }
    shown <- choose_clusters(object, clusters, space, type)
    if (type == "umap") {
        plot_umap(object, shown, space, check_count(n_neighbors, 2), seed)
    } else {
        plot_heatmap(object, shown, space)
    }
}

# the clusters to show, in the order of the figure
choose_clusters <- function(object, clusters, space, type,
                            call = rlang::caller_env()) {
    table <- tidy(object)
    table <- table[table$space == space, ]
    if (nrow(table) == 0L) {
        abort_input(c(
            "{.arg object} must have clusters in {.arg space}.",
            x = "There are none in {space_titles[[space]]}."
        ), call = call)
    }
    most <- length(cluster_colours)
    if (is.null(clusters)) {
        ranked <- table$cluster[order(!(table$specific %in% TRUE))]
        return(utils::head(ranked, most))
    }
    unknown <- setdiff(clusters, table$cluster)
    if (length(unknown) > 0L || anyDuplicated(clusters)) {
        abort_input(c(
            "{.arg clusters} must be different numbers of clusters of
            {space_titles[[space]]}, 1 to {nrow(table)}.",
            x = "It has {.val {c(unknown, clusters[duplicated(clusters)])[1]}}."
        ), call = call)
    }
    if (length(clusters) > most && type == "umap") {
        abort_input(c(
            "{.arg clusters} must be at most {most}: no more colours can be
            told apart.",
            x = "There are {length(clusters)}."
        ), call = call)
    }
    as.integer(clusters)
}

cluster_labels <- function(object, shown, space) {
    table <- tidy(object)
    table <- table[table$space == space, ]
    at <- match(shown, table$cluster)
    paste0(
        shown, " (", table$size[at], " genes",
        ifelse(table$specific[at] %in% TRUE, ", association only", ""), ")"
    )
}

plot_umap <- function(object, shown, space, n_neighbors, seed) {
    need_umap()
    data <- umap_data(object, shown, space, n_neighbors, seed)
    of_cluster <- data[!is.na(data$cluster), ]
    centres <- stats::aggregate(
        of_cluster[c("x", "y")], of_cluster[c("space", "cluster")],
        stats::median
    )
    centres$label <- sub(" .*", "", centres$cluster)
    centres <- centres[
        centres$space == space_titles[[space]], , drop = FALSE
    ]
    ggplot2::ggplot(data, ggplot2::aes(.data$x, .data$y)) +
        ggplot2::geom_point(
            data = data[is.na(data$cluster), ],
            mapping = ggplot2::aes(alpha = .data$clustered),
            colour = "grey55", size = 0.5
        ) +
        ggplot2::geom_point(
            data = of_cluster,
            ggplot2::aes(colour = .data$cluster, shape = .data$cluster),
            size = 1.8
        ) +
        # beside the points, which may be a small heap
        ggplot2::geom_label(
            data = centres, ggplot2::aes(label = .data$label), size = 3.8,
            hjust = -0.4, vjust = -0.2, fontface = "bold", alpha = 0.7,
            label.padding = ggplot2::unit(0.1, "lines"), label.size = 0
        ) +
        ggplot2::scale_colour_manual(values = cluster_colours) +
        ggplot2::scale_shape_manual(values = cluster_shapes) +
        ggplot2::scale_alpha_manual(
            values = c("FALSE" = 0.25, "TRUE" = 0.8),
            labels = c("FALSE" = "in none", "TRUE" = "in another cluster")
        ) +
        ggplot2::facet_wrap(ggplot2::vars(.data$space), scales = "free") +
        ggplot2::labs(
            x = "UMAP 1", y = "UMAP 2", colour = "cluster", shape = "cluster",
            alpha = "other genes",
            title = paste("Clusters of", space_titles[[space]]),
            subtitle = "each point a gene; UMAP of the cosines"
        ) +
        ggplot2::guides(
            colour = ggplot2::guide_legend(
                override.aes = list(size = 3), order = 1
            ),
            shape = ggplot2::guide_legend(order = 1),
            alpha = ggplot2::guide_legend(override.aes = list(size = 2))
        ) +
        ggplot2::theme(
            axis.text = ggplot2::element_blank(),
            axis.ticks = ggplot2::element_blank(),
            panel.grid = ggplot2::element_blank()
        )
}

need_umap <- function() {
    need_package("uwot", "A UMAP figure")
    need_package("withr", "A UMAP figure")
}

# rows in two dimensions, by their cosines
umap_places <- function(vectors, n_neighbors, seed) {
    withr::with_seed(seed, uwot::umap(
        vectors,
        n_neighbors = min(n_neighbors, nrow(vectors) - 1L),
        metric = "cosine", init = "spca", min_dist = 0.3,
        n_threads = 1, n_sgd_threads = 0, verbose = FALSE
    ))
}

umap_data <- function(object, shown, space, n_neighbors, seed) {
    labels <- cluster_labels(object, shown, space)
    own <- object$cluster[object$space == space]
    vectors <- attr(object, "vectors")
    spaces <- intersect(names(space_titles), names(vectors))
    parts <- lapply(spaces, function(name) {
        place <- umap_places(vectors[[name]], n_neighbors, seed)
        data.frame(
            gene = rownames(vectors[[name]]), space = space_titles[[name]],
            cluster = factor(labels[match(own, shown)], labels),
            x = place[, 1], y = place[, 2], clustered = own > 0L
        )
    })
    data <- do.call(rbind, parts)
    data$space <- factor(data$space, space_titles[spaces])
    data
}

plot_heatmap <- function(object, shown, space) {
    data <- heatmap_data(object, shown, space)
    rows <- object[object$space == space, ]
    sizes <- vapply(shown, function(i) sum(rows$cluster == i), integer(1))
    edges <- cumsum(sizes)
    n <- sum(sizes)
    middles <- levels(data$row)[ceiling(edges - sizes / 2)]
    lines <- utils::head(edges, -1) + 0.5
    specific <- grepl("association only", cluster_labels(object, shown, space))
    ggplot2::ggplot(
        data, ggplot2::aes(.data$column, .data$row, fill = .data$cosine)
    ) +
        ggplot2::geom_raster() +
        ggplot2::geom_vline(xintercept = lines, linewidth = 0.2) +
        ggplot2::geom_hline(yintercept = n + 1 - lines, linewidth = 0.2) +
        ggplot2::scale_fill_gradient2(
            low = "#0072B2", mid = "white", high = "#D55E00", limits = c(-1, 1)
        ) +
        ggplot2::scale_x_discrete(breaks = middles, labels = shown) +
        ggplot2::scale_y_discrete(
            limits = rev, breaks = middles,
            labels = paste0(shown, ifelse(specific, " *", ""))
        ) +
        ggplot2::facet_wrap(ggplot2::vars(.data$space)) +
        ggplot2::labs(
            x = "cluster", y = "cluster",
            title = paste(
                "Clusters of", space_titles[[space]], "in each space"
            ),
            subtitle = paste0(
                n, " genes, ordered by cluster",
                if (any(specific)) "; *: of association space alone"
            )
        ) +
        ggplot2::theme(
            aspect.ratio = 1, axis.ticks = ggplot2::element_blank(),
            panel.grid = ggplot2::element_blank()
        )
}

# cosines among the genes of the clusters, the firmest of each first
heatmap_data <- function(object, shown, space) {
    rows <- object[object$space == space & object$cluster %in% shown, ]
    rows <- rows[order(match(rows$cluster, shown), -rows$probability), ]
    vectors <- attr(object, "vectors")
    spaces <- intersect(names(space_titles), names(vectors))
    genes <- factor(rows$gene, rows$gene)
    parts <- lapply(spaces, function(name) {
        x <- vectors[[name]][rows$gene, , drop = FALSE]
        data.frame(
            space = space_titles[[name]],
            row = rep(genes, length(genes)),
            column = rep(genes, each = length(genes)),
            cosine = pmin(1, pmax(-1, as.vector(tcrossprod(x))))
        )
    })
    data <- do.call(rbind, parts)
    data$space <- factor(data$space, space_titles[spaces])
    data
}

#' Figure of the sets in clusters
#'
#' The best sets of each cluster: how many of its genes they hold, and how
#' unlikely that is.
#'
#' @param object A result of [enrich_clusters()].
#' @param clusters Clusters to show; `NULL`: the 12 whose best set has the
#'   smallest p-value, of those of association space alone where there are any.
#' @param n Sets to show for each cluster, at most: those that make it coherent
#'   first, then by p-value.
#' @param space The space; `NULL`: the first.
#' @param ... Not used.
#'
#' @return A `ggplot`; its `$data` are rows of `object`, with `label`, the name
#'   of the set as shown.
#' @section Errors: Of class `kith_error_input`: clusters or spaces that there
#'   are not, and where no set has a corrected p-value below `alpha`.
#' @family clusters
#' @examples
#' clusters <- data.frame(
#'     gene = paste0("g", 1:20), cluster = rep(c(1, 2, 0, 0), each = 5)
#' )
#' sets <- list(first = paste0("g", 1:5), other = paste0("g", c(6:9, 11:12)))
#' autoplot(enrich_clusters(clusters, sets, n_random = 0))
#' @method autoplot cluster_enrichment
#' @export
autoplot.cluster_enrichment <- function(object, clusters = NULL, n = 2,
                                        space = NULL, ...) {
    n <- check_count(n)
    known <- unique(attr(object, "clusters")$space)
    space <- if (is.null(space)) known[1] else check_choice(space, known)
    settings <- attr(object, "settings")
    data <- as.data.frame(object)
    data <- data[data$space == space & data$p_adjusted < settings$alpha, ]
    if (nrow(data) == 0L) {
        abort_input(c(
            "{.arg object} must have a set to show.",
            x = "None has a corrected p-value below {settings$alpha} in
            {space}."
        ))
    }
    data <- data[
        data$cluster %in% choose_enriched(object, clusters, space),
    ]
    # what makes a cluster coherent before what holds few of its genes
    data <- data[order(match(data$cluster, data$cluster), !data$coherent), ]
    rank <- stats::ave(data$p, data$cluster, FUN = seq_along)
    data <- data[rank <= n, ]
    plot_terms(data, space)
}

choose_enriched <- function(object, clusters, space,
                            call = rlang::caller_env()) {
    table <- tidy(object)
    table <- table[table$space == space, ]
    if (is.null(clusters)) {
        if (any(table$specific %in% TRUE)) {
            table <- table[table$specific %in% TRUE, ]
        }
        return(utils::head(table$cluster[order(table$p_adjusted)], 12L))
    }
    unknown <- setdiff(clusters, table$cluster)
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg clusters} must be clusters of {.arg object}.",
            x = "{.val {unknown[1]}} is none in {space}."
        ), call = call)
    }
    clusters
}

plot_terms <- function(data, space) {
    data$cluster <- factor(data$cluster, unique(data$cluster))
    short <- shorten(data$name, 45L)
    # different sets whose names look alike once they are short stay apart
    twice <- short %in% short[duplicated(short)] &
        stats::ave(match(data$set, data$set), short, FUN = function(i) {
            length(unique(i))
        }) > 1
    short[twice] <- paste0(short[twice], " (", data$set[twice], ")")
    data$label <- factor(short, rev(unique(short)))
    data$evidence <- -log10(pmax(data$p_adjusted, .Machine$double.xmin))
    ggplot2::ggplot(data, ggplot2::aes(.data$cluster, .data$label)) +
        ggplot2::geom_point(ggplot2::aes(
            size = 100 * .data$coverage, colour = .data$evidence
        )) +
        ggplot2::scale_colour_viridis_c(
            option = "cividis", direction = -1,
            name = expression(-log[10] ~ "corrected p")
        ) +
        ggplot2::scale_size_area(
            max_size = 6, limits = c(0, 100), breaks = c(25, 50, 75, 100),
            name = "genes of the\ncluster in it (%)"
        ) +
        ggplot2::labs(
            x = "cluster", y = NULL,
            title = "What the clusters are made of",
            subtitle = if (space %in% names(space_titles)) {
                paste("best sets of clusters of", space_titles[[space]])
            } else {
                "best sets of each cluster"
            }
        ) +
        ggplot2::theme(
            panel.grid.major.x = ggplot2::element_line(colour = "grey93")
        )
}
