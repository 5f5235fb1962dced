#' Do scores follow the number of known partners?
#'
#' Known pairs in groups of equal size by the mean degree of their two genes:
#' what the vectors and the score say of each group. The published model gives
#' lower scores to hubs (Spearman -0.590), while the cosine does not care.
#'
#' Groups are made within each setting and subset. `auc` compares the pairs of a
#' group with negatives (uniform ones) whose mean degree lies in the range of
#' that group, so degree does not help to tell them apart.
#'
#' @inheritParams sweep_blend
#' @param groups Number of groups by degree; fewer where degrees are tied.
#' @return A data frame of class `degree_profile`, a row for each setting,
#'   subset (`"all"`, `"cross-boundary"`) and group: `setting`, `subset`,
#'   `group` (1: lowest degree), `degree_min`, `degree_max`, `pairs`, means of
#'   the known pairs with their intervals (bootstrap over genes): `cosine`,
#'   `cosine_lower`, `cosine_upper`, `score`, `score_lower`, `score_upper`,
#'   `gain` (score less cosine; only of use where the score is on the scale of a
#'   cosine), then `auc` and `cosine_auc` with `negatives` (their number; `NA`
#'   without). `summary()` gives Spearman's correlation of the degree: a row for
#'   each setting, subset and `measure` (`"score"`, `"cosine"`, `"gain"`) with
#'   `rho`, `lower`, `upper`. `autoplot()` draws it.
#' @section Errors: As [scored_pairs()].
#' @references J. Dury (2026). arXiv:2603.20955 (degree dependence).
#' @family studies
#' @examples
#' set.seed(1)
#' scored <- data.frame(
#'     from = paste0("A", 1:200), to = paste0("B", 1:200),
#'     cosine = runif(200, -1, 1), degree = rpois(200, 30)
#' )
#' scored$score <- rnorm(200) - scored$degree / 30
#' found <- degree_profile(scored, draws = 100)
#' found
#' summary(found)
#' @export
degree_profile <- function(x, test = NULL, groups = 5, boundary = 0.2,
                           draws = 1000, level = 0.95) {
    groups <- check_count(groups, min = 2)
    design <- scored_design(boundary, draws, level)
    scored <- scored_pairs(x, test)
    scored <- scored[scored$drawn != "matched", ]
    subsets <- scored_subsets(scored, design)[c("all", "cross-boundary")]
    found <- lapply(unique(scored$setting), function(setting) {
        lapply(names(subsets), function(subset) {
            kept <- scored[scored$setting == setting & subsets[[subset]], ]
            if (sum(kept$positive) >= groups) {
                profile_degrees(kept, setting, subset, groups, design)
            }
        })
    })
    found <- Filter(Negate(is.null), do.call(c, found))
    if (length(found) == 0L) {
        abort_input(c(
            "{.arg x} must have at least {groups} known pairs in a setting.",
            x = "It has {sum(scored$positive)} altogether."
        ))
    }
    new_study(
        do.call(rbind, lapply(found, `[[`, "groups")), "degree_profile",
        correlation = do.call(rbind, lapply(found, `[[`, "correlation"))
    )
}

# list(groups, correlation) of one setting and subset
profile_degrees <- function(scored, setting, subset, groups, design) {
    known <- scored[scored$positive, ]
    breaks <- unique(stats::quantile(
        known$degree, seq(0, 1, length.out = groups + 1L),
        names = FALSE
    ))
    # one degree for all makes one group
    if (length(breaks) == 1L) breaks <- breaks + c(-0.5, 0.5)
    group <- cut(known$degree, breaks, labels = FALSE, include.lowest = TRUE)
    known$gain <- known$score - known$cosine
    drawn <- draw_degrees(known, group, design$draws)
    rows <- lapply(sort(unique(group)), function(g) {
        mine <- group == g
        degree <- range(known$degree[mine])
        bounds <- lapply(c(cosine = "cosine", score = "score"), function(name) {
            interval_of(drawn$means[[name]][[as.character(g)]], design$level)
        })
        data.frame(
            setting = setting, subset = subset, group = g,
            degree_min = degree[1], degree_max = degree[2], pairs = sum(mine),
            cosine = mean(known$cosine[mine]),
            cosine_lower = bounds$cosine[1], cosine_upper = bounds$cosine[2],
            score = mean(known$score[mine]),
            score_lower = bounds$score[1], score_upper = bounds$score[2],
            gain = mean(known$gain[mine]), group_auc(scored, degree)
        )
    })
    correlation <- lapply(profile_measures, function(measure) {
        bounds <- interval_of(drawn$rho[[measure]], design$level)
        data.frame(
            setting = setting, subset = subset, measure = measure,
            rho = spearman(known$degree, known[[measure]]),
            lower = bounds[1], upper = bounds[2]
        )
    })
    list(
        groups = do.call(rbind, rows),
        correlation = do.call(rbind, correlation)
    )
}

profile_measures <- c("score", "cosine", "gain")

# AUC of score and cosine among pairs whose degree is in a range
group_auc <- function(scored, range) {
    near <- scored$degree >= range[1] & scored$degree <= range[2]
    positive <- scored$positive[near]
    both <- !all(positive)
    data.frame(
        auc = if (both) auc(scored$score[near], positive) else NA_real_,
        cosine_auc = if (both) {
            auc(scored$cosine[near], positive)
        } else {
            NA_real_
        },
        negatives = if (all(scored$positive)) NA_integer_ else sum(!positive)
    )
}

interval_of <- function(values, level) {
    if (length(values) == 0L) {
        return(c(NA_real_, NA_real_))
    }
    tails <- c(1 - level, 1 + level) / 2
    stats::quantile(values, tails, na.rm = TRUE, names = FALSE)
}

# Bootstrap of genes: list(means = for each measure the means of each group by
# draw, rho = for each measure Spearman with degree by draw). A pair counts as
# often as both its genes are drawn. NULL without draws.
draw_degrees <- function(known, group, draws) {
    if (draws == 0L) {
        return(NULL)
    }
    index <- index_pair_genes(known, nrow(known))
    blocks <- split(seq_len(draws), (seq_len(draws) - 1L) %/% 50L)
    parts <- lapply(unname(blocks), function(block) {
        counts <- stats::rmultinom(length(block), index$n, rep(1, index$n))
        times <- counts[index$from + 1L, , drop = FALSE] *
            counts[index$to + 1L, , drop = FALSE]
        storage.mode(times) <- "double"
        list(
            means = lapply(known[profile_measures], function(values) {
                rowsum(times * values, group) / rowsum(times, group)
            }),
            rho = spearman_draws(known$degree, known[profile_measures], times)
        )
    })
    collect <- function(part, bind) {
        lapply(stats::setNames(nm = profile_measures), function(measure) {
            do.call(bind, lapply(parts, function(p) p[[part]][[measure]]))
        })
    }
    means <- lapply(collect("means", cbind), function(means) {
        split(means, rownames(means))
    })
    list(means = means, rho = collect("rho", c))
}

# spearman(rep(x, t), rep(y, t)) for each y of a list and each column t of
# times, without the copies
spearman_draws <- function(x, ys, times) {
    n <- colSums(times)
    centred_ranks <- function(values) {
        at <- match(values, sort(unique(values)))
        sizes <- rowsum(times, at)
        ranks <- apply(sizes, 2L, cumsum)
        dim(ranks) <- dim(sizes)
        # the mean rank of n values is (n + 1) / 2
        (ranks - (sizes - 1) / 2)[at, , drop = FALSE] -
            rep((n + 1) / 2, each = length(values))
    }
    x <- centred_ranks(x)
    spread <- colSums(times * x^2)
    lapply(ys, function(y) {
        y <- centred_ranks(y)
        rho <- colSums(times * x * y) / sqrt(spread * colSums(times * y^2))
        rho[!is.finite(rho)] <- NA_real_
        rho
    })
}

#' @method summary degree_profile
#' @export
summary.degree_profile <- function(object, ...) {
    told <- attr(object, "correlation")
    rownames(told) <- NULL
    told
}

#' @method print degree_profile
#' @export
print.degree_profile <- function(x, ...) {
    told <- attr(x, "correlation")
    if (is.null(told) || lacks_columns(x, c("group", "score"))) {
        return(NextMethod())
    }
    cli::cat_line("<degree_profile> Spearman of degree with score and cosine")
    wide <- told[told$measure != "gain", ]
    wide$line <- paste0(wide$subset, ", ", wide$measure)
    print_wide(wide, "line", "rho", function(x) sprintf("%+.3f", x))
    cli::cat_line(
        "Groups from few to many partners: mean score (mean cosine) of known ",
        "pairs"
    )
    rows <- unclass_study(x)
    rows$cell <- sprintf("%.3f (%.3f)", rows$score, rows$cosine)
    rows$line <- paste0(rows$subset, ", Q", rows$group, if (
        length(unique(rows$setting)) == 1L) {
        paste0(
            ", degree ", format_number(rows$degree_min), " to ",
            format_number(rows$degree_max), ", ", rows$pairs, " pairs"
        )
    })
    print_wide(rows, "line", "cell", identity)
    invisible(x)
}
