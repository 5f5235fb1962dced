# What the tests of the engine share: the C entries behind short names, golden
# values, and numeric gradients.

build_features <- function() .Call(kith:::C_build_features)

precisions <- function() {
    if (build_features()$single) c("single", "double") else "double"
}

# list(y, dx, parameters): a network's output and gradients
network_gradients <- function(network, parameters, x, dy, key = NULL,
                              precision = "double", threads = 1L) {
    .Call(
        C_network_gradients, network, precision, parameters, x, dy, key,
        threads
    )
}

# a network from layers: network_of(4, list("linear", 3), list("gelu"))
network_of <- function(n_in, ...) {
    layers <- list(...)
    pick <- function(i, default) {
        vapply(layers, function(layer) {
            if (length(layer) >= i) layer[[i]] else default
        }, default)
    }
    list(
        n_in = as.double(n_in), type = pick(1, ""), n_out = pick(2, 0),
        option = pick(3, 0)
    )
}

initial_parameters <- function(network, seed = 1L) {
    .Call(C_network_initialise, network, "double", draw_key(seed))
}

# central differences of a function of a vector
numeric_gradient <- function(f, at, step = 1e-5) {
    vapply(seq_along(at), function(i) {
        up <- down <- at
        up[i] <- up[i] + step
        down[i] <- down[i] - step
        (f(up) - f(down)) / (2 * step)
    }, numeric(1))
}

# a control without gaps
published_control <- function(...) {
    complete_control(train_control(...), "cal2026")
}

# the largest difference relative to the size of the gradient
relative_error <- function(found, expected) {
    max(abs(found - expected)) / max(abs(expected))
}

golden <- function(case) {
    testthat::skip_if_not_installed("jsonlite")
    file <- testthat::test_path("fixtures", paste0("golden-", case, ".json"))
    jsonlite::fromJSON(file)
}

golden_cases <- function() {
    files <- list.files(testthat::test_path("fixtures"), "^golden-.*json$")
    setdiff(sub("^golden-(.*)[.]json$", "\\1", files), "layers")
}

# a training job with the settings of a golden file
golden_job <- function(gold) {
    encoder <- encoder_mlp(
        hidden = gold$encoder$hidden, activation = gold$encoder$activation,
        layer_norm = gold$encoder$layer_norm, blend = gold$encoder$blend,
        normalize = gold$encoder$normalize
    )
    objective <- golden_objective(gold)
    optimizer <- gold$optimizer
    control <- published_control(
        batch_size = golden_batch_size(gold), precision = "double", threads = 1,
        optimizer = optimizer$method,
        learning_rate = optimizer$learning_rate,
        weight_decay = optimizer$weight_decay,
        betas = c(optimizer$beta1 %||% 0.9, optimizer$beta2 %||% 0.999),
        epsilon = optimizer$eps %||% 1e-8, momentum = optimizer$momentum,
        clip_norm = optimizer$clip_norm %||% Inf
    )
    # the known pairs, or all pairs of all batches, batch by batch
    pairs <- gold$pairs
    if (length(dim(pairs)) == 3L) {
        pairs <- cbind(as.vector(t(pairs[, , 1])), as.vector(t(pairs[, , 2])))
    }
    job_new(
        gold$x, pairs[, 1], pairs[, 2], encoder, objective, control,
        draw_key(1L)
    )
}

golden_objective <- function(gold) {
    aim <- gold$objective
    if (aim$negatives == "all") {
        return(multi_positive(
            aim$temperature, aim$keys,
            degree_correction = aim$degree_correction,
            degree_weight = aim$degree_weight
        ))
    }
    masked <- aim$negatives == "masked"
    info_nce(
        aim$temperature, aim$keys, if (masked) "batch" else aim$negatives,
        if (is.null(gold$negatives)) 1 else dim(gold$negatives)[4],
        mask_known = masked
    )
}

golden_batch_size <- function(gold) {
    if (is.null(gold$anchors)) dim(gold$pairs)[2] else ncol(gold$anchors)
}

# a trainer at the parameters of a golden file, at the start of an epoch
golden_trainer <- function(gold, job = golden_job(gold)) {
    trainer <- .Call(
        C_trainer_create, job$plan, "double", job$x, job$first, job$second
    )
    .Call(C_block_write, trainer, 0L, gold$parameters_start)
    .Call(C_epoch_begin, trainer, 0, 1L)
    trainer
}

`%||%` <- rlang::`%||%`

# 0-based items of batch i, and its negatives as C wants them
golden_batch <- function(gold, i) {
    n <- golden_batch_size(gold)
    negatives <- gold$negatives
    list(
        items = if (is.null(gold$anchors)) {
            as.integer((i - 1) * n + seq_len(n) - 1)
        } else {
            gold$anchors[i, ]
        },
        # C has direction slowest, then pair, then negative
        negatives = if (!is.null(negatives)) {
            as.integer(aperm(negatives[i, , , ], c(3, 2, 1)))
        }
    )
}

# doubles as the nearest numbers of single precision
round_to_single <- function(x) {
    raw <- writeBin(x, raw(), size = 4L)
    readBin(raw, "double", n = length(x), size = 4L)
}

# All batches of an epoch one by one, each on that many threads: an epoch in
# one piece takes no more threads than pay off.
step_through <- function(trainer, batch_size, rate, threads, epoch = 0) {
    .Call(C_epoch_begin, trainer, epoch, threads)
    items <- .Call(C_epoch_order, trainer, epoch)
    batch <- (seq_along(items) - 1L) %/% batch_size
    for (chosen in split(items, batch)) {
        .Call(C_batch, trainer, chosen, NULL, rate, threads)
    }
}
