#' What a ranking rests on
#'
#' How much each mark, or each bin of each mark, matters to the scores of a fit.
#'
#' * `method = "permutation"`: by how much the concordance falls when the values
#'   of a mark (all of its bins together), or of one bin, are exchanged between
#'   genes. Marks that tell the same stand in for each other, so each alone may
#'   seem to matter little: [mark_ablation()] shows that.
#' * `method = "gradients"`: integrated gradients (Sundararajan et al. 2017).
#'   The score of a gene less that of the mean gene is divided among the
#'   features by following the straight line from one to the other in `steps`
#'   steps. Shares of a gene add up to that difference, and are positive where
#'   the gene's value raises its score. A forest has no gradient: it is left
#'   out, with a message.
#'
#' @param fit A fit of [learn_ranking()].
#' @param newdata,y Marks and expression of genes, best of genes that were kept
#'   out of training. `y` is needed for permutations.
#' @param by `"mark"` or `"bin"`. Permuting bins takes a pass for each, so up to
#'   a few hundred.
#' @param method `"permutation"` or `"gradients"`.
#' @param repeats How many times each is permuted.
#' @param steps Steps of the way from the mean gene.
#' @param seed A whole number that decides the permutations; `NULL`: R's stream
#'   does.
#'
#' @return A data frame of class `ranking_importance` with a row for each mark
#'   or bin: `mark`, `bin` (with `by = "bin"`), `importance` (loss of
#'   concordance; of gradients the mean absolute share in the score), `se`
#'   (over repeats, or genes), and for gradients `direction` (the correlation of
#'   the share with the feature's value: does more of it raise the score?). Of
#'   gradients by mark, shares of the bins are added up first.
#' @section Errors: Of class `kith_error_input`: permutations without `y`, marks
#'   that are not those of the training.
#' @references Breiman L (2001). Random forests. Machine Learning 45. Fisher A,
#'   Rudin C, Dominici F (2019). All models are wrong, but many are useful. JMLR
#'   20. Sundararajan M, Taly A, Yan Q (2017). Axiomatic attribution for deep
#'   networks. ICML.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 300, n_bins = 20)
#' train <- 1:200
#' fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
#'     scorer = scorer_linear()
#' )
#' importance(fit, cells$marks[-train, , ], cells$expression[-train])
#' plot(importance(fit, cells$marks[-train, , ],
#'     by = "bin", method = "gradients"
#' ))
#' @export
importance <- function(fit, newdata, y = NULL, by = c("mark", "bin"),
                       method = c("permutation", "gradients"), repeats = 5,
                       steps = 20, seed = NULL) {
    check_class(fit, "ranking_fit", "learn_ranking")
    by <- check_choice(by, c("mark", "bin"))
    method <- check_choice(method, c("permutation", "gradients"))
    signal <- matching_signal(newdata, fit)
    result <- if (method == "permutation") {
        if (is.null(y)) {
            abort_input(c(
                "{.arg y} is needed to see how far the concordance falls.",
                i = "Give the expression of the genes, or use
                {.code method = \"gradients\"}."
            ))
        }
        data <- match_expression(signal, y)
        expression_ranks(data$y)
        permute_features(
            fit, data$signal, data$y, by, check_count(repeats),
            draw_key(or_null(seed, check_count, min = -.Machine$integer.max))
        )
    } else {
        attribute_scores(fit, signal, by, check_count(steps))
    }
    structure(result,
        class = c("ranking_importance", "data.frame"), method = method, by = by
    )
}

# the features of each mark or bin: a list of columns, with their table
feature_groups <- function(signal, by) {
    if (by == "mark" || signal$n_bins == 1L) {
        return(list(
            table = data.frame(mark = signal$marks),
            columns = lapply(signal$marks, mark_columns, signal = signal)
        ))
    }
    table <- expand.grid(
        bin = seq_len(signal$n_bins), mark = signal$marks,
        stringsAsFactors = FALSE
    )
    list(
        table = table[c("mark", "bin")],
        columns = as.list(seq_len(nrow(table)))
    )
}

permute_features <- function(fit, signal, y, by, repeats, key) {
    groups <- feature_groups(signal, by)
    n <- length(y)
    whole <- concordance(score_genes(fit, signal), y)
    orders <- lapply(seq_len(repeats), function(r) {
        # the same exchange of genes for all features
        order(.Call(
            C_draw_items, .Machine$integer.max, n, derive_key(key, "units", r)
        ))
    })
    falls <- vapply(groups$columns, function(columns) {
        vapply(orders, function(order) {
            changed <- signal
            changed$values[, columns] <- signal$values[order, columns]
            whole - concordance(score_genes(fit, changed), y)
        }, numeric(1))
    }, numeric(repeats))
    falls <- matrix(falls, repeats)
    cbind(
        groups$table,
        importance = colMeans(falls),
        se = apply(falls, 2L, stats::sd) / sqrt(repeats)
    )
}

# Shares of the features in the scores of genes, summed up by mark or bin.
attribute_scores <- function(fit, signal, by, steps) {
    shares <- integrated_gradients(fit, signal, steps)
    groups <- feature_groups(signal, by)
    by_group <- vapply(groups$columns, function(columns) {
        rowSums(shares[, columns, drop = FALSE])
    }, numeric(nrow(shares)))
    by_group <- matrix(by_group, nrow(shares))
    means <- vapply(groups$columns, function(columns) {
        rowMeans(signal$values[, columns, drop = FALSE])
    }, numeric(nrow(shares)))
    means <- matrix(means, nrow(shares))
    cbind(
        groups$table,
        importance = colMeans(abs(by_group)),
        se = apply(abs(by_group), 2L, stats::sd) / sqrt(nrow(shares)),
        direction = vapply(seq_len(ncol(by_group)), function(j) {
            if (stats::sd(means[, j]) > 0 && stats::sd(by_group[, j]) > 0) {
                stats::cor(means[, j], by_group[, j])
            } else {
                0
            }
        }, numeric(1))
    )
}

# ---- integrated gradients ---------------------------------------------------

# genes x features: shares in the score of each gene less that of the mean gene
integrated_gradients <- function(fit, signal, steps) {
    smooth <- vapply(fit$scorers, function(part) is.null(part$forest), NA)
    report_no_gradient(fit, smooth)
    with_one_blas_thread(Reduce(`+`, Map(function(part, weight) {
        if (is.null(part$members)) {
            return(weight * convex_shares(part, signal, fit, steps))
        }
        shares <- lapply(part$members, network_shares,
            part = part, signal = signal, fit = fit, steps = steps
        )
        weight * Reduce(`+`, shares) / length(shares)
    }, fit$scorers[smooth], fit$weights[smooth])))
}

# Trees are steps: they have no gradient.
report_no_gradient <- function(fit, smooth, call = rlang::caller_env(3)) {
    if (all(smooth)) {
        return(invisible())
    }
    left_out <- names(fit$scorers)[!smooth]
    if (!any(smooth)) {
        abort_input(c(
            "{.arg method} cannot be {.val gradients} for a fit of forests
            alone: trees have no gradient.",
            i = "Use {.code method = \"permutation\"}."
        ), call = call)
    }
    inform_kith(
        "Trees have no gradient: {.val {left_out}} is left out, and shares are
        those of {.val {names(fit$scorers)[smooth]}}.",
        class = "kith_message_importance"
    )
}

# The mean of the gradients at the middles of `steps` pieces of the line from
# the mean gene to each gene, times its length. gradient: of rows.
along_line <- function(x, steps, gradient) {
    mean_gene <- rep(colMeans(x), each = nrow(x))
    way <- x - mean_gene
    total <- 0
    for (step in seq_len(steps)) {
        total <- total + gradient(mean_gene + way * ((step - 0.5) / steps))
    }
    way * total / steps
}

# of bins as the scorer smooths them
convex_shares <- function(part, signal, fit, steps) {
    x <- apply_transform(smooth_signal(signal, part$scorer), part$transform)
    space <- part$space
    coefficients <- part$coefficients[, 1L]
    along_line(x, steps, function(x) {
        if (is.null(space$centres)) {
            slope <- coefficients * space$standardiser$scale
            return(matrix(slope, nrow(x), length(slope), byrow = TRUE))
        }
        scale_marks(space, kernel_slope(
            scale_marks(space, x), space, coefficients, fit$control$threads
        ))
    })
}

# Gradient of sum_c a_c exp(-|x - c| / w) by x: a_c k_c (c - x) / (w |x - c|)
kernel_slope <- function(x, space, coefficients, threads) {
    kernel <- kernel_matrix(x, space$centres, space$width, threads)
    distance <- -space$width * log(kernel)
    # at a centre the kernel has no slope
    weight <- ifelse(distance > 0, kernel / (space$width * distance), 0) *
        rep(coefficients, each = nrow(x))
    weight %*% space$centres - rowSums(weight) * x
}

network_shares <- function(member, part, signal, fit, steps) {
    x <- apply_transform(signal, member$input$transform)
    input <- network_input(
        part$scorer, x, fit$n_bins, member$input$standardiser
    )
    shares <- along_line(input, steps, function(rows) {
        network_slope(
            part$network, fit$control$precision, member$parameters, rows,
            fit$control$threads, member$state %||% double()
        )
    })
    shares[, feature_order(part$scorer, fit$n_bins, ncol(x)), drop = FALSE]
}
