# Clusters, against dbscan called by hand and rules worked out by hand.

skip_if_not_installed("dbscan")

# genes of some groups around their own centres, and genes of none
grouped_genes <- function(seed, sizes = c(12, 8, 6), n_alone = 10, d = 8,
                          spread = 0.25) {
    withr::with_seed(seed, {
        group <- c(rep(seq_along(sizes), sizes), rep(0L, n_alone))
        n <- length(group)
        centres <- matrix(rnorm(length(sizes) * d), length(sizes))
        x <- matrix(rnorm(n * d), n)
        grouped <- group > 0L
        x[grouped, ] <- centres[group[grouped], ] + spread * x[grouped, ]
        rownames(x) <- sprintf("g%02d", seq_len(n))
        list(x = x, group = group)
    })
}

distances_of <- function(x) {
    x <- x / sqrt(rowSums(x^2))
    as.dist(1 - tcrossprod(x))
}

# are two vectors of labels the same but for the numbers? 0 stays 0
expect_same_partition <- function(a, b) {
    expect_identical(unname(a) == 0, unname(b) == 0)
    pairs <- unique(data.frame(a = unname(a), b = unname(b)))
    expect_false(anyDuplicated(pairs$a) > 0)
    expect_false(anyDuplicated(pairs$b) > 0)
}

test_that("distances are 1 - cosine, in whatever blocks", {
    x <- grouped_genes(1)$x
    x <- x / sqrt(rowSums(x^2))
    expected <- distances_of(x)
    found <- cosine_distances(x)
    expect_equal(as.vector(found), as.vector(expected))
    expect_identical(attr(found, "Size"), nrow(x))
    # several blocks of columns
    tall <- withr::with_seed(2, matrix(rnorm(3000 * 3), 3000))
    tall <- tall / sqrt(rowSums(tall^2))
    found <- cosine_distances(tall)
    expect_equal(as.vector(found), pmax(0, as.vector(distances_of(tall))))
    # 1 - cosine of a vector and itself is below 0 but for the care taken
    same <- matrix(rep(c(0.1, 0.2, 0.3), each = 6), 6)
    same <- same / sqrt(rowSums(same^2))
    expect_true(all(cosine_distances(same) >= 0))
})

test_that("the result is that of dbscan::hdbscan() where settings agree", {
    for (seed in 1:4) {
        data <- grouped_genes(seed, c(15, 9, 7, 5), 12)
        for (size in 3:6) {
            by_hand <- dbscan::hdbscan(distances_of(data$x), minPts = size)
            found <- cluster_genes(data$x,
                min_size = size, min_samples = size - 1
            )
            info <- paste(seed, size)
            expect_same_partition(found$cluster, by_hand$cluster)
            expect_equal(found$probability, by_hand$membership_prob,
                info = info
            )
            expect_equal(found$outlier_score, by_hand$outlier_scores,
                info = info
            )
        }
    }
})

test_that("the two settings of the paper are used apart", {
    data <- grouped_genes(7, c(15, 9, 7, 5), 25, spread = 0.35)
    distances <- distances_of(data$x)
    found <- cluster_genes(data$x)
    # by hand: single linkage of the mutual reachability with the third
    # neighbour, cut at five genes
    d <- as.matrix(distances)
    core <- apply(d, 1, function(row) sort(row)[4])
    reach <- as.dist(pmax(d, outer(core, core, pmax)))
    tree <- stats::hclust(reach, "single")
    cut <- dbscan::extractFOSC(tree, minPts = 5)$cluster
    expect_same_partition(found$cluster, cut)
    # hdbscan() alone cannot: 4 makes smaller clusters, 5 other distances
    expect_true(min(tidy(found)$size) >= 5)
    fourth <- cluster_genes(data$x, min_samples = 4)
    expect_false(isTRUE(all.equal(found$probability, fourth$probability)))
})

test_that("clusters are numbered by size", {
    expect_identical(
        number_by_size(c(0L, 4L, 9L, 9L, 2L, 0L, 9L, 2L, 4L)),
        c(0L, 2L, 1L, 1L, 3L, 0L, 1L, 3L, 2L)
    )
    expect_identical(number_by_size(c(0L, 0L)), c(0L, 0L))
    data <- grouped_genes(3)
    found <- cluster_genes(data$x)
    expect_identical(tidy(found)$size, sort(tidy(found)$size, TRUE))
    expect_identical(
        tidy(found)$size, as.integer(table(found$cluster[found$cluster > 0]))
    )
})

test_that("the paper's rule tells clusters of association space alone", {
    members <- list(1:5, 6:11, 12:16, 17:21, 22:26)
    input <- c(
        0, 0, 0, 1, 1, # three of five unclustered: specific
        0, 0, 0, 2, 2, 2, # three of six are not more than half
        1, 2, 3, 3, 3, # over three clusters: specific
        1, 1, 2, 2, 0, # over two: not
        4, 4, 4, 4, 4
    )
    found <- specific_clusters(members, as.integer(input))
    expect_identical(found$specific, c(TRUE, FALSE, TRUE, FALSE, FALSE))
    expect_identical(found$n_input_unclustered, c(3L, 3L, 0L, 1L, 0L))
    expect_identical(found$n_input_clusters, c(1L, 1L, 3L, 2L, 1L))
})

organism <- small_organism()
fit <- small_fit(organism)

test_that("a fit is clustered in both spaces, with the means of its pairs", {
    found <- cluster_genes(fit, min_size = 4, min_samples = 2)
    expect_identical(found$gene, rep(fit$genes, 2))
    expect_identical(unique(found$space), c("association", "input"))
    # each space as if it were clustered for itself
    parts <- split(as.data.frame(found), found$space)
    alone <- cluster_genes(encode(fit), "association",
        min_size = 4, min_samples = 2
    )
    expect_equal(parts$association$cluster, alone$cluster)
    alone <- cluster_genes(organism$vectors, min_size = 4, min_samples = 2)
    expect_equal(parts$input$cluster, alone$cluster)
    expect_equal(parts$input$probability, alone$probability)
    # only one
    one <- cluster_genes(fit, "input", min_size = 4, min_samples = 2)
    expect_equal(one$cluster, parts$input$cluster)
    expect_identical(glance(one)$association_clusters, NA_integer_)
    expect_identical(glance(one)$specific, NA_integer_)
    expect_true(all(is.na(tidy(one)$specific)))

    # the mean over pairs of members, one by one
    table <- tidy(found)
    expect_gt(sum(table$space == "association"), 1)
    for (i in seq_len(nrow(table))) {
        genes <- found$gene[
            found$space == table$space[i] & found$cluster == table$cluster[i]
        ]
        expect_length(genes, table$size[i])
        pairs <- t(utils::combn(genes, 2))
        scored <- score_pairs(fit, pairs, how = "half")
        expect_equal(table$mean_cosine[i], mean(scored$cosine))
        expect_equal(table$mean_score[i], mean(scored$score), tolerance = 1e-6)
    }
    expect_true(all(is.na(table$specific) == (table$space == "input")))
})

test_that("scores of several networks with transformed keys are averaged", {
    several <- learn_associations(
        organism$vectors, organism$pairs, encoder_mlp(hidden = 16),
        control = small_control(2), members = 2, combine = FALSE
    )
    found <- cluster_genes(several, "association", min_size = 3)
    table <- tidy(found)
    genes <- found$gene[found$cluster == 1]
    scored <- score_pairs(several, t(utils::combn(genes, 2)), how = "both")
    expect_equal(table$mean_score[1], mean(scored$score), tolerance = 1e-6)
})

test_that("only the genes asked for are clustered", {
    data <- grouped_genes(4)
    chosen <- rev(rownames(data$x)[1:24])
    found <- cluster_genes(data$x, genes = chosen)
    expect_identical(found$gene, chosen)
    alone <- cluster_genes(data$x[chosen, ])
    expect_equal(as.data.frame(found), as.data.frame(alone))
    expect_identical(
        cluster_genes(fit, genes = fit$genes[1:90])$gene,
        rep(fit$genes[1:90], 2)
    )
})

test_that("an organism's complexes come out as clusters of association", {
    skip_on_cran()
    organism <- small_organism(2, n_complexes = 14)
    fit <- learn_associations(
        organism$vectors, organism$pairs, encoder_mlp(hidden = 128),
        control = small_control(40, learning_rate = 1e-3), members = 1,
        combine = FALSE
    )
    found <- cluster_genes(fit)
    rows <- found[found$space == "association" & found$cluster > 0, ]
    complex <- organism$genes$complex[match(rows$gene, organism$genes$gene)]
    common <- tapply(complex, rows$cluster, function(x) {
        max(table(x)) / length(x)
    })
    expect_gt(length(common), 5)
    expect_gt(mean(common), 0.8)
    # members of a complex look alike only in the same role
    expect_gt(glance(found)$specific, length(common) / 2)
    expect_gt(glance(found)$association_genes, glance(found)$input_genes)
    # and these are found in the complexes
    complexes <- split(organism$genes$gene, organism$genes$complex)
    enriched <- enrich_clusters(found, complexes, n_random = 10)
    shares <- summary(enriched)
    of <- function(space, kind) {
        shares$share[shares$space == space & shares$clusters == kind]
    }
    expect_gt(of("association", "all"), 0.8)
    expect_gt(of("association", "specific"), 0.8)
    expect_lt(of("association", "random"), 0.1)
})

test_that("genes of the same vector are a cluster of no width", {
    x <- rbind(
        matrix(rep(c(1, 0, 0), each = 6), 6), grouped_genes(5, d = 3)$x
    )
    rownames(x) <- paste0("g", seq_len(nrow(x)))
    found <- cluster_genes(x)
    first <- found[1:6, ]
    expect_length(unique(first$cluster), 1)
    expect_true(all(first$cluster > 0))
    expect_false(anyNA(found$probability))
})

test_that("rows of clusters are a plain data frame, and print says it all", {
    found <- cluster_genes(fit, min_size = 4, min_samples = 2)
    expect_identical(class(found[1:3, ]), "data.frame")
    expect_identical(class(as.data.frame(found)), "data.frame")
    expect_null(attr(as.data.frame(found), "vectors"))
    expect_identical(summary(found), tidy(found))
    row <- glance(found)
    expect_identical(row$genes, 250L)
    expect_identical(
        row$association_genes,
        sum(found$cluster[found$space == "association"] > 0)
    )
    expect_identical(row$specific, sum(tidy(found)$specific, na.rm = TRUE))
    expect_output(print(found), "250 genes.*min_size 4, min_samples 2")
    expect_output(print(found), paste(row$specific, "of association space"))
})

test_that("bad input is told", {
    x <- grouped_genes(1)$x
    expect_input_error(
        cluster_genes(x[1:5, ]), "need at least 6 genes.*There are 5"
    )
    expect_input_error(cluster_genes(x, min_size = 50), "at least 51 genes")
    expect_input_error(cluster_genes(x, min_samples = 50), "at least 52 genes")
    expect_input_error(cluster_genes(x, min_size = 1), "min_size")
    expect_input_error(cluster_genes(x, min_samples = 0), "min_samples")
    expect_input_error(cluster_genes(x, "both"), "space")
    expect_input_error(cluster_genes(fit, "expression"), "space.*expression")
    expect_input_error(
        cluster_genes(fit, genes = c(fit$genes[1:20], "XYZ")), "XYZ"
    )
    expect_input_error(
        cluster_genes(x, genes = rownames(x)[c(1:20, 3)]), "more than once.*g03"
    )
    expect_input_error(cluster_genes("a"), "must be a numeric matrix")
    bad <- x
    bad[2, 3] <- NA
    expect_input_error(cluster_genes(bad), "g02|finite")
    expect_error(cluster_genes(fit, minPts = 5), "minPts|empty")
})
