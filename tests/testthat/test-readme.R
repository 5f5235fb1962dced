# The code of README.md does what README.md says. Downloads come from a server
# of this machine, with small files under the names of the large ones.

# blocks of code that begin with library(kith)
readme_code <- function() {
    file <- testthat::test_path("..", "..", "README.md")
    skip_if_not(file.exists(file), "README.md is not here")
    lines <- readLines(file)
    code <- startsWith(lines, "    ") | !nzchar(lines)
    starts <- which(lines == "    library(kith)")
    lapply(starts, function(start) {
        end <- start + match(FALSE, code[start:length(lines)]) - 2L
        parse(text = lines[start:end])
    })
}

run_block <- function(block, env) {
    for (expression in block) {
        value <- eval(expression, env)
    }
    value
}

# a screen and STRING's files of it, in a folder
small_sources <- function(folder) {
    withr::local_seed(1)
    organism <- simulate_network(n_genes = 120)
    genes <- c("C7orf26", paste0("GENE", seq_len(nrow(organism$vectors) - 1L)))
    ids <- sprintf("9606.ENSP%011d", seq_along(genes))
    names(ids) <- rownames(organism$vectors)
    table <- function(name, lines) {
        con <- gzfile(file.path(folder, name), "wb")
        writeLines(lines, con)
        close(con)
    }
    pairs <- organism$pairs
    table("links", c(
        "protein1 protein2 combined_score",
        paste(ids[pairs$from], ids[pairs$to], 950)
    ))
    table("info", c(
        "#string_protein_id\tpreferred_name\tprotein_size\tannotation",
        paste(ids, genes, 100, "made up", sep = "\t")
    ))
    x <- cbind(organism$vectors, organism$vectors^2)
    dimnames(x) <- list(
        sprintf("%d_%s_P1P2_ENSG%011d", seq_along(genes), genes,
            seq_along(genes)
        ),
        sprintf("ENSG%011d", seq_len(ncol(x)))
    )
    write_h5ad(x, file.path(folder, "h5ad"))
}

test_that("the code of README.md runs as it stands", {
    skip_on_cran()
    skip_without_downloads()
    skip_if_not_installed("HDF5Array")
    blocks <- readme_code()
    expect_length(blocks, 2L)
    folder <- withr::local_tempdir()
    small_sources(folder)
    answer <- eval(bquote(function(request, n) {
        kind <- if (grepl("links", request$path)) {
            "links"
        } else if (grepl("info", request$path)) {
            "info"
        } else {
            "h5ad"
        }
        file <- file.path(.(folder), kind)
        list(status = 200L, body = readBin(file, "raw", file.size(file)))
    }))
    server <- local_server(answer)
    withr::local_options(
        kith.mirror = server$url, kith.cache = withr::local_tempdir()
    )
    # the sums are those of the real files
    listed <- read_datasets
    local_replaced("read_datasets", function(species) {
        table <- listed(species)
        table$md5 <- NA_character_
        table$size <- NA_real_
        table
    })
    env <- new.env(parent = globalenv())
    found <- suppressMessages(run_block(blocks[[1L]], env))
    expect_identical(unique(found$gene), "C7orf26")
    expect_identical(nrow(found), 10L)
    expect_type(found$evidence, "character")

    utils::capture.output(
        found <- suppressMessages(run_block(blocks[[2L]], env))
    )
    expect_identical(found$rank, 1:5)
    expect_setequal(
        unique(evaluate(env$fit, env$parts, draws = 0)$setting),
        c("one gene unseen", "both genes unseen")
    )
})
