# Layers that read texts, and the transformer of encoder_text(): plain R,
# central differences, PyTorch.

small_text_encoder <- function(...) {
    settings <- utils::modifyList(list(
        width = 4, layers = 2, heads = 2, mlp = 2, n_tokens = 9, longest = 6
    ), list(...))
    do.call(encoder_text, settings)
}

one_layer <- function(n_in, part, positions = 6) {
    network_of_layers(n_in, list(part), positions)
}

random_tokens <- function(n, positions, n_tokens, lengths) {
    tokens <- matrix(sample(n_tokens - 1, n * positions, TRUE), n)
    tokens[col(tokens) > lengths] <- 0
    tokens
}

# ---- plain R ----------------------------------------------------------------

# x: positions x 3 width of one row
attention_r <- function(x, heads, causal) {
    width <- ncol(x) / 3
    d <- width / heads
    n <- nrow(x)
    do.call(cbind, lapply(seq_len(heads), function(h) {
        part <- function(which) {
            x[, (which - 1) * width + (h - 1) * d + seq_len(d), drop = FALSE]
        }
        scores <- part(1) %*% t(part(2)) / sqrt(d)
        if (causal) scores[col(scores) > row(scores)] <- -Inf
        shares <- exp(scores - apply(scores, 1, max))
        (shares / rowSums(shares)) %*% part(3)
    }))
}

# tokens of one text
transformer_r <- function(encoder, parameters, tokens, positions, n_out) {
    at <- 0
    take <- function(n, rows) {
        values <- parameters[at + seq_len(n * rows)]
        at <<- at + n * rows
        matrix(values, rows, n, byrow = TRUE)
    }
    w <- encoder$width
    linear <- function(x, n_out) {
        # what x is made of comes first among the parameters
        force(x)
        weight <- take(ncol(x), n_out)
        sweep(x %*% t(weight), 2, take(n_out, 1), "+")
    }
    norm <- function(x) {
        centred <- x - rowMeans(x)
        unit <- centred / sqrt(rowMeans(centred^2) + 1e-5)
        scale <- take(w, 1)
        sweep(sweep(unit, 2, scale, "*"), 2, take(w, 1), "+")
    }
    tokens_r <- take(w, encoder$n_tokens)
    places <- take(w, positions)
    x <- tokens_r[tokens + 1, , drop = FALSE] +
        places[seq_along(tokens), , drop = FALSE]
    for (i in seq_len(encoder$layers)) {
        inner <- linear(norm(x), 3 * w)
        x <- x + linear(attention_r(inner, encoder$heads, encoder$causal), w)
        inner <- linear(norm(x), encoder$mlp * w)
        x <- x + linear(inner * stats::plogis(1.702 * inner), w)
    }
    drop(linear(norm(x[nrow(x), , drop = FALSE]), n_out))
}

test_that("QuickGELU and attention agree with PyTorch and differences", {
    gold <- golden_parts("text")
    found <- try_network(
        one_layer(4, layer("quickgelu"), 1), double(), gold$quickgelu$x,
        matrix(1, 2, 4)
    )
    expect_equal(found$y, gold$quickgelu$y, tolerance = 1e-14)
    expect_equal(found$dx, gold$quickgelu$dx, tolerance = 1e-14)
    for (case in c("all", "causal")) {
        values <- gold$attention[[case]]
        network <- one_layer(12, layer("attention",
            option = c(2, case == "causal")
        ))
        found <- try_network(
            network, double(), values$x, values$dy,
            filled = as.integer(values$lengths)
        )
        expect_equal(found$y, values$y, tolerance = 1e-13)
        expect_equal(found$dx, values$dx, tolerance = 1e-12)
        # threads change nothing
        expect_identical(found, try_network(
            network, double(), values$x, values$dy,
            filled = as.integer(values$lengths), threads = 3L
        ))
    }
})

test_that("attention equals plain R, its gradient central differences", {
    set.seed(1)
    x <- random_matrix(11, 5 * 12)
    dy <- random_matrix(11, 5 * 4)
    for (heads in c(1, 2, 4)) {
        for (causal in c(FALSE, TRUE)) {
            network <- one_layer(12, layer("attention",
                option = c(heads, causal)
            ), 5)
            found <- expect_gradients(network, double(), x, dy)
            for (i in c(1, 11)) {
                expected <- attention_r(
                    matrix(x[i, ], 5, byrow = TRUE), heads, causal
                )
                expect_equal(found$y[i, ], as.vector(t(expected)))
            }
            expect_gradients(network, double(), x, dy,
                filled = rep(1:5, length.out = 11)
            )
        }
    }
    # large scores
    found <- try_network(network, double(), 1e3 * x, dy)
    expect_true(all(is.finite(found$dx)))
    expect_error(
        layer_table(one_layer(12, layer("attention", option = c(3, 0)))),
        "cannot turn 12 channels"
    )
    expect_error(
        layer_table(one_layer(11, layer("attention", option = c(1, 0)))),
        "cannot turn 11 channels"
    )
})

test_that("tokens and positions get the gradients of their places", {
    set.seed(2)
    network <- one_layer(1, layer("embed", 3, option = 5), 4)
    start <- network_initialise(network, "double", draw_key(1L))$parameters
    expect_length(start, 5 * 3 + 4 * 3)
    x <- random_tokens(6, 4, 5, c(4, 1, 2, 3, 4, 4))
    dy <- random_matrix(6, 12)
    found <- try_network(network, start, x, dy)
    tokens <- matrix(start[1:15], 5, byrow = TRUE)
    places <- matrix(start[16:27], 4, byrow = TRUE)
    for (i in 1:6) {
        expect_equal(
            matrix(found$y[i, ], 4, byrow = TRUE), tokens[x[i, ] + 1, ] + places
        )
    }
    numeric <- numeric_gradient(function(p) {
        sum(dy * try_network(network, p, x, dy)$y)
    }, start)
    expect_lt(relative_error(found$parameters, numeric), 1e-6)
    expect_identical(found$dx, matrix(0, 6, 4))
    # first values: normal, 0.02 and 0.01
    large <- one_layer(1, layer("embed", 64, option = 200), 50)
    start <- network_initialise(large, "double", draw_key(1L))$parameters
    tokens <- seq_len(200 * 64)
    expect_equal(stats::sd(start[tokens]), 0.02, tolerance = 0.05)
    expect_equal(stats::sd(start[-tokens]), 0.01, tolerance = 0.05)
    expect_gt(stats::shapiro.test(start[1:5000])$p.value, 1e-3)
    # a number that is no token of the layer cannot lead out of its memory
    expect_identical(
        try_network(network, start[1:27], matrix(c(99, -3, NaN, 0), 1), dy[
            1, , drop = FALSE
        ])$y,
        try_network(network, start[1:27], matrix(0, 1, 4), dy[
            1, , drop = FALSE
        ])$y
    )
    expect_error(
        layer_table(one_layer(2, layer("embed", 3, option = 5))), "one token"
    )
})

test_that("the last filled position is read", {
    set.seed(3)
    network <- one_layer(3, layer("last_position"), 4)
    x <- random_matrix(4, 12)
    dy <- random_matrix(4, 3)
    found <- expect_gradients(network, double(), x, dy, filled = c(4L, 1:3))
    expect_identical(found$y, rbind(
        x[1, 10:12], x[2, 1:3], x[3, 4:6], x[4, 7:9]
    ))
    expect_identical(try_network(network, double(), x, dy)$y, x[, 10:12])
})

test_that("the transformer equals plain R, its gradients differences", {
    set.seed(4)
    lengths <- c(6L, 1L, 3L, 5L)
    for (causal in c(TRUE, FALSE)) {
        encoder <- small_text_encoder(causal = causal)
        network <- text_network(encoder, 6, 3)
        start <- network_initialise(network, "double", draw_key(1L))$parameters
        start <- start + stats::rnorm(length(start), sd = 0.3)
        x <- random_tokens(4, 6, 9, lengths)
        dy <- random_matrix(4, 3)
        found <- try_network(network, start, x, dy, filled = lengths)
        for (i in 1:4) {
            expect_equal(found$y[i, ], transformer_r(
                encoder, start, x[i, seq_len(lengths[i])], 6, 3
            ))
        }
        numeric <- numeric_gradient(function(p) {
            sum(dy * try_network(network, p, x, dy, filled = lengths)$y)
        }, start)
        expect_lt(relative_error(found$parameters, numeric), 1e-6)
        # what lies behind the end of a text changes nothing
        padded <- x
        padded[col(x) > lengths] <- 5
        expect_identical(
            try_network(network, start, padded, dy, filled = lengths)$y, found$y
        )
    }
})

test_that("threads change nothing, single precision is near", {
    set.seed(5)
    network <- text_network(encoder_text(16, 1, 4, n_tokens = 30), 24, 5)
    start <- network_initialise(network, "double", draw_key(1L))$parameters
    lengths <- sample(24L, 90, TRUE)
    x <- random_tokens(90, 24, 30, lengths)
    dy <- random_matrix(90, 5)
    try_with <- function(...) {
        try_network(network, start, x, dy, filled = lengths, ...)
    }
    found <- try_with()
    expect_identical(try_with(threads = 3L), found)
    skip_if_not(build_features()$single, "no single precision here")
    single <- try_with(precision = "single")
    expect_equal(single$y, found$y, tolerance = 1e-4)
    expect_lt(relative_error(single$parameters, found$parameters), 1e-4)
})

test_that("ten steps of the transformer agree with PyTorch", {
    for (case in c("all", "causal")) {
        gold <- golden_parts("text")$transformer[[case]]
        network <- text_network(
            small_text_encoder(causal = case == "causal"), 6, 3
        )
        tokens <- gold$tokens + 0
        parameters <- gold$parameters_start
        expect_length(parameters, sum(layer_table(network)$parameters))
        m <- v <- numeric(length(parameters))
        losses <- numeric(10)
        for (step in 1:10) {
            run <- function(dy) {
                try_network(network, parameters, tokens, dy,
                    filled = gold$lengths
                )
            }
            off <- run(0 * gold$target)$y - gold$target
            losses[step] <- mean(off^2)
            g <- run(2 * off / length(off))$parameters
            m <- 0.9 * m + 0.1 * g
            v <- 0.999 * v + 0.001 * g^2
            parameters <- parameters *
                (1 - gold$learning_rate * gold$weight_decay)
            parameters <- parameters - gold$learning_rate *
                (m / (1 - 0.9^step)) / (sqrt(v / (1 - 0.999^step)) + 1e-8)
        }
        expect_equal(losses, gold$losses, tolerance = 1e-9)
        expect_equal(parameters, gold$parameters_end, tolerance = 1e-7)
        expect_equal(run(0 * gold$target)$y, gold$y, tolerance = 1e-7)
    }
})

test_that("encoders of texts are described and checked", {
    expect_output(print(encoder_text()), "3 layers of width 128, 8 heads")
    expect_error(encoder_text(width = 10, heads = 4), "multiple",
        class = "kith_error_input"
    )
    expect_error(encoder_text(layers = 0), "layers", class = "kith_error_input")
    expect_error(encoder_text(longest = 1), "longest",
        class = "kith_error_input"
    )
    expect_error(encoder_text(dropout = 1), "dropout",
        class = "kith_error_input"
    )
    dropped <- text_network(small_text_encoder(dropout = 0.5), 6, 3)
    expect_identical(sum(dropped$type == "dropout"), 4L)
})
