# Small fits that several test files share.

small_organism <- function(seed = 1, ...) {
    withr::with_seed(seed, simulate_network(n_genes = 250, ...))
}

small_control <- function(epochs = 3, ...) {
    settings <- utils::modifyList(
        list(
            epochs = epochs, batch_size = 64, threads = 1, seed = 1,
            verbose = FALSE
        ),
        list(...)
    )
    do.call(train_control, settings)
}

small_fit <- function(organism = small_organism(), pairs = organism$pairs,
                      objective = info_nce(), control = small_control()) {
    learn_associations(
        organism$vectors, pairs, encoder_mlp(hidden = 16), objective, control
    )
}
