#' Distribution of scores by cosine
#'
#' How scores spread among pairs that look alike, and among those that do not.
#'
#' @inheritParams sweep_boundary
#' @param breaks Bounds of the bins of the cosine, rising, from -1 or below to 1
#'   or above; a bin holds its lower bound.
#' @return A data frame of class `score_distribution`, a row for each setting,
#'   bin and kind of pairs: `setting`, `bin` (a label), `cosine_min`,
#'   `cosine_max`, `kind` (`"known pairs"`, `"random pairs"`), `n`, `share` (of
#'   the kind), `mean_cosine`, `mean_score`, `sd_score` and the quantiles `q05`,
#'   `q25`, `q50`, `q75`, `q95` of the score. Empty bins have no row.
#'   `autoplot()` draws it.
#' @section Errors: As [scored_pairs()]. Of class `kith_error_input`: breaks
#'   that do not rise, or do not cover -1 to 1.
#' @references J. Dury (2026). arXiv:2603.20955 (score distributions).
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = "A", to = paste0("B", 1:400), cosine = runif(400, -1, 1),
#'     score = rnorm(400), positive = rep(c(TRUE, FALSE), c(100, 300))
#' )
#' score_distribution(scored)
#' @export
score_distribution <- function(x, test = NULL,
                               breaks = c(-1, -0.2, 0, 0.2, 0.5, 1)) {
    breaks <- check_breaks(breaks)
    scored <- scored_pairs(x, test)
    scored <- scored[scored$drawn != "matched", ]
    kind <- ifelse(scored$positive, "known pairs", "random pairs")
    # rounding may carry a cosine past 1
    cosine <- pmin(pmax(scored$cosine, breaks[1]), breaks[length(breaks)])
    bin <- findInterval(cosine, breaks, rightmost.closed = TRUE)
    group <- interaction(bin, kind, scored$setting,
        drop = TRUE, lex.order = FALSE
    )
    rows <- lapply(split(seq_along(bin), group), function(mine) {
        score <- scored$score[mine]
        first <- mine[1]
        b <- bin[first]
        here <- scored$setting == scored$setting[first]
        quantiles <- stats::quantile(
            score, c(0.05, 0.25, 0.5, 0.75, 0.95),
            names = FALSE
        )
        data.frame(
            setting = scored$setting[first],
            bin = paste(format_number(breaks[b]), "to",
                format_number(breaks[b + 1L])
            ),
            cosine_min = breaks[b], cosine_max = breaks[b + 1L],
            kind = kind[first], n = length(mine),
            share = length(mine) / sum(here & kind == kind[first]),
            mean_cosine = mean(scored$cosine[mine]), mean_score = mean(score),
            sd_score = stats::sd(score), q05 = quantiles[1],
            q25 = quantiles[2], q50 = quantiles[3], q75 = quantiles[4],
            q95 = quantiles[5]
        )
    })
    rows <- do.call(rbind, rows)
    order <- order(
        match(rows$setting, unique(scored$setting)), rows$cosine_min, rows$kind
    )
    new_study(rows[order, ], "score_distribution")
}

format_number <- function(x) format(x, digits = 3, trim = TRUE)

check_breaks <- function(breaks, call = rlang::caller_env()) {
    ok <- is.numeric(breaks) && length(breaks) >= 2L &&
        all(is.finite(breaks)) && all(diff(breaks) > 0) &&
        breaks[1] <= -1 && breaks[length(breaks)] >= 1
    if (!ok) {
        abort_input(c(
            "{.arg breaks} must be rising numbers that cover -1 to 1.",
            x = "It is {describe_value(breaks)}."
        ), call = call)
    }
    breaks
}

#' Example pairs
#'
#' Pairs by name, with their place among random pairs: the cases that a reader
#' remembers, such as C7orf26 and INTS1, which hardly look alike.
#'
#' @inheritParams sweep_boundary
#' @param pairs Pairs to show, a data frame with the columns `from` and `to` (in
#'   either order). Pairs that a fit has in no setting are scored as
#'   `"not listed"`. `NULL`: of each setting the `n` known pairs with an
#'   absolute cosine below `boundary` that score highest, of different genes.
#'   Such a choice shows a model at its best and measures nothing.
#' @param n How many to show for each setting where `pairs` is `NULL`.
#' @param boundary Bound of the absolute cosine for these.
#' @return A data frame of class `example_pairs`, in the order of `pairs` or of
#'   settings and scores: `from`, `to`, `setting`, `degree`, `cosine`, `score`,
#'   `cosine_percentile`, `score_percentile`: percent of the random pairs of the
#'   setting that lie below (of all pairs of the table where it has no random
#'   ones). `autoplot()` draws it.
#' @section Errors: As [scored_pairs()]. Of class `kith_error_input`: a pair
#'   that a table does not have, or of genes that a fit does not know.
#' @references J. Dury (2026). arXiv:2603.20955 (named examples).
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = "A", to = paste0("B", 1:400), cosine = runif(400, -1, 1),
#'     score = rnorm(400), positive = rep(c(TRUE, FALSE), c(100, 300))
#' )
#' example_pairs(scored, data.frame(from = "A", to = c("B3", "B9")))
#' @export
example_pairs <- function(x, pairs = NULL, test = NULL, n = 5,
                          boundary = 0.2) {
    n <- check_count(n)
    boundary <- check_number(boundary, 0, 1, open = TRUE)
    scored <- scored_pairs(x, test)
    shown <- if (is.null(pairs)) {
        best_examples(scored[scored$positive, ], n, boundary)
    } else {
        fit <- if (inherits(x, "association_fit")) x
        named_examples(scored, pair_rows(pairs), fit)
    }
    place_examples(shown, scored)
}

# examples with their percentiles among the random pairs of their setting
place_examples <- function(shown, scored) {
    random <- scored$drawn == "uniform"
    percentile <- function(row, measure) {
        here <- random & scored$setting == shown$setting[row]
        if (!any(here)) here <- random
        if (!any(here)) here <- rep(TRUE, nrow(scored))
        100 * mean(scored[[measure]][here] < shown[[measure]][row])
    }
    rows <- seq_len(nrow(shown))
    columns <- c("from", "to", "setting", "degree", "cosine", "score")
    shown <- unclass_study(shown)[columns]
    shown$cosine_percentile <- vapply(rows, percentile, 0, "cosine")
    shown$score_percentile <- vapply(rows, percentile, 0, "score")
    new_study(shown, "example_pairs")
}

# the n best scored pairs of each setting that do not look alike, genes once
best_examples <- function(scored, n, boundary) {
    far <- scored[abs(scored$cosine) < boundary, ]
    do.call(rbind, lapply(unique(far$setting), function(setting) {
        mine <- far[far$setting == setting, ]
        mine <- mine[order(-mine$score), ]
        used <- character()
        kept <- integer()
        for (i in seq_len(nrow(mine))) {
            ends <- c(mine$from[i], mine$to[i])
            if (length(kept) < n && !any(ends %in% used)) {
                kept <- c(kept, i)
                used <- c(used, ends)
            }
        }
        mine[kept, ]
    }))
}

# pairs as the table has them; a fit scores those that it has not
named_examples <- function(scored, pairs, fit, call = rlang::caller_env()) {
    key <- function(x) paste(pmin(x$from, x$to), pmax(x$from, x$to), sep = "\r")
    # a pair may be drawn as a negative more than once
    at <- match(key(pairs), key(scored))
    missing <- which(is.na(at))
    if (length(missing) > 0L && is.null(fit)) {
        first <- pairs[missing[1], ]
        abort_input(c(
            "{.arg pairs} must be pairs of the table {.arg x}.",
            x = "{.val {first$from}} and {.val {first$to}} are not in it."
        ), call = call)
    }
    shown <- unclass_study(scored)[at, ]
    shown[c("from", "to")] <- pairs[c("from", "to")]
    if (length(missing) > 0L) {
        found <- score_pairs(fit, pairs[missing, ],
            how = attr(scored, "fit_how")
        )
        shown$setting[missing] <- "not listed"
        shown$cosine[missing] <- found$cosine
        shown$score[missing] <- found$score
        shown$degree[missing] <- mean_degree(
            pairs[missing, ], known_pairs(fit)
        )
    }
    shown[!is.na(shown$score), ]
}
