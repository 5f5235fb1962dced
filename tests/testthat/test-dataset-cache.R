# a row of the table for a file of our own, of a source with fixed releases
test_that("a file is fetched once, checked, and registered", {
    server <- local_server(answers_ab)
    cache <- withr::local_tempdir()
    withr::local_options(kith.mirror = paste0(server$url, "/"))
    path <- fetch_quietly("bioplex_293t", cache = cache)
    expect_named(path, "bioplex_293t")
    expect_identical(readLines(path), "A\tB")
    datasets <- kith_dataset()
    row <- datasets[datasets$name == "bioplex_293t", ]
    expect_identical(
        unname(path),
        file.path(normalizePath(cache), row$folder, row$file)
    )
    expect_identical(
        server$requests()$path, paste("", row$folder, row$file, sep = "/")
    )
    # the sum is that of printf 'A\\tB\\n' | md5sum
    expect_identical(
        readLines(paste0(path, ".md5")),
        paste0("b88e6f34c60235fdd8530e1b1cdc1a7b  ", row$file)
    )
    registry <- BiocFileCache::BiocFileCache(cache, ask = FALSE)
    known <- BiocFileCache::bfcinfo(registry)
    expect_identical(known$rname, row$address)
    expect_identical(known$rpath, unname(path))
    expect_identical(
        sort(list.files(dirname(path), all.files = TRUE, no.. = TRUE)),
        sort(paste0(row$file, c("", ".lock", ".md5")))
    )

    expect_identical(fetch_quietly("bioplex_293t", cache = cache), path)
    expect_identical(nrow(server$requests()), 1L)
})

test_that("several files come named, each once", {
    server <- local_server(answers_ab)
    cache <- withr::local_tempdir()
    withr::local_options(kith.mirror = server$url, kith.cache = cache)
    names <- c("precise1k", "bioplex_hct116")
    paths <- fetch_quietly(c(names, "precise1k"))
    expect_named(paths, names)
    expect_true(all(file.exists(paths)))
    expect_identical(nrow(server$requests()), 2L)
})

test_that("the terms of a source are told once per session", {
    cache <- withr::local_tempdir()
    for (name in c("bioplex_293t", "bioplex_hct116", "precise1k")) {
        row <- read_datasets("9606")
        row <- row[row$name == name, ]
        path <- place_of(row, cache)
        writeLines("a", path)
    }
    for (source in c("BioPlex", "PRECISE-1K")) {
        rlang::reset_message_verbosity(paste0("kith_", source))
    }
    expect_message(
        kith_dataset("precise1k", cache = cache), "MIT.*Lamoureux"
    )
    expect_message(
        kith_dataset(c("bioplex_293t", "bioplex_hct116"), cache = cache),
        "no licence.*Huttlin"
    )
    expect_silent(kith_dataset(c("bioplex_293t", "precise1k"), cache = cache))
})

test_that("a file of the wrong size is refused", {
    server <- local_server(answers_ab)
    cache <- withr::local_tempdir()
    withr::local_options(kith.mirror = server$url)
    error <- download_error(kith_dataset("huri", cache = cache))
    expect_s3_class(error, "kith_error_download")
    text <- said(error)
    expect_match(text, "\"huri\"", fixed = TRUE)
    expect_match(text, paste0(server$url, "/HuRI-2020/HuRI.tsv"), fixed = TRUE)
    expect_match(text, "1681536 bytes")
    expect_match(text, "Found was 4 bytes")
    expect_identical(
        list.files(file.path(cache, "HuRI-2020")), "HuRI.tsv.lock"
    )
})

test_that("a file with the wrong checksum is refused", {
    server <- local_server(answers_ab)
    cache <- withr::local_tempdir()
    withr::local_options(kith.mirror = server$url)
    wrong <- strrep("0", 32)
    error <- download_error(
        fetch_dataset(toy_dataset(md5 = wrong), cache, rlang::current_env())
    )
    text <- said(error)
    right <- withr::local_tempfile()
    writeBin(charToRaw("A\tB\n"), right)
    right <- unname(tools::md5sum(right))
    expect_match(text, paste("Expected was the MD5 sum", wrong))
    expect_match(text, paste("Found was the MD5 sum", right))
    expect_length(list.files(cache, "tsv$", recursive = TRUE), 0L)

    path <- suppressMessages(fetch_dataset(
        toy_dataset(md5 = right, size = 4), cache, rlang::current_env()
    ))
    expect_identical(readLines(path), "A\tB")
})

test_that("compressed files are checked down to the end", {
    text <- paste(sqrt(1:5000), collapse = " ")
    whole <- gzip(text)
    path <- withr::local_tempfile()
    fault_of <- function(bytes) {
        writeBin(bytes, path)
        find_gzip_fault(path)
    }
    expect_null(fault_of(whole))
    expect_null(fault_of(gzip("")))
    expect_null(fault_of(c(whole, whole)))
    n <- length(whole)
    for (keep in c(n - 1, n - 4, n - 8, n - 9, n %/% 2, 20)) {
        expect_match(
            fault_of(whole[seq_len(keep)])[2], "cut off|damaged",
            info = keep
        )
    }
    flipped <- whole
    flipped[n %/% 2] <- xor(flipped[n %/% 2], as.raw(1))
    expect_match(fault_of(flipped)[2], "damaged|cut off")
    expect_match(fault_of(charToRaw("protein1 protein2"))[2], "another format")

    zip <- withr::local_tempfile(fileext = ".zip")
    writeLines("a", path)
    skip_if(!nzchar(Sys.which("zip")), "no zip program")
    utils::zip(zip, path, "-jq")
    expect_null(find_zip_fault(zip))
    bytes <- readBin(zip, "raw", file.size(zip))
    writeBin(bytes[seq_len(length(bytes) %/% 2)], zip)
    expect_match(find_zip_fault(zip)[2], "cut off")
})

test_that("a truncated .gz file is refused, though its size was as announced", {
    server <- local_server(function(request, n) {
        path <- tempfile()
        connection <- gzfile(path, "wb")
        writeBin(charToRaw(paste(sqrt(1:5000), collapse = " ")), connection)
        close(connection)
        body <- readBin(path, "raw", file.size(path))
        unlink(path)
        list(status = 200L, body = body[seq_len(length(body) %/% 2)])
    })
    cache <- withr::local_tempdir()
    withr::local_options(kith.mirror = server$url)
    error <- download_error(kith_dataset("string_info", cache = cache))
    expect_match(said(error), "Found was a file that is cut off")
    expect_length(list.files(cache, "gz$", recursive = TRUE), 0L)
})

test_that("an empty file is refused", {
    server <- local_server(function(request, n) {
        list(status = 200L, body = raw())
    })
    withr::local_options(kith.mirror = server$url)
    error <- download_error(
        kith_dataset("bioplex_293t", cache = withr::local_tempdir())
    )
    expect_match(said(error), "an empty file")
})

test_that("a species that STRING does not have is a clear error", {
    server <- local_server(function(request, n) {
        list(status = 404L, body = charToRaw("no such file"))
    })
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    error <- download_error(
        kith_dataset("string_links", species = 123456789, cache = cache)
    )
    expect_match(said(error), "no such file .status 404.")
    expect_match(said(error), "123456789.protein.links")
    expect_match(said(error), "Does STRING have this species")
})

test_that("without a network, the error says which file to put where", {
    skip_without_downloads()
    mirror <- dead_address()
    withr::local_options(kith.mirror = mirror)
    cache <- withr::local_tempdir()
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    text <- gsub(" ", "", said(error))
    row <- toy_dataset()
    folder <- file.path(normalizePath(cache), row$folder)
    address <- paste(mirror, row$folder, row$file, sep = "/")
    for (part in c("noconnection", address, row$file, folder)) {
        expect_match(text, part, fixed = TRUE)
    }

    # and there it is found
    writeLines("by hand", file.path(folder, row$file))
    path <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(readLines(path), "by hand")
})

test_that("a broken download is told, kept and gone on with", {
    server <- local_server(function(request, n) {
        body <- as.raw((seq_len(3e5) * 7) %% 251)
        range <- request$headers$range
        if (n > 2 && !is.null(range)) {
            from <- as.integer(gsub("\\D", "", range))
            return(list(
                status = 206L, body = body[-seq_len(from)],
                headers = c(`Content-Range` = sprintf(
                    "bytes %d-299999/300000", from
                ))
            ))
        }
        if (n == 2) {
            return(list(status = 403L, body = raw()))
        }
        list(
            status = 200L, headers = c(ETag = "\"a\""), body = body,
            send = 2e5
        )
    })
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "kB are kept: call again")
    path <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(
        readBin(path, "raw", 4e5), as.raw((seq_len(3e5) * 7) %% 251)
    )
    expect_false(any(grepl("part", list.files(dirname(path)))))
})

test_that("only what can be gone on with is said to be kept", {
    # no ETag and no date: the next call begins anew
    server <- local_server(function(request, n) {
        if (n == 2) {
            return(list(status = 403L, body = raw()))
        }
        list(
            status = 200L, send = 2e5,
            body = as.raw((seq_len(3e5) * 7) %% 251)
        )
    })
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "refuses")
    expect_no_match(said(error), "kept")
})

test_that("a file put there by hand is checked", {
    cache <- withr::local_tempdir()
    folder <- file.path(cache, "HuRI-2020")
    dir.create(folder)
    writeLines("not HuRI", file.path(folder, "HuRI.tsv"))
    error <- download_error(kith_dataset("huri", cache = cache))
    expect_match(said(error), "put there by hand")
    expect_match(said(error), "1681536 bytes")
    expect_match(gsub(" ", "", said(error)), "file.remove(", fixed = TRUE)
    # what a user put there is the user's to delete
    expect_true(file.exists(file.path(folder, "HuRI.tsv")))
    # as the error says
    server <- local_server(answers_ab)
    withr::local_options(kith.mirror = server$url)
    row <- toy_dataset()
    path <- place_of(row, cache)
    for (put in list(
        function() writeLines("<html>", path), function() dir.create(path)
    )) {
        put()
        error <- download_error(kith_dataset("bioplex_293t", cache = cache))
        way_out <- regmatches(said(error), regexpr(
            "file[.]remove.*\\)", said(error)
        ))
        eval(parse(text = gsub(" ", "", way_out)))
        found <- fetch_quietly("bioplex_293t", cache = cache)
        expect_identical(readLines(found), "A\tB")
        unlink(paste0(path, c("", ".md5")))
    }

    folder <- file.path(cache, "STRING-12.0")
    dir.create(folder)
    cut_off <- gzip(paste(sqrt(1:5000), collapse = " "))[1:3000]
    writeBin(cut_off, file.path(folder, "9606.protein.info.v12.0.txt.gz"))
    error <- download_error(kith_dataset("string_info", cache = cache))
    expect_match(said(error), "cut off")
})

test_that("a web page or a folder in the place of a file is refused", {
    cache <- withr::local_tempdir()
    row <- toy_dataset()
    path <- place_of(row, cache)
    writeLines(c("", " <!doctype html>", "<title>Log in</title>"), path)
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "Found was a web page")
    unlink(path)
    dir.create(path)
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "Found was a folder")
    expect_identical(list.files(dirname(path)), row$file)

    server <- local_server(function(request, n) {
        list(status = 200L, body = charToRaw("<HTML>Log in</HTML>"))
    })
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "Found was a web page")
})

test_that("a checksum that cannot be read is written anew", {
    cache <- withr::local_tempdir()
    row <- toy_dataset()
    path <- place_of(row, cache)
    writeLines("A\tB", path)
    beside <- paste0(path, ".md5")
    for (broken in list(character(), "", "b88e6f34")) {
        writeLines(broken, beside)
        fetch_quietly("bioplex_293t", cache = cache)
        expect_identical(
            readLines(beside),
            paste0("b88e6f34c60235fdd8530e1b1cdc1a7b  ", row$file)
        )
    }
})

test_that("a file that changed in the cache is found out", {
    cache <- withr::local_tempdir()
    row <- toy_dataset()
    path <- place_of(row, cache)
    writeLines("first", path)
    first <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(fetch_quietly("bioplex_293t", cache = cache), first)
    writeLines("other", path)
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    expect_match(said(error), "has changed since it was fetched")
    # a newer one by hand: the way out that is told leads there
    way_out <- paste0("file.remove(\"", first, ".md5\")")
    expect_match(gsub(" ", "", said(error)), way_out, fixed = TRUE)
    eval(parse(text = way_out))
    expect_identical(fetch_quietly("bioplex_293t", cache = cache), first)
    # or anew, without it and its sum
    writeLines("third", path)
    error <- download_error(kith_dataset("bioplex_293t", cache = cache))
    way_out <- paste0("file.remove(paste0(\"", first, "\",c(\"\",\".md5\")))")
    expect_match(gsub(" ", "", said(error)), way_out, fixed = TRUE)
    eval(parse(text = way_out))
    server <- local_server(answers_ab)
    withr::local_options(kith.mirror = server$url)
    fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(readLines(first), "A\tB")
})

test_that("what came wrong may come right at the next call", {
    server <- local_server(function(request, n) {
        list(status = 200L, body = charToRaw(if (n == 1) "A\n" else "A\tB\n"))
    })
    withr::local_options(kith.mirror = server$url)
    cache <- withr::local_tempdir()
    # the sum is that of printf 'A\\tB\\n' | md5sum
    row <- toy_dataset(md5 = "b88e6f34c60235fdd8530e1b1cdc1a7b", size = 4)
    fetch <- function() fetch_dataset(row, cache, rlang::current_env())
    error <- download_error(fetch())
    expect_match(said(error), "Found was 2 bytes.*Try again")
    expect_identical(readLines(suppressMessages(fetch())), "A\tB")
})
