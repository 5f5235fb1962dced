#' Scorer: pairwise ranking in the space of a kernel
#'
#' Describes how [learn_ranking()] scores genes by their likeness to training
#' genes: f(x) is a weighted sum of Laplace kernels
#' \eqn{\exp(-|x - c| / (w m))} between a gene and the centres c, with m the
#' median distance of the centres. Marks are smoothed along their bins first.
#' Weights minimise the pairwise logistic loss over training genes, or squared
#' error, plus a penalty \eqn{\lambda / 2n} on the squared norm of f in the
#' space of the kernel: a convex problem, solved by L-BFGS
#' ([stats::optim()]).
#'
#' With a thousand genes and hundreds of bins it ranks better than networks and
#' random forests do. Several values of `width`, `penalty` and `scale` are
#' compared on genes held out within the training genes, and the best is kept.
#'
#' @param width Widths w of the kernel, in units of the median distance.
#' @param penalty Penalties \eqn{\lambda}, positive; they are tried from the
#'   largest to the smallest.
#' @param smooth Standard deviation, in bins, of the Gaussian that smooths each
#'   mark along the gene; 0 for none. `NULL` (default): 4 % of the bins, which
#'   is 400 bp of a window of 10 kb.
#' @param scale `"none"`: marks count by their variance; `"mark"`: each mark is
#'   divided by its standard deviation over all genes and bins. Both (default):
#'   the better of the two.
#' @param centres How many training genes are centres at most. With no more
#'   training genes than that the solution is exact; else centres are spread
#'   evenly over the genes (Nystroem features).
#' @param loss `"logistic"`: of pairs; `"squared"`: of the normal scores of the
#'   expression, which is kernel ridge regression.
#'
#' @return An object of class `scorer_kernel`, a `scorer`: a list of the
#'   arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Burges C et al. (2005). Learning to rank using gradient descent.
#'   ICML. Williams CKI, Seeger M (2001). Using the Nystroem method to speed up
#'   kernel machines. NIPS.
#' @family building blocks
#' @examples
#' scorer_kernel()
#' scorer_kernel(width = 2, penalty = c(1, 0.1), smooth = 2)
#' @export
scorer_kernel <- function(width = c(1, 2, 4),
                          penalty = c(10, 3, 1, 0.3, 0.1, 0.03),
                          smooth = NULL, scale = c("none", "mark"),
                          centres = 1200, loss = c("logistic", "squared")) {
    structure(
        list(
            width = check_positive(width),
            penalty = sort(check_positive(penalty), decreasing = TRUE),
            smooth = or_null(smooth, check_number, 0, 1e4),
            scale = check_several(scale, c("none", "mark")),
            centres = check_count(centres, min = 2),
            loss = check_choice(loss, c("logistic", "squared"))
        ),
        class = c("scorer_kernel", "scorer")
    )
}

#' Scorer: a linear score
#'
#' Describes the simplest scorer of [learn_ranking()]: f(x) is a weighted sum of
#' the features, each at mean 0 and standard deviation 1 over the training
#' genes. Weights minimise the pairwise logistic loss plus
#' \eqn{\lambda / 2n |w|^2}; the penalty is chosen on genes held out within the
#' training genes. It is what any other scorer has to beat.
#'
#' @inheritParams scorer_kernel
#'
#' @return An object of class `scorer_linear`, a `scorer`: a list of the
#'   arguments.
#' @inheritSection scorer_kernel Errors
#' @family building blocks
#' @examples
#' scorer_linear()
#' @export
scorer_linear <- function(penalty = c(3000, 1000, 300, 100, 30, 10, 3, 1),
                          smooth = NULL, loss = c("logistic", "squared")) {
    structure(
        list(
            penalty = sort(check_positive(penalty), decreasing = TRUE),
            smooth = or_null(smooth, check_number, 0, 1e4),
            loss = check_choice(loss, c("logistic", "squared"))
        ),
        class = c("scorer_linear", "scorer")
    )
}

check_positive <- function(x, name = rlang::caller_arg(x),
                           call = rlang::caller_env()) {
    ok <- is.numeric(x) && length(x) > 0L && all(is.finite(x)) && all(x > 0)
    if (!ok) {
        abort_input(c(
            "{.arg {name}} must hold positive numbers.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    unique(as.double(x))
}

# some of `choices`
check_several <- function(x, choices, name = rlang::caller_arg(x),
                          call = rlang::caller_env()) {
    if (!is.character(x) || length(x) == 0L || !all(x %in% choices)) {
        abort_input(c(
            "{.arg {name}} must be among {.or {.val {choices}}}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    unique(x)
}

#' @method print scorer
#' @export
print.scorer <- function(x, ...) {
    parts <- vapply(names(x), function(name) {
        paste(name, toString(x[[name]] %||% "by the number of bins"))
    }, "")
    cli::cat_line("<", class(x)[1L], ">")
    cli::cat_line("  ", parts)
    invisible(x)
}

# ---- spaces -----------------------------------------------------------------
#
# A space is what a scorer of one setting makes of transformed signal: columns
# in which f is linear. fit_space() estimates it from training genes, and
# space_columns() gives those of any genes.

# one setting for each space that a scorer tries
scorer_settings <- function(scorer) UseMethod("scorer_settings")

scorer_settings.scorer_kernel <- function(scorer) {
    grid <- expand.grid(
        width = scorer$width, scale = scorer$scale, stringsAsFactors = FALSE
    )
    lapply(seq_len(nrow(grid)), function(i) as.list(grid[i, ]))
}

scorer_settings.scorer_linear <- function(scorer) list(list())

# x: transformed signal of the training genes
fit_space <- function(scorer, x, n_bins, setting, threads) {
    UseMethod("fit_space")
}

default_smooth <- function(n_bins) 0.04 * n_bins

fit_space.scorer_kernel <- function(scorer, x, n_bins, setting, threads) {
    smooth <- scorer$smooth %||% default_smooth(n_bins)
    x <- smooth_bins(x, n_bins, smooth)
    scales <- if (setting$scale == "mark") mark_scales(x, n_bins)
    if (!is.null(scales)) x <- x * rep(scales, each = nrow(x))
    rows <- spread_rows(nrow(x), scorer$centres)
    centres <- x[rows, , drop = FALSE]
    width <- setting$width * median_distance(centres, threads)
    parts <- eigen(kernel_matrix(centres, centres, width, threads),
        symmetric = TRUE
    )
    # directions below the rounding of the kernel carry noise alone
    kept <- which(parts$values > 1e-6 * parts$values[1L])
    list(
        smooth = smooth, scales = scales, centres = centres, width = width,
        whitening = parts$vectors[, kept, drop = FALSE] /
            rep(sqrt(parts$values[kept]), each = nrow(centres))
    )
}

fit_space.scorer_linear <- function(scorer, x, n_bins, setting, threads) {
    smooth <- scorer$smooth %||% default_smooth(n_bins)
    list(
        smooth = smooth,
        standardiser = standardiser(smooth_bins(x, n_bins, smooth))
    )
}

# at most n of the rows 1 to n_rows, spread evenly
spread_rows <- function(n_rows, n) {
    if (n_rows <= n) seq_len(n_rows) else round(seq(1, n_rows, length.out = n))
}

# Of at most 1,000 rows; rows that are alike have distance 0, so where most are,
# the median of the others.
median_distance <- function(x, threads) {
    x <- x[spread_rows(nrow(x), 1000L), , drop = FALSE]
    distance <- as.vector(stats::dist(x))
    middle <- stats::median(distance)
    if (middle > 0) middle else stats::median(c(distance[distance > 0], 1))
}

space_columns <- function(space, x, n_bins, threads) {
    x <- smooth_bins(x, n_bins, space$smooth)
    if (is.null(space$centres)) {
        return(standardise(x, space$standardiser))
    }
    if (!is.null(space$scales)) x <- x * rep(space$scales, each = nrow(x))
    .Call(
        C_kernel_product, x, space$centres, space$whitening, space$width,
        threads
    )
}

# ---- convex fits ------------------------------------------------------------

# Coefficients of one penalty after the other: columns x penalties.
# columns: genes x columns of a space; ranks: of the expression.
fit_penalties <- function(columns, ranks, penalties, loss, keep_ties, key,
                          threads) {
    n <- nrow(columns)
    if (loss == "squared") {
        target <- stats::qnorm((mid_ranks(ranks) - 0.5) / n)
        return(ridge_path(columns, target, penalties))
    }
    blocks <- pair_blocks(n, key)
    start <- numeric(ncol(columns))
    found <- matrix(0, ncol(columns), length(penalties))
    for (i in seq_along(penalties)) {
        # each from the solution of the stronger penalty before it
        start <- minimise_pairs(
            columns, ranks, penalties[i], keep_ties, blocks, start, threads
        )
        found[, i] <- start
    }
    found
}

# argmin 1/2n |columns b - target|^2 + penalty/2n |b|^2
ridge_path <- function(columns, target, penalties) {
    parts <- eigen(crossprod(columns), symmetric = TRUE)
    right <- crossprod(parts$vectors, crossprod(columns, target))
    vapply(penalties, function(penalty) {
        drop(parts$vectors %*% (right / (pmax(parts$values, 0) + penalty)))
    }, numeric(ncol(columns)))
}

# Pairs are compared within blocks of genes, drawn once: of few genes all pairs,
# of many 2,000 or so for each gene.
largest_block <- 2048L

pair_blocks <- function(n, key) {
    k <- ceiling(n / largest_block)
    unname(split(seq_len(n), item_folds(n, k, derive_key(key, "blocks", 1L))))
}

# mean loss over the blocks' pairs and its gradient by f, at scores f
pairwise_loss <- function(f, ranks, keep_ties, blocks, threads) {
    n <- length(f)
    loss <- 0
    gradient <- numeric(n)
    for (block in blocks) {
        share <- length(block) / n
        found <- .Call(
            C_loss_gradients, "pairwise_logistic", "double",
            cbind(f[block]), cbind(ranks[block]), as.double(keep_ties), threads
        )
        loss <- loss + share * found$loss
        gradient[block] <- share * found$dx
    }
    list(loss = loss, gradient = gradient)
}

# argmin mean pairwise logistic loss + penalty/2n |b|^2
minimise_pairs <- function(columns, ranks, penalty, keep_ties, blocks, start,
                           threads, lower = -Inf) {
    n <- nrow(columns)
    # optim() asks for value and gradient at one place apart
    last <- new.env(parent = emptyenv())
    evaluate <- function(b) {
        if (!identical(b, last$b)) {
            found <- pairwise_loss(
                drop(columns %*% b), ranks, keep_ties, blocks, threads
            )
            last$b <- b
            last$loss <- found$loss + penalty / (2 * n) * sum(b^2)
            last$gradient <- drop(crossprod(columns, found$gradient)) +
                penalty / n * b
        }
        last
    }
    stats::optim(start, function(b) evaluate(b)$loss,
        function(b) evaluate(b)$gradient,
        method = "L-BFGS-B", lower = lower,
        control = list(maxit = 500L, factr = 1e7)
    )$par
}

# The scores of genes, without the columns of a kernel's space.
# x: transformed signal
space_scores <- function(space, coefficients, x, n_bins, threads) {
    if (is.null(space$centres)) {
        return(drop(space_columns(space, x, n_bins, threads) %*% coefficients))
    }
    x <- smooth_bins(x, n_bins, space$smooth)
    if (!is.null(space$scales)) x <- x * rep(space$scales, each = nrow(x))
    drop(.Call(
        C_kernel_product, x, space$centres,
        space$whitening %*% coefficients, space$width, threads
    ))
}
