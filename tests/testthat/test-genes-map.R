# A small stand-in for what AnnotationDbi::select() tells: the rest of the map
# is computed from it. Checks against org.Hs.eg.db follow.
pairs_of <- function(...) {
    targets <- list(...)
    data.frame(
        id = rep(names(targets), lengths(targets)),
        mapped = as.character(unlist(targets)),
        by_alias = rep(FALSE, sum(lengths(targets)))
    )
}

report_of <- function(map) {
    report <- attr(map, "report")
    stats::setNames(report$n, report$status)
}

test_that("each id has the status that its targets give it", {
    found <- pairs_of(a = "1", b = c("2", "3"), c = "4", d = "4", e = "5")
    found$by_alias <- found$id == "e"
    ids <- c("c", "x", "a", "b", "d", "e", "a")
    status <- c(
        "many-to-one", "unmapped", "one-to-one", "one-to-many", "many-to-one",
        "by alias", "one-to-one"
    )
    map <- assemble_map(ids, found, character(), "first")
    expect_identical(map$id, ids)
    expect_identical(map$mapped, c("4", NA, "1", "2", "4", "5", "1"))
    expect_identical(map$status, status)
    expect_identical(report_of(map), c(
        "one-to-one" = 2L, "one-to-many" = 1L, "many-to-one" = 2L,
        "by alias" = 1L, unmapped = 1L
    ))

    map <- assemble_map(ids, found, character(), "drop")
    expect_identical(map$mapped, c("4", NA, "1", NA, "4", "5", "1"))
    expect_identical(map$status, status)

    map <- assemble_map(ids, found, character(), "all")
    expect_identical(map$id, c("c", "x", "a", "b", "b", "d", "e", "a"))
    expect_identical(map$mapped, c("4", NA, "1", "2", "3", "4", "5", "1"))
    expect_identical(sum(attr(map, "report")$n), 7L)
})

test_that("ambiguous aliases are guessed only when asked to", {
    found <- pairs_of(a = c("1", "2"), b = "3")
    found$by_alias <- c(TRUE, TRUE, FALSE)
    for (multiple in c("first", "drop", "all")) {
        map <- assemble_map(c("a", "b"), found, "a", multiple)
        expect_identical(unique(map$status[map$id == "a"]), "ambiguous alias")
        expect_identical(
            map$mapped,
            list(
                first = c("1", "3"), drop = c(NA, "3"), all = c("1", "2", "3")
            )[[multiple]]
        )
    }
})

test_that("no ids give no rows", {
    map <- assemble_map(character(), pairs_of(), character(), "first")
    expect_identical(dim(map), c(0L, 3L))
    expect_output(print(map), "of 0 ids")
})

test_that("symbols, aliases and identifiers are found in org.Hs.eg.db", {
    skip_if_not_installed("org.Hs.eg.db")
    map <- map_genes(
        c("TP53", "MLL", "nothing", "tp53", "TP53"), "SYMBOL", "ENTREZID",
        "org.Hs.eg.db"
    )
    expect_identical(map$mapped, c("7157", "4297", NA, NA, "7157"))
    expect_identical(map$status, c(
        "one-to-one", "by alias", "unmapped", "unmapped", "one-to-one"
    ))
    org <- org.Hs.eg.db::org.Hs.eg.db
    expect_identical(
        map_genes(c(7157, 100000), "ENTREZID", "SYMBOL", org)$mapped,
        c("TP53", NA)
    )
    # one gene, two names in use: both arrive, and the current one tells
    map <- map_genes(c("KMT2A", "MLL"), "SYMBOL", "SYMBOL", org)
    expect_identical(map$mapped, c("KMT2A", "KMT2A"))
    expect_identical(map$status, c("many-to-one", "by alias"))
    expect_identical(
        map_genes("nothing", "ENSEMBL", "SYMBOL", org)$status, "unmapped"
    )
})

test_that("the first of many agrees with mapIds, all with select", {
    skip_if_not_installed("org.Hs.eg.db")
    org <- org.Hs.eg.db::org.Hs.eg.db
    ids <- utils::head(AnnotationDbi::keys(org, "ENTREZID"), 300)
    expected <- suppressMessages(
        AnnotationDbi::mapIds(org, ids, "ENSEMBL", "ENTREZID")
    )
    map <- map_genes(ids, "ENTREZID", "ENSEMBL", org)
    expect_identical(map$mapped, unname(expected))
    all <- map_genes(ids, "ENTREZID", "ENSEMBL", org, multiple = "all")
    expected <- suppressMessages(
        AnnotationDbi::select(org, ids, "ENSEMBL", "ENTREZID")
    )
    expect_identical(all$id, expected$ENTREZID)
    expect_identical(all$mapped, expected$ENSEMBL)
    expect_gt(nrow(all), length(ids))
})

test_that("an ambiguous alias of the database is told", {
    skip_if_not_installed("org.Hs.eg.db")
    org <- org.Hs.eg.db::org.Hs.eg.db
    map <- map_genes("p40", "SYMBOL", "SYMBOL", org, multiple = "all")
    expect_gt(nrow(map), 1L)
    expect_identical(unique(map$status), "ambiguous alias")
    dropped <- map_genes("p40", "SYMBOL", "ENTREZID", org, multiple = "drop")
    expect_identical(dropped$mapped, NA_character_)
})

test_that("bad input is named", {
    skip_if_not_installed("org.Hs.eg.db")
    bad <- function(pattern, ids = "TP53", from = "SYMBOL", to = "ENTREZID",
                    org = org.Hs.eg.db::org.Hs.eg.db, ...) {
        expect_error(
            map_genes(ids, from, to, org, ...), pattern,
            class = "kith_error_input"
        )
    }
    bad("`from`.*SYMBL.*ACCNUM.*REFSEQ", from = "SYMBL")
    bad("`to`.*NAME.*ENSEMBL", to = "NAME")
    bad("`from`", from = NA)
    bad("`ids`.*Element 2", ids = c("TP53", NA))
    bad("`ids`.*Element 1", ids = "")
    # as the error says, also for factors and numbers
    for (ids in list(c("MDM2", NA, "", "TP53"), c(4193, NA, 7157))) {
        from <- if (is.numeric(ids)) "ENTREZID" else "SYMBOL"
        for (ids in list(ids, factor(ids))) {
            bad("ids\\[!is.na\\(ids\\) & ids != \"\"\\]", ids, from)
            found <- map_genes(
                ids[!is.na(ids) & ids != ""], from, "ENTREZID", "org.Hs.eg.db"
            )
            expect_identical(found$mapped, c("4193", "7157"))
        }
    }
    bad("org = \"org.Hs.eg.db\"", org = "human")
    expect_identical(
        map_genes("TP53", "SYMBOL", "ENTREZID", "org.Hs.eg.db")$mapped, "7157"
    )
    x <- matrix(3, 1, 1, dimnames = list("TP53", "s1"))
    expect_input_error(rename_genes(x, "TP53"), "map_genes\\(\\)")
    map <- map_genes(rownames(x), "SYMBOL", "ENTREZID", "org.Hs.eg.db")
    expect_identical(
        suppressMessages(rename_genes(x, map)), `rownames<-`(x, "7157")
    )
    bad("`ids`", ids = list("TP53"))
    bad("`ids`", ids = 1.5)
    bad("`org`", org = 7)
    bad("`org`", org = "stats")
    expect_error(
        map_genes("TP53", "SYMBOL", "ENTREZID", "org.Nobody.db"),
        "org.Nobody.db",
        class = "kith_error_package"
    )
    expect_error(
        map_genes("TP53", "SYMBOL", "ENTREZID", "org.Hs.eg.db", "most"),
        "multiple"
    )
})

test_that("rows are renamed, merged and counted", {
    x <- matrix(as.numeric(1:10), 5,
        dimnames = list(c("c", "a", "b", "x", "a"), c("s1", "s2"))
    )
    map <- data.frame(
        id = c("a", "b", "c", "y", "a"),
        mapped = c("G1", "G1", "G2", "G3", "G1")
    )
    merged <- function(combine) suppressMessages(rename_genes(x, map, combine))
    expect_message(rename_genes(x, map), "5 rows became 2 genes")
    expect_message(rename_genes(x, map), "1 row without a target was left out")
    expect_message(rename_genes(x, map), "1 gene with several rows")
    expect_identical(merged("mean"), rbind(
        G2 = x[1, ], G1 = colMeans(x[c(2, 3, 5), ])
    ))
    expect_identical(merged("first"), rbind(G2 = x[1, ], G1 = x[2, ]))
    expect_identical(merged("drop"), rbind(G2 = x[1, ]))
    # an id with several targets gives its row to each
    map <- data.frame(id = c("c", "c"), mapped = c("G1", "G2"))
    expect_identical(merged("mean"), rbind(G1 = x[1, ], G2 = x[1, ]))
})

test_that("what cannot be renamed is refused", {
    x <- matrix(1, 1, 1, dimnames = list("a", NULL))
    map <- data.frame(id = "a", mapped = "G")
    bad <- function(pattern, ...) {
        expect_error(rename_genes(...), pattern, class = "kith_error_input")
    }
    bad("`x`", unname(x), map)
    bad("`x`", x > 0, map)
    bad("`map`", x, map["id"])
    bad("`map`", x, "G")
    map$id <- "b"
    bad("`map`.*\"a\"", x, map)
})

test_that("the probes of the leukaemia chip reach their genes", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("multtest")
    data <- new.env()
    utils::data("golub", package = "multtest", envir = data)
    probes <- data$golub.gnames[, 3]
    expression <- data$golub
    # accession numbers, without what the chip appends to them
    rownames(expression) <- sub("_.*$", "", probes)
    map <- map_genes(
        unique(rownames(expression)), "ACCNUM", "SYMBOL", "org.Hs.eg.db"
    )
    genes <- suppressMessages(rename_genes(expression, map))
    expect_identical(ncol(genes), 38L)
    expect_false(anyDuplicated(rownames(genes)) > 0)
    expect_gt(nrow(genes), 2000)
    expect_lt(nrow(genes), 2300)
})
