# The task on labelled sequences (src/task/sequences_labels.c).

labels_losses <- c(
    class = "softmax_cross_entropy", labels = "binary_cross_entropy",
    response = "squared_error"
)

labels_plan <- function(x, kind = "class", ..., options = numeric(),
                        n_out = if (kind == "response") 1 else 3, frozen = 0) {
    plan <- sequence_plan(x, ...,
        objective = labels_losses[[kind]],
        options = c(options, frozen = frozen)
    )
    plan$task <- "sequences_labels"
    plan$networks <- list(
        encoder = plan$networks$encoder,
        head = network_of_layers(4, list(layer("linear", n_out)))
    )
    plan
}

# one item for each of them, in the order of the transcripts
labels_arrays <- function(x, kind = "class") {
    n <- length(x)
    y <- withr::with_seed(3, switch(kind,
        class = cbind(as.double(seq_len(n) %% 3)),
        labels = matrix(as.double(stats::runif(3 * n) < 0.4), n),
        response = cbind(stats::rnorm(n))
    ))
    arrays <- sequence_arrays(x, weighted = FALSE)
    arrays$weight <- rep(c(0.5, 1, 2, 1.5), length.out = n)
    c(arrays, list(y = y))
}

labels_run <- function(x, kind = "class", ..., precision = "double") {
    engine_create(
        labels_plan(x, kind, ...), precision, labels_arrays(x, kind)
    )
}

# losses of single rows
row_loss_r <- function(scores, y, kind) {
    switch(kind,
        class = log(rowSums(exp(scores))) -
            scores[cbind(seq_len(nrow(scores)), y[, 1L] + 1)],
        labels = rowMeans(log1p(exp(ifelse(y > 0, -scores, scores)))),
        response = drop((scores - y)^2)
    )
}

test_that("a batch has the weighted loss of the networks in plain R", {
    x <- some_sequences()
    items <- c(11L, 0:8, 20L)
    for (kind in names(labels_losses)) {
        plan <- labels_plan(x, kind,
            options = c(shift = 3, mask_rate = 0.2, most_positions = 150)
        )
        arrays <- labels_arrays(x, kind)
        run <- engine_create(plan, "double", arrays)
        p <- engine_read(run, "parameters")
        set <- seq_along(x$id)
        views <- views_of_batch(x, set, plan, items)[seq_along(items)]
        encoded <- t(vapply(views, encode_sequence_r, numeric(4), p))
        n_out <- if (kind == "class") 3L else ncol(arrays$y)
        head <- utils::tail(p, 5 * n_out)
        scores <- encoded %*% t(matrix(head[seq_len(4 * n_out)], n_out,
            byrow = TRUE
        )) + rep(utils::tail(head, n_out), each = length(items))
        y <- arrays$y[items + 1L, , drop = FALSE]
        expect_equal(engine_batch(run, items),
            stats::weighted.mean(
                row_loss_r(scores, y, kind), arrays$weight[items + 1L]
            ),
            tolerance = 1e-10
        )
        # what it gives of whole sequences: no shift, no masks
        whole <- t(vapply(c(4L, 1L), function(i) {
            lengths <- bucket_lengths(max(x$length))
            positions <- lengths[lengths >= x$length[i]][1L]
            encode_sequence_r(expand_tracks(x, i, positions)[1L, , ], p)
        }, numeric(4)))
        expect_equal(engine_output(run, c(3L, 0L), 1L), whole,
            tolerance = 1e-10
        )
    }
})

test_that("gradients equal central differences, over several chunks", {
    x <- some_sequences()
    views <- c(shift = 3, mask_rate = 0.2, most_positions = 150)
    for (kind in names(labels_losses)) {
        run <- labels_run(x, kind,
            smooth = TRUE, norm = layer("layernorm"), dropout = 0.3,
            options = views
        )
        start <- engine_read(run, "parameters")
        loss_at <- function(parameters) {
            engine_write(run, "parameters", parameters)
            engine_batch(run, 0:11)
        }
        loss_at(start)
        gradient <- engine_read(run, "gradients")
        numeric <- numeric_gradient(loss_at, start)
        expect_gt(max(abs(numeric[1:60])), 1e-4)
        expect_lt(relative_error(gradient, numeric), 1e-6)
        # gradients start from zero
        loss_at(start)
        expect_identical(engine_read(run, "gradients"), gradient)
    }
})

test_that("a frozen encoder stays as it is, and has no masks and dropout", {
    x <- some_sequences()
    run_with <- function(...) {
        labels_run(x,
            norm = layer("batchnorm", option = c(1e-5, 0.1)), frozen = 1, ...
        )
    }
    run <- run_with(dropout = 0.5, options = c(mask_rate = 0.5))
    state <- engine_read(run, "state")
    loss <- engine_batch(run, 0:11)
    expect_identical(engine_read(run, "state"), state)
    gradient <- engine_read(run, "gradients")
    in_head <- utils::tail(seq_along(gradient), 15)
    expect_identical(gradient[-in_head], rep(0, length(gradient) - 15))
    start <- engine_read(run, "parameters")
    numeric <- numeric_gradient(function(head) {
        engine_write(run, "parameters", replace(start, in_head, head))
        engine_batch(run, 0:11)
    }, start[in_head])
    expect_lt(relative_error(gradient[in_head], numeric), 1e-6)
    expect_equal(engine_batch(run_with(), 0:11), loss, tolerance = 1e-12)
    # shifts stay
    shifted <- run_with(options = c(shift = 3))
    losses <- vapply(1:6, function(i) {
        engine_batch(shifted, 0:11, learning_rate = 0)
    }, 0)
    expect_gt(length(unique(losses)), 1L)
})

test_that("chunks change sums by rounding alone", {
    x <- some_sequences()
    found <- lapply(c(1, 100, 500, 2^16), function(most) {
        run <- labels_run(x,
            options = c(most_positions = most, mask_rate = 0.1, shift = 2)
        )
        loss <- engine_batch(run, 0:11)
        c(loss, engine_read(run, "gradients"), engine_output(run, 0:29, 1L))
    })
    for (one in found) expect_equal(one, found[[4L]], tolerance = 1e-12)
})

test_that("items may show one sequence several times, each in its own view", {
    x <- some_sequences()
    arrays <- labels_arrays(x)
    longest <- which.max(x$length) - 1L
    arrays <- with_sets(arrays, list(
        set_start = c(rep(longest, 8), 5L), set_size = rep(1L, 9),
        weight = rep(1, 9), y = cbind(c(rep(1, 8), 2))
    ))
    losses <- function(mask_rate) {
        run <- engine_create(
            labels_plan(x, options = c(mask_rate = mask_rate), batch_size = 9),
            "double", arrays
        )
        vapply(0:8, function(i) engine_batch(run, i), 0)
    }
    plain <- losses(0)
    expect_equal(plain[1:8], rep(plain[1], 8), tolerance = 1e-12)
    expect_false(isTRUE(all.equal(plain[9], plain[1])))
    expect_length(unique(losses(0.3)[1:8]), 8L)
})

for (precision in precisions()) {
    test_that(paste("a saved run goes on bit for bit:", precision), {
        x <- some_sequences(60)
        new_run <- function() {
            labels_run(x,
                precision = precision, dropout = 0.2, batch_size = 16,
                norm = layer("batchnorm", option = c(1e-5, 0.1)),
                options = c(mask_rate = 0.15, shift = 3, most_positions = 300)
            )
        }
        unbroken <- new_run()
        engine_epoch_begin(unbroken, 0, 1L)
        advance_to(unbroken, 2)

        saved <- new_run()
        engine_epoch_begin(saved, 0, 1L)
        engine_advance(saved, 2, 0.01, 1L)
        place <- engine_place(saved)
        expect_identical(place[["position"]], 32)
        resumed <- new_run()
        blocks <- engine_blocks(saved)
        for (name in names(blocks)) {
            engine_write(resumed, name, blocks[[name]])
        }
        engine_move(resumed, place)
        expect_identical(
            all_of_run(advance_to(resumed, 2)), all_of_run(unbroken)
        )
        threaded <- new_run()
        engine_epoch_begin(threaded, 0, 3L)
        expect_identical(
            all_of_run(advance_to(threaded, 2, 3L)), all_of_run(unbroken)
        )
    })
}

test_that("ten steps agree with PyTorch", {
    gold <- golden_parts("transcripts-labels")
    x <- encode_transcripts(data.frame(id = gold$id, sequence = gold$sequence))
    plan <- labels_plan(x, weight_decay = gold$weight_decay, batch_size = 8L)
    arrays <- sequence_arrays(x)
    arrays$weight <- as.double(gold$weight)
    arrays$y <- cbind(as.double(gold$y))
    run <- engine_create(plan, "double", arrays)
    engine_write(run, "parameters", gold$parameters_start)
    engine_batch(run, gold$items[1, ])
    expect_lt(
        relative_error(engine_read(run, "gradients"), gold$gradient_start),
        1e-9
    )
    losses <- vapply(seq_len(nrow(gold$items)), function(i) {
        engine_batch(run, gold$items[i, ], learning_rate = gold$learning_rate)
    }, 0)
    expect_equal(losses, gold$losses, tolerance = 1e-8)
    expect_equal(engine_read(run, "parameters"), gold$parameters_end,
        tolerance = 1e-7
    )
    expect_equal(engine_output(run, seq_along(x$id) - 1L, 1L), gold$encoding,
        tolerance = 1e-7
    )
})

test_that("plans that do not fit are refused", {
    x <- some_sequences()
    refused <- function(pattern, plan = labels_plan(x), ...) {
        arrays <- labels_arrays(x)
        arrays[...names()] <- list(...)
        expect_error(engine_create(plan, "double", arrays), pattern)
    }
    refused("a row for each set", y = matrix(0, 29, 1))
    refused("outside of the codes", start = x$start + 0.5)
    plan <- labels_plan(x)
    plan$objective <- "nt_xent"
    refused("no loss \"nt_xent\" of their own", plan)
    plan <- labels_plan(x)
    plan$networks$head <- network_of_layers(5, list(layer("linear", 3)))
    refused("do not fit each other", plan)
    run <- labels_run(x)
    expect_error(engine_output(run, 30L, 1L), "out of range")
    arrays <- labels_arrays(x)
    arrays$y[3] <- 7
    run <- engine_create(labels_plan(x), "double", arrays)
    expect_error(engine_batch(run, 0:11), "class 7")
})
