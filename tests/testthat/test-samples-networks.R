# Networks of learn_samples(), and fine_tune().

grouped <- function(n = 60) {
    grouped_samples(n, groups = 3, genes = 40, noise = 1, shared = 0)
}

small_encoder <- function(hidden = c(16, 8), dropout = 0.1) {
    encoder_mlp(hidden,
        activation = "relu", norm = "batch", dropout = dropout, blend = FALSE,
        normalize = FALSE, output = "hidden"
    )
}

small_run <- function(..., epochs = 4, seed = 1) {
    train_control(
        epochs = epochs, seed = seed, threads = 1, batch_size = 16, ...
    )
}

small_methods <- list(
    scarf = method_scarf(projector = c(8, 4)),
    vime = method_vime(decoder = 8),
    byol = method_byol(projector = c(8, 4), predictor = c(8, 4))
)

fit_small <- function(method, x = grouped()$x, control = small_run(), ...) {
    learn_samples(x, method, small_encoder(), control = control, ...)
}

test_that("encodings are those of the network in plain R", {
    data <- grouped()
    for (method in small_methods) {
        fit <- fit_small(method, data$x)
        z <- pmin(pmax(scale(data$x), -6), 6)
        p <- fit$member$parameters
        s <- fit$member$state
        at <- 0
        take <- function(n) {
            at <<- at + n
            p[at - n + seq_len(n)]
        }
        values <- z
        seen <- 0
        for (width in c(16, 8)) {
            weight <- matrix(take(width * ncol(values)), width, byrow = TRUE)
            values <- values %*% t(weight) + rep(take(width), each = nrow(z))
            mean <- s[seen + seq_len(width)]
            variance <- s[seen + width + seq_len(width)]
            seen <- seen + 2 * width
            values <- (values - rep(mean, each = nrow(z))) /
                rep(sqrt(variance + 1e-5), each = nrow(z))
            values <- values * rep(take(width), each = nrow(z)) +
                rep(take(width), each = nrow(z))
            values <- pmax(values, 0)
        }
        expect_identical(at, as.double(length(p)))
        expect_equal(unname(encode(fit)), unname(values), tolerance = 1e-4)
        expect_equal(encode(fit, data$x[c(5, 2), ]), encode(fit)[c(5, 2), ],
            tolerance = 1e-5
        )
        expect_identical(nrow(tidy(fit)), 4L)
        expect_true(all(is.finite(as.matrix(tidy(fit)))))
    }
})

test_that("the same seed gives the same fit, whatever the threads", {
    for (method in small_methods) {
        one <- fit_small(method)
        expect_identical(fit_small(method)$member, one$member)
        expect_false(identical(
            fit_small(method, control = small_run(seed = 2))$member, one$member
        ))
        control <- small_run()
        control$threads <- 2L
        expect_identical(fit_small(method, control = control)$member,
            one$member
        )
    }
})

test_that("blocks of rows and arrays on disk change no fitted number", {
    data <- grouped()
    one <- fit_small(small_methods$vime, data$x[1:45, ])
    # rows that come in blocks, of an array on disk
    local_replaced("most_block_values", 40 * 7)
    blocks <- fit_small(small_methods$vime, data$x[1:45, ])
    expect_identical(blocks$member, one$member)
    # a matrix product of other rows may round otherwise
    expect_equal(encode(blocks), encode(one), tolerance = 1e-5)
    skip_if_not_installed("DelayedArray")
    delayed <- DelayedArray::DelayedArray(data$x[1:45, ])
    expect_equal(fit_small(small_methods$vime, delayed)$member, one$member)
})

test_that("counts are transformed alike in training and in new samples", {
    withr::local_seed(4)
    counts <- matrix(rpois(40 * 30, 200), 40,
        dimnames = list(paste0("s", 1:40), paste0("g", 1:30))
    )
    control <- small_run()
    fit <- fit_small(small_methods$scarf, counts, control,
        transform = "log_cpm"
    )
    expect_equal(encode(fit, counts[3:9, ]), encode(fit)[3:9, ],
        tolerance = 1e-5
    )
})

test_that("corruption once before training is the same in all epochs", {
    method <- method_vime(
        decoder = 8, fresh = FALSE, corruption = "permute"
    )
    x <- grouped()$x
    fit <- fit_small(method, x)
    job <- sample_job(
        scaled_samples(x, fit$scaling), method, small_encoder(), small_run(),
        draw_key(1L), list()
    )
    expect_identical(dim(job$arrays$corrupted), dim(x))
    expect_identical(
        job$arrays$corrupted,
        corrupt(
            unname(scaled_rows(job$arrays$x, 1:60)), method, draw_key(1L)
        )
    )
    # a gene keeps its values, in another order, where it is replaced
    expect_true(all(
        job$arrays$corrupted[, 1] %in% scaled_rows(job$arrays$x, 1:60)[, 1]
    ))
})

test_that("watched samples stop training and are in the fit", {
    for (method in small_methods) {
        control <- small_run(
            epochs = 60, validation = 0.3, patience = 1, learning_rate = 0.3
        )
        fit <- suppressWarnings(
            fit_small(method, control = control),
            classes = "kith_warning_collapsed"
        )
        watched <- tidy(fit)$validation_loss
        expect_lt(length(watched), 60)
        expect_identical(fit$member$best_epoch, which.min(watched))
        expect_identical(nrow(encode(fit)), 60L)
    }
    # the watched loss is that of the samples that are held out
    job <- sample_job(
        scaled_samples(grouped()$x, fit$scaling), small_methods$vime,
        small_encoder(dropout = 0), small_run(validation = 0.25), draw_key(3L),
        list()
    )
    expect_identical(nrow(job$watched), 15L)
    expect_length(
        intersect(rownames(job$watched), rownames(job$arrays$x)), 0
    )
    run <- run_new(job, state_new())
    watched <- validate_job(job, run)
    same <- job$plan
    same$batch_size <- 15L
    alone <- engine_create(
        same, job$control$precision,
        list(x = unname(scaled_rows(job$watched, 1:15)))
    )
    expect_equal(watched, engine_batch(alone, 0:14))
})

test_that("a run that was saved within an epoch goes on bit for bit", {
    for (method in small_methods) {
        file <- withr::local_tempfile(fileext = ".rds")
        control <- small_run(epochs = 5, checkpoint = file)
        x <- grouped()$x
        whole <- fit_small(method, control = small_run(epochs = 5))
        scaled <- scaled_samples(x, whole$scaling)
        found <- sample_components(scaled, 39L)
        learned <- list(
            method = method, encoder = small_encoder(), assay = 1,
            components = found$scores, rotation = found$rotation
        )
        job <- sample_job(
            scaled, method, small_encoder(), control, draw_key(1L), learned
        )
        save_within_epoch(job, 2, 1)
        resumed <- resume(file, verbose = FALSE)
        expect_identical(resumed$member, whole$member)
        expect_identical(encode(resumed), encode(whole))
        expect_identical(tidy(resumed), tidy(whole))
    }
})

test_that("presets are what they say, and are filled by arguments", {
    paper <- method_scarf("paper")
    expect_identical(
        paper[c("corruption", "rate", "fixed", "temperature")],
        list(corruption = "uniform", rate = 0.3, fixed = TRUE, temperature = 1)
    )
    expect_identical(method_scarf("paper", rate = 0.2)$rate, 0.2)
    control <- sample_control(train_control(), paper)
    expect_identical(control$epochs, 1000L)
    expect_identical(control$learning_rate, 1e-4)
    expect_identical(control$weight_decay, 0)
    expect_identical(control$schedule, "constant")
    control <- sample_control(train_control(epochs = 3), method_vime("paper"))
    expect_identical(control$epochs, 3L)
    expect_identical(control$optimizer, "rmsprop")
    expect_identical(control$betas[2], 0.9)
    control <- sample_control(train_control(), method_byol("paper"))
    expect_identical(control$optimizer, "sgd")
    # 4 x 256 behind d genes: d 256 + 256 + 3 (256^2 + 256) + 4 x 512
    published <- sample_encoder(method_byol("paper"), NULL, 3556)
    expect_identical(
        sum(layer_table(resolve_network(published, 3556))$parameters),
        3556 * 256 + 256 + 3 * (256^2 + 256) + 4 * 512
    )
    # projector and predictor: 2.11 million each
    networks <- sample_networks_of(method_byol("paper"), published, 3556)
    expect_identical(
        sum(layer_table(networks$predictor)$parameters),
        256 * 4096 + 4096 + 2 * 4096 + 4096 * 256 + 256
    )
    expect_identical(
        layer_table(networks$projector)$type,
        c("linear", "batchnorm", "relu", "dropout", "linear")
    )
    wide <- sample_encoder(method_vime("original"), NULL, 12)
    expect_identical(wide$hidden, 12L)
    expect_identical(wide$norm, "none")
    expect_output(print(method_byol("paper")), "momentum 0.9")
    options <- sample_options(method_byol("original"), 77)
    expect_identical(options[["rise_steps"]], 77)
    # 60 samples in batches of 16: three, and one of the 12 that are left
    expect_equal(epoch_batches(60, 16), 4)
    expect_equal(epoch_batches(54, 16), 3)
    fit <- fit_small(method_byol(
        rising = TRUE, projector = c(8, 4), predictor = c(8, 4)
    ))
    job <- sample_job(
        scaled_samples(grouped()$x, fit$scaling),
        method_byol("original", projector = c(8, 4), predictor = c(8, 4)),
        small_encoder(), small_run(epochs = 3), draw_key(1L), list()
    )
    state <- train(job)
    expect_equal(job$plan$options[["rise_steps"]], 12)
    expect_equal(state$at[["n_steps"]], 12)
})

test_that("a space that has collapsed is told, with what to change", {
    fit <- fit_small(small_methods$byol)
    fit$diagnostics$effective_rank <- 1.2
    expect_warning(warn_collapsed(fit), "rank is 1.2.*momentum",
        class = "kith_warning_collapsed"
    )
    fit$diagnostics$dead <- 1
    expect_warning(warn_collapsed(fit), "100% of its dimensions",
        class = "kith_warning_collapsed"
    )
    # one that really has: a rate that lets all units die
    expect_warning(
        fit_small(
            small_methods$vime,
            control = small_run(learning_rate = 50, epochs = 10)
        ),
        class = "kith_warning_collapsed"
    )
})

test_that("training says how it goes after each epoch", {
    seen <- integer()
    registerS3method("watch_job", "counted_job", function(job, history) {
        seen <<- c(seen, nrow(history))
    }, envir = asNamespace("kith"))
    fit <- fit_small(small_methods$byol)
    job <- sample_job(
        scaled_samples(grouped()$x, fit$scaling), small_methods$byol,
        small_encoder(), small_run(epochs = 3), draw_key(1L), list()
    )
    class(job) <- c("counted_job", class(job))
    train(job)
    expect_identical(seen, 1:3)
})

test_that("a run that only begins with like encodings is not told", {
    job <- structure(
        list(learned = list(method = method_byol())),
        class = c("sample_job", "kith_job")
    )
    run <- function(same) {
        data.frame(dead = 0, mean_cosine = ifelse(same, 0.9999, 0.5))
    }
    expect_silent(watch_job(job, run(c(TRUE, TRUE))))
    expect_silent(watch_job(job, run(c(TRUE, TRUE, TRUE, FALSE))))
    expect_silent(watch_job(job, run(rep(TRUE, 4))))
    expect_message(watch_job(job, run(c(FALSE, TRUE, TRUE, TRUE))),
        "momentum", class = "kith_message_collapsing"
    )
})

test_that("probes and figures take the space of a network", {
    data <- grouped(90)
    train <- 1:60
    fit <- fit_small(
        small_methods$scarf, data$x[train, ],
        small_run(epochs = 20)
    )
    for (spaces in list("encoding", "components", c(
        "encoding", "components"
    ))) {
        known <- probe(fit, data$tissue[train], spaces = spaces)
        discriminant <- if ("components" %in% spaces) "discriminant"
        expect_identical(tidy(known)$head, c(spaces, discriminant))
        found <- predict(known, data$x[-train, ])
        expect_gt(mean(found == data$tissue[-train]), 0.5)
    }
    untrained <- fit_small(method_untrained(), data$x[train, ])
    expect_identical(dim(encode(untrained)), c(60L, 8L))
    expect_s3_class(ggplot2::autoplot(fit), "ggplot")
    expect_output(print(fit), "scarf, 20 epochs")
    expect_output(print(untrained), "untrained")
    expect_identical(glance(fit)$method, "scarf")
    expect_identical(glance(untrained)$loss, NA_real_)
})

# ---- fine_tune() ------------------------------------------------------------

test_that("training on with labels finds the classes of new samples", {
    data <- grouped(90)
    train <- 1:60
    fit <- fit_small(small_methods$scarf, data$x[train, ])
    tuned <- fine_tune(fit, data$tissue[train], data$x[train, ],
        control = train_control(
            epochs = 60, seed = 1, learning_rate = 3e-3, threads = 1
        )
    )
    found <- predict(tuned, data$x[-train, ])
    expect_gt(mean(found == data$tissue[-train]), 0.9)
    prob <- predict(tuned, data$x[-train, ], type = "prob")
    expect_equal(unname(rowSums(prob)), rep(1, 30))
    expect_identical(
        as.character(found), colnames(prob)[max.col(prob, "first")]
    )
    measured <- evaluate(tuned, data$x[-train, ], data$tissue[-train])
    expect_equal(measured$value[1], mean(found == data$tissue[-train]))
    expect_error(evaluate(tuned, data$x, data$tissue), "not learned from",
        class = "kith_error_input"
    )
    # the logits are the head's
    encoded <- encode(tuned, data$x[-train, ])
    n <- sum(layer_table(fit$network)$parameters)
    head <- tuned$member$parameters[-seq_len(n)]
    logits <- encoded %*% t(matrix(head[1:24], 3, byrow = TRUE)) +
        rep(head[25:27], each = 30)
    softmax <- exp(logits) / rowSums(exp(logits))
    expect_equal(unname(prob), unname(softmax), tolerance = 1e-5)
    expect_output(print(summary(tuned)), "trained with the head")
    # a fit is plain data
    copy <- unserialize(serialize(tuned, NULL))
    expect_identical(predict(copy, data$x[-train, ]), found)
})

test_that("a frozen encoder is the one of the fit", {
    data <- grouped()
    fit <- fit_small(small_methods$byol, data$x)
    before <- fit$member
    tuned <- fine_tune(fit, data$tissue, data$x,
        frozen = TRUE, control = train_control(epochs = 5, seed = 1)
    )
    n <- length(fit$member$parameters)
    expect_identical(tuned$member$parameters[seq_len(n)],
        fit$member$parameters
    )
    expect_identical(tuned$member$state, fit$member$state)
    expect_identical(fit$member, before)
    expect_equal(encode(tuned, data$x), encode(fit, data$x))
    free <- fine_tune(fit, data$tissue, data$x,
        control = train_control(epochs = 5, seed = 1)
    )
    expect_false(identical(free$member$state, fit$member$state))
})

test_that("numbers and several labels take the same way", {
    data <- grouped(90)
    train <- 1:60
    fit <- fit_small(small_methods$scarf, data$x[train, ])
    control <- train_control(
        epochs = 80, seed = 1, learning_rate = 3e-3, threads = 1
    )
    y <- 100 + 10 * data$x[, 1] + 5 * data$x[, 2]
    tuned <- fine_tune(fit, y[train], data$x[train, ], control = control)
    found <- predict(tuned, data$x[-train, ])
    expect_gt(spearman(found, y[-train]), 0.5)
    expect_equal(mean(found), 100, tolerance = 0.1)
    both <- cbind(a = data$tissue == "a", not_b = data$tissue != "b")
    rownames(both) <- names(data$tissue)
    tuned <- fine_tune(fit, both[train, ], data$x[train, ], control = control)
    prob <- predict(tuned, data$x[-train, ], type = "prob")
    expect_identical(colnames(prob), c("a", "not_b"))
    expect_gt(mean((prob > 0.5) == both[-train, ]), 0.85)
})

test_that("weights of classes are what they say", {
    labels <- list(
        kind = "class", y = factor(c("a", "a", "a", "b")),
        levels = c("a", "b"), rows = 1:4
    )
    expect_equal(label_weights("balanced", labels), c(2 / 3, 2 / 3, 2 / 3, 2))
    expect_identical(label_weights("none", labels), rep(1, 4))
    expect_identical(
        label_weights(c(b = 5, a = 0.5), labels), c(0.5, 0.5, 0.5, 5)
    )
    # an empty name is a name
    levels(labels$y) <- labels$levels <- c("", "b")
    expect_equal(label_weights("balanced", labels), c(2 / 3, 2 / 3, 2 / 3, 2))
})

test_that("a job of fine_tune() holds what it should", {
    data <- grouped()
    fit <- fit_small(small_methods$scarf, data$x)
    x <- scaled_samples(data$x, fit$scaling)
    labels <- sample_labels(data$tissue, rownames(data$x))
    labels$groups <- rep(1:20, 3)
    weights <- seq_len(60) / 60
    job <- tuning_job(
        fit, x, labels, weights, FALSE,
        complete_control(
            train_control(validation = 0.25), tuning_defaults
        ), draw_key(1L), NULL
    )
    all <- unname(scaled_rows(x, 1:60))
    row_of <- function(rows) {
        match(apply(rows, 1, toString), apply(all, 1, toString))
    }
    trained <- row_of(job$arrays$x)
    watched <- row_of(job$watched$x)
    expect_setequal(c(trained, watched), 1:60)
    # whole groups are watched
    expect_length(
        intersect(labels$groups[trained], labels$groups[watched]), 0
    )
    expect_equal(drop(job$arrays$weight), weights[trained])
    expect_equal(drop(job$arrays$y), as.integer(labels$y)[trained] - 1)
    expect_equal(drop(job$watched$y), as.integer(labels$y)[watched] - 1)
})

test_that("early stopping watches samples of each class", {
    data <- grouped()
    fit <- fit_small(small_methods$scarf, data$x)
    tuned <- fine_tune(fit, data$tissue, data$x,
        control = train_control(
            epochs = 200, validation = 0.25, patience = 3, seed = 2,
            learning_rate = 0.01
        )
    )
    watched <- tidy(tuned)$validation_log_loss
    expect_lt(length(watched), 200)
    expect_identical(tuned$member$best_epoch, which.min(watched))
    labels <- sample_labels(data$tissue, names(data$tissue))
    labels$groups <- names(data$tissue)
    held <- watched_labels(labels, 0.25, draw_key(1L))
    expect_identical(as.vector(table(data$tissue[held])), c(5L, 5L, 5L))
})

test_that("one labelled sample of each class is enough", {
    data <- grouped()
    fit <- fit_small(small_methods$scarf, data$x)
    few <- data$tissue[1:3]
    tuned <- fine_tune(fit, few, data$x,
        control = train_control(epochs = 5, seed = 1)
    )
    expect_identical(tuned$samples, c("s1", "s2", "s3"))
    expect_length(predict(tuned, data$x), 60)
})

test_that("what cannot be is refused with a way out", {
    data <- grouped()
    fit <- fit_small(small_methods$scarf, data$x)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    refused(fit_small(small_methods$scarf, data$x,
        small_run(validation = 0.02)
    ), "validation.*2 to watch")
    refused(fit_small(small_methods$scarf, data$x,
        small_run(validation = 0.9)
    ), "validation.*leaves 6 and 54")
    refused(fit_small(small_methods$scarf, data$x,
        small_run(validation = data.frame(from = "a", to = "b"))
    ), "share of the samples")
    refused(
        fit_small(method_scarf(rate = 0.01), data$x), "replace at least one"
    )
    expect_error(
        fit_small(small_methods$scarf, data$x, small_run(learning_rate = 1e30)),
        class = "kith_error_loss"
    )
    refused(probe("x", data$tissue), "fit of .*learn_samples")
    refused(fine_tune(data$x, data$tissue), "fit of .*learn_samples")
    refused(
        fine_tune(fit, data$tissue, data$x, epochs = 3),
        "argument of .*train_control"
    )
    refused(fine_tune(fit, data$tissue, data$x[, 1:5]), "`x`|\\bx\\b")
    refused(method_scarf("mine"), "preset")
    refused(method_scarf(corruption = "noise"), "corruption")
    refused(method_scarf(rate = 0), "rate")
    refused(method_scarf(rate = 1.5), "rate")
    refused(method_scarf(temperature = 0), "temperature")
    refused(method_scarf(projector = integer()), "at least two values")
    refused(method_byol(momentum = 1), "never move")
    refused(method_byol(projector = c(8, 4)), "as many values")
    refused(method_vime(alpha = -1), "alpha")
    refused(learn_samples(data$x, "simclr"), "method")
    refused(learn_samples(data$x, "scarf", encoder_conv()), "encoder_mlp")
    refused(
        learn_samples(data$x, encoder = small_encoder()), "has no network"
    )
    refused(
        learn_samples(data$x, "byol", positives = data$tissue),
        "method_byol\\(\\)"
    )
    refused(
        learn_samples(data$x, "scarf", temperature = 0.2),
        "argument of .*method_scarf"
    )
    refused(fit_small(small_methods$scarf, data$x,
        train_control(batch_size = 500)
    ), "batch_size")
    refused(fine_tune(learn_samples(data$x), data$tissue, data$x), "probe")
    refused(fine_tune(fit, data$tissue), "must hold the expression")
    refused(fine_tune(fit, data$tissue[1:4], data$x[5:9, ]), "s1")
    refused(
        fine_tune(fit, data$tissue, data$x, class_weights = c(a = 1, b = 1)),
        "class_weights"
    )
    refused(
        fine_tune(fit, data$tissue, data$x,
            class_weights = c(a = 1, b = 1, c = -1)
        ), "positive number"
    )
    refused(
        fine_tune(fit, data$tissue[1:3], data$x,
            control = train_control(validation = 0.5)
        ), "none to watch"
    )
    refused(
        encoder_mlp(integer(), output = "hidden", blend = FALSE),
        "no hidden layer"
    )
    refused(encoder_mlp(8, output = "hidden"), "blend mixes")
    refused(
        encoder_mlp(8, output = "hidden", blend = FALSE, n_out = 4),
        "last linear layer"
    )
})

test_that("epochs and weights are drawn, plot() draws what autoplot() does", {
    data <- grouped()
    control <- small_run(validation = 0.2)
    fit <- fit_small(small_methods$vime, data$x, control)
    drawn <- ggplot2::autoplot(fit, type = "history")
    expect_identical(levels(drawn$data$measure), c(
        "loss", "validation loss", "mask accuracy", "mean cosine", "dead"
    ))
    expect_identical(nrow(drawn$data), 5L * 4L)
    expect_error(
        ggplot2::autoplot(learn_samples(data$x), type = "history"),
        "Nothing was trained",
        class = "kith_error_input"
    )
    tuned <- fine_tune(fit, data$tissue, data$x, control = small_run())
    expect_identical(nrow(ggplot2::autoplot(tuned)$data), 4L)
    known <- probe(fit, data$tissue)
    expect_identical(ggplot2::autoplot(known)$data$weight, tidy(known)$weight)
    withr::local_pdf(NULL)
    for (object in list(fit, tuned, known)) {
        expect_s3_class(plot(object), "ggplot")
    }
    result <- benchmark_samples(data$x, data$tissue,
        labels = 2, folds = 3, draws = 1, baselines = "nearest centroid",
        control = train_control(seed = 1, threads = 1)
    )
    expect_s3_class(plot(result), "ggplot")
})
