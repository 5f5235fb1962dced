# Principal components of a gene matrix that may be dense, sparse or on disk.
# All passes over the data go by blocks of columns, each made dense, of at most
# this many values (80 MB).
block_values <- 1e7

# list of column numbers, one element per block
column_blocks <- function(x, values = block_values) {
    width <- max(1, floor(values / nrow(x)))
    columns <- seq_len(ncol(x))
    unname(split(columns, ceiling(columns / width)))
}

# columns of x as a dense double matrix, less their means
dense_block <- function(x, columns, centre = NULL) {
    block <- as.matrix(x[, columns, drop = FALSE])
    storage.mode(block) <- "double"
    if (!is.null(centre)) {
        block <- block - rep(centre[columns], each = nrow(block))
    }
    block
}

# One pass: stops at the first value that is not finite; otherwise the mean of
# each feature, and whether it varies at all.
scan_features <- function(x, name = "x", call = rlang::caller_env()) {
    means <- numeric(ncol(x))
    varies <- logical(ncol(x))
    for (columns in column_blocks(x)) {
        block <- dense_block(x, columns)
        means[columns] <- colMeans(block)
        # a sum is finite only if its terms are, or if they overflow it
        if (!all(is.finite(means[columns])) && !all(is.finite(block))) {
            abort_not_finite(x, block, columns, name, call)
        }
        varies[columns] <- colSums(
            block != rep(block[1, ], each = nrow(block))
        ) > 0
    }
    list(mean = means, varies = varies)
}

abort_not_finite <- function(x, block, columns, name, call) {
    at <- arrayInd(which(!is.finite(block))[1], dim(block))
    column <- columns[at[2]]
    column_name <- colnames(x)[column]
    where <- if (is.null(column_name)) column else dQuote(column_name, FALSE)
    value <- format(block[at])
    abort_input(c(
        "{.arg {name}} must have finite values only.",
        x = "Row {.val {rownames(x)[at[1]]}}, column {where} is {value}.",
        i = "Drop or impute such genes or features first."
    ), call = call)
}

# features x pca: orthonormal loadings, the largest of each column positive
find_rotation <- function(x, pca, scan, call = rlang::caller_env()) {
    limit <- min(nrow(x) - 1L, ncol(x))
    if (limit < 1L) {
        abort_input(c(
            "{.arg pca} needs two genes or more.",
            x = "{.arg x} has one."
        ), call = call)
    }
    pca <- check_count(pca, max = limit, name = "pca", call = call)
    if (!any(scan$varies)) {
        abort_input(c(
            "{.arg pca} needs features that vary.",
            x = "All {ncol(x)} column{?s} of {.arg x} {?is/are} constant."
        ), call = call)
    }
    found <- if (min(dim(x)) <= 1000L || pca > min(dim(x)) / 4) {
        exact_components(x, pca, scan$mean)
    } else if (methods::is(x, "DelayedMatrix")) {
        leading_components(x, pca, scan$mean)
    } else {
        components <- irlba::irlba(x,
            nv = pca, nu = 0, center = scan$mean, tol = 1e-8
        )
        list(variance = components$d^2, rotation = components$v)
    }
    check_rank(found$variance, min(dim(x)), call)
    rotation <- found$rotation
    largest <- rotation[cbind(max.col(t(abs(rotation)), "first"), seq_len(pca))]
    rotation <- rotation * rep(sign(largest), each = nrow(rotation))
    dimnames(rotation) <- list(colnames(x), paste0("PC", seq_len(pca)))
    rotation
}

check_rank <- function(variance, size, call) {
    has_variance <- variance > variance[1] * size * .Machine$double.eps
    if (!all(has_variance)) {
        abort_input(c(
            "{.arg pca} must be at most {sum(has_variance)}.",
            x = "It is {length(variance)}, but the centred {.arg x} has no
            variance beyond {sum(has_variance)} component{?s}."
        ), call = call)
    }
}

# from the eigenvectors of the smaller Gram matrix of the centred x
exact_components <- function(x, pca, centre, values = block_values) {
    keep <- seq_len(pca)
    if (ncol(x) <= nrow(x)) {
        system <- eigen(gram_features(x, centre, values), symmetric = TRUE)
        return(list(
            variance = system$values[keep],
            rotation = system$vectors[, keep, drop = FALSE]
        ))
    }
    system <- eigen(gram_genes(x, centre, values), symmetric = TRUE)
    variance <- system$values[keep]
    left <- system$vectors[, keep, drop = FALSE]
    list(
        variance = variance,
        rotation = loadings_of(x, left, variance, centre, values)
    )
}

# features x components, from the left singular vectors of the centred x
loadings_of <- function(x, left, variance, centre, values) {
    rotation <- matrix(0, ncol(x), ncol(left))
    for (columns in column_blocks(x, values)) {
        rotation[columns, ] <- crossprod(dense_block(x, columns, centre), left)
    }
    scale <- sqrt(pmax(variance, .Machine$double.xmin))
    rotation / rep(scale, each = ncol(x))
}

# features x features
gram_features <- function(x, centre, values) {
    gram <- matrix(0, ncol(x), ncol(x))
    blocks <- column_blocks(x, values)
    for (a in seq_along(blocks)) {
        block <- dense_block(x, blocks[[a]], centre)
        gram[blocks[[a]], blocks[[a]]] <- crossprod(block)
        for (b in seq_len(a - 1L)) {
            other <- dense_block(x, blocks[[b]], centre)
            product <- crossprod(block, other)
            gram[blocks[[a]], blocks[[b]]] <- product
            gram[blocks[[b]], blocks[[a]]] <- t(product)
        }
    }
    gram
}

# genes x genes
gram_genes <- function(x, centre, values) {
    gram <- matrix(0, nrow(x), nrow(x))
    for (columns in column_blocks(x, values)) {
        gram <- gram + tcrossprod(dense_block(x, columns, centre))
    }
    gram
}

# (x - centre) (x - centre)' y in one pass over x
gram_times <- function(x, centre, y, values) {
    product <- 0
    for (columns in column_blocks(x, values)) {
        block <- dense_block(x, columns, centre)
        product <- product + block %*% crossprod(block, y)
    }
    product
}

# The leading components of a matrix on disk, where every look at it costs a
# pass over a file: irlba takes a pass for each of a thousand vectors, a block
# of vectors at a time converges in some thirty. Block Davidson iteration on the
# Gram matrix of the genes, begun anew from the best two blocks when `n_blocks`
# are held; memory: 2 n_blocks (pca + 50) numbers for each gene. Residuals are
# those of singular vectors relative to the largest singular value, as irlba
# has them.
leading_components <- function(x, pca, centre, values = block_values,
                               tolerance = 1e-8, most_passes = 300L) {
    width <- pca + min(pca, 50L)
    n_blocks <- max(3, min(4, floor(min(dim(x)) / width)))
    basis <- qr.Q(qr(matrix(stats::rnorm(nrow(x) * width), nrow(x))))
    images <- gram_times(x, centre, basis, values)
    n_passes <- 1L
    repeat {
        found <- best_in_basis(basis, images, width)
        reached <- found$size <= tolerance
        if (all(reached[seq_len(pca)]) || n_passes == most_passes) break
        if (ncol(basis) >= n_blocks * width) {
            kept <- found$turn[, seq_len(2L * width)]
            basis <- basis %*% kept
            images <- images %*% kept
        }
        added <- orthogonal_to(basis, found$residuals)
        basis <- cbind(basis, added)
        images <- cbind(images, gram_times(x, centre, added, values))
        n_passes <- n_passes + 1L
    }
    if (!all(reached[seq_len(pca)])) {
        cli::cli_warn(c(
            "{.arg pca}: the last components are inexact after {n_passes}
            passes.",
            i = "Ask for fewer components."
        ), class = "kith_warning_components")
    }
    left <- basis %*% found$turn[, seq_len(pca), drop = FALSE]
    variance <- found$variance[seq_len(pca)]
    list(
        variance = variance, n_passes = n_passes,
        rotation = loadings_of(x, left, variance, centre, values)
    )
}

# Rayleigh-Ritz: the best approximations to eigenvectors that a basis holds, as
# combinations `turn` of it, and how far the first `width` are from being ones.
best_in_basis <- function(basis, images, width) {
    inner <- crossprod(basis, images)
    system <- eigen((inner + t(inner)) / 2, symmetric = TRUE)
    turn <- system$vectors[, seq_len(width), drop = FALSE]
    variance <- system$values[seq_len(width)]
    residuals <- images %*% turn -
        basis %*% (turn * rep(variance, each = nrow(turn)))
    # rounding is all there is beyond the rank of the matrix
    scale <- sqrt(variance[1] * pmax(variance, 1e-10 * variance[1]))
    list(
        turn = system$vectors, variance = variance, residuals = residuals,
        size = sqrt(colSums(residuals^2)) / scale
    )
}

# orthonormal columns that span what y adds to an orthonormal basis
orthogonal_to <- function(basis, y) {
    # what is left of a column by rounding alone is projected again
    for (round in 1:3) {
        y <- qr.Q(qr(y - basis %*% crossprod(basis, y)))
    }
    y
}
