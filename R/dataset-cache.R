# Files of data sets in the cache: found, checked, or fetched under a lock.
#
# A data set is <cache>/<folder>/<file>, with its MD5 sum beside it in
# <file>.md5, as md5sum(1) writes it. <file>.part and <file>.part.tag are a
# download under way, <file>.lock keeps other processes waiting. BiocFileCache
# has the file in its registry, under its address.

# the path of a data set (one row of the table), fetched if it is not there
fetch_dataset <- function(dataset, cache, call) {
    path <- file.path(cache, dataset$folder, dataset$file)
    if (file.exists(path)) {
        return(use_cached(dataset, path, call))
    }
    for (package in c("BiocFileCache", "curl", "filelock")) {
        need_package(package, "Fetching a data set", call)
    }
    address <- mirror_address(dataset, call)
    check_plain_http(dataset, address, path, call)
    make_folder(dirname(path), call)
    lock <- wait_for_lock(path, call)
    on.exit(filelock::unlock(lock))
    if (file.exists(path)) {
        return(use_cached(dataset, path, call))
    }
    part <- paste0(path, ".part")
    if (is.na(dataset$size)) dataset$size <- remote_size(address)
    inform_kith(c(
        "Fetching {dataset$file} from {.url {address}}{said_size(dataset)}.",
        i = if (endsWith(dataset$file, ".h5ad") &&
            !requireNamespace("HDF5Array", quietly = TRUE)) {
            "{.fn read_profiles} needs the package HDF5Array for it, which is
            not here: {.code BiocManager::install(\"HDF5Array\")}."
        }
    ), "kith_message_download")
    tryCatch(
        download_file(address, part),
        kith_transfer = function(problem) {
            abort_transfer(problem, dataset, address, path, call)
        }
    )
    problem <- find_fault(part, dataset$file, fixed_size(dataset), dataset$md5)
    if (!is.null(problem)) {
        discard_part(part)
        abort_fault(problem, dataset, address, path, call)
    }
    write_md5(path, tools::md5sum(part))
    if (!move_into_place(part, path)) {
        abort_download(c(
            "{.val {dataset$name}} came, but could not be given its name.",
            x = "It is {.path {part}} and should be {.path {path}}.",
            i = "Move it there, or name another folder with the argument
            {.arg cache}."
        ), call)
    }
    discard_part(part)
    register_file(cache, dataset$address, path)
    path
}

# Who stands between may change what comes without encryption, so its sum must
# be known. A mirror is the user's own choice.
check_plain_http <- function(dataset, address, path, call) {
    if (startsWith(tolower(address), "http:") && is.na(dataset$md5) &&
        is.null(getOption("kith.mirror"))) {
        abort_download(c(
            "{.val {dataset$name}} is not fetched: its source has no encryption
            and publishes no checksum.",
            x = "The address is {.url {address}}.",
            i = "See {.url {dataset$page}}. Fetch it yourself and save it as
            {.file {dataset$file}} in the folder {.path {dirname(path)}}: it is
            found there."
        ), call)
    }
}

said_size <- function(dataset) {
    if (is.na(dataset$size)) {
        return("")
    }
    paste0(" (", format_size(dataset$size), ")")
}

fixed_size <- function(dataset) {
    if (dataset$version == "current") NA_real_ else dataset$size
}

# a file that is there, fetched earlier or put there by hand
use_cached <- function(dataset, path, call) {
    recorded <- read_md5(path)
    size <- fixed_size(dataset)
    problem <- if (is.null(recorded)) {
        find_fault(path, dataset$file, size, dataset$md5)
    } else {
        find_fault(path, NULL, size, recorded)
    }
    if (!is.null(problem)) {
        abort_cached(problem, dataset, path, !is.null(recorded), call)
    }
    if (is.null(recorded) && file.access(dirname(path), 2L) == 0L) {
        write_md5(path, tools::md5sum(path))
    }
    path
}

# ---- what a file must be ---------------------------------------------------

# NULL, or what is wrong: c(expected, found). `name` tells the format; NULL
# leaves it unchecked
find_fault <- function(path, name, size, md5) {
    if (dir.exists(path)) {
        return(c("a file", "a folder"))
    }
    found <- file.size(path)
    if (found == 0) {
        return(c("a file with something in it", "an empty file"))
    }
    if (!is.na(size) && found != size) {
        return(sprintf(c("a size of %.0f bytes", "%.0f bytes"), c(size, found)))
    }
    if (!is.na(md5) && md5 != tools::md5sum(path)) {
        return(paste(
            "the MD5 sum", c(md5, unname(tools::md5sum(path)))
        ))
    }
    if (is.null(name)) {
        return(NULL)
    }
    switch(tools::file_ext(name),
        gz = find_gzip_fault(path),
        zip = find_zip_fault(path),
        find_page_fault(path)
    )
}

# the page of a login or a firewall, saved under the name of a table
find_page_fault <- function(path) {
    start <- readBin(path, "raw", 512L)
    text <- rawToChar(start[start != 0L])
    if (grepl("^\\s*<(!doctype|html)", text, TRUE, useBytes = TRUE)) {
        c("a table", "a web page")
    }
}

# A gzip file ends with the number of bytes that it holds, modulo 2^32. R
# reports damaged bytes, but reads a file that stops early as if it ended.
find_gzip_fault <- function(path) {
    whole <- "a whole gzip file"
    if (!identical(readBin(path, "raw", 2L), as.raw(c(0x1f, 0x8b)))) {
        return(c(whole, "a file of another format"))
    }
    held <- count_bytes(gzfile(path, "rb"))
    if (is.na(held)) {
        return(c(whole, "damaged data"))
    }
    end <- file(path, "rb")
    on.exit(close(end))
    seek(end, file.size(path) - 4)
    last <- as.integer(readBin(end, "raw", 4L))
    if (held %% 2^32 == sum(last * 256^(0:3))) {
        return(NULL)
    }
    # several gzip files in one: the end tells of the last, and gzcon() stops
    # after the first
    if (count_bytes(gzcon(file(path, "rb"))) < held) {
        return(NULL)
    }
    c(whole, "a file that is cut off")
}

# bytes to be read from a connection, which is closed; NA for damaged data
count_bytes <- function(connection) {
    on.exit(close(connection))
    n <- 0
    tryCatch(
        repeat {
            got <- length(readBin(connection, "raw", 2^20))
            if (got == 0L) {
                return(n)
            }
            n <- n + got
        },
        error = function(e) NA_real_, warning = function(w) NA_real_
    )
}

# the directory of a zip file is at its end
find_zip_fault <- function(path) {
    listed <- tryCatch(
        nrow(utils::unzip(path, list = TRUE)) > 0L,
        error = function(e) FALSE, warning = function(w) FALSE
    )
    if (!listed) c("a whole zip file", "a file that is cut off or no zip file")
}

# ---- beside the file -------------------------------------------------------

# NULL where it is not recorded, or not to be read
read_md5 <- function(path) {
    beside <- paste0(path, ".md5")
    if (file.exists(beside)) {
        line <- readLines(beside, n = 1L, warn = FALSE)
        if (length(line) && grepl("^[0-9a-f]{32} ", line)) substr(line, 1L, 32L)
    }
}

write_md5 <- function(path, md5) {
    writeLines(paste0(md5, "  ", basename(path)), paste0(path, ".md5"))
}

# The registry is for other users of BiocFileCache, so that one that cannot be
# written, as on some network disks, is no reason to fail.
register_file <- function(cache, address, path) {
    add <- function() {
        registry <- BiocFileCache::BiocFileCache(cache, ask = FALSE)
        known <- BiocFileCache::bfcquery(
            registry, address, "rname", exact = TRUE
        )
        if (!path %in% known$rpath) {
            BiocFileCache::bfcadd(
                registry, address, path, rtype = "local", action = "asis"
            )
        }
    }
    tryCatch(suppressWarnings(add()), error = function(e) {
        warn_kith(c(
            "{.file {basename(path)}} is whole, but could not be registered by
            {.pkg BiocFileCache}.",
            x = "{conditionMessage(e)}",
            i = "{.fn kith_dataset} does not need the registry."
        ), "kith_warning_cache")
    })
}

make_folder <- function(folder, call) {
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    if (!dir.exists(folder) || file.access(folder, 2L) != 0L) {
        abort_download(c(
            "The cache cannot be written.",
            x = "Its folder is {.path {folder}}.",
            i = "Name another one with the argument {.arg cache}, or for the
            whole session with {.code options(kith.cache = \"folder\")}."
        ), call)
    }
}

wait_for_lock <- function(path, call) {
    place <- paste0(path, ".lock")
    tryCatch(
        {
            lock <- filelock::lock(place, timeout = 0)
            if (is.null(lock)) {
                inform_kith("Waiting for another process that fetches
                    {basename(path)}.", "kith_message_download")
                lock <- filelock::lock(place)
            }
            lock
        },
        error = function(e) {
            abort_download(c(
                "The file {.path {place}} cannot be locked.",
                x = "{conditionMessage(e)}",
                i = "Some network disks have no locks: name a folder on
                another disk with the argument {.arg cache}."
            ), call)
        }
    )
}

mirror_address <- function(dataset, call) {
    mirror <- getOption("kith.mirror")
    if (is.null(mirror)) {
        return(dataset$address)
    }
    check_string(mirror, "options(\"kith.mirror\")", call)
    paste(sub("/+$", "", mirror), dataset$folder, dataset$file, sep = "/")
}

# ---- errors ----------------------------------------------------------------

abort_download <- function(message, call, envir = rlang::caller_env()) {
    abort_kith(message,
        class = "kith_error_download", call = call, .envir = envir
    )
}

abort_transfer <- function(problem, dataset, address, path, call) {
    what <- conditionMessage(problem)
    part <- paste0(path, ".part")
    kept <- if (is.null(read_tag(part, address))) 0 else part_size(part)
    abort_download(c(
        "{.val {dataset$name}} could not be fetched: {what}.",
        x = "The address is {.url {address}}.",
        if (identical(problem$status, 404L) && dataset$organism == "any") {
            c(i = "Does STRING have this species? See {.url {dataset$page}}.")
        },
        if (kept > 0) {
            c(i = "{format_size(kept)} are kept: call again to go on from
            there.")
        },
        by_hand()
    ), call)
}

abort_fault <- function(problem, dataset, address, path, call) {
    abort_download(c(
        "{.val {dataset$name}} came from {.url {address}}, but is not what it
        should be.",
        i = "Expected was {problem[1]}.",
        x = "Found was {problem[2]}.",
        i = "What came was deleted. Try again; if that does not help, the
        source has changed: see {.url {dataset$page}}.",
        by_hand()
    ), call)
}

abort_cached <- function(problem, dataset, path, recorded, call) {
    origin <- if (recorded) {
        "has changed since it was fetched"
    } else {
        "was put there by hand, but is not what it should be"
    }
    way_out <- if (recorded) {
        c(
            i = "Delete it with its sum to have it fetched anew:
            {.code file.remove(paste0(\"{path}\", c(\"\", \".md5\")))}",
            i = "Is it a newer one that you have put there? Then delete the sum
            only: {.code file.remove(\"{path}.md5\")}"
        )
    } else {
        c(i = "Delete it to have it fetched anew:
        {.code file.remove(\"{path}\")}")
    }
    abort_download(c(
        "The file of {.val {dataset$name}} in the cache {origin}.",
        x = "The file is {.path {path}}, its address
        {.url {dataset$address}}.",
        i = "Expected was {problem[1]}.",
        x = "Found was {problem[2]}.",
        way_out
    ), call)
}

# to be filled in with dataset and path
by_hand <- function() {
    c(i = "Or fetch it in another way and save it as {.file {dataset$file}} in
    the folder {.path {dirname(path)}}: it is found there.")
}
