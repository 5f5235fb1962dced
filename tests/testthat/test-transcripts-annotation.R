# Coding sequences and exons that do not fit; the advice of errors, followed.

sequences <- c(a = "ACGTACGTA", b = "ACGTAC")

encode_cds <- function(start, end, id = "a") {
    encode_transcripts(
        sequences, data.frame(id = id, cds_start = start, cds_end = end)
    )
}

test_that("a coding sequence must lie within its transcript", {
    for (ends in list(c(0, 5), c(5, 10), c(5, 4), c(1.5, 4), c(NA, 3))) {
        expect_input_error(
            encode_cds(ends[1], ends[2]), "\"a\", of 9 bases, has"
        )
    }
    expect_input_error(encode_cds("x", "y"), "has x and y")
    expect_input_error(encode_cds(0, 6), "add 1 to")
    x <- encode_cds(0 + 1, 6)
    expect_identical(c(x$cds_start[1], x$cds_end[1]), c(1L, 6L))
    expect_identical(encode_cds(1, 9)$cds_end[1], 9L)
})

test_that("codons must be whole", {
    cds <- data.frame(id = c("a", "b"), cds_start = 1, cds_end = c(4, 6))
    expect_input_error(
        encode_transcripts(sequences, cds), "\"a\" is 4; 1 is not"
    )
    kept <- cds[(cds$cds_end - cds$cds_start + 1) %% 3 == 0, ]
    expect_identical(
        encode_transcripts(sequences, kept)$cds_start, c(NA, 1L)
    )
    cds[1, c("cds_start", "cds_end")] <- NA
    table <- data.frame(id = names(sequences), sequence = sequences)
    expect_identical(
        encode_transcripts(cbind(table, cds[-1]))$cds_start, c(NA, 1L)
    )
})

test_that("ids of annotation must be known", {
    expect_input_error(encode_cds(1, 3, "A"), "None is.*toupper")
    expect_input_error(
        encode_transcripts(sequences, exons = list(z = 9)), "\"z\""
    )
    cds <- data.frame(id = c("a", "z"), cds_start = 1, cds_end = 3)
    expect_message(
        x <- encode_transcripts(sequences, cds), "1 of 2 ids of `cds` is not",
        class = "kith_message_transcripts"
    )
    expect_identical(x$cds_end, c(3L, NA))
    twice <- rbind(cds[1, ], cds[1, ])
    expect_input_error(
        encode_transcripts(sequences, twice), "cds\\[!duplicated\\(cds\\$id\\)"
    )
    expect_identical(
        encode_transcripts(sequences, twice[!duplicated(twice$id), ])$cds_end,
        c(3L, NA)
    )
    expect_input_error(encode_transcripts(sequences, 3), "data frame")
    expect_input_error(
        encode_transcripts(sequences, data.frame(id = "a", start = 1)),
        "lacks cds_start and cds_end"
    )
    table <- data.frame(
        id = "a", sequence = "ACG", cds_start = 1, cds_end = 3
    )
    expect_input_error(encode_transcripts(table, cds), "Leave `cds` away")
    expect_length(encode_transcripts(table), 1L)
    expect_input_error(encode_transcripts(table[-4]), "lacks cds_end")
})

test_that("exons must add up to their transcript", {
    expect_input_error(
        encode_transcripts(sequences, exons = list(a = c(4, 4), b = 6)),
        "\"a\" add up to 8, and it has 9"
    )
    expect_message(
        x <- encode_transcripts(sequences, exons = list(a = NA, b = c(2, 4))),
        "1 of 2 transcripts has no exons", class = "kith_message_transcripts"
    )
    expect_identical(x$exons, c(NA, 2L))
    expect_identical(as.integer(bytes_of(x, 2)), c(0L, 17L, 2L, 3L, 0L, 17L))
    for (wrong in list("4,x,2", "9,0", "4.5,4.5", c(10, -1))) {
        expect_input_error(
            encode_transcripts(sequences["a"], exons = list(a = wrong)),
            "\"a\" has"
        )
    }
    expect_input_error(
        encode_transcripts(sequences, exons = list(4)), "named list"
    )
    expect_identical(
        encode_transcripts(sequences, exons = nchar(sequences))$exons, c(1L, 1L)
    )
    expect_identical(
        encode_transcripts(sequences, exons = factor(c(a = "3,6", b = "6"))),
        encode_transcripts(sequences, exons = list(a = c(3, 6), b = 6))
    )
})
