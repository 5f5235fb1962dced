# Pairs of profiles, against the whole matrix of plain R.

set.seed(81)
effects <- matrix(rnorm(90 * 25), 90,
    dimnames = list(sprintf("g%02d", 1:90), NULL)
)
effects[1:10, ] <- effects[1:10, ] + rep(2 * rnorm(25), each = 10)

# the n best of a symmetric matrix of scores, by plain R
best_r <- function(scores, n, allowed = TRUE, least = -Inf) {
    at <- which(upper.tri(scores) & allowed & scores >= least, arr.ind = TRUE)
    at <- at[order(-scores[at], at[, 1], at[, 2]), ]
    at <- at[seq_len(min(n, nrow(at))), , drop = FALSE]
    data.frame(
        from = rownames(scores)[at[, 1]], to = rownames(scores)[at[, 2]],
        score = scores[at]
    )
}

bare_pairs <- function(x) data.frame(unclass(x)[c("from", "to", "score")])

test_that("products of losses are those of the whole matrix", {
    harm <- pmax(-effects, 0)
    for (n in c(1, 40, 1e5)) {
        found <- co_essentiality(effects, n)
        expect_s3_class(found, "gene_pairs")
        expect_equal(
            bare_pairs(found),
            best_r(tcrossprod(harm), n, least = .Machine$double.xmin)
        )
    }
    expect_identical(co_essentiality(effects, 40, threads = 3),
        co_essentiality(effects, 40)
    )
    expect_equal(
        bare_pairs(co_essentiality(effects, 1e5, min_score = 12)),
        best_r(tcrossprod(harm), 1e5, least = 12)
    )
})

test_that("correlations are those of cor(), also where the buffer overflows", {
    found <- co_essentiality(effects, 50, score = "correlation")
    expect_equal(bare_pairs(found), best_r(cor(t(effects)), 50))
    # 179,700 pairs through a buffer of 2,048, in two blocks of rows
    many <- matrix(rnorm(600 * 6), 600,
        dimnames = list(paste0("m", 1:600), NULL)
    )
    found <- co_essentiality(many, 30, score = "correlation")
    expect_equal(bare_pairs(found), best_r(cor(t(many)), 30))
    found <- co_essentiality(many, 5000, score = "correlation")
    expect_equal(bare_pairs(found), best_r(cor(t(many)), 5000))
})

test_that("equal scores are ranked by the order of the genes", {
    same <- matrix(rep(c(-1, 0, -2), each = 6), 6,
        dimnames = list(letters[1:6], NULL)
    )
    found <- co_essentiality(same, 4)
    expect_identical(found$from, rep("a", 4))
    expect_identical(found$to, letters[2:5])
    expect_equal(found$score, rep(5, 4))
})

test_that("pairs on one chromosome are flagged or dropped", {
    chromosome <- stats::setNames(
        rep(c("1", "2", NA), 30), sprintf("g%02d", 1:90)
    )
    harm <- tcrossprod(pmax(-effects, 0))
    flagged <- co_essentiality(effects, 200, chromosome = chromosome)
    expect_equal(bare_pairs(flagged), best_r(harm, 200))
    expect_identical(
        flagged$same_chromosome,
        unname(chromosome[flagged$from] == chromosome[flagged$to])
    )
    dropped <- co_essentiality(effects, 200,
        chromosome = factor(chromosome)[sample(90)],
        same_chromosome = "drop"
    )
    allowed <- outer(chromosome, chromosome, "!=")
    allowed[is.na(allowed)] <- TRUE
    expect_equal(bare_pairs(dropped), best_r(harm, 200, allowed))
    expect_false(any(dropped$same_chromosome, na.rm = TRUE))
})

test_that("a gene with an empty chromosome has none", {
    chromosome <- stats::setNames(rep(c("1", ""), 45), rownames(effects))
    expect_error(
        co_essentiality(effects, 10, same_chromosome = "drop"),
        "chromosome.*must be given",
        class = "kith_error_input"
    )
    dropped <- co_essentiality(effects, 1e5,
        score = "correlation", chromosome = chromosome[-2],
        same_chromosome = "drop"
    )
    allowed <- outer(chromosome, chromosome, paste0) != "11"
    expect_equal(bare_pairs(dropped), best_r(cor(t(effects)), 1e5, allowed))
    # of pairs of two other genes, nothing is known
    expect_identical(sum(!is.na(dropped$same_chromosome)), 0L)
    expect_identical(
        subset(attr(dropped, "report"), grepl("chromosome", reason))$n, 45
    )
})

test_that("more pairs than there are take no more room than all", {
    gc(reset = TRUE)
    before <- gc()["Vcells", 1L]
    found <- co_essentiality(effects, 1e8)
    expect_lt(gc()["Vcells", "max used"] - before, 1e7)
    expect_lte(nrow(found), choose(90, 2))
})

test_that("sparse, file-backed and tabular effects give the same pairs", {
    found <- co_essentiality(effects, 50)
    of <- function(x) expect_equal(co_essentiality(x, 50), found)
    of(as.data.frame(effects))
    of(methods::as(effects, "CsparseMatrix"))
    skip_if_not_installed("HDF5Array")
    of(SummarizedExperiment::SummarizedExperiment(
        methods::as(effects, "HDF5Array")
    ))
})

test_that("correlations do not depend on the unit of a gene", {
    expected <- best_r(cor(t(effects)), 50)
    for (unit in c(1e-14, 1e14)) {
        effects[1:2, ] <- effects[1:2, ] * unit
        found <- co_essentiality(effects, 50, score = "correlation")
        expect_equal(bare_pairs(found), expected)
    }
    found <- co_essentiality(effects * 1e-14, 50, score = "correlation")
    expect_equal(bare_pairs(found), expected)
})

test_that("genes without variation have no correlation", {
    effects["g05", ] <- 0.1
    found <- co_essentiality(effects, 1e5, score = "correlation")
    expect_equal(bare_pairs(found), best_r(cor(t(effects[-5, ])), 1e5))
    report <- attr(found, "report")
    expect_identical(report$n, c(90, 1, choose(89, 2)))
})

test_that("bad effects are refused", {
    refused <- function(expression, pattern) {
        expect_error(expression, pattern, class = "kith_error_input")
    }
    refused(co_essentiality(abs(effects)), "negative")
    holed <- effects
    holed[3, 2] <- NA
    refused(co_essentiality(holed), "g03")
    holed[3, 2] <- -Inf
    refused(co_essentiality(holed), "finite")
    refused(co_essentiality(unname(effects)), "row names")
    refused(co_essentiality(effects, 0), "`n`")
    refused(co_essentiality(effects, min_score = 1e6), "min_score")
    refused(co_essentiality(effects, chromosome = "1"), "named")
    refused(co_essentiality(effects, chromosome = c(x = "1")), "g01")
    refused(
        co_essentiality(effects[c(1, 1), ] * 0 + 1, score = "correlation"),
        "each id once"
    )
    refused(co_essentiality(effects[1, , drop = FALSE]), "two rows")
    apart <- matrix(-diag(3), 3, dimnames = list(letters[1:3], NULL))
    refused(co_essentiality(apart), "harm a cell line in common")
    one <- stats::setNames(rep("1", 90), rownames(effects))
    refused(
        co_essentiality(effects,
            score = "correlation", chromosome = one, same_chromosome = "drop"
        ), "two chromosomes.*flag"
    )
    one[] <- ""
    refused(co_essentiality(effects, chromosome = one), "none of them")
    flat <- effects[1:3, ] * 0
    refused(co_essentiality(flat, score = "correlation"), "vary")
})

test_that("drugs are correlated over the lines that both were measured in", {
    response <- effects[1:30, ]
    response[sample(750, 200)] <- NA
    response[30, ] <- 4
    found <- co_response(response, 40, min_lines = 10)
    expected <- best_r(
        {
            all <- suppressWarnings(
                cor(t(response), use = "pairwise.complete.obs")
            )
            all[is.na(all)] <- -Inf
            all
        }, 40, tcrossprod(!is.na(response)) >= 10
    )
    expect_equal(bare_pairs(found), expected)
    lines <- mapply(function(a, b) {
        sum(!is.na(response[a, ]) & !is.na(response[b, ]))
    }, found$from, found$to)
    expect_equal(found$lines, unname(lines))
    high <- co_response(response, min_score = 0.5, min_lines = 10)
    expect_true(all(high$score >= 0.5))
    expect_error(co_response(response, min_lines = 26), "25 lines.*min_lines",
        class = "kith_error_input"
    )
    expect_error(co_response(response[30, , drop = FALSE]), "two rows",
        class = "kith_error_input"
    )
    response[2, 3] <- Inf
    expect_error(co_response(response), "finite", class = "kith_error_input")
})

test_that("blocks of drugs give the pairs of one block", {
    profiles <- t(matrix(sample(0:2, 60 * 30, TRUE), 60))
    profiles[sample(1800, 300)] <- NA
    score <- suppressWarnings(
        cor(profiles, use = "pairwise.complete.obs")
    )
    lines <- crossprod(!is.na(profiles))
    at <- which(upper.tri(score) & lines >= 20 & !is.na(score), arr.ind = TRUE)
    at <- at[order(-score[at]), ]
    for (n in c(7, 200, 1e5)) {
        found <- search_responses(profiles, n, -1, 20, work = 7000)
        best <- at[seq_len(min(n, nrow(at))), ]
        expect_identical(found$pairs, list(
            a = unname(best[, 1]), b = unname(best[, 2]), score = score[best],
            lines = lines[best]
        ))
        expect_identical(found$n_short, choose(60, 2) - nrow(at))
    }
})
