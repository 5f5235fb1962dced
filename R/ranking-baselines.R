# What a ranking is compared with. Each baseline is a function(train, y, test,
# threads) of signals that returns scores of the test genes; whatever it has to
# choose is chosen within the training genes. `needs` names its package, `fits`
# says for which signals it is meant.

ranking_baselines <- list(
    "best mark" = list(
        needs = NULL,
        fits = function(train) TRUE,
        score = function(train, y, test, threads) {
            means <- mark_means(train)
            r <- vapply(seq_along(train$marks), function(m) {
                value <- spearman(means[, m], y)
                if (is.na(value)) 0 else value
            }, numeric(1))
            best <- which.max(abs(r))
            sign(r[best]) * mark_means(test)[, best]
        }
    ),
    ridge = list(
        needs = "glmnet",
        fits = function(train) ncol(train$values) >= 2L,
        score = function(train, y, test, threads) {
            # folds of our own: glmnet would draw them from R's stream
            folds <- seq_along(y) %% 5L + 1L
            fit <- glmnet::cv.glmnet(train$values, normal_scores(y),
                alpha = 0, foldid = folds
            )
            drop(stats::predict(fit, test$values, s = "lambda.min"))
        }
    ),
    forest = list(
        needs = NULL,
        fits = function(train) TRUE,
        score = function(train, y, test, threads) {
            forest_scores(train$values, y, test$values, threads)
        }
    ),
    "forest, smoothed bins" = list(
        needs = NULL,
        fits = function(train) train$n_bins > 1L,
        score = function(train, y, test, threads) {
            smooth <- function(signal) {
                smooth_bins(
                    signal$values, signal$n_bins, default_smooth(signal$n_bins)
                )
            }
            forest_scores(smooth(train), y, smooth(test), threads)
        }
    ),
    "boosted trees" = list(
        needs = "gbm",
        fits = function(train) TRUE,
        score = function(train, y, test, threads) {
            boosted_scores(train$values, y, test$values)
        }
    ),
    GAM = list(
        needs = "mgcv",
        fits = function(train) ncol(train$values) %in% 1:3,
        score = function(train, y, test, threads) {
            gam_scores(train$values, y, test$values)
        }
    )
)

normal_scores <- function(y) {
    stats::qnorm((mid_ranks(y) - 0.5) / length(y))
}

forest_scores <- function(train, y, test, threads) {
    forest <- best_forest(train, y, 500L, 1L, threads)
    predict_forest(forest$forest, test, threads)
}

# Boosted trees on the ranks; their number is chosen on a fifth of the genes,
# then all are used. gbm draws from R's stream.
boosted_scores <- function(train, y, test) {
    with_own_stream({
        data <- numbered_columns(train)
        # constant features are an error to gbm
        varies <- vapply(data, function(x) any(x != x[1L]), NA)
        data <- data[varies]
        ranks <- mid_ranks(y) / length(y)
        boost <- function(rows, n_trees, share) {
            suppressWarnings(gbm::gbm.fit(
                data[rows, , drop = FALSE], ranks[rows],
                distribution = "gaussian", n.trees = n_trees,
                interaction.depth = 5, shrinkage = 0.05, bag.fraction = 0.5,
                n.minobsinnode = smallest, nTrain = round(share * length(rows)),
                keep.data = FALSE, verbose = FALSE
            ))
        }
        # gbm refuses leaves that are large for the genes there are
        smallest <- max(1, min(10, nrow(data) %/% 10))
        rows <- sample.int(nrow(data))
        trial <- boost(rows, 500L, 0.8)
        n_trees <- which.min(trial$valid.error)
        final <- boost(rows, n_trees, 1)
        test <- numbered_columns(test)[varies]
        stats::predict(final, test, n.trees = n_trees)
    })
}

# a smooth surface of the features: a tensor spline on normal scores
gam_scores <- function(train, y, test) {
    train <- numbered_columns(train)
    features <- names(train)
    train$y <- mid_ranks(y) / length(y)
    smooth <- if (length(features) == 1L) {
        "s(x1, k = 10)"
    } else {
        sprintf("te(%s, k = 7)", toString(features))
    }
    formula <- stats::as.formula(paste("y ~", smooth), asNamespace("mgcv"))
    fit <- mgcv::bam(formula, data = train, discrete = FALSE)
    as.vector(stats::predict(fit, numbered_columns(test)))
}

# The baselines for a signal whose packages are there; others are told of.
usable_baselines <- function(train, names = NULL, call = rlang::caller_env()) {
    known <- names(ranking_baselines)
    if (!is.null(names)) {
        check_several(names, known, "baselines", call)
    }
    meant <- vapply(ranking_baselines, function(b) b$fits(train), NA)
    kept <- ranking_baselines[meant]
    if (!is.null(names)) kept <- kept[base::names(kept) %in% names]
    there <- vapply(kept, function(b) {
        is.null(b$needs) || requireNamespace(b$needs, quietly = TRUE)
    }, NA)
    if (!all(there)) {
        missing <- unique(unlist(lapply(kept[!there], `[[`, "needs")))
        inform_kith(c(
            "!" = "Baselines are left out that need {.pkg {missing}}:
            {.val {base::names(kept)[!there]}}.",
            i = "Install with {.code BiocManager::install()}."
        ), class = "kith_message_baselines")
    }
    kept[there]
}
