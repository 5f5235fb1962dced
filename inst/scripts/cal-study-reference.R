# What needs no matrix: kith's study functions on the study's own cosines and
# scores. A part of cal-study.R.

run_reference <- function(reference) {
    scored <- scored_pairs(reference$scored)
    pairs <- reference$pairs
    boundary <- sweep_boundary(scored, draws = 0)
    # the pair file has the cosines of another run; a score is asked for
    tables <- lapply(pairs, function(table) {
        data.frame(table[c("from", "to", "cosine")], score = table$cosine)
    })
    profile <- degree_profile(scored, draws = 0)
    examples <- example_pairs(scored, named_examples)
    blend <- sweep_blend(scored, draws = 0)
    values <- rbind(
        pair_values(pairs, tables), channel_values(pairs[["700"]]),
        boundary_values(tables), split_values(pairs[["900"]]),
        degree_values(profile), example_values(examples),
        matched_values(pairs), seed_values(reference$seeds),
        cluster_values(reference)
    )
    of <- function(rows) {
        label_rows(rows,
            data = "reference", pairs = ">=900", model = "published"
        )
    }
    list(
        values = with_kind(values, "reference", "no matrix"),
        tables = list(
            boundary = of(boundary), blend = of(blend),
            degree_groups = of(profile), degree_correlation = of(
                summary(profile)
            ),
            distribution = of(score_distribution(scored)),
            examples = of(examples),
            scatter = bin_pairs(scored, "reference", "published")
        )
    )
}

pair_values <- function(pairs, scored) {
    rows <- lapply(names(pairs), function(level) {
        below <- sweep_boundary(scored[[level]], boundaries = 0.2, draws = 0)
        blend <- sweep_blend(scored[[level]], lambda = 0, draws = 0)
        high <- score_distribution(scored[[level]])
        at <- paste0(" >=", level)
        known <- gene_pairs(pairs[[level]][c("from", "to")])
        found_value("pairs",
            paste0(
                c(
                    "pairs", "cross-boundary share", "mean cosine",
                    "share with cosine > 0.5", "genes with a pair"
                ), at, c("", " [%]", "", " [%]", "")
            ),
            c(
                nrow(known), 100 * below$share[1], blend$mean_positive[1],
                100 * high$share[high$cosine_min == 0.5],
                nrow(pair_degree(known))
            )
        )
    })
    strong <- pairs[["700"]]$experimental >= 700
    rbind(
        do.call(rbind, rows),
        found_value("pairs", "pairs experimental >=700", sum(strong))
    )
}

string_channels <- c(
    "experimental", "database", "textmining", "coexpression", "neighborhood",
    "fusion", "cooccurence"
)

channel_values <- function(pairs) {
    rows <- lapply(string_channels, function(channel) {
        mine <- pairs[pairs[[channel]] > 0, ]
        scored <- data.frame(
            mine[c("from", "to", "cosine")], score = mine[[channel]]
        )
        near <- sweep_boundary(scored, boundaries = 0.2, draws = 0)
        mean_cosine <- sweep_blend(scored, lambda = 0, draws = 0)
        found_value("channels",
            paste0(channel, c(
                " pairs >=700", " mean cosine >=700",
                " cross-boundary share >=700 [%]"
            )),
            c(nrow(mine), mean_cosine$mean_positive[1], 100 * near$share[1])
        )
    })
    strong <- pairs[pairs$experimental >= 700, ]
    rbind(do.call(rbind, rows), found_value("channels",
        paste(
            "experimental >=700 with",
            c("textmining", "coexpression", "combined >=900"), "[%]"
        ),
        100 * c(
            mean(strong$textmining > 0), mean(strong$coexpression > 0),
            mean(strong$combined_score >= 900)
        )
    ))
}

another_run <- paste(
    "the sweep counted with the cosines of another PCA run than those of the",
    "pair file, from which this is; cosines of two runs of the study differ by",
    "up to .08"
)

boundary_values <- function(scored) {
    near <- sweep_boundary(scored[["900"]], draws = 0)
    near <- near[near$scorer == "kith", ]
    easy <- vapply(scored, function(pairs) sum(pairs$cosine > 0.3), 0)
    rbind(
        found_value("boundary",
            paste("positives below", sprintf("%.2f", near$boundary)),
            near$n_positive, another_run
        ),
        found_value("boundary",
            paste0("easy positives (cosine > 0.3) >=", names(scored)),
            easy, another_run
        )
    )
}

split_values <- function(pairs) {
    parts <- with_seed(42, split_pairs(
        gene_pairs(pairs[c("from", "to")]),
        by = "gene", prop = 0.7
    ))
    rounded <- "70 % of 1,688 are 1,181.6: the study cuts, kith rounds"
    random <- paste(
        "numbers of pairs follow from which genes are drawn: this is another",
        "draw"
    )
    found_value("gene split",
        paste(c(
            "training genes", "test genes", "training pairs", "test pairs",
            "test pairs, both unseen"
        ), ">=900"),
        c(
            length(parts$train_genes), length(parts$test_genes),
            nrow(parts$train), nrow(parts$test),
            sum(parts$test$unseen == "both")
        ),
        c(rounded, rounded, random, random, random)
    )
}

degree_values <- function(profile) {
    rho <- summary(profile)
    rho <- rho[rho$subset == "all", ]
    rows <- as.data.frame(profile)
    near <- rows[rows$subset == "cross-boundary" & rows$group %in% c(1, 5), ]
    all <- rows[rows$subset == "all" & rows$group %in% c(1, 5), ]
    ranges <- sprintf(paste(
        "the printed range is that of the quintile of all pairs, %d to %d by",
        "kith, too; the means beside it are of quintiles of cross-boundary",
        "pairs"
    ), as.integer(all$degree_min), as.integer(all$degree_max))
    quintile <- function(name, values, reason = "") {
        found_value("degree",
            paste0(name, " of Q", near$group, ", cross-boundary"), values,
            reason
        )
    }
    rbind(
        found_value("degree", "Spearman of degree and score",
            rho$rho[rho$measure == "score"]
        ),
        found_value("degree", "Spearman of degree and cosine",
            rho$rho[rho$measure == "cosine"]
        ),
        quintile("lowest degree", near$degree_min, ranges),
        quintile("highest degree", near$degree_max, ranges),
        quintile("mean cosine", near$cosine),
        quintile("mean score", near$score)
    )
}

example_values <- function(examples) {
    if (is.null(examples)) {
        return(NULL)
    }
    name <- paste0(examples$from, "-", examples$to)
    rbind(
        found_value("examples", paste(name, "cosine"), examples$cosine),
        found_value("examples", paste(name, "score"), examples$score)
    )
}

# degrees of the pairs >= 900 and of their matched negatives, by pairs >= 700
matched_values <- function(pairs) {
    known <- lapply(pairs, function(table) gene_pairs(table[c("from", "to")]))
    drawn <- with_seed(42, sample_negatives(
        known[["700"]],
        method = "degree", positives = known[["900"]]
    ))
    degree <- with(pair_degree(known[["700"]]), stats::setNames(degree, gene))
    mean_degree <- function(x) (degree[x$from] + degree[x$to]) / 2
    found_value("degree-matched",
        paste(
            "mean degree of", c("positives", "negatives"), ">=900"
        ),
        c(
            mean(mean_degree(known[["900"]])),
            stats::weighted.mean(mean_degree(drawn), drawn$times)
        ),
        c(
            sprintf(paste(
                "the mean of both genes' degrees; the first genes alone of the",
                "pairs have a mean of %.3f"
            ), mean(degree[known[["900"]]$from])),
            "negatives are drawn at random, for positives of the row above"
        )
    )
}

seed_values <- function(stats) {
    all <- stats$assoc_only_auc$values
    near <- stats$cb_auc_lam_1.0$values
    sd_reason <- paste(
        "the study divides by the number of seeds, kith by one less:",
        "the study's way gives"
    )
    population <- function(x) sqrt(mean((x - mean(x))^2))
    found_value("seeds",
        c(
            "mean AUC", "sd of AUC", "mean AUC, cross-boundary",
            "sd of AUC, cross-boundary"
        ),
        c(mean(all), stats::sd(all), mean(near), stats::sd(near)),
        c(
            "", sprintf("%s %.4f", sd_reason, population(all)),
            "", sprintf("%s %.4f", sd_reason, population(near))
        )
    )
}

# The study's numbers of clusters from its own lists of sizes, and the clusters
# that it lists (with their genes) against the Gene Ontology.
cluster_values <- function(reference) {
    found <- reference$thresholds$high$clusters
    sizes <- list(
        expression = found$expression$sizes,
        association = found$association$sizes
    )
    counts <- found_value("clusters",
        c(
            paste0("clusters, ", names(sizes), " space"),
            paste0("genes in clusters, ", names(sizes), " space"),
            "specific to association space"
        ),
        c(lengths(sizes), vapply(sizes, sum, 0), found$n_pam_specific),
        c("", "", "", "", paste(
            "the repository counts 33 by the stated rule, and its table of",
            "annotated clusters, all coherent, has the 22 that are printed"
        ))
    )
    rbind(counts, enrichment_values(reference))
}

enrichment_values <- function(reference) {
    sets <- go_gene_sets("org.Hs.eg.db")
    screen <- union(reference$genes, reference$clusters$gene)
    coherent <- enrich_clusters(
        reference$clusters, sets,
        background = screen, n_random = 0
    )
    random <- random_coherent(reference, sets)
    found_value("enrichment",
        c("coherent, specific clusters", "coherent, random sets: mean of 34"),
        c(sum(tidy(coherent)$coherent), random[["screen"]]),
        c("", sprintf(paste(
            "34 random sets of genes of the screen, corrected over all sets",
            "and terms against the screen; if terms may be of any size, the",
            "background is all annotated genes, most of them not in the",
            "screen, and each set is corrected for itself, %.1f are coherent"
        ), random[["genome"]]))
    )
}

# Of 34 random sets of the sizes of the published clusters, how many are
# coherent: by the stated rule, and by that of common web tools.
random_coherent <- function(reference, sets, draws = 2L) {
    annotated <- unique(unlist(sets))
    screen <- intersect(reference$genes, annotated)
    sizes <- as.integer(table(reference$clusters$cluster))
    found <- with_seed(42, lapply(seq_len(draws), function(draw) {
        sizes <- sample(sizes, 34L, TRUE)
        random <- data.frame(
            cluster = rep(seq_along(sizes), sizes),
            gene = unlist(lapply(sizes, sample, x = screen))
        )
        strict <- enrich_clusters(random, sets, screen, n_random = 0)
        wide <- as.data.frame(enrich_clusters(random, sets, annotated,
            max_size = length(annotated), n_random = 0
        ))
        alone <- stats::ave(wide$p, wide$cluster, FUN = function(p) {
            stats::p.adjust(p, "BH")
        })
        passed <- alone < 0.05 & wide$coverage > 0.5
        c(
            screen = sum(tidy(strict)$coherent),
            genome = length(unique(wide$cluster[passed]))
        )
    }))
    colMeans(do.call(rbind, found))
}

# code with R's random numbers from a seed, also on workers, where the kind of
# the generator is another
with_seed <- function(seed, code) {
    set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
    code
}
