# ---- plain R versions -------------------------------------------------------

plain_mutual <- function(space, k) {
    cosine <- tcrossprod(space / sqrt(rowSums(space^2)))
    diag(cosine) <- -Inf
    near <- t(apply(cosine, 1L, function(r) {
        seq_along(r) %in% order(-r)[seq_len(k)]
    }))
    which(near & t(near) & upper.tri(near), arr.ind = TRUE)
}

plain_whitening <- function(q, k, rounds, shrinkage) {
    space <- q
    for (round in seq_len(rounds)) {
        pairs <- plain_mutual(space, k)
        covariance <- 0
        for (i in seq_len(nrow(pairs))) {
            d <- q[pairs[i, 1L], ] - q[pairs[i, 2L], ]
            covariance <- covariance + outer(d, d) / 2 / nrow(pairs)
        }
        ridge <- shrinkage * mean(diag(covariance))
        root <- eigen(covariance + ridge * diag(ncol(q)), symmetric = TRUE)
        w <- root$vectors %*% diag(1 / sqrt(root$values)) %*% t(root$vectors)
        space <- q %*% w
    }
    w
}

test_that("the space of neighbours is that of plain R", {
    data <- grouped_samples()
    dims <- c(5L, 12L)
    fit <- learn_samples(
        data$x, method_neighbours(dims, neighbours = 4, smooth = 0.25),
        control = seeded
    )
    z <- pmin(pmax(scale(data$x), -6), 6)
    found <- svd(z, nv = 12L)
    q <- z %*% found$v
    # the fit keeps all components that there are
    kept <- fit$components[, 1:12]
    q <- q * rep(sign(colSums(q * kept)), each = nrow(q))
    expect_equal(unname(kept), unname(q), tolerance = 1e-8)
    expect_equal(ncol(fit$components), 59)
    unit <- function(x) x / sqrt(rowSums(x^2))
    blocks <- lapply(dims, function(d) {
        part <- q[, seq_len(d)]
        unit(part %*% plain_whitening(part, 4L, 3L, 0.1)) / sqrt(2)
    })
    plain <- do.call(cbind, blocks)
    expect_equal(unname(fit$encoded), unname(plain), tolerance = 1e-6)
    cosine <- tcrossprod(plain)
    diag(cosine) <- -Inf
    means <- t(apply(cosine, 1L, function(r) colMeans(plain[order(-r)[1:4], ])))
    expect_equal(
        unname(encode(fit)), unname(unit(0.75 * plain + 0.25 * means)),
        tolerance = 1e-6
    )
    # rows of the training samples have the encodings of the fit
    expect_equal(encode(fit, data$x[7:9, ]), encode(fit)[7:9, ])
})

test_that("mutual neighbours are symmetric and each pair is there once", {
    set.seed(3)
    space <- matrix(rnorm(40 * 6), 40)
    found <- mutual_neighbours(space, 3L)
    plain <- plain_mutual(space, 3L)
    expect_equal(
        unname(found[order(found[, 1L], found[, 2L]), ]),
        unname(plain[order(plain[, 1L], plain[, 2L]), ])
    )
    expect_true(all(found[, 1L] < found[, 2L]))
})

test_that("pairs that are known to be alike are whitened away", {
    data <- grouped_samples()
    # each sample of the first half has a replicate in the other batch
    set.seed(5)
    x <- data$x
    x[31:60, ] <- x[1:30, ] + 3 * rep(rnorm(80), each = 30) +
        rnorm(30 * 80, sd = 0.5)
    method <- method_neighbours(dims = 5, smooth = 0)
    apart <- function(positives) {
        e <- encode(learn_samples(x, method,
            positives = positives, control = seeded
        ))
        mean(rowSums(e[1:30, ] * e[31:60, ]))
    }
    replicate <- rep(1:30, 2)
    expect_gt(apart(replicate), apart(NULL) + 0.5)
    pairs <- data.frame(a = paste0("s", 1:30), b = paste0("s", 31:60))
    expect_equal(apart(pairs), apart(replicate))
    expect_error(
        apart(data.frame(a = "s1", b = "S2")), "none of them",
        class = "kith_error_input"
    )
    expect_error(apart(1:3), "for each of the", class = "kith_error_input")
    expect_error(apart(1:60), "alike", class = "kith_error_input")
    method$whiten <- FALSE
    expect_error(apart(replicate), "whiten", class = "kith_error_input")
})

test_that("samples say whether they come in groups", {
    groups <- grouped_samples(200, groups = 8, noise = 1, shared = 0.5)
    fit <- learn_samples(
        groups$x, method_neighbours(whiten = NULL),
        control = seeded
    )
    expect_gt(fit$gain, least_gain)
    expect_true(fit$whitened)
    # one low-dimensional cloud, as subtypes of one cancer are
    set.seed(2)
    cloud <- matrix(rnorm(200 * 10), 200) %*% matrix(rnorm(10 * 80), 10) +
        matrix(rnorm(200 * 80), 200)
    dimnames(cloud) <- dimnames(groups$x)
    fit <- learn_samples(
        cloud, method_neighbours(whiten = NULL),
        control = seeded
    )
    expect_lt(fit$gain, 1)
    expect_false(fit$whitened)
    expect_output(print(fit), "continuum")
    # the default whitens all the same
    expect_true(learn_samples(cloud, control = seeded)$whitened)
})

test_that("test samples change nothing that is fitted", {
    data <- grouped_samples()
    train <- 1:40
    labels <- data$tissue[train]
    both <- lapply(1:2, function(i) {
        x <- data$x
        if (i == 2L) x[-train, ] <- 1e6
        fit <- learn_samples(x[train, ], control = seeded)
        list(fit = fit, probe = probe(fit, labels))
    })
    expect_identical(both[[1L]], both[[2L]])
    before <- both[[1L]]$fit
    predict(both[[1L]]$probe, data$x[-train, ])
    expect_identical(before, both[[2L]]$fit)
    # a sample is encoded alike alone and among others
    fit <- before
    expect_equal(
        encode(fit, data$x[50, , drop = FALSE]),
        encode(fit, data$x[41:60, ])[10, , drop = FALSE]
    )
})

test_that("all forms of expression give the same fit", {
    skip_if_not_installed("SummarizedExperiment")
    data <- grouped_samples()
    fit <- learn_samples(data$x, control = seeded)
    same <- function(x, ...) {
        expect_equal(
            encode(learn_samples(x, control = seeded, ...)),
            encode(fit)
        )
    }
    same(as.data.frame(data$x))
    same(Matrix::Matrix(data$x, sparse = TRUE))
    experiment <- SummarizedExperiment::SummarizedExperiment(
        list(other = t(data$x) * 0 + 1, logs = t(data$x))
    )
    same(experiment, assay = "logs")
    se_fit <- learn_samples(experiment, assay = 2, control = seeded)
    expect_equal(encode(se_fit, experiment[, 3:5]), encode(fit)[3:5, ])
    skip_if_not_installed("HDF5Array")
    same(methods::as(data$x, "HDF5Array"))
})

test_that("counts are turned into logarithms, and that is said", {
    data <- grouped_samples()
    counts <- round(2^(data$x / 3 + 6))
    expect_message(
        fit <- learn_samples(counts, control = seeded), "log_cpm",
        class = "kith_message_transform"
    )
    logs <- log2(counts / rowSums(counts) * 1e6 + 1)
    expect_equal(
        encode(fit), encode(learn_samples(logs, control = seeded))
    )
    expect_message(
        fit <- learn_samples(counts + 0.5, control = seeded), "log1p"
    )
    expect_equal(
        encode(fit),
        encode(learn_samples(log2(counts + 1.5), control = seeded))
    )
    few <- learn_samples(data$x, n_genes = 30, control = seeded)
    widest <- names(sort(apply(data$x, 2, sd), decreasing = TRUE))[1:30]
    expect_setequal(rownames(few$rotation), widest)
})

test_that("genes of new samples are matched by name", {
    data <- grouped_samples()
    fit <- learn_samples(data$x[1:40, ], control = seeded)
    new <- data$x[41:60, ]
    expect_equal(encode(fit, new[, rev(colnames(new))]), encode(fit, new))
    expect_message(
        partly <- encode(fit, new[, -(1:4)]), "4 of 80 genes",
        class = "kith_message_genes"
    )
    imputed <- new
    imputed[, 1:4] <- rep(fit$scaling$mean[1:4], each = 20)
    expect_equal(partly, encode(fit, imputed))
    # other genes have no say
    more <- cbind(new, other = NA)
    expect_equal(encode(fit, more), encode(fit, new))
    expect_error(
        encode(fit, new[, 1:40]), "40 of 80 are missing",
        class = "kith_error_input"
    )
    colnames(new) <- toupper(colnames(new))
    expect_error(encode(fit, new), "upper case", class = "kith_error_input")
})

test_that("expression that cannot be right is refused", {
    x <- grouped_samples()$x
    refuse <- function(x, words, ...) {
        expect_error(
            learn_samples(x, ..., control = seeded), words,
            class = "kith_error_input"
        )
    }
    bad <- x
    bad[2, 3] <- NA
    refuse(bad, "finite")
    refuse(unname(x), "names")
    refuse(x[1:5, ], "at least 10")
    refuse(t(x)[1:9, ], "at least 10")
    refuse(x * 0, "constant")
    refuse(x, "negative counts", transform = "log1p")
    refuse(x[c(1, 1:20), ], "s1")
    refuse(x[, c(1, 1:20)], "g1")
    refuse("x", "matrix or data frame")
    refuse(data.frame(id = letters, a = 1, row.names = LETTERS), "id")
    refuse(as.data.frame(unname(x)), "row names")
    turned <- t(x)
    rownames(turned) <- sprintf("ENSG%011d", seq_len(nrow(turned)))
    refuse(turned, "t\\(x\\)")
    expect_error(
        learn_samples(x, "pca"), "neighbours",
        class = "kith_error_input"
    )
    expect_error(
        learn_samples(x, dims = 5), "method_neighbours",
        class = "kith_error_input"
    )
    constant <- x
    constant[, 5] <- 1
    expect_message(
        fit <- learn_samples(constant, control = seeded), "1 gene ",
        class = "kith_message_genes"
    )
    expect_false("g5" %in% rownames(fit$rotation))
})

test_that("diagnostics see a space that has collapsed", {
    set.seed(1)
    even <- diag(20)
    found <- space_diagnostics(even)
    expect_equal(found$effective_rank, 19)
    expect_equal(found$mean_cosine, 0)
    expect_equal(found$dead, 0)
    line <- outer(1 + (1:20) / 100, c(1, 2, 0))
    found <- space_diagnostics(line)
    expect_equal(found$effective_rank, 1)
    expect_equal(found$top_share, 1)
    expect_equal(found$dead, 1 / 3)
    expect_equal(found$mean_cosine, 1)
})

test_that("a fit goes through a file and shows itself", {
    data <- grouped_samples()
    fit <- learn_samples(data$x, control = seeded)
    file <- withr::local_tempfile()
    saveRDS(fit, file)
    expect_identical(encode(readRDS(file)), encode(fit))
    expect_equal(predict(fit, data$x[1:3, ]), encode(fit, data$x[1:3, ]))
    expect_output(print(fit), "60 samples x 80 genes")
    expect_output(print(summary(fit)), "effective_rank")
    expect_named(augment(fit), c("sample", "space1", "space2"))
    expect_equal(tidy(fit)$components, c(30, 50, 59))
    expect_s3_class(ggplot2::autoplot(fit, colour = data$tissue), "ggplot")
    expect_error(
        ggplot2::autoplot(fit, colour = 1:3), "60 samples",
        class = "kith_error_input"
    )
    skip_if_not_installed("uwot")
    withr::local_seed(1)
    drawn <- ggplot2::autoplot(fit, colour = data$tissue, type = "umap")
    expect_identical(dim(drawn$data), c(2L * nrow(data$x), 4L))
    expect_identical(drawn$labels$x, "UMAP 1")
    # the seed decides, and R's own numbers stay as they are
    before <- .Random.seed
    again <- ggplot2::autoplot(fit, colour = data$tissue, type = "umap")
    expect_identical(again$data, drawn$data)
    expect_identical(.Random.seed, before)
})

test_that("counts keep their depth, whatever genes new samples have", {
    withr::local_seed(3)
    counts <- matrix(rnbinom(60 * 200, mu = 100, size = 3), 60,
        dimnames = list(paste0("s", 1:60), paste0("g", 1:200))
    )
    counts[, 1] <- rnbinom(60, mu = 30000, size = 3)
    fit <- learn_samples(counts,
        transform = "log_cpm", n_genes = 20, control = seeded
    )
    expect_equal(encode(fit, counts[4:9, ]), encode(fit)[4:9, ])
    # genes that are not used make the depth
    used <- fit$scaling$genes[fit$scaling$kept]
    expect_error(encode(fit, counts[, used]), "depth of a sample",
        class = "kith_error_input"
    )
    expect_error(encode(fit, counts[, -1]), "g1",
        class = "kith_error_input"
    )
    # a few small ones take their share
    few <- setdiff(paste0("g", 190:200), used)
    near <- encode(fit, counts[4:9, !colnames(counts) %in% few])
    expect_gt(min(rowSums(near * encode(fit)[4:9, ])), 0.99)
})

test_that("samples on another scale are told", {
    data <- grouped_samples()
    fit <- learn_samples(data$x[1:50, ], control = seeded)
    expect_silent(encode(fit, data$x[51:60, ]))
    expect_warning(encode(fit, data$x[51:60, ] * 50), "standard deviations",
        class = "kith_warning_scale"
    )
    # a scale of its own is no fault
    small <- learn_samples(data$x * 1e-10, control = seeded)
    expect_equal(
        abs(small$encoded), abs(learn_samples(
            data$x,
            control = seeded
        )$encoded),
        tolerance = 1e-6
    )
})

test_that("groups of alike samples are taken by name", {
    data <- grouped_samples()
    patient <- stats::setNames(rep(1:30, each = 2), rownames(data$x))
    fit <- function(positives) {
        learn_samples(
            data$x, positives = positives, control = seeded
        )$encoded
    }
    expect_identical(fit(patient[60:1]), fit(unname(patient)))
    expect_identical(fit(patient[1:20]), fit(c(unname(patient[1:20]), rep(
        NA, 40
    ))))
    names(patient)[1] <- "typo"
    expect_error(fit(patient), "typo", class = "kith_error_input")
})

test_that("an experiment of several assays needs the name of one", {
    skip_if_not_installed("SummarizedExperiment")
    data <- grouped_samples()
    fit <- learn_samples(data$x, control = seeded)
    both <- SummarizedExperiment::SummarizedExperiment(list(
        counts = round(2^abs(t(data$x))), logs = t(data$x)
    ))
    expect_error(encode(fit, both), "name the assay",
        class = "kith_error_input"
    )
    expect_equal(encode(fit, both, assay = "logs"), encode(fit))
    known <- probe(fit, data$tissue)
    expect_equal(
        predict(known, both, assay = "logs"), predict(known, data$x)
    )
    expect_equal(
        predict(probe(fit, data$tissue, both, assay = "logs"), data$x),
        predict(known, data$x)
    )
    expect_identical(
        learn_samples(both, assay = "logs", control = seeded)$assay,
        "logs"
    )
})

test_that("a seed decides components of large matrices, too", {
    withr::local_seed(8)
    x <- matrix(rnorm(1101 * 1001), 1101,
        dimnames = list(paste0("s", 1:1101), paste0("g", 1:1001))
    )
    of_seed <- function(seed) {
        set.seed(seed)
        found <- sample_components(
            scaled_samples(x, fit_scaling(x, "none")), 20L
        )
        list(found, stats::runif(1))
    }
    one <- of_seed(1)
    two <- of_seed(2)
    expect_identical(two[[1]], one[[1]])
    set.seed(1)
    expect_identical(one[[2]], stats::runif(1))
})

test_that("samples that are all copies of a few can be learned from", {
    data <- grouped_samples()
    x <- data$x[rep(1:5, 12), ]
    rownames(x) <- paste0("s", 1:60)
    fit <- learn_samples(x, control = seeded)
    expect_true(all(is.finite(encode(fit))))
})
