# bin_signal(): base by base, in plain R.

skip_if_not_installed("rtracklayer")

some_sites <- function() {
    data.frame(
        chrom = c("chr1", "chr1", "chr2", "chr1"), tss = c(300, 700, 450, 60),
        strand = c("+", "-", "-", "+"), gene_id = c("A", "B", "C", "D")
    )
}

# scores of each base of two chromosomes of 1,000
base_scores <- function(seed = 1) {
    withr::with_seed(seed, lapply(c(chr1 = 1, chr2 = 2), function(i) {
        rep(sample(c(0, 0, 1, 2.5, 4), 50, TRUE), each = 20)
    }))
}

as_track <- function(scores) {
    IRanges::RleList(lapply(scores, S4Vectors::Rle), compress = FALSE)
}

# mean of each bin along the gene; bases outside are left out
bins_r <- function(scores, sites, width, n_bins) {
    t(vapply(seq_len(nrow(sites)), function(i) {
        values <- scores[[sites$chrom[i]]]
        offset <- seq(-width / 2, width / 2 - 1)
        minus <- sites$strand[i] == "-"
        position <- sites$tss[i] + if (minus) -offset else offset
        value <- ifelse(position >= 1 & position <= length(values),
            values[pmax(1, pmin(position, length(values)))], NA
        )
        vapply(split(value, rep(seq_len(n_bins), each = width / n_bins)),
            function(v) if (all(is.na(v))) 0 else mean(v, na.rm = TRUE), 0
        )
    }, numeric(n_bins)))
}

binned <- function(...) {
    suppressMessages(bin_signal(..., width = 200, n_bins = 8))
}

values_of <- function(bins, mark = "m") {
    unname(SummarizedExperiment::assay(bins, mark))
}

test_that("bins of a track are means of bases, along the gene", {
    scores <- base_scores()
    sites <- some_sites()
    bins <- binned(sites, list(m = as_track(scores)))
    expect_equal(values_of(bins), unname(bins_r(scores, sites, 200, 8)))
    expect_identical(rownames(bins), sites$gene_id)
    columns <- SummarizedExperiment::colData(bins)
    expect_identical(columns$start[c(1, 5)], c(-100L, 0L))
    expect_identical(columns$end[8], 99L)
    # spelt as others do
    signs <- transform(sites, strand = ifelse(strand == "-", -1L, 1L))
    expect_identical(
        values_of(binned(signs, list(m = as_track(scores)))), values_of(bins)
    )
    # not turned
    flat <- suppressMessages(bin_signal(sites, list(m = as_track(scores)),
        width = 200, n_bins = 8, flip = FALSE
    ))
    expect_equal(values_of(flat)[2, 8:1], values_of(bins)[2, ])
    # as learn_ranking() takes it
    expect_identical(ranking_signal(bins)$n_bins, 8L)
})

test_that("files of all kinds give the same bins", {
    scores <- base_scores(2)
    sites <- some_sites()
    expected <- unname(bins_r(scores, sites, 200, 8))
    ranges <- methods::as(as_track(scores), "GRanges")
    GenomeInfoDb::seqlengths(ranges) <- c(chr1 = 1000, chr2 = 1000)
    folder <- withr::local_tempdir()
    at <- function(name) file.path(folder, name)
    rtracklayer::export(ranges, at("a.bw"), format = "bigWig")
    kept <- ranges[ranges$score > 0]
    rtracklayer::export(kept, at("a.bedGraph"), format = "bedGraph")
    rtracklayer::export(kept, at("a.bed"), format = "bed")
    # unsorted
    table <- as.data.frame(rev(kept))
    peaks <- data.frame(
        table$seqnames, table$start - 1, table$end, ".", 0, ".", table$score,
        -1, -1
    )
    write_peaks <- function(peaks, name, gz = FALSE) {
        connection <- if (gz) gzfile(at(name), "w") else file(at(name), "w")
        utils::write.table(format(peaks, scientific = FALSE, trim = TRUE),
            connection,
            sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE
        )
        close(connection)
    }
    write_peaks(cbind(peaks, -1), "a.narrowPeak")
    write_peaks(cbind(peaks, -1), "a.narrowPeak.gz", gz = TRUE)
    write_peaks(peaks, "a.broadPeak")
    gapped <- data.frame(
        table$seqnames, table$start - 1, table$end, ".", 0, ".",
        table$start - 1, table$end, 0, 1, table$width, 0, table$score, -1, -1
    )
    write_peaks(gapped, "a.gappedPeak")
    for (name in list.files(folder)) {
        bins <- binned(sites, c(m = at(name)))
        expect_equal(values_of(bins), expected, info = name)
    }
    expect_equal(values_of(binned(sites, list(m = kept))), expected)
})

test_that("where peaks overlap, the largest counts", {
    peaks <- GenomicRanges::GRanges(
        "chr1", IRanges::IRanges(c(301, 311, 316), width = c(20, 10, 100)),
        score = c(2, 5, 1)
    )
    sites <- some_sites()[1, ]
    bases <- numeric(1000)
    bases[316:415] <- 1
    bases[301:320] <- 2
    bases[311:320] <- 5
    expect_equal(
        values_of(binned(sites, list(m = peaks))),
        unname(bins_r(list(chr1 = bases), sites, 200, 8))
    )
})

test_that("reads of a BAM file are counted base by base", {
    skip_if_not_installed("GenomicAlignments")
    skip_if_not_installed("Rsamtools")
    folder <- withr::local_tempdir()
    starts <- withr::with_seed(3, sort(sample(950, 80, TRUE)))
    sam <- c(
        "@HD\tVN:1.6\tSO:coordinate", "@SQ\tSN:chr1\tLN:1000",
        sprintf(
            "r%d\t0\tchr1\t%d\t60\t30M\t*\t0\t0\t%s\t%s", seq_along(starts),
            starts, strrep("A", 30), strrep("I", 30)
        ),
        # a duplicate does not count
        sprintf(
            "d\t1024\tchr1\t960\t60\t30M\t*\t0\t0\t%s\t%s", strrep("A", 30),
            strrep("I", 30)
        )
    )
    file <- file.path(folder, "a.sam")
    writeLines(sam, file)
    bam <- Rsamtools::asBam(file, file.path(folder, "a"))
    bases <- tabulate(unlist(lapply(starts, seq, length.out = 30)), 1000)
    sites <- some_sites()[c(1, 2, 4), ]
    expect_equal(
        values_of(binned(sites, c(m = bam))),
        unname(bins_r(list(chr1 = bases), sites, 200, 8))
    )
})

test_that("names of chromosomes are reconciled and told", {
    scores <- base_scores()
    track <- as_track(scores)
    names(track) <- c("1", "2")
    sites <- some_sites()
    expect_message(
        bins <- bin_signal(sites, list(m = track), 200, 8), "\"chr1\" with"
    )
    expect_equal(values_of(bins), unname(bins_r(scores, sites, 200, 8)))
    expect_identical(plain_chromosome(c("chrM", "MT", "chrX", "2")),
        c("MT", "MT", "X", "2")
    )
    expect_message(
        expect_message(
            bins <- bin_signal(sites, list(m = track["1"]), 200, 8), "chr1"
        ), "its 1 gene"
    )
    expect_true(all(values_of(bins)[3, ] == 0))
})

test_that("windows over an end and genes without strand are told", {
    scores <- base_scores()
    sites <- some_sites()
    sites$strand <- NULL
    expect_message(
        expect_message(
            bins <- bin_signal(sites, list(m = as_track(scores)), 200, 8),
            "4 of 4 genes have no strand"
        ), "windows of 1 gene run over"
    )
    sites$strand <- "+"
    expect_equal(values_of(bins), unname(bins_r(scores, sites, 200, 8)))
})

test_that("genes give their 5' ends", {
    genes <- GenomicRanges::GRanges(
        "chr1", IRanges::IRanges(c(300, 500), c(600, 700)), c("+", "-"),
        gene_id = c("A", "B")
    )
    track <- as_track(base_scores())
    expect_identical(
        values_of(binned(genes, list(m = track))),
        values_of(binned(some_sites()[1:2, ], list(m = track)))
    )
})

test_that("tables of genes as biomaRt gives them are read", {
    track <- list(m = as_track(base_scores()))
    expected <- values_of(binned(some_sites()[1:2, ], track))
    genes <- data.frame(
        "Gene stable ID" = c("A", "B"), "Chromosome/scaffold name" = "1",
        "Gene start (bp)" = c(300, 500), "Gene end (bp)" = c(600, 700),
        Strand = c(1, -1), check.names = FALSE
    )
    expect_identical(values_of(binned(genes, track)), expected)
    # as read.csv() calls them
    names(genes) <- make.names(names(genes))
    expect_identical(values_of(binned(genes, track)), expected)
    genes$Transcription.start.site..TSS. <- c(300, 700)
    genes$Gene.start..bp. <- NULL
    expect_identical(values_of(binned(genes, track)), expected)
})

test_that("peaks in files called .bed are read by their fields", {
    sites <- some_sites()
    folder <- withr::local_tempdir()
    read_as <- function(lines, format) {
        file <- file.path(folder, "peaks.bed")
        writeLines(lines, file)
        told <- testthat::capture_messages(
            bins <- bin_signal(sites[1, ], c(m = file), 200, 8)
        )
        expect_match(paste(told, collapse = ""), format)
        values_of(bins)
    }
    as_peaks <- function(score) {
        peaks <- GenomicRanges::GRanges(
            "chr1", IRanges::IRanges(c(251, 331), c(290, 340)),
            score = score
        )
        values_of(binned(sites[1, ], list(m = peaks)))
    }
    start <- c("chr1\t250\t290", "chr1\t330\t340")
    signal <- c(7.5, 3)
    expect_equal(
        read_as(paste0(start, "\tp\t900\t.\t", signal, "\t2\t1\t5"),
            "narrowPeak"
        ), as_peaks(signal)
    )
    expect_equal(
        read_as(paste0(start, "\tp\t900\t.\t", signal, "\t-1\t-1"),
            "broadPeak"
        ), as_peaks(signal)
    )
    expect_equal(
        read_as(paste0(
            start, "\tp\t900\t.\t250\t290\t0\t1\t", c(40, 10), "\t0\t",
            signal, "\t-1\t-1"
        ), "gappedPeak"), as_peaks(signal)
    )
    # BED with nine fields and with four
    thick <- c("250\t290", "330\t340")
    expect_equal(
        read_as(paste0(start, "\tp\t900\t.\t", thick, "\t0,0,0"), ""),
        as_peaks(900)
    )
    expect_equal(
        read_as(paste0(start, "\t", signal), "bedGraph"), as_peaks(1)
    )
})

test_that("another genome build is known by the length of chromosomes", {
    scores <- base_scores()
    sites <- GenomicRanges::GRanges(
        c("chr1", "chr2"), IRanges::IRanges(c(300, 450), width = 1), "+",
        seqlengths = c(chr1 = 1000, chr2 = 1001)
    )
    names(sites) <- c("A", "B")
    file <- withr::local_tempfile(fileext = ".bw")
    rtracklayer::export(as_track(scores), file, format = "bigWig")
    error <- expect_input_error(binned(sites, c(m = file)), "of one genome")
    expect_match(conditionMessage(error), "chr2 has 1001 bases.*1000 in the")
    # an RleList may end before the chromosome: there is no signal behind it
    scores$chr2 <- scores$chr2[1:420]
    flat <- transform(some_sites()[c(1, 3), ], strand = "+")
    whole <- list(
        chr1 = scores$chr1, chr2 = c(scores$chr2, numeric(1001 - 420))
    )
    expect_equal(
        values_of(binned(sites, list(m = as_track(scores)))),
        unname(bins_r(whole, flat, 200, 8))
    )
    # where nothing tells that it may go on, the error says what would
    error <- expect_input_error(
        binned(flat, list(m = as_track(scores))), "width.*of the chromosomes"
    )
    # nor may it be longer
    long <- as_track(list(chr1 = scores$chr1, chr2 = numeric(1002)))
    expect_input_error(binned(sites, list(m = long)), "of one genome")
})

test_that("empty peaks are told; nothing anywhere is refused", {
    folder <- withr::local_tempdir()
    empty <- file.path(folder, "none.narrowPeak")
    writeLines("# no peaks", empty)
    sites <- some_sites()
    signal <- list(m = as_track(base_scores()), none = empty)
    expect_message(bins <- bin_signal(sites[1, ], signal, 200, 8),
        "\"none\" is 0 in all"
    )
    expect_true(all(values_of(bins, "none") == 0))
    expect_error(binned(sites, signal["none"]), "0 in all windows",
        class = "kith_error_input"
    )
})

test_that("bad input is refused with a way out", {
    sites <- some_sites()
    track <- list(m = as_track(base_scores()))
    refused <- function(expression, regexp) {
        expect_error(suppressMessages(expression), regexp,
            class = "kith_error_input"
        )
    }
    refused(bin_signal(sites, track, 200, 7), "n_bins.*divide.*200")
    refused(bin_signal(sites, track[[1]], 200, 8), "item for each mark|RleList")
    refused(bin_signal(sites, unname(track)), "item for each mark")
    refused(bin_signal(sites, list(m = 3)), "path of a file")
    refused(bin_signal(1:3, track), "GRanges")
    refused(bin_signal(sites[-1], track), "column for the chromosome")
    refused(bin_signal(sites[-2], track), "column for the start site")
    refused(bin_signal(transform(sites, tss = tss - 300), track), "Row 1 has 0")
    halves <- transform(sites, tss = c(tss[1], 70.5, tss[3:4]))
    refused(bin_signal(halves, track), "Row 2 has 70.5")
    refused(bin_signal(transform(sites, tss = "a"), track), "Row 1 has \"a\"")
    # of genes the start alone does not tell the start site
    starts <- stats::setNames(sites, sub("tss", "start", names(sites)))
    refused(bin_signal(starts, track), "start and end of the gene")
    refused(
        bin_signal(transform(starts, end = start - c(0, 1, 0, 0)), track),
        "Row 2 goes from 700 to 699"
    )
    refused(bin_signal(rbind(sites, sites), track), "each id once")
    refused(
        bin_signal(transform(sites, strand = "forward"), track),
        "Row 1 has \"forward\""
    )
    holes <- track$m
    holes$chr1[5] <- NA
    refused(binned(sites, list(m = holes)), "chr1:5 has NA")
    holes$chr1[5] <- 0
    expect_s4_class(binned(sites, list(m = holes)), "SummarizedExperiment")
    far <- transform(sites, tss = tss + 5000)
    refused(binned(far, track), "another genome build")
    elsewhere <- transform(sites, chrom = "chrUn")
    refused(binned(elsewhere, track), "chromosomes in common.*chrUn.*chr1")
    folder <- withr::local_tempdir()
    at <- function(name) file.path(folder, name)
    refused(bin_signal(sites, c(m = at("none.bw"))), "There is no file")
    writeLines("chr1 1 2", at("a.xyz"))
    refused(bin_signal(sites, c(m = at("a.xyz"))), "format.*xyz")
    writeLines("not a bigwig", at("a.bw"))
    refused(bin_signal(sites, c(m = at("a.bw"))), "does not start as one")
    writeLines("chr1\tx\ty", at("a.bed"))
    refused(bin_signal(sites, c(m = at("a.bed"))), "cannot be read as bed")
    peaks <- GenomicRanges::GRanges(
        "chr1", IRanges::IRanges(1, 10),
        score = NA_real_
    )
    refused(bin_signal(sites, list(m = peaks)), "finite scores")
    # as advised
    peaks$score <- 1
    # of gene D bases 1 to 9 are all of a bin that there are, base 10 is one of
    # the next
    expect_equal(
        sum(values_of(binned(sites, list(m = peaks)))), 9 / 9 + 1 / 25
    )
})

test_that("files that were cut off are refused, not read in part", {
    folder <- withr::local_tempdir()
    ranges <- GenomicRanges::GRanges(
        "chr1", IRanges::IRanges(seq(1, 9991, 10), width = 10),
        score = withr::with_seed(1, round(runif(1000), 3)),
        seqlengths = c(chr1 = 10000)
    )
    refused <- function(file, shares, pattern) {
        whole <- readBin(file, raw(), file.size(file))
        sites <- some_sites()[1:2, ]
        expect_s4_class(binned(sites, c(m = file)), "SummarizedExperiment")
        for (share in shares) {
            writeBin(whole[seq_len(share * length(whole))], file)
            error <- expect_input_error(binned(sites, c(m = file)), pattern)
            expect_no_match(conditionMessage(error), "cannot be read")
        }
    }
    export <- function(name, format) {
        path <- file.path(folder, name)
        rtracklayer::export(ranges, path, format = format)
        path
    }
    shares <- c(0.3, 0.9, 0.999)
    refused(export("a.bw", "bigWig"), shares, "complete file")
    refused(export("a.bedGraph.gz", "bedGraph"), shares, "complete compressed")
    # within the last line
    file <- export("a.bedGraph", "bedGraph")
    size <- file.size(file)
    refused(file, (size - 8) / size, "last line has 3 of 4 fields")
    skip_if_not_installed("Rsamtools")
    skip_if_not_installed("GenomicAlignments")
    sam <- file.path(folder, "a.sam")
    writeLines(c(
        "@HD\tVN:1.6\tSO:coordinate", "@SQ\tSN:chr1\tLN:1000",
        sprintf(
            "r%d\t0\tchr1\t%d\t60\t4M\t*\t0\t0\tACGT\tIIII", 1:900, 1:900
        )
    ), sam)
    bam <- Rsamtools::asBam(sam, file.path(folder, "a"))
    refused(bam, shares, "last block is missing")
})

test_that("a chromosome goes by its very name, and ends where regions say", {
    skip_if_not_installed("GenomicRanges")
    gene <- GenomicRanges::GRanges("chr1", IRanges::IRanges(500, 500),
        strand = "+", names = "g1"
    )
    names(gene) <- "g1"
    signal <- GenomicRanges::GRanges(
        c("1", "chr1"), IRanges::IRanges(1, 1000),
        score = c(1, 9)
    )
    bins <- bin_signal(gene, list(m = signal), width = 200, n_bins = 2)
    expect_equal(unname(SummarizedExperiment::assay(bins)[1, ]), c(9, 9))
    # means are over the part inside the chromosome, whose length is known
    edge <- GenomicRanges::GRanges("chr1", IRanges::IRanges(980, 980),
        strand = "+", seqlengths = c(chr1 = 1000)
    )
    names(edge) <- "g1"
    signal <- GenomicRanges::GRanges("chr1", IRanges::IRanges(961, 1000),
        score = 4
    )
    bins <- suppressMessages(
        bin_signal(edge, list(m = signal), width = 200, n_bins = 4)
    )
    expect_equal(SummarizedExperiment::assay(bins)[1, 3], 4,
        ignore_attr = TRUE
    )
    # a factor holds numbers, not codes
    signal$score <- factor("7.5", levels = c("1", "7.5"))
    bins <- suppressMessages(
        bin_signal(edge, list(m = signal), width = 200, n_bins = 4)
    )
    expect_equal(SummarizedExperiment::assay(bins)[1, 3], 7.5,
        ignore_attr = TRUE
    )
    signal$score <- Inf
    expect_error(bin_signal(edge, list(m = signal), width = 200, n_bins = 4),
        "finite scores",
        class = "kith_error_input"
    )
})

test_that("headers of browsers and blanks do not matter in text files", {
    skip_if_not_installed("rtracklayer")
    gene <- GenomicRanges::GRanges("chr1", IRanges::IRanges(500, 500),
        strand = "+"
    )
    names(gene) <- "g1"
    read <- function(lines, extension) {
        file <- withr::local_tempfile(fileext = extension)
        writeLines(lines, file)
        bins <- suppressMessages(
            bin_signal(gene, c(m = file), width = 200, n_bins = 2)
        )
        unname(SummarizedExperiment::assay(bins)[1, ])
    }
    peak <- paste("chr1", 399, 599, "peak", 0, ".", 7, 3, 2, 100, sep = "\t")
    header <- c(
        "browser position chr1:1-1000", "track type=narrowPeak name=\"p\"",
        "# made by hand", ""
    )
    expect_equal(read(peak, ".narrowPeak"), c(7, 7))
    expect_equal(read(c(header, peak), ".narrowPeak"), c(7, 7))
    expect_equal(read(c(header, sub("peak", "my peak 1", peak)),
        ".narrowPeak"
    ), c(7, 7))
    expect_equal(read(c("track name=x", "chr1 399 499 2", "chr1 499 599 4"),
        ".bedGraph"
    ), c(2, 4))
    # two tracks in one file
    expect_equal(
        read(c("track name=x", "chr1\t399\t499\t2", "track name=y",
            "chr1\t499\t599\t4"
        ), ".bedGraph"), c(2, 4)
    )
})
