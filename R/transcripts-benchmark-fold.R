# A fold of benchmark_transcripts(): what its arms learn and predict.

fit_arm.transcripts_arm <- function(arm) {
    settings <- arm$settings
    spaces <- fold_transcript_spaces(arm)
    rows <- arm$labels$rows
    tested <- which(arm$test[rows])
    # those of a tested group never show a label
    near <- arm$groups[rows] %in% arm$groups[rows[tested]]
    shown <- which(!near)
    parts <- lapply(settings$labels, function(k) {
        n <- if (k < 1) max(1, round(k * length(shown))) else k
        draws <- if (n < length(shown)) settings$draws else 1L
        lapply(seq_len(draws), function(draw) {
            key <- derive_key(arm$key, "split", draw)
            drawn <- shown[draw_transcripts(length(shown), n, key)]
            predicted <- c(
                transcript_predictions(arm, spaces, drawn, tested, key),
                tuned_arm_predictions(arm, spaces$fits, drawn, tested, key)
            )
            label <- data.frame(labels = k, draw = draw)
            measures <- measure_transcript_arms(
                predicted, pick_labels(arm$labels, tested)
            )
            list(
                rows = cbind(label, measures,
                    n_train = length(drawn), n_test = length(tested)
                ),
                predicted = if (arm$labels$kind == "response") {
                    cbind(label,
                        transcript = arm$x$id[rows[tested]],
                        group = arm$groups[rows[tested]],
                        y = arm$labels$y[tested],
                        as.data.frame(lapply(predicted, drop), optional = TRUE)
                    )
                }
            )
        })
    })
    parts <- unlist(parts, recursive = FALSE)
    list(
        label = arm$label, rows = do.call(rbind, lapply(parts, `[[`, "rows")),
        predicted = do.call(rbind, lapply(parts, `[[`, "predicted"))
    )
}

# n of the transcripts that may show a label
draw_transcripts <- function(n_shown, n, key) {
    if (n >= n_shown) {
        return(seq_len(n_shown))
    }
    which(draw_held_out(
        n_shown, n / n_shown, derive_key(key, "units", 1L)
    ) == 0L)
}

# labels of some of the labelled transcripts
pick_labels <- function(labels, i) {
    labels$y <- if (labels$kind == "response") {
        labels$y[i]
    } else {
        lapply(labels$y, `[`, i)
    }
    labels
}

# list(theirs, ours, fits): spaces of the labelled transcripts, by baseline and
# method, and fits that are to be fine-tuned
fold_transcript_spaces <- function(arm) {
    x <- arm$x[arm$labels$rows]
    features <- function(settings) {
        suppress_told(rlang::inject(sequence_features(x, !!!settings,
            threads = arm$settings$control$threads
        )))
    }
    theirs <- lapply(arm$settings$baselines, function(settings) {
        list(features = features(settings))
    })
    beside <- if (length(arm$methods)) features(arm$settings$beside)
    learned <- lapply(arm$methods, learn_in_fold, arm = arm)
    ours <- Map(function(method, name) {
        encoded <- method_encodings(method, x)
        check_transcript_spaces(
            list(features = beside, encoding = encoded), name
        )
    }, learned, names(learned))
    list(
        theirs = theirs, ours = ours,
        fits = if (!is.null(arm$settings$tuning)) {
            Filter(function(one) inherits(one, "transcripts_fit"), learned)
        }
    )
}

# what a method of a fold has learned; a function sees training transcripts
# alone
learn_in_fold <- function(method, arm) {
    if (!is.function(method)) {
        return(method)
    }
    near <- arm$groups %in% arm$groups[arm$test]
    method(arm$x[which(!near)])
}

# encodings of the transcripts x by a matrix, a fit or a function
method_encodings <- function(method, x) {
    if (is.function(method)) {
        method <- method(x)
    }
    encoded <- if (is.matrix(method)) method else unclass(encode(method, x))
    encoded[rownames(encoded) %in% x$id, , drop = FALSE]
}

# predictions of the tested by each arm: matrices, a column for each label
transcript_predictions <- function(arm, spaces, drawn, tested, key) {
    labels <- pick_labels(arm$labels, drawn)
    groups <- arm$groups[arm$labels$rows][drawn]
    control <- arm$settings$control
    control$seed <- as.integer(key[1L] %% .Machine$integer.max)
    theirs <- lapply(names(spaces$theirs), function(name) {
        space <- spaces$theirs[[name]]$features
        if (name == "random forest") {
            return(forest_predictions(
                space[drawn, , drop = FALSE], labels,
                space[tested, , drop = FALSE], 1L, control$threads
            ))
        }
        head_predictions(
            spaces$theirs[[name]], labels, groups, drawn, tested, control
        )[[1L]]
    })
    ours <- Map(function(space, name) {
        found <- head_predictions(
            space, labels, groups, drawn, tested, control
        )
        stats::setNames(
            found[c("average", "encoding", "joint")], paste0(name, space_arms)
        )
    }, spaces$ours, names(spaces$ours))
    c(
        unlist(unname(ours), recursive = FALSE),
        stats::setNames(theirs, names(spaces$theirs))
    )
}

# Predictions by all heads together (`average`) and by each: a list of matrices.
# A label that all or none of the drawn have is predicted by its share, and one
# number that all have by itself.
head_predictions <- function(spaces, labels, groups, drawn, tested, control) {
    train <- lapply(spaces, function(space) space[drawn, , drop = FALSE])
    scaling <- space_scaling(train)
    train <- apply_scaling(train, scaling)
    test <- apply_scaling(
        lapply(spaces, function(space) space[tested, , drop = FALSE]), scaling
    )
    heads <- names(train)
    if (labels$kind == "response") {
        if (length(unique(labels$y)) < 2L) {
            same <- matrix(labels$y[1L], length(tested))
            all <- c("average", heads)
            return(stats::setNames(rep(list(same), length(all)), all))
        }
        learned <- learn_numbers(train, labels$y, groups)
        return(c(list(average = response_of(learned, test)), Map(
            head_scores, learned$heads, test
        )))
    }
    axes <- lapply(train, principal_axes)
    found <- lapply(labels$y, function(y) {
        if (length(unique(y)) < 2L) {
            share <- mean(y == "TRUE")
            same <- rep(share, length(tested))
            return(stats::setNames(
                rep(list(same), length(heads) + 1L), c("average", heads)
            ))
        }
        learned <- learn_transcript_classes(axes, y, groups, list(
            weights = rep(1, length(y)), folds = 5L, threads = control$threads,
            key = draw_key(control$seed)
        ))
        c(
            list(average = probabilities_of(learned, test)[, 2L]),
            lapply(stats::setNames(nm = heads), function(head) {
                exp(log_softmax(
                    head_scores(learned$heads[[head]], test[[head]])
                ))[, 2L]
            })
        )
    })
    lapply(stats::setNames(nm = c("average", heads)), function(head) {
        vapply(found, `[[`, numeric(length(tested)), head)
    })
}

# ---- arms that are trained on with the labels -------------------------------

# settings of tune_transcripts(), NULL where nothing is fine-tuned
benchmark_tuning <- function(fine_tune, methods, call = rlang::caller_env()) {
    if (isFALSE(fine_tune)) {
        return(NULL)
    }
    given <- if (isTRUE(fine_tune)) list() else fine_tune
    taken <- names(formals(tuning_settings))
    taken <- setdiff(taken, "call")
    if (!is.list(given) || inherits(given, "train_control") ||
        length(given) > 0L && is.null(names(given)) ||
        !all(names(given) %in% taken)) {
        abort_input(c(
            "{.arg fine_tune} must be {.code TRUE}, {.code FALSE} or a list of
            arguments of {.fn fine_tune}: {.arg {taken}}.",
            x = "It is {describe_value(fine_tune)}."
        ), call = call)
    }
    can <- vapply(methods, function(one) {
        is.function(one) || inherits(one, "transcripts_fit")
    }, NA)
    if (!any(can)) {
        abort_input(c(
            "{.arg methods} must have a fit of {.fn learn_transcripts}, or a
            function that returns one, for {.arg fine_tune}.",
            i = "Encodings alone cannot be trained on."
        ), call = call)
    }
    all <- lapply(
        as.list(formals(fine_tune.transcripts_fit))[taken], eval,
        envir = environment()
    )
    all[names(given)] <- given
    settings <- do.call(tuning_settings, c(all, list(call = call)))
    check_no_checkpoint(settings$control, "fine_tune$control", call)
    settings
}

# Predictions of the tested by each fit, fine-tuned and from scratch: matrices,
# a column for each label. Both see the same batches and begin with one head.
tuned_arm_predictions <- function(arm, fits, drawn, tested, key) {
    rows <- arm$labels$rows
    labels <- pick_labels(arm$labels, drawn)
    labels$rows <- seq_along(drawn)
    labels$groups <- arm$groups[rows][drawn]
    settings <- arm$settings$tuning
    settings$control$seed <- as.integer(
        derive_key(key, "network", 1L)[1L] %% .Machine$integer.max
    )
    settings$control$threads <- arm$settings$control$threads
    found <- Map(function(fit, name) {
        scratch <- fit
        scratch$member[c("parameters", "state")] <- NULL
        stats::setNames(
            lapply(list(fit, scratch), tuned_on_draw,
                x = arm$x[rows[drawn]], labels = labels,
                newdata = arm$x[rows[tested]], settings = settings
            ),
            paste0(name, tuned_arms)
        )
    }, fits, names(fits))
    unlist(unname(found), recursive = FALSE)
}

tuned_on_draw <- function(fit, x, labels, newdata, settings) {
    if (labels$kind == "response" && length(unique(labels$y)) < 2L) {
        return(matrix(labels$y[1L], length(newdata)))
    }
    tuned <- tune_transcripts(
        fit, x, labels, rep(1, length(x)), settings
    )
    type <- utils::tail(prediction_types(tuned), 1L)
    unname(as.matrix(predict_tuned(tuned, newdata, type)))
}
