# A space with classes, and what plain R makes of it.
labelled_space <- function(n = 30, d = 6, classes = 3) {
    set.seed(4)
    class <- rep(seq_len(classes), length.out = n)
    x <- matrix(rnorm(n * d), n) + 0.8 * matrix(rnorm(classes * d), classes)[
        class,
    ]
    list(x = x, class = class)
}

plain_loss <- function(b, x, class, k, penalty) {
    b <- matrix(b, ncol = k)
    scores <- cbind(1, x) %*% b
    scores <- scores - log(rowSums(exp(scores)))
    -sum(scores[cbind(seq_along(class), class)]) +
        penalty / 2 * sum(b[-1L, ]^2)
}

test_that("the logistic head is the optimum of plain R", {
    for (d in c(6, 50)) {
        space <- labelled_space(d = d)
        head <- softmax_head(space$x, space$class, 3L, 0.7)
        found <- plain_loss(c(head), space$x, space$class, 3, 0.7)
        plain <- optim(numeric(3 * (d + 1)), plain_loss,
            x = space$x, class = space$class, k = 3, penalty = 0.7,
            method = "BFGS", control = list(maxit = 500, reltol = 1e-12)
        )
        expect_lt(found, plain$value + 1e-6)
        expect_equal(
            log_softmax(head_scores(head, space$x)),
            log_softmax(head_scores(matrix(plain$par, ncol = 3), space$x)),
            tolerance = 1e-3
        )
    }
})

test_that("cross-entropy has the gradient of differences", {
    scores <- matrix(c(0.3, -1, 2, 0.5, 0.1, -0.7), 2)
    class <- c(3L, 1L)
    found <- cross_entropy(scores, class, 1L)
    expect_equal(
        found$loss, -sum(log_softmax(scores)[cbind(1:2, class)])
    )
    step <- 1e-6
    for (i in seq_along(scores)) {
        up <- down <- scores
        up[i] <- up[i] + step
        down[i] <- down[i] - step
        slope <- (cross_entropy(up, class, 1L)$loss -
            cross_entropy(down, class, 1L)$loss) / (2 * step)
        expect_equal(found$gradient[i], slope, tolerance = 1e-6)
    }
})

test_that("the ridge head is ridge regression, chosen by leaving one out", {
    space <- labelled_space()
    set.seed(5)
    y <- drop(space$x %*% rnorm(6)) + rnorm(30) + 4
    for (penalty in c(0.1, 10)) {
        head <- ridge_head(space$x, y, penalty)
        fit_without <- function(out) {
            keep <- setdiff(1:30, out)
            centred <- scale(space$x[keep, ], scale = FALSE)
            slope <- solve(
                crossprod(centred) + diag(penalty, 6),
                crossprod(centred, y[keep] - mean(y[keep]))
            )
            c(mean(y[keep]) - sum(colMeans(space$x[keep, ]) * slope), slope)
        }
        expect_equal(c(head$coefficients), fit_without(integer()))
        left_out <- vapply(1:30, function(i) {
            sum(c(1, space$x[i, ]) * fit_without(i))
        }, 0)
        # the leverage of centred rows leaves the mean out as well
        expect_equal(head$held_out, left_out, tolerance = 1e-6)
    }
    errors <- vapply(c(0.1, 10, 1000), function(penalty) {
        sum((ridge_head(space$x, y, penalty)$held_out - y)^2)
    }, 0)
    best <- c(0.1, 10, 1000)[which.min(errors)]
    expect_equal(
        ridge_head(space$x, y, c(0.1, 10, 1000)), ridge_head(space$x, y, best)
    )
})

test_that("weights of pooled heads are at least 0 and the best", {
    set.seed(6)
    class <- rep(1:3, 20)
    good <- log_softmax(2 * (diag(3)[class, ] + matrix(rnorm(180), 60)))
    bad <- log_softmax(matrix(rnorm(180), 60))
    start <- c(0.2, 0.8)
    weights <- pool_weights(list(good, bad), class, start)
    loss <- function(w) {
        p <- log_softmax(w[1] * good + w[2] * bad)
        5 * sum((w - start)^2) - sum(p[cbind(1:60, class)])
    }
    expect_true(all(weights >= 0))
    for (w in list(c(1, 0), c(1, 1), weights + 0.02, weights * 0.9)) {
        expect_lte(loss(weights), loss(pmax(w, 0)) + 1e-6)
    }
    y <- rnorm(20)
    a <- y + rnorm(20)
    b <- y + rnorm(20)
    share <- pool_share(a, b, y)
    grid <- seq(0, 1, 0.001)
    errors <- vapply(grid, function(s) sum((s * a + (1 - s) * b - y)^2), 0)
    expect_equal(share, grid[which.min(errors)], tolerance = 1e-2)
    expect_equal(pool_share(y, b, y), 1)
    expect_equal(pool_share(a, a, y), 0.5)
})

probed_samples <- function(n = 60) {
    set.seed(7)
    tissue <- rep(letters[1:3], length.out = n)
    centre <- matrix(rnorm(3 * 50), 3, dimnames = list(letters[1:3], NULL))
    x <- centre[tissue, ] + matrix(rnorm(n * 50), n)
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("g", 1:50))
    tissue <- stats::setNames(tissue, rownames(x))
    list(
        x = x, tissue = tissue,
        fit = learn_samples(x[1:40, ],
            control = train_control(threads = 1, seed = 1)
        )
    )
}

test_that("classes are learned from a few labels and predicted", {
    data <- probed_samples()
    known <- probe(data$fit, data$tissue[1:3])
    expect_identical(
        tidy(known)$weight, c(1, 0)
    )
    new <- data$x[41:60, ]
    classes <- predict(known, new)
    expect_s3_class(classes, "factor")
    expect_gt(mean(classes == data$tissue[41:60]), 0.9)
    expect_identical(names(classes), rownames(new))
    prob <- predict(known, new, type = "prob")
    expect_equal(unname(rowSums(prob)), rep(1, 20))
    expect_identical(colnames(prob), letters[1:3])
    expect_identical(
        unname(classes), factor(letters[max.col(prob)], letters[1:3])
    )
    # by name, in any order, with samples that have no label
    shuffled <- c(data$tissue[3:1], s9 = NA)
    expect_equal(predict(probe(data$fit, shuffled), new, type = "prob"), prob)
    # the expression of labelled samples may come with them
    expect_equal(
        predict(probe(data$fit, data$tissue[1:3], x = data$x[1:3, ]), new,
            type = "prob"
        ),
        prob
    )
    all <- probe(data$fit, data$tissue[1:40])
    expect_true(all(tidy(all)$weight >= 0))
    expect_gt(mean(predict(all, new) == data$tissue[41:60]), 0.9)
    expect_identical(all$learned, probe(data$fit, data$tissue[1:40])$learned)
    expect_output(print(all), "40 labelled samples, 3 classes")
    expect_output(print(summary(all)), "weight")
    expect_equal(glance(all)$classes, 3)
})

test_that("a probe leaves its fit alone and goes through a file", {
    data <- probed_samples()
    before <- serialize(data$fit, NULL, version = 2L)
    known <- probe(data$fit, data$tissue[1:40])
    predict(known, data$x[41:60, ])
    expect_identical(serialize(data$fit, NULL, version = 2L), before)
    file <- withr::local_tempfile()
    saveRDS(known, file)
    expect_identical(predict(readRDS(file)), predict(known))
})

test_that("groups stay together in inner folds", {
    settings <- list(folds = 3L, key = draw_key(1L))
    y <- factor(rep(c("a", "b"), 12))
    patient <- rep(1:12, each = 2)
    folds <- inner_folds(y, patient, settings)
    expect_true(all(tapply(folds, patient, function(f) {
        length(unique(f)) == 1L
    })))
    alone <- inner_folds(y, seq_along(y), settings)
    expect_true(all(table(alone, y) == 4))
    expect_null(inner_folds(y[1:8], 1:8, settings))
    expect_null(inner_folds(y, rep(1, 24), settings))
    # more folds than samples of a class, and than groups
    many <- list(folds = 10L, key = draw_key(1L))
    expect_length(inner_folds(y[1:12], 1:12, many), 12)
    expect_length(inner_folds(y, rep(1:3, 8), many), 24)
})

test_that("numbers and several labels are predicted by the same heads", {
    data <- probed_samples()
    y <- stats::setNames(drop(data$x %*% rep(0.3, 50)), rownames(data$x))
    known <- probe(data$fit, y[1:40])
    expect_gt(cor(predict(known, data$x[41:60, ]), y[41:60]), 0.5)
    expect_equal(sum(tidy(known)$weight), 1)
    expect_error(
        predict(known, type = "prob"), "response",
        class = "kith_error_input"
    )
    marks <- data.frame(
        is_a = data$tissue == "a", is_b = data$tissue == "b",
        row.names = names(data$tissue)
    )
    several <- probe(data$fit, marks[1:40, ])
    found <- predict(several, data$x[41:60, ])
    expect_type(found, "logical")
    expect_gt(mean(found == as.matrix(marks[41:60, ])), 0.9)
    single <- probe(data$fit, data$tissue[1:40] == "a")
    expect_equal(
        predict(several, type = "prob")[, "is_a"],
        predict(single, type = "prob")[, "TRUE"]
    )
    expect_equal(tidy(several)$label, rep(c("is_a", "is_b"), each = 3))
    expect_output(print(several), "2 labels")
    expect_output(print(known), "a number")
    expect_message(
        probe(data$fit, (y[1:40] > 0) + 0), "factor",
        class = "kith_message_labels"
    )
    one <- predict(several, data$x[41, , drop = FALSE], type = "prob")
    expect_equal(dim(one), c(1, 2))
})

test_that("labels that cannot be right are refused", {
    data <- probed_samples()
    refuse <- function(y, words, ...) {
        expect_error(probe(data$fit, y, ...), words,
            class = "kith_error_input"
        )
    }
    refuse(c(s1 = "a", s2 = "a"), "two classes")
    refuse(c(s1 = "a", S2 = "b"), "upper case|none of them")
    refuse(c(s1 = "a", s1 = "b"), "s1")
    refuse(letters[1:5], "no names")
    refuse(c(s1 = 1, s2 = 2), "three")
    refuse(c(s1 = 1, s2 = 1, s3 = 1), "All are 1")
    refuse(c(s1 = 1, s2 = Inf, s3 = 1), "Inf")
    refuse(list(1), "vector of labels")
    refuse(data.frame(a = c(TRUE, FALSE)), "no names")
    refuse(data.frame(a = 1:40), "logical")
    refuse(data$tissue[1:40], "penalty", penalty = 0)
    refuse(data$tissue[1:40], "groups", groups = 1:3)
    refuse(data$tissue[1:40], "none of them", x = data$x[41:60, ])
})

test_that("evaluation is on samples that were not learned from", {
    data <- probed_samples()
    known <- probe(data$fit, data$tissue[1:40])
    new <- data$x[41:60, ]
    truth <- data$tissue[41:60]
    found <- evaluate(known, new, truth, draws = 200)
    prob <- predict(known, new, type = "prob")
    classes <- predict(known, new)
    expect_equal(found$value[found$measure == "accuracy"], mean(
        classes == truth
    ))
    expect_equal(
        found$value[found$measure == "log_loss"],
        -mean(log(prob[cbind(1:20, match(truth, letters))]))
    )
    expect_true(all(found$lower <= found$value & found$value <= found$upper))
    # groups of all: nothing to draw apart
    whole <- evaluate(known, new, truth, rep("p", 20), draws = 20)
    expect_equal(whole$lower, whole$value)
    expect_equal(evaluate(known, new, rev(truth), draws = 0)$value, found$value)
    expect_true(all(is.na(evaluate(known, new, truth, draws = 0)$lower)))
    part <- truth
    part[1:5] <- NA
    expect_equal(evaluate(known, new, part, draws = 0)$n, rep(15L, 4))
    refuse <- function(words, ...) {
        expect_error(evaluate(known, ...), words, class = "kith_error_input")
    }
    refuse("not learned", data$x, data$tissue)
    refuse("not among", new, c(truth[-1], s41 = "z"))
    number <- probe(data$fit, data$x[1:40, 1])
    scored <- evaluate(number, new, new[, 1], draws = 0)
    expect_equal(
        scored$value[2], sqrt(mean((predict(number, new) - new[, 1])^2))
    )
    expect_error(
        evaluate(number, new, truth), "kind",
        class = "kith_error_input"
    )
    marks <- data.frame(
        is_a = data$tissue == "a", is_b = data$tissue == "b",
        row.names = names(data$tissue)
    )
    several <- evaluate(probe(data$fit, marks[1:40, ]), new, marks[41:60, ],
        draws = 0
    )
    expect_equal(nrow(several), 8)
    expect_gt(min(several$value[several$measure == "accuracy"]), 0.8)
})

# ---- survival times ---------------------------------------------------------

# samples whose risk is that of their first tissue's direction
survival_samples <- function(n = 150, seed = 2) {
    data <- grouped_samples(n, seed = seed)
    withr::local_seed(seed + 1)
    risk <- 1.5 * (data$tissue == "a") - 1.5 * (data$tissue == "b")
    time <- stats::rexp(n, exp(risk))
    censored <- stats::rexp(n, 0.5)
    c(data, list(
        risk = risk, y = survival::Surv(
            pmin(time, censored), as.integer(time <= censored)
        )
    ))
}

test_that("survival times are ordered by the risk of new samples", {
    skip_if_not_installed("glmnet")
    skip_if_not_installed("survival")
    data <- survival_samples()
    train <- 1:100
    fit <- learn_samples(data$x[train, ], control = seeded)
    known <- probe(fit, data$y[train])
    expect_identical(known$kind, "survival")
    risk <- predict(known, data$x[-train, ])
    expect_gt(cor(risk, data$risk[-train]), 0.7)
    expect_named(risk, rownames(data$x)[-train])
    found <- evaluate(known, data$x[-train, ], data$y[-train], draws = 50)
    # every pair whose order is known, one by one
    time <- data$y[-train, "time"]
    event <- data$y[-train, "status"]
    first <- outer(time, time, `<`) & event == 1
    right <- outer(risk, risk, `>`) + outer(risk, risk, `==`) / 2
    expect_equal(found$value, sum(right[first]) / sum(first))
    expect_true(found$lower < found$value && found$value < found$upper)
    # the head has the gradient 0 of glmnet's objective: the score of the
    # partial likelihood equals the ridge's pull
    space <- names(which(known$learned$weights == 1))
    z <- scale_spaces(fit, sample_spaces(fit))[[space]]
    beta <- known$learned$heads[[space]][-1, 1]
    y <- data$y[train]
    order <- order(y[, "time"])
    z <- z[order, ]
    event <- y[order, "status"]
    hazard <- exp(drop(z %*% beta))
    at_risk <- rev(cumsum(rev(hazard)))
    means <- apply(hazard * z, 2, function(v) rev(cumsum(rev(v)))) / at_risk
    score <- colSums(event * (z - means)) / length(train)
    # score = lambda beta
    expect_gt(cor(score, beta), 0.999)
    # samples by name, in another order
    named <- data$y[train]
    rownames(named) <- rownames(data$x)[train]
    mixed <- probe(fit, named[c(100:1)])
    expect_setequal(mixed$samples, known$samples)
})

test_that("survival times that cannot be are refused", {
    skip_if_not_installed("survival")
    data <- survival_samples()
    fit <- learn_samples(data$x, control = seeded)
    refused <- function(y, regexp) {
        expect_error(probe(fit, y), regexp, class = "kith_error_input")
    }
    refused(
        survival::Surv(rep(1, 150), rep(0, 150)), "at least 10 events"
    )
    refused(
        survival::Surv(c(-1, rep(1, 149)), rep(1, 150)), "times above 0"
    )
    refused(
        survival::Surv(rep(1, 150), rep(2, 150), rep(1, 150)),
        "right-censored"
    )
    refused(data$y[1:20], "150 samples")
})

test_that("weights of heads stay finite where folds are all told apart", {
    # three classes that are told apart by miles
    logs <- lapply(c(2, 3), function(k) {
        log_softmax(k * 4 * diag(3)[rep(1:3, 8), ])
    })
    weights <- pool_weights(logs, rep(1:3, 8), c(0.5, 0.5))
    expect_lt(sum(weights), 2)
    # few wrong labels cost what they should
    set <- probed_samples()
    wrong <- set$tissue[1:40]
    wrong[1:2] <- "c"
    known <- probe(set$fit, wrong)
    expect_lt(max(tidy(known)$weight), 3)
})

test_that("labels that are partly there, by column or not at all, are told", {
    set <- probed_samples()
    known <- set$tissue[1:40]
    y <- cbind(a = known == "a", b = known == "b")
    rownames(y) <- names(known)
    y[1:3, 1] <- NA
    expect_message(probe(set$fit, y), "3 samples have some labels",
        class = "kith_message_labels"
    )
    table <- as.data.frame(y[4:40, ])
    table[] <- lapply(table, function(one) factor(as.integer(one)))
    expect_identical(probe(set$fit, table)$samples, rownames(y)[4:40])
    expect_error(probe(set$fit, rep(NA_character_, 40)), "No sample has",
        class = "kith_error_input"
    )
})

test_that("discriminants are those of the shrunken covariance, in plain R", {
    withr::local_seed(12)
    x <- matrix(rnorm(40 * 6), 40)
    class <- rep(1:4, 10)
    head <- discriminant_head(x, class)
    means <- apply(x, 2, function(v) tapply(v, class, mean))
    within <- crossprod(x - means[class, ]) / (40 - 4)
    shrunken <- 0.5 * within + 0.5 * mean(diag(within)) * diag(6)
    new <- matrix(rnorm(5 * 6), 5)
    # log densities, less what all classes share
    density <- vapply(1:4, function(k) {
        away <- new - rep(means[k, ], each = 5)
        -0.5 * rowSums((away %*% solve(shrunken)) * away)
    }, numeric(5))
    scores <- unname(head_scores(head, new))
    expect_equal(
        scores - rowMeans(scores), density - rowMeans(density)
    )
})
