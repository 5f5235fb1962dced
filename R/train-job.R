# Jobs: plain data that says what is trained on what.
#
# A job is a list of class c("<learner>_job", "kith_job"):
#   plan, arrays   for the engine, see train-engine.R
#   n_items        of an epoch
#   control        a complete train_control()
#   measure        what validate_job() watches, see train-validation.R; NULL:
#                  nothing
#   learned        what finish_job() needs to make a fit, and no run reads
#   data_hash      named hashes of what a checkpoint stores apart, being large
#                  and the same for all jobs of a call: arrays, or "learned"
#   first          numbers that its first networks begin with: a list of blocks
#                  (see engine_read()), or NULL
#   stem           name of the call's checkpoint, without folder and extension
#   alone          is the run a fit by itself (or one of several, each with a
#                  checkpoint of its own)?
# and what the learner's own methods need. The loop knows no more of it.

# ...: what the learner's own methods need
new_job <- function(class, plan, arrays, n_items, control, measure = NULL, ...,
                    learned = NULL, data_hash = list(), alone = TRUE,
                    stem = file_stem(control$checkpoint)) {
    structure(
        list(
            plan = plan, arrays = arrays, n_items = n_items,
            control = control, measure = measure, learned = learned,
            data_hash = data_hash, alone = alone, stem = stem, ...
        ),
        class = c(class, "kith_job")
    )
}

# The value of the job's measure with the run's parameters as they are, NA where
# nothing is watched.
validate_job <- function(job, run) UseMethod("validate_job")

# What the learner says, while it trains, of how it goes; called after each
# epoch.
watch_job <- function(job, history) UseMethod("watch_job")

watch_job.kith_job <- function(job, history) invisible()

# What the learner keeps of a run that has ended, beside its state; NULL:
# nothing.
end_job <- function(job, state) UseMethod("end_job")

end_job.kith_job <- function(job, state) NULL

# The fit that ended runs make: a list of list(job, state, kept) each, in the
# order of the jobs. The first job decides how.
finish_job <- function(job, ends) UseMethod("finish_job")

# What makes two runs the same: everything but where they report to.
job_hash <- function(job) {
    job$control <- deciding_control(job$control)
    job[c("learned", "stem")] <- NULL
    job$arrays[names(job$data_hash)] <- NULL
    rlang::hash(unclass(job))
}

# the same of a call
jobs_hash <- function(jobs) {
    if (length(jobs) == 1L) {
        return(job_hash(jobs[[1L]]))
    }
    rlang::hash(lapply(jobs, job_hash))
}

deciding_control <- function(control) {
    control[c("verbose", "threads", "checkpoint")] <- NULL
    unclass(control)
}

# ---- several jobs -----------------------------------------------------------

# Runs jobs on this process, one after the other, or on workers. A list of
# list(job, state, kept), with the jobs as they were given.
run_jobs <- function(jobs, workers = BiocParallel::SerialParam()) {
    here <- methods::is(workers, "SerialParam")
    verbose <- jobs[[1L]]$control$verbose
    progress <- if (here && verbose) progress_open(jobs)
    on.exit(progress_close(progress))
    if (!here && verbose) {
        inform_kith(c(
            i = "Training {length(jobs)} network{?s} on
            {BiocParallel::bpnworkers(workers)} worker{?s}."
        ), class = "kith_message_workers")
    }
    sent <- lapply(jobs, function(job) {
        job$control <- shared_control(job$control, workers)
        job
    })
    # workers get nothing of this process but the jobs
    run_here <- function(i) {
        progress_begin(progress, i)
        run_job(sent[[i]], progress)
    }
    ends <- if (here) {
        lapply(seq_along(sent), run_here)
    } else {
        map_on(workers, sent, run_job)
    }
    # the fit keeps the control that was asked for
    Map(function(end, job) {
        end$job <- job
        end
    }, ends, jobs)
}

# returns list(job, state, kept)
run_job <- function(job, progress = NULL) {
    state <- train(job, state_for(job), progress = progress)
    list(job = job, state = state, kept = end_job(job, state))
}
