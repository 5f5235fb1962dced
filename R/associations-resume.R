#' Go on with a training run
#'
#' Continues from the checkpoint of a run that was interrupted, or that was
#' trained to fewer epochs than planned. The result is, bit for bit, what the
#' unbroken run would have given on the same machine.
#'
#' A checkpoint holds the run's data as well (unlike a fit), so nothing else
#' is needed. Running the same `learn_associations()` again with the same
#' seed and `checkpoint` resumes, too; that is the way for fits of several
#' networks (the default), each of which has a checkpoint of its own, numbered
#' before the file's extension.
#'
#' @param fit The path of a checkpoint, or a fit whose control named one.
#' @param epochs The epoch to train up to. `NULL`: as many as were planned. A
#'   cosine schedule ends with the planned epochs and cannot go beyond them.
#' @param verbose Show progress?
#'
#' @return A fit, as from the function that began the run.
#' @section Errors: Of class `kith_error_checkpoint`: a file that is missing,
#'   damaged, from another version, or not the fit's own. Of class
#'   `kith_error_input`: more epochs than a cosine schedule has, a fit of
#'   several networks or the checkpoint of one of them.
#' @family association functions
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
resume <- function(fit, epochs = NULL, verbose = interactive()) {
    file <- if (inherits(fit, "association_fit")) {
        fit$control$checkpoint
    } else {
        check_string(fit)
    }
    if (inherits(fit, "association_fit") &&
        (length(fit$members) > 1L || !is.null(fit$combination))) {
        abort_input(c(
            "{.fn resume} goes on with one training run.",
            x = "This {.arg fit} is made of several.",
            i = "Call {.fn learn_associations} again with the same arguments,
            seed and {.arg checkpoint}: it resumes whatever is unfinished."
        ))
    }
    if (is.null(file)) {
        abort_input(c(
            "{.arg fit} was trained without a checkpoint.",
            i = "Name one with {.code train_control(checkpoint = )}."
        ))
    }
    saved <- read_checkpoint(file)
    if (inherits(fit, "association_fit") &&
        !identical(fit$members[[1L]]$job_hash, saved$job_hash)) {
        cli::cli_abort(c(
            "{.file {file}} is not the checkpoint of this {.arg fit}.",
            i = "Another run has been saved there since."
        ), class = "kith_error_checkpoint")
    }
    job <- saved$job
    if (!is_alone(job)) {
        abort_input(c(
            "{.file {file}} belongs to a larger fit.",
            x = "It holds one of the networks that the fit is made of.",
            i = "Call {.fn learn_associations} again with the same arguments,
            seed and {.arg checkpoint}: it resumes whatever is unfinished."
        ))
    }
    job$control$verbose <- check_flag(verbose)
    job$control$checkpoint <- file
    until <- check_epochs(epochs, job, saved$state)
    state <- train(job, saved$state, until)
    association_fit(list(list(job = job, state = state)))
}

# is the network of this job a fit by itself? (not one of several, not a fold's)
is_alone <- function(job) isTRUE(job$learned$alone)

check_epochs <- function(epochs, job, state, call = rlang::caller_env()) {
    planned <- job$control$epochs
    if (is.null(epochs)) {
        return(planned)
    }
    epochs <- check_count(epochs, call = call)
    if (epochs > planned && job$control$schedule == "cosine") {
        abort_input(c(
            "{.arg epochs} must not exceed the {planned} planned ones.",
            x = "The cosine schedule has come to 0 by then; it is {epochs}.",
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
