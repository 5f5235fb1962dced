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
    options <- caption_options
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
