library(testthat)
library(kith)

test_check("kith")
