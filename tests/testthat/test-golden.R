# PyTorch's values for whole training steps: ten optimiser steps in double
# precision from the same parameters on the same batches (fixtures/README.md).

for (case in golden_cases()) {
    test_that(paste("ten steps agree with PyTorch:", case), {
        gold <- golden(case)
        job <- golden_job(gold)
        run <- golden_run(gold, job)

        first <- golden_batch(gold, 1)
        engine_batch(run, first$items, first$negatives, NULL, 1L)
        gradient <- engine_read(run, "gradients")
        expect_gt(max(abs(gradient)), 0)
        expect_lt(relative_error(gradient, gold$gradient_start), 1e-9)

        losses <- vapply(1:10, function(i) {
            batch <- golden_batch(gold, i)
            engine_batch(
                run, batch$items, batch$negatives, gold$learning_rates[i]
            )
        }, numeric(1))
        expect_equal(losses, gold$losses, tolerance = 1e-9)
        expect_lt(
            max(abs(engine_read(run, "parameters") - gold$parameters_end)),
            1e-9
        )
        encoded <- engine_output(run, 0:19, 1L)
        expect_equal(encoded, gold$encoding, tolerance = 1e-8)
    })
}
