# Concordance and Kendall's tau-b: all pairs one by one, in plain R.

pairs_r <- function(predicted, truth, weights = rep(1, length(truth))) {
    counts <- c(
        concordant = 0, discordant = 0, tied_prediction = 0, tied_truth = 0,
        tied_both = 0
    )
    for (i in seq_along(truth)) {
        for (j in seq_len(i - 1L)) {
            p <- sign(predicted[i] - predicted[j])
            # two infinite values are equal
            if (is.nan(p)) p <- 0
            t <- sign(truth[i] - truth[j])
            kind <- if (p == 0 && t == 0) {
                "tied_both"
            } else if (t == 0) {
                "tied_truth"
            } else if (p == 0) {
                "tied_prediction"
            } else if (p == t) {
                "concordant"
            } else {
                "discordant"
            }
            counts[kind] <- counts[kind] + weights[i] * weights[j]
        }
    }
    counts
}

concordance_r <- function(counts) {
    (counts[["concordant"]] + counts[["tied_prediction"]] / 2) /
        sum(counts[1:3])
}

found_counts <- function(predicted, truth, weights = NULL) {
    .Call(C_concordance, as.double(predicted), as.double(truth), weights)
}

test_that("counts of pairs equal those one by one", {
    set.seed(1)
    for (n in c(2, 3, 10, 57)) {
        for (levels in c(2, 5, 1000)) {
            predicted <- sample(levels, n, TRUE) - levels / 2
            truth <- sample(levels, n, TRUE) / 3
            expect_identical(
                found_counts(predicted, truth)[1:5], pairs_r(predicted, truth)
            )
        }
    }
    expect_identical(
        found_counts(c(0, -0, Inf, -Inf, Inf, 1e-300), c(1, 2, 3, 3, 1, -5))[
            1:5
        ],
        pairs_r(c(0, 0, Inf, -Inf, Inf, 1e-300), c(1, 2, 3, 3, 1, -5))
    )
})

test_that("weights count items several times", {
    set.seed(2)
    predicted <- round(rnorm(20), 1)
    truth <- sample(6, 20, TRUE)
    weights <- sample(0:3, 20, TRUE)
    found <- found_counts(predicted, truth, weights)[1:3]
    expect_identical(found, pairs_r(predicted, truth, weights)[1:3])
    again <- rep(seq_len(20), weights)
    expect_identical(
        found, found_counts(predicted[again], truth[again])[1:3]
    )
})

test_that("weights whose pairs could not be counted are refused", {
    most <- .Machine$integer.max - 1L
    found <- found_counts(1:3, 1:3, c(most, most, 3L))
    expect_equal(found[["concordant"]], most^2 + 6 * most)
    expect_error(found_counts(1:3, 1:3, c(most, most, 4L)), "2\\^32")
})

test_that("concordance is (tau + 1) / 2 without ties, and tau-b R's", {
    set.seed(3)
    x <- rnorm(400)
    y <- x + rnorm(400)
    expect_equal(concordance(x, y), (cor(x, y, method = "kendall") + 1) / 2)
    tied <- round(y)
    expect_equal(kendall(x, tied), cor(x, tied, method = "kendall"))
    expect_equal(
        kendall(round(x), tied), cor(round(x), tied, method = "kendall")
    )
    expect_equal(kendall(tied, round(x)), kendall(round(x), tied))
    expect_equal(concordance(-x, y), 1 - concordance(x, y))
    expect_identical(concordance(rep(1, 400), y), 0.5)
    expect_identical(concordance(y, y), 1)
    # of 200,000 items the sign of a pair is right in proportion
    x <- rnorm(2e5)
    expect_equal(concordance(x + rnorm(2e5), x), 0.75, tolerance = 0.005)
})

test_that("no pair has an order: NA; bad input: an error that names it", {
    expect_identical(concordance(1:3, c(2, 2, 2)), NA_real_)
    expect_identical(kendall(1:3, c(2, 2, 2)), NA_real_)
    expect_identical(kendall(c(2, 2, 2), 1:3), NA_real_)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    refused(concordance(1, 1), "predicted.*at least 2")
    refused(concordance(1:3, 1:2), "truth.*as many values.*predicted")
    refused(concordance(c(1, NA), 1:2), "predicted.*missing")
    refused(concordance(1:2, c(1, NA)), "truth.*missing")
    refused(kendall(1:2, c("a", "b")), "y.*numeric")
})

test_that("the bootstrap draws units with all of their items", {
    set.seed(4)
    truth <- round(rnorm(30), 1)
    scores <- cbind(a = truth + rnorm(30), b = rnorm(30))
    unit <- rep(sprintf("u%d", 1:10), each = 3)
    key <- draw_key(7L)
    found <- bootstrap_concordance(scores, truth, 20, unit, key)
    expect_identical(dim(found), c(20L, 2L))
    index <- match(unit, unique(unit)) - 1L
    for (draw in c(1, 7, 20)) {
        weights <- .Call(C_unit_weights, index, 10, draw - 1, key)
        expect_identical(sum(weights), 30L)
        expect_true(all(tapply(weights, unit, function(w) all(w == w[1]))))
        for (column in 1:2) {
            expect_equal(
                found[draw, column],
                concordance_r(pairs_r(scores[, column], truth, weights)),
                ignore_attr = TRUE
            )
        }
    }
    expect_identical(
        bootstrap_concordance(scores, truth, 20, unit, key), found
    )
    # one unit alone: its own items, several times
    expect_true(all(is.na(
        bootstrap_concordance(scores, rep(1, 30), 5, unit, key)
    )))
})

test_that("a peer's stored predictions give the known figures", {
    folder <- file.path(Sys.getenv("KITH_DATA"), "histone")
    skip_if(!dir.exists(folder), "KITH_DATA has no histone/")
    known <- list(
        E116 = c(0.796, 0.787), E122 = c(0.809, 0.798), E123 = c(0.813, 0.801)
    )
    for (cell in names(known)) {
        file <- sprintf("gcmerge_predictions_%s.csv.gz", cell)
        rows <- utils::read.csv(gzfile(file.path(folder, file)))
        rows <- rows[rows$split == "testing", ]
        expect_equal(
            round(concordance(rows$pred, rows$true), 3), known[[cell]][1]
        )
        # the authors' pairs may be of a gene with itself, which is never right
        accuracy <- pair_accuracy(found_counts(rows$pred, rows$true)) *
            (nrow(rows) - 1) / nrow(rows)
        expect_equal(round(accuracy, 3), known[[cell]][2])
    }
})

test_that("the authors' accuracy is that of all ordered pairs", {
    set.seed(5)
    predicted <- sample(4, 25, TRUE)
    truth <- sample(5, 25, TRUE)
    pairs <- expand.grid(i = 1:25, j = 1:25)
    pairs <- pairs[pairs$i != pairs$j, ]
    called <- predicted[pairs$i] >= predicted[pairs$j]
    above <- truth[pairs$i] > truth[pairs$j]
    expect_equal(
        pair_accuracy(found_counts(predicted, truth)), mean(called == above)
    )
})
