# Does the main job hold for all genes of a genome, in bounded time and memory?
#
#     KITH_DATA=... Rscript bench/genome-scale.R [options]
#
#     --parts=fit,million,string,heldout,external
#     --tables=DIR              where the held-out table is written as CSV
#     --lib=DIR                 library that kith is loaded from
#
# Each part runs in a process of its own, whose peak of memory (VmHWM) counts.
#
# fit: 19,670 genes x 64 cell lines of the Human Protein Atlas, log2(NX + 1),
# 50 principal components, and the 82,448 co-essential pairs on different
# chromosomes (Wainberg 2021) that both genes are in the table of; default
# settings, from the matrix to the fit. Then 20 partners of every gene.
#
# million: a million random pairs of 20,000 genes with random vectors in 50
# dimensions: fit (one pass over the genes; memory does not grow with more),
# evaluate(), partners(), guilt by association.
#
# string: read_string() on a generated file of 13 million lines in the format
# of STRING's protein.links.detailed.
#
# heldout: of the genes that have pairs 30 % are test genes; one split, one
# seed. As in bench/heldout.R, but learners on pair features take 100,000 rows.
#
# external: the fit of `fit` on pairs of hu.MAP, HuRI and STRING (physical)
# without the training pairs, against cosine, degree and guilt by association.
#
# The last lines are `name: value`.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "heldout-table.R"))
source(file.path(dirname(script_path()), "heldout-baselines.R"))

PARTS <- c("fit", "million", "string", "heldout", "external")

# Data -------------------------------------------------------------------------

# symbols as row names, made unique, so that all genes are in
read_atlas <- function() {
    table <- utils::read.delim(
        data_file("genes", "hpa_celllines64_nx.tsv.gz"),
        check.names = FALSE
    )
    x <- log2(as.matrix(table[-(1:2)]) + 1)
    rownames(x) <- make.unique(table$gene)
    x
}

read_co_essential <- function(x) {
    table <- utils::read.csv(
        data_file("genes", "coessential_comodule_otherchrom.csv.gz")
    )
    known_to(data.frame(from = table$gene1, to = table$gene2), x)
}

# Parts: each a list of named values -------------------------------------------

part_fit <- function(keep) {
    x <- read_atlas()
    pairs <- read_co_essential(x)
    cat(nrow(x), "genes,", nrow(pairs), "pairs\n")
    fit_seconds <- seconds({
        set.seed(1)
        fit <- learn_associations(as_embedding(x, pca = 50), pairs,
            control = train_control(verbose = FALSE)
        )
    })
    found_seconds <- seconds(found <- partners(fit, n = 20))
    stopifnot(nrow(found) == 20 * nrow(x))
    saveRDS(fit, keep)
    list(
        genome_scale_seconds = fit_seconds,
        genome_scale_peak_gib = peak_mib() / 1024,
        partners_seconds = found_seconds
    )
}

part_million <- function() {
    set.seed(1)
    ids <- paste0("gene", 1:20000)
    x <- matrix(stats::rnorm(20000 * 50), 20000, dimnames = list(ids, NULL))
    drawn <- gene_pairs(data.frame(
        from = sample(ids, 1.1e6, TRUE), to = sample(ids, 1.1e6, TRUE)
    ))
    all <- drawn[1:1010000, ]
    pairs <- all[1:1000000, ]
    took <- seconds(fit <- learn_associations(x, pairs,
        control = train_control(epochs = 1, verbose = FALSE)
    ))
    judged <- evaluate(fit, all[-(1:1000000), ], draws = 100)
    partners(fit, n = 20)
    guilt_by_association(x, pairs, all, threads = train_control()$threads)
    cat("a million pairs, one epoch:", round(took), "s\n")
    list(million_pairs_peak_gib = peak_mib() / 1024)
}

# A file of 13 million lines in the true format: each pair both ways, sorted by
# the first protein. The partners of a protein are the nearest on a ring; all
# numbers follow from the pair, so that both directions agree.
write_links <- function(file, n_proteins = 19600, n_partners = 664) {
    ids <- sprintf("9606.ENSP%011d", 233 + 17 * seq_len(n_proteins))
    connection <- gzfile(file, "wb", compression = 1)
    on.exit(close(connection))
    writeLines(paste(
        "protein1 protein2 neighborhood fusion cooccurence coexpression",
        "experimental database textmining combined_score"
    ), connection)
    steps <- c(-(n_partners / 2):-1, 1:(n_partners / 2))
    for (i in seq_len(n_proteins)) {
        j <- sort((i + steps - 1) %% n_proteins + 1)
        low <- pmin(i, j)
        high <- pmax(i, j)
        channel <- function(k) (low * 7919 + high * 104729 * k) %% 997
        share <- ((low * 31 + high * 17) %% 1000) / 1000
        writeLines(paste(
            ids[i], ids[j], 0, 0, 0, channel(1), channel(2), channel(4),
            channel(5), 150 + floor(849 * share^4)
        ), connection)
    }
}

part_string <- function(file) {
    took <- seconds(read <- read_string(file, min_score = 700))
    cat("STRING file of 13 million lines:", nrow(read), "pairs\n")
    list(string_read_seconds = took, string_read_peak_gib = peak_mib() / 1024)
}

part_heldout <- function() {
    x <- as_embedding(read_atlas(), pca = 50)
    set <- list(name = "genome", x = x, pairs = read_co_essential(x))
    degree <- with(pair_degree(set$pairs), stats::setNames(degree, gene))
    problem <- split_problem(set, set$pairs, 1L)
    rows <- rbind(
        judge_baselines(problem, set, degree, 1L),
        judge_kith(problem, degree, 1L, 1L)$rows,
        judge_published(problem, degree, 1L, 1L)
    )
    table <- heldout_table(rows)
    print_heldout(table, set, 1L)
    write_table(table, "heldout-genome")
    values <- summarise_heldout(table, "genome")
    values[!grepl("_se$", names(values))]
}

part_external <- function(kept) {
    fit <- readRDS(kept)
    result <- list()
    for (source in c("humap", "huri", "string_human_efaar")) {
        largest <- judge_external(fit, source, draws = 100)
        aucs <- stats::setNames(largest$auc, largest$scorer)
        result[[paste0("genome_", source, "_auc")]] <- aucs[["kith"]]
        result[[paste0("genome_", source, "_margin")]] <-
            aucs[["kith"]] - max(aucs[names(aucs) != "kith"])
    }
    result
}

# All --------------------------------------------------------------------------

run_part <- function(part, folder) {
    kith_load(option("lib"))
    file <- function(name) file.path(folder, name)
    values <- switch(part,
        fit = part_fit(file("fit.rds")),
        million = part_million(),
        string = part_string(file("links.txt.gz")),
        heldout = part_heldout(),
        external = part_external(file("fit.rds"))
    )
    saveRDS(values, file(paste0("values-", part, ".rds")))
}

main <- function() {
    parts <- strsplit(option("parts", toString(PARTS)), ",[ ]*")[[1L]]
    stopifnot(all(parts %in% PARTS))
    folder <- tempfile("genome-scale")
    dir.create(folder)
    on.exit(unlink(folder, recursive = TRUE))
    results <- list()
    for (part in parts) {
        if (part == "string") {
            write_links(file.path(folder, "links.txt.gz"))
        }
        status <- system2(
            file.path(R.home("bin"), "Rscript"),
            shQuote(c(
                script_path(), paste0("--part=", part),
                paste0("--folder=", folder), paste0("--lib=", option("lib")),
                paste0("--tables=", option("tables"))
            ))
        )
        if (status != 0L) stop("part ", part, " failed")
        results <- c(
            results, readRDS(file.path(folder, paste0("values-", part, ".rds")))
        )
    }
    cat("\n")
    print_results(results)
}

if (nzchar(option("part"))) {
    run_part(option("part"), option("folder"))
} else {
    main()
}
