# What the tests of learn_samples() share.

# Groups of samples with noise that all share; patients as names say.
grouped_samples <- function(n = 60, groups = 4, genes = 80, noise = 2,
                            shared = 1, seed = 1) {
    set.seed(seed)
    tissue <- rep(letters[seq_len(groups)], length.out = n)
    centre <- matrix(rnorm(groups * genes), groups,
        dimnames = list(letters[seq_len(groups)], NULL)
    )
    common <- matrix(rnorm(n * 5), n) %*% matrix(rnorm(5 * genes), 5)
    x <- centre[tissue, ] + noise * matrix(rnorm(n * genes), n) +
        shared * common
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("g", seq_len(genes)))
    list(x = x, tissue = stats::setNames(tissue, rownames(x)))
}

seeded <- train_control(threads = 1, seed = 1)
