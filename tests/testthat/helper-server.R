# A web server on this machine, in a process of its own, for the tests of
# downloads. It writes bytes to sockets, so it can break off where it likes.

# Starts a server that lives as long as the calling test. `answer` is a
# function(request, n) of base R alone: request has path and headers (names in
# lower case), n counts the requests of that path. It returns a list of
# status, headers (named strings), body (raw), and, if wanted, `send`, the
# number of bytes after which it hangs up, and `pause`, the seconds that it
# waits after each tenth of the body.
#
# Questions for a size alone (HEAD) are neither answered by it nor counted.
#
# Returns url, and requests(), a data frame of path, range and if_range.
local_server <- function(answer, frame = parent.frame()) {
    skip_without_downloads()
    environment(answer) <- baseenv()
    folder <- withr::local_tempdir(.local_envir = frame)
    log <- file.path(folder, "log")
    ready <- file.path(folder, "port")
    file.create(log)
    process <- callr::r_bg(run_server, list(answer, log, ready))
    withr::defer(process$kill(), frame)
    for (i in 1:200) {
        if (file.exists(ready)) break
        Sys.sleep(0.05)
    }
    if (!file.exists(ready)) {
        stop("the server of the tests did not start")
    }
    list(
        url = paste0("http://127.0.0.1:", readLines(ready)),
        requests = function() {
            utils::read.delim(log, FALSE,
                col.names = c("path", "range", "if_range"),
                colClasses = "character", quote = ""
            )
        }
    )
}

skip_without_downloads <- function() {
    skip_on_cran()
    for (package in c("BiocFileCache", "callr", "curl", "filelock")) {
        skip_if_not_installed(package)
    }
}

# the address of a port of this machine where nobody listens
dead_address <- function() {
    repeat {
        port <- sample(20000:60000, 1L)
        socket <- tryCatch(serverSocket(port), error = function(e) NULL)
        if (!is.null(socket)) {
            close(socket)
            return(sprintf("http://127.0.0.1:%d", port))
        }
    }
}

# runs in the process of the server
run_server <- function(answer, log, ready) {
    listen <- function() {
        for (port in sample(20000:60000, 50)) {
            socket <- tryCatch(serverSocket(port), error = function(e) NULL)
            if (!is.null(socket)) {
                writeLines(as.character(port), paste0(ready, ".new"))
                file.rename(paste0(ready, ".new"), ready)
                return(socket)
            }
        }
    }
    read_request <- function(client) {
        lines <- character()
        while (nzchar(line <- readLines(client, 1L))) {
            lines <- c(lines, line)
        }
        headers <- trimws(sub("^[^:]*:", "", lines[-1L]))
        names(headers) <- tolower(sub(":.*", "", lines[-1L]))
        list(
            method = strsplit(lines[1L], " ", fixed = TRUE)[[1L]][1L],
            path = strsplit(lines[1L], " ", fixed = TRUE)[[1L]][2L],
            headers = as.list(headers)
        )
    }
    send_body <- function(client, reply) {
        body <- reply$body
        body <- body[seq_len(min(length(body), reply$send))]
        if (is.null(reply$pause)) {
            return(writeBin(body, client))
        }
        tenths <- cut(seq_along(body), 10, labels = FALSE)
        for (piece in split(body, tenths)) {
            writeBin(piece, client)
            Sys.sleep(reply$pause)
        }
    }
    serve <- function(client) {
        request <- read_request(client)
        if (request$method == "HEAD") {
            # the size of one file, and of no other
            head <- if (request$path == "/sized") {
                "HTTP/1.1 200 Status\r\nContent-Length: 1234\r\n\r\n"
            } else {
                "HTTP/1.1 405 Status\r\nContent-Length: 0\r\n\r\n"
            }
            return(writeBin(charToRaw(head), client))
        }
        header <- function(name) {
            value <- request$headers[[name]]
            if (is.null(value)) "" else value
        }
        cat(request$path, header("range"), header("if-range"),
            file = log, sep = "\t", append = TRUE
        )
        cat("\n", file = log, append = TRUE)
        seen[[request$path]] <<- sum(seen[[request$path]], 1)
        reply <- answer(request, seen[[request$path]])
        fields <- c(
            `Content-Length` = sprintf("%d", length(reply$body)),
            Connection = "close",
            unlist(reply$headers)
        )
        fields <- fields[!duplicated(names(fields), fromLast = TRUE)]
        fields <- fields[!is.na(fields)]
        head <- c(
            sprintf("HTTP/1.1 %d Status", reply$status),
            paste0(names(fields), ": ", fields), "", ""
        )
        writeBin(charToRaw(paste(head, collapse = "\r\n")), client)
        send_body(client, reply)
    }
    seen <- list()
    socket <- listen()
    repeat {
        client <- tryCatch(
            socketAccept(socket, blocking = TRUE, open = "r+b", timeout = 600),
            error = function(e) NULL
        )
        if (!is.null(client)) {
            # a client that hung up is no reason to stop
            try(serve(client), silent = TRUE)
            close(client)
        }
    }
}

# an answer with the whole of body 7, ETag "a"
whole <- function(request, n) {
    list(
        status = 200L, headers = c(ETag = "\"a\""),
        body = as.raw((seq_len(3e5) * 7) %% 251)
    )
}

content <- function(path) readBin(path, "raw", file.size(path))

# downloads into a folder of its own, without waiting between attempts
try_download <- function(server, waits = c(0, 0), part = NULL) {
    part <- part %||% withr::local_tempfile(.local_envir = parent.frame())
    download_file(paste0(server$url, "/f"), part, waits)
    part
}

transfer_error <- function(code) {
    tryCatch(code, kith_transfer = identity)
}
