# The published forms of pairwise ranking: the task of pairs, its penalty, the
# presets.

published_like <- function(n_in) {
    encoder <- encoder_mlp(
        hidden = c(8, 5), activation = "leaky_relu", slope = 0.1,
        norm = "none", blend = FALSE, normalize = FALSE, n_out = 1
    )
    resolve_network(encoder, n_in)
}

pairs_plan <- function(objective, network, norms = c(0, 0), fresh = 0,
                       batch_size = 16, control = train_control()) {
    networks <- list(scorer = network)
    list(
        task = "ranking_pairs", objective = objective, networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = 0, clip_norm = Inf)
        ),
        options = c(fresh = fresh, norm_1 = norms[1], norm_2 = norms[2]),
        optimizer = resolve_optimizer(control), batch_size = batch_size,
        key = draw_key(5L)
    )
}

expect_ten_steps <- function(run, of) {
    engine_write(run, "parameters", of$parameters_start)
    engine_batch(run, of$items[1, ])
    testthat::expect_lt(
        relative_error(engine_read(run, "gradients"), of$gradient_start), 1e-9
    )
    losses <- vapply(seq_len(nrow(of$items)), function(i) {
        engine_batch(run, of$items[i, ], learning_rate = of$learning_rate)
    }, 0)
    testthat::expect_equal(losses, of$losses, tolerance = 1e-9)
    testthat::expect_equal(engine_read(run, "parameters"), of$parameters_end,
        tolerance = 1e-8
    )
}

test_that("ten steps agree with PyTorch: all pairs of a batch", {
    gold <- golden_parts("ranking")
    of <- gold$all_pairs
    encoder <- encoder_mlp(
        hidden = c(8, 5), blend = FALSE, normalize = FALSE, n_out = 1
    )
    networks <- list(scorer = ranking_network(encoder, 6, 1L))
    plan <- list(
        task = "ranking", objective = "pairwise_logistic", networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = of$weight_decay, clip_norm = Inf)
        ),
        options = c(keep_ties = 0),
        optimizer = resolve_optimizer(train_control()), batch_size = 16,
        key = draw_key(1L)
    )
    run <- engine_create(plan, "double", list(
        x = gold$x, y = as.double(gold$y)
    ))
    expect_ten_steps(run, of)
    expect_equal(engine_output(run, 0:29, 1L)[, 1], of$scores,
        tolerance = 1e-8
    )
})

for (objective in c("twin", "concat")) {
    test_that(paste("ten steps agree with PyTorch:", objective), {
        gold <- golden_parts("ranking")
        of <- gold[[objective]]
        plan <- pairs_plan(
            objective, published_like(if (objective == "twin") 6 else 12),
            c(gold$norm_1, gold$norm_2),
            control = train_control(optimizer = "sgd", momentum = of$momentum)
        )
        run <- engine_create(plan, "double", list(
            x = gold$x, y = as.double(gold$y),
            first = as.integer(gold$first), second = as.integer(gold$second)
        ))
        expect_ten_steps(run, of)
    })
}

test_that("gradients equal central differences, the loss plain R", {
    withr::local_seed(2)
    x <- random_matrix(20, 3)
    y <- as.double(sample(6, 20, TRUE))
    first <- sample(20, 24, TRUE) - 1L
    second <- (first + sample(19, 24, TRUE)) %% 20L
    norms <- c(0.05, 0.1)
    for (objective in c("twin", "concat")) {
        n_in <- if (objective == "twin") 3 else 6
        network <- network_of_layers(n_in, list(
            layer("linear", 4), layer("gelu"), layer("dropout", option = 0.3),
            layer("linear", 1)
        ))
        run <- engine_create(
            pairs_plan(objective, network, norms), "double",
            list(x = x, y = y, first = first, second = second)
        )
        start <- stats::rnorm(length(engine_read(run, "parameters")))
        loss_at <- function(parameters) {
            engine_write(run, "parameters", parameters)
            engine_batch(run, 4:19)
        }
        loss_at(start)
        gradient <- engine_read(run, "gradients")
        expect_lt(
            relative_error(gradient, numeric_gradient(loss_at, start)), 1e-6
        )
    }
    # without dropout, in plain R
    network <- network_of_layers(3, list(
        layer("linear", 4), layer("gelu"), layer("linear", 1)
    ))
    run <- engine_create(
        pairs_plan("twin", network, norms), "double",
        list(x = x, y = y, first = first, second = second)
    )
    engine_write(run, "parameters", start[seq_len(4 * 3 + 4 + 4 + 1)])
    p <- engine_read(run, "parameters")
    weights <- list(matrix(p[1:12], 4, byrow = TRUE), matrix(p[17:20], 1))
    gelu <- function(x) x * pnorm(x)
    f <- drop(weights[[2]] %*% gelu(weights[[1]] %*% t(x) + p[13:16])) + p[21]
    pairs <- 5:20
    logit <- f[first[pairs] + 1] - f[second[pairs] + 1]
    above <- y[first[pairs] + 1] > y[second[pairs] + 1]
    expected <- -mean(log(plogis(ifelse(above, logit, -logit)))) +
        sum(vapply(weights, function(w) {
            norms[1] * max(colSums(abs(w))) + norms[2] * svd(w)$d[1]
        }, 0))
    expect_equal(engine_batch(run, 4:19), expected, tolerance = 1e-10)
})

test_that("fresh pairs are of two genes, and the epoch decides them", {
    withr::local_seed(3)
    x <- random_matrix(12, 2)
    y <- as.double(1:12)
    network <- network_of_layers(2, list(layer("linear", 1)))
    new_run <- function(fresh) {
        engine_create(pairs_plan("twin", network, fresh = fresh), "double",
            list(
                x = x, y = y, first = rep(0L, 64), second = rep(1L, 64)
            )
        )
    }
    losses <- function(run, epoch) {
        engine_epoch_begin(run, epoch, 1L)
        vapply(0:3, function(i) engine_batch(run, i * 16L + 0:15), 0)
    }
    fresh <- new_run(1)
    first <- losses(fresh, 0)
    second <- losses(fresh, 1)
    expect_gt(min(abs(first - second)), 1e-9)
    expect_identical(losses(fresh, 0), first)
    # a new run that stands in epoch 1 draws the pairs of epoch 1
    resumed <- new_run(1)
    at <- engine_place(resumed)
    at[["epoch"]] <- 1
    engine_move(resumed, at)
    expect_identical(
        vapply(0:3, function(i) engine_batch(resumed, i * 16L + 0:15), 0),
        second
    )
    given <- losses(new_run(0), 0)
    expect_identical(given, losses(new_run(0), 1))
    drawn <- published_pairs(7, 5000, draw_key(1L))
    expect_true(all(drawn$first != drawn$second))
    expect_setequal(drawn$first, 0:6)
    expect_setequal(drawn$second, 0:6)
    counts <- table(drawn$first, drawn$second)
    # all 42 ordered pairs occur, none of a gene with itself
    expect_identical(sum(counts > 0), 42L)
    expect_lt(max(abs(counts[counts > 0] - 5000 / 42)), 60)
})

test_that("binary cross-entropy equals plain R and its differences", {
    withr::local_seed(4)
    x <- random_matrix(9, 2) * 4
    target <- matrix(stats::runif(18), 9)
    loss_of <- function(x) {
        .Call(
            C_loss_gradients, "binary_cross_entropy", "double", x, target, 0,
            1L
        )
    }
    expected <- -mean(target * log(plogis(x)) + (1 - target) * log(plogis(-x)))
    expect_equal(loss_of(x)$loss, expected, tolerance = 1e-12)
    numeric <- numeric_gradient(
        function(v) loss_of(matrix(v, 9))$loss, as.vector(x)
    )
    expect_lt(relative_error(as.vector(loss_of(x)$dx), numeric), 1e-6)
    expect_equal(loss_of(x * 0 + 800)$loss, mean(800 * (1 - target)))
    expect_error(
        .Call(
            C_loss_gradients, "binary_cross_entropy", "double", x, target + 1,
            0, 1L
        ), "between 0 and 1",
        class = "kith_error"
    )
})

test_that("the rate falls on a plateau as PyTorch's does", {
    control <- train_control(
        schedule = "plateau", learning_rate = 1, validation = 0.1
    )
    # falls while it improves, then stands still
    values <- c(5, 4, 3, rep(3, 13))
    rates <- vapply(0:15, function(epoch) {
        learning_rate_at(
            control, epoch, values[seq_len(epoch)], measure_pair_loss
        )
    }, 0)
    # six epochs without a gain: 0.1; six more: 0.01
    expect_equal(rates, rep(c(1, 0.1, 0.01), c(9, 6, 1)))
    # gains below a ten-thousandth do not count
    creeping <- 3 - 1e-5 * (0:8)
    expect_equal(
        learning_rate_at(control, 9, creeping, measure_pair_loss), 0.1
    )
    expect_error(train_control(schedule = "plateau"), "validation",
        class = "kith_error_input"
    )
})

test_that("the presets train, predict and go on where they stopped", {
    cells <- withr::with_seed(1, simulate_marks(200, n_bins = 8))
    train <- 1:150
    x <- cells$marks[train, , ]
    y <- cells$expression[train]
    genes <- rownames(cells$marks)
    pairs <- data.frame(from = genes[1:40], to = genes[41:80])
    turned <- data.frame(from = pairs$to, to = pairs$from)
    for (preset in c("paper", "paper_concat")) {
        local_replaced("published_rankings", lapply(
            published_rankings, utils::modifyList,
            list(n_pairs = 2000L, n_watched = 300L)
        ))
        learn <- function(...) {
            learn_ranking(x, y,
                preset = preset, control = train_control(
                    epochs = 3, learning_rate = 0.01, threads = 1, seed = 1,
                    verbose = FALSE, ...
                )
            )
        }
        fit <- learn()
        expect_identical(fit$preset, preset)
        expect_output(print(fit), "transform none")
        held_out <- predict(fit, cells$marks[-train, , ])$.pred
        expect_gt(concordance(held_out, cells$expression[-train]), 0.6)
        forth <- predict(fit, cells$marks, "prob", pairs)$.pred
        back <- predict(fit, cells$marks, "prob", turned)$.pred
        gap <- max(abs(forth + back - 1))
        if (preset == "paper") expect_lt(gap, 1e-12) else expect_gt(gap, 1e-6)
        expect_named(fit$history, c(
            "scorer", "member", "epoch", "loss", "accuracy", "learning_rate",
            "validation_loss"
        ))
        file <- file.path(withr::local_tempdir(), "run.rds")
        saved <- learn(checkpoint = file)
        content <- read_checkpoint(file)
        job <- restore_data(content$job, dirname(file))
        job$control$checkpoint <- file
        unlink(file)
        save_within_epoch(job, 1, 5)
        same <- c("scorers", "history", "weights")
        expect_identical(resume(file, verbose = FALSE)[same], fit[same])
    }
    expect_error(
        learn_ranking(x, y, scorer_linear(), preset = "paper"),
        "scorer.*cannot be set",
        class = "kith_error_input"
    )
})

test_that("the spectral norm is found where the longest row has no part", {
    weight <- matrix(0, 5, 5)
    weight[1, 1] <- sqrt(3)
    weight[2:5, 2:5] <- 0.5
    network <- network_of_layers(5, list(
        layer("linear", 5), layer("linear", 1)
    ))
    last <- c(1, -2, 0.5, 0, 1)
    run <- engine_create(
        pairs_plan("twin", network, norms = c(0, 1)), "double",
        list(
            x = matrix(0, 20, 5), y = as.double(1:20), first = rep(0:9, 2),
            second = rep(10:19, 2)
        )
    )
    engine_write(run, "parameters", c(t(weight), numeric(5), last, 0))
    # no pair has a difference: the rest of the loss is log(2)
    expect_equal(
        engine_batch(run, 0:15),
        log(2) + svd(weight)$d[1] + sqrt(sum(last^2))
    )
})
