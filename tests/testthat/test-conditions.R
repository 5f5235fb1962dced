# Every condition that kith raises has the class of its kind and a finer one.

test_that("errors of all kinds are kith_errors", {
    classes <- function(expression) {
        class(rlang::catch_cnd(expression, "error"))
    }
    cases <- list(
        kith_error_input = quote(train_control(epochs = -1)),
        kith_error_checkpoint = quote(resume(tempfile())),
        kith_error_package = quote(need_package("no.such.package", "This")),
        kith_error_internal = quote(engine_read(1, "parameters")),
        kith_error_input = quote(read_string(tempfile())),
        kith_error_loss = quote(small_fit(control = small_control(
            learning_rate = 1e30, optimizer = "sgd"
        )))
    )
    for (i in seq_along(cases)) {
        found <- classes(eval(cases[[i]]))
        expect_true(
            all(c(names(cases)[i], "kith_error", "error") %in% found),
            info = names(cases)[i]
        )
    }
})

test_that("messages are kith_messages", {
    organism <- small_organism()
    pairs <- rbind(
        as.data.frame(organism$pairs)[c("from", "to")],
        data.frame(from = "nobody", to = "noone")
    )
    found <- rlang::catch_cnd(small_fit(organism, pairs), "message")
    expect_s3_class(found, "kith_message_dropped")
    expect_s3_class(found, "kith_message")
})

test_that("conditions are raised in one place", {
    folder <- test_path("..", "..", "R")
    skip_if_not(dir.exists(folder), "the sources are not beside the tests")
    files <- setdiff(list.files(folder), "conditions.R")
    for (file in files) {
        lines <- readLines(file.path(folder, file))
        found <- grep(
            "cli_abort|cli_warn\\(|cli_inform|rlang::abort|warning\\(\"",
            lines,
            value = TRUE
        )
        expect_identical(found, character(), info = file)
    }
})
