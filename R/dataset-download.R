# Downloads over HTTP that go on where they broke off. What has come is in a
# file PART; PART.tag has the address and what the server calls this version
# of the file (its ETag or date). A server is asked for the rest only of the
# version that it began with (If-Range), and sends all of it otherwise.

# Fetches an address into `part`, or raises a condition of class kith_transfer.
# `waits` are the seconds before each new attempt after a passing failure; an
# attempt that brought something makes them begin anew.
download_file <- function(address, part, waits = c(1, 3, 9)) {
    failures <- 0L
    answered <- FALSE
    repeat {
        before <- part_size(part)
        problem <- tryCatch(
            {
                attempt_transfer(address, part)
                NULL
            },
            kith_transfer = identity
        )
        if (is.null(problem)) {
            return(invisible(part))
        }
        answered <- answered || problem$answered
        failures <- if (part_size(part) > before) 1L else failures + 1L
        # a server that has never answered is not there: no use to wait
        if (!problem$passing || !answered || failures > length(waits)) {
            stop(problem)
        }
        Sys.sleep(waits[failures])
    }
}

attempt_transfer <- function(address, part) {
    tag <- read_tag(part, address)
    offset <- if (is.null(tag)) 0 else part_size(part)
    handle <- transfer_handle(address, offset, tag)
    transfer <- rlang::env(
        part = part, address = address, offset = offset, handle = handle
    )
    on.exit(end_transfer(transfer))
    pool <- curl::new_pool()
    curl::multi_add(handle,
        data = function(chunk, final) receive(transfer, chunk),
        fail = function(message) transfer$failure <- message, pool = pool
    )
    curl::multi_run(pool = pool)
    if (is.null(transfer$answer)) {
        # nothing came after the headers, or nothing at all
        receive(transfer, raw())
    }
    end_transfer(transfer)
    check_transfer(transfer)
}

# how many bytes the server says that a file has, NA if it does not say
remote_size <- function(address) {
    handle <- transfer_handle(address, 0, NULL)
    curl::handle_setopt(handle, nobody = TRUE, timeout = 20)
    tryCatch(
        {
            curl::curl_fetch_memory(address, handle)
            answer <- read_answer(handle)
            if (answer$status == 200L) answer$total else NA_real_
        },
        error = function(e) NA_real_
    )
}

transfer_handle <- function(address, offset, tag) {
    handle <- curl::new_handle(
        url = address, followlocation = TRUE, maxredirs = 5, protocols = 3,
        redir_protocols = redirect_protocols(address), connecttimeout = 20,
        # a transfer that stands still for a minute is broken
        low_speed_limit = 1, low_speed_time = 60,
        # .gz files stay as they are
        accept_encoding = "identity", http_content_decoding = FALSE,
        useragent = paste0("kith/", utils::packageVersion("kith"), " (R)")
    )
    if (offset > 0) {
        curl::handle_setheaders(handle,
            Range = sprintf("bytes=%.0f-", offset), `If-Range` = tag
        )
    }
    handle
}

# where an address may send to, as curl has it (1: http, 2: https): from a
# connection with encryption to none without
redirect_protocols <- function(address) {
    if (startsWith(tolower(address), "https:")) 2 else 3
}

# what the last answer (after redirections) says of the file
read_answer <- function(handle) {
    data <- curl::handle_data(handle)
    lines <- curl::parse_headers(data$headers)
    field <- function(name) {
        found <- grep(paste0("^", name, ":"), lines, TRUE, value = TRUE)
        if (length(found)) trimws(sub("^[^:]*:", "", found[1L]))
    }
    # "bytes 200-999/1000", or "bytes */1000"
    range <- field("content-range") %||% ""
    number <- function(text) suppressWarnings(as.double(text))
    etag <- field("etag")
    # a weak ETag may not be asked with
    if (!is.null(etag) && startsWith(etag, "W/")) {
        etag <- NULL
    }
    list(
        status = data$status_code,
        from = number(sub("^bytes ([0-9]+)-.*", "\\1", range)),
        total = if (nzchar(range)) {
            number(sub(".*/", "", range))
        } else {
            number(field("content-length") %||% NA)
        },
        tag = etag %||% field("last-modified"),
        type = tolower(field("content-type") %||% "")
    )
}

# Takes a chunk of bytes as it comes. The first one decides: a file, or what
# is left of it, goes to the part; anything else goes nowhere.
receive <- function(transfer, chunk) {
    if (is.null(transfer$answer)) {
        transfer$answer <- read_answer(transfer$handle)
        if (is_file(transfer$answer, transfer$offset)) {
            begin_part(transfer)
        }
    }
    if (is.null(transfer$sink)) {
        return(invisible())
    }
    # a full disk shows in the size of the part
    suppressWarnings(writeBin(chunk, transfer$sink))
    transfer$size <- transfer$size + length(chunk)
    if (!is.null(transfer$bar)) {
        cli::cli_progress_update(set = transfer$size, id = transfer$bar)
    }
}

# the file from its beginning, or from where the part ends
is_file <- function(answer, offset) {
    fits <- answer$status == 200L ||
        (answer$status == 206L && answer$from %in% c(0, offset))
    fits && !startsWith(answer$type, "text/html")
}

begin_part <- function(transfer) {
    answer <- transfer$answer
    goes_on <- transfer$offset > 0 && answer$status == 206L &&
        answer$from == transfer$offset
    transfer$size <- if (goes_on) transfer$offset else 0
    if (!goes_on) {
        write_tag(transfer$part, transfer$address, answer$tag)
    }
    transfer$sink <- file(transfer$part, if (goes_on) "ab" else "wb")
    if (interactive()) {
        transfer$bar <- cli::cli_progress_bar(
            total = answer$total, type = "download", .auto_close = FALSE
        )
    }
}

end_transfer <- function(transfer) {
    if (!is.null(transfer$sink)) {
        close(transfer$sink)
        transfer$sink <- NULL
    }
    if (!is.null(transfer$bar)) {
        cli::cli_progress_done(id = transfer$bar)
        transfer$bar <- NULL
    }
}

# returns if all of the file came
check_transfer <- function(transfer) {
    answer <- transfer$answer
    if (answer$status == 0L) {
        abort_attempt(
            paste0("no connection (", transfer$failure, ")"),
            passing = TRUE, answered = FALSE
        )
    }
    if (answer$status == 416L && identical(answer$total, transfer$offset)) {
        return(invisible())
    }
    if (answer$status %in% 300:399) {
        abort_attempt(paste0(
            "the server sends elsewhere, too often or to a place without
            encryption (", transfer$failure, ")"
        ))
    }
    if (!is_file(answer, transfer$offset)) {
        if (answer$status %in% c(206L, 416L)) {
            discard_part(transfer$part)
        }
        abort_answer(answer$status)
    }
    if (!is.null(transfer$failure)) {
        abort_attempt(
            paste0("the connection broke (", transfer$failure, ")"),
            passing = TRUE
        )
    }
    if (file.size(transfer$part) != transfer$size) {
        discard_part(transfer$part)
        abort_attempt("the disk did not take all of it, perhaps it is full")
    }
    if (!is.na(answer$total) && transfer$size != answer$total) {
        abort_attempt(
            sprintf("%.0f of %.0f bytes came", transfer$size, answer$total),
            passing = TRUE
        )
    }
}

abort_answer <- function(status) {
    said <- switch(as.character(status),
        `200` =
            "a web page came in its place, as from a login or a firewall",
        `401` = , `403` = "the server refuses it",
        `404` = , `410` = "the server has no such file",
        `407` = "the proxy wants a login",
        `206` = , `416` = "what was fetched before does not fit",
        `429` = "the server has too many requests",
        if (status >= 500L) "the server failed" else "the answer has no file"
    )
    abort_attempt(
        sprintf("%s (status %d)", said, status),
        passing = status %in% c(206L, 408L, 416L, 429L) || status >= 500L,
        status = status
    )
}

abort_attempt <- function(message, passing = FALSE, answered = TRUE,
                          status = NA_integer_) {
    stop(structure(
        list(
            message = message, call = NULL, passing = passing,
            answered = answered, status = status
        ),
        class = c("kith_transfer", "error", "condition")
    ))
}

# ---- the part and its tag --------------------------------------------------

part_size <- function(part) {
    if (file.exists(part)) file.size(part) else 0
}

# NULL where the part cannot be gone on with
read_tag <- function(part, address) {
    place <- paste0(part, ".tag")
    if (part_size(part) == 0 || !file.exists(place)) {
        return(NULL)
    }
    lines <- readLines(place, warn = FALSE)
    if (length(lines) == 2L && lines[1L] == address) lines[2L]
}

write_tag <- function(part, address, tag) {
    if (is.null(tag)) {
        unlink(paste0(part, ".tag"))
    } else {
        writeLines(c(address, tag), paste0(part, ".tag"))
    }
}

discard_part <- function(part) {
    unlink(c(part, paste0(part, ".tag")))
}
