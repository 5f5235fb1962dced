# The C engine's entries for training runs, and nothing else (those for networks
# are in networks.R).
#
# A plan is what the engine needs to know: list(task, objective, networks (by
# role, as resolve_network() gives them), groups, options (named numbers),
# optimizer, batch_size, key). Its arrays are matrices or integer vectors by
# name.

# A run of the plan with its arrays loaded, at its first parameters.
engine_create <- function(plan, precision, arrays) {
    shapes <- lapply(arrays, function(x) as.double(c(NROW(x), NCOL(x))))
    run <- .Call(C_run_create, plan, precision, shapes)
    for (name in names(arrays)) load_array(arrays[[name]], run, name)
    .Call(C_run_start, run)
    run
}

# Arrays that are not in memory as a matrix come in blocks of rows.
load_array <- function(array, run, name) UseMethod("load_array")

load_array.default <- function(array, run, name) {
    .Call(C_run_load, run, name, array)
}

# one group of all networks, as the control wants it
engine_groups <- function(networks, control) {
    list(
        n_networks = length(networks), rate = 1,
        decay = as.double(control$weight_decay),
        clip = as.double(control$clip_norm),
        by_block = clips_blocks(control), frozen = FALSE
    )
}

# is each block of parameters clipped by itself?
clips_blocks <- function(control) identical(control$clip_by, "block")

# "parameters", "moment_1", "moment_2", "state" (numbers that are not learned),
# or "gradients"
engine_read <- function(run, block) .Call(C_block_read, run, block)

# Replaces the first numbers of blocks, those of the first networks.
engine_write_first <- function(run, blocks) {
    for (name in names(blocks)) {
        values <- engine_read(run, name)
        values[seq_along(blocks[[name]])] <- blocks[[name]]
        engine_write(run, name, values)
    }
}

engine_write <- function(run, block, values) {
    .Call(C_block_write, run, block, values)
}

# what a checkpoint keeps of a run
engine_blocks <- function(run) {
    names <- c("parameters", "moment_1", "moment_2", "state")
    lapply(stats::setNames(names, names), engine_read, run = run)
}

# the part of a place that is the same for all tasks
place_names <- c("epoch", "position", "n_steps", "n_batches", "loss_sum")

# where the run stands: epoch, position, n_steps, n_batches, loss_sum and the
# sums of the task's metrics
engine_place <- function(run) {
    at <- .Call(C_progress_read, run)
    at[names(at) != "done"]
}

engine_move <- function(run, at) .Call(C_progress_write, run, unname(at))

engine_epoch_begin <- function(run, epoch, threads) {
    .Call(C_epoch_begin, run, as.double(epoch), threads)
}

# at most n_steps batches; the place then, and `done`: is the epoch over?
engine_advance <- function(run, n_steps, learning_rate, threads) {
    .Call(C_epoch_advance, run, as.double(n_steps), learning_rate, threads)
}

engine_order <- function(run, epoch) {
    .Call(C_epoch_order, run, as.double(epoch))
}

# the task's view of rows (from 0) of its data, a row for each
engine_output <- function(run, rows, threads) {
    t(.Call(C_run_output, run, as.integer(rows), threads))
}

# For tests: the loss of a batch of items (from 0); its gradients stay in the
# run. With a learning rate the step is made, too. drawn: what the task would
# draw at random.
engine_batch <- function(run, items, drawn = NULL, learning_rate = NULL,
                         threads = 1L) {
    .Call(C_batch, run, items, drawn, learning_rate, threads)
}
