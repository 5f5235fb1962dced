#' Fits of learn_transcripts()
#'
#' @param x,object,fit A fit of [learn_transcripts()].
#' @param newdata Transcripts, as [encode_transcripts()] returns them or takes
#'   them, with as many tracks as those of the fit. `NULL`: those of the fit.
#' @param ... Not used.
#' @return `encode()`: a matrix transcripts x dimensions, of whole transcripts
#'   without crops and masks. `predict()`: the same. `tidy()`: a data frame with
#'   a row for each epoch: `epoch`, `loss`, `hits` (share of views whose other
#'   view is the nearest of the batch), `mean_cosine` (of two encodings of a
#'   batch), `dead` (share of dimensions that are the same in all of a batch),
#'   `learning_rate` and, where sets are watched, `validation_loss`. `glance()`:
#'   one row, `method`, `transcripts`, `sets`, `tracks`, `dimensions`, the last
#'   `loss` and `hits`, and what shows a space that has collapsed:
#'   `effective_rank`, `top_share`, `dead` and `mean_cosine` (see
#'   [samples_fit]). `augment()`: a row for each transcript, `transcript`,
#'   `length` (bases) and the first two principal components of the encodings,
#'   `space1` and `space2`. `autoplot()`: a `ggplot`.
#' @section Errors: Of class `kith_error_input`: new transcripts with other
#'   tracks than the fit's, or that do not begin with their coding sequence
#'   where the encoder reads codons of such; a `colour` of another length.
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(20, codons = c(20, 40))
#' x <- encode_transcripts(cells$transcripts)
#' fit <- learn_transcripts(x, cells$gene,
#'     encoder = encoder_conv(c(8, 16), hidden = integer(0)),
#'     control = train_control(epochs = 3, threads = 1)
#' )
#' glance(fit)
#' head(augment(fit))
#' ggplot2::autoplot(fit, colour = cells$homology[cells$gene])
#' @name transcripts_fit
NULL

#' @rdname transcripts_fit
#' @method encode transcripts_fit
#' @export
encode.transcripts_fit <- function(fit, newdata = NULL, ...) {
    rlang::check_dots_empty()
    if (is.null(newdata)) {
        return(fit$encoded)
    }
    encode_sequences(
        new_transcripts_of(fit, newdata), fit$encoder, fit$member, fit$control,
        fit$method$positions
    )
}

# new transcripts, checked against those of the fit
new_transcripts_of <- function(fit, newdata, name = "newdata",
                               call = rlang::caller_env()) {
    if (!inherits(newdata, "transcripts")) {
        newdata <- encode_transcripts(newdata)
    }
    if (length(newdata) == 0L) {
        abort_input("{.arg {name}} must have at least one transcript.",
            call = call
        )
    }
    if (newdata$tracks != fit$tracks) {
        way_out <- if (fit$tracks == 6L) {
            "Give {.arg cds} and {.arg exons} to {.fn encode_transcripts}; where
            none of the transcripts has any, set {.code {name}$tracks <- 6L}."
        } else {
            "Leave {.arg cds} and {.arg exons} of {.fn encode_transcripts} away,
            or set {.code {name}$tracks <- 4L}."
        }
        abort_input(c(
            "{.arg {name}} must have the {fit$tracks} tracks of the fit.",
            x = "It has {newdata$tracks}: letters {if (newdata$tracks == 6L)
            'with' else 'without'} codons and exons.",
            i = way_out
        ), call = call)
    }
    check_frame(fit, newdata, call)
    newdata
}

# An encoder that takes three bases at a time reads codons where rows begin with
# one.
check_frame <- function(fit, newdata, call) {
    in_codons <- isTRUE(fit$encoder$fold == 3) && fit$begins_coding
    if (in_codons && !begins_coding(newdata)) {
        other <- which(!newdata$cds_start %in% 1L)[1L]
        abort_input(c(
            "{.arg newdata} must begin with coding sequences, as the
            transcripts of the fit do: its encoder reads codons.",
            x = "That of {.val {newdata$id[other]}} begins at base
            {newdata$cds_start[other]}.",
            i = "Encode the coding sequences alone, with {.arg cds} from base 1
            to their end."
        ), call = call)
    }
}

#' @rdname transcripts_fit
#' @method predict transcripts_fit
#' @export
predict.transcripts_fit <- function(object, newdata = NULL, ...) {
    encode(object, newdata, ...)
}

#' @rdname transcripts_fit
#' @method tidy transcripts_fit
#' @export
tidy.transcripts_fit <- function(x, ...) {
    x$history %||% data.frame(
        epoch = integer(), loss = numeric(), hits = numeric()
    )
}

#' @rdname transcripts_fit
#' @method glance transcripts_fit
#' @export
glance.transcripts_fit <- function(x, ...) {
    last <- function(column) {
        utils::tail(x$history[[column]], 1L) %||% NA_real_
    }
    data.frame(
        method = x$method$name, transcripts = nrow(x$encoded),
        sets = x$n_sets, tracks = x$tracks, dimensions = ncol(x$encoded),
        loss = last("loss"), hits = last("hits"), x$diagnostics
    )
}

#' @rdname transcripts_fit
#' @method augment transcripts_fit
#' @export
augment.transcripts_fit <- function(x, newdata = NULL, ...) {
    rlang::check_dots_empty()
    length <- x$length
    if (!is.null(newdata)) {
        newdata <- new_transcripts_of(x, newdata)
        length <- newdata$length
    }
    encoded <- encode(x, newdata)
    axes <- stats::prcomp(encode(x), rank. = 2L)
    at <- stats::predict(axes, encoded)
    data.frame(
        transcript = rownames(encoded), length = length, space1 = at[, 1L],
        space2 = at[, 2L], row.names = NULL
    )
}

#' @method print transcripts_fit
#' @export
print.transcripts_fit <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<transcripts_fit>")
    cli::cat_line(
        "  ", row$transcripts, " transcripts in ", row$sets, " sets, ",
        row$tracks, " tracks"
    )
    cli::cat_line(if (is.null(x$history)) {
        paste0("  ", row$method)
    } else {
        sprintf(
            "  %s (%s), %d epochs, last loss %.3g, hits %.0f%%", row$method,
            x$method$preset, nrow(x$history), row$loss, 100 * row$hits
        )
    })
    cli::cat_line(sprintf(
        "  %d dimensions, effective rank %.1f, mean cosine %.2f",
        row$dimensions, row$effective_rank, row$mean_cosine
    ))
    cli::cat_line("  new transcripts: encode(fit, newdata)")
    invisible(x)
}

#' @rdname transcripts_fit
#' @method summary transcripts_fit
#' @export
summary.transcripts_fit <- function(object, ...) {
    structure(
        list(
            glance = glance(object),
            layers = layer_table(object$network), fit = object
        ),
        class = "summary.transcripts_fit"
    )
}

#' @method print summary.transcripts_fit
#' @export
print.summary.transcripts_fit <- function(x, ...) {
    print(x$fit)
    cli::cat_line("Layers of the encoder")
    print(x$layers, row.names = FALSE)
    cli::cat_line("Diagnostics of the encodings")
    print(x$glance[c("effective_rank", "top_share", "dead", "mean_cosine")],
        row.names = FALSE, digits = 3
    )
    invisible(x)
}

#' @rdname transcripts_fit
#' @param type `"space"`: transcripts in the first two principal components of
#'   their encodings; `"history"`: what [tidy()][transcripts_fit] has, by epoch.
#' @param colour A vector to colour transcripts by, with a value for each.
#'   `NULL`: the logarithm of their length.
#' @importFrom ggplot2 autoplot
#' @method autoplot transcripts_fit
#' @export
autoplot.transcripts_fit <- function(object, type = c("space", "history"),
                                     colour = NULL, newdata = NULL, ...) {
    rlang::check_dots_empty()
    type <- check_choice(type, c("space", "history"))
    if (type == "history") {
        check_has_history(object)
        return(plot_sample_history(object$history, "Training on transcripts"))
    }
    rows <- augment(object, newdata)
    if (!is.null(colour) && length(colour) != nrow(rows)) {
        abort_input(c(
            "{.arg colour} must have a value for each of the {nrow(rows)}
            transcripts.",
            x = "It has {length(colour)}."
        ))
    }
    rows$label <- unname(colour) %||% log10(rows$length)
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$space1, .data$space2,
        colour = .data$label
    )) +
        ggplot2::geom_point(size = 1.6, alpha = 0.8) +
        ggplot2::labs(
            x = "first component", y = "second component",
            colour = if (is.null(colour)) "log10 length", title = "Transcripts"
        ) +
        study_theme()
}
