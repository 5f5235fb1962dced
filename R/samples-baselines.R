# What labels from a learned space are compared with. Each baseline is a
# function(train, class, test, n_classes, threads): train and test are lists of
# `genes` (samples x genes, z-scores of the training samples) and `components`
# (samples x components, estimated on all unlabelled training samples), both of
# the labelled and the test samples; it returns log-probabilities or scores of
# the classes. `log`: are scores log-probabilities?

sample_baselines <- list(
    logistic = list(
        log = TRUE,
        score = function(train, class, test, n_classes, threads) {
            # C = 0.1 of other libraries, as the prototype of the task has it
            head <- softmax_head(
                train$genes, class, n_classes, 10, threads,
                balanced_weights(class)
            )
            log_softmax(head_scores(head, test$genes))
        }
    ),
    "PCA + logistic" = list(
        log = TRUE,
        score = function(train, class, test, n_classes, threads) {
            head <- softmax_head(
                train$components, class, n_classes, 1, threads,
                balanced_weights(class)
            )
            log_softmax(head_scores(head, test$components))
        }
    ),
    "nearest centroid" = list(
        log = FALSE,
        score = function(train, class, test, n_classes, threads) {
            centroids <- class_means(train$genes, class)
            2 * tcrossprod(test$genes, centroids) -
                rep(rowSums(centroids^2), each = nrow(test$genes))
        }
    ),
    "shrunken LDA" = list(
        log = FALSE,
        score = function(train, class, test, n_classes, threads) {
            head_scores(discriminant_head(train$genes, class), test$genes)
        }
    ),
    "random forest" = list(
        log = TRUE,
        score = function(train, class, test, n_classes, threads) {
            levels <- as.character(seq_len(n_classes))
            forest <- ranger::ranger(
                x = numbered_columns(train$genes),
                y = factor(class, levels), num.trees = 500L,
                probability = TRUE, min.node.size = 1L, seed = 1L,
                num.threads = threads
            )
            found <- stats::predict(forest, numbered_columns(test$genes),
                num.threads = threads
            )$predictions
            # no tree has seen it: a vote of a half in all of them
            log(pmax(found[, levels, drop = FALSE], 1e-3))
        }
    )
)

check_sample_baselines <- function(baselines, call = rlang::caller_env()) {
    if (is.null(baselines)) {
        return(names(sample_baselines))
    }
    check_several(baselines, names(sample_baselines), call = call)
}
