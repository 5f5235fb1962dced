# Kernel ridge propagation of known partners, against plain R.

kernel_r <- function(x, centres, width) {
    distance <- apply(centres, 1, function(centre) {
        sqrt(rowSums((x - rep(centre, each = nrow(x)))^2))
    })
    exp(-distance / width)
}

set.seed(51)
x <- matrix(rnorm(60 * 4), 60, dimnames = list(sprintf("g%02d", 1:60), NULL))
x <- x / sqrt(rowSums(x^2))
a <- sample.int(40, 70, TRUE)
b <- sample.int(40, 70, TRUE)
pairs <- unique(cbind(pmin(a, b), pmax(a, b))[a != b, ])
training <- sort(unique(as.vector(pairs)))

# T = A + I + J of the training genes
target_r <- function() {
    adjacent <- matrix(0, 60, 60)
    adjacent[rbind(pairs, pairs[, 2:1])] <- 1
    adjacent <- adjacent[training, training]
    shared <- adjacent %*% adjacent
    degree <- rowSums(adjacent)
    jaccard <- shared / (outer(degree, degree, "+") - shared)
    diag(jaccard) <- 1
    adjacent + jaccard
}

test_that("the kernel is that of plain R, whole and in blocks", {
    expect_equal(
        .Call(C_kernel_matrix, x, x, 0.7, 1L), kernel_r(x, x, 0.7),
        tolerance = 1e-7, ignore_attr = TRUE
    )
    expect_equal(
        .Call(C_kernel_matrix, x, x[1:7, ], 0.7, 1L),
        kernel_r(x, x[1:7, ], 0.7),
        tolerance = 1e-7, ignore_attr = TRUE
    )
    coefficients <- matrix(rnorm(30 * 5), 30)
    # 1,100 rows: more than two blocks
    many <- x[sample.int(60, 1100, TRUE), ]
    product <- .Call(C_kernel_product, many, x[1:30, ], coefficients, 0.7, 1L)
    expect_equal(
        product, kernel_r(many, x[1:30, ], 0.7) %*% coefficients,
        tolerance = 1e-7, ignore_attr = TRUE
    )
    expect_identical(
        .Call(C_kernel_product, many, x[1:30, ], coefficients, 0.7, 4L), product
    )
    expect_error(
        .Call(C_kernel_product, x, x[, 1:2], coefficients, 0.7, 1L), "columns"
    )
})

test_that("propagated scores are W T W'", {
    found <- fit_propagation(
        x, pairs[, 1] - 1L, pairs[, 2] - 1L, width = 0.6, ridge = 0.2,
        rank = 100, threads = 1L
    )
    target <- target_r()
    kernel <- kernel_r(x, x[training, ], 0.6)
    ridged <- kernel[training, ] + diag(0.2, length(training))
    weights <- kernel %*% solve(ridged)
    places <- propagate(found, x, 1L)
    scorer <- propagation_scorer(found, places)
    everything <- expand.grid(a = seq_len(60), b = seq_len(60))
    expect_equal(
        score_rows(scorer, everything$a, everything$b),
        as.vector(weights %*% target %*% t(weights)),
        tolerance = 1e-5
    )
    degree <- tabulate(as.vector(pairs), 60)[training]
    log_degree <- log1p(degree) - mean(log1p(degree))
    expect_equal(places$degree, as.vector(weights %*% log_degree),
        tolerance = 1e-5
    )
})

test_that("guilt by association takes ridge weights, and repeated pairs", {
    named <- data.frame(
        from = rownames(x)[pairs[, 1]], to = rownames(x)[pairs[, 2]]
    )
    asked <- data.frame(from = rownames(x)[1:20], to = rownames(x)[60:41])
    found <- guilt_by_association(x, named, asked, weights = "ridge")
    places <- fit_propagation(x, pairs[, 1] - 1L, pairs[, 2] - 1L)
    scorer <- propagation_scorer(places, propagate(places, x, 1L))
    expect_equal(found, score_rows(scorer, 1:20, 60:41))
    twice <- rbind(named, data.frame(from = named$to, to = named$from))
    expect_equal(
        guilt_by_association(x, twice, asked, weights = "ridge"), found
    )
    expect_error(
        guilt_by_association(x, named, asked, weights = "near"), "weights",
        class = "kith_error_input"
    )
})

test_that("a network in parts is propagated without R's random numbers", {
    # complexes of 30: fewer large eigenvalues than are asked for
    n <- 780
    members <- split(seq_len(n), rep(seq_len(n / 30), each = 30))
    complexes <- do.call(rbind, lapply(members, function(genes) {
        t(utils::combn(genes, 2))
    }))
    vectors <- withr::with_seed(71, matrix(rnorm(n * 5), n))
    vectors <- vectors / sqrt(rowSums(vectors^2))
    run <- function() {
        fit_propagation(vectors, complexes[, 1] - 1L, complexes[, 2] - 1L)
    }
    withr::local_preserve_seed()
    set.seed(1)
    before <- .Random.seed
    found <- run()
    expect_identical(.Random.seed, before)
    set.seed(2, kind = "Wichmann-Hill")
    expect_identical(run(), found)
    expect_identical(RNGkind()[1], "Wichmann-Hill")
    rm(".Random.seed", envir = globalenv())
    expect_identical(run(), found)
    expect_false(exists(".Random.seed", globalenv(), inherits = FALSE))
    expect_identical(RNGkind()[1], "Wichmann-Hill")
    # a complex: ones from A + I, and beside the diagonal 28 / 30 from J
    exact <- 30 + 29 * 28 / 30
    expect_equal(sort(found$values, TRUE)[1:26], rep(exact, 26))
})

test_that("a lower rank keeps the largest parts of the target", {
    ranked <- lapply(c(3, 12), function(rank) {
        found <- fit_propagation(
            x, pairs[, 1] - 1L, pairs[, 2] - 1L, width = 0.6, ridge = 0.2,
            rank = rank, threads = 1L
        )
        expect_equal(dim(found$coefficients), c(length(training), rank + 1))
        values <- sort(abs(eigen(target_r(), TRUE)$values), TRUE)
        expect_equal(sort(abs(found$values), TRUE), values[seq_len(rank)],
            tolerance = 1e-6
        )
        found
    })
    expect_identical(ranked[[1]]$training, training)
})

test_that("fewer centres than training genes carry the regression", {
    vectors <- unname(x[training, ])
    wanted <- matrix(rnorm(length(training) * 3), length(training))
    # on all genes as centres it is the whole regression
    whole <- solve_kernel(vectors, wanted, 0.6, 0.2, 1L)
    subset <- solve_subset(vectors, wanted, 0.6, 0.2, length(training), 1L)
    expect_equal(subset$coefficients, whole$coefficients, tolerance = 1e-5)
    # on some, in blocks, that of plain R
    few <- solve_subset(vectors, wanted, 0.6, 0.2, 9, 1L)
    at <- round(seq(1, length(training), length.out = 9))
    expect_identical(few$centres, vectors[at, ])
    across <- kernel_r(vectors, vectors[at, ], 0.6)
    normal <- crossprod(across) + 0.2 * across[at, ]
    expect_equal(few$coefficients, solve(normal, crossprod(across, wanted)),
        tolerance = 1e-5
    )
    found <- fit_propagation(x, pairs[, 1] - 1L, pairs[, 2] - 1L,
        max_centres = 9
    )
    expect_identical(dim(found$centres), c(9L, 4L))
    expect_identical(nrow(propagate(found, x, 1L)$profiles), 60L)
})

test_that("of very many shared partners the closest are kept", {
    places <- list(match(pairs[, 1], training), match(pairs[, 2], training))
    all <- partner_target(places[[1]], places[[2]])
    expect_equal(as.matrix(all$matrix), target_r())
    some <- as.matrix(partner_target(places[[1]], places[[2]], 5)$matrix)
    adjacent <- as.matrix(adjacency(places[[1]], places[[2]], length(training)))
    jaccard <- target_r() - adjacent
    cut <- apply(jaccard, 1, function(row) {
        if (sum(row > 0) > 5) sort(row, decreasing = TRUE)[5] else 0
    })
    kept <- jaccard >= outer(cut, cut, pmin)
    expect_equal(some, adjacent + jaccard * kept)
    expect_lt(sum(some > 0), sum(target_r() > 0))
})

test_that("the threads of the BLAS do not decide", {
    before <- .Call(C_build_features)$blas_threads
    skip_if(is.na(before), "the BLAS has no threads that kith can set")
    withr::defer(.Call(C_blas_release, before))
    held <- with_one_blas_thread(.Call(C_build_features)$blas_threads)
    expect_identical(held, 1L)
    expect_identical(.Call(C_build_features)$blas_threads, before)
    expect_error(with_one_blas_thread(stop("no")), "no")
    expect_identical(.Call(C_build_features)$blas_threads, before)
    wide <- matrix(rnorm(900 * 20), 900)
    wide <- wide / sqrt(rowSums(wide^2))
    ends <- cbind(sample.int(900, 3000, TRUE), sample.int(900, 3000, TRUE))
    ends <- unique(ends[ends[, 1] != ends[, 2], ]) - 1L
    fits <- lapply(c(2L, 3L), function(n) {
        .Call(C_blas_release, n)
        fit_propagation(wide, ends[, 1], ends[, 2])
    })
    expect_identical(fits[[1]], fits[[2]])
})

test_that("the rough basis holds what stands out", {
    # three blocks of genes that are linked within, and few links between
    block <- rep(1:3, c(40, 25, 15))
    linked <- outer(block, block, "==") * 1
    ends <- cbind(sample.int(80, 30, TRUE), sample.int(80, 30, TRUE))
    linked[rbind(ends, ends[, 2:1])] <- 1
    diag(linked) <- 0
    sparse <- Matrix::Matrix(linked, sparse = TRUE)
    basis <- with_own_stream(rough_basis(sparse, 3))
    expect_equal(crossprod(basis), diag(35))
    found <- eigen(crossprod(basis, as.matrix(sparse %*% basis)), TRUE)$values
    expect_equal(found[1:3], eigen(linked, TRUE)$values[1:3], tolerance = 1e-8)
})
