# learn_transcripts() and its fits.

small_cells <- function(n = 40, seed = 1) {
    withr::with_seed(seed, simulate_transcripts(n, codons = c(20, 40)))
}

narrow_encoder <- function(...) {
    encoder_conv(c(8, 16),
        width = 5, pool = 4, dropout = 0, hidden = integer(0), ...
    )
}

small_control <- function(..., epochs = 2, seed = 1) {
    train_control(epochs = epochs, seed = seed, threads = 1, ...)
}

fit_cells <- function(cells = small_cells(), control = small_control(),
                      method = method_isoclr(projector = c(16, 8)),
                      encoder = narrow_encoder(), ...) {
    x <- encode_transcripts(cells$transcripts)
    learn_transcripts(x, transcript_sets(x, cells$gene),
        encoder = encoder, method = method, control = control, ...
    )
}

# share of transcripts whose nearest one of another gene is of their family
finds_family <- function(encoded, cells) {
    gene <- unname(cells$gene[rownames(encoded)])
    family <- unname(cells$homology[gene])
    unit <- scale(encoded)
    unit <- unit / sqrt(rowSums(unit^2))
    scores <- tcrossprod(unit)
    scores[outer(gene, gene, "==")] <- -2
    n_genes <- tapply(gene, family, function(g) length(unique(g)))
    several <- n_genes[family] > 1
    mean((family[max.col(scores, "first")] == family)[several])
}

test_that("families are nearer after training than before", {
    cells <- withr::with_seed(2, simulate_transcripts(60,
        codons = c(30, 60), divergence = 0.2, isoforms = 2
    ))
    x <- encode_transcripts(cells$transcripts)
    sets <- transcript_sets(x, cells$gene, cells$homology)
    learn <- function(...) {
        learn_transcripts(x, sets,
            encoder = encoder_conv(c(16, 32),
                width = 7, pool = 4, dropout = 0, hidden = integer(0)
            ),
            method = method_isoclr(projector = c(32, 32)),
            control = small_control(...)
        )
    }
    before <- learn(epochs = 1, learning_rate = 1e-12)
    after <- learn(epochs = 60, learning_rate = 4e-3)
    expect_gt(
        finds_family(encode(after), cells),
        finds_family(encode(before), cells) + 0.1
    )
    expect_lt(utils::tail(after$history$loss, 1), after$history$loss[1] - 1)
    expect_gt(utils::tail(after$history$hits, 1), after$history$hits[1])
})

test_that("a fit encodes its transcripts as new ones, and saves to disk", {
    cells <- small_cells()
    fit <- fit_cells(cells)
    x <- encode_transcripts(cells$transcripts)
    expect_s3_class(fit, c("transcripts_fit", "kith_fit"), exact = TRUE)
    expect_identical(rownames(encode(fit)), names(x))
    expect_identical(dim(predict(fit)), c(length(x), 16L))
    expect_equal(encode(fit, x), encode(fit), tolerance = 1e-6)
    # a few of them, in another order, also as a table
    some <- c(9L, 2L, 30L)
    expect_equal(encode(fit, x[some]), encode(fit)[some, ], tolerance = 1e-6)
    expect_equal(encode(fit, cells$transcripts[some, ]), encode(fit)[some, ],
        tolerance = 1e-6
    )
    # blocks of rows change nothing
    local_replaced("encode_positions", 1000)
    local_replaced("bases_per_block", 777)
    expect_equal(encode(fit, x), encode(fit), tolerance = 1e-6)
    file <- withr::local_tempfile(fileext = ".rds")
    saveRDS(fit, file)
    expect_identical(readRDS(file), fit)
})

test_that("the same seed gives the same fit, whatever the threads", {
    one <- fit_cells()
    expect_identical(fit_cells()$member, one$member)
    expect_false(identical(
        fit_cells(control = small_control(seed = 2))$member, one$member
    ))
    control <- small_control()
    control$threads <- 3L
    expect_identical(fit_cells(control = control)$member, one$member)
    # the order of transcripts changes draws of members alone
    set.seed(3)
    expect_false(identical(
        fit_cells(control = train_control(epochs = 2))$member, one$member
    ))
})

test_that("a run saved within an epoch goes on bit for bit", {
    file <- withr::local_tempfile(fileext = ".rds")
    control <- small_control(
        epochs = 3, batch_size = 8, validation = 0.25, checkpoint = file
    )
    cells <- small_cells()
    x <- encode_transcripts(cells$transcripts)
    set <- set_of_each(x, transcript_sets(x, cells$gene))
    method <- method_isoclr(projector = c(16, 8))
    encoder <- narrow_encoder(norm = "batch")
    job <- transcript_job(x, set, method, encoder, control, draw_key(1L), list(
        x = x, method = method, encoder = encoder, n_sets = max(set)
    ))
    expect_identical(job$n_items, 30L)
    straight <- finish_job(job, run_jobs(list(job)))
    unlink(file)
    save_within_epoch(job, 1, 2)
    resumed <- resume(file)
    for (part in c("member", "encoded", "history")) {
        expect_identical(resumed[[part]], straight[[part]])
    }
    expect_true(all(is.finite(resumed$history$validation_loss)))
})

test_that("methods of a fit show what was learned", {
    cells <- small_cells()
    fit <- fit_cells(cells)
    expect_identical(
        names(tidy(fit)),
        c("epoch", "loss", "hits", "mean_cosine", "dead", "learning_rate")
    )
    expect_true(all(tidy(fit)$hits >= 0 & tidy(fit)$hits <= 1))
    expect_true(all(abs(tidy(fit)$mean_cosine) <= 1))
    row <- glance(fit)
    expect_identical(nrow(row), 1L)
    expect_identical(row$sets, 40L)
    expect_identical(row$tracks, 6L)
    at <- augment(fit)
    expect_identical(at$transcript, cells$transcripts$id)
    expect_identical(at$length, nchar(cells$transcripts$sequence))
    x <- encode_transcripts(cells$transcripts)
    expect_equal(augment(fit, x[3:5]), at[3:5, ],
        tolerance = 1e-5, ignore_attr = TRUE
    )
    expect_output(print(fit), "40 sets, 6 tracks")
    expect_output(print(summary(fit)), "mean_positions")
    expect_output(print(method_isoclr("paper")), "positions 12288")
    for (type in c("space", "history")) {
        figure <- ggplot2::autoplot(fit, type = type)
        expect_s3_class(figure, "ggplot")
        expect_silent(ggplot2::ggplot_build(figure))
    }
    colour <- cells$homology[cells$gene]
    expect_silent(ggplot2::ggplot_build(
        ggplot2::autoplot(fit, colour = colour)
    ))
    expect_error(ggplot2::autoplot(fit, colour = colour[-1]),
        "value for each", class = "kith_error_input"
    )
})

test_that("methods and presets decide what a control leaves open", {
    method <- method_isoclr()
    control <- transcript_control(train_control(), method, 6000)
    expect_identical(control$batch_size, 256L)
    # 6000 sets are 24 batches
    expect_identical(control$epochs, 3L)
    epochs_of <- function(n) {
        transcript_control(train_control(), method, n)$epochs
    }
    expect_identical(epochs_of(1e5), 2L)
    expect_identical(epochs_of(30), 60L)
    expect_identical(control$learning_rate, 2e-3)
    expect_identical(
        transcript_control(train_control(epochs = 1), method, 30)$epochs, 1L
    )
    paper <- transcript_control(train_control(), method_isoclr("paper"), 6000)
    expect_identical(paper$batch_size, 1536L)
    expect_identical(paper$epochs, 600L)
    expect_identical(paper$schedule, "inverse_sqrt")
    expect_true(clips_blocks(paper))
    expect_identical(method_isoclr("paper", crop = 0.5)$crop, 0.5)
    # the published views on few bases: all positions, of which masks take most
    fit <- fit_cells(
        method = method_isoclr("paper", projector = c(16, 8), positions = 700),
        control = small_control(batch_size = 20, learning_rate = 1e-3)
    )
    expect_identical(fit$network$positions, 768)
    expect_identical(dim(encode(fit)), c(nrow(small_cells()$transcripts), 16L))
    for (loss in c("decoupled_one_sum", "nt_xent")) {
        fit <- fit_cells(method = method_isoclr(
            loss = loss, projector = c(16, 8), weights = FALSE
        ))
        expect_true(all(is.finite(fit$history$loss)))
    }
})

test_that("the default encoder follows from what is known of transcripts", {
    coding <- function(start) {
        encode_transcripts(c(a = strrep("ACG", 200), b = strrep("ATG", 150)),
            cds = data.frame(
                id = c("a", "b"), cds_start = start, cds_end = c(600, 450)
            )
        )
    }
    codons <- default_encoder(coding(c(1, 1)))
    expect_identical(
        c(codons$fold, codons$stem_pool, codons$pool), c(3L, 1L, 1L, 1L)
    )
    expect_true(codons$words)
    # the second begins within a codon, so codons are no units of all
    expect_s3_class(default_encoder(coding(c(1, 4))), "encoder_conv")
    plain <- function(n) encode_transcripts(c(a = strrep("A", n), b = "ACGT"))
    expect_s3_class(default_encoder(plain(257)), "encoder_conv")
    short <- default_encoder(plain(256))
    expect_s3_class(short, "encoder_residual")
    expect_false(short$words)
    # they train
    set.seed(1)
    letters <- replicate(40, paste(
        sample(c("A", "C", "G", "T"), 45, TRUE),
        collapse = ""
    ))
    names(letters) <- paste0("t", 1:40)
    ends <- data.frame(id = names(letters), cds_start = 1, cds_end = 45)
    for (cds in list(NULL, ends)) {
        fit <- learn_transcripts(
            encode_transcripts(letters, cds = cds),
            control = small_control(epochs = 1)
        )
        expect_identical(dim(encode(fit)), c(40L, 128L))
        expect_identical(fit$encoder$words, !is.null(cds))
        expect_true(all(is.finite(encode(fit))))
    }
})

test_that("lengths are padded to the next of a list that the encoder takes", {
    expect_identical(bucket_lengths(1), 16)
    expect_identical(bucket_lengths(100), c(16, 32, 48, 64, 96, 128))
    expect_identical(max(bucket_lengths(12288)), 12288)
    expect_identical(
        encoder_lengths(narrow_encoder(), 6, 100),
        list(shortest = 16, longest = 128)
    )
    expect_identical(
        encoder_lengths(encoder_conv(c(8, 8), pool = 7), 4, 100),
        list(shortest = 64, longest = 128)
    )
})

test_that("transcripts without sets are told and stay", {
    cells <- small_cells()
    x <- encode_transcripts(cells$transcripts)
    expect_identical(set_of_each(x, NULL), seq_along(x$id))
    sets <- transcript_sets(x, cells$gene)
    expect_identical(set_of_each(x, sets), sets$set)
    expect_identical(set_of_each(x, cells$gene), sets$set)
    fewer <- transcript_sets(x[-(1:3)], cells$gene)
    expect_message(set <- set_of_each(x, fewer), "3 of .* sets of their own")
    expect_identical(length(unique(set[1:3])), 3L)
    expect_identical(anyDuplicated(c(set[1:3], unique(set[-(1:3)]))), 0L)
    expect_message(set <- set_of_each(x[-1], sets), "1 of .* left out")
    expect_identical(tabulate(set), tabulate(sets$set[-1]))
})

test_that("bad input is refused with a way out", {
    cells <- small_cells()
    x <- encode_transcripts(cells$transcripts)
    refused <- function(code, pattern) {
        error <- expect_error(code, class = "kith_error_input")
        expect_match(conditionMessage(error), pattern)
    }
    learn <- function(x, ...) {
        learn_transcripts(x, ..., control = small_control())
    }
    refused(learn(1:3), "must be a named character vector")
    refused(learn(x[1:7]), "at least 8 sets")
    refused(learn(x, rep(c(a = "g"), 3)), "none of them|each id once")
    refused(learn(x, list(1)), "transcript_sets")
    other <- transcript_sets("z", c(z = "g"))
    refused(learn(x, other), "must have transcripts of")
    refused(learn(x, longest = 100), "must be empty")
    refused(learn(x, encoder = encoder_mlp()), "positions along a sequence")
    refused(learn(x, encoder = encoder_conv(readout = "flatten")), "readout")
    refused(learn(x, encoder = encoder_conv(norm = "batch")), "chunks")
    refused(
        learn(x, encoder = encoder_conv(c(8, 8), pool = 64)),
        "more positions than there are"
    )
    refused(learn(x, method = method_scarf()), "method_isoclr")
    refused(
        learn_transcripts(x, control = small_control(batch_size = 1000)),
        "must not exceed"
    )
    refused(
        learn_transcripts(x, control = small_control(validation = 0.99)),
        "must leave at least 8 sets"
    )
    refused(method_isoclr(crop = 0), "must be above 0")
    refused(method_isoclr(crop = 1.2), "crop")
    refused(method_isoclr(mask_rate = 1), "must be below 1")
    refused(method_isoclr(temperature = 0), "temperature")
    refused(method_isoclr(shift = -1), "shift")
    refused(method_isoclr(projector = 1), "at least two values")
    refused(method_isoclr(loss = "mse"), "loss")
    fit <- fit_cells(cells)
    letters <- encode_transcripts(cells$transcripts[c("id", "sequence")])
    refused(encode(fit, letters), "must have the 6 tracks")
    refused(encode(fit, x[integer()]), "at least one transcript")
    letters$tracks <- 6L
    expect_identical(nrow(encode(fit, letters)), length(x))
    # left out are counted
    table <- cells$transcripts
    long <- nchar(table$sequence) > 350
    expect_message(
        fit <- learn_transcripts(table,
            encoder = narrow_encoder(), longest = 350,
            method = method_isoclr(projector = c(16, 8)),
            control = small_control(epochs = 1)
        ),
        sprintf("%d of %d transcripts", sum(long), nrow(table))
    )
    expect_identical(rownames(encode(fit)), table$id[!long])
})

test_that("an encoder of codons refuses transcripts that begin elsewhere", {
    set.seed(11)
    bases <- function(n) {
        paste(sample(c("A", "C", "G", "T"), n, TRUE), collapse = "")
    }
    sequences <- stats::setNames(vapply(rep(60, 12), bases, ""), letters[1:12])
    cds <- data.frame(id = letters[1:12], cds_start = 1, cds_end = 60)
    x <- encode_transcripts(sequences, cds = cds)
    fit <- learn_transcripts(x,
        encoder = encoder_residual(
            channels = 8, blocks = 1, width = 3, fold = 3, words = TRUE,
            stem_pool = 1, pool = 1, dropout = 0
        ),
        method = method_untrained(),
        control = train_control(seed = 1, threads = 1)
    )
    expect_identical(encode(fit, x), encode(fit))
    shifted <- encode_transcripts(sequences, cds = transform(
        cds,
        cds_start = 4
    ))
    expect_error(encode(fit, shifted), "begins at base 4",
        class = "kith_error_input"
    )
})
