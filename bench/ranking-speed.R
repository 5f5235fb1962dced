# Speed of learn_ranking() and of its measure.
#
#   Rscript bench/ranking-speed.R [--threads=2] [--rounds=3] [--seconds=6]
#
# Pairs that training goes through in a second, kith's network on all pairs of
# a batch of 256 genes against a PyTorch loop that scores both genes of each of
# its pairs (bench/ranking_torch.py; batches of 32 and of 512 pairs), the same
# network, in turns; medians and the ratio to the faster of both loops. Then the
# concordance of a million genes, and a fit by default of 20,000 genes with 700
# features.

source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(),
    value = TRUE
)[1L])), "common.R"))
kith_load(option("lib"))
threads <- as.integer(option("threads", "2"))
rounds <- as.integer(option("rounds", "3"))
span <- as.numeric(option("seconds", "6"))

set.seed(1)
n <- 20000L
x <- matrix(rnorm(n * 700), n, dimnames = list(sprintf("g%05d", seq_len(n))))
y <- x[, 1] + 0.5 * x[, 2] * x[, 3] + rnorm(n)

# pairs in a second of epochs of one network
kith_rate <- function() {
    network <- encoder_mlp(
        hidden = c(64, 32), dropout = 0.3, blend = FALSE, normalize = FALSE,
        n_out = 1
    )
    networks <- list(scorer = kith:::ranking_network(network, 700, 1L))
    control <- train_control(threads = threads)
    plan <- list(
        task = "ranking", objective = "pairwise_logistic", networks = networks,
        groups = kith:::engine_groups(
            networks, list(weight_decay = 0.01, clip_norm = Inf)
        ),
        options = c(keep_ties = 0),
        optimizer = kith:::resolve_optimizer(control), batch_size = 256L,
        key = kith:::draw_key(1L)
    )
    run <- kith:::engine_create(
        plan, control$precision,
        list(x = unname(x), y = as.double(rank(y)))
    )
    epoch <- 0
    kith:::engine_epoch_begin(run, epoch, threads)
    kith:::engine_advance(run, 5, 1e-3, threads)
    steps <- 0
    started <- proc.time()[["elapsed"]]
    while (proc.time()[["elapsed"]] - started < span) {
        done <- kith:::engine_advance(run, 10, 1e-3, threads)[["done"]]
        steps <- steps + 10
        if (done == 1) {
            epoch <- epoch + 1
            kith:::engine_epoch_begin(run, epoch, threads)
        }
    }
    steps * 256 * 255 / 2 / (proc.time()[["elapsed"]] - started)
}

torch_rates <- function() {
    lines <- system2("/usr/bin/python3", c(
        file.path(dirname(script_path()), "ranking_torch.py"),
        "--threads", threads, "--seconds", span
    ), stdout = TRUE)
    values <- strsplit(lines, " ")
    stats::setNames(
        as.numeric(vapply(values, `[`, "", 2L)),
        paste0("torch_", vapply(values, `[`, "", 1L))
    )
}

rates <- do.call(rbind, lapply(seq_len(rounds), function(i) {
    c(kith = kith_rate(), torch_rates())
}))
medians <- apply(rates, 2L, median)
print(signif(rates, 4))

million <- rnorm(1e6)
truth <- round(million + rnorm(1e6), 3)
of_million <- median(replicate(3, seconds(concordance(million, truth))))
fit_seconds <- seconds(learn_ranking(x, y,
    control = train_control(threads = threads, seed = 1, verbose = FALSE)
))

print_results(list(
    pairs_per_second = medians[["kith"]],
    torch_pairs_per_second_32 = medians[["torch_32"]],
    torch_pairs_per_second_512 = medians[["torch_512"]],
    ratio_to_faster_loop = medians[["kith"]] / max(medians[-1L]),
    ratio_to_published_batch = medians[["kith"]] / medians[["torch_32"]],
    concordance_of_a_million_seconds = of_million,
    fit_of_20000_genes_700_features_seconds = fit_seconds
))
