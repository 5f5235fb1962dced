# read_response(): tables of drug response, long and wide.

long_lines <- c(
    "index\tname\tline\tic50\tunit",
    "1\tNutlin-3\tA549\t2\tuM",
    "2\tNutlin-3\tMCF7\t50\tnM",
    "3\tJQ1\tA549\t\tuM",
    "4\tJQ1\tMCF7\t0.2\tuM",
    "5\tJQ1\t-\t0.3\tuM"
)

test_that("a long table is read, and what is left out is counted", {
    file <- text_file(long_lines, ".tsv.gz")
    expect_message(
        x <- read_response(file,
            drug = "name", cell = "line", value = "ic50", unit = "unit",
            direction = "low"
        ),
        "\"name\" \\(drugs\\), \"line\" \\(cells\\) and \"ic50\"",
        class = "kith_message_response"
    ) |> expect_message("uM and nM are stored as log10 M")
    expect_equal(as.data.frame(x), data.frame(
        drug = c("Nutlin-3", "Nutlin-3", "JQ1"),
        cell = c("A549", "MCF7", "MCF7"), value = log10(c(2, 0.05, 0.2)) - 6
    ))
    expect_message(
        read_response(file,
            drug = 2, cell = 3, value = 4, unit = "none", direction = "low"
        ),
        "1 without a value, 1 without an id"
    )
})

test_that("a wide table is read either way round", {
    lines <- c(
        "depmap_id,lineage,erlotinib,lapatinib",
        "ACH-000001,lung,0.9,",
        "ACH-000002,skin,0.5,0.7",
        "ACH-000003,lung,NA,0.2"
    )
    expected <- data.frame(
        drug = c("erlotinib", "erlotinib", "lapatinib", "lapatinib"),
        cell = paste0("ACH-00000", c(1, 2, 2, 3)), value = c(0.9, 0.5, 0.7, 0.2)
    )
    expect_message(
        x <- read_response(text_file(lines), "wide",
            unit = "AUC", direction = "low", rows = "cells"
        ), "Columns not read: lineage"
    )
    expect_identical(as.data.frame(x), expected)
    turned <- c(
        "ACH-000001;ACH-000002;ACH-000003", "erlotinib;0.9;0.5;NA",
        "lapatinib;;0.7;0.2"
    )
    expect_message(y <- read_response(text_file(turned), "wide",
        unit = "AUC", direction = "low", rows = "drugs"
    ))
    table <- as.data.frame(y)
    expect_identical(
        table[order(table$drug, table$cell), ], expected,
        ignore_attr = TRUE
    )
    expect_message(z <- read_response(text_file(lines), "wide",
        unit = "AUC", direction = "low", rows = "cells", cell = "depmap_id"
    ))
    expect_identical(z, x)
})

test_that("replicates are averaged on request", {
    file <- text_file(c(
        "drug,cell,auc", "a,x,1", "a,x,2", "a,y,3", "b,x,1", "b,y,4"
    ))
    read <- function(...) {
        read_response(file,
            drug = "drug", cell = "cell", value = "auc", unit = "AUC",
            direction = "low", ...
        )
    }
    expect_input_error(read(), "\"a\" in \"x\" has 2")
    x <- suppressMessages(read(duplicates = "mean"))
    expect_equal(x$value, c(1.5, 3, 1, 4))
})

test_that("what a file does not say is asked for", {
    file <- text_file(long_lines)
    read <- function(drug = "name", cell = "line", value = "ic50",
                     unit = "uM", direction = "low", ...) {
        read_response(file,
            drug = drug, cell = cell, value = value, unit = unit,
            direction = direction, ...
        )
    }
    expect_input_error(
        read_response(file, drug = "name", unit = "uM"), "direction"
    )
    expect_input_error(
        read_response(file, drug = "name", direction = "low"),
        "what are the values"
    )
    expect_input_error(read(drug = NULL), "must be one column of `file`")
    expect_input_error(read(value = "auc"), "name, line, ic50")
    expect_input_error(read(cell = "name"), "must be different columns")
    expect_input_error(read(unit = "unitt"), "\"unitt\"")
    expect_input_error(read(value = "unit"), "must have numbers")
    expect_input_error(read(rows = "drugs"), "is for")
    wide <- function(...) {
        read_response(file, "wide", unit = "none", direction = "low", ...)
    }
    expect_input_error(wide(), "what do the rows")
    expect_input_error(wide(rows = "drugs", value = "ic50"), "cannot be given")
    expect_input_error(wide(rows = "drugs", cell = "line"), "`cell` cannot")
    expect_input_error(
        read_response("nowhere.csv", unit = "uM", direction = "low"),
        "does not exist"
    )
})

test_that("files with faults are refused", {
    read <- function(lines, ...) {
        read_response(text_file(lines),
            drug = "d", cell = "c", value = "v", unit = "uM", direction = "low",
            ...
        )
    }
    good <- c("d,c,v", "a,x,1", "a,y,2", "b,x,3")
    expect_input_error(read(c(good, "b,y,0")), "must be positive")
    expect_input_error(read(c(good, "b,y,Inf")), "\"b\" in \"y\" is Inf")
    expect_input_error(read(c(good, "b,y")), "Line 5 has 2 fields")
    expect_input_error(read(c(good, "b,y,high")), "Line 5 has \"high\"")
    expect_input_error(read(c("d,c,v", "a,x,NA", ",x,1")), "1 lack an id")
    expect_input_error(read_response(text_file(c("d,e", "a,b")), "wide",
        unit = "none", direction = "low", rows = "drugs"
    ), "columns of numbers")
    expect_input_error(read_response(
        text_file(c("d,x,y", "a,1,2", "b,\"1,5\",3", "c,4,5")), "wide",
        unit = "none", direction = "low", rows = "drugs"
    ), "1,5")
})

test_that("public tables are read", {
    folder <- Sys.getenv("KITH_DATA")
    skip_if(!nzchar(folder), "KITH_DATA names no folder with public data")
    at <- function(name) file.path(folder, "drug", name)
    skip_if(!file.exists(at("ccle24_response_long.tsv.gz")), "no drug/ there")
    expect_message(
        x <- read_response(
            at("ccle24_response_long.tsv.gz"),
            drug = "drug", cell = "CCLE_Name", value = "IC50_uM", unit = "uM",
            direction = "low"
        ), "11,670 values of 24 drugs in 504 cells"
    ) |> expect_message("stored as log10 M")
    # 8 uM, where the curve does not reach a half
    expect_equal(max(x$value), log10(8e-6))
    nci <- suppressMessages(read_response(
        at("nci60_response_long.tsv.gz"),
        drug = "nsc", cell = "cell", value = "neglog10_gi50",
        unit = "-log10 M", direction = "high"
    ))
    expect_length(nci$drugs, 1075L)
    expect_gt(response_shares(nci)[["drug"]], 0.5)
})
