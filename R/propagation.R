# Guilt by association as a regression: what is known of the training genes is
# carried to every gene by kernel ridge weights (two-step kernel ridge
# regression, Pahikkala et al. 2014; Stock et al. 2018).
#
# With K the Laplace kernel exp(-|x_i - x_j| / width) of unit vectors, k_a the
# kernel of gene a and the training genes, and w_a = (K + ridge I)^-1 k_a,
#
#     score(a, b) = w_a' T w_b,   T = A + I + J,
#
# A the 0/1 adjacency of the training pairs, I the identity (genes that look
# alike are candidates), J the Jaccard index of two genes' sets of partners
# (genes that share partners are). T is kept to `rank` eigenvectors, so that a
# gene is a profile of that many numbers and a score a product of two profiles.
# The same weights carry the log degree to every gene.

# x: unit vectors, genes x d; a, b: 0-based rows of x for each training pair.
fit_propagation <- function(x, a, b, width = 0.4, ridge = 0.3, rank = 256L,
                            threads = 1L) {
    training <- sort(unique(c(a, b))) + 1L
    n <- length(training)
    target <- partner_target(match(a + 1L, training), match(b + 1L, training))
    parts <- leading_eigen(target$matrix, min(rank, n))
    centres <- unname(x[training, , drop = FALSE])
    kernel <- .Call(C_kernel_matrix, centres, width, threads)
    diag(kernel) <- diag(kernel) + ridge
    root <- chol(kernel)
    wanted <- cbind(
        parts$vectors * rep(sqrt(abs(parts$values)), each = n),
        log1p(target$degree)
    )
    coefficients <- backsolve(root, backsolve(root, wanted, transpose = TRUE))
    list(
        training = training, centres = centres, coefficients = coefficients,
        values = parts$values, width = width
    )
}

# symmetric 0/1 matrix of pairs among n genes, numbered from 1
adjacency <- function(a, b, n) {
    Matrix::sparseMatrix(c(a, b), c(b, a), dims = c(n, n)) * 1
}

# T of pairs among n training genes, numbered from 1, and the genes' degrees
partner_target <- function(a, b) {
    n <- max(a, b)
    adjacent <- adjacency(a, b, n)
    degree <- Matrix::rowSums(adjacent)
    shared <- methods::as(adjacent %*% adjacent, "TsparseMatrix")
    i <- shared@i + 1L
    j <- shared@j + 1L
    # on the diagonal shared = degree, so the index is 1 and stands for I
    jaccard <- shared@x / (degree[i] + degree[j] - shared@x)
    list(
        matrix = adjacent +
            Matrix::sparseMatrix(i, j, x = jaccard, dims = c(n, n)),
        degree = degree
    )
}

# the eigenpairs of a symmetric sparse matrix with the largest |value|
leading_eigen <- function(x, rank) {
    n <- nrow(x)
    if (rank < n / 3) {
        # a start of our own: irlba would take one from R's random numbers
        start <- cos(seq_len(n))
        basis <- with_own_stream(
            irlba::irlba(x, nv = rank, v = start / sqrt(sum(start^2)))$v
        )
        # singular vectors may mix eigenvectors of opposite values
        parts <- eigen(crossprod(basis, as.matrix(x %*% basis)),
            symmetric = TRUE
        )
        return(list(
            values = parts$values, vectors = basis %*% parts$vectors
        ))
    }
    parts <- eigen(as.matrix(x), symmetric = TRUE)
    kept <- order(-abs(parts$values))[seq_len(rank)]
    list(values = parts$values[kept], vectors = parts$vectors[, kept])
}

# Evaluates code with R's random numbers at a fixed place and puts them back.
# irlba draws another start where the network falls into parts: neither may
# that depend on the user's stream nor move it.
with_own_stream <- function(code) {
    kinds <- RNGkind()
    stream <- get0(".Random.seed", globalenv(), inherits = FALSE)
    on.exit({
        # said once more, or R would warn of an old way to sample
        suppressWarnings(RNGkind(kinds[1], kinds[2], kinds[3]))
        if (is.null(stream)) {
            rm(".Random.seed", envir = globalenv())
        } else {
            assign(".Random.seed", stream, globalenv())
        }
    })
    # L'Ecuyer's generator, which six numbers describe
    assign(".Random.seed", c(10407L, 1:6), globalenv())
    code
}

# Profiles (genes x rank) and expected log degrees of genes, by their unit
# vectors.
propagate <- function(propagation, x, threads) {
    found <- .Call(
        C_kernel_product, unname(x), propagation$centres,
        propagation$coefficients, propagation$width, threads
    )
    rank <- length(propagation$values)
    list(
        profiles = found[, seq_len(rank), drop = FALSE],
        degree = found[, rank + 1L]
    )
}

# the scorer of propagated scores among genes
propagation_scorer <- function(propagation, places) {
    signs <- rep(sign(propagation$values), each = nrow(places$profiles))
    plain_scorer(places$profiles * signs, places$profiles)
}
