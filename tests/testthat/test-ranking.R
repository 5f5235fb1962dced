# learn_ranking(): its task in C, its convex scorers, the fit.

ranked_rows <- function(n = 40, seed = 1, n_in = 6) {
    withr::with_seed(seed, list(
        x = random_matrix(n, n_in), y = as.double(sample(n %/% 2, n, TRUE))
    ))
}

ranking_plan <- function(encoder = encoder_mlp(
                             hidden = c(8, 5), blend = FALSE, normalize = FALSE,
                             n_out = 1
                         ), keep_ties = 0, batch_size = 16, n_in = 6) {
    networks <- list(scorer = ranking_network(encoder, n_in, 1L))
    list(
        task = "ranking", objective = "pairwise_logistic", networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = 0, clip_norm = Inf)
        ),
        options = c(keep_ties = keep_ties),
        optimizer = resolve_optimizer(train_control()),
        batch_size = batch_size, key = draw_key(5L)
    )
}

ranking_run <- function(data, ..., precision = "double") {
    engine_create(ranking_plan(...), precision, data)
}

# the loss pair by pair, in plain R
pairwise_loss_r <- function(f, y, keep_ties = FALSE) {
    pairs <- utils::combn(length(f), 2)
    ahead <- f[pairs[1, ]] - f[pairs[2, ]]
    order <- sign(y[pairs[1, ]] - y[pairs[2, ]])
    terms <- log1p(exp(-ahead)) * (order + 1) / 2 +
        log1p(exp(ahead)) * (1 - order) / 2
    mean(terms[keep_ties | order != 0])
}

test_that("gradients of the task equal central differences", {
    data <- ranked_rows()
    conv <- encoder_conv(
        channels = 4, width = 3, pool = 1, hidden = 5, dropout = 0.2
    )
    plans <- list(
        ranking_plan(), ranking_plan(keep_ties = 1),
        ranking_plan(encoder_mlp(hidden = integer())),
        ranking_plan(encoder_mlp(
            hidden = 6, dropout = 0.3, activation = "relu"
        ))
    )
    for (plan in plans) {
        run <- engine_create(plan, "double", data)
        start <- engine_read(run, "parameters")
        loss_at <- function(parameters) {
            engine_write(run, "parameters", parameters)
            engine_batch(run, 3:17)
        }
        loss <- loss_at(start)
        gradient <- engine_read(run, "gradients")
        expect_lt(
            relative_error(gradient, numeric_gradient(loss_at, start)), 1e-6
        )
        if (!"dropout" %in% plan$networks$scorer$type) {
            engine_write(run, "parameters", start)
            f <- engine_output(run, 3:17, 1L)[, 1]
            expect_equal(loss, pairwise_loss_r(
                f, data$y[4:18], plan$options[["keep_ties"]] == 1
            ), tolerance = 1e-12)
        }
    }
    # bins as positions, marks as channels
    data <- ranked_rows(30, n_in = 24)
    plan <- ranking_plan()
    plan$networks$scorer <- ranking_network(conv, 4, 6L)
    run <- engine_create(plan, "double", data)
    start <- engine_read(run, "parameters")
    loss_at <- function(parameters) {
        engine_write(run, "parameters", parameters)
        engine_batch(run, 0:15)
    }
    loss_at(start)
    gradient <- engine_read(run, "gradients")
    expect_lt(
        relative_error(gradient, numeric_gradient(loss_at, start)), 1e-6
    )
})

test_that("scores far apart and near give the same loss as pair by pair", {
    set.seed(3)
    y <- sample(20, 300, TRUE)
    loss_of <- function(f, ties, precision = "double") {
        .Call(
            C_loss_gradients, "pairwise_logistic", precision, cbind(f),
            cbind(as.double(y)), as.double(ties), 2L
        )
    }
    for (spread in c(1e-3, 1, 15, 40)) {
        f <- rnorm(300, sd = spread)
        for (ties in 0:1) {
            found <- loss_of(f, ties)
            expect_equal(found$loss, pairwise_loss_r(f, y, ties == 1),
                tolerance = 1e-12
            )
            expect_lt(abs(sum(found$dx)), 1e-12)
            for (precision in precisions()) {
                rough <- loss_of(f, ties, precision)
                expect_equal(rough$loss, found$loss, tolerance = 1e-5)
                expect_lt(relative_error(rough$dx, found$dx), 1e-4)
            }
        }
    }
})

test_that("the optimum of L-BFGS is that of plain R", {
    set.seed(4)
    n <- 60
    columns <- random_matrix(n, 4)
    y <- as.double(round(rnorm(n) + columns[, 1], 1))
    ranks <- expression_ranks(y)
    objective <- function(b, penalty, ties) {
        pairwise_loss_r(drop(columns %*% b), ranks, ties) +
            penalty / (2 * n) * sum(b^2)
    }
    for (penalty in c(10, 0.1)) {
        for (ties in c(FALSE, TRUE)) {
            expected <- stats::optim(numeric(4), objective,
                penalty = penalty, ties = ties, method = "BFGS",
                control = list(reltol = 1e-14, maxit = 1000)
            )
            found <- minimise_pairs(
                columns, ranks, penalty, ties, list(seq_len(n)), numeric(4), 1L
            )
            expect_equal(objective(found, penalty, ties), expected$value,
                tolerance = 1e-8
            )
            expect_equal(found, expected$par, tolerance = 1e-3)
        }
    }
})

test_that("a kernel scorer with squared loss is kernel ridge regression", {
    set.seed(5)
    n <- 50
    x <- random_matrix(n, 8)
    new <- random_matrix(7, 8)
    y <- rnorm(n)
    scorer <- scorer_kernel(
        width = 2, penalty = 0.7, smooth = 1, scale = "mark", loss = "squared"
    )
    setting <- list(width = 2, scale = "mark")
    expect_identical(scorer_settings(scorer, NULL), list(setting))
    smoothed <- smooth_bins(x, 4L, scorer$smooth)
    fitted <- fit_space(scorer, smoothed, 4L, setting, 1L)
    coefficients <- fit_penalties(
        fitted, y, 0.7, "squared", FALSE, draw_key(1L), 1L
    )
    found <- space_scores(
        fitted$space, coefficients, smooth_bins(new, 4L, scorer$smooth), 1L
    )[, 1]

    # plain R: smooth, scale, kernel, solve
    weights <- outer(1:4, 1:4, function(a, b) exp(-(a - b)^2 / 2))
    weights <- sweep(weights, 2, colSums(weights), "/")
    prepare <- function(x) cbind(x[, 1:4] %*% weights, x[, 5:8] %*% weights)
    smooth <- prepare(x)
    sds <- rep(c(sd(smooth[, 1:4]), sd(smooth[, 5:8])), each = 4)
    scaled <- sweep(smooth, 2, sds, "/")
    new <- sweep(prepare(new), 2, sds, "/")
    width <- 2 * stats::median(stats::dist(scaled))
    kernel <- exp(-as.matrix(stats::dist(scaled)) / width)
    target <- qnorm((rank(y) - 0.5) / n)
    solved <- solve(kernel + 0.7 * diag(n), target)
    to_new <- apply(scaled, 1, function(centre) {
        exp(-sqrt(colSums((t(new) - centre)^2)) / width)
    })
    expect_equal(found, drop(to_new %*% solved), tolerance = 1e-6)
})

test_that("marks of other units are scaled, those of one are not", {
    set.seed(3)
    signal <- list(values = random_matrix(30, 6), n_bins = 3L)
    expect_identical(default_scale(signal), "none")
    signal$values[, 4:6] <- 20 * signal$values[, 4:6]
    expect_identical(default_scale(signal), "mark")
    # a mark without signal says nothing of units
    signal$values[, 1:3] <- 0
    expect_identical(default_scale(signal), "none")
    expect_identical(
        vapply(scorer_settings(scorer_kernel(width = 1:2), signal), `[[`, "",
            "scale"
        ), c("none", "none")
    )
})

test_that("single numbers with long tails are known by their ranks", {
    signal <- list(
        values = cbind(withr::with_seed(1, rnorm(500)), 1:500), n_bins = 1L
    )
    expect_identical(default_transform(signal), "none")
    signal$values[7, 2] <- 2500
    expect_identical(default_transform(signal), "normal_scores")
    # most are 0
    signal$values[, 2] <- rep(c(0, 1), c(450, 50))
    expect_identical(default_transform(signal), "normal_scores")
})

test_that("Nystroem columns are orthogonal and keep the norm of f", {
    set.seed(6)
    x <- random_matrix(80, 6)
    scorer <- scorer_kernel(centres = 20, smooth = 0)
    fitted <- fit_space(scorer, x, 3L, list(width = 1, scale = "none"), 1L)
    inner <- crossprod(fitted$columns)
    expect_equal(diag(inner), fitted$squares)
    expect_lt(max(abs(inner - diag(diag(inner)))), 1e-8 * max(inner))
    kernel <- kernel_matrix(
        fitted$space$centres, fitted$space$centres, fitted$space$width, 1L
    )
    expect_equal(
        crossprod(fitted$map, kernel %*% fitted$map), diag(ncol(fitted$map)),
        tolerance = 1e-6
    )
    expect_identical(spread_rows(5, 9), 1:5)
    expect_identical(spread_rows(9, 3), c(1, 5, 9))
})

# ---- fits -------------------------------------------------------------------

small_cells <- function(n = 160, seed = 1) {
    withr::with_seed(seed, simulate_marks(n, n_bins = 10))
}

quick <- function(..., seed = 1L) {
    train_control(epochs = 10, threads = 1, seed = seed, verbose = FALSE, ...)
}

quick_network <- function(...) encoder_mlp(hidden = 16, dropout = 0.1, ...)

test_that("a fit ranks unseen genes, better than its best mark", {
    cells <- small_cells(400)
    train <- 1:300
    fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
        control = quick()
    )
    expect_s3_class(fit, c("ranking_fit", "kith_fit"), exact = TRUE)
    result <- evaluate(fit, cells$marks[-train, , ], cells$expression[-train],
        draws = 50
    )
    expect_identical(unique(result$setting), "held out")
    expect_gt(result$concordance[1], 0.72)
    expect_gt(min(result$margin[-1]), 0.02)
    # no score ranks better than the truth does, but for chance
    best <- concordance(
        cells$truth$expected[-train], cells$expression[-train]
    )
    expect_lt(result$concordance[1], best + 0.01)
    expect_identical(names(fit$weights), c("kernel", "network", "forest"))
    expect_true(all(fit$weights >= 0))
    expect_output(print(fit), "together")
    expect_output(print(summary(fit)), "History")
    expect_identical(nrow(tidy(fit)), 3L)
    expect_identical(glance(fit)$marks, 5L)
})

test_that("forms of marks are one: array, list, matrix, experiment", {
    cells <- small_cells()
    array <- cells$marks
    marks <- dimnames(array)[[3]]
    by_mark <- lapply(stats::setNames(marks, marks), function(m) array[, , m])
    experiment <- SummarizedExperiment::SummarizedExperiment(by_mark)
    one <- ranking_signal(array)
    expect_identical(ranking_signal(by_mark), one)
    expect_identical(ranking_signal(experiment), one)
    expect_identical(one$n_bins, 10L)
    expect_identical(
        unname(one$values[3, mark_columns(one, marks[2])]),
        as.double(array[3, , 2])
    )
    # genes of a mark in another order, marks in another order
    turned <- by_mark
    turned[[2]] <- turned[[2]][160:1, ]
    expect_identical(ranking_signal(turned), one)
    fit <- learn_ranking(array, cells$expression, scorer_linear(),
        control = quick()
    )
    expect_identical(
        predict(fit, by_mark[5:1]), predict(fit, experiment)
    )
    flat <- sapply(by_mark, rowMeans)
    single <- ranking_signal(as.data.frame(flat))
    expect_identical(single$n_bins, 1L)
    expect_identical(single$marks, marks)
})

test_that("expression is matched by names, and gaps are counted", {
    cells <- small_cells(60)
    y <- cells$expression
    linear <- function(x, y) {
        learn_ranking(x, y, scorer_linear(), control = quick())
    }
    fit <- linear(cells$marks, y)
    expect_identical(linear(cells$marks, y[60:1])$scorers, fit$scorers)
    expect_identical(linear(cells$marks, unname(y))$scorers, fit$scorers)
    # ranks decide
    expect_identical(linear(cells$marks, log1p(y))$scorers, fit$scorers)
    expect_message(
        expect_message(
            some <- linear(cells$marks, c(y[1:50], other = 1)),
            "1 of 51 genes of `y` have no marks", fixed = TRUE
        ),
        "10 of 60 genes have no expression", fixed = TRUE
    )
    expect_identical(some$genes, rownames(cells$marks)[1:50])
})

test_that("predictions of pairs add up to 1 and agree with each other", {
    cells <- small_cells()
    fit <- learn_ranking(cells$marks, cells$expression, scorer_linear(),
        control = quick()
    )
    genes <- rownames(cells$marks)
    pairs <- expand.grid(
        from = genes[1:12], to = genes[1:12], stringsAsFactors = FALSE
    )
    p <- predict(fit, cells$marks, type = "prob", pairs = pairs)
    turned <- data.frame(from = pairs$to, to = pairs$from)
    back <- predict(fit, cells$marks, type = "prob", pairs = turned)
    expect_lt(max(abs(p$.pred + back$.pred - 1)), 1e-12)
    above <- matrix(p$.pred, 12) > 0.5
    # a above b and b above c: a above c
    two_steps <- (above %*% above) > 0
    expect_true(all(above[two_steps]))
    scores <- predict(fit, cells$marks)
    expect_identical(
        predict(fit, cells$marks, type = "rank")$.pred, rank(-scores$.pred)
    )
    # one gene alone, as among others
    expect_equal(predict(fit, cells$marks[3, , , drop = FALSE])$.pred,
        scores$.pred[3]
    )
})

test_that("probabilities are calibrated on genes that training left out", {
    cells <- small_cells(900, seed = 2)
    train <- 1:600
    fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
        scorer_kernel(width = 2, scale = "none"), control = quick()
    )
    genes <- rownames(cells$marks)[-train]
    pairs <- withr::with_seed(1, data.frame(
        from = sample(genes, 20000, TRUE), to = sample(genes, 20000, TRUE)
    ))
    y <- cells$expression
    pairs <- pairs[y[pairs$from] != y[pairs$to], ]
    p <- predict(fit, cells$marks[-train, , ], "prob", pairs)$.pred
    right <- y[pairs$from] > y[pairs$to]
    bin <- cut(p, seq(0, 1, 0.1))
    expect_lt(max(abs(tapply(right, bin, mean) - tapply(p, bin, mean))), 0.08)
})

test_that("a fit is plain data, and the seed decides it", {
    cells <- small_cells()
    learn <- function(threads) {
        control <- quick()
        control$threads <- threads
        learn_ranking(cells$marks, cells$expression,
            list(scorer_kernel(width = 1:2, scale = "none"), quick_network()),
            control = control
        )
    }
    fit <- learn(1L)
    again <- learn(2L)
    same <- c("scorers", "weights", "folds", "history")
    expect_identical(again[same], fit[same])
    file <- withr::local_tempfile()
    saveRDS(fit, file)
    expect_identical(
        predict(readRDS(file), cells$marks), predict(fit, cells$marks)
    )
})

test_that("a run that is saved within an epoch goes on bit for bit", {
    cells <- small_cells()
    folder <- withr::local_tempdir()
    learn <- function(...) {
        withr::with_seed(9, learn_ranking(cells$marks, cells$expression,
            quick_network(),
            members = 1, control = quick(batch_size = 32, ...)
        ))
    }
    whole <- learn()
    file <- file.path(folder, "run.rds")
    saved <- learn(checkpoint = file)
    same <- c("scorers", "weights", "history", "genes")
    expect_identical(saved[same], whole[same])
    # one network stops within an epoch
    state <- file.path(folder, list.files(folder, "run-1"))[1]
    content <- read_checkpoint(state)
    content$state$finished <- FALSE
    job <- restore_data(content$job, folder)
    job$control$checkpoint <- state
    unlink(state)
    save_within_epoch(job, 3, 2)
    expect_identical(resume(file, verbose = FALSE)[same], whole[same])
})

test_that("validation is watched and early stopping keeps the best epoch", {
    cells <- small_cells(300)
    control <- train_control(
        epochs = 40, threads = 1, seed = 1, verbose = FALSE, validation = 0.2,
        patience = 3
    )
    fit <- learn_ranking(cells$marks, cells$expression, quick_network(),
        control = control, members = 1
    )
    watched <- fit$history$validation_concordance
    expect_true(all(watched > 0.4))
    expect_identical(
        fit$scorers$network$members[[1]]$best_epoch, which.max(watched)
    )
})

test_that("bad input is refused with a way out", {
    cells <- small_cells(60)
    x <- cells$marks
    y <- cells$expression
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    refused(learn_ranking(x, y, epochs = 3), "train_control")
    refused(learn_ranking(x, y, width = 3), "scorer_kernel")
    refused(learn_ranking(x, y, frobnicate = 3), "learn_ranking.*no further")
    refused(learn_ranking(x, letters[1:60]), "y.*numeric")
    refused(learn_ranking(x, unname(y[1:20])), "60 genes and 20 values")
    refused(learn_ranking(x, stats::setNames(y, paste0("x", 1:60))),
        "None is"
    )
    refused(learn_ranking(x, stats::setNames(y, tolower(names(y)))),
        "upper case"
    )
    refused(learn_ranking(x, factor(letters[1:60 %% 3 + 1])), "class factor")
    refused(learn_ranking(x, rep(2, 60)), "two different values")
    refused(learn_ranking(0 * x, y), "must differ between genes")
    refused(learn_ranking(x, replace(y, 3, Inf)), "G003.*Inf")
    refused(learn_ranking(x[1:20, , ], y[1:20]), "at least 30 genes")
    refused(learn_ranking(replace(x, 5, NA), y), "finite")
    refused(learn_ranking(unname(x), y), "gene ids as row names")
    refused(learn_ranking(x, y, scorer = "kernel"), "scorer_kernel")
    refused(learn_ranking(x, y, scorer = list(1)), "scorer_kernel")
    by_mark <- list(a = x[, , 1], b = x[, 1:5, 2])
    refused(learn_ranking(by_mark, y), "10, \"b\"\\s+5")
    # as advised: wider bins, repeated
    by_mark$b <- by_mark$b[, rep(seq_len(5), each = 2)]
    expect_identical(ranking_signal(by_mark)$n_bins, 10L)
    refused(ranking_signal(list(x[, , 1])), "named matrix for each mark")
    refused(ranking_signal(list(a = x[, , 1], b = x[-1, , 2])), "same genes")
    negative <- x - 1
    refused(
        learn_ranking(negative, y, scorer_linear(), transform = "log1p"),
        "-1.*normal_scores"
    )
    # as advised
    fit <- learn_ranking(negative, y, scorer_linear(),
        transform = "normal_scores", control = quick()
    )
    expect_identical(fit$transform, "normal_scores")
    refused(predict(fit), "newdata")
    refused(predict(fit, x[, , 1:4]), "H3K9me3.*is missing")
    refused(predict(fit, x[, 1:5, ]), "5 for each mark, the fit 10")
    refused(predict(fit, x, "prob"), "needs `pairs`")
    refused(
        predict(fit, x, "prob", data.frame(from = "G001", to = "nobody")),
        "nobody"
    )
    refused(evaluate(fit), "newdata")
    refused(scorer_kernel(width = -1), "width.*positive")
    refused(scorer_kernel(scale = "all"), "scale.*among")
    refused(scorer_linear(penalty = 0), "penalty.*positive")
})

test_that("constant marks and constant genes are harmless", {
    cells <- small_cells(60)
    x <- cells$marks
    x[, , 2] <- 3L
    x[1:20, , ] <- 0L
    fit <- learn_ranking(x, cells$expression,
        list(scorer_kernel(), scorer_linear(), quick_network()),
        control = quick()
    )
    expect_true(all(is.finite(predict(fit, x)$.pred)))
})

test_that("a constant mark takes nothing from the others, at any level", {
    withr::local_seed(1)
    cells <- simulate_marks(400, n_bins = 50)
    x <- cells$marks
    x[, , 1] <- x[, , 1] * 10
    train <- 1:300
    score <- function(level, scorer) {
        x[, , 5] <- level
        fit <- learn_ranking(
            x[train, , ], cells$expression[train],
            scorer = scorer, control = quick()
        )
        concordance(predict(fit, x[-train, , ])$.pred, cells$expression[-train])
    }
    for (scorer in list(
        scorer_kernel(scale = "mark"), scorer_linear(penalty = 10)
    )) {
        none <- score(0, scorer)
        expect_gt(none, 0.7)
        for (level in c(0.1, 1, 5)) {
            expect_equal(score(level, scorer), none, tolerance = 1e-3)
        }
    }
})

test_that("a mark with few peaks does not outvote the others", {
    withr::local_seed(105)
    cells <- simulate_marks(600, n_bins = 100)
    peaks <- matrix(0, 600, 100, dimnames = list(names(cells$expression), NULL))
    for (i in c(1:5, 401:410)) peaks[i, sample(99, 1) + 0:1] <- 8
    marks <- list(a = cells$marks[, , 1] * 1, b = cells$marks[, , 4] * 1,
        peaks = peaks
    )
    part <- function(rows) lapply(marks, function(m) m[rows, ])
    fit <- learn_ranking(part(1:400), cells$expression[1:400],
        scorer = scorer_linear(), control = quick()
    )
    scores <- predict(fit, part(401:600))$.pred
    # the first ten have peaks, which training has seen in five genes
    expect_lt(max(abs(scores)), 20 * stats::IQR(scores))
    prob <- predict(fit, part(401:600), type = "prob", pairs = data.frame(
        from = names(cells$expression)[411:500],
        to = names(cells$expression)[501:590]
    ))$.pred
    expect_gt(stats::sd(prob), 0.05)
})

test_that("new genes that the transform cannot take are refused", {
    cells <- small_cells(60)
    for (scorer in list(scorer_kernel(), scorer_linear())) {
        fit <- learn_ranking(cells$marks, cells$expression, scorer,
            transform = "sqrt", control = quick()
        )
        wrong <- cells$marks * 1
        wrong[7, , ] <- -0.5
        expect_error(predict(fit, wrong), "newdata.*same scale",
            class = "kith_error_input"
        )
    }
    # a kernel does not take what is no number for its centres
    kernel <- kernel_matrix(
        rbind(c(NaN, 0), c(1, 0)), rbind(c(1, 0), c(2, 0)), 1, 1L
    )
    expect_true(all(is.nan(kernel[1, ])))
    expect_equal(kernel[2, ], c(1, exp(-1)))
})

test_that("marks without names, and bins of bin_signal(), must be the same", {
    cells <- small_cells(60)
    x <- unname(cells$marks)
    dimnames(x) <- list(dimnames(cells$marks)[[1]], NULL, NULL)
    fit <- learn_ranking(x, unname(cells$expression), scorer_kernel(),
        control = quick()
    )
    more <- x[, , c(seq_len(dim(x)[3]), 1)]
    dimnames(more) <- list(dimnames(x)[[1]], NULL, NULL)
    expect_error(predict(fit, more), "as many marks",
        class = "kith_error_input"
    )
    skip_if_not_installed("SummarizedExperiment")
    binned <- function(width, flip = TRUE) {
        assays <- lapply(seq_len(dim(x)[3]), function(m) x[, , m])
        names(assays) <- paste0("m", seq_along(assays))
        SummarizedExperiment::SummarizedExperiment(assays,
            metadata = list(width = width, n_bins = dim(x)[2], flip = flip)
        )
    }
    fit <- learn_ranking(binned(2000), unname(cells$expression),
        scorer_kernel(),
        control = quick()
    )
    expect_silent(predict(fit, binned(2000)))
    expect_error(predict(fit, binned(200)), "width = 200",
        class = "kith_error_input"
    )
    expect_error(predict(fit, binned(2000, FALSE)), "flip = FALSE",
        class = "kith_error_input"
    )
})

test_that("expression that is 0 nearly everywhere can be learned from", {
    withr::local_seed(2)
    cells <- simulate_marks(100, n_bins = 5)
    y <- rep(0, 100)
    y[1:6] <- 1:6
    fit <- learn_ranking(cells$marks, y, list(
        scorer_kernel(), scorer_linear()
    ), control = quick())
    expect_true(all(is.finite(predict(fit, cells$marks)$.pred)))
    expect_error(learn_ranking(cells$marks, y, scorer_kernel),
        "must come from",
        class = "kith_error_input"
    )
})

test_that("groups are taken by name, and one group has no interval", {
    cells <- small_cells(80)
    genes <- rownames(cells$marks)
    group <- stats::setNames(rep(c("a", "b", "c", "d"), 20), genes)
    fit <- learn_ranking(cells$marks[1:40, , ], cells$expression[1:40],
        scorer_linear(penalty = 100),
        control = quick()
    )
    found <- function(groups) {
        set.seed(1)
        evaluate(fit, cells$marks[41:80, , ], cells$expression[41:80],
            groups = groups, draws = 50, baselines = character()
        )
    }
    by_name <- found(group[41:80])
    expect_equal(found(rev(group)), by_name)
    expect_equal(found(unname(group[41:80])), by_name)
    names(group)[80] <- "typo"
    expect_error(found(group), "names of .*groups", class = "kith_error_input")
    # one held-out group alone
    one <- evaluate(fit, cells$marks, cells$expression,
        groups = c(rep("seen", 40), rep("new", 40)), draws = 50,
        baselines = character()
    )
    held <- one[one$setting == "held out", ]
    expect_true(all(is.na(held$lower)))
    expect_true("no interval" %in% summary(one)$verdict)
    # a setting without order is told, the other is measured
    y <- cells$expression
    y[1:2] <- 0
    some <- c(1:2, 41:80)
    expect_message(
        few <- evaluate(fit, cells$marks[some, , ], y[some],
            draws = 10, baselines = character()
        ), "2 genes have no order.*transductive",
        class = "kith_message_genes"
    )
    expect_identical(unique(few$setting), "held out")
    expect_error(
        evaluate(fit, cells$marks[41, , , drop = FALSE], y[41]), "two genes",
        class = "kith_error_input"
    )
})
