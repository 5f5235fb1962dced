# What encoder_conv() accepts, refuses and shows, and the networks of encoders
# for rows of several positions.

refused <- function(code, name) {
    expect_error(code, name, class = "kith_error_input")
}

test_that("bad arguments are refused by name", {
    refused(encoder_conv(channels = 0), "channels.*whole numbers")
    refused(encoder_conv(channels = integer()), "channels.*at least one")
    refused(encoder_conv(channels = c(8, NA)), "channels")
    refused(encoder_conv(width = 0), "width")
    refused(encoder_conv(width = 2.5), "width")
    refused(encoder_conv(width = c(3, 3, 3)), "width.*each of the 2 values")
    refused(encoder_conv(8, width = integer()), "width.*It has 0 values")
    refused(encoder_conv(width = 2^21), "width.*at most 1048576")
    refused(encoder_conv(dilation = -1), "dilation")
    refused(encoder_conv(pool = "a"), "pool")
    refused(encoder_conv(activation = "tanh"), "activation")
    refused(encoder_conv(norm = TRUE), "norm.*layer.*batch")
    refused(encoder_conv(channels = c(8, 1)), "channels.*at least 2")
    refused(encoder_conv(hidden = 1), "hidden.*at least 2")
    refused(encoder_conv(dropout = 1), "dropout.*below 1")
    refused(encoder_conv(readout = "max"), "readout.*mean.*flatten")
    refused(encoder_conv(hidden = NULL), "hidden")
    refused(encoder_conv(normalize = 1), "normalize")
    refused(encoder_conv(n_out = 0), "n_out")
    refused(encoder_conv(n_out = 1, normalize = TRUE), "n_out.*at least 2")
    refused(encoder_conv(slope = 1), "slope.*below 1")
    refused(encoder_mlp(slope = 1), "slope.*below 1")
    refused(encoder_mlp(slope = -0.1), "slope.*\\[0, 1\\]")
    expect_s3_class(
        encoder_conv(1, norm = "none", hidden = integer()),
        c("encoder_conv", "encoder"),
        exact = TRUE
    )
})

test_that("the default network is the described one", {
    network <- resolve_network(encoder_conv(), 5, positions = 100)
    block <- c("conv", "layernorm", "gelu", "pool", "dropout")
    expect_identical(network$type, c(
        block, block, "mean_positions",
        "linear", "layernorm", "gelu", "dropout", "linear"
    ))
    expect_identical(network$positions, 100)
    table <- .Call(C_network_table, network)
    expect_identical(
        table$positions_out,
        rep(c(100, 25, 6, 1), c(3, 5, 2, 6))
    )
    # as the help page has it
    expect_identical(sum(table$parameters), 12512)
    expect_identical(
        sum(table$parameters),
        (5 * 5 + 1) * 32 + (32 * 5 + 1) * 32 + 2 * 64 + 33 * 64 + 128 + 65 * 64
    )
    expect_identical(network_n_out(network), 64)
})

test_that("arguments are for each block, and n_out is what comes out", {
    encoder <- encoder_conv(c(6, 7), c(3, 4), c(1, 2), c(2, 1),
        "leaky_relu", "batch",
        dropout = 0, readout = "flatten", hidden = c(9, 8), n_out = 1,
        slope = 0.2
    )
    network <- resolve_network(encoder, 4, positions = 11)
    expect_identical(network$type, c(
        "conv", "batchnorm", "relu", "pool", "conv", "batchnorm", "relu",
        "flatten", "linear", "batchnorm", "relu", "linear", "batchnorm",
        "relu", "linear"
    ))
    expect_identical(network$option[c(1, 3, 4, 5), ], rbind(
        c(3, 1, 0), c(0.2, 0, 0), c(2, 0, 0), c(4, 2, 0)
    ))
    expect_identical(layer_table(network)$n_in[9], 5 * 7)
    expect_identical(network_n_out(network), 1)
    bare <- encoder_conv(6, norm = "none", pool = 1, dropout = 0,
        hidden = integer(), normalize = TRUE
    )
    network <- resolve_network(bare, 3)
    expect_identical(
        network$type,
        c("conv", "gelu", "mean_positions", "linear", "normalize")
    )
    expect_identical(network_n_out(network), 6)
})

test_that("a convolutional encoder differentiates", {
    for (encoder in list(
        encoder_conv(c(3, 4), 3, 1, 2, readout = "mean_max", hidden = 5),
        encoder_conv(c(3, 4), 3, c(1, 2), 2, hidden = 5, n_out = 2),
        encoder_conv(c(3, 4), 2, 1, c(2, 1),
            norm = "batch", readout = "flatten", hidden = 5, normalize = TRUE
        )
    )) {
        network <- resolve_network(encoder, 2, positions = 8)
        first <- network_initialise(network, "double", draw_key(1L))
        set.seed(1)
        x <- random_matrix(4, 16)
        dy <- random_matrix(4, network_n_out(network))
        expect_gradients(
            network, first$parameters, x, dy, draw_key(2L), first$state
        )
    }
})

test_that("convolutions train, in any number of threads", {
    encoder <- encoder_conv(c(8, 8), 3, c(1, 2), 2, hidden = 8, dropout = 0.1)
    head <- encoder_mlp(8, blend = FALSE, normalize = FALSE)
    networks <- list(
        encoder = resolve_network(encoder, 3, positions = 40),
        projector = resolve_network(head, 8),
        predictor = resolve_network(head, 8)
    )
    plan <- list(
        task = "samples_bootstrap", objective = "squared_error",
        networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = 1e-2, clip_norm = Inf)
        ),
        options = c(
            rule = 3, rate = 0.3, fixed = 1, momentum = 0.9, rise_steps = 0
        ),
        optimizer = resolve_optimizer(train_control()),
        batch_size = 32, key = draw_key(5L)
    )
    set.seed(4)
    x <- random_matrix(96, 120)
    train <- function(threads, precision) {
        run <- engine_create(plan, precision, list(x = x))
        losses <- vapply(seq_len(20), function(i) {
            engine_batch(run, 0:31 + 32L * (i %% 3L),
                learning_rate = 0.01, threads = threads
            )
        }, 0)
        list(losses, engine_blocks(run), engine_output(run, 0:95, threads))
    }
    for (precision in precisions()) {
        one <- train(1L, precision)
        expect_lt(mean(one[[1]][16:20]), 0.5 * one[[1]][1])
        expect_identical(train(2L, precision), one)
    }
})

test_that("weights and biases of convolutions are blocks of their own", {
    encoder <- encoder_conv(
        4, 3, 1, 2,
        norm = "batch", hidden = 5, dropout = 0
    )
    networks <- list(
        encoder = resolve_network(encoder, 3, positions = 8),
        projector = network_of_layers(5, list(layer("linear", 2)))
    )
    # conv, normalisation, linear, normalisation, linear; linear
    sizes <- c(36, 4, 4, 4, 20, 5, 5, 5, 25, 5, 10, 2)
    plan <- list(
        task = "samples_contrast", objective = "nt_xent", networks = networks,
        groups = engine_groups(networks, list(
            weight_decay = 0, clip_norm = 0.05, clip_by = "block"
        )),
        options = c(rule = 3, rate = 0.3, fixed = 1, temperature = 0.5),
        optimizer = resolve_optimizer(
            train_control(optimizer = "sgd", momentum = 0)
        ),
        batch_size = 16, key = draw_key(5L)
    )
    set.seed(5)
    run <- engine_create(plan, "double", list(x = random_matrix(16, 24)))
    before <- engine_read(run, "parameters")
    engine_batch(run, 0:15, learning_rate = 1)
    gradient <- engine_read(run, "gradients")
    expected <- clip_blocks_r(gradient, sizes, 0.05)
    expect_gt(sum(expected != gradient), 40)
    expect_equal(before - engine_read(run, "parameters"), expected,
        tolerance = 1e-9
    )
})

test_that("rows with too few positions are refused", {
    refused(
        resolve_network(encoder_conv(), 5, positions = 15),
        "Of 15 positions, block 2 is left with 3.*pool.*of 4"
    )
    refused(resolve_network(encoder_conv(), 5), "Of 1 position, block 1")
    expect_silent(resolve_network(encoder_conv(), 5, positions = 16))
})

test_that("a perceptron takes all positions side by side", {
    set.seed(2)
    x <- random_matrix(6, 12)
    for (blend in c(TRUE, FALSE)) {
        encoder <- encoder_mlp(c(5, 4), blend = blend)
        rows <- resolve_network(encoder, 3, positions = 4)
        expect_identical(rows$type[1], "flatten")
        vectors <- resolve_network(encoder, 12)
        expect_identical(network_n_out(rows), 12)
        p <- initial_parameters(vectors)
        expect_identical(
            try_network(rows, p, x, x)[c("y", "dx", "parameters")],
            try_network(vectors, p, x, x)[c("y", "dx", "parameters")]
        )
    }
})

test_that("the slope of leaky_relu is the user's", {
    network <- resolve_network(encoder_mlp(4, "leaky_relu", slope = 0.2), 3)
    expect_identical(network$option[network$type == "relu", ], c(0.2, 0, 0))
    network <- resolve_network(encoder_mlp(4, "leaky_relu"), 3)
    expect_identical(network$option[network$type == "relu", ], c(0.01, 0, 0))
    # relu has none
    network <- resolve_network(encoder_mlp(4, "relu", slope = 0.2), 3)
    expect_identical(network$option[network$type == "relu", ], c(0, 0, 0))
    expect_output(
        print(encoder_mlp(4, "leaky_relu", slope = 0.2)), "leaky_relu \\(0.2\\)"
    )
})

test_that("learners of vectors refuse convolutions", {
    organism <- small_organism()
    refused(
        learn_associations(
            organism$vectors, organism$pairs, encoder_conv(), info_nce()
        ),
        "encoder_mlp"
    )
})

test_that("rows are encoded alike however many fit into memory", {
    # 70 rows take more than 2^28 bytes, so 35 are encoded at a time
    network <- network_of_layers(2, list(
        layer("conv", 64, c(2, 1)), layer("mean_positions")
    ), positions = 8192)
    p <- initial_parameters(network)
    set.seed(3)
    x <- matrix(round(stats::rnorm(70 * 2^14), 1), 70)
    y <- network_encode(network, "double", p, x, 1L)
    some <- c(1, 35, 36, 70)
    expect_equal(
        network_encode(network, "double", p, x[some, ], 1L), y[some, ],
        tolerance = 1e-12
    )
})

test_that("convolutions print on a line", {
    expect_output(
        print(encoder_conv()),
        "d > 32 > 32 > mean > 64 > 64; width 5, pool 4, gelu, layer norm"
    )
    expect_output(
        print(encoder_conv(8, dilation = 3, hidden = integer(), n_out = 1)),
        "d > 8 > mean > 1; width 5, dilation 3"
    )
    expect_output(
        print(encoder_conv(c(8, 8, 8), c(3, 5, 3), pool = 1)),
        "64; width 3/5/3, gelu"
    )
})
