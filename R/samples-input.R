# Expression as learners of samples take it: samples in rows, genes in columns.

# A matrix samples x genes (dense, sparse or delayed) with the names of both.
sample_matrix <- function(x, assay = 1, name = "x",
                          call = rlang::caller_env()) {
    UseMethod("sample_matrix")
}

sample_matrix.default <- function(x, assay = 1, name = "x",
                                  call = rlang::caller_env()) {
    abort_input(c(
        "{.arg {name}} must be a matrix or data frame with samples in rows, or a
        {.cls SummarizedExperiment}.",
        x = "It is {describe_value(x)}."
    ), call = call)
}

sample_matrix.matrix <- function(x, assay = 1, name = "x",
                                 call = rlang::caller_env()) {
    if (!is.numeric(x)) {
        abort_input(c(
            "{.arg {name}} must be numeric.",
            x = "It is a matrix of type {typeof(x)}.",
            i = "Leave out columns that are not expression, such as ids."
        ), call = call)
    }
    check_sample_names(x, name, call)
}

sample_matrix.data.frame <- function(x, assay = 1, name = "x",
                                     call = rlang::caller_env()) {
    numeric <- vapply(x, is.numeric, NA)
    if (!all(numeric)) {
        abort_input(c(
            "{.arg {name}} must have numbers in all columns.",
            x = "Column {.field {names(x)[!numeric][1L]}} has
            {class(x[[which(!numeric)[1L]]])[1L]} values.",
            i = "Take sample ids as row names and leave out other columns that
            are not expression."
        ), call = call)
    }
    if (.row_names_info(x) < 0L) {
        abort_input(c(
            "{.arg {name}} must have sample ids as row names.",
            x = "It has numbers of rows only.",
            i = "Turn it into a matrix, and set {.code rownames({name})}."
        ), call = call)
    }
    check_sample_names(as.matrix(x), name, call)
}

sample_matrix.Matrix <- function(x, assay = 1, name = "x",
                                 call = rlang::caller_env()) {
    check_sample_names(x, name, call)
}

sample_matrix.DelayedMatrix <- function(x, assay = 1, name = "x",
                                        call = rlang::caller_env()) {
    need_package("DelayedArray", "Reading a delayed matrix", call = call)
    check_sample_names(x, name, call)
}

# The Bioconductor way: samples in columns.
sample_matrix.SummarizedExperiment <- function(x, assay = 1, name = "x",
                                               call = rlang::caller_env()) {
    if (is.null(assay)) assay <- only_assay(x, name, call)
    values <- t(chosen_assay(x, assay, name, call))
    check_sample_names(values, name, call, holder = "SummarizedExperiment")
}

# the assay of an experiment where none is named
only_assay <- function(x, name, call) {
    known <- SummarizedExperiment::assayNames(x)
    if (length(SummarizedExperiment::assays(x, withDimnames = FALSE)) > 1L) {
        abort_input(c(
            "{.arg assay} must name the assay of {.arg {name}}.",
            x = "The fit is one of a matrix, and there are {.val {known}}."
        ), call = call)
    }
    1L
}

check_sample_names <- function(x, name, call, holder = "matrix") {
    if (nrow(x) == 0L || ncol(x) == 0L) {
        abort_input(c(
            "{.arg {name}} must have samples (rows) and genes (columns).",
            x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
        ), call = call)
    }
    samples <- rownames(x)
    genes <- colnames(x)
    if (is.null(samples) || is.null(genes)) {
        missing <- if (is.null(samples)) "sample ids" else "gene ids"
        side <- if (is.null(samples)) "rows" else "columns"
        abort_input(c(
            "{.arg {name}} must have names for samples and for genes.",
            x = "Its {side} (of {missing}) have none.",
            i = "Set {.code rownames({name})} and {.code colnames({name})}:
            samples in rows, genes in columns."
        ), call = call)
    }
    if (is_turned(samples, genes)) {
        abort_input(c(
            "{.arg {name}} must have samples in rows and genes in columns.",
            x = "Its rows look like genes or its columns like samples:
            {.val {utils::head(samples, 2)}} against
            {.val {utils::head(genes, 2)}}.",
            i = if (holder == "matrix") "Use {.code t({name})}."
        ), call = call)
    }
    check_unique_ids(samples, name, rows = TRUE, call = call)
    check_unique_ids(genes, paste("the genes of", name),
        advice = "Merge such genes first, for instance by their mean.",
        call = call
    )
    x
}

# Do the names of rows and columns say that the matrix lies on its side?
is_turned <- function(samples, genes) {
    gene_like <- function(ids) {
        mean(grepl("^ENS[A-Z]*G[0-9]{6,}", utils::head(ids, 1000L))) > 0.5
    }
    (gene_like(samples) && !gene_like(genes)) ||
        (look_like_samples(genes) && !look_like_samples(samples))
}

# ---- transform and scale ----------------------------------------------------

sample_transforms <- c("none", "log1p", "log_cpm")

# z-scores beyond this are cut off: a gene that hardly varies among the training
# samples may be thousands of standard deviations away in others
largest_score <- 6

# What is estimated on the training samples: list(transform, genes (all that
# vary), kept (of these, by number), mean, sd (of the kept genes)).
fit_scaling <- function(x, transform = NULL, n_genes = NULL, name = "x",
                        call = rlang::caller_env()) {
    seen <- scan_samples(x, name, call)
    if (!any(seen$varies)) {
        abort_input(c(
            "{.arg {name}} must have genes that differ between samples.",
            x = "All {ncol(x)} gene{?s} {?is/are} constant."
        ), call = call)
    }
    n_constant <- sum(!seen$varies)
    if (n_constant > 0L) {
        inform_kith(c(
            i = "{n_constant} gene{?s} {?is/are} the same in all samples and
            {?is/are} left out."
        ), class = "kith_message_genes")
    }
    transform <- choose_transform(transform, seen, x, name, call)
    genes <- colnames(x)[seen$varies]
    scaling <- list(
        transform = transform, genes = genes, kept = seq_along(genes),
        mean = numeric(length(genes)), sd = rep(1, length(genes))
    )
    if (transform == "log_cpm") {
        scaling$count_share <- count_shares(x, seen$varies)
    }
    raw <- scaled_samples(x, scaling)
    for (columns in column_blocks(raw)) {
        block <- transformed_block(raw, columns)
        scaling$mean[columns] <- colMeans(block)
        scaling$sd[columns] <- apply(block, 2L, stats::sd)
    }
    keep_genes(scaling, n_genes)
}

# the mean share of each gene in the counts of a sample
count_shares <- function(x, varies) {
    columns <- which(varies)
    depth <- sample_depths(x, columns, "x")
    shares <- numeric(length(columns))
    for (block in column_blocks(x[, columns, drop = FALSE])) {
        shares[block] <- colMeans(dense_block(x, columns[block]) / depth)
    }
    shares
}

# the n_genes that vary most, of those that vary at all once transformed
keep_genes <- function(scaling, n_genes) {
    varies <- scaling$sd > 1e-8 * abs(scaling$mean)
    kept <- which(varies)
    if (any(!varies)) {
        inform_kith(c(
            i = "{sum(!varies)} gene{?s} {?does/do} not vary beyond rounding
            and {?is/are} left out."
        ), class = "kith_message_genes")
    }
    if (!is.null(n_genes) && n_genes < length(kept)) {
        order <- order(scaling$sd[kept], decreasing = TRUE)
        kept <- sort(kept[order[seq_len(n_genes)]])
    }
    scaling$kept <- kept
    scaling$mean <- scaling$mean[kept]
    scaling$sd <- scaling$sd[kept]
    scaling
}

# One pass over x: does each gene vary; range of all values; are they whole?
scan_samples <- function(x, name, call) {
    found <- scan_features(x, name, call)
    found$range <- NULL
    found$whole <- TRUE
    for (columns in column_blocks(x)) {
        block <- dense_block(x, columns)
        found$range <- range(found$range, block)
        found$whole <- found$whole && all(block == round(block))
    }
    found
}

# Values that reach far beyond logarithms are counts (whole) or RPKM or TPM.
choose_transform <- function(transform, seen, x, name, call) {
    if (is.null(transform)) {
        linear <- seen$range[1L] >= 0 && seen$range[2L] > 50
        transform <- if (!linear) {
            "none"
        } else if (seen$whole) {
            "log_cpm"
        } else {
            "log1p"
        }
        if (linear) {
            inform_kith(c(
                i = "Values from {format(seen$range[1], digits = 3)} to
                {format(seen$range[2], digits = 3)}:
                {.code transform = \"{transform}\"}."
            ), class = "kith_message_transform")
        }
        return(transform)
    }
    transform <- check_choice(transform, sample_transforms, call = call)
    if (transform != "none" && seen$range[1L] < 0) {
        abort_input(c(
            "{.arg transform} cannot be {.val {transform}} for this
            {.arg {name}}.",
            x = "Its lowest value is {format(seen$range[1])}; there is no
            logarithm of negative counts.",
            i = "Values that are logarithms already need
            {.code transform = \"none\"}."
        ), call = call)
    }
    transform
}

# Samples x kept genes, transformed and scaled where they are read: a matrix to
# dim(), dense_block() and what computes components by blocks. `at`: the column
# of each of the fit's genes, NA where x has none.
scaled_samples <- function(x, scaling, name = "x") {
    at <- match(scaling$genes, colnames(x))
    depth <- if (scaling$transform == "log_cpm") {
        # genes that x does not have take their share of counts
        there <- !is.na(at)
        sample_depths(x, at[there], name) / sum(scaling$count_share[there])
    }
    structure(list(x = x, scaling = scaling, at = at, depth = depth),
        class = "scaled_samples"
    )
}

#' @method dim scaled_samples
#' @export
dim.scaled_samples <- function(x) {
    c(nrow(.subset2(x, "x")), length(.subset2(x, "scaling")$kept))
}

#' @method dimnames scaled_samples
#' @export
dimnames.scaled_samples <- function(x) {
    scaling <- .subset2(x, "scaling")
    list(rownames(.subset2(x, "x")), scaling$genes[scaling$kept])
}

# counts of each sample
sample_depths <- function(x, columns, name, call = rlang::caller_env(2)) {
    depth <- numeric(nrow(x))
    blocks <- column_blocks(x[, columns, drop = FALSE])
    for (block in blocks) {
        depth <- depth + rowSums(dense_block(x, columns[block]))
    }
    if (any(depth == 0)) {
        abort_input(c(
            "Every sample of {.arg {name}} must have counts.",
            x = "Sample {.val {rownames(x)[depth == 0][1]}} has none.",
            i = "Leave such samples out."
        ), call = call)
    }
    depth
}

# kept genes `columns`, transformed; those that x does not have are NA
transformed_block <- function(x, columns) {
    at <- x$at[x$scaling$kept[columns]]
    values <- matrix(NA_real_, nrow(x), length(columns))
    there <- !is.na(at)
    values[, there] <- dense_block(x$x, at[there])
    switch(x$scaling$transform,
        none = values,
        log1p = log2(values + 1),
        log_cpm = log2(values / x$depth * 1e6 + 1)
    )
}

# z-scores of kept genes `columns`, NA for those that x does not have
standard_scores <- function(x, columns) {
    scores <- transformed_block(x, columns)
    scores <- scores - rep(x$scaling$mean[columns], each = nrow(scores))
    scores / rep(x$scaling$sd[columns], each = nrow(scores))
}

# z-scores, cut; a gene that x does not have takes the training mean, which is 0
dense_block.scaled_samples <- function(x, columns, centre = NULL) {
    block <- standard_scores(x, columns)
    block[is.na(block)] <- 0
    pmin(pmax(block, -largest_score), largest_score)
}
