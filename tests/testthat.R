# the package is checked without its suggested packages, too
if (requireNamespace("testthat", quietly = TRUE)) {
    library(testthat)
    library(kith)
    test_check("kith")
} else {
    message("The package testthat is not installed: no test was run.")
}
