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

# the value of an expression, or "interrupted" where a signal has reached it
interrupted_after <- function(seconds, expression) {
    system(sprintf("(sleep %g; kill -INT %d) &", seconds, Sys.getpid()))
    tryCatch(expression, interrupt = function(condition) "interrupted")
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
    forked <- BiocParallel::MulticoreParam(2)
    for (workers in list(forked, BiocParallel::SnowParam(2))) {
        start <- proc.time()[["elapsed"]]
        expect_identical(
            interrupted_after(4, two_networks(workers, 1e6, seed = 2)),
            "interrupted"
        )
        expect_lt(proc.time()[["elapsed"]] - start, 30)
        expect_identical(two_networks(workers), expected)
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
    workers <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
    ids <- unlist(BiocParallel::bplapply(
        1:2, function(i) Sys.getpid(), BPPARAM = workers
    ))
    tools::pskill(ids, 9)
    Sys.sleep(0.5)
    expect_error(two_networks(workers), "BPPARAM.*failed",
        class = "kith_error_worker"
    )
    utils::capture.output(
        try(BiocParallel::bpstop(workers), silent = TRUE),
        type = "message"
    )
})
