# Spaces: what a kernel or linear scorer of one setting makes of signal that has
# been smoothed and transformed. f is linear in base functions: kernels at
# centres, or standardised features. A space says what they are; scores are base
# functions times coefficients. For training, base functions are combined to
# columns that are orthogonal over the training genes, which keeps the norm of f
# and makes the optimiser's work easy.

# one setting for each space that a scorer tries
scorer_settings <- function(scorer, signal) UseMethod("scorer_settings")

scorer_settings.scorer_kernel <- function(scorer, signal) {
    grid <- expand.grid(
        width = scorer$width, scale = scorer$scale %||% default_scale(signal),
        KEEP.OUT.ATTRS = FALSE, stringsAsFactors = FALSE
    )
    lapply(seq_len(nrow(grid)), function(i) as.list(grid[i, ]))
}

scorer_settings.scorer_linear <- function(scorer, signal) list(list())

# Of marks in one unit those that vary more tell more; where one varies by more
# than five times another, units differ and sizes mean nothing.
default_scale <- function(signal) {
    scales <- mark_scales(signal$values, signal$n_bins)
    scales <- scales[scales > 0]
    if (length(scales) && max(scales) > 5 * min(scales)) "mark" else "none"
}

# The space of training genes: list(space, map, columns, squares) with
# columns = base functions %*% map and crossprod(columns) = diag(squares).
# x: of the training genes, smoothed and transformed.
fit_space <- function(scorer, x, n_bins, setting, threads) {
    UseMethod("fit_space")
}

fit_space.scorer_kernel <- function(scorer, x, n_bins, setting, threads) {
    space <- list(
        scales = if (setting$scale == "mark") mark_scales(x, n_bins)
    )
    x <- scale_marks(space, x)
    rows <- spread_rows(nrow(x), scorer$centres)
    space$centres <- x[rows, , drop = FALSE]
    space$width <- setting$width * median_distance(space$centres)
    kernel <- kernel_matrix(x, space$centres, space$width, threads)
    # f has the norm of its coefficients by the kernel of the centres: columns
    # of unit norm are its eigenvectors over the roots of its eigenvalues.
    # Directions below the rounding of the kernel carry noise alone.
    parts <- eigen(kernel[rows, , drop = FALSE], symmetric = TRUE)
    kept <- which(parts$values > 1e-6 * parts$values[1L])
    map <- parts$vectors[, kept, drop = FALSE] /
        rep(sqrt(parts$values[kept]), each = nrow(space$centres))
    if (length(rows) < nrow(x)) {
        map <- orthogonal_map(map, crossprod(kernel))
    }
    finish_space(space, kernel, map)
}

fit_space.scorer_linear <- function(scorer, x, n_bins, setting, threads) {
    space <- list(standardiser = standardiser(x, n_bins))
    x <- standardise(x, space$standardiser)
    finish_space(space, x, orthogonal_map(diag(ncol(x)), crossprod(x)))
}

# map times the rotation that makes the columns orthogonal. inner: crossprod()
# of the base functions
orthogonal_map <- function(map, inner) {
    map %*% eigen(crossprod(map, inner %*% map), symmetric = TRUE)$vectors
}

finish_space <- function(space, base, map) {
    columns <- base %*% map
    list(
        space = space, map = map, columns = columns,
        squares = colSums(columns^2)
    )
}

scale_marks <- function(space, x) {
    if (is.null(space$scales)) x else x * rep(space$scales, each = nrow(x))
}

# at most n of the rows 1 to n_rows, spread evenly
spread_rows <- function(n_rows, n) {
    if (n_rows <= n) seq_len(n_rows) else round(seq(1, n_rows, length.out = n))
}

# Of at most 1,000 rows; rows that are alike have distance 0, so where most are,
# the median of the others.
median_distance <- function(x) {
    x <- x[spread_rows(nrow(x), 1000L), , drop = FALSE]
    distance <- as.vector(stats::dist(x))
    middle <- stats::median(distance)
    if (middle > 0) middle else stats::median(c(distance[distance > 0], 1))
}

# Scores of genes: rows of x x columns of coefficients. x: as in fit_space().
space_scores <- function(space, coefficients, x, threads) {
    if (is.null(space$centres)) {
        return(standardise(x, space$standardiser) %*% coefficients)
    }
    .Call(
        C_kernel_product, scale_marks(space, x), space$centres,
        as.matrix(coefficients), space$width, threads
    )
}

# ---- convex fits ------------------------------------------------------------

# Coefficients of the base functions, a column for each penalty.
# fitted: a fit_space(); ranks: of the expression.
fit_penalties <- function(fitted, ranks, penalties, loss, keep_ties, key,
                          threads) {
    columns <- fitted$columns
    n <- nrow(columns)
    target <- normal_scores(ranks)
    # argmin |columns b - target|^2 + penalty |b|^2
    right <- drop(crossprod(columns, target))
    blocks <- if (loss == "logistic") pair_blocks(n, key)
    found <- vapply(penalties, function(penalty) {
        ridge <- right / (fitted$squares + penalty)
        if (loss == "squared") {
            return(ridge)
        }
        minimise_pairs(
            columns, ranks, penalty, keep_ties, blocks, ridge, threads,
            size = logistic_size(fitted$squares, penalty)
        )
    }, numeric(ncol(columns)))
    fitted$map %*% found
}

# Over all pairs the Hessian of the logistic loss by f is about 0.3 / n times
# the identity (half of the mean slope of the sigmoid, which is 0.6 of its
# largest), so columns of these sizes have a Hessian near the identity's
# multiple.
logistic_size <- function(squares, penalty) 1 / sqrt(0.3 * squares + penalty)

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

# argmin mean pairwise logistic loss + penalty/2n |b|^2. size: of the steps by
# coefficient, which changes the way and not the end.
minimise_pairs <- function(columns, ranks, penalty, keep_ties, blocks, start,
                           threads, size = rep(1, ncol(columns)),
                           lower = -Inf) {
    n <- nrow(columns)
    z <- minimise(start / size, function(z) {
        b <- size * z
        found <- pairwise_loss(
            drop(columns %*% b), ranks, keep_ties, blocks, threads
        )
        list(
            loss = found$loss + penalty / (2 * n) * sum(b^2),
            gradient = size *
                (drop(crossprod(columns, found$gradient)) + penalty / n * b)
        )
    }, lower = lower, steps = 500L, tolerance = 1e7)
    size * z
}
