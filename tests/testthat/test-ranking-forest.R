# scorer_forest(): as ranger gives it, and its place in a fit.

forest_cells <- function(n = 120) {
    withr::with_seed(4, simulate_marks(n, n_bins = 10))
}

forest_control <- function(...) {
    train_control(epochs = 5, seed = 1, verbose = FALSE, ...)
}

test_that("a forest scores genes as ranger does, of smoothed bins", {
    cells <- forest_cells()
    train <- 1:90
    x <- cells$marks[train, , ]
    fit <- learn_ranking(x, cells$expression[train],
        scorer_forest(trees = 60, smooth = 1.5),
        control = forest_control(threads = 1)
    )
    smoothed <- function(marks) {
        weights <- smoothing_weights(10L, 1.5)
        flat <- do.call(cbind, lapply(seq_len(5), function(m) {
            marks[, , m] %*% weights
        }))
        colnames(flat) <- paste0("x", seq_len(50))
        flat
    }
    key <- derive_key(draw_key(1L), "scorer", 1L)
    settings <- list(c(5, 7), c(20, 7), c(5, 16), c(20, 16))
    forests <- lapply(settings, function(s) {
        ranger::ranger(
            x = smoothed(x), y = rank(cells$expression[train]), num.trees = 60,
            min.node.size = s[1], mtry = s[2], seed = forest_seed(key)
        )
    })
    of <- vapply(forests, function(forest) {
        concordance(forest$predictions, cells$expression[train])
    }, 0)
    own <- forests[[which.max(of)]]
    expected <- stats::predict(own, smoothed(cells$marks[-train, , ]))
    expect_equal(
        encode(fit, cells$marks[-train, , ])[, 1], expected$predictions,
        ignore_attr = TRUE
    )
    # trusted by what trees say of genes that they have not seen
    folds <- ranking_folds(ranking_signal(x), draw_key(1L))
    unseen <- vapply(folds, function(out) {
        concordance(own$predictions[out], cells$expression[train][out])
    }, 0)
    expect_equal(tidy(fit)$concordance, mean(unseen))
    expect_gt(fit$weights, 0)
})

test_that("a forest's draws come from the seed alone", {
    cells <- forest_cells()
    learn <- function(threads, seed = 1) {
        learn_ranking(cells$marks, cells$expression, scorer_forest(50),
            control = train_control(
                threads = threads, seed = seed, verbose = FALSE
            )
        )
    }
    withr::local_seed(9)
    before <- .Random.seed
    fit <- learn(1)
    scores <- predict(fit, cells$marks)
    expect_identical(.Random.seed, before)
    expect_identical(predict(learn(2), cells$marks), scores)
    expect_false(identical(predict(learn(1, seed = 2), cells$marks), scores))
})

test_that("forests are in the default where genes are few and bins many", {
    of <- function(n, bins) {
        values <- matrix(0, n, bins, dimnames = list(NULL, NULL))
        names(default_scorers(list(values = values, n_bins = bins)))
    }
    expect_identical(of(100L, 20L), c("kernel", "network", "forest"))
    expect_identical(of(100L, 1L), c("kernel", "network"))
    expect_identical(of(3001L, 20L), c("kernel", "network"))
})

test_that("gradients leave a forest out and say so", {
    cells <- forest_cells()
    learn <- function(...) {
        learn_ranking(cells$marks, cells$expression, list(...),
            control = forest_control()
        )
    }
    both <- learn(scorer_linear(), scorer_forest(50))
    alone <- both
    alone$scorers <- both$scorers["linear"]
    alone$weights <- both$weights["linear"]
    expect_message(
        shares <- importance(both, cells$marks, method = "gradients"),
        "forest.*left out",
        class = "kith_message_importance"
    )
    expect_identical(
        shares, importance(alone, cells$marks, method = "gradients")
    )
    forest <- learn(scorer_forest(50))
    expect_error(importance(forest, cells$marks, method = "gradients"),
        "method = \"permutation\"",
        class = "kith_error_input"
    )
    # as advised
    found <- importance(forest, cells$marks, cells$expression,
        method = "permutation", seed = 1, repeats = 2
    )
    expect_identical(nrow(found), 5L)
    expect_error(scorer_forest(trees = 3), "trees", class = "kith_error_input")
})
