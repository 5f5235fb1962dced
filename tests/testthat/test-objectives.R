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
    association_job(
        x, first, second, encoder_mlp(hidden = c(6, 6)),
        info_nce(0.2, keys, type, n_negatives),
        published_control(precision = "double", threads = 1),
        draw_key(5L)
    )
}

run_of <- function(job) {
    run <- run_new(job, state_new())
    engine_epoch_begin(run, 0, 1L)
    run
}

loss_of <- function(run, type, parameters = NULL) {
    if (!is.null(parameters)) {
        engine_write(run, "parameters", parameters)
    }
    given <- if (type == "uniform") as.integer(negatives)
    engine_batch(run, 0:9, given, NULL, 1L)
}

test_that("what a run cannot hold stops in the engine, with a class", {
    job <- job_of("transformed", "batch")
    create <- function(plan = job$plan, arrays = job$arrays) {
        engine_create(plan, "double", arrays)
    }
    run <- create()
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_internal")
    }
    broken <- function(part, value) {
        create(arrays = replace(job$arrays, part, list(value)))
    }
    refused(broken("first", replace(first, 3, 15L)), "first.*range")
    refused(broken("second", replace(second, 3, -1L)), "second.*range")
    refused(broken("second", second[-1]), "differ in length")
    refused(broken("x", x[, -1]), "`x` has 4 columns, not 5")
    refused(broken("x", x[0, ]), "first.*range")
    refused(broken("first", as.double(first)), "does not hold integers")
    plan <- job$plan
    plan$options[["n_partnered"]] <- 3
    refused(create(plan), "14 genes have a partner.*says 3")
    plan$objective <- "mystery"
    refused(create(plan), "no objective \"mystery\"")
    refused(engine_output(run, 15L, 1L), "rows.*range")
    refused(engine_batch(run, 10L), "items.*range")
    network <- job$plan$networks$encoder
    parameters <- engine_read(run, "parameters")
    refused(
        network_encode(network, "double", parameters, x[, -1], 1L),
        "`x` has 4 columns, not 5"
    )
    refused(
        try_network(network, parameters, x, x[, -1]),
        "`dy` has 4 columns, not 5"
    )
    # negatives that a test gives
    drawing <- run_of(job_of("raw", "uniform"))
    given <- as.integer(negatives)
    refused(
        engine_batch(drawing, 0:9, replace(given, 7, 15L)), "negatives.*range"
    )
    refused(engine_batch(drawing, 0:9, given[-1]), "80 negatives, not 79")
})

for (keys in c("raw", "transformed")) {
    for (type in c("batch", "uniform")) {
        test_that(paste("loss and gradient are right:", keys, type), {
            run <- run_of(job_of(keys, type))
            start <- engine_read(run, "parameters")
            loss <- loss_of(run, type)

            f <- engine_output(run, 0:14, 1L)
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

            gradient <- engine_read(run, "gradients")
            numeric <- numeric_gradient(function(at) {
                loss_of(run, type, at)
            }, start)
            expect_gt(max(abs(numeric)), 0)
            expect_lt(relative_error(gradient, numeric), 1e-6)
        })
    }
}

test_that("drawn negatives repeat with the key and differ between steps", {
    run <- run_of(job_of("transformed", "uniform"))
    first_loss <- engine_batch(run, 0:9, NULL, NULL, 1L)
    expect_identical(engine_batch(run, 0:9, NULL, NULL, 3L), first_loss)
    engine_batch(run, 0:9, NULL, 1e-12, 1L)
    next_loss <- engine_batch(run, 0:9, NULL, NULL, 1L)
    # the step moved nothing to speak of, so other negatives made the change
    expect_gt(abs(next_loss - first_loss), 1e-6)
})

test_that("single precision agrees with double on a whole batch", {
    skip_if_not(build_features()$single, "no single precision in this build")
    for (type in c("batch", "uniform")) {
        losses <- lapply(c("double", "single"), function(precision) {
            job <- job_of("transformed", type)
            job$control$precision <- precision
            run <- run_of(job)
            list(loss_of(run, type), engine_read(run, "gradients"))
        })
        expect_equal(losses[[1]][[1]], losses[[2]][[1]], tolerance = 1e-5)
        expect_lt(relative_error(losses[[2]][[2]], losses[[1]][[2]]), 1e-4)
    }
})

test_that("clip_by says whether blocks are clipped together", {
    # linear, normalisation, linear, normalisation, share of the blend
    sizes <- c(30, 6, 6, 6, 30, 5, 5, 5, 1)
    for (by in c("all", "block")) {
        control <- published_control(
            optimizer = "sgd", momentum = 0, weight_decay = 0,
            clip_norm = 0.05, clip_by = by, precision = "double", threads = 1
        )
        job <- association_job(
            x, first, second, encoder_mlp(hidden = 6), info_nce(), control,
            draw_key(5L)
        )
        run <- run_of(job)
        before <- engine_read(run, "parameters")
        engine_batch(run, 0:9, NULL, 0.5, 1L)
        gradient <- engine_read(run, "gradients")
        expected <- clip_blocks_r(
            gradient, if (by == "all") sum(sizes) else sizes, 0.05
        )
        expect_false(all(expected == gradient))
        expect_equal(
            before - engine_read(run, "parameters"), 0.5 * expected,
            tolerance = 1e-9
        )
    }
})

test_that("threads change no step that is clipped by block", {
    # its largest block takes several threads and several pieces
    for (optimizer in c("adamw", "sgd", "rmsprop")) {
        for (precision in precisions()) {
            control <- published_control(
                optimizer = optimizer, clip_norm = 0.01, clip_by = "block",
                precision = precision, batch_size = 10
            )
            job <- association_job(
                x, first, second, encoder_mlp(hidden = c(200, 200)),
                info_nce(keys = "transformed"), control, draw_key(5L)
            )
            steps_with <- function(threads) {
                run <- run_new(job, state_new())
                for (epoch in 0:2) step_through(run, 10, 0.01, threads, epoch)
                engine_blocks(run)
            }
            expect_identical(steps_with(3L), steps_with(1L))
        }
    }
})

test_that("the clipped step has the asked norm and SGD follows the gradient", {
    control <- published_control(
        optimizer = "sgd", momentum = 0, weight_decay = 0, clip_norm = 0.01,
        precision = "double", threads = 1
    )
    job <- association_job(
        x, first, second, encoder_mlp(hidden = 6), info_nce(), control,
        draw_key(5L)
    )
    run <- run_of(job)
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:9, NULL, 0.5, 1L)
    gradient <- engine_read(run, "gradients")
    step <- engine_read(run, "parameters") - before
    expect_gt(sqrt(sum(gradient^2)), 0.01)
    expect_equal(sqrt(sum(step^2)), 0.5 * 0.01, tolerance = 1e-3)
    expect_equal(step / sqrt(sum(step^2)), -gradient / sqrt(sum(gradient^2)),
        tolerance = 1e-10
    )
})
