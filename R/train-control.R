#' How to train
#'
#' Numbers that steer training but do not change what is learned from what.
#'
#' @param epochs Passes over the training pairs, or over the genes that have
#'   any with [multi_positive()]. `NULL`: what the preset of
#'   [learn_associations()] says, 60 or the published 100.
#' @param batch_size Pairs, or genes, in a batch. `NULL` (default): 512 as
#'   published, or all where there are fewer; of more than 2,048 genes a
#'   quarter, 2,048 at most. More than there are is an error.
#' @param learning_rate Step size at the start. `NULL`: the preset's, 1e-3 or
#'   the published 3e-4.
#' @param weight_decay Decoupled decay (AdamW) or L2 penalty (SGD, RMSprop) on
#'   all parameters. `NULL`: the preset's, 0.01 or the published 1e-4.
#' @param schedule `"cosine"`: the rate falls along half a cosine from
#'   `learning_rate` to 0, one value for each epoch; `"constant"`;
#'   `"plateau"`: it falls to a tenth whenever the value that is watched on
#'   `validation` has not improved for more than five epochs;
#'   `"inverse_sqrt"`: it rises to `learning_rate` within the first epochs, then
#'   falls with the square root of the epochs since, and ends near 0, see
#'   Details.
#' @param precision `"single"` (twice as fast) or `"double"`. `NULL`: single
#'   where the BLAS of R has single precision products, else double.
#' @param threads Threads that kith uses for training and evaluation, at most;
#'   they never change a result. `NULL`: all processors, at most 8; more than 64
#'   and than four for each processor are refused. Training
#'   begins with one, tries more or fewer now and then, and keeps to what is
#'   fastest beside the other work of the machine. Matrix products are cut into
#'   tiles that the threads share, and a BLAS that is known to have threads of
#'   its own (OpenBLAS) is held to one meanwhile. `library(kith)` says so where
#'   OpenBLAS does not know the processor and works with kernels for an old one.
#' @param seed A whole number that decides all random draws of the fit, or
#'   `NULL` to take them from R's stream, so that `set.seed()` decides.
#' @param validation Known pairs that are kept out of training and watched: a
#'   share in (0, 1) of the pairs, or the pairs themselves (anything that
#'   [gene_pairs()] returns). `NULL`: none.
#' @param patience Stop when the validation AUC has not risen for so many
#'   epochs, and return to the best. `NULL`: train to the end (and keep the
#'   last parameters).
#' @param checkpoint File to which the run is saved: at the latest every half
#'   minute, when it is interrupted and when it ends. Others lie beside it, see
#'   [resume()].
#' @param verbose Show a progress bar with the network that is trained, its loss
#'   and validation, and the time left for the whole call? Default: in
#'   interactive use.
#' @param optimizer `"adamw"`, `"sgd"` or `"rmsprop"`.
#' @param betas,epsilon Decay rates of AdamW's two moments, of which RMSprop has
#'   the second, and the number that keeps the divisor of both from zero.
#' @param momentum Momentum of SGD.
#' @param clip_norm Scale all gradients down to this joint L2 norm (above 0)
#'   when they exceed it. `Inf`: never.
#' @param clip_by What `clip_norm` holds for: `"all"` gradients of a network (or
#'   of networks that are trained alike) together, or each `"block"` of
#'   parameters by itself. A block is one array of a layer: the weights of a
#'   linear layer or convolution, its biases, the scales of a normalisation, its
#'   shifts.
#'
#' @details `schedule = "inverse_sqrt"` is that of IsoCLR (Fradkin et al. 2023,
#'   released code). With \eqn{E} epochs, counted from 0, of which the first
#'   \eqn{W = \min(10, \lceil E/10 \rceil)} warm up and the last
#'   \eqn{C = \min(50, \lceil E/10 \rceil)} cool down, the share of
#'   `learning_rate` in epoch \eqn{e} is
#'   \deqn{(e + 1) / W \quad (e < W), \qquad
#'     1 / \sqrt{1 + e - W} \quad (W \le e < E - C), \qquad
#'     (1 - p) / \sqrt{1 + e} \quad (e \ge E - C)}{
#'     (e + 1) / W if e < W, then 1 / sqrt(1 + e - W), and from epoch E - C on
#'     (1 - p) / sqrt(1 + e)}
#'   with \eqn{p = (e - E + C) / C}, and \eqn{10^{-8} p} is added at the end. As
#'   published, \eqn{W} is 10 and \eqn{C} is 50, in runs of 500 to 700 epochs;
#'   shorter runs take a tenth of their epochs for each.
#' @return An object of class `train_control`: a list of the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Loshchilov I, Hutter F (2019). Decoupled weight decay
#'   regularization. ICLR. Dury J (2026). arXiv:2603.20955, section 2. Fradkin P
#'   et al. (2023). arXiv:2310.08738.
#' @family building blocks
#' @examples
#' train_control()
#' train_control(epochs = 20, validation = 0.1, patience = 5, threads = 2)
#' @export
train_control <- function(epochs = NULL, batch_size = NULL,
                          learning_rate = NULL, weight_decay = NULL,
                          schedule = c("cosine", "constant", "plateau",
                              "inverse_sqrt"),
                          precision = NULL, threads = NULL, seed = NULL,
                          validation = NULL, patience = NULL,
                          checkpoint = NULL, verbose = interactive(),
                          optimizer = c("adamw", "sgd", "rmsprop"),
                          betas = c(0.9, 0.999), epsilon = 1e-8,
                          momentum = 0.9, clip_norm = Inf,
                          clip_by = c("all", "block")) {
    control <- list(
        epochs = or_null(epochs, check_count),
        batch_size = or_null(batch_size, check_count, min = smallest_batch),
        learning_rate = or_null(learning_rate, check_number, 0, Inf,
            open = TRUE
        ),
        weight_decay = or_null(weight_decay, check_number, 0),
        schedule = check_choice(schedule, schedules),
        precision = check_precision(precision),
        threads = check_threads(threads),
        seed = or_null(seed, check_count, min = -.Machine$integer.max),
        validation = check_validation(validation),
        patience = or_null(patience, check_count),
        checkpoint = check_checkpoint(checkpoint),
        verbose = check_flag(verbose),
        optimizer = check_choice(optimizer, c("adamw", "sgd", "rmsprop")),
        betas = check_betas(betas),
        epsilon = check_number(epsilon, 0, Inf, open = TRUE),
        momentum = check_number(momentum, 0, 1),
        clip_norm = check_clip_norm(clip_norm),
        clip_by = check_choice(clip_by, c("all", "block"))
    )
    if (!is.null(control$patience) && is.null(control$validation)) {
        abort_input(c(
            "{.arg patience} needs {.arg validation} pairs to watch.",
            i = "For instance {.code validation = 0.1}."
        ))
    }
    if (control$schedule == "plateau" && is.null(control$validation)) {
        abort_input(c(
            "{.code schedule = \"plateau\"} needs {.arg validation} to watch.",
            i = "For instance {.code validation = 0.1}."
        ))
    }
    structure(control, class = "train_control")
}

#' @method print train_control
#' @export
print.train_control <- function(x, ...) {
    shown <- x[!vapply(x, is.null, logical(1))]
    shown <- vapply(shown, function(value) {
        if (is.data.frame(value)) {
            paste(nrow(value), "pairs")
        } else {
            toString(value)
        }
    }, character(1))
    cli::cat_line("<train_control>")
    cli::cat_line("  ", format(names(shown)), "  ", shown)
    invisible(x)
}

schedules <- c("cosine", "constant", "plateau", "inverse_sqrt")

# batches and pair sets below this size are not trained on
smallest_batch <- 8L

or_null <- function(x, check, ..., name = rlang::caller_arg(x),
                    call = rlang::caller_env()) {
    if (is.null(x)) NULL else check(x, ..., name = name, call = call)
}

check_precision <- function(precision, call = rlang::caller_env()) {
    single <- .Call(C_build_features)$single
    if (is.null(precision)) {
        return(if (single) "single" else "double")
    }
    precision <- check_choice(precision, c("single", "double"), call = call)
    if (precision == "single" && !single) {
        abort_input(c(
            "{.arg precision} cannot be {.val single} here.",
            x = "The BLAS that kith was built with has no {.code sgemm}.",
            i = "Use {.val double}, or install kith again for an R with
            OpenBLAS."
        ), call = call)
    }
    precision
}

check_threads <- function(threads, call = rlang::caller_env()) {
    if (is.null(threads)) {
        return(min(8L, .Call(C_build_features)$threads))
    }
    check_count(threads, max = most_threads(), call = call)
}

# More only slows down, and a run time of OpenMP that cannot start them ends R.
most_threads <- function() max(64L, 4L * .Call(C_build_features)$threads)

check_validation <- function(validation, call = rlang::caller_env()) {
    if (is.null(validation) || is.data.frame(validation)) {
        return(validation)
    }
    check_number(validation, 0, 1, open = TRUE, call = call)
}

check_betas <- function(betas, call = rlang::caller_env()) {
    ok <- is.numeric(betas) && length(betas) == 2L &&
        all(is.finite(betas)) && all(betas >= 0) && all(betas < 1)
    if (!ok) {
        abort_input(c(
            "{.arg betas} must be two numbers in [0, 1).",
            x = "It is {describe_value(betas)}."
        ), call = call)
    }
    as.double(betas)
}

# a gradient that is scaled to length 0 trains nothing
check_clip_norm <- function(clip_norm, call = rlang::caller_env()) {
    if (identical(clip_norm, Inf)) {
        return(Inf)
    }
    check_number(clip_norm, 0, Inf, open = TRUE, call = call)
}

check_checkpoint <- function(checkpoint, call = rlang::caller_env()) {
    if (is.null(checkpoint)) {
        return(NULL)
    }
    check_string(checkpoint, call = call)
    folder <- dirname(checkpoint)
    if (!dir.exists(folder)) {
        abort_input(c(
            "{.arg checkpoint} must lie in a folder that exists.",
            x = "There is no folder {.file {folder}}."
        ), call = call)
    }
    # an absolute path, so that resume() finds it from another folder
    file.path(normalizePath(folder), basename(checkpoint))
}

# A control without gaps: what it leaves open is what the learner's defaults
# say, a list of epochs, learning_rate and weight_decay.
complete_control <- function(control, defaults) {
    for (name in c("epochs", "learning_rate", "weight_decay")) {
        if (is.null(control[[name]])) control[[name]] <- defaults[[name]]
    }
    control
}
