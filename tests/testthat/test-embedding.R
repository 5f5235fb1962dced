# Oracles: principal components by prcomp(), lengths by hand.
toy <- function(n = 60, p = 8, seed = 1) {
    withr::local_seed(seed)
    x <- matrix(rnorm(n * p, mean = 3), n) %*%
        diag(seq(3, 1, length.out = p), p)
    dimnames(x) <- list(paste0("g", seq_len(n)), paste0("f", seq_len(p)))
    x
}

unit_rows <- function(x) x / sqrt(rowSums(x^2))

pca_reference <- function(x, k) {
    found <- prcomp(x, center = TRUE, scale. = FALSE)
    rotation <- found$rotation[, seq_len(k), drop = FALSE]
    flip <- apply(rotation, 2, function(v) sign(v[which.max(abs(v))]))
    list(
        rotation = rotation %*% diag(flip, k),
        scores = found$x[, seq_len(k), drop = FALSE] %*% diag(flip, k)
    )
}

unname_columns <- function(x) {
    colnames(x) <- NULL
    x
}

bare <- function(x) unname(as.matrix(x))

test_that("without pca the rows are only divided by their length", {
    x <- toy()
    found <- as_embedding(x)
    expect_s3_class(found, c("gene_embedding", "matrix", "array"), exact = TRUE)
    expect_type(found, "double")
    expect_equal(as.matrix(found), unit_rows(x), tolerance = 1e-15)
    expect_equal(as.matrix(as_embedding(x, normalize = FALSE)), x)
    expect_identical(
        attr(found, "preprocessing"),
        list(
            features = colnames(x), n_features = 8L, centre = NULL,
            rotation = NULL, normalize = TRUE
        )
    )
})

test_that("components are those of prcomp, in tall and in wide matrices", {
    for (size in list(c(60, 8), c(9, 30), c(12, 12), c(2, 5), c(5, 1))) {
        x <- toy(size[1], size[2])
        for (k in unique(c(1, min(size[1] - 1, size[2])))) {
            found <- as_embedding(x, pca = k, normalize = FALSE)
            expected <- pca_reference(x, k)
            expect_equal(bare(found), bare(expected$scores), tolerance = 1e-8)
            steps <- attr(found, "preprocessing")
            expect_equal(
                bare(steps$rotation), bare(expected$rotation),
                tolerance = 1e-8
            )
            expect_equal(steps$centre, unname(colMeans(x)), tolerance = 1e-14)
            expect_identical(rownames(found), rownames(x))
        }
    }
})

test_that("irlba finds the same components where it is used", {
    skip_on_cran()
    withr::local_seed(2)
    x <- matrix(rnorm(1100 * 5), 1100) %*% diag(5:1) %*%
        matrix(rnorm(5 * 1050), 5) + rnorm(1100 * 1050, sd = 0.1)
    rownames(x) <- seq_len(1100)
    expected <- pca_reference(x, 3)$scores
    found <- as_embedding(x, pca = 3, normalize = FALSE)
    expect_equal(bare(found), bare(expected), tolerance = 1e-6)
    # whatever R's random numbers are, which it leaves alone
    set.seed(1)
    before <- .Random.seed
    first <- as_embedding(x, pca = 3)
    expect_identical(.Random.seed, before)
    set.seed(2)
    expect_identical(as_embedding(x, pca = 3), first)
    sparse <- methods::as(x, "CsparseMatrix")
    expect_equal(as_embedding(sparse, pca = 3), first, tolerance = 1e-6)
    skip_if_not_installed("DelayedArray")
    delayed <- DelayedArray::DelayedArray(x)
    expect_equal(as_embedding(delayed, pca = 3), first, tolerance = 1e-6)
})

test_that("blocks of columns do not change the components", {
    x <- toy(20, 13)
    for (shape in list(x, t(x))) {
        components <- function(values) {
            found <- gram_components(shape, 4, colMeans(shape), values)
            # products of loadings: the same for either sign
            c(found$variance, tcrossprod(found$rotation))
        }
        whole <- components(1e7)
        for (values in c(1, 2 * nrow(shape), 5 * nrow(shape) + 1)) {
            blocks <- column_blocks(shape, values)
            expect_gt(length(blocks), 1)
            expect_identical(unlist(blocks), seq_len(ncol(shape)))
            expect_equal(components(values), whole, tolerance = 1e-12)
        }
    }
})

test_that("all rows have length 1, also in one dimension", {
    x <- toy()
    expect_equal(
        unname(rowSums(as_embedding(x, pca = 3)^2)), rep(1, 60),
        tolerance = 1e-14
    )
    one <- as_embedding(x, pca = 1)
    expect_identical(dim(one), c(60L, 1L))
    expect_setequal(as.vector(one), c(-1, 1))
    huge <- as_embedding(x * 1e200)
    expect_equal(as.matrix(huge), unit_rows(x), tolerance = 1e-14)
})

test_that("every container gives the embedding of its matrix", {
    x <- round(toy())
    x[x < 2] <- 0
    integers <- x
    storage.mode(integers) <- "integer"
    sparse <- methods::as(x, "CsparseMatrix")
    experiment <- SummarizedExperiment::SummarizedExperiment(
        list(other = -x, counts = x)
    )
    containers <- list(
        integers, as.data.frame(x), sparse,
        methods::as(sparse, "RsparseMatrix"),
        methods::as(sparse, "TsparseMatrix"),
        Matrix::Matrix(x, sparse = FALSE)
    )
    for (pca in list(NULL, 3)) {
        expected <- as_embedding(x, pca = pca)
        for (container in containers) {
            found <- as_embedding(container, pca = pca)
            expect_equal(found, expected, tolerance = 1e-10)
        }
        for (assay in list("counts", 2)) {
            found <- as_embedding(experiment, pca = pca, assay = assay)
            expect_equal(found, expected, tolerance = 1e-10)
        }
        expect_equal(
            as.matrix(as_embedding(experiment)), -as.matrix(as_embedding(x))
        )
    }
})

test_that("delayed and file-backed matrices give the same", {
    skip_if_not_installed("HDF5Array")
    x <- toy()
    for (delayed in list(
        DelayedArray::DelayedArray(x), methods::as(x, "HDF5Array")
    )) {
        dimnames(delayed) <- dimnames(x)
        for (pca in list(NULL, 3)) {
            expect_equal(
                as_embedding(delayed, pca = pca), as_embedding(x, pca = pca),
                tolerance = 1e-10
            )
        }
        expect_error(
            as_embedding(delayed > 0), "`x` must be numeric",
            class = "kith_error_input"
        )
    }
})

test_that("a single-cell experiment gives assays or reduced dimensions", {
    skip_if_not_installed("SingleCellExperiment")
    x <- toy(20, 6)
    scores <- matrix(rnorm(12), 6, dimnames = list(colnames(x)))
    cells <- SingleCellExperiment::SingleCellExperiment(
        list(counts = x),
        reducedDims = list(PCA = scores)
    )
    expect_equal(as_embedding(cells, assay = "counts"), as_embedding(x))
    found <- as_embedding(cells, reduced_dim = "PCA")
    expect_equal(as.matrix(found), unit_rows(scores))
    expect_error(
        as_embedding(cells, reduced_dim = "UMAP"), "reduced_dim.*PCA",
        class = "kith_error_input"
    )
    expect_error(
        as_embedding(cells, assay = "logcounts"), "assay.*counts",
        class = "kith_error_input"
    )
    expect_error(as_embedding(cells, assay = 2), class = "kith_error_input")
})

test_that("an embedding passes, or does what can still be done", {
    x <- toy()
    raw <- as_embedding(x, normalize = FALSE)
    expect_identical(as_embedding(raw), raw)
    expect_identical(as_embedding(raw, normalize = TRUE), as_embedding(x))
    expect_identical(as_embedding(raw, pca = 3, normalize = TRUE),
        as_embedding(x, pca = 3))
    done <- as_embedding(x, pca = 3)
    expect_identical(as_embedding(done), done)
    expect_identical(as_embedding(done, pca = 3, normalize = TRUE), done)
    scores <- as_embedding(x, pca = 3, normalize = FALSE)
    expect_equal(as_embedding(scores, normalize = TRUE), done)
    expect_error(
        as_embedding(done, pca = 2), "embedding already",
        class = "kith_error_input"
    )
    expect_error(
        as_embedding(done, normalize = FALSE), "embedding already",
        class = "kith_error_input"
    )
})

test_that("taking rows keeps the space, taking columns does not", {
    x <- as_embedding(toy(), pca = 3)
    rows <- x[c("g7", "g2"), ]
    expect_s3_class(rows, "gene_embedding")
    expect_identical(attr(rows, "preprocessing"), attr(x, "preprocessing"))
    expect_identical(as.matrix(rows), as.matrix(x)[c("g7", "g2"), ])
    expect_identical(dim(x["g7", ]), c(1L, 3L))
    expect_identical(dim(x[0, ]), c(0L, 3L))
    expect_identical(x["g7", , drop = TRUE], as.matrix(x)["g7", ])
    expect_identical(x[], x)
    expect_identical(x[5], as.matrix(x)[5])
    expect_identical(x[x > 0], as.matrix(x)[as.matrix(x) > 0])
    expect_identical(x[, 1:2], as.matrix(x)[, 1:2])
    expect_identical(x["g7", 2], as.matrix(x)["g7", 2, drop = FALSE])
    expect_false(inherits(as.matrix(x), "gene_embedding"))
    expect_identical(t(x), t(as.matrix(x)))
    expect_error(x[c("g1", "nope"), ], "nope", class = "kith_error_input")
})

test_that("new genes come into the same space", {
    x <- toy()
    for (normalize in c(TRUE, FALSE)) {
        for (pca in list(NULL, 1, 4)) {
            space <- as_embedding(x, pca = pca, normalize = normalize)
            steps <- attr(space, "preprocessing")
            expect_identical(project_genes(x, steps), space)
            expect_equal(project_genes(x[3:4, ], steps), space[3:4, ])
            # by name, in another order and among other columns; by position
            mixed <- cbind(other = 0, x[, 8:1])
            expect_equal(project_genes(mixed, steps), space)
            expect_equal(bare(project_genes(unname_columns(x), steps)),
                bare(space))
            expect_identical(project_genes(space[2:3, ], steps), space[2:3, ])
        }
    }
    # a new gene by hand
    steps <- attr(as_embedding(x, pca = 2), "preprocessing")
    new <- matrix(1:8, 1, dimnames = list("new", NULL))
    by_hand <- (as.vector(new) - colMeans(x)) %*% pca_reference(x, 2)$rotation
    expect_equal(bare(project_genes(new, steps)), bare(unit_rows(by_hand)))
})

test_that("new genes of another space are refused", {
    x <- toy()
    steps <- attr(as_embedding(x, pca = 2), "preprocessing")
    expect_error(
        project_genes(x[, -3], steps), "newdata.*features.*f3",
        class = "kith_error_input"
    )
    expect_error(
        project_genes(unname_columns(x)[, -3], steps), "newdata.*8 features",
        class = "kith_error_input"
    )
    expect_error(
        project_genes(as_embedding(x), steps), "newdata.*another space",
        class = "kith_error_input"
    )
    x["g2", "f4"] <- NA
    expect_error(
        project_genes(x, steps), "newdata.*finite.*g2.*f4",
        class = "kith_error_input"
    )
})

test_that("values that are not finite are named", {
    for (value in c(NA, NaN, Inf, -Inf)) {
        for (make in list(
            identity, as.data.frame,
            function(x) methods::as(x, "CsparseMatrix")
        )) {
            x <- toy()
            x["g5", "f2"] <- value
            x["g1", "f3"] <- value
            expect_error(
                as_embedding(make(x)), "`x` must have finite.*g5.*f2",
                class = "kith_error_input"
            )
        }
    }
    expect_no_error(as_embedding(toy() * 1e307, normalize = FALSE))
})

test_that("bad gene ids and shapes are named", {
    bad <- function(x, pattern, ...) {
        expect_error(as_embedding(x, ...), pattern, class = "kith_error_input")
    }
    x <- toy()
    bad(unname(x), "`x` must have gene ids.*none")
    bad(data.frame(a = 1:2), "gene ids")
    twice <- x
    rownames(twice)[c(7, 9)] <- "g3"
    bad(twice, "row names of `x` must have each id once.*g3")
    # as the error says
    map <- data.frame(id = rownames(twice), mapped = rownames(twice))
    merged <- suppressMessages(rename_genes(twice, map))
    found <- as.matrix(as_embedding(merged, normalize = FALSE))
    expect_equal(found["g3", ], colMeans(x[c(3, 7, 9), ]))
    expect_identical(found[-3, ], x[-c(3, 7, 9), ])
    rownames(twice) <- make.unique(rownames(twice))
    found <- as_embedding(twice, normalize = FALSE)
    expect_identical(unname(as.matrix(found)), unname(x))
    lost <- x
    rownames(lost)[4] <- NA
    bad(lost, "Row 4")
    rownames(lost)[4] <- ""
    bad(lost, "Row 4")
    bad(x[0, ], "`x` must have genes.*0 rows")
    bad(x[, 0], "0 columns")
    bad(x > 0, "`x` must be numeric")
    bad(methods::as(x > 0, "CsparseMatrix"), "`x` must be numeric")
    bad(data.frame(a = 1:2, b = c("u", "v"), row.names = c("p", "q")), "b")
    bad("text", "`x` must be a numeric matrix")
    bad(1:3, "`x` must be a numeric matrix")
    bad(NULL, "NULL")
    bad(x, "normalize", normalize = NA)
})

test_that("components that are not there are refused with the maximum", {
    bad <- function(x, pca, pattern) {
        expect_error(
            as_embedding(x, pca = pca), pattern, class = "kith_error_input"
        )
    }
    bad(toy(), 9, "`pca`.*at most 8")
    bad(toy(5, 8), 5, "`pca`.*at most 4")
    bad(toy(), 0, "`pca`")
    bad(toy(), 1.5, "`pca`")
    bad(toy(), NA, "`pca`")
    bad(toy()[1, , drop = FALSE], 1, "two genes")
    constant <- matrix(0.1, 5, 3, dimnames = list(letters[1:5], NULL))
    bad(constant, 1, "`pca` needs features that vary")
    flat <- cbind(toy(20, 2), 7)
    expect_identical(dim(as_embedding(flat, pca = 2)), c(20L, 2L))
    bad(flat, 3, "`pca` must be at most 2")
})

test_that("rows without a direction are refused with the way out", {
    x <- toy()
    x[c("g4", "g8"), ] <- 0
    expect_error(as_embedding(x), "2 genes have.*g4.*normalize = FALSE",
        class = "kith_error_input"
    )
    expect_no_error(as_embedding(x, normalize = FALSE))
    centred <- rbind(toy(), mean = 0)
    centred["mean", ] <- colMeans(toy())
    expect_error(as_embedding(centred, pca = 3), "1 gene has.*mean",
        class = "kith_error_input"
    )
})

test_that("printing tells size, making and first genes", {
    expect_identical(capture.output(print(as_embedding(toy(), pca = 3))), c(
        "<gene_embedding> 60 genes x 3 dimensions",
        "made from 8 features, 3 principal components, rows of length 1",
        "genes: g1, g2, g3, g4, g5, ..."
    ))
    shown <- as_embedding(toy(3), normalize = FALSE)
    expect_identical(capture.output(print(shown)), c(
        "<gene_embedding> 3 genes x 8 dimensions", "made from 8 features",
        "genes: g1, g2, g3"
    ))
})
