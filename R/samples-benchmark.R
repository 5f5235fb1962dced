#' Compare ways to learn labels from few labelled samples
#'
#' Folds of the samples, stratified by class; in each fold everything that is
#' fitted (genes that vary, scaling, components, the learned space) comes from
#' the training samples alone, of which a few, drawn for each class, show their
#' label. All arms see the same labels and are tested on the same samples.
#'
#' All arms weigh classes the same, as far as they can weigh them: logistic
#' heads, ours and theirs, have class weights. The baselines: `"logistic"`
#' (ridge-penalised multinomial regression on the standardised genes), `"PCA +
#' logistic"` (on 50 components of all training samples), `"nearest centroid"`,
#' `"shrunken LDA"` and `"random forest"` (500 trees).
#'
#' @param x Expression, in any form of [learn_samples()].
#' @param y Class of each sample: a factor or character vector in the order of
#'   the samples, or with their ids as names. `NA`: the sample helps to learn
#'   the space, and is not tested.
#' @param groups Samples that must not be parted by a fold (patients): a vector
#'   in the form of `y`.
#' @param labels How many labelled samples for each class, all where there are
#'   fewer; `Inf`: all. A number below 1 is a share of each class, of which at
#'   least one sample.
#' @param methods A named list of methods of [learn_samples()]. One with a
#'   network is there three times: `<name> frozen` (logistic regression on its
#'   encodings), `<name> + genes` ([probe()] on encodings and components) and
#'   `<name> fine-tuned` ([fine_tune()]). [method_untrained()] gives the
#'   controls of these: a network as it was drawn, and one trained from scratch.
#' @param encoder Of all networks, see [learn_samples()].
#' @param baselines Names of those to compare with. `NULL`: all.
#' @param folds,draws How many folds, and draws of labels in each.
#' @param transductive May the space be learned from the test samples as well
#'   (without their labels)? That is what who has a few labelled samples has,
#'   but no measure of what new samples would give; the result says so.
#' @param transform,assay See [learn_samples()].
#' @param control How networks learn their space; `threads` and `seed` count for
#'   all arms.
#' @param tuning How [fine_tune()] trains.
#' @param folder Where finished folds are kept, so that a stopped benchmark goes
#'   on. `NULL`: nowhere.
#' @param BPPARAM Where folds are computed: see [kith-workers].
#'
#' @return A data frame of class `samples_benchmark` with a row for each fold,
#'   number of labels, draw and arm: `fold`, `labels`, `draw`, `method`,
#'   `accuracy`, `balanced` (mean of the recalls of classes), `macro_f1`,
#'   `log_loss` (`NA` for arms without probabilities), `n_test`. Its attribute
#'   `"found"` is a data frame with a row for each test sample, number of labels
#'   and draw: `labels`, `draw`, `sample`, `group`, `class`, and the class that
#'   each arm found. `summary()` has a row for each number of labels and arm:
#'   the mean of a measure over folds and draws, its standard deviation over
#'   folds, how much better the first method is (`margin`), paired by fold, with
#'   its standard error, and bounds of that from a paired bootstrap over groups
#'   (`margin_lower`, `margin_upper`; of the test samples of all folds
#'   together).
#' @section Errors: Of class `kith_error_input`: fewer than two classes, a class
#'   with fewer samples (or groups) than folds.
#' @family sample functions
#' @examples
#' set.seed(1)
#' tissue <- rep(c("a", "b", "c"), each = 15)
#' centre <- matrix(rnorm(3 * 60), 3, dimnames = list(unique(tissue), NULL))
#' x <- centre[tissue, ] + rnorm(45 * 60, sd = 2)
#' dimnames(x) <- list(paste0("s", 1:45), paste0("g", 1:60))
#' result <- benchmark_samples(x, tissue,
#'     labels = 1, baselines = "logistic", folds = 3, draws = 2
#' )
#' summary(result)
#' @order 1
#' @export
benchmark_samples <- function(x, y, groups = NULL,
                              labels = c(1, 2, 5, 10, Inf),
                              methods = list(kith = method_neighbours()),
                              baselines = NULL, folds = 5, draws = 5,
                              encoder = NULL, transductive = FALSE,
                              transform = NULL, assay = 1,
                              control = train_control(),
                              tuning = train_control(), folder = NULL,
                              BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(tuning, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    or_null(encoder, check_class, "encoder_mlp", "encoder_mlp")
    x <- sample_matrix(x, assay)
    folds <- check_count(folds, min = 2)
    check_no_checkpoint(control)
    check_no_checkpoint(tuning)
    baselines <- check_sample_baselines(baselines)
    # report the transform and constant genes once, not for each fold
    transform <- fit_scaling(x, transform)$transform
    settings <- list(
        control = control, tuning = tuning, encoder = encoder,
        labels = check_label_counts(labels),
        draws = check_count(draws),
        methods = check_methods(methods, baselines), baselines = baselines,
        transductive = check_flag(transductive), transform = transform
    )
    data <- benchmark_data(x, y, groups, folds)
    key <- draw_key(control$seed)
    fold <- class_folds(data, folds, derive_key(key, "folds", 1L))
    jobs <- lapply(seq_len(folds), function(f) {
        new_compare_arm(
            kind = "samples", label = data.frame(fold = f),
            settings = settings, folder = folder, x = x, class = data$class,
            groups = data$groups, test = fold == f,
            key = derive_key(key, "fold", f)
        )
    })
    results <- run_arms(jobs, BPPARAM)
    rows <- lapply(results, function(result) {
        cbind(result$label, result$rows)
    })
    structure(do.call(rbind, rows),
        class = c("samples_benchmark", "data.frame"),
        found = do.call(rbind, lapply(results, `[[`, "found")),
        ours = arm_names(settings$methods), transductive = transductive
    )
}

network_arms <- c("frozen", "+ genes", "fine-tuned")

# the arms of methods
arm_names <- function(methods) {
    unlist(lapply(names(methods), function(name) {
        if (inherits(methods[[name]], "method_network")) {
            paste(name, network_arms)
        } else {
            name
        }
    }))
}

check_label_counts <- function(labels, call = rlang::caller_env()) {
    ok <- is.numeric(labels) && length(labels) > 0L && !anyNA(labels) &&
        all(labels > 0)
    counts <- labels[ok & labels >= 1 & is.finite(labels)]
    if (!ok || any(counts != round(counts))) {
        abort_input(c(
            "{.arg labels} must hold whole numbers of at least 1, shares below
            1, or {.code Inf} for all.",
            x = "It is {describe_value(labels)}."
        ), call = call)
    }
    sort(unique(labels))
}

check_methods <- function(methods, baselines, call = rlang::caller_env()) {
    fits <- is.list(methods) && length(methods) > 0L &&
        !inherits(methods, "sample_method") && !is.null(names(methods)) &&
        all(nzchar(names(methods))) &&
        all(vapply(methods, inherits, NA, "sample_method"))
    if (!fits) {
        abort_input(c(
            "{.arg methods} must be a named list of methods of
            {.fn learn_samples}.",
            x = "It is {describe_value(methods)}.",
            i = "For instance {.code list(kith = method_neighbours())}."
        ), call = call)
    }
    check_arm_names(c(arm_names(methods), baselines), "methods", call)
    methods
}

# list(class, groups): the class of each sample, NA where there is none
benchmark_data <- function(x, y, groups, folds, call = rlang::caller_env()) {
    if (!is.factor(y) && !is.character(y) && !is.logical(y)) {
        abort_input(c(
            "{.arg y} must be a factor or character vector of classes.",
            x = "It is {describe_value(y)}.",
            i = "Numbers that stand for classes are a {.fn factor}."
        ), call = call)
    }
    labels <- sample_labels(y, rownames(x), call)
    class <- factor(rep(NA, nrow(x)), labels$levels)
    class[labels$rows] <- labels$y
    groups <- sample_groups(groups, rownames(x), call)
    units <- table(class[!duplicated(paste(groups, class))])
    if (any(units < folds)) {
        small <- names(units)[units < folds]
        abort_input(c(
            "{.arg y} must have at least {folds} samples (or groups) of each
            class, one for each fold.",
            x = "{.val {small[1]}} has {units[[small[1]]]}.",
            i = "Set {.code NA} for such classes, or take fewer {.arg folds}."
        ), call = call)
    }
    list(class = class, groups = groups)
}

# What each fold is to have its share of: the classes of a group, as one may
# hold several (tumour and normal tissue of a patient); all that come in fewer
# groups than there are folds are one stratum.
class_strata <- function(class, groups, folds) {
    of_group <- tapply(as.character(class), groups, function(classes) {
        paste(sort(unique(classes)), collapse = " + ")
    })
    sizes <- table(of_group)
    of_group[of_group %in% names(sizes)[sizes < folds]] <- "other"
    as.vector(of_group[groups])
}

# the fold of each sample; samples without a class are in none, 0, unless one of
# their group is tested
class_folds <- function(data, folds, key) {
    there <- !is.na(data$class)
    fold <- integer(length(data$class))
    groups <- data$groups[there]
    fold[there] <- item_folds(sum(there), folds, key,
        groups = groups, strata = class_strata(data$class[there], groups, folds)
    )
    tested <- match(data$groups, data$groups[there])
    fold[!there] <- ifelse(is.na(tested), 0L, fold[there][tested])[!there]
    fold
}

fit_arm.samples_arm <- function(arm) {
    settings <- arm$settings
    fold <- fold_spaces(arm)
    truth <- arm$class[fold$tested]
    tested <- data.frame(
        sample = rownames(arm$x)[fold$tested], group = arm$groups[fold$tested],
        class = truth
    )
    parts <- lapply(settings$labels, function(k) {
        draws <- if (is.finite(k)) settings$draws else 1L
        lapply(seq_len(draws), function(draw) {
            scores <- scores_of_draw(arm, fold, k, draw)
            found <- lapply(scores, likely_classes, levels(truth))
            key <- data.frame(labels = k, draw = draw)
            list(
                rows = cbind(key, measure_arms(scores, found, truth, settings)),
                found = cbind(
                    key, tested, as.data.frame(found, optional = TRUE)
                )
            )
        })
    })
    parts <- unlist(parts, recursive = FALSE)
    list(
        label = arm$label, rows = do.call(rbind, lapply(parts, `[[`, "rows")),
        found = do.call(rbind, lapply(parts, `[[`, "found"))
    )
}

# the class with the highest score of each row
likely_classes <- function(scores, levels) {
    factor(colnames(scores)[max.col(scores, "first")], levels)
}

# What a fold learns before it sees a label: list(x (all samples, scaled as the
# training samples are), ours (a fit and all samples in its spaces for each
# method), theirs (those of the baselines), shown (rows that may show their
# label), tested (rows)).
fold_spaces <- function(arm) {
    settings <- arm$settings
    seen <- settings$transductive | !arm$test
    training <- arm$x[seen, , drop = FALSE]
    scaled <- suppress_told(scaled_samples(
        training, fit_scaling(training, settings$transform)
    ))
    all <- suppress_told(scaled_samples(arm$x, .subset2(scaled, "scaling")))
    control <- fold_control(settings$control, arm)
    ours <- lapply(settings$methods, function(method) {
        fit <- learn_scaled(
            scaled, method, settings$encoder, NULL, control, NULL
        )
        list(fit = fit, spaces = scale_spaces(fit, spaces_of(fit, all)))
    })
    n <- min(baseline_components, dim(scaled) - c(1L, 0L))
    found <- sample_components(scaled, n)
    list(
        x = all, ours = ours,
        theirs = list(
            genes = dense_block(all, seq_len(ncol(all))),
            components = component_scores(all, found$rotation) /
                stats::sd(found$scores)
        ),
        shown = which(!arm$test & !is.na(arm$class)),
        tested = which(arm$test & !is.na(arm$class))
    )
}

baseline_components <- 50L

# Learners draw from the fold's key: workers have streams of their own.
fold_control <- function(control, arm) {
    control$seed <- as.integer(
        derive_key(arm$key, "network", 1L)[1L] %% .Machine$integer.max
    )
    control$threads <- arm$settings$control$threads
    control
}

# log-probabilities or scores of the tested samples by each arm, from k labels
# of each class
scores_of_draw <- function(arm, fold, k, draw) {
    key <- derive_key(arm$key, "split", draw)
    labelled <- fold$shown[draw_labels(arm$class[fold$shown], k, key)]
    c(
        learned_scores(arm, fold, labelled),
        baseline_scores(arm, fold, labelled)
    )
}

# messages of each fold's scaling would repeat those of all
suppress_told <- function(value) {
    withCallingHandlers(value,
        kith_message = function(m) rlang::cnd_muffle(m)
    )
}

# k of each class, or all where there are fewer; below 1 a share of each
draw_labels <- function(class, k, key) {
    share <- if (k < 1) k
    rows <- lapply(seq_len(nlevels(class)), function(level) {
        inside <- which(as.integer(class) == level)
        if (!is.null(share)) k <- max(1, round(share * length(inside)))
        if (length(inside) <= k) {
            return(inside)
        }
        held <- draw_held_out(
            length(inside), k / length(inside),
            derive_key(key, "units", level)
        )
        inside[held == 0L]
    })
    unlist(rows)
}

# log-probabilities of the test samples, by each arm of each method
learned_scores <- function(arm, fold, labelled) {
    classes <- droplevels(arm$class[labelled])
    labels <- list(
        kind = "class", y = classes, levels = levels(classes),
        rows = seq_along(labelled), groups = arm$groups[labelled]
    )
    samples <- rownames(arm$x)
    log_of <- function(prob) {
        # what has come out as 0 is the smallest number that there is
        log(pmax(prob, .Machine$double.xmin))
    }
    probed <- function(one, kept) {
        pick <- function(rows) {
            lapply(one$spaces[kept], function(space) {
                space[rows, , drop = FALSE]
            })
        }
        known <- probe_of(
            one$fit, pick(labelled), labels, samples[labelled], labels$groups,
            balanced_weights(classes)
        )
        log_of(predict_spaces(
            known, pick(fold$tested), samples[fold$tested], "prob"
        ))
    }
    tuned <- function(one) {
        found <- tune(
            one$fit, scaled_part(fold$x, labelled), labels,
            balanced_weights(classes), FALSE,
            fold_control(arm$settings$tuning, arm)
        )
        log_of(predict_scaled(found, scaled_part(fold$x, fold$tested), "prob"))
    }
    both <- c("encoding", "components")
    scores <- lapply(names(fold$ours), function(name) {
        one <- fold$ours[[name]]
        if (!inherits(one$fit, "samples_network_fit")) {
            return(stats::setNames(list(probed(one, both)), name))
        }
        stats::setNames(
            list(probed(one, "encoding"), probed(one, both), tuned(one)),
            paste(name, network_arms)
        )
    })
    unlist(scores, recursive = FALSE)
}

baseline_scores <- function(arm, fold, labelled) {
    classes <- droplevels(arm$class[labelled])
    pick <- function(rows) {
        lapply(fold$theirs, function(space) space[rows, , drop = FALSE])
    }
    train <- pick(labelled)
    test <- pick(fold$tested)
    lapply(
        stats::setNames(nm = arm$settings$baselines),
        function(name) {
            scores <- sample_baselines[[name]]$score(
                train, as.integer(classes), test, nlevels(classes),
                arm$settings$control$threads
            )
            colnames(scores) <- levels(classes)
            scores
        }
    )
}
