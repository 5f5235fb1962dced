# Training repeats, does not depend on threads, and stops and resumes.

what_was_learned <- function(fit) fit[c("members", "history", "pairs")]

test_that("set.seed() decides a fit, and so does control's seed", {
    organism <- small_organism()
    one <- withr::with_seed(1, small_fit(
        organism,
        control = small_control(seed = NULL)
    ))
    two <- withr::with_seed(1, small_fit(
        organism,
        control = small_control(seed = NULL)
    ))
    other <- withr::with_seed(2, small_fit(
        organism,
        control = small_control(seed = NULL)
    ))
    expect_identical(one, two)
    expect_false(identical(learned_parameters(one), learned_parameters(other)))

    control <- small_control(seed = 7, validation = 0.2)
    set.seed(1)
    before <- .Random.seed
    first <- small_fit(organism, control = control)
    expect_identical(.Random.seed, before)
    set.seed(99)
    expect_identical(small_fit(organism, control = control), first)
})

test_that("the number of threads changes nothing", {
    organism <- small_organism()
    # wide enough that products and layers are cut into pieces
    encoder <- encoder_mlp(hidden = c(128, 128))
    fit_with <- function(threads, objective) {
        fit <- learn_associations(
            organism$vectors, organism$pairs, encoder,
            objective, small_control(2, threads = threads, batch_size = 256),
            preset = "cal2026"
        )
        list(learned_parameters(fit), fit$history, encode(fit))
    }
    x <- organism$vectors
    ends <- vapply(organism$pairs, match, integer(nrow(organism$pairs)),
        table = rownames(x)
    )
    steps_with <- function(threads, objective) {
        job <- association_job(
            x, ends[, "from"] - 1L, ends[, "to"] - 1L, encoder, objective,
            published_control(batch_size = 256), draw_key(1L)
        )
        run <- engine_create(job$plan, "double", job$arrays)
        step_through(run, 256, 1e-3, threads)
        engine_read(run, "parameters")
    }
    for (negatives in c("batch", "uniform")) {
        objective <- info_nce(keys = "transformed", negatives = negatives)
        fit <- fit_with(1, objective)
        parameters <- steps_with(1L, objective)
        for (threads in c(2L, 3L, 4L)) {
            expect_identical(fit_with(threads, objective), fit)
            expect_identical(steps_with(threads, objective), parameters)
        }
    }
})

test_that("a forked child trains and gets the same", {
    skip_on_os("windows")
    organism <- small_organism()
    # the parent's threads have run, which a child does not inherit
    control <- small_control(2, threads = 4, batch_size = 256)
    parent <- small_fit(organism, control = control)
    job <- parallel::mcparallel(small_fit(organism, control = control))
    child <- parallel::mccollect(job, wait = TRUE)[[1]]
    expect_s3_class(child, "association_fit")
    expect_length(
        learned_parameters(child), sum(layer_table(child$network)$parameters)
    )
    expect_identical(what_was_learned(child), what_was_learned(parent))
})

test_that("single and double precision learn the same", {
    skip_if_not(build_features()$single, "no single precision in this build")
    organism <- small_organism()
    losses <- lapply(c("single", "double"), function(precision) {
        fit <- small_fit(organism,
            control = small_control(precision = precision)
        )
        fit$history$loss
    })
    expect_equal(losses[[1]], losses[[2]], tolerance = 1e-4)
})

test_that("every epoch is a permutation of the pairs", {
    organism <- small_organism()
    pairs <- gene_pairs(organism$pairs)
    at <- match_pairs(pairs, rownames(organism$vectors))
    job <- association_job(
        organism$vectors, at$a, at$b, encoder_mlp(hidden = 8), info_nce(),
        small_control(), draw_key(1L)
    )
    run <- run_new(job, state_new())
    n <- nrow(pairs)
    first <- engine_order(run, 0)
    second <- engine_order(run, 1)
    expect_identical(sort(first), seq_len(n) - 1L)
    expect_identical(sort(second), seq_len(n) - 1L)
    expect_false(identical(first, second))
})

test_that("learning rates follow their schedule", {
    cosine <- train_control(epochs = 10, learning_rate = 0.1)
    rates <- vapply(0:9, learning_rate_at, numeric(1), control = cosine)
    expect_equal(rates, 0.1 * (1 + cos(pi * (0:9) / 10)) / 2)
    constant <- train_control(schedule = "constant", learning_rate = 0.1)
    expect_identical(learning_rate_at(constant, 50), 0.1)
})

test_that("the rate rises, falls with the square root and ends near 0", {
    rates_of <- function(epochs) {
        control <- train_control(
            epochs = epochs, learning_rate = 0.01, schedule = "inverse_sqrt"
        )
        vapply(seq_len(epochs) - 1, learning_rate_at, 0, control = control)
    }
    # as published: 10 and 50 of 600 epochs
    expect_equal(rates_of(600), c(
        0.01 * (1:10) / 10, 0.01 / sqrt(1 + 0:539),
        (1 - (0:49) / 50) * 0.01 / sqrt(551:600) + (0:49) / 50 * 1e-8
    ), tolerance = 1e-14)
    expect_equal(rates_of(600)[101], 0.01 / sqrt(91))
    # a tenth of 200 epochs, rounded up of 25
    expect_equal(rates_of(200), c(
        0.01 * (1:10) / 10, 0.01 / sqrt(1:170),
        (1 - (0:19) / 20) * 0.01 / sqrt(181:200) + (0:19) / 20 * 1e-8
    ), tolerance = 1e-14)
    expect_equal(rates_of(25), c(
        0.01 * (1:3) / 3, 0.01 / sqrt(1:19),
        (1 - (0:2) / 3) * 0.01 / sqrt(23:25) + (0:2) / 3 * 1e-8
    ), tolerance = 1e-14)
    expect_equal(rates_of(2), c(0.01, 0.01 / sqrt(2)))
    expect_equal(rates_of(1), 0.01)
    for (epochs in 1:60) {
        rates <- rates_of(epochs)
        expect_true(all(rates > 0 & rates <= 0.01))
        expect_identical(max(rates), 0.01)
    }
})

test_that("validation pairs are kept out, and patience returns to the best", {
    organism <- small_organism()
    control <- small_control(30,
        validation = 0.2, patience = 2, learning_rate = 0.02
    )
    fit <- small_fit(organism, control = control)
    expect_identical(nrow(drop_pairs(fit$validation, fit$pairs)), nrow(
        fit$validation
    ))
    expect_equal(
        nrow(fit$pairs) + nrow(fit$validation),
        nrow(gene_pairs(organism$pairs))
    )
    watched <- fit$history$validation_auc
    expect_identical(fit$members[[1]]$best_epoch, which.max(watched))
    expect_lt(nrow(fit$history), 30)
    expect_identical(nrow(fit$history), fit$members[[1]]$best_epoch + 2L)
    # the parameters are those of the best epoch
    again <- small_fit(organism, control = small_control(30,
        validation = 0.2, learning_rate = 0.02
    ))
    expect_equal(again$history$loss[seq_along(watched)], fit$history$loss)
    expect_false(identical(learned_parameters(again), learned_parameters(fit)))

    given <- small_fit(organism, control = small_control(
        validation = gene_pairs(organism$pairs)[1:30, ]
    ))
    expect_identical(nrow(given$validation), 30L)
    expect_false(anyNA(given$history$validation_auc))
})

test_that("a loss that is not finite stops with epoch, batch and advice", {
    file <- withr::local_tempfile(fileext = ".rds")
    expect_no_message(expect_error(
        small_fit(control = small_control(
            learning_rate = 1e30, optimizer = "sgd", checkpoint = file
        )),
        "no longer finite at epoch 1, batch [0-9]+.*learning rate",
        class = "kith_error_loss"
    ))
    # nothing to go on with
    expect_false(file.exists(file))
})

test_that("a last step that leaves nothing finite is noticed", {
    # one batch, one epoch: its loss is finite, its step is not
    organism <- small_organism()
    n <- nrow(gene_pairs(organism$pairs))
    expect_error(
        small_fit(organism, control = small_control(1,
            batch_size = n, learning_rate = 1e38, optimizer = "sgd",
            momentum = 0, weight_decay = 1e30
        )),
        "parameter is no longer finite after epoch 1.*learning rate",
        class = "kith_error_loss"
    )
})

test_that("too few pairs and too large batches are refused", {
    organism <- small_organism()
    # in the name of the function that was called
    expect_identical(
        as.character(rlang::catch_cnd(
            small_fit(organism, organism$pairs[1:7, ])
        )$call[[1]]),
        "learn_associations"
    )
    expect_error(
        small_fit(organism, control = small_control(validation = 1e-5)),
        "validation.*1e-05",
        class = "kith_error_input"
    )
    expect_error(
        small_fit(organism, organism$pairs[1:7, ]),
        "at least 8 pairs",
        class = "kith_error_input"
    )
    expect_error(
        small_fit(organism, control = small_control(batch_size = 1e6)),
        "batch_size",
        class = "kith_error_input"
    )
    # without a batch size a small set is one batch
    fit <- small_fit(organism, organism$pairs[1:20, ], control = train_control(
        epochs = 1, threads = 1
    ))
    expect_identical(nrow(fit$history), 1L)
})
