# Where a download may go, what it must prove, and how it gets its name.

test_that("a server may send elsewhere a few times, not for ever", {
    sends_on <- function(request, n) {
        at <- as.integer(sub("/f", "0", sub("/f/", "", request$path)))
        if (at >= 3) {
            return(list(status = 200L, body = as.raw(1:100)))
        }
        list(
            status = 302L, headers = c(Location = paste0("/f/", at + 1)),
            body = raw()
        )
    }
    server <- local_server(sends_on)
    expect_identical(content(try_download(server)), as.raw(1:100))
    loops <- function(request, n) {
        list(status = 302L, headers = c(Location = "/f"), body = raw())
    }
    server <- local_server(loops)
    expect_error(try_download(server), "sends elsewhere|no connection",
        class = "kith_transfer"
    )
    expect_lt(nrow(server$requests()), 10)
    expect_identical(redirect_protocols("https://x"), 2)
    expect_identical(redirect_protocols("http://x"), 3)
})

test_that("without encryption a file is fetched by its checksum alone", {
    plain <- kith_dataset()
    plain <- plain[startsWith(plain$address, "http:") & is.na(plain$md5), ]
    for (i in seq_len(nrow(plain))) {
        cache <- withr::local_tempdir()
        expect_error(
            kith_dataset(plain$name[i], cache = cache),
            "no encryption.*Fetch it yourself",
            class = "kith_error_download"
        )
        # and there it is found
        if (tools::file_ext(plain$file[i]) %in% c("gz", "zip")) next
        path <- place_of(plain[i, ], cache)
        writeLines("by hand", path)
        found <- fetch_quietly(plain$name[i], cache = cache)
        expect_identical(readLines(found), "by hand")
    }
    odd <- list(
        name = "odd", md5 = NA, page = "{stop('evaluated')}", file = "odd"
    )
    expect_error(
        check_plain_http(odd, "http://x/odd", "/cache/odd", NULL),
        "evaluated", class = "kith_error_download"
    )
    odd$md5 <- "0"
    expect_null(check_plain_http(odd, "http://x/odd", "/cache/odd", NULL))
})

test_that("a file that cannot be given its name is an error", {
    skip_without_downloads()
    server <- local_server(whole)
    withr::local_options(kith.mirror = server$url)
    local_replaced("move_into_place", function(from, to) FALSE)
    cache <- withr::local_tempdir()
    expect_error(
        suppressMessages(kith_dataset("bioplex_293t", cache = cache)),
        "could not be given its name.*Move it there",
        class = "kith_error_download"
    )
    # and there it is found
    path <- place_of(toy_dataset(), cache)
    file.rename(paste0(path, ".part"), path)
    found <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(content(found), as.raw((seq_len(3e5) * 7) %% 251))
})

test_that("the size of a file is asked for where the table does not know", {
    server <- local_server(whole)
    expect_identical(remote_size(paste0(server$url, "/sized")), 1234)
    expect_identical(remote_size(paste0(server$url, "/other")), NA_real_)
    expect_identical(remote_size(dead_address()), NA_real_)
    withr::local_options(kith.mirror = server$url)
    local_replaced("remote_size", function(address) 3e5)
    file <- withr::local_tempdir()
    expect_message(
        tryCatch(kith_dataset("bioplex_293t", cache = file),
            kith_error_download = identity
        ), "300 kB", class = "kith_message_download"
    )
})
