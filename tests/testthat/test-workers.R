# What becomes of workers when a call is stopped, or one of them dies.

set.seed(91)
organism <- simulate_network(n_genes = 120)
two_networks <- function(workers, epochs = 2, checkpoint = NULL) {
    learn_associations(
        organism$vectors, organism$pairs,
        encoder = encoder_mlp(hidden = 8), members = 2, combine = FALSE,
        control = train_control(
            epochs = epochs, threads = 1, seed = 1, verbose = FALSE,
            checkpoint = checkpoint
        ), BPPARAM = workers
    )
}

skip_without_workers <- function() {
    skip_on_cran()
    skip_on_os("windows")
    skip_if(nzchar(Sys.getenv("KITH_ONE_PROCESS")), "without workers")
}

# f(...) in a process of its own, which says on its way out what it thinks of
# workers that died
in_new_process <- function(f, ...) {
    skip_if_not_installed("callr")
    callr::r(function(f, library, ...) {
        library("kith", lib.loc = library, character.only = TRUE)
        f(...)
    }, list(plain(f), dirname(system.file(package = "kith")), ...))
}

# without what is around it here
plain <- function(f) {
    environment(f) <- globalenv()
    f
}

test_that("a worker stops where its call was stopped", {
    halt <- withr::local_tempfile()
    run <- function(epochs) {
        two_networks(BiocParallel::SerialParam(), epochs)$history
    }
    answer <- answer_on_worker(2, run, halt)
    expect_identical(answer, list(halt = halt, value = run(2)))
    # the file appears in the first epoch of many
    stopped <- answer_on_worker(1e6, function(epochs) {
        file.create(halt)
        run(epochs)
    }, halt)
    expect_identical(stopped, list(halt = halt, value = NULL))
    expect_null(getOption("kith.halt"))
})

test_that("after Ctrl-C no worker is left, and the next call is sound", {
    skip_without_workers()
    folder <- withr::local_tempdir()
    for (kind in c("MulticoreParam", "SnowParam")) {
        found <- in_new_process(function(kind, folder) {
            map_on <- utils::getFromNamespace("map_on", "kith")
            workers <- getExportedValue("BiocParallel", kind)(2)
            # Ctrl-C once both work, which takes long on a busy machine
            files <- file.path(folder, paste0(kind, 1:2))
            system(sprintf(
                "(until [ -e %s ] && [ -e %s ]; do sleep 0.1; done; %s %d) &",
                files[1], files[2], "kill -INT", Sys.getpid()
            ))
            stopped <- tryCatch(
                map_on(workers, files, function(file) {
                    file.create(file)
                    repeat {
                        utils::getFromNamespace("check_halt", "kith")()
                        Sys.sleep(0.05)
                    }
                }),
                interrupt = function(condition) "interrupted"
            )
            again <- map_on(workers, 1:2, function(i) 10 * i)
            list(stopped = stopped, again = again)
        }, kind, folder)
        expect_identical(found$stopped, "interrupted")
        expect_identical(found$again, list(10, 20))
    }
})

test_that("a worker that is stopped leaves a checkpoint", {
    folder <- withr::local_tempdir()
    halt <- file.path(folder, "halt")
    file <- file.path(folder, "run.rds")
    answer_on_worker(1e6, function(epochs) {
        file.create(halt)
        suppressMessages(two_networks(
            BiocParallel::SerialParam(), epochs,
            checkpoint = file
        ))
    }, halt)
    expect_setequal(
        list.files(folder, "rds$|halt"), c("halt", "run.rds", "run-1.rds")
    )
})

test_that("the loss of a worker is told", {
    skip_without_workers()
    error <- in_new_process(function(two_networks, organism) {
        assign("organism", organism, globalenv())
        workers <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
        ids <- unlist(BiocParallel::bplapply(
            1:2, function(i) Sys.getpid(), BPPARAM = workers
        ))
        tools::pskill(ids, 9)
        Sys.sleep(0.5)
        tryCatch(two_networks(workers), error = identity)
    }, plain(two_networks), organism)
    expect_s3_class(error, "kith_error_worker")
    expect_match(conditionMessage(error), "BPPARAM.*failed")
})

test_that("workers share the threads of a machine, jobs of a cluster do not", {
    expect_identical(workers_of_machine(BiocParallel::SnowParam(3)), 3L)
    two_hosts <- BiocParallel::SnowParam(c("localhost", "other", "localhost"))
    expect_equal(workers_of_machine(two_hosts), 2)
    skip_if_not_installed("batchtools")
    skip_on_os("windows")
    # what stands in for Slurm runs a job at once
    folder <- withr::local_tempdir()
    program <- function(name, ...) {
        writeLines(c("#!/bin/bash", ...), file.path(folder, name))
        Sys.chmod(file.path(folder, name), "0755")
    }
    program("sbatch", "bash \"${@: -1}\" >/dev/null 2>&1",
        "echo Submitted batch job $$"
    )
    program("squeue", "exit 0")
    withr::local_path(folder)
    registry <- BiocParallel::batchtoolsRegistryargs(
        file.dir = file.path(folder, "jobs"), work.dir = folder
    )
    local <- BiocParallel::BatchtoolsParam(
        2, "multicore", registryargs = registry
    )
    expect_identical(workers_of_machine(local), 2L)
    slurm <- BiocParallel::BatchtoolsParam(6, "slurm",
        registryargs = registry, resources = list(
            walltime = 600, memory = 1000, ncpus = 1
        ), template = system.file("templates", "slurm.tmpl", package = "kith")
    )
    expect_identical(workers_of_machine(slurm), 1L)
    skip_on_cran()
    skip_if(nzchar(Sys.getenv("KITH_ONE_PROCESS")))
    withr::local_envvar(R_LIBS = paste(.libPaths(), collapse = ":"))
    lacking <- BiocParallel::BatchtoolsParam(6, "slurm",
        registryargs = BiocParallel::batchtoolsRegistryargs(
            file.dir = file.path(folder, "lacking"), work.dir = folder
        ), resources = list(walltime = 600, memory = 1000),
        template = slurm$template
    )
    # try() within batchtools would show the error that is expected
    nowhere <- file(nullfile(), "w")
    withr::defer(close(nowhere))
    withr::local_options(try.outFile = nowhere)
    expect_error(
        suppressMessages(combined_fit(BPPARAM = lacking)),
        "`ncpus` in `resources`",
        class = "kith_error_worker"
    )
    submitted <- suppressMessages(combined_fit(BPPARAM = slurm))
    expect_identical(
        submitted[c("members", "combination", "propagation", "history")],
        combined_fit()[c("members", "combination", "propagation", "history")]
    )
})

test_that("what a worker says is a value, not a template", {
    for (text in c("{stop('evaluated')}", "{.val x} {", "}{")) {
        expect_error(abort_worker(text, NULL), text,
            fixed = TRUE, class = "kith_error_worker"
        )
        shouts <- function(i) stop(text)
        expect_error(
            map_on(BiocParallel::SerialParam(), 1, shouts), text,
            fixed = TRUE
        )
    }
    skip_without_workers()
    expect_error(
        map_on(BiocParallel::SnowParam(2), 1:2, function(i) {
            stop("{stop('evaluated')}")
        }),
        "{stop('evaluated')}", fixed = TRUE
    )
})

test_that("more threads than the system can start are refused", {
    expect_input_error(train_control(threads = 100000), "`threads`.*at most")
    expect_identical(train_control(threads = 64)$threads, 64L)
})

test_that("a forked process that loads kith itself takes one thread", {
    skip_on_os("windows")
    skip_on_cran()
    skip_if_not_installed("callr")
    trains_in_fork <- function(lib) {
        # an OpenMP region of another package comes first
        data.table::setDTthreads(2, throttle = 1)
        table <- data.table::data.table(x = stats::runif(1e6))
        data.table::setorder(table, x)
        job <- parallel::mcparallel({
            loadNamespace("kith", lib.loc = lib)
            organism <- kith::simulate_network(n_genes = 250)
            fit <- kith::learn_associations(
                organism$vectors, organism$pairs,
                kith::encoder_mlp(hidden = c(512, 512)),
                control = kith::train_control(
                    epochs = 1, threads = 2, seed = 1, verbose = FALSE
                ), preset = "cal2026"
            )
            nrow(kith::bootstrap_auc(
                runif(5000), rep(0:1, 2500), draws = 200, threads = 2
            ))
            fit$history$epoch
        })
        parallel::mccollect(job, wait = FALSE, timeout = 120)[[1L]]
    }
    lib <- dirname(system.file(package = "kith"))
    found <- callr::r(trains_in_fork, list(lib), timeout = 180)
    expect_identical(found, 1L)
})
