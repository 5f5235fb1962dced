#' Encoder: residual convolutions for long sequences
#'
#' Describes a network for sequences of some hundred to some ten thousand
#' positions, such as the bases of a transcript with its tracks: the dilated
#' residual network of Fradkin et al. (2023). A row goes in as positions x
#' channels and comes out as one vector. Nothing is built or drawn until a
#' learner meets data.
#'
#' First comes the stem: a convolution to `channels[1]` filters, the
#' normalisation, the maximum over windows of `stem_pool` positions. Then for
#' each value of `channels` a stage of so many residual `blocks`. A block turns
#' x into
#'
#' 1. convolution, ReLU, normalisation, ReLU and, while training, dropout;
#' 2. convolution, ReLU, normalisation;
#' 3. ReLU(x + the result of 2). Where the number of filters changes, x goes
#'    through a convolution of width 1 and a normalisation first.
#'
#' The first block of a stage ends in the maximum over windows of `pool`
#' positions. What is left of the positions is averaged (`readout`): the
#' encoding. Linear layers may follow (`hidden`, each with normalisation, ReLU
#' and dropout, then a last one to `n_out` values).
#'
#' Convolutions keep the number of positions, with zeros beyond both ends
#' (TensorFlow's "same" padding: an even `width` reaches one `dilation` further
#' to the right than to the left). Their first weights are He's (a normal
#' distribution of variance 2 / n, cut off at two deviations, with n the number
#' of values that a filter sees), those of width 1 Glorot's, biases 0.
#'
#' @section Rows of different length:
#' A learner puts sequences of different length into rows of as many
#' positions, with zeros behind the end. With `masked = TRUE` these are no data:
#' what lies behind the end is set to 0 behind each normalisation, and neither
#' the mean over positions nor the statistics of batch normalisation count it.
#' So the encoding of a sequence does not depend on how far it is padded, as
#' long as `fold` times `stem_pool` times all of `pool` divides the number of
#' positions (while training, what dropout draws does). With `masked = FALSE`,
#' as published, padding is averaged with the rest, so that the encoding also
#' depends on the length.
#'
#' @section Presets:
#' | preset | `channels` | `blocks` | `width` | pools | `norm` | `masked` |
#' |---|---|---|---|---|---|---|
#' | `"small"` | 32, 64, 96 | 1 | 5 | 4, then 2 | layer | yes |
#' | `"S"` | 64, 128, 128, 256 | 2 | 2 | 2 | batch | no |
#' | `"M"` | 64, 128, 256, 512 | 3, 4, 6, 3 | 2 | 2 | batch | no |
#' | `"L"` | 64, 128, 256, 512 | 3, 4, 6, 3 | 4 | 2 | batch | no |
#'
#' `"S"`, `"M"` and `"L"` are the published networks, of 0.79, 4.88 and 9.57
#' million parameters for six channels, with an `epsilon` of 0.01. They were
#' trained on several GPUs with batches of 1,536 sequences of 12,288 positions.
#' `"small"` (the default) is made for a laptop: 129,000 parameters and less
#' than a fifth of the work of `"S"`, some 10 to 20 ms of one core for each
#' sequence of 4,096 positions and step. A position that is averaged has seen
#' some 700 of the input. Layer normalisation does without the large batches of
#' batch normalisation.
#'
#' @param preset Where the arguments that are `NULL` come from; see Presets.
#' @param channels Filters of each stage: whole numbers, at least one.
#' @param blocks Residual blocks of each stage.
#' @param width Positions that a filter sees, in the stem and all blocks.
#' @param fold Positions that become one, with their channels side by side,
#'   before the stem: 3 makes codons of the bases of coding sequences, whose
#'   rows begin with a codon. 1 (all presets): none.
#' @param words What the folded positions become: with `TRUE`, one channel for
#'   each word of `fold` letters (64 codons), made of the first four channels,
#'   which have to be those of the letters; others are left out. With `FALSE`
#'   (all presets), their channels side by side.
#' @param dilation Distance between these positions in each stage; 1 for
#'   neighbours. By default it doubles from stage to stage. The stem has 1.
#' @param stem_pool,pool Positions of which the largest value is kept, behind
#'   the stem and behind the first block of each stage; 1 keeps all. `blocks`,
#'   `dilation` and `pool` are one number for all stages or one for each.
#' @param norm `"layer"` normalises the values of each position, `"batch"` each
#'   channel over the positions of a batch and later by running means (which
#'   move by a tenth in a step), `"none"`. See [encoder_conv()].
#' @param masked Leave out what lies behind the end of a sequence? See Rows of
#'   different length.
#' @param dropout Probability that a value within a block, or behind a hidden
#'   layer, is set to zero while training; at least 0 and below 1. All presets
#'   have 0.1.
#' @param epsilon Added to the variance by `norm = "batch"`; above 0.
#' @param readout `"mean"` over positions, as published, or `"mean_max"`: mean
#'   and maximum of each filter side by side, so that what occurs once is seen
#'   too.
#' @param hidden Widths of linear layers behind the readout: whole numbers,
#'   `integer(0)` (default, as published) for none.
#' @param n_out Dimensions of the encoding. `NULL` (default) for the last of
#'   `hidden`, or what the readout has of the last of `channels` where `hidden`
#'   is empty; then there is no linear layer.
#' @param normalize Divide the encoding by its L2 norm, so that products of
#'   encodings are cosines?
#'
#' @return An object of class `c("encoder_residual", "encoder")`: a list of the
#'   arguments with all `NULL` but that of `n_out` filled, and `blocks`,
#'   `dilation` and `pool` as long as `channels`.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`. So does a learner whose rows have fewer positions than
#'   the pools take away.
#' @references Fradkin P, Shi R, Wang B, Frey B, Lee LJ (2023). Splicing up
#'   your predictions with RNA contrastive learning. arXiv:2310.08738. The
#'   settings of the presets are those of the code published with it.
#'
#'   He K, Zhang X, Ren S, Sun J (2016). Deep residual learning for image
#'   recognition. CVPR, 770-778. arXiv:1512.03385.
#' @family building blocks
#' @examples
#' encoder_residual()
#' # as published, but without the padding in mean and statistics
#' encoder_residual("S", masked = TRUE)
#' # thinner, for short sequences
#' encoder_residual(channels = c(16, 32), stem_pool = 2, n_out = 64)
#' @export
encoder_residual <- function(preset = c("small", "S", "M", "L"),
                             channels = NULL, blocks = NULL, width = NULL,
                             fold = NULL, words = NULL, dilation = NULL,
                             stem_pool = NULL, pool = NULL, norm = NULL,
                             masked = NULL, dropout = NULL, epsilon = NULL,
                             readout = c("mean", "mean_max"),
                             hidden = integer(), n_out = NULL,
                             normalize = FALSE) {
    preset <- check_choice(preset, names(residual_presets))
    chosen <- residual_presets[[preset]]
    channels <- check_channels(
        channels %||% chosen$channels,
        "One stage of 32 filters is {.code channels = 32}."
    )
    n_stages <- length(channels)
    encoder <- list(
        preset = preset, channels = channels,
        blocks = check_per_block(blocks %||% chosen$blocks, n_stages, "blocks"),
        width = check_count(
            width %||% chosen$width,
            max = 2^20, name = "width"
        ),
        fold = check_count(fold %||% chosen$fold, max = 1024, name = "fold"),
        words = check_flag(words %||% chosen$words, "words"),
        dilation = check_per_block(
            dilation %||% 2^(seq_len(n_stages) - 1), n_stages, "dilation"
        ),
        stem_pool = check_count(
            stem_pool %||% chosen$stem_pool,
            max = 2^20, name = "stem_pool"
        ),
        pool = check_per_block(pool %||% chosen$pool, n_stages, "pool"),
        activation = "relu",
        norm = check_choice(
            norm %||% chosen$norm, c("layer", "batch", "none"), "norm"
        ),
        masked = check_flag(masked %||% chosen$masked, "masked"),
        dropout = check_dropout(dropout %||% chosen$dropout),
        epsilon = check_number(
            epsilon %||% chosen$epsilon, 0,
            open = TRUE, name = "epsilon"
        ),
        readout = check_choice(readout, c("mean", "mean_max")),
        hidden = check_widths(
            hidden, "One layer of 64 is {.code hidden = 64}."
        ),
        n_out = NULL, normalize = check_flag(normalize)
    )
    check_word_length(encoder)
    check_not_alone(channels, encoder$norm)
    check_not_alone(encoder$hidden, encoder$norm, "hidden")
    if (!is.null(n_out)) {
        encoder$n_out <- check_n_out(n_out, normalize)
    }
    check_few_blocks(encoder)
    structure(encoder, class = c("encoder_residual", "encoder"))
}

residual_presets <- local({
    published <- list(
        channels = c(64L, 128L, 256L, 512L), blocks = c(3L, 4L, 6L, 3L),
        width = 2L, fold = 1L, words = FALSE, stem_pool = 2L, pool = 2L,
        norm = "batch", masked = FALSE, dropout = 0.1, epsilon = 0.01
    )
    small <- list(
        channels = c(32L, 64L, 96L), blocks = 1L, width = 5L,
        stem_pool = 4L, norm = "layer", masked = TRUE, epsilon = 1e-5
    )
    list(
        small = utils::modifyList(published, small),
        S = utils::modifyList(
            published, list(channels = c(64L, 128L, 128L, 256L), blocks = 2L)
        ),
        M = published,
        L = utils::modifyList(published, list(width = 4L))
    )
})

check_word_length <- function(encoder, call = rlang::caller_env()) {
    if (encoder$words && encoder$fold > 5L) {
        abort_input(c(
            "{.arg fold} must be at most 5 with {.arg words}.",
            x = "It is {encoder$fold}, which makes 4^{encoder$fold} words.",
            i = "{.code fold = 3} reads codons."
        ), call = call)
    }
}

# The engine takes no more than 256 layers, some 20 blocks.
check_few_blocks <- function(encoder, call = rlang::caller_env()) {
    n_blocks <- sum(as.double(encoder$blocks))
    n_layers <- if (n_blocks > 256) Inf else length(residual_layers(encoder))
    if (n_layers > 256) {
        abort_input(c(
            "{.arg blocks} must be fewer: a network has at most 256 layers.",
            x = "With {n_blocks} blocks it has {n_layers} layers.",
            i = "{.val L}, the largest preset, has 16 blocks."
        ), call = call)
    }
}

#' @method print encoder_residual
#' @export
print.encoder_residual <- function(x, ...) {
    way <- paste(
        c("d", x$channels, x$readout, x$hidden, residual_n_out(x)),
        collapse = " > "
    )
    parts <- c(
        if (x$fold > 1L || x$words) {
            paste(if (x$words) "words of" else "positions by", x$fold)
        },
        paste("blocks", describe_each(x$blocks)), paste("width", x$width),
        if (any(x$dilation > 1L)) paste("dilation", describe_each(x$dilation)),
        paste("pool", x$stem_pool, "then", describe_each(x$pool)),
        if (x$norm != "none") paste(x$norm, "norm"),
        if (x$masked) "masked", describe_dropout(x),
        if (x$normalize) "unit length"
    )
    cli::cat_line(
        "<residual convolutions: ", way, "; ", toString(parts), ">"
    )
    invisible(x)
}

# values of the encoding
residual_n_out <- function(encoder) {
    if (length(encoder$hidden) > 0L || !is.null(encoder$n_out)) {
        return(conv_n_out(encoder))
    }
    twice <- encoder$readout == "mean_max"
    utils::tail(encoder$channels, 1L) * (if (twice) 2L else 1L)
}

# Positions of the input for each position that is averaged. A number of
# positions that this divides loses nothing to the pools.
residual_stride <- function(encoder) {
    encoder$fold * encoder$stem_pool * prod(encoder$pool)
}

# n_in: channels of each position
resolve_network.encoder_residual <- function(encoder, n_in, positions = 1) {
    stride <- residual_stride(encoder)
    if (positions < stride) {
        abort_input(c(
            "Rows need at least {stride} position{?s}, {.arg fold} times
            {.arg stem_pool} times all of {.arg pool}.",
            x = "There {?is/are} {positions}.",
            i = "Lower {.arg stem_pool} or {.arg pool}; 1 keeps all positions."
        ), call = NULL)
    }
    network_of_layers(n_in, residual_layers(encoder), positions)
}

# Blocks refer to values by their number, so no layer may be NULL on the way.
residual_layers <- function(encoder) {
    layers <- c(
        residual_mask(encoder),
        if (encoder$fold > 1L || encoder$words) {
            list(layer(
                if (encoder$words) "words" else "fold_positions",
                option = encoder$fold
            ))
        },
        list(residual_conv(encoder, encoder$channels[1L], 1L)),
        residual_norm(encoder), pool_layer(encoder$stem_pool)
    )
    n_in <- encoder$channels[1L]
    for (stage in seq_along(encoder$channels)) {
        n_out <- encoder$channels[stage]
        for (i in seq_len(encoder$blocks[stage])) {
            layers <- c(layers, residual_block(
                encoder, length(layers), n_in, n_out, encoder$dilation[stage]
            ), if (i == 1L) pool_layer(encoder$pool[stage]))
            n_in <- n_out
        }
    }
    c(
        layers,
        readout_layers(encoder$readout, length(layers), encoder$masked),
        residual_head(encoder)
    )
}

# input: the number of the value that goes in
residual_block <- function(encoder, input, n_in, n_out, dilation) {
    conv <- residual_conv(encoder, n_out, dilation)
    norm <- residual_norm(encoder)
    relu <- layer("relu")
    branch <- c(
        list(conv, relu), norm, list(relu), list(dropout_layer(encoder)),
        list(conv, relu), norm
    )
    branch <- Filter(Negate(is.null), branch)
    end <- input + length(branch)
    shortcut <- if (n_in != n_out) {
        c(list(layer("conv", n_out, c(1, 1, 2), of = input)), norm)
    }
    c(
        branch, shortcut,
        list(layer("add", with = if (n_in == n_out) input else end), relu)
    )
}

# linear layers behind the readout
residual_head <- function(encoder) {
    norm <- if (encoder$norm != "none") {
        residual_norm(utils::modifyList(encoder, list(masked = FALSE)))
    }
    hidden <- lapply(encoder$hidden, function(width) {
        c(list(layer("linear", width)), norm, list(layer("relu")),
            list(dropout_layer(encoder)))
    })
    has_linear <- length(encoder$hidden) > 0L || !is.null(encoder$n_out)
    c(
        unlist(hidden, recursive = FALSE),
        list(
            if (has_linear) layer("linear", residual_n_out(encoder)),
            if (encoder$normalize) layer("normalize")
        )
    )
}

residual_conv <- function(encoder, n_out, dilation) {
    layer("conv", n_out, c(encoder$width, dilation, 1))
}

# lists of one layer, or none

residual_mask <- function(encoder) {
    if (encoder$masked) list(layer("mask_positions"))
}

# Behind it positions beyond the end are 0: batch normalisation sees to that
# itself.
residual_norm <- function(encoder) {
    switch(encoder$norm,
        layer = c(list(layer("layernorm")), residual_mask(encoder)),
        batch = list(layer("batchnorm",
            option = c(encoder$epsilon, 0.1, encoder$masked)
        )),
        none = residual_mask(encoder)
    )
}

pool_layer <- function(window) {
    if (window > 1L) list(layer("pool", option = window))
}
