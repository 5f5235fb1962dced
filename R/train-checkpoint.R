# Checkpoints: files that a stopped run goes on from.
#
# A file is one line of text and R's serialization of its content behind it. The
# line holds the format, the version of kith and a checksum of all bytes, which
# is compared before anything is unserialized: what a damaged file holds is
# never parsed.
#
# Of a run there are two kinds of files. What is large and stays the same (the
# data) is written once, to files named by their hash; the state of the run is
# small and written every half minute. A call that trains several networks has
# a state file for each, numbered, and one that says what they make together.
# A study keeps the results of its finished arms in such files too.

checkpoint_format <- 3L

# seconds between two checkpoints of a run that goes well
checkpoint_seconds <- 30

# ---- files ------------------------------------------------------------------

# the most bytes that R reads, writes or hashes in one piece
largest_piece <- 2^31 - 1

in_pieces <- function(bytes, f) {
    n <- length(bytes)
    if (n <= largest_piece) {
        return(list(f(bytes)))
    }
    lapply(seq(0, n - 1, by = largest_piece), function(start) {
        f(bytes[seq.int(start + 1, min(start + largest_piece, n))])
    })
}

# The line before the payload. Its checksum is that of the rest of the line and
# of the payload.
checkpoint_header <- function(payload, version = kith_version()) {
    fields <- sprintf(
        "kith checkpoint, format %d, version %s, %.0f bytes",
        checkpoint_format, version, length(payload)
    )
    sums <- c(fields, unlist(in_pieces(payload, cli::hash_raw_md5)))
    sum <- cli::hash_md5(paste(sums, collapse = " "))
    charToRaw(paste0(fields, ", checksum ", sum, "\n"))
}

write_checkpoint <- function(content, file) {
    payload <- serialize(content, NULL, xdr = FALSE)
    # Written beside the old file, on the disk before it is moved there: one of
    # both is always whole. One name, so that a process that is killed leaves
    # one file at most, which the next save writes over.
    part <- paste0(file, ".part")
    on.exit(unlink(part))
    connection <- file(part, "wb")
    withCallingHandlers(
        tryCatch(
            {
                writeBin(checkpoint_header(payload), connection)
                in_pieces(payload, function(p) writeBin(p, connection))
            },
            finally = close(connection)
        ),
        # a full disk warns
        warning = function(warning) abort_write(file, conditionMessage(warning))
    )
    if (!move_into_place(part, file)) {
        abort_write(file, "It could not be moved to its place.")
    }
    invisible(file)
}

abort_write <- function(file, what) {
    abort_kith(c(
        "The checkpoint {.file {file}} could not be written.",
        x = "{what}",
        i = "Make room, or name a file in another folder."
    ), class = "kith_error_checkpoint")
}

read_checkpoint <- function(file, call = rlang::caller_env()) {
    refuse <- function(what) {
        abort_checkpoint(c(
            "{.file {file}} is not a checkpoint that can be resumed.",
            x = "{what}", i = "Delete it and train again."
        ), call)
    }
    if (!file.exists(file)) {
        abort_checkpoint("There is no checkpoint {.file {file}}.", call)
    }
    connection <- file(file, "rb")
    on.exit(close(connection))
    start <- readBin(connection, "raw", longest_header)
    line <- checkpoint_line(start)
    if (is.null(line)) {
        refuse(if (is_rds(start)) {
            "It is an RDS file, as kith wrote before format 3."
        } else {
            "It holds something else, or its beginning is damaged."
        })
    }
    if (line$format != checkpoint_format) {
        refuse(sprintf(
            "Its format is %s, of kith %s; this kith reads format %d.",
            line$format, line$version, checkpoint_format
        ))
    }
    seek(connection, line$length)
    payload <- read_payload(connection, file.size(file) - line$length)
    header <- checkpoint_header(payload, line$version)
    if (!identical(header, start[seq_len(line$length)])) {
        refuse("Its bytes do not match their checksum: it is damaged.")
    }
    parse_payload(payload)
}

# the one place where the content of a file is parsed
parse_payload <- function(payload) unserialize(payload)

abort_checkpoint <- function(message, call, envir = rlang::caller_env()) {
    abort_kith(message,
        class = "kith_error_checkpoint", call = call,
        .envir = envir
    )
}

read_payload <- function(connection, n) {
    pieces <- rep(largest_piece, n %/% largest_piece)
    pieces <- c(pieces, n - sum(pieces))
    read <- lapply(pieces, readBin, con = connection, what = "raw")
    if (length(read) == 1L) read[[1L]] else unlist(read)
}

longest_header <- 200L

# list(format, version, length (of the line in bytes)), NULL for another file
checkpoint_line <- function(head) {
    end <- match(charToRaw("\n"), head)
    if (is.na(end) || any(head[seq_len(end)] > as.raw(127)) ||
        any(head[seq_len(end)] == as.raw(0))) {
        return(NULL)
    }
    text <- rawToChar(head[seq_len(end - 1L)])
    found <- regmatches(text, regexec(paste0(
        "^kith checkpoint, format ([0-9]{1,6}), version ([0-9.]+), ",
        "[0-9]+ bytes, checksum [0-9a-f]{32}$"
    ), text))[[1L]]
    if (length(found) == 0L) {
        return(NULL)
    }
    list(format = as.integer(found[2L]), version = found[3L], length = end)
}

# compressed, or a serialization as saveRDS(compress = FALSE) writes it
is_rds <- function(bytes) {
    starts <- list(as.raw(c(0x1f, 0x8b)), charToRaw("X\n"), charToRaw("A\n"))
    any(vapply(starts, identical, NA, bytes[seq_len(min(2L, length(bytes)))]))
}

# ---- data, written once -----------------------------------------------------

# What a job's checkpoint stores apart: named by the job's data_hash.
job_data <- function(job) {
    stored <- c(job$arrays, list(learned = job$learned))
    stored[names(job$data_hash)]
}

job_without_data <- function(job) {
    apart <- names(job$data_hash)
    job$arrays[setdiff(apart, "learned")] <- NULL
    if ("learned" %in% apart) job["learned"] <- list(NULL)
    job
}

data_files <- function(job, folder) {
    file.path(folder, sprintf(
        "%s-data-%s.kith", job$stem, substr(unlist(job$data_hash), 1L, 16L)
    ))
}

save_data <- function(job, folder) {
    files <- data_files(job, folder)
    stored <- job_data(job)
    for (i in which(!file.exists(files))) {
        write_checkpoint(stored[[i]], files[i])
    }
}

# the job with what save_data() stored beside its checkpoint
restore_data <- function(job, folder, call = rlang::caller_env()) {
    files <- data_files(job, folder)
    names <- names(job$data_hash)
    for (i in seq_along(files)) {
        data <- read_checkpoint(files[i], call)
        if (!identical(rlang::hash(data), job$data_hash[[i]])) {
            abort_checkpoint(
                "{.file {files[i]}} is not the data of this run.", call
            )
        }
        if (names[i] == "learned") {
            job$learned <- data
        } else {
            job$arrays[[names[i]]] <- data
        }
    }
    job
}

# ---- state ------------------------------------------------------------------

# What a loop needs to save its state; NULL without a checkpoint. Writes the
# data, where they are not there yet.
checkpoint_open <- function(job) {
    file <- job$control$checkpoint
    if (is.null(file)) {
        return(NULL)
    }
    save_data(job, dirname(file))
    files <- new.env(parent = emptyenv())
    files$file <- file
    files$job <- job_without_data(job)
    files$hash <- job_hash(job)
    files$saved <- proc.time()[["elapsed"]]
    files
}

save_state <- function(loop, job) {
    if (is.null(loop$files)) {
        return(invisible())
    }
    state <- loop$state
    state$blocks <- engine_blocks(loop$run)
    # Ctrl-C may have come between a step and the note that it was made
    if (state$begun) state$at <- engine_place(loop$run)
    write_checkpoint(
        list(
            kind = "run", job = loop$files$job, state = state,
            job_hash = loop$files$hash
        ),
        loop$files$file
    )
    loop$files$saved <- proc.time()[["elapsed"]]
}

save_if_due <- function(loop, job) {
    if (!is.null(loop$files) &&
        proc.time()[["elapsed"]] - loop$files$saved >= checkpoint_seconds) {
        save_state(loop, job)
    }
}

# the last thing an unfinished run does
interrupted <- function(loop, job) {
    if (is.null(loop$files)) {
        return(invisible())
    }
    save_state(loop, job)
    file <- if (job$alone) loop$files$file else call_file(job)
    inform_kith(c(
        "!" = "Training stopped in epoch {loop$state$at[['epoch']] + 1}.",
        i = "Go on with {.code resume(\"{file}\")}, or with the same call and
        seed."
    ), class = "kith_message_interrupted")
}

# ---- calls of several networks ----------------------------------------------

# the file that the call's control named, of which the jobs' are numbered
numbered_file <- function(file, i) {
    extension <- file_extension(file)
    stem <- substr(file, 1L, nchar(file) - nchar(extension))
    paste0(stem, "-", i, extension)
}

file_extension <- function(file) {
    sub(".*(\\.[^.]*)$|.*", "\\1", basename(file))
}

# NULL without a file
file_stem <- function(file) {
    if (is.null(file)) {
        return(NULL)
    }
    name <- basename(file)
    substr(name, 1L, nchar(name) - nchar(file_extension(name)))
}

call_file <- function(job) {
    file <- job$control$checkpoint
    file.path(dirname(file), paste0(job$stem, file_extension(file)))
}

# Writes which jobs a call trains, so that resume() can finish all of them.
save_jobs <- function(jobs) {
    first <- jobs[[1L]]
    if (is.null(first$control$checkpoint) || first$alone) {
        return(invisible())
    }
    file <- call_file(first)
    hash <- jobs_hash(jobs)
    if (file.exists(file)) {
        found <- read_checkpoint(file)
        if (!identical(found$job_hash, hash)) abort_other_run(file)
    }
    for (job in jobs) save_data(job, dirname(file))
    write_checkpoint(
        list(
            kind = "jobs", jobs = lapply(jobs, job_without_data),
            job_hash = hash
        ),
        file
    )
}

# ---- going on ---------------------------------------------------------------

abort_other_run <- function(file, call = rlang::caller_env(2)) {
    abort_checkpoint(c(
        "{.arg checkpoint} names the checkpoint of another run.",
        x = "{.file {file}} differs in data, settings or seed.",
        i = "Name another file, or delete this one."
    ), call)
}

# The state to begin with: a fresh one, or that of a checkpoint of the same
# run. A checkpoint of another run is never overwritten.
state_for <- function(job, call = rlang::caller_env(2)) {
    file <- job$control$checkpoint
    if (is.null(file) || !file.exists(file)) {
        return(state_new())
    }
    found <- read_checkpoint(file, call = call)
    if (!identical(found$job_hash, job_hash(job))) abort_other_run(file, call)
    check_state(found$state, job, file, call)
    inform_kith(c(
        i = "Resuming after {nrow(found$state$history) %||% 0} epoch{?s} from
        {.file {file}}."
    ), class = "kith_message_resumed")
    found$state
}

# A file with a right checksum may still hold what no run has written.
check_state <- function(state, job, file, call) {
    at <- state$at
    wrong <- if (!is.numeric(at) || anyNA(at) || !all(is.finite(at))) {
        "Its place in the epoch is not finite."
    } else if (!all(place_names %in% names(at))) {
        "Its place in the epoch is incomplete."
    } else if (at[["position"]] > job$n_items || at[["position"]] < 0) {
        sprintf("Its place, item %g, is beyond the %d of an epoch.",
            at[["position"]], as.integer(job$n_items)
        )
    } else if (!identical(NROW(state$history), as.integer(at[["epoch"]]))) {
        "Its history does not end where it stands."
    }
    if (!is.null(wrong)) {
        abort_checkpoint(c(
            "{.file {file}} is not a checkpoint that can be resumed.",
            x = wrong, i = "Delete it and train again."
        ), call)
    }
}
