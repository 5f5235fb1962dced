# learn_response(): the average of members, what a fit answers, ranks.

screen <- local({
    set.seed(1)
    simulate_response(n_drugs = 24, n_cells = 30)
})
kernels <- list(kernels = method_kernels())
learn_screen <- function(..., seed = 1) {
    learn_response(screen$response, screen$drugs, screen$cells,
        methods = kernels, folds = 2, ...,
        control = train_control(seed = seed, threads = 1, verbose = FALSE)
    )
}
fit <- learn_screen()

test_that("members are weighed by blind folds, and compared with the means", {
    rows <- tidy(fit)
    expect_identical(rows$model, c(
        "average", "kernels", "drug mean", "cell mean", "mean effects"
    ))
    expect_equal(rows$weight[rows$model == "kernels"], 1)
    kernels <- rows[rows$model == "kernels", ]
    expect_equal(unlist(rows[1, 2:7]), unlist(kernels[2:7]))
    # features say more of new cells than the mean of a drug
    expect_lt(rows$rmse[1], rows$rmse[rows$model == "drug mean"])
    expect_equal(glance(fit)$rmse, rows$rmse[1])
    expect_output(print(fit), "blind to new cells")
})

test_that("weights of two members are those of least squares on the folds", {
    set.seed(2)
    y <- rnorm(2000)
    good <- y + rnorm(2000, sd = 0.5)
    bad <- y + rnorm(2000, sd = 1)
    found <- average_weights(list(a = good, b = bad), y)
    plain <- sum((y - bad) * (good - bad)) / sum((good - bad)^2)
    expect_equal(found[["a"]], plain, tolerance = 0.01)
})

test_that("the same seed gives the same fit, and files its predictions", {
    again <- learn_screen()
    expect_identical(predict(fit), predict(again))
    file <- withr::local_tempfile(fileext = ".rds")
    saveRDS(fit, file)
    expect_identical(predict(readRDS(file)), predict(fit))
})

test_that("new cells and drugs are predicted by their features alone", {
    cells <- screen$cells[1:3, ]
    rownames(cells) <- paste0("new", 1:3)
    found <- predict(fit, cells = cells)
    expect_identical(nrow(found), 24L * 3L)
    # a cell that is not known by its id lacks what is its own
    known <- predict(fit, data.frame(drug = found$drug, cell = rep(
        rownames(screen$cells)[1:3],
        each = 24
    )))
    expect_gt(cor(found$prediction, known$prediction), 0.5)
    expect_false(isTRUE(all.equal(found$prediction, known$prediction)))
    drugs <- screen$drugs[1:2, ]
    rownames(drugs) <- c("x1", "x2")
    both <- predict(fit, drugs = drugs, cells = cells)
    expect_true(all(is.finite(both$prediction)))
    # columns go by name
    turned <- predict(fit, drugs = drugs[, rev(colnames(drugs))], cells = cells)
    expect_equal(turned, both)
})

test_that("intervals hold about as many held-out responses as asked for", {
    set.seed(3)
    large <- simulate_response(n_drugs = 24, n_cells = 90)
    half <- rownames(large$cells)[1:45]
    table <- as.data.frame(large$response)
    seen <- drug_response(table[table$cell %in% half, ], direction = "high")
    learned <- learn_response(seen, large$drugs, large$cells[half, ],
        methods = kernels, folds = 3,
        control = train_control(seed = 1, threads = 1, verbose = FALSE)
    )
    new <- table[!table$cell %in% half, ]
    found <- predict(learned, new,
        cells = large$cells[!rownames(large$cells) %in% half, ],
        type = "interval", level = 0.8
    )
    held <- mean(found$lower <= new$value & new$value <= found$upper)
    expect_gt(held, 0.72)
    expect_lt(held, 0.9)
})

test_that("drugs are ranked by what is predicted, in the right direction", {
    cell <- rownames(screen$cells)[5]
    found <- rank_drugs(fit, cell, n = Inf)
    all <- predict(fit, data.frame(drug = rownames(screen$drugs), cell = cell))
    expect_identical(
        found$drug, all$drug[order(-all$prediction)]
    )
    table <- as.data.frame(screen$response)
    means <- tapply(table$value, table$drug, mean)
    expect_equal(
        found$relative, found$prediction - unname(means[found$drug])[
            seq_along(found$drug)
        ],
        tolerance = 1e-6, ignore_attr = TRUE
    )
    measured <- table$value[match(
        paste(found$drug, cell), paste(table$drug, table$cell)
    )]
    expect_identical(found$measured, measured)
    # low values mean sensitive: the order turns
    turned <- drug_response(
        transform(table, value = -value),
        direction = "low"
    )
    low <- learn_response(turned, screen$drugs, screen$cells,
        methods = kernels, folds = 2,
        control = train_control(seed = 1, threads = 1, verbose = FALSE)
    )
    ranked <- rank_drugs(low, cell, n = Inf)
    expect_identical(ranked$drug[1:3], found$drug[1:3])
    expect_equal(ranked$relative[1], found$relative[1], tolerance = 1e-4)
})

test_that("evidence is the response of like cells, weighted by likeness", {
    drug <- rownames(screen$drugs)[3]
    found <- rank_cells(fit, drug, n = Inf, n_near = 2)
    table <- as.data.frame(screen$response)
    like <- tanimoto(screen$drugs[drug, , drop = FALSE], screen$drugs)[1, ]
    like <- like[names(like) != drug]
    row <- found[7, ]
    of_cell <- table[table$cell == row$cell & table$drug %in% names(like), ]
    of_cell <- of_cell[order(-like[of_cell$drug]), ][1:2, ]
    expect_identical(row$near, toString(of_cell$drug))
    expect_equal(row$near_response, sum(
        like[of_cell$drug] * of_cell$value
    ) / sum(like[of_cell$drug]))
})

test_that("mistakes are told with a way out", {
    expect_error(learn_screen(blind = "cells"),
        "blind",
        class = "kith_error_input"
    )
    expect_error(
        learn_response(screen$response, screen$drugs, screen$cells,
            methods = method_kernels()
        ), "named list",
        class = "kith_error_input"
    )
    expect_error(predict(fit, data.frame(drug = "D001", cell = "nobody")),
        "nobody",
        class = "kith_error_input"
    )
    expect_error(predict(fit, c("D001", "C001")), "data frame",
        class = "kith_error_input"
    )
    expect_error(predict(fit, type = "caption"), "method_cldr",
        class = "kith_error_input"
    )
    expect_error(rank_drugs(fit, c("C001", "C002")), "one string",
        class = "kith_error_input"
    )
    expect_error(predict(fit, cells = screen$cells[, 1:4]), "missing|lacks",
        class = "kith_error_input"
    )
})

test_that("a stopped call goes on from its folder", {
    folder <- withr::local_tempdir()
    first <- learn_screen(folder = folder)
    files <- list.files(folder)
    expect_length(files, 3L)
    times <- file.mtime(file.path(folder, files))
    again <- learn_screen(folder = folder)
    expect_identical(file.mtime(file.path(folder, files)), times)
    expect_identical(predict(again), predict(first))
    expect_identical(predict(first), predict(fit))
})
