# PyTorch's values for whole training steps: ten optimiser steps in double
# precision from the same parameters on the same batches (fixtures/README.md).

for (case in golden_cases()) {
    test_that(paste("ten steps agree with PyTorch:", case), {
        gold <- golden(case)
        job <- golden_job(gold)
        trainer <- golden_trainer(gold, job)

        first <- golden_batch(gold, 1)
        .Call(C_batch, trainer, first$items, first$negatives, NULL, 1L)
        gradient <- .Call(C_block_read, trainer, 3L)
        expect_gt(max(abs(gradient)), 0)
        expect_lt(relative_error(gradient, gold$gradient_start), 1e-9)

        losses <- vapply(1:10, function(i) {
            batch <- golden_batch(gold, i)
            .Call(
                C_batch, trainer, batch$items, batch$negatives,
                gold$learning_rates[i], 1L
            )
        }, numeric(1))
        expect_equal(losses, gold$losses, tolerance = 1e-9)
        expect_lt(
            max(abs(.Call(C_block_read, trainer, 0L) - gold$parameters_end)),
            1e-9
        )
        encoded <- t(.Call(C_trainer_encode, trainer, 0:19, 1L))
        expect_equal(encoded, gold$encoding, tolerance = 1e-8)
    })
}
