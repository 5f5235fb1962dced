#' A network that learns drug response from captions
#'
#' A method of [learn_response()]: contrastive drug response (CLDR, Li et al.
#' 2024). A network places pairs of a drug and a cell; it first learns to find,
#' among the captions of a batch, the one of its pair (what the drug is, what
#' the cell is, and the response as a number in words), and then to predict the
#' response.
#'
#' With d and c what the networks of drugs and cells make of their features, z =
#' fusion(\[d, c\]) is the place of a pair, and head(z) its response; t is the
#' place of a caption. At unit length, with s learned, \eqn{S = e^s z t'} over a
#' batch, and captions that are equal share the target, the loss of the
#' pre-training is the mean of the cross-entropies of the rows and columns of S,
#' plus the weighted loss of a chain of all 1,000 numbers (`kg`). Fine-tuning
#' minimises the squared error of the head and changes all of drug, cell, fusion
#' and head; it stops early, by drugs or cells that are as new to the network as
#' those that it will be asked about, and keeps its best epoch.
#'
#' `caption = "none"` is the same network, by squared error alone, for as many
#' epochs as both stages together, at the rate of the first: what captions have
#' to beat. In published and own trials they gained little over it, and the
#' kernels of [method_kernels()] were ahead of both; see
#' [benchmark_response()].
#'
#' @section Captions: Texts of drugs and cells come as hashed shares of words
#'   and of groups of three letters, numbers by their digits and size; in place
#'   of the published transformers small networks turn each into a vector, and a
#'   last one the sum of the three into t (`text` has the transformers). A
#'   caption that names drug and cell
#'   gives its pair away without the number: `hits_without_number` of the
#'   history is the share of pairs that find their caption with the number
#'   blotted out. `hard` further captions of each pair, the same but for the
#'   number, half of them 20 to 100 numbers away, the others farther, ask for
#'   the number.
#'
#' @section Presets: `"kith"`: `kg = "repaired"`, eight hard captions, equal
#'   captions share the target, the scale \eqn{e^s} stays below 100, dropout
#'   0.2, three networks, each with another tenth to watch, averaged; 10 epochs
#'   (or as many as make 300 steps) at 1e-3 and at most 20 (600 steps) at 2e-4,
#'   falling along a cosine, with a patience of 5. `"paper"`: `kg = "paper"`, no
#'   hard captions, no shared targets, a scale without bound, dropout 0.5, the
#'   widths of the published graph model, one network; 40 epochs at 5e-5 and 50
#'   at 1e-5, the best of which is kept. Drugs and cells go through multilayer
#'   perceptrons in both. Arguments that are given replace the preset's.
#'
#' @param preset See Presets.
#' @param caption What a caption says: `"full"` (drug, cell, number) or the
#'   `"number"` alone; `"none"`: no captions.
#' @param text What reads the texts of drugs, cells and numbers: `"bag"`, hashed
#'   pieces whatever their order; `"transformer"`, as published, or what
#'   [encoder_text()] returns: far slower.
#' @param kg Chain of the numbers, with p and q the L1 distances of
#'   \eqn{n_k + r} from \eqn{n_{k+1}} and of \eqn{n_{k+1} + r} from
#'   \eqn{n_k}. `"repaired"`: mean of max(0, 1 + p - q) + p / 10, weight 0.1,
#'   r learned. `"paper"`: sum of max(0, 1 + p - q) + p + q, weight 0.1 against
#'   0.9, r as it was drawn, which is what the published code does.
#'   `"none"`: no chain. `NULL`: the preset's.
#' @param objective `"clip"`: captions. `"rank_n_contrast"`: z in the order of
#'   the responses (Zha et al. 2023), without text; `caption`, `kg` and `hard`
#'   are not used.
#' @param hard How many further captions each pair has in a batch.
#' @param soft Above 0: captions of other pairs count as right by
#'   \eqn{exp(-(y_i - y_j)^2 / 2 soft^2)}, with y from 0 to 1 between the
#'   extremes of the training responses.
#' @param joint Learn captions and response at once, both losses with weight 1,
#'   in place of one after the other?
#' @param pretrain,finetune Lists of `epochs` (`NULL`: as under Presets),
#'   `learning_rate`, `weight_decay` and `schedule` (see [train_control()]) of
#'   the stages; `finetune` also of `patience`, `NULL` for none. What is left
#'   out is the preset's.
#' @param dropout Probability that a hidden value is zero while training.
#' @param widths Named numbers, any of `hidden` (of drug and cell), `side` (what
#'   both give), `fusion` (hidden) and `embedding` (z).
#' @param networks How many networks are averaged.
#' @param most_columns Views with more features than this that are not
#'   fingerprints become so many principal components.
#'
#' @return An object of class `response_method`: a list of the arguments.
#' @section Errors: Of class `kith_error_input`: an argument out of its range,
#'   an unknown setting of a stage, `joint` without captions.
#' @references Li K, Gong X, Wu J, Hu W (2024). Contrastive learning drug
#'   response models from natural language supervision. IJCAI, 2126-2134.
#'   doi:10.24963/ijcai.2024/235. Radford A et al. (2021). Learning transferable
#'   visual models from natural language supervision. arXiv:2103.00020. Zha K et
#'   al. (2023). Rank-N-Contrast. arXiv:2210.01189.
#' @family drug response functions
#' @examples
#' method_cldr()
#' method_cldr(caption = "none", finetune = list(epochs = 10))
#' @export
method_cldr <- function(preset = c("kith", "paper"),
                        caption = c("full", "number", "none"),
                        text = c("bag", "transformer"), kg = NULL,
                        objective = c("clip", "rank_n_contrast"), hard = NULL,
                        soft = 0, joint = FALSE, pretrain = list(),
                        finetune = list(), dropout = NULL, widths = NULL,
                        networks = NULL, most_columns = 256) {
    preset <- check_choice(preset, names(cldr_presets))
    base <- cldr_presets[[preset]]
    method <- utils::modifyList(base, list(
        caption = check_choice(caption, c("full", "number", "none")),
        text = check_text_encoder(text),
        objective = check_choice(objective, c("clip", "rank_n_contrast")),
        soft = check_number(soft, 0), joint = check_flag(joint),
        pretrain = check_stage(pretrain, base$pretrain),
        finetune = check_stage(finetune, base$finetune),
        widths = check_cldr_widths(widths, base$widths),
        most_columns = check_count(most_columns)
    ))
    given <- list(
        kg = or_null(kg, check_choice, c("repaired", "paper", "none")),
        hard = or_null(hard, check_count, min = 0, max = 100),
        dropout = if (!is.null(dropout)) check_dropout(dropout),
        networks = or_null(networks, check_count, max = 100)
    )
    method <- utils::modifyList(method, Filter(Negate(is.null), given))
    if (method$joint && pretrains_by(method) != "captions") {
        abort_input(c(
            "{.arg joint} needs captions.",
            x = if (method$objective == "clip") {
                "{.arg caption} is {.val none}."
            } else {
                "{.arg objective} is {.val {method$objective}}."
            }
        ))
    }
    if (method$objective != "clip") method$caption <- "none"
    structure(
        c(list(name = "cldr", preset = preset), method),
        class = c("method_cldr", "response_method")
    )
}

cldr_presets <- list(
    kith = list(
        kg = "repaired", hard = 8L, equal = TRUE, most_scale = 100,
        dropout = 0.2, networks = 3L,
        widths = c(hidden = 256L, side = 128L, fusion = 256L, embedding = 128L),
        pretrain = list(
            epochs = NULL, learning_rate = 1e-3, weight_decay = 1e-4,
            schedule = "cosine"
        ),
        finetune = list(
            epochs = NULL, learning_rate = 2e-4, weight_decay = 1e-4,
            schedule = "cosine", patience = 5L
        )
    ),
    paper = list(
        kg = "paper", hard = 0L, equal = FALSE, most_scale = Inf,
        dropout = 0.5, networks = 1L,
        widths = c(
            hidden = 1500L, side = 128L, fusion = 1024L, embedding = 256L
        ),
        pretrain = list(
            epochs = 40L, learning_rate = 5e-5, weight_decay = 0,
            schedule = "constant"
        ),
        finetune = list(
            epochs = 50L, learning_rate = 1e-5, weight_decay = 0,
            schedule = "constant", patience = 50L
        )
    )
)

# what the first stage learns from: "captions", "order", "nothing"
pretrains_by <- function(method) {
    if (method$objective == "rank_n_contrast") {
        "order"
    } else if (method$caption == "none") {
        "nothing"
    } else {
        "captions"
    }
}

# "bag", or an encoder
check_text_encoder <- function(text, call = rlang::caller_env()) {
    if (inherits(text, "encoder_text")) {
        return(text)
    }
    if (inherits(text, "encoder")) {
        abort_input(c(
            "{.arg text} must be {.val bag}, {.val transformer} or come from
            {.fn encoder_text}.",
            x = "It is {describe_value(text)}."
        ), call = call)
    }
    text <- check_choice(text, c("bag", "transformer"), call = call)
    if (text == "transformer") encoder_text() else text
}

reads_order <- function(method) inherits(method$text, "encoder_text")

check_stage <- function(stage, base, name = rlang::caller_arg(stage),
                        call = rlang::caller_env()) {
    known <- names(base)
    lost <- setdiff(names(stage), known)
    if (!is.list(stage) || length(lost) || (length(stage) &&
        is.null(names(stage)))) {
        abort_input(c(
            "{.arg {name}} must be a list of {.or {.field {known}}}.",
            x = if (length(lost)) {
                "{.field {lost[1L]}} is none of them."
            } else {
                "It is {describe_value(stage)}."
            },
            i = "For instance {.code {name} = list(epochs = 5)}."
        ), call = call)
    }
    field <- function(part) paste0(name, "$", part)
    checks <- list(
        epochs = function(x, name) {
            or_null(x, check_count, name = name, call = call)
        },
        learning_rate = function(x, name) {
            check_number(x, 0, Inf, open = TRUE, name = name, call = call)
        },
        weight_decay = function(x, name) {
            check_number(x, 0, name = name, call = call)
        },
        # what is watched is the response, which only one stage predicts
        schedule = function(x, name) {
            check_choice(x, setdiff(schedules, "plateau"), name, call)
        },
        patience = function(x, name) {
            or_null(x, check_count, name = name, call = call)
        }
    )
    for (part in names(stage)) {
        base[part] <- list(checks[[part]](stage[[part]], field(part)))
    }
    base
}

check_cldr_widths <- function(widths, base, call = rlang::caller_env()) {
    if (is.null(widths)) {
        return(base)
    }
    lost <- setdiff(names(widths), names(base))
    if (is.null(names(widths)) || length(lost)) {
        abort_input(c(
            "{.arg widths} must be numbers named
            {.or {.field {names(base)}}}.",
            x = if (length(lost)) {
                "{.field {lost[1L]}} is none of them."
            } else {
                "They have no names."
            }
        ), call = call)
    }
    base[names(widths)] <- check_widths(
        unname(widths), "For instance {.code c(embedding = 64)}.",
        name = "widths", call = call
    )
    base
}

#' @method print method_cldr
#' @export
print.method_cldr <- function(x, ...) {
    stages <- switch(pretrains_by(x),
        captions = sprintf(
            "%s captions%s, kg %s, %d hard", x$caption,
            if (reads_order(x)) " by transformers" else "", x$kg, x$hard
        ),
        order = "Rank-N-Contrast",
        nothing = "squared error alone"
    )
    cli::cat_line(sprintf(
        "<method_cldr: %s; %s%s; %d network%s>", x$preset, stages,
        if (x$joint) ", joint" else "", x$networks,
        if (x$networks > 1L) "s" else ""
    ))
    invisible(x)
}
