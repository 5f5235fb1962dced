# simulate_response(): what was asked for is there.

test_that("the shares of variance are those asked for", {
    shares <- c(drug = 0.3, cell = 0.2, interaction = 0.4, noise = 0.1)
    set.seed(1)
    screen <- simulate_response(60, 50, shares = 10 * shares, missing = 0)
    truth <- screen$truth
    expect_equal(truth$shares, shares)
    variance <- function(x) mean((x - mean(x))^2)
    expected <- truth$expected
    expect_equal(variance(truth$drugs$potency), 0.3)
    expect_equal(variance(truth$cells$sensitivity), 0.2)
    expect_equal(unname(rowMeans(expected)), truth$drugs$potency)
    expect_equal(unname(colMeans(expected)), truth$cells$sensitivity)
    interaction <- expected - outer(rowMeans(expected), colMeans(expected), `+`)
    expect_equal(variance(interaction), 0.4)
    # activity of the pathway of the drug's target, and nothing else
    for (target in 1:4) {
        of_target <- interaction[truth$drugs$target == target, ]
        expect_equal(max(apply(of_target, 2, stats::sd)), 0)
    }
    x <- screen$response
    noise <- x$value - expected[cbind(x$drug, x$cell)]
    expect_equal(variance(noise), 0.1)
    expect_equal(
        unname(response_shares(x)), c(0.3, 0.2, 0.5),
        tolerance = 0.02
    )
})

test_that("series share bits, words and potency", {
    set.seed(2)
    screen <- simulate_response(200, 20, from_series = 0.8, n_series = 25)
    drugs <- screen$drugs
    expect_true(is_fingerprint(drugs))
    expect_true(all(rowSums(drugs) > 0))
    common <- tcrossprod(drugs)
    bits <- rowSums(drugs)
    similarity <- common / (outer(bits, bits, `+`) - common)
    series <- screen$truth$drugs$series
    same <- outer(series, series, `==`) & upper.tri(similarity)
    other <- outer(series, series, `!=`) & upper.tri(similarity)
    expect_gt(mean(similarity[same]), 0.5)
    expect_lt(mean(similarity[other]), 0.15)
    of_series <- summary(stats::lm(potency ~ factor(series),
        screen$truth$drugs
    ))$r.squared
    expect_gt(of_series, 0.7)
    expect_lt(of_series, 0.95)
    expect_identical(names(screen$drug_text), rownames(drugs))
    expect_match(screen$drug_text, " inhibitor of ")
    scaffold <- caption_features(screen$drug_text, 512L)
    unit <- scaffold / sqrt(rowSums(scaffold^2))
    alike <- tcrossprod(unit)
    expect_gt(mean(alike[same]), mean(alike[other]) + 0.2)
})

test_that("features of cells tell of their pathways", {
    set.seed(3)
    screen <- simulate_response(20, 300, feature_noise = 0.3)
    for (target in 1:4) {
        fit <- stats::lm(screen$truth$pathways[, target] ~ screen$cells[, 1:30])
        expect_gt(summary(fit)$adj.r.squared, 0.8)
    }
    expect_identical(names(screen$cell_text), rownames(screen$cells))
    expect_length(unique(sub(" .*", "", screen$cell_text)), 5L)
    data <- response_views(screen$response, screen$drugs, screen$cells)
    expect_identical(data$response$drugs, screen$response$drugs)
})

test_that("values are missing as asked, none of a drug or cell altogether", {
    set.seed(4)
    screen <- simulate_response(30, 20, missing = 0.25)
    expect_length(screen$response, 450L)
    set.seed(4)
    expect_identical(simulate_response(30, 20, missing = 0.25), screen)
    sparse <- simulate_response(30, 20, missing = 0.9)$response
    expect_length(sparse$drugs, 30L)
    expect_length(sparse$cells, 20L)
    expect_output(print(screen), "450 values of 30 drugs in 20 cells")
    smallest <- simulate_response(4, 4, 2, 1, 2, 16, 2)
    expect_identical(dim(smallest$drugs), c(4L, 16L))
})

test_that("other sizes are refused", {
    expect_input_error(simulate_response(3), "n_drugs")
    expect_input_error(simulate_response(n_series = 200), "n_series")
    expect_input_error(simulate_response(missing = 1), "missing")
    expect_input_error(simulate_response(shares = c(1, 2, 3, 4)), "called")
    expect_input_error(
        simulate_response(
            shares = c(drug = 1, cell = -1, interaction = 1, noise = 1)
        ), "at least 0"
    )
})
