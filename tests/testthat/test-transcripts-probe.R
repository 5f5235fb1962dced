# Two spaces of transcripts and a number that depends on both; groups of three.
probed_spaces_set <- function(n = 60, seed = 3) {
    set.seed(seed)
    ids <- paste0("t", seq_len(n))
    a <- matrix(rnorm(n * 4), n, dimnames = list(ids, paste0("a", 1:4)))
    b <- matrix(rnorm(n * 7, mean = 2, sd = 5), n,
        dimnames = list(ids, paste0("b", 1:7))
    )
    y <- stats::setNames(a[, 1] + b[, 2] / 5 + rnorm(n, sd = 0.5) + 3, ids)
    list(
        spaces = list(a = a, b = b), y = y,
        groups = stats::setNames(rep(seq_len(n / 3), each = 3), ids)
    )
}

# ridge regression by its normal equations, intercept unpenalised
plain_ridge <- function(x, y, penalty) {
    centre <- colMeans(x)
    centred <- sweep(x, 2, centre)
    slope <- solve(
        crossprod(centred) + diag(penalty, ncol(x)),
        crossprod(centred, y - mean(y))
    )
    c(mean(y) - sum(centre * slope), slope)
}

test_that("the ridge head leaves out whole groups as plain R does", {
    set.seed(1)
    for (size in c(2, 10)) {
        # the second has groups larger than the number of columns
        x <- matrix(rnorm(40 * 5), 40)
        y <- x[, 1] + rnorm(40) + 2
        groups <- rep(seq_len(40 / size), each = size)
        head <- ridge_head(x, y, 3, groups)
        plain <- numeric(40)
        for (g in unique(groups)) {
            out <- groups == g
            b <- plain_ridge(x[!out, ], y[!out], 3)
            plain[out] <- cbind(1, x[out, ]) %*% b
        }
        expect_equal(head$held_out, plain, tolerance = 1e-6)
        expect_equal(c(head$coefficients), plain_ridge(x, y, 3))
        expect_identical(head$penalty, 3)
    }
    # each by itself is leaving one out
    expect_equal(
        ridge_head(x, y, 3, seq_len(40)), ridge_head(x, y, 3)
    )
})

test_that("held-out predictions of a group do not see its labels", {
    data <- probed_spaces_set()
    held_out <- function(y) {
        ridge_head(data$spaces$a, y, 1, data$groups)$held_out
    }
    changed <- data$y
    changed[4:6] <- c(1e3, -1e3, 50)
    expect_equal(
        held_out(changed)[4:6], held_out(data$y)[4:6],
        tolerance = 1e-6
    )
    # and by itself one does see those of its group
    alone <- ridge_head(data$spaces$a, changed, 1)$held_out
    expect_gt(max(abs(alone[4:6] - held_out(data$y)[4:6])), 1)
    # a penalty of each fold of identical rows would be the smallest
    twins <- data$spaces$b[rep(1:20, 3), ]
    noise <- rep(rnorm(20), 3)
    small <- ridge_head(twins, noise, 60 * relative_penalties)$penalty
    large <- ridge_head(
        twins, noise, 60 * relative_penalties, rep(1:20, 3)
    )$penalty
    expect_gt(large, small)
})

test_that("weights of averages are those of a search in plain R", {
    set.seed(2)
    y <- rnorm(50)
    for (noise in list(c(0.5, 1, 1), c(1, 1, 5), c(0.1, 3, 3))) {
        predicted <- lapply(noise, function(sd) y + rnorm(50, sd = sd))
        names(predicted) <- c("a", "b", "joint")
        found <- average_weights(predicted, y)
        expect_true(all(found >= 0))
        expect_equal(sum(found), 1)
        level <- min(vapply(predicted, function(p) mean((p - y)^2), 0))
        loss <- function(w) {
            mix <- Reduce(`+`, Map(`*`, predicted, w))
            sum((mix - y)^2) / level + 100 * sum((w - 1 / 3)^2)
        }
        steps <- seq(0, 1, 0.02)
        grid <- expand.grid(steps, steps)
        grid <- grid[rowSums(grid) <= 1 + 1e-9, ]
        losses <- apply(grid, 1, function(w) loss(c(w, 1 - sum(w))))
        expect_lte(loss(found), min(losses) + 1e-9)
        best <- unlist(grid[which.min(losses), ])
        expect_equal(unname(found[1:2]), unname(best), tolerance = 0.1)
    }
    # nothing to choose between: even; one is right: that
    expect_equal(
        unname(average_weights(list(y + 1, y - 1, y + 1), y, 1e9)),
        rep(1 / 3, 3),
        tolerance = 1e-6
    )
    expect_equal(average_weights(list(a = y, b = y + 1), y), c(a = 1, b = 0))
    expect_equal(average_weights(list(a = y + 1), y), c(a = 1))
})

test_that("weights start at features and leave them as labels ask", {
    set.seed(4)
    y <- rnorm(400)
    heads <- function(n, sd) {
        lapply(sd, function(one) y[seq_len(n)] + rnorm(n, sd = one))
    }
    weights_of <- function(n, sd) average_weights(heads(n, sd), y[seq_len(n)])
    alike <- c(encoding = 1, features = 1)
    few <- weights_of(8, alike)
    many <- weights_of(400, alike)
    # independent errors of one size: the best is half of each
    expect_gt(few[["features"]], 0.75)
    expect_lt(abs(many[["features"]] - 0.5), 0.12)
    expect_lt(weights_of(400, c(encoding = 0.2, features = 2))[[2L]], 0.1)
    # by name, wherever they stand; without that name even
    expect_equal(
        average_weights(list(features = y + 1, encoding = y + 1), y),
        c(features = 0.8, encoding = 0.2)
    )
    expect_identical(first_weights(c("a", "b")), c(0.5, 0.5))
    expect_equal(first_weights(c("a", "features", "joint")), c(0.1, 0.8, 0.1))
    expect_identical(first_weights("features"), 1)
})

test_that("a number is predicted as plain R predicts it", {
    data <- probed_spaces_set()
    known <- probe(data$spaces, data$y[1:45], groups = data$groups)
    expect_s3_class(known, c("transcripts_probe", "kith_fit"))
    # spaces of variance 1, side by side
    scaled <- lapply(data$spaces, function(x) {
        train <- x[1:45, ]
        sd <- sqrt(colMeans(sweep(train, 2, colMeans(train))^2))
        sweep(sweep(x, 2, colMeans(train)), 2, sd * sqrt(ncol(x)), "/")
    })
    scaled$joint <- cbind(scaled$a, scaled$b)
    penalty <- known$learned$penalties
    each <- Map(function(x, penalty) {
        cbind(1, x[46:60, ]) %*% plain_ridge(x[1:45, ], data$y[1:45], penalty)
    }, scaled, penalty)
    plain <- Reduce(`+`, Map(`*`, each, known$learned$weights))
    new <- lapply(data$spaces, function(x) x[46:60, ])
    expect_equal(predict(known, new), drop(plain))
    expect_identical(
        tidy(known)$head, c("a", "b", "joint")
    )
    expect_identical(tidy(known)$penalty, unname(penalty))
    row <- glance(known)
    expect_identical(
        c(row$labelled, row$groups, row$columns, row$constant),
        c(45L, 15L, 11L, 0L)
    )
    expect_output(print(known), "45 labelled transcripts in 15 groups")
    expect_output(print(summary(known)), "joint")
    expect_s3_class(ggplot2::autoplot(known), "ggplot")
    found <- evaluate(known, new, data$y[46:60], draws = 50)
    expect_equal(found$value, c(
        cor(plain, data$y[46:60]),
        spearman(drop(plain), unname(data$y[46:60])),
        sqrt(mean((plain - data$y[46:60])^2))
    ))
    expect_true(all(found$lower <= found$value & found$value <= found$upper))
})

test_that("rows and columns go by name", {
    data <- probed_spaces_set()
    known <- probe(data$spaces, data$y[1:45])
    rows <- sample(46:60)
    new <- lapply(data$spaces, function(x) x[46:60, ])
    other <- list(
        b = data$spaces$b[sample(46:60), 7:1],
        a = cbind(extra = 1, data$spaces$a)[rows, 5:1]
    )
    expect_equal(predict(known, other)[names(predict(known, new))],
        predict(known, new))
    expect_identical(names(predict(known, other)), rownames(other$a))
    expect_equal(
        probe(data$spaces, sample(data$y[1:45]))$learned, known$learned
    )
    expect_error(predict(known, list(a = new$a[, 1:3], b = new$b)),
        "lacks \"a4\"",
        class = "kith_error_input"
    )
    expect_error(predict(known, list(a = new$a)), class = "kith_error_input")
    expect_error(predict(known, NULL), class = "kith_error_input")
    bare <- probe(unname(new$a) |> `rownames<-`(rownames(new$a)), data$y[46:60])
    expect_error(predict(bare, cbind(new$a, 1)), "5 columns",
        class = "kith_error_input"
    )
    # a plain data object: the same predictions elsewhere
    file <- withr::local_tempfile()
    saveRDS(known, file)
    expect_identical(predict(readRDS(file), new), predict(known, new))
})

test_that("what was not labelled changes no fitted number", {
    data <- probed_spaces_set()
    known <- probe(data$spaces, data$y[1:45], groups = data$groups)
    garbage <- lapply(data$spaces, function(x) {
        x[46:60, ] <- 1e6 * rnorm(15 * ncol(x))
        x
    })
    again <- probe(garbage, data$y[1:45], groups = data$groups)
    expect_identical(again$learned, known$learned)
    expect_identical(again$scaling, known$scaling)
})

test_that("constant columns have no say", {
    data <- probed_spaces_set()
    x <- cbind(data$spaces$a, same = 7)
    # it differs only where there is no label
    x[50, "same"] <- 100
    known <- probe(x, data$y[1:45])
    expect_identical(glance(known)$constant, 1L)
    expect_equal(
        predict(known, x[46:60, ]),
        predict(probe(data$spaces$a, data$y[1:45]), data$spaces$a[46:60, ])
    )
    expect_output(print(known), "1 columns are constant")
})

test_that("classes and several labels are learned", {
    data <- probed_spaces_set(90)
    class <- ifelse(data$y > 3, "long", "short")
    new <- lapply(data$spaces, function(x) x[61:90, ])
    known <- probe(data$spaces, class[1:60], groups = data$groups)
    prob <- predict(known, new, type = "prob")
    expect_equal(unname(rowSums(prob)), rep(1, 30))
    expect_gt(auc(prob[, "long"], class[61:90] == "long"), 0.85)
    expect_true(all(tidy(known)$weight >= 0))
    found <- evaluate(known, new, class[61:90], draws = 0)
    expect_true(all(c("accuracy", "auc") %in% found$measure))
    expect_equal(
        found$value[found$measure == "auc"],
        auc(prob[, "short"], class[61:90] == "short")
    )
    # each head is penalised logistic regression with the penalty it names
    spaces <- apply_scaling(
        lapply(data$spaces, function(x) x[1:60, ]), known$scaling
    )
    head <- softmax_head(spaces$joint, as.integer(factor(class[1:60])), 2L,
        penalty = known$learned$penalties[["joint"]]
    )
    expect_equal(known$learned$heads$joint, head, tolerance = 1e-5)

    several <- cbind(long = data$y > 3, first = data$spaces$a[, 1] > 0)
    known <- probe(data$spaces, several[1:60, ])
    prob <- predict(known, new, type = "prob")
    expect_identical(colnames(prob), c("long", "first"))
    found <- evaluate(known, new, several[61:90, ], draws = 0)
    expect_identical(unique(found$label), c("long", "first", "(micro)"))
    micro <- found$value[found$label == "(micro)" & found$measure == "auc"]
    expect_equal(micro, auc(c(prob), c(several[61:90, ])))
    expect_identical(dim(predict(known, new)), c(30L, 2L))
    # few of a class: even weights and a medium penalty
    few <- probe(data$spaces, class[c(
        which(class == "long")[1:3], which(class == "short")[1:3]
    )])
    expect_equal(unname(few$learned$weights), rep(1 / 3, 3))
})

test_that("inner folds of classes keep groups together", {
    data <- probed_spaces_set(90)
    class <- factor(data$y > 3)
    groups <- as.character(data$groups)
    settings <- list(folds = 5L, key = draw_key(1L))
    folds <- inner_folds(class, groups, settings)
    expect_true(all(tapply(folds, groups, function(f) {
        length(unique(f)) == 1L
    })))
})

# what learn_transcripts() returns, as far as a probe needs it
registerS3method("encode", "toy_transcripts_fit", function(object, newdata,
                                                           ...) {
    sequence_features(newdata, features = "kmers", k = 2)
}, envir = asNamespace("kith"))

toy_fit <- function(x, sets = NULL) {
    structure(list(
        encoded = sequence_features(x, features = "kmers", k = 2),
        sets = sets, control = train_control(threads = 1, seed = 1)
    ), class = c("toy_transcripts_fit", "transcripts_fit", "kith_fit"))
}

simulated_genes <- function(n = 90) {
    set.seed(1)
    cells <- simulate_transcripts(n)
    genes <- cells$transcripts[!duplicated(cells$gene), ]
    genes$id <- unname(cells$gene[genes$id])
    list(x = encode_transcripts(genes), y = cells$y, family = cells$homology)
}

test_that("a fit is probed with the features of its transcripts", {
    data <- simulated_genes()
    sets <- transcript_sets(
        data$x, stats::setNames(names(data$x), names(data$x)), data$family
    )
    fit <- toy_fit(data$x[1:60], sets)
    expect_message(
        known <- probe(fit, data$y[1:60], data$x[1:60]),
        class = "kith_message_groups"
    )
    expect_no_message(
        known <- probe(fit, data$y[1:60], data$x[1:60], groups = sets)
    )
    expect_identical(glance(known)$groups, length(unique(data$family[1:60])))
    expect_identical(names(known$scaling), c("encoding", "features"))
    # half-life that was planted: codons and length, found on new genes
    found <- evaluate(known, data$x[61:90], data$y[61:90], draws = 0)
    expect_gt(found$value[found$measure == "pearson"], 0.4)
    plain <- probe(
        list(
            encoding = fit$encoded,
            features = sequence_features(data$x[1:60],
                features = c("length", "codons", "exons")
            )
        ), data$y[1:60],
        groups = sets
    )
    expect_equal(known$learned, plain$learned)
    # encodings alone, of the fit itself or of sequences
    alone <- probe(fit, data$y[1:40], features = FALSE, groups = sets)
    expect_equal(
        predict(alone)[41:60], predict(alone, data$x[41:60])
    )
    kmers <- probe(fit, data$y[1:60], data$x,
        features = list(features = "kmers", k = 1), groups = sets
    )
    expect_length(kmers$scaling$features$centre, 4)
    expect_error(probe(fit, data$y[1:60], groups = sets), "features = FALSE",
        class = "kith_error_input"
    )
    expect_error(predict(known), class = "kith_error_input")
    expect_error(
        probe(fit, data$y[1:60], data$x, features = "kmers"),
        class = "kith_error_input"
    )
})

test_that("bad input is refused with a way out", {
    data <- probed_spaces_set()
    x <- data$spaces$a
    refused <- function(code, message) {
        expect_error(code, message, class = "kith_error_input")
    }
    refused(probe(x, rep(1, 60)), "differ")
    refused(probe(x, data$y[1:2]), "at least three")
    refused(probe(x, unname(data$y[1:9])), "9 values and no names")
    refused(probe(x, c(data$y[1:9], other = 2)), "other")
    refused(probe(x, data$y, groups = 1:3), "groups")
    refused(probe(x, data$y, groups = rep("one", 60)), "one group")
    refused(probe(x, rep("a", 60)), "two classes")
    refused(probe(unname(x), data$y), "row names")
    refused(probe(replace(x, 7, NA), data$y), "finite")
    refused(probe(list(x, x), data$y), "named list")
    refused(probe(list(a = x, joint = x), data$y), "joint")
    refused(probe(list(a = x, b = x[1:50, ]), data$y), "same rows")
    refused(probe(list(a = x, b = "x"), data$y), "numeric matrices")
    refused(probe(x, data$y, class_weights = c(a = 1)), "class_weights")
    refused(probe(lm, data$y), "matrix of features")
    known <- probe(x, data$y[1:45])
    refused(evaluate(known, x, data$y), "not learned")
    refused(evaluate(known, x[46:60, ], data$y), "none of them")
    refused(evaluate(known, x[46:60, ], data$y[46:60] > 3), "kind")
    refused(predict(known, x, type = "prob"), "type")
    if (requireNamespace("survival", quietly = TRUE)) {
        refused(
            probe(x, survival::Surv(rep(1:2, 30), rep(1, 60))), "survival"
        )
    }
    # labels that are missing are no labels
    expect_length(
        probe(x, replace(data$y, 3, NA))$transcripts, 59
    )
})

test_that("heads of classes on shared axes are those of each fold by itself", {
    data <- probed_spaces_set()
    y <- factor(data$y > median(data$y))
    axes <- lapply(data$spaces, principal_axes)
    expect_equal(axes$b$x %*% t(axes$b$basis), unname(data$spaces$b),
        ignore_attr = TRUE
    )
    settings <- list(
        weights = rep(c(0.5, 1.5), 30), folds = 5L, threads = 1L, key = 1:4
    )
    out <- data$groups %in% 1:4
    logs <- axis_fold_logs(axes$b$x, y, out + 1L, 0.01, settings)
    head <- softmax_head(data$spaces$b[!out, ], as.integer(y)[!out], 2L,
        penalty = 0.01 * sum(!out), weights = settings$weights[!out]
    )
    expect_equal(
        logs[out, ], log_softmax(head_scores(head, data$spaces$b[out, ])),
        tolerance = 1e-4, ignore_attr = TRUE
    )
    # too few of a class to decide by folds: the first weights
    names(axes) <- c("encoding", "features")
    few <- factor(seq_along(y) <= 3)
    found <- learn_transcript_classes(axes, few, data$groups, settings)
    expect_equal(found$weights, c(encoding = 0.2, features = 0.8))
})
