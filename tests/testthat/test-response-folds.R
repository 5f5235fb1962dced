# blind_folds(): what is tested was not trained on.

set.seed(1)
screen <- simulate_response(24, 20, missing = 0.3)
response <- screen$response
key <- draw_key(1L)

drugs_of <- function(rows, x = response) unique(x$drug[rows])
cells_of <- function(rows, x = response) unique(x$cell[rows])

test_that("folds share out all values, and a key decides them", {
    for (by in c("pair", "cell", "drug")) {
        folds <- blind_folds(response, by, key, k = 4)
        expect_length(folds, 4L)
        tested <- lapply(folds, `[[`, "test")
        expect_identical(sort(unlist(tested)), seq_along(response))
        for (fold in folds) {
            expect_setequal(c(fold$train, fold$test), seq_along(response))
            expect_length(intersect(fold$train, fold$test), 0L)
        }
        expect_identical(blind_folds(response, by, key, k = 4), folds)
        expect_false(identical(
            blind_folds(response, by, draw_key(2L), k = 4), folds
        ))
    }
})

test_that("drugs, cells or both that are tested are never trained on", {
    for (fold in blind_folds(response, "drug", key)) {
        expect_length(intersect(drugs_of(fold$train), drugs_of(fold$test)), 0L)
        expect_setequal(cells_of(fold$train), cells_of(seq_along(response)))
    }
    for (fold in blind_folds(response, "cell", key)) {
        expect_length(intersect(cells_of(fold$train), cells_of(fold$test)), 0L)
    }
    both <- blind_folds(response, "both", key, k = 3)
    for (fold in both) {
        expect_length(intersect(drugs_of(fold$train), drugs_of(fold$test)), 0L)
        expect_length(intersect(cells_of(fold$train), cells_of(fold$test)), 0L)
        # every value that shares neither is trained on
        left <- setdiff(seq_along(response), c(fold$train, fold$test))
        shares <- response$drug[left] %in% drugs_of(fold$test) |
            response$cell[left] %in% cells_of(fold$test)
        expect_true(all(shares))
        expect_gt(length(left), 0L)
    }
    # drugs lie in the folds that they have by drug
    by_drug <- blind_folds(response, "drug", key, k = 3)
    for (f in 1:3) {
        expect_true(all(
            drugs_of(both[[f]]$test) %in% drugs_of(by_drug[[f]]$test)
        ))
    }
})

test_that("groups of drugs and cells stay together", {
    series <- screen$truth$drugs$series[
        match(response$drugs, screen$truth$drugs$drug)
    ]
    lineage <- screen$truth$cells$lineage[
        match(response$cells, screen$truth$cells$cell)
    ]
    for (by in c("drug", "both")) {
        folds <- blind_folds(response, by, key,
            k = 3, drug_groups = series, cell_groups = lineage
        )
        for (fold in folds) {
            expect_length(intersect(
                series[response$drug[fold$train]],
                series[response$drug[fold$test]]
            ), 0L)
        }
    }
    for (fold in folds) {
        expect_length(intersect(
            lineage[response$cell[fold$train]],
            lineage[response$cell[fold$test]]
        ), 0L)
    }
})

test_that("a subset of the response has folds of what is left", {
    some <- response[response$drug <= 6]
    folds <- blind_folds(some, "drug", key, k = 3)
    sizes <- vapply(folds, function(fold) {
        length(drugs_of(fold$test, some))
    }, 1L)
    expect_identical(sizes, c(2L, 2L, 2L))
})

test_that("folds that cannot be are refused", {
    few <- response[response$drug <= 3]
    expect_input_error(
        blind_folds(few, "drug", key), "number of groups of drugs"
    )
    expect_input_error(blind_folds(few[1:3], "pair", key), "number of values")
    expect_input_error(blind_folds(response, "gene", key), "must be one of")
    expect_input_error(blind_folds(response, "drug", key, k = 1), "at least 2")
    expect_input_error(
        blind_folds(response, "drug", key, drug_groups = 1:3), "It has 3"
    )
    expect_input_error(
        blind_folds(response, "cell", key, cell_groups = c(NA, 2:20)),
        "Group 1 is missing"
    )
    # each cell of its own drug: another fold of cells has no value
    diagonal <- response[match(1:20, response$cell)]
    diagonal$drug <- 1:20
    expect_input_error(
        blind_folds(diagonal, "both", key, k = 10), "has none for testing"
    )
})
