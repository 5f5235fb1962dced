# What encoders have in common: checks of their arguments, and the layers that
# the arguments name.

activations <- c("gelu", "relu", "leaky_relu")

# whole numbers of at least 1, any number of them
check_widths <- function(x, hint, name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    whole <- is.numeric(x) && all(is.finite(x)) && all(x >= 1) &&
        all(x == round(x)) && all(x <= .Machine$integer.max)
    if (!whole) {
        abort_input(c(
            "{.arg {name}} must hold whole numbers of at least 1.",
            x = "It is {describe_value(x)}.",
            i = hint
        ), call = call)
    }
    as.integer(x)
}

# a number in [0, 1); why: what is wrong with 1
check_below_one <- function(x, why, name = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
    force(name)
    x <- check_number(x, 0, 1, name = name, call = call)
    if (x == 1) {
        abort_input(c("{.arg {name}} must be below 1.", x = why), call = call)
    }
    x
}

check_dropout <- function(dropout, call = rlang::caller_env()) {
    check_below_one(
        dropout, "With 1 nothing would be left of the hidden layers.",
        call = call
    )
}

check_slope <- function(slope, call = rlang::caller_env()) {
    check_below_one(
        slope, "With 1 the activation would be no bend at all.",
        call = call
    )
}

activation_layer <- function(encoder) {
    switch(encoder$activation,
        gelu = layer("gelu"),
        relu = layer("relu"),
        leaky_relu = layer("relu", option = encoder$slope)
    )
}

# From positions to one vector. input: the number of the value that goes in.
readout_layers <- function(readout, input, masked = FALSE) {
    mean <- layer("mean_positions", option = masked, of = input)
    switch(readout,
        mean = list(mean),
        mean_max = list(
            mean, layer("max_positions", option = masked, of = input),
            layer("concat", of = input + 1L, with = input + 2L)
        ),
        flatten = list(layer("flatten"))
    )
}

# NULL for none; the numbers of PyTorch
norm_layer <- function(encoder) {
    switch(encoder$norm,
        layer = layer("layernorm"),
        batch = layer("batchnorm", option = c(1e-5, 0.1))
    )
}

dropout_layer <- function(encoder) {
    if (encoder$dropout > 0) layer("dropout", option = encoder$dropout)
}

# what print() says of activation and dropout
describe_activation <- function(encoder) {
    leaky <- encoder$activation == "leaky_relu"
    paste0(encoder$activation, if (leaky) paste0(" (", encoder$slope, ")"))
}

describe_dropout <- function(encoder) {
    if (encoder$dropout > 0) paste("dropout", encoder$dropout)
}
