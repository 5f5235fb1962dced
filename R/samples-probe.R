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
    weights <- head_weights(class_weights, labels)
    groups <- sample_groups(groups, samples)[labels$rows]
    found <- lapply(found[spaces], function(one) {
        one[labels$rows, , drop = FALSE]
    })
    probe_of(fit, scale_spaces(fit, found), labels, samples[labels$rows],
        groups, weights, penalty, folds
    )
}

# The probe of labelled samples. spaces: scaled, of these samples; groups,
# weights: of them (of several labels a list of weights, for each label).
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
        }, labels$y, weights)
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
