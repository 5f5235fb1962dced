#' Gene vectors
#'
#' Turns what a Bioconductor user holds into gene vectors: one row per gene,
#' optionally reduced to principal components and scaled to length 1, as the
#' learners of this package want them. The result remembers how it was made, so
#' that new genes can be brought into the same space.
#'
#' The principal components are those of the gene-by-feature matrix with its
#' features centred and not scaled. They are exact (from the eigenvectors of the
#' smaller of the two Gram matrices) when the smaller dimension of `x` is at
#' most 1,000 or when `pca` is more than a quarter of it. Otherwise
#' [irlba::irlba()] finds the leading ones, to a tolerance of 1e-8 and from a
#' fixed start, whatever R's random numbers are. Each component
#' has the sign that makes its largest loading positive.
#'
#' Sparse and file-backed matrices are read in blocks of columns, so that with
#' `pca` no dense copy of `x` is made. irlba works on `x` itself, but for a
#' `DelayedMatrix` on the smaller Gram matrix, which takes 8 bytes times the
#' square of the smaller dimension: 0.8 GB for 10,000.
#'
#' @param x Gene vectors, with genes in rows and features (samples, cell lines,
#'   cells) in columns: a numeric matrix, a data frame of numeric columns, a
#'   matrix of the Matrix package, a `DelayedMatrix` such as an `HDF5Matrix`, a
#'   `SummarizedExperiment`, a `SingleCellExperiment`, or the result of an
#'   earlier call. The row names are the gene ids: each gene must have its own.
#' @param pca Number of principal components to keep; `NULL` keeps the features
#'   as they are. At most the number of features and one less than the number
#'   of genes.
#' @param normalize Divide each row by its Euclidean length? Inner products of
#'   rows are then cosines.
#' @param ... For a `SummarizedExperiment`: `assay`, name or number of the assay
#'   to take (default 1). For a `SingleCellExperiment` also `reduced_dim`, name
#'   or number of reduced dimensions to take instead of an assay. Those describe
#'   the columns of the experiment, so that its columns (perturbations, say)
#'   become the rows of the result.
#'
#' @return A numeric matrix, genes x dimensions, of class `gene_embedding`, with
#'   the gene ids as row names. Its attribute `preprocessing` is a list of
#'   `features` (column names of `x`, or `NULL` where `x` has none or has
#'   duplicated ones), `n_features`, `centre` (the mean of each feature, or
#'   `NULL` without `pca`), `rotation` (features x components, or `NULL`) and
#'   `normalize`. Taking rows (`x[i, ]`) gives a `gene_embedding` again, taking
#'   columns a plain matrix. An `x` that is a `gene_embedding` already comes
#'   back as it is unless `pca` or `normalize` ask for something else.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for values that are not
#' numeric or not finite, missing or duplicated gene ids, an `x` without rows or
#' columns, more components than `x` has, features that are all constant where
#' `pca` is asked for, and rows of length zero that cannot be normalised.
#'
#' @references Dury (2026), Beyond Expression Similarity: Contrastive Learning
#'   Recovers Functional Gene Associations from Protein Interaction Structure,
#'   <https://arxiv.org/abs/2603.20955>: gene vectors are the first 50 principal
#'   components, each row divided by its length.
#'
#' @examples
#' set.seed(1)
#' expression <- matrix(rnorm(200 * 12), 200)
#' rownames(expression) <- sprintf("G%03d", seq_len(200))
#' vectors <- as_embedding(expression, pca = 5)
#' vectors
#' vectors[c("G007", "G042"), ]
#' @family gene vectors
#' @export
as_embedding <- function(x, pca = NULL, normalize = TRUE, ...) {
    UseMethod("as_embedding")
}

#' @rdname as_embedding
#' @export
as_embedding.default <- function(x, pca = NULL, normalize = TRUE, ...) {
    check_flag(normalize)
    x <- gene_matrix(x, ...)
    scan <- scan_features(x)
    features <- colnames(x)
    if (anyNA(features) || anyDuplicated(features)) {
        features <- NULL
    }
    preprocessing <- list(
        features = features, n_features = ncol(x), centre = NULL,
        rotation = NULL, normalize = normalize
    )
    if (!is.null(pca)) {
        preprocessing$centre <- scan$mean
        preprocessing$rotation <- with_one_blas_thread(
            find_rotation(x, pca, scan)
        )
    }
    apply_preprocessing(x, preprocessing)
}

#' @rdname as_embedding
#' @export
as_embedding.gene_embedding <- function(x, pca = NULL, normalize = NULL, ...) {
    rlang::check_dots_empty()
    done <- attr(x, "preprocessing")
    if (is.null(normalize)) {
        normalize <- done$normalize
    }
    check_flag(normalize)
    same_pca <- is.null(pca) || identical(as.numeric(pca), n_components(done))
    if (same_pca && normalize == done$normalize) {
        return(x)
    }
    if (same_pca && normalize) {
        done$normalize <- TRUE
        centred <- !is.null(done$rotation)
        return(new_embedding(normalize_rows(as.matrix(x), centred), done))
    }
    if (is.null(done$rotation) && !done$normalize) {
        return(as_embedding(as.matrix(x), pca = pca, normalize = normalize))
    }
    abort_input(c(
        "{.arg x} is an embedding already: {describe_steps(done)}.",
        i = "Start from the original matrix for other values of {.arg pca} and
        {.arg normalize}."
    ))
}

# number of components as a double, NULL without a PCA
n_components <- function(preprocessing) {
    if (!is.null(preprocessing$rotation)) {
        as.numeric(ncol(preprocessing$rotation))
    }
}

# Brings new genes into the space of an embedding. newdata: anything that
# as_embedding() takes, genes x features; its columns are matched by name where
# both sides have names, by position otherwise. An embedding that was made in
# the same way passes unchanged.
project_genes <- function(newdata, preprocessing, ..., name = "newdata",
                          call = rlang::caller_env()) {
    if (inherits(newdata, "gene_embedding")) {
        if (preprocessing$normalize) {
            newdata <- as_embedding(newdata, normalize = TRUE)
        }
        if (!identical(attr(newdata, "preprocessing"), preprocessing)) {
            abort_input(c(
                "{.arg {name}} is an embedding of another space.",
                i = "Give the matrix that it was made from, or rows of the
                embedding that the model was fitted to."
            ), call = call)
        }
        return(newdata)
    }
    newdata <- gene_matrix(newdata, ..., name = name, call = call)
    newdata <- match_features(newdata, preprocessing, name, call)
    scan_features(newdata, name = name, call = call)
    apply_preprocessing(newdata, preprocessing, name, call)
}

match_features <- function(x, preprocessing, name, call) {
    wanted <- preprocessing$features
    if (!is.null(wanted) && !is.null(colnames(x))) {
        at <- match(wanted, colnames(x))
        if (anyNA(at)) {
            lost <- wanted[is.na(at)]
            abort_input(c(
                "{.arg {name}} must have all features of the embedding.",
                x = "{length(lost)} of {length(wanted)}
                {cli::qty(length(lost))}{?is/are} missing, the
                first is {.val {lost[1]}}."
            ), call = call)
        }
        return(if (identical(at, seq_len(ncol(x)))) {
            x
        } else {
            x[, at, drop = FALSE]
        })
    }
    if (ncol(x) != preprocessing$n_features) {
        abort_input(c(
            "{.arg {name}} must have the {preprocessing$n_features} features of
            the embedding.",
            x = "It has {ncol(x)} column{?s}."
        ), call = call)
    }
    x
}

# x: a checked matrix of any representation with the features that the
# preprocessing expects -> gene_embedding
apply_preprocessing <- function(x, preprocessing, name = "x",
                                call = rlang::caller_env()) {
    if (is.null(preprocessing$rotation)) {
        vectors <- as.matrix(x)
        storage.mode(vectors) <- "double"
        # without what a reader may have noted beside the values
        attributes(vectors) <- attributes(vectors)[c("dim", "dimnames")]
    } else {
        # (x - 1 m') r = x r - 1 (m' r): no centred copy of x
        rotation <- preprocessing$rotation
        vectors <- with_one_blas_thread({
            shift <- drop(preprocessing$centre %*% rotation)
            as.matrix(x %*% rotation) - rep(shift, each = nrow(x))
        })
    }
    dimnames(vectors) <- list(rownames(x), colnames(vectors))
    if (preprocessing$normalize) {
        vectors <- normalize_rows(
            vectors, !is.null(preprocessing$rotation), name, call
        )
    }
    new_embedding(vectors, preprocessing)
}

new_embedding <- function(vectors, preprocessing) {
    structure(vectors,
        preprocessing = preprocessing,
        class = c("gene_embedding", "matrix", "array")
    )
}

# Divides each row by its length. A gene at the very centre of a PCA is left
# with rounding noise, which is no direction: it counts as length zero.
normalize_rows <- function(x, centred = FALSE, name = "x",
                           call = rlang::caller_env()) {
    largest <- max(abs(x), .Machine$double.xmin)
    x <- x / largest
    norm <- sqrt(rowSums(x^2))
    zero <- norm <= if (centred) 1e-12 * max(norm) else 0
    if (any(zero)) {
        place <- if (centred) " after centring" else ""
        abort_input(c(
            "{.arg {name}} must have no rows of length zero{place}: they have
            no direction to normalise.",
            x = "{sum(zero)} gene{?s} {?has/have} such a row, the first is
            {.val {rownames(x)[zero][1]}}.",
            i = "Drop them, or use {.code normalize = FALSE}."
        ), call = call)
    }
    x / norm
}

#' @export
`[.gene_embedding` <- function(x, i, j, drop = FALSE) {
    has_drop <- !missing(drop)
    as_element <- nargs() - has_drop < 3L
    if (as_element && missing(i)) {
        return(x)
    }
    plain <- as.matrix(x)
    if (as_element) {
        return(plain[i])
    }
    if (!missing(i) && is.character(i)) {
        check_known_genes(i, rownames(x))
    }
    if (!missing(j)) {
        return(plain[i, j, drop = drop])
    }
    rows <- plain[i, , drop = drop]
    if (is.matrix(rows)) new_embedding(rows, attr(x, "preprocessing")) else rows
}

check_known_genes <- function(i, genes) {
    unknown <- i[!i %in% genes]
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg i} must name genes of the embedding.",
            x = "{length(unknown)} of {length(i)}
            {cli::qty(length(unknown))}{?is/are} unknown, the first is
            {.val {unknown[1]}}."
        ))
    }
}

#' @method as.matrix gene_embedding
#' @export
as.matrix.gene_embedding <- function(x, ...) {
    attr(x, "preprocessing") <- NULL
    unclass(x)
}

#' @method t gene_embedding
#' @export
t.gene_embedding <- function(x) t(as.matrix(x))

#' @method print gene_embedding
#' @export
print.gene_embedding <- function(x, ...) {
    cat(sprintf(
        "<gene_embedding> %s genes x %d dimensions\n",
        format(nrow(x), big.mark = ","), ncol(x)
    ))
    cat("made from ", describe_steps(attr(x, "preprocessing")), "\n", sep = "")
    shown <- utils::head(rownames(x), 5)
    more <- if (nrow(x) > length(shown)) ", ..." else ""
    cat("genes: ", toString(shown), more, "\n", sep = "")
    invisible(x)
}

describe_steps <- function(preprocessing) {
    paste(c(
        sprintf("%d features", preprocessing$n_features),
        if (!is.null(preprocessing$rotation)) {
            sprintf("%d principal components", n_components(preprocessing))
        },
        if (preprocessing$normalize) "rows of length 1"
    ), collapse = ", ")
}
