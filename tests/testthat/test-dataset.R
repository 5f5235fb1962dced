test_that("the list has what is needed to fetch and to cite", {
    datasets <- kith_dataset()
    expect_s3_class(datasets, c("kith_datasets", "data.frame"), exact = TRUE)
    expect_identical(anyDuplicated(datasets$name), 0L)
    expect_identical(
        anyDuplicated(paste(datasets$folder, datasets$file)), 0L
    )
    needed <- c(
        "name", "source", "version", "title", "organism", "citation", "page",
        "file", "folder", "address"
    )
    expect_false(anyNA(datasets[needed]))
    expect_match(datasets$address, "^https?://[^{} ]+$")
    expect_match(datasets$file, "^[A-Za-z0-9._-]+$")
    expect_match(datasets$folder, "^[A-Za-z0-9._-]+$")
    expect_match(datasets$citation, "doi:10\\.")
    expect_match(stats::na.omit(datasets$md5), "^[0-9a-f]{32}$")
    # who publishes a checksum publishes a size
    expect_false(anyNA(datasets$size[!is.na(datasets$md5)]))
})

test_that("addresses are those that the sources name", {
    datasets <- kith_dataset()
    address <- stats::setNames(datasets$address, datasets$name)
    expect_identical(address[["string_links"]], paste0(
        "https://stringdb-downloads.org/download/protein.links.detailed.v12.0/",
        "9606.protein.links.detailed.v12.0.txt.gz"
    ))
    expect_identical(
        address[["replogle_k562_essential"]],
        "https://ndownloader.figshare.com/files/35780870"
    )
    mouse <- kith_dataset(species = 10090)
    expect_match(
        mouse$address[mouse$source == "STRING"], "/10090[.]protein[.].*gz$"
    )
    expect_identical(
        mouse$address[mouse$source != "STRING"],
        datasets$address[datasets$source != "STRING"]
    )
})

test_that("the list prints by source and can be cut", {
    datasets <- kith_dataset()
    shown <- utils::capture.output(print(datasets))
    expect_true(all(nchar(shown) <= 80))
    for (name in datasets$name) {
        expect_length(grep(paste0("^  ", name, " "), shown), 1L)
    }
    expect_match(shown, "DepMap 24Q4, CC BY 4.0", all = FALSE)
    expect_match(shown, "depmap_expression +507 MB", all = FALSE)
    expect_match(shown, "hpa_cell_lines +~206 MB", all = FALSE)
    expect_match(shown, "BioPlex 3.0, no licence stated", all = FALSE)

    human <- datasets[datasets$source == "HuRI", ]
    expect_output(print(human), "1 file of 1 public source\n")
    expect_identical(class(datasets[c("name", "file")]), "data.frame")
    expect_identical(class(as.data.frame(datasets)), "data.frame")
    expect_output(print(datasets[0, ]), "0 files of 0 public sources")
})

test_that("sizes are written as people say them", {
    expect_identical(
        format_size(c(0, 7, 999, 1e3, 99949, 123456789, 2e9)),
        c("0 B", "7 B", "999 B", "1.0 kB", "99.9 kB", "123 MB", "2.0 GB")
    )
})

test_that("the list touches neither network nor cache", {
    cache <- file.path(withr::local_tempdir(), "cache")
    withr::local_options(kith.cache = cache)
    kith_dataset()
    expect_false(file.exists(cache))
})

# ---- what a user gets wrong ------------------------------------------------

test_that("a wrong name is answered with the nearest", {
    expect_error(
        kith_dataset("depmap_expresion"), "depmap_expression",
        class = "kith_error_input"
    )
    expect_identical(
        nearest_names("STRING", kith_dataset()$name),
        c("string_links", "string_physical", "string_info", "string_aliases")
    )
    expect_identical(nearest_names("hu.MAP 2", kith_dataset()$name), "humap2")
    expect_identical(nearest_names("HuRy", kith_dataset()$name), "huri")
    expect_error(kith_dataset(c("huri", "x")), "x", class = "kith_error_input")
    for (bad in list(1, character(), NA_character_, "", list("huri"))) {
        expect_error(kith_dataset(bad), class = "kith_error_input")
    }
})

test_that("a species is a taxon id, and one of the data set", {
    for (bad in list("human", "9606", NA, c(9606, 10090), 9606.5, -1, NULL)) {
        expect_error(
            kith_dataset(species = bad), "Human is 9606",
            class = "kith_error_input"
        )
    }
    expect_error(
        kith_dataset("huri", species = 10090), "taxon 9606",
        class = "kith_error_input"
    )
    expect_error(kith_dataset("huri", cache = 1), class = "kith_error_input")
    # without it, as the error says
    cache <- withr::local_tempdir()
    path <- place_of(toy_dataset(), cache)
    writeLines("a", path)
    expect_error(
        kith_dataset("bioplex_293t", species = 10090, cache = cache),
        "Leave out `species`",
        class = "kith_error_input"
    )
    found <- fetch_quietly("bioplex_293t", cache = cache)
    expect_identical(readLines(found), "a")
})

test_that("a missing package is named, with the line that installs it", {
    skip_on_cran()
    skip_if_not_installed("callr")
    # a folder in its place that is no package hides the one that is there
    hidden <- withr::local_tempdir()
    dir.create(file.path(hidden, "BiocFileCache"))
    writeLines(
        c("Package: BiocFileCache", "Version: 1.0"),
        file.path(hidden, "BiocFileCache", "DESCRIPTION")
    )
    cache <- file.path(withr::local_tempdir(), "cache")
    error <- callr::r(
        function(cache) {
            tryCatch(
                kith::kith_dataset("huri", cache = cache),
                error = function(e) list(class(e), conditionMessage(e))
            )
        },
        list(cache),
        libpath = c(hidden, .libPaths())
    )
    expect_true("kith_error_package" %in% error[[1]])
    expect_match(error[[2]], "BiocManager::install(\"BiocFileCache\")",
        fixed = TRUE
    )
    expect_false(file.exists(cache))
})
