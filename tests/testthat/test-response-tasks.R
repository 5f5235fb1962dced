# The tasks of drug response (src/task/response_*.c) and their losses.

items <- 0:11
drawn_numbers <- function(n_hard = 3, n_numbers = 40) {
    withr::with_seed(7, matrix(
        sample(n_numbers, 12 * n_hard, TRUE) - 1L, 12
    ))
}
as_drawn <- function(drawn) as.integer(t(drawn))

caption_cases <- list(
    all = list(),
    number_only = list(text = "number"),
    soft = list(text = "number", options = c(sigma = 0.3)),
    as_published = list(options = c(
        n_hard = 0, equal = 0, head_weight = 0, caption_weight = 0.9,
        chain_ahead = 1, chain_back = 1, chain_mean = 0, chain_learned = 0
    )),
    no_chain = list(options = c(chain_weight = 0, head_weight = 0)),
    held_scale = list(options = c(most_scale = 5))
)

case_run <- function(case, dropout = 0, ...) {
    text <- case$text %||% "both"
    options <- all_options
    options[names(case$options)] <- case$options
    arrays <- response_task_arrays(text = text)
    # pairs of one caption
    arrays$number[2:3] <- arrays$number[1]
    arrays$drug[3] <- arrays$drug[1]
    arrays$cell[3] <- arrays$cell[1]
    list(
        run = captions_run(arrays, text, options, dropout, ...),
        arrays = arrays, options = options,
        networks = response_networks(options[["head_weight"]] > 0, text),
        drawn = if (options[["n_hard"]] > 0) drawn_numbers()
    )
}

for (name in names(caption_cases)) {
    test_that(paste("captions: loss equals plain R, gradients differences:",
        name), {
        case <- case_run(caption_cases[[name]])
        run <- case$run
        drawn <- if (!is.null(case$drawn)) as_drawn(case$drawn)
        withr::local_seed(2)
        start <- engine_read(run, "parameters")
        moved <- start + stats::rnorm(length(start), sd = 0.2)
        loss_at <- function(parameters) {
            engine_write(run, "parameters", parameters)
            engine_batch(run, items, drawn)
        }
        found <- loss_at(moved)
        gradient <- engine_read(run, "gradients")
        parts <- response_loss_r(
            run, case$arrays, case$networks, items, case$drawn, case$options
        )
        weights <- case$options[c(
            "caption_weight", "chain_weight", "head_weight"
        )]
        expect_equal(found, sum(weights * parts), tolerance = 1e-12)
        numeric <- numeric_gradient(loss_at, moved, 1e-6)
        sizes <- c(
            vapply(case$networks, n_parameters_in, 0), scale = 1,
            step = length(start) - sum(vapply(
                case$networks, n_parameters_in, 0
            )) - 1
        )
        if (case$options[["chain_learned"]] == 0) {
            # the step stays as it was drawn
            step <- utils::tail(seq_along(numeric), sizes[["step"]])
            expect_identical(gradient[step], rep(0, length(step)))
            gradient[step] <- numeric[step]
        }
        expect_lt(relative_error(gradient, numeric), 1e-6)
        # every network learns, the scale unless it is held
        own <- split(numeric, rep(factor(names(sizes), names(sizes)), sizes))
        own <- vapply(own[lengths(own) > 0], function(x) max(abs(x)), 0)
        if (name == "held_scale") {
            expect_identical(gradient[sum(sizes) - sizes[["step"]]], 0)
            own <- own[names(own) != "scale"]
        }
        expect_true(all(own > 1e-4), info = toString(own))
    })
}

test_that("pairs: loss equals plain R, gradients differences", {
    arrays <- response_task_arrays(text = "none")
    run <- pairs_run(arrays)
    networks <- response_networks(TRUE, "none")
    start <- engine_read(run, "parameters")
    loss_at <- function(parameters) {
        engine_write(run, "parameters", parameters)
        engine_batch(run, items)
    }
    found <- loss_at(start)
    gradient <- engine_read(run, "gradients")
    parts <- response_loss_r(run, arrays, networks, items)
    expect_equal(found, parts[["head"]], tolerance = 1e-13)
    expect_lt(relative_error(gradient, numeric_gradient(loss_at, start)), 1e-6)
})

test_that("texts may be sequences of tokens, filled so far", {
    arrays <- response_task_arrays(n_numbers = 24)
    set.seed(3)
    tokens <- function(n, positions, lengths) {
        x <- matrix(sample(6, n * positions, TRUE), n) + 0
        x[col(x) > lengths] <- 0
        x
    }
    arrays$drug_filled <- c(3L, 5L, 1L)
    arrays$drug_words <- tokens(3, 5, arrays$drug_filled)
    arrays$number_filled <- sample(4L, 24, TRUE)
    arrays$numbers <- tokens(24, 4, arrays$number_filled)
    encoder <- encoder_text(4, 1, 2, 2, n_tokens = 7)
    networks <- response_networks()
    networks$drug_text <- text_network(encoder, 5, 9)
    networks$number <- text_network(encoder, 4, 9)
    options <- replace(all_options, "n_hard", 2)
    options[c("near_least", "near_most")] <- c(1, 3)
    plan <- response_plan(networks, options, "response_captions", "captions")
    run <- engine_create(plan, "double", arrays)
    drawn <- as_drawn(drawn_numbers(2, 24))
    start <- engine_read(run, "parameters")
    start <- start + stats::rnorm(length(start), sd = 0.2)
    loss_at <- function(parameters) {
        engine_write(run, "parameters", parameters)
        engine_batch(run, items, drawn)
    }
    loss <- loss_at(start)
    gradient <- engine_read(run, "gradients")
    # of the chain many neighbours are alike: away from its kinks
    numeric <- numeric_gradient(loss_at, start, 1e-6)
    expect_lt(relative_error(gradient, numeric), 1e-6)
    # what lies behind the end of a text changes nothing
    padded <- arrays
    padded$drug_words[col(padded$drug_words) > arrays$drug_filled] <- 5
    padded$numbers[col(padded$numbers) > arrays$number_filled] <- 5
    run <- engine_create(plan, "double", padded)
    expect_identical(loss_at(start), loss)
    expect_error(engine_create(plan, "double", replace(
        arrays, "number_filled", list(replace(arrays$number_filled, 2, 0L))
    )), "without data")
    expect_error(engine_create(plan, "double", replace(
        arrays, "number_filled", list(replace(arrays$number_filled, 2, 5L))
    )), "out of range")
})

# ---- golden values ----------------------------------------------------------

published_options <- c(
    caption_weight = 0.9, head_weight = 0, n_hard = 0, equal = 0,
    chain_ahead = 1, chain_back = 1, chain_mean = 0, chain_learned = 0
)

golden_response_run <- function(case, gold) {
    arrays <- gold$arrays
    arrays$y <- cbind(arrays$y)
    switch(case,
        pairs = pairs_run(
            arrays[c("drugs", "cells", "drug", "cell", "y")],
            weight_decay = gold$weight_decay
        ),
        captions = captions_run(arrays, weight_decay = gold$weight_decay),
        published = captions_run(arrays,
            options = published_options, weight_decay = gold$weight_decay
        )
    )
}

for (case in c("pairs", "captions", "published")) {
    test_that(paste("ten steps agree with PyTorch:", case), {
        gold <- golden_parts(paste0("response-", case))
        run <- golden_response_run(case, gold)
        engine_write(run, "parameters", gold$parameters_start)
        drawn <- function(i) {
            if (case == "captions") as_drawn(gold$drawn[i, , ])
        }
        engine_batch(run, gold$items[1, ], drawn(1))
        expect_lt(
            relative_error(engine_read(run, "gradients"), gold$gradient_start),
            1e-9
        )
        losses <- vapply(seq_len(nrow(gold$items)), function(i) {
            engine_batch(run, gold$items[i, ], drawn(i),
                learning_rate = gold$learning_rate
            )
        }, 0)
        expect_equal(losses, gold$losses, tolerance = 1e-9)
        expect_equal(engine_read(run, "parameters"), gold$parameters_end,
            tolerance = 1e-8
        )
        expect_equal(engine_output(run, 0:23, 1L), gold$encoding,
            tolerance = 1e-7
        )
    })
}

# ---- what the tasks promise -------------------------------------------------

test_that("without captions' weight the joint task is the plain network", {
    arrays <- response_task_arrays()
    alone <- arrays[c("drugs", "cells", "drug", "cell", "y")]
    for (precision in precisions()) {
        plain <- pairs_run(alone, dropout = 0.2, precision = precision)
        joint <- captions_run(arrays,
            options = c(
                caption_weight = 0, chain_weight = 0, head_weight = 1
            ),
            dropout = 0.2, precision = precision
        )
        n <- length(engine_read(plain, "parameters"))
        expect_identical(
            engine_read(joint, "parameters")[seq_len(n)],
            engine_read(plain, "parameters")
        )
        for (run in c(plain, joint)) {
            step_through(run, 12L, 0.01, 1L)
        }
        expect_identical(
            engine_read(joint, "parameters")[seq_len(n)],
            engine_read(plain, "parameters")
        )
    }
})

test_that("threads change nothing in a large batch", {
    arrays <- response_task_arrays(300)
    for (precision in precisions()) {
        ends <- lapply(c(1L, 3L), function(threads) {
            run <- captions_run(arrays,
                batch_size = 256, precision = precision
            )
            for (i in 1:2) {
                engine_batch(run, 0:255, NULL, 0.01, threads)
            }
            all_of_run(run)
        })
        expect_identical(ends[[2]], ends[[1]])
    }
})

test_that("the order of a batch and its doubles change nothing", {
    # every drug and cell of a batch runs once, whoever comes first
    arrays <- response_task_arrays()
    run <- captions_run(arrays, options = c(n_hard = 0))
    loss <- engine_batch(run, 0:11)
    gradient <- engine_read(run, "gradients")
    expect_equal(engine_batch(run, 11:0), loss, tolerance = 1e-13)
    expect_equal(engine_read(run, "gradients"), gradient, tolerance = 1e-11)
})

test_that("further captions have other numbers, half of them near", {
    # with one caption of distance, hits of each row tell which were drawn;
    # here by the only thing that changes with them: the numbers' gradient
    n_numbers <- 1000
    arrays <- response_task_arrays(n = 12, n_numbers = n_numbers)
    arrays$numbers <- diag(n_numbers)
    arrays$number <- as.integer(c(0, 5, 25, 99, 100, 101, 500, 899, 900, 950,
        998, 999))
    networks <- response_networks(FALSE)
    networks$number <- network_of_layers(n_numbers, list(layer("linear", 9)))
    options <- all_options
    options[c("n_hard", "near_least", "near_most", "head_weight",
        "chain_weight")] <- c(8, 20, 100, 0, 0)
    plan <- response_plan(networks, options, "response_captions", "captions")
    sizes <- vapply(networks, n_parameters_in, 0)
    first <- sum(sizes[seq_len(match("number", names(networks)) - 1)])
    drawn <- matrix(0, 12, n_numbers)
    for (item in 0:11) {
        one <- engine_create(plan, "double", arrays)
        for (step in 1:40) {
            engine_batch(one, item, learning_rate = 0)
            weights <- matrix(
                engine_read(one, "gradients")[first + seq_len(9 * n_numbers)],
                9, n_numbers, byrow = TRUE
            )
            used <- colSums(abs(weights)) > 0
            drawn[item + 1, ] <- drawn[item + 1, ] + used
        }
    }
    for (i in 1:12) {
        k <- arrays$number[i]
        apart <- abs(seq_len(n_numbers) - 1 - k)
        expect_true(all(drawn[i, apart == 0] == 40))
        expect_true(all(drawn[i, apart > 0 & apart < 20] == 0))
        near <- sum(drawn[i, apart >= 20 & apart <= 100])
        far <- sum(drawn[i, apart > 100])
        # 160 each, but for numbers that were drawn twice at a step
        expect_true(near > 145 && near <= 160)
        expect_true(far > 145 && far <= 160)
    }
})

test_that("plans that do not fit are refused", {
    arrays <- response_task_arrays()
    refused <- function(regexp, options = numeric(), change = identity) {
        expect_error(captions_run(change(arrays), options = options), regexp,
            class = "kith_error"
        )
    }
    refused("none are 2 to 20 away", c(near_most = 20))
    refused("row for each pair", change = function(a) {
        a$y <- a$y[-1, , drop = FALSE]
        a
    })
    refused("out of range", change = function(a) {
        a$number[4] <- 40L
        a
    })
    refused("out of range", change = function(a) {
        a$drug_text[4] <- 3L
        a
    })
    run <- captions_run(arrays)
    expect_error(engine_batch(run, 0:11, 1:5), "3 numbers of each pair")
    expect_error(engine_output(run, 30L, 1L), "out of range")
})

for (precision in precisions()) {
    for (task in c("pairs", "captions")) {
        test_that(paste("a saved run goes on bit for bit:", task, precision), {
            new_run <- function() {
                if (task == "captions") {
                    captions_run(response_task_arrays(50),
                        dropout = 0.2, precision = precision
                    )
                } else {
                    pairs_run(response_task_arrays(50, text = "none"),
                        dropout = 0.2, precision = precision
                    )
                }
            }
            expect_resumed(new_run)
        })
    }
}
