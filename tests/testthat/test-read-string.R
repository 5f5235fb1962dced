# plain-R oracle: the pairs with at least min_score, one row each with the best
# score, in the order of the file
string_pairs_r <- function(rows, name, min_score) {
    rows <- rows[rows$score >= min_score, ]
    from <- name[rows$a]
    to <- name[rows$b]
    key <- ifelse(from < to, paste(from, to), paste(to, from))
    best <- tapply(rows$score, key, max)
    keep <- !duplicated(key) & !is.na(from) & !is.na(to) & from != to
    data.frame(
        from = unname(from[keep]), to = unname(to[keep]),
        score = as.numeric(best[key[keep]])
    )
}

detailed_header <- paste(
    "protein1 protein2 neighborhood fusion cooccurence coexpression",
    "experimental database textmining combined_score"
)

# random links, each both ways, now and then with another score on the way back
random_links <- function(n, n_proteins) {
    ends <- t(utils::combn(n_proteins, 2))
    ends <- ends[sample(nrow(ends), n), ]
    score <- sample(150:999, n, TRUE)
    back <- ifelse(runif(n) < 0.2, sample(150:999, n, TRUE), score)
    rows <- data.frame(
        a = c(ends[, 1], ends[, 2]), b = c(ends[, 2], ends[, 1]),
        score = c(score, back)
    )
    rows[order(rows$a, rows$b), ]
}

protein <- function(i, species = 9606) {
    sprintf("%d.ENSP%011d", species, i)
}

link_lines <- function(rows, species = 9606) {
    other <- sample(0:900, nrow(rows), TRUE)
    c(detailed_header, paste(
        protein(rows$a, species), protein(rows$b, species), "0 0 0 45", other,
        "0 81", rows$score
    ))
}

info_lines <- function(i, symbol, species = 9606) {
    c(
        "#string_protein_id\tpreferred_name\tprotein_size\tannotation",
        paste(protein(i, species), symbol, 100,
            "5'-end \"binding\", a protein, # 1",
            sep = "\t"
        )
    )
}

small_links <- c(
    "protein1 protein2 experimental combined_score",
    "9606.A 9606.B 300 900", "9606.A 9606.C 0 800", "9606.B 9606.A 300 900",
    "9606.C 9606.A 10 850", "9606.C 9606.D 5 400", "9606.D 9606.C 5 400"
)

test_that("pairs agree with the oracle, by protein and by symbol", {
    withr::local_seed(1)
    rows <- random_links(120, 25)
    # two symbols are shared, two proteins have none
    symbol <- c(paste0("S", 1:21), "S1", "S2", NA, NA)
    links <- text_file(link_lines(rows), ".txt.gz")
    info <- text_file(info_lines(1:23, symbol[1:23]), ".txt.gz")
    for (min_score in c(0, 400, 700)) {
        pairs <- read_string(links, min_score = min_score)
        expect_s3_class(pairs, "gene_pairs")
        expect_identical(
            as.list(as.data.frame(pairs)),
            as.list(string_pairs_r(rows, protein(1:25), min_score))
        )
        n <- report_counts(pairs)
        expect_identical(n[["input rows"]], 240)
        expect_identical(
            n[["below min_score"]], as.numeric(sum(rows$score < min_score))
        )
        expect_identical(sum(n[-1]), 240)

        pairs <- read_string(links, info, min_score = min_score)
        expect_identical(
            as.list(as.data.frame(pairs)),
            as.list(string_pairs_r(rows, symbol, min_score))
        )
        n <- report_counts(pairs)
        expect_identical(sum(n[-1]), 240)
        used <- rows[rows$score >= min_score, ]
        lost <- used$a > 23 | used$b > 23
        lost <- unique(paste(
            pmin(used$a, used$b), pmax(used$a, used$b)
        )[lost])
        expect_identical(n[["missing ids"]], as.numeric(length(lost)))
    }
})

test_that("each kind of loss is counted", {
    links <- text_file(small_links)
    pairs <- read_string(links, min_score = 800)
    expect_identical(pairs$from, c("9606.A", "9606.A"))
    expect_identical(pairs$to, c("9606.B", "9606.C"))
    # the two directions of A-C differ
    expect_identical(pairs$score, c(900, 850))
    expect_identical(report_counts(pairs), c(
        "input rows" = 6, kept = 2, "below min_score" = 2, "missing ids" = 0,
        "self pairs" = 0, duplicated = 0, reversed = 2
    ))
    info <- text_file(c(
        "#string_protein_id\tpreferred_name", "9606.A\tX", "9606.B\tY",
        "9606.C\tY", "9606.E\tZ"
    ))
    pairs <- read_string(links, info, min_score = 400)
    expect_identical(as.list(as.data.frame(pairs)), list(
        from = "X", to = "Y", score = 900
    ))
    expect_identical(report_counts(pairs), c(
        "input rows" = 6, kept = 1, "below min_score" = 0, "missing ids" = 1,
        "self pairs" = 0, duplicated = 0, reversed = 3, merged = 1
    ))
    map <- attr(pairs, "id_map")
    expect_identical(map$id, paste0("9606.", c("A", "C", "B", "D")))
    expect_identical(map$mapped, c("X", "Y", "Y", NA))
    expect_identical(map$status, c(
        "one-to-one", "many-to-one", "many-to-one", "unmapped"
    ))
    expect_output(print(pairs), "6 input rows.*1 merged.*4 looked up")
    expect_output(print(summary(pairs)), "1 unmapped")
    # a part of the pairs has another report
    expect_null(attr(pairs[1, ], "id_map"))
    expect_null(attr(as.data.frame(pairs), "id_map"))
})

test_that("channels are columns of the file", {
    links <- text_file(small_links)
    pairs <- read_string(links, channel = "experimental", min_score = 10)
    expect_identical(pairs$score, c(300, 10))
    expect_identical(
        read_string(links, channel = "combined_score"), read_string(links)
    )
    expect_input_error(
        read_string(links, channel = "coexpression"),
        "`channel`.*\"experimental\" or\\s+\"combined\".*coexpression"
    )
    plain <- text_file(c("protein1 protein2 combined_score", "1.A 1.B 900"))
    expect_input_error(read_string(plain, channel = "fusion"), "detailed")
})

test_that("aliases of a source become the ids", {
    lines <- c(
        "#string_protein_id\talias\tsource",
        "9606.A\tENSG01\tEnsembl_gene", "9606.A\tP1\tUniProt_AC",
        "9606.A\tP2\tUniProt_AC", "9606.B\tP3\tUniProt_AC",
        "9606.B\tENSG02\tEnsembl_gene", "9606.C\tENSG03\tEnsembl_gene"
    )
    links <- text_file(small_links)
    aliases <- text_file(lines, ".gz")
    pairs <- read_string(links, aliases = aliases, ids = "Ensembl_gene")
    expect_identical(pairs$to, c("ENSG02", "ENSG03"))
    pairs <- read_string(links, aliases = aliases, ids = "UniProt_AC")
    expect_identical(as.list(as.data.frame(pairs)), list(
        from = "P1", to = "P3", score = 900
    ))
    expect_identical(attr(pairs, "id_map")$status, c(
        "one-to-many", "unmapped", "one-to-one"
    )[match(attr(pairs, "id_map")$id, paste0("9606.", c("A", "C", "B")))])
    # the header and the lists of sources of version 11
    old <- text_file(c(
        "## string_protein_id ## alias ## source ##",
        sub("UniProt_AC", "BLAST_UniProt_AC UniProt_AC", lines[-1])
    ))
    expect_identical(
        as.list(read_string(links, aliases = old, ids = "UniProt_AC")),
        as.list(pairs)
    )
    for (ids in list("Uniprot", NULL)) {
        expect_input_error(
            read_string(links, aliases = aliases, ids = ids),
            "`ids`.*Ensembl_gene, UniProt_AC"
        )
    }
    expect_input_error(read_string(links, ids = "UniProt_AC"), "`aliases`")
    info <- text_file(info_lines(1, "A"))
    expect_input_error(read_string(links, info, aliases), "not both")
    expect_input_error(read_string(links, aliases), "`info` must be a")
    expect_input_error(read_string(links, aliases = info), "`aliases` must be")
})

test_that("the species is the one of all files and the one asked for", {
    links <- text_file(small_links)
    for (species in list(9606, "9606", 9606L, NULL)) {
        expect_identical(nrow(read_string(links, species = species)), 2L)
    }
    expect_input_error(
        read_string(links, species = 10090), "species, 10090.*9606"
    )
    mouse <- text_file(info_lines(1:3, c("A", "B", "C"), 10090))
    expect_input_error(read_string(links, mouse), "species, 10090.*9606")
    expect_input_error(
        read_string(links, mouse, species = 9606), "species, 9606.*10090"
    )
    mixed <- text_file(c(small_links, "10090.A 10090.B 0 100"))
    expect_input_error(read_string(mixed), "species, 9606.*10090.A")
    no_id <- text_file(sub("9606.D", "TP53", small_links))
    expect_input_error(read_string(no_id), "\"TP53\" is no id of STRING")
    # proteins of another release
    other <- text_file(c(
        "#string_protein_id\tpreferred_name", "9606.X\tX", "9606.Y\tY"
    ))
    expect_input_error(read_string(links, other), "same version")
    same <- text_file(c(
        "#string_protein_id\tpreferred_name", "9606.A\tX", "9606.B\tY"
    ))
    pairs <- read_string(links, same)
    expect_identical(c(pairs$from, pairs$to), c("X", "Y"))
    alone <- text_file(c(small_links[1], "9606.A 9606.A 300 900"))
    expect_input_error(read_string(alone), "one protein twice")
    expect_input_error(read_string(alone, other), "one protein twice")
})

test_that("arguments that cannot be are named", {
    links <- text_file(small_links)
    expect_input_error(read_string(links, min_score = 0.85), "= 850")
    expect_identical(read_string(links, min_score = 850)$score, c(900, 850))
    expect_input_error(read_string(links, min_score = 0.07), "= 70`")
    expect_input_error(read_string(links, min_score = 0.0004), "= 1`")
    expect_identical(nrow(read_string(links, min_score = 1)), 3L)
    expect_input_error(read_string(links, min_score = 1001), "`min_score`")
    expect_input_error(read_string(links, min_score = 950), "highest.*900")
    expect_input_error(read_string(links, channel = 1), "`channel`")
    expect_input_error(read_string(links, species = 1.5), "`species`")
    expect_input_error(read_string(c(links, links)), "`links`")
    expect_input_error(read_string(links, info = 7), "`info`")
})

test_that("line ends, marks, separators and compression make no difference", {
    expected <- as.list(as.data.frame(read_string(text_file(small_links))))
    same <- function(...) {
        found <- read_string(text_file(...))
        expect_identical(as.list(as.data.frame(found)), expected)
    }
    same(small_links, ending = "\r\n")
    same(small_links, bom = TRUE)
    same(small_links, ext = ".gz")
    same(small_links, ext = ".xz")
    same(gsub(" ", "\t", small_links))
    same(gsub(" ", ",", small_links))
    same(c(small_links, ""))
})

test_that("lines at fault are named", {
    at <- function(lines, pattern, ...) {
        expect_input_error(read_string(text_file(lines, ...)), pattern)
    }
    short <- c(small_links, "", "9606.A 9606.B 3")
    at(short, "Line 9 has 3 fields, not 4")
    at(c(small_links[1:3], "9606.A 9606.B 1 2 3"), "Line 4 has 5 fields")
    at(
        c(small_links, "", "9606.A 9606.B 3 high"),
        "whole numbers.*combined_score.*Line 9 has \"high\""
    )
    # NA would be no way out here
    at(
        c(small_links, "9606.A 9606.B 3 0.9"),
        "Line 8 has \"0.9\".*get the file again"
    )
    at(c(small_links, "9606.A 9606.B 3 1200"), "Row 7 after.*1200")
    at(c(small_links, "9606.A 9606.B 3 NA"), "Row 7 after.*NA")
    at(small_links[1], "header only")
    at(small_links[-1], "must be a file of protein links.*9606.A")
    other <- c("gene1\tgene2\tscore", "A\tB\t1")
    at(other, "read_pairs")
    pairs <- read_pairs(text_file(other))
    expect_identical(as.list(as.data.frame(pairs)), list(
        from = "A", to = "B", score = 1
    ))
})

test_that("a line at fault is found past the first piece", {
    skip_on_cran()
    rows <- rep("9606.A 9606.B 300 900", 1e6 + 20)
    rows[c(1e6 + 3, 1e6 + 9)] <- "9606.A 9606.B x y"
    links <- text_file(c(small_links[1], rows), ".gz")
    expect_input_error(read_string(links), "Line 1000004 has \"y\"")
    rows[1e6 + 5] <- "9606.A 9606.B"
    links <- text_file(c(small_links[1], rows), ".gz")
    expect_input_error(read_string(links), "Line 1000006 has 2 fields")
    # and pairs are joined across pieces
    rows[] <- "9606.A 9606.B 300 900"
    rows[1e6 + 9] <- "9606.B 9606.A 300 950"
    links <- text_file(c(small_links[1], rows), ".gz")
    pairs <- read_string(links)
    expect_identical(pairs$score, 950)
    expect_identical(report_counts(pairs)[["reversed"]], 1)
})

test_that("the header of version 11.0 is known, and the message says what", {
    links <- text_file(c(
        "protein1 protein2 combined_score", "9606.A 9606.B 900"
    ))
    info <- text_file(c(
        "protein_external_id\tpreferred_name\tprotein_size\tannotation",
        "9606.A\tTP53\t1\tx", "9606.B\tMDM2\t1\ty"
    ))
    expect_message(pairs <- read_string(links, info), "protein1.*TP53, MDM2",
        class = "kith_message_pairs"
    )
    expect_identical(c(pairs$from, pairs$to), c("TP53", "MDM2"))
})
