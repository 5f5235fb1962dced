# What a hurried user does wrong is answered with what to do, and that works.

organism <- small_organism()
quiet_fit <- function(x, pairs, ...) {
    suppressMessages(learn_associations(x, pairs, encoder_mlp(hidden = 8),
        control = small_control(2), preset = "cal2026", ...
    ))
}

test_that("ids of another form get the hint that helps", {
    x <- organism$vectors
    lower <- transform(organism$pairs[c("from", "to")],
        from = tolower(from), to = tolower(to)
    )
    expect_input_error(quiet_fit(x, lower), "match in upper case.*toupper")
    rownames(x) <- toupper(rownames(x))
    fit <- quiet_fit(x, data.frame(lapply(lower, toupper)))
    expect_s3_class(fit, "association_fit")
    versions <- organism$vectors
    rownames(versions) <- paste0(rownames(versions), ".2")
    expect_input_error(
        quiet_fit(versions, organism$pairs), "without version numbers"
    )
    others <- data.frame(from = c("P1", "P2"), to = c("P3", "P4"))
    expect_input_error(
        quiet_fit(organism$vectors, others),
        paste0("like \"", rownames(organism$vectors)[1], "\" and")
    )
})

test_that("a matrix on its side and a whole split are recognised", {
    expect_input_error(
        quiet_fit(t(organism$vectors), organism$pairs), "t\\(x\\)"
    )
    set.seed(1)
    parts <- split_pairs(gene_pairs(organism$pairs), by = "gene")
    expect_input_error(quiet_fit(organism$vectors, parts), "parts\\$train")
    expect_s3_class(quiet_fit(organism$vectors, parts$train), "association_fit")
})

test_that("arguments of other functions are sent to where they belong", {
    x <- organism$vectors
    expect_input_error(
        learn_associations(x, organism$pairs, epochs = 3),
        "train_control.*control = train_control\\(epochs"
    )
    expect_input_error(
        learn_associations(x, organism$pairs, seed = 1), "train_control"
    )
    expect_input_error(
        learn_associations(x, organism$pairs, hidden = 8), "encoder_mlp"
    )
    expect_input_error(
        learn_associations(x, organism$pairs, temperature = 1), "objective"
    )
    expect_input_error(
        learn_associations(x, organism$pairs, mystery = 1), "mystery"
    )
    expect_message(
        association_settings(
            encoder_mlp(8), NULL, train_control(verbose = TRUE), "kith", NULL,
            NULL
        ), "the published recipe",
        class = "kith_message_encoder"
    )
    expect_silent(association_settings(
        encoder_mlp(8, dropout = 0.3, blend = FALSE), NULL,
        train_control(verbose = TRUE), "kith", NULL, NULL
    ))
})

test_that("tables without row names get a way out that works", {
    wide <- data.frame(
        gene = rownames(organism$vectors), organism$vectors, row.names = NULL
    )
    for (x in list(wide, data.table::as.data.table(wide))) {
        expect_input_error(
            as_embedding(x), "data.frame\\(x, row.names = \"gene\""
        )
        found <- data.frame(x, row.names = "gene", check.names = FALSE)
        expect_identical(
            unname(as.matrix(as_embedding(found))),
            unname(as.matrix(as_embedding(organism$vectors)))
        )
        expect_identical(
            rownames(as_embedding(found)), rownames(organism$vectors)
        )
    }
    # each gene twice: one row of each, then as above
    twice <- rbind(wide, wide)
    expect_input_error(as_embedding(twice), "duplicated\\(x\\[\\[\"gene\"")
    expect_identical(twice[!duplicated(twice[["gene"]]), ], wide)
    # what a filter leaves
    left <- wide[wide[[2]] > 0, -1]
    expect_input_error(as_embedding(left), "numbers of rows.*rownames\\(x\\)")
    ids <- wide$gene[wide[[2]] > 0]
    for (x in list(left, as.matrix(data.table::as.data.table(left)))) {
        rownames(x) <- ids
        found <- as.matrix(as_embedding(x, normalize = FALSE))
        expect_identical(unname(found), unname(organism$vectors[ids, ]))
        expect_identical(rownames(found), ids)
    }
    expect_message(
        as_embedding(as.matrix(left)), "look like numbers of rows",
        class = "kith_message_ids"
    )
})

test_that("the nearest name is suggested", {
    fit <- quiet_fit(organism$vectors, organism$pairs)
    expect_input_error(
        partners(fit, tolower(fit$genes[1])), dQuote(fit$genes[1], FALSE)
    )
    expect_input_error(
        kith_dataset("strng"), "Did you mean.*string"
    )
    expect_input_error(
        map_genes("TP53", org = "human"), "org = \"org.Hs.eg.db\""
    )
    expect_input_error(map_genes("TP53", org = "martian"), "called like")
    # what is suggested is there
    for (near in nearest_names(tolower(fit$genes[1]), fit$genes)) {
        expect_gt(nrow(partners(fit, near, n = 2)), 0)
    }
})

test_that("plot() draws the figure of an object", {
    fit <- quiet_fit(organism$vectors, organism$pairs)
    withr::local_pdf(NULL)
    expect_s3_class(plot(fit), "ggplot")
    result <- evaluate(fit, NULL, draws = 0)
    expect_s3_class(plot(result), "ggplot")
})
