# Batch normalisation against plain R, central differences and PyTorch.

network <- network_of_layers(3, list(
    layer("batchnorm", option = c(1e-5, 0.1))
))
start <- c(0, 0, 0, 1, 1, 1)

batchnorm_r <- function(x, p) {
    mean <- colMeans(x)
    variance <- colMeans(sweep(x, 2, mean)^2)
    unit <- sweep(sweep(x, 2, mean), 2, sqrt(variance + 1e-5), "/")
    sweep(sweep(unit, 2, p[1:3], "*"), 2, p[4:6], "+")
}

test_that("a training pass uses its own statistics and moves the running", {
    set.seed(1)
    x <- random_matrix(8, 3) + 2
    p <- stats::rnorm(6)
    dy <- random_matrix(8, 3)
    found <- expect_gradients(network, p, x, dy, draw_key(1L), start)
    expect_equal(found$y, batchnorm_r(x, p), tolerance = 1e-12)
    moved <- c(colMeans(x), apply(x, 2, stats::var))
    expect_equal(found$state, 0.9 * start + 0.1 * moved, tolerance = 1e-12)
})

test_that("other passes use the running statistics and leave them", {
    set.seed(2)
    x <- random_matrix(5, 3)
    p <- stats::rnorm(6)
    state <- c(1, -1, 0.5, 2, 0.3, 1)
    found <- expect_gradients(network, p, x, random_matrix(5, 3), NULL, state)
    unit <- sweep(sweep(x, 2, state[1:3]), 2, sqrt(state[4:6] + 1e-5), "/")
    expect_equal(
        found$y, sweep(sweep(unit, 2, p[1:3], "*"), 2, p[4:6], "+"),
        tolerance = 1e-12
    )
    expect_identical(found$state, state)
    # one row is enough
    expect_silent(try_network(
        network, p, x[1, , drop = FALSE], x[1, , drop = FALSE], NULL, state
    ))
})

test_that("statistics go over positions as well", {
    set.seed(3)
    rows <- network_of_layers(3, list(
        layer("batchnorm", option = c(1e-5, 0.1))
    ), positions = 2)
    x <- random_matrix(4, 6)
    p <- stats::rnorm(6)
    found <- expect_gradients(
        rows, p, x, random_matrix(4, 6), draw_key(1L), start
    )
    unfolded <- matrix(t(x), ncol = 3, byrow = TRUE)
    expect_equal(
        matrix(t(found$y), ncol = 3, byrow = TRUE), batchnorm_r(unfolded, p),
        tolerance = 1e-12
    )
})

test_that("a training pass of one row is refused", {
    x <- matrix(1, 1, 3)
    expect_error(
        try_network(network, rep(1, 6), x, x, draw_key(1L), start),
        "at least 2 rows, not 1",
        class = "kith_error_input"
    )
})

test_that("threads change nothing, single precision is near", {
    set.seed(4)
    wide <- network_of_layers(150, list(
        layer("linear", 150), layer("batchnorm", option = c(1e-5, 0.1))
    ))
    first <- network_initialise(wide, "double", draw_key(1L))
    expect_identical(first$state, rep(c(0, 1), each = 150))
    x <- random_matrix(300, 150)
    dy <- random_matrix(300, 150)
    try_with <- function(threads, precision = "double") {
        try_network(wide, first$parameters, x, dy, draw_key(1L), first$state,
            precision = precision, threads = threads
        )
    }
    found <- try_with(1L)
    expect_identical(try_with(3L), found)
    skip_if_not(build_features()$single, "no single precision in this build")
    single <- try_with(2L, "single")
    expect_identical(try_with(1L, "single"), single)
    for (part in names(found)) {
        expect_lt(relative_error(single[[part]], found[[part]]), 2e-5)
    }
})

test_that("batch normalisation agrees with PyTorch, pass after pass", {
    gold <- golden_parts("parts")$batchnorm
    network <- network_of_layers(5, list(
        layer("batchnorm", option = c(1e-5, 0.1))
    ))
    state <- rep(c(0, 1), each = 5)
    for (pass in gold$passes) {
        found <- try_network(
            network, gold$parameters, pass$x, pass$dy,
            if (pass$training) draw_key(1L), state
        )
        expect_equal(found$y, pass$y, tolerance = 1e-13)
        expect_equal(found$dx, pass$dx, tolerance = 1e-12)
        expect_equal(found$parameters, pass$dparameters, tolerance = 1e-13)
        expect_equal(found$state, pass$state, tolerance = 1e-13)
        state <- found$state
    }
})
