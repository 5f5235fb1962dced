#' Learn which genes belong together
#'
#' Trains a network f on gene vectors and known gene pairs such that partners
#' score high, also where their vectors do not look alike: contrastive
#' association learning. The fit scores pairs ([score_pairs()]), finds new
#' partners ([partners()]) and says on held-out pairs how far it can be
#' trusted ([evaluate()][evaluate.association_fit]).
#'
#' Genes are the rows of `x`, one vector each; every row is divided by its L2
#' norm. For expression or screen matrices reduce the columns first,
#' `as_embedding(x, pca = 50)`, as the paper does.
#'
#' # What the default does
#'
#' `preset = "kith"` learns from three sides and from held-out genes how far to
#' trust each:
#'
#' 1. **Networks.** Three networks (`members`) with different first weights and
#'    orders, two hidden layers of 512 and dropout 0.3 to 128 dimensions, are
#'    trained with [multi_positive()] for 60 passes over the genes (AdamW, rate
#'    1e-3 falling along a cosine, weight decay 0.01). Their scores are
#'    averaged; their disagreement is the `spread` of a score.
#' 2. **Propagation.** What is known of the training genes (partners, and who
#'    shares partners) is carried to every gene by kernel ridge regression on
#'    the vectors (Laplace kernel of width 0.4, ridge 0.3): guilt by
#'    association, with weights that are learned.
#'    The same regression foretells how many partners a gene has.
#' 3. **Combination.** On three folds, each without a third of the genes and a
#'    tenth of the other pairs, the same is done once more. From the pairs that
#'    a fold has not seen, with five negatives each, a logistic regression
#'    learns the weights of four numbers, apart for pairs with no, one or two
#'    genes without known partners: the networks' score, the propagated one,
#'    the cosine of the inputs and the degrees that are foretold. That is the
#'    `"combined"` score, a log-odds. A second regression against negatives of
#'    the positives' degrees, with that weight of the degrees which takes out
#'    what still follows them, gives the `"corrected"` score (see
#'    [score_pairs()]).
#'
#' All of it holds for the genes of a whole genome: batches grow with the
#' number of genes, and beyond 8,192 training genes the regression rests on a
#' subset of them.
#'
#' Test genes had no part in the choice of these settings: they were compared
#' on genes held out within the training genes of three data sets
#' (`bench/heldout.R` in the sources tells what came of it).
#'
#' `preset = "cal2026"` is the published recipe instead: one network of three
#' hidden layers of 1,024 with a residual blend, [info_nce()] with raw keys,
#' 100 epochs over batches of 512 pairs, rate 3e-4. Pairs are used in the
#' orientation in which they are listed: with raw keys only the first gene of a
#' pair is encoded while training.
#'
#' With the same seed a fit is the same on any number of threads and workers.
#'
#' @param x Gene vectors: whatever [as_embedding()] takes (matrix, data frame,
#'   `SummarizedExperiment` ...), genes in rows with their ids as row names.
#' @param pairs Known pairs: whatever [gene_pairs()] takes. Pairs with a gene
#'   that is not in `x` are left out and counted in a message.
#' @param encoder The network: [encoder_mlp()]. `NULL`: the preset's.
#' @param objective What is learned: [multi_positive()] or [info_nce()].
#'   `NULL`: the preset's.
#' @param control How to train: [train_control()].
#' @param preset What holds where an argument is `NULL`, see below.
#' @param members How many networks. `NULL`: 3, or 1 with
#'   `preset = "cal2026"`.
#' @param combine Learn how to combine the networks' score with propagation?
#'   It takes three more networks. `NULL`: yes, or no with
#'   `preset = "cal2026"`.
#' @param BPPARAM Where the networks are trained: one after the other in this
#'   process, or on workers of BiocParallel, each with its share of the threads
#'   (see [kith-workers]). It changes no result.
#' @param ... Not used: an argument of [train_control()], [encoder_mlp()] or an
#'   objective that comes here is answered with where it belongs.
#'
#' @return An object of class `association_fit`, a `kith_fit`: plain R data that
#'   `saveRDS()` keeps as it is. Its parts: `encoder`, `objective`, `control`,
#'   `preset`, `members` (a list for each network: `parameters`, numeric, layer
#'   by layer; `best_epoch`; `key` of its random draws), `history` (data frame
#'   with a row for each network and epoch: `member`, `epoch`, `loss`,
#'   `accuracy` (share of genes for which a partner scores highest),
#'   `learning_rate`, `validation_auc`), `combination` (`weights`, `scale` and
#'   how many `positives` of each kind they were learned from), `propagation`,
#'   `preprocessing`, `genes`, `vectors` (the unit vectors, genes x
#'   dimensions), `pairs` (trained on), `validation` (kept out), `call_hash` (by
#'   which [resume()] knows its checkpoint), `version` and `blas`. The matrix
#'   that `x` came from is not kept.
#' @section Errors: Of class `kith_error_input`: gene vectors that
#'   [as_embedding()] refuses, fewer than 8 genes (with [info_nce()] pairs) to
#'   train on, also without a third of the genes for `combine = TRUE`, a batch
#'   larger than them, known pairs only where `combine = TRUE` needs others.
#'   Of class `kith_error_checkpoint`: the checkpoint of
#'   another run. Of class `kith_error_loss`: a loss or a parameter that is no
#'   longer finite, with epoch and batch.
#' @references Dury J (2026). Beyond expression similarity: contrastive
#'   learning recovers functional gene associations from protein interaction
#'   structure. arXiv:2603.20955. Pahikkala T et al. (2014). A two-step learning
#'   approach for solving full and almost full cold start problems in dyadic
#'   prediction. ECML PKDD.
#' @family association functions
#' @examples
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' fit <- learn_associations(
#'     organism$vectors, organism$pairs,
#'     encoder = encoder_mlp(hidden = 64),
#'     control = train_control(epochs = 5, threads = 1, verbose = FALSE)
#' )
#' fit
#' partners(fit, rownames(organism$vectors)[1], n = 3)
#' @export
learn_associations <- function(x, pairs, encoder = NULL, objective = NULL,
                               control = train_control(),
                               preset = c("kith", "cal2026"),
                               members = NULL, combine = NULL,
                               BPPARAM = BiocParallel::SerialParam(), ...) {
    check_no_others(..., homes = list(
        control = "train_control", encoder = "encoder_mlp",
        objective = "multi_positive", objective = "info_nce"
    ))
    settings <- association_settings(
        encoder, objective, control, preset, members, combine
    )
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    pairs <- check_pairs(pairs)
    check_genes_in_rows(x, pairs)
    x <- as_embedding(x, normalize = TRUE)
    pairs <- keep_known_pairs(pairs, rownames(x), "pairs")
    learn_settled(
        x, pairs, settings, draw_key(settings$control$seed), BPPARAM
    )
}

# Arguments that belong elsewhere, and others that do not exist. homes: the
# functions that arguments may belong to, named by the argument that takes what
# they return.
check_no_others <- function(..., homes, call = rlang::caller_env()) {
    given <- ...names() %||% character()
    if (...length() == 0L) {
        return(invisible())
    }
    for (at in seq_along(homes)) {
        known <- names(formals(get(homes[[at]])))
        if (given[1L] %in% known) {
            example <- sprintf(
                "%s = %s(%s = ...)", names(homes)[at], homes[[at]], given[1L]
            )
            abort_input(c(
                "{.arg {given[1]}} is an argument of {.fn {homes[[at]]}}.",
                i = "Give {.code {example}}."
            ), call = call)
        }
    }
    unknown <- if (nzchar(given[1L])) given[1L] else "without a name"
    learner <- rlang::call_name(rlang::caller_call()) %||% "learn"
    abort_input(c(
        "{.fn {learner}} has no further arguments.",
        x = "One is given: {.arg {unknown}}.",
        i = "See {.code ?{learner}} for those there are."
    ), call = call)
}

# A matrix that lies on its side: the genes of the pairs name its columns.
check_genes_in_rows <- function(x, pairs, call = rlang::caller_env()) {
    genes <- pair_genes(pairs)
    if (length(dim(x)) == 2L && !any(genes %in% rownames(x)) &&
        mostly(genes %in% colnames(x))) {
        abort_input(c(
            "{.arg x} must have genes in rows.",
            x = "The genes of {.arg pairs} are the names of its columns.",
            i = "Use {.code t(x)}."
        ), call = call)
    }
}

# x: an embedding; pairs: of its genes; settings: association_settings()
learn_settled <- function(x, pairs, settings, key,
                          workers = BiocParallel::SerialParam(),
                          call = rlang::caller_env()) {
    parts <- hold_out(
        pairs, settings$control$validation, rownames(x), key, call
    )
    index <- match_pairs(parts$train, rownames(x))
    jobs <- association_jobs(x, index, parts, settings, key, call)
    save_jobs(jobs)
    finish_job(jobs[[1L]], run_jobs(jobs, workers))
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
        if (round((1 - validation) * nrow(pairs)) == nrow(pairs)) {
            abort_input(c(
                "{.arg validation} must keep out at least one pair.",
                x = "It is {validation}; there are {nrow(pairs)} pairs."
            ), call = call)
        }
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

# A fit from jobs that have ended: list(job, state, kept) each, members first.
association_fit <- function(ends) {
    jobs <- lapply(ends, `[[`, "job")
    folds <- vapply(jobs, inherits, NA, "association_fold_job")
    job <- jobs[[1L]]
    learned <- job$learned
    arrays <- job$arrays
    vectors <- arrays$x
    rownames(vectors) <- learned$genes
    new_fit("association_fit", jobs,
        encoder = learned$encoder, objective = learned$objective,
        preset = learned$preset, network = job$plan$networks$encoder,
        members = lapply(ends[!folds], fit_member),
        history = member_histories(ends[!folds]),
        combination = if (any(folds)) {
            with_one_blas_thread(
                learn_combination(lapply(ends[folds], `[[`, "kept"))
            )
        },
        propagation = if (any(folds)) {
            fit_propagation(arrays$x, arrays$first, arrays$second,
                threads = job$control$threads
            )
        },
        preprocessing = learned$preprocessing, genes = learned$genes,
        vectors = vectors, pairs = learned$pairs,
        validation = learned$validation
    )
}
