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

test_that("maxima over positions are right, of filled positions where masked", {
    set.seed(15)
    for (positions in c(1, 6)) {
        x <- random_matrix(4, positions * 3)
        max_of <- network_of_layers(
            3, list(layer("max_positions")), positions
        )
        found <- expect_gradients(max_of, double(), x, random_matrix(4, 3))
        expect_identical(
            found$y, unname(apply(unfold(x, positions), c(1, 3), max))
        )
    }
    filled <- c(1L, 6L, 4L, 5L)
    masked <- network_of_layers(3, list(
        layer("pool", option = 2), layer("max_positions", option = 1)
    ), 6)
    found <- expect_gradients(masked, double(), x, random_matrix(4, 3),
        filled = filled
    )
    pooled <- unfold(pool_r(x, 6, 2), 3)
    expect_identical(found$y, t(vapply(1:4, function(i) {
        kept <- seq_len(ceiling(filled[i] / 2))
        apply(pooled[i, kept, , drop = FALSE], 3, max)
    }, numeric(3))))
    # the first of equals has the gradient; what is beyond has none
    network <- network_of_layers(1, list(layer("max_positions", option = 1)), 4)
    found <- try_network(
        network, double(), rbind(c(2, 5, 5, 9), c(NaN, 1, 7, 0)),
        rbind(3, 4) + 0,
        filled = c(3L, 2L)
    )
    expect_identical(found$y, rbind(5, NaN))
    expect_identical(found$dx[1, ], c(0, 3, 0, 0))
    # beside a mean, of the same value
    both <- network_of_layers(70, list(
        layer("linear", 5), layer("mean_positions"),
        layer("max_positions", of = 1), layer("concat", of = 2, with = 3)
    ), 101)
    p <- stats::rnorm(355)
    x <- random_matrix(9, 101 * 70)
    dy <- random_matrix(9, 10)
    found <- try_network(both, p, x, dy)
    line <- unfold(conv_r(x, p, 101, 5, 1), 101)
    expect_equal(found$y, cbind(
        apply(line, c(1, 3), mean), apply(line, c(1, 3), max)
    ), tolerance = 1e-12)
    for (precision in precisions()) {
        passes <- lapply(1:2, function(threads) {
            try_network(both, p, x, dy, precision = precision,
                threads = threads
            )
        })
        expect_identical(passes[[1]], passes[[2]])
        expect_lt(relative_error(passes[[1]]$y, found$y), 2e-5)
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

# ---- rows that are filled in part ------------------------------------------

# rows x positions: TRUE where a position counts; stride: positions of the input
# that one of these stands for
counted_r <- function(filled, positions, stride = 1) {
    outer(filled, seq_len(positions), function(f, t) t <= ceiling(f / stride))
}

test_that("masks set what lies behind the end to 0, both ways", {
    set.seed(9)
    network <- network_of_layers(2, list(layer("mask_positions")), 5)
    x <- random_matrix(4, 10)
    dy <- random_matrix(4, 10)
    filled <- c(1L, 5L, 3L, 4L)
    keep <- fold(array(counted_r(filled, 5), c(4, 5, 2)))
    found <- try_network(network, double(), x, dy, filled = filled)
    expect_identical(found$y, x * keep)
    expect_identical(found$dx, dy * keep)
    found <- try_network(network, double(), x, dy)
    expect_identical(found$y, x)
    expect_identical(found$dx, dy)
})

test_that("a position behind a pool counts if any of its window does", {
    set.seed(10)
    # 3 x 2 positions of the input, of which 17 leave 2
    network <- network_of_layers(1, list(
        layer("pool", option = 3), layer("pool", option = 2),
        layer("mask_positions")
    ), 17)
    x <- matrix(stats::runif(7 * 17), 7)
    filled <- c(1L, 6L, 7L, 11L, 12L, 13L, 17L)
    expected <- pool_r(pool_r(x, 17, 3), 5, 2)
    expected[1:2, 2] <- 0
    expect_identical(
        network_encode(network, "double", double(), x, 1L, filled = filled),
        expected
    )
})

test_that("masked means take the filled positions alone", {
    set.seed(11)
    filled <- c(1L, 9L, 4L, 7L)
    for (stride in 1:2) {
        network <- network_of_layers(3, list(
            if (stride == 2) layer("pool", option = 2),
            layer("mean_positions", option = 1)
        ), 10)
        x <- random_matrix(4, 30)
        positions <- 10 / stride
        keep <- counted_r(filled, positions, stride)
        rows <- unfold(if (stride == 2) pool_r(x, 10, 2) else x, positions)
        expected <- apply(rows, 3, function(v) rowSums(v * keep)) /
            rowSums(keep)
        found <- expect_gradients(
            network, double(), x, random_matrix(4, 3),
            filled = filled
        )
        expect_equal(found$y, expected, tolerance = 1e-12)
    }
    # plain or masked, all positions are one thing
    plain <- network_of_layers(3, list(layer("mean_positions")), 10)
    masked <- network_of_layers(3, list(
        layer("mean_positions", option = 1)
    ), 10)
    dy <- random_matrix(4, 3)
    expected <- try_network(plain, double(), x, dy, filled = filled)
    expect_identical(try_network(masked, double(), x, dy), expected)
    expect_identical(
        try_network(masked, double(), x, dy, filled = rep(10L, 4)), expected
    )
})

test_that("masked batch normalisation counts filled positions", {
    set.seed(12)
    filled <- c(1L, 6L, 4L)
    keep <- counted_r(filled, 6)
    network <- network_of_layers(2, list(
        layer("batchnorm", option = c(1e-3, 0.2, 1))
    ), 6)
    x <- random_matrix(3, 12)
    p <- c(1.5, -2, 0.3, 0.7)
    state <- c(0.1, -0.2, 1.1, 0.9)
    dy <- random_matrix(3, 12)
    normalise <- function(mean, variance) {
        rows <- unfold(x, 6)
        for (j in 1:2) {
            unit <- (rows[, , j] - mean[j]) / sqrt(variance[j] + 1e-3)
            rows[, , j] <- keep * (p[j] * unit + p[2 + j])
        }
        fold(rows)
    }
    values <- apply(unfold(x, 6), 3, function(v) v[keep])
    mean <- colMeans(values)
    variance <- apply(values, 2, stats::var)
    found <- expect_gradients(
        network, p, x, dy, draw_key(1L), state, filled
    )
    expect_equal(found$y, normalise(mean, variance * 10 / 11),
        tolerance = 1e-12
    )
    expect_equal(found$state, 0.8 * state + 0.2 * c(mean, variance),
        tolerance = 1e-12
    )
    expect_true(all(found$dx[found$y == 0] == 0))
    found <- expect_gradients(network, p, x, dy, NULL, state, filled)
    expect_equal(found$y, normalise(state[1:2], state[3:4]),
        tolerance = 1e-12
    )
    # one position in all is too few; 0 and more than there are are refused
    row <- x[1, , drop = FALSE]
    expect_error(
        try_network(network, p, row, row, draw_key(1L), state, filled = 1L),
        "at least 2 rows",
        class = "kith_error_input"
    )
    for (bad in list(c(0L, 1L, 1L), c(7L, 1L, 1L), c(NA, 1L, 1L), 1L, 1)) {
        expect_error(
            network_encode(network, "double", p, x, 1L, state, bad), "filled",
            class = "kith_error"
        )
    }
})

test_that("plain and masked batch normalisation agree on full rows", {
    set.seed(13)
    x <- random_matrix(4, 3 * 70)
    dy <- random_matrix(4, 3 * 70)
    p <- stats::rnorm(140)
    state <- rep(0:1, each = 70) + 0
    passes <- lapply(0:1, function(masked) {
        network <- network_of_layers(70, list(
            layer("batchnorm", option = c(1e-5, 0.1, masked))
        ), 3)
        lapply(c(1L, 2L), function(threads) {
            try_network(network, p, x, dy, draw_key(1L), state,
                filled = if (masked) rep(3L, 4) else c(1L, 2L, 3L, 1L),
                threads = threads
            )
        })
    })
    expect_identical(passes[[2]], passes[[1]])
    expect_identical(passes[[1]][[2]], passes[[1]][[1]])
})

test_that("first values are He's or Glorot's where asked for", {
    first <- function(rule) {
        initial_parameters(network_of_layers(10, list(
            layer("conv", 40, c(25, 1, rule))
        ), 4))
    }
    n <- 10 * 25 * 40
    he <- first(1)
    expect_identical(he[-seq_len(n)], double(40))
    he <- he[seq_len(n)] / sqrt(2 / 250)
    # a normal distribution cut off at two of its deviations, scaled to one
    cut <- 2 / 0.87962566103423978
    expect_lt(max(abs(he)), cut)
    expect_gt(max(abs(he)), 0.98 * cut)
    expect_lt(abs(mean(he)), 4 / sqrt(n))
    expect_lt(abs(stats::sd(he) - 1), 4 / sqrt(2 * n))
    share <- function(q) (stats::pnorm(q) - 0.5) / (stats::pnorm(2) - 0.5)
    expect_lt(abs(mean(abs(he) < cut / 2) - share(1)), 4 * 0.5 / sqrt(n))
    glorot <- first(2)
    expect_identical(glorot[-seq_len(n)], double(40))
    bound <- sqrt(6 / (250 + 1000))
    expect_lt(max(abs(glorot)), bound)
    expect_gt(max(abs(glorot)), 0.99 * bound)
    expect_lt(
        abs(stats::sd(glorot) - bound / sqrt(3)), 4 * bound / sqrt(6 * n)
    )
})

test_that("folded positions lie side by side, and zeros fill the last", {
    set.seed(5)
    for (positions in c(6, 7)) {
        x <- random_matrix(4, 2 * positions)
        network <- network_of_layers(
            2, list(layer("fold_positions", option = 3), layer("relu")),
            positions
        )
        # numbers keep their order
        missing <- (-positions) %% 3
        expected <- pmax(cbind(x, matrix(0, 4, 2 * missing)), 0)
        found <- expect_gradients(
            network, double(), x, random_matrix(4, ncol(expected))
        )
        expect_equal(found$y, expected)
        expect_equal(layer_table(network)$n_out, c(6, 6))
    }
})

test_that("a folded position counts if any that it holds does", {
    network <- network_of_layers(1, list(
        layer("fold_positions", option = 3),
        layer("mean_positions", option = 1)
    ), 9)
    x <- rbind(1:9 + 0, c(1:4, 0, 0, 0, 0, 0))
    found <- try_network(
        network, double(), x, matrix(1, 2, 3),
        filled = c(9L, 4L)
    )
    expect_equal(found$y, rbind(c(4, 5, 6), c(2.5, 1, 1.5)))
})

# the words of one row, letters x positions: the last letter runs fastest
words_r <- function(letters, k) {
    n <- ncol(letters)
    unlist(lapply(seq_len(ceiling(n / k)), function(q) {
        at <- (q - 1) * k + seq_len(k)
        if (max(at) > n) {
            return(double(4^k))
        }
        c(Reduce(outer, lapply(rev(at), function(t) letters[, t])))
    }))
}

test_that("words have a channel each, and other channels have no say", {
    set.seed(6)
    for (k in 1:3) {
        for (positions in c(6, 7)) {
            x <- random_matrix(3, 5 * positions)
            network <- network_of_layers(
                5, list(layer("words", option = k)), positions
            )
            expect_identical(network_n_out(network), 4^k)
            expected <- t(apply(x, 1, function(row) {
                words_r(matrix(row, 5)[1:4, ], k)
            }))
            found <- expect_gradients(
                network, double(), x, random_matrix(3, ncol(expected))
            )
            expect_equal(found$y, expected, tolerance = 1e-12)
        }
    }
    # GAT is 2 * 16 + 0 * 4 + 3; a masked letter is shared by four words
    letters <- diag(4)[c(3, 1, 4, 3, 1, 4), ]
    letters[5, ] <- 0.25
    row <- rbind(c(t(letters)))
    network <- network_of_layers(4, list(layer("words", option = 3)), 6)
    y <- matrix(network_encode(network, "double", double(), row, 1L), 64)
    expect_identical(which(y[, 1] != 0), 36L)
    expect_identical(y[, 2], replace(double(64), 32 + 3 + 4 * 0:3 + 1, 0.25))
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
    refused(list(layer("conv", 2, c(1, 1, 3))), "no rule 3 of first values")
    refused(list(layer("pool", option = 0)), "window of a pool.*not 0")
    refused(list(layer("pool", option = 4)), "nothing left of 3")
    refused(list(layer("pool", 5, 2)), "2 channels into 5")
    refused(list(layer("mean_positions", 5)), "2 channels into 5")
    refused(list(layer("max_positions", 5)), "2 channels into 5")
    refused(list(layer("words", option = 3)), "4 letters, not 2")
    refused(list(layer("words", option = 6)), "1 to 5 letters.*not 6")
    refused(
        list(layer("linear", 4), layer("words", 5, option = 2)),
        "16 channels, not 5"
    )
    refused(list(layer("flatten", 5)), "6 channels, not 5")
    refused(list(layer("fold_positions", 5, option = 3)), "not 5")
    refused(list(layer("fold_positions", option = 0)), "folded by.*not 0")
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
