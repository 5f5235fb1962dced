#' Networks that learn a space of samples from corrupted expression
#'
#' Methods of [learn_samples()] that train an encoder on expression in which
#' part of the values of each sample is replaced. They are the three methods of
#' Dradjat et al. (2025), and an encoder that is not trained at all, to compare
#' with. With few labels on some hundred samples [method_neighbours()] was
#' better on the public sets of `vignette("samples")`; with many labels
#' [fine_tune()] of an encoder can be ahead.
#'
#' * `method_scarf()`: a sample and its corrupted copy are to be each other's
#'   nearest in a batch. Both go through encoder and projector, each view with
#'   batch statistics of its own. The loss is NT-Xent,
#'   mean over the 2N projections z of -s(k, k') + log sum over l other than k
#'   of exp(s(k, l)), with k' the other view of k and s the cosine divided by
#'   `temperature`.
#' * `method_vime()`: from a corrupted sample two decoders find which values
#'   were replaced, and the sample. The loss is the binary cross-entropy of the
#'   mask plus `alpha` times the mean squared error. A value that was replaced
#'   by an equal one counts as kept.
#' * `method_byol()`: from a sample, encoder, projector and predictor predict
#'   what a target makes of the corrupted copy, and the other way round:
#'   (2 - 2 cos(q1, t2)) + (2 - 2 cos(q2, t1)). The target is a moving average
#'   of encoder and projector (running statistics as well), without a gradient;
#'   each step keeps a share `momentum` of it.
#' * `method_untrained()`: the encoder as it was drawn. [learn_transcripts()]
#'   takes it as well.
#'
#' What replaces a value of a gene (`corruption`): a number between its smallest
#' and largest (`"uniform"`), its value in a training sample that is drawn for
#' this value alone (`"marginal"`), in the sample that a permutation of the gene
#' within the batch puts there (`"permute"`), or in one other sample from which
#' all new values of a sample come (`"sample"`). Replaced are exactly
#' floor(`rate` x genes) values of a sample (`fixed`), or each with that
#' probability.
#'
#' @section Presets:
#' `"paper"` has the settings of Dradjat et al., as their code has them where
#' the text is silent; `"original"` those of the authors of each method, as far
#' as they suit expression. `"paper"` and `"original"` also decide optimiser and
#' schedule, whatever [train_control()] says; epochs, batch size, rate and
#' weight decay are the preset's where [train_control()] leaves them open.
#' Arguments of the method that are given replace the preset's.
#'
#' * SCARF. `"kith"`: corruption `"sample"`, rate 0.5, temperature 0.2; AdamW
#'   1e-3 along a cosine to 0, 100 epochs of batches of 256. `"paper"`:
#'   `"uniform"`, 0.3, 1; Adam 1e-4, 1,000 epochs, 256. `"original"`:
#'   `"marginal"`, 0.6, 1, an encoder without normalisation and dropout; Adam
#'   1e-3, 1,000 epochs, 128. Projectors 256 > 256.
#' * VIME. `"kith"`: `"sample"`, 0.3, decoders with one hidden layer of 256;
#'   AdamW 1e-3, cosine, 100 epochs, 128. `"paper"`: `"permute"` of all samples,
#'   once before training, 0.3, decoders with four hidden layers; RMSprop 1e-3,
#'   500 epochs, 32. `"original"`: the same with an encoder of one layer as wide
#'   as there are genes and linear decoders; 10 epochs, 128. `alpha` 2.
#' * BYOL. `"kith"`: `"sample"`, 0.5, heads 512 > 256, momentum 0.99; AdamW
#'   1e-3, cosine, 100 epochs, 256. `"paper"`: `"permute"`, 0.3, heads 4096 >
#'   256 with dropout 0.2, momentum 0.9; SGD 1e-4, 50 epochs, 32. `"original"`:
#'   `"permute"`, 0.3, heads 4096 > 256, momentum 0.996 rising to 1; SGD 0.2,
#'   cosine, 1,000 epochs, 256.
#'
#' Differences to the published code, made on purpose: VIME's values are
#' standardised, so their decoder ends in a linear layer, not a sigmoid; first
#' weights and batch normalisation are those of PyTorch in all three; batches
#' are shuffled. BYOL's authors used image augmentations, LARS and batches of
#' 4,096: corruption, SGD and 256 stand in.
#'
#' The published encoder (the default) has four hidden layers of 256 with batch
#' normalisation, ReLU and dropout 0.2; the last of them is the encoding.
#'
#' @param preset Which settings fill what is left `NULL`: see Presets.
#' @param corruption,rate,fixed See above.
#' @param temperature Above 0. With 1 the loss is nearly flat.
#' @param projector,predictor Widths of the layers of these heads, the last one
#'   without batch normalisation and ReLU.
#' @param alpha Weight of the squared error.
#' @param decoder Widths of the hidden layers of both decoders (with ReLU).
#' @param fresh Is the corruption drawn anew in each step, or once before
#'   training (which needs the memory of a second matrix)?
#' @param momentum Share of the target that a step keeps.
#' @param rising Does it rise to 1 at the end of training?
#' @return A `sample_method`: a list of the settings.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Dradjat K, Hamidi M, Bartet P, Hanczar B (2025). Self-supervised
#'   representation learning on gene expression data. Bioinformatics 41(11)
#'   btaf533. Bahri D et al. (2022). SCARF. ICLR, arXiv:2106.15147. Yoon J et
#'   al. (2020). VIME. NeurIPS. Grill JB et al. (2020). Bootstrap your own
#'   latent. arXiv:2006.07733.
#' @family sample functions
#' @examples
#' method_scarf()
#' method_scarf("paper")
#' x <- matrix(rnorm(40 * 50), 40,
#'     dimnames = list(paste0("s", 1:40), paste0("g", 1:50))
#' )
#' learn_samples(x, method_byol(projector = c(32, 16), predictor = c(32, 16)),
#'     encoder = encoder_mlp(c(32, 16),
#'         activation = "relu", norm = "batch", blend = FALSE,
#'         normalize = FALSE, output = "hidden"
#'     ),
#'     control = train_control(epochs = 2, seed = 1)
#' )
#' @name sample_networks
NULL

corruption_rules <- c("uniform", "marginal", "permute", "sample")

# Settings of the methods. encoder: see sample_encoder(); training: of the run,
# where a control leaves them open.
sample_presets <- list(
    scarf = list(
        kith = list(
            corruption = "sample", rate = 0.5, fixed = TRUE, temperature = 0.2,
            projector = c(256L, 256L),
            training = list(
                epochs = 100L, batch_size = 256L, learning_rate = 1e-3,
                weight_decay = 1e-2
            )
        ),
        paper = list(
            corruption = "uniform", rate = 0.3, fixed = TRUE, temperature = 1,
            projector = c(256L, 256L),
            training = list(
                epochs = 1000L, batch_size = 256L, learning_rate = 1e-4,
                weight_decay = 0, optimizer = "adamw", schedule = "constant"
            )
        ),
        original = list(
            corruption = "marginal", rate = 0.6, fixed = TRUE, temperature = 1,
            projector = c(256L, 256L), encoder = "plain",
            training = list(
                epochs = 1000L, batch_size = 128L, learning_rate = 1e-3,
                weight_decay = 0, optimizer = "adamw", schedule = "constant"
            )
        )
    ),
    vime = list(
        kith = list(
            corruption = "sample", rate = 0.3, fixed = FALSE, alpha = 2,
            decoder = 256L, fresh = TRUE,
            training = list(
                epochs = 100L, batch_size = 128L, learning_rate = 1e-3,
                weight_decay = 1e-2
            )
        ),
        paper = list(
            corruption = "permute", rate = 0.3, fixed = FALSE, alpha = 2,
            decoder = rep(256L, 4), fresh = FALSE,
            training = list(
                epochs = 500L, batch_size = 32L, learning_rate = 1e-3,
                weight_decay = 0, optimizer = "rmsprop", schedule = "constant",
                betas = c(0.9, 0.9), epsilon = 1e-7
            )
        ),
        original = list(
            corruption = "permute", rate = 0.3, fixed = FALSE, alpha = 2,
            decoder = integer(), fresh = FALSE, encoder = "wide",
            training = list(
                epochs = 10L, batch_size = 128L, learning_rate = 1e-3,
                weight_decay = 0, optimizer = "rmsprop", schedule = "constant",
                betas = c(0.9, 0.9), epsilon = 1e-7
            )
        )
    ),
    byol = list(
        kith = list(
            corruption = "sample", rate = 0.5, fixed = TRUE, momentum = 0.99,
            rising = FALSE, projector = c(512L, 256L),
            predictor = c(512L, 256L), head_dropout = 0,
            training = list(
                epochs = 100L, batch_size = 256L, learning_rate = 1e-3,
                weight_decay = 1e-2
            )
        ),
        paper = list(
            corruption = "permute", rate = 0.3, fixed = FALSE, momentum = 0.9,
            rising = FALSE, projector = c(4096L, 256L),
            predictor = c(4096L, 256L), head_dropout = 0.2,
            training = list(
                epochs = 50L, batch_size = 32L, learning_rate = 1e-4,
                weight_decay = 0, optimizer = "sgd", schedule = "constant",
                momentum = 0.9
            )
        ),
        original = list(
            corruption = "permute", rate = 0.3, fixed = FALSE,
            momentum = 0.996, rising = TRUE, projector = c(4096L, 256L),
            predictor = c(4096L, 256L), head_dropout = 0,
            training = list(
                epochs = 1000L, batch_size = 256L, learning_rate = 0.2,
                weight_decay = 1.5e-6, optimizer = "sgd", schedule = "cosine",
                momentum = 0.9
            )
        )
    )
)

#' @rdname sample_networks
#' @export
method_scarf <- function(preset = c("kith", "paper", "original"),
                         corruption = NULL, rate = NULL, fixed = NULL,
                         temperature = NULL, projector = NULL) {
    fill_sample_method("scarf", preset, list(
        corruption = or_null(corruption, check_choice, corruption_rules),
        rate = or_null(rate, check_rate), fixed = or_null(fixed, check_flag),
        temperature = or_null(temperature, check_number, 0, open = TRUE),
        projector = or_null(projector, check_head)
    ))
}

#' @rdname sample_networks
#' @export
method_vime <- function(preset = c("kith", "paper", "original"),
                        corruption = NULL, rate = NULL, fixed = NULL,
                        alpha = NULL, decoder = NULL, fresh = NULL) {
    fill_sample_method("vime", preset, list(
        corruption = or_null(corruption, check_choice, corruption_rules),
        rate = or_null(rate, check_rate), fixed = or_null(fixed, check_flag),
        alpha = or_null(alpha, check_number, 0),
        decoder = or_null(
            decoder, check_widths, "One hidden layer of 256 is {.code 256}."
        ),
        fresh = or_null(fresh, check_flag)
    ))
}

#' @rdname sample_networks
#' @export
method_byol <- function(preset = c("kith", "paper", "original"),
                        corruption = NULL, rate = NULL, fixed = NULL,
                        momentum = NULL, rising = NULL, projector = NULL,
                        predictor = NULL) {
    method <- fill_sample_method("byol", preset, list(
        corruption = or_null(corruption, check_choice, corruption_rules),
        rate = or_null(rate, check_rate), fixed = or_null(fixed, check_flag),
        momentum = or_null(
            momentum, check_below_one, "With 1 the target would never move."
        ),
        rising = or_null(rising, check_flag),
        projector = or_null(projector, check_head),
        predictor = or_null(predictor, check_head)
    ))
    last <- vapply(method[c("projector", "predictor")], utils::tail, 0L, 1L)
    if (last[1L] != last[2L]) {
        abort_input(c(
            "{.arg predictor} must end with as many values as
            {.arg projector}.",
            x = "They end with {last[2]} and {last[1]}.",
            i = "Set both."
        ))
    }
    method
}

#' @rdname sample_networks
#' @export
method_untrained <- function() {
    structure(list(name = "untrained", preset = "kith"),
        class = c(
            "method_untrained", "method_network", "sample_method",
            "transcript_method"
        )
    )
}

#' @method print method_network
#' @export
print.method_network <- function(x, ...) {
    settings <- x[setdiff(names(x), c("name", "training", "encoder"))]
    training <- vapply(x$training, toString, "")
    cli::cat_line("<method_", x$name, ">")
    cli::cat_line("  ", names(settings), " ", vapply(settings, toString, ""))
    if (length(training)) {
        cli::cat_line(
            "  trained with ", toString(paste(names(training), training))
        )
    }
    invisible(x)
}

fill_sample_method <- function(name, preset, given,
                               call = rlang::caller_env()) {
    preset <- check_choice(preset, c("kith", "paper", "original"), call = call)
    settings <- sample_presets[[name]][[preset]]
    given <- Filter(Negate(is.null), given)
    settings[names(given)] <- given
    structure(c(list(name = name, preset = preset), settings),
        class = c(paste0("method_", name), "method_network", "sample_method")
    )
}

check_rate <- function(rate, name = rlang::caller_arg(rate),
                       call = rlang::caller_env()) {
    check_number(rate, 0, 1, open = TRUE, name = name, call = call)
}

# widths of a head: at least one
check_head <- function(x, name = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
    force(name)
    hint <- "A hidden layer of 512 and 256 values: {.code c(512, 256)}."
    x <- check_widths(x, hint, name, call)
    if (length(x) == 0L || utils::tail(x, 1L) < 2L) {
        abort_input(c(
            "{.arg {name}} must end with at least two values.",
            x = "It is {describe_value(x)}.", i = hint
        ), call = call)
    }
    x
}

# ---- networks ---------------------------------------------------------------

# The encoder of a method for so many genes; a preset names another one than the
# published.
sample_encoder <- function(method, encoder, n_genes) {
    encoder %||% switch(method$encoder %||% "published",
        published = hidden_encoder(rep(256, 4), "batch", 0.2),
        plain = hidden_encoder(rep(256, 4)),
        wide = hidden_encoder(n_genes)
    )
}

hidden_encoder <- function(hidden, norm = "none", dropout = 0) {
    encoder_mlp(hidden,
        activation = "relu", norm = norm, dropout = dropout, blend = FALSE,
        normalize = FALSE, output = "hidden"
    )
}

# linear layers of such widths, with ReLU (and batch normalisation, dropout)
# behind all but the last
head_network <- function(n_in, widths, norm = "batch", dropout = 0) {
    encoder <- encoder_mlp(widths[-length(widths)],
        activation = "relu", norm = norm, dropout = dropout, blend = FALSE,
        normalize = FALSE, n_out = widths[length(widths)]
    )
    resolve_network(encoder, n_in)
}

# networks by their roles, in the order that the task wants
sample_networks_of <- function(method, encoder, n_genes) {
    first <- resolve_network(encoder, n_genes)
    n <- network_n_out(first)
    heads <- switch(method$name,
        scarf = list(projector = head_network(n, method$projector)),
        vime = list(
            mask_decoder = head_network(n, c(method$decoder, n_genes), "none"),
            value_decoder = head_network(n, c(method$decoder, n_genes), "none")
        ),
        byol = list(
            projector = head_network(
                n, method$projector,
                dropout = method$head_dropout
            ),
            predictor = head_network(
                utils::tail(method$projector, 1L), method$predictor,
                dropout = method$head_dropout
            )
        )
    )
    c(list(encoder = first), heads)
}
