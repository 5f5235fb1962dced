# A run that is interrupted and resumed equals the unbroken one bit for bit.

learned <- function(fit) fit[c("members", "history", "combination")]

checkpoint_file <- function(env = parent.frame()) {
    folder <- withr::local_tempdir(.local_envir = env)
    file.path(folder, "run.rds")
}

# a job as learn_associations() makes it of one network
small_job <- function(objective, control = small_control(3)) {
    organism <- small_organism()
    at <- match_pairs(gene_pairs(organism$pairs), rownames(organism$vectors))
    association_job(
        organism$vectors, at$a, at$b, encoder_mlp(hidden = 16), objective,
        control, draw_key(1L)
    )
}

objectives <- list(
    batch = info_nce(keys = "transformed"),
    uniform = info_nce(keys = "transformed", negatives = "uniform"),
    genes = multi_positive()
)

for (name in names(objectives)) {
    test_that(paste("a run broken inside an epoch goes on:", name), {
        job <- small_job(objectives[[name]])
        unbroken <- train(job)

        # one epoch and two batches of the second, then all is thrown away
        loop <- new.env()
        loop$state <- state_new()
        loop$run <- run_new(job, loop$state)
        loop$state$at <- engine_place(loop$run)
        train_epoch(loop, job, NULL)
        engine_epoch_begin(loop$run, 1, 1L)
        at <- engine_advance(loop$run, 2, learning_rate_at(job$control, 1), 1L)
        expect_identical(at[["done"]], 0)
        state <- loop$state
        state$at <- engine_place(loop$run)
        expect_identical(state$at[["n_batches"]], 2)
        state$begun <- TRUE
        state$blocks <- engine_blocks(loop$run)
        rm(loop)

        resumed <- train(job, state)
        expect_identical(resumed$blocks, unbroken$blocks)
        expect_identical(resumed$history, unbroken$history)
    })
}

test_that("clipping by block and the inverse_sqrt schedule go on as well", {
    file <- checkpoint_file()
    organism <- small_organism()
    settings <- list(
        12, schedule = "inverse_sqrt", clip_norm = 0.05, clip_by = "block"
    )
    control <- do.call(small_control, settings)
    unbroken <- small_fit(organism, control = control)
    # clipping does something
    settings$clip_by <- "all"
    expect_false(identical(
        learned_parameters(
            small_fit(organism, control = do.call(small_control, settings))
        ),
        learned_parameters(unbroken)
    ))
    control$checkpoint <- file
    fit <- small_fit(organism, control = control)
    # in the warm-up, between, and where it cools down
    for (epochs in c(1, 5, 11)) {
        content <- read_checkpoint(file)
        job <- restore_data(content$job, dirname(file))
        job$control$checkpoint <- file
        save_within_epoch(job, epochs, 2)
        expect_identical(
            read_checkpoint(file)$state$at[["epoch"]], as.double(epochs)
        )
        resumed <- resume(file, verbose = FALSE)
        expect_identical(learned(resumed), learned(unbroken))
    }
    expect_error(resume(fit, epochs = 13), "inverse_sqrt",
        class = "kith_error_input"
    )
})

# Runs an expression in a process of its own until a file is there and then
# some, and stops it by a signal. Returns whether it was still at work.
stop_by <- function(signal, control, file, ..., seconds = 60) {
    child <- callr::r_bg(function(organism, control, arguments) {
        # every save is due
        utils::assignInNamespace("checkpoint_seconds", 0, "kith")
        do.call(kith::learn_associations, c(
            list(organism$vectors, organism$pairs, control = control),
            arguments
        ))
    }, list(small_organism(), control, list(...)))
    on.exit(child$kill())
    limit <- Sys.time() + seconds
    while (!file.exists(file) && child$is_alive() && Sys.time() < limit) {
        Sys.sleep(0.02)
    }
    Sys.sleep(0.3)
    was_alive <- child$is_alive()
    child$signal(signal)
    child$wait(20000)
    was_alive
}

test_that("Ctrl-C leaves a checkpoint that resume() completes", {
    skip_on_os("windows")
    skip_if_not_installed("callr")
    file <- checkpoint_file()
    wide <- encoder_mlp(hidden = c(512, 512))
    control <- function(...) small_control(40, validation = 0.2, ...)
    expect_true(stop_by(
        tools::SIGINT, control(checkpoint = file), file,
        encoder = wide, preset = "cal2026"
    ))
    saved <- read_checkpoint(file)$state
    expect_lt(saved$at[["epoch"]], 40)
    expect_false(saved$finished)
    resumed <- suppressMessages(resume(file, verbose = FALSE))
    organism <- small_organism()
    unbroken <- learn_associations(organism$vectors, organism$pairs, wide,
        control = control(), preset = "cal2026"
    )
    expect_identical(learned(resumed), learned(unbroken))
})

test_that("a killed call of six networks goes on where it was", {
    skip_on_os("windows")
    skip_if_not_installed("callr")
    file <- checkpoint_file()
    encoder <- encoder_mlp(c(256, 256), blend = FALSE, n_out = 32)
    control <- function(...) small_control(15, batch_size = NULL, ...)
    # in the third network
    expect_true(stop_by(
        tools::SIGKILL, control(checkpoint = file), numbered_file(file, 3),
        encoder = encoder
    ))
    files <- list.files(dirname(file))
    expect_true(all(c("run.rds", "run-1.rds", "run-3.rds") %in% files))
    expect_false("run-6.rds" %in% files)
    # what all networks share is there once
    data <- grep("-data-", files, value = TRUE)
    expect_length(data, 2)
    expect_lte(sum(grepl("part$", files)), 1)

    resumed <- suppressMessages(resume(file, verbose = FALSE))
    organism <- small_organism()
    unbroken <- learn_associations(organism$vectors, organism$pairs, encoder,
        control = control()
    )
    expect_identical(learned(resumed), learned(unbroken))
    # by the same call, too, now that all are finished
    again <- suppressMessages(learn_associations(
        organism$vectors, organism$pairs, encoder,
        control = control(checkpoint = file)
    ))
    expect_identical(learned(again), learned(unbroken))
    expect_identical(suppressMessages(resume(again)), again)
    expect_false(any(grepl("part$", list.files(dirname(file)))))
    expect_error(resume(file, epochs = 20), "several networks",
        class = "kith_error_input"
    )
    expect_error(resume(numbered_file(file, 2)), "resume\\(.*run.rds",
        class = "kith_error_input"
    )
    unlink(file)
    expect_error(resume(file), "run-1.rds.*call that began them",
        class = "kith_error_checkpoint"
    )
})

test_that("states are saved within an epoch as well", {
    local_replaced("checkpoint_seconds", 0)
    file <- checkpoint_file()
    job <- small_job(info_nce(), small_control(2, checkpoint = file))
    places <- list()
    local_replaced("write_checkpoint", function(content, file) {
        places[[length(places) + 1L]] <<- content$state$at
    })
    train(job)
    within <- vapply(places, function(at) {
        !is.null(at) && at[["position"]] > 0
    }, NA)
    expect_gt(sum(within), 0)
})

test_that("a state within an epoch goes on as if nothing had happened", {
    job_with <- function(file) {
        small_job(info_nce(), small_control(3, checkpoint = file))
    }
    unbroken <- train(job_with(NULL))
    file <- checkpoint_file()
    job <- job_with(file)
    save_within_epoch(job, 1, 2)
    found <- read_checkpoint(file)$state
    expect_identical(found$at[["epoch"]], 1)
    expect_gt(found$at[["position"]], 0)
    resumed <- train(job, found)
    parts <- c("blocks", "history")
    expect_identical(resumed[parts], unbroken[parts])
})

test_that("a time limit leaves a checkpoint, and the same call resumes", {
    file <- checkpoint_file()
    organism <- small_organism()
    run <- function(...) {
        learn_associations(
            organism$vectors, organism$pairs, encoder_mlp(hidden = c(512, 512)),
            control = small_control(30, ...), preset = "cal2026"
        )
    }
    # stopped from within, after a while
    count <- 0
    with_halt <- function(expression) {
        local_replaced("check_halt", function() {
            count <<- count + 1
            if (count == 40) stop("enough")
        })
        force(expression)
    }
    expect_error(
        suppressMessages(with_halt(run(checkpoint = file))), "enough"
    )
    expect_true(file.exists(file))
    expect_message(fit <- run(checkpoint = file),
        class = "kith_message_resumed"
    )
    expect_identical(learned(fit), learned(run()))
})

test_that("resume() trains a finished run on, as planned from the start", {
    file <- checkpoint_file()
    organism <- small_organism()
    fit <- small_fit(organism, control = small_control(2,
        schedule = "constant", checkpoint = file
    ))
    longer <- resume(fit, epochs = 5, verbose = FALSE)
    unbroken <- small_fit(organism, control = small_control(5,
        schedule = "constant"
    ))
    expect_identical(
        learned_parameters(longer), learned_parameters(unbroken)
    )
    expect_identical(longer$history, unbroken$history)
    expect_error(resume(longer, epochs = 3), "at least the 5",
        class = "kith_error_input"
    )
})

test_that("a run that breaks off tells how to go on", {
    broken <- function(...) {
        local_replaced("check_halt", function() stop("enough"))
        try(learn_associations(..., preset = "cal2026"), silent = TRUE)
    }
    organism <- small_organism()
    file <- checkpoint_file()
    expect_message(
        broken(organism$vectors, organism$pairs, encoder_mlp(8), info_nce(),
            small_control(3, checkpoint = file)
        ),
        "resume\\(.*run.rds", class = "kith_message_interrupted"
    )
    file <- checkpoint_file()
    expect_message(
        broken(organism$vectors, organism$pairs, encoder_mlp(8), info_nce(),
            small_control(3, checkpoint = file), members = 2, combine = FALSE
        ),
        "resume\\(.*run.rds", class = "kith_message_interrupted"
    )
    expect_length(suppressMessages(resume(file))$members, 2)
})

test_that("resume() says what it cannot do", {
    file <- checkpoint_file()
    organism <- small_organism()
    fit <- small_fit(organism, control = small_control(checkpoint = file))
    expect_error(resume(fit, epochs = 10), "cosine",
        class = "kith_error_input"
    )
    expect_error(resume(small_fit(organism)), "without a checkpoint",
        class = "kith_error_input"
    )
    expect_error(resume(tempfile()), "no checkpoint",
        class = "kith_error_checkpoint"
    )
    expect_error(resume(1), "a fit or the path", class = "kith_error_input")
    # the file of another run
    other_seed <- small_control(seed = 2, checkpoint = file)
    expect_error(
        small_fit(organism, control = other_seed), "another run",
        class = "kith_error_checkpoint"
    )
    other <- checkpoint_file()
    small_fit(organism, control = small_control(seed = 2, checkpoint = other))
    file.copy(other, file, overwrite = TRUE)
    expect_error(resume(fit), "not the checkpoint of this",
        class = "kith_error_checkpoint"
    )
})

test_that("the number of BLAS threads changes no fit and no checkpoint", {
    skip_if_not_installed("callr")
    file <- checkpoint_file()
    fit_in <- function(threads) {
        callr::r(function(file) {
            set.seed(1)
            organism <- kith::simulate_network(n_genes = 250)
            # wide enough for a BLAS to use its threads
            x <- cbind(organism$vectors, matrix(rnorm(250 * 400), 250))
            fit <- suppressMessages(kith::learn_associations(
                kith::as_embedding(x, pca = 100), organism$pairs,
                kith::encoder_mlp(32, blend = FALSE, n_out = 16),
                control = kith::train_control(
                    epochs = 2, threads = 1, seed = 1, checkpoint = file
                )
            ))
            fit$control$checkpoint <- NULL
            fit
        }, list(file), env = c(
            callr::rcmd_safe_env(), OPENBLAS_NUM_THREADS = threads
        ))
    }
    one <- fit_in("1")
    expect_identical(fit_in("2"), one)
    unlink(dir(dirname(file), full.names = TRUE))
    expect_identical(fit_in("2"), one)
})
