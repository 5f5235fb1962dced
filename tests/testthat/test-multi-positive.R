# multi_positive() and the mask of info_nce(): losses against plain R,
# gradients against central differences.

# anchors: rows of f; keys: matrix, one row for each gene of key_genes;
# known: logical matrix genes x genes
multi_positive_r <- function(f, keys, anchors, key_genes, known, temperature,
                             correction, exponent) {
    degree <- rowSums(known)
    offset <- correction * log(pmax(degree, 0.5))
    scores <- f[anchors, ] %*% t(keys) / temperature
    partner <- known[anchors, key_genes, drop = FALSE]
    own <- outer(anchors, key_genes, "==")
    log_sum <- function(s) log(sum(exp(s)))
    rows <- vapply(seq_along(anchors), function(i) {
        s <- scores[i, ] + offset[key_genes]
        log_sum(s[!own[i, ]]) - mean(s[partner[i, ]])
    }, numeric(1))
    columns <- vapply(seq_along(key_genes), function(j) {
        s <- scores[, j] + offset[anchors]
        if (!any(partner[, j])) {
            return(NA_real_)
        }
        log_sum(s[!own[, j]]) - mean(s[partner[, j]])
    }, numeric(1))
    met <- !is.na(columns)
    row_weight <- degree[anchors]^exponent
    column_weight <- degree[key_genes][met]^exponent
    (sum(rows * row_weight) / sum(row_weight) +
        sum(columns[met] * column_weight) / sum(column_weight)) / 2
}

set.seed(4)
n_genes <- 16L
x <- matrix(rnorm(n_genes * 5), n_genes, 5)
x <- x / sqrt(rowSums(x^2))
# gene 0 is a hub, genes 13 to 15 have no partner; one pair comes twice
first <- c(0L, 0L, 0L, 0L, 1L, 2L, 5L, 7L, 9L, 11L, 4L, 1L)
second <- c(1L, 2L, 3L, 4L, 2L, 6L, 6L, 8L, 10L, 12L, 0L, 2L)
known <- matrix(FALSE, n_genes, n_genes)
known[cbind(c(first, second), c(second, first)) + 1L] <- TRUE
partnered <- which(rowSums(known) > 0)

run_of <- function(objective, ...) {
    job <- association_job(
        x, first, second, encoder_mlp(hidden = c(6, 6)), objective,
        published_control(precision = "double", threads = 1, ...), draw_key(5L)
    )
    run_new(job, state_new())
}

# the loss of a batch, at given parameters
loss_of <- function(run, items, parameters = NULL) {
    if (!is.null(parameters)) {
        engine_write(run, "parameters", parameters)
    }
    engine_batch(run, items, NULL, NULL, 1L)
}

expect_gradient <- function(run, items) {
    start <- engine_read(run, "parameters")
    loss_of(run, items)
    gradient <- engine_read(run, "gradients")
    numeric <- numeric_gradient(function(at) {
        loss_of(run, items, at)
    }, start)
    loss_of(run, items, start)
    expect_gt(max(abs(numeric)), 0)
    expect_lt(relative_error(gradient, numeric), 1e-6)
}

encodings <- function(run) {
    engine_output(run, seq_len(n_genes) - 1L, 1L)
}

test_that("multi_positive has the loss and gradient of its formula", {
    # 8 of the 13 anchors, so that some keys meet no partner
    items <- c(0L, 2L, 3L, 5L, 7L, 8L, 11L, 12L)
    anchors <- partnered[items + 1L]
    cases <- expand.grid(
        keys = c("raw", "transformed"), against = c("partnered", "all"),
        correction = c(0, 0.7), exponent = c(0, 0.5),
        stringsAsFactors = FALSE
    )
    for (i in seq_len(nrow(cases))) {
        case <- cases[i, ]
        run <- run_of(multi_positive(
            0.2, case$keys, case$against, case$correction, case$exponent
        ))
        f <- encodings(run)
        genes <- if (case$against == "all") seq_len(n_genes) else partnered
        keys <- (if (case$keys == "raw") x else f)[genes, ]
        expected <- multi_positive_r(
            f, keys, anchors, genes, known, 0.2, case$correction,
            case$exponent
        )
        expect_equal(loss_of(run, items), expected, tolerance = 1e-12)
        expect_gradient(run, items)
    }
})

test_that("multi_positive with one partner each is InfoNCE without self", {
    # every gene has one partner: rows and columns have one positive
    single <- association_job(
        x, c(0L, 2L, 4L, 6L, 8L), c(1L, 3L, 5L, 7L, 9L),
        encoder_mlp(hidden = 6),
        multi_positive(0.2, degree_correction = 1, degree_weight = 1),
        published_control(precision = "double", threads = 1), draw_key(5L)
    )
    run <- run_new(single, state_new())
    f <- encodings(run)[1:10, ]
    scores <- f %*% t(f) / 0.2
    diag(scores) <- -Inf
    partner <- c(2, 1, 4, 3, 6, 5, 8, 7, 10, 9)
    expected <- mean(
        log(rowSums(exp(scores))) - scores[cbind(1:10, partner)]
    )
    expect_equal(loss_of(run, 0:9), expected, tolerance = 1e-12)
})

test_that("an epoch of multi_positive goes once over the partnered genes", {
    run <- run_of(multi_positive())
    expect_setequal(engine_order(run, 0), seq_along(partnered) - 1)
    engine_epoch_begin(run, 0, 1L)
    at <- engine_advance(run, 5, 1e-3, 1L)
    expect_identical(at[["position"]], as.double(length(partnered)))
    expect_identical(at[["done"]], 1)
})

test_that("accuracy counts the genes with a partner on top", {
    skip_if_not(build_features()$single, "no single precision in this build")
    counts <- lapply(c("single", "double"), function(precision) {
        job <- association_job(
            x, first, second, encoder_mlp(hidden = c(6, 6)), multi_positive(),
            published_control(precision = precision, threads = 1),
            draw_key(5L)
        )
        run <- run_new(job, state_new())
        engine_epoch_begin(run, 0, 1L)
        f <- encodings(run)
        at <- engine_advance(run, 1, 1e-3, 1L)
        degree <- rowSums(known)
        scores <- f %*% t(f) / 0.2 + rep(log(degree), each = n_genes)
        diag(scores) <- -Inf
        best <- max.col(scores[partnered, partnered], "first")
        hits <- sum(known[cbind(partnered, partnered[best])])
        expect_identical(at[["accuracy"]], as.double(hits))
        at[["accuracy"]]
    })
    expect_gt(counts[[1]], 0)
})

test_that("multi_positive gives the same bits with any number of threads", {
    fits <- lapply(c(1L, 2L, 4L), function(threads) {
        run <- run_of(multi_positive(), batch_size = 8)
        for (epoch in c(0, 1, 2)) {
            step_through(run, 8, 1e-2, threads, epoch)
        }
        engine_read(run, "parameters")
    })
    expect_identical(fits[[1]], fits[[2]])
    expect_identical(fits[[1]], fits[[3]])
})

test_that("masked InfoNCE leaves known partners and self out of negatives", {
    # the pairs of the hub, and two others; 11 is the pair 1, 2 again
    items <- c(0L, 1L, 2L, 3L, 4L, 5L, 10L, 11L)
    a <- first[items + 1L] + 1L
    b <- second[items + 1L] + 1L
    dropped <- known[a, b] | outer(a, b, "==")
    diag(dropped) <- FALSE
    expect_gt(sum(dropped), 0)
    for (keys in c("raw", "transformed")) {
        run <- run_of(info_nce(0.2, keys, mask_known = TRUE))
        f <- encodings(run)
        other <- if (keys == "raw") x else f
        scores <- f[a, ] %*% t(other[b, ]) / 0.2
        scores[dropped] <- -Inf
        expected <- mean(
            (log(rowSums(exp(scores))) + log(colSums(exp(scores)))) / 2 -
                diag(scores)
        )
        expect_equal(loss_of(run, items), expected, tolerance = 1e-12)
        expect_gradient(run, items)
    }
})

test_that("objectives refuse what they cannot be", {
    expect_error(multi_positive(0), class = "kith_error_input")
    expect_error(multi_positive(keys = "both"), class = "kith_error_input")
    expect_error(multi_positive(against = "x"), class = "kith_error_input")
    expect_error(
        multi_positive(degree_correction = -1),
        class = "kith_error_input"
    )
    expect_error(multi_positive(degree_weight = NA),
        class = "kith_error_input"
    )
    expect_error(
        info_nce(negatives = "uniform", mask_known = TRUE), "in-batch",
        class = "kith_error_input"
    )
    expect_output(print(multi_positive()), "degree correction 1")
    expect_output(print(info_nce(mask_known = TRUE)), "masked")
})

test_that("large powers of the degree overflow in neither precision", {
    organism <- small_organism()
    losses <- lapply(precisions(), function(precision) {
        fit <- small_fit(organism,
            objective = multi_positive(degree_weight = 40),
            control = small_control(3, precision = precision)
        )
        fit$history$loss
    })
    expect_true(all(is.finite(unlist(losses))))
    for (loss in losses) expect_equal(loss, losses[[1]], tolerance = 1e-3)
    # beyond what double holds: all weight goes to the genes of most partners
    expect_no_error(small_fit(organism,
        objective = multi_positive(degree_weight = 1e4),
        control = small_control(1, precision = "double")
    ))
})
