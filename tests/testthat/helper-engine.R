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
    complete_control(train_control(...), "cal2026")
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

# another value for a name of the package until the caller ends
local_replaced <- function(name, value, env = parent.frame()) {
    kept <- get(name, asNamespace("kith"))
    utils::assignInNamespace(name, value, "kith")
    withr::defer(utils::assignInNamespace(name, kept, "kith"), env)
}
