#' Encoder: a small transformer that reads texts
#'
#' Describes the network that reads texts for [method_cldr()], that of CLIP
#' (Radford et al. 2021) in the published size of CLDR. Nothing is built or
#' drawn until a learner meets data, and no weights are loaded.
#'
#' A text is cut into tokens: a start, groups of up to three letters, an end.
#' Each token has a learned vector, to which that of its position is added. A
#' layer adds to these what attention makes of them and then what a perceptron
#' with one hidden layer does (QuickGELU), both behind layer normalisation. The
#' text is what stands at its end, normalised and through a last linear layer.
#'
#' @param width Channels of the vectors; a multiple of `heads`.
#' @param layers,heads Number of layers, and of heads of the attention.
#' @param mlp The hidden layer of the perceptrons is so many times as wide.
#' @param causal Does a token look at those before it alone, as in CLIP?
#' @param dropout Probability that a value that a layer adds is set to zero
#'   while training.
#' @param n_tokens Different tokens that texts are hashed to.
#' @param longest Tokens of a text; longer ones are cut, and counted.
#'
#' @return An object of class `encoder`: a list of the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Radford A et al. (2021). Learning transferable visual models from
#'   natural language supervision. arXiv:2103.00020. Li K, Gong X, Wu J, Hu W
#'   (2024). Contrastive learning drug response models from natural language
#'   supervision. IJCAI, 2126-2134. doi:10.24963/ijcai.2024/235.
#' @family building blocks
#' @examples
#' encoder_text()
#' encoder_text(width = 32, layers = 1, heads = 4)
#' @export
encoder_text <- function(width = 128, layers = 3, heads = 8, mlp = 4,
                         causal = TRUE, dropout = 0, n_tokens = 4096,
                         longest = 100) {
    width <- check_count(width, max = 4096)
    heads <- check_count(heads, max = width)
    if (width %% heads != 0L) {
        abort_input(c(
            "{.arg width} must be a multiple of {.arg heads}.",
            x = "{width} is none of {heads}."
        ))
    }
    structure(
        list(
            width = width, layers = check_count(layers, max = 20),
            heads = heads, mlp = check_count(mlp, max = 16),
            causal = check_flag(causal), dropout = check_dropout(dropout),
            n_tokens = check_count(n_tokens, min = 4, max = 2^20),
            longest = check_count(longest, min = 2, max = 1000)
        ),
        class = c("encoder_text", "encoder")
    )
}

#' @method print encoder_text
#' @export
print.encoder_text <- function(x, ...) {
    cli::cat_line(sprintf(
        "<encoder: %d layers of width %d, %d heads%s; %d tokens, at most %d>",
        x$layers, x$width, x$heads, if (x$causal) ", causal" else "",
        x$n_tokens, x$longest
    ))
    invisible(x)
}

# Rows are tokens, one channel at each of `positions`; n_out: of the last layer.
text_network <- function(encoder, positions, n_out) {
    drop <- if (encoder$dropout > 0) {
        list(layer("dropout", option = encoder$dropout))
    }
    layers <- list(layer("embed", encoder$width, option = encoder$n_tokens))
    # what comes out of `parts` is added to what goes in
    add <- function(layers, parts) {
        c(layers, parts, drop, list(layer("add", with = length(layers))))
    }
    for (i in seq_len(encoder$layers)) {
        layers <- add(layers, list(
            layer("layernorm"), layer("linear", 3L * encoder$width),
            layer("attention",
                option = c(encoder$heads, as.double(encoder$causal))
            ),
            layer("linear", encoder$width)
        ))
        layers <- add(layers, list(
            layer("layernorm"), layer("linear", encoder$mlp * encoder$width),
            layer("quickgelu"), layer("linear", encoder$width)
        ))
    }
    network_of_layers(1L, c(layers, list(
        layer("last_position"), layer("layernorm"), layer("linear", n_out)
    )), positions)
}
