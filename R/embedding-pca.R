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
dense_block <- function(x, columns, centre = NULL) UseMethod("dense_block")

dense_block.default <- function(x, columns, centre = NULL) {
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
    found <- leading_components(x, pca, scan$mean)
    check_rank(found$variance, min(dim(x)), call)
    orient_components(found$rotation, colnames(x))
}

# list(variance (times number of rows), rotation) of the pca leading components
leading_components <- function(x, pca, centre) {
    # irlba looks at x a thousand times, which a file cannot bear
    by_gram <- is_small(min(dim(x)), pca) || methods::is(x, "DelayedMatrix")
    if (by_gram) {
        return(gram_components(x, pca, centre))
    }
    found <- irlba::irlba(x,
        nv = pca, nu = 0, center = centre, tol = 1e-8, v = start_vector(ncol(x))
    )
    list(variance = found$d^2, rotation = found$v)
}

# loadings with the largest of each column positive, and with names
orient_components <- function(rotation, features) {
    columns <- seq_len(ncol(rotation))
    largest <- rotation[cbind(max.col(t(abs(rotation)), "first"), columns)]
    rotation <- rotation * rep(sign(largest), each = nrow(rotation))
    dimnames(rotation) <- list(features, paste0("PC", columns))
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
gram_components <- function(x, pca, centre, values = block_values) {
    if (ncol(x) <= nrow(x)) {
        system <- largest_eigen(gram_features(x, centre, values), pca)
        return(list(variance = system$values, rotation = system$vectors))
    }
    system <- largest_eigen(gram_genes(x, centre, values), pca)
    list(
        variance = system$values,
        rotation = loadings_of(
            x, system$vectors, system$values, centre, values
        )
    )
}

# the n largest eigenvalues of a symmetric matrix, and their vectors
largest_eigen <- function(gram, n) {
    if (!is_small(nrow(gram), n)) {
        # twice as many vectors as are wanted: components of noise, which lie
        # close together, need a fourth of the time then
        return(irlba::partial_eigen(
            gram, n,
            tol = 1e-8, v = start_vector(nrow(gram)), work = 2L * n + 20L
        ))
    }
    system <- eigen(gram, symmetric = TRUE)
    list(
        values = system$values[seq_len(n)],
        vectors = system$vectors[, seq_len(n), drop = FALSE]
    )
}

# a start of our own: irlba would take one from R's random numbers
start_vector <- function(n) {
    start <- cos(seq_len(n))
    start / sqrt(sum(start^2))
}

# irlba is for few of many components
is_small <- function(size, n) size <= 1000L || n > size / 4

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
