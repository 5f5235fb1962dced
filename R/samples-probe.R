#' Learn labels from a space of samples
#'
#' Puts a penalised head on the space of a fit, which itself stays as it is:
#' multinomial logistic regression for classes, ridge regression for numbers,
#' one logistic regression for each label where a sample may have several, Cox
#' regression (with a ridge penalty) for survival times. Some labelled samples
#' are enough.
#'
#' Classes have up to three heads: logistic regression on the encodings
#' (`encoding`), the same on the scores of the principal components
#' (`components`), which is close to a regression on all genes, and the linear
#' discriminants of the components with a covariance shrunken by half
#' (`discriminant`). With at least five labelled samples in each class, their
#' weights in the sum of their log-probabilities are those with the least
#' cross-entropy on inner folds of the labelled samples, which calibrates
#' probabilities, too; a penalty of five times the squared distance from a half
#' for encodings, a half for components and none for discriminants keeps few
#' samples from deciding too much. With fewer labels the encodings have four
#' fifths and the components one; with a single label of some class the
#' encodings have all; in a space that is not whitened both count the same. For
#' numbers the first two are mixed by how well they predict samples that are
#' left out; for survival times the one with the lower partial deviance on inner
#' folds counts (penalties by `glmnet`).
#'
#' @param fit A fit of [learn_samples()].
#' @param y Labels: a factor, character or logical vector (classes), a numeric
#'   vector (a number is predicted), or a logical matrix or data frame with a
#'   column for each label (several may hold), or survival times,
#'   `survival::Surv(time, event)`. With names (or row names) that
#'   are sample ids: those samples; without: all, in their order. `NA`: no
#'   label.
#' @param x Expression of the labelled samples, in any form of
#'   [learn_samples()]. `NULL`: labelled samples are among those of the fit.
#' @param assay Of `x`, where that is a `SummarizedExperiment`. `NULL`: that of
#'   the fit's, or the only one.
#' @param penalty Of the logistic heads: that of the sum of squared
#'   coefficients, halved, beside the summed cross-entropy. 1 suits spaces whose
#'   values have a standard deviation of 1, as here.
#' @param class_weights Of each sample in the logistic heads: `"balanced"` (all
#'   classes count the same, so that rare ones are found), `"none"`
#'   (probabilities that follow how frequent classes are), or a number for each
#'   class, by name. Where a sample may have several labels, `"balanced"` weighs
#'   each label by itself.
#' @param groups Samples that inner folds keep together (patients, lines): a
#'   vector in the form of `y`. `NULL`: each sample by itself.
#' @param folds How many inner folds.
#' @param spaces Which spaces have heads: `"encoding"`, `"components"` or, the
#'   default, both.
#' @param ... Not used.
#'
#' @return An object of class `samples_probe`, a `kith_fit`: plain R data with
#'   the `fit`, the `heads`, their `weights`, `kind` (`"class"`, `"response"`,
#'   `"labels"` or `"survival"`), `levels`, `samples` (labelled). See
#'   [samples_probe].
#' @section Errors: Of class `kith_error_input`: labels of unknown samples, one
#'   class only, numbers that are all the same, fewer than three labelled
#'   samples of a number or ten events.
#' @seealso [probe of transcripts][probe_transcripts]
#' @family sample functions
#' @examples
#' set.seed(1)
#' tissue <- rep(c("a", "b", "c", "d"), each = 15)
#' centre <- matrix(rnorm(4 * 200), 4, dimnames = list(unique(tissue), NULL))
#' x <- centre[tissue, ] + rnorm(60 * 200, sd = 2)
#' dimnames(x) <- list(paste0("s", 1:60), paste0("g", 1:200))
#' train <- seq(1, 60, by = 2)
#' fit <- learn_samples(x[train, ])
#' labelled <- c(s1 = "a", s17 = "b", s31 = "c", s47 = "d")
#' known <- probe(fit, labelled)
#' mean(predict(known, x[-train, ]) == tissue[-train])
#' @export
probe <- function(fit, y, ...) UseMethod("probe")

#' @method probe default
#' @export
probe.default <- function(fit, y, ...) {
    abort_input(c(
        "{.arg fit} must be a fit of {.fn learn_samples} or
        {.fn learn_transcripts}, or a matrix of features.",
        x = "It is {describe_value(fit)}."
    ), call = rlang::current_env())
}

abort_no_samples_fit <- function(fit, call = rlang::caller_env()) {
    abort_input(c(
        "{.arg fit} must be a fit of {.fn learn_samples}.",
        x = "It is {describe_value(fit)}."
    ), call = call)
}

#' @rdname probe
#' @method probe samples_fit
#' @export
probe.samples_fit <- function(fit, y, x = NULL, penalty = 1,
                              class_weights = "balanced", groups = NULL,
                              folds = 5,
                              spaces = c("encoding", "components"),
                              assay = NULL, ...) {
    rlang::check_dots_empty()
    spaces <- check_several(spaces, c("encoding", "components"))
    penalty <- check_number(penalty, 0, open = TRUE)
    folds <- check_count(folds, min = 2)
    found <- sample_spaces(fit, x, assay, "x")
    samples <- rownames(found$components)
    labels <- sample_labels(y, samples)
    each <- labels$kind == "labels" && identical(class_weights, "balanced")
    weights <- if (each) {
        lapply(labels$y, balanced_weights)
    } else {
        label_weights(class_weights, labels)
    }
    groups <- sample_groups(groups, samples)[labels$rows]
    found <- lapply(found[spaces], function(one) {
        one[labels$rows, , drop = FALSE]
    })
    probe_of(fit, scale_spaces(fit, found), labels, samples[labels$rows],
        groups, weights, penalty, folds
    )
}

# The probe of labelled samples. spaces: scaled, of these samples; groups,
# weights: of them (weights also a list, with those of each label).
probe_of <- function(fit, spaces, labels, samples, groups, weights, penalty = 1,
                     folds = 5L) {
    settings <- list(
        penalty = penalty, weights = weights, folds = folds,
        threads = fit$control$threads, whitened = fit$whitened,
        key = draw_key(fit$control$seed)
    )
    learned <- switch(labels$kind,
        class = learn_classes(spaces, labels$y, groups, settings),
        response = learn_response_heads(spaces, labels$y),
        survival = learn_survival(spaces, labels$y, groups, settings),
        labels = Map(function(one, weights) {
            settings$weights <- weights
            learn_classes(spaces, one, groups, settings)
        }, labels$y, if (is.list(weights)) weights else list(weights))
    )
    new_plain_fit("samples_probe", fit$control,
        fit = fit, kind = labels$kind, learned = learned,
        levels = labels$levels, samples = samples
    )
}

# spaces at a standard deviation of about 1
scale_spaces <- function(fit, spaces) {
    Map(`/`, spaces, fit$scales[names(spaces)])
}

# weights of the logistic heads where labels are too few to find them
few_weights <- function(spaces, y, whitened) {
    if (length(spaces) == 1L || !whitened) {
        return(even_weights(spaces))
    }
    genes <- if (min(table(y)) > 1L) 0.2 else 0
    c(encoding = 1 - genes, components = genes)[spaces]
}

# weights of heads before labels are asked: discriminants have to prove
# themselves
even_weights <- function(kinds) {
    logistic <- kinds != "discriminant"
    stats::setNames(logistic / sum(logistic), kinds)
}

# ---- labels -----------------------------------------------------------------

# list(kind, y, levels, rows): rows of the samples that have a label, y in their
# order. tested: need there not be two classes?
sample_labels <- function(y, samples, call = rlang::caller_env(),
                          tested = FALSE) {
    if (inherits(y, "Surv")) {
        return(survival_labels(y, samples, call))
    }
    if (is.matrix(y) || is.data.frame(y)) {
        return(several_labels(y, samples, call, tested))
    }
    if (!is.atomic(y) || is.null(y)) {
        abort_input(c(
            "{.arg y} must be a vector of labels or numbers, or a matrix of
            logical labels.",
            x = "It is {describe_value(y)}."
        ), call = call)
    }
    rows <- labelled_rows(names(y), length(y), samples, "y", call)
    there <- !is.na(y)
    rows <- rows[there]
    if (is.numeric(y)) {
        return(list(
            kind = "response", y = number_labels(y[there], call), rows = rows
        ))
    }
    classes <- factor(y[there])
    check_two_classes(classes, "y", call)
    list(
        kind = "class", y = classes, levels = levels(classes), rows = rows
    )
}

several_labels <- function(y, samples, call, tested) {
    y <- as.data.frame(y)
    logical <- vapply(y, function(one) {
        is.logical(one) || all(as.character(one) %in% c("0", "1", NA))
    }, NA)
    if (!all(logical) || ncol(y) == 0L) {
        abort_input(c(
            "{.arg y} must have logical columns, one for each label.",
            x = if (ncol(y) == 0L) {
                "It has no column."
            } else {
                "Column {.field {names(y)[!logical][1]}} has other values."
            },
            i = "One label for each sample is a vector."
        ), call = call)
    }
    ids <- if (is.character(attr(y, "row.names"))) rownames(y)
    rows <- labelled_rows(ids, nrow(y), samples, "y", call)
    there <- stats::complete.cases(y)
    tell_partly_labelled(y, there)
    labels <- lapply(y, function(one) {
        one <- as.character(one[there])
        factor(one %in% c("1", "TRUE"), c(FALSE, TRUE))
    })
    for (name in names(labels)[!tested]) {
        check_two_classes(
            droplevels(labels[[name]]), paste0("y$", name), call
        )
    }
    list(
        kind = "labels", y = labels, levels = names(y), rows = rows[there]
    )
}

tell_partly_labelled <- function(y, there) {
    n <- sum(!there & rowSums(!is.na(y)) > 0L)
    if (n > 0L) {
        inform_kith(c(
            "!" = "{n} sample{?s} {?has/have} some labels of {.arg y} and not
            others, and {?is/are} left out."
        ), class = "kith_message_labels")
    }
}

# the rows among the samples that values with such names stand for
labelled_rows <- function(ids, n, samples, name, call) {
    if (is.null(ids)) {
        if (n != length(samples)) {
            abort_input(c(
                "{.arg {name}} must have names that are sample ids, or a value
                for each of the {length(samples)} samples.",
                x = "It has {n} value{?s} and no names."
            ), call = call)
        }
        return(seq_len(n))
    }
    check_unique_ids(ids, paste("the names of", name), call = call)
    unknown <- setdiff(ids, samples)
    if (length(unknown)) {
        abort_input(c(
            "{.arg {name}} must name samples that there are.",
            x = "{.val {unknown[1]}} is none of them
            ({length(unknown)} of {n} are not).",
            i = "Labelled samples that the fit was not trained on come with
            their expression, as {.arg x}.",
            i = advise_ids(unknown, samples, genes = FALSE)
        ), call = call)
    }
    match(ids, samples)
}

# a group for each of the samples
sample_groups <- function(groups, samples, call = rlang::caller_env()) {
    if (is.null(groups)) {
        return(samples)
    }
    rows <- labelled_rows(
        names(groups), length(groups), samples, "groups", call
    )
    # samples without a group are groups of their own
    all <- paste("sample", samples)
    there <- !is.na(groups)
    all[rows[there]] <- paste("group", groups[there])
    all
}

check_two_classes <- function(classes, name, call) {
    if (nlevels(classes) < 2L) {
        n <- length(classes)
        abort_input(c(
            "{.arg {name}} must have at least two classes.",
            x = if (n == 0L) {
                "No sample has a label."
            } else {
                "{n} labelled sample{?s} {?has/have} {.val {levels(classes)}}
                alone."
            },
            i = "Label samples of another class, too."
        ), call = call)
    }
}

number_labels <- function(y, call) {
    if (length(y) < 3L || !all(is.finite(y)) || stats::sd(y) == 0) {
        found <- if (length(y) < 3L) {
            paste("There are", length(y))
        } else if (!all(is.finite(y))) {
            paste("One is", y[!is.finite(y)][1L])
        } else {
            paste("All are", format(y[1L]))
        }
        abort_input(c(
            "{.arg y} must have at least three finite numbers that differ.",
            x = "{found}.",
            i = "Numbers that stand for classes are a {.fn factor}."
        ), call = call)
    }
    n_values <- length(unique(y))
    if (n_values <= 10L && n_values < length(y) / 2 && all(y == round(y))) {
        inform_kith(c(
            "!" = "{.arg y} has {n_values} different whole numbers: a number is
            predicted.",
            i = "If they stand for classes, give {.code factor(y)}."
        ), class = "kith_message_labels")
    }
    as.double(y)
}

# ---- heads of both spaces ---------------------------------------------------

# The heads of classes, a list by space, and their weights in the sum.
learn_classes <- function(spaces, y, groups, settings) {
    folds <- inner_folds(y, groups, settings)
    if (is.null(folds)) {
        return(list(
            heads = class_heads(
                spaces, y, settings$weights, settings, names(spaces)
            ),
            weights = few_weights(names(spaces), y, settings$whitened)
        ))
    }
    kinds <- c(names(spaces), if ("components" %in% names(spaces)) {
        "discriminant"
    })
    weights <- pool_weights(
        fold_logs(spaces, y, folds, settings, kinds), as.integer(y),
        even_weights(kinds), settings$threads
    )
    list(
        heads = class_heads(spaces, y, settings$weights, settings, kinds),
        weights = stats::setNames(weights, kinds)
    )
}

# a head of each kind: logistic regression on the space of that name, or the
# linear discriminants of the components
class_heads <- function(spaces, y, weights, settings, kinds) {
    lapply(stats::setNames(nm = kinds), function(kind) {
        space <- spaces[[head_space(kind)]]
        if (kind == "discriminant") {
            return(discriminant_head(space, as.integer(y)))
        }
        softmax_head(space, as.integer(y), nlevels(y),
            penalty = settings$penalty, threads = settings$threads,
            weights = weights
        )
    })
}

# the space that a head lies in
head_space <- function(kind) {
    ifelse(kind == "discriminant", "components", kind)
}

fewest_in_class <- 5L

# the inner fold of each sample, NULL where a class is too small for any
inner_folds <- function(y, groups, settings) {
    k <- min(settings$folds, length(unique(groups)))
    if (min(table(y)) < fewest_in_class || k < 2L) {
        return(NULL)
    }
    folds <- item_folds(length(y), k, settings$key,
        groups = groups, strata = if (!anyDuplicated(groups)) y
    )
    # all classes must be there without a fold
    whole <- vapply(unique(folds), function(f) {
        all(table(y[folds != f]) > 0L)
    }, NA)
    if (all(whole) && length(unique(folds)) > 1L) folds
}

# log-probabilities of each sample by the heads that have not seen its fold
fold_logs <- function(spaces, y, folds, settings, kinds) {
    logs <- lapply(stats::setNames(nm = kinds), function(kind) {
        matrix(0, length(y), nlevels(y))
    })
    for (f in unique(folds)) {
        out <- folds == f
        inside <- lapply(spaces, function(space) space[!out, , drop = FALSE])
        heads <- class_heads(
            inside, y[!out], settings$weights[!out], settings, kinds
        )
        for (kind in kinds) {
            logs[[kind]][out, ] <- log_softmax(head_scores(
                heads[[kind]], spaces[[head_space(kind)]][out, , drop = FALSE]
            ))
        }
    }
    logs
}

# one number, by ridge regression
learn_response_heads <- function(spaces, y) {
    heads <- lapply(spaces, ridge_head, y = y)
    weights <- 1
    if (length(heads) == 2L) {
        share <- pool_share(heads[[1L]]$held_out, heads[[2L]]$held_out, y)
        weights <- c(share, 1 - share)
    }
    list(
        heads = lapply(heads, `[[`, "coefficients"),
        weights = stats::setNames(weights, names(spaces))
    )
}
