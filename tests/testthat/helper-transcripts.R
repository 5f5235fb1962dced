# Random transcripts, and what their bytes and tracks are, in plain R.

random_letters <- function(n, alphabet = c("A", "C", "G", "T")) {
    paste(sample(alphabet, n, replace = TRUE), collapse = "")
}

# a table as encode_transcripts() takes it, some without CDS
random_transcripts <- function(n = 30, seed = 1,
                               alphabet = c("A", "C", "G", "T", "N", "r")) {
    withr::with_seed(seed, {
        length <- sample(6:90, n, replace = TRUE)
        first <- vapply(length, function(l) sample.int(l - 5L, 1L), 0L)
        codons <- mapply(function(l, f) sample.int((l - f + 1L) %/% 3L, 1L),
            length, first
        )
        none <- seq_len(n) %% 5 == 0
        first[none] <- NA
        data.frame(
            id = paste0("t", seq_len(n)),
            sequence = vapply(length, random_letters, "", alphabet),
            cds_start = first, cds_end = first + 3L * codons - 1L,
            exon_lengths = vapply(length, function(l) {
                ends <- sort(sample.int(l - 1L, sample(0:3, 1L)))
                paste(diff(c(0L, ends, l)), collapse = ",")
            }, "")
        )
    })
}

# the bytes of one row of such a table
bytes_r <- function(row) {
    letters <- strsplit(chartr("U", "T", toupper(row$sequence)), "")[[1L]]
    base <- match(letters, c("A", "C", "G", "T"), nomatch = 5L) - 1L
    at <- seq_along(letters)
    codon <- if (is.na(row$cds_start)) {
        FALSE
    } else {
        at >= row$cds_start & at <= row$cds_end &
            (at - row$cds_start) %% 3 == 0
    }
    exons <- as.integer(strsplit(row$exon_lengths, ",")[[1L]])
    as.raw(base + 8L * codon + 16L * (at %in% cumsum(exons)))
}

rows_of <- function(table) split(table, seq_len(nrow(table)))

# the bytes of transcript i
bytes_of <- function(x, i) x$codes[x$start[i] + seq_len(x$length[i])]
