# What a control means for a run: its learning rates, optimiser and batches.

# The learning rate of an epoch (counted from 0). watched: the values so far of
# the measure that is watched.
learning_rate_at <- function(control, epoch, watched = NULL, measure = NULL) {
    switch(control$schedule,
        constant = control$learning_rate,
        cosine = control$learning_rate *
            (1 + cos(pi * epoch / control$epochs)) / 2,
        plateau = control$learning_rate *
            plateau_factor^count_plateaus(watched, measure),
        inverse_sqrt = inverse_sqrt_rate(
            control$learning_rate, epoch, control$epochs
        )
    )
}

# IsoCLR's rate of an epoch (from 0): a rise, one over the square root, and a
# way down to 1e-8. As published the first 10 and the last 50 of at least 500
# epochs; shorter runs take a tenth of theirs for each.
inverse_sqrt_rate <- function(peak, epoch, epochs) {
    tenth <- ceiling(epochs / 10)
    warmup <- min(10, tenth)
    cooldown <- min(50, tenth)
    begun <- epoch - (epochs - cooldown)
    if (epoch < warmup) {
        peak * (epoch + 1) / warmup
    } else if (begun < 0) {
        peak / sqrt(1 + epoch - warmup)
    } else {
        share <- begun / cooldown
        (1 - share) * peak / sqrt(1 + epoch) + share * 1e-8
    }
}

# the rate falls to this share after more than so many epochs without a gain of
# this share of the best value (PyTorch's ReduceLROnPlateau)
plateau_factor <- 0.1
plateau_epochs <- 5L
plateau_gain <- 1e-4

# how often the rate has fallen
count_plateaus <- function(watched, measure) {
    best <- NULL
    idle <- 0L
    falls <- 0L
    for (value in watched) {
        least <- plateau_gain * abs(best %||% 0)
        if (is.null(best) || advantage(measure, value, best) > least) {
            best <- value
            idle <- 0L
        } else {
            idle <- idle + 1L
        }
        if (idle > plateau_epochs) {
            falls <- falls + 1L
            idle <- 0L
        }
    }
    falls
}

# the optimiser as C wants it; decay and clipping: engine_groups()
resolve_optimizer <- function(control) {
    list(
        type = control$optimizer,
        beta_1 = control$betas[1], beta_2 = control$betas[2],
        epsilon = control$epsilon, momentum = control$momentum
    )
}

# Items in a batch: what was asked for, or as many as there are, `most` at the
# most. items: what they are called; name: the argument that they come from.
choose_batch_size <- function(asked, n_items, items, name, most = 512L,
                              call = rlang::caller_env()) {
    if (n_items < smallest_batch) {
        abort_input(c(
            "{.arg {name}} must leave at least {smallest_batch} {items} to train
            on.",
            x = "There {?is/are} {n_items}."
        ), call = call)
    }
    if (is.null(asked)) {
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
