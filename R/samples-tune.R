#' Train an encoder on with labels
#'
#' Puts a linear head on the encoder of a fit and trains both on labelled
#' samples: cross-entropy of the logits for classes, of each label where a
#' sample may have several, squared error for numbers. For a head on a space
#' that stays as it is see [probe()], which is better with few labels.
#'
#' With [train_control()]'s defaults there are 100 epochs with AdamW, rate 1e-3
#' falling to 0 along a cosine, in batches of 32 samples at most. Early stopping
#' needs samples to watch, and of a handful of labels those few would be noise:
#' so training is for a fixed number of epochs unless `validation` (a share of
#' the labelled samples, of each class) and `patience` are set; what is watched
#' is the log-loss, or for numbers the root mean squared error. Fewer than eight
#' labelled samples are shown several times in an epoch.
#'
#' @param fit A fit of [learn_samples()] with a network.
#' @param y Labels, in the forms of [probe()].
#' @param x Expression of the labelled samples, in any form of
#'   [learn_samples()]: a fit does not keep that of its own.
#' @param groups Samples that belong together (patients): of each all are
#'   watched, or none. A vector in the form of `y`. `NULL`: each by itself.
#' @param assay Of `x` or `newdata`, where that is a `SummarizedExperiment`.
#'   `NULL`: that of the fit's, or the only one.
#' @param frozen Does the encoder stay as it is, so that only the head is
#'   trained? Its running statistics stay, too, and it has no dropout then.
#' @param class_weights Of each sample in the loss: `"balanced"` (all classes
#'   count the same), `"none"`, or a number for each class, by name. For classes
#'   only.
#' @param control How to train: [train_control()].
#' @param ... Not used.
#'
#' @return An object of class `samples_tuned`, a `kith_fit`: plain R data with
#'   `network` and `member` (encoder and head), `kind`, `levels`, `samples`
#'   (labelled), `history`. It answers `predict()`, `evaluate()`, `encode()`,
#'   `tidy()` and `glance()` as a result of [probe()] does; `autoplot()` draws
#'   its epochs.
#' @section Errors: Of class `kith_error_input`: a fit without a network, labels
#'   that [probe()] refuses, weights that are no positive numbers or name no
#'   class.
#' @seealso [fine_tune()][fine_tune_transcripts] of transcripts.
#' @family sample functions
#' @examples
#' set.seed(1)
#' tissue <- rep(c("a", "b"), each = 20)
#' centre <- matrix(rnorm(2 * 50), 2, dimnames = list(unique(tissue), NULL))
#' x <- centre[tissue, ] + rnorm(40 * 50, sd = 2)
#' dimnames(x) <- list(paste0("s", 1:40), paste0("g", 1:50))
#' train <- seq(1, 40, by = 2)
#' small <- encoder_mlp(16,
#'     activation = "relu", norm = "batch", blend = FALSE, normalize = FALSE,
#'     output = "hidden"
#' )
#' fit <- learn_samples(x[train, ], "scarf",
#'     encoder = small,
#'     control = train_control(epochs = 10, seed = 1)
#' )
#' tuned <- fine_tune(fit, tissue[train], x[train, ],
#'     control = train_control(epochs = 30, seed = 1)
#' )
#' mean(predict(tuned, x[-train, ]) == tissue[-train])
#' @order 1
#' @export
fine_tune <- function(fit, y, ...) UseMethod("fine_tune")

#' @method fine_tune default
#' @export
fine_tune.default <- function(fit, y, ...) {
    abort_input(c(
        "{.arg fit} must be a fit of {.fn learn_samples} or
        {.fn learn_transcripts}.",
        x = "It is {describe_value(fit)}."
    ))
}

#' @rdname fine_tune
#' @order 1
#' @method fine_tune samples_fit
#' @export
fine_tune.samples_fit <- function(fit, y, ...) {
    abort_input(c(
        "{.arg fit} must have a network.",
        x = "The space of {.fn method_neighbours} has none.",
        i = "Use {.code probe(fit, y)}, or a network of {.fn learn_samples}:
        {.code method = \"scarf\"}."
    ))
}

#' @rdname fine_tune
#' @order 1
#' @method fine_tune samples_network_fit
#' @export
fine_tune.samples_network_fit <- function(fit, y, x, frozen = FALSE,
                                          class_weights = "balanced",
                                          groups = NULL, assay = NULL,
                                          control = train_control(), ...) {
    check_no_others(..., homes = list(control = "train_control"))
    check_class(control, "train_control", "train_control")
    check_flag(frozen)
    if (missing(x)) {
        abort_input(c(
            "{.arg x} must hold the expression of the labelled samples.",
            i = "A fit does not keep that of its samples."
        ))
    }
    x <- new_samples(fit, x, assay, "x")
    labels <- sample_labels(y, rownames(x))
    labels$groups <- sample_groups(groups, rownames(x))[labels$rows]
    if (labels$kind == "survival") {
        abort_input(c(
            "{.arg y} cannot be survival times for {.fn fine_tune}.",
            i = "Use {.code probe(fit, y, x)}."
        ))
    }
    weights <- label_weights(class_weights, labels)
    tune(fit, scaled_part(x, labels$rows), labels, weights, frozen, control)
}

# x: scaled samples, those that are labelled
tune <- function(fit, x, labels, weights, frozen, control,
                 call = rlang::caller_env()) {
    control <- complete_control(control, tuning_defaults)
    key <- draw_key(control$seed)
    job <- tuning_job(fit, x, labels, weights, frozen, control, key, call)
    finish_job(job, run_jobs(list(job)))
}

tuning_defaults <- list(
    epochs = 100L, learning_rate = 1e-3, weight_decay = 1e-2
)

# ---- targets and weights ----------------------------------------------------

tuning_losses <- c(
    class = "softmax_cross_entropy", labels = "binary_cross_entropy",
    response = "squared_error"
)

# list(y (rows x targets), n_out, centre, scale), the last two of numbers
tuning_targets <- function(labels) {
    y <- labels$y
    switch(labels$kind,
        class = list(y = cbind(as.double(y) - 1), n_out = nlevels(y)),
        labels = list(
            y = do.call(cbind, lapply(y, function(one) as.double(one) - 1)),
            n_out = length(y)
        ),
        response = list(
            y = cbind((y - mean(y)) / stats::sd(y)), n_out = 1L,
            centre = mean(y), scale = stats::sd(y)
        )
    )
}

# a weight for each labelled sample
label_weights <- function(class_weights, labels,
                          call = rlang::caller_env()) {
    n <- length(labels$rows)
    if (is.character(class_weights)) {
        check_choice(class_weights, c("balanced", "none"), call = call)
        if (class_weights == "none" || labels$kind != "class") {
            return(rep(1, n))
        }
        return(balanced_weights(labels$y))
    }
    good <- is.numeric(class_weights) && !is.null(names(class_weights)) &&
        all(is.finite(class_weights)) && all(class_weights > 0)
    if (!good || labels$kind != "class" ||
        !setequal(names(class_weights), labels$levels)) {
        abort_input(c(
            "{.arg class_weights} must be {.val balanced}, {.val none}, or a
            positive number for each class, by name.",
            x = "It is {describe_value(class_weights)}.",
            i = if (labels$kind == "class") {
                "The classes are {.val {labels$levels}}."
            } else {
                "{.arg y} has no classes: leave it {.val none}."
            }
        ), call = call)
    }
    unname(class_weights[match(labels$y, names(class_weights))])
}

# weights of samples with which all classes count the same, with a mean of 1
balanced_weights <- function(class) {
    counts <- table(class)
    weights <- length(class) / (length(counts) * counts)
    as.vector(weights)[as.integer(factor(class))]
}

# ---- the job ----------------------------------------------------------------

tuning_job <- function(fit, x, labels, weights, frozen, control, key, call) {
    targets <- tuning_targets(labels)
    watched <- logical(nrow(x))
    if (!is.null(control$validation)) {
        watched <- watched_labels(labels, control$validation, key, call)
    }
    # an epoch has at least eight items
    shown <- which(!watched)
    shown <- rep(shown, ceiling(smallest_batch / length(shown)))
    networks <- list(
        encoder = fit$network,
        head = network_of_layers(
            ncol(fit$encoded), list(layer("linear", targets$n_out))
        )
    )
    plan <- list(
        task = "samples_labels", objective = tuning_losses[[labels$kind]],
        networks = networks, groups = tuning_groups(control, frozen),
        options = c(frozen = as.double(frozen)),
        optimizer = resolve_optimizer(control),
        batch_size = choose_batch_size(
            control$batch_size, length(shown), "labelled samples", "y", 32L,
            call
        ),
        key = key
    )
    rows <- scaled_rows(x, seq_len(nrow(x)))
    take <- function(from, which) unname(from[which, , drop = FALSE])
    learned <- list(
        labels = labels[c("kind", "levels")], samples = rownames(x),
        fit = fit[c("method", "encoder", "scaling", "assay")],
        targets = targets[c("centre", "scale")], frozen = frozen
    )
    new_job("tuning_job", plan,
        list(
            x = take(rows, shown), y = take(targets$y, shown),
            weight = cbind(weights[shown])
        ),
        length(shown), control,
        measure = if (any(watched)) tuning_measures[[labels$kind]],
        watched = if (any(watched)) {
            list(x = take(rows, watched), y = take(targets$y, watched))
        },
        first = fit$member[intersect(
            names(fit$member), c("parameters", "state")
        )],
        learned = learned
    )
}

# encoder and head; a frozen encoder keeps its parameters
tuning_groups <- function(control, frozen) {
    list(
        n_networks = c(1L, 1L), rate = c(1, 1),
        decay = rep(as.double(control$weight_decay), 2L),
        clip = rep(as.double(control$clip_norm), 2L),
        by_block = rep(clips_blocks(control), 2L),
        frozen = c(frozen, FALSE)
    )
}

# which of the labelled are watched: a share of each class, of which some stay;
# whole groups, each with the class of its first
watched_labels <- function(labels, share, key, call, what = "samples") {
    check_watched_share(share, call, what)
    key <- derive_key(key, "validation", 1L)
    n <- length(labels$rows)
    strata <- if (labels$kind == "class") as.integer(labels$y) else rep(1L, n)
    first <- which(!duplicated(labels$groups))
    chosen <- character()
    for (level in unique(strata[first])) {
        inside <- first[strata[first] == level]
        if (length(inside) > 1L) {
            held <- draw_held_out(
                length(inside), 1 - share, derive_key(key, "units", level)
            )
            chosen <- c(chosen, labels$groups[inside[held == 1L]])
        }
    }
    watched <- labels$groups %in% chosen
    if (!any(watched) || all(watched)) {
        abort_input(c(
            "{.arg validation} must leave labelled {what} to train on and some
            to watch.",
            x = "A share of {share} of {n} leaves
            {if (any(watched)) 'none to train on' else 'none to watch'}.",
            i = "With so few labels train for a fixed number of
            {.arg epochs}: {.code validation = NULL}."
        ), call = call)
    }
    watched
}

# of logits (rows x outputs) against targets
tuning_measures <- list(
    class = new_measure(
        "log_loss", "log-loss of what is watched", FALSE,
        function(predicted, truth) {
            logs <- log_softmax(predicted)
            -mean(logs[cbind(seq_len(nrow(logs)), truth[, 1L] + 1)])
        }
    ),
    labels = new_measure(
        "log_loss", "log-loss of what is watched", FALSE,
        function(predicted, truth) {
            -mean(stats::plogis(ifelse(truth > 0, predicted, -predicted),
                log.p = TRUE
            ))
        }
    ),
    response = measure_rmse
)

validate_job.tuning_job <- function(job, run) {
    if (is.null(job$watched)) {
        return(NA_real_)
    }
    scores <- tuned_scores(
        job$plan$networks,
        list(
            parameters = engine_read(run, "parameters"),
            state = engine_read(run, "state")
        ),
        job$watched$x, job$control
    )
    job$measure$of(scores, job$watched$y)
}

# outputs of the head for rows of scaled samples
tuned_scores <- function(networks, numbers, x, control) {
    run <- function(i, x) {
        own <- numbers_of(numbers, networks, i)
        network_encode(
            networks[[i]], control$precision, own$parameters, x,
            control$threads, own$state %||% double()
        )
    }
    run(2L, run(1L, x))
}

finish_job.tuning_job <- function(job, ends) {
    job <- ends[[1L]]$job
    learned <- job$learned
    new_fit("samples_tuned", list(job),
        fit = learned$fit, networks = job$plan$networks,
        kind = learned$labels$kind, levels = learned$labels$levels,
        targets = learned$targets, samples = learned$samples,
        frozen = learned$frozen, member = fit_member(ends[[1L]]),
        history = ends[[1L]]$state$history
    )
}
