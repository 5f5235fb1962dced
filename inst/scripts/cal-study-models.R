# What is trained, and the tables that come of it. A part of cal-study.R.

# The runs of one matrix, the longest first. Each is a job of its own.
study_runs <- list(
    main = function(set, effort) {
        run_study(set, pairs_from(set, 900), effort, "main", examples = TRUE)
    },
    ablation = function(set, effort) {
        ablate(set$x, pairs_from(set, 700),
            arms = c("full", "shuffled", "similar", "uniform"),
            design = study_design("gene", draws = effort$draws),
            preset = "cal2026", control = control_of(effort, "short")
        )
    },
    medium = function(set, effort) {
        run_study(set, pairs_from(set, 700), effort, "main",
            heldout = character()
        )
    },
    seeds = function(set, effort) {
        sweep_seeds(set$x, pairs_from(set, 900),
            design = study_design("gene", draws = 0), preset = "cal2026",
            control = control_of(effort, "short")
        )
    },
    ours = function(set, effort) {
        run_study(set, pairs_from(set, 900), effort, "kith",
            transductive = FALSE
        )
    },
    edge = function(set, effort) {
        run_study(set, pairs_from(set, 700), effort, "short",
            heldout = "edge", transductive = FALSE
        )
    },
    experimental = function(set, effort) {
        run_study(set, pairs_from(set, 700, "experimental"), effort, "short",
            heldout = character()
        )
    }
)

# All runs of all sets, each on one core: list by set of lists by run. Every
# run starts from the same seed, so neither order nor workers change a number.
run_models <- function(sets, effort) {
    jobs <- expand.grid(
        set = names(sets), run = names(study_runs), stringsAsFactors = FALSE
    )
    workers <- if (effort$threads > 1L) {
        BiocParallel::MulticoreParam(effort$threads, tasks = nrow(jobs))
    } else {
        BiocParallel::SerialParam()
    }
    done <- BiocParallel::bplapply(seq_len(nrow(jobs)), function(i) {
        run_job(sets[[jobs$set[i]]], jobs$run[i], effort)
    }, BPPARAM = workers)
    names(done) <- jobs$run
    split(done, jobs$set)
}

# One run, or what --cache has of it.
run_job <- function(set, name, effort) {
    began <- Sys.time()
    cache <- option("cache")
    file <- file.path(cache, sprintf("%s-%s-%d.rds",
        set$name, name, effort$main
    ))
    if (nzchar(cache) && file.exists(file)) {
        return(readRDS(file))
    }
    result <- with_seed(42, study_runs[[name]](set, effort))
    message(sprintf("  %s, %s: %.1f minutes", set$name, name,
        minutes_since(began)
    ))
    if (nzchar(cache)) {
        dir.create(cache, showWarnings = FALSE, recursive = TRUE)
        saveRDS(result, file)
    }
    result
}

tell_models <- function(runs, set, effort) {
    list(
        values = with_kind(model_values(runs, effort), set$name, set$kind,
            paste0(set$kind, ": ", set$about)
        ),
        tables = model_tables(runs, set, effort)
    )
}

control_of <- function(effort, length) {
    train_control(
        epochs = effort[[length]], seed = 42, threads = 1, verbose = FALSE
    )
}

train_cal <- function(set, effort) {
    learn_associations(set$x, pairs_from(set, 900),
        preset = "cal2026", control = control_of(effort, "main")
    )
}

# the named pairs of genes that a set has, or NULL
known_examples <- function(set) {
    genes <- rownames(set$x)
    there <- named_examples$from %in% genes & named_examples$to %in% genes
    if (any(there)) named_examples[there, ]
}

# The full arm of association_study(): splits and negatives are the same for
# each model of the same pairs.
run_study <- function(set, pairs, effort, length,
                      heldout = c("edge", "gene"), transductive = TRUE,
                      examples = FALSE) {
    association_study(set$x, pairs,
        arms = "full", seeds = NULL,
        design = study_design(heldout, transductive, draws = effort$draws),
        examples = if (examples) known_examples(set),
        preset = if (length == "kith") "kith" else "cal2026", members = 1,
        control = control_of(effort, length)
    )
}

# The named pairs as the study scores them, by a model that was trained on all
# pairs.
trained_examples <- function(study) {
    scored <- study$scored[study$scored$setting == "transductive", ]
    key <- function(x) paste(pmin(x$from, x$to), pmax(x$from, x$to))
    there <- key(named_examples) %in% key(scored)
    if (any(there)) example_pairs(scored, named_examples[there, ])
}

# ---- values to hold against published ones ----------------------------------

model_values <- function(runs, effort) {
    short <- paste(effort$short, "epochs where the study has 100")
    rbind(
        auc_values(runs$main, ">=900"), auc_values(runs$medium, ">=700"),
        training_values(runs$main, ">=900"),
        training_values(runs$medium, ">=700"),
        blend_values(runs$main, "all", ">=900"),
        blend_values(runs$medium, "all", ">=700"),
        blend_values(runs$medium, "cross-boundary", ">=700, cross-boundary"),
        boundary_aucs(runs$main),
        experimental_values(runs$experimental, short),
        seed_spread(runs$seeds, short),
        gene_split_values(runs$main), edge_split_values(runs$edge, short),
        ablation_values(runs$ablation, short),
        matched_aucs(runs$main), degree_of(runs$main$degree),
        example_values(trained_examples(runs$main))
    )
}

pick_auc <- function(rows, setting, subset, scorer) {
    at <- rows$setting == setting & rows$subset == subset &
        rows$scorer == scorer
    rows$auc[at][1L]
}

four_aucs <- function(rows, setting) {
    c(
        pick_auc(rows, setting, "all", "cosine"),
        pick_auc(rows, setting, "all", "kith"),
        pick_auc(rows, setting, "cross-boundary", "cosine"),
        pick_auc(rows, setting, "cross-boundary", "kith")
    )
}

four_names <- c(
    "cosine", "CAL", "cosine, cross-boundary", "CAL, cross-boundary"
)

auc_values <- function(study, level) {
    found_value("auc", paste(four_names, level),
        four_aucs(study$evaluation, "transductive")
    )
}

training_values <- function(study, level) {
    row <- glance(study$fit)
    found_value("training",
        paste0(
            c("final loss ", "learned a ", "train accuracy "), level,
            c("", "", " [%]")
        ),
        c(row$loss, row$input_share, 100 * row$accuracy)
    )
}

blend_values <- function(study, subset, label) {
    rows <- as.data.frame(study$blend)
    rows <- rows[rows$setting == "transductive" & rows$subset == subset, ]
    found_value("blend",
        sprintf("lambda %.1f %s", rows$lambda, label), rows$auc
    )
}

boundary_aucs <- function(study) {
    rows <- as.data.frame(study$boundary)
    rows <- rows[rows$setting == "transductive", ]
    name <- ifelse(rows$scorer == "kith", "CAL", "cosine")
    found_value("boundary",
        sprintf("%s below %.2f", name, rows$boundary), rows$auc
    )
}

experimental_values <- function(study, reason) {
    found_value("experimental", paste(four_names[-3L], ">=700"),
        four_aucs(study$evaluation, "transductive")[-3L], c("", reason, reason)
    )
}

seed_spread <- function(seeds, reason) {
    told <- summary(seeds)
    told <- told[told$setting == "transductive", ]
    all <- told[told$subset == "all", ]
    near <- told[told$subset == "cross-boundary", ]
    found_value("seeds",
        c(
            "mean AUC", "sd of AUC", "mean AUC, cross-boundary",
            "sd of AUC, cross-boundary"
        ),
        c(all$mean, all$sd, near$mean, near$sd), reason
    )
}

# The study tests pairs with one and with two unseen genes together.
gene_split_values <- function(study) {
    scored <- as.data.frame(study$scored)
    unseen <- c("one gene unseen", "both genes unseen")
    scored <- scored[
        scored$setting %in% unseen & scored$drawn != "matched",
    ]
    near <- scored[abs(scored$cosine) < 0.2, ]
    found_value("gene split", paste(four_names, ">=900"),
        c(
            auc(scored$cosine, scored$positive),
            auc(scored$score, scored$positive),
            auc(near$cosine, near$positive), auc(near$score, near$positive)
        ),
        paste(
            "another split; negatives are of the genes of the positives' kind,",
            "the study's of all genes"
        )
    )
}

ablation_values <- function(ablation, reason) {
    rows <- as.data.frame(ablation)
    rows <- rows[rows$subset == "all", ]
    whole <- rows[rows$setting == "transductive", ]
    at <- match(c("full", "shuffled", "similar", "uniform"), whole$arm)
    found_value("ablation", paste(c(
        "full", "shuffled partners", "similar positives", "random negatives"
    ), ">=700"), whole$auc[at], reason)
}

edge_split_values <- function(study, reason) {
    rows <- study$evaluation
    found_value("edge split", paste(c("cosine", "CAL"), ">=700"),
        four_aucs(rows, "edge held out")[1:2], c("", reason)
    )
}

matched_aucs <- function(study) {
    scored <- as.data.frame(study$scored)
    scored <- scored[
        scored$setting == "transductive" & scored$drawn != "uniform",
    ]
    near <- abs(scored$cosine) < 0.2
    reason <- "degrees are those of the pairs >= 900, the study's >= 700"
    found_value("degree-matched",
        paste(four_names[-3L], ">=900"),
        c(
            pick_auc(
                study$evaluation, "transductive", "degree-matched", "cosine"
            ),
            pick_auc(
                study$evaluation, "transductive", "degree-matched", "kith"
            ),
            auc(scored$score[near], scored$positive[near])
        ),
        reason
    )
}

degree_of <- function(profile) {
    rho <- summary(profile)
    rho <- rho[rho$setting == "transductive" & rho$subset == "all", ]
    found_value("degree",
        paste("Spearman of degree and", c("score", "cosine")),
        rho$rho[match(c("score", "cosine"), rho$measure)],
        "degrees are those of the pairs >= 900"
    )
}

# ---- tables -----------------------------------------------------------------

model_tables <- function(runs, set, effort) {
    of <- function(rows, pairs = ">=900", model = "cal2026",
                   epochs = effort$main) {
        label_rows(rows,
            data = set$name, pairs = pairs, model = model, epochs = epochs
        )
    }
    main <- runs$main
    ours <- runs$ours
    auc <- rbind(
        of(main$evaluation), of(runs$medium$evaluation, ">=700"),
        of(runs$edge$evaluation, ">=700", epochs = effort$short),
        of(
            runs$experimental$evaluation, "experimental >=700",
            epochs = effort$short
        ),
        of(ours$evaluation, model = "kith", epochs = effort$kith)
    )
    both <- function(part) {
        rows <- rbind(of(main[[part]]), of(
            ours[[part]],
            model = "kith", epochs = effort$kith
        ))
        rows$epochs <- NULL
        rows
    }
    correlation <- function(study) summary(study$degree)
    degree_correlation <- rbind(
        of(correlation(main)), of(correlation(ours), model = "kith")
    )
    degree_correlation$epochs <- NULL
    examples <- unique(rbind(of(main$examples), of(trained_examples(main))))
    examples$epochs <- NULL
    list(
        auc = auc, training = training_table(runs, set, effort),
        ablation = of(runs$ablation, ">=700", epochs = effort$short),
        seeds = of(runs$seeds, epochs = effort$short),
        boundary = both("boundary"), blend = both("blend"),
        degree_groups = both("degree"),
        degree_correlation = degree_correlation,
        distribution = both("distribution"), examples = examples,
        scatter = rbind(
            bin_pairs(main$scored, set$name, "cal2026"),
            bin_pairs(ours$scored, set$name, "kith")
        )
    )
}

training_table <- function(runs, set, effort) {
    row <- function(study, pairs) {
        told <- glance(study$fit)
        data.frame(
            data = set$name, pairs = pairs, model = "cal2026", seed = 42L,
            told[c("genes", "pairs", "epochs")],
            told[c("loss", "accuracy", "input_share")]
        )
    }
    rows <- rbind(
        row(runs$main, ">=900"), row(runs$medium, ">=700"),
        row(runs$experimental, "experimental >=700")
    )
    names(rows)[6L] <- "n_pairs"
    rows
}

# Numbers of pairs by cosine and score: centres of bins, apart for known and
# random pairs of each setting. Log-odds (kith's combined score) have wider
# bins than scores on the scale of a cosine.
bin_pairs <- function(scored, data, model) {
    scored <- as.data.frame(scored)
    shown <- c("given", "both genes unseen")
    scored <- scored[scored$setting %in% shown & scored$drawn != "matched", ]
    width <- c(cosine = 0.05, score = if (model == "kith") 0.5 else 0.05)
    centre <- function(values, width) {
        round((floor(values / width) + 0.5) * width, 3L)
    }
    bins <- data.frame(
        setting = scored$setting,
        kind = ifelse(scored$positive, "known pairs", "random pairs"),
        cosine = centre(scored$cosine, width[["cosine"]]),
        score = centre(scored$score, width[["score"]])
    )
    counts <- stats::aggregate(list(n = bins$cosine), bins, length)
    data.frame(
        data = data, pairs = ">=900", model = model, counts,
        cosine_width = width[["cosine"]], score_width = width[["score"]]
    )
}
