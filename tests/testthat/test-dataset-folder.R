# The folder of the cache: without permission, shared by processes, elsewhere.

test_that("a cache that cannot be written is named, with the way out", {
    skip_without_downloads()
    # nobody, root included, can make a folder below a file
    file <- withr::local_tempfile()
    writeLines("", file)
    error <- download_error(
        kith_dataset("huri", cache = file.path(file, "cache"))
    )
    text <- said(error)
    expect_match(gsub(" ", "", text), basename(file), fixed = TRUE)
    expect_match(text, "options(kith.cache", fixed = TRUE)
    expect_match(text, "argument `cache`", fixed = TRUE)
    # both ways out
    server <- local_server(answers_ab)
    withr::local_options(
        kith.mirror = server$url, kith.cache = withr::local_tempdir()
    )
    path <- fetch_quietly("bioplex_293t", cache = withr::local_tempdir())
    expect_identical(readLines(path), "A\tB")
    expect_identical(readLines(fetch_quietly("bioplex_293t")), "A\tB")
})

test_that("a folder without permission cannot be written, but read", {
    skip_without_downloads()
    skip_on_os("windows")
    skip_if(
        Sys.info()[["effective_user"]] == "root", "root may write everywhere"
    )
    cache <- withr::local_tempdir()
    row <- toy_dataset()
    folder <- file.path(cache, row$folder)
    dir.create(folder)
    writeLines("a", file.path(folder, row$file))
    Sys.chmod(c(folder, cache), "0555")
    withr::defer(Sys.chmod(c(cache, folder), "0755"))
    path <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(readLines(path), "a")
    error <- download_error(kith_dataset("bioplex_hct116", cache = cache))
    expect_match(said(error), "cannot be written")
})

test_that("two processes at once fetch a file once, and both have all of it", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, body = as.raw((seq_len(3e5) * 7) %% 251),
            pause = 0.2
        )
    })
    cache <- withr::local_tempdir()
    fetch <- function(mirror, cache) {
        options(kith.mirror = mirror)
        path <- kith::kith_dataset("bioplex_293t", cache = cache)
        unname(tools::md5sum(path))
    }
    processes <- lapply(1:2, function(i) {
        callr::r_bg(fetch, list(server$url, cache))
    })
    withr::defer(lapply(processes, function(process) process$kill()))
    for (process in processes) {
        process$wait(60000)
    }
    expected <- withr::local_tempfile()
    writeBin(as.raw((seq_len(3e5) * 7) %% 251), expected)
    for (process in processes) {
        expect_identical(
            process$get_result(), unname(tools::md5sum(expected))
        )
    }
    expect_identical(nrow(server$requests()), 1L)
})

test_that("a registry that is no database does not lose the file", {
    server <- local_server(answers_ab)
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    writeLines("no database", file.path(cache, "BiocFileCache.sqlite"))
    expect_warning(
        path <- fetch_quietly("bioplex_293t", cache = cache),
        "could not be registered"
    )
    expect_identical(readLines(path), "A\tB")
})

test_that("a cache may be named from the working directory", {
    server <- local_server(answers_ab)
    folder <- withr::local_tempdir()
    withr::local_options(kith.mirror = server$url)
    withr::local_dir(folder)
    path <- fetch_quietly("bioplex_293t", cache = "new/cache")
    expect_identical(fetch_quietly("bioplex_293t", cache = "new/cache"), path)
    withr::local_dir(tempdir())
    expect_identical(readLines(path), "A\tB")
    cache <- file.path(folder, "new", "cache")
    registry <- BiocFileCache::BiocFileCache(cache, ask = FALSE)
    expect_identical(readLines(BiocFileCache::bfcinfo(registry)$rpath), "A\tB")
})

test_that("a mirror is one string", {
    skip_without_downloads()
    withr::local_options(kith.mirror = 1)
    expect_error(
        kith_dataset("huri", cache = withr::local_tempdir()), "kith.mirror",
        class = "kith_error_input"
    )
})

test_that("where nothing can be locked, another folder helps", {
    server <- local_server(answers_ab)
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    # nobody can open a folder as a file
    dir.create(paste0(place_of(toy_dataset(), cache), ".lock"))
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "cannot be locked.*argument `cache`")
    path <- fetch_quietly("bioplex_293t", cache = withr::local_tempdir())
    expect_identical(readLines(path), "A\tB")
})
