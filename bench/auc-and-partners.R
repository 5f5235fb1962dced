# How fast are the AUC and the search for partners?
#
#     Rscript bench/auc-and-partners.R [library]
#
# AUC: 10 million scored pairs, ours against pROC::auc, one run of each in
# turn, medians of the times. Partners: partners() for all genes of a fit, the
# 20 best of each (encoding of the genes with the published network included),
# in a fresh process each, with the peak of its memory (VmHWM). Lines
# `name: value` at the end.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) > 0L && nzchar(arguments[1])) {
    .libPaths(c(arguments[1], .libPaths()))
}

n_scores <- 1e7
n_rounds <- 3L
threads <- min(4L, parallel::detectCores())

compare_auc <- function() {
    set.seed(1)
    positive <- stats::runif(n_scores) < 1 / 6
    scores <- stats::rnorm(n_scores) + positive
    ours <- theirs <- double(n_rounds)
    for (round in seq_len(n_rounds)) {
        ours[round] <- seconds(our_value <- kith::auc(scores, positive))
        theirs[round] <- seconds(
            their_value <- pROC::auc(
                response = positive, predictor = scores,
                levels = c(FALSE, TRUE), direction = "<"
            )
        )
    }
    stopifnot(abs(our_value - as.double(their_value)) < 1e-9)
    c(
        auc_seconds = stats::median(ours),
        auc_seconds_proc = stats::median(theirs),
        auc_speedup = stats::median(theirs) / stats::median(ours)
    )
}

# In the child: a fit of random vectors (50 dimensions, the published network,
# one epoch on 5,000 random pairs), then partners for all of its genes.
search_partners <- function(n_genes) {
    set.seed(1)
    ids <- paste0("gene", seq_len(n_genes))
    x <- matrix(stats::rnorm(n_genes * 50), n_genes,
        dimnames = list(ids, NULL)
    )
    pairs <- data.frame(
        from = sample(ids, 5000, TRUE), to = sample(ids, 5000, TRUE)
    )
    fit <- kith::learn_associations(x, pairs,
        control = kith::train_control(epochs = 1, threads = threads),
        preset = "cal2026"
    )
    before <- peak_mib()
    took <- seconds(found <- kith::partners(fit, n = 20))
    stopifnot(nrow(found) == 20 * n_genes)
    cat(took, peak_mib(), before, "\n")
}

measure_partners <- function(n_genes) {
    script <- sub(
        "^--file=", "", grep("^--file=", commandArgs(), value = TRUE)
    )
    command <- file.path(R.home("bin"), "Rscript")
    library <- if (length(arguments) > 0L) arguments[1] else ""
    runs <- vapply(seq_len(n_rounds), function(round) {
        line <- system2(command,
            c(script, shQuote(library), n_genes),
            stdout = TRUE
        )
        scan(text = line, quiet = TRUE)
    }, double(3))
    result <- apply(runs, 1L, stats::median)
    names(result) <- paste0(
        "partners_", n_genes,
        c("_seconds", "_peak_mib", "_peak_mib_before")
    )
    result
}

if (length(arguments) == 2L) {
    search_partners(as.integer(arguments[2]))
} else {
    results <- c(
        compare_auc(), threads = threads,
        measure_partners(2057L), measure_partners(20000L)
    )
    print_results(results)
}
