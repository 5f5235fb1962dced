# Seeded fits have the numbers that they had, bit for bit, on one thread and on
# several (helper-digests.R). Where the engine is meant to change a number,
# tools/digests.R --write renews the fixture.

test_that("seeded fits are what they were", {
    skip_if_not_installed("callr")
    skip_if_not_installed("jsonlite")
    skip_if(
        Sys.getenv("KITH_OTHER_FLAGS") == "true",
        "kith was compiled with other flags than those of R"
    )
    known <- jsonlite::fromJSON(test_path("fixtures", "digests.json"))
    machine <- digest_machine()
    differs <- names(machine)[
        !mapply(identical, machine, known$machine[names(machine)])
    ]
    skip_if(length(differs) > 0, paste(
        "the digests were made on another machine, that differs in",
        toString(differs)
    ))
    found <- digest_elsewhere(test_path())
    expect_identical(found$machine, known$machine)
    expect_identical(as.list(found$digests), known$digests)
})
