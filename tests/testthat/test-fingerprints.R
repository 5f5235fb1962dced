# Tanimoto similarities and groups of packed bits against plain R.

plain_tanimoto <- function(x, y = x) {
    both <- tcrossprod(x, y)
    either <- outer(rowSums(x), rowSums(y), `+`) - both
    ifelse(either == 0, 1, both / either)
}

plain_groups <- function(x, threshold) {
    close <- plain_tanimoto(x) > threshold
    group <- seq_len(nrow(x))
    repeat {
        least <- apply(close, 1L, function(near) min(group[near]))
        if (identical(least, group)) break
        group <- least
    }
    stats::setNames(match(group, unique(group)), rownames(x))
}

random_bits <- function(n, d, share = 0.2) {
    x <- matrix(stats::rbinom(n * d, 1L, share), n)
    rownames(x) <- paste0("drug", seq_len(n))
    x
}

test_that("similarities equal those of plain R, whatever the word boundary", {
    set.seed(1)
    for (d in c(1L, 63L, 64L, 65L, 200L)) {
        x <- random_bits(23L, d)
        y <- random_bits(5L, d)
        expect_equal(tanimoto(x), plain_tanimoto(x))
        expect_equal(tanimoto(x, y, threads = 2), plain_tanimoto(x, y))
    }
    expect_identical(tanimoto(x), tanimoto(x, x))
    expect_identical(tanimoto(x), tanimoto(x == 1))
    expect_identical(tanimoto(x), tanimoto(x + 0))
})

test_that("empty fingerprints equal each other and nothing else", {
    x <- rbind(none = c(0, 0, 0), neither = c(0, 0, 0), some = c(0, 1, 0))
    expect_identical(
        unname(tanimoto(x)), rbind(c(1, 1, 0), c(1, 1, 0), c(0, 0, 1))
    )
    expect_identical(
        group_drugs(x), c(none = 1L, neither = 1L, some = 2L)
    )
})

test_that("similarities are a kernel with a diagonal of 1", {
    set.seed(2)
    k <- tanimoto(random_bits(40L, 100L))
    expect_identical(unname(diag(k)), rep(1, 40))
    expect_gt(min(eigen(k, TRUE, only.values = TRUE)$values), -1e-10)
})

test_that("groups are the connected components of plain R", {
    set.seed(3)
    x <- random_bits(120L, 40L, 0.3)
    # a chain, whose ends are not alike, and copies
    x[2:6, ] <- x[rep(1L, 5L), ]
    for (i in 3:6) x[i, ] <- replace(x[i - 1L, ], i, 1 - x[i - 1L, i])
    x[120L, ] <- x[60L, ]
    for (threshold in c(0, 0.3, 0.5, 0.7, 0.9)) {
        expect_identical(group_drugs(x, threshold), plain_groups(x, threshold))
        expect_identical(
            group_drugs(x, threshold, threads = 3), group_drugs(x, threshold)
        )
    }
    expect_identical(group_drugs(x)[["drug120"]], group_drugs(x)[["drug60"]])
    expect_identical(
        group_drugs(random_bits(1L, 7L)), c(drug1 = 1L)
    )
})

test_that("a similarity equal to the threshold does not join", {
    x <- rbind(a = rep(1, 10), b = c(0, rep(1, 9)))
    expect_identical(tanimoto(x)["a", "b"], 0.9)
    expect_identical(group_drugs(x, 0.9), c(a = 1L, b = 2L))
    expect_identical(group_drugs(x, 0.89), c(a = 1L, b = 1L))
})

test_that("what is no fingerprint stops with row and column", {
    x <- random_bits(3L, 4L)
    colnames(x) <- paste0("bit", 1:4)
    refused <- function(expression, message) {
        expect_error(expression, message, class = "kith_error_input")
    }
    refused(tanimoto(as.data.frame(x)), "must be a matrix of 0 and 1")
    refused(tanimoto(x[0L, ]), "0 x 4")
    refused(tanimoto(unname(x)), "row names")
    refused(tanimoto(x[c(1L, 1L), ]), "more than once")
    for (value in list(2, 0.5, NA, NaN, Inf, -1)) {
        y <- x
        y[2L, 3L] <- value
        refused(tanimoto(y), "\"drug2\", column \"bit3\"")
        refused(group_drugs(y), "\"drug2\", column \"bit3\"")
    }
    y <- x == 1
    y[3L, 1L] <- NA
    refused(tanimoto(x, y), "`y` must hold 0 and 1 only.*\"drug3\"")
    refused(tanimoto(x, x[, -1L]), "3 and 4 columns")
    refused(tanimoto(x, x[, 4:1]), "same order")
    refused(group_drugs(x, 1), "below 1")
    refused(group_drugs(x, -0.1), "threshold")
})
