# Studies that train: arms, tests and tables against plain R, on tiny networks.

organism <- small_organism()
organism$pairs$score <- withr::with_seed(
    4, sample(400:1000, nrow(organism$pairs), TRUE)
)
tiny <- encoder_mlp(hidden = 8)

quick <- function(study, ..., design = study_design(draws = 0),
                  control = small_control(epochs = 2)) {
    study(organism$vectors, organism$pairs, ...,
        design = design, encoder = tiny, preset = "cal2026", control = control
    )
}

auc_plain <- function(scores, positive) {
    differences <- outer(scores[positive], scores[!positive], "-")
    mean((differences > 0) + (differences == 0) / 2)
}

test_that("an ablation is what its arms give by hand", {
    set.seed(1)
    found <- quick(ablate, arms = "shuffled", design = study_design(
        heldout = "gene", draws = 0
    ))
    # the same draws by hand: split, tests, shuffle
    set.seed(1)
    x <- as_embedding(organism$vectors)
    pairs <- gene_pairs(organism$pairs)
    parts <- split_pairs(pairs, by = "gene")
    settings <- test_settings(parts$train, parts$test)
    tests <- draw_tests(settings, pairs)
    expect_false(any(paste(tests$from, tests$to)[!tests$positive] %in%
        c(paste(pairs$from, pairs$to), paste(pairs$to, pairs$from))))
    transductive <- draw_tests(
        test_settings(pairs, pairs[0, ], rownames(x))["transductive"], pairs
    )
    shuffled <- shuffle_pairs(parts$train)
    fit <- function(pairs) {
        learn_associations(x, pairs, tiny,
            control = small_control(epochs = 2), preset = "cal2026"
        )
    }
    for (arm in list(
        list("full", fit(parts$train)), list("shuffled", fit(shuffled))
    )) {
        one <- tests[tests$setting == setting_names[2], ]
        one <- one[one$drawn != "matched", ]
        scored <- score_pairs(arm[[2]], one)
        row <- found[found$setting == setting_names[2] &
            found$arm == arm[[1]], ]
        expect_equal(
            row$auc[row$subset == "all"],
            auc_plain(scored$score, one$positive)
        )
        near <- abs(scored$cosine) < 0.2
        expect_equal(
            row$auc[row$subset == "cross-boundary"],
            auc_plain(scored$score[near], one$positive[near])
        )
        easy <- !one$positive | scored$cosine > 0.3
        expect_equal(
            row$auc[row$subset == "easy"],
            auc_plain(scored$score[easy], one$positive[easy])
        )
    }
    shuffled_rows <- found[found$arm == "shuffled", ]
    full_rows <- found[found$arm == "full", ]
    expect_equal(shuffled_rows$drop, full_rows$auc - shuffled_rows$auc)
    transductive_row <- found[found$setting == "transductive" &
        found$subset == "all" & found$arm == "cosine", ]
    expect_identical(transductive_row$n_positive, nrow(pairs))
    expect_identical(transductive_row$n_negative, 5L * nrow(pairs))
    # held-out settings stand first
    expect_identical(
        unique(found$setting), c(setting_names[2:3], "transductive")
    )
})

test_that("arms train on what they say", {
    objectives <- ablation_objectives(info_nce(0.1), names(ablation_arms))
    expect_named(
        objectives, c("full", "shuffled", "similar", "uniform",
            "multi_positive")
    )
    expect_identical(objectives$uniform$temperature, 0.1)
    expect_identical(objectives$multi_positive$keys, "raw")
    expect_named(
        ablation_objectives(multi_positive(), c("full", "multi_positive")),
        "full"
    )
    # the most alike pairs by plain R, without those left out
    x <- as_embedding(organism$vectors)[1:30, ]
    cosine <- tcrossprod(as.matrix(x))
    best <- which(upper.tri(cosine), arr.ind = TRUE)
    best <- best[order(-cosine[best]), ]
    code <- function(a, b) paste(pmin(a, b), pmax(a, b))
    genes <- rownames(x)
    all <- code(genes[best[, 1]], genes[best[, 2]])
    for (n in c(3, 40, 435)) {
        alike <- most_alike(x, genes, n, gene_pairs(organism$pairs[0, ]), 1L)
        expect_setequal(code(alike$from, alike$to), all[seq_len(n)])
    }
    left_out <- data.frame(
        from = genes[best[2, 1]], to = genes[best[2, 2]]
    )
    alike <- most_alike(x, genes, 3, gene_pairs(left_out), 1L)
    expect_setequal(code(alike$from, alike$to), all[c(1, 3, 4)])
})

test_that("shuffled partners that reach real ones raise the alarm", {
    rows <- data.frame(
        setting = "one gene unseen", subset = c("all", "easy"),
        arm = rep(c("full", "shuffled"), each = 2),
        auc = c(0.7, 0.7, 0.72, 0.9),
        drop = c(NA, NA, -0.02, -0.2), drop_lower = NA_real_
    )
    ablation <- new_study(rows, "ablation")
    expect_identical(shuffle_alarm(ablation)$reached, TRUE)
    expect_output(print(ablation), "ALARM: one gene unseen, all")
    rows$drop[3] <- 0.05
    expect_identical(nrow(shuffle_alarm(new_study(rows, "ablation"))), 0L)
    rows$drop_lower[3] <- -0.01
    doubtful <- new_study(rows, "ablation")
    expect_identical(shuffle_alarm(doubtful)$reached, FALSE)
    expect_output(print(doubtful), "not told from")
    rows$drop_lower[3] <- 0.01
    quiet <- utils::capture.output(print(new_study(rows, "ablation")))
    expect_false(any(grepl("shuffled partners", quiet)))
})

test_that("thresholds keep genes and pairs on their sides", {
    levels <- threshold_levels(
        as_embedding(organism$vectors), organism$pairs, c(700, 400), "score"
    )
    expect_identical(
        vapply(levels, function(l) nrow(l$pairs), 0L),
        c(sum(organism$pairs$score >= 400), sum(organism$pairs$score >= 700))
    )
    set.seed(1)
    input <- study_input(
        organism$vectors, join_levels(levels), study_design(),
        BiocParallel::SerialParam(), encoder = tiny, preset = "cal2026"
    )
    plan <- plan_thresholds(input, levels, study_key(input))
    labels <- do.call(rbind, lapply(plan, `[[`, "label"))
    trained <- function(i, part) {
        arm <- plan[[which(labels$level == i & labels$part == part)]]
        unique(c(arm$pairs$from, arm$pairs$to))
    }
    tested <- plan[[which(labels$level == 2 & labels$part == "gene")]]$tests
    both <- tested[tested$setting == setting_names[3] & tested$positive, ]
    unseen <- unique(c(both$from, both$to))
    expect_length(intersect(unseen, trained(2, "gene")), 0)
    # training at the lower threshold holds out the same genes and pairs
    code <- function(p) paste(pmin(p$from, p$to), pmax(p$from, p$to))
    arms <- plan[labels$part == "edge"]
    tests <- arms[[2]]$tests
    expect_length(intersect(
        code(arms[[1]]$pairs), code(tests[tests$positive, ])
    ), 0)
    # no negative is a pair of the loosest threshold
    for (arm in plan) {
        expect_length(intersect(
            code(arm$tests[!arm$tests$positive, ]), code(input$pairs)
        ), 0)
    }
    found <- quick(sweep_threshold, thresholds = c(400, 900), design =
        study_design(heldout = "edge", transductive = FALSE, draws = 0))
    expect_identical(unique(found$threshold), c(400, 900))
    expect_identical(
        unique(found$pairs[found$threshold == 900]),
        sum(organism$pairs$score >= 900)
    )
    expect_output(print(found), "score >= 900")
    expect_s3_class(autoplot(found), "ggplot")
})

test_that("seeds differ, and mean and sd are those of plain R", {
    set.seed(1)
    found <- quick(sweep_seeds, seeds = c(1, 7), design = study_design(
        heldout = "gene", transductive = FALSE, draws = 0
    ))
    told <- summary(found)
    all <- found$auc[found$setting == setting_names[2] & found$subset == "all"]
    expect_length(unique(all), 2)
    expect_equal(told$mean[1], mean(all))
    expect_equal(told$sd[1], stats::sd(all))
    # a seed of the sweep is the seed of a fit
    set.seed(1)
    again <- quick(ablate, arms = "full", control = small_control(2, seed = 7),
        design = study_design(
            heldout = "gene", transductive = FALSE, draws = 0
        ))
    expect_equal(again$auc[1], found$auc[found$seed == 7][1])
    expect_s3_class(autoplot(found), "ggplot")
})

test_that("a combined fit goes through a study", {
    set.seed(1)
    found <- ablate(organism$vectors, organism$pairs,
        arms = "full", design = study_design("gene", FALSE, draws = 0),
        encoder = encoder_mlp(hidden = 8, blend = FALSE, n_out = 8),
        members = 2, control = small_control(epochs = 2)
    )
    expect_gt(found$auc[1], 0.5)
})

whole <- function(BPPARAM = BiocParallel::SerialParam()) {
    set.seed(1)
    quick(association_study,
        arms = c("full", "shuffled"), seeds = 1:2, thresholds = c(400, 700),
        examples = organism$pairs[1:3, ], BPPARAM = BPPARAM,
        design = study_design(draws = 10)
    )
}
study <- whole()

test_that("the study holds what its functions give", {
    expect_s3_class(study, "association_study")
    expect_s3_class(study$ablation, "ablation")
    expect_s3_class(study$fit, "association_fit")
    set.seed(9)
    expect_equal(
        study$boundary$auc, sweep_boundary(study$scored, draws = 0)$auc
    )
    # the full arm is the evaluation's kith
    evaluated <- study$evaluation[study$evaluation$scorer == "kith", ]
    full <- study$ablation[study$ablation$arm == "full", ]
    expect_equal(evaluated$auc, full$auc)
    # an example has the score of the setting that it is shown for
    code <- function(p) paste(p$setting, pmin(p$from, p$to), pmax(p$from, p$to))
    expect_identical(
        study$examples$score,
        study$scored$score[match(code(study$examples), code(study$scored))]
    )
    parts <- eval(formals(autoplot.association_study)$which)
    for (part in parts) {
        plot <- autoplot(study, part)
        expect_gt(nrow(ggplot2::layer_data(plot, 1)), 0)
    }
    page <- utils::capture.output(print(study))
    for (title in study_parts_titles) expect_true(title %in% page)
    expect_true(any(grepl("says nothing about new", page)))
    expect_true(any(grepl("networks trained +18", page)))
})

test_that("workers change no number", {
    skip_on_cran()
    snow <- whole(BiocParallel::SnowParam(2))
    expect_identical(snow$fit, study$fit)
    for (part in c("ablation", "thresholds", "seeds", "boundary", "degree")) {
        expect_identical(snow[[part]], study[[part]], label = part)
    }
})

test_that("a study that is begun again trains what is unfinished", {
    folder <- file.path(withr::local_tempdir(), "arms")
    run <- function(seed = 1, threads = 1) {
        set.seed(seed)
        quick(ablate,
            arms = "shuffled",
            design = study_design("gene", FALSE,
                draws = 0, checkpoint = folder
            ),
            control = small_control(epochs = 2, threads = threads)
        )
    }
    set.seed(1)
    without <- quick(ablate,
        arms = "shuffled", design = study_design("gene", FALSE, draws = 0)
    )
    first <- run()
    expect_equal(first, without, ignore_attr = "design")
    files <- list.files(folder, full.names = TRUE)
    expect_length(files, 2L)

    # scores turned round in what is kept turn the AUC of that arm round
    results <- lapply(files, read_checkpoint)
    full <- vapply(results, function(end) end$label$arm == "full", NA)
    turned <- results[[which(full)]]
    turned$scored$score <- -turned$scored$score
    write_checkpoint(turned, files[full])
    unlink(files[!full])
    again <- run(threads = 2)
    expect_setequal(list.files(folder, full.names = TRUE), files)
    is_full <- first$arm == "full"
    expect_equal(again$auc[is_full], 1 - first$auc[is_full])
    expect_identical(again$auc[!is_full], first$auc[!is_full])

    # another seed is another study; damage is told
    run(seed = 2)
    expect_length(list.files(folder), 4L)
    writeBin(raw(10), files[full])
    expect_error(run(), class = "kith_error_checkpoint")
    expect_input_error(
        study_design(checkpoint = file.path(folder, "no", "no")), "folder"
    )
})

test_that("arms are announced where training is", {
    said <- capture_messages(quick(ablate,
        arms = "shuffled", design = study_design("gene", FALSE, draws = 0),
        control = small_control(epochs = 2, verbose = TRUE)
    ))
    expect_match(said, "Arm 2 of 2: arm shuffled, part gene", all = FALSE)
})

test_that("a study without a part says so", {
    set.seed(1)
    small <- quick(association_study,
        arms = "full", seeds = NULL,
        design = study_design("edge", FALSE, draws = 0)
    )
    expect_null(small$ablation)
    expect_null(small$fit)
    expect_input_error(autoplot(small, "ablation"), "left out")
    expect_output(print(small), "Held-out pairs first")
})

test_that("bad input is refused before anything is trained", {
    expect_input_error(quick(ablate, arms = "no"), "arms")
    expect_input_error(study_design(heldout = "no"), "heldout")
    expect_input_error(study_design(character(), FALSE), "transductive")
    for (bad in list(0, 1, -1, "a")) {
        expect_input_error(study_design(boundary = bad), "boundary")
    }
    expect_input_error(quick(sweep_seeds, seeds = 1), "seeds")
    expect_input_error(quick(sweep_seeds, seeds = c(1, 1)), "seeds")
    expect_input_error(
        quick(sweep_threshold, channels = "experimental"), "experimental"
    )
    expect_input_error(
        quick(sweep_threshold, thresholds = 999.5), "at least 8 pairs"
    )
    expect_input_error(quick(sweep_threshold, thresholds = "a"), "thresholds")
    bare <- organism$pairs[c("from", "to")]
    expect_input_error(
        sweep_threshold(organism$vectors, bare), "no scores"
    )
    expect_input_error(
        quick(ablate, control = small_control(checkpoint = tempfile())),
        "checkpoint"
    )
    expect_input_error(
        quick(ablate, design = list()), "study_design"
    )
    expect_input_error(
        quick(ablate, BPPARAM = 2), "BPPARAM"
    )
    expect_input_error(
        ablate(organism$vectors, organism$pairs[1:9, ]), "at least 8 pairs"
    )
    expect_input_error(
        quick(association_study, examples = data.frame(from = "x", to = "y")),
        "examples"
    )
    expect_error(quick(ablate, epochs = 3), class = "rlib_error_dots_nonempty")
})
