#' Fits of learn_samples()
#'
#' @param x,object,fit A fit of [learn_samples()].
#' @param newdata New samples in any of the forms of `x` in [learn_samples()].
#'   Genes are matched by name; up to a tenth may be missing, which is said, and
#'   take their mean of the training samples. `NULL`: the training samples.
#' @param assay Of a `SummarizedExperiment`. `NULL`: that of the fit's, or the
#'   only one.
#' @param ... Not used.
#' @return `encode()`: a matrix samples x dimensions; rows of unit length, where
#'   there is no network.
#'   `predict()`: the same. `tidy()`: a data frame with a row for each space,
#'   `components` and `whitened`; of a network one for each epoch, `epoch`,
#'   `loss`, `mask_accuracy` (of VIME), `mean_cosine` (of two encodings of a
#'   batch), `dead` (share of dimensions that are the same in all of a batch),
#'   `learning_rate` and, where samples are watched, `validation_loss`.
#'   `glance()`: one row, `method`, `samples`, `genes`, `dimensions`,
#'   `whitened`, `gain` (see [learn_samples()]), the last `loss` of a network
#'   and what shows a space that has collapsed: `effective_rank` (of the
#'   encodings: exp of the entropy of the spectrum of their covariance),
#'   `top_share` (of variance in the first direction), `dead` (share of
#'   dimensions without variance) and `mean_cosine` (of two samples).
#'   `augment()`: a row for each sample, `sample` and the first two principal
#'   components of the encodings, `space1` and `space2`. `autoplot()`: a
#'   `ggplot` of the first two components of the genes and of the encodings.
#' @family sample functions
#' @examples
#' x <- matrix(rnorm(40 * 50), 40,
#'     dimnames = list(paste0("s", 1:40), paste0("g", 1:50))
#' )
#' fit <- learn_samples(x)
#' glance(fit)
#' head(augment(fit))
#' ggplot2::autoplot(fit, colour = x[, 1])
#' @name samples_fit
NULL

#' @rdname samples_fit
#' @method encode samples_fit
#' @export
encode.samples_fit <- function(fit, newdata = NULL, assay = NULL, ...) {
    rlang::check_dots_empty()
    sample_spaces(fit, newdata, assay)$encoding
}

encode_space.samples_fit <- function(fit, x, scores) {
    encoded <- encode_blocks(scores, fit$whitenings)
    encoded <- smooth_encodings(
        encoded, fit$encoded, fit$method$neighbours, fit$method$smooth,
        fit$control$threads
    )
    dimnames(encoded) <- list(
        rownames(scores), paste0("dim", seq_len(ncol(encoded)))
    )
    encoded
}

encode_space.samples_network_fit <- function(fit, x, scores) {
    if (is.null(x)) {
        return(fit$encoded)
    }
    encode_scaled(x, fit$network, fit$member, fit$control)
}

#' @rdname samples_fit
#' @method predict samples_fit
#' @export
predict.samples_fit <- function(object, newdata = NULL, ...) {
    encode(object, newdata, ...)
}

#' @rdname samples_fit
#' @method tidy samples_fit
#' @export
tidy.samples_fit <- function(x, ...) {
    data.frame(
        components = vapply(x$whitenings, nrow, integer(1)),
        whitened = x$whitened
    )
}

#' @method tidy samples_network_fit
#' @export
tidy.samples_network_fit <- function(x, ...) {
    x$history %||% data.frame(epoch = integer(), loss = numeric())
}

#' @rdname samples_fit
#' @method glance samples_fit
#' @export
glance.samples_fit <- function(x, ...) {
    data.frame(
        method = x$method$name %||% "neighbours",
        samples = nrow(x$components), genes = nrow(x$rotation),
        dimensions = ncol(x$encoded), whitened = x$whitened, gain = x$gain,
        loss = utils::tail(x$history$loss, 1L) %||% NA_real_, x$diagnostics
    )
}

#' @rdname samples_fit
#' @method augment samples_fit
#' @export
augment.samples_fit <- function(x, newdata = NULL, ...) {
    encoded <- encode(x, newdata, ...)
    training <- if (is.null(newdata)) encoded else encode(x)
    axes <- stats::prcomp(training, rank. = 2L)
    at <- stats::predict(axes, encoded)
    data.frame(
        sample = rownames(encoded), space1 = at[, 1L], space2 = at[, 2L],
        row.names = NULL
    )
}

#' @method print samples_fit
#' @export
print.samples_fit <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<samples_fit>")
    cli::cat_line(
        "  ", row$samples, " samples x ", row$genes, " genes, transform ",
        x$scaling$transform
    )
    cli::cat_line("  ", describe_space(x, row))
    cli::cat_line(sprintf(
        "  %d dimensions, effective rank %.1f, mean cosine %.2f",
        row$dimensions, row$effective_rank, row$mean_cosine
    ))
    cli::cat_line("  labels: probe(fit, y); new samples: encode(fit, newdata)")
    invisible(x)
}

describe_space <- function(fit, row) UseMethod("describe_space")

describe_space.samples_fit <- function(fit, row) {
    paste0(
        if (row$whitened) "whitened by mutual neighbours" else "not whitened",
        " with ", toString(tidy(fit)$components), " components",
        if (!is.na(row$gain)) {
            sprintf(
                "\n  gain of neighbours %.2f: %s", row$gain,
                if (row$gain >= least_gain) {
                    "samples come in groups"
                } else {
                    "more a continuum than groups"
                }
            )
        }
    )
}

describe_space.samples_network_fit <- function(fit, row) {
    n <- NROW(fit$history)
    paste0(
        fit$method$name, if (fit$method$preset != "kith") {
            paste0(" (", fit$method$preset, ")")
        },
        if (n > 0L) sprintf(", %d epochs, last loss %.3g", n, row$loss)
    )
}

#' @rdname samples_fit
#' @method summary samples_fit
#' @export
summary.samples_fit <- function(object, ...) {
    structure(
        list(glance = glance(object), spaces = tidy(object), fit = object),
        class = "summary.samples_fit"
    )
}

#' @method print summary.samples_fit
#' @export
print.summary.samples_fit <- function(x, ...) {
    print(x$fit)
    cli::cat_line("Diagnostics of the encodings")
    print(x$glance[c("effective_rank", "top_share", "dead", "mean_cosine")],
        row.names = FALSE, digits = 3
    )
    invisible(x)
}

#' @rdname samples_fit
#' @param type `"space"`: the samples before and after, in their first two
#'   principal components; `"umap"`: the same by UMAP of their cosines (needs
#'   uwot and withr), which shows groups better and distances between them
#'   worse; of a network also `"history"`: what [tidy()][samples_fit] has, by
#'   epoch.
#' @param colour A vector to colour samples by, with a value for each (of
#'   `newdata`, where that is given).
#' @param n_neighbors,seed Of the UMAP.
#' @importFrom ggplot2 autoplot
#' @method autoplot samples_fit
#' @export
autoplot.samples_fit <- function(object, newdata = NULL, colour = NULL,
                                 type = c("space", "umap", "history"),
                                 n_neighbors = 15, seed = 1, ...) {
    type <- check_choice(type, c("space", "umap", "history"))
    if (type == "history") {
        check_has_history(object)
        return(plot_sample_history(object$history, "Training without labels"))
    }
    places <- if (type == "umap") {
        need_umap()
        spaces <- sample_spaces(object, newdata, ...)
        lapply(spaces[c("components", "encoding")], umap_places,
            n_neighbors = check_count(n_neighbors, 2), seed = seed
        )
    } else {
        encoded <- augment(object, newdata, ...)
        list(
            sample_spaces(object, newdata, ...)$components[, 1:2],
            as.matrix(encoded[c("space1", "space2")])
        )
    }
    n <- nrow(places[[1L]])
    if (!is.null(colour) && length(colour) != n) {
        abort_input(c(
            "{.arg colour} must have a value for each of the {n} samples.",
            x = "It has {length(colour)}."
        ))
    }
    titles <- c("components of the genes", "learned space")
    rows <- data.frame(
        space = factor(rep(titles, each = n), titles),
        first = unlist(lapply(places, function(at) at[, 1L])),
        second = unlist(lapply(places, function(at) at[, 2L]))
    )
    rows$label <- if (is.null(colour)) "samples" else rep(colour, 2L)
    axes <- if (type == "umap") {
        c("UMAP 1", "UMAP 2")
    } else {
        c("first component", "second component")
    }
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$first, .data$second,
        colour = .data$label
    )) +
        ggplot2::geom_point(size = 1.6, alpha = 0.8) +
        ggplot2::facet_wrap(ggplot2::vars(.data$space), scales = "free") +
        ggplot2::labs(
            x = axes[1L], y = axes[2L], colour = NULL,
            title = "Samples before and after"
        ) +
        study_theme() +
        if (is.null(colour)) ggplot2::theme(legend.position = "none")
}

check_has_history <- function(fit, call = rlang::caller_env()) {
    if (is.null(fit$history)) {
        abort_input(c(
            "{.arg type} cannot be {.val history} for this fit.",
            x = "Nothing was trained: it has no epochs.",
            i = "{.code type = \"space\"} draws the space itself."
        ), call = call)
    }
}
