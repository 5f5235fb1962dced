#' Objective: symmetric InfoNCE
#'
#' Pulls the encodings of known partners together against other genes. For a
#' batch of pairs (a, b), f(a) is compared with a key for every b and the loss
#' is the cross-entropy of finding the own partner, averaged over both
#' directions.
#'
#' @param temperature Divides the scores before the softmax; positive. The
#'   published value is 0.05.
#' @param keys What a gene is compared with: `"raw"`, the partner's own unit
#'   vector (the main experiment of the paper: only one gene of a pair is
#'   encoded), or `"transformed"`, its encoding.
#' @param negatives `"batch"`: the partners of the other pairs in the batch;
#'   `"uniform"`: for every gene its own `n_negatives` draws from all genes,
#'   whose encodings are renewed at each epoch and take no gradient (the
#'   paper's "random negatives", better where partners look alike).
#' @param n_negatives Number of draws for each gene with
#'   `negatives = "uniform"`.
#'
#' @return An object of class `objective`: a list of the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references van den Oord A, Li Y, Vinyals O (2018). Representation learning
#'   with contrastive predictive coding. arXiv:1807.03748. Dury J (2026).
#'   arXiv:2603.20955, section 2.
#' @family building blocks
#' @examples
#' info_nce()
#' info_nce(keys = "transformed", negatives = "uniform", n_negatives = 255)
#' @export
info_nce <- function(temperature = 0.05, keys = c("raw", "transformed"),
                     negatives = c("batch", "uniform"),
                     n_negatives = 1023) {
    structure(
        list(
            temperature = check_number(temperature, 0, Inf, open = TRUE),
            keys = check_choice(keys, c("raw", "transformed")),
            negatives = check_choice(negatives, c("batch", "uniform")),
            n_negatives = check_count(n_negatives)
        ),
        class = c("info_nce", "objective")
    )
}

#' @method print objective
#' @export
print.objective <- function(x, ...) {
    cli::cat_line(
        "<objective: InfoNCE, temperature ", x$temperature, ", ", x$keys,
        " keys, ",
        if (x$negatives == "batch") {
            "in-batch negatives"
        } else {
            paste(x$n_negatives, "uniform negatives")
        }, ">"
    )
    invisible(x)
}

# an objective as C wants it
resolve_objective <- function(objective) {
    uniform <- objective$negatives == "uniform"
    list(
        type = if (uniform) "info_nce_uniform" else "info_nce",
        temperature = objective$temperature,
        transform_keys = as.integer(objective$keys == "transformed"),
        n_negatives = if (uniform) objective$n_negatives else 0L
    )
}
