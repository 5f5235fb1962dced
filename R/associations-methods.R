#' Look into a fit
#'
#' @param x,object A fit of [learn_associations()].
#' @param newdata,data Pairs: a data frame with the columns `from` and `to`.
#' @param type What to predict: `"score"`, or `"prob"`, the probability that
#'   the genes of a pair are partners (fits with `combine = TRUE`).
#' @param prior Share of partners among the pairs that are asked about, for
#'   `type = "prob"`. The default is that of the held-out pairs which the
#'   probabilities were learned on, five others to a partner; among all pairs
#'   of a genome it is below 0.01.
#' @param ... For `predict` and `augment`: further arguments of
#'   [score_pairs()]. Else not used.
#'
#' @return
#' * `tidy`: a data frame with a row for each layer: `layer`, `type`, `n_in`,
#'   `n_out`, `parameters` (their number), `norm` (their L2 norm).
#' * `glance`: a data frame with one row: `genes`, `pairs`, `dimensions`,
#'   `members` (networks), `parameters` (of each), `epochs` (trained),
#'   `best_epoch` (both of the first), `loss`, `accuracy` (of the last epoch, on
#'   training batches), `validation_auc`, `input_share` (the learned share of
#'   the input in the residual blend; these are means over the networks),
#'   `combined`, `precision`.
#' * `augment`: `data` with the columns `.score` and `.cosine`.
#' * `predict`: a data frame with the column `.pred`, a row for each pair in
#'   order, `NA` where a gene has no vector.
#' * `summary`: the history and the layers, for printing.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 2, batch_size = 64, threads = 1)
#' )
#' glance(fit)
#' tidy(fit)
#' head(predict(fit, organism$pairs))
#' @name association_fit
NULL

#' @method print association_fit
#' @export
print.association_fit <- function(x, ...) {
    row <- glance(x)
    cli::cat_line("<association_fit>")
    cli::cat_line(
        "  ", row$genes, " genes x ", row$dimensions, " dimensions, trained ",
        "on ", row$pairs, " pairs"
    )
    cli::cat_line(
        "  ", row$members, " network", if (row$members > 1L) "s", " of ",
        format(row$parameters, big.mark = ","), " parameters (",
        row$precision, " precision)", if (row$combined) {
            ",\n  combined with propagation of known partners"
        }
    )
    cli::cat_line(
        "  epoch ", row$epochs, " of ", x$control$epochs, sprintf(
            ": loss %.3f, batch accuracy %.1f %% (training pairs)",
            row$loss, 100 * row$accuracy
        )
    )
    if (!is.na(row$validation_auc)) {
        cli::cat_line(sprintf(
            "  validation AUC %.3f on %d pairs%s", row$validation_auc,
            nrow(x$validation), if (is.na(row$best_epoch)) {
                ""
            } else {
                paste0(" (best epoch ", row$best_epoch, ")")
            }
        ))
    }
    cli::cat_line("  held-out figures: evaluate(fit, test)")
    invisible(x)
}

#' @rdname association_fit
#' @method summary association_fit
#' @export
summary.association_fit <- function(object, ...) {
    structure(
        list(
            glance = glance(object), layers = tidy(object),
            history = object$history, fit = object
        ),
        class = "summary.association_fit"
    )
}

#' @method print summary.association_fit
#' @export
print.summary.association_fit <- function(x, ...) {
    print(x$fit)
    print(x$fit$encoder)
    print(x$fit$objective)
    cli::cat_line("Layers")
    print(x$layers, row.names = FALSE, digits = 4)
    cli::cat_line("History")
    shown <- unique(round(seq(1, nrow(x$history), length.out = 10)))
    print(x$history[shown, ], row.names = FALSE, digits = 4)
    invisible(x)
}

#' @rdname association_fit
#' @importFrom generics tidy
#' @method tidy association_fit
#' @export
tidy.association_fit <- function(x, ...) {
    layers <- layer_table(x$network)
    last <- cumsum(layers$parameters)
    parameters <- x$members[[1L]]$parameters
    layers$norm <- vapply(seq_along(last), function(i) {
        n <- layers$parameters[i]
        values <- parameters[seq.int(last[i] - n + 1, length.out = n)]
        sqrt(sum(values^2))
    }, numeric(1))
    layers
}

#' @rdname association_fit
#' @importFrom generics glance
#' @method glance association_fit
#' @export
glance.association_fit <- function(x, ...) {
    by_member <- lapply(seq_along(x$members), member_summary, fit = x)
    mean_of <- function(name) mean(vapply(by_member, `[[`, numeric(1), name))
    data.frame(
        genes = length(x$genes), pairs = nrow(x$pairs),
        dimensions = ncol(x$vectors), members = length(x$members),
        parameters = length(x$members[[1L]]$parameters),
        epochs = by_member[[1L]]$epochs,
        best_epoch = by_member[[1L]]$best_epoch,
        loss = mean_of("loss"), accuracy = mean_of("accuracy"),
        validation_auc = mean_of("validation_auc"),
        input_share = mean_of("input_share"),
        combined = !is.null(x$combination), precision = x$control$precision
    )
}

# what glance() tells of one network
member_summary <- function(i, fit) {
    member <- fit$members[[i]]
    history <- fit$history[fit$history$member == i, ]
    last <- history[nrow(history), ]
    best <- member$best_epoch
    layers <- layer_table(fit$network)
    blend <- which(layers$type == "blend")
    list(
        epochs = nrow(history),
        best_epoch = if (is.null(best)) NA_integer_ else best,
        loss = last$loss, accuracy = last$accuracy,
        validation_auc = history$validation_auc[
            if (is.null(best)) nrow(history) else best
        ],
        input_share = if (length(blend) == 1L) {
            stats::plogis(member$parameters[cumsum(layers$parameters)[blend]])
        } else {
            NA_real_
        }
    )
}

#' @rdname association_fit
#' @importFrom generics augment
#' @method augment association_fit
#' @export
augment.association_fit <- function(x, data = x$pairs, ...) {
    scored <- score_pairs(x, data, ...)
    data <- as.data.frame(data)
    data$.score <- scored$score
    data$.cosine <- scored$cosine
    data
}

#' @rdname association_fit
#' @method predict association_fit
#' @export
predict.association_fit <- function(object, newdata,
                                    type = c("score", "prob"),
                                    prior = 1 / 6, ...) {
    type <- check_choice(type, c("score", "prob"))
    prior <- check_number(prior, 0, 1, open = TRUE)
    if (missing(newdata)) {
        abort_input(c(
            "{.arg newdata} is missing.",
            i = "Give the pairs to score: a data frame with {.code from} and
            {.code to}."
        ))
    }
    if (type == "score") {
        return(data.frame(.pred = score_pairs(object, newdata, ...)$score))
    }
    if (is.null(object$combination)) {
        abort_input(c(
            "{.arg type} cannot be {.val prob} for this fit.",
            x = "It was learned with {.code combine = FALSE}."
        ))
    }
    if ("how" %in% ...names()) {
        abort_input(c(
            "{.arg how} goes with {.code type = \"score\"} alone.",
            x = "Probabilities are those of the combined score."
        ))
    }
    scored <- score_pairs(object, newdata, how = "combined", ...)
    data.frame(.pred = score_probability(scored$score, prior))
}

# combined scores are log-odds where one pair in six is a pair of partners
score_probability <- function(score, prior) {
    shift <- stats::qlogis(prior) - stats::qlogis(calibrated_prior)
    stats::plogis(score + shift)
}

# share of training pairs among all pairs of the fit's genes
pair_density <- function(fit) {
    n <- length(fit$genes)
    nrow(fit$pairs) / (n * (n - 1) / 2)
}
