# Networks as C wants them. Value 0 is the input, value i the output of layer
# i; a layer takes the value before it and, if it joins two, another one.

# type: one of the layers of src/nn/; n_out: channels of the result, 0 for as
# many as go in; option: what the layer's file says; with: the second value.
layer <- function(type, n_out = 0, option = numeric(), with = NULL) {
    list(type = type, n_out = n_out, option = option, with = with)
}

# layers: a list of layer(), NULL where one is left out. positions: of a row, 1
# for vectors.
network_of_layers <- function(n_in, layers, positions = 1) {
    layers <- Filter(Negate(is.null), layers)
    n <- length(layers)
    second <- vapply(layers, function(l) {
        if (is.null(l$with)) -1L else as.integer(l$with)
    }, 0L)
    option <- vapply(layers, function(l) c(as.double(l$option), 0, 0)[1:2],
        numeric(2)
    )
    list(
        positions = as.double(positions), channels = as.double(n_in),
        type = vapply(layers, `[[`, "", "type"),
        n_out = vapply(layers, function(l) as.double(l$n_out), 0),
        from = cbind(seq_len(n) - 1L, second, deparse.level = 0),
        option = t(option)
    )
}
