# What the benchmarks on held-out genes share: problems (a gene split with its
# test pairs and negatives), what is counted of a score, and the table. Sourced
# by bench/heldout.R and bench/genome-scale.R.

# the listed pairs of two genes of x
known_to <- function(pairs, x) {
    known <- pairs$from %in% rownames(x) & pairs$to %in% rownames(x) &
        pairs$from != pairs$to
    gene_pairs(pairs[known, ])
}

# Problems ---------------------------------------------------------------------

# One gene split with its test pairs and negatives: list(train, tests), tests a
# list of data frames from, to, positive.
split_problem <- function(set, pairs, seed) {
    set.seed(seed)
    parts <- split_pairs(pairs, by = "gene", prop = 0.7)
    seen <- unique(c(parts$train$from, parts$train$to))
    unseen_of <- function(p) (!p$from %in% seen) + (!p$to %in% seen)
    test <- parts$test[c("from", "to")]
    unseen <- setdiff(unique(c(test$from, test$to)), seen)
    universes <- list(one = list(seen, unseen), both = unseen)
    tests <- Map(function(universe, n) {
        positives <- test[unseen_of(test) == n, ]
        negatives <- sample_negatives(pairs, universe, positives = positives)
        data.frame(
            from = c(positives$from, negatives$from),
            to = c(positives$to, negatives$to),
            positive = rep(
                c(TRUE, FALSE), c(nrow(positives), nrow(negatives))
            )
        )
    }, universes, 1:2)
    list(x = set$x, train = parts$train, tests = tests)
}

# Judging ----------------------------------------------------------------------

# as many negatives, drawn by the product of their degrees
degree_matched_auc <- function(score, test, degree, seed) {
    set.seed(seed)
    negative <- which(!test$positive)
    drawn <- sample(negative, length(negative), TRUE,
        prob = degree[test$from[negative]] * degree[test$to[negative]]
    )
    auc(
        c(score[test$positive], score[drawn]),
        rep(c(TRUE, FALSE), c(sum(test$positive), length(drawn)))
    )
}

calibration_error <- function(probability, positive) {
    bin <- cut(probability, seq(0, 1, 0.1), include.lowest = TRUE)
    gap <- tapply(probability, bin, mean) - tapply(positive, bin, mean)
    sum(abs(gap) * table(bin) / length(bin), na.rm = TRUE)
}

# one row for a score of a test
judge <- function(score, test, degree, method, setting, split, seed) {
    positives <- test[test$positive, ]
    log_degree <- log(degree[positives$from]) + log(degree[positives$to])
    data.frame(
        method = method, setting = setting, split = split, seed = seed,
        auc = auc(score, test$positive),
        matched = degree_matched_auc(score, test, degree, split),
        rho = if (stats::sd(score[test$positive]) > 0) {
            spearman(score[test$positive], unname(log_degree))
        } else {
            NA_real_
        },
        ece = NA_real_
    )
}

# Models of kith ---------------------------------------------------------------

quiet_control <- function(seed) train_control(seed = seed, verbose = FALSE)

judge_kith <- function(problem, degree, split, seed) {
    fit <- learn_associations(problem$x, problem$train,
        control = quiet_control(seed)
    )
    rows <- Map(function(test, setting) {
        scored <- lapply(c("combined", "corrected", "both"), function(how) {
            score <- score_pairs(fit, test[1:2], how = how)$score
            method <- c(
                combined = "kith", corrected = "kith corrected",
                both = "kith networks"
            )[[how]]
            judge(score, test, degree, method, setting, split, seed)
        })
        # negatives are 50,000 at most, so less than five to a positive of many
        probability <- predict(fit, test[1:2],
            type = "prob", prior = mean(test$positive)
        )$.pred
        scored[[1L]]$ece <- calibration_error(probability, test$positive)
        list(
            rows = do.call(rbind, scored),
            calibration = data.frame(
                setting = setting, split = split, probability = probability,
                positive = test$positive
            )
        )
    }, problem$tests, names(problem$tests))
    list(
        rows = do.call(rbind, lapply(rows, `[[`, "rows")),
        calibration = do.call(rbind, lapply(rows, `[[`, "calibration"))
    )
}

judge_published <- function(problem, degree, split, seed) {
    fit <- learn_associations(problem$x, problem$train,
        preset = "cal2026", control = quiet_control(seed)
    )
    do.call(rbind, Map(function(test, setting) {
        judge(
            score_pairs(fit, test[1:2])$score, test, degree,
            "published recipe", setting, split, seed
        )
    }, problem$tests, names(problem$tests)))
}

# Pairs from another source ----------------------------------------------------

# How a fit and the baselines tell pairs of another source (hu.MAP ...) that it
# was not trained on; prints all, returns the rows of the setting with most of
# them. ids: what makes ids of the source those of the fit.
judge_external <- function(fit, source, draws, ids = identity) {
    table <- utils::read.csv(
        data_file("genes", paste0("pairs_", source, ".csv.gz"))
    )
    ends <- utils::head(grep("gene|symbol", names(table)), 2L)
    found <- known_to(
        data.frame(from = ids(table[[ends[1L]]]), to = ids(table[[ends[2L]]])),
        fit$vectors
    )
    set.seed(1L)
    judged <- evaluate(fit, found, draws = draws, transductive = FALSE)
    judged <- as.data.frame(judged)[judged$subset == "all", ]
    cat("\n", source, ": ", sum(judged$n_positive[judged$scorer == "kith"]),
        " pairs that were not trained on\n",
        sep = ""
    )
    print(judged[c(
        "setting", "scorer", "auc", "lower", "upper", "n_positive", "margin",
        "margin_lower"
    )], row.names = FALSE, digits = 3)
    judged[judged$n_positive == max(judged$n_positive), ]
}

# The table --------------------------------------------------------------------

# mean over seeds for each split
by_split <- function(rows, value) {
    tapply(rows[[value]], list(rows$split, rows$method), mean)
}

# a row per setting and method: mean and sd over the splits, and how much
# higher kith's AUC is, paired by split, with its standard error
heldout_table <- function(rows) {
    settings <- lapply(c("one", "both"), function(setting) {
        kept <- rows[rows$setting == setting, ]
        aucs <- by_split(kept, "auc")
        means <- lapply(c("matched", "rho", "ece"), function(value) {
            colMeans(by_split(kept, value))
        })
        found <- kith:::compare_folds(aucs, "kith")
        table <- data.frame(
            setting = setting, method = found$method, auc = found$mean,
            sd = found$sd, matched = means[[1L]], rho = means[[2L]],
            ece = means[[3L]], margin = found$margin,
            margin_se = found$margin_se
        )
        table[order(-table$auc), ]
    })
    do.call(rbind, c(settings, make.row.names = FALSE))
}

print_heldout <- function(table, set, n_splits) {
    cat("\n", set$name, ": ", nrow(set$x), " genes, ", nrow(set$pairs),
        " pairs, ", n_splits, " gene splits\n",
        sep = ""
    )
    for (setting in unique(table$setting)) {
        cat(
            setting, "unseen           AUC    sd   matched    rho    ECE",
            "  kith less it (se)\n"
        )
        with(table[table$setting == setting, ], cat(sprintf(
            "  %-22s %.3f %.3f     %.3f  %+.2f  %s  %+.3f (%.3f)\n",
            method, auc, sd, matched, rho, format(round(ece, 3), width = 5),
            margin, margin_se
        ), sep = ""))
    }
}

# the figures of a table that the last lines tell
summarise_heldout <- function(table, name) {
    ours <- c("kith", "kith corrected", "kith networks")
    # of both settings the one that follows degree more
    rho <- function(method) {
        values <- table$rho[table$method == method]
        values[which.max(abs(values))]
    }
    lines <- lapply(c("one", "both"), function(setting) {
        rows <- table[table$setting == setting, ]
        kith <- rows[rows$method == "kith", ]
        corrected <- rows[rows$method == "kith corrected", ]
        # the table is in the order of the AUC
        best <- rows[!rows$method %in% ours, ][1L, ]
        values <- list(
            auc = kith$auc, best_baseline = best$method, margin = best$margin,
            margin_se = best$margin_se, ece = kith$ece,
            matched_auc = kith$matched,
            matched_auc_corrected = corrected$matched
        )
        stats::setNames(values, paste(name, setting, names(values), sep = "_"))
    })
    degree <- list(rho("kith"), rho("kith corrected"))
    names(degree) <- paste0(name, c("_degree_rho_combined", "_degree_rho"))
    c(lines[[1L]], lines[[2L]], degree)
}
