# The baselines: what each says of the pairs of a problem (split_problem() in
# heldout-table.R). Learners on pair features come from stats, ranger
# and gbm.

NEIGHBOURS <- c(5L, 10L, 20L, 50L)
TEMPERATURES <- c(0.03, 0.1, 0.3)
# learners on pair features take so many rows of a larger table
MAX_ROWS <- 100000L

# Scores of guilt by association for a problem; a training gene does not count
# as its own neighbour's partner.
neighbour_scores <- function(problem, setting) {
    lapply(problem$tests, function(test) {
        guilt_by_association(
            unclass(problem$x), problem$train, test[1:2],
            k = setting$k, temperature = setting$temperature,
            threads = train_control()$threads
        )
    })
}

# k and temperature with the best mean AUC on a split of the training pairs
choose_neighbours <- function(problem, set, split) {
    inner <- split_problem(set, problem$train, 1000L + split)
    grid <- expand.grid(k = NEIGHBOURS, temperature = TEMPERATURES)
    value <- vapply(seq_len(nrow(grid)), function(i) {
        scores <- neighbour_scores(inner, grid[i, ])
        mean(mapply(function(score, test) auc(score, test$positive),
            scores, inner$tests
        ))
    }, numeric(1))
    grid[which.max(value), ]
}

# products and absolute differences of the two genes' vectors
pair_features <- function(x, pairs) {
    a <- unclass(x)[pairs$from, , drop = FALSE]
    b <- unclass(x)[pairs$to, , drop = FALSE]
    features <- cbind(a * b, abs(a - b))
    dimnames(features) <- list(NULL, paste0("f", seq_len(ncol(features))))
    as.data.frame(features)
}

# training pairs with five negatives each among the training genes
training_table <- function(problem, split) {
    set.seed(2000L + split)
    positives <- problem$train[c("from", "to")]
    genes <- unique(c(positives$from, positives$to))
    negatives <- sample_negatives(problem$train, genes, positives = positives)
    pairs <- rbind(as.data.frame(positives), negatives[c("from", "to")])
    positive <- rep(c(1, 0), c(nrow(positives), nrow(negatives)))
    rows <- seq_len(nrow(pairs))
    if (length(rows) > MAX_ROWS) rows <- sample(rows, MAX_ROWS)
    cbind(
        positive = positive[rows], pair_features(problem$x, pairs[rows, ])
    )
}

logistic_scores <- function(table, tests) {
    x <- cbind(1, as.matrix(table[-1L]))
    fit <- stats::glm.fit(x, table$positive, family = stats::binomial())
    lapply(tests, function(test) {
        as.vector(cbind(1, as.matrix(test)) %*% fit$coefficients)
    })
}

forest_scores <- function(table, tests, split) {
    table$positive <- factor(table$positive)
    fit <- ranger::ranger(positive ~ ., table,
        num.trees = 200, probability = TRUE, min.node.size = 5, seed = split,
        num.threads = train_control()$threads, verbose = FALSE
    )
    lapply(tests, function(test) predict(fit, test)$predictions[, "1"])
}

boosted_scores <- function(table, tests, split) {
    set.seed(split)
    fit <- gbm::gbm(positive ~ .,
        data = table, distribution = "bernoulli", n.trees = 200,
        interaction.depth = 6, shrinkage = 0.1, bag.fraction = 0.5,
        n.minobsinnode = 20, keep.data = FALSE
    )
    lapply(tests, function(test) gbm::predict.gbm(fit, test, n.trees = 200))
}

# a row for each baseline and setting
judge_baselines <- function(problem, set, degree, split) {
    x <- unclass(problem$x)
    train_degree <- pair_degree(problem$train, rownames(x))
    train_degree <- stats::setNames(
        log1p(train_degree$degree), train_degree$gene
    )
    chosen <- choose_neighbours(problem, set, split)
    table <- training_table(problem, split)
    features <- lapply(problem$tests, pair_features, x = problem$x)
    scores <- list(
        cosine = lapply(problem$tests, function(test) {
            rowSums(x[test$from, ] * x[test$to, ])
        }),
        degree = lapply(problem$tests, function(test) {
            unname(train_degree[test$from] + train_degree[test$to])
        }),
        "guilt by association" = neighbour_scores(problem, chosen),
        "logistic regression" = logistic_scores(table, features),
        "random forest" = forest_scores(table, features, split),
        "boosted trees" = boosted_scores(table, features, split)
    )
    rows <- lapply(names(scores), function(method) {
        do.call(rbind, Map(function(score, test, setting) {
            judge(score, test, degree, method, setting, split, 0L)
        }, scores[[method]], problem$tests, names(problem$tests)))
    })
    do.call(rbind, rows)
}
