# The task on sets of sequences (src/task/sequences_contrast.c) and the views
# that it draws (src/seq/views.c).

test_that("a batch has the loss of the networks in plain R", {
    x <- some_sequences()
    set <- some_sets_of(x)
    size <- tabulate(set)
    weight <- log(size + 0.4) / mean(log(size + 0.4))
    items <- c(11L, 0:8)
    for (objective in c("decoupled", "decoupled_one_sum", "nt_xent")) {
        plan <- sequence_plan(x,
            objective = objective,
            options = c(crop = 0.6, mask_rate = 0.2, shift = 2)
        )
        run <- engine_create(plan, "double", sequence_arrays(x, set))
        p <- engine_read(run, "parameters")
        views <- views_of_batch(x, set, plan, items)
        expect_gt(length(unique(vapply(views, nrow, 0L))), 2L)
        encoded <- t(vapply(views, encode_sequence_r, numeric(4), p))
        z <- project_r(encoded, utils::tail(p, 51))
        expect_equal(engine_batch(run, items),
            view_loss_r(z, weight[items + 1L], 0.5, objective),
            tolerance = 1e-10
        )
    }
})

test_that("sets of two without crops and masks are known views", {
    x <- some_sequences(20)
    set <- rep(1:10, each = 2)
    items <- 0:9
    run <- sequence_run(x, set, objective = "decoupled_one_sum")
    p <- engine_read(run, "parameters")
    lengths <- bucket_lengths(max(x$length))
    encoded <- t(vapply(seq_along(x$id), function(i) {
        positions <- lengths[lengths >= x$length[i]][1L]
        tracks <- expand_tracks(x, i, positions)[1L, , ]
        encode_sequence_r(tracks, p)
    }, numeric(4)))
    z <- project_r(encoded, utils::tail(p, 51))
    expect_equal(engine_batch(run, items),
        view_loss_r(
            z[c(seq(1, 19, 2), seq(2, 20, 2)), ], rep(1, 10), 0.5,
            "decoupled_one_sum"
        ),
        tolerance = 1e-10
    )
    # and what the run gives of whole sequences
    expect_equal(engine_output(run, 0:19, 1L), encoded, tolerance = 1e-10)
    expect_equal(engine_output(run, c(7L, 2L), 1L), encoded[c(8, 3), ],
        tolerance = 1e-10
    )
})

test_that("gradients equal central differences, over several buckets", {
    x <- some_sequences()
    set <- some_sets_of(x)
    norm <- layer("layernorm")
    for (objective in c("decoupled", "nt_xent")) {
        run <- sequence_run(x, set,
            objective = objective, smooth = TRUE, norm = norm,
            head_norm = layer("batchnorm", option = c(1e-5, 0.1)),
            options = c(crop = 0.6, mask_rate = 0.2, most_positions = 150)
        )
        start <- engine_read(run, "parameters")
        loss_at <- function(parameters) {
            engine_write(run, "parameters", parameters)
            engine_batch(run, 0:11)
        }
        loss_at(start)
        gradient <- engine_read(run, "gradients")
        numeric <- numeric_gradient(loss_at, start)
        expect_gt(max(abs(numeric[1:60])), 1e-3)
        expect_lt(relative_error(gradient, numeric), 1e-6)
        # gradients start from zero
        loss_at(start)
        expect_identical(engine_read(run, "gradients"), gradient)
    }
})

test_that("chunks change sums by rounding alone", {
    x <- some_sequences()
    set <- some_sets_of(x)
    found <- lapply(c(1, 100, 500, 2^16), function(most) {
        run <- sequence_run(x, set,
            options = c(most_positions = most, mask_rate = 0.1, crop = 0.8)
        )
        loss <- engine_batch(run, 0:11)
        c(loss, engine_read(run, "gradients"), engine_output(run, 0:29, 1L))
    })
    for (one in found) expect_equal(one, found[[4L]], tolerance = 1e-12)
    # one bucket, one chunk
    one <- sequence_run(x, set, options = c(shortest = 96, mask_rate = 0.1))
    many <- sequence_run(x, set,
        options = c(shortest = 96, mask_rate = 0.1, most_positions = 96)
    )
    expect_equal(engine_batch(many, 0:11), engine_batch(one, 0:11),
        tolerance = 1e-12
    )
    expect_equal(engine_read(many, "gradients"), engine_read(one, "gradients"),
        tolerance = 1e-12
    )
})

test_that("running statistics of an encoder move once for each chunk", {
    x <- some_sequences()
    set <- some_sets_of(x)
    norm <- layer("batchnorm", option = c(1e-5, 0.1))
    plan <- sequence_plan(x,
        norm = norm, options = c(shortest = 96), objective = "nt_xent"
    )
    run <- engine_create(plan, "double", sequence_arrays(x, set))
    items <- 0:9
    views <- views_of_batch(x, set, plan, items)
    p <- engine_read(run, "parameters")
    weight <- array(p[1:90], c(3, 6, 5))
    y <- do.call(rbind, lapply(views, function(tracks) {
        padded <- rbind(0, tracks, 0)
        Reduce(`+`, lapply(1:3, function(k) {
            padded[k - 1L + 1:96, ] %*% weight[k, , ]
        })) + rep(p[91:95], each = 96)
    }))
    engine_batch(run, items)
    expect_equal(engine_read(run, "state"),
        c(0.1 * colMeans(y), 0.9 + 0.1 * apply(y, 2, stats::var)),
        tolerance = 1e-10
    )
    # gradients with batch statistics of chunks are those of the second pass
    run <- sequence_run(x, set,
        norm = norm, smooth = TRUE, options = c(most_positions = 200)
    )
    start <- engine_read(run, "parameters")
    loss_at <- function(parameters) {
        engine_write(run, "parameters", parameters)
        engine_batch(run, items)
    }
    loss_at(start)
    gradient <- engine_read(run, "gradients")
    expect_lt(relative_error(gradient, numeric_gradient(loss_at, start)), 1e-6)
})

for (precision in precisions()) {
    test_that(paste("a saved run goes on bit for bit:", precision), {
        x <- some_sequences(120)
        set <- some_sets_of(x)
        new_run <- function() {
            sequence_run(x, set,
                precision = precision, dropout = 0.2, batch_size = 16,
                norm = layer("batchnorm", option = c(1e-5, 0.1)),
                head_norm = layer("batchnorm", option = c(1e-5, 0.1)),
                options = c(
                    crop = 0.7, mask_rate = 0.15, shift = 3,
                    most_positions = 300
                )
            )
        }
        unbroken <- new_run()
        engine_epoch_begin(unbroken, 0, 1L)
        advance_to(unbroken, 2)

        saved <- new_run()
        engine_epoch_begin(saved, 0, 1L)
        engine_advance(saved, 2, 0.01, 1L)
        place <- engine_place(saved)
        expect_identical(place[["position"]], 32)
        expect_gt(place[["hits"]], 0)
        expect_lte(place[["hits"]], 32)
        resumed <- new_run()
        blocks <- engine_blocks(saved)
        for (name in names(blocks)) {
            engine_write(resumed, name, blocks[[name]])
        }
        engine_move(resumed, place)
        expect_identical(
            all_of_run(advance_to(resumed, 2)), all_of_run(unbroken)
        )
        threaded <- new_run()
        engine_epoch_begin(threaded, 0, 3L)
        expect_identical(
            all_of_run(advance_to(threaded, 2, 3L)), all_of_run(unbroken)
        )
        expect_identical(
            engine_output(threaded, 0:119, 3L),
            engine_output(unbroken, 0:119, 1L)
        )
    })
}

test_that("chunks of a step drop out other values", {
    # one sequence, over and over: without dropout all rows are one
    x <- encode_transcripts(
        stats::setNames(rep("ACGTACCGGTTACGATTAC", 16), paste0("t", 1:16))
    )
    encodings <- function(dropout) {
        run <- sequence_run(x, 1:16,
            dropout = dropout, batch_size = 16,
            options = c(most_positions = 32)
        )
        engine_batch(run, 0:15, learning_rate = 0)
        engine_epoch_begin(run, 0, 1L)
        engine_advance(run, 1, 0, 1L)
        engine_place(run)[["mean_cosine"]] / 16
    }
    expect_equal(encodings(0), 1, tolerance = 1e-12)
    expect_lt(encodings(0.5), 0.999)
})

# ---- views ------------------------------------------------------------------

test_that("masks have their exact number and stay within bases unless asked", {
    codes <- longest_codes()
    n <- length(codes)
    whole <- draw_view_r(
        codes, c(1, 1, 0, 0, 0, 0, 0.25, 6), 96, 0, 0, 0
    )$tracks
    expect_identical(unname(rowSums(whole)[(n + 1):96]), rep(0, 96 - n))
    hit <- matrix(FALSE, 200, 96)
    for (rate in c(0.15, 0.5)) {
        for (all in 0:1) {
            for (step in 1:200) {
                rules <- c(1, 1, 0, rate, all, 0, 0.25, 6)
                found <- draw_view_r(codes, rules, 96, step, 7, 1)$tracks
                masked <- rowSums(found == 0.25) == 6
                expect_identical(found[!masked, ], whole[!masked, ])
                hit[step, ] <- masked
            }
            most <- if (all) 96 else n
            expect_identical(
                rowSums(hit), rep(floor(rate * most), 200)
            )
            if (!all) expect_false(any(hit[, -seq_len(n)]))
            # each position has the same chance
            share <- floor(rate * most) / most
            within <- colSums(hit)[seq_len(most)]
            expect_lt(
                max(abs(within - 200 * share)),
                5 * sqrt(200 * share * (1 - share))
            )
        }
    }
    # zeros, and masks of shifted views
    rules <- c(1, 1, 3, 0.3, 0, 0, 0, 4)
    for (step in 1:20) {
        found <- draw_view_r(codes, rules, 128, step, 7, 1)
        shift <- found$span[3L]
        expect_true(shift %in% 0:3)
        letters <- found$tracks[shift + seq_len(n), ]
        expect_identical(sum(rowSums(letters) == 0), as.integer(floor(0.3 * n)))
        expect_true(all(found$tracks[-(shift + seq_len(n)), ] == 0))
    }
})

test_that("masks of codons fall on whole codons in the frame", {
    # a coding sequence from base 6 to 20: the frame is 2, counted from 0
    x <- encode_transcripts(
        c(coding = strrep("ACGTTGCA", 4), other = strrep("ACGTTGCA", 4)),
        cds = data.frame(id = "coding", cds_start = 6, cds_end = 20)
    )
    codes <- bytes_of(x, 1L)
    whole <- 10L # codons in 30 bases from the third on
    seen <- NULL
    for (all in 0:1) {
        for (step in 1:40) {
            rules <- c(0.7, 1, 3, 0.35, all, 1, 0.25, 6)
            found <- draw_view_r(codes, rules, 48, step, 7, 1)
            masked <- which(rowSums(found$tracks == 0.25) == 6) - 1L
            shift <- found$span[3L]
            within <- found$span[2L] - found$span[1L]
            # crops keep the frame, so a view begins with a codon
            first <- if (all) shift %% 3 else shift
            n <- if (all) (48 - first) %/% 3 else within %/% 3
            expect_length(masked, 3 * floor(0.35 * n))
            codon <- split(masked, (masked - first) %/% 3)
            expect_true(all(lengths(codon) == 3L))
            expect_true(all(masked >= first))
            if (!all) expect_true(all(masked < shift + within))
            seen <- c(seen, masked)
        }
        # without a crop the first two bases are no codon
        rules <- c(1, 1, 0, 0.35, all, 1, 0.25, 6)
        for (step in 1:40) {
            tracks <- draw_view_r(codes, rules, 48, step, 7, 1)$tracks
            masked <- which(rowSums(tracks == 0.25) == 6) - 1L
            n <- if (all) 46 %/% 3 else whole
            expect_length(masked, 3 * floor(0.35 * n))
            expect_true(all(tabulate((masked - 2) %/% 3 + 1L) %in% c(0L, 3L)))
            expect_true(all(masked >= 2))
        }
    }
    expect_gt(length(unique(seen)), 30L)
    # without a coding sequence bases are masked one by one
    plain <- bytes_of(x, 2L)
    for (codons in 0:1) {
        rules <- c(1, 1, 0, 0.35, 0, codons, 0.25, 6)
        tracks <- draw_view_r(plain, rules, 48, 1, 7, 1)$tracks
        expect_identical(sum(rowSums(tracks == 0.25) == 6), 11L)
    }
})

test_that("crops keep their share and the reading frame", {
    x <- some_sequences(60)
    for (i in seq_along(x$id)) {
        codes <- bytes_of(x, i)
        n <- length(codes)
        for (codon in 0:1) {
            spans <- t(vapply(1:60, function(step) {
                rules <- c(0.6, codon, 0, 0, 0, 0, 0.25, x$tracks)
                draw_view_r(codes, rules, 1, step, 3, step %% 2)$span
            }, numeric(3)))
            kept <- spans[, 2L] - spans[, 1L]
            expect_true(all(spans[, 1L] >= 0 & spans[, 2L] <= n))
            if (codon && !is.na(x$cds_start[i])) {
                frame <- (x$cds_start[i] - 1) %% 3
                length <- max(3, floor(0.6 * n) %/% 3 * 3)
                if (frame + length > n) {
                    length <- n
                    starts <- 0
                } else {
                    starts <- seq(frame, n - length, by = 3)
                }
            } else {
                length <- floor(0.6 * n)
                starts <- seq(0, n - length)
            }
            expect_true(all(kept == length))
            expect_true(all(spans[, 1L] %in% starts))
            if (length(starts) <= 4L) {
                expect_setequal(spans[, 1L], starts)
            }
        }
    }
})

test_that("members are uniform, and differ where they can", {
    drawn <- vapply(0:2999, function(item) {
        draw_members_r(3L, 1, item)
    }, integer(2))
    expect_true(all(drawn[1, ] != drawn[2, ]))
    expect_gt(stats::chisq.test(table(drawn[1, ], drawn[2, ])[
        cbind(c(1, 1, 2, 2, 3, 3), c(2, 3, 1, 3, 1, 2))
    ])$p.value, 1e-3)
    same <- vapply(0:2999, function(item) {
        draw_members_r(3L, 1, item, different = 0L)
    }, integer(2))
    expect_gt(stats::chisq.test(table(same[1, ], same[2, ]))$p.value, 1e-3)
    expect_identical(draw_members_r(1L, 1, 1), c(0L, 0L))
})

test_that("views depend on their place and nothing else", {
    codes <- longest_codes()
    rules <- c(0.5, 1, 3, 0.2, 0, 0, 0.25, 6)
    one <- draw_view_r(codes, rules, 64, 3, 4, 0)
    expect_identical(draw_view_r(codes, rules, 64, 3, 4, 0), one)
    expect_false(identical(draw_view_r(codes, rules, 64, 3, 4, 1), one))
    expect_false(identical(draw_view_r(codes, rules, 64, 3, 5, 0), one))
    expect_false(identical(draw_view_r(codes, rules, 64, 2, 4, 0), one))
    # one shift for a step
    shifts <- vapply(1:20, function(item) {
        draw_view_r(codes, rules, 64, 9, item, item %% 2)$span[3L]
    }, 0)
    expect_length(unique(shifts), 1L)
})

# ---- what is refused --------------------------------------------------------

test_that("a batch of one set is refused, and what does not fit", {
    x <- some_sequences()
    set <- some_sets_of(x)
    run <- sequence_run(x, set)
    expect_error(engine_batch(run, 0L), "at least two sets")
    expect_error(engine_batch(run, c(3L, 3L, 3L)), "at least two sets")
    expect_error(engine_output(run, 30L, 1L), "out of range")
    plan <- sequence_plan(x)
    refused <- function(pattern, ...) {
        arrays <- sequence_arrays(x, set)
        arrays[...names()] <- list(...)
        expect_error(engine_create(plan, "double", arrays), pattern)
    }
    refused("outside of the codes", length = x$length + 1000L)
    refused("outside of the codes", start = x$start + 0.5)
    sizes <- tabulate(set)
    refused("not there", set_size = rev(sizes) + 20L)
    plan$objective <- "squared_error"
    refused("no loss \"squared_error\" of two views")
    plan <- sequence_plan(x)
    plan$networks$encoder <- network_of_layers(6, list(
        layer("flatten"), layer("linear", 4)
    ), 96)
    refused("must not depend on them")
})

# ---- golden values ----------------------------------------------------------

test_that("ten steps agree with PyTorch", {
    gold <- golden_parts("transcripts")
    table <- data.frame(id = gold$id, sequence = gold$sequence)
    x <- encode_transcripts(table)
    plan <- sequence_plan(x,
        objective = "decoupled_one_sum", options = c(temperature = 0.2),
        weight_decay = gold$weight_decay, batch_size = 8L
    )
    run <- engine_create(plan, "double", sequence_arrays(x, gold$set))
    engine_write(run, "parameters", gold$parameters_start)
    engine_batch(run, gold$items[1, ])
    expect_lt(
        relative_error(engine_read(run, "gradients"), gold$gradient_start),
        1e-9
    )
    losses <- vapply(seq_len(nrow(gold$items)), function(i) {
        engine_batch(run, gold$items[i, ], learning_rate = gold$learning_rate)
    }, 0)
    expect_equal(losses, gold$losses, tolerance = 1e-8)
    expect_equal(engine_read(run, "parameters"), gold$parameters_end,
        tolerance = 1e-7
    )
    expect_equal(engine_output(run, seq_along(x$id) - 1L, 1L), gold$encoding,
        tolerance = 1e-7
    )
})
