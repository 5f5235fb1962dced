# Networks as C wants them. Value 0 is the input, value i the output of layer
# i. A layer takes the value before it, or value `of`; a layer that joins two
# takes value `with` as the second.

# The network of an encoder for rows of so many positions with n_in channels
# each; a vector of n_in values is a row of one position.
resolve_network <- function(encoder, n_in, positions = 1) {
    UseMethod("resolve_network")
}

# type: one of the layers of src/nn/; n_out: channels of the result, 0 for as
# many as go in; option: what the layer's file says.
layer <- function(type, n_out = 0, option = numeric(), of = NULL,
                  with = NULL) {
    list(type = type, n_out = n_out, option = option, of = of, with = with)
}

# layers: a list of layer(), NULL where one is left out. positions: of a row, 1
# for vectors.
network_of_layers <- function(n_in, layers, positions = 1) {
    layers <- Filter(Negate(is.null), layers)
    pick <- function(name, i, default) {
        value <- layers[[i]][[name]]
        as.integer(if (is.null(value)) default else value)
    }
    places <- seq_along(layers)
    option <- vapply(layers, function(l) {
        c(as.double(l$option), 0, 0, 0)[1:3]
    }, numeric(3))
    list(
        positions = as.double(positions), channels = as.double(n_in),
        type = vapply(layers, `[[`, "", "type"),
        n_out = vapply(layers, function(l) as.double(l$n_out), 0),
        from = cbind(
            vapply(places, function(i) pick("of", i, i - 1L), 0L),
            vapply(places, function(i) pick("with", i, -1L), 0L)
        ),
        option = t(option)
    )
}

# one row per layer: what it is, its channels and how many parameters it has
layer_table <- function(network) {
    table <- .Call(C_network_table, network)
    data.frame(
        layer = seq_along(table$type), type = table$type,
        n_in = table$channels, n_out = table$channels_out,
        parameters = table$parameters
    )
}

# channels of a network's output
network_n_out <- function(network) {
    utils::tail(layer_table(network)$n_out, 1L)
}

# list(parameters, state): the first values of a network
network_initialise <- function(network, precision, key) {
    .Call(C_network_initialise, network, precision, key)
}

# Rows of x through a network, without dropout. filled: of each row, how many
# positions from the first hold data, which masked layers look at; NULL for all.
network_encode <- function(network, precision, parameters, x, threads,
                           state = double(), filled = NULL) {
    .Call(
        C_network_encode, network, precision, parameters, state, x, filled,
        threads
    )
}

# The gradient of a network's one output by its input, for each row of x.
network_slope <- function(network, precision, parameters, x, threads,
                          state = double()) {
    blocks <- lapply(block_rows(nrow(x), 512L), function(rows) {
        .Call(
            C_network_gradients, network, precision, parameters, state,
            x[rows, , drop = FALSE], matrix(1, length(rows), 1L), NULL, NULL,
            c(0L, 0L, 0L), threads
        )$dx
    })
    do.call(rbind, blocks)
}
