# Clusters in both spaces and what they are made of. A part of cal-study.R.

# fit: the model of the pairs >= 900, or NULL to train it
run_clusters <- function(set, fit, effort) {
    if (is.null(fit)) fit <- train_cal(set, effort)
    clusters <- cluster_genes(fit)
    genes <- fit$genes
    sets <- go_gene_sets("org.Hs.eg.db", genes)
    enriched <- with_seed(42, enrich_clusters(clusters, sets))
    shares <- summary(enriched)
    list(
        values = with_kind(
            clusters_found(clusters, shares), set$name, set$kind,
            paste0(set$kind, ": ", set$about)
        ),
        tables = list(
            clusters = cluster_rows(clusters, enriched, set$name),
            cluster_counts = count_rows(clusters, shares, set$name),
            cluster_map = map_rows(clusters, set$name)
        )
    )
}

clusters_found <- function(clusters, shares) {
    rows <- tidy(clusters)
    space <- c("input", "association")
    count <- function(of, kind, column) {
        at <- shares$space == of & shares$clusters == kind
        if (any(at)) shares[[column]][at] else 0
    }
    random <- count("association", "random", "share")
    rbind(
        found_value("clusters",
            paste0("clusters, ", c("expression", "association"), " space"),
            vapply(space, function(s) sum(rows$space == s), 0)
        ),
        found_value("clusters",
            paste0(
                "genes in clusters, ", c("expression", "association"), " space"
            ),
            vapply(space, function(s) sum(rows$size[rows$space == s]), 0)
        ),
        found_value("clusters", "specific to association space",
            sum(rows$specific %in% TRUE)
        ),
        found_value("enrichment",
            c(
                "coherent, specific clusters", "coherent, expression clusters",
                "coherent, random sets: mean of 34"
            ),
            c(
                count("association", "specific", "n_coherent"),
                count("input", "all", "n_coherent"), 34 * random
            ),
            c("", "", why_random)
        )
    )
}

why_random <- paste(
    "corrected over all clusters and terms, against the genes of the screen,",
    "random sets are hardly ever coherent"
)

cluster_rows <- function(clusters, enriched, data) {
    rows <- tidy(clusters)
    best <- tidy(enriched)
    at <- match(
        paste(rows$space, rows$cluster), paste(best$space, best$cluster)
    )
    members <- as.data.frame(clusters)
    first <- vapply(seq_len(nrow(rows)), function(i) {
        mine <- members$space == rows$space[i] &
            members$cluster == rows$cluster[i]
        toString(utils::head(sort(members$gene[mine]), 6L))
    }, "")
    data.frame(
        data = data, rows[c(
            "space", "cluster", "size", "specific", "mean_cosine", "mean_score"
        )],
        best[at, c(
            "coherent", "set", "name", "overlap", "p_adjusted", "coverage"
        )],
        some_members = first, row.names = NULL
    )
}

count_rows <- function(clusters, shares, data) {
    rows <- tidy(clusters)
    in_clusters <- function(space, kind) {
        mine <- rows$space == space &
            (kind != "specific" | rows$specific %in% TRUE)
        sum(rows$size[mine])
    }
    shares$n_genes <- mapply(in_clusters, shares$space, shares$clusters)
    data.frame(data = data, shares, row.names = NULL)
}

# Association space in two dimensions, without the names of genes: rows in the
# order of clusters.
map_rows <- function(clusters, data) {
    if (!requireNamespace("uwot", quietly = TRUE)) {
        message("  no map of clusters: it needs the package uwot")
        return(NULL)
    }
    own <- as.data.frame(clusters)
    own <- own[own$space == "association", ]
    vectors <- attr(clusters, "vectors")$association
    place <- with_seed(1, uwot::umap(
        as.matrix(vectors),
        metric = "cosine", n_threads = 1, n_sgd_threads = 1
    ))
    rows <- tidy(clusters)
    rows <- rows[rows$space == "association", ]
    specific <- rows$specific[match(own$cluster, rows$cluster)]
    found <- data.frame(
        data = data, x = round(place[, 1L], 2L), y = round(place[, 2L], 2L),
        cluster = own$cluster, specific = specific %in% TRUE
    )
    found[order(found$cluster, found$x, found$y), ]
}
