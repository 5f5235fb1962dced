# Several networks, folds, and the combination of scores.

organism <- small_organism()

fit <- combined_fit()

test_that("the default is three networks and a combination", {
    expect_length(fit$members, 3)
    expect_identical(unique(fit$history$member), 1:3)
    expect_identical(dim(fit$combination$weights$combined), c(5L, 3L))
    expect_identical(dim(fit$combination$weights$corrected), c(5L, 3L))
    parameters <- lapply(fit$members, `[[`, "parameters")
    expect_false(identical(parameters[[1]], parameters[[2]]))
    expect_s3_class(fit$objective, "multi_positive")
    expect_output(print(fit), "3 networks.*combined")
    row <- glance(fit)
    expect_identical(row$members, 3L)
    expect_true(row$combined)
    # unit rows whose products are the mean of the networks' scores
    encoded <- encode(fit)
    expect_identical(dim(encoded), c(250L, 18L))
    expect_equal(rowSums(encoded^2), rep(1, 250),
        tolerance = 1e-5, ignore_attr = TRUE
    )
    expect_s3_class(autoplot(fit), "ggplot")
})

test_that("presets and arguments say what is trained", {
    settings <- association_settings(
        NULL, NULL, train_control(), "cal2026", NULL, NULL
    )
    expect_identical(settings$encoder, encoder_mlp())
    expect_identical(settings$objective, info_nce())
    expect_identical(settings$control$epochs, 100L)
    expect_identical(settings$members, 1L)
    expect_false(settings$combine)
    settings <- association_settings(
        NULL, info_nce(), train_control(epochs = 7), "kith", 2, NULL
    )
    expect_null(settings$encoder$n_out)
    expect_identical(settings$control$epochs, 7L)
    expect_identical(settings$control$learning_rate, 1e-3)
    expect_identical(settings$members, 2L)
    for (bad in list(
        list(preset = "paper"), list(members = 0), list(combine = NA),
        list(BPPARAM = 2)
    )) {
        expect_error(
            do.call(learn_associations, c(
                list(organism$vectors, organism$pairs), bad
            )),
            names(bad),
            class = "kith_error_input"
        )
    }
})

test_that("combined scores are what they are said to be", {
    asked <- rbind(
        organism$pairs[1:20, c("from", "to")],
        data.frame(
            from = sample(fit$genes, 40), to = rev(sample(fit$genes, 40))
        )
    )
    asked <- asked[asked$from != asked$to, ]
    encoded <- encode(fit)
    product <- rowSums(encoded[asked$from, ] * encoded[asked$to, ])
    places <- propagate(fit$propagation, fit$vectors, 1L)
    a <- match(asked$from, fit$genes)
    b <- match(asked$to, fit$genes)
    profiles <- places$profiles
    propagated <- as.vector(
        (profiles[a, ] * profiles[b, ]) %*% sign(fit$propagation$values)
    )
    level <- signed_log(propagated / fit$combination$scale)
    seen <- fit$genes %in% unlist(organism$pairs[c("from", "to")])
    kind <- 1 + (!seen[a]) + (!seen[b])
    for (how in c("combined", "corrected")) {
        w <- fit$combination$weights[[how]][, kind]
        expected <- w[1, ] + w[2, ] * product + w[3, ] * level +
            w[4, ] * rowSums(fit$vectors[a, ] * fit$vectors[b, ]) +
            w[5, ] * (places$degree[a] + places$degree[b])
        scored <- score_pairs(fit, asked, how = how)
        expect_equal(scored$score, expected,
            tolerance = 1e-5, ignore_attr = TRUE
        )
    }
    # the spread is that of the networks' own scores
    alone <- vapply(1:3, function(i) {
        one <- fit
        one$members <- fit$members[i]
        score_pairs(one, asked)$score
    }, numeric(nrow(asked)))
    expect_equal(score_pairs(fit, asked)$spread, apply(alone, 1, stats::sd))
})

test_that("partners come with probability, spread and degree", {
    found <- partners(fit, fit$genes[1:3], n = 4)
    asked <- data.frame(from = found$gene, to = found$partner)
    scored <- score_pairs(fit, asked)
    expect_identical(found$score, scored$score)
    expect_identical(found$spread, scored$spread)
    # log-odds for one true pair in six become those for the training pairs'
    # share of all pairs
    share <- nrow(fit$pairs) / choose(length(fit$genes), 2)
    odds <- exp(found$score) * share / (1 - share) * 5
    expect_equal(found$probability, odds / (1 + odds))
    expect_equal(
        predict(fit, asked, "prob", prior = share)$.pred, found$probability
    )
    sixth <- partners(fit, fit$genes[1:3], n = 4, prior = 1 / 6)
    expect_equal(sixth$probability, stats::plogis(sixth$score))
    expect_error(partners(fit, fit$genes[1], prior = 0), "prior",
        class = "kith_error_input"
    )
    expect_true(all(diff(found$score[1:4]) <= 0))
    expect_null(partners(fit, fit$genes[1], how = "corrected")$probability)
})

test_that("of no pairs there are no scores, partners and reasons", {
    none <- organism$pairs[0, ]
    some <- organism$pairs[1, ]
    expect_identical(score_pairs(fit, none), score_pairs(fit, some)[0, ])
    expect_identical(
        score_pairs(fit, none, "both"), score_pairs(fit, some, "both")[0, ]
    )
    expect_identical(predict(fit, none), data.frame(.pred = numeric()))
    expect_identical(predict(fit, none, "prob"), data.frame(.pred = numeric()))
    expect_identical(nrow(augment(fit, none)), 0L)
    expect_identical(evidence(fit, none), evidence(fit, some)[0, ])
    # a gene whose partners are all known
    known <- data.frame(from = fit$genes[1], to = fit$genes[-1])
    for (how in c("combined", "both")) {
        found <- partners(fit, fit$genes[1:2], n = 1, how = how, known = known)
        expect_identical(found$gene, fit$genes[2])
        alone <- partners(
            fit, fit$genes[1], n = 1, how = how, known = known, evidence = TRUE
        )
        expect_identical(names(alone), c(names(found), "evidence"))
        expect_identical(nrow(alone), 0L)
    }
})

test_that("probabilities follow the prior that is asked for", {
    asked <- organism$pairs[1:30, ]
    p <- predict(fit, asked, type = "prob")$.pred
    # scores are log-odds where one pair in six is a pair
    expect_equal(p, stats::plogis(score_pairs(fit, asked)$score))
    rare <- predict(fit, asked, type = "prob", prior = 0.01)$.pred
    odds <- function(p) p / (1 - p)
    expect_equal(odds(rare) / odds(p), rep((0.01 / 0.99) / (1 / 5), 30))
    expect_error(predict(fit, asked, "prob", how = "both"), "how",
        class = "kith_error_input"
    )
    expect_error(predict(fit, asked, "prob", prior = 1), "prior",
        class = "kith_error_input"
    )
    expect_error(predict(small_fit(organism), asked, "prob"), "type.*combine",
        class = "kith_error_input"
    )
    expect_error(score_pairs(fit, asked, lambda = 0.5), "lambda",
        class = "kith_error_input"
    )
})

test_that("a gene in no table is scored from its vector alone", {
    lonely <- setdiff(fit$genes, unlist(organism$pairs[c("from", "to")]))
    expect_gt(length(lonely), 0)
    new <- organism$vectors[lonely[1], , drop = FALSE]
    rownames(new) <- "new"
    others <- setdiff(fit$genes, lonely[1])[1:20]
    expect_equal(
        score_pairs(fit, data.frame(from = "new", to = others),
            newdata = new
        )$score,
        score_pairs(fit, data.frame(from = lonely[1], to = others))$score,
        tolerance = 1e-5
    )
})

test_that("threads and workers change nothing", {
    expect_identical(
        combined_fit(list(threads = 3))[c("members", "combination")],
        fit[c("members", "combination")]
    )
    skip_on_cran()
    skip_if(nzchar(Sys.getenv("KITH_ONE_PROCESS")), "without workers")
    snow <- combined_fit(BPPARAM = BiocParallel::SnowParam(2))
    expect_identical(snow, fit)
    # two workers share the threads, the fit keeps them
    shared <- combined_fit(
        list(threads = 2, epochs = 1),
        BPPARAM = BiocParallel::SnowParam(2), members = 1, combine = FALSE
    )
    expect_identical(shared$control$threads, 2L)
})

test_that("every run has its checkpoint, and the same call resumes", {
    folder <- withr::local_tempdir()
    file <- file.path(folder, "run.rds")
    control <- list(checkpoint = file)
    saved <- combined_fit(control)
    data <- list.files(folder, "^run-data-[0-9a-f]{16}[.]kith$")
    expect_length(data, 2)
    expect_setequal(
        list.files(folder), c("run.rds", sprintf("run-%d.rds", 1:6), data)
    )
    expect_identical(
        saved[c("combination", "history")], fit[c("combination", "history")]
    )
    # as if it had stopped before the third network and the second fold
    unlink(file.path(folder, sprintf("run-%d.rds", c(3, 5))))
    again <- suppressMessages(combined_fit(control))
    expect_identical(
        again[c("members", "combination")], saved[c("members", "combination")]
    )
    expect_identical(
        suppressMessages(resume(saved))[c("members", "combination")],
        saved[c("members", "combination")]
    )
    # neither a network nor a fold is a fit by itself
    for (part in c("run-1.rds", "run-4.rds")) {
        expect_error(
            resume(file.path(folder, part)), "one of several networks",
            class = "kith_error_input"
        )
    }
    expect_identical(numbered_file("/a.b/c", 1), "/a.b/c-1")
    expect_identical(numbered_file("/a.b/c.d.rds", 12), "/a.b/c.d-12.rds")
})

# ---- folds ------------------------------------------------------------------

test_that("folds keep their genes and pairs out of training", {
    pairs <- gene_pairs(organism$pairs)
    index <- match_pairs(pairs, rownames(organism$vectors))[c("a", "b")]
    n <- nrow(organism$vectors)
    folds <- draw_folds(index, draw_key(3L))
    partnered <- sort(unique(unlist(index))) + 1L
    expect_setequal(which(folds > 0), partnered)
    expect_lte(diff(range(table(folds[partnered]))), 1L)
    key <- function(a, b) paste(pmin(a, b), pmax(a, b))
    known <- key(index$a + 1L, index$b + 1L)
    for (f in 1:3) {
        split <- split_fold(index, folds == f, draw_key(4L))
        test <- fold_test(split, index, index, n, draw_key(4L))
        trained <- key(split$train$a + 1L, split$train$b + 1L)
        tested <- key(test$a, test$b)
        expect_false(any(folds[c(split$train$a, split$train$b) + 1L] == f))
        expect_setequal(c(trained, tested[test$positive]), known)
        expect_false(any(tested %in% trained))
        expect_false(any(tested[!test$positive] %in% known))
        seen <- unique(c(split$train$a, split$train$b)) + 1L
        expect_identical(
            test$kind, 1L + (!test$a %in% seen) + (!test$b %in% seen)
        )
        # a tenth of the pairs between the other genes
        expect_gt(sum(test$positive & test$kind == 1L), 0)
        degree <- tabulate(unlist(index) + 1L, n)
        expect_equal(test$degree, degree[test$a] * degree[test$b])
    }
})

test_that("logistic weights are those of glm, but for a slight pull", {
    set.seed(61)
    x <- cbind(1, rnorm(4000), rnorm(4000, 3, 20))
    y <- stats::runif(4000) < stats::plogis(x %*% c(-1, 0.8, 0.05))
    importance <- stats::runif(4000, 0.5, 2)
    expected <- suppressWarnings(stats::glm.fit(
        x, as.numeric(y), importance,
        family = stats::binomial()
    )$coefficients)
    expect_equal(fit_logistic(x, y, importance), expected,
        tolerance = 0.01, ignore_attr = TRUE
    )
    # classes that fall apart leave finite weights
    apart <- cbind(1, c(-3:-1, 1:3))
    found <- fit_logistic(apart, apart[, 2] > 0, rep(1, 6))
    expect_true(all(is.finite(found)))
    expect_gt(found[2], 0)
})

test_that("the corrected score of positives does not follow degree", {
    set.seed(62)
    log_degree <- rnorm(500)
    predictors <- cbind(
        1, rnorm(500) + log_degree, rnorm(500), log_degree + rnorm(500, 0, 0.3)
    )
    for (start in c(-4, 0, 0.3, 5)) {
        w <- uncorrelate(c(0.2, 0.7, -0.3, start), predictors, log_degree)
        score <- predictors %*% c(0.2, 0.7, -0.3, w)
        expect_lt(abs(spearman(as.vector(score), log_degree)), 0.01)
    }
})

test_that("a combination that cannot be learned is refused before training", {
    refused <- function(pairs, regexp, ...) {
        expect_error(
            combined_fit(pairs = pairs, control = list(checkpoint = file), ...),
            paste0("^", regexp, ".*combine = FALSE"),
            class = "kith_error_input"
        )
        expect_false(file.exists(sub(".rds", "-1.rds", file, fixed = TRUE)))
    }
    file <- withr::local_tempfile(pattern = "run", fileext = ".rds")
    # folds of 8 genes or more are left by all pairs, not by a third of them
    refused(data.frame(from = fit$genes[1:5], to = fit$genes[6:10]), "`pairs`")
    expect_s3_class(
        combined_fit(
            pairs = data.frame(from = fit$genes[1:5], to = fit$genes[6:10]),
            combine = FALSE
        ),
        "association_fit"
    )
    # one complex: every pair of its genes is known
    complex <- utils::combn(fit$genes[1:30], 2)
    refused(data.frame(from = complex[1, ], to = complex[2, ]), "`pairs`")
})

test_that("folds shrink a batch that only all pairs can fill", {
    pairs <- gene_pairs(organism$pairs)[1:300, ]
    found <- combined_fit(
        list(batch_size = 300), pairs,
        objective = info_nce(keys = "transformed")
    )
    expect_identical(found$control$batch_size, 300L)
    expect_false(is.null(found$combination))
})

test_that("vectors that are all alike leave finite weights", {
    alike <- organism$vectors
    alike[] <- 1
    found <- learn_associations(
        as.matrix(alike), organism$pairs, encoder_mlp(8),
        control = small_control(1), members = 1
    )
    expect_true(all(is.finite(unlist(found$combination$weights))))
    expect_true(all(is.finite(score_pairs(found, organism$pairs)$score)))
})

test_that("a kind without positives borrows the weights of another", {
    set.seed(63)
    scores <- data.frame(
        positive = rep(c(TRUE, FALSE), c(60, 300)), kind = 2L,
        degree = stats::rpois(360, 20) + 1, learned = rnorm(360),
        propagated = rnorm(360), cosine = rnorm(360), sum = rnorm(360)
    )
    found <- learn_combination(list(scores))
    expect_identical(found$positives, c(0L, 60L, 0L))
    expect_identical(found$weights$combined[, 1], found$weights$combined[, 2])
    expect_identical(found$weights$combined[, 3], found$weights$combined[, 2])
    # so does one without negatives
    more <- scores[scores$positive, ]
    more$kind <- 1L
    found <- learn_combination(list(scores, more))
    expect_identical(found$positives, c(60L, 60L, 0L))
    expect_identical(found$weights$combined[, 1], found$weights$combined[, 2])
})

test_that("a batch of nearly all genes does not stop the folds", {
    few <- learn_associations(
        organism$vectors, organism$pairs,
        encoder = encoder_mlp(hidden = 8),
        control = train_control(
            epochs = 1, batch_size = length(unique(c(
                organism$pairs$from, organism$pairs$to
            ))), threads = 1, verbose = FALSE
        )
    )
    expect_false(is.null(few$combination))
})
