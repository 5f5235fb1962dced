# Oracle: the dense matrix that the test's own writer (helper-h5ad.R) put into
# the file.
skip_if_not_installed("rhdf5")
skip_if_not_installed("HDF5Array")

counts <- function(n = 7, p = 5, seed = 1) {
    withr::local_seed(seed)
    x <- matrix(rpois(n * p, 0.8) + 0, n)
    # an empty row and an empty column
    x[2, ] <- 0
    x[, 3] <- 0
    dimnames(x) <- list(paste0("G", seq_len(n)), paste0("f", seq_len(p)))
    x
}

h5ad_file <- function(x, ..., envir = parent.frame()) {
    file <- withr::local_tempfile(fileext = ".h5ad", .local_envir = envir)
    write_h5ad(x, file, ...)
}

quietly <- function(...) suppressMessages(read_profiles(...))

values <- function(x) {
    attributes(x) <- list(dim = dim(x), dimnames = dimnames(x))
    x
}

test_that("every encoding and layout gives the matrix back", {
    x <- counts()
    for (encoding in c("dense", "csr", "csc")) {
        for (layout in c("new", "0.7", "old")) {
            file <- h5ad_file(x, encoding, layout)
            expect_identical(values(quietly(file)), x)
            expect_identical(
                values(quietly(file, genes_in = "columns")), t(x)
            )
            delayed <- quietly(file, delayed = TRUE)
            expect_s4_class(delayed, "DelayedMatrix")
            expect_identical(as.matrix(delayed), x)
            # from disk to vectors, as from memory
            expect_equal(
                as.matrix(as_embedding(delayed[-2, ], pca = 2)),
                as.matrix(as_embedding(x[-2, ], pca = 2))
            )
        }
    }
})

test_that("gene ids come from any column of obs", {
    x <- counts()
    symbol <- paste0("S", c(1, 2, 3, 1, 4, 2, 5))
    category <- factor(symbol)
    category[3] <- NA
    for (layout in c("new", "0.7", "old")) {
        file <- h5ad_file(x, layout = layout, obs = list(
            symbol = symbol, entrez = 101:107, category = factor(symbol)
        ))
        for (column in c("symbol", "category")) {
            found <- quietly(file, column)
            expect_identical(rownames(found), unique(symbol))
            expect_equal(found["S1", ], colMeans(x[c(1, 4), ]))
            expect_identical(found["S3", ], x[3, ])
            expect_identical(report_counts(found)[["merged rows"]], 2)
        }
        expect_identical(
            rownames(quietly(file, "entrez")), as.character(101:107)
        )
        expect_input_error(quietly(file, "none"), "`gene_id`.*none.*entrez")
        expect_input_error(quietly(file, 2), "`gene_id`")
    }
    for (layout in c("new", "0.7")) {
        file <- h5ad_file(x, layout = layout, obs = list(category = category))
        found <- quietly(file, "category")
        expect_identical(report_counts(found)[["missing ids"]], 1)
        expect_false("S3" %in% rownames(found))
    }
})

test_that("columns with a mask have missing values where it says so", {
    x <- counts()
    file <- h5ad_file(x)
    add <- function(name, values) {
        path <- paste0("obs/", name)
        rhdf5::h5createGroup(file, path)
        rhdf5::h5write(values, file, paste0(path, "/values"))
        rhdf5::h5write(c(0L, 1L, rep(0L, 5)), file, paste0(path, "/mask"))
    }
    add("entrez", 101:107)
    add("symbol", letters[1:7])
    expect_identical(
        rownames(quietly(file, "entrez")), as.character(c(101, 103:107))
    )
    found <- quietly(file, "symbol")
    expect_identical(rownames(found), letters[c(1, 3:7)])
    expect_identical(report_counts(found)[["missing ids"]], 1)
})

test_that("values are double, whatever they are in the file", {
    x <- counts()
    types <- c("STD_U8LE", "STD_I64LE", "IEEE_F32LE", "STD_I16BE")
    for (type in types) {
        file <- h5ad_file(x)
        rhdf5::h5delete(file, "X")
        rhdf5::h5createDataset(
            file, "X", dim(t(x)), H5type = paste0("H5T_", type)
        )
        rhdf5::h5write(unname(t(x)), file, "X")
        expect_identical(values(quietly(file)), x)
        delayed <- quietly(file, delayed = TRUE)
        expect_identical(as.matrix(delayed), x)
    }
})

test_that("names of Perturb-seq are understood, controls are left out", {
    x <- counts()
    rownames(x) <- c(
        "10005_POLR2D_P1P2_ENSG00000144231", "1_A1BG_P1_ENSG00000121410",
        "7_non-targeting_non-targeting_non-targeting",
        "11_POLR2D_P2_ENSG00000144231", "12_NKX2-5_P1P2_ENSG00000183072",
        "13_non-targeting_non-targeting_non-targeting", "14_odd_P1_nan"
    )
    file <- h5ad_file(x)
    found <- quietly(file)
    expect_identical(rownames(found), c("POLR2D", "A1BG", "NKX2-5", "odd"))
    expect_equal(found["POLR2D", ], colMeans(x[c(1, 4), ]))
    expect_identical(found["NKX2-5", ], x[5, ])
    n <- report_counts(found)
    expect_identical(n[["controls"]], 2)
    expect_identical(n[["input rows"]], 7)
    expect_identical(
        sum(n[c(
            "genes", "missing ids", "controls", "incomplete genes",
            "merged rows"
        )]),
        7
    )
    expect_message(read_profiles(file), "4 genes x 5 features from 7 rows")
    expect_message(read_profiles(file), "2 controls, 1 merged rows")

    kept <- quietly(file, repeated = "keep")
    expect_identical(
        rownames(kept), c("POLR2D", "A1BG", "POLR2D.1", "NKX2-5", "odd")
    )
    expect_identical(unname(values(kept)), unname(x[-c(3, 6), ]))
    expect_identical(attr(kept, "gene")[3], "POLR2D")

    by_id <- quietly(file, id = "accession")
    expect_identical(rownames(by_id), sub("^.*_", "", rownames(x)[c(1, 2, 5)]))
    expect_identical(report_counts(by_id)[["missing ids"]], 1)
    expect_identical(
        rownames(quietly(file, id = "name")), rownames(x)[-c(3, 6)]
    )
})

test_that("what needs the values in memory is refused for delayed ones", {
    x <- counts()
    rownames(x)[2] <- "G1"
    file <- h5ad_file(x)
    expect_input_error(quietly(file, delayed = TRUE), "`repeated`.*keep")
    expect_equal(quietly(file, delayed = FALSE)["G1", ], colMeans(x[1:2, ]))
    kept <- quietly(file, delayed = TRUE, repeated = "keep")
    expect_identical(rownames(kept)[1:2], c("G1", "G1.1"))
    x[1, 2] <- Inf
    x[4, 1] <- NaN
    file <- h5ad_file(x)
    expect_input_error(
        quietly(file, delayed = TRUE, repeated = "keep"), "`missing`.*zero"
    )
    kept <- quietly(file,
        delayed = TRUE, repeated = "keep", missing = "zero"
    )
    x[!is.finite(x)] <- 0
    expect_identical(unname(as.matrix(kept)), unname(x))
    expect_identical(report_counts(kept)[["infinite values"]], 1)
})

test_that("files that lack a part are named", {
    x <- counts()
    file <- h5ad_file(x)
    rhdf5::h5delete(file, "X")
    rhdf5::h5createGroup(file, "layers")
    rhdf5::h5write(t(x), file, "layers/raw")
    expect_input_error(quietly(file), "matrix X.*layers/raw")
    # as the error says
    rhdf5::h5write(rhdf5::h5read(file, "layers/raw"), file, "X")
    expect_identical(values(quietly(file)), x)

    file <- h5ad_file(x)
    rhdf5::h5delete(file, "obs")
    expect_input_error(quietly(file), "must have obs")

    file <- h5ad_file(x, obs = list(symbol = letters[1:7]))
    rhdf5::h5deleteAttribute(file, "obs", "_index")
    expect_input_error(quietly(file), "index in obs.*symbol.*gene_id")
    expect_identical(values(quietly(file, "symbol")),
        `rownames<-`(x, letters[1:7])
    )
    # gene_id does not choose the names of features
    error <- expect_input_error(
        quietly(file, genes_in = "columns"), "index in obs"
    )
    expect_no_match(conditionMessage(error), "gene_id")
    # an index that is named, but not there
    h5_attributes(file, "obs", "_index" = "nowhere")
    expect_input_error(quietly(file), "index in obs.*symbol.*gene_id")

    file <- h5ad_file(x)
    rhdf5::h5delete(file, "obs/gene_transcript")
    rhdf5::h5write(letters, file, "obs/gene_transcript")
    expect_input_error(quietly(file), "26 for 7")

    file <- h5ad_file(x)
    rhdf5::h5delete(file, "X")
    rhdf5::h5write(1:7, file, "X")
    expect_input_error(quietly(file), "matrix X, dense, CSR or CSC.*1 dim")

    file <- h5ad_file(x, "csr")
    rhdf5::h5deleteAttribute(file, "X", "shape")
    expect_input_error(quietly(file), "dense, CSR or CSC.\n.* The attr.*shape")
    file <- h5ad_file(x, "csr")
    rhdf5::h5deleteAttribute(file, "X", "encoding-type")
    expect_input_error(quietly(file), "dense, CSR or CSC.\n.* The attr.*form")

    file <- h5ad_file(x)
    rhdf5::h5delete(file, "X")
    rhdf5::h5write(matrix(letters[1:6], 3), file, "X")
    expect_input_error(quietly(file), "numbers in the matrix X.*text")
    # rhdf5 cannot write truth values as Python does
    expect_input_error(
        check_h5ad_numbers(
            "f", data.frame(path = "/X", class = "ENUM"), "/X",
            rlang::current_env()
        ),
        "numbers.*truth values.*astype"
    )
})

test_that("files that are no HDF5 or cut off are named", {
    x <- counts(200, 50)
    expect_input_error(quietly(cut_off(h5ad_file(x))), "could not be opened")
    # a message of another package may hold anything
    braces <- file.path(withr::local_tempdir(), "{x}.h5ad")
    file.rename(cut_off(h5ad_file(x)), braces)
    expect_input_error(quietly(braces), "could not be opened")
    html <- text_file("<!DOCTYPE html><title>404</title>", ".h5ad")
    expect_input_error(quietly(html), "web page")
    expect_input_error(
        quietly(text_file(c("a,b", "c,1"), ".h5ad")), "HDF5 file, as its name"
    )
    file <- h5ad_file(x)
    for (ext in c(".h5ad", ".h5ad.gz")) {
        packed <- withr::local_tempfile(fileext = ext)
        con <- gzfile(packed, "wb")
        writeBin(readBin(file, raw(), file.size(file)), con)
        close(con)
        expect_input_error(quietly(packed), "Unpack it")
        expect_identical(values(quietly(unpack(packed, NULL))), x)
    }
    expect_input_error(quietly(file, sep = ","), "for text\\s+files")
    expect_input_error(
        read_gene_sets(file), "no text"
    )
})

test_that("cells in obs leave the genes to var", {
    x <- counts(6, 4)
    ends <- c("AA", "AC", "AG", "AT", "CA", "CC")
    rownames(x) <- paste0("AAACCTGAGAAACC", ends, "-1")
    file <- write_h5ad(x, withr::local_tempfile(fileext = ".h5ad"))
    expect_message(found <- read_profiles(file), "genes in var",
        class = "kith_message_profiles"
    )
    expect_identical(rownames(found), colnames(x))
    expect_identical(colnames(found), rownames(x))
    rownames(x) <- as.character(0:5)
    file <- write_h5ad(x, withr::local_tempfile(fileext = ".h5ad"))
    expect_input_error(quietly(file), "numbers of rows.*to say so")
    expect_identical(values(quietly(file, "gene_transcript")), x)
    expect_identical(rownames(quietly(file, genes_in = "columns")), colnames(x))
})

test_that("an X that is null points to the layers", {
    x <- counts(3, 4)
    file <- write_h5ad(x, withr::local_tempfile(fileext = ".h5ad"))
    rhdf5::h5delete(file, "X")
    rhdf5::h5createGroup(file, "layers")
    rhdf5::h5write(unname(t(x)), file, "layers/counts")
    expect_input_error(quietly(file), "layers/counts")
    # as AnnData 0.12 writes it
    rhdf5::h5write(0L, file, "X")
    h5_attributes(file, "X", "encoding-type" = "null")
    expect_input_error(quietly(file), "It has none.*layers/counts")
})

test_that("a file that claims more than it can hold is not read", {
    x <- counts(3, 4)
    file <- write_h5ad(x, withr::local_tempfile(fileext = ".h5ad"))
    tree <- h5ad_tree(file, NULL)
    expect_null(check_h5ad_sizes(file, tree, NULL))
    tree$size[tree$path == "/X"] <- 1e9
    expect_input_error(check_h5ad_sizes(file, tree, NULL), "claims to hold")
    # parts of a sparse X that do not fit each other
    file <- write_h5ad(x, withr::local_tempfile(fileext = ".h5ad"), "csr")
    h5_attributes(file, "X", shape = c(1000000L, 4L))
    expect_input_error(quietly(file), "do not fit")
})
