# Golden values of PyTorch (fixtures/README.md) and runs that start at them.

golden <- function(case) {
    testthat::skip_if_not_installed("jsonlite")
    file <- testthat::test_path("fixtures", paste0("golden-", case, ".json"))
    jsonlite::fromJSON(file)
}

golden_cases <- function() {
    files <- list.files(testthat::test_path("fixtures"), "^golden-.*json$")
    cases <- sub("^golden-(.*)[.]json$", "\\1", files)
    others <- c(
        "layers", "parts", "positions", "ranking", "residual", "text",
        "transcripts", "transcripts-labels"
    )
    setdiff(cases[!grepl("^(samples|response)-", cases)], others)
}

# a training job with the settings of a golden file
golden_job <- function(gold) {
    encoder <- encoder_mlp(
        hidden = gold$encoder$hidden, activation = gold$encoder$activation,
        norm = if (gold$encoder$layer_norm) "layer" else "none",
        blend = gold$encoder$blend,
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
    association_job(
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

# a run at the parameters of a golden file, at the start of an epoch
golden_run <- function(gold, job = golden_job(gold)) {
    run <- engine_create(job$plan, "double", job$arrays)
    engine_write(run, "parameters", gold$parameters_start)
    engine_epoch_begin(run, 0, 1L)
    run
}

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

# golden values whose cases differ in shape: lists of lists
golden_parts <- function(case) {
    testthat::skip_if_not_installed("jsonlite")
    file <- testthat::test_path("fixtures", paste0("golden-", case, ".json"))
    jsonlite::fromJSON(file, simplifyDataFrame = FALSE)
}
