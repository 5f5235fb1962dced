#' Learn which gene is expressed more
#'
#' Learns, from histone marks (or any other features) around the start of each
#' gene, a score f that puts genes into the order of their expression. What is
#' learned from are pairs of genes: which of the two is expressed more. So no
#' threshold of "high" and "low" is needed, only the order of `y` counts, and
#' P(i above j) = sigmoid(f(i) - f(j)).
#'
#' # What the default does
#'
#' 1. **Kernel.** [scorer_kernel()]: pairwise logistic regression in the space
#'    of a Laplace kernel of the smoothed marks. Its penalty is the one with the
#'    highest concordance on held-out folds of the training genes.
#' 2. **Networks.** The mean of three to five networks (`members`) with two
#'    hidden layers of 64 and 32, trained on all pairs of each batch of 256
#'    genes: one pass over the genes of a batch serves its 32,640 pairs. With
#'    more than ten features they have layer normalisation and dropout 0.3.
#' 3. **Forest.** Of up to 3,000 genes with several bins: [scorer_forest()], a
#'    random forest on the smoothed marks.
#' 4. **Weights.** On the same folds, a pairwise logistic regression with
#'    weights of at least 0 learns how much to trust each scorer. It makes
#'    scores log-odds too, so that probabilities are calibrated.
#'
#' Of up to 3,000 training genes, or with up to ten features, there are five
#' folds; else one of a quarter of the genes, 4,000 at most. Of more than 3,000
#' genes kernels are compared on 4,000.
#'
#' `preset = "paper"` is the published twin network, and `"paper_concat"` its
#' earlier form that sees both genes of a pair side by side; see
#' [ranking_presets].
#'
#' @param x Marks, genes in rows with their ids as names: a matrix or data frame
#'   genes x features (each a mark of one number), an array genes x bins x
#'   marks, a named list of matrices genes x bins, or a `SummarizedExperiment`
#'   with an assay for each mark and bins in columns, as [bin_signal()] makes
#'   it. Bins are those along the gene, upstream first.
#' @param y Expression of each gene (RPKM, TPM, counts, logarithms: ranks
#'   decide), in the order of `x` or with gene ids as names. Genes without a
#'   value are left out and counted.
#' @param scorer How genes are scored: [scorer_kernel()], [scorer_linear()],
#'   [scorer_forest()], [encoder_mlp()], [encoder_conv()] or a list of several.
#'   `NULL`: a kernel, a network and of few genes a forest, see below. Networks
#'   end in one value: `n_out`, `blend` and `normalize` of an encoder have no
#'   say.
#' @param control How networks are trained: [train_control()]. `NULL` settings:
#'   60 epochs, batches of 256 genes, learning rate 1e-3 (1e-2 with up to ten
#'   features), weight decay 0.01. Its
#'   `threads`, `seed` and `verbose` hold for all scorers; `validation` is a
#'   share of the genes, `patience` counts epochs without a higher concordance.
#' @param preset `"kith"`, or one of [ranking_presets].
#' @param transform What is done to the signal first: `"sqrt"`, `"log1p"`,
#'   `"normal_scores"` (each feature by its ranks) or `"none"`. `NULL`: of bins
#'   the square root, which evens out the noise of counts, or nothing where
#'   there are negative values; where a mark is one number normal scores, or
#'   nothing where no value lies more than six interquartile ranges from the
#'   median of its mark (logarithms, say).
#' @param ties Pairs of equal expression: `"drop"` them, or `"half"`, learn that
#'   either is above with probability one half.
#' @param members How many networks for each encoder. `NULL`: 3, or 5 with up
#'   to ten features, where they are small.
#' @param BPPARAM Where networks are trained and kernels compared: in this
#'   process or on workers of BiocParallel (see [kith-workers]). It changes no
#'   result.
#' @param ... Not used: an argument that comes here is answered with where it
#'   belongs.
#'
#' @return An object of class `ranking_fit`, a `kith_fit`: plain R data. Its
#'   parts: `scorers` (a list for each: its settings and numbers), `weights`
#'   and `shares` (named, see [tidy()][ranking_fit]), `folds` (data frame with
#'   a row for each scorer and setting that was compared: `scorer`, `setting`,
#'   `concordance` on held-out folds),
#'   `history` (of the networks, as in [learn_associations()], with
#'   `validation_concordance`), `marks`, `n_bins`, `transform`, `direction` (of
#'   each mark's mean: the sign of its correlation with expression), `genes`
#'   (trained on), `control`, `version`, `blas`. The marks of the training genes
#'   are not kept, but for those that are centres of a kernel.
#' @section Errors: Of class `kith_error_input`: marks of unequal bins, values
#'   that are not finite, a `transform` that negative values have none of, fewer
#'   than 30 genes, expression that is the same everywhere.
#' @references Datta D, Li S, Munif A, Ward C (2025). Pairwise ranking of gene
#'   expression from histone marks. bioRxiv 2025.09.04.674139. Burges C et al.
#'   (2005). Learning to rank using gradient descent. ICML.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 300)
#' train <- 1:240
#' fit <- learn_ranking(cells$marks[train, , ], cells$expression[train],
#'     scorer = scorer_kernel(width = 2, scale = "none")
#' )
#' fit
#' evaluate(fit, cells$marks[-train, , ], cells$expression[-train], draws = 50)
#' @export
learn_ranking <- function(x, y, scorer = NULL, control = train_control(),
                          preset = c("kith", "paper", "paper_concat"),
                          transform = NULL, ties = c("drop", "half"),
                          members = NULL,
                          BPPARAM = BiocParallel::SerialParam(), ...) {
    check_no_others(..., homes = list(
        control = "train_control", scorer = "scorer_kernel",
        scorer = "scorer_forest", scorer = "encoder_mlp",
        scorer = "encoder_conv"
    ))
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    preset <- check_choice(preset, c("kith", "paper", "paper_concat"))
    data <- match_expression(ranking_signal(x), y)
    if (preset != "kith") {
        check_published(scorer, transform, members, preset)
        return(learn_published_ranking(data, preset, control))
    }
    settings <- ranking_settings(
        data$signal, scorer, control, transform, ties, members
    )
    check_training_genes(data, settings$control)
    learn_ranking_settled(
        data, settings, draw_key(settings$control$seed), BPPARAM
    )
}

# A published recipe has no gaps to fill.
check_published <- function(scorer, transform, members, preset,
                            call = rlang::caller_env()) {
    given <- c(
        scorer = !is.null(scorer), transform = !is.null(transform),
        members = !is.null(members)
    )
    if (any(given)) {
        abort_input(c(
            "{.arg {names(given)[given][1]}} cannot be set with
            {.code preset = \"{preset}\"}.",
            i = "Leave it {.code NULL}, or leave {.arg preset} at
            {.val kith}."
        ), call = call)
    }
}

# The arguments of learn_ranking(), checked and completed.
ranking_settings <- function(signal, scorer, control, transform,
                             ties = "drop", members = NULL,
                             call = rlang::caller_env()) {
    list(
        scorers = check_scorers(scorer, signal, call),
        control = complete_control(control, ranking_defaults(signal)),
        transform = check_transform(transform, signal, call),
        keep_ties = check_choice(ties, c("drop", "half"), call = call) ==
            "half",
        members = if (is.null(members)) {
            if (ncol(signal$values) <= few_features) 5L else 3L
        } else {
            check_count(members, call = call)
        }
    )
}

# Networks of few features have no need to forget; they learn fast and far. Of
# many features they must be held back.
few_features <- 10L

ranking_defaults <- function(signal) {
    few <- ncol(signal$values) <= few_features
    list(
        epochs = 60L, learning_rate = if (few) 1e-2 else 1e-3,
        weight_decay = 0.01
    )
}

fewest_ranking_genes <- 30L

check_training_genes <- function(data, control, call = rlang::caller_env()) {
    n <- length(data$y)
    if (n < fewest_ranking_genes) {
        abort_input(c(
            "{.arg x} must leave at least {fewest_ranking_genes} genes with
            expression.",
            x = "There {?is/are} {n}."
        ), call = call)
    }
    expression_ranks(data$y, call = call)
    values <- data$signal$values
    if (all(values == rep(values[1L, ], each = n))) {
        abort_input(c(
            "{.arg x} must differ between genes.",
            x = "All {n} genes have the same signal in every mark and bin."
        ), call = call)
    }
    if (is.data.frame(control$validation)) {
        abort_input(c(
            "{.arg validation} must be a share of the genes here.",
            x = "It is {describe_value(control$validation)}.",
            i = "For instance {.code train_control(validation = 0.1)}."
        ), call = call)
    }
}

# The scorers as a named list.
check_scorers <- function(scorer, signal, call = rlang::caller_env()) {
    if (is.null(scorer)) {
        scorer <- default_scorers(signal)
    }
    if (inherits(scorer, c("scorer", "encoder"))) {
        scorer <- list(scorer)
    }
    fits <- if (is.list(scorer)) {
        vapply(scorer, inherits, NA, c("scorer", "encoder"))
    } else {
        FALSE
    }
    if (!is.list(scorer) || length(scorer) == 0L || !all(fits)) {
        wrong <- if (is.list(scorer) && length(scorer) && !all(fits)) {
            scorer[[which(!fits)[1L]]]
        } else {
            scorer
        }
        abort_input(c(
            "{.arg scorer} must come from {.fn scorer_kernel},
            {.fn scorer_linear}, {.fn scorer_forest}, {.fn encoder_mlp} or
            {.fn encoder_conv}, or be a list of such.",
            x = "It is {describe_value(wrong)}."
        ), call = call)
    }
    kinds <- vapply(scorer, function(one) {
        c(
            scorer_kernel = "kernel", scorer_linear = "linear",
            scorer_forest = "forest", encoder_mlp = "network",
            encoder_conv = "convolution"
        )[[class(one)[1L]]]
    }, "")
    given <- names(scorer) %||% character(length(scorer))
    names(scorer) <- make.unique(ifelse(nzchar(given), given, kinds), " ")
    for (one in scorer) {
        if (inherits(one, "encoder")) {
            ranking_network(one, length(signal$marks), signal$n_bins)
        }
    }
    scorer
}

# Forests find more than kernels do where genes are few and bins are many; of
# thousands of genes they would cost minutes and add nothing.
default_scorers <- function(signal) {
    few <- nrow(signal$values) <= few_genes && signal$n_bins > 1L
    c(
        list(kernel = scorer_kernel(), network = default_network(signal)),
        if (few) list(forest = scorer_forest())
    )
}

default_network <- function(signal) {
    few <- ncol(signal$values) <= few_features
    encoder_mlp(
        hidden = c(64, 32), norm = if (few) "none" else "layer",
        dropout = if (few) 0 else 0.3, blend = FALSE, normalize = FALSE,
        n_out = 1
    )
}

# ---- folds ------------------------------------------------------------------

# Of up to so many genes, or with few features, there are several folds; kernels
# are compared on no more genes than `most_compared`.
few_genes <- 3000L
n_ranking_folds <- 5L
most_compared <- 4000L

# list of the rows held out in each fold
ranking_folds <- function(signal, key) {
    n <- nrow(signal$values)
    key <- derive_key(key, "fold", 1L)
    if (n <= few_genes || ncol(signal$values) <= few_features) {
        folds <- item_folds(n, n_ranking_folds, key)
        return(lapply(seq_len(n_ranking_folds), function(f) which(folds == f)))
    }
    test <- which(draw_held_out(n, 0.75, key) == 1L)
    list(test[seq_len(min(length(test), most_compared))])
}
