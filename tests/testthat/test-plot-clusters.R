# Figures of clusters: what is in their data and layers.

skip_if_not_installed("dbscan")

# a figure that can be drawn, on a device without a file
expect_drawn <- function(figure) {
    withr::local_pdf(NULL)
    expect_s3_class(ggplot2::ggplotGrob(figure), "gtable")
}

organism <- small_organism()
fit <- small_fit(organism)
clusters <- cluster_genes(fit, min_size = 4, min_samples = 2)
complexes <- split(organism$genes$gene, organism$genes$complex)

test_that("the heat map shows the cosines of both spaces, by cluster", {
    shown <- c(2, 1)
    figure <- autoplot(clusters, "heatmap", clusters = shown)
    data <- figure$data
    rows <- clusters[clusters$space == "association", ]
    n <- sum(rows$cluster %in% shown)
    expect_identical(nrow(data), 2L * n * n)
    expect_identical(
        levels(data$space), c("input space", "association space")
    )
    order <- rows$cluster[match(levels(data$row), rows$gene)]
    expect_identical(order, rep(c(2L, 1L), c(
        sum(rows$cluster == 2), sum(rows$cluster == 1)
    )))
    firm <- rows$probability[match(levels(data$row), rows$gene)]
    expect_false(is.unsorted(-firm[order == 1]))
    x <- organism$vectors / sqrt(rowSums(organism$vectors^2))
    input <- data[data$space == "input space", ]
    expect_equal(
        input$cosine,
        rowSums(
            x[as.character(input$row), ] * x[as.character(input$column), ]
        ),
        ignore_attr = TRUE
    )
    expect_drawn(figure)
})

test_that("clusters of association alone come first, as many as asked for", {
    table <- tidy(clusters)
    table <- table[table$space == "association", ]
    first <- choose_clusters(clusters, NULL, "association", "umap")
    ranked <- c(
        table$cluster[table$specific], table$cluster[!table$specific]
    )
    expect_identical(first, utils::head(ranked, 8))
    expect_identical(
        choose_clusters(clusters, 3, "association", "umap"), 3L
    )
    expect_input_error(autoplot(clusters, clusters = 999), "999")
    expect_input_error(autoplot(clusters, clusters = c(1, 1)), "different")
    expect_input_error(autoplot(clusters, space = "other"), "space")
    expect_input_error(autoplot(clusters, "pie"), "type")
    flat <- withr::with_seed(1, matrix(rnorm(40 * 30), 40))
    rownames(flat) <- paste0("g", 1:40)
    none <- cluster_genes(flat, min_size = 15)
    expect_identical(max(none$cluster), 0L)
    expect_identical(nrow(tidy(none)), 0L)
    expect_input_error(autoplot(none), "must have clusters")
    expect_output(print(none), "0 clusters of 0 genes")
})

test_that("UMAP is the same each time and leaves the random numbers alone", {
    skip_if_not_installed("uwot")
    set.seed(5)
    before <- .Random.seed
    figure <- autoplot(clusters, n_neighbors = 10)
    expect_identical(.Random.seed, before)
    runif(3)
    again <- autoplot(clusters, n_neighbors = 10)
    expect_identical(figure$data, again$data)
    other <- autoplot(clusters, n_neighbors = 10, seed = 2)
    expect_false(identical(figure$data$x, other$data$x))
    data <- figure$data
    expect_identical(nrow(data), nrow(clusters))
    # the clusters of association space in both panels
    own <- clusters$cluster[clusters$space == "association"]
    expect_identical(data$clustered, rep(own > 0, 2))
    number <- as.integer(sub(" .*", "", data$cluster))
    shown <- choose_clusters(clusters, NULL, "association", "umap")
    expect_identical(number, rep(ifelse(own %in% shown, own, NA), 2))
    expect_drawn(figure)
    nine <- withr::with_seed(1, matrix(rnorm(9 * 10), 9))
    x <- nine[rep(1:9, each = 5), ] + 0.05 * withr::with_seed(2, rnorm(450))
    rownames(x) <- paste0("g", 1:45)
    many <- cluster_genes(x, min_size = 4, min_samples = 2)
    expect_gt(nrow(tidy(many)), 8)
    expect_input_error(autoplot(many, clusters = 1:9), "at most 8")
})

test_that("the dot plot shows the best sets of each cluster", {
    found <- enrich_clusters(clusters, complexes, n_random = 0, alpha = 0.2)
    figure <- autoplot(found, n = 1, clusters = c(1, 2))
    rows <- found[
        found$space == "association" & found$cluster %in% 1:2 &
            found$p_adjusted < 0.2,
    ]
    rows <- rows[order(rows$cluster, !rows$coherent, rows$p), ]
    best <- rows[!duplicated(rows$cluster), ]
    expect_identical(figure$data$set, best$set)
    expect_identical(as.character(figure$data$label), best$name)
    expect_drawn(figure)
    expect_input_error(autoplot(found, clusters = 999), "999")
    none <- enrich_clusters(clusters, complexes, n_random = 0, alpha = 0)
    expect_input_error(autoplot(none), "must have a set")
})

test_that("long names of sets are cut and stay apart", {
    genes <- paste0("g", 1:30)
    own <- data.frame(gene = genes, cluster = rep(c(1, 2, 0), each = 10))
    sets <- list(a = genes[1:10], b = genes[11:20], c = genes[21:30])
    long <- strrep("a long name ", 6)
    attr(sets, "term") <- c(
        a = paste(long, "one"), b = paste(long, "two"), c = "c"
    )
    data <- autoplot(enrich_clusters(own, sets, n_random = 0))$data
    expect_identical(
        as.character(data$label),
        paste0(strtrim(long, 42), "... (", c("a", "b"), ")")
    )
})
