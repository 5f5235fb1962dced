# Plain-R oracle: the dense product W A W'.
guilt_oracle <- function(x, pairs, candidates, k, temperature) {
    x <- x / sqrt(rowSums(x^2))
    genes <- rownames(x)
    training <- genes[genes %in% c(pairs$from, pairs$to)]
    cosines <- tcrossprod(x, x[training, , drop = FALSE])
    w <- 0 * cosines
    for (gene in genes) {
        near <- utils::head(order(-cosines[gene, ]), k)
        e <- exp(cosines[gene, near] / temperature)
        w[gene, near] <- e / sum(e)
    }
    a <- matrix(0, length(training), length(training),
        dimnames = list(training, training)
    )
    a[cbind(pairs$from, pairs$to)] <- 1
    a[cbind(pairs$to, pairs$from)] <- 1
    scores <- w %*% a %*% t(w)
    scores[cbind(candidates$from, candidates$to)]
}

toy <- function(n = 80, d = 6, n_pairs = 60, n_candidates = 300) {
    set.seed(41)
    x <- matrix(rnorm(n * d), n, dimnames = list(paste0("g", seq_len(n)), NULL))
    draw <- function(genes, m) {
        pairs <- data.frame(
            from = sample(genes, m, TRUE), to = sample(genes, m, TRUE)
        )
        pairs[pairs$from != pairs$to, ]
    }
    list(
        x = x, pairs = draw(rownames(x)[seq_len(n / 2)], n_pairs),
        candidates = draw(rownames(x), n_candidates)
    )
}

test_that("scores are those of the dense product", {
    data <- toy()
    for (k in c(1, 3, 20, 1000)) {
        for (temperature in c(0.01, 0.1, 2)) {
            expect_equal(
                guilt_by_association(
                    data$x, data$pairs, data$candidates, k, temperature
                ),
                guilt_oracle(
                    data$x, data$pairs, data$candidates, k, temperature
                ),
                info = paste(k, temperature)
            )
        }
    }
})

test_that("no gene is left out where the work is cut into pieces", {
    data <- toy(n = 1100, n_pairs = 900)
    # gene 1024 ends the first piece
    candidates <- data.frame(
        from = paste0("g", rep(1022:1027, 30)),
        to = paste0("g", rep(1030:1059, each = 6))
    )
    expect_equal(
        guilt_by_association(data$x, data$pairs, candidates),
        guilt_oracle(data$x, data$pairs, candidates, 20, 0.1)
    )
})

test_that("by hand: one neighbour each", {
    x <- rbind(a = c(1, 0), b = c(0, 2), c = c(3, 0.1), d = c(0.1, 1))
    pairs <- data.frame(from = "a", to = "b")
    candidates <- data.frame(
        from = c("a", "c", "c", "a"), to = c("b", "d", "a", "d")
    )
    # c looks like a, d looks like b; a and c both look like a
    expect_identical(
        guilt_by_association(x, pairs, candidates, k = 1), c(1, 1, 0, 1)
    )
})

test_that("orientation, repeats, lengths and threads have no influence", {
    data <- toy()
    scores <- guilt_by_association(data$x, data$pairs, data$candidates)
    run <- function(x = data$x, pairs = data$pairs,
                    candidates = data$candidates, ...) {
        guilt_by_association(x, pairs, candidates, ...)
    }
    flip <- function(pairs) data.frame(from = pairs$to, to = pairs$from)
    expect_identical(run(pairs = flip(data$pairs)), scores)
    expect_identical(run(pairs = rbind(data$pairs, flip(data$pairs))), scores)
    expect_identical(run(candidates = flip(data$candidates)), scores)
    expect_equal(run(x = data$x * runif(80, 0.1, 10)), scores)
    expect_identical(run(threads = 2), scores)
    expect_identical(run(threads = 4), scores)
    factors <- as.data.frame(lapply(data$pairs, factor))
    expect_identical(run(pairs = factors), scores)
    expect_identical(run(candidates = data$candidates[0, ]), double())
    expect_true(all(scores >= 0 & scores <= 1) && max(scores) > 0)
})

test_that("bad input is refused by name", {
    data <- toy()
    run <- function(x = data$x, pairs = data$pairs,
                    candidates = data$candidates, ...) {
        guilt_by_association(x, pairs, candidates, ...)
    }
    expect_refused <- function(code, names_it) {
        expect_error(code, names_it, class = "kith_error_input")
    }
    expect_refused(run(x = as.data.frame(data$x)), "`x`")
    expect_refused(run(x = unname(data$x)), "`x`.*\n.*row names")
    expect_refused(run(x = data$x[c(1, 1:80), ]), "`x`.*\n.*g1")
    holed <- data$x
    holed[7, 3] <- NA
    expect_refused(run(x = holed), "`x`.*\n.*g7.*column 3")
    holed[7, 3] <- Inf
    expect_refused(run(x = holed), "`x`.*\n.*g7")
    holed[7, ] <- 0
    expect_refused(run(x = holed), "`x`.*\n.*g7")
    expect_refused(run(pairs = data$pairs[0, ]), "pairs")
    expect_refused(run(pairs = "g1"), "pairs")
    unknown <- rbind(data$pairs, data.frame(from = "g1", to = "nobody"))
    expect_refused(run(pairs = unknown), "pairs.*\n.*nobody")
    expect_refused(run(candidates = unknown), "candidates.*\n.*nobody")
    self <- rbind(data$pairs, data.frame(from = "g1", to = "g1"))
    expect_refused(run(pairs = self), "pairs.*\n.*itself")
    expect_refused(run(candidates = self), "candidates.*\n.*itself")
    expect_refused(run(k = 0), "`k`")
    expect_refused(run(temperature = 0), "temperature")
    expect_refused(run(temperature = Inf), "temperature")
    expect_refused(run(threads = 1.5), "threads")
    # each takes a row of scratch
    expect_refused(run(threads = 1e6), "threads.*at most")
})
