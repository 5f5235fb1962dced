# The run of learn_transcripts(): what the engine needs of transcripts, sets and
# method, and the fit that a run makes.

# ---- lengths ----------------------------------------------------------------

# The lengths that rows are padded to (src/task/sequences_chunks.h), up to the
# first that holds `longest`.
bucket_lengths <- function(longest) {
    lengths <- sort(c(2^(4:20), 1.5 * 2^(5:19)))
    lengths[seq_len(1L + sum(lengths < longest))]
}

# The most positions, and the fewest that the encoder takes: list(shortest,
# longest). padded: to how many all rows are padded, or NULL.
encoder_lengths <- function(encoder, tracks, longest, padded = NULL) {
    lengths <- bucket_lengths(max(longest, padded))
    last <- lengths[length(lengths)]
    # the error of an encoder that needs more positions
    layer_table(resolve_network(encoder, tracks, last))
    if (!is.null(padded)) {
        return(list(shortest = last, longest = last))
    }
    fits <- vapply(lengths, function(positions) {
        tryCatch(
            is.data.frame(
                layer_table(resolve_network(encoder, tracks, positions))
            ),
            kith_error = function(error) FALSE
        )
    }, NA)
    list(shortest = lengths[which(fits)[1L]], longest = last)
}

# Positions that go through the encoder at a time: some 100 MB of activations.
chunk_positions <- 2^16

# ---- networks ---------------------------------------------------------------

# Do all transcripts begin with their coding sequence?
begins_coding <- function(x) all(x$cds_start %in% 1L)

# The default for transcripts x: coding sequences are read codon by codon,
# short sequences base by base, others by pools over positions.
default_encoder <- function(x) {
    if (begins_coding(x)) {
        return(encoder_residual(
            channels = c(64, 64), blocks = 1, width = 3, fold = 3,
            words = TRUE, stem_pool = 1, pool = 1, dilation = c(1, 4),
            dropout = 0, readout = "mean_max"
        ))
    }
    if (max(x$length) <= longest_short) {
        return(encoder_residual(
            channels = c(64, 64), blocks = 1, width = 5, stem_pool = 1,
            pool = c(2, 1), dilation = 1, dropout = 0, readout = "mean_max"
        ))
    }
    encoder_conv(c(64, 96),
        width = 7, pool = 4, norm = "layer", dropout = 0, readout = "mean",
        hidden = integer(0)
    )
}

# bases of sequences that are short for default_encoder()
longest_short <- 256L

check_transcript_encoder <- function(encoder, call = rlang::caller_env()) {
    if (!inherits(encoder, "encoder") || inherits(encoder, "encoder_mlp")) {
        abort_input(c(
            "{.arg encoder} must be one for positions along a sequence.",
            x = "It is {describe_value(encoder)}.",
            i = "For instance {.code encoder_conv(c(64, 96), width = 7)}."
        ), call = call)
    }
    if (identical(encoder$readout, "flatten")) {
        abort_input(c(
            "{.arg encoder} must have the readout {.val mean} or
            {.val mean_max} here.",
            x = "With {.val flatten} it has weights for each position, and
            transcripts differ in length."
        ), call = call)
    }
    if (identical(encoder$norm, "batch") && length(encoder$hidden) > 0L) {
        abort_input(c(
            "{.arg encoder} must have no batch normalisation behind its
            readout.",
            x = "Transcripts pass the encoder in chunks, which may be one
            transcript.",
            i = "Set {.code norm = \"layer\"}, or {.code hidden =
            integer(0)}."
        ), call = call)
    }
}

transcript_networks <- function(encoder, method, tracks, positions) {
    first <- resolve_network(encoder, tracks, positions)
    list(
        encoder = first,
        projector = head_network(network_n_out(first), method$projector)
    )
}

# ---- arrays -----------------------------------------------------------------

# x: transcripts; set: of each, from 1, or all sets of their own
sequence_arrays <- function(x, set = seq_along(x$id), weighted = TRUE) {
    order <- order(set)
    size <- tabulate(set)
    list(
        codes = structure(x$codes, class = "packed_bases"),
        start = as.double(x$start[order]), length = as.integer(x$length[order]),
        set_start = as.integer(cumsum(size) - size), set_size = size,
        weight = if (weighted) set_weights(size) else rep(1, length(size))
    )
}

# the arrays of some of the sets, by a logical vector
some_sets <- function(arrays, kept) {
    lapply(arrays[c("set_start", "set_size", "weight")], `[`, kept)
}

# other sets of the same sequences
with_sets <- function(arrays, sets) {
    arrays[names(sets)] <- sets
    arrays
}

# bases that are handed over at a time, as integers: 16 MB
bases_per_block <- 2^22

load_array.packed_bases <- function(array, run, name) {
    bases <- unclass(array)
    for (block in block_rows(length(bases), bases_per_block)) {
        .Call(C_run_load, run, name, as.integer(bases[block]))
    }
}

# ---- the job ----------------------------------------------------------------

# What a control leaves open comes from the method; so do optimiser, schedule
# and clipping of a preset that names them.
transcript_control <- function(control, method, n_sets) {
    training <- method$training
    asked <- control
    control <- complete_control(control, training)
    if (is.null(control$batch_size)) {
        control$batch_size <- as.integer(min(training$batch_size, n_sets))
    }
    if (is.null(asked$epochs)) {
        batches <- max(1, epoch_batches(n_sets, control$batch_size))
        control$epochs <- as.integer(
            max(training$epochs, ceiling(training$steps / batches))
        )
    }
    named <- intersect(names(training), c(
        "optimizer", "schedule", "clip_norm", "clip_by"
    ))
    control[named] <- training[named]
    control
}

# options of the task; lengths: see encoder_lengths()
sequence_options <- function(method, lengths) {
    c(
        temperature = method$temperature, crop = method$crop, codon = 1,
        shift = method$shift, mask_rate = method$mask_rate,
        mask_all = as.double(method$mask_all),
        mask_codons = as.double(method$mask_codons), mask_value = 0.25,
        different = as.double(method$different), shortest = lengths$shortest,
        most_positions = chunk_positions,
        masked = as.double(is.null(method$positions))
    )
}

# set: of each transcript, from 1. Of control$validation sets the loss is
# watched.
transcript_job <- function(x, set, method, encoder, control, key, learned,
                           call = rlang::caller_env()) {
    arrays <- sequence_arrays(x, set, method$weights)
    n <- length(arrays$set_size)
    watched <- NULL
    if (!is.null(control$validation)) {
        held <- draw_watched_sets(n, control$validation, key, call)
        watched <- some_sets(arrays, held)
        arrays <- with_sets(arrays, some_sets(arrays, !held))
        n <- sum(!held)
    }
    asked <- control$batch_size
    control <- transcript_control(control, method, n)
    lengths <- encoder_lengths(
        encoder, x$tracks, max(x$length) + method$shift, method$positions
    )
    networks <- transcript_networks(encoder, method, x$tracks, lengths$longest)
    batch_size <- choose_batch_size(
        asked %||% max(control$batch_size, smallest_batch), max(n, 0L), "sets",
        "sets",
        call = call
    )
    plan <- list(
        task = "sequences_contrast", objective = method$loss,
        networks = networks, groups = engine_groups(networks, control),
        options = sequence_options(method, lengths),
        optimizer = resolve_optimizer(control), batch_size = batch_size,
        key = key
    )
    new_job("transcript_job", plan, arrays, n, control,
        measure = if (!is.null(watched)) measure_loss_of_sets,
        watched = watched, learned = learned,
        data_hash = lapply(c(arrays, list(learned = learned)), rlang::hash)
    )
}

measure_loss_of_sets <- new_measure(
    "loss", "loss on held-out sets", FALSE, function(predicted, truth) NULL
)

# which of n sets are watched
draw_watched_sets <- function(n, share, key, call) {
    check_watched_share(share, call, "sets")
    held <- draw_held_out(n, 1 - share, derive_key(key, "validation", 1L)) == 1L
    if (sum(held) < 2L || sum(!held) < smallest_batch) {
        abort_input(c(
            "{.arg validation} must leave at least {smallest_batch} sets to
            train on and 2 to watch.",
            x = "A share of {share} of {n} leaves {sum(!held)} and {sum(held)}."
        ), call = call)
    }
    held
}

# The loss of watched sets, with the same views each time.
validate_job.transcript_job <- function(job, run) {
    arrays <- with_sets(job$arrays, job$watched)
    watched_loss(job, run, arrays, length(job$watched$set_size))
}

end_job.transcript_job <- function(job, state) {
    encode_sequences(
        job$learned$x, job$learned$encoder,
        numbers_of(final_numbers(state), job$plan$networks, 1L), job$control,
        job$learned$method$positions
    )
}

finish_job.transcript_job <- function(job, ends) {
    end <- ends[[1L]]
    job <- end$job
    learned <- job$learned
    encoded <- end$kept %||% end_job(job, end$state)
    fit <- new_fit(
        "transcripts_fit", list(job),
        method = learned$method, encoder = learned$encoder,
        network = job$plan$networks$encoder, tracks = learned$x$tracks,
        begins_coding = begins_coding(learned$x),
        n_sets = learned$n_sets, length = learned$x$length,
        member = numbers_of(fit_member(end), job$plan$networks, 1L),
        encoded = encoded, history = end$state$history,
        diagnostics = space_diagnostics(encoded)
    )
    warn_collapsed_transcripts(fit)
    fit
}

# The encoder as a run of this key would begin with.
untrained_transcripts <- function(x, set, method, encoder, control, key) {
    lengths <- encoder_lengths(encoder, x$tracks, max(x$length))
    network <- resolve_network(encoder, x$tracks, lengths$longest)
    numbers <- network_initialise(network, control$precision, key)
    encoded <- encode_sequences(x, encoder, numbers, control)
    new_plain_fit("transcripts_fit", control,
        method = method, encoder = encoder, network = network,
        tracks = x$tracks, begins_coding = begins_coding(x),
        n_sets = max(set), length = x$length,
        member = c(numbers, list(key = key)), encoded = encoded,
        history = NULL, diagnostics = space_diagnostics(encoded)
    )
}

warn_collapsed_transcripts <- function(fit) {
    # a mean over padded positions has much of its variance along the length
    found <- describe_collapse(fit$diagnostics, 1.05)
    if (is.null(found)) {
        return(invisible())
    }
    warn_kith(c(
        "The learned space has collapsed: {found}.",
        i = "Lower the {.arg learning_rate} of {.fn train_control}, or raise
        {.arg temperature} of {.fn method_isoclr}."
    ), class = "kith_warning_collapsed")
}

# ---- encodings --------------------------------------------------------------

# positions of whole transcripts between two looks for Ctrl-C
encode_positions <- 2^19

# Encodings of whole transcripts, transcripts x dimensions. numbers: of the
# encoder, list(parameters, state); padded: see encoder_lengths().
encode_sequences <- function(x, encoder, numbers, control, padded = NULL) {
    lengths <- encoder_lengths(encoder, x$tracks, max(x$length), padded)
    first <- resolve_network(encoder, x$tracks, lengths$longest)
    n_out <- network_n_out(first)
    # the run needs a projector, which nothing passes here
    networks <- list(
        encoder = first,
        projector = network_of_layers(n_out, list(layer("linear", 2)))
    )
    method <- method_isoclr(crop = 1, mask_rate = 0)
    method$positions <- padded
    plan <- list(
        task = "sequences_contrast", objective = "nt_xent", networks = networks,
        groups = engine_groups(networks, list(weight_decay = 0, clip_norm = 1)),
        options = sequence_options(method, lengths),
        optimizer = resolve_optimizer(control), batch_size = 128L,
        key = draw_key(1L)
    )
    run <- engine_create(plan, control$precision, sequence_arrays(x))
    engine_write_first(
        run, Filter(length, numbers[c("parameters", "state")])
    )
    encoded <- output_by_length(
        run, seq_along(x$id), x$length, lengths$shortest, control$threads
    )
    dimnames(encoded) <- list(x$id, paste0("dim", seq_len(n_out)))
    encoded
}

# Encodings of sequences of a run, by number, with so many bases each, in blocks
# between which Ctrl-C is answered; shortest: see encoder_lengths().
output_by_length <- function(run, rows, length, shortest, threads) {
    # by length, so that rows of a block share their buckets
    order <- order(length)
    blocks <- cumsum(as.double(pmax(length[order], shortest))) %/%
        encode_positions
    found <- lapply(split(rows[order], blocks), function(some) {
        engine_output(run, some - 1L, threads)
    })
    do.call(rbind, unname(found))[order(order), , drop = FALSE]
}
