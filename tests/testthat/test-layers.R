# Layers against plain R, central differences and PyTorch.

layer_norm_r <- function(x, scale, shift) {
    centred <- x - rowMeans(x)
    normed <- centred / sqrt(rowMeans(centred^2) + 1e-5)
    sweep(sweep(normed, 2, scale, "*"), 2, shift, "+")
}

# layers one after the other
chain <- function(n_in, ...) network_of_layers(n_in, list(...))

cases <- list(
    linear = list(chain(4, layer("linear", 3)), function(x, p) {
        weight <- matrix(p[1:12], 3, 4, byrow = TRUE)
        sweep(x %*% t(weight), 2, p[13:15], "+")
    }),
    layernorm = list(chain(4, layer("layernorm")), function(x, p) {
        layer_norm_r(x, p[1:4], p[5:8])
    }),
    gelu = list(chain(4, layer("gelu")), function(x, p) x * pnorm(x)),
    relu = list(chain(4, layer("relu")), function(x, p) pmax(x, 0)),
    leaky = list(chain(4, layer("relu", option = 0.01)), function(x, p) {
        ifelse(x > 0, x, 0.01 * x)
    }),
    normalize = list(chain(4, layer("normalize")), function(x, p) {
        x / sqrt(rowSums(x^2))
    }),
    blend = list(
        chain(4, layer("linear", 4), layer("blend", with = 0)),
        function(x, p) {
            weight <- matrix(p[1:16], 4, 4, byrow = TRUE)
            y <- sweep(x %*% t(weight), 2, p[17:20], "+")
            a <- plogis(p[21])
            a * x + (1 - a) * y
        }
    ),
    all = list(
        chain(
            4, layer("linear", 5), layer("layernorm"), layer("gelu"),
            layer("linear", 4), layer("layernorm"), layer("blend", with = 0),
            layer("normalize")
        ),
        NULL
    )
)

for (name in names(cases)) {
    network <- cases[[name]][[1]]
    oracle <- cases[[name]][[2]]
    test_that(paste("layer and gradient are right:", name), {
        set.seed(1)
        # away from the kink of ReLU by more than the step
        x <- matrix(rnorm(28), 7, 4)
        x[abs(x) < 0.01] <- 0.5
        p <- initial_parameters(network)
        p <- p + rnorm(length(p), sd = 0.3)
        dy <- matrix(rnorm(7 * network_n_out(network)), 7)
        result <- expect_gradients(network, p, x, dy)
        if (!is.null(oracle)) {
            expect_equal(result$y, oracle(x, p), tolerance = 1e-12)
        }
    })
}

test_that("layers agree with PyTorch", {
    gold <- golden("layers")
    networks <- list(
        linear = chain(7, layer("linear", 3)),
        layer_norm = chain(7, layer("layernorm")),
        gelu = chain(7, layer("gelu")),
        relu = chain(7, layer("relu")),
        leaky_relu = chain(7, layer("relu", option = 0.01)),
        normalize = chain(7, layer("normalize"))
    )
    flat <- function(parts) {
        as.double(unlist(lapply(parts, function(part) {
            if (is.matrix(part)) t(part) else part
        })))
    }
    for (name in names(networks)) {
        layer <- gold[[name]]
        result <- try_network(
            networks[[name]], flat(layer$parameters), layer$x, layer$dy
        )
        expect_equal(result$y, layer$y, tolerance = 1e-13, info = name)
        expect_equal(result$dx, layer$dx, tolerance = 1e-13, info = name)
        expect_equal(
            result$parameters, flat(layer$dparameters),
            tolerance = 1e-13, info = name
        )
    }
})

test_that("dropout keeps the expectation and its mask serves the gradient", {
    network <- chain(50, layer("dropout", option = 0.3))
    x <- matrix(1, 400, 50)
    dy <- matrix(2, 400, 50)
    result <- try_network(network, double(), x, dy, draw_key(1L))
    expect_setequal(round(result$y, 12), round(c(0, 1 / 0.7), 12))
    # 20,000 draws: the share of zeros within four standard errors
    expect_equal(mean(result$y == 0), 0.3, tolerance = 0.013 / 0.3)
    expect_identical(result$dx, 2 * result$y)
    # rows differ, other keys differ, one key repeats, threads change nothing
    expect_false(identical(result$y[1, ], result$y[2, ]))
    other <- try_network(network, double(), x, dy, draw_key(2L))
    expect_false(identical(other$y, result$y))
    again <- try_network(network, double(), x, dy, draw_key(1L),
        threads = 3L
    )
    expect_identical(again, result)
    # without training the input passes
    expect_identical(try_network(network, double(), x, dy)$y, x)
})

test_that("single precision agrees with double", {
    skip_if_not(build_features()$single, "no single precision in this build")
    network <- cases$all[[1]]
    set.seed(2)
    x <- matrix(rnorm(80), 20)
    dy <- matrix(rnorm(80), 20)
    p <- initial_parameters(network)
    double <- try_network(network, p, x, dy)
    single <- try_network(network, p, x, dy, precision = "single")
    for (part in c("y", "dx", "parameters")) {
        expect_lt(relative_error(single[[part]], double[[part]]), 2e-5)
    }
})

test_that("elementary functions of single precision are near libm's", {
    skip_if_not(build_features()$single, "no single precision in this build")
    x <- c(seq(-86, 86, length.out = 50001), 0, -0.0, 1e-30, -1e-30)
    # what single precision makes of x
    x <- round_to_single(x)
    found <- .Call(C_elementary, x, "single")
    expect_lt(max(abs(found[, 1] / exp(x) - 1)), 4e-7)
    near <- abs(x) < 12
    expect_lt(max(abs(found[near, 2] / pnorm(x[near]) - 1)), 1e-5)
    expect_lt(max(abs(found[near, 2] - pnorm(x[near]))), 3e-7)
    expect_lt(max(abs(found[near, 3] - dnorm(x[near]))), 2e-7)
    edges <- .Call(C_elementary, c(-1000, -90), "single")
    expect_identical(edges[, 1], c(0, 0))
    expect_true(all(is.finite(.Call(C_elementary, 1000, "single"))))
})
