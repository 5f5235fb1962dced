# The training loop. The numerics run in C; here one call makes a fifth of a
# second's worth of batches, so that Ctrl-C, the progress bar, validation and
# checkpoints all live in R.
#
# A job is plain data that says what is trained on what (job_new()); a state
# is plain data that says how far it got (state_new()). Both together are a
# checkpoint.

# x: numeric matrix genes x dimensions; first, second: 0-based rows of x, one
# for each pair; watched: NULL or list(a, b, positive), 0-based rows of x and
# whether the pair is a known one.
job_new <- function(x, first, second, encoder, objective, control, key,
                    watched = NULL, call = rlang::caller_env()) {
    network <- resolve_encoder(encoder, ncol(x))
    n_out <- utils::tail(layer_table(network)$n_out, 1L)
    check_keys(objective, n_out, ncol(x), call)
    n_partnered <- length(unique(c(first, second)))
    items <- if (goes_by_gene(objective)) "genes" else "pairs"
    n_items <- count_items(objective, list(a = first, b = second))
    aim <- resolve_objective(objective)
    networks <- list(encoder = network)
    list(
        x = unclass_matrix(x), first = first, second = second,
        plan = list(
            task = "associations", objective = aim$type, networks = networks,
            groups = engine_groups(networks, control),
            options = c(aim$options, n_partnered = n_partnered),
            optimizer = resolve_optimizer(control),
            batch_size = choose_batch_size(
                control$batch_size, n_items, items, call
            ),
            key = key
        ),
        n_items = n_items, keys = objective$keys,
        control = control, watched = watched
    )
}

# how many pairs, or genes with a partner, an epoch goes through
count_items <- function(objective, index) {
    if (goes_by_gene(objective)) {
        length(unique(c(index$a, index$b)))
    } else {
        length(index$a)
    }
}

# raw keys are compared with encodings, so both need one length
check_keys <- function(objective, n_out, n_in, call = rlang::caller_env()) {
    if (objective$keys == "raw" && n_out != n_in) {
        abort_input(c(
            "{.arg n_out} must stay {.code NULL} with raw keys.",
            x = "Encodings of {n_out} dimensions cannot be compared with gene
            vectors of {n_in}.",
            i = "Set {.code keys = \"transformed\"} in the objective."
        ), call = call)
    }
}

# a matrix without class and attributes other than its dimensions
unclass_matrix <- function(x) {
    matrix(as.double(x), nrow(x), ncol(x))
}

# items: what a batch is made of, pairs or genes with a known partner
choose_batch_size <- function(asked, n_items, items,
                              call = rlang::caller_env()) {
    if (n_items < smallest_batch) {
        abort_input(c(
            "{.arg pairs} must leave at least {smallest_batch} {items} to train
            on.",
            x = "There {?is/are} {n_items}."
        ), call = call)
    }
    if (is.null(asked)) {
        # a step costs a pass over all keys: some four to an epoch, as in the
        # data that the settings were chosen on, also with more genes
        most <- if (items == "genes") {
            min(max(512L, ceiling(n_items / 4)), 2048L)
        } else {
            512L
        }
        return(as.integer(min(most, n_items)))
    }
    if (asked > n_items) {
        abort_input(c(
            "{.arg batch_size} must not exceed the number of training {items}.",
            x = "It is {asked}; there are {n_items} {items}.",
            i = "{.code batch_size = NULL} chooses one that fits."
        ), call = call)
    }
    asked
}

state_new <- function() {
    list(
        blocks = NULL, at = c(
            epoch = 0, position = 0, n_steps = 0, n_batches = 0, loss_sum = 0,
            accuracy = 0
        ),
        begun = FALSE, history = NULL, best = NULL, finished = FALSE
    )
}

# A run in C that stands where the state says.
trainer_new <- function(job, state) {
    trainer <- engine_create(
        job$plan, job$control$precision, job[c("x", "first", "second")]
    )
    if (!is.null(state$blocks)) {
        for (name in names(state$blocks)) {
            engine_write(trainer, name, state$blocks[[name]])
        }
        engine_move(trainer, state$at)
    }
    trainer
}

# Trains a job from a state to an epoch and returns the state then. What stops
# the loop early (Ctrl-C, a time limit) leaves a checkpoint; not so a step that
# failed, which would only fail again.
train <- function(job, state = state_new(), until = job$control$epochs) {
    run <- new.env(parent = emptyenv())
    run$state <- state
    run$trainer <- trainer_new(job, state)
    run$saved <- proc.time()[["elapsed"]]
    run$failed <- FALSE
    bar <- progress_start(job, state, until)
    on.exit({
        progress_end(bar)
        if (!run$state$finished && !run$failed) interrupted(run, job)
    })
    while (run$state$at[["epoch"]] < until && !is_stopped(run$state, job)) {
        train_epoch(run, job, bar)
        save_if_due(run, job)
    }
    run$state$finished <- TRUE
    run$state$blocks <- engine_blocks(run$trainer)
    save_checkpoint(run, job)
    run$state
}

train_epoch <- function(run, job, bar) {
    control <- job$control
    epoch <- run$state$at[["epoch"]]
    if (!run$state$begun) {
        engine_epoch_begin(run$trainer, epoch, control$threads)
        run$state$begun <- TRUE
    }
    rate <- learning_rate_at(control, epoch)
    n_steps <- 1
    repeat {
        start <- proc.time()[["elapsed"]]
        at <- withCallingHandlers(
            engine_advance(run$trainer, n_steps, rate, control$threads),
            kith_error_loss = function(error) run$failed <- TRUE
        )
        run$state$at <- at[names(run$state$at)]
        seconds <- proc.time()[["elapsed"]] - start
        progress_step(bar, run$state, job)
        check_halt()
        if (at[["done"]] == 1) break
        # aim at a fifth of a second between two looks for Ctrl-C
        n_steps <- max(1, floor(n_steps * min(4, 0.2 / max(seconds, 1e-3))))
    }
    end_epoch(run, job, rate)
}

end_epoch <- function(run, job, rate) {
    at <- run$state$at
    auc <- validation_auc(run$trainer, job)
    row <- data.frame(
        epoch = as.integer(at[["epoch"]]) + 1L,
        loss = at[["loss_sum"]] / at[["n_batches"]],
        accuracy = at[["accuracy"]] / at[["position"]],
        learning_rate = rate,
        validation_auc = auc
    )
    run$state$history <- rbind(run$state$history, row)
    best <- run$state$best
    if (!is.null(job$control$patience) &&
        (is.null(best) || auc > best$auc)) {
        run$state$best <- list(
            epoch = row$epoch, auc = auc,
            parameters = engine_read(run$trainer, "parameters")
        )
    }
    run$state$at <- c(
        epoch = at[["epoch"]] + 1, position = 0, n_steps = at[["n_steps"]],
        n_batches = 0, loss_sum = 0, accuracy = 0
    )
    run$state$begun <- FALSE
}

# early stopping: has the validation AUC not risen for `patience` epochs?
is_stopped <- function(state, job) {
    !is.null(state$best) &&
        state$at[["epoch"]] - state$best$epoch >= job$control$patience
}

# AUC of the watched pairs with the parameters as they are, NA without any
validation_auc <- function(trainer, job) {
    watched <- job$watched
    if (is.null(watched)) {
        return(NA_real_)
    }
    genes <- sort(unique(c(watched$a, watched$b)))
    encoded <- engine_output(trainer, genes, job$control$threads)
    vectors <- job$x[genes + 1L, , drop = FALSE]
    a <- match(watched$a, genes)
    b <- match(watched$b, genes)
    scorer <- score_factors(vectors, encoded, default_how(job$keys))
    auc(score_rows(scorer, a, b), watched$positive)
}

# ---- progress ---------------------------------------------------------------

progress_start <- function(job, state, until) {
    if (!job$control$verbose) {
        return(NULL)
    }
    bar <- new.env(parent = emptyenv())
    bar$text <- ""
    # the bar belongs to train(), which calls this; cli ends it with that frame
    bar$id <- cli::cli_progress_bar(
        format = paste(
            "Training {cli::pb_bar} {cli::pb_percent} |",
            "{cli::pb_extra$bar$text} | {cli::pb_eta} left"
        ),
        total = until, extra = list(bar = bar),
        .envir = rlang::caller_env(), .auto_close = FALSE
    )
    bar
}

progress_step <- function(bar, state, job) {
    if (is.null(bar)) {
        return(invisible())
    }
    at <- state$at
    done <- at[["epoch"]] + at[["position"]] / job$n_items
    last <- state$history[nrow(state$history), ]
    bar$text <- sprintf(
        "epoch %d, loss %.3f%s", as.integer(at[["epoch"]]) + 1L,
        at[["loss_sum"]] / max(1, at[["n_batches"]]),
        if (is.null(job$watched) || is.null(last)) {
            ""
        } else {
            sprintf(", validation AUC %.3f", last$validation_auc)
        }
    )
    cli::cli_progress_update(set = done, id = bar$id)
}

progress_end <- function(bar) {
    if (!is.null(bar)) cli::cli_progress_done(id = bar$id)
}
