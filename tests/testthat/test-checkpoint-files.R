# Files that are damaged, foreign or old are refused before they are parsed.

refused <- function(file, regexp) {
    expect_error(read_checkpoint(file), regexp,
        class = "kith_error_checkpoint"
    )
}

local_checkpoint <- function(env = parent.frame()) {
    file <- withr::local_tempfile(fileext = ".rds", .local_envir = env)
    write_checkpoint(list(kind = "run", numbers = as.double(1:40)), file)
}

bytes_of <- function(file) readBin(file, "raw", file.size(file))

test_that("what is written is read", {
    file <- withr::local_tempfile()
    for (content in list(NULL, 1, list(a = raw(0), b = letters))) {
        write_checkpoint(content, file)
        expect_identical(read_checkpoint(file), content)
    }
    expect_false(file.exists(paste0(file, ".part")))
})

test_that("contents that need several pieces are read as they were", {
    local_replaced("largest_piece", 100)
    file <- withr::local_tempfile()
    content <- list(as.double(1:200))
    write_checkpoint(content, file)
    expect_identical(read_checkpoint(file), content)
})

test_that("a change of any byte is found", {
    file <- local_checkpoint()
    whole <- bytes_of(file)
    # no changed file may come as far as to be parsed
    local_replaced("parse_payload", function(...) stop("parsed"))
    for (place in seq_along(whole)) {
        changed <- whole
        changed[place] <- xor(changed[place], as.raw(1 + place %% 255))
        writeBin(changed, file)
        refused(file, "damaged|something else|Its format is")
    }
})

test_that("files that were cut off or run on are refused", {
    file <- local_checkpoint()
    whole <- bytes_of(file)
    for (n in c(0, 1, 40, 120, length(whole) - 1)) {
        writeBin(whole[seq_len(n)], file)
        refused(file, "damaged")
    }
    writeBin(c(whole, as.raw(0)), file)
    refused(file, "damaged")
})

test_that("other files are named for what they are", {
    file <- withr::local_tempfile(fileext = ".rds")
    saveRDS(list(schema = 2L), file, compress = FALSE)
    refused(file, "RDS file, as kith wrote before format 3")
    saveRDS(list(schema = 2L), file)
    refused(file, "RDS file")
    writeLines("not a checkpoint", file)
    refused(file, "something else")
    later <- bytes_of(local_checkpoint())
    text <- sub("format 3", "format 4", rawToChar(later[1:100]))
    writeBin(c(charToRaw(text), later[-(1:100)]), file)
    refused(file, "format is 4, of kith [0-9.]+; this kith reads format 3")
    write_checkpoint(list(kind = "else"), file)
    expect_error(resume(file), "not a checkpoint of training",
        class = "kith_error_checkpoint"
    )
})

test_that("a place that no run has is refused", {
    folder <- withr::local_tempdir()
    file <- file.path(folder, "run.rds")
    small_fit(control = small_control(checkpoint = file))
    whole <- read_checkpoint(file)
    for (wrong in list(
        c(position = 1e9), c(position = -1), c(position = 0.5),
        c(epoch = NaN), c(epoch = 2.5), c(epoch = 7), c(n_steps = Inf),
        c(n_batches = -1), c(loss_sum = NA)
    )) {
        broken <- whole
        broken$state$at[names(wrong)] <- wrong
        write_checkpoint(broken, file)
        expect_error(resume(file),
            "can be resumed|cannot stand|is not finite",
            class = "kith_error"
        )
    }
    broken <- whole
    broken$state$blocks$moment_1[5] <- NaN
    write_checkpoint(broken, file)
    expect_error(resume(file), "number 5 of its moment_1",
        class = "kith_error"
    )
    broken$state$blocks$moment_1 <- 1
    write_checkpoint(broken, file)
    expect_error(resume(file), class = "kith_error")
})

test_that("data of another run are refused", {
    folder <- withr::local_tempdir()
    file <- file.path(folder, "run.rds")
    small_fit(control = small_control(checkpoint = file))
    data <- list.files(folder, "data", full.names = TRUE)
    expect_length(data, 2)
    write_checkpoint(matrix(1, 2, 2), data[1])
    expect_error(resume(file), "not the data of this run",
        class = "kith_error_checkpoint"
    )
    unlink(data[1])
    expect_error(resume(file), "no checkpoint .*-data-",
        class = "kith_error_checkpoint"
    )
})

test_that("a checkpoint in a folder that is not there is refused at once", {
    expect_error(
        train_control(checkpoint = file.path(tempfile(), "run.rds")),
        "checkpoint",
        class = "kith_error_input"
    )
})

test_that("a file that cannot be written is an error of its own", {
    skip_on_os("windows")
    folder <- withr::local_tempdir()
    target <- file.path(folder, "run.rds")
    dir.create(target)
    expect_error(write_checkpoint(1, target), "could not be written",
        class = "kith_error_checkpoint"
    )
    expect_identical(list.files(folder), "run.rds")
})
