#' Encoder: a multilayer perceptron with a learned residual
#'
#' Describes the network f that maps a gene vector to its place in association
#' space. Nothing is built or drawn until a learner meets data.
#'
#' For every width in `hidden` there is a linear layer, a normalisation, an
#' activation and (while training) dropout; a last linear layer with layer
#' normalisation leads back to the size of the input. With g the result of
#' these layers,
#'
#' \deqn{f(x) = normalise(a x + (1 - a) g(x))}
#'
#' where a, the sigmoid of one learned number, starts at one half.
#' The defaults are those of the published CAL recipe (2.2 million parameters
#' for 50 input dimensions). First weights are uniform on
#' \eqn{\pm 1/\sqrt{n_{in}}}.
#'
#' @param hidden Widths of the hidden layers: whole numbers, one for each
#'   layer. `integer(0)` gives a linear map.
#' @param activation `"gelu"` (exact, by the normal distribution), `"relu"` or
#'   `"leaky_relu"` (see `slope`).
#' @param norm What follows every linear layer: `"layer"` normalises the values
#'   of each gene (but for a single value, which would always be 0), `"batch"`
#'   each hidden value over the rows of a batch, and later by running means (the
#'   last linear layer has none then), `"none"`.
#' @param dropout Probability that a hidden value is set to zero while
#'   training; at least 0 and below 1. The published recipe has none.
#' @param blend Mix the input back in (the a above)? Needs `n_out = NULL`.
#' @param normalize Divide the result by its L2 norm, so that products of
#'   encodings are cosines?
#' @param n_out Dimensions of the encoding; `NULL` (default) for as many as
#'   the gene vectors have.
#' @param output `"linear"`: the encoding is what the last linear layer gives;
#'   `"hidden"`: there is none, and the encoding is the last hidden layer, as
#'   wide as that is. Without `blend` and `n_out`.
#' @param slope Slope of `"leaky_relu"` below zero: at least 0, which is
#'   `"relu"`, and below 1. The default is PyTorch's. Other activations do not
#'   look at it.
#'
#' @return An object of class `encoder`: a list of the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Dury J (2026). Beyond expression similarity: contrastive
#'   learning recovers functional gene associations from protein interaction
#'   structure. arXiv:2603.20955, section 2.
#' @family building blocks
#' @examples
#' encoder_mlp()
#' encoder_mlp(hidden = c(64, 64), activation = "relu", dropout = 0.2)
#' @export
encoder_mlp <- function(hidden = c(1024, 1024, 1024),
                        activation = c("gelu", "relu", "leaky_relu"),
                        norm = c("layer", "batch", "none"), dropout = 0,
                        blend = TRUE, normalize = TRUE, n_out = NULL,
                        slope = 0.01, output = c("linear", "hidden")) {
    activation <- check_choice(activation, activations)
    hidden <- check_widths(
        hidden, "One hidden layer of 256 is {.code hidden = 256}."
    )
    dropout <- check_dropout(dropout)
    slope <- check_slope(slope)
    norm <- check_choice(norm, c("layer", "batch", "none"))
    check_flag(blend)
    check_flag(normalize)
    output <- check_choice(output, c("linear", "hidden"))
    if (output == "hidden") check_hidden_output(hidden, blend, n_out)
    if (!is.null(n_out)) {
        n_out <- check_count(n_out)
        if (n_out == 1L && normalize) {
            abort_input(c(
                "{.arg n_out} must be at least 2 with {.arg normalize}.",
                x = "It is 1: one value alone, normalised, is always the same.",
                i = "Set {.code normalize = FALSE}."
            ))
        }
        if (blend) {
            abort_input(c(
                "{.arg n_out} cannot be set with {.code blend = TRUE}.",
                i = "A blend mixes the input in, so it keeps its size. Set
                {.code blend = FALSE}."
            ))
        }
    }
    structure(
        list(
            hidden = hidden, activation = activation,
            norm = norm, dropout = dropout, blend = blend,
            normalize = normalize, n_out = n_out, slope = slope,
            output = output
        ),
        class = c("encoder_mlp", "encoder")
    )
}

check_hidden_output <- function(hidden, blend, n_out,
                                call = rlang::caller_env()) {
    wrong <- if (length(hidden) == 0L) {
        "There is no hidden layer."
    } else if (blend) {
        "A blend mixes the input in, so the encoding has its size."
    } else if (!is.null(n_out)) {
        "{.arg n_out} is the width of a last linear layer."
    }
    if (!is.null(wrong)) {
        abort_input(c(
            "{.code output = \"hidden\"} takes the last hidden layer as
            encoding.",
            x = wrong,
            i = "It needs {.arg hidden} layers, {.code blend = FALSE} and
            {.code n_out = NULL}."
        ), call = call)
    }
}

# what comes out of the network
mlp_n_out <- function(encoder, n_in) {
    if (encoder$output == "hidden") {
        utils::tail(encoder$hidden, 1L)
    } else {
        encoder$n_out %||% n_in
    }
}

#' @method print encoder_mlp
#' @export
print.encoder_mlp <- function(x, ...) {
    last <- if (x$output == "linear") x$n_out %||% "d"
    widths <- paste(c("d", x$hidden, last), collapse = " > ")
    parts <- c(
        describe_activation(x), if (x$norm != "none") paste(x$norm, "norm"),
        describe_dropout(x), if (x$blend) "residual blend",
        if (x$normalize) "unit length"
    )
    cli::cat_line("<encoder: ", widths, "; ", toString(parts), ">")
    invisible(x)
}

# All positions of a row go in side by side.
resolve_network.encoder_mlp <- function(encoder, n_in, positions = 1) {
    norm <- norm_layer(encoder)
    flat <- if (positions > 1) layer("flatten")
    blocks <- lapply(encoder$hidden, function(width) {
        list(
            layer("linear", width), norm, activation_layer(encoder),
            dropout_layer(encoder)
        )
    })
    n_out <- mlp_n_out(encoder, n_in * positions)
    # value 0 is the input, value 1 what `flat` makes of it
    input <- if (is.null(flat)) 0 else 1
    network_of_layers(n_in, c(
        list(flat), unlist(blocks, recursive = FALSE), list(
            if (encoder$output == "linear") layer("linear", n_out),
            if (encoder$output == "linear" && encoder$norm == "layer" &&
                n_out > 1L) {
                norm
            },
            if (encoder$blend) layer("blend", with = input),
            if (encoder$normalize) layer("normalize")
        )
    ), positions)
}
