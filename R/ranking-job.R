# The networks behind a ranking fit. A member is trained on all training genes;
# a fold without a part of them, whose scores then tell how far each scorer can
# be trusted (ranking-fit.R).

# ---- what goes into a network -----------------------------------------------

# Transformed signal as a network takes it, estimated on training genes:
# standardised features, for convolutions bin by bin with marks as channels.
network_input <- function(encoder, x, n_bins, standardiser) {
    x <- standardise(x, standardiser)
    if (!inherits(encoder, "encoder_conv")) {
        return(x)
    }
    x[, bin_by_bin(n_bins, ncol(x)), drop = FALSE]
}

# features in the order of the bins: all marks of bin 1, of bin 2, ...
bin_by_bin <- function(n_bins, n_features) {
    c(t(matrix(seq_len(n_features), n_bins)))
}

# where each feature stands in a network's input
feature_order <- function(encoder, n_bins, n_features) {
    if (inherits(encoder, "encoder_conv")) {
        order(bin_by_bin(n_bins, n_features))
    } else {
        seq_len(n_features)
    }
}

# One value comes out, which may have any size: no unit length, no blend.
as_scorer_network <- function(encoder) {
    encoder$n_out <- 1L
    encoder$normalize <- FALSE
    if (inherits(encoder, "encoder_mlp")) {
        encoder[c("blend", "output")] <- list(FALSE, "linear")
    }
    encoder
}

ranking_network <- function(encoder, n_marks, n_bins) {
    encoder <- as_scorer_network(encoder)
    if (inherits(encoder, "encoder_conv")) {
        resolve_network(encoder, n_marks, n_bins)
    } else {
        resolve_network(encoder, n_marks * n_bins)
    }
}

# ---- one job ----------------------------------------------------------------

# rows: genes x features, as the network takes them; ranks: of expression.
# watched: NULL or list(input, ranks) of genes that are watched; test: NULL or
# the input of genes that a fold scores at its end.
ranking_job <- function(rows, ranks, encoder, shape, control, keep_ties, key,
                        watched = NULL, test = NULL, ...,
                        call = rlang::caller_env()) {
    networks <- list(
        scorer = ranking_network(encoder, shape$n_marks, shape$n_bins)
    )
    plan <- list(
        task = "ranking", objective = "pairwise_logistic",
        networks = networks, groups = engine_groups(networks, control),
        options = c(keep_ties = as.double(keep_ties)),
        optimizer = resolve_optimizer(control),
        batch_size = choose_batch_size(
            control$batch_size, nrow(rows), "genes", "x", 256L, call
        ),
        key = key
    )
    job <- new_job(
        "ranking_job", plan, list(x = rows, y = ranks), nrow(rows), control,
        measure_concordance,
        watched = watched, ...
    )
    if (!is.null(test)) {
        job$test <- test
        class(job) <- c("ranking_fold_job", class(job))
    }
    job
}

# concordance on the watched genes
validate_job.ranking_job <- function(job, run) {
    if (is.null(job$watched)) {
        return(NA_real_)
    }
    scores <- network_encode(
        job$plan$networks$scorer, job$control$precision,
        engine_read(run, "parameters"), job$watched$input,
        job$control$threads, engine_read(run, "state")
    )
    job$measure$of(scores[, 1L], job$watched$ranks)
}

# the scores of a fold's test genes
end_job.ranking_fold_job <- function(job, state) {
    final <- final_numbers(state)
    network_encode(
        job$plan$networks$scorer, job$control$precision, final$parameters,
        job$test, job$control$threads, final$state %||% double()
    )[, 1L]
}

finish_job.ranking_job <- function(job, ends) ranking_fit(ends)
