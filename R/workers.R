#' Workers of one machine or of a cluster
#'
#' [learn_associations()] and the studies train several networks that share
#' nothing. `BPPARAM` says where: one after the other in this process
#' (`SerialParam()`, the default), on workers of this machine, or as jobs of a
#' cluster. Every network has a stream of random numbers of its own, so
#' the numbers are the same wherever they are trained.
#'
#' Workers of one machine share the `threads` of [train_control()]: with
#' `threads = 4` and two workers each takes two. A job of a cluster takes all
#' of them, so ask the cluster for as many processors. A BLAS with threads of
#' its own (OpenBLAS) is held to one thread for each thread of kith's. kith
#' must be installed where the workers run. One network is rarely faster on
#' two workers than on the threads of one process: workers pay for several
#' networks on many processors. Workers that are forked, those of
#' `MulticoreParam()`, take one thread each.
#'
#' Ctrl-C stops the workers of this machine too, within a few seconds; jobs
#' of a cluster go on until the cluster ends them. Workers that were started
#' with `bpstart()` must then be stopped and started again. Where a worker is
#' lost, for want of memory for instance, the call ends with an error of class
#' `kith_error_worker`.
#'
#' Threads wait for each other by spinning, which is fast as long as each has a
#' processor for itself. Where other work keeps the processors busy, two
#' threads may be many times slower than one. Training measures this as it goes
#' and then uses fewer; scoring and evaluation do not. On a crowded machine give
#' `threads = 1`, or set the environment variable `OMP_WAIT_POLICY=passive`
#' before R starts.
#'
#' ```
#' # workers of this machine
#' fit <- learn_associations(x, pairs,
#'     BPPARAM = BiocParallel::SnowParam(2)
#' )
#'
#' # a cluster with Slurm: six jobs of eight processors, in a folder that all
#' # nodes can read
#' jobs <- BiocParallel::BatchtoolsParam(
#'     workers = 6, cluster = "slurm",
#'     template = system.file("templates", "slurm.tmpl", package = "kith"),
#'     resources = list(walltime = 7200, memory = 8000, ncpus = 8),
#'     registryargs = BiocParallel::batchtoolsRegistryargs(
#'         file.dir = "~/kith-jobs", work.dir = getwd()
#'     )
#' )
#' fit <- learn_associations(x, pairs,
#'     control = train_control(threads = 8), BPPARAM = jobs
#' )
#' ```
#'
#' The template needs the three `resources` of the example and takes
#' `partition`. It is a text file: copy it and add what your cluster wants, for
#' instance `module load R`. With a `checkpoint` on a shared disk a job that
#' the cluster ended goes on where it stopped when the same call is made again.
#'
#' @name kith-workers
#' @family building blocks
NULL

# How many of the workers run on one machine and share its processors.
workers_of_machine <- function(workers) {
    if (methods::is(workers, "BatchtoolsParam") &&
        !workers$cluster %in% c("socket", "multicore", "interactive")) {
        return(1L)
    }
    hosts <- BiocParallel::bpworkers(workers)
    if (is.character(hosts)) {
        return(max(table(hosts)))
    }
    max(1L, as.integer(BiocParallel::bpnworkers(workers)))
}

# f of each item, on this process or on workers
map_on <- function(workers, items, f, call = rlang::caller_env()) {
    # as they are, so that Ctrl-C and errors come through unchanged
    if (methods::is(workers, "SerialParam")) {
        return(lapply(items, f))
    }
    # bplapply() would fork workers that outlive a call that is stopped, and
    # whose answers the next call would take for its own; a copy, as they may
    # fail to stop
    forked <- methods::is(workers, "MulticoreParam") &&
        !BiocParallel::bpisup(workers)
    if (forked) {
        workers <- BiocParallel::bpstart(workers$copy())
        on.exit(try(BiocParallel::bpstop(workers), silent = TRUE))
    }
    # what ends the call here ends what still runs on workers of this machine
    halt <- tempfile("kith-halt-")
    stop_workers <- function(condition) file.create(halt)
    answers <- tryCatch(
        withCallingHandlers(
            BiocParallel::bplapply(items, answer_on_worker,
                f = f, halt = halt, forked = forked, BPPARAM = workers
            ),
            interrupt = stop_workers, error = stop_workers
        ),
        error = function(error) {
            # an error of f itself, which BiocParallel tells in full
            if (inherits(error, "bplist_error")) stop(error)
            abort_worker(conditionMessage(error), call)
        }
    )
    stale <- !vapply(answers, function(answer) {
        identical(answer$halt, halt)
    }, logical(1))
    if (any(stale)) abort_worker("It answered a call that was stopped.", call)
    lapply(answers, `[[`, "value")
}

# f of an item with the name of the call that it answers; forked: on a process
# that was forked for that call
answer_on_worker <- function(item, f, halt, forked = FALSE) {
    before <- options(kith.halt = halt)
    on.exit(options(before))
    value <- tryCatch(
        {
            check_halt()
            f(item)
        },
        kith_error_halt = function(error) {
            # an answer that nobody takes would be an error, which a forked
            # process tells to the handlers of the one that it was forked from
            if (forked) {
                Sys.sleep(patience_of_forks)
                tools::pskill(Sys.getpid(), tools::SIGKILL)
            }
        }
    )
    list(halt = halt, value = value)
}

# seconds in which the process that forked workers lets go of them
patience_of_forks <- 2

# ends what a worker does where nobody waits for it any more
check_halt <- function() {
    halt <- getOption("kith.halt")
    if (!is.null(halt) && file.exists(halt)) {
        abort_kith("The call that this worker served was stopped.",
            class = "kith_error_halt"
        )
    }
}

abort_worker <- function(what, call) {
    abort_kith(c(
        "The workers of {.arg BPPARAM} failed.",
        x = "{what}",
        i = "A system ends processes when memory runs out: take fewer workers,
        or {.code BiocParallel::SerialParam()}.",
        i = "Workers that {.fn BiocParallel::bpstart} has started must be
        stopped and started again."
    ), class = "kith_error_worker", call = call)
}

# the control of what runs beside others: its share of the threads, and silent
shared_control <- function(control, workers) {
    if (!methods::is(workers, "SerialParam")) {
        share <- workers_of_machine(workers)
        control$threads <- max(1L, control$threads %/% share)
        control$verbose <- FALSE
    }
    control
}
