# What encoder_mlp(), info_nce() and train_control() accept, refuse and show.

refused <- function(code, name) {
    expect_error(code, name, class = "kith_error_input")
}

test_that("bad numbers are refused by name", {
    refused(train_control(epochs = 0), "epochs")
    refused(train_control(epochs = -3), "epochs")
    refused(train_control(epochs = 1.5), "epochs")
    refused(train_control(epochs = "10"), "epochs")
    refused(train_control(epochs = NA), "epochs")
    refused(train_control(batch_size = 7), "batch_size")
    refused(train_control(learning_rate = 0), "learning_rate")
    refused(train_control(weight_decay = -1), "weight_decay")
    refused(train_control(weight_decay = Inf), "weight_decay.*\\[0, Inf\\)")
    refused(train_control(clip_norm = 0), "clip_norm.*\\(0, Inf\\)")
    refused(train_control(clip_norm = NaN), "clip_norm")
    expect_identical(train_control(clip_norm = Inf)$clip_norm, Inf)
    refused(train_control(clip_by = "layer"), "clip_by.*\"all\" or \"block\"")
    refused(train_control(clip_by = NA), "clip_by")
    refused(train_control(clip_by = TRUE), "clip_by")
    expect_identical(train_control()$clip_by, "all")
    refused(train_control(momentum = 1.1), "momentum.*\\[0, 1\\]")
    refused(multi_positive(degree_weight = Inf), "degree_weight")
    refused(multi_positive(degree_correction = Inf), "degree_correction")
    refused(train_control(schedule = "linear"), "schedule")
    refused(train_control(precision = "half"), "precision")
    refused(train_control(threads = 0), "threads")
    refused(train_control(seed = 1.5), "seed")
    refused(train_control(validation = 1), "validation")
    refused(train_control(validation = 0), "validation")
    refused(train_control(patience = 3), "patience")
    refused(train_control(betas = c(0.9, 1)), "betas")
    refused(train_control(verbose = "yes"), "verbose")
    refused(info_nce(temperature = 0), "temperature")
    refused(info_nce(keys = "cooked"), "keys")
    refused(info_nce(n_negatives = 0), "n_negatives")
    refused(encoder_mlp(hidden = 0), "hidden")
    refused(encoder_mlp(hidden = "a"), "hidden")
    refused(encoder_mlp(dropout = 1), "dropout")
    refused(encoder_mlp(n_out = 5), "n_out")
    refused(encoder_mlp(blend = FALSE, n_out = 1), "n_out.*at least 2")
})

test_that("the defaults are the published recipe", {
    size_of <- function(n, objective = info_nce()) {
        association_batch_size(train_control(), n, objective)
    }
    encoder <- encoder_mlp()
    layers <- layer_table(resolve_network(encoder, 50))
    expect_equal(sum(layers$parameters), 2208919)
    expect_identical(info_nce()$temperature, 0.05)
    control <- published_control()
    expect_identical(control$epochs, 100L)
    expect_identical(control$learning_rate, 3e-4)
    expect_identical(control$weight_decay, 1e-4)
    expect_identical(size_of(1000L), 512L)
    expect_identical(size_of(20L), 20L)
    # of more genes a quarter
    expect_identical(size_of(2049L, multi_positive()), 513L)
    expect_identical(size_of(20000L, multi_positive()), 2048L)
    expect_identical(size_of(20000L), 512L)
})

test_that("an encoder may end in other dimensions or be linear", {
    encoder <- encoder_mlp(
        hidden = integer(), norm = "none", blend = FALSE,
        normalize = FALSE, n_out = 3
    )
    network <- resolve_network(encoder, 5)
    expect_identical(network$type, "linear")
    expect_identical(network$n_out, 3)
    organism <- small_organism()
    fit <- learn_associations(
        organism$vectors, organism$pairs,
        encoder_mlp(16, blend = FALSE, n_out = 8, dropout = 0.3),
        info_nce(keys = "transformed"), small_control(1), preset = "cal2026"
    )
    expect_identical(ncol(encode(fit)), 8L)
    expect_error(score_pairs(fit, organism$pairs, how = "half"), "how",
        class = "kith_error_input"
    )
    # raw keys need encodings as long as the vectors
    expect_error(
        learn_associations(
            organism$vectors, organism$pairs,
            encoder_mlp(16, blend = FALSE, n_out = 8), info_nce(),
            small_control(1),
            preset = "cal2026"
        ),
        "n_out",
        class = "kith_error_input"
    )
})

test_that("descriptions print on a line", {
    expect_output(print(encoder_mlp()), "1024 > 1024 > 1024.*gelu")
    expect_output(print(info_nce(negatives = "uniform")), "1023 uniform")
    expect_output(print(train_control(validation = 0.1)), "validation")
})
