# method_cldr(): what it takes, its two stages, and what its members predict.

small_screen <- function(n_drugs = 24, n_cells = 20) {
    withr::with_seed(1, simulate_response(n_drugs, n_cells))
}

screen_data <- function(screen = small_screen()) {
    response_data(
        screen$response, screen$drugs, screen$cells, screen$drug_text,
        screen$cell_text
    )
}

small_cldr <- function(..., epochs = 3) {
    settings <- utils::modifyList(list(
        networks = 1, widths = c(
            hidden = 24, side = 16, fusion = 24, embedding = 16
        ),
        pretrain = list(epochs = epochs), finetune = list(epochs = epochs)
    ), list(...))
    do.call(method_cldr, settings)
}

quiet_control <- function(...) {
    train_control(threads = 1, verbose = FALSE, precision = "double", ...)
}

# groups: each drug and cell by itself
fit_small <- function(method, data = screen_data(),
                      rows = seq_along(data$response$value), blind = "cell",
                      control = quiet_control(), key = draw_key(3L)) {
    groups <- list(
        drug = seq_along(data$response$drugs),
        cell = seq_along(data$response$cells)
    )
    fit_response_member(method, data, rows, blind, groups, key, control)
}

predict_rows <- function(member, data, rows) {
    predict_response_member(
        member, data$drugs, data$cells, response_pairs(data, rows)
    )
}

test_that("members predict drugs and cells that they have not seen", {
    data <- screen_data()
    seen <- which(data$response$cell <= 15 & data$response$drug <= 20)
    new <- which(data$response$cell > 15 & data$response$drug > 20)
    methods <- list(
        small_cldr(), small_cldr(caption = "number"),
        small_cldr(caption = "none"), small_cldr(joint = TRUE),
        small_cldr(objective = "rank_n_contrast"),
        small_cldr(preset = "paper", hard = 2), small_cldr(networks = 2)
    )
    for (method in methods) {
        member <- fit_small(method, data, seen, "both")
        predicted <- predict_rows(member, data, new)
        expect_length(predicted, length(new))
        expect_true(all(is.finite(predicted)))
        # in units of the response
        expect_lt(abs(mean(predicted) - mean(data$response$value[seen])),
            2 * stats::sd(data$response$value)
        )
        placed <- embed_response_pairs(
            member, data$drugs, data$cells, response_pairs(data, new)
        )
        expect_identical(dim(placed), c(length(new), 16L))
        # the same from the same key, in any order, after saving
        again <- unserialize(serialize(member, NULL))
        expect_equal(predict_rows(again, data, rev(new)), rev(predicted),
            tolerance = 1e-12
        )
    }
    expect_identical(
        fit_small(methods[[1]], data, seen, "both")$members,
        fit_small(methods[[1]], data, seen, "both")$members
    )
})

test_that("a network learns what the means do not know", {
    data <- screen_data(small_screen(30, 40))
    test <- which(data$response$cell > 32)
    train <- setdiff(seq_along(data$response$value), test)
    truth <- data$response$value[test]
    mean_of_drug <- tapply(
        data$response$value[train], data$response$drug[train], mean
    )
    plain <- mean_of_drug[as.character(data$response$drug[test])]
    member <- fit_small(
        small_cldr(epochs = 60, widths = c(
            hidden = 64, side = 32, fusion = 64, embedding = 32
        )), data, train,
        control = quiet_control(batch_size = 64)
    )
    rmse <- function(predicted) sqrt(mean((predicted - truth)^2))
    expect_lt(rmse(predict_rows(member, data, test)), 0.95 * rmse(plain))
    said <- predict_captions(
        member, data$drugs, data$cells, response_pairs(data, test)
    )
    expect_named(said, c("prediction", "spread"))
    expect_gt(stats::cor(said$prediction, truth), 0.4)
    expect_true(all(said$spread > 0))
    # numbers are in order along their first component
    numbers <- run_role(
        member$captions$networks, member$captions$members[[1]], "number",
        number_inputs(member$method)$x, member$control
    )
    along <- stats::prcomp(numbers)$x[, 1]
    expect_gt(abs(spearman(along, seq_along(along))), 0.99)
})

test_that("losses start at the log of the batch; permuted labels give chance", {
    data <- screen_data()
    rows <- seq_along(data$response$value)
    method <- small_cldr(
        kg = "none", hard = 0, epochs = 1, widths = c(embedding = 128)
    )
    member <- fit_small(method, data, rows)
    first <- member$history$first
    expect_equal(first$caption_loss[1], log(256), tolerance = 0.08)
    # captions of numbers that have nothing to do with their pairs
    data$response$value <- withr::with_seed(2, sample(data$response$value))
    member <- fit_small(
        small_cldr(caption = "number", epochs = 12), data,
        which(data$response$cell <= 15)
    )
    new <- which(data$response$cell > 15)
    said <- predict_captions(
        member, data$drugs, data$cells, response_pairs(data, new)
    )
    expect_lt(abs(stats::cor(said$prediction, data$response$value[new])), 0.25)
})

test_that("captions without numbers show how far names alone go", {
    data <- screen_data()
    control <- quiet_control(batch_size = 64)
    named <- fit_small(small_cldr(hard = 0, epochs = 40), data,
        control = control
    )
    number <- fit_small(small_cldr(caption = "number", epochs = 40), data,
        control = control
    )
    last <- function(member) utils::tail(member$history$first, 1)
    # names give a pair away; a number alone, blotted out, gives nothing
    expect_gt(last(named)$hits_without_number, 0.1)
    expect_lt(last(number)$hits_without_number, 0.04)
})

test_that("captions say what the softmax over all numbers says", {
    data <- screen_data()
    for (caption in c("full", "number")) {
        member <- fit_small(small_cldr(caption = caption), data)
        pairs <- response_pairs(data, c(7, 300, 12))
        found <- predict_captions(member, data$drugs, data$cells, pairs)
        networks <- member$captions$networks
        numbers <- member$captions$members[[1]]
        run <- function(role, x) {
            run_role(networks, numbers, role, x, member$control)
        }
        features <- member_features(member, data$drugs, data$cells)
        own <- utils::tail(numbers$parameters, 257)[1]
        for (i in 1:3) {
            z <- run("fusion", cbind(
                run("drug", features$drugs[pairs$drug[i], , drop = FALSE]),
                run("cell", features$cells[pairs$cell[i], , drop = FALSE])
            ))
            said <- run("number", number_inputs(member$method)$x)
            if (caption == "full") {
                words <- member$scales$words
                named <- run("drug_text", text_inputs(
                    member$method, data$drug_text[pairs$drug[i]], words$drug
                )$x) + run("cell_text", text_inputs(
                    member$method, data$cell_text[pairs$cell[i]], words$cell
                )$x)
                said <- said + rep(named, each = 1000)
            }
            t <- run("sentence", said)
            score <- exp(own) * drop(t %*% z[1, ]) /
                sqrt(rowSums(t^2) * sum(z^2))
            share <- exp(score - max(score))
            share <- share / sum(share)
            number <- sum(share * 0:999)
            expect_equal(found$prediction[i],
                number_label(member$scales$label, number)
            )
            expect_equal(
                found$spread[i],
                sqrt(sum(share * (0:999 - number)^2)) / 1000 *
                    (member$scales$label$high - member$scales$label$low)
            )
        }
    }
})

test_that("transformers read the captions", {
    data <- screen_data()
    rows <- which(data$response$cell <= 15)
    method <- small_cldr(
        text = encoder_text(8, 1, 2, n_tokens = 64, longest = 9), epochs = 1,
        hard = 1
    )
    expect_message(
        member <- fit_small(method, data, rows), "cut to 9 tokens",
        class = "kith_message_text"
    )
    types <- lapply(member$captions$networks, `[[`, "type")
    for (role in c("drug_text", "cell_text", "number")) {
        expect_true("attention" %in% types[[role]])
    }
    new <- response_pairs(data, which(data$response$cell > 15)[1:4])
    said <- predict_captions(member, data$drugs, data$cells, new)
    expect_true(all(is.finite(said$prediction)))
    # longer words of a drug are cut to what the network reads
    longer <- data$drug_text
    longer[] <- paste(longer, strrep("c", 400))
    expect_identical(
        predict_captions(member, data$drugs, data$cells, new, longer), said
    )
})

test_that("texts may be empty, and Rank-N-Contrast has none", {
    data <- screen_data()
    data$drug_text[] <- ""
    data$cell_text[] <- ""
    member <- fit_small(small_cldr(epochs = 1), data)
    said <- predict_captions(
        member, data$drugs, data$cells, response_pairs(data, 1:3)
    )
    expect_true(all(is.finite(said$prediction)))
    expect_identical(
        method_cldr(objective = "rank_n_contrast")$caption, "none"
    )
})

test_that("the network without captions has both stages' epochs", {
    data <- screen_data()
    member <- fit_small(small_cldr(
        caption = "none", pretrain = list(epochs = 2, learning_rate = 1e-2),
        finetune = list(epochs = 3, patience = NULL)
    ), data)
    expect_named(member$history, "last")
    expect_identical(member$history$last$epoch, 1:5)
    expect_identical(member$history$last$learning_rate[1], 1e-2)
    expect_null(member$captions)
})

test_that("networks watch rows that are as new as those to predict", {
    response <- small_screen()$response
    rows <- which(response$drug != 3)
    groups <- list(drug = seq_len(24) %/% 2, cell = seq_len(20))
    for (blind in c("cell", "drug", "both", "pair")) {
        parts <- watched_parts(
            response, rows, blind, groups, 3, draw_key(1L)
        )
        for (part in parts) {
            expect_true(all(unlist(part) %in% rows))
            drug <- function(at) groups$drug[response$drug[at]]
            if (blind %in% c("drug", "both")) {
                expect_false(any(drug(part$watched) %in% drug(part$train)))
            }
            if (blind %in% c("cell", "both")) {
                expect_false(any(
                    response$cell[part$watched] %in% response$cell[part$train]
                ))
            }
        }
        expect_false(identical(parts[[1]]$watched, parts[[2]]$watched))
    }
    # one cell cannot be parted
    one <- which(response$cell == 1)
    parts <- watched_parts(response, one, "cell", groups, 1, draw_key(1L))
    expect_identical(parts, list(list(train = one, watched = NULL)))
})

test_that("epochs that are left open make enough steps", {
    filled <- fill_epochs(method_cldr(), 38000, NULL)
    expect_identical(filled$pretrain$epochs, 10L)
    expect_identical(filled$finetune$epochs, 20L)
    filled <- fill_epochs(method_cldr(), 1000, 100)
    expect_identical(filled$pretrain$epochs, 30L)
    expect_identical(filled$finetune$epochs, 60L)
    expect_identical(
        fill_epochs(method_cldr("paper"), 100, 50)$pretrain$epochs, 40L
    )
})

test_that("a stage that was saved within an epoch goes on bit for bit", {
    data <- screen_data()
    method <- small_cldr()
    rows <- which(data$response$cell <= 18)
    scales <- fit_response_scales(method, data, rows)
    features <- list(
        drugs = joined_views(scales$views$drugs, data$drugs),
        cells = joined_views(scales$views$cells, data$cells)
    )
    for (stage in c("captions", "response")) {
        make <- function(file) {
            response_job(
                method, stage, data, scales, features, rows,
                if (stage == "response") which(data$response$cell > 18),
                method$finetune,
                quiet_control(batch_size = 32, checkpoint = file), draw_key(1L)
            )
        }
        folder <- withr::local_tempdir()
        job <- make(file.path(folder, "unbroken.rds"))
        unbroken <- finish_job(job, run_jobs(list(job)))
        file <- file.path(folder, "broken.rds")
        save_within_epoch(make(file), 1, 3)
        expect_identical(resume(file, verbose = FALSE), unbroken)
    }
})

test_that("arguments out of range are refused", {
    refused <- function(..., regexp) {
        expect_error(method_cldr(...), regexp, class = "kith_error_input")
    }
    refused(caption = "some", regexp = "caption")
    refused(kg = "chain", regexp = "kg")
    refused(text = "words", regexp = "text")
    refused(text = encoder_mlp(), regexp = "encoder_text")
    refused(hard = -1, regexp = "hard")
    refused(dropout = 1, regexp = "dropout")
    refused(soft = -1, regexp = "soft")
    refused(networks = 0, regexp = "networks")
    refused(pretrain = list(rate = 1), regexp = "rate.*none of them")
    refused(pretrain = list(patience = 1), regexp = "patience")
    refused(finetune = 3, regexp = "finetune.*list")
    refused(finetune = list(epochs = 0), regexp = "epochs")
    refused(finetune = list(schedule = "plateau"), regexp = "schedule")
    refused(widths = c(embed = 3), regexp = "embed")
    refused(widths = 3, regexp = "no names")
    refused(widths = c(embedding = 0.5), regexp = "widths")
    refused(joint = TRUE, caption = "none", regexp = "joint")
    refused(joint = TRUE, objective = "rank_n_contrast", regexp = "joint")
    for (control in list(
        quiet_control(epochs = 3), quiet_control(learning_rate = 1),
        quiet_control(validation = 0.1)
    )) {
        expect_error(fit_small(small_cldr(), control = control),
            "to the method",
            class = "kith_error_input"
        )
    }
    data <- screen_data()
    expect_error(fit_small(small_cldr(), data, seq(1, 101, 25)),
        "at least 8 values",
        class = "kith_error_input"
    )
    expect_output(print(method_cldr()), "full captions, kg repaired, 8 hard")
    expect_output(print(method_cldr(caption = "none")), "squared error alone")
})
