# Studies of scored pairs against plain R, on a table and on a fit; what the
# paper printed, where its own scores are at hand.

auc_plain <- function(scores, positive) {
    differences <- outer(scores[positive], scores[!positive], "-")
    mean((differences > 0) + (differences == 0) / 2)
}

example_scores <- function() {
    withr::with_seed(3, {
        n <- 300
        table <- data.frame(
            from = paste0("a", sample(40, n, TRUE)),
            to = paste0("b", sample(40, n, TRUE)),
            cosine = round(stats::runif(n, -1, 1), 2),
            positive = rep(c(TRUE, FALSE), c(120, 180)),
            degree = sample(1:30, n, TRUE)
        )
        table$score <- table$positive + stats::rnorm(n)
        table[!duplicated(table[c("from", "to")]), ]
    })
}
scores <- example_scores()

test_that("a table is completed and checked", {
    scored <- scored_pairs(scores)
    expect_identical(unique(scored$setting), "given")
    expect_identical(scored$drawn == "known", scored$positive)
    bare <- scored_pairs(scores[c("from", "to", "cosine", "score")])
    expect_true(all(bare$positive))
    degree <- table(c(scores$from, scores$to))
    expect_equal(bare$degree, as.vector(
        degree[bare$from] + degree[bare$to]
    ) / 2)
    expect_identical(scored_pairs(scored), scored)
    expect_input_error(scored_pairs(scores[-3]), "cosine")
    expect_input_error(scored_pairs(scores, test = scores), "test")
    broken <- scores
    broken$score[7] <- NA
    expect_input_error(scored_pairs(broken), "Row 7")
    expect_input_error(scored_pairs(1), "learn_associations")
})

test_that("the boundary sweep counts and ranks what lies within", {
    found <- sweep_boundary(scores, boundaries = c(0.5, 0.1), draws = 20)
    for (b in c(0.5, 0.1)) {
        near <- scores[abs(scores$cosine) < b, ]
        rows <- found[found$boundary == b, ]
        expect_identical(rows$scorer, c("kith", "cosine"))
        expect_identical(rows$n_positive[1], sum(near$positive))
        expect_equal(rows$share[1], sum(near$positive) / sum(scores$positive))
        expect_equal(rows$mean_cosine[1], mean(near$cosine[near$positive]))
        expect_equal(rows$auc, c(
            auc_plain(near$score, near$positive),
            auc_plain(near$cosine, near$positive)
        ))
        expect_equal(rows$margin[2], rows$auc[1] - rows$auc[2])
        expect_true(all(rows$lower <= rows$auc & rows$auc <= rows$upper))
    }
    alone <- sweep_boundary(scores[scores$positive, ], draws = 0)
    expect_true(all(is.na(alone$auc)))
    expect_false(anyNA(alone$mean_score))
    for (bad in list(0, 1, -0.2, 2, NA, "x")) {
        expect_input_error(sweep_boundary(scores, boundaries = bad), "boundar")
    }
})

test_that("the blend is what it says for every lambda", {
    found <- sweep_blend(scores, lambda = c(0, 0.3, 1), draws = 0)
    near <- abs(scores$cosine) < 0.2
    for (lambda in c(0, 0.3, 1)) {
        blend <- (1 - lambda) * scores$cosine + lambda * scores$score
        rows <- found[found$lambda == lambda, ]
        expect_equal(rows$auc, c(
            auc_plain(blend, scores$positive),
            auc_plain(blend[near], scores$positive[near])
        ))
        expect_equal(rows$mean_positive[1], mean(blend[scores$positive]))
        expect_equal(rows$mean_negative[1], mean(blend[!scores$positive]))
        expect_equal(rows$gain, rows$auc - found$auc[found$lambda == 0])
    }
    bounds <- sweep_blend(scores, lambda = c(0, 1), draws = 50)
    last <- bounds[bounds$lambda == 1, ]
    expect_true(all(last$gain_lower <= last$gain))
    expect_true(all(last$gain <= last$gain_upper))
    for (bad in list(-0.1, 1.1, NA, c(0, 0), "a")) {
        expect_input_error(sweep_blend(scores, lambda = bad), "lambda")
    }
})

test_that("groups by degree, their means and Spearman are those of plain R", {
    found <- degree_profile(scores, groups = 4, draws = 0)
    known <- scores[scores$positive, ]
    breaks <- stats::quantile(known$degree, 0:4 / 4)
    group <- cut(known$degree, breaks, include.lowest = TRUE, labels = FALSE)
    all <- found[found$subset == "all", ]
    expect_identical(all$pairs, as.vector(table(group)))
    expect_equal(all$score, as.vector(tapply(known$score, group, mean)))
    expect_equal(all$gain, all$score - all$cosine)
    expect_identical(
        all$degree_max, as.vector(tapply(known$degree, group, max)) + 0
    )
    inside <- scores$degree >= all$degree_min[2] &
        scores$degree <= all$degree_max[2]
    expect_equal(all$auc[2], auc_plain(
        scores$score[inside], scores$positive[inside]
    ))
    rho <- summary(found)
    expect_equal(rho$rho[1], stats::cor(
        known$degree, known$score,
        method = "spearman"
    ))
    expect_true(all(is.na(rho$lower)))
    expect_input_error(degree_profile(scores[1:3, ]), "at least 5")
    expect_input_error(degree_profile(scores, groups = 1), "groups")
    same <- scores
    same$degree <- 3
    expect_identical(
        nrow(degree_profile(same, draws = 5)), 2L
    )
})

test_that("draws of genes repeat pairs, and ranks with them", {
    set.seed(1)
    x <- sample(6, 50, TRUE)
    ys <- list(y = stats::rnorm(50), z = rep(1, 50))
    times <- matrix(as.double(stats::rpois(150, 1)), 50)
    found <- spearman_draws(x, ys, times)
    for (draw in 1:3) {
        again <- rep(seq_along(x), times[, draw])
        expect_equal(found$y[draw], stats::cor(
            x[again], ys$y[again],
            method = "spearman"
        ))
    }
    expect_true(all(is.na(found$z)))
    drawn <- draw_degrees(
        cbind(scores[scores$positive, ], gain = 0),
        rep(1:2, length.out = sum(scores$positive)), 120
    )
    expect_length(drawn$rho$score, 120)
    expect_length(drawn$means$score[["2"]], 120)
})

test_that("the distribution counts each pair once", {
    found <- score_distribution(scores, breaks = c(-1, 0, 0.5, 1))
    expect_identical(sum(found$n), nrow(scores))
    row <- found[found$kind == "known pairs" & found$cosine_min == 0, ]
    mine <- scores$positive & scores$cosine >= 0 & scores$cosine < 0.5
    expect_identical(row$n, sum(mine))
    expect_equal(row$share, sum(mine) / sum(scores$positive))
    expect_equal(row$q25, stats::quantile(scores$score[mine], 0.25)[[1]])
    for (bad in list(c(0, 1), c(-1, 1, 0), "a", c(-1, NA, 1))) {
        expect_input_error(score_distribution(scores, breaks = bad), "breaks")
    }
})

test_that("examples stand among the random pairs", {
    asked <- data.frame(from = scores$to[c(5, 2)], to = scores$from[c(5, 2)])
    found <- example_pairs(scores, asked)
    expect_identical(found$from, asked$from)
    expect_identical(found$score, scores$score[c(5, 2)])
    random <- scores[!scores$positive, ]
    expect_equal(
        found$score_percentile[1], 100 * mean(random$score < scores$score[5])
    )
    best <- example_pairs(scores, n = 2)
    far <- scores[scores$positive & abs(scores$cosine) < 0.2, ]
    expect_identical(best$score[1], max(far$score))
    expect_identical(anyDuplicated(c(best$from, best$to)), 0L)
    expect_input_error(
        example_pairs(scores, data.frame(from = "a1", to = "x")), "not in it"
    )
})

test_that("a fit's pairs are those of its test, with their scores", {
    organism <- small_organism()
    set.seed(1)
    parts <- split_pairs(gene_pairs(organism$pairs), by = "gene")
    fit <- small_fit(organism, parts$train)
    scored <- scored_pairs(fit, parts)
    expect_identical(
        unique(scored$setting), c(setting_names[-1], "transductive")
    )
    both <- scored[scored$setting == setting_names[3] & scored$positive, ]
    seen <- c(parts$train$from, parts$train$to)
    expect_identical(
        nrow(both), sum(!parts$test$from %in% seen & !parts$test$to %in% seen)
    )
    expect_equal(scored$score, score_pairs(fit, scored)$score)
    expect_equal(scored$networks, scored$score)
    known <- rbind(parts$train, parts$test[c("from", "to")])
    degree <- pair_degree(known)
    degree <- stats::setNames(degree$degree, degree$gene)
    held <- scored[scored$positive, ]
    expect_equal(
        held$degree, unname(degree[held$from] + degree[held$to]) / 2
    )
    # matched negatives have the positives' degree, uniform ones have less
    mine <- scored[scored$setting == "transductive", ]
    means <- tapply(mine$degree, mine$drawn, mean)
    expect_lt(
        abs(means[["matched"]] - means[["known"]]),
        abs(means[["uniform"]] - means[["known"]])
    )
    # known to the fit, listed nowhere: scored all the same
    loose <- data.frame(from = fit$genes[1], to = fit$genes[2])
    loose <- loose[!paste(loose$from, loose$to) %in%
        paste(scored$from, scored$to), ]
    shown <- example_pairs(fit, loose, parts)
    expect_equal(shown$score, score_pairs(fit, loose)$score)
    expect_input_error(
        scored_pairs(fit, NULL, transductive = FALSE), "no pairs"
    )
})

test_that("figures hold the rows, and prints tell them", {
    for (study in list(
        sweep_boundary(scores, draws = 5), sweep_blend(scores, draws = 5),
        degree_profile(scores, draws = 5), score_distribution(scores),
        example_pairs(scores, n = 3),
        sweep_boundary(scores[scores$positive, ], draws = 0),
        sweep_blend(scores[scores$positive, ], draws = 0)
    )) {
        plot <- autoplot(study)
        expect_gt(nrow(ggplot2::layer_data(plot, 1)), 0)
        expect_output(print(study), class(study)[1])
        # without its columns it prints as any data frame
        expect_output(print(study[, 1:2]), names(study)[2])
    }
})

# The paper's own scores (GeneticCAL, MIT) ------------------------------------

reference <- function(...) {
    folder <- Sys.getenv("KITH_DATA")
    skip_if(folder == "", "KITH_DATA is not set")
    file <- file.path(folder, "genes", ...)
    skip_if_not(file.exists(file), paste("not there:", file))
    file
}

published_scores <- function() {
    table <- utils::read.csv(
        reference("geneticcal_reference", "degree_vs_improvement_pairs.csv.gz")
    )
    data.frame(
        from = table$gene_a, to = table$gene_b, cosine = table$cosine,
        score = table$assoc, degree = table$mean_deg
    )
}

test_that("the paper's degree table comes out to the printed digit", {
    published <- published_scores()
    found <- degree_profile(published, draws = 0)
    rho <- summary(found)
    printed <- function(measure) {
        sprintf("%.3f", rho$rho[rho$subset == "all" & rho$measure == measure])
    }
    expect_identical(printed("score"), "-0.590")
    expect_identical(printed("cosine"), "0.007")
    near <- found[found$subset == "cross-boundary", ]
    expect_identical(
        sprintf("%.3f", near$cosine[c(1, 5)]), c("0.003", "-0.030")
    )
    expect_identical(sprintf("%.3f", near$score[c(1, 5)]), c("0.224", "0.097"))
    # the ranges printed beside these means are those of the groups of all pairs
    all <- found[found$subset == "all", ]
    expect_equal(all$degree_min[c(1, 5)], c(5, 521), tolerance = 1e-3)
    expect_equal(all$degree_max[c(1, 5)], c(184, 1110), tolerance = 1e-3)
})

test_that("the paper's counts, shares and named pairs come out", {
    published <- published_scores()
    within <- sweep_boundary(published, draws = 0)
    within <- within[within$scorer == "kith", ]
    expect_identical(nrow(published), 23268L)
    at <- within$boundary == 0.2
    expect_identical(within$n_positive[at], 4702L)
    expect_identical(sprintf("%.1f", 100 * within$share[at]), "20.2")
    # another run of the randomised PCA: 6,805, 4,706, 3,643, 2,368, 1,211
    expect_equal(
        within$n_positive, c(6805, 4706, 3643, 2368, 1211),
        tolerance = 0.01
    )
    named <- example_pairs(published, data.frame(
        from = c("C7ORF26", "SNAPC4", "SNAPC4", "SNAPC4", "HSPA5"),
        to = c("INTS1", "SNAPC1", "SNAPC2", "SNAPC3", "MANF")
    ))
    expect_identical(
        sprintf("%.3f", named$cosine),
        c("0.074", "-0.087", "0.167", "0.087", "-0.048")
    )
    expect_identical(
        sprintf("%.3f", named$score),
        c("0.393", "0.361", "0.471", "0.399", "0.353")
    )
    blend <- sweep_blend(published, draws = 0)
    blend <- blend[blend$subset == "all", ]
    ends <- c(mean(published$cosine), mean(published$score))
    expect_equal(blend$mean_positive,
        ends[1] + blend$lambda * (ends[2] - ends[1]),
        tolerance = 1e-12
    )
})

test_that("pair counts, mean cosines and shares of the thresholds come out", {
    printed <- list(
        "string_pairs_900.csv.gz" = list(23268L, "0.389", "20.2", "50.2"),
        "string_pairs_700.csv.gz" = list(41434L, "0.306", "25.6", "39.9")
    )
    for (file in names(printed)) {
        pairs <- utils::read.csv(reference(file))
        pairs <- data.frame(
            from = pairs$gene1, to = pairs$gene2, cosine = pairs$cosine,
            score = pairs$combined_score
        )
        bins <- score_distribution(pairs, breaks = c(-1, 0.5, 1))
        near <- sweep_boundary(pairs, boundaries = 0.2, draws = 0)
        found <- list(
            sum(bins$n), sprintf("%.3f", sum(bins$share * bins$mean_cosine)),
            sprintf("%.1f", 100 * near$share[1]),
            sprintf("%.1f", 100 * bins$share[2])
        )
        expect_identical(found, printed[[file]], label = file)
    }
})
