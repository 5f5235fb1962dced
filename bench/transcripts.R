# Labels from RNA sequences on public sets: ridge regression (logistic for
# functions) on simple features, a forest, and with --fit what
# learn_transcripts() adds, beside the same encoder untrained; with --fine-tune
# also that encoder trained on with the labels, and from scratch.
#
#   KITH_DATA=DIR Rscript bench/transcripts.R [--sets=A,B] [--folder=DIR]
#       [--labels=Inf] [--folds=10] [--draws=5] [--workers=1] [--forest]
#       [--fit] [--isoforms] [--fine-tune] [--tables=DIR] [--lib=DIR]
#
# --isoforms: also an encoder of letters that was trained on isoforms of human
#   chromosomes 1, 21 and 22 and coding sequences of yeast.
# For few labels: --fine-tune --labels=0.01,0.1,Inf --draws=5 --folds=5
#
# Folds keep paralogs, variants of one mother and identical sequences together;
# te and utr3 have the split that their data came with. An encoder sees all
# sequences, without labels (transductive). Finished folds and encodings are
# kept in the folder (./transcripts-folds), so that a stopped benchmark goes on.
# --tables: writes transcripts.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "transcripts-sets.R"))

kith_load(option("lib"))
folder <- option("folder", "transcripts-folds")
chosen <- chosen_sets(sets)
labels <- as.numeric(strsplit(option("labels", "Inf"), ",")[[1L]])
workers <- bench_workers()
control <- bench_control()
dir.create(folder, showWarnings = FALSE)

# ---- encoders ----------------------------------------------------------------

# What learn_transcripts() is called with stands here alone.
train_encoder <- function(corpus, method) {
    groups <- corpus$groups
    sets <- if (!is.null(groups)) {
        transcript_sets(corpus$x, groups[names(corpus$x)])
    } else {
        ids <- names(corpus$x)
        transcript_sets(corpus$x, stats::setNames(ids, ids))
    }
    learn_transcripts(corpus$x, sets,
        method = method, control = train_control(seed = 1)
    )
}

# the value of an expression, from the folder if it is there
kept <- function(name, value) {
    file <- file.path(folder, paste0(name, ".rds"))
    if (!file.exists(file)) {
        saveRDS(value, file)
    }
    readRDS(file)
}

# sets of one corpus share an encoder
fit_of <- function(set, name, kind, method) {
    kept(paste("fit", set$corpus_name %||% name, kind, sep = "-"), {
        corpus <- if (is.null(set$corpus)) set else set$corpus()
        train_encoder(corpus, method)
    })
}

# by an encoder of letters alone, trained on isoforms of human chromosomes
isoform_encodings <- function(set, name) {
    kept(paste("encodings", name, "isoforms", sep = "-"), {
        fit <- kept("fit-isoforms-trained", {
            train_encoder(isoforms(), method_isoclr())
        })
        set$x$tracks <- fit$tracks
        encode(fit, set$x)
    })
}

encodings_of <- function(set, name, kind, method) {
    kept(paste("encodings", name, kind, sep = "-"), {
        encode(fit_of(set, name, kind, method), set$x)
    })
}

# encodings, or with --fine-tune the trained fit itself
learned_methods <- function(set, name) {
    if (!flag("fit") && !flag("fine-tune")) {
        return(list())
    }
    take <- if (flag("fine-tune")) fit_of else encodings_of
    c(
        list(
            kith = take(set, name, "trained", method_isoclr()),
            untrained = encodings_of(set, name, "untrained", method_untrained())
        ),
        if (flag("isoforms")) list(isoforms = isoform_encodings(set, name))
    )
}

# ---- run ---------------------------------------------------------------------

run_set <- function(name) {
    set <- sets[[name]]()
    groups <- set$groups[names(set$x)]
    cat(name, ": ", length(set$x), " sequences in ", length(unique(groups)),
        " groups\n",
        sep = ""
    )
    arms <- set$arms %||% if (set$floor == "codons") {
        c("codons", "k-mers + codons", "length")
    } else {
        c("k-mers", "length")
    }
    if (flag("forest")) {
        arms <- c(arms, "random forest")
    }
    result <- benchmark_transcripts(set$x, set$y,
        groups = groups, methods = learned_methods(set, name),
        labels = labels, baselines = arms, k = set$k,
        folds = if (is.null(set$folds)) {
            as.integer(option("folds", "10"))
        } else {
            set$folds
        },
        draws = as.integer(option("draws", "5")),
        fine_tune = flag("fine-tune"), control = control,
        folder = folder, BPPARAM = workers
    )
    measures <- intersect(
        c("pearson", "spearman", "rmse", "micro_auc", "macro_auc"),
        names(result)
    )
    table <- do.call(rbind, lapply(measures, function(measure) {
        draws <- if (measure == "pearson") 200 else 0
        cbind(measure = measure, summary(
            result,
            measure = measure, bootstrap = draws
        ))
    }))
    print(result)
    print_lines(name, set, result)
    cbind(set = name, table)
}

# number of labels in a name: nothing of all, 1pct of a share
name_labels <- function(k) {
    if (is.finite(k)) paste0("_", if (k < 1) paste0(100 * k, "pct") else k)
}

# TASK_floor_r and so on, with all labels or k of them in the name
print_lines <- function(name, set, result) {
    rows <- summary(result, bootstrap = 0)
    for (k in unique(rows$labels)) {
        at <- rows[rows$labels == k, ]
        task <- paste0(name, name_labels(k))
        unit <- if (is.matrix(set$y)) "_auc" else "_r"
        value <- function(method) at$mean[match(method, at$method)]
        ours <- at$method %in% attr(result, "ours")
        floors <- at[!ours, ]
        lines <- list()
        lines[[paste0(task, "_floor", unit)]] <- value(set$floor)
        lines[[paste0(task, "_floor_sd")]] <- at$sd[at$method == set$floor]
        best <- floors[which.max(floors$mean), ]
        lines[[paste0(task, "_best_floor", unit)]] <- best$mean
        lines[[paste0(task, "_best_floor")]] <- best$method
        if (any(ours)) {
            lines[[paste0(task, "_probe", unit)]] <- value("kith alone")
            lines[[paste0(task, "_untrained", unit)]] <-
                value("untrained alone")
            lines[[paste0(task, "_combined", unit)]] <- value("kith")
            lines[[paste0(task, "_untrained_combined", unit)]] <-
                value("untrained")
            lines[[paste0(task, "_joint", unit)]] <- value("kith joint")
            # `kith` is the first arm: margins are its own
            floor <- at[at$method == set$floor, ]
            lines[[paste0(task, "_combined_margin")]] <- floor$margin
            lines[[paste0(task, "_combined_margin_se")]] <- floor$margin_se
        }
        if ("kith fine-tuned" %in% at$method) {
            tuned <- value("kith fine-tuned")
            scratch <- value("kith from scratch")
            lines[[paste0(task, "_finetuned", unit)]] <- tuned
            lines[[paste0(task, "_scratch", unit)]] <- scratch
            lines[[paste0(task, "_finetuned_ratio")]] <- tuned / scratch
        }
        print_results(lines, 3L)
    }
}

tables <- do.call(rbind, lapply(chosen, run_set))
write_table(tables, "transcripts")
