# Transcripts of ranges on a genome, base by base in plain R.

skip_if_not_installed("GenomicFeatures")
skip_if_not_installed("Biostrings")

some_genome <- function() {
    withr::with_seed(6, c(
        chr1 = random_letters(200), chr2 = random_letters(150)
    ))
}

# exons of four transcripts in the order of the genome, of both strands
some_exons <- function() {
    GenomicRanges::GRangesList(
        p1 = GenomicRanges::GRanges(
            "chr1", IRanges::IRanges(c(11, 51, 91), width = c(20, 10, 30)), "+"
        ),
        m1 = GenomicRanges::GRanges(
            "chr1", IRanges::IRanges(c(21, 71, 131), width = c(9, 12, 30)), "-"
        ),
        m2 = GenomicRanges::GRanges("chr2", IRanges::IRanges(5, 40), "-"),
        p2 = GenomicRanges::GRanges("chr2", IRanges::IRanges(100, 150), "+")
    )
}

# parts of exons that are coding, as annotation has them
some_cds <- function() {
    GenomicRanges::GRangesList(
        p1 = GenomicRanges::GRanges(
            "chr1", IRanges::IRanges(c(26, 51, 91), c(30, 60, 96)), "+"
        ),
        m1 = GenomicRanges::GRanges(
            "chr1", IRanges::IRanges(c(73, 131), c(82, 135)), "-"
        )
    )
}

# the chromosome's places of the bases of a transcript, in its order
places_r <- function(exons) {
    places <- unlist(Map(seq, GenomicRanges::start(exons),
        GenomicRanges::end(exons)
    ))
    minus <- as.character(GenomicRanges::strand(exons))[1] == "-"
    sort(places, decreasing = minus)
}

sequence_r <- function(exons, genome) {
    chromosome <- as.character(GenomicRanges::seqnames(exons))[1]
    letters <- strsplit(genome[[chromosome]], "")[[1]][places_r(exons)]
    if (as.character(GenomicRanges::strand(exons))[1] == "-") {
        letters <- chartr("ACGT", "TGCA", letters)
    }
    paste(letters, collapse = "")
}

test_that("sequences, exons and coding sequences are those of the genome", {
    genome <- some_genome()
    exons <- some_exons()
    cds <- some_cds()
    x <- encode_transcripts(exons, cds,
        genome = Biostrings::DNAStringSet(genome)
    )
    expected <- vapply(names(exons), function(id) {
        sequence_r(exons[[id]], genome)
    }, "")
    expect_identical(as.character(x), expected)
    expect_identical(x$exons, c(3L, 3L, 1L, 1L))
    for (id in names(cds)) {
        at <- match(places_r(cds[[id]]), places_r(exons[[id]]))
        expect_identical(x[id]$cds_start, min(at))
        expect_identical(x[id]$cds_end, max(at))
    }
    expect_identical(x$cds_start[3:4], c(NA_integer_, NA_integer_))
    # on the minus strand the exon with the highest place comes first
    expect_identical(
        which(as.integer(bytes_of(x, 2)) >= 16L), c(30L, 42L, 51L)
    )
    # whatever the order of exons is
    turned <- S4Vectors::endoapply(exons, rev)
    expect_identical(
        encode_transcripts(turned, cds,
            genome = Biostrings::DNAStringSet(genome)
        ), x
    )
})

test_that("a FASTA file as genome and a TxDb give the same", {
    skip_if_not_installed("Rsamtools")
    genome <- some_genome()
    exons <- some_exons()
    cds <- some_cds()
    expected <- encode_transcripts(exons, cds,
        genome = Biostrings::DNAStringSet(genome)
    )
    path <- withr::local_tempfile(fileext = ".fa")
    Biostrings::writeXStringSet(Biostrings::DNAStringSet(genome), path)
    Rsamtools::indexFa(path)
    fa <- Rsamtools::FaFile(path)
    expect_identical(encode_transcripts(exons, cds, genome = fa), expected)
    ranges <- function(list, type) {
        flat <- unlist(list, use.names = FALSE)
        of <- rep(names(list), lengths(list))
        flat$type <- type
        flat$ID <- NA_character_
        flat$Parent <- of
        flat
    }
    whole <- unlist(range(exons))
    whole$type <- "mRNA"
    whole$ID <- names(exons)
    whole$Parent <- NA_character_
    parts <- c(unname(whole), ranges(exons, "exon"), ranges(cds, "CDS"))
    parts$Parent <- IRanges::CharacterList(lapply(parts$Parent, function(p) {
        p[!is.na(p)]
    }))
    parts$phase <- ifelse(parts$type == "CDS", 0L, NA)
    txdb <- suppressWarnings(suppressMessages(
        GenomicFeatures::makeTxDbFromGRanges(parts)
    ))
    x <- suppressMessages(encode_transcripts(txdb, genome = fa))
    expect_identical(x[names(exons)], expected)
})

test_that("ranges that do not fit are refused, with a way out", {
    genome <- Biostrings::DNAStringSet(some_genome())
    exons <- some_exons()
    cds <- some_cds()
    expect_input_error(encode_transcripts(exons), "It is NULL")
    expect_input_error(
        encode_transcripts(exons, genome = genome, exons = list(a = 1)),
        "leave `exons` away"
    )
    expect_input_error(
        encode_transcripts(exons, genome = genome["chr1"]), "lacks \"chr2\""
    )
    kept <- GenomeInfoDb::keepSeqlevels(exons, "chr1", pruning.mode = "coarse")
    expect_identical(
        names(encode_transcripts(kept, genome = genome["chr1"])), c("p1", "m1")
    )
    short <- Biostrings::subseq(genome, 1, 120)
    expect_input_error(
        encode_transcripts(exons, genome = short), "cannot be read"
    )
    expect_input_error(
        encode_transcripts(unname(exons), genome = genome), "without names"
    )
    expect_input_error(
        encode_transcripts(exons[c(1, 1)], genome = genome), "more than once"
    )
    expect_input_error(encode_transcripts(exons[0], genome = genome), "0 items")
    unstranded <- exons
    GenomicRanges::strand(unstranded[["p2"]]) <- "*"
    expect_input_error(
        encode_transcripts(unstranded, genome = genome), "\"p2\" has one on"
    )
    kept <- unstranded[all(GenomicRanges::strand(unstranded) != "*")]
    expect_length(encode_transcripts(kept, genome = genome), 3L)
    # trans-splicing
    mixed <- c(exons, GenomicRanges::GRangesList(x = GenomicRanges::GRanges(
        "chr1", IRanges::IRanges(c(1, 50), width = 9), c("+", "-")
    )))
    expect_message(
        x <- encode_transcripts(mixed, genome = genome),
        "1 of 5 transcripts is left out.*\"x\"",
        class = "kith_message_transcripts"
    )
    expect_identical(names(x), names(exons))
    expect_input_error(
        encode_transcripts(mixed["x"], genome = genome), "one chromosome"
    )
    empty <- c(exons, GenomicRanges::GRangesList(e = GenomicRanges::GRanges()))
    expect_input_error(
        encode_transcripts(empty, genome = genome), "\"e\" has none"
    )
    expect_length(
        encode_transcripts(empty[lengths(empty) > 0], genome = genome), 4L
    )
    # coding sequences
    expect_input_error(
        encode_transcripts(exons, data.frame(id = "p1"), genome = genome),
        "GRangesList"
    )
    gap <- cds
    gap[["p1"]] <- cds[["p1"]][c(1, 3)]
    expect_input_error(
        encode_transcripts(exons, gap, genome = genome),
        "\"p1\" lie outside"
    )
    kept <- gap[names(gap) != "p1"]
    expect_identical(
        encode_transcripts(exons, kept, genome = genome)$cds_start,
        c(NA, 26L, NA, NA)
    )
    outside <- GenomicRanges::GRangesList(
        p2 = GenomicRanges::GRanges("chr2", IRanges::IRanges(98, 103), "+")
    )
    expect_input_error(
        encode_transcripts(exons, outside, genome = genome), "\"p2\" lie"
    )
    partial <- cds
    partial[["p1"]] <- cds[["p1"]][1]
    expect_input_error(
        encode_transcripts(exons, partial, genome = genome), "multiple of three"
    )
    kept <- partial[sum(GenomicRanges::width(partial)) %% 3 == 0]
    expect_identical(names(kept), "m1")
    expect_length(encode_transcripts(exons, kept, genome = genome), 4L)
})
