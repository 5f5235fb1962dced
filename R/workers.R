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
#' networks on many processors.
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
#' The template is a text file: copy it and add what your cluster wants, for
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
map_on <- function(workers, items, f) {
    # as they are, so that Ctrl-C and errors come through unchanged
    if (methods::is(workers, "SerialParam")) {
        return(lapply(items, f))
    }
    BiocParallel::bplapply(items, f, BPPARAM = workers)
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
