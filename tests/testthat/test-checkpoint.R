# A run that is interrupted and resumed equals the unbroken one bit for bit.

learned <- function(fit) fit[c("members", "history")]

checkpoint_file <- function(env = parent.frame()) {
    withr::local_tempfile(fileext = ".rds", .local_envir = env)
}

for (negatives in c("batch", "uniform")) {
    test_that(paste("a run broken inside an epoch goes on:", negatives), {
        organism <- small_organism()
        at <- match_pairs(
            gene_pairs(organism$pairs), rownames(organism$vectors)
        )
        job <- job_new(
            organism$vectors, at$a, at$b, encoder_mlp(hidden = 16),
            info_nce(keys = "transformed", negatives = negatives),
            small_control(3), draw_key(1L)
        )
        unbroken <- train(job)

        # one epoch and two batches of the second, then all is thrown away
        run <- new.env()
        run$state <- state_new()
        run$trainer <- trainer_new(job, run$state)
        train_epoch(run, job, NULL)
        .Call(C_epoch_begin, run$trainer, 1, 1L)
        at <- .Call(
            C_epoch_advance, run$trainer, 2, learning_rate_at(job$control, 1),
            1L
        )
        expect_identical(at[["done"]], 0)
        state <- run$state
        state$at <- at[names(state$at)]
        state$begun <- TRUE
        state$blocks <- trainer_blocks_read(run$trainer)
        rm(run)

        resumed <- train(job, state)
        expect_identical(resumed$blocks, unbroken$blocks)
        expect_identical(resumed$history, unbroken$history)
    })
}

test_that("Ctrl-C leaves a checkpoint that resume() completes", {
    skip_on_os("windows")
    skip_if_not_installed("callr")
    file <- checkpoint_file()
    organism <- small_organism()
    control <- small_control(40, validation = 0.2, checkpoint = file)
    train_here <- function(organism, control, control_epochs) {
        kith::learn_associations(
            organism$vectors, organism$pairs,
            kith::encoder_mlp(hidden = c(512, 512)),
            control = control, preset = "cal2026"
        )
    }
    child <- callr::r_bg(train_here, list(organism, control, 40))
    withr::defer(child$kill())
    Sys.sleep(4)
    child$interrupt()
    child$wait(20000)
    skip_if_not(file.exists(file), "the child had not begun, or had ended")
    state <- read_checkpoint(file)$state
    resumed <- suppressMessages(resume(file, verbose = FALSE))
    unbroken <- train_here(organism, small_control(40, validation = 0.2))
    expect_identical(learned(resumed), learned(unbroken))
    expect_lte(state$at[["epoch"]], 40)
})

test_that("a time limit leaves a checkpoint, and the same call resumes", {
    file <- checkpoint_file()
    organism <- small_organism()
    control <- small_control(30, checkpoint = file)
    encoder <- encoder_mlp(hidden = c(512, 512))
    run <- function(control) {
        learn_associations(
            organism$vectors, organism$pairs, encoder,
            control = control, preset = "cal2026"
        )
    }
    stopped <- tryCatch(
        suppressMessages({
            setTimeLimit(elapsed = 0.7, transient = TRUE)
            run(control)
        }),
        error = function(error) conditionMessage(error),
        finally = setTimeLimit()
    )
    skip_if(inherits(stopped, "association_fit"), "trained within the limit")
    expect_match(stopped, "time limit")
    expect_true(file.exists(file))
    expect_message(fit <- run(control), class = "kith_message_resumed")
    expect_identical(learned(fit), learned(run(small_control(30))))
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
        longer$members[[1]]$parameters, unbroken$members[[1]]$parameters
    )
    expect_identical(longer$history, unbroken$history)
    expect_error(resume(longer, epochs = 3), "at least the 5",
        class = "kith_error_input"
    )
})

test_that("a run that breaks off tells how to go on", {
    told <- function(run, regexp) {
        withr::defer(setTimeLimit())
        setTimeLimit(elapsed = 0.7, transient = TRUE)
        expect_message(
            tryCatch(run, error = function(error) NULL), regexp,
            class = "kith_message_interrupted"
        )
    }
    broken <- small_control(epochs = 1e5, checkpoint = checkpoint_file())
    told(small_fit(control = broken), "resume\\(")
    broken$checkpoint <- checkpoint_file()
    organism <- small_organism()
    told(
        learn_associations(organism$vectors, organism$pairs, encoder_mlp(8),
            info_nce(), broken, members = 2, combine = FALSE
        ),
        "the same call and seed"
    )
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

test_that("damaged checkpoints are refused", {
    file <- checkpoint_file()
    small_fit(control = small_control(checkpoint = file))
    whole <- readBin(file, "raw", file.size(file))
    expect_refused <- function(bytes, regexp) {
        writeBin(bytes, file)
        expect_error(resume(file), regexp, class = "kith_error_checkpoint")
    }
    expect_refused(whole[seq_len(length(whole) / 2)], "damaged or incomplete")
    flipped <- whole
    place <- length(whole) %/% 2
    flipped[place] <- xor(flipped[place], as.raw(255))
    expect_refused(flipped, "damaged")
    expect_refused(charToRaw("not an RDS file"), "damaged or incomplete")
    saveRDS(list(1), file)
    expect_error(resume(file), "something else",
        class = "kith_error_checkpoint"
    )
    saved <- unserialize(memDecompress(whole, "none"))
    saved$schema <- 99L
    saveRDS(saved, file)
    expect_error(resume(file), "another version",
        class = "kith_error_checkpoint"
    )
})

test_that("a checkpoint in a folder that is not there is refused at once", {
    expect_error(
        train_control(checkpoint = file.path(tempfile(), "run.rds")),
        "checkpoint",
        class = "kith_error_input"
    )
})
