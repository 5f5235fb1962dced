# Networks for tests of layers: built by hand, tried alone.

# list(y, dx, parameters, state) of a pass; key: of a training pass, with the
# draws of c(network, view, step); filled: positions with data of each row
try_network <- function(network, parameters, x, dy, key = NULL,
                        state = double(), stream = c(0L, 0L, 0L),
                        precision = "double", threads = 1L, filled = NULL) {
    .Call(
        C_network_gradients, network, precision, parameters, state, x, dy,
        filled, key, stream, threads
    )
}

# The gradients of a network against central differences of sum(dy * y).
expect_gradients <- function(network, parameters, x, dy, key = NULL,
                             state = double(), filled = NULL) {
    found <- try_network(
        network, parameters, x, dy, key, state, filled = filled
    )
    value <- function(parameters, x) {
        sum(dy * try_network(
            network, parameters, x, dy, key, state, filled = filled
        )$y)
    }
    of_x <- numeric_gradient(function(v) {
        value(parameters, matrix(v, nrow(x)))
    }, as.vector(x))
    testthat::expect_gt(max(abs(of_x)), 0)
    testthat::expect_lt(relative_error(as.vector(found$dx), of_x), 1e-6)
    if (length(parameters) > 0L) {
        of_p <- numeric_gradient(function(v) value(v, x), parameters)
        testthat::expect_gt(max(abs(of_p)), 0)
        testthat::expect_lt(relative_error(found$parameters, of_p), 1e-6)
    }
    invisible(found)
}

random_matrix <- function(n, d) matrix(stats::rnorm(n * d), n, d)
