# Checkpoints: RDS files under a hash that finds damage. That of a run holds a
# job, its state, and what the learner needs to make a fit of it; a study keeps
# the results of its finished arms likewise (R/study-design.R).

checkpoint_schema <- 2L

# seconds between two checkpoints of a run that goes well
checkpoint_seconds <- 30

# what makes two runs the same: everything but where they report to
job_hash <- function(job) {
    job$control <- deciding_control(job$control)
    rlang::hash(job)
}

deciding_control <- function(control) {
    control[c("verbose", "threads", "checkpoint")] <- NULL
    unclass(control)
}

save_checkpoint <- function(run, job) {
    file <- job$control$checkpoint
    if (is.null(file)) {
        return(invisible())
    }
    write_checkpoint(
        list(job = job, state = run$state, job_hash = job_hash(job)), file
    )
    run$saved <- proc.time()[["elapsed"]]
    invisible(file)
}

write_checkpoint <- function(content, file) {
    whole <- list(
        kind = "kith_checkpoint", schema = checkpoint_schema,
        version = kith_version(), hash = rlang::hash(content),
        content = content
    )
    # written beside the old one and then moved, so that one of them is whole
    part <- tempfile("checkpoint", tmpdir = dirname(file))
    on.exit(unlink(part))
    saveRDS(whole, part, compress = FALSE)
    if (!file.rename(part, file)) {
        cli::cli_abort("The checkpoint {.file {file}} could not be written.",
            class = "kith_error_checkpoint"
        )
    }
}

save_if_due <- function(run, job) {
    due <- proc.time()[["elapsed"]] - run$saved >= checkpoint_seconds
    if (due && !is.null(job$control$checkpoint)) {
        run$state$blocks <- engine_blocks(run$trainer)
        save_checkpoint(run, job)
    }
}

# the last thing an unfinished run does
interrupted <- function(run, job) {
    file <- job$control$checkpoint
    if (is.null(file)) {
        return(invisible())
    }
    run$state$blocks <- engine_blocks(run$trainer)
    save_checkpoint(run, job)
    cli::cli_inform(c(
        "!" = "Training stopped in epoch {run$state$at[['epoch']] + 1}.",
        i = if (is_alone(job)) {
            "Go on with {.code resume(\"{file}\")}."
        } else {
            "Go on with the same call and seed: it resumes what is unfinished."
        }
    ), class = "kith_message_interrupted")
}

read_checkpoint <- function(file, call = rlang::caller_env()) {
    abort_checkpoint <- function(what) {
        cli::cli_abort(c(
            "{.file {file}} is not a checkpoint that can be resumed.",
            x = what,
            i = "Delete it and train again."
        ), class = "kith_error_checkpoint", call = call)
    }
    if (!file.exists(file)) {
        cli::cli_abort("There is no checkpoint {.file {file}}.",
            class = "kith_error_checkpoint", call = call
        )
    }
    whole <- tryCatch(suppressed_read(file), error = function(error) NULL)
    if (is.null(whole)) {
        abort_checkpoint("It cannot be read: it is damaged or incomplete.")
    }
    if (!is.list(whole) || !identical(whole$kind, "kith_checkpoint")) {
        abort_checkpoint("It holds something else.")
    }
    if (!identical(whole$schema, checkpoint_schema)) {
        abort_checkpoint(
            "It was written by another version of kith ({whole$version})."
        )
    }
    if (!identical(whole$hash, rlang::hash(whole$content))) {
        abort_checkpoint("Its content does not match its hash: it is damaged.")
    }
    whole$content
}

# readRDS() warns before it fails; the error alone is enough
suppressed_read <- function(file) {
    withCallingHandlers(readRDS(file), warning = function(warning) {
        invokeRestart("muffleWarning")
    })
}

# The state to begin with: a fresh one, or that of a checkpoint of the same
# run. A checkpoint of another run is never overwritten.
state_for <- function(job, call = rlang::caller_env(2)) {
    file <- job$control$checkpoint
    if (is.null(file) || !file.exists(file)) {
        return(state_new())
    }
    found <- read_checkpoint(file, call = call)
    if (!identical(found$job_hash, job_hash(job))) {
        cli::cli_abort(c(
            "{.arg checkpoint} names the checkpoint of another run.",
            x = "{.file {file}} differs in data, settings or seed.",
            i = "Name another file, or delete this one."
        ), class = "kith_error_checkpoint", call = call)
    }
    cli::cli_inform(c(
        i = "Resuming after {nrow(found$state$history) %||% 0} epoch{?s} from
        {.file {file}}."
    ), class = "kith_message_resumed")
    found$state
}
