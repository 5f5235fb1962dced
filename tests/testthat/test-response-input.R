# drug_response(): the object, what makes it and what it refuses.

measured <- data.frame(
    drug = c("a", "a", "b", "b", "c"),
    cell = c("x", "y", "x", "y", "y"),
    value = c(1, 2, 5, 3, 4)
)

test_that("a long table, a matrix either way and an experiment are the same", {
    from_table <- drug_response(measured, direction = "low")
    expect_s3_class(from_table, "drug_response")
    expect_identical(from_table$drug, c(1L, 1L, 2L, 2L, 3L))
    expect_identical(from_table$cell, c(1L, 2L, 1L, 2L, 2L))
    expect_identical(from_table$drugs, c("a", "b", "c"))
    expect_identical(from_table$cells, c("x", "y"))
    expect_null(from_table$unit)
    expect_identical(as.data.frame(from_table), measured)
    x <- rbind(a = c(x = 1, y = 2), b = c(5, 3), c = c(NA, 4))
    sorted <- function(response) {
        table <- as.data.frame(response)
        table <- table[order(table$drug, table$cell), ]
        rownames(table) <- NULL
        table
    }
    of_drugs <- drug_response(x, rows = "drugs", direction = "low")
    of_cells <- drug_response(t(x), rows = "cells", direction = "low")
    expect_identical(sorted(of_drugs), measured)
    expect_identical(sorted(of_cells), measured)
    experiment <- SummarizedExperiment::SummarizedExperiment(
        list(other = -x, auc = x)
    )
    expect_identical(
        drug_response(experiment, "drugs", "low", assay = "auc"), of_drugs
    )
    expect_identical(
        drug_response(S4Vectors::DataFrame(measured), direction = "low"),
        from_table
    )
    ids <- transform(measured, drug = factor(drug), cell = c(1, 2, 1, 2, 2) *
        1e5)
    of_ids <- drug_response(ids, direction = "low")
    expect_identical(of_ids$cells, c("100000", "200000"))
    expect_identical(of_ids$drugs, from_table$drugs)
    named <- stats::setNames(measured, c("compound", "line", "ic50"))
    expect_identical(
        drug_response(named, "compound", "line", 3, direction = "low"),
        from_table
    )
})

test_that("values are picked, counted and shown", {
    x <- drug_response(measured, direction = "high")
    expect_length(x, 5L)
    some <- x[c(5, 1)]
    expect_identical(as.data.frame(some)$drug, c("c", "a"))
    expect_identical(some$drugs, x$drugs)
    expect_identical(x[x$value > 2], x[-(1:2)])
    expect_identical(x[], x)
    expect_input_error(x[6], "not there")
    expect_input_error(x[c(1, 1)], "value 1 again")
    expect_output(print(x), "5 values of 3 drugs in 2 cells \\(83.3 %")
    expect_output(print(x), "high values mean sensitive")
    expect_output(print(x, n = 2), "and 3 more")
    expect_output(print(summary(x)), "values of a drug: 1 to 2, median 2")
})

test_that("shares of variance are those of an analysis of variance", {
    set.seed(1)
    x <- matrix(rnorm(60), 10, dimnames = list(letters[1:10], LETTERS[1:6]))
    x <- x + rnorm(10)
    response <- drug_response(x, rows = "drugs", direction = "low")
    table <- as.data.frame(response)
    found <- stats::anova(stats::lm(value ~ drug + cell, table))$"Sum Sq"
    expect_equal(unname(response_shares(response)), found / sum(found))
    expect_identical(summary(response)$shares, response_shares(response))
})

test_that("concentrations become log10 M, and the message says so", {
    table <- transform(measured, value = c(1, 10, 0.1, 5, 8))
    convert <- function(unit, ...) {
        drug_response(table, unit = unit, direction = "low", ...)
    }
    expect_message(micro <- convert("uM"), "uM are stored as log10 M",
        class = "kith_message_response"
    )
    expect_equal(micro$value, log10(table$value * 1e-6))
    expect_identical(micro$unit, "log10 M")
    expect_message(other <- convert("\u00b5M"))
    expect_identical(other, micro)
    expect_message(nano <- convert("nM"))
    expect_equal(nano$value, micro$value - 3)
    expect_message(logarithm <- convert("log10(uM)"))
    expect_equal(logarithm$value, table$value - 6)
    expect_message(natural <- convert("ln uM"))
    expect_equal(natural$value, log10(exp(table$value) * 1e-6))
    expect_silent(plain <- convert("log10 M"))
    expect_identical(plain$value, table$value)
    expect_identical(convert("AUC")$unit, "AUC")
    expect_null(convert("none")$unit)
    negative <- drug_response(table, unit = "-log10 M", direction = "high")
    expect_identical(negative$unit, "-log10 M")
    expect_identical(negative$value, table$value)
    table$in_units <- c("uM", "nM", "uM", "nM", "log10 M")
    expect_message(mixed <- convert("in_units"), "uM and nM are stored")
    expect_equal(mixed$value, c(-6, -8, -7, log10(5) - 9, 8))
    # a column may be called as a unit is
    names(table)[3] <- "AUC"
    expect_identical(convert("AUC", value = "AUC")$unit, "AUC")
})

test_that("units that do not fit are refused", {
    convert <- function(unit, direction = "low", table = measured) {
        drug_response(table, unit = unit, direction = direction)
    }
    expect_input_error(convert("um"), "must be one of")
    expect_input_error(convert(c("uM", "nM")), "one for each value")
    mixed <- transform(measured, u = c("uM", "uM", "AUC", "uM", "uM"))
    expect_input_error(convert("u", table = mixed), "Row 3 has \"AUC\"")
    mixed$u[3] <- "-log10 M"
    expect_input_error(convert("u", table = mixed), "must not mix")
    mixed$u[3] <- "furlong"
    expect_input_error(convert("u", table = mixed), "Row 3 has \"furlong\"")
    expect_input_error(convert("uM", "high"), "works at low concentrations")
    expect_input_error(convert("-log10 M", "low"), "must be \"high\"")
    zero <- transform(measured, value = c(1, 0, 2, -1, 3))
    expect_input_error(
        convert("uM", table = zero), "Value 2 is 0\\s+uM, the first of 2"
    )
})

test_that("duplicates stop, or are averaged and counted", {
    twice <- rbind(measured, data.frame(
        drug = c("a", "b", "a"), cell = c("x", "y", "x"), value = c(4, 5, 7)
    ))
    expect_input_error(
        drug_response(twice, direction = "low"), "\"a\" in \"x\" has 3"
    )
    expect_message(
        x <- drug_response(twice, direction = "low", duplicates = "mean"),
        "2 of 5 pairs"
    )
    expect_equal(x$value, c(4, 2, 5, 4, 4))
    expect_identical(
        as.data.frame(x)[1:2],
        as.data.frame(drug_response(measured, direction = "low"))[1:2]
    )
})

test_that("a direction is asked for, never guessed", {
    expect_input_error(drug_response(measured), "It is missing")
    expect_input_error(drug_response(measured, direction = "up"), "\"up\"")
    x <- rbind(a = c(x = 1, y = 2), b = c(5, 3))
    expect_input_error(drug_response(x, rows = "drugs"), "direction")
    expect_input_error(drug_response(x, direction = "low"), "rows")
    expect_input_error(drug_response(x, "genes", "low"), "\"genes\"")
})

test_that("what is no response is refused", {
    try_table <- function(..., rows = TRUE) {
        drug_response(transform(measured, ...)[rows, ], direction = "low")
    }
    expect_input_error(drug_response("a"), "must be a data frame")
    expect_input_error(
        drug_response(measured, drug = "compound", direction = "low"),
        "must be one column"
    )
    expect_input_error(try_table(value = letters[1:5]), "must be numeric")
    expect_input_error(try_table(value = c(1, NA, 2, 3, 4)), "\"a\" in \"y\"")
    expect_input_error(try_table(value = c(1, 2, Inf, 3, 4)), "highest dose")
    expect_input_error(try_table(value = 2), "All 5 are 2")
    expect_input_error(try_table(drug = c("a", NA, "b", "b", "c")), "missing")
    expect_input_error(try_table(cell = c("x", "", "x", "y", "y")), "empty")
    expect_input_error(try_table(rows = 1:2), "at least two drugs")
    expect_input_error(try_table(rows = c(1, 3)), "at least two cells")
    expect_input_error(try_table(rows = 0), "It has no value")
    x <- rbind(a = c(x = 1, y = NaN), b = c(5, 3))
    expect_input_error(drug_response(x, "drugs", "low"), "\"a\" in \"y\"")
    expect_input_error(drug_response(unname(x), "drugs", "low"), "have\\s+none")
    expect_input_error(
        drug_response(x[c(1, 1), ], "drugs", "low"), "each id once"
    )
    mode(x) <- "character"
    expect_input_error(drug_response(x, "drugs", "low"), "must be numeric")
})
