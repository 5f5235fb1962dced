# evaluate(): its settings, its measures against plain R, and its negatives.

organism <- small_organism()
fit_half <- small_fit(organism)

auc_r <- function(scores, positive) {
    differences <- outer(scores[positive], scores[!positive], "-")
    mean((differences > 0) + (differences == 0) / 2)
}

test_that("evaluate() assigns settings and measures as defined", {
    set.seed(4)
    parts <- split_pairs(gene_pairs(organism$pairs), by = "gene")
    fit <- small_fit(organism, parts$train)
    result <- evaluate(fit, parts, draws = 50, transductive = TRUE)
    expect_identical(
        unique(result$setting),
        c("one gene unseen", "both genes unseen", "transductive")
    )
    expect_identical(
        unique(result$scorer), c("kith", "cosine", "degree", "neighbours")
    )
    seen <- c(parts$train$from, parts$train$to)
    n_unseen <- (!parts$test$from %in% seen) + (!parts$test$to %in% seen)
    row <- result[result$subset == "all" & result$scorer == "kith", ]
    expect_identical(row$n_positive[1:2], c(sum(n_unseen == 1), sum(
        n_unseen == 2
    )))
    expect_identical(row$n_positive[3], nrow(parts$train))
    inside <- !is.na(result$lower)
    expect_true(all(result$lower[inside] <= result$upper[inside]))
    kith <- result$auc[result$scorer == "kith"]
    degree <- result[result$scorer == "degree", ]
    expect_equal(degree$margin, kith - degree$auc)
    # genes without training pairs have no degree
    both <- degree$setting == "both genes unseen"
    expect_true(all(degree$auc[both] == 0.5))
    expect_output(print(result), "says nothing about new ones")
    expect_identical(class(tidy(result)), "data.frame")
    expect_identical(nrow(glance(result)), 1L)
    told <- summary(result)
    expect_identical(nrow(told), nrow(degree))
    expect_true(all(told$verdict %in% c("above", "below", "not told apart")))
    expect_true(all(is.na(evaluate(fit, parts, draws = 0)$lower)))
})

test_that("scores of one setting have the AUC of a plain count", {
    options <- list(
        negatives = "uniform", boundary = 0.2, how = "half", lambda = 1,
        k = 5L, draws = 0L, level = 0.95
    )
    set.seed(2)
    setting <- list(
        positives = organism$pairs[1:40, c("from", "to")],
        universe = fit_half$genes
    )
    set.seed(9)
    result <- evaluate_setting(
        fit_half, setting, "x", known_pairs(fit_half), options
    )
    set.seed(9)
    negatives <- sample_negatives(
        known_pairs(fit_half), fit_half$genes,
        positives = setting$positives
    )
    pairs <- join_rows(setting$positives, negatives)
    positive <- rep(c(TRUE, FALSE), c(40, nrow(negatives)))
    scored <- score_pairs(fit_half, pairs)
    expect_equal(result$auc[1], auc_r(scored$score, positive))
    expect_equal(result$auc[2], auc_r(scored$cosine, positive))
    near <- abs(scored$cosine) < 0.2
    expect_equal(result$auc[5], auc_r(scored$score[near], positive[near]))
})

test_that("an edge split is its own setting; degree negatives are weighted", {
    set.seed(5)
    parts <- split_pairs(gene_pairs(organism$pairs), by = "edge")
    fit <- small_fit(organism, parts$train)
    result <- evaluate(fit, parts, draws = 0)
    expect_true("edge held out" %in% result$setting)
    expect_setequal(
        setdiff(result$scorer, c("kith", "cosine", "degree", "neighbours")),
        c("common partners", "Adamic-Adar")
    )
    matched <- evaluate(fit, NULL, negatives = "degree", draws = 0)
    row <- matched[matched$subset == "all" & matched$scorer == "degree", ]
    uniform <- evaluate(fit, NULL, draws = 0)
    plain <- uniform[uniform$subset == "all" & uniform$scorer == "degree", ]
    # matching takes away what degree alone can tell
    expect_lt(abs(row$auc - 0.5), abs(plain$auc - 0.5))
    expect_identical(row$n_negative, 5L * row$n_positive)
    expect_error(evaluate(fit, parts$train), "training pairs",
        class = "kith_error_input"
    )
    expect_message(
        evaluate(fit, rbind(parts$test[c("from", "to")], parts$train[1:3, c(
            "from", "to"
        )]), draws = 0),
        "3 of",
        class = "kith_message_dropped"
    )
})

test_that("shared partners are counted and weighted as defined", {
    train <- gene_pairs(organism$pairs)
    genes <- pair_genes(train)
    linked <- matrix(0, length(genes), length(genes), dimnames = list(
        genes, genes
    ))
    linked[cbind(train$from, train$to)] <- 1
    linked <- linked + t(linked)
    withr::local_seed(1)
    pairs <- data.frame(
        from = sample(genes, 300, TRUE), to = sample(genes, 300, TRUE)
    )
    found <- link_scores(train, pairs)
    degree <- rowSums(linked)
    expected <- t(mapply(function(a, b) {
        shared <- linked[a, ] * linked[b, ] > 0 & degree > 1
        c(sum(linked[a, ] * linked[b, ]), sum(1 / log(degree[shared])))
    }, pairs$from, pairs$to))
    expect_equal(unname(as.matrix(found)), unname(expected))
})
