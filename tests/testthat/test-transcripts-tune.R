# fine_tune() of fits of learn_transcripts(), and method_untrained().

# transcripts, genes as groups, and a number, a class and two labels of each
labelled_cells <- function(n = 40) {
    cells <- withr::with_seed(1, simulate_transcripts(n, codons = c(20, 40)))
    x <- encode_transcripts(cells$transcripts)
    gene <- cells$gene[names(x)]
    y <- stats::setNames(cells$y[gene], names(x))
    list(
        x = x, gene = gene, y = y,
        class = stats::setNames(
            cut(y, c(-Inf, -0.5, 0.5, Inf), c("low", "mid", "high")), names(x)
        ),
        labels = cbind(low = y < 0, far = abs(y) > 1),
        train = gene %in% unique(gene)[seq_len(n * 3 / 4)]
    )
}

tuning_run <- function(..., epochs = 30, seed = 1, learning_rate = 3e-3) {
    train_control(
        epochs = epochs, seed = seed, learning_rate = learning_rate,
        threads = 1, ...
    )
}

small_fit <- function(data, method = method_isoclr(projector = c(16, 8)),
                      norm = "layer", positions = NULL, seed = 1) {
    method$positions <- positions
    learn_transcripts(data$x, data$gene,
        encoder = encoder_conv(c(8, 16),
            width = 5, pool = 4, dropout = 0, hidden = integer(0), norm = norm
        ),
        method = method,
        control = train_control(epochs = 2, seed = seed, threads = 1)
    )
}

# encodings of a result as its head has them: scaled by those of the labelled in
# the fit, and then by what was learned
standardised <- function(tuned, fit, encoded) {
    start <- encode(fit)[tuned$transcripts, ]
    n <- ncol(start)
    learned <- length(fit$member$parameters) + seq_len(2 * n)
    scale <- tuned$member$parameters[learned]
    spread <- sqrt(colMeans(sweep(start, 2, colMeans(start))^2))
    z <- sweep(sweep(encoded, 2, colMeans(start)), 2, spread, "/")
    sweep(sweep(z, 2, scale[seq_len(n)], "*"), 2, scale[n + seq_len(n)], "+")
}

test_that("numbers are learned, and predictions are those of the head", {
    data <- labelled_cells()
    fit <- small_fit(data)
    before <- fit
    train <- data$train
    # the scale of labels does not matter
    tuned <- fine_tune(fit, 100 + 10 * data$y[train], data$x,
        dropout = 0, control = tuning_run(epochs = 60)
    )
    expect_identical(fit, before)
    expect_s3_class(tuned, c("transcripts_tuned", "kith_fit"), exact = TRUE)
    expect_identical(tuned$transcripts, names(data$x)[train])
    found <- predict(tuned, data$x[!train])
    expect_named(found, names(data$x)[!train])
    expect_gt(stats::cor(found, data$y[!train]), 0.6)
    expect_equal(mean(found), 100, tolerance = 0.15)
    # encodings, and the linear head on them
    encoded <- encode(tuned, data$x[!train])
    expect_identical(dim(encoded), c(sum(!train), 16L))
    expect_gt(max(abs(encoded - encode(fit)[!train, ])), 0.01)
    # standardised as the encodings of the fit
    head <- utils::tail(tuned$member$parameters, 17)
    z <- standardised(tuned, fit, encoded)
    scores <- drop(z %*% head[1:16]) + head[17]
    y <- 100 + 10 * data$y[train]
    expect_equal(found, scores * stats::sd(y) + mean(y), tolerance = 1e-4)
    measured <- evaluate(tuned, data$x[!train], 100 + 10 * data$y[!train],
        groups = data$gene, draws = 20
    )
    expect_equal(measured$value[1], stats::cor(found, data$y[!train]))
})

test_that("classes and several labels take the same way", {
    data <- labelled_cells()
    fit <- small_fit(data)
    train <- data$train
    control <- tuning_run(epochs = 60)
    tuned <- fine_tune(fit, data$class[train], data$x,
        dropout = 0, class_weights = "balanced", control = control
    )
    prob <- predict(tuned, data$x[!train], type = "prob")
    expect_identical(colnames(prob), levels(data$class))
    expect_equal(unname(rowSums(prob)), rep(1, sum(!train)), tolerance = 1e-6)
    found <- predict(tuned, data$x[!train])
    expect_identical(
        as.character(found), colnames(prob)[max.col(prob, "first")]
    )
    head <- utils::tail(tuned$member$parameters, 51)
    logits <- standardised(tuned, fit, encode(tuned, data$x[!train])) %*%
        t(matrix(head[1:48], 3, byrow = TRUE)) +
        rep(head[49:51], each = sum(!train))
    expect_equal(unname(prob), unname(exp(logits) / rowSums(exp(logits))),
        tolerance = 1e-5
    )
    measured <- evaluate(tuned, data$x[!train], data$class[!train], draws = 0)
    expect_equal(
        measured$value[measured$measure == "accuracy"],
        mean(found == data$class[!train])
    )
    tuned <- fine_tune(fit, data$labels[train, ], data$x,
        dropout = 0, control = control
    )
    prob <- predict(tuned, data$x[!train], type = "prob")
    expect_identical(colnames(prob), c("low", "far"))
    expect_gt(auc(prob[, "low"], data$labels[!train, "low"]), 0.75)
    measured <- evaluate(tuned, data$x[!train], data$labels[!train, ],
        draws = 0
    )
    expect_identical(
        unique(measured$label), c("low", "far", "(micro)")
    )
})

test_that("a frozen encoder is the one of the fit", {
    data <- labelled_cells()
    fit <- small_fit(data, norm = "batch")
    tuned <- fine_tune(fit, data$y, data$x,
        frozen = TRUE, mask_rate = 0.2, control = tuning_run(epochs = 3)
    )
    n <- seq_along(fit$member$parameters)
    expect_identical(tuned$member$parameters[n], fit$member$parameters)
    in_encoder <- seq_along(fit$member$state)
    expect_identical(tuned$member$state[in_encoder], fit$member$state)
    expect_equal(encode(tuned, data$x), encode(fit), tolerance = 1e-6)
    free <- fine_tune(fit, data$y, data$x, control = tuning_run(epochs = 3))
    expect_false(identical(free$member$state[in_encoder], fit$member$state))
    # what encodings are standardised by stays
    expect_identical(
        free$member$state[-in_encoder], tuned$member$state[-in_encoder]
    )
})

test_that("a fit without training is the start of a run, and trains on", {
    data <- labelled_cells()
    untrained <- small_fit(data, method_untrained())
    # the first parameters of a run with the same seed
    hardly <- learn_transcripts(data$x, data$gene,
        encoder = untrained$encoder,
        method = method_isoclr(projector = c(16, 8)),
        control = train_control(
            epochs = 1, seed = 1, threads = 1, learning_rate = 1e-12,
            weight_decay = 0
        )
    )
    expect_equal(untrained$member$parameters, hardly$member$parameters,
        tolerance = 1e-6
    )
    expect_equal(encode(untrained), encode(hardly), tolerance = 1e-6)
    expect_equal(encode(untrained, data$x[3:1]), encode(untrained)[3:1, ],
        tolerance = 1e-6
    )
    expect_false(identical(
        small_fit(data, method_untrained(), seed = 2)$member, untrained$member
    ))
    row <- glance(untrained)
    expect_identical(row$method, "untrained")
    expect_true(is.na(row$loss) && is.na(row$hits))
    expect_identical(nrow(tidy(untrained)), 0L)
    expect_output(print(summary(untrained)), "untrained")
    expect_error(ggplot2::autoplot(untrained, type = "history"),
        "Nothing was trained",
        class = "kith_error_input"
    )
    tuned <- fine_tune(untrained, data$y, data$x,
        control = tuning_run(epochs = 2)
    )
    expect_output(print(tuned), "encoder of untrained, trained")
    expect_output(print(method_untrained()), "untrained")
    # parts of another method are of no use to it
    known <- probe(untrained, data$y, features = FALSE)
    expect_length(predict(known), length(data$x))
})

test_that("padding and dropout of the fit are kept where they are not given", {
    data <- labelled_cells(20)
    fit <- small_fit(data, positions = 512)
    fit$encoder$dropout <- 0.25
    job_of <- function(dropout) {
        labels <- transcript_labels(data$y, data$x$id)
        labels$groups <- data$x$id
        settings <- tuning_settings(
            frozen = FALSE, shift = 3, mask_rate = 0.1, dropout = dropout,
            control = tuning_run()
        )
        transcript_tuning_job(
            fit, data$x, labels, rep(1, length(data$x)), settings, draw_key(1L),
            NULL
        )
    }
    dropouts <- function(job) {
        encoder <- job$plan$networks$encoder
        encoder$option[encoder$type == "dropout", 1L]
    }
    job <- job_of(NULL)
    expect_identical(dropouts(job), c(0.25, 0.25))
    expect_identical(dropouts(job_of(0.5)), c(0.5, 0.5))
    expect_length(dropouts(job_of(0)), 0)
    expect_identical(job$plan$options[["shortest"]], 512)
    expect_identical(job$plan$options[["masked"]], 0)
    expect_identical(job$plan$options[["shift"]], 3)
    expect_identical(job$plan$options[["mask_rate"]], 0.1)
    expect_identical(job$plan$options[["crop"]], 1)
    expect_identical(job$first$parameters, fit$member$parameters)
    expect_equal(job$first$state[1:16], unname(colMeans(encode(fit))),
        tolerance = 1e-5
    )
    # 300 steps, 10 epochs at least
    n <- length(data$x)
    steps <- function(n) {
        transcript_control(
            train_control(), list(training = transcript_training), n
        )$epochs
    }
    expect_identical(steps(8), 300L)
    expect_identical(steps(32 * 7), 43L)
    expect_identical(steps(5000), 10L)
})

test_that("whole groups are watched, and stop the training", {
    data <- labelled_cells()
    fit <- small_fit(data)
    labels <- transcript_labels(data$class, data$x$id)
    labels$groups <- unname(data$gene)
    weights <- seq_along(data$x$id) / 100
    settings <- tuning_settings(
        FALSE, 3, 0, 0.3, tuning_run(validation = 0.25)
    )
    job <- transcript_tuning_job(
        fit, data$x, labels, weights, settings, draw_key(1L), NULL
    )
    trained <- job$arrays$set_start + 1L
    watched <- job$watched$rows
    expect_setequal(c(trained, watched), seq_along(data$x$id))
    expect_length(intersect(data$gene[trained], data$gene[watched]), 0)
    expect_equal(job$arrays$weight, weights[trained])
    expect_equal(drop(job$arrays$y), as.integer(data$class)[trained] - 1)
    expect_equal(drop(job$watched$y), as.integer(data$class)[watched] - 1)
    # what is watched is what the fit of these parameters predicts
    tuned <- fine_tune(fit, data$class, data$x,
        groups = data$gene, dropout = 0, control = tuning_run(
            epochs = 200, validation = 0.25, patience = 2,
            learning_rate = 0.02
        )
    )
    history <- tidy(tuned)
    expect_lt(nrow(history), 200)
    best <- which.min(history$validation_log_loss)
    expect_identical(glance(tuned)$best_epoch, best)
    held <- watched_labels(labels, 0.25, draw_key(1L))
    prob <- predict(tuned, data$x[held], "prob")
    expect_equal(
        -mean(log(prob[cbind(seq_len(sum(held)), data$class[held])])),
        history$validation_log_loss[best],
        tolerance = 1e-4
    )
})

test_that("a saved run goes on bit for bit, whatever the threads", {
    data <- labelled_cells()
    fit <- small_fit(data, norm = "batch")
    file <- withr::local_tempfile(fileext = ".rds")
    labels <- transcript_labels(data$y, data$x$id)
    labels$groups <- unname(data$gene)
    settings <- tuning_settings(FALSE, 3, 0.1, 0.3, tuning_run(
        epochs = 3, batch_size = 16, validation = 0.2, checkpoint = file
    ))
    job <- transcript_tuning_job(
        fit, data$x, labels, rep(1, length(data$x)), settings, draw_key(1L),
        NULL
    )
    straight <- finish_job(job, run_jobs(list(job)))
    unlink(file)
    save_within_epoch(job, 1, 2)
    resumed <- resume(file)
    expect_s3_class(resumed, "transcripts_tuned")
    expect_identical(resumed$member, straight$member)
    expect_identical(resumed$history, straight$history)
    expect_identical(
        predict(resumed, data$x[1:5]), predict(straight, data$x[1:5])
    )
    control <- tuning_run(epochs = 2)
    one <- fine_tune(fit, data$y, data$x, control = control)
    control$threads <- 3L
    more <- fine_tune(fit, data$y, data$x, control = control)
    expect_identical(more$member, one$member)
    # a fit is plain data
    copy <- unserialize(serialize(one, NULL))
    expect_identical(predict(copy, data$x), predict(one, data$x))
})

test_that("one labelled transcript of each class is enough", {
    data <- labelled_cells()
    fit <- small_fit(data)
    few <- data$class[!duplicated(data$class)]
    tuned <- fine_tune(fit, few, data$x, control = tuning_run(epochs = 2))
    expect_identical(tuned$transcripts, names(few))
    expect_length(predict(tuned, data$x), length(data$x))
    expect_identical(nrow(tidy(tuned)), 2L)
    expect_s3_class(ggplot2::autoplot(tuned), "ggplot")
    expect_output(print(summary(tuned)), "3 labelled transcripts, 3 classes")
})

test_that("what cannot be is refused with a way out", {
    data <- labelled_cells()
    fit <- small_fit(data)
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_input")
    }
    tune <- function(y = data$y, x = data$x, ...) fine_tune(fit, y, x, ...)
    refused(fine_tune(fit, data$y), "must hold the labelled transcripts")
    refused(fine_tune(data$x, data$y), "fit of .*learn_transcripts")
    refused(tune(data$y[1:4], data$x[5:9]), names(data$y)[1])
    refused(tune(rep(1, length(data$y))), "three finite numbers")
    plain <- data$x
    plain$tracks <- 4L
    refused(tune(x = plain), "x.* must have the 6 tracks.*")
    refused(tune(epochs = 3), "argument of .*train_control")
    refused(tune(control = list()), "control.* must come from")
    refused(tune(frozen = 1), "frozen")
    refused(tune(shift = -1), "shift")
    refused(tune(mask_rate = 1), "nothing would be left")
    refused(tune(dropout = 1), "dropout")
    refused(tune(class_weights = "balanced"), "class_weights.*none")
    refused(tune(data$labels, class_weights = "balanced"), "class_weights")
    refused(tune(data$class, class_weights = c(low = 1)), "class_weights")
    refused(
        tune(
            data$class[!duplicated(data$class)],
            control = train_control(validation = 0.1)
        ), "leave labelled transcripts"
    )
    refused(
        tune(control = train_control(validation = data.frame(a = 1))),
        "share of the transcripts"
    )
    refused(tune(control = train_control(batch_size = 500)), "batch_size")
    tuned <- tune(control = tuning_run(epochs = 1))
    refused(predict(tuned, plain), "newdata.* 6 tracks")
    refused(predict(tuned, data$x, type = "class"), "type")
    refused(evaluate(tuned, data$x, data$y), "not learned")
})
