#' Train an encoder of transcripts on with labels
#'
#' Puts a linear head on the encoder of a fit of [learn_transcripts()], behind a
#' normalisation that standardises the encodings of the labelled transcripts as
#' they are at first, and trains all on labelled transcripts: cross-entropy of
#' the logits for classes, of each label where a transcript may have several,
#' squared error for numbers (standardised). For penalised heads on encodings
#' and features that stay as they are see [probe()][probe_transcripts].
#'
#' With [train_control()]'s defaults there are 10 epochs, or as many as make 300
#' steps, with AdamW, rate 1e-3 falling to 0 along a cosine, in batches of 32
#' transcripts at most: so as much is trained on few labels as on some thousand.
#' Early stopping needs transcripts to watch, and of a handful of labels those
#' few would be noise: so training is for a fixed number of epochs unless
#' `validation` (a share of the labelled transcripts, of each class, in whole
#' groups) and `patience` are set; what is watched is the log-loss, or for
#' numbers the root mean squared error, of whole transcripts without shift and
#' masks. Fewer than eight labelled transcripts are shown several times in an
#' epoch.
#'
#' While training, transcripts are shifted and values of the encoder dropped out
#' as in the released code of IsoCLR; predictions are made without either. A
#' fit of [method_untrained()] gives the control of the fit's worth: the same
#' network trained from scratch, in the same way.
#'
#' @param fit A fit of [learn_transcripts()].
#' @param y,groups Labels, and transcripts that are watched together or not at
#'   all, in the forms of [probe()][probe_transcripts].
#' @param x The labelled transcripts, and others at will: what
#'   [encode_transcripts()] returns, or what it takes, with as many tracks as
#'   those of the fit, which does not keep sequences.
#' @param frozen Does the encoder stay as it is, so that only the head is
#'   trained? Its running statistics stay, too, and it has neither dropout nor
#'   masks then.
#' @param class_weights Of each transcript in the loss: `"none"`, `"balanced"`
#'   (all classes count the same), or a number for each class, by name. The last
#'   two are for classes only.
#' @param shift While training, transcripts are moved by 0 to so many positions;
#'   one draw for a batch.
#' @param mask_rate Share of the bases that are masked while training, in
#'   \[0, 1).
#' @param dropout That of the encoder while training, at least 0 and below 1.
#'   `NULL`: what it has been learned with.
#' @param control How to train: [train_control()].
#' @param ... Not used.
#'
#' @return An object of class `transcripts_tuned`, a `kith_fit`: plain R data
#'   with `networks` and `member` (encoder and head), `kind` (`"response"`,
#'   `"class"` or `"labels"`), `levels`, ids of the labelled `transcripts`,
#'   `frozen` and `history`. It answers `predict()` and `evaluate()` as a result
#'   of [probe()][transcripts_probe] does; `encode()` returns a matrix
#'   transcripts x dimensions; `tidy()` a data frame with a row for each epoch
#'   (`epoch`, `loss`, `learning_rate` and what was watched); `glance()` one row
#'   with `kind`, `labelled`, `classes`, `frozen`, `epochs`, `best_epoch` (where
#'   training stopped early) and the last `loss`; `autoplot()` draws the epochs.
#' @section Errors: Of class `kith_error_input`: labels or groups that
#'   [probe()][probe_transcripts] refuses, transcripts with other tracks than
#'   the fit's, weights that are no positive numbers or name no class, a
#'   `validation` that leaves none to watch or to train on.
#' @references Fradkin P, Shi R, Wang B, Frey B, Lee LJ (2023). Splicing up your
#'   predictions with RNA contrastive learning. arXiv:2310.08738.
#' @seealso [fine_tune()] of samples, [benchmark_transcripts()].
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(40, codons = c(20, 40))
#' x <- encode_transcripts(cells$transcripts)
#' fit <- learn_transcripts(x, cells$gene,
#'     encoder = encoder_conv(c(8, 16), hidden = integer(0)),
#'     control = train_control(epochs = 3, threads = 1)
#' )
#' y <- cells$y[cells$gene[names(x)]]
#' names(y) <- names(x)
#' train <- cells$gene %in% unique(cells$gene)[1:30]
#' tuned <- fine_tune(fit, y[train], x[train],
#'     groups = cells$gene,
#'     control = train_control(epochs = 20, seed = 1, threads = 1)
#' )
#' tuned
#' evaluate(tuned, x[!train], y[!train], groups = cells$gene)
#' @name fine_tune_transcripts
NULL

#' @rdname fine_tune_transcripts
#' @order 1
#' @method fine_tune transcripts_fit
#' @export
fine_tune.transcripts_fit <- function(fit, y, x, groups = NULL, frozen = FALSE,
                                      class_weights = "none", shift = 3,
                                      mask_rate = 0, dropout = 0.3,
                                      control = train_control(), ...) {
    check_no_others(..., homes = list(control = "train_control"))
    settings <- tuning_settings(frozen, shift, mask_rate, dropout, control)
    if (missing(x)) {
        abort_input(c(
            "{.arg x} must hold the labelled transcripts.",
            i = "A fit does not keep sequences."
        ))
    }
    x <- new_transcripts_of(fit, x, "x")
    labels <- transcript_labels(y, x$id)
    labels$groups <- transcript_groups(groups, x$id)[labels$rows]
    weights <- tuning_weights(class_weights, labels)
    tune_transcripts(fit, x[labels$rows], labels, weights, settings)
}

tuning_settings <- function(frozen, shift, mask_rate, dropout, control,
                            call = rlang::caller_env()) {
    list(
        frozen = check_flag(frozen, call = call),
        shift = check_count(shift, min = 0, max = 1024, call = call),
        mask_rate = check_below_one(
            mask_rate, "With 1 nothing would be left of the transcript.",
            call = call
        ),
        dropout = if (!is.null(dropout)) check_dropout(dropout, call = call),
        control = check_class(
            control, "train_control", "train_control",
            call = call
        )
    )
}

# a weight for each labelled transcript
tuning_weights <- function(class_weights, labels, call = rlang::caller_env()) {
    if (labels$kind != "class" && identical(class_weights, "balanced")) {
        abort_input(c(
            "{.arg class_weights} must be {.val none} unless {.arg y} holds
            classes.",
            x = "It is {.val balanced}.",
            i = "{.fn probe} balances each of several labels by itself."
        ), call = call)
    }
    label_weights(class_weights, labels, call)
}

# x: the labelled transcripts; a fit without numbers is trained from scratch
tune_transcripts <- function(fit, x, labels, weights, settings,
                             call = rlang::caller_env()) {
    key <- draw_key(settings$control$seed)
    job <- transcript_tuning_job(fit, x, labels, weights, settings, key, call)
    finish_job(job, run_jobs(list(job)))
}

# As method_isoclr() has it: epochs are at least those, and `steps` steps.
transcript_training <- list(
    epochs = 10L, steps = 300L, batch_size = 32L, learning_rate = 1e-3,
    weight_decay = 1e-2
)

# ---- the job ----------------------------------------------------------------

transcript_tuning_job <- function(fit, x, labels, weights, settings, key,
                                  call) {
    targets <- tuning_targets(labels)
    watched <- logical(length(x))
    share <- settings$control$validation
    if (!is.null(share)) {
        watched <- watched_labels(labels, share, key, call, "transcripts")
    }
    # an epoch has at least eight items
    shown <- which(!watched)
    shown <- rep(shown, ceiling(smallest_batch / length(shown)))
    control <- transcript_control(
        settings$control, list(training = transcript_training), length(shown)
    )
    encoder <- fit$encoder
    encoder$dropout <- settings$dropout %||% encoder$dropout
    padded <- fit$method$positions
    lengths <- encoder_lengths(
        encoder, x$tracks, max(x$length) + settings$shift, padded
    )
    plan <- transcript_tuning_plan(
        tuned_networks(encoder, x$tracks, lengths$longest, targets$n_out),
        labels$kind, settings, control, lengths, padded, key
    )
    plan$batch_size <- choose_batch_size(
        settings$control$batch_size, length(shown), "labelled transcripts", "y",
        control$batch_size, call
    )
    arrays <- with_sets(sequence_arrays(x), list(
        set_start = shown - 1L, set_size = rep(1L, length(shown)),
        weight = weights[shown], y = targets$y[shown, , drop = FALSE]
    ))
    measure <- tuning_measures[[labels$kind]]
    new_job("transcript_tuning_job", plan, arrays, length(shown), control,
        measure = if (any(watched)) measure,
        watched = if (any(watched)) {
            list(
                rows = which(watched), length = x$length[watched],
                y = targets$y[watched, , drop = FALSE]
            )
        },
        first = first_of_tuned(
            fit, x, encoder, plan$networks$encoder, control, key
        ),
        learned = list(
            labels = labels[c("kind", "levels")], transcripts = x$id,
            fit = fit[c("method", "encoder", "tracks")],
            targets = targets[c("centre", "scale")], frozen = settings$frozen
        ),
        data_hash = lapply(arrays, rlang::hash)
    )
}

tuned_networks <- function(encoder, tracks, positions, n_out) {
    first <- resolve_network(encoder, tracks, positions)
    list(
        encoder = first,
        head = network_of_layers(network_n_out(first), list(
            layer("batchnorm", option = c(1e-8, 0.1)), layer("linear", n_out)
        ))
    )
}

# What the run begins with: the encoder of the fit, or one that is drawn, and
# statistics with which its encodings of the labelled are standardised. Without
# these a head would hardly see them: they differ by hundredths around a mean
# that is far from 0.
first_of_tuned <- function(fit, x, encoder, network, control, key) {
    numbers <- fit$member[c("parameters", "state")]
    if (is.null(fit$member$parameters)) {
        numbers <- network_initialise(network, control$precision, key)
    }
    encoded <- encode_sequences(
        x, encoder, numbers, control, fit$method$positions
    )
    scaling <- space_scaling(list(encoded))[[1L]]
    varies <- is.finite(scaling$scale)
    variance <- ifelse(varies, scaling$scale^2 / max(1, sum(varies)), 1)
    list(
        parameters = numbers$parameters,
        state = c(numbers$state, unname(scaling$centre), unname(variance))
    )
}

transcript_tuning_plan <- function(networks, kind, settings, control, lengths,
                                   padded, key) {
    views <- list(
        crop = 1, shift = settings$shift, mask_rate = settings$mask_rate,
        mask_all = FALSE, mask_codons = FALSE, different = FALSE,
        positions = padded
    )
    list(
        task = "sequences_labels", objective = tuning_losses[[kind]],
        networks = networks, groups = tuning_groups(control, settings$frozen),
        options = c(
            frozen = as.double(settings$frozen),
            sequence_options(views, lengths)
        ),
        optimizer = resolve_optimizer(control), key = key
    )
}

# The watched are whole transcripts, which the run has among its own.
validate_job.transcript_tuning_job <- function(job, run) {
    if (is.null(job$watched)) {
        return(NA_real_)
    }
    encoded <- output_by_length(
        run, job$watched$rows, job$watched$length,
        job$plan$options[["shortest"]], job$control$threads
    )
    numbers <- list(
        parameters = engine_read(run, "parameters"),
        state = engine_read(run, "state")
    )
    scores <- head_of_tuned(job$plan$networks, numbers, encoded, job$control)
    job$measure$of(scores, job$watched$y)
}

# outputs of the head for encodings; numbers: of both networks
head_of_tuned <- function(networks, numbers, encoded, control) {
    own <- numbers_of(numbers, networks, 2L)
    network_encode(
        networks$head, control$precision, own$parameters, unname(encoded),
        control$threads, own$state %||% double()
    )
}

finish_job.transcript_tuning_job <- function(job, ends) {
    job <- ends[[1L]]$job
    learned <- job$learned
    new_fit("transcripts_tuned", list(job),
        fit = learned$fit, networks = job$plan$networks,
        kind = learned$labels$kind, levels = learned$labels$levels,
        targets = learned$targets, transcripts = learned$transcripts,
        frozen = learned$frozen, member = fit_member(ends[[1L]]),
        history = ends[[1L]]$state$history
    )
}
