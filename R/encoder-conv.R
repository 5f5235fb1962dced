#' Encoder: convolutions over positions
#'
#' Describes a network for data that lie along a line: the bins around a
#' transcription start site with a value for each histone mark, or the bases of
#' a sequence. A row goes in as positions x channels, for instance 100 bins x 5
#' marks, and comes out as one vector of `n_out` values. Nothing is built or
#' drawn until a learner meets data.
#'
#' For every value of `channels` there is a block:
#'
#' 1. a convolution over positions with so many filters, each of which sees
#'    `width` positions that lie `dilation` apart. Positions stay as many, with
#'    zeros beyond both ends (TensorFlow's "same" padding: where they cannot be
#'    shared equally, as with an even `width`, the right end has one more);
#' 2. a normalisation, the activation;
#' 3. the maximum over windows of `pool` positions, for each filter. Positions
#'    become positions / `pool`, rounded down: what is behind the last whole
#'    window is dropped;
#' 4. while training, dropout.
#'
#' What is left of the positions becomes one vector (`readout`). Then come the
#' linear layers of `hidden`, each with normalisation, activation and dropout,
#' and a last linear layer to `n_out` values. First weights are uniform on
#' \eqn{\pm 1/\sqrt{n}} with n the number of values that a filter sees.
#'
#' @section Defaults:
#' They are made for 50 to 200 positions with some five to ten channels and
#' some thousand rows: two blocks that turn 100 positions into 25 and then 6,
#' with 12,512 parameters for five channels. A filter of the second block sees
#' 24 positions of the input. To see further without more parameters, raise
#' `dilation`, for instance to `c(1, 2)`.
#'
#' @param channels Filters of the convolutions: whole numbers, one for each
#'   block. At least one.
#' @param width Positions that a filter sees.
#' @param dilation Distance between these positions; 1 for neighbours.
#' @param pool Positions of which the largest value is kept; 1 keeps all.
#'   `width`, `dilation` and `pool` are one number for all blocks or one for
#'   each.
#' @param activation `"gelu"` (exact, by the normal distribution), `"relu"` or
#'   `"leaky_relu"` (see `slope`).
#' @param norm `"layer"` normalises the values of each position (and of each
#'   hidden layer), row by row. `"batch"` normalises each channel over the rows
#'   and positions of a batch, and later by running means: differences in level
#'   between positions stay, but it needs batches that are not small. `"none"`.
#' @param dropout Probability that a value behind a block or hidden layer is set
#'   to zero while training; at least 0 and below 1.
#' @param readout How positions become one vector: `"mean"` takes the mean of
#'   each channel, so that it matters what there is but not where;
#'   `"mean_max"` that and the maximum of each, side by side, so that what
#'   occurs once is seen too; `"flatten"` puts all positions side by side, so
#'   that each has its own weights. The last suits rows that are aligned, as
#'   marks around a start site are, and has more parameters.
#' @param hidden Widths of the linear layers behind: whole numbers, `integer(0)`
#'   for none.
#' @param normalize Divide the result by its L2 norm, so that products of
#'   encodings are cosines?
#' @param n_out Dimensions of the encoding; `NULL` (default) for the last of
#'   `hidden`, or the last of `channels` where `hidden` is empty.
#' @param slope Slope of `"leaky_relu"` below zero; at least 0 and below 1.
#'
#' @return An object of class `encoder`: a list of the arguments, with `width`,
#'   `dilation` and `pool` as long as `channels`.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`. So does a learner whose rows have fewer positions than
#'   the pools take away.
#' @references Fradkin P, Shi R, Wang B, Frey B, Lee LJ (2023). Splicing up
#'   your predictions with RNA contrastive learning. arXiv:2310.08738, whose
#'   encoder is made of dilated convolutions.
#' @family building blocks
#' @examples
#' encoder_conv()
#' # aligned windows: where a mark lies matters
#' encoder_conv(readout = "flatten", n_out = 1)
#' # further along a sequence
#' encoder_conv(c(64, 128), dilation = c(1, 4), pool = 2, norm = "batch")
#' @export
encoder_conv <- function(channels = c(32, 32), width = 5, dilation = 1,
                         pool = 4, activation = c("gelu", "relu", "leaky_relu"),
                         norm = c("layer", "batch", "none"), dropout = 0.2,
                         readout = c("mean", "mean_max", "flatten"),
                         hidden = 64, normalize = FALSE, n_out = NULL,
                         slope = 0.01) {
    channels <- check_channels(
        channels, "One block of 32 filters is {.code channels = 32}."
    )
    n_blocks <- length(channels)
    encoder <- list(
        channels = channels, width = check_per_block(width, n_blocks),
        dilation = check_per_block(dilation, n_blocks),
        pool = check_per_block(pool, n_blocks),
        activation = check_choice(activation, activations),
        norm = check_choice(norm, c("layer", "batch", "none")),
        dropout = check_dropout(dropout),
        readout = check_choice(readout, c("mean", "mean_max", "flatten")),
        hidden = check_widths(
            hidden, "One layer of 64 is {.code hidden = 64}."
        ),
        normalize = check_flag(normalize), n_out = NULL,
        slope = check_slope(slope)
    )
    check_not_alone(channels, encoder$norm)
    check_not_alone(encoder$hidden, encoder$norm, "hidden")
    if (!is.null(n_out)) {
        encoder$n_out <- check_n_out(n_out, normalize)
    }
    structure(encoder, class = c("encoder_conv", "encoder"))
}

# filters of blocks or stages, at least one of them; hint: how to ask for one
check_channels <- function(channels, hint, call = rlang::caller_env()) {
    channels <- check_widths(channels, hint, "channels", call)
    if (length(channels) == 0L) {
        abort_input(c(
            "{.arg channels} must have at least one value.",
            i = hint
        ), call = call)
    }
    channels
}

check_n_out <- function(n_out, normalize, call = rlang::caller_env()) {
    n_out <- check_count(n_out, call = call)
    if (n_out == 1L && normalize) {
        abort_input(c(
            "{.arg n_out} must be at least 2 with {.arg normalize}.",
            x = "It is 1: one value alone, normalised, is always the same.",
            i = "Set {.code normalize = FALSE}."
        ), call = call)
    }
    n_out
}

# One whole number for all blocks, or one for each. The engine takes no more
# than 2^20 positions.
check_per_block <- function(x, n_blocks, name = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
    force(name)
    x <- check_widths(
        x, "Give one number for all blocks, or one for each.", name, call
    )
    if (!length(x) %in% c(1L, n_blocks)) {
        abort_input(c(
            "{.arg {name}} must be one number, or one for each of the
            {n_blocks} value{?s} of {.arg channels}.",
            x = "It has {length(x)} values."
        ), call = call)
    }
    if (any(x > 2^20)) {
        abort_input(c(
            "{.arg {name}} must be at most {2^20}.",
            x = "It is {max(x)}."
        ), call = call)
    }
    rep_len(x, n_blocks)
}

check_not_alone <- function(x, norm, name = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
    if (norm == "layer" && any(x == 1L)) {
        abort_input(c(
            "{.arg {name}} must be at least 2 with {.code norm = \"layer\"}.",
            x = "A value alone, normalised, is always the same.",
            i = "Set {.arg norm} to {.val batch} or {.val none}."
        ), call = call)
    }
}

# values of the encoding
conv_n_out <- function(encoder) {
    if (!is.null(encoder$n_out)) {
        return(encoder$n_out)
    }
    utils::tail(c(encoder$channels, encoder$hidden), 1L)
}

#' @method print encoder_conv
#' @export
print.encoder_conv <- function(x, ...) {
    of_blocks <- c(
        paste("width", describe_each(x$width)),
        if (any(x$dilation > 1L)) paste("dilation", describe_each(x$dilation)),
        if (any(x$pool > 1L)) paste("pool", describe_each(x$pool))
    )
    way <- paste(
        c("d", x$channels, x$readout, x$hidden, conv_n_out(x)),
        collapse = " > "
    )
    parts <- c(
        of_blocks, describe_activation(x),
        if (x$norm != "none") paste(x$norm, "norm"), describe_dropout(x),
        if (x$normalize) "unit length"
    )
    cli::cat_line("<convolutions: ", way, "; ", toString(parts), ">")
    invisible(x)
}

# what print() says of numbers of blocks: one where all are alike
describe_each <- function(values) {
    alike <- all(values == values[1L])
    paste(if (alike) values[1L] else values, collapse = "/")
}

# n_in: channels of each position
resolve_network.encoder_conv <- function(encoder, n_in, positions = 1) {
    check_pools(encoder$pool, positions)
    norm <- norm_layer(encoder)
    activation <- activation_layer(encoder)
    dropout <- dropout_layer(encoder)
    blocks <- lapply(seq_along(encoder$channels), function(i) {
        pool <- encoder$pool[i]
        list(
            layer("conv", encoder$channels[i],
                option = c(encoder$width[i], encoder$dilation[i])
            ),
            norm, activation,
            if (pool > 1L) layer("pool", option = pool), dropout
        )
    })
    hidden <- lapply(encoder$hidden, function(width) {
        list(layer("linear", width), norm, activation, dropout)
    })
    blocks <- Filter(Negate(is.null), unlist(blocks, recursive = FALSE))
    network_of_layers(n_in, c(
        blocks, readout_layers(encoder$readout, length(blocks)),
        unlist(hidden, recursive = FALSE),
        list(
            layer("linear", conv_n_out(encoder)),
            if (encoder$normalize) layer("normalize")
        )
    ), positions)
}

# Pools must leave a position.
check_pools <- function(pool, positions) {
    left <- positions
    for (i in seq_along(pool)) {
        if (left < pool[i]) {
            abort_input(c(
                "{.arg pool} takes away more positions than there are.",
                x = "Of {positions} position{?s}, block {i} is left with {left},
                fewer than its {.arg pool} of {pool[i]}.",
                i = "Lower {.arg pool}, which may be one number for each block
                and 1 for none."
            ), call = NULL)
        }
        left <- left %/% pool[i]
    }
}
