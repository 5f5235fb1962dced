# sequence_features() against counts in plain R.

# shares of words of k letters in a string; words that are to be read only
words_r <- function(text, k, step = 1L) {
    at <- seq_len(max(0L, nchar(text) - k + 1L))
    at <- at[(at - 1L) %% step == 0L]
    words <- if (length(at)) substring(text, at, at + k - 1L) else ""
    known <- grepl("^[ACGT]+$", words)
    counts <- table(factor(words[known], all_words(k)))
    shares <- as.vector(counts) / max(1, sum(counts))
    stats::setNames(shares, names(counts))
}

# the parts of a row of a table: transcript, cds, utr5, utr3
regions_r <- function(row) {
    text <- toupper(row$sequence)
    if (is.na(row$cds_start)) {
        return(c(transcript = text, cds = "", utr5 = "", utr3 = ""))
    }
    c(
        transcript = text, cds = substr(text, row$cds_start, row$cds_end),
        utr5 = substr(text, 1L, row$cds_start - 1L),
        utr3 = substr(text, row$cds_end + 1L, nchar(text))
    )
}

test_that("words are numbered in the order of the alphabet", {
    expect_identical(all_words(1L), c("A", "C", "G", "T"))
    expect_identical(all_words(2L)[c(1, 2, 5, 16)], c("AA", "AC", "CA", "TT"))
    expect_identical(all_words(3L), sort(all_words(3L), method = "radix"))
})

test_that("words of all lengths and regions are counted", {
    table <- random_transcripts(40, seed = 7)
    x <- encode_transcripts(table)
    regions <- c("transcript", "cds", "utr5", "utr3")
    features <- suppressMessages(sequence_features(x,
        k = c(4, 1:3), features = "kmers", regions = regions
    ))
    expected <- t(vapply(rows_of(table), function(row) {
        parts <- regions_r(row)
        unlist(lapply(regions, function(region) {
            lapply(1:4, function(k) words_r(parts[[region]], k))
        }))
    }, numeric(4 * 340)))
    expect_equal(unname(features), unname(expected))
    expect_identical(rownames(features), table$id)
    expect_identical(
        colnames(features)[c(1, 5, 341, 681, 1021)],
        c("kmer_A", "kmer_AA", "kmer_cds_A", "kmer_utr5_A", "kmer_utr3_A")
    )
    # rows of words that can be read sum to 1, worked out by hand
    hand <- sequence_features(
        c(a = "AACNAAA"), k = 2, features = "kmers"
    )
    expect_identical(hand["a", c("kmer_AA", "kmer_AC")],
        c(kmer_AA = 0.75, kmer_AC = 0.25)
    )
    expect_identical(ncol(sequence_features(c(a = "A"), 6, "kmers")), 4096L)
})

test_that("lengths, composition, codons and exons are counted", {
    table <- random_transcripts(40, seed = 8)
    weights <- c(AAA = 0.5, ACG = 2, UGG = 0.1, cca = 1)
    features <- suppressMessages(sequence_features(table,
        features = c("exons", "codons", "gc", "length"),
        codon_weights = weights
    ))
    names(weights) <- c("AAA", "ACG", "TGG", "CCA")
    for (i in seq_len(nrow(table))) {
        parts <- regions_r(table[i, ])
        at <- function(names) unname(features[i, names])
        expect_equal(
            at(c("length", "cds_length", "utr5_length", "utr3_length")),
            log2(nchar(parts) + c(0, 1, 1, 1)), ignore_attr = TRUE
        )
        letters <- words_r(parts[["transcript"]], 1L)
        expect_equal(at("gc"), sum(letters[c("C", "G")]))
        codons <- words_r(parts[["cds"]], 3L, step = 3L)
        expect_equal(at(paste0("codon_", names(codons))), unname(codons))
        expect_equal(at("gc3"), sum(codons[grepl("[CG]$", names(codons))]))
        used <- codons[names(weights)]
        expect_equal(at("codon_adaptation"), if (sum(used) > 0) {
            exp(sum(used * log(weights)) / sum(used))
        } else {
            0
        })
        exons <- as.integer(strsplit(table$exon_lengths[i], ",")[[1]])
        junctions <- cumsum(exons)[-length(exons)]
        expect_equal(
            at("exon_density"),
            1000 * length(junctions) / nchar(table$sequence[i])
        )
        within <- sum(junctions >= table$cds_start[i] &
            junctions < table$cds_end[i])
        expect_equal(at("cds_exon_density"), if (is.na(table$cds_start[i])) {
            0
        } else {
            1000 * within / nchar(parts[["cds"]])
        })
    }
})

test_that("threads do not change a feature", {
    table <- random_transcripts(3000, seed = 9)
    x <- encode_transcripts(table)
    get <- function(threads) {
        suppressMessages(sequence_features(x, threads = threads))
    }
    one <- get(1)
    expect_identical(get(2), one)
    expect_identical(get(3), one)
    expect_identical(
        suppressMessages(sequence_features(x[2500:2600])), one[2500:2600, ]
    )
})

test_that("features without data are left out, or refused if asked for", {
    x <- encode_transcripts(c(a = "ACGT", b = "GGA"))
    expect_message(
        features <- sequence_features(x, k = 1),
        "\"codons\" and \"exons\" are left out",
        class = "kith_message_features"
    )
    expect_identical(
        colnames(features),
        c("length", "gc", "kmer_A", "kmer_C", "kmer_G", "kmer_T")
    )
    expect_input_error(sequence_features(x, features = "codons"), "find_orfs")
    expect_input_error(sequence_features(x, features = "exons"), "No tran.*ex")
    expect_input_error(
        sequence_features(x, features = "kmers", regions = "utr3"), "utr3"
    )
    expect_input_error(
        sequence_features(x, codon_weights = c(AAA = 1)), "codon_weights"
    )
    cds <- data.frame(id = "a", cds_start = 1, cds_end = 3)
    x <- encode_transcripts(c(a = "ACGT", b = "GGA"), cds)
    expect_message(
        features <- sequence_features(x, features = c("length", "codons")),
        "1 of 2 transcripts has no coding sequence"
    )
    expect_identical(
        features[, "cds_length"], c(a = 2, b = 0)
    )
    expect_identical(unname(rowSums(features[, 5:68])), c(1, 0))
})

test_that("arguments out of range are refused", {
    x <- encode_transcripts(c(a = "ACGT"), data.frame(
        id = "a", cds_start = 1, cds_end = 3
    ))
    expect_input_error(sequence_features(x, k = 0), "from 1 to 6")
    expect_input_error(sequence_features(x, k = 7), "from 1 to 6")
    expect_input_error(sequence_features(x, k = "2"), "from 1 to 6")
    expect_input_error(sequence_features(x, features = "all"), "among")
    expect_input_error(sequence_features(x, regions = "orf"), "among")
    expect_input_error(sequence_features(x, threads = 0), "threads")
    weigh <- function(w) {
        suppressMessages(sequence_features(x, k = 1, codon_weights = w))
    }
    expect_input_error(weigh(c(1, 2)), "without names")
    expect_input_error(weigh(c(AAN = 1)), "\"AAN\" is none")
    expect_input_error(weigh(c(AAA = 1, aaa = 2)), "more than once")
    weights <- c(ACG = 0.5, TAA = 0, TAG = NA)
    expect_input_error(weigh(weights), "\"TAA\" has 0")
    kept <- weights[is.finite(weights) & weights > 0]
    expect_identical(weigh(kept)[["a", "codon_adaptation"]], 0.5)
})
