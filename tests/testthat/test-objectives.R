# Objectives: loss against plain R, gradients against central differences.

info_nce_r <- function(queries, keys, temperature) {
    scores <- queries %*% t(keys) / temperature
    log_sum <- function(s) log(sum(exp(s - max(s)))) + max(s)
    rows <- apply(scores, 1, log_sum) - diag(scores)
    columns <- apply(scores, 2, log_sum) - diag(scores)
    (mean(rows) + mean(columns)) / 2
}

# negatives: n x N rows of bank, for each query
uniform_r <- function(queries, keys, bank, negatives, temperature) {
    losses <- vapply(seq_len(nrow(queries)), function(i) {
        own <- sum(queries[i, ] * keys[i, ]) / temperature
        others <- bank[negatives[i, ], ] %*% queries[i, ] / temperature
        log(sum(exp(c(own, others)))) - own
    }, numeric(1))
    mean(losses)
}

set.seed(3)
x <- matrix(rnorm(15 * 5), 15, 5)
x <- x / sqrt(rowSums(x^2))
# genes repeat on either side
first <- c(0L, 0L, 1L, 2L, 3L, 4L, 0L, 5L, 6L, 7L)
second <- c(1L, 2L, 3L, 0L, 8L, 9L, 10L, 11L, 12L, 13L)
n_negatives <- 4L
negatives <- array(sample(15L, 10 * 4 * 2, TRUE) - 1L, c(4, 10, 2))

job_of <- function(keys, type) {
    job_new(
        x, first, second, encoder_mlp(hidden = c(6, 6)),
        info_nce(0.2, keys, type, n_negatives),
        published_control(precision = "double", threads = 1),
        draw_key(5L)
    )
}

trainer_of <- function(job) {
    trainer <- trainer_new(job, state_new())
    .Call(C_epoch_begin, trainer, 0, 1L)
    trainer
}

loss_of <- function(trainer, type, parameters = NULL) {
    if (!is.null(parameters)) {
        .Call(C_block_write, trainer, 0L, parameters)
    }
    given <- if (type == "uniform") as.integer(negatives)
    .Call(C_batch, trainer, 0:9, given, NULL, 1L)
}

test_that("what a trainer cannot hold stops in the glue", {
    job <- job_of("transformed", "batch")
    create <- function(job) {
        .Call(
            C_trainer_create, job$plan, "double", job$x, job$first, job$second
        )
    }
    trainer <- create(job)
    broken <- function(part, value) {
        job[[part]] <- value
        create(job)
    }
    expect_error(broken("first", replace(first, 3, 15L)), "first.*range")
    expect_error(broken("second", replace(second, 3, -1L)), "second.*range")
    expect_error(broken("x", x[, -1]), "`x` has 4 columns, not 5")
    plan <- utils::modifyList(job$plan, list(n_partnered = 3L))
    expect_error(broken("plan", plan), "14 genes have a partner.*says 3")
    expect_error(.Call(C_trainer_encode, trainer, 15L, 1L), "rows.*range")
    expect_error(.Call(C_batch, trainer, 10L, NULL, NULL, 1L), "items.*range")
    network <- job$plan$network
    parameters <- .Call(C_block_read, trainer, 0L)
    expect_error(
        .Call(C_network_encode, network, "double", parameters, x[, -1], 1L),
        "`x` has 4 columns, not 5"
    )
    expect_error(
        network_gradients(network, parameters, x, x[, -1]),
        "`dy` has 4 columns, not 5"
    )
})

for (keys in c("raw", "transformed")) {
    for (type in c("batch", "uniform")) {
        test_that(paste("loss and gradient are right:", keys, type), {
            trainer <- trainer_of(job_of(keys, type))
            start <- .Call(C_block_read, trainer, 0L)
            loss <- loss_of(trainer, type)

            f <- t(.Call(C_trainer_encode, trainer, 0:14, 1L))
            other <- if (keys == "raw") x else f
            a <- first + 1
            b <- second + 1
            expected <- if (type == "batch") {
                info_nce_r(f[a, ], other[b, ], 0.2)
            } else {
                drawn <- negatives + 1
                (uniform_r(f[a, ], other[b, ], other, t(drawn[, , 1]), 0.2) +
                    uniform_r(f[b, ], other[a, ], other, t(drawn[, , 2]), 0.2)
                ) / 2
            }
            expect_equal(loss, expected, tolerance = 1e-12)

            gradient <- .Call(C_block_read, trainer, 3L)
            numeric <- numeric_gradient(function(at) {
                loss_of(trainer, type, at)
            }, start)
            expect_gt(max(abs(numeric)), 0)
            expect_lt(relative_error(gradient, numeric), 1e-6)
        })
    }
}

test_that("drawn negatives repeat with the key and differ between steps", {
    trainer <- trainer_of(job_of("transformed", "uniform"))
    first_loss <- .Call(C_batch, trainer, 0:9, NULL, NULL, 1L)
    expect_identical(.Call(C_batch, trainer, 0:9, NULL, NULL, 3L), first_loss)
    .Call(C_batch, trainer, 0:9, NULL, 1e-12, 1L)
    next_loss <- .Call(C_batch, trainer, 0:9, NULL, NULL, 1L)
    # the step moved nothing to speak of, so other negatives made the change
    expect_gt(abs(next_loss - first_loss), 1e-6)
})

test_that("single precision agrees with double on a whole batch", {
    skip_if_not(build_features()$single, "no single precision in this build")
    for (type in c("batch", "uniform")) {
        losses <- lapply(c("double", "single"), function(precision) {
            job <- job_of("transformed", type)
            job$control$precision <- precision
            trainer <- trainer_of(job)
            list(loss_of(trainer, type), .Call(C_block_read, trainer, 3L))
        })
        expect_equal(losses[[1]][[1]], losses[[2]][[1]], tolerance = 1e-5)
        expect_lt(relative_error(losses[[2]][[2]], losses[[1]][[2]]), 1e-4)
    }
})

test_that("the clipped step has the asked norm and SGD follows the gradient", {
    control <- published_control(
        optimizer = "sgd", momentum = 0, weight_decay = 0, clip_norm = 0.01,
        precision = "double", threads = 1
    )
    job <- job_new(
        x, first, second, encoder_mlp(hidden = 6), info_nce(), control,
        draw_key(5L)
    )
    trainer <- trainer_of(job)
    before <- .Call(C_block_read, trainer, 0L)
    .Call(C_batch, trainer, 0:9, NULL, 0.5, 1L)
    gradient <- .Call(C_block_read, trainer, 3L)
    step <- .Call(C_block_read, trainer, 0L) - before
    expect_gt(sqrt(sum(gradient^2)), 0.01)
    expect_equal(sqrt(sum(step^2)), 0.5 * 0.01, tolerance = 1e-3)
    expect_equal(step / sqrt(sum(step^2)), -gradient / sqrt(sum(gradient^2)),
        tolerance = 1e-10
    )
})
