#' Go on with a training run
#'
#' Continues from the checkpoint of a call that was interrupted, or that was
#' trained to fewer epochs than planned. The result is, bit for bit, what the
#' unbroken call would have given on the same machine.
#'
#' With `train_control(checkpoint = "run.rds")` a call writes
#'
#' * `run.rds`, the state of its network or, where it trains several (the
#'   default of [learn_associations()]), which networks it trains;
#' * `run-1.rds`, `run-2.rds` ..., the state of each of several networks;
#' * `run-data-<hash>.kith`, its data, written once.
#'
#' States are written every half minute, also within an epoch, when a run is
#' interrupted and when it ends. The files stay when the call has ended, so
#' that `resume(fit, epochs = )` can train on; delete them when the fit is
#' saved. A file is written beside the old one, brought to the disk and then
#' moved there: a process that is killed loses half a minute and leaves at most
#' one file, `<name>.part`, which the next save writes over.
#'
#' The files hold the call's data (unlike a fit), so nothing else is needed;
#' move them together. Data that lie on disk (a `DelayedMatrix` of an HDF5 file)
#' stay there: the files hold its path, and it must not change. The same call
#' with the same seed and `checkpoint` goes on as well, and then `BPPARAM`
#' trains on workers.
#'
#' A checkpoint is R data, and reading R data from somebody else can run their
#' code: resume only what you or people you trust have written. Checksums find
#' damage, not intent.
#'
#' @param fit The path of a checkpoint, or a fit whose control named one.
#' @param epochs The epoch to train up to. `NULL`: as many as were planned. The
#'   schedules "cosine" and "inverse_sqrt" end with the planned epochs and
#'   cannot go beyond them; a call of several networks cannot be trained on.
#' @param verbose Show progress?
#' @param ... Not used.
#'
#' @return A fit, as from the function that began the run.
#' @section Errors: Of class `kith_error_checkpoint`: a file that is missing,
#'   damaged, of another format, or not the fit's own. Of class
#'   `kith_error_input`: more epochs than such a schedule has, `epochs` for
#'   several networks, the file of one of them.
#' @family building blocks
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' file <- tempfile(fileext = ".rds")
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32), preset = "cal2026",
#'     control = train_control(
#'         epochs = 2, schedule = "constant", batch_size = 64, threads = 1,
#'         checkpoint = file
#'     )
#' )
#' resume(file, epochs = 4)
#' @export
resume <- function(fit, ...) UseMethod("resume")

#' @method resume default
#' @export
resume.default <- function(fit, ...) {
    abort_input(c(
        "{.arg fit} must be a fit or the path of a checkpoint.",
        x = "It is {describe_value(fit)}."
    ))
}

#' @rdname resume
#' @method resume kith_fit
#' @export
resume.kith_fit <- function(fit, epochs = NULL, verbose = interactive(),
                            ...) {
    file <- fit$control$checkpoint
    if (is.null(file)) {
        abort_input(c(
            "{.arg fit} was trained without a checkpoint.",
            i = "Name one with {.code train_control(checkpoint = )}."
        ))
    }
    saved <- read_checkpoint(file)
    if (!identical(fit$call_hash, saved$job_hash)) {
        abort_checkpoint(c(
            "{.file {file}} is not the checkpoint of this {.arg fit}.",
            i = "Another run has been saved there since."
        ), rlang::current_env())
    }
    resume_saved(saved, file, epochs, verbose)
}

#' @rdname resume
#' @method resume character
#' @export
resume.character <- function(fit, epochs = NULL, verbose = interactive(),
                             ...) {
    check_string(fit)
    if (!file.exists(fit) && file.exists(numbered_file(fit, 1L))) {
        numbered <- numbered_file(fit, 1L)
        abort_checkpoint(c(
            "There is no checkpoint {.file {fit}}.",
            x = "There are those of its networks, {.file {numbered}} and so
            on.",
            i = "Make the call that began them again, with the same arguments,
            seed and {.arg checkpoint}: it resumes what is unfinished."
        ), rlang::current_env())
    }
    resume_saved(
        read_checkpoint(fit), normalizePath(fit), epochs, verbose
    )
}

# saved: the content of a file
resume_saved <- function(saved, file, epochs, verbose,
                         call = rlang::caller_env()) {
    check_flag(verbose, call = call)
    if (identical(saved$kind, "jobs")) {
        resume_jobs(saved, file, epochs, verbose, call)
    } else if (identical(saved$kind, "run")) {
        resume_run(saved, file, epochs, verbose, call)
    } else {
        abort_checkpoint(c(
            "{.file {file}} is not a checkpoint of training.",
            i = "Files of a study are read by making the study again."
        ), call)
    }
}

# all networks of a call, each from where it stands
resume_jobs <- function(saved, file, epochs, verbose, call) {
    if (!is.null(epochs)) {
        abort_input(c(
            "{.arg epochs} cannot be set for a fit of several networks.",
            x = "{.file {file}} trains {length(saved$jobs)}.",
            i = "Leave it {.code NULL}: each is trained as planned."
        ), call = call)
    }
    jobs <- lapply(seq_along(saved$jobs), function(i) {
        job <- restore_data(saved$jobs[[i]], dirname(file), call)
        job$control$verbose <- verbose
        job$control$checkpoint <- numbered_file(file, i)
        job$stem <- file_stem(file)
        job
    })
    finish_job(jobs[[1L]], run_jobs(jobs))
}

resume_run <- function(saved, file, epochs, verbose, call) {
    if (!saved$job$alone) {
        whole <- call_file(saved$job)
        abort_input(c(
            "{.file {file}} holds one of several networks of a fit.",
            i = "Go on with all of them: {.code resume(\"{whole}\")}."
        ), call = call)
    }
    job <- restore_data(saved$job, dirname(file), call)
    job$control$verbose <- verbose
    job$control$checkpoint <- file
    check_state(saved$state, job, file, call)
    until <- check_epochs(epochs, job, saved$state, call)
    progress <- if (verbose) progress_open(list(job), until)
    on.exit(progress_close(progress))
    progress_begin(progress, 1L)
    state <- saved$state
    state$finished <- FALSE
    state <- train(job, state, until, progress)
    finish_job(job, list(list(job = job, state = state)))
}

check_epochs <- function(epochs, job, state, call = rlang::caller_env()) {
    planned <- job$control$epochs
    if (is.null(epochs)) {
        return(planned)
    }
    epochs <- check_count(epochs, call = call)
    schedule <- job$control$schedule
    if (epochs > planned && schedule %in% c("cosine", "inverse_sqrt")) {
        abort_input(c(
            "{.arg epochs} must not exceed the {planned} planned ones.",
            x = "The {schedule} schedule has come to its end by then; it is
            {epochs}.",
            i = "Plan more epochs, or train with {.code schedule =
            \"constant\"}."
        ), call = call)
    }
    done <- state$at[["epoch"]]
    if (epochs < done) {
        abort_input(c(
            "{.arg epochs} must be at least the {done} that are done.",
            x = "It is {epochs}."
        ), call = call)
    }
    epochs
}
