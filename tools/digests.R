# Digests of seeded fits (tests/testthat/helper-digests.R), in the fixture that
# tests/testthat/test-digests.R compares with.
#
#     Rscript tools/digests.R            compare; exit status 1 if any differs
#     Rscript tools/digests.R --write    make the fixture anew
#
# kith comes from R_LIBS. A change that moves a last bit renews the fixture in
# a commit of its own that says why.

folder <- "tests/testthat"
file <- file.path(folder, "fixtures", "digests.json")
helpers <- new.env()
sys.source(file.path(folder, "helper-digests.R"), helpers)
found <- helpers$digest_elsewhere(folder)
if ("--write" %in% commandArgs(TRUE)) {
    jsonlite::write_json(
        list(
            machine = found$machine, digests = as.list(found$digests)
        ), file,
        auto_unbox = TRUE, pretty = TRUE
    )
    cat("wrote", file, "\n")
} else {
    known <- jsonlite::fromJSON(file)
    known_digests <- unlist(known$digests)
    print(unlist(found$machine))
    same <- found$digests == known_digests[names(found$digests)]
    print(same)
    quit(status = as.integer(!all(same)))
}
