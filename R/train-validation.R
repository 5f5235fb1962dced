# What a run watches: a measure with a name and a direction
# (compare-measure.R).

validation_column <- function(measure) paste0("validation_", measure$name)

# the values of all epochs so far
watched_values <- function(history, measure) {
    if (!is.null(measure)) history[[validation_column(measure)]]
}

# The best epoch so far, where early stopping asks for it: list(epoch, value,
# parameters, state), or NULL. value: NULL where nothing is watched.
keep_best <- function(best, job, run, epoch, value) {
    if (is.null(job$control$patience) || is.null(value) ||
        !is_better(job$measure, value, best$value)) {
        return(best)
    }
    list(
        epoch = epoch, value = value,
        parameters = engine_read(run, "parameters"),
        state = engine_read(run, "state")
    )
}

# early stopping: has the measure not improved for `patience` epochs?
is_stopped <- function(state, job) {
    !is.null(state$best) &&
        state$at[["epoch"]] - state$best$epoch >= job$control$patience
}

# The mean loss of n watched items in whole batches, by a run of their own on
# `arrays` with the parameters of `run`; draws are the same each time.
watched_loss <- function(job, run, arrays, n) {
    plan <- job$plan
    plan$batch_size <- min(plan$batch_size, n)
    twin <- engine_create(plan, job$control$precision, arrays)
    for (block in c("parameters", "state")) {
        engine_write(twin, block, engine_read(run, block))
    }
    starts <- seq(0, n - plan$batch_size, by = plan$batch_size)
    mean(vapply(starts, function(first) {
        items <- as.integer(first + seq_len(plan$batch_size) - 1L)
        engine_batch(twin, items, threads = job$control$threads)
    }, numeric(1)))
}
