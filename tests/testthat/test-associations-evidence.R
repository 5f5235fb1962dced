# Evidence: the known pairs behind a pair, against plain R.

organism <- small_organism()
fit <- small_fit(organism)

# all known pairs that support (a, b), strongest first
evidence_r <- function(a, b, k) {
    training <- unique(c(fit$pairs$from, fit$pairs$to))
    weights <- function(gene) {
        cosine <- drop(fit$vectors[training, ] %*% fit$vectors[gene, ])
        kept <- sort(cosine, TRUE)[seq_len(k)]
        exp(kept / 0.1) / sum(exp(kept / 0.1))
    }
    of_a <- weights(a)
    of_b <- weights(b)
    both <- expand.grid(
        i = names(of_a), j = names(of_b), stringsAsFactors = FALSE
    )
    key <- function(x, y) paste(pmin(x, y), pmax(x, y))
    known <- key(both$i, both$j) %in% key(fit$pairs$from, fit$pairs$to)
    both <- both[known, ]
    both$support <- of_a[both$i] * of_b[both$j]
    both[order(-both$support), ]
}

test_that("the strongest known pairs are listed, in words", {
    asked <- data.frame(
        from = c(organism$pairs$from[1:4], fit$genes[1]),
        to = c(organism$pairs$to[1:4], fit$genes[200])
    )
    found <- evidence(fit, asked, n = 4, k = 10)
    for (i in seq_len(nrow(asked))) {
        expected <- evidence_r(asked$from[i], asked$to[i], 10)
        expected <- utils::head(expected, 4)
        rows <- found[found$from == asked$from[i] & found$to == asked$to[i], ]
        expect_identical(rows$like_from, expected$i)
        expect_identical(rows$like_to, expected$j)
        expect_equal(rows$support, expected$support)
        expect_identical(rows$rank, seq_len(nrow(expected)))
    }
    # a training pair is its own best evidence
    first <- found[found$rank == 1L, ][1, ]
    expect_identical(
        first$text,
        paste(asked$from[1], "is a known partner of", asked$to[1])
    )
    expect_match(found$text[2], "like .*cosine")
    expect_equal(
        found$cosine_to,
        rowSums(fit$vectors[found$to, ] * fit$vectors[found$like_to, ]),
        ignore_attr = TRUE
    )
})

test_that("partners() tells the best evidence where it is asked to", {
    found <- partners(fit, fit$genes[1:2], n = 3, evidence = TRUE)
    asked <- data.frame(from = found$gene, to = found$partner)
    best <- evidence(fit, asked, n = 1)
    expect_identical(
        found$evidence,
        best$text[match(
            paste(asked$from, asked$to), paste(best$from, best$to)
        )]
    )
    expect_null(partners(fit, fit$genes[1], n = 3)$evidence)
})

test_that("new genes have evidence, and pairs without any have no row", {
    new <- organism$vectors[1, , drop = FALSE]
    rownames(new) <- "new"
    found <- evidence(fit, data.frame(from = "new", to = fit$genes[2]),
        n = 50, newdata = new
    )
    expect_true(all(found$from == "new"))
    one <- fit
    one$pairs <- fit$pairs[1, ]
    none <- evidence(one, data.frame(from = "new", to = fit$genes[2]),
        k = 1, newdata = -new
    )
    expect_named(none, names(found))
    expect_lte(nrow(none), 1L)
    expect_error(
        evidence(fit, data.frame(from = "x", to = "y")), "knows",
        class = "kith_error_input"
    )
})
