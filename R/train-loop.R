# The training loop, for every learner. The numerics run in C; here one call
# makes a fifth of a second's worth of batches, so that Ctrl-C, the progress
# bar, validation and checkpoints all live in R.
#
# A job (train-job.R) says what is trained on what; a state is plain data that
# says how far it got: list(blocks (numbers of the engine), at (place in the
# epoch), begun (is at inside an epoch?), history, best (see keep_best()),
# finished). Both together are a checkpoint.

state_new <- function() {
    list(
        blocks = NULL, at = NULL, begun = FALSE, history = NULL, best = NULL,
        finished = FALSE
    )
}

# A run of the engine that stands where the state says.
run_new <- function(job, state) {
    run <- engine_create(job$plan, job$control$precision, job$arrays)
    engine_write_first(run, job$first)
    if (!is.null(state$blocks)) {
        for (name in names(state$blocks)) {
            engine_write(run, name, state$blocks[[name]])
        }
        engine_move(run, state$at)
    }
    run
}

# Trains a job from a state to an epoch and returns the state then. What stops
# the loop early (Ctrl-C, a time limit) leaves a checkpoint; not so a step that
# failed, which would only fail again.
train <- function(job, state = state_new(), until = job$control$epochs,
                  progress = NULL) {
    loop <- new.env(parent = emptyenv())
    loop$run <- run_new(job, state)
    loop$state <- state
    loop$state$at <- engine_place(loop$run)
    loop$files <- checkpoint_open(job)
    loop$failed <- FALSE
    progress_start(progress, job, loop$state)
    on.exit(if (!loop$state$finished && !loop$failed) interrupted(loop, job))
    while (loop$state$at[["epoch"]] < until && !is_stopped(loop$state, job)) {
        train_epoch(loop, job, progress)
    }
    loop$state$finished <- TRUE
    save_state(loop, job)
    progress_end(progress, job, loop$state)
    loop$state$blocks <- engine_blocks(loop$run)
    loop$state
}

train_epoch <- function(loop, job, progress) {
    control <- job$control
    epoch <- loop$state$at[["epoch"]]
    if (!loop$state$begun) {
        engine_epoch_begin(loop$run, epoch, control$threads)
        loop$state$at <- engine_place(loop$run)
        loop$state$begun <- TRUE
    }
    rate <- learning_rate_at(
        control, epoch, watched_values(loop$state$history, job$measure),
        job$measure
    )
    n_steps <- 1
    repeat {
        start <- proc.time()[["elapsed"]]
        at <- withCallingHandlers(
            engine_advance(loop$run, n_steps, rate, control$threads),
            kith_error_loss = function(error) loop$failed <- TRUE
        )
        loop$state$at <- at[names(loop$state$at)]
        seconds <- proc.time()[["elapsed"]] - start
        progress_step(progress, loop$state, job)
        check_halt()
        if (at[["done"]] == 1) break
        save_if_due(loop, job)
        # aim at a fifth of a second between two looks for Ctrl-C
        n_steps <- max(1, floor(n_steps * min(4, 0.2 / max(seconds, 1e-3))))
    }
    end_epoch(loop, job, rate)
    save_if_due(loop, job)
}

# Adds a row to the history and moves to the start of the next epoch.
end_epoch <- function(loop, job, rate) {
    at <- loop$state$at
    value <- if (!is.null(job$measure)) validate_job(job, loop$run)
    epoch <- as.integer(at[["epoch"]]) + 1L
    metrics <- at[setdiff(names(at), place_names)]
    row <- c(
        list(epoch = epoch, loss = at[["loss_sum"]] / at[["n_batches"]]),
        as.list(metrics / at[["position"]]), list(learning_rate = rate)
    )
    if (!is.null(value)) row[[validation_column(job$measure)]] <- value
    state <- loop$state
    state$history <- rbind(state$history, as.data.frame(row))
    state$best <- keep_best(state$best, job, loop$run, epoch, value)
    state$at[] <- 0
    state$at[["epoch"]] <- epoch
    state$at[["n_steps"]] <- at[["n_steps"]]
    state$begun <- FALSE
    # at once, as Ctrl-C may come between two lines
    loop$state <- state
    engine_move(loop$run, state$at)
    watch_job(job, state$history)
}

# the numbers that a fit is made of, parameters and state: those of the best
# epoch, or the last
final_numbers <- function(state) state$best %||% state$blocks
