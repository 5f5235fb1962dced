# What becomes of workers when a call is stopped, or one of them dies.

set.seed(91)
organism <- simulate_network(n_genes = 120)
two_networks <- function(workers, epochs = 2, seed = 1, checkpoint = NULL) {
    learn_associations(
        organism$vectors, organism$pairs,
        encoder = encoder_mlp(hidden = 8), members = 2, combine = FALSE,
        control = train_control(
            epochs = epochs, threads = 1, seed = seed, verbose = FALSE,
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
# workers that died. There `two_networks` is the function above.
in_new_process <- function(f, ...) {
    skip_if_not_installed("callr")
    callr::r(function(f, two_networks, organism, library, ...) {
        library("kith", lib.loc = library, character.only = TRUE)
        assign("organism", organism, globalenv())
        environment(two_networks) <- globalenv()
        f(two_networks, ...)
    }, list(
        plain(f), plain(two_networks), organism,
        dirname(system.file(package = "kith")), ...
    ))
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
    expected <- two_networks(BiocParallel::SerialParam())
    for (kind in c("MulticoreParam", "SnowParam")) {
        found <- in_new_process(function(two_networks, kind) {
            workers <- getExportedValue("BiocParallel", kind)(2)
            start <- proc.time()[["elapsed"]]
            system(sprintf("(sleep 4; kill -INT %d) &", Sys.getpid()))
            stopped <- tryCatch(
                two_networks(workers, 1e6, seed = 2),
                interrupt = function(condition) "interrupted"
            )
            seconds <- proc.time()[["elapsed"]] - start
            list(
                stopped = stopped, seconds = seconds,
                again = two_networks(workers)
            )
        }, kind)
        expect_identical(found$stopped, "interrupted")
        expect_lt(found$seconds, 30)
        expect_identical(found$again, expected)
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
    expect_setequal(list.files(folder), c("halt", "run-1.rds"))
})

test_that("the loss of a worker is told", {
    skip_without_workers()
    error <- in_new_process(function(two_networks) {
        workers <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
        ids <- unlist(BiocParallel::bplapply(
            1:2, function(i) Sys.getpid(), BPPARAM = workers
        ))
        tools::pskill(ids, 9)
        Sys.sleep(0.5)
        tryCatch(two_networks(workers), error = identity)
    })
    expect_s3_class(error, "kith_error_worker")
    expect_match(conditionMessage(error), "BPPARAM.*failed")
})
