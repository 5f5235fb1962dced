#' Learn which genes belong together
#'
#' Trains a network f on gene vectors and known gene pairs such that partners
#' score high, also where their vectors do not look alike: contrastive
#' association learning. The fit scores pairs ([score_pairs()]), finds new
#' partners ([partners()]) and says on held-out pairs how far it can be
#' trusted ([evaluate()][evaluate.association_fit]).
#'
#' Genes are the rows of `x`, one vector each; every row is divided by its L2
#' norm unless `x` comes from [as_embedding()]. For expression or screen
#' matrices reduce the columns first, `as_embedding(x, pca = 50)`, as the paper
#' does. Pairs are used in the orientation in which they are listed: with raw
#' keys only the first gene of a pair is encoded while training.
#'
#' The defaults are the published recipe: 100 epochs of AdamW over batches of
#' 512 pairs.
#'
#' @param x Gene vectors: whatever [as_embedding()] takes (matrix, data frame,
#'   `SummarizedExperiment` ...), genes in rows with their ids as row names.
#' @param pairs Known pairs: whatever [gene_pairs()] takes. Pairs with a gene
#'   that is not in `x` are left out and counted in a message.
#' @param encoder The network: [encoder_mlp()].
#' @param objective What is learned: [info_nce()].
#' @param control How to train: [train_control()].
#'
#' @return An object of class `association_fit`, plain R data that
#'   `saveRDS()` keeps as it is. Its parts: `encoder`, `objective`, `control`,
#'   `parameters` (numeric, layer by layer), `history` (data frame with a row
#'   for each epoch: `epoch`, `loss`, `accuracy` (share of genes whose own
#'   partner scores highest in the batch), `learning_rate`,
#'   `validation_auc`), `preprocessing`, `genes`, `vectors` (the unit vectors,
#'   genes x dimensions), `pairs` (trained on), `validation` (kept out), `key`
#'   (of the random draws), `version` and `blas`. The matrix that `x` came
#'   from is not kept.
#' @section Errors: Of class `kith_error_input`: gene vectors that
#'   [as_embedding()] refuses, fewer than 8 pairs of known genes, a batch
#'   larger than the pairs. Of class `kith_error_checkpoint`: the checkpoint of
#'   another run. A loss that is not finite stops the run and names epoch and
#'   batch.
#' @references Dury J (2026). Beyond expression similarity: contrastive
#'   learning recovers functional gene associations from protein interaction
#'   structure. arXiv:2603.20955.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 64),
#'     control = train_control(
#'         epochs = 5, batch_size = 64, threads = 1, verbose = FALSE
#'     )
#' )
#' fit
#' partners(fit, rownames(organism$vectors)[1], n = 3)
#' @export
learn_associations <- function(x, pairs, encoder = encoder_mlp(),
                               objective = info_nce(),
                               control = train_control()) {
    check_class(encoder, "encoder", "encoder_mlp")
    check_class(objective, "objective", "multi_positive")
    check_class(control, "train_control", "train_control")
    x <- as_embedding(x)
    pairs <- keep_known_pairs(check_pairs(pairs), rownames(x), "pairs")
    key <- draw_key(control$seed)
    parts <- hold_out(pairs, control$validation, rownames(x), key)
    train_index <- match_pairs(parts$train, rownames(x))
    job <- job_new(x, train_index$a, train_index$b, encoder, objective,
        control, key, parts$watched
    )
    job$learned <- list(
        genes = rownames(x), preprocessing = attr(x, "preprocessing"),
        encoder = encoder, objective = objective, pairs = parts$train,
        validation = parts$validation
    )
    association_fit(job, train(job, state_for(job)))
}

# The pairs to train on, those to watch, and the watched ones with negatives
# as rows of x: list(train, validation, watched).
hold_out <- function(pairs, validation, genes, key,
                     call = rlang::caller_env()) {
    if (is.null(validation)) {
        return(list(train = pairs, validation = NULL, watched = NULL))
    }
    if (is.data.frame(validation)) {
        validation <- keep_known_pairs(check_pairs(validation), genes,
            "validation",
            call = call
        )
        train <- drop_pairs(pairs, validation)
    } else {
        parts <- split_by_edge(pairs, 1 - validation, key, call)
        train <- parts$train
        validation <- parts$test
    }
    known <- join_pairs(train, validation)
    coded <- code_universe(list(pair_genes(known)), known)
    n_negatives <- min(
        5 * nrow(validation), max_uniform_negatives, count_negatives(coded)
    )
    negatives <- draw_uniform(coded, n_negatives, NULL, NULL, key, call)
    index <- match_pairs(join_rows(validation, negatives), genes)
    watched <- list(
        a = index$a, b = index$b,
        positive = rep(
            c(TRUE, FALSE), c(nrow(validation), nrow(negatives))
        )
    )
    list(train = train, validation = validation, watched = watched)
}

# a fit from a job and the state that its training ended in
association_fit <- function(job, state) {
    parameters <- state$blocks$parameters
    if (!is.null(state$best)) parameters <- state$best$parameters
    learned <- job$learned
    vectors <- job$x
    rownames(vectors) <- learned$genes
    structure(
        list(
            encoder = learned$encoder, objective = learned$objective,
            control = job$control, network = job$plan$network,
            parameters = parameters, history = state$history,
            best_epoch = state$best$epoch,
            preprocessing = learned$preprocessing, genes = learned$genes,
            vectors = vectors, pairs = learned$pairs,
            validation = learned$validation, key = job$plan$key,
            job_hash = job_hash(job), version = kith_version(),
            blas = extSoftVersion()[["BLAS"]]
        ),
        class = "association_fit"
    )
}

kith_version <- function() {
    as.character(utils::packageVersion("kith"))
}

#' Go on with a training run
#'
#' Continues from the checkpoint of a run that was interrupted, or that was
#' trained to fewer epochs than planned. The result is, bit for bit, what the
#' unbroken run would have given on the same machine.
#'
#' A checkpoint holds the run's data as well (unlike a fit), so nothing else
#' is needed. Running the same `learn_associations()` again with the same
#' seed and `checkpoint` resumes, too.
#'
#' @param fit The path of a checkpoint, or a fit whose control named one.
#' @param epochs The epoch to train up to. `NULL`: as many as were planned. A
#'   cosine schedule ends with the planned epochs and cannot go beyond them.
#' @param verbose Show progress?
#'
#' @return A fit, as from the function that began the run.
#' @section Errors: Of class `kith_error_checkpoint`: a file that is missing,
#'   damaged, from another version, or not the fit's own. Of class
#'   `kith_error_input`: more epochs than a cosine schedule has.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' file <- tempfile(fileext = ".rds")
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 32),
#'     control = train_control(
#'         epochs = 2, schedule = "constant", batch_size = 64, threads = 1,
#'         checkpoint = file
#'     )
#' )
#' resume(file, epochs = 4)
#' @export
resume <- function(fit, epochs = NULL, verbose = interactive()) {
    file <- if (inherits(fit, "association_fit")) {
        fit$control$checkpoint
    } else {
        check_string(fit)
    }
    if (is.null(file)) {
        abort_input(c(
            "{.arg fit} was trained without a checkpoint.",
            i = "Name one with {.code train_control(checkpoint = )}."
        ))
    }
    saved <- read_checkpoint(file)
    if (inherits(fit, "association_fit") &&
        !identical(fit$job_hash, saved$job_hash)) {
        cli::cli_abort(c(
            "{.file {file}} is not the checkpoint of this {.arg fit}.",
            i = "Another run has been saved there since."
        ), class = "kith_error_checkpoint")
    }
    job <- saved$job
    job$control$verbose <- check_flag(verbose)
    job$control$checkpoint <- file
    until <- check_epochs(epochs, job, saved$state)
    association_fit(job, train(job, saved$state, until))
}

check_epochs <- function(epochs, job, state, call = rlang::caller_env()) {
    planned <- job$control$epochs
    if (is.null(epochs)) {
        return(planned)
    }
    epochs <- check_count(epochs, call = call)
    if (epochs > planned && job$control$schedule == "cosine") {
        abort_input(c(
            "{.arg epochs} must not exceed the {planned} planned ones.",
            x = "The cosine schedule has come to 0 by then; it is {epochs}.",
            i = "Plan more epochs, or train with {.code schedule =
            \"constant\"}."
        ), call = call)
    }
    done <- state$at[["epoch"]]
    if (epochs < done) {
        abort_input(c(
            "{.arg epochs} must be at least the {done} that are done.",
            x = "It is {epochs}."
        ), call = call)
    }
    epochs
}
