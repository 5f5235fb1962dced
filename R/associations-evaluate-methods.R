#' Look into an evaluation
#'
#' @param x,object A result of [evaluate()][evaluate.association_fit].
#' @param ... Not used.
#'
#' @return
#' * `tidy`: the rows as a plain data frame.
#' * `glance`: a data frame with one row: the AUC of kith on all pairs of each
#'   setting (`edge_auc`, `one_auc`, `both_auc`, `transductive_auc`; `NA` where
#'   a setting is missing).
#' * `summary`: a data frame with a row for each setting and subset: `setting`,
#'   `subset`, `kith` (its AUC), `best_baseline` (which one), `baseline_auc`,
#'   `margin` (kith less the best baseline), `margin_lower`, `margin_upper` and
#'   `verdict`: `"above"` or `"below"` the best baseline where the interval of
#'   the margin leaves out 0, else `"not told apart"`, or
#'   `"no interval"` where there is none. The best of several baselines is
#'   picked by its AUC on the same pairs, so the verdict is on the strict side.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' parts <- split_pairs(gene_pairs(organism$pairs), by = "edge")
#' fit <- learn_associations(
#'     organism$vectors, parts$train,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(epochs = 3, batch_size = 64, threads = 1)
#' )
#' result <- evaluate(fit, parts, draws = 50)
#' glance(result)
#' summary(result)
#' @name association_evaluation
NULL

#' @rdname association_evaluation
#' @method tidy association_evaluation
#' @export
tidy.association_evaluation <- function(x, ...) {
    attr(x, "options") <- NULL
    class(x) <- "data.frame"
    x
}

#' @rdname association_evaluation
#' @method glance association_evaluation
#' @export
glance.association_evaluation <- function(x, ...) {
    rows <- tidy(x)
    rows <- rows[rows$subset == "all" & rows$scorer == "kith", ]
    auc_of <- function(setting) rows$auc[match(setting, rows$setting)]
    data.frame(
        edge_auc = auc_of(setting_names[1]),
        one_auc = auc_of(setting_names[2]),
        both_auc = auc_of(setting_names[3]),
        transductive_auc = auc_of("transductive")
    )
}

#' @rdname association_evaluation
#' @method summary association_evaluation
#' @export
summary.association_evaluation <- function(object, ...) {
    rows <- tidy(object)
    group <- paste(rows$setting, rows$subset)
    parts <- split(rows, factor(group, unique(group)))
    result <- do.call(rbind, lapply(parts, function(part) {
        others <- part[part$scorer != "kith", ]
        best <- others[which.max(others$auc), ]
        data.frame(
            setting = best$setting, subset = best$subset,
            kith = part$auc[part$scorer == "kith"],
            best_baseline = best$scorer, baseline_auc = best$auc,
            margin = best$margin, margin_lower = best$margin_lower,
            margin_upper = best$margin_upper, verdict = margin_verdict(best)
        )
    }))
    rownames(result) <- NULL
    result
}

margin_verdict <- function(row) {
    if (is.na(row$margin_lower) || is.na(row$margin_upper)) {
        "no interval"
    } else if (row$margin_lower > 0) {
        "above"
    } else if (row$margin_upper < 0) {
        "below"
    } else {
        "not told apart"
    }
}

#' @method print association_evaluation
#' @export
print.association_evaluation <- function(x, ...) {
    if (lacks_columns(x, c("setting", "subset", "scorer", "auc"))) {
        return(NextMethod())
    }
    options <- attr(x, "options")
    for (setting in unique(x$setting)) {
        rows <- x[x$setting == setting, ]
        cli::cat_line(setting_title(setting))
        for (subset in unique(rows$subset)) {
            print_subset(rows[rows$subset == subset, ], subset)
        }
    }
    if (!is.null(options)) {
        cli::cat_line(
            "Intervals: ", 100 * options$level, " % over genes, ",
            options$draws, " draws. Negatives: ", options$negatives, "."
        )
    }
    invisible(x)
}

setting_title <- function(setting) {
    if (setting == "transductive") {
        "transductive (trained on these pairs: says nothing about new ones)"
    } else {
        setting
    }
}

print_subset <- function(rows, subset) {
    cli::cat_line(
        "  ", subset, " pairs: ", rows$n_positive[1], " positive, ",
        rows$n_negative[1], " negative"
    )
    interval <- ifelse(is.na(rows$lower), "",
        sprintf(" [%.3f, %.3f]", rows$lower, rows$upper)
    )
    cli::cat_line(
        "    ", format(rows$scorer), "  AUC ", sprintf("%.3f", rows$auc),
        interval, "  AP ", sprintf("%.3f", rows$average_precision)
    )
}
