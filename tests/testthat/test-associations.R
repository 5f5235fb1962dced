# Fits against plain R: encodings, scores, partners, and what the fronts
# refuse.

organism <- small_organism()
fit_half <- small_fit(organism)
fit_both <- small_fit(organism, objective = info_nce(keys = "transformed"))

score_r <- function(fit, from, to, how) {
    x <- fit$vectors
    f <- encode(fit)
    if (how == "half") {
        (rowSums(f[from, ] * x[to, ]) + rowSums(x[from, ] * f[to, ])) / 2
    } else {
        rowSums(f[from, ] * f[to, ])
    }
}

test_that("encodings are unit rows, also of new genes", {
    f <- encode(fit_half)
    expect_identical(dim(f), dim(organism$vectors))
    expect_equal(unname(rowSums(f^2)), rep(1, nrow(f)), tolerance = 1e-6)
    expect_identical(rownames(f), rownames(organism$vectors))
    expect_equal(encode(fit_half, organism$vectors), f, tolerance = 1e-6)
    some <- encode(fit_half, organism$vectors[5:7, ])
    expect_equal(some, f[5:7, ], tolerance = 1e-6)
    expect_error(encode(fit_half, organism$vectors[, 1:10]), "newdata",
        class = "kith_error_input"
    )
})

test_that("scores agree with their definition and are symmetric", {
    pairs <- organism$pairs[c(1:20, 3), c("from", "to")]
    for (fit in list(fit_half, fit_both)) {
        how <- if (fit$objective$keys == "raw") "half" else "both"
        scored <- score_pairs(fit, pairs)
        expect_named(scored, c("from", "to", "cosine", "score"))
        expected <- unname(score_r(fit, pairs$from, pairs$to, how))
        expect_equal(scored$score, expected, tolerance = 1e-10)
        cosine <- unname(rowSums(
            fit$vectors[pairs$from, ] * fit$vectors[pairs$to, ]
        ))
        expect_equal(scored$cosine, cosine, tolerance = 1e-12)
        back <- score_pairs(fit, data.frame(from = pairs$to, to = pairs$from))
        expect_equal(back$score, scored$score, tolerance = 1e-12)
        for (lambda in c(0, 0.3)) {
            blend <- score_pairs(fit, pairs, lambda = lambda)$score
            expect_equal(blend, (1 - lambda) * cosine + lambda * expected,
                tolerance = 1e-10
            )
        }
        other <- setdiff(c("half", "both"), how)
        expect_equal(score_pairs(fit, pairs, how = other)$score,
            unname(score_r(fit, pairs$from, pairs$to, other)),
            tolerance = 1e-10
        )
    }
})

test_that("columns of pairs are found by the rule of gene_pairs()", {
    asked <- organism$pairs[1:5, ]
    expected <- score_pairs(fit_half, asked)
    renamed <- function(...) {
        stats::setNames(asked[c("from", "to")], c(...))
    }
    expect_identical(score_pairs(fit_half, renamed("gene1", "gene2")), expected)
    # what partners() returns
    listed <- cbind(renamed("gene", "partner"), score = 1)
    expect_identical(score_pairs(fit_half, listed), expected)
    expect_identical(
        evidence(fit_half, listed, n = 1), evidence(fit_half, asked, n = 1)
    )
    # from and to wherever they stand
    expect_identical(score_pairs(fit_half, cbind(n = 1:5, asked)), expected)
    expect_input_error(score_pairs(fit_half, asked["from"]), "two columns")
    # else the first two that do not number the rows
    expect_message(
        found <- score_pairs(fit_half, cbind(n = 1:5, renamed("k", "l"))),
        "columns.*k.*l", class = "kith_message_pairs"
    )
    expect_identical(found, expected)
    expect_input_error(
        suppressMessages(
            score_pairs(fit_half, cbind(n = 5:1, renamed("k", "l")))
        ), "Column n of `pairs` must be character"
    )
})

test_that("a gene that was in no table is scored from its vector", {
    vector <- organism$vectors[1, , drop = FALSE] + 0.01
    rownames(vector) <- "new"
    pair <- data.frame(from = "new", to = rownames(organism$vectors)[2:4])
    scored <- score_pairs(fit_half, pair, newdata = vector)
    expect_false(anyNA(scored$score))
    found <- partners(fit_half, "new", n = 5, lambda = 0, newdata = vector)
    expect_identical(found$gene, rep("new", 5))
    expect_identical(found$partner[1], rownames(organism$vectors)[1])
    # without the vector the pair has no score, and a message counts it
    expect_message(
        scored <- score_pairs(
            fit_half, rbind(pair, organism$pairs[1:2, c("from", "to")])
        ),
        "3 of 5",
        class = "kith_message_dropped"
    )
    expect_identical(is.na(scored$score), c(TRUE, TRUE, TRUE, FALSE, FALSE))
    expect_error(score_pairs(fit_half, pair), "pairs",
        class = "kith_error_input"
    )
})

test_that("partners are the best of all other genes", {
    genes <- fit_both$genes[c(3, 50, 7)]
    found <- partners(fit_both, genes, n = 6)
    f <- encode(fit_both)
    known <- paste(
        c(fit_both$pairs$from, fit_both$pairs$to),
        c(fit_both$pairs$to, fit_both$pairs$from)
    )
    for (gene in genes) {
        scores <- drop(f %*% f[gene, ])
        open <- setdiff(fit_both$genes, gene)
        open <- open[!paste(gene, open) %in% known]
        best <- open[order(-scores[open])][1:6]
        rows <- found[found$gene == gene, ]
        expect_identical(rows$partner, best)
        expect_equal(rows$score, unname(scores[best]), tolerance = 1e-10)
        expect_identical(rows$rank, 1:6)
        expect_false(any(rows$known))
    }
    all_of_them <- partners(fit_both, genes[1], n = 1e6, exclude_known = FALSE)
    expect_identical(nrow(all_of_them), length(fit_both$genes) - 1L)
    expect_identical(
        sum(all_of_them$known), pair_degree(fit_both$pairs, genes[1])$degree
    )
    given <- data.frame(from = genes[1], to = found$partner[1])
    others <- partners(fit_both, genes[1], known = given)$partner
    expect_false(found$partner[1] %in% others)
    expect_error(partners(fit_both, "nobody"), "nobody",
        class = "kith_error_input"
    )
    expect_error(partners(fit_both, genes, n = -1), "`n`",
        class = "kith_error_input"
    )
})

test_that("vectors of any length are used at length 1", {
    long <- as_embedding(3 * as.matrix(organism$vectors), normalize = FALSE)
    fit <- learn_associations(long, organism$pairs, encoder_mlp(hidden = 16),
        control = small_control(), preset = "cal2026"
    )
    expect_equal(rowSums(fit$vectors^2), rep(1, 250), ignore_attr = TRUE)
    expect_equal(
        score_pairs(fit, organism$pairs)$cosine,
        score_pairs(fit_half, organism$pairs)$cosine
    )
    expect_equal(encode(fit, long), encode(fit))
    expect_equal(
        diagnose(long, organism$pairs)$value[2],
        diagnose(organism$vectors, organism$pairs)$value[2]
    )
})

test_that("asking for more partners than there are genes takes no memory", {
    all <- partners(fit_half, n = 249, exclude_known = FALSE)
    expect_identical(nrow(all), 250L * 249L)
    # 2 TB, were they all given a place
    expect_identical(
        partners(fit_half, n = 2^31 - 1, exclude_known = FALSE), all
    )
})

test_that("a fit survives saveRDS and a new process", {
    skip_if_not_installed("callr")
    file <- withr::local_tempfile(fileext = ".rds")
    saveRDS(fit_half, file)
    expect_identical(readRDS(file), fit_half)
    pairs <- organism$pairs[1:50, ]
    there <- callr::r(function(file, pairs, library) {
        library("kith", lib.loc = library, character.only = TRUE)
        fit <- readRDS(file)
        list(score_pairs(fit, pairs), encode(fit))
    }, list(file, pairs, dirname(system.file(package = "kith"))))
    here <- list(score_pairs(fit_half, pairs), encode(fit_half))
    expect_identical(there, here)
})

test_that("predict, augment, tidy, glance, print and summary hold together", {
    pairs <- organism$pairs[1:5, ]
    expect_identical(
        predict(fit_half, pairs)$.pred, score_pairs(fit_half, pairs)$score
    )
    expect_error(predict(fit_half), "newdata", class = "kith_error_input")
    more <- augment(fit_half, pairs)
    expect_identical(more$.score, predict(fit_half, pairs)$.pred)
    expect_identical(nrow(augment(fit_half)), nrow(fit_half$pairs))
    layers <- tidy(fit_half)
    expect_identical(sum(layers$parameters), as.numeric(length(
        learned_parameters(fit_half)
    )))
    expect_equal(sum(layers$norm^2), sum(learned_parameters(fit_half)^2))
    row <- glance(fit_half)
    expect_identical(row$pairs, nrow(fit_half$pairs))
    # the blend holds one number, the last one of this network
    with_numbers <- layers[layers$parameters > 0, ]
    expect_identical(utils::tail(with_numbers$type, 1), "blend")
    expect_equal(row$input_share, stats::plogis(
        utils::tail(learned_parameters(fit_half), 1)
    ))
    expect_output(print(fit_half), "trained on")
    expect_output(print(summary(fit_half)), "History")
    # the fit does not carry the data that its vectors were made of
    wide <- matrix(rnorm(250 * 40), 250, dimnames = dimnames(
        organism$vectors[, 1:40]
    ))
    wide <- cbind(wide, wide, wide)
    fit <- learn_associations(as_embedding(wide, pca = 5), organism$pairs,
        encoder_mlp(hidden = 8),
        control = small_control(1), preset = "cal2026"
    )
    expect_identical(ncol(fit$vectors), 5L)
    expect_equal(encode(fit, wide), encode(fit), tolerance = 1e-5)
})

test_that("diagnose() flags what its rules are made for", {
    told <- diagnose(organism$vectors, organism$pairs)
    expect_identical(nrow(told), 5L)
    expect_identical(told$flagged[4], NA)
    expect_output(print(told), "genes")
    # partners that look alike
    set.seed(1)
    centre <- matrix(rnorm(10 * 20), 10)[rep(1:10, each = 10), ]
    alike <- centre + 0.1 * matrix(rnorm(100 * 20), 100)
    rownames(alike) <- paste0("g", 1:100)
    within <- do.call(rbind, lapply(0:9, function(i) {
        t(utils::combn(paste0("g", i * 10 + 1:10), 2))
    }))
    pairs <- data.frame(from = within[, 1], to = within[, 2])
    pairs$score <- rowSums(alike[pairs$from, ] * alike[pairs$to, ])
    told <- diagnose(alike, pairs)
    expect_true(all(told$flagged[1:2]))
    expect_false(told$flagged[3])
    # one hub: degree tells all
    star <- data.frame(from = "g1", to = paste0("g", 2:60))
    expect_true(diagnose(alike, star)$flagged[5])
})

test_that("the front refuses bad vectors and pairs by name", {
    x <- organism$vectors
    pairs <- organism$pairs
    refused <- function(x, pairs, regexp) {
        expect_error(
            learn_associations(x, pairs, encoder_mlp(8),
                control = small_control(1), preset = "cal2026"
            ),
            regexp,
            class = "kith_error_input"
        )
    }
    for (bad in c(NA, NaN, Inf)) {
        broken <- x
        broken[3, 2] <- bad
        refused(broken, pairs, rownames(x)[3])
    }
    zero <- x
    zero[4, ] <- 0
    refused(zero, pairs, rownames(x)[4])
    refused(matrix("a", 3, 3, dimnames = list(letters[1:3], NULL)), pairs, "x")
    refused(unname(x), pairs, "row names")
    twice <- x
    rownames(twice)[2] <- rownames(x)[1]
    refused(twice, pairs, rownames(x)[1])
    refused(x, data.frame(from = "nobody", to = "none"), "nobody")
    refused(x, 1:3, "pairs")
    refused(pairs, x, "x")
    expect_error(learn_associations(x, pairs, info_nce()), "encoder_mlp",
        class = "kith_error_input"
    )
    # what is dropped is counted
    more <- rbind(
        pairs[c("from", "to")],
        data.frame(from = c("nobody", pairs$from[1]), to = c("none", "none"))
    )
    expect_message(small_fit(organism, more), "2 of",
        class = "kith_message_dropped"
    )
    doubled <- rbind(
        pairs[c("from", "to")], data.frame(from = pairs$to, to = pairs$from),
        data.frame(from = pairs$from[1], to = pairs$from[1])
    )
    expect_identical(
        learned_parameters(small_fit(organism, doubled)),
        learned_parameters(fit_half)
    )
    factors <- data.frame(lapply(pairs[c("from", "to")], factor))
    expect_identical(
        learned_parameters(small_fit(organism, factors)),
        learned_parameters(fit_half)
    )
})

test_that("figures carry their data", {
    history <- autoplot(fit_half)
    expect_identical(history$data$value, fit_half$history$loss)
    for (type in c("pairs", "scores")) {
        figure <- autoplot(fit_half, type, n = 100)
        expect_s3_class(figure, "ggplot")
        built <- ggplot2::ggplot_build(figure)
        expect_gt(nrow(built$data[[1]]), 0)
    }
    expect_match(autoplot(fit_half, "pairs")$labels$subtitle, "transductive")
    result <- evaluate(fit_half, draws = 0)
    figure <- autoplot(result)
    expect_identical(figure$data$auc, result$auc)
    expect_no_error(ggplot2::ggplot_build(figure))
})
