# encoder_residual(): what it accepts, the networks that it describes, and that
# padding is no data to them. A row of a matrix holds its positions one after
# the other.

refused <- function(code, name) {
    expect_error(code, name, class = "kith_error_input")
}

test_that("bad arguments are refused by name", {
    refused(encoder_residual("XL"), "preset.*small.*L")
    refused(encoder_residual(channels = 0), "channels.*whole numbers")
    refused(encoder_residual(channels = integer()), "channels.*at least one")
    refused(encoder_residual(channels = c(8, 1)), "channels.*at least 2")
    refused(encoder_residual(blocks = c(1, 2)), "blocks.*each of the 3 values")
    refused(encoder_residual(blocks = 0), "blocks.*whole numbers")
    refused(encoder_residual(blocks = 20), "blocks.*at most 256.*60 blocks")
    refused(encoder_residual(blocks = 2^20), "blocks.*Inf layers")
    refused(encoder_residual("M", channels = c(8, 8)), "blocks.*each of the 2")
    refused(encoder_residual(width = c(3, 3, 3)), "width.*one whole number")
    refused(encoder_residual(width = 2.5), "width")
    refused(encoder_residual(dilation = -1), "dilation")
    refused(encoder_residual(stem_pool = 0), "stem_pool")
    refused(encoder_residual(pool = "a"), "pool")
    refused(encoder_residual(norm = TRUE), "norm.*layer.*batch")
    refused(encoder_residual(masked = NA), "masked")
    refused(encoder_residual(dropout = 1), "dropout.*below 1")
    refused(encoder_residual(epsilon = 0), "epsilon.*\\(0, Inf\\)")
    refused(encoder_residual(hidden = NULL), "hidden")
    refused(encoder_residual(hidden = 1), "hidden.*at least 2")
    refused(encoder_residual(n_out = 0), "n_out")
    refused(encoder_residual(n_out = 1, normalize = TRUE), "n_out.*at least 2")
    refused(encoder_residual(normalize = 1), "normalize")
    refused(
        resolve_network(encoder_residual(), 6, positions = 31),
        "at least 32 positions"
    )
    expect_silent(resolve_network(encoder_residual(), 6, positions = 32))
    expect_s3_class(
        encoder_residual(), c("encoder_residual", "encoder"),
        exact = TRUE
    )
})

test_that("the published sizes have the published numbers of parameters", {
    sizes <- vapply(c("S", "M", "L"), function(preset) {
        network <- resolve_network(encoder_residual(preset), 6, 12288)
        expect_false("mask_positions" %in% network$type)
        expect_setequal(
            network$option[network$type == "batchnorm", 3], 0
        )
        table <- .Call(C_network_table, network)
        expect_identical(
            unique(table$positions_out), c(12288, 12288 / 2^(1:5), 1)
        )
        sum(table$parameters)
    }, 0)
    expect_identical(unname(round(sizes / 1e6, 3)), c(0.787, 4.884, 9.571))
    expect_identical(
        network_n_out(resolve_network(encoder_residual("L"), 6, 64)), 512
    )
    # the help page
    small <- resolve_network(encoder_residual(), 6, 4096)
    expect_identical(sum(layer_table(small)$parameters), 128640)
})

test_that("blocks have their layers in the published order", {
    network <- resolve_network(encoder_residual("S"), 4, 64)
    stem <- c("conv", "batchnorm", "pool")
    branch <- c(
        "conv", "relu", "batchnorm", "relu", "dropout",
        "conv", "relu", "batchnorm"
    )
    same <- c(branch, "add", "relu")
    wider <- c(branch, "conv", "batchnorm", "add", "relu")
    expect_identical(network$type, c(
        stem, same, "pool", same, wider, "pool", same, same, "pool", same,
        wider, "pool", same, "mean_positions"
    ))
    # the shortcut takes what the block takes; sums join it with the branch
    add <- which(network$type == "add")
    expect_identical(network$from[add[1], ], c(add[1] - 1L, 3L))
    shortcut <- add[3] - 2L
    expect_identical(network$from[shortcut, 1], shortcut - 9L)
    expect_identical(network$from[add[3], ], add[3] - c(1L, 3L))
    conv <- which(network$type == "conv")
    expect_identical(unique(network$option[conv, 2]), c(1, 2, 4, 8))
    is_shortcut <- network$option[conv, 3] == 2
    expect_identical(network$option[conv[is_shortcut], ], rbind(
        c(1, 1, 2), c(1, 1, 2)
    ))
    expect_setequal(network$option[conv[!is_shortcut], 1], 2)
    expect_identical(
        unique(network$option[network$type == "batchnorm", ]),
        rbind(c(0.01, 0.1, 0))
    )
})

test_that("masks stand where padding would turn from zero", {
    small <- resolve_network(encoder_residual(channels = c(4, 6)), 4, 64)
    norm <- which(small$type == "layernorm")
    expect_true(all(small$type[norm + 1L] == "mask_positions"))
    expect_identical(small$type[1], "mask_positions")
    expect_identical(sum(small$type == "mask_positions"), length(norm) + 1L)
    expect_identical(small$option[small$type == "mean_positions", 1], 1)
    batch <- resolve_network(encoder_residual("S", masked = TRUE), 4, 64)
    expect_identical(sum(batch$type == "mask_positions"), 1L)
    expect_setequal(batch$option[batch$type == "batchnorm", 3], 1)
    bare <- resolve_network(
        encoder_residual(channels = 4, norm = "none"), 4, 64
    )
    expect_identical(sum(bare$type == "mask_positions"), 4L)
})

test_that("hidden layers and n_out come behind the mean", {
    tail_of <- function(...) {
        network <- resolve_network(encoder_residual(...), 4, 64)
        network$type[-seq_len(which(network$type == "mean_positions"))]
    }
    expect_identical(tail_of(), character())
    expect_identical(tail_of(n_out = 5), "linear")
    expect_identical(tail_of(normalize = TRUE), "normalize")
    expect_identical(
        tail_of("S", hidden = 9, normalize = TRUE),
        c("linear", "batchnorm", "relu", "dropout", "linear", "normalize")
    )
    expect_identical(
        tail_of(hidden = 9, norm = "none", dropout = 0),
        c("linear", "relu", "linear")
    )
    network <- resolve_network(encoder_residual(hidden = c(9, 7)), 4, 64)
    expect_identical(network_n_out(network), 7)
})

test_that("mean and maximum stand side by side, of one value", {
    network <- resolve_network(
        encoder_residual(channels = c(4, 6), readout = "mean_max"), 4, 64
    )
    n <- length(network$type)
    expect_identical(
        network$type[n - 2:0], c("mean_positions", "max_positions", "concat")
    )
    expect_identical(network$from[n - 2:0, ], rbind(
        c(n - 3L, -1L), c(n - 3L, -1L), c(n - 2L, n - 1L)
    ))
    # both masked, as the encoder is
    expect_identical(network$option[n - 2:1, 1], c(1, 1))
    expect_identical(network_n_out(network), 12)
    expect_output(
        print(encoder_residual(channels = c(4, 6), readout = "mean_max")),
        "4 > 6 > mean_max > 12;"
    )
    set.seed(2)
    encoder <- encoder_residual(
        channels = c(3, 4), stem_pool = 1, pool = 1, width = 3,
        dropout = 0, readout = "mean_max", n_out = 3
    )
    network <- resolve_network(encoder, 4, 9)
    expect_identical(network_n_out(network), 3)
    p <- network_initialise(network, "double", draw_key(1L))$parameters
    expect_gradients(
        network, p + stats::rnorm(length(p), sd = 0.1), random_matrix(3, 36),
        random_matrix(3, 3),
        filled = c(9L, 4L, 6L)
    )
})

test_that("an encoder of codons reads words of three letters", {
    encoder <- encoder_residual(
        channels = 8, width = 3, fold = 3, words = TRUE, stem_pool = 1,
        pool = 1
    )
    network <- resolve_network(encoder, 6, 96)
    expect_identical(network$type[1:3], c("mask_positions", "words", "conv"))
    expect_identical(layer_table(network)$n_in[3], 64)
    expect_output(print(encoder), "words of 3")
    expect_error(
        resolve_network(encoder, 3, 96) |> layer_table(), "4 letters, not 3",
        class = "kith_error"
    )
    expect_error(
        encoder_residual(words = NA), "words",
        class = "kith_error_input"
    )
    expect_error(
        encoder_residual(fold = 6, words = TRUE), "at most 5",
        class = "kith_error_input"
    )
})

# ---- PyTorch ---------------------------------------------------------------

expect_golden <- function(network, gold) {
    channels <- network$n_out[network$type == "conv"]
    state <- unlist(lapply(channels, function(n) rep(c(0, 1), each = n)))
    p <- as.double(gold$parameters)
    found <- try_network(network, p, gold$x, gold$dy, draw_key(1L), state)
    near <- function(a, b) expect_equal(a, b, tolerance = 1e-12)
    near(found$y, gold$y)
    near(found$dx, gold$dx)
    near(found$parameters, as.double(gold$dparameters))
    near(found$state, as.double(gold$state))
    near(
        network_encode(network, "double", p, gold$x, 1L, found$state),
        gold$y_later
    )
}

test_that("even widths and dilations pad as TensorFlow does", {
    cases <- golden_parts("residual")$convolutions
    expect_length(cases, 4)
    for (case in cases) {
        network <- network_of_layers(case$n_in, list(
            layer("conv", case$n_out, case$option)
        ), case$positions)
        found <- try_network(
            network, as.double(case$parameters), case$x, case$dy
        )
        expect_equal(found$y, case$y, tolerance = 1e-13)
        expect_equal(found$dx, case$dx, tolerance = 1e-13)
        expect_equal(
            found$parameters, as.double(case$dparameters),
            tolerance = 1e-13
        )
    }
})

test_that("residual blocks agree with PyTorch", {
    gold <- golden_parts("residual")
    for (case in gold$blocks) {
        encoder <- encoder_residual("S",
            channels = case$n_out, width = case$width, dropout = 0,
            epsilon = gold$epsilon
        )
        network <- network_of_layers(case$n_in, c(
            residual_block(
                encoder, 0L, case$n_in, case$n_out, case$dilation
            ),
            pool_layer(case$pool)
        ), case$positions)
        expect_golden(network, case)
    }
})

test_that("a whole residual network agrees with PyTorch", {
    gold <- golden_parts("residual")$network
    encoder <- encoder_residual("S", channels = c(2, 3), dropout = 0)
    expect_golden(resolve_network(encoder, gold$n_in, gold$positions), gold)
})

# ---- rows of different length ----------------------------------------------

# rows of so many positions, filled with rows of data and zeros behind
pad_rows <- function(x, filled, n, positions) {
    to <- matrix(0, nrow(x), positions * n)
    for (i in seq_len(nrow(x))) {
        to[i, seq_len(filled[i] * n)] <- x[i, seq_len(filled[i] * n)]
    }
    to
}

masked_encoders <- function(...) {
    lapply(c(layer = "layer", batch = "batch", none = "none"), function(norm) {
        encoder_residual(
            channels = c(4, 5), stem_pool = 2, width = 4, norm = norm,
            dropout = 0, masked = TRUE, ...
        )
    })
}

# parameters away from their first values, so that shifts and biases matter
moved_parameters <- function(network) {
    first <- network_initialise(network, "double", draw_key(1L))
    set.seed(5)
    n <- length(first$parameters)
    first$parameters <- first$parameters + stats::rnorm(n, sd = 0.3)
    first
}

test_that("an encoding does not depend on how far a row is padded", {
    set.seed(1)
    filled <- c(64L, 1L, 37L, 40L, 63L, 8L)
    x <- random_matrix(6, 64 * 3)
    for (encoder in masked_encoders(hidden = 5)) {
        passes <- lapply(c(64, 128, 200), function(positions) {
            network <- resolve_network(encoder, 3, positions)
            first <- moved_parameters(network)
            rows <- pad_rows(x, filled, 3, positions)
            dy <- matrix(stats::qnorm(stats::ppoints(30)), 6)
            found <- try_network(
                network, first$parameters, rows, dy, draw_key(2L),
                first$state,
                filled = filled
            )
            later <- network_encode(
                network, "double", first$parameters, rows, 1L, found$state,
                filled
            )
            # what stands behind the end is never looked at
            rows[pad_rows(x * 0 + 1, filled, 3, positions) == 0] <- 7
            expect_identical(network_encode(
                network, "double", first$parameters, rows, 1L, found$state,
                filled
            ), later)
            expect_true(all(found$dx[rows == 7] == 0))
            dx <- found$dx[, seq_len(64 * 3)]
            list(found$y, dx, found$parameters, found$state, later)
        })
        expect_equal(passes[[2]], passes[[1]], tolerance = 1e-12)
        expect_equal(passes[[3]], passes[[1]], tolerance = 1e-12)
    }
})

test_that("unmasked, an encoding depends on the padding", {
    x <- random_matrix(2, 64 * 3)
    encoder <- encoder_residual(
        "S", channels = c(4, 5), dropout = 0, norm = "none"
    )
    encodings <- lapply(c(64, 128), function(positions) {
        network <- resolve_network(encoder, 3, positions)
        p <- moved_parameters(network)$parameters
        rows <- pad_rows(x, c(64, 64), 3, positions)
        found <- network_encode(network, "double", p, rows, 1L)
        # and nothing looks at how much of it is filled
        expect_identical(
            network_encode(network, "double", p, rows, 1L, filled = c(3L, 9L)),
            found
        )
        found
    })
    expect_gt(relative_error(encodings[[1]], encodings[[2]]), 0.01)
})

test_that("masked residual networks differentiate", {
    set.seed(2)
    filled <- c(16L, 5L, 9L)
    x <- random_matrix(3, 32)
    for (encoder in c(
        masked_encoders(n_out = 3),
        list(encoder_residual(
            "S", channels = c(3, 4), masked = TRUE, hidden = 4, n_out = 3
        ))
    )) {
        network <- resolve_network(encoder, 2, 16)
        first <- moved_parameters(network)
        dy <- random_matrix(3, 3)
        for (key in list(draw_key(2L), NULL)) {
            expect_gradients(
                network, first$parameters, x, dy, key, first$state, filled
            )
        }
    }
})

test_that("threads change nothing, single precision is near", {
    set.seed(3)
    filled <- c(300L, 17L, 256L, 1L, 129L)
    x <- random_matrix(5, 320 * 6)
    for (encoder in list(
        encoder_residual(), encoder_residual("S", masked = TRUE)
    )) {
        network <- resolve_network(encoder, 6, 320)
        first <- network_initialise(network, "double", draw_key(1L))
        dy <- random_matrix(5, network_n_out(network))
        found <- list()
        for (precision in precisions()) {
            passes <- lapply(c(1L, 2L, 5L), function(threads) {
                try_network(network, first$parameters, x, dy, draw_key(2L),
                    first$state,
                    precision = precision, threads = threads, filled = filled
                )
            })
            expect_identical(passes[[2]], passes[[1]])
            expect_identical(passes[[3]], passes[[1]])
            found[[precision]] <- passes[[1]]
        }
        expect_lt(relative_error(found[[1]]$y, found$double$y), 1e-4)
    }
})

test_that("residual encoders print on a line", {
    expect_output(print(encoder_residual()), paste(
        "d > 32 > 64 > 96 > mean > 96; blocks 1, width 5, dilation 1/2/4,",
        "pool 4 then 2, layer norm, masked, dropout 0.1"
    ))
    expect_output(
        print(encoder_residual("M", hidden = 8, normalize = TRUE)),
        "512 > mean > 8 > 8; blocks 3/4/6/3, width 2.*batch norm.*unit length"
    )
})

test_that("a residual network trains", {
    networks <- list(
        encoder = resolve_network(
            encoder_residual(channels = c(8, 12), stem_pool = 2, dropout = 0),
            3, 40
        ),
        projector = network_of_layers(12, list(layer("linear", 6)))
    )
    plan <- list(
        task = "samples_contrast", objective = "nt_xent", networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = 1e-2, clip_norm = Inf)
        ),
        options = c(rule = 3, rate = 0.1, fixed = 1, temperature = 0.2),
        optimizer = resolve_optimizer(train_control()),
        batch_size = 32, key = draw_key(5L)
    )
    set.seed(4)
    x <- random_matrix(64, 120)
    train <- function(threads) {
        run <- engine_create(plan, "double", list(x = x))
        losses <- vapply(seq_len(20), function(i) {
            engine_batch(run, 0:31 + 32L * (i %% 2L),
                learning_rate = 0.01, threads = threads
            )
        }, 0)
        list(losses, engine_output(run, 0:63, threads))
    }
    one <- train(1L)
    expect_lt(mean(one[[1]][16:20]), 0.9 * one[[1]][1])
    expect_identical(train(2L), one)
})
