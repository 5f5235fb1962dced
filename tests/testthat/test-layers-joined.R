# Networks that are no chain (plain R: the same sums by hand), layers that see
# positions, and the names of random draws.

linear_r <- function(x, p, n_out) {
    n_in <- ncol(x)
    weight <- matrix(p[seq_len(n_in * n_out)], n_out, n_in, byrow = TRUE)
    sweep(x %*% t(weight), 2, p[n_in * n_out + seq_len(n_out)], "+")
}

test_that("add and concat join a layer with any value before it", {
    set.seed(1)
    x <- random_matrix(7, 4)
    added <- network_of_layers(4, list(
        layer("linear", 4), layer("add", with = 0)
    ))
    p <- stats::rnorm(20)
    found <- expect_gradients(added, p, x, random_matrix(7, 4))
    expect_equal(found$y, linear_r(x, p, 4) + x, tolerance = 1e-12)

    joined <- network_of_layers(4, list(
        layer("linear", 3), layer("concat", with = 0)
    ))
    p <- stats::rnorm(15)
    found <- expect_gradients(joined, p, x, random_matrix(7, 7))
    expect_equal(found$y, cbind(linear_r(x, p, 3), x), tolerance = 1e-12)
})

test_that("a value that several layers take gathers all their gradients", {
    set.seed(2)
    # value 1 goes into both branches, which meet in value 6
    network <- network_of_layers(3, list(
        layer("linear", 4),
        layer("gelu"),
        layer("linear", 4),
        layer("layernorm"),
        layer("add", with = 1),
        layer("concat", with = 2),
        layer("linear", 2),
        layer("concat", with = 5),
        layer("normalize")
    ))
    p <- stats::rnorm(sum(layer_table(network)$parameters))
    expect_identical(length(p), 16L + 20L + 8L + 18L)
    x <- random_matrix(6, 3)
    found <- expect_gradients(network, p, x, random_matrix(6, 6))
    one <- linear_r(x, p[1:16], 4)
    two <- one * stats::pnorm(one)
    three <- linear_r(two, p[17:36], 4)
    centred <- three - rowMeans(three)
    four <- sweep(
        sweep(centred / sqrt(rowMeans(centred^2) + 1e-5), 2, p[37:40], "*"),
        2, p[41:44], "+"
    )
    five <- four + one
    seven <- linear_r(cbind(five, two), p[45:62], 2)
    eight <- cbind(seven, five)
    expect_equal(found$y, eight / sqrt(rowSums(eight^2)), tolerance = 1e-12)
})

test_that("branches of single layers keep their gradients apart", {
    set.seed(3)
    # the first branch ends in value 1, which only the last layer takes
    network <- network_of_layers(3, list(
        layer("linear", 2), layer("linear", 2, of = 0),
        layer("relu", option = 0.1), layer("blend", with = 1)
    ))
    p <- stats::rnorm(17)
    x <- random_matrix(5, 3)
    found <- expect_gradients(network, p, x, random_matrix(5, 2))
    two <- linear_r(x, p[9:16], 2)
    share <- stats::plogis(p[17])
    expected <- share * linear_r(x, p[1:8], 2) +
        (1 - share) * ifelse(two > 0, two, 0.1 * two)
    expect_equal(found$y, expected, tolerance = 1e-12)
})

test_that("layers of one position run on all positions of a row", {
    set.seed(4)
    layers <- list(
        layer("linear", 5), layer("layernorm"), layer("gelu"),
        layer("normalize")
    )
    vectors <- network_of_layers(3, layers)
    rows <- network_of_layers(3, layers, positions = 4)
    p <- stats::rnorm(sum(layer_table(vectors)$parameters))
    expect_identical(layer_table(rows)$parameters,
        layer_table(vectors)$parameters
    )
    x <- random_matrix(6, 12)
    dy <- random_matrix(6, 20)
    # a row of 4 positions is 4 rows of one
    unfold <- function(m) matrix(t(m), ncol = ncol(m) / 4, byrow = TRUE)
    of_rows <- expect_gradients(rows, p, x, dy)
    of_vectors <- try_network(vectors, p, unfold(x), unfold(dy))
    expect_identical(unfold(of_rows$y), of_vectors$y)
    expect_identical(unfold(of_rows$dx), of_vectors$dx)
    expect_identical(of_rows$parameters, of_vectors$parameters)
})

test_that("networks that cannot be are refused", {
    refused <- function(layers, regexp, n_in = 3) {
        expect_error(layer_table(network_of_layers(n_in, layers)), regexp,
            class = "kith_error"
        )
    }
    refused(list(layer("linear", 2), layer("add", with = 0)), "one shape")
    refused(list(layer("gelu", 4)), "3 channels into 4")
    refused(list(layer("mystery")), "no layer \"mystery\"")
    refused(list(layer("add")), "cannot take value -1")
    refused(list(layer("gelu", with = 0)), "cannot take value 0")
    refused(list(layer("gelu"), layer("gelu", of = 0)), "takes value 1")
    refused(list(layer("gelu", of = 3)), "cannot take value 3")
    refused(list(), "1 to 256 layers")
    refused(rep(list(layer("gelu")), 257), "1 to 256 layers")
})

test_that("networks, views and steps have draws of their own", {
    network <- network_of_layers(50, list(layer("dropout", option = 0.5)))
    x <- dy <- matrix(1, 40, 50)
    masks <- lapply(
        list(c(0L, 0L, 0L), c(1L, 0L, 0L), c(0L, 1L, 0L), c(0L, 0L, 1L)),
        function(stream) {
            try_network(network, double(), x, dy, draw_key(1L),
                stream = stream
            )$y
        }
    )
    for (i in 2:4) {
        # independent masks agree in about half of 2,000 places
        expect_equal(mean(masks[[i]] == masks[[1]]), 0.5, tolerance = 0.1)
    }
    expect_identical(anyDuplicated(masks), 0L)
})
