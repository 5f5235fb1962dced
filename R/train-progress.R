# The progress bar of a call: one for all its networks, so that the time left is
# that of the call.

# jobs: in the order in which they will run. The work of a job is its items
# times its epochs. untils: the epochs to train to.
progress_open <- function(jobs, untils = NULL) {
    if (is.null(untils)) {
        untils <- vapply(jobs, function(job) as.double(job$control$epochs), 0)
    }
    items <- vapply(jobs, function(job) as.double(job$n_items), 0)
    progress <- new.env(parent = emptyenv())
    progress$until <- untils
    progress$work <- items * untils
    progress$i <- 0L
    # work that was done by an earlier call, which says nothing of the time
    progress$skipped <- 0
    progress$began <- proc.time()[["elapsed"]]
    progress$text <- ""
    progress$id <- cli::cli_progress_bar(
        format = paste(
            "Training {cli::pb_bar} {cli::pb_percent} |",
            "{cli::pb_extra$progress$text}"
        ),
        total = sum(progress$work), extra = list(progress = progress),
        .auto_close = FALSE, .envir = rlang::caller_env()
    )
    progress
}

progress_close <- function(progress) {
    if (!is.null(progress)) cli::cli_progress_done(id = progress$id)
}

# job number i begins
progress_begin <- function(progress, i) {
    if (!is.null(progress)) progress$i <- i
}

# state: where the job begins
progress_start <- function(progress, job, state) {
    if (!is.null(progress)) {
        progress$skipped <- progress$skipped + work_done(state, job)
    }
}

# items that a state has been trained on, over all epochs
work_done <- function(state, job) {
    at <- state$at
    if (is.null(at)) 0 else at[["epoch"]] * job$n_items + at[["position"]]
}

progress_step <- function(progress, state, job) {
    if (is.null(progress)) {
        return(invisible())
    }
    before <- sum(progress$work[seq_len(progress$i - 1L)])
    done <- before + work_done(state, job)
    progress$text <- progress_text(progress, state, job, done)
    cli::cli_progress_update(set = done, id = progress$id)
}

# a job that ends early has done all of its work
progress_end <- function(progress, job, state) {
    if (!is.null(progress)) {
        left <- progress$work[progress$i] - work_done(state, job)
        progress$skipped <- progress$skipped + max(0, left)
    }
}

# which network of how many, epoch, loss, what is watched, the time left
progress_text <- function(progress, state, job, done) {
    at <- state$at
    n <- length(progress$work)
    watched <- if (!is.null(job$measure)) {
        utils::tail(state$history[[validation_column(job$measure)]], 1L)
    }
    paste0(
        if (n > 1L) sprintf("network %d of %d, ", progress$i, n),
        sprintf(
            "epoch %d, loss %.3f", as.integer(at[["epoch"]]) + 1L,
            at[["loss_sum"]] / max(1, at[["n_batches"]])
        ),
        if (length(watched) == 1L && !is.na(watched)) {
            sprintf(", validation %s %.3f", job$measure$label, watched)
        },
        time_left(progress, done)
    )
}

# of the whole call, by what its own work has taken so far
time_left <- function(progress, done) {
    seconds <- proc.time()[["elapsed"]] - progress$began
    worked <- done - progress$skipped
    if (worked <= 0 || seconds < 1) {
        return("")
    }
    left <- seconds / worked * (sum(progress$work) - done)
    paste0(" | ", describe_seconds(left), " left")
}

describe_seconds <- function(seconds) {
    seconds <- round(seconds)
    if (seconds < 60) {
        sprintf("%ds", as.integer(seconds))
    } else if (seconds < 3600) {
        sprintf("%dm %02ds", as.integer(seconds %/% 60),
            as.integer(seconds %% 60)
        )
    } else {
        sprintf("%dh %02dm", as.integer(seconds %/% 3600),
            as.integer(seconds %% 3600 %/% 60)
        )
    }
}
