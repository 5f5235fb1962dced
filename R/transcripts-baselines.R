# What benchmark_transcripts() compares with: ridge or logistic regression on
# simple features of sequences, and a forest on them.

# Features of each baseline, NULL where transcripts lack what they are made of.
# list(features, k): arguments of sequence_features()
baseline_features <- function(x, k) {
    codons <- has_cds(x)
    exons <- any(!is.na(x$exons))
    sets <- list(
        codons = if (codons) list(features = c("length", "codons")),
        "k-mers + codons" = if (codons) {
            list(features = c("length", "codons", "kmers"), k = k)
        },
        "k-mers" = if (!codons) list(features = c("length", "kmers"), k = k),
        "length + exons" = if (exons) list(features = c("length", "exons")),
        length = if (!exons) list(features = "length"),
        "random forest" = default_features(x, k)
    )
    Filter(Negate(is.null), sets)
}

check_transcript_baselines <- function(baselines, there,
                                       call = rlang::caller_env()) {
    if (is.null(baselines)) {
        return(names(there))
    }
    # length(0): none are wanted
    if (length(baselines) == 0L) {
        return(character())
    }
    check_several(baselines, names(there), call = call)
}

# Predictions of test transcripts by a forest of 500 trees: numbers, or the
# probability of each label.
forest_predictions <- function(train, labels, test, seed, threads) {
    grow <- function(y, probability) {
        forest <- ranger::ranger(
            x = numbered_columns(train), y = y, num.trees = 500L,
            probability = probability, min.node.size = 5L, seed = seed,
            num.threads = threads
        )
        stats::predict(forest, numbered_columns(test),
            num.threads = threads
        )$predictions
    }
    if (labels$kind == "response") {
        return(matrix(grow(labels$y, FALSE)))
    }
    vapply(labels$y, function(one) {
        grow(one, TRUE)[, "TRUE"]
    }, numeric(nrow(test)))
}
