# The body that servers send is 300,000 bytes that repeat nowhere near, so that
# a file put together from two downloads shows every seam.
body_of <- function(seed) {
    as.raw((seq_len(3e5) * seed) %% 251)
}

# breaks off at the first request, then sends what is asked for
breaks_once <- function(request, n) {
    body <- as.raw((seq_len(3e5) * 7) %% 251)
    range <- request$headers$range
    if (n == 1) {
        return(list(
            status = 200L, headers = c(ETag = "\"a\""), body = body,
            send = 2e5
        ))
    }
    from <- as.integer(gsub("\\D", "", range))
    list(
        status = 206L, body = body[-seq_len(from)],
        headers = c(
            ETag = "\"a\"",
            `Content-Range` = sprintf("bytes %d-299999/300000", from)
        )
    )
}

test_that("a file comes whole, in one request", {
    server <- local_server(whole)
    part <- try_download(server)
    expect_identical(content(part), body_of(7))
    expect_identical(nrow(server$requests()), 1L)
    expect_identical(server$requests()$range, "")
})

test_that("a broken download goes on where it stopped", {
    server <- local_server(breaks_once)
    part <- try_download(server)
    expect_identical(content(part), body_of(7))
    asked <- server$requests()
    expect_identical(nrow(asked), 2L)
    expect_match(asked$range[2], "^bytes=[1-9][0-9]{4,}-$")
    expect_identical(asked$if_range[2], "\"a\"")
})

test_that("what came is kept for the next call", {
    server <- local_server(breaks_once)
    part <- withr::local_tempfile()
    problem <- transfer_error(try_download(server, numeric(), part))
    expect_match(conditionMessage(problem), "connection broke")
    kept <- file.size(part)
    expect_true(kept > 0 && kept <= 2e5)
    expect_identical(content(part), body_of(7)[seq_len(kept)])
    try_download(server, part = part)
    expect_identical(content(part), body_of(7))
    expect_identical(
        server$requests()$range, c("", sprintf("bytes=%d-", kept))
    )
})

test_that("a server that ignores ranges sends the file anew", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, headers = c(`Last-Modified` = "yesterday"),
            body = as.raw((seq_len(3e5) * 7) %% 251),
            send = if (n == 1) 2e5 else 3e5
        )
    })
    part <- try_download(server)
    expect_identical(content(part), body_of(7))
    expect_identical(server$requests()$if_range, c("", "yesterday"))
})

test_that("a range other than that asked for is not appended", {
    # what the second answer, which should go on, has instead
    from_0 <- local_server(function(request, n) {
        list(
            status = if (n == 2) 206L else 200L,
            body = as.raw((seq_len(3e5) * 7) %% 251),
            headers = c(
                ETag = "\"a\"",
                if (n == 2) c(`Content-Range` = "bytes 0-299999/300000")
            ),
            send = if (n == 1) 2e5 else 3e5
        )
    })
    expect_identical(content(try_download(from_0)), body_of(7))
    expect_identical(nrow(from_0$requests()), 2L)

    from_9 <- local_server(function(request, n) {
        body <- as.raw((seq_len(3e5) * 7) %% 251)
        list(
            status = if (n == 2) 206L else 200L,
            body = if (n == 2) body[-(1:9)] else body,
            headers = c(
                ETag = "\"a\"",
                if (n == 2) c(`Content-Range` = "bytes 9-299999/300000")
            ),
            send = if (n == 1) 2e5 else 3e5
        )
    })
    expect_identical(content(try_download(from_9)), body_of(7))
    expect_identical(nrow(from_9$requests()), 3L)
    expect_identical(from_9$requests()$range[3], "")
})

test_that("a file that comes in several ranges is put together", {
    server <- local_server(function(request, n) {
        body <- as.raw((seq_len(3e5) * 7) %% 251)
        from <- if (n == 1) 0 else as.integer(
            gsub("\\D", "", request$headers$range)
        )
        piece <- body[seq(from + 1, min(from + 1e5, 3e5))]
        list(
            status = 206L, body = piece,
            headers = c(
                ETag = "\"a\"",
                `Content-Range` = sprintf(
                    "bytes %d-%d/300000", from, from + length(piece) - 1
                )
            )
        )
    })
    expect_identical(content(try_download(server, 0)), body_of(7))
    expect_identical(
        server$requests()$range, c("", "bytes=100000-", "bytes=200000-")
    )
})

test_that("a file that changed on the server begins anew", {
    server <- local_server(function(request, n) {
        new <- n > 1
        list(
            status = 200L,
            headers = c(ETag = if (new) "\"b\"" else "\"a\""),
            body = as.raw((seq_len(3e5) * if (new) 11 else 7) %% 251),
            send = if (new) 3e5 else 2e5
        )
    })
    part <- try_download(server)
    expect_identical(server$requests()$if_range, c("", "\"a\""))
    expect_identical(content(part), body_of(11))
})

test_that("without a name for its version, a file is not gone on with", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, headers = c(ETag = "W/\"weak\""),
            body = as.raw((seq_len(3e5) * 7) %% 251),
            send = if (n == 1) 2e5 else 3e5
        )
    })
    expect_identical(content(try_download(server)), body_of(7))
    expect_identical(server$requests()$range, c("", ""))
})

test_that("a part from another address is not gone on with", {
    server <- local_server(whole)
    part <- withr::local_tempfile()
    writeBin(body_of(11)[1:1000], part)
    write_tag(part, "http://127.0.0.1/other", "\"a\"")
    try_download(server, part = part)
    expect_identical(server$requests()$range, "")
    expect_identical(content(part), body_of(7))
})

test_that("a part that is whole already is taken", {
    server <- local_server(function(request, n) {
        list(
            status = 416L, headers = c(`Content-Range` = "bytes */300000"),
            body = raw()
        )
    })
    part <- withr::local_tempfile()
    writeBin(body_of(7), part)
    write_tag(part, paste0(server$url, "/f"), "\"a\"")
    try_download(server, part = part)
    expect_identical(content(part), body_of(7))
    expect_identical(nrow(server$requests()), 1L)
})

test_that("a part that does not fit is fetched anew", {
    server <- local_server(function(request, n) {
        if (n == 1) {
            list(
                status = 416L, headers = c(`Content-Range` = "bytes */9"),
                body = raw()
            )
        } else {
            list(status = 200L, body = as.raw((seq_len(3e5) * 7) %% 251))
        }
    })
    part <- withr::local_tempfile()
    writeBin(body_of(11), part)
    write_tag(part, paste0(server$url, "/f"), "\"a\"")
    try_download(server, part = part)
    expect_identical(content(part), body_of(7))
    expect_identical(server$requests()$range, c("bytes=300000-", ""))
})

test_that("failures of a server pass, refusals do not", {
    server <- local_server(function(request, n) {
        list(
            status = if (n < 3) 503L else 200L, body = charToRaw("fine")
        )
    })
    expect_identical(content(try_download(server)), charToRaw("fine"))
    expect_identical(nrow(server$requests()), 3L)

    server <- local_server(function(request, n) {
        list(status = 500L, body = charToRaw("out of order"))
    })
    problem <- transfer_error(try_download(server))
    expect_match(conditionMessage(problem), "server failed.*500")
    expect_identical(nrow(server$requests()), 3L)

    for (status in c(403L, 404L)) {
        answer <- eval(bquote(function(request, n) {
            list(status = .(status), body = charToRaw("no"))
        }))
        server <- local_server(answer)
        part <- withr::local_tempfile()
        problem <- transfer_error(try_download(server, part = part))
        expect_match(conditionMessage(problem), as.character(status))
        expect_identical(problem$status, status)
        expect_identical(nrow(server$requests()), 1L)
        expect_false(file.exists(part))
    }
})

test_that("answers that are no file are not kept", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, body = charToRaw("<html>Please log in</html>"),
            headers = c(`Content-Type` = "Text/HTML; charset=utf-8")
        )
    })
    part <- withr::local_tempfile()
    problem <- transfer_error(try_download(server, part = part))
    expect_match(conditionMessage(problem), "web page came in its place")
    expect_false(file.exists(part))

    server <- local_server(function(request, n) {
        list(status = 202L, body = raw())
    })
    problem <- transfer_error(try_download(server, part = part))
    expect_match(conditionMessage(problem), "no file.*202")
    expect_false(file.exists(part))
})

test_that("redirections are followed, and broken downloads through them", {
    server <- local_server(function(request, n) {
        if (request$path == "/f") {
            return(list(
                status = 302L, headers = c(Location = "/real"), body = raw()
            ))
        }
        body <- as.raw((seq_len(3e5) * 7) %% 251)
        from <- if (n == 1) 0 else as.integer(
            gsub("\\D", "", request$headers$range)
        )
        list(
            status = if (n == 1) 200L else 206L,
            headers = c(
                ETag = "\"a\"",
                if (n > 1) c(`Content-Range` = sprintf(
                    "bytes %d-299999/300000", from
                ))
            ),
            body = if (n == 1) body else body[-seq_len(from)],
            send = if (n == 1) 2e5 else 3e5
        )
    })
    part <- try_download(server)
    expect_identical(content(part), body_of(7))
    asked <- server$requests()
    expect_identical(asked$path, c("/f", "/real", "/f", "/real"))
})

test_that("a .gz file stays compressed, whatever the server calls it", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, headers = c(`Content-Encoding` = "gzip"),
            body = memCompress(charToRaw("protein1 protein2"), "gzip")
        )
    })
    expect_identical(
        content(try_download(server)),
        memCompress(charToRaw("protein1 protein2"), "gzip")
    )
})

test_that("a file of unknown size is taken as it ends", {
    server <- local_server(function(request, n) {
        list(
            status = 200L, headers = c(`Content-Length` = NA),
            body = as.raw((seq_len(3e5) * 7) %% 251)
        )
    })
    expect_identical(content(try_download(server)), body_of(7))
})

test_that("a server that is not there is found out without waiting", {
    skip_without_downloads()
    part <- withr::local_tempfile()
    address <- dead_address()
    elapsed <- system.time(
        problem <- transfer_error(download_file(address, part, 60))
    )[["elapsed"]]
    expect_match(conditionMessage(problem), "no connection")
    expect_lt(elapsed, 30)
    expect_false(file.exists(part))
})

test_that("an interrupted download keeps what came", {
    skip_on_os("windows")
    server <- local_server(function(request, n) {
        body <- as.raw((seq_len(3e5) * 7) %% 251)
        from <- 0
        if (!is.null(request$headers$range)) {
            from <- as.integer(gsub("\\D", "", request$headers$range))
        }
        list(
            status = if (from > 0) 206L else 200L,
            headers = c(
                ETag = "\"a\"",
                if (from > 0) c(`Content-Range` = sprintf(
                    "bytes %d-299999/300000", from
                ))
            ),
            body = if (from > 0) body[-seq_len(from)] else body,
            pause = if (n == 1) 0.3
        )
    })
    part <- withr::local_tempfile()
    address <- paste0(server$url, "/f")
    process <- callr::r_bg(function(address, part) {
        download <- utils::getFromNamespace("download_file", "kith")
        download(address, part)
    }, list(address, part))
    withr::defer(process$kill())
    for (i in 1:200) {
        if (part_size(part) >= 65536) break
        Sys.sleep(0.05)
    }
    process$interrupt()
    process$wait(10000)
    expect_false(process$is_alive())
    kept <- part_size(part)
    expect_true(kept >= 65536 && kept < 3e5)
    download_file(address, part)
    expect_identical(content(part), body_of(7))
    expect_identical(
        server$requests()$range, c("", sprintf("bytes=%d-", kept))
    )
})
