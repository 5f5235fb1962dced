#' Learn a space of samples from their expression, without labels
#'
#' Learns from an expression matrix alone which samples belong together. Few
#' labels are then enough: see [probe()].
#'
#' There are four methods. `"neighbours"`, the default, is a closed form
#' (below); `"scarf"`, `"vime"` and `"byol"` train a network on corrupted
#' samples: see [sample_networks].
#'
#' `method_neighbours()` needs no network. Genes are standardised, and of the
#' leading principal components of the samples a new space is made in which
#' samples that are each other's nearest neighbours differ by noise alone
#' (relevant component analysis, with neighbours in place of known pairs):
#'
#' 1. **Whitening.** C is the covariance of the differences of mutual nearest
#'    neighbours by cosine, with a share `shrinkage` of its mean variance added
#'    to each direction; scores times C^(-1/2) are the new space, and neighbours
#'    are found again there, for `rounds` rounds. Done with each of `dims`
#'    components.
#' 2. **Unit length.** In each of these spaces samples are divided by their
#'    length and lie side by side, so the cosine of two encodings is the mean of
#'    their cosines with few and with many components.
#' 3. **Smoothing.** A sample moves by a share `smooth` towards the mean of its
#'    nearest neighbours among the training samples.
#'
#' Whitening gains most where samples come in many compact groups (tissues,
#' types of cancer) and least on a continuum. Which of these there is, samples
#' say without labels: whitening is learned on one half of them, and `gain` is
#' how much nearer it brings mutual neighbours of the *other* half to each
#' other, against all pairs (a mean over eight halves; of at least 40 samples).
#' `r least_gain` or more speaks of groups. With `whiten = NULL` the space of
#' others is not whitened. This is not the default: on the continua that were
#' looked at (subtypes of breast cancer) the three steps together have not hurt,
#' and with some labels [probe()] weighs the space against plain components.
#'
#' @param x Expression: a matrix (dense, sparse or delayed, such as HDF5) or
#'   data frame with samples in rows and genes in columns, or a
#'   `SummarizedExperiment`, which has samples in columns. Delayed matrices are
#'   read in blocks.
#' @param method `"neighbours"`, `"scarf"`, `"vime"` or `"byol"`, or one of
#'   `method_neighbours()`, [method_scarf()], [method_vime()], [method_byol()]
#'   and [method_untrained()] with other settings.
#' @param encoder The network of the last four: an [encoder_mlp()]. `NULL`: the
#'   published one, see [sample_networks].
#' @param positives For `"neighbours"`: samples that are known to be alike
#'   (replicates, the same patient or line): a vector with the group of each
#'   sample (`NA`: none), or a data frame whose first two columns are ids of two
#'   samples. They join the mutual neighbours.
#' @param positives_weight How much such a pair counts beside a pair of
#'   neighbours.
#' @param transform What is done to the values first: `"log1p"` (log2(x + 1), of
#'   TPM or RPKM), `"log_cpm"` (log2 of counts per million + 1, of counts) or
#'   `"none"` (of logarithms). `NULL`: none, unless all values are at least 0
#'   and some above 50; which is then said.
#' @param n_genes Use so many genes, those that vary most once transformed.
#'   `NULL`: all that vary.
#' @param assay Name or number of the assay of a `SummarizedExperiment`.
#' @param control How networks are trained: [train_control()]. `validation` is a
#'   share of the samples whose loss is watched. Without a network `threads` and
#'   `seed` count.
#' @param ... Not used.
#'
#' @return An object of class `samples_fit`, a `kith_fit`: plain R data. Its
#'   parts: `method`, `scaling` (of the training samples), `rotation` (genes x
#'   components), `components` (samples x components: their scores),
#'   `whitenings` (a matrix for each of `dims`), `whitened` and `gain` (see
#'   above), `encoded` (samples x dimensions, not smoothed), `scales` (of
#'   encodings and components), `diagnostics` (see [glance()][samples_fit]),
#'   `control`, `version`, `blas`. With a network (class `samples_network_fit`)
#'   `encoder`, `network`, `member` (its parameters) and `history` stand in
#'   place of `whitenings`.
#' @section Errors: Of class `kith_error_input`: values that are missing or not
#'   finite, fewer than 10 samples, names that are missing, repeated or say that
#'   the matrix lies on its side, a logarithm of negative values, genes that are
#'   all constant. A space that has collapsed is a warning of class
#'   `kith_warning_collapsed` with what to change.
#' @references Bar-Hillel A, Hertz T, Shental N, Weinshall D (2005). Learning a
#'   Mahalanobis metric from equivalence constraints. JMLR 6: 937-965.
#' @family sample functions
#' @examples
#' set.seed(1)
#' tissue <- rep(c("a", "b", "c", "d"), each = 15)
#' centre <- matrix(rnorm(4 * 200), 4, dimnames = list(unique(tissue), NULL))
#' x <- centre[tissue, ] + rnorm(60 * 200, sd = 2)
#' dimnames(x) <- list(paste0("s", 1:60), paste0("g", 1:200))
#' fit <- learn_samples(x[1:58, ])
#' fit
#' dim(encode(fit, x[59:60, ]))
#' @export
learn_samples <- function(x, method = "neighbours", encoder = NULL,
                          positives = NULL, positives_weight = 1,
                          transform = NULL, n_genes = NULL, assay = 1,
                          control = train_control(), ...) {
    check_class(control, "train_control", "train_control")
    method <- check_sample_method(method)
    check_no_others(..., homes = list(
        control = "train_control", method = class(method)[1L]
    ))
    check_sample_encoder(encoder, method)
    n_genes <- or_null(n_genes, check_count, min = 2)
    weight <- check_number(positives_weight, 0, open = TRUE)
    holds_assays <- methods::is(x, "SummarizedExperiment")
    x <- sample_matrix(x, assay)
    check_enough_samples(x)
    scaling <- fit_scaling(x, transform, n_genes)
    known <- alike_pairs(positives, rownames(x), weight)
    if (!is.null(known)) check_takes_positives(method)
    learn_scaled(
        scaled_samples(x, scaling), method, encoder, known, control,
        assay = if (holds_assays) assay
    )
}

learn_scaled <- function(x, method, encoder, known, control, assay,
                         call = rlang::caller_env()) {
    if (inherits(method, "method_network")) {
        learn_network(x, method, encoder, control, assay, call)
    } else {
        learn_neighbours(x, method, known, control, assay)
    }
}

check_takes_positives <- function(method, call = rlang::caller_env()) {
    if (inherits(method, "method_network") || isFALSE(method$whiten)) {
        without <- if (inherits(method, "method_network")) {
            sprintf("method_%s()", method$name)
        } else {
            "whiten = FALSE"
        }
        abort_input(c(
            "{.arg positives} cannot be used with {.code {without}}.",
            i = "Pairs that are alike are what the whitening of
            {.fn method_neighbours} learns from."
        ), call = call)
    }
}

check_sample_encoder <- function(encoder, method, call = rlang::caller_env()) {
    if (is.null(encoder)) {
        return(invisible())
    }
    if (!inherits(method, "method_network")) {
        abort_input(c(
            "{.arg encoder} cannot be set for {.fn method_neighbours}.",
            x = "That method has no network.",
            i = "Networks are those of {.code method = \"scarf\"},
            {.val vime} and {.val byol}."
        ), call = call)
    }
    check_class(encoder, "encoder_mlp", "encoder_mlp", call = call)
}

#' @rdname learn_samples
#' @param dims How many components, for each of the spaces; those beyond what
#'   there is are cut.
#' @param neighbours How many neighbours of a sample are looked at.
#' @param rounds How often neighbours are found and the space is made.
#' @param shrinkage See above: at least 0.
#' @param smooth A share in \[0, 1): 0 for none.
#' @param whiten `TRUE`, `FALSE`, or `NULL`: where `gain` speaks of groups.
#' @export
method_neighbours <- function(dims = c(30, 50, 100, 200), neighbours = 5,
                              rounds = 3, shrinkage = 0.1, smooth = 0.3,
                              whiten = TRUE) {
    structure(
        list(
            dims = sort(unique(check_widths(
                dims, "One space of 50 components is {.code dims = 50}."
            ))),
            neighbours = check_count(neighbours), rounds = check_count(rounds),
            shrinkage = check_number(shrinkage, 0, 1e6),
            smooth = check_below_one(
                smooth, "With 1 nothing would be left of the sample itself."
            ),
            whiten = or_null(whiten, check_flag)
        ),
        class = c("method_neighbours", "sample_method")
    )
}

#' @method print sample_method
#' @export
print.sample_method <- function(x, ...) {
    print_settings(x, "by the gain")
}

check_sample_method <- function(method, call = rlang::caller_env()) {
    if (inherits(method, "sample_method")) {
        return(method)
    }
    method <- check_choice(method, names(sample_methods), call = call)
    sample_methods[[method]]()
}

sample_methods <- list(
    neighbours = function() method_neighbours(),
    scarf = function() method_scarf(), vime = function() method_vime(),
    byol = function() method_byol()
)

fewest_samples <- 10L

check_enough_samples <- function(x, call = rlang::caller_env()) {
    n <- nrow(x)
    if (n < fewest_samples) {
        abort_input(c(
            "{.arg x} must have at least {fewest_samples} samples.",
            x = "It has {n} row{?s} and {ncol(x)} column{?s}.",
            i = if (ncol(x) > n) {
                NULL
            } else {
                "Samples are rows: if they are columns of yours, use
                {.code t(x)}."
            }
        ), call = call)
    }
}

# ---- samples known to be alike ----------------------------------------------

# NULL, or list(pairs (row numbers, the smaller first), weight)
alike_pairs <- function(positives, samples, weight,
                        call = rlang::caller_env()) {
    if (is.null(positives)) {
        return(NULL)
    }
    pairs <- if (is.data.frame(positives)) {
        pairs_of_table(positives, samples, call)
    } else {
        pairs_of_groups(positives, samples, call)
    }
    pairs <- cbind(
        pmin(pairs[, 1L], pairs[, 2L]), pmax(pairs[, 1L], pairs[, 2L])
    )
    pairs <- unique(pairs[pairs[, 1L] != pairs[, 2L], , drop = FALSE])
    if (nrow(pairs) == 0L) {
        abort_input(c(
            "{.arg positives} must name samples that are alike.",
            x = "No two samples are in one group."
        ), call = call)
    }
    list(pairs = pairs, weight = weight)
}

pairs_of_table <- function(positives, samples, call) {
    if (ncol(positives) < 2L) {
        abort_input(c(
            "{.arg positives} must have two columns of sample ids.",
            x = "It has {ncol(positives)}."
        ), call = call)
    }
    ids <- c(as.character(positives[[1L]]), as.character(positives[[2L]]))
    unknown <- setdiff(ids, samples)
    if (length(unknown)) {
        abort_input(c(
            "{.arg positives} must name samples of {.arg x}.",
            x = "{.val {unknown[1]}} is none of them.",
            i = advise_ids(unknown, samples, genes = FALSE)
        ), call = call)
    }
    matrix(match(ids, samples), ncol = 2L)
}

pairs_of_groups <- function(positives, samples, call) {
    at <- labelled_rows(
        names(positives), length(positives), samples, "positives", call
    )
    rows <- split(at, as.character(positives))
    several <- rows[lengths(rows) > 1L]
    pairs <- lapply(unname(several), function(members) {
        t(utils::combn(members, 2L))
    })
    do.call(rbind, c(list(matrix(0L, 0L, 2L)), pairs))
}

# ---- the fit ----------------------------------------------------------------

learn_neighbours <- function(x, method, known, control, assay) {
    threads <- control$threads
    dims <- unique(pmin(method$dims, nrow(x) - 1L, ncol(x)))
    found <- sample_components(x, max(dims, kept_components(x)))
    q <- found$scores
    dims <- unique(pmin(dims, ncol(q)))
    gain <- if (nrow(q) >= 40L) {
        neighbour_gain(q, method, draw_key(control$seed), threads)
    } else {
        NA_real_
    }
    # known pairs need no groups to be found
    whitened <- method$whiten %||%
        (is.na(gain) || gain >= least_gain || !is.null(known))
    whitenings <- lapply(dims, function(d) {
        if (whitened) {
            whitening_of(q[, seq_len(d), drop = FALSE], method, known, threads)
        } else {
            diag(d)
        }
    })
    encoded <- encode_blocks(q, whitenings)
    rownames(encoded) <- rownames(q)
    new_plain_fit("samples_fit", control,
        method = method, scaling = x$scaling, assay = assay,
        rotation = found$rotation, components = q, whitenings = whitenings,
        whitened = whitened, gain = gain, encoded = encoded,
        scales = c(
            encoding = 1 / sqrt(ncol(encoded)), components = stats::sd(q)
        ),
        diagnostics = space_diagnostics(encoded)
    )
}

# Components that a fit keeps. A head on 500 is as good as one on the genes
# where there are some hundred samples; of thousands, so many would take
# minutes.
kept_components <- function(x) {
    most <- if (nrow(x) <= 2000L) 500L else 200L
    min(most, nrow(x) - 1L, ncol(x))
}

# list(rotation, scores): the leading components of scaled samples, as many as
# have variance
sample_components <- function(x, n) {
    found <- gram_components(x, n, NULL)
    kept <- found$variance > found$variance[1L] * max(dim(x)) *
        .Machine$double.eps
    rotation <- orient_components(
        found$rotation[, kept, drop = FALSE], colnames(x)
    )
    list(rotation = rotation, scores = component_scores(x, rotation))
}

# New samples, or those of the fit, in its spaces: list(encoding, components),
# both with a row for each sample.
sample_spaces <- function(fit, newdata = NULL, assay = NULL,
                          name = "newdata", call = rlang::caller_env()) {
    if (is.null(newdata)) {
        return(list(
            encoding = encode_space(fit, NULL, fit$components),
            components = fit$components
        ))
    }
    spaces_of(fit, new_samples(fit, newdata, assay, name, call))
}

# the same of samples that are scaled as those of the fit
spaces_of <- function(fit, x) {
    scores <- component_scores(x, fit$rotation)
    list(encoding = encode_space(fit, x, scores), components = scores)
}

# x: scaled samples, NULL for those of the fit; scores: of their components
encode_space <- function(fit, x, scores) UseMethod("encode_space")

component_scores <- function(x, rotation) {
    scores <- matrix(0, nrow(x), ncol(rotation),
        dimnames = list(rownames(x), colnames(rotation))
    )
    for (columns in column_blocks(x)) {
        scores <- scores +
            dense_block(x, columns) %*% rotation[columns, , drop = FALSE]
    }
    scores
}

# ---- has the space collapsed? -----------------------------------------------

# effective_rank: exp of the entropy of the covariance's spectrum; top_share: of
# variance in the first direction; dead: share of dimensions without variance;
# mean_cosine: of two samples.
space_diagnostics <- function(encoded) {
    n <- nrow(encoded)
    if (!all(is.finite(encoded))) {
        abort_kith(c(
            "The learned space has values that are not finite.",
            i = "Lower the {.arg learning_rate} of {.fn train_control}."
        ), class = "kith_error_loss")
    }
    centred <- encoded - rep(colMeans(encoded), each = n)
    small <- if (n < ncol(centred)) tcrossprod(centred) else crossprod(centred)
    values <- eigen(small, symmetric = TRUE, only.values = TRUE)$values
    p <- pmax(values, 0) / sum(pmax(values, 0))
    unit <- unit_length(encoded)
    total <- sum(colSums(unit)^2)
    list(
        effective_rank = exp(-sum(p[p > 0] * log(p[p > 0]))),
        top_share = p[1L],
        dead = mean(colSums(centred^2) <= 1e-12 * sum(centred^2)),
        mean_cosine = (total - sum(unit^2)) / (n * (n - 1))
    )
}
