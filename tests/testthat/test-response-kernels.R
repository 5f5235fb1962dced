# Kernel ridge regression on pairs against dense solutions in plain R.

# drugs x cells with gaps; kernels of both
kernel_table <- function(n_drugs = 7L, n_cells = 9L, missing = 0.3) {
    side <- function(n) {
        x <- matrix(stats::rnorm(n * 3L), n)
        exp(-as.matrix(stats::dist(x)) / 2) + diag(0.1, n)
    }
    measured <- matrix(
        as.numeric(stats::runif(n_drugs * n_cells) >= missing), n_drugs
    )
    part <- function(kernel) {
        kernel <- unname(kernel)
        list(kernel = kernel, eigen = eigen(kernel, symmetric = TRUE))
    }
    list(
        residual = measured * matrix(stats::rnorm(n_drugs * n_cells), n_drugs),
        measured = measured, drug = part(side(n_drugs)),
        cell = part(side(n_cells))
    )
}

# the same equations over the measured pairs alone
dense_solution <- function(table, noise) {
    at <- which(table$measured == 1)
    system <- kronecker(table$cell$kernel, table$drug$kernel)[at, at]
    found <- table$residual * 0
    found[at] <- solve(system + diag(noise, length(at)), table$residual[at])
    found
}

response_example <- function(seed = 1, n_drugs = 14L, n_cells = 18L) {
    set.seed(seed)
    screen <- simulate_response(n_drugs = n_drugs, n_cells = n_cells)
    response_data(screen$response, screen$drugs, screen$cells, NULL, NULL)
}

fit_kernels <- function(data, rows = seq_along(data$response),
                        method = method_kernels(), blind = "cell") {
    fit_response_member(
        method, data, rows, blind, list(drug = NULL, cell = NULL),
        draw_key(3L), train_control(threads = 1)
    )
}

predict_rows <- function(member, data, rows) {
    predict_response_member(
        member, data$drugs, data$cells, response_pairs(data, rows)
    )
}

test_that("conjugate gradients solve the equations of the measured pairs", {
    set.seed(1)
    for (missing in c(0, 0.3, 0.7)) {
        table <- kernel_table(missing = missing)
        found <- solve_pairs(
            table$residual, table$measured, table$drug, table$cell, 0.3, 1e-10
        )
        expect_equal(found, dense_solution(table, 0.3), tolerance = 1e-7)
        expect_true(all(found[table$measured == 0] == 0))
    }
})

test_that("a table without gaps takes one step, that of eigenvectors", {
    set.seed(2)
    table <- kernel_table(missing = 0)
    found <- solve_pairs(
        table$residual, table$measured, table$drug, table$cell, 0.3, 1e-12,
        steps = 1L
    )
    expect_equal(found, dense_solution(table, 0.3))
})

test_that("effects are the Gaussian process of plain R", {
    set.seed(3)
    kernel <- kernel_table()$cell$kernel
    effect <- stats::rnorm(9L)
    variance <- stats::runif(9L, 0.1, 0.4)
    folds <- rep(1:3, 3L)
    found <- fit_effect(effect, variance, kernel, folds)
    unit <- mean((effect - mean(effect))^2) / (1 + found$own)
    system <- kernel + diag(found$own + variance / unit)
    expect_equal(
        found$coefficients, solve(system, effect - mean(effect))
    )
    # a known one keeps its own, a new one does not
    cross <- list(features = kernel[1:2, ], known = c(1L, NA))
    expect_equal(
        predict_effect(found, cross),
        mean(effect) + drop(kernel[1:2, ] %*% found$coefficients) +
            c(found$own * found$coefficients[1L], 0)
    )
    # residuals of folds: fitted without them
    inverse <- solve(system)
    y <- effect - mean(effect)
    left <- fold_residuals(inverse, drop(inverse %*% y), folds)
    for (f in 1:3) {
        out <- folds == f
        expected <- y[out] - system[out, !out] %*%
            solve(system[!out, !out], y[!out])
        expect_equal(left[out], drop(expected))
    }
})

test_that("of one group, each keeps its own effect", {
    set.seed(8)
    effect <- rnorm(20)
    found <- fit_effect(effect, rep(0.01, 20), matrix(1, 20, 20), rep(1L, 20))
    cross <- list(features = matrix(1, 20, 20), known = 1:20)
    expect_equal(predict_effect(found, cross), effect, tolerance = 0.02)
})

test_that("the covariance of profiles climbs the likelihood of what is there", {
    set.seed(4)
    truth <- crossprod(matrix(stats::rnorm(36), 6))
    x <- t(chol(truth)) %*% matrix(stats::rnorm(6 * 300), 6)
    measured <- matrix(stats::runif(length(x)) > 0.3, 6)
    log_likelihood <- function(covariance) {
        sum(vapply(seq_len(ncol(x)), function(j) {
            at <- measured[, j]
            if (!any(at)) {
                return(0)
            }
            part <- covariance[at, at, drop = FALSE]
            -determinant(part)$modulus - x[at, j] %*% solve(part, x[at, j])
        }, numeric(1)))
    }
    reached <- vapply(c(1L, 3L, 10L), function(rounds) {
        found <- fit_covariance(x * measured, measured, rounds)
        log_likelihood(found$covariance)
    }, numeric(1))
    expect_true(all(diff(reached) > 0))
    found <- fit_covariance(x * measured, measured, 30L)
    expect_lt(max(abs(stats::cov2cor(found$covariance) -
        stats::cov2cor(truth))), 0.2)
    expect_identical(found$values[measured], x[measured])
    # without gaps: that of the columns, its diagonal a little larger
    full <- fit_covariance(x, measured | TRUE)$covariance
    plain <- tcrossprod(x) / 300
    off <- row(plain) != col(plain)
    expect_equal(full[off] * 1.02, plain[off])
    expect_equal(diag(full), diag(plain))
})

test_that("a member is the Gaussian process of its setting", {
    data <- response_example()
    rows <- seq(1L, length(data$response), by = 2L)
    member <- fit_kernels(data, rows)
    setting <- member$setting
    # all by hand, over the pairs one by one
    train <- response_pairs(data, rows)
    known <- lapply(train, function(at) sort(unique(at)))
    alike <- list(
        drug = tanimoto(data$drugs[[1L]]),
        cell = {
            x <- data$cells[[1L]]
            x <- scale(
                x, colMeans(x[known$cell, ]), apply(x[known$cell, ], 2L, sd)
            )
            distance <- as.matrix(stats::dist(x))
            exp(-distance / median(distance[known$cell, known$cell][
                upper.tri(distance[known$cell, known$cell])
            ]))
        }
    )
    kernel <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        s <- setting[[side]]
        k <- if (side == "drug") {
            alike$drug * exp(-s$sharpness / 2 * (1 - alike$drug))
        } else {
            alike$cell^(2^s$sharpness)
        }
        k <- (1 - s$own) * k
        at <- known[[side]]
        diag(k)[at] <- diag(k)[at] + s$own
        if (s$profile > 0) {
            k <- (1 - s$profile) * k
            k[at, at] <- k[at, at] + s$profile * member$profile[[side]]
        }
        k
    })
    means <- fit_effects(train, data$response$value[rows])
    residual <- data$response$value[rows] - predict_effects(means, train)
    covariance <- function(a, b) {
        kernel$drug[a$drug, b$drug] * kernel$cell[a$cell, b$cell]
    }
    coefficients <- solve(
        covariance(train, train) + diag(setting$noise, length(rows)), residual
    )
    new <- response_pairs(data, seq_along(data$response))
    interaction <- drop(covariance(new, train) %*% coefficients)
    got <- predict_rows(member, data, seq_along(data$response))
    effect <- function(side) {
        s <- setting[[side]]
        fitted <- member$effects[[side]]
        at <- known[[side]]
        k <- if (side == "drug") {
            alike$drug * exp(-s$sharpness / 2 * (1 - alike$drug))
        } else {
            alike$cell^(2^s$sharpness)
        }
        value <- fitted$mean + drop(k[, at] %*% fitted$coefficients)
        value[at] <- value[at] + fitted$own * fitted$coefficients
        value[new[[side]]]
    }
    expect_equal(
        got, unname(member$effects$overall + effect("drug") + effect("cell") +
            interaction),
        tolerance = 0.01
    )
})

test_that("what is not trained on changes nothing", {
    data <- response_example(2)
    for (blind in c("cell", "drug", "both", "pair")) {
        fold <- blind_folds(data$response, blind, draw_key(5L), 3L)[[1L]]
        garbage <- data
        garbage$response$value[-fold$train] <- 1e6
        expect_identical(
            predict_rows(fit_kernels(garbage, fold$train, blind = blind), data,
                fold$test
            ),
            predict_rows(fit_kernels(data, fold$train, blind = blind), data,
                fold$test
            )
        )
    }
})

test_that("new cells and drugs are predicted better than by means", {
    data <- response_example(3, 40L, 50L)
    for (blind in c("cell", "drug", "pair")) {
        fold <- blind_folds(data$response, blind, draw_key(5L), 4L)[[1L]]
        member <- fit_kernels(data, fold$train, blind = blind)
        pairs <- response_pairs(data, fold$test)
        truth <- data$response$value[fold$test]
        predicted <- predict_rows(member, data, fold$test)
        means <- predict_effects(fit_effects(
            response_pairs(data, fold$train), data$response$value[fold$train]
        ), pairs)
        expect_lt(mean((predicted - truth)^2), 0.95 * mean((means - truth)^2))
    }
})

test_that("a member survives saving, and its rows may come in any order", {
    data <- response_example(4)
    member <- fit_kernels(data, method = method_kernels("rbf", FALSE))
    expect_length(member$profile, 0L)
    file <- withr::local_tempfile()
    saveRDS(member, file)
    rows <- c(9L, 3L, 3L, 20L)
    all <- predict_rows(member, data, seq_along(data$response))
    expect_equal(predict_rows(readRDS(file), data, rows), all[rows])
    # a drug that is known by its id keeps its own, under another id not
    drugs <- lapply(data$drugs, function(view) {
        rownames(view) <- paste0("new", seq_len(nrow(view)))
        view
    })
    other <- predict_response_member(
        member, drugs, data$cells, response_pairs(data, rows)
    )
    expect_true(all(is.finite(other)))
    expect_false(isTRUE(all.equal(other, all[rows])))
})

test_that("several views get weights, and one without meaning a small one", {
    data <- response_example(5, 30L, 45L)
    set.seed(6)
    noise <- matrix(stats::rnorm(45 * 20), 45,
        dimnames = list(data$response$cells, paste0("noise", 1:20))
    )
    data$cells <- list(meaning = data$cells[[1L]], noise = noise)
    member <- fit_kernels(data)
    weight <- member$setting$cell$weight
    expect_gt(weight[1L], weight[2L])
})

test_that("small and degenerate responses are fitted", {
    data <- response_example(7)
    one <- which(data$response$drug == 1L)
    member <- fit_kernels(data, one)
    expect_true(all(is.finite(predict_rows(member, data, seq_along(
        data$response
    )))))
    few <- fit_kernels(data, one[1:2])
    # two cells are too few for three folds
    expect_identical(few$tried, 0L)
    expect_true(all(is.finite(predict_rows(few, data, one))))
    flat <- data
    flat$response$value[] <- 3
    expect_equal(
        predict_rows(fit_kernels(flat), data, 1:5), rep(3, 5)
    )
})

test_that("settings are checked", {
    refused <- function(expression, message) {
        expect_error(expression, message, class = "kith_error_input")
    }
    refused(method_kernels("linear"), "kernel")
    refused(method_kernels(profiles = NA), "profiles")
    refused(method_kernels(folds = 1), "folds")
    expect_s3_class(method_kernels(), c("method_kernels", "response_method"),
        exact = TRUE
    )
    expect_output(print(method_kernels()), "laplace")
})
