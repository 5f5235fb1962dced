# transcript_sets(): groups by hand, weights by their formula.

gene <- c(t1 = "A", t2 = "A", t3 = "B", t4 = "C", t5 = "D", t6 = "D")

test_that("transcripts of a gene are a set", {
    sets <- transcript_sets(names(gene), gene)
    expect_identical(sets$id, names(gene))
    expect_identical(sets$set, c(1L, 1L, 2L, 3L, 4L, 4L))
    expect_identical(sets$sets$name, c("A", "B", "C", "D"))
    expect_identical(sets$sets$size, c(2L, 1L, 1L, 2L))
    # any order, any form
    x <- encode_transcripts(stats::setNames(rep("ACG", 6), names(gene)))
    expect_identical(transcript_sets(x, rev(gene)), sets)
    table <- data.frame(id = names(gene), symbol = factor(gene))
    expect_identical(transcript_sets(table, "symbol"), sets)
    expect_identical(transcript_sets(table, gene), sets)
    expect_output(print(sets), "6 transcripts in 4 sets.*2 with one.*0 of sev")
})

test_that("weights are those of the formula, and 1 where all are", {
    expect_equal(
        set_weights(c(1, 2, 5, 20)),
        log(c(1, 2, 5, 20) + 0.4) / mean(log(c(1, 2, 5, 20) + 0.4))
    )
    expect_equal(mean(set_weights(c(1, 1, 7))), 1)
    expect_identical(set_weights(c(1L, 1L, 1L)), c(1, 1, 1))
    expect_identical(set_weights(rep(3L, 7)), rep(1, 7))
    # the paper's figures, of a mean of 0.802
    expect_equal(
        round(log(c(1, 2, 5, 10, 20) + 0.4) / 0.802, 2),
        c(0.42, 1.09, 2.10, 2.92, 3.76)
    )
    expect_equal(
        transcript_sets(names(gene), gene)$sets$weight,
        set_weights(c(2, 1, 1, 2))
    )
})

test_that("homologous genes of a species are one set", {
    sets <- suppressMessages(transcript_sets(
        names(gene), gene, c(A = "x", C = "x", D = "y")
    ))
    expect_identical(sets$set, c(1L, 1L, 2L, 1L, 3L, 3L))
    expect_identical(sets$sets$name, c("A+C", "B", "D"))
    expect_identical(sets$sets$n_genes, c(2L, 1L, 1L))
    expect_output(print(sets), "1 of several genes .2 genes")
    expect_message(
        transcript_sets(names(gene), gene, c(A = "x", C = "x")),
        "2 of 4 genes are in no group", class = "kith_message_sets"
    )
    # two species
    species <- c(A = 9606, B = 9606, C = 10090, D = 10090)
    homology <- c(A = 1, B = 1, C = 1, D = 2)
    apart <- transcript_sets(names(gene), gene, homology, species)
    expect_identical(apart$set, c(1L, 1L, 1L, 2L, 3L, 3L))
    together <- transcript_sets(names(gene), gene, homology, species,
        across = TRUE
    )
    expect_identical(together$set, c(1L, 1L, 1L, 1L, 2L, 2L))
})

test_that("a table of HomoloGene is read by ids or symbols", {
    homologene <- data.frame(
        hid = c(3, 3, 3, 5, 5, 3), taxid = c(rep(9606, 5), 10090),
        entrez_gene_id = 11:16, symbol = c("A", "B", "X", "C", "Y", "D")
    )
    sets <- suppressMessages(
        transcript_sets(names(gene), gene, homologene, species = 9606)
    )
    expect_identical(sets$set, c(1L, 1L, 1L, 2L, 3L, 3L))
    entrez <- stats::setNames(c(11, 11, 12, 14, 16, 16), names(gene))
    expect_identical(
        suppressMessages(
            transcript_sets(names(gene), entrez, homologene, 9606)
        )$set, sets$set
    )
    # the same symbol in two species is two genes
    species <- c(t1 = 9606, t2 = 10090, t3 = 9606, t4 = 9606, t5 = 10090,
        t6 = 10090
    )
    two <- suppressMessages(
        transcript_sets(names(gene), gene, homologene, species)
    )
    expect_identical(two$set, c(1L, 2L, 1L, 3L, 4L, 4L))
    across <- suppressMessages(
        transcript_sets(names(gene), gene, homologene, species, across = TRUE)
    )
    expect_identical(across$set, c(1L, 2L, 1L, 3L, 1L, 1L))
    expect_input_error(
        transcript_sets(names(gene), gene, homologene), "has 2, such as"
    )
    expect_input_error(
        transcript_sets(names(gene), gene, homologene, species = 1), "9606"
    )
    human <- homologene[homologene$taxid == 9606, ]
    expect_identical(
        suppressMessages(transcript_sets(names(gene), gene, human))$set,
        sets$set
    )
    several <- rbind(human, data.frame(
        hid = 9, taxid = 9606, entrez_gene_id = 17, symbol = "A"
    ))
    expect_message(
        expect_message(
            x <- transcript_sets(names(gene), gene, several),
            "1 gene is in several groups"
        ), "1 of 4 genes is in no"
    )
    expect_identical(x$set, sets$set)
})

test_that("what does not match is counted, or refused if nothing does", {
    expect_message(
        sets <- transcript_sets(c("t1", "t8", "t9", "t2"), gene),
        "2 of 4 transcripts have no gene and are sets of their own.*\"t8\"",
        class = "kith_message_sets"
    )
    expect_identical(sets$set, c(1L, 2L, 3L, 1L))
    expect_identical(sets$sets$name, c("A", "t8", "t9"))
    expect_input_error(
        transcript_sets(toupper(names(gene)), gene), "toupper"
    )
    expect_identical(
        transcript_sets(toupper(names(gene)),
            stats::setNames(gene, toupper(names(gene)))
        )$set, transcript_sets(names(gene), gene)$set
    )
    expect_input_error(
        transcript_sets(names(gene), gene, c(Z = 1)), "\"A\""
    )
    expect_input_error(
        transcript_sets(names(gene), unname(gene)), "without *names"
    )
    expect_input_error(
        transcript_sets(names(gene), c(gene, t1 = "Z")), "more than once"
    )
    expect_input_error(transcript_sets(c("t1", "t1"), gene), "more than once")
    expect_input_error(transcript_sets(character(), gene), "at least one")
    expect_input_error(
        transcript_sets(data.frame(id = "t1"), "symbol"), "lacks symbol"
    )
    expect_input_error(
        transcript_sets(names(gene), gene, c("A", "B")), "column hid"
    )
    expect_input_error(
        transcript_sets(names(gene), gene, data.frame(hid = 1)), "gene ids"
    )
    expect_input_error(
        transcript_sets(names(gene), gene, species = c(A = 1)),
        "none for \"t3\""
    )
    expect_input_error(
        transcript_sets(names(gene), gene, species = 1:2), "one species"
    )
    expect_input_error(transcript_sets(names(gene), gene, across = NA), "acr")
})

test_that("paralogs of yeast are merged by HomoloGene", {
    folder <- file.path(Sys.getenv("KITH_DATA"), "rna")
    skip_if(!dir.exists(folder), "KITH_DATA has no rna/")
    read <- function(name) {
        utils::read.delim(file.path(folder, paste0(name, ".tsv.gz")))
    }
    homologene <- read("homologene68")
    ids <- read("yeast_cds")$gene_id
    named <- read("yeast_expression")
    symbol <- named$gene_name[match(ids, named$gene_id)]
    symbol <- stats::setNames(ifelse(is.na(symbol), ids, symbol), ids)
    sets <- suppressMessages(
        transcript_sets(ids, symbol, homologene, species = 4932)
    )
    yeast <- homologene[homologene$taxid == 4932, ]
    group <- yeast$hid[match(symbol, yeast$symbol)]
    # two reading frames may have one symbol
    sizes <- table(ifelse(is.na(group), symbol, group))
    expect_identical(sum(sets$sets$size > 1), sum(sizes > 1))
    expect_gt(sum(sizes > 1), 200)
    expect_equal(mean(sets$sets$weight), 1)
})
