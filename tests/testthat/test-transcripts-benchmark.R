quiet <- train_control(threads = 1, seed = 1, verbose = FALSE)

benchmark_genes <- function(n = 60) {
    set.seed(1)
    cells <- simulate_transcripts(n)
    genes <- cells$transcripts[!duplicated(cells$gene), ]
    genes$id <- unname(cells$gene[genes$id])
    list(x = encode_transcripts(genes), y = cells$y, family = cells$homology)
}

test_that("all arms are compared on the same folds and labels", {
    data <- benchmark_genes()
    words <- sequence_features(data$x, features = "kmers", k = 2)
    run <- function(...) {
        benchmark_transcripts(data$x, data$y, data$family,
            methods = list(words = words), labels = c(20, Inf),
            baselines = c("codons", "length + exons"), folds = 3, draws = 2,
            control = quiet, ...
        )
    }
    result <- run()
    arms <- c(
        "words", "words alone", "words joint", "codons", "length + exons"
    )
    expect_identical(unique(result$method), arms)
    # one draw of all labels
    expect_equal(nrow(result), 3 * (2 + 1) * 5)
    expect_identical(unique(result$n_train[result$labels == 20]), 20L)
    expect_identical(attr(result, "transductive"), "words")
    expect_output(print(result), "transductive")
    expect_identical(run(), result)
    folder <- withr::local_tempdir()
    expect_identical(run(folder = folder), result)
    expect_length(dir(folder), 3)
    expect_identical(run(folder = folder), result)

    # families are not parted
    seen <- attr(result, "predicted")
    seen <- seen[seen$labels == Inf, ]
    expect_setequal(seen$transcript, names(data$x))
    expect_identical(seen$y, unname(data$y[seen$transcript]))
    key <- draw_key(1L)
    fold <- item_folds(60, 3, derive_key(key, "folds", 1L),
        groups = paste("group", data$family)
    )
    # each prediction is that of a probe of the training transcripts
    codons <- suppressMessages(
        sequence_features(data$x, features = c("length", "codons"))
    )
    exons <- sequence_features(data$x,
        features = c("length", "codons", "exons")
    )
    for (f in 1:3) {
        out <- names(data$x)[fold == f]
        train <- setdiff(names(data$x), out)
        floor <- probe(codons, data$y[train], groups = data$family)
        rows <- match(out, seen$transcript)
        expect_equal(
            seen$codons[rows], unname(predict(floor, codons[out, ]))
        )
        both <- probe(
            list(features = exons, encoding = words), data$y[train],
            groups = data$family
        )
        expect_equal(seen$words[rows], unname(predict(
            both, list(features = exons[out, ], encoding = words[out, ])
        )))
    }

    found <- summary(result, bootstrap = 30, level = 0.9)
    values <- result[result$labels == 20, ]
    by_fold <- tapply(values$pearson, list(values$fold, values$method), mean)
    margin <- by_fold[, "words"] - by_fold[, "codons"]
    row <- found[found$labels == 20 & found$method == "codons", ]
    expect_equal(row$margin, mean(margin))
    expect_equal(row$margin_se, sd(margin) / sqrt(3))
    expect_lt(row$margin_lower, row$margin_upper)
    # of an error, lower is better
    rmse <- summary(result, measure = "rmse", bootstrap = 0)
    row <- rmse[rmse$labels == 20 & rmse$method == "codons", ]
    by_fold <- tapply(values$rmse, list(values$fold, values$method), mean)
    expect_equal(
        row$margin, mean(by_fold[, "codons"] - by_fold[, "words"])
    )
    expect_true(all(is.na(rmse$margin_lower)))
    expect_s3_class(ggplot2::autoplot(result), "ggplot")
    # what was planted is found
    best <- found[found$labels == Inf & found$method == "codons", ]
    expect_gt(best$mean, 0.4)
})

test_that("a function sees training transcripts alone", {
    data <- benchmark_genes()
    seen <- list()
    learner <- function(train) {
        seen[[length(seen) + 1L]] <<- names(train)
        function(x) sequence_features(x, features = "kmers", k = 1)
    }
    result <- benchmark_transcripts(data$x, data$y, data$family,
        methods = list(inside = learner), labels = Inf,
        baselines = character(), folds = 3, control = quiet
    )
    expect_length(seen, 3)
    expect_length(attr(result, "transductive"), 0)
    predicted <- attr(result, "predicted")
    parts <- split(
        predicted$transcript, rep(1:3, lengths(lapply(seen, function(train) {
            setdiff(names(data$x), train)
        })))
    )
    for (f in 1:3) {
        expect_setequal(c(seen[[f]], parts[[f]]), names(data$x))
        expect_false(any(
            data$family[seen[[f]]] %in% data$family[parts[[f]]]
        ))
    }
})

test_that("a published split has one fold, and others only train", {
    data <- benchmark_genes()
    split <- ifelse(seq_along(data$y) > 45, 1L, NA)
    result <- benchmark_transcripts(data$x, data$y,
        labels = c(0.5, Inf), baselines = "codons", folds = split,
        draws = 2, control = quiet
    )
    expect_identical(unique(result$n_test), 15L)
    expect_identical(unique(result$n_train), c(22L, 45L))
    expect_true(all(is.na(summary(result, bootstrap = 0)$sd)))
})

test_that("labels and classes are benchmarked, and a forest", {
    skip_if_not_installed("ranger")
    data <- benchmark_genes(45)
    several <- cbind(high = data$y > 0.3, low = data$y < -0.3)
    result <- benchmark_transcripts(data$x, several, data$family,
        labels = c(5, Inf), baselines = c("codons", "random forest"),
        folds = 3, draws = 1, control = quiet
    )
    expect_identical(
        names(result)[5:7], c("micro_auc", "macro_auc", "micro_precision")
    )
    expect_true(all(result$micro_auc >= 0 & result$micro_auc <= 1))
    expect_null(attr(result, "predicted"))
    expect_output(print(result), "micro AUC")
    class <- ifelse(data$y > 0, "long", "short")
    result <- benchmark_transcripts(data$x, class, data$family,
        labels = Inf, baselines = "codons", folds = 3, control = quiet
    )
    expect_gt(mean(result$macro_auc), 0.5)
    number <- benchmark_transcripts(data$x, data$y, data$family,
        labels = Inf, baselines = "random forest", folds = 3, control = quiet
    )
    expect_gt(mean(number$pearson), 0)
})

test_that("baselines are those that there is data for", {
    set.seed(2)
    x <- stats::setNames(replicate(30, paste(
        sample(c("A", "C", "G", "T"), 40, TRUE),
        collapse = ""
    )), paste0("s", 1:30))
    y <- stats::setNames(nchar(gsub("[^G]", "", x)) + 0, names(x))
    result <- suppressMessages(benchmark_transcripts(x, y,
        labels = Inf, baselines = c("k-mers", "length"), k = 1, folds = 3,
        control = quiet
    ))
    # all have one length: a constant has no correlation
    expect_true(all(is.na(result$pearson[result$method == "length"])))
    expect_gt(min(result$pearson[result$method == "k-mers"]), 0.9)
    expect_true(all(is.na(
        summary(result, bootstrap = 0)$mean[2]
    )))
    expect_error(
        benchmark_transcripts(x, y, baselines = "codons", control = quiet),
        class = "kith_error_input"
    )
})

test_that("bad input is refused with a way out", {
    data <- benchmark_genes(30)
    refused <- function(message, ...) {
        expect_error(
            benchmark_transcripts(data$x, data$y, ...,
                baselines = "codons",
                control = quiet
            ), message,
            class = "kith_error_input"
        )
    }
    refused("methods", methods = list(1))
    refused("methods", methods = list(matrix(1)))
    refused("two arms", methods = list(
        codons = sequence_features(data$x, features = "gc")
    ))
    refused("lacks", methods = list(
        some = sequence_features(data$x, features = "gc")[1:20, ]
    ), folds = 3)
    refused("at least 3 groups",
        folds = 3,
        groups = rep(1:2, 15)
    )
    refused("folds", folds = c(1, 2))
    refused("train", folds = rep(1, 30))
    refused("labels", labels = 0)
})

test_that("fits are trained on with the labels, and from scratch", {
    data <- benchmark_genes(45)
    fit_of <- function(x) {
        learn_transcripts(x,
            encoder = encoder_conv(c(6, 8),
                width = 5, dropout = 0, hidden = integer(0)
            ),
            method = method_isoclr(projector = c(8, 8)),
            control = train_control(epochs = 1, seed = 1, threads = 1)
        )
    }
    fit <- fit_of(data$x)
    words <- sequence_features(data$x, features = "kmers", k = 1)
    tuning <- list(
        control = train_control(epochs = 3, learning_rate = 0.01, seed = 9),
        dropout = 0
    )
    run <- function(...) {
        benchmark_transcripts(data$x, data$y, data$family,
            labels = Inf, baselines = character(), folds = 3,
            fine_tune = tuning, control = quiet, ...
        )
    }
    result <- run(methods = list(net = fit, words = words))
    arms <- c(
        "net", "net alone", "net joint", "words", "words alone", "words joint",
        "net fine-tuned", "net from scratch"
    )
    expect_identical(unique(result$method), arms)
    expect_setequal(attr(result, "ours"), arms)
    expect_identical(
        run(methods = list(net = fit, words = words)), result
    )
    # what a call of fine_tune() predicts
    seen <- attr(result, "predicted")
    key <- draw_key(1L)
    fold <- item_folds(45, 3, derive_key(key, "folds", 1L),
        groups = paste("group", data$family)
    )
    at <- names(data$x)[fold == 2]
    train <- setdiff(names(data$x), at)
    network <- derive_key(
        derive_key(derive_key(key, "fold", 2L), "split", 1L), "network", 1L
    )
    control <- train_control(
        epochs = 3, learning_rate = 0.01, threads = 1,
        seed = as.integer(network[1L] %% .Machine$integer.max)
    )
    tuned <- fine_tune(fit, data$y[train], data$x[train],
        dropout = 0, control = control
    )
    rows <- match(at, seen$transcript)
    expect_equal(
        seen[["net fine-tuned"]][rows], unname(predict(tuned, data$x[at]))
    )
    untrained <- fit_of(data$x)
    untrained$member[c("parameters", "state")] <- network_initialise(
        untrained$network, control$precision, draw_key(control$seed)
    )[c("parameters", "state")]
    scratch <- fine_tune(untrained, data$y[train], data$x[train],
        dropout = 0, control = control
    )
    expect_equal(
        seen[["net from scratch"]][rows], unname(predict(scratch, data$x[at])),
        tolerance = 1e-6
    )
    # labels, and a fit of each fold; one label may be all that is shown
    several <- cbind(high = data$y > 0.3, low = data$y < -0.3)
    result <- benchmark_transcripts(data$x, several, data$family,
        methods = list(inside = fit_of), labels = 2, draws = 1,
        baselines = character(), folds = 3, fine_tune = tuning, control = quiet
    )
    expect_true(all(tuned_arms %in% sub("inside", "", result$method)))
    expect_false(anyNA(result$micro_auc))
    one <- benchmark_transcripts(data$x, data$y, data$family,
        methods = list(net = fit), labels = 1, draws = 1,
        baselines = character(), folds = 3, fine_tune = tuning, control = quiet
    )
    rows <- one[one$method == "net fine-tuned", ]
    expect_true(all(is.na(rows$pearson)) && !anyNA(rows$rmse))
})

test_that("what cannot be fine-tuned is refused", {
    data <- benchmark_genes(30)
    words <- sequence_features(data$x, features = "kmers", k = 1)
    refused <- function(pattern, fine_tune, methods = list(net = identity)) {
        expect_error(benchmark_transcripts(data$x, data$y,
            methods = methods, fine_tune = fine_tune, control = quiet
        ), pattern, class = "kith_error_input")
    }
    refused("cannot be trained on", TRUE, list(words = words))
    refused("must be .*TRUE", train_control())
    refused("must be .*TRUE", 3)
    refused("must be .*TRUE", list(epochs = 3))
    refused("mask_rate", list(mask_rate = 2))
    refused("checkpoint", list(
        control = train_control(checkpoint = tempfile(fileext = ".rds"))
    ))
})
