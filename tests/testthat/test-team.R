# How many threads training takes: what pays off.

# threads of each step where `threads` of them take seconds[threads]
sizes <- function(seconds, n_steps = 1000) {
    .Call(C_team_sizes, matrix(seconds, n_steps, length(seconds), byrow = TRUE))
}

test_that("threads that pay off are taken, and few steps are lost to trials", {
    taken <- sizes(1 / 1:4)
    expect_identical(taken[1], 1L)
    expect_gt(mean(taken == 4), 0.95)
    expect_lte(which(taken == 4)[1], 12)
    # a number that is no power of two
    expect_gt(mean(sizes(1 / 1:6) == 6), 0.95)
})

test_that("threads that cost time are left alone", {
    # where processors are busy, two threads may take ten times as long
    taken <- sizes(c(1, 10, 12, 15))
    expect_gt(mean(taken == 1), 0.99)
    # ... and such a trial is one step
    expect_lte(sum(taken[1:50] > 1), 3)
    expect_gt(mean(sizes(c(1, 1, 1, 1)) == 1), 0.95)
})

test_that("the best number between is found", {
    taken <- sizes(c(1, 0.6, 0.7, 0.9))
    expect_gt(mean(taken == 2), 0.95)
})

test_that("the number follows what other work leaves", {
    free <- matrix(1 / 1:4, 1000, 4, byrow = TRUE)
    busy <- matrix(c(1, 10, 12, 15), 1000, 4, byrow = TRUE)
    taken <- .Call(C_team_sizes, rbind(free, busy, free))
    expect_gt(mean(taken[1:1000] == 4), 0.95)
    expect_gt(mean(taken[1001:2000] == 1), 0.7)
    expect_gt(mean(taken[2001:3000] == 4), 0.7)
})

test_that("with one thread there is nothing to try", {
    expect_true(all(sizes(1) == 1L))
})
