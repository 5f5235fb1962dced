# Over-representation, against fisher.test(), phyper() and p.adjust() by hand.

genes <- paste0("g", 1:60)
toy_clusters <- data.frame(
    gene = genes, cluster = rep(c(1, 2, 3, 0), c(8, 6, 5, 41))
)
# g19 of cluster 3, and g26 to g29 and g55 to g60 of none, are in no set
toy_sets <- list(
    exact = genes[1:8], half = genes[c(1:4, 9:14, 20:25)],
    third = genes[c(15:17, 30:34)], u = genes[30:54], tiny = genes[c(1, 15)],
    elsewhere = c("x1", "x2", "x3"), mixed = c(genes[c(18, 40, 41)], "x4")
)

enrich_toy <- function(...) {
    enrich_clusters(toy_clusters, toy_sets, ..., n_random = 0)
}

test_that("p-values are those of the exact test, over the annotated genes", {
    found <- enrich_toy()
    annotated <- intersect(genes, unlist(toy_sets))
    expect_identical(
        glance(found)[c("sets", "tested", "background", "annotated")],
        data.frame(
            sets = 7L, tested = 5L, background = 60L,
            annotated = length(annotated)
        )
    )
    expect_gt(nrow(found), 4)
    for (i in seq_len(nrow(found))) {
        row <- as.data.frame(found)[i, ]
        in_cluster <- annotated %in%
            toy_clusters$gene[toy_clusters$cluster == row$cluster]
        in_set <- annotated %in% toy_sets[[row$set]]
        test <- fisher.test(in_cluster, in_set, alternative = "greater")
        expect_equal(row$p, test$p.value)
        expect_identical(row$overlap, sum(in_cluster & in_set))
        expect_identical(row$size, sum(in_set))
        expect_equal(
            row$expected, sum(in_cluster) * sum(in_set) / length(annotated)
        )
        expect_equal(row$fold, row$overlap / row$expected)
        expect_identical(
            row$genes, paste(annotated[in_cluster & in_set], collapse = ",")
        )
    }
    # of all genes of the cluster, also g19
    cluster <- found[found$cluster == 3, ]
    expect_equal(cluster$coverage, cluster$overlap / 5)
})

test_that("p-values are corrected over all clusters and tested sets", {
    found <- enrich_toy()
    # three clusters and the five sets of three genes or more
    annotated <- intersect(genes, unlist(toy_sets))
    tested <- c("exact", "half", "third", "u", "mixed")
    all <- expand.grid(cluster = 1:3, set = tested, stringsAsFactors = FALSE)
    all$p <- mapply(function(cluster, set) {
        own <- intersect(genes[toy_clusters$cluster == cluster], annotated)
        of_set <- intersect(toy_sets[[set]], annotated)
        phyper(
            length(intersect(own, of_set)) - 1, length(of_set),
            length(annotated) - length(of_set), length(own),
            lower.tail = FALSE
        )
    }, all$cluster, all$set)
    all$p_adjusted <- p.adjust(all$p, "BH")
    rows <- match(
        paste(found$cluster, found$set), paste(all$cluster, all$set)
    )
    expect_equal(found$p, all$p[rows])
    expect_equal(found$p_adjusted, all$p_adjusted[rows])
    # those that are not listed have no common gene
    expect_equal(all$p[-rows], rep(1, nrow(all) - length(rows)))
})

test_that("each space is corrected for itself", {
    two <- rbind(
        cbind(toy_clusters, space = "association"),
        cbind(toy_clusters, space = "input")
    )
    two$cluster[two$space == "input" & two$cluster == 3] <- 0
    found <- enrich_clusters(two, toy_sets, n_random = 0)
    both <- split(as.data.frame(found), found$space)
    one <- as.data.frame(enrich_toy())
    expect_equal(both$association[-1], one[-1], ignore_attr = TRUE)
    expect_equal(
        both$input$p_adjusted,
        p.adjust(both$input$p, "BH", n = 2 * 5)
    )
    expect_identical(unique(found$space), c("association", "input"))
})

test_that("the paper's coverage rule makes a cluster coherent", {
    found <- enrich_toy()
    expect_identical(
        found$coherent, found$p_adjusted < 0.05 & found$coverage > 0.5
    )
    rows <- tidy(found)
    expect_identical(rows$cluster, c(1, 2, 3))
    expect_identical(rows$size, c(8L, 6L, 5L))
    # 'half' holds half of cluster 1 and all of cluster 2
    expect_identical(rows$set[1:2], c("exact", "half"))
    expect_identical(rows$coherent[1:2], c(TRUE, TRUE))
    exactly_half <- found[found$cluster == 1 & found$set == "half", ]
    expect_equal(exactly_half$coverage, 0.5)
    expect_false(exactly_half$coherent)
    strict <- tidy(enrich_toy(min_coverage = 1))
    expect_false(any(strict$coherent))
    expect_identical(
        tidy(enrich_toy(alpha = 1e-6))$coherent, c(TRUE, FALSE, FALSE)
    )
    # the best set of a coherent cluster is one that makes it so
    clusters <- data.frame(gene = genes, cluster = rep(c(1, 0), c(10, 50)))
    sets <- list(part = genes[1:5], wide = genes[c(1:8, 11:14)], x = genes)
    one <- tidy(enrich_clusters(clusters, sets, n_random = 0))
    expect_identical(one$set, "wide")
    expect_true(one$coherent)
})

test_that("a background of more genes makes an overlap less likely", {
    own <- data.frame(gene = genes[1:8], cluster = 1)
    narrow <- enrich_clusters(own, toy_sets, n_random = 0, min_size = 2)
    wide <- enrich_clusters(own, toy_sets, genes, n_random = 0, min_size = 2)
    expect_identical(glance(narrow)$background, 8L)
    expect_identical(glance(wide)$background, 60L)
    p <- function(x) x$p[x$set == "exact"]
    expect_equal(p(narrow), 1)
    annotated <- length(intersect(genes, unlist(toy_sets)))
    expect_equal(p(wide), 1 / choose(annotated, 8))
    expect_input_error(
        enrich_clusters(own, toy_sets, genes[2:60]),
        "background.*all genes that are in clusters.*g1"
    )
})

test_that("sets are tested within the sizes asked for", {
    found <- enrich_toy(min_size = 8, max_size = 16)
    expect_setequal(found$set, c("exact", "half", "third"))
    report <- attr(found, "tested")
    expect_equal(
        stats::setNames(report$n, report$reason)[c("too small", "too large")],
        c("too small" = 3, "too large" = 1)
    )
    # repeated genes of a set count once
    twice <- toy_sets
    twice$exact <- rep(twice$exact, 3)
    again <- enrich_clusters(toy_clusters, twice, n_random = 0)
    expect_equal(as.data.frame(again), as.data.frame(enrich_toy()))
})

test_that("random clusters have the sizes of the real ones", {
    found <- withr::with_seed(3, {
        enrich_clusters(toy_clusters, toy_sets, n_random = 200)
    })
    again <- withr::with_seed(3, {
        enrich_clusters(toy_clusters, toy_sets, n_random = 200)
    })
    expect_identical(summary(found), summary(again))
    random <- attr(found, "random")
    expect_identical(random$draw, 1:200)
    expect_identical(unique(random$n_clusters), 3L)
    rows <- summary(found)
    expect_identical(rows$clusters, c("all", "random"))
    expect_equal(rows$n_coherent[2], mean(random$n_coherent))
    expect_equal(rows$sd[2], sd(random$n_coherent))
    expect_equal(glance(found)$random_share, rows$share[2])
    # all genes in one set and in one cluster: random ones are the same
    all <- data.frame(gene = genes, cluster = 1)
    sets <- list(all = genes, some = genes[1:30])
    same <- enrich_clusters(all, sets, n_random = 3, alpha = 1)
    expect_identical(summary(same)$n_coherent, c(0, 0))
    # clusters that are drawn from one set alone are coherent as often as the
    # real ones: all of its genes, against a background twice as large
    half <- data.frame(gene = genes, cluster = rep(1:0, each = 30))
    sets <- list(first = genes[1:30], rest = genes[31:60])
    drawn <- enrich_clusters(half, sets, n_random = 400)
    # a random half is coherent if 21 or more of 30 are of either set, as the
    # corrected p-value is then below 0.05
    p <- phyper(0:30 - 1, 30, 30, 30, lower.tail = FALSE)
    least <- which(pmin(1, 2 * p) < 0.05)[1] - 1
    expected <- 2 * p[least + 1]
    expect_lt(abs(glance(drawn)$random_share - expected), 4 * sqrt(
        expected * (1 - expected) / 400
    ))
})

test_that("clusters of cluster_genes() say which are of association alone", {
    skip_if_not_installed("dbscan")
    organism <- small_organism()
    fit <- small_fit(organism)
    clusters <- cluster_genes(fit, min_size = 4, min_samples = 2)
    complexes <- split(organism$genes$gene, organism$genes$complex)
    found <- enrich_clusters(clusters, complexes, n_random = 2)
    rows <- tidy(found)
    table <- tidy(clusters)
    expect_identical(rows[names(table)[1:4]], table[1:4])
    specific <- summary(found)
    specific <- specific[specific$clusters == "specific", ]
    expect_identical(specific$n_clusters, sum(table$specific, na.rm = TRUE))
    expect_equal(
        specific$n_coherent, sum(rows$coherent[rows$specific %in% TRUE])
    )
    expect_output(print(found), "specific clusters")
})

test_that("rows are a plain data frame, and print tells what was tested", {
    found <- enrich_toy()
    expect_identical(class(found[1:2, ]), "data.frame")
    expect_null(attr(as.data.frame(found), "clusters"))
    expect_output(print(found), "3 clusters in 5 of 7 sets")
    expect_output(print(found), "49 of 60 genes")
    # a cluster without a gene in any set has a row all the same
    lone <- data.frame(gene = genes, cluster = rep(c(1, 0, 2), c(8, 46, 6)))
    rows <- tidy(enrich_clusters(lone, toy_sets, n_random = 0))
    expect_identical(rows$coherent, c(TRUE, FALSE))
    expect_identical(rows$set, c("exact", NA))
})

test_that("bad sets and clusters are told", {
    expect_input_error(
        enrich_clusters(toy_clusters, unname(toy_sets)), "have no names"
    )
    half_named <- toy_sets
    names(half_named)[2] <- ""
    expect_input_error(
        enrich_clusters(toy_clusters, half_named), "Number 2 has none"
    )
    expect_input_error(
        enrich_clusters(toy_clusters, c(toy_sets, list(exact = "g1"))),
        "exact.*more than once"
    )
    expect_input_error(
        enrich_clusters(toy_clusters, list(a = 1:3)), "gene ids.*integer"
    )
    expect_input_error(
        enrich_clusters(toy_clusters, list(a = c("g1", NA))), "with NA"
    )
    expect_input_error(enrich_clusters(toy_clusters, list()), "named list")
    expect_input_error(enrich_clusters(toy_clusters, 7), "named list")
    expect_input_error(
        enrich_clusters(toy_clusters, list(a = c("x1", "x2"))),
        "genes of the background.*x1.*map_genes"
    )
    upper <- lapply(toy_sets, toupper)
    expect_input_error(
        enrich_clusters(toy_clusters, upper), "upper case.*toupper"
    )
    lower <- transform(toy_clusters, gene = toupper(gene))
    expect_input_error(enrich_clusters(lower, toy_sets), "match in upper case")
    expect_input_error(
        enrich_toy(min_size = 26, max_size = 30),
        "26 to\\s+30 genes.*7 are smaller, 0 are larger"
    )
    expect_input_error(enrich_toy(min_size = 9, max_size = 8), "max_size")
    expect_input_error(enrich_toy(alpha = 2), "alpha")
    none <- transform(toy_clusters, cluster = 0)
    expect_input_error(enrich_clusters(none, toy_sets), "must have a cluster")
    expect_input_error(enrich_clusters(genes, toy_sets), "cluster_genes")
    expect_message(
        enrich_clusters(
            rbind(toy_clusters, toy_clusters[1, ]), toy_sets,
            n_random = 0
        ),
        "1 row"
    )
})

test_that("terms of the Gene Ontology are those of the annotation package", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    integrator <- c("INTS1", "INTS2", "INTS3", "INTS4", "INTS5", "INTS6")
    others <- c("POT1", "TERF2", "ACD", "RPL3", "RPL4", "RPL5", "GAPDH")
    sets <- go_gene_sets("org.Hs.eg.db", c(integrator, others), "CC")
    terms <- attr(sets, "term")
    expect_identical(names(terms), names(sets))
    id <- names(terms)[terms == "integrator complex"]
    expect_identical(id, "GO:0032039")
    expect_setequal(sets[[id]], integrator)
    expect_false("GO:0006412" %in% names(sets)) # translation, a process
    expect_false(any(vapply(sets, anyDuplicated, 1L) > 0))
    clusters <- data.frame(
        gene = c(integrator, others), cluster = rep(1:0, c(6, 7))
    )
    found <- enrich_clusters(clusters, "org.Hs.eg.db",
        ontology = "CC", n_random = 0
    )
    best <- found[found$set == id, ]
    expect_identical(best$name, "integrator complex")
    expect_equal(best$p, 1 / choose(13, 6))
    expect_input_error(
        go_gene_sets("org.Hs.eg.db", tolower(integrator)), "toupper"
    )
    expect_input_error(go_gene_sets("org.Hs.eg.db", "INTS1", "XX"), "ontology")
    expect_input_error(
        go_gene_sets("org.Hs.eg.db", "INTS1", keytype = "NAME"), "keytype"
    )
})

test_that("gene sets read from the tables are those of AnnotationDbi", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    human <- org.Hs.eg.db::org.Hs.eg.db
    selected <- function(genes, ontology, keytype) {
        found <- suppressMessages(
            AnnotationDbi::select(human, genes, "GOALL", keytype)
        )
        found <- found[found$ONTOLOGYALL %in% ontology, ]
        found <- unique(data.frame(gene = found[[keytype]], go = found$GOALL))
        lapply(split(found$gene, found$go), sort)
    }
    read <- function(...) {
        sets <- go_gene_sets(human, ...)
        attr(sets, "term") <- NULL
        lapply(sets, sort)
    }
    # HBD and MEMO1 are symbols of two Entrez ids each
    symbols <- c("TP53", "INTS1", "SNAPC1", "HBD", "MEMO1")
    expect_identical(
        read(symbols), selected(symbols, c("BP", "MF", "CC"), "SYMBOL")
    )
    # both accessions are of one gene
    several <- AnnotationDbi::select(human, "TP53", "UNIPROT", "SYMBOL")$UNIPROT
    expect_gt(length(several), 1)
    expect_identical(
        read(several, "MF", "UNIPROT"), selected(several, "MF", "UNIPROT")
    )
})

test_that("the published clusters of association space alone are coherent", {
    folder <- Sys.getenv("KITH_DATA")
    skip_if(!nzchar(folder), "KITH_DATA is not set")
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    file <- file.path(
        folder, "genes", "geneticcal_reference",
        "replogle_06_validation_summary.csv"
    )
    skip_if_not(file.exists(file), "no published clusters in KITH_DATA")
    published <- utils::read.csv(file)
    members <- strsplit(published$genes, ";")
    clusters <- data.frame(
        gene = unlist(members),
        # numbered from 0, which is no cluster here
        cluster = rep(published$cluster_id + 1, lengths(members))
    )
    clusters <- unique(clusters)
    screen <- utils::read.csv(
        file.path(folder, "genes", "k562_essential_targets.csv.gz")
    )
    found <- enrich_clusters(clusters, "org.Hs.eg.db",
        background = union(clusters$gene, screen$gene), n_random = 5
    )
    rows <- tidy(found)
    expect_identical(nrow(rows), 22L)
    # published: all of 22, with other sets (KEGG, Reactome) beside GO
    expect_identical(published$classification, rep("coherent", 22))
    expect_gte(sum(rows$coherent), 21)
    # the terms that the paper names are found, with its coverage
    row <- found[found$cluster == 27 & found$name == "integrator complex", ]
    expect_equal(row$coverage, 1)
    expect_identical(row$overlap, 9L)
    expect_lt(row$p_adjusted, 1e-10)
})
