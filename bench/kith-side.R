# The side of kith in bench/cal-vs-torch.R: all calls of the package under test.


# The pair object, and its rows of x as two columns, in the order and
# orientation in which kith trains on them.
kith_pairs <- function(x, pairs) {
    object <- gene_pairs(pairs)
    ids <- as.data.frame(object)[, 1:2]
    index <- cbind(match(ids[[1]], rownames(x)), match(ids[[2]], rownames(x)))
    list(object = object, index = index)
}

kith_control <- function(epochs, seed, threads, precision = "single") {
    train_control(
        epochs = epochs, batch_size = BATCH_SIZE, learning_rate = 3e-4,
        weight_decay = 1e-4, schedule = "cosine", precision = precision,
        threads = threads, seed = seed, verbose = FALSE
    )
}

kith_objective <- function() info_nce(temperature = 0.05, keys = "raw")

kith_fit <- function(x, pairs, epochs, seed, threads) {
    learn_associations(
        x, pairs,
        encoder = encoder_mlp(), objective = kith_objective(),
        control = kith_control(epochs, seed, threads), preset = "cal2026"
    )
}

kith_encode <- function(fit) encode(fit)

kith_score <- function(fit, pairs) {
    score <- score_pairs(fit, pairs, how = "half")
    if (is.data.frame(score)) score[["score"]] else score
}

# Ten steps on batches (steps x pairs x 2, indices from 1) in double.
kith_steps <- function(x, parameters, batches, threads) {
    control <- kith_control(1L, 1L, threads, "double")
    n <- dim(batches)[2L]
    job <- kith:::association_job(
        x, as.vector(t(batches[, , 1L])) - 1L,
        as.vector(t(batches[, , 2L])) - 1L, encoder_mlp(), kith_objective(),
        control, kith:::draw_key(1L)
    )
    run <- kith:::run_new(job, kith:::state_new())
    kith:::engine_write(run, "parameters", parameters)
    losses <- vapply(seq_len(dim(batches)[1L]), function(step) {
        kith:::engine_batch(
            run, as.integer((step - 1L) * n + seq_len(n) - 1L),
            learning_rate = control$learning_rate, threads = control$threads
        )
    }, numeric(1))
    parameters <- kith:::engine_read(run, "parameters")
    list(losses = losses, parameters = parameters)
}

# Seconds per step of learn_associations(): what four more epochs cost.
kith_seconds_per_step <- function(x, pairs, threads) {
    seconds <- vapply(c(1L, 5L), function(epochs) {
        system.time(kith_fit(x, pairs, epochs, 42L, threads))[["elapsed"]]
    }, numeric(1))
    diff(seconds) / (4 * (nrow(pairs) %/% BATCH_SIZE))
}
