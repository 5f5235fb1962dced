# The tasks of samples (src/task/samples_*.c), which use all of what a run
# offers: several networks and passes, batch normalisation, state of their own.

block_of <- function(n_in, n_out, dropout = 0) {
    network_of_layers(n_in, list(
        if (dropout > 0) layer("dropout", option = dropout),
        layer("linear", 8), layer("batchnorm", option = c(1e-5, 0.1)),
        layer("relu"), layer("linear", n_out)
    ))
}

decoder_of <- function(n_in, n_out) {
    network_of_layers(n_in, list(
        layer("linear", 8), layer("relu"), layer("linear", n_out)
    ))
}

linear_of <- function(n_in, n_out) {
    network_of_layers(n_in, list(layer("linear", n_out)))
}

views_options <- c(rule = 3, rate = 0.4, fixed = 1)

# what differs between the tasks
task_plans <- list(
    contrast = list(
        objective = "nt_xent",
        networks = function(dropout) {
            list(
                encoder = block_of(6, 4, dropout), projector = block_of(4, 3)
            )
        },
        options = c(views_options, temperature = 0.5)
    ),
    bootstrap = list(
        objective = "cosine_distance",
        networks = function(dropout) {
            list(
                encoder = block_of(6, 4, dropout), projector = block_of(4, 3),
                predictor = block_of(3, 3)
            )
        },
        options = c(views_options, momentum = 0.9, rise_steps = 0)
    ),
    reconstruct = list(
        objective = "reconstruction",
        networks = function(dropout) {
            list(
                encoder = block_of(6, 4, dropout),
                mask_decoder = decoder_of(4, 6),
                value_decoder = decoder_of(4, 6)
            )
        },
        options = c(views_options, alpha = 2)
    ),
    labels = list(
        objective = "softmax_cross_entropy",
        networks = function(dropout) {
            list(encoder = block_of(6, 4, dropout), head = linear_of(4, 3))
        },
        options = c(frozen = 0)
    )
)

sample_plan <- function(task, dropout = 0, batch_size = 12, groups = NULL,
                        control = train_control(), weight_decay = 0,
                        options = numeric()) {
    own <- task_plans[[task]]
    networks <- own$networks(dropout)
    own$options[names(options)] <- options
    list(
        task = paste0("samples_", task), objective = own$objective,
        networks = networks,
        groups = groups %||% engine_groups(
            networks, list(weight_decay = weight_decay, clip_norm = Inf)
        ),
        options = own$options, optimizer = resolve_optimizer(control),
        batch_size = batch_size, key = draw_key(5L)
    )
}

some_rows <- function(n = 20, seed = 1) {
    withr::with_seed(seed, random_matrix(n, 6))
}

sample_arrays <- function(task, x) {
    if (task != "labels") {
        return(list(x = x))
    }
    n <- nrow(x)
    list(
        x = x, y = cbind(as.double(seq_len(n) %% 3)),
        weight = cbind(rep(c(0.5, 1, 2), length.out = n))
    )
}

sample_run <- function(task, x = some_rows(), ..., precision = "double") {
    engine_create(sample_plan(task, ...), precision, sample_arrays(task, x))
}

n_parameters_of <- function(network) {
    sum(layer_table(network)$parameters)
}

# ---- golden values ----------------------------------------------------------

golden_controls <- list(
    contrast = train_control(),
    bootstrap = train_control(optimizer = "sgd", momentum = 0.9),
    reconstruct = train_control(
        optimizer = "rmsprop", betas = c(0.9, 0.9), epsilon = 1e-7
    ),
    labels = train_control()
)

for (task in names(task_plans)) {
    test_that(paste("ten steps agree with PyTorch:", task), {
        gold <- golden_parts(paste0("samples-", task))
        plan <- sample_plan(task,
            control = golden_controls[[task]],
            weight_decay = as.double(gold$weight_decay %||% 0)
        )
        arrays <- if (task == "labels") {
            list(
                x = gold$x, y = cbind(as.double(gold$y)),
                weight = cbind(gold$weight)
            )
        } else {
            gold[c("x", "corrupted")]
        }
        run <- engine_create(plan, "double", arrays)
        start <- gold$parameters_start
        engine_write(run, "parameters", start)
        # BYOL's target starts as a copy of the first two networks
        if (task == "bootstrap") {
            state <- engine_read(run, "state")
            n <- sum(vapply(plan$networks[1:2], n_parameters_of, 0))
            in_target <- 2 * 8 * 3 + seq_len(n)
            state[in_target] <- start[seq_len(n)]
            engine_write(run, "state", state)
        }
        state <- engine_read(run, "state")
        engine_batch(run, gold$items[1, ])
        expect_lt(
            relative_error(engine_read(run, "gradients"), gold$gradient_start),
            1e-9
        )
        # that pass has moved the running statistics
        engine_write(run, "state", state)
        losses <- vapply(seq_len(nrow(gold$items)), function(i) {
            engine_batch(run, gold$items[i, ],
                learning_rate = gold$learning_rate
            )
        }, 0)
        expect_equal(losses, gold$losses, tolerance = 1e-9)
        expect_equal(engine_read(run, "parameters"), gold$parameters_end,
            tolerance = 1e-8
        )
        expect_equal(engine_read(run, "state"), gold$state_end,
            tolerance = 1e-8
        )
        expect_equal(engine_output(run, 0:19, 1L), gold$encoding,
            tolerance = 1e-7
        )
    })

    test_that(paste("gradients equal central differences:", task), {
        run <- sample_run(task, dropout = 0.3)
        # away from the start, where BYOL's target and encoder are alike
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
        # every network learns
        sizes <- vapply(
            sample_plan(task, 0.3)$networks, n_parameters_of, 0
        )
        for (own in split(numeric, rep(seq_along(sizes), sizes))) {
            expect_gt(max(abs(own)), 1e-3)
        }
        expect_lt(relative_error(gradient, numeric), 1e-6)
        # the same batch again: gradients start from zero, not from the last
        loss_at(start)
        expect_identical(engine_read(run, "gradients"), gradient)
    })
}

for (precision in precisions()) {
    for (task in names(task_plans)) {
        test_that(paste("a saved run goes on bit for bit:", task, precision), {
            x <- some_rows(50)
            new_run <- function() {
                sample_run(task, x, dropout = 0.2, precision = precision)
            }
            expect_resumed(new_run)
        })
    }
}

# ---- corruption -------------------------------------------------------------

corrupt_with <- function(x, corruption, rate = 0.3, fixed = TRUE, step = 0L,
                         threads = 1L, key = draw_key(3L)) {
    corrupt(
        x, list(corruption = corruption, rate = rate, fixed = fixed), key,
        threads, step
    )
}

test_that("so many values of each row are replaced", {
    x <- withr::with_seed(1, random_matrix(200, 41))
    for (rule in c("uniform", "marginal", "sample")) {
        changed <- corrupt_with(x, rule) != x
        n_new <- rowSums(changed)
        # floor(0.3 * 41) = 12, but for values drawn from the row itself
        expect_true(all(n_new <= 12), info = rule)
        expect_gt(mean(n_new), if (rule == "marginal") 11.8 else 11.999)
        # every column has the same chance: 200 x 12 / 41 = 58.5, sd 6.4
        expect_true(all(abs(colSums(changed) - 58.5) < 5 * 6.4), info = rule)
        # which values: by chance, 12.3 of 41, sd 2.9
        n_new <- rowSums(corrupt_with(x, rule, fixed = FALSE) != x)
        expect_equal(mean(n_new), 12.3, tolerance = 0.08, info = rule)
        expect_equal(stats::sd(n_new), 2.93, tolerance = 0.2, info = rule)
    }
    n_new <- rowSums(corrupt_with(x, "permute", fixed = FALSE) != x)
    expect_equal(mean(n_new), 12.3, tolerance = 0.08)
})

test_that("new values come from where the rule says", {
    # values tell their row: 1.01 is row 1 of column 1
    n <- 60
    x <- outer(seq_len(n) / 100, 1:9, "+")
    row_of <- function(value, column) round((value - column) * 100)
    found <- corrupt_with(x, "sample", rate = 0.5)
    donors <- row_of(found, col(found))
    for (i in seq_len(n)) {
        others <- setdiff(donors[i, ], i)
        expect_length(others, 1)
        expect_identical(sum(donors[i, ] == i), 5L)
    }
    found <- corrupt_with(x, "marginal", rate = 0.99)
    donors <- row_of(found, col(found))
    expect_true(all(donors %in% seq_len(n)))
    expect_gt(length(unique(donors[1, ])), 4)
    # a column keeps its values where it is shuffled as a whole
    found <- corrupt_with(x, "permute", rate = 1 - 1e-9, fixed = FALSE)
    expect_identical(apply(found, 2, sort), apply(x, 2, sort))
    expect_lt(mean(found == x), 0.1)
    expect_false(all(row_of(found[, 1], 1) == row_of(found[, 2], 2)))
    # uniform values lie within the column's range and fill it
    found <- corrupt_with(x, "uniform", rate = 0.99)
    new <- found[found != x] - col(x)[found != x]
    expect_true(all(new > 0.01 & new < 0.6))
    expect_gt(stats::ks.test(new, "punif", 0.01, 0.6)$p.value, 0.001)
})

test_that("draws of a step are its own, on any number of threads", {
    x <- withr::with_seed(1, random_matrix(300, 150))
    for (rule in corruption_rules) {
        one <- corrupt_with(x, rule)
        expect_identical(corrupt_with(x, rule, threads = 3L), one)
        expect_false(identical(corrupt_with(x, rule, step = 1L), one))
        expect_false(identical(corrupt_with(x, rule, key = draw_key(4L)), one))
    }
    # the rows of a batch are corrupted as a matrix of them is
    run <- sample_run("reconstruct", options = c(rule = 1))
    drawn <- engine_batch(run, 0:11)
    rows <- some_rows()
    method <- list(corruption = "marginal", rate = 0.4, fixed = TRUE)
    given <- engine_create(sample_plan("reconstruct"), "double", list(
        x = rows, corrupted = corrupt(rows, method, draw_key(5L))
    ))
    expect_identical(engine_batch(given, 0:11), drawn)
})

# ---- what each task promises ------------------------------------------------

test_that("losses have the values that were worked out by hand", {
    loss_of <- function(name, x, target, option = 0) {
        .Call(C_loss_gradients, name, "double", x, target, option, 1L)
    }
    # two equal views of two orthogonal rows
    z <- rbind(diag(2), diag(2))
    expect_equal(loss_of("nt_xent", z, z, 1)$loss, 0.5514447139,
        tolerance = 1e-9
    )
    expect_equal(loss_of("nt_xent", z, z, 0.5)$loss, 0.2395447662,
        tolerance = 1e-9
    )
    a <- rbind(c(1, 2, 3), c(-1, 0.5, 2), c(0.3, -2, 1))
    b <- rbind(c(1.1, 1.8, 2.7), c(-0.7, 0.9, 1.5), c(0.1, -1.5, 2))
    z <- rbind(a, b)
    found <- loss_of("nt_xent", z, z, 1)
    expect_equal(found$loss, 1.1946843656, tolerance = 1e-9)
    expect_equal(found$dx[1, ], c(-0.026798, -0.021507, 0.023270),
        tolerance = 1e-4
    )
    expect_equal(found$dx[6, ], c(-0.016776, 0.090506, 0.068718),
        tolerance = 1e-4
    )
    expect_equal(loss_of("nt_xent", z, z, 0.1)$loss, 0.1235176844,
        tolerance = 1e-8
    )
    one_direction <- loss_of("cosine_distance", a, b)$loss
    expect_equal(one_direction, 0.0994685058, tolerance = 1e-9)
    # BYOL's loss is the sum of both directions
    expect_equal(
        one_direction + loss_of("cosine_distance", b, a)$loss, 0.1989370117,
        tolerance = 1e-9
    )
})

test_that("the target follows encoder and projector, without a gradient", {
    plan <- sample_plan("bootstrap", options = c(momentum = 0.75))
    n <- sum(vapply(plan$networks[1:2], n_parameters_of, 0))
    own <- seq_len(n)
    run <- engine_create(plan, "double", list(x = some_rows()))
    in_target <- 48 + own
    state <- engine_read(run, "state")
    start <- engine_read(run, "parameters")
    expect_identical(state[in_target], start[own])
    # running statistics of the target: behind its parameters
    expect_identical(state[48 + n + 1:32], state[1:32])
    engine_batch(run, 0:11)
    expect_identical(engine_read(run, "state")[in_target], state[in_target])
    engine_batch(run, 0:11, learning_rate = 0.01)
    stepped <- engine_read(run, "parameters")[own]
    expect_equal(
        engine_read(run, "state")[in_target], 0.75 * start[own] + 0.25 * stepped
    )
    # a constant encoder is reached: theta + m^t (xi - theta)
    for (i in 1:3) engine_batch(run, 0:11, learning_rate = 0)
    expect_equal(
        engine_read(run, "state")[in_target],
        stepped + 0.75^4 * (start[own] - stepped)
    )
})

test_that("the target's momentum rises to 1 along half a cosine", {
    plan <- sample_plan("bootstrap",
        options = c(momentum = 0.6, rise_steps = 4)
    )
    n <- sum(vapply(plan$networks[1:2], n_parameters_of, 0))
    run <- engine_create(plan, "double", list(x = some_rows()))
    target <- function() engine_read(run, "state")[48 + seq_len(n)]
    for (k in 1:5) {
        before <- target()
        engine_batch(run, 0:11, learning_rate = 0.05)
        now <- engine_read(run, "parameters")[seq_len(n)]
        kept <- 1 - 0.4 * (1 + cos(pi * min(k / 4, 1))) / 2
        expect_equal(target(), kept * before + (1 - kept) * now)
    }
})

test_that("reconstruction starts at the loss of a decoder that knows nothing", {
    # decoders that give 0: BCE is log 2, values have variance 1
    x <- scale(some_rows(20))
    run <- sample_run("reconstruct", x)
    parameters <- engine_read(run, "parameters")
    n <- n_parameters_of(sample_plan("reconstruct")$networks$encoder)
    parameters[-seq_len(n)] <- 0
    engine_write(run, "parameters", parameters)
    loss <- engine_batch(run, 0:11)
    expect_equal(loss, log(2) + 2 * mean(x[1:12, ]^2))
    engine_epoch_begin(run, 0, 1L)
    engine_advance(run, 1, 0, 1L)
    # all logits are 0: the share that was not replaced (0.4 x 6 = 2 of 6)
    hits <- engine_place(run)[["mask_accuracy"]] / 12
    expect_equal(hits, 4 / 6)
})

test_that("collapse shows in the metrics", {
    # an encoder that gives one direction, half of it constant
    run <- sample_run("contrast")
    parameters <- engine_read(run, "parameters")
    n <- n_parameters_of(sample_plan("contrast")$networks$encoder)
    last <- (n - 35):n
    parameters[last] <- 0
    parameters[n - 0:1] <- 1
    engine_write(run, "parameters", parameters)
    engine_epoch_begin(run, 0, 1L)
    engine_advance(run, 1, 0, 1L)
    at <- engine_place(run)
    expect_equal(at[["mean_cosine"]] / at[["position"]], 1)
    expect_equal(at[["dead"]] / at[["position"]], 1)
    plain <- sample_run("contrast")
    engine_epoch_begin(plain, 0, 1L)
    engine_advance(plain, 1, 0, 1L)
    items <- engine_order(plain, 0)[1:12]
    network <- sample_plan("contrast")$networks$encoder
    encoded <- try_network(
        network, engine_read(plain, "parameters")[seq_len(n)],
        some_rows()[items + 1, ], matrix(0, 12, 4),
        key = draw_key(1L),
        state = network_initialise(network, "double", draw_key(1L))$state
    )$y
    unit <- encoded / sqrt(rowSums(encoded^2))
    cosines <- tcrossprod(unit)
    at <- engine_place(plain)
    expect_equal(
        at[["mean_cosine"]] / at[["position"]],
        mean(cosines[upper.tri(cosines)])
    )
    expect_identical(at[["dead"]], 0)
})

test_that("views have masks of their own", {
    for (task in c("contrast", "bootstrap")) {
        arrays <- list(x = some_rows(), corrupted = some_rows())
        alike <- engine_create(sample_plan(task), "double", arrays)
        masked <- function() {
            engine_create(sample_plan(task, dropout = 0.5), "double", arrays)
        }
        loss <- engine_batch(masked(), 0:11)
        expect_gt(abs(engine_batch(alike, 0:11) - loss), 1e-3)
        expect_identical(engine_batch(masked(), 0:11), loss)
    }
})

test_that("weights of rows are those of copies", {
    x <- some_rows(12)
    arrays <- sample_arrays("labels", x)
    arrays$weight <- cbind(c(2, rep(1, 11)))
    weighted <- engine_create(
        sample_plan("labels", options = c(frozen = 1)), "double", arrays
    )
    twice <- lapply(arrays, function(a) a[c(1, 1:12), , drop = FALSE])
    twice$weight[] <- 1
    copied <- engine_create(
        sample_plan("labels", batch_size = 13, options = c(frozen = 1)),
        "double", twice
    )
    expect_equal(engine_batch(weighted, 0:11), engine_batch(copied, 0:12))
    expect_equal(
        engine_read(weighted, "gradients"), engine_read(copied, "gradients")
    )
})

test_that("a frozen encoder stays as it is, statistics included", {
    groups <- list(
        n_networks = c(1L, 1L), rate = c(1, 1), decay = c(0.1, 0.1),
        clip = c(Inf, Inf), by_block = c(FALSE, FALSE), frozen = c(TRUE, FALSE)
    )
    run <- sample_run("labels",
        dropout = 0.5, groups = groups, options = c(frozen = 1)
    )
    n <- n_parameters_of(sample_plan("labels", 0.5)$networks$encoder)
    before <- engine_blocks(run)
    for (i in 1:3) engine_batch(run, 0:11, learning_rate = 0.1)
    after <- engine_blocks(run)
    expect_identical(after$state, before$state)
    expect_identical(
        after$parameters[seq_len(n)], before$parameters[seq_len(n)]
    )
    expect_true(all(after$parameters[-seq_len(n)] !=
        before$parameters[-seq_len(n)]))
    expect_identical(engine_read(run, "gradients")[seq_len(n)], numeric(n))
})

# ---- groups, blocks, refusals: what any task has from the run ---------------

test_that("a frozen group keeps its parameters, others go at their own rate", {
    x <- some_rows()
    n_encoder <- n_parameters_of(sample_plan("bootstrap")$networks$encoder)
    in_encoder <- seq_len(n_encoder)
    groups <- list(
        n_networks = c(1L, 2L), rate = c(1, 0.5), decay = c(0, 0),
        clip = c(Inf, Inf), by_block = c(FALSE, FALSE), frozen = c(TRUE, FALSE)
    )
    run <- sample_run("bootstrap", x, groups = groups)
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:11, learning_rate = 0.01)
    change <- engine_read(run, "parameters") - before
    expect_identical(change[in_encoder], numeric(n_encoder))
    gradient <- engine_read(run, "gradients")[-in_encoder]
    expected <- -0.005 * gradient / (abs(gradient) + 1e-8)
    expect_equal(change[-in_encoder], expected, tolerance = 1e-6)

    # each group is clipped to its own norm: plain SGD shows it
    groups <- list(
        n_networks = c(1L, 2L), rate = c(1, 1), decay = c(0, 0),
        clip = c(1e-3, Inf), by_block = c(FALSE, FALSE),
        frozen = c(FALSE, FALSE)
    )
    run <- sample_run("bootstrap", x,
        groups = groups, control = train_control(optimizer = "sgd",
            momentum = 0
        )
    )
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:11, learning_rate = 1)
    change <- before - engine_read(run, "parameters")
    gradient <- engine_read(run, "gradients")
    expect_equal(sqrt(sum(change[in_encoder]^2)), 1e-3, tolerance = 1e-2)
    expect_equal(change[-in_encoder], gradient[-in_encoder], tolerance = 1e-9)
})

test_that("blocks of a group are clipped one by one", {
    # weights and biases, scales and shifts, weights and biases
    of_encoder <- c(48, 8, 8, 8, 32, 4)
    of_others <- c(32, 8, 8, 8, 24, 3, 24, 8, 8, 8, 24, 3)
    in_encoder <- seq_len(sum(of_encoder))
    sgd <- train_control(optimizer = "sgd", momentum = 0)
    # the step that is made with a rate of 1, and the gradient
    try_with <- function(n_networks, clip, by_block) {
        run <- sample_run("bootstrap", control = sgd, groups = list(
            n_networks = n_networks, rate = clip^0,
            decay = numeric(length(clip)), clip = clip, by_block = by_block,
            frozen = clip < 0
        ))
        before <- engine_read(run, "parameters")
        engine_batch(run, 0:11, learning_rate = 1)
        list(
            step = before - engine_read(run, "parameters"),
            gradient = engine_read(run, "gradients")
        )
    }
    found <- try_with(3L, 0.02, TRUE)
    expected <- clip_blocks_r(found$gradient, c(of_encoder, of_others), 0.02)
    clipped <- expected != found$gradient
    expect_true(any(clipped) && any(!clipped))
    expect_equal(found$step, expected, tolerance = 1e-9)
    # a group by blocks beside one that is clipped as a whole
    found <- try_with(c(1L, 2L), c(0.02, 0.1), c(FALSE, TRUE))
    rest <- found$gradient[-in_encoder]
    expect_equal(found$step, c(
        clip_blocks_r(found$gradient[in_encoder], sum(of_encoder), 0.02),
        clip_blocks_r(rest, of_others, 0.1)
    ), tolerance = 1e-9)
    found <- try_with(c(1L, 2L), c(0.02, 0.1), c(TRUE, FALSE))
    expect_equal(found$step, c(
        clip_blocks_r(found$gradient[in_encoder], of_encoder, 0.02),
        clip_blocks_r(rest, sum(of_others), 0.1)
    ), tolerance = 1e-9)
    # never
    found <- try_with(3L, Inf, TRUE)
    expect_equal(found$step, found$gradient, tolerance = 1e-9)
})

test_that("arrays may come in blocks of rows", {
    x <- some_rows(50)
    plan <- sample_plan("bootstrap")
    whole <- sample_run("bootstrap", x)
    run <- .Call(C_run_create, plan, "double", list(x = c(50, 6)))
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
    run <- sample_run("bootstrap", x)
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
    # one row has no statistics of a batch
    refused(engine_batch(sample_run("contrast"), 1L), "at least 2 rows, not 1")
})

test_that("plans that do not fit are refused, with a class", {
    x <- some_rows()
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error")
    }
    for (task in names(task_plans)) {
        plan <- sample_plan(task)
        arrays <- sample_arrays(task, x)
        changes <- list(
            list(task = "mystery"), list(options = c(other = 1)),
            list(options = replace(plan$options, 1, NaN)),
            list(batch_size = 0),
            list(networks = plan$networks["encoder"]),
            list(groups = replace(plan$groups, "n_networks", 1L)),
            list(groups = replace(plan$groups, "rate", NaN)), list(key = 1),
            list(optimizer = replace(plan$optimizer, "type", "mystery"))
        )
        # both losses of a reconstruction have their place
        if (task != "reconstruct") {
            changes <- c(changes, list(list(objective = "mystery")))
        }
        for (change in changes) {
            wrong <- utils::modifyList(plan, change)
            if (!is.null(change$networks)) wrong$networks <- change$networks
            if (!is.null(change$options)) wrong$options <- change$options
            refused(engine_create(wrong, "double", arrays), "internal error")
        }
        refused(
            engine_create(plan, "double", c(arrays, list(z = x))),
            "no array `z`"
        )
        refused(engine_create(plan, "double", list()), "no array `x`")
        wrong <- arrays
        wrong$x <- matrix(1L, 20, 6)
        refused(
            engine_create(plan, "double", wrong), "`x` does not hold doubles"
        )
        wrong$x <- x[, -1]
        refused(engine_create(plan, "double", wrong), "do not fit")
        refused(engine_create(plan, "half", arrays), "precision \"half\"")
    }
    refused(
        engine_create(sample_plan("contrast"), "double", list(
            x = x, corrupted = x[-1, ]
        )), "differ in shape"
    )
    refused(
        engine_create(
            sample_plan("contrast", options = c(rule = 4)), "double",
            list(x = x)
        ), "no corruption 4"
    )
    plan <- sample_plan("labels")
    plan$objective <- "nt_xent"
    refused(
        engine_create(plan, "double", sample_arrays("labels", x)),
        "no loss \"nt_xent\" of their own"
    )
    arrays <- sample_arrays("labels", x)
    arrays$weight <- arrays$weight[-1, , drop = FALSE]
    refused(
        engine_create(sample_plan("labels"), "double", arrays),
        "a row for each"
    )
    # as NT-Xent has no temperature here, no batch is fit for it
    plan <- sample_plan("bootstrap")
    plan$objective <- "nt_xent"
    run <- engine_create(plan, "double", list(x = x))
    refused(engine_batch(run, 0:11), "a temperature above 0")
    refused(
        corrupt_with(x, "mystery"), "rule"
    )
})
