#' Encoder: a multilayer perceptron with a learned residual
#'
#' Describes the network f that maps a gene vector to its place in association
#' space. Nothing is built or drawn until a learner meets data.
#'
#' For every width in `hidden` there is a linear layer, a layer normalisation,
#' an activation and (while training) dropout; a last linear layer with layer
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
#' @param layer_norm Normalise each gene's values after every linear layer
#'   (but for one that leads to a single value, which would always be 0)?
#' @param dropout Probability that a hidden value is set to zero while
#'   training; at least 0 and below 1. The published recipe has none.
#' @param blend Mix the input back in (the a above)? Needs `n_out = NULL`.
#' @param normalize Divide the result by its L2 norm, so that products of
#'   encodings are cosines?
#' @param n_out Dimensions of the encoding; `NULL` (default) for as many as
#'   the gene vectors have.
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
                        layer_norm = TRUE, dropout = 0, blend = TRUE,
                        normalize = TRUE, n_out = NULL, slope = 0.01) {
    activation <- check_choice(activation, activations)
    hidden <- check_widths(
        hidden, "One hidden layer of 256 is {.code hidden = 256}."
    )
    dropout <- check_dropout(dropout)
    slope <- check_slope(slope)
    check_flag(layer_norm)
    check_flag(blend)
    check_flag(normalize)
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
            layer_norm = layer_norm, dropout = dropout, blend = blend,
            normalize = normalize, n_out = n_out, slope = slope
        ),
        class = c("encoder_mlp", "encoder")
    )
}

#' @method print encoder_mlp
#' @export
print.encoder_mlp <- function(x, ...) {
    widths <- paste(c("d", x$hidden, if (is.null(x$n_out)) "d" else x$n_out),
        collapse = " > "
    )
    parts <- c(
        describe_activation(x), if (x$layer_norm) "layer norm",
        describe_dropout(x), if (x$blend) "residual blend",
        if (x$normalize) "unit length"
    )
    cli::cat_line("<encoder: ", widths, "; ", toString(parts), ">")
    invisible(x)
}

# All positions of a row go in side by side.
resolve_network.encoder_mlp <- function(encoder, n_in, positions = 1) {
    norm <- if (encoder$layer_norm) layer("layernorm")
    flat <- if (positions > 1) layer("flatten")
    blocks <- lapply(encoder$hidden, function(width) {
        list(
            layer("linear", width), norm, activation_layer(encoder),
            dropout_layer(encoder)
        )
    })
    n_out <- if (is.null(encoder$n_out)) n_in * positions else encoder$n_out
    # value 0 is the input, value 1 what `flat` makes of it
    input <- if (is.null(flat)) 0 else 1
    network_of_layers(n_in, c(
        list(flat), unlist(blocks, recursive = FALSE), list(
            layer("linear", n_out), if (n_out > 1L) norm,
            if (encoder$blend) layer("blend", with = input),
            if (encoder$normalize) layer("normalize")
        )
    ), positions)
}
