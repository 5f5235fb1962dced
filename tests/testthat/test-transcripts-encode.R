# encode_transcripts(): bytes, tracks and bad input, against plain R.

test_that("bytes are those of the specification", {
    table <- random_transcripts(40)
    x <- encode_transcripts(table)
    expect_identical(x$codes, unlist(lapply(rows_of(table), bytes_r),
        use.names = FALSE
    ))
    expect_identical(x$length, nchar(table$sequence))
    expect_identical(x$start, cumsum(c(0, x$length))[seq_len(40)])
    expect_identical(x$cds_start, table$cds_start)
    expect_identical(x$exons, lengths(strsplit(table$exon_lengths, ",")))
    expect_identical(x$tracks, 6L)
    # worked out by hand: ATG of the CDS at 3 to 8, exons of 4 and 6
    hand <- encode_transcripts(
        c(a = "GGATGTAACN"), data.frame(id = "a", cds_start = 3, cds_end = 8),
        c(a = "4,6,")
    )
    expect_identical(
        as.integer(hand$codes), c(2L, 2L, 8L, 19L, 2L, 11L, 0L, 0L, 1L, 20L)
    )
})

test_that("without coding sequences and exons there are four tracks", {
    x <- encode_transcripts(c(a = "ACGUacgu", b = "NRYKMSWBDHV"))
    expect_identical(x$tracks, 4L)
    expect_identical(as.integer(x$codes), c(0:3, 0:3, rep(4L, 11)))
    expect_identical(x$exons, c(NA_integer_, NA_integer_))
    expect_identical(
        as.character(x), c(a = "ACGTACGT", b = strrep("N", 11))
    )
    table <- data.frame(
        id = "a", sequence = "ACG", cds_start = NA, cds_end = NA,
        exon_lengths = NA
    )
    expect_identical(encode_transcripts(table)$tracks, 4L)
})

test_that("tracks are expanded as the paper has them", {
    table <- random_transcripts(12, seed = 2)
    x <- encode_transcripts(table)
    rows <- c(7L, 2L, 5L)
    tracks <- expand_tracks(x, rows, 60)
    expect_identical(dim(tracks), c(3L, 60L, 6L))
    for (i in seq_along(rows)) {
        bytes <- as.integer(bytes_r(table[rows[i], ]))
        bytes <- utils::head(bytes, 60)
        base <- bytes %% 8L
        expected <- matrix(0, 60, 6)
        at <- seq_along(bytes)
        for (letter in 0:3) {
            expected[at, letter + 1] <- ifelse(
                base == 4L, 0.25, as.numeric(base == letter)
            )
        }
        expected[at, 5] <- bytes %/% 8L %% 2L
        expected[at, 6] <- bytes %/% 16L
        expect_identical(unname(tracks[i, , ]), expected)
    }
    four <- expand_tracks(encode_transcripts(c(a = "AN")), 1L, 3)
    expect_identical(
        unname(four[1, , ]), rbind(c(1, 0, 0, 0), 0.25, 0)
    )
})

test_that("all kinds of input give the same", {
    table <- random_transcripts(8, seed = 3)
    expected <- encode_transcripts(table)
    sequences <- stats::setNames(table$sequence, table$id)
    cds <- table[!is.na(table$cds_start), c("cds_end", "id", "cds_start")]
    exons <- stats::setNames(strsplit(table$exon_lengths, ","), table$id)
    expect_identical(encode_transcripts(sequences, cds, exons), expected)
    expect_identical(
        encode_transcripts(sequences, cds[rev(seq_len(nrow(cds))), ],
            rev(lapply(exons, as.integer))
        ), expected
    )
    # list column, factors, a subclass of data frames
    listed <- transform(table, id = factor(id), sequence = factor(sequence))
    listed$exon_lengths <- lapply(exons, as.integer)
    expect_identical(encode_transcripts(listed), expected)
    expect_identical(
        encode_transcripts(data.table::as.data.table(table)), expected
    )
    # lower case, RNA
    rna <- chartr("Tt", "Uu", tolower(sequences))
    expect_identical(encode_transcripts(rna, cds, exons), expected)
    skip_if_not_installed("Biostrings")
    expect_identical(
        encode_transcripts(Biostrings::DNAStringSet(sequences), cds, exons),
        expected
    )
    expect_identical(
        encode_transcripts(Biostrings::RNAStringSet(toupper(rna)), cds, exons),
        expected
    )
    ranges <- IRanges::IRanges(cds$cds_start, cds$cds_end, names = cds$id)
    expect_identical(encode_transcripts(sequences, ranges, exons), expected)
})

test_that("FASTA files are read: gz, several members, Windows line ends", {
    skip_if_not_installed("Biostrings")
    expected <- encode_transcripts(c(a = "ACGTAC", b = "GGN"))
    lines <- c(">a first", "ACGT", "ac", ">b", "GGN")
    expect_identical(encode_transcripts(text_file(lines, ".fa")), expected)
    expect_identical(
        encode_transcripts(text_file(lines, ".fa.gz", ending = "\r\n")),
        expected
    )
    parts <- text_file(lines[1:3], ".fa.gz")
    file.append(parts, text_file(lines[4:5], ".fa.gz"))
    expect_identical(encode_transcripts(parts), expected)
    # not a FASTA file, none at all, a wrong letter
    expect_input_error(
        encode_transcripts(text_file(c("ACGT", "AC"), ".fa")), "cannot be read"
    )
    expect_input_error(encode_transcripts("nowhere.fa"), "no file 'nowhere.fa'")
    expect_input_error(
        encode_transcripts(text_file(c(">a", "AC", "GE"), ".fa")),
        "\"a\" has \"E\" at position 4"
    )
    expect_input_error(
        encode_transcripts(text_file(character(), ".fa")), "at least one"
    )
})

test_that("letters outside of IUPAC are named with their place", {
    sequences <- c(a = "ACGT", b = "ACXGT", c = "AC-GT")
    expect_input_error(
        encode_transcripts(sequences), "\"b\" has \"X\" at position 3"
    )
    # the advice, followed
    known <- gsub("[^ACGTUNacgtun]", "N", sequences[c("a", "b")])
    expect_identical(
        as.character(encode_transcripts(known)), c(a = "ACGT", b = "ACNGT")
    )
    expect_input_error(encode_transcripts(sequences["c"]), "gsub.*-[.]")
    expect_identical(
        as.character(encode_transcripts(gsub("[-.* ]", "", sequences["c"]))),
        c(c = "ACGT")
    )
    expect_input_error(
        encode_transcripts(c(a = "AC\u00e9G")), "\"a\" has .* at position 3"
    )
    expect_input_error(encode_transcripts(c(a = "AC\xe9G")), "at position 3")
})

test_that("ids and sequences that are missing or come twice are refused", {
    expect_input_error(encode_transcripts(c("A", "C")), "names\\(x\\) <- ids")
    expect_input_error(encode_transcripts(character()), "at least one")
    expect_input_error(encode_transcripts(3), "It is 3")
    twice <- c(a = "A", b = "C", a = "G")
    expect_input_error(encode_transcripts(twice), "\"a\" comes more than once")
    expect_identical(
        names(encode_transcripts(twice[!duplicated(names(twice))])),
        c("a", "b")
    )
    x <- stats::setNames(c("A", "C"), c("a", NA))
    expect_input_error(encode_transcripts(x), "Number 2 is without")
    kept <- x[!is.na(names(x)) & names(x) != ""]
    expect_length(encode_transcripts(kept), 1L)
    x <- data.frame(id = c("a", NA, "a", "b"), sequence = c("A", "C", "G", ""))
    expect_input_error(encode_transcripts(x), "x\\$id.*Number 2")
    x <- x[!is.na(x$id) & x$id != "", ]
    expect_input_error(encode_transcripts(x), "!duplicated\\(x\\$id\\)")
    x <- x[!duplicated(x$id), ]
    expect_input_error(encode_transcripts(x), "\"b\" has none")
    x <- x[!is.na(x$sequence) & nzchar(x$sequence), ]
    expect_identical(as.character(encode_transcripts(x)), c(a = "A"))
    expect_input_error(
        encode_transcripts(data.frame(name = "a", sequence = "A")),
        "lacks id.*names\\(x\\)\\[i\\] <- \"id\""
    )
    expect_input_error(
        encode_transcripts(data.frame(id = "a", sequence = 3)), "hold strings"
    )
    expect_error(encode_transcripts(c(a = "A"), genome = 1), "must be empty")
    expect_input_error(encode_transcripts(c(a = "A"), find_orfs = NA), "orfs")
    expect_input_error(encode_transcripts(c(a = "A"), longest = 0), "longest")
})

test_that("transcripts beyond `longest` are left out and counted", {
    sequences <- c(a = "ACG", b = "ACGTA", c = "AC")
    expect_message(
        x <- encode_transcripts(sequences, longest = 3),
        "1 of 3 transcripts is left out as longer than 3 bases.*\"b\"",
        class = "kith_message_transcripts"
    )
    expect_identical(as.character(x), sequences[c("a", "c")])
    expect_length(encode_transcripts(sequences, longest = Inf), 3L)
    expect_input_error(
        encode_transcripts(sequences["b"], longest = 4), "5 *bases"
    )
})

# the longest ATG..stop, by a regular expression at every place
orf_r <- function(sequence) {
    best <- c(0, 0)
    for (i in seq_len(nchar(sequence))) {
        rest <- substring(sequence, i)
        found <- regexpr("^ATG([ACGTN]{3})*?(TAA|TAG|TGA)", rest, perl = TRUE)
        length <- attr(found, "match.length")
        if (found == 1L && length > best[2L] - best[1L]) {
            best <- c(i - 1, i - 1 + length)
        }
    }
    best
}

test_that("the longest open reading frame is found", {
    sequences <- withr::with_seed(4, vapply(1:300, function(i) {
        # few C, so that there are many start and stop codons
        random_letters(sample(1:80, 1), c("A", "A", "T", "T", "G", "C", "N"))
    }, ""))
    names(sequences) <- paste0("t", seq_along(sequences))
    expected <- t(vapply(unname(sequences), orf_r, c(0, 0), USE.NAMES = FALSE))
    expect_gt(sum(expected[, 2] > 0), 30)
    expect_message(
        x <- encode_transcripts(sequences, find_orfs = TRUE),
        "a guess", class = "kith_message_orfs"
    )
    none <- expected[, 2] == 0
    expect_identical(is.na(x$cds_start), none)
    expect_equal(x$cds_start[!none], expected[!none, 1] + 1)
    expect_equal(x$cds_end[!none], expected[!none, 2])
    # a CDS that is given stays; its codons are marked like those found
    cds <- data.frame(id = "a", cds_start = 1, cds_end = 3)
    x <- suppressMessages(encode_transcripts(
        c(a = "CATGTAA", b = "CATGTAA", c = "CC"), cds, find_orfs = TRUE
    ))
    expect_identical(x$cds_start, c(1L, 2L, NA))
    expect_identical(as.integer(bytes_of(x, 2)), c(1L, 8L, 3L, 2L, 11L, 0L, 0L))
})

test_that("transcripts are indexed, measured and printed", {
    table <- random_transcripts(10, seed = 5)
    x <- encode_transcripts(table)
    expect_length(x, 10L)
    expect_identical(names(x), table$id)
    expect_identical(x[c("t7", "t2")], encode_transcripts(table[c(7, 2), ]))
    expect_identical(x[-1], encode_transcripts(table[-1, ]))
    expect_identical(x[rep(c(TRUE, FALSE), 5)], x[c(1, 3, 5, 7, 9)])
    expect_identical(x[], x)
    expect_length(x[0], 0L)
    expect_output(print(x[0]), "none")
    expect_output(print(x), "<transcripts> 10 of .*6 tracks.*t1, t2, t3, ...")
    expect_output(print(encode_transcripts(c(a = "A"))), "4 tracks")
    expect_input_error(x["t99"], "\"t99\" is not")
    expect_input_error(x[11], "11 is not")
    expect_input_error(x[c(1, 1)], "\"t1\" comes more than once")
    lengths <- summary(x)
    coding <- !is.na(table$cds_start)
    parts <- lengths[c("utr5_length", "cds_length", "utr3_length")]
    expect_equal(rowSums(parts)[coding], x$length[coding],
        ignore_attr = TRUE
    )
    expect_true(all(is.na(parts[!coding, ])))
    expect_identical(
        lengths$cds_length, table$cds_end - table$cds_start + 1L
    )
    expect_identical(lengths$exons, x$exons)
})

test_that("C refuses what does not fit", {
    x <- encode_transcripts(c(a = "ACGT"))
    refused <- function(expression, regexp) {
        expect_error(expression, regexp, class = "kith_error_internal")
    }
    refused(.Call(C_gather_codes, x$codes, 0, 5), "outside")
    refused(.Call(C_gather_codes, x$codes, 3, 2), "outside")
    refused(.Call(C_gather_codes, x$codes, NaN, 2), "outside")
    refused(.Call(C_gather_codes, 1L, 0, 1), "raw")
    refused(.Call(C_pack_transcripts, 1), "character")
    refused(.Call(C_expand_tracks, x$codes, 0, 4, 4L, 5L), "neither 4 nor 6")
    refused(
        .Call(C_word_frequencies, x$codes, 0, 4, 7L, 1L, 1L), "out of range"
    )
    refused(.Call(C_word_frequencies, x$codes, 0, 4, 1L, 0L, 1L), "below 1")
    refused(
        .Call(C_mark_tracks, x$codes, c(0, 4), 0, 0, c(2L, 3L), 2L),
        "do not fit"
    )
})

test_that("real isoforms of chromosome 1 are encoded", {
    folder <- Sys.getenv("KITH_DATA")
    skip_if(!nzchar(folder), "KITH_DATA is not set")
    file <- file.path(folder, "rna", "human_isoforms_chr1_6track.tsv.gz")
    skip_if_not(file.exists(file), "KITH_DATA has no rna/")
    table <- utils::read.delim(file)
    table <- transform(table,
        id = transcript_id, cds_start = cds_start0 + 1, cds_end = cds_end0
    )
    x <- suppressMessages(encode_transcripts(table, longest = Inf))
    expect_length(x, 1092L)
    expect_identical(sum(!is.na(x$cds_start)), 1078L)
    expect_identical(x$length, table$length)
    coding <- !is.na(x$cds_start)
    letters <- as.character(x)
    start <- substr(letters, x$cds_start, x$cds_start + 2L)[coding]
    expect_identical(unique(unname(start)), "ATG")
    for (i in c(1L, 500L, 1092L)) {
        expect_identical(bytes_of(x, i), bytes_r(table[i, ]))
    }
})
