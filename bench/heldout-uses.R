# What bench/heldout.R shows beside its table: pairs from other sources, the
# evidence behind scores, and the time to an AUC.

# External pairs ---------------------------------------------------------------

run_external <- function(set) {
    if (set$name == "ecoli") {
        return(list())
    }
    fit <- learn_associations(set$x, set$pairs, control = quiet_control(1L))
    result <- list()
    for (source in c("humap", "huri", "reactome")) {
        cat("\n", set$name, ":", sep = "")
        largest <- judge_external(fit, source, draws = 200, ids = toupper)
        margins <- largest$margin[
            largest$scorer %in% c("cosine", "neighbours")
        ]
        result[[paste(set$name, source, "auc", sep = "_")]] <- largest$auc[1L]
        result[[paste(set$name, source, "margin", sep = "_")]] <- min(margins)
    }
    result
}

# Evidence ---------------------------------------------------------------------

tell_evidence <- function(fit, pairs) {
    said <- evidence(fit, pairs, n = 2)
    for (i in seq_len(nrow(pairs))) {
        cat(sprintf(
            "%s and %s: probability %.2f, cosine %.2f\n", pairs$from[i],
            pairs$to[i], pairs$probability[i], pairs$cosine[i]
        ))
        mine <- said$text[said$from == pairs$from[i] & said$to == pairs$to[i]]
        if (length(mine) == 0L) mine <- "no known pair of genes like these"
        cat(paste0("    ", mine, "\n"), sep = "")
    }
}

run_evidence <- function(set) {
    problem <- split_problem(set, set$pairs, 1L)
    fit <- learn_associations(problem$x, problem$train,
        control = quiet_control(1L)
    )
    test <- problem$tests$both
    scored <- score_pairs(fit, test[test$positive, 1:2])
    scored$probability <- stats::plogis(scored$score)
    # of different genes, so that not one complex alone is shown
    scored <- scored[order(-scored$score), ]
    scored <- scored[!duplicated(scored$from) & !duplicated(scored$to), ]
    cat("\n", set$name, ", held-out pairs of two new genes:\n", sep = "")
    tell_evidence(fit, utils::head(scored, 3))

    fit <- learn_associations(set$x, set$pairs, control = quiet_control(1L))
    found <- partners(fit, n = 3)
    found <- found[order(-found$score), ]
    found <- found[!duplicated(pair_key(found$gene, found$partner)), ]
    names(found)[1:2] <- c("from", "to")
    cat("\n", set$name, ", the best pairs that are not listed:\n", sep = "")
    tell_evidence(fit, utils::head(found, 10))
}

# Time to an AUC ---------------------------------------------------------------

# One network of kith's default, without the correction for degree that the
# published recipe does not have either, up to the epoch in which it reaches an
# AUC of the training pairs. A first run watches the AUC (at all epochs); the
# second, without, is timed.
kith_time_to <- function(set, index, negatives, target, seed) {
    control <- kith:::complete_control(
        quiet_control(seed), kith:::association_presets$kith
    )
    job <- function(watched) {
        objective <- multi_positive(degree_correction = 0)
        kith:::association_job(
            set$x, index[, 1L] - 1L, index[, 2L] - 1L,
            kith:::preset_encoder("kith", objective), objective, control,
            kith:::draw_key(seed), watched
        )
    }
    pairs <- rbind(index, negatives) - 1L
    watching <- job(list(
        a = pairs[, 1L], b = pairs[, 2L],
        positive = rep(c(TRUE, FALSE), c(nrow(index), nrow(negatives)))
    ))
    history <- kith:::train(watching)$history
    epoch <- which(history$validation_auc >= target)[1L]
    seconds <- system.time(kith:::train(job(NULL), until = epoch))
    list(
        seconds = seconds[["elapsed"]], epoch = epoch,
        watched = history$validation_auc
    )
}

run_time <- function(torch) {
    set <- read_set("hpa64")
    index <- cbind(
        match(set$pairs$from, rownames(set$x)),
        match(set$pairs$to, rownames(set$x))
    )
    set.seed(42L)
    drawn <- sample_negatives(set$pairs, rownames(set$x))
    negatives <- cbind(
        match(drawn$from, rownames(set$x)), match(drawn$to, rownames(set$x))
    )
    folder <- file.path(tempdir(), "time-to-auc")
    write_problem(folder, unclass(set$x), index, negatives = negatives)
    setting <- chosen_setting(torch, folder, parallel::detectCores())
    runs <- lapply(1:3, function(seed) {
        peer <- torch_run("train", folder, setting, c(
            "--epochs", 100L, "--seed", seed, "--watch"
        ))
        target <- peer$watched[nrow(peer$watched), 2L]
        reached <- peer$watched[which(peer$watched[, 2L] >= target)[1L], 1L]
        ours <- kith_time_to(set, index, negatives, target, seed)
        message(sprintf(
            "seed %d: AUC %.4f, PyTorch %.1f s, kith %.2f s (epoch %d)",
            seed, target, reached, ours$seconds, ours$epoch
        ))
        list(
            target = target, torch = reached, kith = ours$seconds,
            final = ours$watched[length(ours$watched)],
            watched = rbind(
                data.frame(
                    program = "PyTorch", seed = seed,
                    seconds = peer$watched[, 1L], auc = peer$watched[, 2L]
                ),
                data.frame(
                    program = "kith", seed = seed,
                    seconds = ours$seconds / ours$epoch *
                        seq_along(ours$watched),
                    auc = ours$watched
                )
            )
        )
    })
    write_table(do.call(rbind, lapply(runs, `[[`, "watched")), "time-to-auc")
    of_runs <- function(name) vapply(runs, `[[`, 0, name)
    list(
        time_torch_setting = setting_name(setting),
        time_auc_torch = mean(of_runs("target")),
        time_auc_kith = mean(of_runs("final")),
        time_seconds_torch = stats::median(of_runs("torch")),
        time_seconds_kith = stats::median(of_runs("kith")),
        time_to_auc_ratio = stats::median(of_runs("kith") / of_runs("torch"))
    )
}
