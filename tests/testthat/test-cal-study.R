# The script of the CAL study, and the tables of it that ship. Oracles: what the
# paper prints, and columns that must agree with each other.

study_tables <- function() {
    folder <- system.file("extdata", "cal-study", package = "kith")
    files <- list.files(folder, "[.]csv$", full.names = TRUE)
    names(files) <- sub("[.]csv$", "", basename(files))
    tables <- lapply(files, utils::read.csv, na.strings = "")
    # as printed, with zeros at the end
    tables$published <- utils::read.csv(files[["published"]],
        na.strings = "", colClasses = c(published = "character")
    )
    tables
}

study_columns <- list(
    ablation = "arm drop drop_lower drop_upper auc epochs",
    ablation_order = "setting subset order as_published drop reason",
    auc = "data pairs model epochs setting subset scorer auc lower upper",
    blend = "lambda auc gain mean_positive sd_positive mean_negative",
    boundary = "boundary n_positive n_negative share scorer auc",
    cluster_counts = "space clusters n_clusters n_coherent share sd n_genes",
    cluster_map = "x y cluster specific",
    clusters = "space cluster size specific coherent name p_adjusted coverage",
    degree_correlation = "measure rho lower upper",
    degree_groups = "group degree_min degree_max n_pairs cosine score auc",
    distribution = "bin cosine_min cosine_max kind n share q05 q50 q95",
    examples = "from to cosine score cosine_percentile score_percentile",
    facts = "fact value",
    published = "data kind table quantity source published kith tolerance
        matched reason",
    scatter = "setting kind cosine score n cosine_width score_width",
    seeds = "setting subset seed auc loss accuracy input_share",
    training = "pairs seed n_pairs epochs loss accuracy input_share"
)

test_that("the tables of the study have the columns of their README", {
    tables <- study_tables()
    expect_identical(names(tables), names(study_columns))
    for (name in names(study_columns)) {
        wanted <- strsplit(study_columns[[name]], "[ \n]+")[[1]]
        expect_identical(setdiff(wanted, names(tables[[name]])), character())
        expect_gt(nrow(tables[[name]]), 0)
    }
    folder <- system.file("extdata", "cal-study", package = "kith")
    readme <- readLines(file.path(folder, "README.md"))
    told <- regmatches(readme, regexpr("(?<=^[|] `)[a-z_]+(?=[.]csv`)", readme,
        perl = TRUE
    ))
    expect_setequal(told, names(tables))
})

test_that("the tables of the study agree with themselves", {
    tables <- study_tables()
    published <- tables$published
    within <- abs(published$kith - as.double(published$published)) <=
        published$tolerance * (1 + 1e-6)
    expect_identical(published$matched, within & !is.na(within))
    # no row is off without a reason, none has one for nothing
    expect_identical(is.na(published$reason), published$matched)
    expect_false(anyDuplicated(
        published[c("data", "table", "quantity")]
    ) > 0)
    # what needs no matrix was held to half a unit of the last printed digit
    printed <- published[published$kind == "no matrix", ]
    decimals <- nchar(sub("^[^.]*[.]?", "", printed$published))
    expect_equal(printed$tolerance, 0.5 * 10^-decimals)

    for (table in tables[c("auc", "ablation", "blend", "boundary")]) {
        known <- !is.na(table$auc)
        expect_true(all(table$auc[known] >= 0 & table$auc[known] <= 1))
        bounded <- known & !is.na(table$lower)
        expect_true(all(table$lower[bounded] <= table$upper[bounded]))
    }
    # the same pairs, told by two studies
    main <- tables$auc
    main <- main[main$pairs == ">=900" & main$subset == "all" &
        main$scorer == "kith", ]
    key <- function(x) paste(x$data, x$model, x$setting)
    last <- tables$blend[tables$blend$lambda == 1 &
        tables$blend$subset == "all" & tables$blend$model == "cal2026", ]
    at <- match(key(last), key(main))
    expect_false(anyNA(at))
    expect_equal(last$auc, main$auc[at])
    bins <- stats::aggregate(n ~ data + model + setting + kind,
        tables$distribution, sum
    )
    counts <- stats::aggregate(n ~ data + model + setting + kind,
        tables$scatter, sum
    )
    both <- merge(bins, counts, by = c("data", "model", "setting", "kind"))
    expect_identical(nrow(both), nrow(counts))
    expect_identical(both$n.x, both$n.y)

    order <- tables$ablation_order
    expect_identical(
        order$as_published, order$order == "full > uniform > similar > shuffled"
    )
    expect_identical(is.na(order$reason), order$as_published)

    whole <- tables$cluster_counts[tables$cluster_counts$clusters == "all", ]
    for (i in seq_len(nrow(whole))) {
        mine <- tables$clusters$data == whole$data[i] &
            tables$clusters$space == whole$space[i]
        expect_identical(sum(mine), whole$n_clusters[i])
        expect_identical(sum(tables$clusters$size[mine]), whole$n_genes[i])
        expect_equal(sum(tables$clusters$coherent[mine]), whole$n_coherent[i])
    }
})

run_study_script <- function(arguments) {
    folder <- withr::local_tempdir()
    script <- system.file("scripts", "cal-study.R", package = "kith")
    library <- dirname(system.file(package = "kith"))
    output <- system2(
        file.path(R.home("bin"), "Rscript"),
        shQuote(c(
            script, paste0("--lib=", library), paste0("--tables=", folder),
            arguments
        )),
        stdout = TRUE, stderr = TRUE
    )
    file <- file.path(folder, "published.csv")
    list(
        output = output, status = attr(output, "status"),
        published = if (file.exists(file)) {
            utils::read.csv(file, na.strings = "")
        }
    )
}

test_that("what needs no matrix has the study's numbers, to the digit", {
    skip_if_not(nzchar(Sys.getenv("KITH_DATA")), "KITH_DATA is not set")
    skip_if_not_installed("jsonlite")
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    run <- run_study_script("--parts=reference")
    expect_null(run$status)
    found <- run$published[run$published$data == "reference", ]
    # printed by the paper; a reader can check these by eye
    value <- function(quantity) found$kith[found$quantity == quantity]
    expect_equal(value("pairs >=900"), 23268)
    expect_equal(round(value("Spearman of degree and score"), 3), -0.590)
    expect_equal(round(value("C7ORF26-INTS1 score"), 3), 0.393)
    shipped <- study_tables()$published
    shipped <- shipped[shipped$data == "reference", ]
    expect_identical(found$quantity, shipped$quantity)
    expect_identical(found$matched, shipped$matched)
    expect_equal(found$kith, shipped$kith)
    expect_gte(sum(found$matched), 58)
    last <- utils::tail(run$output, 4)
    expect_identical(sub(":.*", "", last), c(
        "tables_written", "published_rows_matched", "published_rows_off",
        "study_minutes"
    ))
    counts <- as.integer(sub(".*: ", "", last[2:3]))
    expect_identical(counts, c(
        sum(run$published$matched), sum(!run$published$matched)
    ))
})

test_that("the script refuses what it does not know", {
    run <- suppressWarnings(run_study_script("--parts=models,figures"))
    expect_false(is.null(run$status))
    expect_match(paste(run$output, collapse = " "), "no part figures")
})
