# What the tests of the engine share: features of the build, numeric gradients,
# runs step by step. The engine's entries have names in R/train-engine.R.

build_features <- function() .Call(kith:::C_build_features)

precisions <- function() {
    if (build_features()$single) c("single", "double") else "double"
}

initial_parameters <- function(network, seed = 1L) {
    network_initialise(network, "double", draw_key(seed))$parameters
}

# central differences of a function of a vector
numeric_gradient <- function(f, at, step = 1e-5) {
    vapply(seq_along(at), function(i) {
        up <- down <- at
        up[i] <- up[i] + step
        down[i] <- down[i] - step
        (f(up) - f(down)) / (2 * step)
    }, numeric(1))
}

# a control without gaps
published_control <- function(...) {
    complete_control(train_control(...), association_presets$cal2026)
}

# the largest difference relative to the size of the gradient
relative_error <- function(found, expected) {
    max(abs(found - expected)) / max(abs(expected))
}

`%||%` <- rlang::`%||%`

# doubles as the nearest numbers of single precision
round_to_single <- function(x) {
    raw <- writeBin(x, raw(), size = 4L)
    readBin(raw, "double", n = length(x), size = 4L)
}

# All batches of an epoch one by one, each on that many threads: an epoch in
# one piece takes no more threads than pay off.
step_through <- function(run, batch_size, rate, threads, epoch = 0) {
    engine_epoch_begin(run, epoch, threads)
    items <- engine_order(run, epoch)
    batch <- (seq_along(items) - 1L) %/% batch_size
    for (chosen in split(items, batch)) {
        engine_batch(run, chosen, NULL, rate, threads)
    }
}

# gradients of which each block, of these sizes, is clipped by itself
clip_blocks_r <- function(gradient, sizes, clip) {
    stopifnot(length(gradient) == sum(sizes))
    block <- rep(seq_along(sizes), sizes)
    norm <- sqrt(as.vector(tapply(gradient^2, block, sum)))
    gradient * pmin(1, clip / (norm + 1e-6))[block]
}

# epochs of a run, step by step, from a place on
advance_to <- function(run, epochs, threads = 1L) {
    while (engine_place(run)[["epoch"]] < epochs) {
        while (engine_advance(run, 1, 0.01, threads)[["done"]] == 0) next
        engine_epoch_begin(run, engine_place(run)[["epoch"]] + 1, threads)
    }
    run
}

# what a run that is saved and resumed must have again
all_of_run <- function(run) list(engine_blocks(run), engine_place(run))

# Trains a job for `epochs` epochs and some steps of the next, and saves it
# there, as a time limit would.
save_within_epoch <- function(job, epochs, n_steps) {
    loop <- new.env()
    loop$state <- state_new()
    loop$run <- run_new(job, loop$state)
    loop$state$at <- engine_place(loop$run)
    loop$files <- checkpoint_open(job)
    for (epoch in seq_len(epochs)) train_epoch(loop, job, NULL)
    engine_epoch_begin(loop$run, epochs, 1L)
    engine_advance(
        loop$run, n_steps, learning_rate_at(job$control, epochs), 1L
    )
    loop$state$begun <- TRUE
    loop$state$at <- engine_place(loop$run)
    save_state(loop, job)
}

# another value for a name of the package until the caller ends
local_replaced <- function(name, value, env = parent.frame()) {
    kept <- get(name, asNamespace("kith"))
    utils::assignInNamespace(name, value, "kith")
    withr::defer(utils::assignInNamespace(name, kept, "kith"), env)
}

# A run of new_run() that is saved within its second epoch goes on bit for bit
# in another one, and three threads give what one does. A batch holds 12 items.
expect_resumed <- function(new_run) {
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
    for (name in names(blocks)) {
        engine_write(resumed, name, blocks[[name]])
    }
    engine_move(resumed, place)
    expect_identical(all_of_run(advance_to(resumed, 3)), all_of_run(unbroken))
    threaded <- new_run()
    engine_epoch_begin(threaded, 0, 3L)
    expect_identical(
        all_of_run(advance_to(threaded, 3, 3L)), all_of_run(unbroken)
    )
}
