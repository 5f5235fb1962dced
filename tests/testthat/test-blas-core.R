# What is said of a BLAS that does not know the processor.

test_that("kernels older than the processor are told, with the way to others", {
    hint <- slow_blas_hint("Prescott", "SkylakeX")
    expect_match(hint, "an old one (Prescott)", fixed = TRUE)
    expect_match(hint, "OPENBLAS_CORETYPE=SkylakeX R", fixed = TRUE)
    expect_null(slow_blas_hint("SkylakeX", "SkylakeX"))
    expect_null(slow_blas_hint("Zen", "Haswell"))
    # another BLAS, an old processor, a compiler that cannot tell
    expect_null(slow_blas_hint(NA_character_, "Haswell"))
    expect_null(slow_blas_hint("Prescott", NA_character_))
})

test_that("the way that the hint shows works", {
    best <- build_features()$blas_best_core
    skip_if(is.na(build_features()$blas_core), "the BLAS is not OpenBLAS")
    skip_if_not_installed("callr")
    skip_if(is.na(best), "an old processor, or a compiler that cannot tell")
    core <- callr::r(
        function() .Call(kith:::C_build_features)$blas_core,
        env = c(callr::rcmd_safe_env(), OPENBLAS_CORETYPE = best)
    )
    expect_identical(core, best)
})
