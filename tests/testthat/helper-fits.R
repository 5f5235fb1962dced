# Small fits that several test files share.

# the numbers that a fit's first network has learned
learned_parameters <- function(fit) fit$members[[1L]]$parameters

small_organism <- function(seed = 1, ...) {
    withr::with_seed(seed, simulate_network(n_genes = 250, ...))
}

small_control <- function(epochs = 3, ...) {
    settings <- utils::modifyList(
        list(
            epochs = epochs, batch_size = 64, threads = 1, seed = 1,
            verbose = FALSE, learning_rate = 3e-4, weight_decay = 1e-4
        ),
        list(...)
    )
    do.call(train_control, settings)
}

# one network, by default with the published objective
small_fit <- function(organism = small_organism(), pairs = organism$pairs,
                      objective = info_nce(), control = small_control()) {
    learn_associations(
        organism$vectors, pairs, encoder_mlp(hidden = 16), objective, control,
        preset = "cal2026"
    )
}

# three networks and three folds
combined_fit <- function(control = list(), pairs = organism$pairs, ...,
                         organism = small_organism()) {
    control <- utils::modifyList(
        list(epochs = 3, threads = 1, seed = 1, verbose = FALSE), control
    )
    learn_associations(organism$vectors, pairs,
        encoder_mlp(16, dropout = 0.2, blend = FALSE, n_out = 6),
        control = do.call(train_control, control), ...
    )
}
