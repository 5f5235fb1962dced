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
# The same weights carry the log degree, against its mean, to every gene.
#
# Beyond `max_centres` training genes the kernel's functions sit on as many of
# them only (subset of regressors, Rasmussen and Williams 2006, section 8.3.1):
# with C these centres, w_a = k_aC (K_Cn K_nC + ridge K_CC)^-1 K_Cn, which is
# the same where C is all genes.

# x: unit vectors, genes x d; a, b: 0-based rows of x for each training pair.
fit_propagation <- function(x, a, b, width = 0.4, ridge = 0.3, rank = 256L,
                            max_centres = 8192L, threads = 1L) {
    with_one_blas_thread(regress_partners(
        x, a, b, width, ridge, rank, max_centres, threads
    ))
}

regress_partners <- function(x, a, b, width, ridge, rank, max_centres,
                             threads) {
    training <- sort(unique(c(a, b))) + 1L
    n <- length(training)
    target <- partner_target(match(a + 1L, training), match(b + 1L, training))
    parts <- leading_eigen(target$matrix, min(rank, n))
    # degrees against their mean, so that a fold with fewer pairs and the fit
    # with all of them mean the same
    log_degree <- log1p(target$degree)
    wanted <- cbind(
        parts$vectors * rep(sqrt(abs(parts$values)), each = n),
        log_degree - mean(log_degree)
    )
    vectors <- unname(x[training, , drop = FALSE])
    c(
        list(training = training, values = parts$values, width = width),
        if (n <= max_centres) {
            solve_kernel(vectors, wanted, width, ridge, threads)
        } else {
            solve_subset(vectors, wanted, width, ridge, max_centres, threads)
        }
    )
}

# list(centres, coefficients): (K + ridge I)^-1 wanted
solve_kernel <- function(vectors, wanted, width, ridge, threads) {
    kernel <- kernel_matrix(vectors, vectors, width, threads)
    diag(kernel) <- diag(kernel) + ridge
    list(centres = vectors, coefficients = solve_positive(kernel, wanted))
}

# the same on n_centres of the genes, spread evenly over their order
solve_subset <- function(vectors, wanted, width, ridge, n_centres, threads) {
    n <- nrow(vectors)
    centres <- vectors[round(seq(1, n, length.out = n_centres)), , drop = FALSE]
    # a tiny share of the diagonal keeps centres that are alike apart
    normal <- ridge * kernel_matrix(centres, centres, width, threads)
    diag(normal) <- diag(normal) * (1 + 1e-8)
    for (rows in block_rows(n, 1024L)) {
        block <- kernel_matrix(
            vectors[rows, , drop = FALSE], centres, width, threads
        )
        normal <- normal + crossprod(block)
    }
    right <- .Call(C_kernel_product, centres, vectors, wanted, width, threads)
    list(centres = centres, coefficients = solve_positive(normal, right))
}

kernel_matrix <- function(x, centres, width, threads) {
    .Call(C_kernel_matrix, x, centres, width, threads)
}

solve_positive <- function(matrix, right) {
    root <- chol(matrix)
    backsolve(root, backsolve(root, right, transpose = TRUE))
}

# 1 to n in blocks of at most `size`
block_rows <- function(n, size) {
    unname(split(seq_len(n), (seq_len(n) - 1L) %/% size))
}

# symmetric 0/1 matrix of pairs among n genes, numbered from 1
adjacency <- function(a, b, n) {
    Matrix::sparseMatrix(c(a, b), c(b, a), dims = c(n, n)) * 1
}

# T of pairs among n training genes, numbered from 1, and the genes' degrees.
# Among very many pairs a gene shares partners with nearly all others: an index
# is kept that is among the `most` largest of one of its two genes. By default T
# has some 2^24 entries at most, and up to 4,096 genes all of them.
partner_target <- function(a, b, most = max(256L, 2^24 %/% max(a, b))) {
    n <- max(a, b)
    adjacent <- adjacency(a, b, n)
    degree <- Matrix::rowSums(adjacent)
    blocks <- block_rows(n, 1024L)
    cuts <- if (most < n) {
        unlist(lapply(blocks, function(genes) {
            column_cuts(shared_partners(adjacent, degree, genes), most)
        }))
    } else {
        numeric(n)
    }
    kept <- lapply(blocks, function(genes) {
        index <- methods::as(
            shared_partners(adjacent, degree, genes), "TsparseMatrix"
        )
        i <- index@i + 1L
        j <- index@j + 1L
        enough <- index@x >= pmin(cuts[i], cuts[genes[j]])
        Matrix::sparseMatrix(i[enough], j[enough],
            x = index@x[enough], dims = dim(index)
        )
    })
    list(matrix = adjacent + do.call(cbind, kept), degree = degree)
}

# for each column of a sparse matrix the value of rank `most`, else 0
column_cuts <- function(x, most) {
    lengths <- diff(x@p)
    vapply(seq_along(lengths), function(k) {
        if (lengths[k] <= most) {
            return(0)
        }
        values <- x@x[x@p[k] + seq_len(lengths[k])]
        -sort(-values, partial = most)[most]
    }, numeric(1))
}

# Jaccard index of the partners of all genes (rows) and some (columns). Of a
# gene and itself it is 1: that stands for I.
shared_partners <- function(adjacent, degree, genes) {
    shared <- adjacent %*% adjacent[, genes, drop = FALSE]
    own <- rep(degree[genes], diff(shared@p))
    shared@x <- shared@x / (degree[shared@i + 1L] + own - shared@x)
    shared
}

# the eigenpairs of a symmetric sparse matrix with the largest |value|
leading_eigen <- function(x, rank) {
    n <- nrow(x)
    if (rank < n / 3) {
        basis <- with_own_stream(
            if (n <= 4096L) leading_basis(x, rank) else rough_basis(x, rank)
        )
        # singular vectors may mix eigenvectors of opposite values
        parts <- eigen(crossprod(basis, as.matrix(x %*% basis)),
            symmetric = TRUE
        )
        kept <- order(-abs(parts$values))[seq_len(rank)]
        return(list(
            values = parts$values[kept],
            vectors = basis %*% parts$vectors[, kept]
        ))
    }
    parts <- eigen(as.matrix(x), symmetric = TRUE)
    kept <- order(-abs(parts$values))[seq_len(rank)]
    list(values = parts$values[kept], vectors = parts$vectors[, kept])
}

leading_basis <- function(x, rank) {
    irlba::irlba(x, nv = rank, v = start_vector(nrow(x)))$v
}

# Of dense networks without modules the values fall so slowly that irlba takes
# hours. Five steps of block power iteration (Halko et al. 2011) have a cost
# that is known, and find those parts that stand out.
rough_basis <- function(x, rank) {
    basis <- matrix(stats::rnorm(nrow(x) * (rank + 32L)), nrow(x))
    for (step in 1:5) {
        basis <- qr.Q(qr(as.matrix(x %*% basis), LAPACK = TRUE))
    }
    basis
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
