# The networks of learn_samples(): what a run needs, and the fit that it makes.

# ---- rows for the engine ----------------------------------------------------

# numbers of a block of rows: 128 MB
most_block_values <- 2^24

# rows of scaled samples, as a matrix
scaled_rows <- function(x, rows) {
    dense_block(scaled_part(x, rows), seq_len(ncol(x)))
}

# some of the samples, by number or a logical vector
scaled_part <- function(x, kept) {
    x$x <- x$x[kept, , drop = FALSE]
    x$depth <- x$depth[kept]
    x
}

sample_blocks <- function(x) {
    block_rows(nrow(x), max(1L, most_block_values %/% ncol(x)))
}

load_array.scaled_samples <- function(array, run, name) {
    for (rows in sample_blocks(array)) {
        .Call(C_run_load, run, name, unname(scaled_rows(array, rows)))
    }
}

# ---- the job ----------------------------------------------------------------

# What a control leaves open comes from the method; so do optimiser and schedule
# of a preset that names them.
sample_control <- function(control, method) {
    training <- method$training
    control <- complete_control(control, training)
    if (is.null(control$batch_size)) control$batch_size <- training$batch_size
    named <- intersect(
        names(training), c("optimizer", "schedule", "betas", "epsilon",
            "momentum")
    )
    control[named] <- training[named]
    control
}

# x: scaled samples. Of control$validation samples the loss is watched.
sample_job <- function(x, method, encoder, control, key, learned,
                       call = rlang::caller_env()) {
    asked <- control$batch_size
    control <- sample_control(control, method)
    check_corrupts(method, ncol(x), call)
    watched <- NULL
    if (!is.null(control$validation)) {
        learned$scaled <- x
        held <- draw_watched(nrow(x), control$validation, key, call)
        watched <- scaled_part(x, held)
        x <- scaled_part(x, !held)
    }
    n <- nrow(x)
    if (is.null(asked)) control$batch_size <- min(control$batch_size, n)
    networks <- sample_networks_of(method, encoder, ncol(x))
    plan <- list(
        task = sample_tasks[[method$name]][["task"]],
        objective = sample_tasks[[method$name]][["objective"]],
        networks = networks, groups = engine_groups(networks, control),
        options = NULL, optimizer = resolve_optimizer(control),
        batch_size = choose_batch_size(
            control$batch_size, n, "samples", "x",
            call = call
        ),
        key = key
    )
    plan$options <- sample_options(
        method, control$epochs * epoch_batches(n, plan$batch_size)
    )
    arrays <- list(x = x)
    if (isFALSE(method$fresh)) {
        arrays$corrupted <- corrupt_once(x, method, key, control$threads)
    }
    new_job("sample_job", plan, arrays, n, control,
        measure = if (!is.null(watched)) measure_held_out_loss,
        watched = watched, learned = learned,
        data_hash = lapply(c(arrays, list(learned = learned)), rlang::hash)
    )
}

# which of n samples are watched
draw_watched <- function(n, share, key, call) {
    check_watched_share(share, call)
    held <- draw_held_out(n, 1 - share, derive_key(key, "validation", 1L)) == 1L
    if (sum(held) < 2L || sum(!held) < smallest_batch) {
        abort_input(c(
            "{.arg validation} must leave at least {smallest_batch} samples to
            train on and 2 to watch.",
            x = "A share of {share} of {n} leaves {sum(!held)} and {sum(held)}."
        ), call = call)
    }
    held
}

# pairs to watch, which train_control() takes too, are for other learners
check_watched_share <- function(share, call, what = "samples") {
    if (!is.numeric(share)) {
        abort_input(c(
            "{.arg validation} must be a share of the {what} here.",
            x = "It is {describe_value(share)}.",
            i = "For instance {.code train_control(validation = 0.2)}."
        ), call = call)
    }
}

check_corrupts <- function(method, n_genes, call) {
    if (method$fixed && floor(method$rate * n_genes) == 0) {
        abort_input(c(
            "{.arg rate} must replace at least one value of a sample.",
            x = "{method$rate} of {n_genes} gene{?s} is less than one.",
            i = "Raise it, or set {.code fixed = FALSE}."
        ), call = call)
    }
}

# batches of an epoch: a last one of few items is left out (src/nn/engine.h)
epoch_batches <- function(n, batch_size) {
    n %/% batch_size + (n %% batch_size >= smallest_batch)
}

sample_tasks <- list(
    scarf = c(task = "samples_contrast", objective = "nt_xent"),
    vime = c(task = "samples_reconstruct", objective = "reconstruction"),
    byol = c(task = "samples_bootstrap", objective = "cosine_distance")
)

sample_options <- function(method, n_steps) {
    own <- switch(method$name,
        scarf = c(temperature = method$temperature),
        vime = c(alpha = method$alpha),
        byol = c(
            momentum = method$momentum,
            rise_steps = if (method$rising) n_steps else 0
        )
    )
    c(
        rule = match(method$corruption, corruption_rules) - 1,
        rate = method$rate, fixed = as.double(method$fixed), own
    )
}

# Rows of x with values replaced as the method has it, with the draws of a step.
corrupt <- function(x, method, key, threads = 1L, step = 0L) {
    .Call(
        C_corrupt_rows, x, match(method$corruption, corruption_rules) - 1L,
        method$rate, as.integer(method$fixed), key, step, threads
    )
}

# A corrupted copy of all samples. Columns that are shuffled are drawn each for
# itself: so they come in blocks, between which Ctrl-C is answered.
corrupt_once <- function(x, method, key, threads) {
    if (method$corruption != "permute" || method$fixed) {
        return(corrupt(
            unname(scaled_rows(x, seq_len(nrow(x)))), method, key, threads
        ))
    }
    copy <- matrix(0, nrow(x), ncol(x))
    blocks <- block_rows(ncol(x), max(1L, most_block_values %/% 16 %/% nrow(x)))
    for (i in seq_along(blocks)) {
        columns <- blocks[[i]]
        copy[, columns] <- corrupt(
            unname(dense_block(x, columns)), method, key, threads, i - 1L
        )
    }
    copy
}

measure_held_out_loss <- new_measure(
    "loss", "loss on held-out samples", FALSE, function(predicted, truth) NULL
)

# The loss of watched samples, corrupted and dropped out as in training, but
# with the same draws each time.
validate_job.sample_job <- function(job, run) {
    watched_loss(job, run, list(x = job$watched), nrow(job$watched))
}

# What the fit needs of all samples, while they are here.
end_job.sample_job <- function(job, state) {
    encode_scaled(
        all_samples(job), job$plan$networks$encoder,
        numbers_of(final_numbers(state), job$plan$networks, 1L), job$control
    )
}

# those that are watched among them
all_samples <- function(job) job$learned$scaled %||% job$arrays$x

finish_job.sample_job <- function(job, ends) {
    end <- ends[[1L]]
    job <- end$job
    kept <- end$kept %||% end_job(job, end$state)
    learned <- job$learned
    network_fit(list(
        method = learned$method, encoder = learned$encoder,
        network = job$plan$networks$encoder, scaling = job$arrays$x$scaling,
        assay = learned$assay, components = learned$components,
        rotation = learned$rotation,
        member = numbers_of(fit_member(end), job$plan$networks, 1L),
        history = end$state$history
    ), kept, function(...) new_fit(network_classes, list(job), ...))
}

network_classes <- c("samples_network_fit", "samples_fit")

# numbers: of the encoder, list(parameters, state)
encode_scaled <- function(x, network, numbers, control) {
    encoded <- lapply(sample_blocks(x), function(rows) {
        network_encode(
            network, control$precision, numbers$parameters,
            unname(scaled_rows(x, rows)), control$threads,
            numbers$state %||% double()
        )
    })
    encoded <- do.call(rbind, encoded)
    dimnames(encoded) <- list(
        rownames(x), paste0("dim", seq_len(ncol(encoded)))
    )
    encoded
}

# Of list(parameters, state, ...) of several networks, those of number i.
# networks: in the order of the run.
numbers_of <- function(numbers, networks, i) {
    for (block in c("parameters", "state")) {
        sizes <- vapply(networks, function(network) {
            sum(.Call(C_network_table, network)[[block]])
        }, numeric(1))
        before <- sum(sizes[seq_len(i - 1L)])
        numbers[[block]] <- numbers[[block]][before + seq_len(sizes[i])]
    }
    numbers
}

# fields: of the fit, before what follows from the encodings; make: new_fit() or
# new_plain_fit() with what they need
network_fit <- function(fields, encoded, make) {
    centred <- encoded - rep(colMeans(encoded), each = nrow(encoded))
    fit <- do.call(make, c(fields, list(
        whitened = FALSE, gain = NA_real_, encoded = encoded,
        scales = c(
            encoding = sqrt(mean(centred^2)),
            components = stats::sd(fields$components)
        ),
        diagnostics = space_diagnostics(encoded)
    )))
    warn_collapsed(fit)
    fit
}

# ---- the fit ----------------------------------------------------------------

learn_network <- function(x, method, encoder, control, assay,
                          call = rlang::caller_env()) {
    encoder <- sample_encoder(method, encoder, ncol(x))
    found <- sample_components(x, kept_components(x))
    key <- draw_key(control$seed)
    if (method$name == "untrained") {
        return(untrained_fit(x, method, encoder, found, control, assay, key))
    }
    learned <- list(
        method = method, encoder = encoder, assay = assay,
        components = found$scores, rotation = found$rotation
    )
    job <- sample_job(x, method, encoder, control, key, learned, call)
    finish_job(job, run_jobs(list(job)))
}

untrained_fit <- function(x, method, encoder, found, control, assay, key) {
    network <- resolve_network(encoder, ncol(x))
    numbers <- network_initialise(network, control$precision, key)
    network_fit(
        list(
            method = method, encoder = encoder, network = network,
            scaling = x$scaling, assay = assay, components = found$scores,
            rotation = found$rotation, member = c(numbers, list(key = key))
        ),
        encode_scaled(x, network, numbers, control),
        function(...) new_plain_fit(network_classes, control, ...)
    )
}

# What shows that all items lie in one place or along one line, or NULL; d: see
# space_diagnostics().
describe_collapse <- function(d, least_rank = 2) {
    if (d$dead > 0.9) {
        sprintf("%.0f%% of its dimensions are constant", 100 * d$dead)
    } else if (d$effective_rank < least_rank) {
        sprintf("its effective rank is %.1f", d$effective_rank)
    }
}

warn_collapsed <- function(fit) {
    found <- describe_collapse(fit$diagnostics)
    if (is.null(found) || fit$method$name == "untrained") {
        return(invisible())
    }
    warn_kith(c(
        "The learned space has collapsed: {found}.",
        advise_collapsed(fit$method)
    ), class = "kith_warning_collapsed")
}

advise_collapsed <- function(method) {
    c(
        i = switch(method$name,
            scarf = "Lower {.arg temperature} or {.arg rate} of
            {.fn method_scarf}, or the {.arg learning_rate}.",
            byol = "Raise {.arg momentum} of {.fn method_byol}, lower the
            {.arg learning_rate}, or take larger batches.",
            vime = "Lower the {.arg learning_rate}, or train for fewer
            {.arg epochs}."
        ),
        i = "{.fn method_neighbours} cannot collapse."
    )
}

# Encodings that have been all but the same for so many epochs are told once,
# while there is time to stop: a run that is only starting may look like that.
collapsing_epochs <- 3L

watch_job.sample_job <- function(job, history) {
    same <- history$dead > 0.9 | history$mean_cosine > 0.999
    n <- length(same)
    since <- rle(same)
    if (same[n] && utils::tail(since$lengths, 1L) == collapsing_epochs) {
        inform_kith(c(
            "!" = "The space is collapsing: for {collapsing_epochs} epochs
            encodings have been all but the same (mean cosine
            {sprintf('%.3f', history$mean_cosine[n])},
            {sprintf('%.0f%%', 100 * history$dead[n])} of the dimensions
            constant).", advise_collapsed(job$learned$method)
        ), class = "kith_message_collapsing")
    }
}
