# Runs the tests of the installed package and ends with the line
#     N passed, N failed[, N skipped]
# One test is one test_that(). The exit status is 1 if any failed.
#
#   Rscript tools/run-tests.R [filter]
#
# The filter is a regular expression on the names of the test files.

filter <- commandArgs(TRUE)
filter <- if (length(filter)) filter[1]

# tests that CRAN would skip are run, and the check of CRAN's machines for
# more than two cores is off
Sys.setenv(NOT_CRAN = "true")
library(kith)

blas <- extSoftVersion()[["BLAS"]]
threads <- Sys.getenv(c("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "unset")
cat(R.version.string, "| BLAS", blas, "|",
    paste(names(threads), threads, sep = "=", collapse = ", "), "\n")

# says which file runs, as all of them take minutes
file_reporter <- R6::R6Class("FileReporter",
    inherit = testthat::Reporter,
    public = list(
        start_file = function(name) cat(name, "\n", file = stderr())
    )
)

# what kith says of files that tests read is expected or of no interest
results <- suppressMessages(classes = "kith_message", testthat::test_dir(
    "tests/testthat",
    filter = filter, package = "kith", load_package = "installed",
    reporter = testthat::MultiReporter$new(list(
        file_reporter$new(), testthat::CheckReporter$new()
    )), stop_on_failure = FALSE
))

# a test fails if anything in it failed, and is skipped if nothing else is
# left of it
outcome <- function(test) {
    is_a <- function(class) vapply(test$results, inherits, NA, class)
    if (any(is_a("expectation_failure") | is_a("expectation_error"))) {
        "failed"
    } else if (any(is_a("expectation_skip")) &&
        !any(is_a("expectation_success"))) {
        "skipped"
    } else {
        "passed"
    }
}
outcomes <- vapply(results, outcome, "")
n <- table(factor(outcomes, c("passed", "failed", "skipped")))
line <- sprintf("%d passed, %d failed", n[["passed"]], n[["failed"]])
if (n[["skipped"]] > 0) {
    line <- sprintf("%s, %d skipped", line, n[["skipped"]])
}
cat(line, "\n", sep = "")
quit(status = as.integer(n[["failed"]] > 0 || n[["passed"]] == 0))
