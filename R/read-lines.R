# The lines of a file, a piece at a time, so that memory is needed for a piece,
# not for the file. Line ends may be of any system, within one file too; blank
# lines are counted but hold nothing.

# bytes that are read at a time
piece_size <- 2^24

# An open file, an environment with
#   file, plain   the file as the user names it, and unpacked
#   con           at the first byte that has not been read
#   bytes         what has been read and not taken, without a carriage return
#   ended         is the last byte of the file in it?
#   open_end      does the file end without a line end?
#   n_taken       lines taken
#   comment       lines that start with it are no data; "" for none
# The caller closes it with close_lines().
open_lines <- function(file, call) {
    lines <- new.env(parent = emptyenv())
    lines$file <- file
    lines$plain <- unpack(file, call)
    lines$con <- file(lines$plain, "rb")
    opened <- FALSE
    on.exit(if (!opened) close_lines(lines))
    check_text_start(lines$plain, file, call)
    lines$bytes <- raw()
    lines$ended <- FALSE
    lines$open_end <- FALSE
    lines$n_taken <- 0
    lines$comment <- ""
    read_bytes(lines, call)
    if (identical(utils::head(lines$bytes, 3L), as.raw(c(0xef, 0xbb, 0xbf)))) {
        lines$bytes <- lines$bytes[-(1:3)]
    }
    opened <- TRUE
    lines
}

close_lines <- function(lines) {
    close(lines$con)
    if (lines$plain != lines$file) unlink(lines$plain)
}

# Reads on, at least to the next line end.
read_bytes <- function(lines, call) {
    while (!lines$ended) {
        block <- readBin(lines$con, raw(), piece_size)
        # the next byte tells whether a last carriage return is a line end
        if (length(block) && block[length(block)] == 0x0d) {
            block <- c(block, readBin(lines$con, raw(), 1L))
        }
        if (length(block) == 0L) {
            lines$ended <- TRUE
            n <- length(lines$bytes)
            lines$open_end <- n > 0L && lines$bytes[n] != 0x0a
            if (lines$open_end) {
                lines$bytes <- c(lines$bytes, as.raw(0x0a))
            }
        } else if (holds(block, as.raw(0x00))) {
            abort_binary(lines$file, call)
        } else {
            block <- plain_ends(block)
            lines$bytes <- c(lines$bytes, block)
            if (holds(block, line_feed)) break
        }
    }
}

# grepRaw() is some ten times faster than a comparison of each byte
line_feed <- as.raw(0x0a)

line_ends <- function(bytes) grepRaw(line_feed, bytes, fixed = TRUE, all = TRUE)

holds <- function(bytes, some) length(grepRaw(some, bytes, fixed = TRUE)) > 0L

# "\r\n" and "\r" -> "\n"
plain_ends <- function(bytes) {
    if (!holds(bytes, as.raw(0x0d))) {
        return(bytes)
    }
    at <- which(bytes == 0x0d)
    before_feed <- at < length(bytes)
    before_feed[before_feed] <- bytes[at[before_feed] + 1L] == 0x0a
    bytes[at] <- as.raw(0x0a)
    if (any(before_feed)) bytes[-at[before_feed]] else bytes
}

# ---- looking ahead --------------------------------------------------------

# The next lines that hold data, without taking them: list(text, number = of the
# line in the file). At most n, and fewer where they are long.
peek_lines <- function(lines, n, call, size = 1e6) {
    repeat {
        ends <- line_ends(lines$bytes)
        if (length(ends) == 0L && lines$ended) {
            return(list(text = character(), number = numeric()))
        }
        n_ends <- max(min(5L, length(ends)), sum(ends <= size))
        found <- data_lines(
            rawToChar(utils::head(lines$bytes, ends[n_ends])),
            lines$n_taken, lines$comment
        )
        all <- n_ends == length(ends)
        if (length(found$text) >= 3L || (all && lines$ended)) {
            return(lapply(found, utils::head, n))
        }
        size <- 2 * size
        if (all) read_bytes(lines, call)
    }
}

# lines that hold data: text of whole lines; n_before: lines before them
data_lines <- function(text, n_before, comment) {
    text <- as_utf8(strsplit(text, "\n", fixed = TRUE, useBytes = TRUE)[[1L]])
    keep <- !is_blank(text)
    if (nzchar(comment)) keep <- keep & !startsWith(text, comment)
    list(text = text[keep], number = n_before + which(keep))
}

is_blank <- function(text) !grepl("[^ \t]", text, perl = TRUE, useBytes = TRUE)

as_utf8 <- function(text) {
    Encoding(text) <- "UTF-8"
    text
}

drop_first <- function(bytes, n) {
    if (n < length(bytes)) bytes[(n + 1):length(bytes)] else raw()
}

# takes lines up to the one of this number
skip_lines <- function(lines, number, call) {
    while (lines$n_taken < number) {
        ends <- line_ends(lines$bytes)
        if (length(ends) == 0L) {
            if (lines$ended) break
            read_bytes(lines, call)
            next
        }
        n <- min(length(ends), number - lines$n_taken)
        lines$bytes <- drop_first(lines$bytes, ends[n])
        lines$n_taken <- lines$n_taken + n
    }
}

# ---- taking ---------------------------------------------------------------

# The next whole lines, NULL at the end of the file: list(text = of those that
# hold data, n = how many these are, whole and bytes = all of it, n_before =
# lines before them in the file)
take_piece <- function(lines, call) {
    repeat {
        ends <- line_ends(lines$bytes)
        if (length(ends) == 0L) {
            if (lines$ended) {
                return(NULL)
            }
            read_bytes(lines, call)
            next
        }
        size <- ends[length(ends)]
        bytes <- if (size == length(lines$bytes)) {
            lines$bytes
        } else {
            lines$bytes[seq_len(size)]
        }
        whole <- rawToChar(bytes)
        piece <- list(
            text = whole, n = length(ends), whole = whole, bytes = bytes,
            n_before = lines$n_taken
        )
        lines$bytes <- drop_first(lines$bytes, size)
        lines$n_taken <- lines$n_taken + length(ends)
        piece <- drop_empty(piece, lines$comment)
        if (piece$n > 0L) {
            return(piece)
        }
    }
}

# a piece whose text is without the lines that hold no data
drop_empty <- function(piece, comment) {
    if (has_empty(piece) || (nzchar(comment) && has_line(piece, comment))) {
        text <- data_lines(piece$whole, piece$n_before, comment)$text
        piece$n <- length(text)
        piece$text <- paste0(text, "\n", collapse = "")
    }
    piece
}

# Is there a blank line? The pattern is slow, so it is asked only where blanks
# or line ends follow each other.
has_empty <- function(piece) {
    (has_line(piece, "\n") || has_line(piece, " ") || has_line(piece, "\t")) &&
        grepl("(^|\n)[ \t]*\n", piece$whole, perl = TRUE, useBytes = TRUE)
}

# Does a line of a piece begin so?
has_line <- function(piece, start) {
    startsWith(piece$whole, start) || has_text(piece, paste0("\n", start))
}

# is the text in a piece?
has_text <- function(piece, text) holds(piece$bytes, charToRaw(text))

# all lines that hold data: list(text, number)
read_lines <- function(lines, call) {
    found <- list()
    while (!is.null(piece <- take_piece(lines, call))) {
        found <- c(found, list(
            data_lines(piece$whole, piece$n_before, lines$comment)
        ))
    }
    list(
        text = unlist(lapply(found, `[[`, "text")),
        number = unlist(lapply(found, `[[`, "number"))
    )
}
