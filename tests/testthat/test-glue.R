# Numbers that R's functions never hand to C are refused there all the same.

refused <- function(expression, regexp) {
    expect_error(expression, regexp, class = "kith_error")
}

test_that("empty input has empty answers", {
    none <- double()
    expect_identical(.Call(C_auc, none, logical(), NULL), NaN)
    expect_identical(.Call(C_average_precision, none, logical()), NaN)
    expect_identical(.Call(C_mid_ranks, none), double())
    expect_identical(.Call(C_spearman, none, none), NA_real_)
    expect_identical(.Call(C_split_items, 0, 0, draw_key(1L)), integer())
    key <- draw_key(1L)
    expect_identical(
        .Call(C_uniform_negatives, integer(), NULL, integer(), integer(), 0L,
            0, key
        ),
        list(from = integer(), to = integer())
    )
    expect_identical(.Call(C_draw_items, 0, 0, key), integer())
})

test_that("sizes and places that cannot be are refused", {
    key <- draw_key(1L)
    refused(.Call(C_split_items, 3e9, 1, key), "of 3000000000 items")
    refused(.Call(C_split_items, 3, 4, key), "4 of 3 items")
    refused(.Call(C_split_items, -1, 0, key), "`n` is not a count")
    refused(.Call(C_split_items, NaN, 0, key), "`n` is not a count")
    refused(.Call(C_split_items, 1.5, 0, key), "`n` is not a count")
    refused(.Call(C_draw_items, 3e9, 1, key), "2\\^31")
    known <- list(0:1, 1:2)
    draw <- function(n, left = 0:2, right = NULL) {
        .Call(C_uniform_negatives, left, right, known[[1]], known[[2]], 3L, n,
            key
        )
    }
    refused(draw(1e9), "there are 3 pairs, not 1000000000")
    refused(draw(2), "1")
    refused(draw(1, c(0L, 3L)), "no gene")
    matched <- function(left, right) {
        .Call(C_matched_negatives, left, right, known[[1]], known[[2]], 3L,
            0L, 1L, 5, key
        )
    }
    refused(matched(integer(), NULL), "side of the negatives is empty")
    refused(matched(0:2, integer()), "side of the negatives is empty")
    near <- list(
        genes = matrix(0L, 1, 1), weights = matrix(1, 1, 1)
    )
    refused(
        .Call(C_guilt, near, integer(), integer(), 0L, 0L, 1L), "are empty"
    )
    refused(
        .Call(C_guilt, near, c(0L, 5L), 0L, 0L, 0L, 1L), "do not fit"
    )
})
