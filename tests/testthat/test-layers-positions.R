# Layers that look at positions against plain R, central differences and
# PyTorch. A row of a matrix holds its positions one after the other.

# rows x positions x channels
unfold <- function(x, positions) {
    aperm(array(x, c(nrow(x), ncol(x) / positions, positions)), c(1, 3, 2))
}

fold <- function(a) matrix(aperm(a, c(1, 3, 2)), dim(a)[1])

# p: weights (n_out x n_in x width, the last fastest), then bias
conv_r <- function(x, p, positions, n_out, width, dilation = 1) {
    x <- unfold(x, positions)
    n_in <- dim(x)[3]
    weight <- aperm(
        array(p[seq_len(n_out * n_in * width)], c(width, n_in, n_out))
    )
    bias <- utils::tail(p, n_out)
    left <- ((width - 1) * dilation) %/% 2
    y <- array(0, c(dim(x)[1:2], n_out))
    for (row in seq_len(dim(x)[1])) {
        for (t in seq_len(positions)) {
            for (o in seq_len(n_out)) {
                total <- bias[o]
                for (k in seq_len(width)) {
                    from <- t + (k - 1) * dilation - left
                    if (from >= 1 && from <= positions) {
                        total <- total + sum(weight[o, , k] * x[row, from, ])
                    }
                }
                y[row, t, o] <- total
            }
        }
    }
    fold(y)
}

conv_network <- function(positions, n_in, n_out, width, dilation = 1) {
    network_of_layers(n_in, list(
        layer("conv", n_out, c(width, dilation))
    ), positions)
}

test_that("convolutions and their gradients are right", {
    set.seed(1)
    # odd and even widths, wider than the row, one position, one channel
    cases <- list(
        list(positions = 7, n_in = 2, n_out = 3, width = 3),
        list(positions = 7, n_in = 2, n_out = 3, width = 4),
        list(positions = 9, n_in = 1, n_out = 2, width = 2),
        list(positions = 9, n_in = 2, n_out = 1, width = 3, dilation = 2),
        list(positions = 8, n_in = 2, n_out = 2, width = 4, dilation = 2),
        list(positions = 12, n_in = 3, n_out = 2, width = 3, dilation = 5),
        list(positions = 12, n_in = 1, n_out = 1, width = 2, dilation = 5),
        list(positions = 3, n_in = 2, n_out = 2, width = 5),
        list(positions = 3, n_in = 2, n_out = 2, width = 3, dilation = 8),
        list(positions = 4, n_in = 2, n_out = 2, width = 6, dilation = 5),
        list(positions = 1, n_in = 3, n_out = 2, width = 1),
        list(positions = 1, n_in = 2, n_out = 2, width = 4)
    )
    for (case in cases) {
        for (n in c(1, 3)) {
            network <- do.call(conv_network, case)
            p <- stats::rnorm(sum(layer_table(network)$parameters))
            x <- random_matrix(n, case$positions * case$n_in)
            dy <- random_matrix(n, case$positions * case$n_out)
            found <- expect_gradients(network, p, x, dy)
            case$dilation <- c(case$dilation, 1)[1]
            expected <- conv_r(
                x, p, case$positions, case$n_out, case$width, case$dilation
            )
            expect_equal(found$y, expected, tolerance = 1e-12)
        }
    }
})

test_that("a convolution whose taps all lie outside gives its bias", {
    set.seed(8)
    # taps at -4 and +4 of three positions
    p <- stats::rnorm(10)
    dy <- random_matrix(2, 6)
    found <- try_network(
        conv_network(3, 2, 2, 2, 8), p, random_matrix(2, 6), dy
    )
    expect_identical(found$y, matrix(p[9:10], 2, 6, byrow = TRUE))
    expect_identical(found$dx, matrix(0, 2, 6))
    expect_identical(found$parameters[1:8], double(8))
    expect_equal(found$parameters[9], sum(dy[, c(1, 3, 5)]))
})

test_that("a convolution of width 1 is a linear layer", {
    set.seed(2)
    x <- random_matrix(5, 12)
    dy <- random_matrix(5, 24)
    p <- stats::rnorm(18)
    conv <- try_network(conv_network(6, 2, 4, 1), p[1:12], x, dy)
    line <- try_network(
        network_of_layers(2, list(layer("linear", 4)), 6), p[1:12], x, dy
    )
    expect_equal(conv, line, tolerance = 1e-12)
})

test_that("first values are uniform on one over the root of the taps", {
    network <- conv_network(4, 10, 20, 10)
    first <- initial_parameters(network)
    expect_length(first, 20 * 10 * 10 + 20)
    expect_lt(max(abs(first)), 0.1)
    expect_gt(max(abs(first)), 0.099)
    # the mean of 2,020 within four standard errors
    expect_lt(abs(mean(first)), 4 * 0.1 / sqrt(3 * 2020))
})

test_that("many blocks agree with plain R, whatever the threads", {
    set.seed(3)
    # blocks of 128 positions begin and end within rows; lanes take two each
    networks <- list(
        conv_network(61, 16, 5, 5, 3), conv_network(61, 16, 5, 4, 1)
    )
    for (network in networks) {
        p <- stats::rnorm(sum(layer_table(network)$parameters))
        x <- random_matrix(21, 61 * 16)
        dy <- random_matrix(21, 61 * 5)
        found <- try_network(network, p, x, dy)
        option <- network$option
        expect_equal(
            found$y, conv_r(x, p, 61, 5, option[1], option[2]),
            tolerance = 1e-12
        )
        # sums over rows are those of the rows alone
        alone <- lapply(seq_len(nrow(x)), function(i) {
            try_network(
                network, p, x[i, , drop = FALSE], dy[i, , drop = FALSE]
            )
        })
        expect_equal(
            found$dx, do.call(rbind, lapply(alone, `[[`, "dx")),
            tolerance = 1e-12
        )
        expect_equal(
            found$parameters, Reduce(`+`, lapply(alone, `[[`, "parameters")),
            tolerance = 1e-12
        )
        for (precision in precisions()) {
            on_threads <- lapply(c(1L, 2L, 5L), function(threads) {
                try_network(network, p, x, dy,
                    precision = precision, threads = threads
                )
            })
            expect_identical(on_threads[[2]], on_threads[[1]])
            expect_identical(on_threads[[3]], on_threads[[1]])
            for (part in c("y", "dx", "parameters")) {
                expect_lt(
                    relative_error(on_threads[[1]][[part]], found[[part]]),
                    if (precision == "single") 2e-5 else 1e-15
                )
            }
        }
    }
})

# round_up: windows centred as TensorFlow's "same" padding has them
pool_r <- function(x, positions, window, round_up = FALSE) {
    x <- unfold(x, positions)
    n <- if (round_up) ceiling(positions / window) else positions %/% window
    left <- max(n * window - positions, 0) %/% 2
    y <- array(0, c(dim(x)[1], n, dim(x)[3]))
    for (q in seq_len(n)) {
        at <- (q - 1) * window + seq_len(window) - left
        at <- at[at >= 1 & at <= positions]
        y[, q, ] <- apply(x[, at, , drop = FALSE], c(1, 3), max)
    }
    fold(y)
}

pool_network <- function(positions, n, window, round_up = FALSE) {
    network_of_layers(n, list(
        layer("pool", option = c(window, round_up))
    ), positions)
}

test_that("pools take the maximum of each window", {
    set.seed(4)
    for (round_up in c(FALSE, TRUE)) {
        for (positions in c(1, 2, 7, 8, 9)) {
            for (window in c(1, 2, 3, 5)) {
                if (window > positions && !round_up) next
                network <- pool_network(positions, 3, window, round_up)
                x <- random_matrix(4, positions * 3)
                expected <- pool_r(x, positions, window, round_up)
                found <- expect_gradients(
                    network, double(), x, random_matrix(4, ncol(expected))
                )
                expect_identical(found$y, expected)
            }
        }
    }
})

test_that("of equal positions the first has the gradient, NaN is a maximum", {
    network <- pool_network(4, 2, 2)
    x <- rbind(c(5, 1, 5, 2, 0, 3, -1, 3), c(NaN, 1, 5, NaN, 0, 3, -1, 3))
    dy <- rbind(1:4, 5:8) + 0
    found <- try_network(network, double(), x, dy)
    expect_identical(found$y, rbind(c(5, 2, 0, 3), c(NaN, NaN, 0, 3)))
    expect_identical(found$dx[1, ], c(1, 0, 0, 2, 3, 4, 0, 0))
})

test_that("what is behind the last whole window has no gradient", {
    found <- try_network(
        pool_network(5, 1, 2), double(), rbind(c(1, 2, 3, 4, 9)), rbind(7:8 + 0)
    )
    expect_identical(found$y, rbind(c(2, 4)))
    expect_identical(found$dx, rbind(c(0, 7, 0, 8, 0)))
})

test_that("means and rows laid flat are right", {
    set.seed(5)
    for (positions in c(1, 6)) {
        x <- random_matrix(4, positions * 3)
        mean_of <- network_of_layers(
            3, list(layer("mean_positions")), positions
        )
        found <- expect_gradients(mean_of, double(), x, random_matrix(4, 3))
        expect_equal(found$y, apply(unfold(x, positions), c(1, 3), mean))

        flat <- network_of_layers(3, list(
            layer("flatten"), layer("linear", 2)
        ), positions)
        p <- stats::rnorm(sum(layer_table(flat)$parameters))
        found <- expect_gradients(flat, p, x, random_matrix(4, 2))
        line <- network_of_layers(3 * positions, list(layer("linear", 2)))
        expect_identical(found$y, try_network(line, p, x, found$y)$y)
    }
})

test_that("threads change no pool and no mean, single precision is near", {
    set.seed(6)
    network <- network_of_layers(70, list(
        layer("pool", option = 2), layer("mean_positions")
    ), 101)
    x <- random_matrix(9, 101 * 70)
    dy <- random_matrix(9, 70)
    found <- try_network(network, double(), x, dy)
    pooled <- pool_r(x, 101, 2)
    expect_equal(found$y, apply(unfold(pooled, 50), c(1, 3), mean))
    for (precision in precisions()) {
        one <- try_network(network, double(), x, dy, precision = precision)
        two <- try_network(network, double(), x, dy,
            precision = precision, threads = 2L
        )
        expect_identical(two, one)
        expect_lt(relative_error(one$y, found$y), 2e-5)
        expect_lt(relative_error(one$dx, found$dx), 2e-5)
    }
})

test_that("other layers work on positions in a residual network", {
    set.seed(7)
    batchnorm <- function(of = NULL) {
        layer("batchnorm", option = c(1e-5, 0.1), of = of)
    }
    network <- network_of_layers(2, list(
        layer("conv", 3, c(3, 1)), # 1: the stem
        batchnorm(),
        layer("gelu"),
        layer("pool", option = 2), # 4: the input of the block
        layer("conv", 4, c(2, 2)),
        layer("relu", option = 0.1),
        batchnorm(),
        layer("dropout", option = 0.3),
        layer("conv", 4, c(3, 2)),
        layer("layernorm"), # 10: the branch
        layer("conv", 4, c(1, 1), of = 4), # 11: the projection
        batchnorm(),
        layer("add", with = 10),
        layer("relu", option = 0.1),
        layer("linear", 3),
        layer("mean_positions"),
        batchnorm(),
        layer("linear", 2)
    ), positions = 9)
    first <- network_initialise(network, "double", draw_key(1L))
    x <- random_matrix(5, 18)
    dy <- random_matrix(5, 2)
    p <- first$parameters + stats::rnorm(length(first$parameters), sd = 0.2)
    expect_gradients(network, p, x, dy, draw_key(2L), first$state)
    found <- expect_gradients(network, p, x, dy, NULL, first$state)

    # the same by hand, with running statistics of mean 0 and variance 1
    at <- 0
    take <- function(n) {
        at <<- at + n
        p[at - n + seq_len(n)]
    }
    channels <- function(x, positions, f) {
        fold(apply(unfold(x, positions), 1:2, f) |> aperm(c(2, 3, 1)))
    }
    affine <- function(x, positions, n) {
        force(x) # its parameters come first
        scale <- take(n)
        shift <- take(n)
        channels(x, positions, function(v) {
            scale * v / sqrt(1 + 1e-5) + shift
        })
    }
    leaky <- function(x) ifelse(x > 0, x, 0.1 * x)
    stem <- affine(conv_r(x, take(21), 9, 3, 3), 9, 3)
    stem <- pool_r(stem * stats::pnorm(stem), 9, 2)
    branch <- affine(leaky(conv_r(stem, take(28), 4, 4, 2, 2)), 4, 4)
    branch <- conv_r(branch, take(52), 4, 4, 3, 2)
    scale <- take(4)
    shift <- take(4)
    branch <- channels(branch, 4, function(v) {
        v <- v - mean(v)
        scale * v / sqrt(mean(v^2) + 1e-5) + shift
    })
    projected <- affine(conv_r(stem, take(16), 4, 4, 1), 4, 4)
    block <- leaky(projected + branch)
    line <- conv_r(block, take(15), 4, 3, 1)
    out <- affine(apply(unfold(line, 4), c(1, 3), mean), 1, 3)
    expect_equal(found$y, conv_r(out, take(8), 1, 2, 1), tolerance = 1e-12)
    expect_identical(at, as.double(length(p)))

    on_threads <- lapply(1:2, function(threads) {
        try_network(network, p, x, dy, draw_key(2L), first$state,
            threads = threads
        )
    })
    expect_identical(on_threads[[1]], on_threads[[2]])
})

test_that("batch normalisation behind a mean counts rows, not positions", {
    network <- network_of_layers(2, list(
        layer("mean_positions"), layer("batchnorm", option = c(1e-5, 0.1))
    ), 6)
    x <- random_matrix(1, 12)
    dy <- random_matrix(1, 2)
    p <- c(1, 1, 0, 0)
    expect_error(
        try_network(network, p, x, dy, draw_key(1L), c(0, 0, 1, 1)),
        "at least 2 rows, not 1",
        class = "kith_error_input"
    )
    # before it, positions count
    network <- network_of_layers(2, list(
        layer("batchnorm", option = c(1e-5, 0.1)), layer("mean_positions")
    ), 6)
    expect_silent(try_network(network, p, x, dy, draw_key(1L), c(0, 0, 1, 1)))
})

test_that("convolutions and pools that cannot be are refused", {
    refused <- function(layers, regexp, positions = 3) {
        expect_error(
            layer_table(network_of_layers(2, layers, positions)), regexp,
            class = "kith_error"
        )
    }
    refused(list(layer("conv", 2)), "width of a convolution.*not 0")
    refused(list(layer("conv", 2, c(1.5, 1))), "width.*not 1.5")
    refused(list(layer("conv", 2, c(3, 0))), "dilation.*not 0")
    refused(list(layer("conv", 2, c(NaN, 1))), "width.*whole number")
    refused(list(layer("conv", 2^31, c(2^20, 1))), "too large")
    refused(list(layer("pool", option = 0)), "window of a pool.*not 0")
    refused(list(layer("pool", option = 4)), "nothing left of 3")
    refused(list(layer("pool", 5, 2)), "2 channels into 5")
    refused(list(layer("mean_positions", 5)), "2 channels into 5")
    refused(list(layer("flatten", 5)), "6 channels, not 5")
})

test_that("convolutions, pools and means agree with PyTorch", {
    gold <- golden_parts("positions")
    for (case in gold$cases) {
        network <- network_of_layers(case$n_in, list(
            layer(case$type, case$n_out, case$option)
        ), case$positions)
        found <- try_network(
            network, as.double(case$parameters), case$x, case$dy
        )
        info <- paste(case$type, toString(case$option))
        expect_equal(found$y, case$y, tolerance = 1e-13, info = info)
        expect_equal(found$dx, case$dx, tolerance = 1e-13, info = info)
        expect_equal(
            found$parameters, as.double(case$dparameters),
            tolerance = 1e-13, info = info
        )
    }
})
