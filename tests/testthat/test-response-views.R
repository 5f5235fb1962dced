# Features of drugs and cells: aligned with the response, scaled on training.

response <- drug_response(
    data.frame(
        drug = c("a", "a", "b", "b", "c"), cell = c("x", "y", "x", "y", "z"),
        value = c(1, 2, 5, 3, 4)
    ),
    direction = "low"
)

named_matrix <- function(ids, n = 3L) {
    matrix(seq_len(length(ids) * n)^2 %% 7, length(ids),
        dimnames = list(ids, paste0("f", seq_len(n)))
    )
}

test_that("views come in the order of the response, whatever holds them", {
    drugs <- named_matrix(c("c", "q", "b", "a"))
    cells <- named_matrix(c("z", "y", "x"), 2L)
    expect_silent(data <- response_views(response, drugs, cells))
    expect_identical(data$response, response)
    expect_identical(data$drugs, list(features = drugs[c("a", "b", "c"), ]))
    expect_identical(data$cells, list(features = cells[c("x", "y", "z"), ]))
    same <- function(drugs) {
        expect_identical(response_views(response, drugs, cells), data)
    }
    same(as.data.frame(drugs))
    same(S4Vectors::DataFrame(drugs))
    same(SummarizedExperiment::SummarizedExperiment(t(drugs)))
    same(Matrix::Matrix(drugs, sparse = TRUE))
    two <- response_views(
        response, drugs, list(one = cells, two = cells[3:1, ] + 1)
    )
    expect_identical(two$cells$one, data$cells$features)
    expect_identical(two$cells$two, data$cells$features + 1)
    bare <- unname(drugs) > 2
    rownames(bare) <- rownames(drugs)
    expect_identical(
        colnames(response_views(response, bare, cells)$drugs$features),
        c("V1", "V2", "V3")
    )
})

test_that("what has no features is left out and counted", {
    drugs <- named_matrix(c("b", "a"))
    cells <- named_matrix(c("x", "y", "z"))
    expect_message(
        data <- response_views(response, drugs, cells),
        "1 of 5.*1 of 3 drugs have no features: c",
        class = "kith_message_response"
    )
    expect_identical(
        as.data.frame(data$response), as.data.frame(response)[1:4, ]
    )
    # the cell of the lost value is not there either
    expect_identical(data$response$cells, c("x", "y"))
    expect_identical(rownames(data$cells$features), c("x", "y"))
    # an id must be in all views
    expect_message(
        data <- response_views(
            response, named_matrix(c("a", "b", "c")),
            list(one = cells, two = cells[-1, ])
        ), "2 of 5"
    )
    expect_identical(data$response$cells, c("y", "z"))
    # a subset of the response still has all ids
    expect_message(response_views(response[1:4], drugs, cells), NA)
})

test_that("ids in another case and without a match are refused", {
    cells <- named_matrix(c("x", "y", "z"))
    expect_input_error(
        response_views(response, named_matrix(c("A", "b", "c")), cells),
        "\"a\" in the response is.*1 of.*differ in case"
    )
    expect_input_error(
        response_views(response, named_matrix(c("p", "q")), cells),
        "\"a\" has none, nor has any other"
    )
    expect_input_error(
        response_views(response, t(named_matrix(c("a", "b", "c"))), cells),
        "above the columns"
    )
    expect_input_error(
        suppressMessages(response_views(response, named_matrix("a"), cells)),
        "at least two drugs"
    )
})

test_that("what is no view is refused", {
    drugs <- named_matrix(c("a", "b", "c"))
    cells <- named_matrix(c("x", "y", "z"))
    refuse <- function(drugs, pattern) {
        expect_input_error(response_views(response, drugs, cells), pattern)
    }
    refuse("a", "must be a numeric matrix")
    refuse(unname(drugs), "have no names")
    refuse(drugs[, 0], "0 columns")
    refuse(drugs[c(1, 1, 2), ], "each id once")
    refuse(drugs[, c(1, 1)], "features of drugs")
    refuse(replace(drugs, 5, NA), "Row \"b\", column \"f2\"")
    refuse(data.frame(drugs, smiles = "C"), "smiles")
    refuse(data.frame(unname(drugs)), "numbers of rows")
    refuse(list(drugs), "without names")
    refuse(list(), "empty list")
    refuse(list(one = drugs, one = drugs), "Its names are")
    refuse(list(one = drugs, two = "a"), "drugs\\$two")
    other <- named_matrix(c("p", "q", "r"))
    refuse(list(one = drugs, two = other), "in common")
    expect_input_error(response_views(drugs, drugs, cells), "drug_response")
    expect_input_error(
        response_views(response[0], drugs, cells), "It has no value"
    )
})

test_that("new drugs bring the views and features of the training", {
    known <- list(bits = c("f2", "f1"))
    drugs <- named_matrix(c("p", "q"))
    expect_identical(new_views(drugs, known, "drugs"), list(
        bits = drugs[, c("f2", "f1")]
    ))
    expect_input_error(
        new_views(drugs[, 2:3], known, "drugs"), "1 of 2 are missing"
    )
    two <- list(bits = "f1", text = "f3")
    expect_input_error(new_views(drugs, two, "drugs"), "none called \"bits\"")
    expect_identical(
        new_views(list(text = drugs, bits = drugs), two, "drugs")$text,
        drugs[, "f3", drop = FALSE]
    )
})

test_that("bits that nearly all or none of the training drugs have go", {
    view <- matrix(0, 300, 4, dimnames = list(seq_len(300), letters[1:4]))
    view[1:2, "a"] <- 1
    view[1:3, "b"] <- 1
    view[1:298, "c"] <- 1
    view[201:300, "d"] <- 1
    expect_true(is_fingerprint(view))
    fitted <- fit_view(view)
    expect_identical(fitted$kind, "fingerprint")
    expect_identical(fitted$columns, c("b", "d"))
    expect_identical(apply_view(fitted, view), view[, c("b", "d")])
    # of the first 200, none has d, and all have c
    expect_identical(fit_view(view, 1:200)$columns, c("a", "b"))
    expect_input_error(fit_view(view, 10:20), "must have features that differ")
    expect_identical(check_fingerprint(view, "drugs"), view)
    expect_input_error(
        check_fingerprint(replace(view, 302, 2), "drugs"),
        "Row \"2\", column \"b\" is 2"
    )
    expect_false(is_fingerprint(replace(view, 302, 2)))
})

test_that("numbers are scaled by the training rows alone", {
    set.seed(1)
    view <- matrix(rnorm(60, 5, 3), 12,
        dimnames = list(letters[1:12], LETTERS[1:5])
    )
    view[, "C"] <- 2
    view[12, "C"] <- 3
    fitted <- fit_view(view, 1:10)
    expect_identical(fitted$columns, c("A", "B", "D", "E"))
    scaled <- apply_view(fitted, view)
    inside <- view[1:10, -3]
    expect_equal(scaled, sweep(
        sweep(view[, -3], 2, colMeans(inside)), 2, apply(inside, 2, sd), "/"
    ))
    # later columns may come in any order, and other rows do not count
    expect_identical(apply_view(fitted, view[, 5:1]), scaled)
    expect_identical(fit_view(view[1:10, ]), fitted)
    far <- replace(view, 12, 1e6)
    expect_identical(apply_view(fitted, far)[12, "A"], 6)
})

test_that("many columns become components of the training rows", {
    set.seed(2)
    view <- matrix(rnorm(20 * 40), 20, dimnames = list(1:20, 1:40))
    fitted <- fit_view(view, 1:15, most_columns = 4)
    found <- apply_view(fitted, view)
    expect_identical(dim(found), c(20L, 4L))
    scaled <- scale(view[1:15, ])
    oracle <- stats::prcomp(scaled)$x[, 1:4]
    expect_equal(abs(found[1:15, ]), abs(oracle) / sqrt(mean(
        apply(oracle, 2, var)
    )), ignore_attr = TRUE)
    expect_equal(mean(apply(found[1:15, ], 2, var)), 1)
    # never more than there are
    few <- fit_view(view, 1:3, most_columns = 10)
    expect_identical(ncol(apply_view(few, view)), 2L)
    expect_null(fit_view(view, most_columns = 40)$rotation)
})
