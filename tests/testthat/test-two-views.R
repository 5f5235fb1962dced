# The smallest task that uses all of what a run offers: two networks of which
# one runs once for each view, batch normalisation, and a target that follows
# without taking a gradient (src/task/two_views.c).

block_of <- function(n_in, n_out, dropout = 0) {
    network_of_layers(n_in, list(
        if (dropout > 0) layer("dropout", option = dropout),
        layer("linear", 8), layer("batchnorm", option = c(1e-5, 0.1)),
        layer("relu"), layer("linear", n_out)
    ))
}

views_plan <- function(dropout = 0, momentum = 0.9, batch_size = 12,
                       groups = NULL) {
    networks <- list(encoder = block_of(6, 4, dropout),
        predictor = block_of(4, 4)
    )
    list(
        task = "two_views", objective = "squared_error", networks = networks,
        groups = groups %||% engine_groups(
            networks, list(weight_decay = 1e-2, clip_norm = Inf)
        ),
        options = c(momentum = momentum),
        optimizer = resolve_optimizer(train_control()),
        batch_size = batch_size, key = draw_key(5L)
    )
}

views_run <- function(x, ..., precision = "double") {
    engine_create(views_plan(...), precision, list(x = x))
}

some_rows <- function(n = 20, seed = 1) {
    withr::with_seed(seed, random_matrix(n, 6))
}

n_encoder <- 7 * 8 + 16 + 9 * 4
n_predictor <- 5 * 8 + 16 + 9 * 4

# the target's parameters within the state: behind the running statistics of
# both networks
in_target <- 32 + seq_len(n_encoder)

test_that("ten steps agree with PyTorch", {
    gold <- golden_parts("two-views")
    run <- views_run(gold$x, momentum = gold$momentum)
    engine_write(run, "parameters", gold$parameters_start)
    # the target starts as a copy of the encoder
    state <- engine_read(run, "state")
    state[in_target] <- gold$parameters_start[seq_len(n_encoder)]
    engine_write(run, "state", state)
    engine_batch(run, gold$items[1, ])
    expect_lt(
        relative_error(engine_read(run, "gradients"), gold$gradient_start),
        1e-9
    )
    # that pass has moved the running statistics
    engine_write(run, "state", state)
    losses <- vapply(seq_len(nrow(gold$items)), function(i) {
        engine_batch(run, gold$items[i, ], learning_rate = gold$learning_rate)
    }, 0)
    expect_equal(losses, gold$losses, tolerance = 1e-9)
    expect_equal(engine_read(run, "parameters"), gold$parameters_end,
        tolerance = 1e-9
    )
    expect_equal(engine_read(run, "state"), gold$state_end, tolerance = 1e-9)
    expect_equal(engine_output(run, 0:19, 1L), gold$encoding,
        tolerance = 1e-8
    )
})

test_that("gradients of both networks equal central differences", {
    run <- views_run(some_rows(), dropout = 0.3)
    # away from the start, where target and encoder are alike
    withr::local_seed(2)
    start <- engine_read(run, "parameters")
    start <- start + stats::rnorm(length(start), sd = 0.2)
    state <- engine_read(run, "state")
    loss_at <- function(parameters) {
        engine_write(run, "parameters", parameters)
        engine_write(run, "state", state)
        engine_batch(run, 0:11)
    }
    loss_at(start)
    gradient <- engine_read(run, "gradients")
    numeric <- numeric_gradient(loss_at, start)
    expect_gt(max(abs(numeric[seq_len(n_encoder)])), 1e-3)
    expect_gt(max(abs(numeric[-seq_len(n_encoder)])), 1e-3)
    expect_lt(relative_error(gradient, numeric), 1e-6)
    # the same batch again: gradients start from zero, not from the last ones
    loss_at(start)
    expect_identical(engine_read(run, "gradients"), gradient)
})

test_that("the target follows the encoder and takes no gradient", {
    run <- views_run(some_rows(), momentum = 0.75)
    state <- engine_read(run, "state")
    start <- engine_read(run, "parameters")
    expect_identical(state[in_target], start[seq_len(n_encoder)])
    engine_batch(run, 0:11)
    expect_identical(engine_read(run, "state")[in_target], state[in_target])
    engine_batch(run, 0:11, learning_rate = 0.01)
    stepped <- engine_read(run, "parameters")[seq_len(n_encoder)]
    expect_equal(
        engine_read(run, "state")[in_target],
        0.75 * start[seq_len(n_encoder)] + 0.25 * stepped
    )
})

test_that("views have masks of their own", {
    # with one mask for both views and a predictor that passes its input the
    # loss would be that of equal views
    run <- views_run(some_rows(), dropout = 0.5)
    loss <- engine_batch(run, 0:11)
    alike <- views_run(some_rows())
    expect_gt(abs(engine_batch(alike, 0:11) - loss), 1e-3)
    expect_identical(engine_batch(views_run(some_rows(), dropout = 0.5), 0:11),
        loss
    )
})

for (precision in precisions()) {
    test_that(paste("a run that is saved goes on bit for bit:", precision), {
        x <- some_rows(50)
        new_run <- function() {
            views_run(x, dropout = 0.2, precision = precision)
        }
        unbroken <- new_run()
        engine_epoch_begin(unbroken, 0, 1L)
        advance_to(unbroken, 3)

        saved <- new_run()
        engine_epoch_begin(saved, 0, 1L)
        advance_to(saved, 1)
        engine_advance(saved, 2, 0.01, 1L)
        place <- engine_place(saved)
        expect_identical(place[["position"]], 24)
        resumed <- new_run()
        blocks <- engine_blocks(saved)
        for (name in names(blocks)) engine_write(resumed, name, blocks[[name]])
        engine_move(resumed, place)
        expect_identical(all_of_run(advance_to(resumed, 3)),
            all_of_run(unbroken)
        )
        # and on other threads
        threaded <- new_run()
        engine_epoch_begin(threaded, 0, 3L)
        expect_identical(all_of_run(advance_to(threaded, 3, 3L)),
            all_of_run(unbroken)
        )
    })
}

test_that("a frozen group keeps its parameters, others go at their own rate", {
    x <- some_rows()
    groups <- list(
        n_networks = c(1L, 1L), rate = c(1, 0.5), decay = c(0, 0),
        clip = c(Inf, Inf), frozen = c(TRUE, FALSE)
    )
    run <- views_run(x, groups = groups)
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:11, learning_rate = 0.01)
    change <- engine_read(run, "parameters") - before
    expect_identical(change[seq_len(n_encoder)], numeric(n_encoder))
    gradient <- engine_read(run, "gradients")[-seq_len(n_encoder)]
    expected <- -0.005 * gradient / (abs(gradient) + 1e-8)
    expect_equal(change[-seq_len(n_encoder)], expected, tolerance = 1e-6)

    # each group is clipped to its own norm: plain SGD shows it
    plan <- views_plan(groups = list(
        n_networks = c(1L, 1L), rate = c(1, 1), decay = c(0, 0),
        clip = c(1e-3, Inf), frozen = c(FALSE, FALSE)
    ))
    plan$optimizer <- resolve_optimizer(
        train_control(optimizer = "sgd", momentum = 0)
    )
    run <- engine_create(plan, "double", list(x = x))
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:11, learning_rate = 1)
    change <- before - engine_read(run, "parameters")
    gradient <- engine_read(run, "gradients")
    expect_equal(sqrt(sum(change[seq_len(n_encoder)]^2)), 1e-3,
        tolerance = 1e-2
    )
    expect_equal(change[-seq_len(n_encoder)], gradient[-seq_len(n_encoder)],
        tolerance = 1e-9
    )
})

test_that("arrays may come in blocks of rows", {
    x <- some_rows(50)
    whole <- views_run(x)
    run <- .Call(C_run_create, views_plan(), "double", list(x = c(50, 6)))
    expect_error(engine_batch(run, 0:11), "not been started",
        class = "kith_error_internal"
    )
    for (rows in list(1:20, 21, 22:50)) {
        expect_error(.Call(C_run_start, run), "not been loaded to its end",
            class = "kith_error_internal"
        )
        .Call(C_run_load, run, "x", x[rows, , drop = FALSE])
    }
    expect_error(.Call(C_run_load, run, "x", x[1, , drop = FALSE]),
        "do not continue array `x` of 50 x 6 after row 50",
        class = "kith_error_internal"
    )
    .Call(C_run_start, run)
    expect_identical(engine_batch(run, 0:11), engine_batch(whole, 0:11))
})

test_that("what cannot be is refused, with a class", {
    x <- some_rows()
    run <- views_run(x)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error")
    }
    place <- engine_place(run)
    for (wrong in list(
        c(epoch = NaN), c(epoch = -1), c(epoch = 0.5), c(position = 21),
        c(position = 1.5), c(position = -1), c(n_steps = Inf),
        c(loss_sum = NaN), c(n_batches = -2)
    )) {
        at <- place
        at[names(wrong)] <- wrong
        refused(engine_move(run, at), "place of a run|cannot stand")
    }
    refused(engine_move(run, place[-1]), "`at`")
    refused(engine_batch(run, 20L), "`items`")
    refused(engine_batch(run, -1L), "`items`")
    refused(engine_batch(run, integer()), "1 to 12 items, not 0")
    refused(engine_batch(run, rep(0L, 13)), "1 to 12 items, not 13")
    refused(engine_batch(run, 1L), "at least 2 rows, not 1")
    refused(engine_batch(run, 0:11, learning_rate = NaN), "learning_rate")
    refused(engine_advance(run, NaN, 0.01, 1L), "n_steps")
    refused(engine_epoch_begin(run, -1, 1L), "`epoch`")
    refused(engine_epoch_begin(run, 0.5, 1L), "`epoch`")
    refused(engine_output(run, 20, 1L), "`rows`")
    refused(engine_read(run, "mystery"), "no block")
    refused(engine_write(run, "parameters", 1), "`values`")
    broken <- engine_read(run, "parameters")
    broken[3] <- NaN
    refused(engine_write(run, "parameters", broken), "number 3 .* is not")
    plan <- views_plan()
    for (change in list(
        list(task = "mystery"), list(objective = "mystery"),
        list(options = c(other = 1)),
        list(options = c(momentum = NaN)), list(batch_size = 0),
        list(networks = plan$networks["encoder"]),
        list(groups = replace(plan$groups, "n_networks", 1L)),
        list(groups = replace(plan$groups, "rate", NaN)), list(key = 1)
    )) {
        wrong <- utils::modifyList(plan, change)
        if (!is.null(change$networks)) wrong$networks <- change$networks
        if (!is.null(change$options)) wrong$options <- change$options
        refused(engine_create(wrong, "double", list(x = x)), "internal error")
    }
    refused(engine_create(plan, "double", list(y = x)), "no array `y`")
    refused(
        engine_create(plan, "double", list(x = x, y = x[1:2, ])), "no array `y`"
    )
    refused(engine_create(plan, "double", list()), "no array `x`")
    # as NT-Xent has no temperature here, no batch is fit for it
    plan_of_loss <- utils::modifyList(plan, list(objective = "nt_xent"))
    run <- engine_create(plan_of_loss, "double", list(x = x))
    refused(engine_batch(run, 0:11), "a temperature above 0")
    refused(
        engine_create(plan, "double", list(x = matrix(1L, 20, 6))),
        "`x` does not hold doubles"
    )
    refused(engine_create(plan, "double", list(x = x[, -1])), "do not fit")
    refused(engine_create(plan, "half", list(x = x)), "precision \"half\"")
})
