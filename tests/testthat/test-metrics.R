# Plain-R oracles: every positive against every negative; the definition of
# average precision written out; base R for ranks.
auc_oracle <- function(scores, positive) {
    above <- outer(scores[positive], scores[!positive], ">")
    tied <- outer(scores[positive], scores[!positive], "==")
    mean(above + tied / 2)
}

average_precision_oracle <- function(scores, positive) {
    total <- 0
    recall <- 0
    for (threshold in sort(unique(scores), decreasing = TRUE)) {
        called <- scores >= threshold
        new_recall <- sum(positive & called) / sum(positive)
        precision <- sum(positive & called) / sum(called)
        total <- total + (new_recall - recall) * precision
        recall <- new_recall
    }
    total
}

weighted_auc_oracle <- function(scores, positive, weights) {
    w <- outer(weights[positive], weights[!positive])
    above <- outer(scores[positive], scores[!positive], ">")
    tied <- outer(scores[positive], scores[!positive], "==")
    sum(w * (above + tied / 2)) / sum(w)
}

# scores with and without ties, of both signs, over many magnitudes, infinite
score_grid <- function() {
    set.seed(11)
    labels <- function(n) sample(rep(c(TRUE, FALSE), length.out = n))
    list(
        distinct = list(rnorm(101), labels(101)),
        ties = list(sample(-3:3, 200, TRUE), labels(200)),
        all_tied = list(rep(2.5, 30), labels(30)),
        magnitudes = list(
            10^runif(150, -300, 300) * sample(c(-1, 1), 150, TRUE),
            labels(150)
        ),
        denormal = list(
            c(5e-324, 0, -5e-324, 1e-310), c(TRUE, FALSE, FALSE, TRUE)
        ),
        zeros = list(c(0, -0, 0, -0, 1), c(TRUE, FALSE, FALSE, TRUE, TRUE)),
        infinite = list(
            c(Inf, Inf, -Inf, -Inf, 0, 1, .Machine$double.xmax),
            c(TRUE, FALSE, TRUE, FALSE, TRUE, FALSE, FALSE)
        ),
        one_positive = list(rnorm(50), seq_len(50) == 17),
        one_negative = list(rnorm(50), seq_len(50) != 17),
        smallest = list(c(1, 2), c(TRUE, FALSE)),
        integers = list(sample.int(1000L, 300, TRUE), labels(300))
    )
}

test_that("auc() and average_precision() equal the definitions", {
    grid <- score_grid()
    for (name in names(grid)) {
        scores <- grid[[name]][[1]]
        positive <- grid[[name]][[2]]
        expect_equal(auc(scores, positive), auc_oracle(scores, positive),
            info = name, tolerance = 1e-14
        )
        expect_equal(
            average_precision(scores, positive),
            average_precision_oracle(scores, positive),
            info = name, tolerance = 1e-13
        )
    }
})

test_that("hand-computed values", {
    expect_identical(
        auc(c(0.9, 0.8, 0.8, 0.3, 0.1), c(TRUE, TRUE, FALSE, FALSE, FALSE)),
        5.5 / 6
    )
    expect_identical(auc(c(-0, 0), c(TRUE, FALSE)), 0.5)
    expect_identical(auc(rep(1, 10), rep(c(0, 1), 5)), 0.5)
    expect_equal(
        average_precision(c(5, 4, 3, 2, 1), c(1, 0, 1, 0, 0)),
        (1 + 2 / 3) / 2
    )
    # a tie at the top: both items enter together, precision 1/2
    expect_equal(average_precision(c(5, 5, 1), c(1, 0, 0)), 1 / 2)
})

test_that("the order of the items, tied ones too, has no influence", {
    set.seed(3)
    scores <- sample(20, 300, TRUE)
    positive <- runif(300) < 0.3
    order <- sample.int(300)
    expect_identical(auc(scores, positive), auc(scores[order], positive[order]))
    expect_identical(
        average_precision(scores, positive),
        average_precision(scores[order], positive[order])
    )
})

test_that("a subset is what is left when the rest is taken out", {
    for (case in score_grid()[c("distinct", "ties", "integers")]) {
        scores <- case[[1]]
        positive <- case[[2]]
        subset <- rep(c(TRUE, TRUE, FALSE), length.out = length(scores))
        expect_identical(
            auc(scores, positive, subset),
            auc(scores[subset], positive[subset])
        )
        all_of_them <- rep(TRUE, length(scores))
        expect_identical(
            auc(scores, positive, all_of_them), auc(scores, positive)
        )
    }
    expect_error(
        auc(c(1, 2, 3), c(TRUE, FALSE, FALSE), c(FALSE, TRUE, TRUE)),
        "positive",
        class = "kith_error_input"
    )
})

test_that("wins are counted exactly where doubles would round", {
    # ranks of 2e5 items: the number of wins is above 2^32
    n <- 2e5
    scores <- seq_len(n)
    positive <- scores %% 2 == 0
    # positive 2i beats i negatives
    expect_identical(auc(scores, positive), sum(seq_len(n / 2)) / (n / 2)^2)
})

test_that("weighted AUC equals its definition", {
    set.seed(5)
    for (case in score_grid()) {
        scores <- as.double(case[[1]])
        positive <- case[[2]]
        counts <- as.double(sample(0:3, length(scores), TRUE))
        counts[which(positive)[1]] <- 1
        counts[which(!positive)[1]] <- 1
        real <- runif(length(scores))
        expect_equal(
            .Call(C_weighted_auc, scores, positive, counts),
            auc_oracle(rep(scores, counts), rep(positive, counts))
        )
        expect_equal(
            .Call(C_weighted_auc, scores, positive, real),
            weighted_auc_oracle(scores, positive, real)
        )
        expect_equal(
            .Call(C_weighted_auc, scores, positive, rep(1, length(scores))),
            auc(scores, positive)
        )
    }
    expect_identical(
        .Call(C_weighted_auc, c(1, 2), c(TRUE, FALSE), c(0, 1)), NaN
    )
})

test_that("mid-ranks and Spearman's correlation equal those of base R", {
    for (case in score_grid()) {
        x <- as.double(case[[1]])
        expect_identical(.Call(C_mid_ranks, x), rank(x))
        set.seed(2)
        y <- round(x / max(abs(x[is.finite(x)])) + rnorm(length(x)), 1)
        y[is.nan(y)] <- 0
        if (length(unique(x)) > 1L && length(unique(y)) > 1L) {
            expect_equal(spearman(x, y), stats::cor(rank(x), rank(y)))
        }
    }
    expect_identical(.Call(C_mid_ranks, double()), double())
    expect_equal(spearman(1:9, (1:9)^3), 1)
    expect_equal(spearman(1:9, -(1:9)), -1)
    expect_identical(spearman(1:9, rep(1, 9)), NA_real_)
})

test_that("auc() agrees with pROC", {
    skip_if_not_installed("pROC")
    for (case in score_grid()[c("distinct", "ties", "all_tied", "integers")]) {
        theirs <- pROC::auc(
            response = case[[2]], predictor = as.double(case[[1]]),
            levels = c(FALSE, TRUE), direction = "<"
        )
        expect_equal(auc(case[[1]], case[[2]]), as.double(theirs))
    }
})

test_that("auc() agrees with ROCR", {
    skip_if_not_installed("ROCR")
    for (case in score_grid()[c("distinct", "ties", "integers")]) {
        prediction <- ROCR::prediction(case[[1]], case[[2]])
        theirs <- ROCR::performance(prediction, "auc")@y.values[[1]]
        expect_equal(auc(case[[1]], case[[2]]), theirs)
    }
})

test_that("average_precision() agrees with ROCR's precision and recall", {
    skip_if_not_installed("ROCR")
    for (case in score_grid()[c("distinct", "ties", "integers")]) {
        prediction <- ROCR::prediction(case[[1]], case[[2]])
        curve <- ROCR::performance(prediction, "prec", "rec")
        recall <- curve@x.values[[1]]
        precision <- curve@y.values[[1]]
        expect_equal(
            average_precision(case[[1]], case[[2]]),
            sum(diff(recall) * precision[-1])
        )
    }
})

test_that("bad scores and labels are refused by name", {
    expect_refused <- function(code, names_it) {
        expect_error(code, names_it, class = "kith_error_input")
    }
    good <- c(TRUE, FALSE, TRUE)
    for (metric in list(auc, average_precision)) {
        expect_refused(metric(c(1, NA, 3), good), "scores.*\n.*Number 2 of 3")
        expect_refused(metric(c(1, NaN, 3), good), "scores")
        expect_refused(metric(letters[1:3], good), "scores")
        expect_refused(metric(factor(1:3), good), "scores")
        expect_refused(metric(matrix(1:4, 2), c(good, TRUE)), "scores")
        expect_refused(metric(1:3, good[1:2]), "positive.*\n.*3 scores and 2")
        expect_refused(metric(1:3, c(0, 1, 2)), "positive.*\n.*Number 3 is 2")
        expect_refused(metric(1:3, c(TRUE, NA, TRUE)), "positive.*\n.*Number 2")
        expect_refused(metric(1:3, c("a", "b", "a")), "positive")
        expect_refused(metric(1:3, factor(c(0, 1, 0))), "positive")
        expect_refused(metric(1:3, rep(FALSE, 3)), "positive.*\n.*is positive")
        expect_refused(metric(1:3, rep(TRUE, 3)), "positive.*\n.*is negative")
        expect_refused(metric(double(), logical()), "positive")
    }
    expect_refused(auc(1:3, good, subset = good[-1]), "subset")
    expect_refused(auc(1:3, good, subset = c(1, 2, 3)), "subset")
    expect_refused(spearman(1:3, 1:4), "y")
    expect_refused(spearman(1, 1), "x")
    expect_refused(spearman(c(1, NA), 1:2), "x")
    expect_identical(auc(1:3, c(1L, 0L, 1L)), auc(1:3, good))
})
