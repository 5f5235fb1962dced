# simulate_transcripts(): what was planted is there.

test_that("transcripts are what the truth says", {
    set.seed(1)
    cells <- simulate_transcripts(60)
    table <- cells$transcripts
    x <- encode_transcripts(table)
    expect_identical(names(cells$gene), table$id)
    expect_identical(names(cells$homology), unique(unname(cells$gene)))
    expect_identical(names(cells$y), cells$truth$gene)
    letters <- as.character(x)
    expect_true(all(substr(letters, x$cds_start, x$cds_start + 2) == "ATG"))
    expect_true(all(substr(letters, x$cds_end - 2, x$cds_end) == "TAA"))
    full <- !duplicated(cells$gene)
    expect_equal(x$length[full], cells$truth$length)
    codons <- sequence_features(x[full], features = "codons")
    expect_true(all(codons[, c("codon_TAG", "codon_TGA")] == 0))
    # without start and stop codon
    n <- (x$cds_end - x$cds_start + 1)[full] / 3
    gc3 <- sequence_features(x[full], features = "gc")[, "gc3"]
    expect_equal(unname(gc3 * n - 1) / (n - 2), cells$truth$gc3)
    utr3 <- substring(letters, x$cds_end + 1L)[full]
    found <- lengths(regmatches(utr3, gregexpr("TGTAAATA", utr3)))
    expect_true(all(found >= cells$truth$motifs))
    expect_gt(stats::cor(found, cells$truth$motifs), 0.95)
})

test_that("isoforms lack an inner exon each, and paralogs are alike", {
    set.seed(2)
    cells <- simulate_transcripts(40, divergence = 0)
    x <- encode_transcripts(cells$transcripts)
    for (isoforms in split(seq_along(x$id), cells$gene)) {
        expect_identical(anyDuplicated(as.character(x[isoforms])), 0L)
        expect_true(all(x$exons[isoforms[-1]] == x$exons[isoforms[1]] - 1L))
    }
    cds <- substr(as.character(x), x$cds_start, x$cds_end)
    first <- !duplicated(cells$gene)
    per_family <- tapply(cds[first], cells$homology, function(s) {
        length(unique(s))
    })
    expect_true(all(per_family == 1L))
})

test_that("the seed decides, and half-life follows the sequence", {
    set.seed(3)
    cells <- simulate_transcripts(300)
    set.seed(3)
    expect_identical(simulate_transcripts(300), cells)
    expect_output(print(cells), "300 genes in")
    expected <- scale(cells$truth$gc3) - 0.7 * scale(cells$truth$motifs) -
        0.5 * scale(log(cells$truth$length))
    expect_equal(cells$truth$expected, drop(expected), ignore_attr = TRUE)
    expect_gt(stats::cor(cells$y, cells$truth$expected), 0.8)
    quiet <- simulate_transcripts(9, noise = 0)
    expect_identical(unname(quiet$y), quiet$truth$expected)
})

test_that("smallest sizes work, others are refused", {
    set.seed(4)
    one <- simulate_transcripts(2, 1, 1, codons = 10)
    expect_identical(nrow(one$transcripts), 2L)
    expect_input_error(simulate_transcripts(1), "n_genes")
    expect_input_error(simulate_transcripts(5, codons = c(9, 20)), "10")
    expect_input_error(simulate_transcripts(5, codons = c(90, 20)), "90, 20")
    expect_input_error(simulate_transcripts(5, codons = "a"), "codons")
    expect_input_error(simulate_transcripts(5, divergence = 2), "divergence")
    expect_input_error(simulate_transcripts(5, noise = -1), "noise")
    expect_input_error(simulate_transcripts(5, isoforms = 0), "isoforms")
})
