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
#' @param mask_known Leave genes that are known partners of the anchor, and
#'   the anchor itself, out of its in-batch negatives? The published recipe
#'   does not, so other true partners are pushed away.
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
                     n_negatives = 1023, mask_known = FALSE) {
    negatives <- check_choice(negatives, c("batch", "uniform"))
    if (check_flag(mask_known) && negatives == "uniform") {
        abort_input(c(
            "{.arg mask_known} needs in-batch negatives.",
            i = "Set {.code negatives = \"batch\"}: uniform negatives are
            hardly ever partners."
        ))
    }
    structure(
        list(
            temperature = check_number(temperature, 0, Inf, open = TRUE),
            keys = check_choice(keys, c("raw", "transformed")),
            negatives = negatives, n_negatives = check_count(n_negatives),
            mask_known = mask_known
        ),
        class = c("info_nce", "objective")
    )
}

objective_parts.info_nce <- function(objective) {
    c(
        "InfoNCE", paste("temperature", objective$temperature),
        paste(objective$keys, "keys"),
        if (objective$negatives == "batch") {
            "in-batch negatives"
        } else {
            paste(objective$n_negatives, "uniform negatives")
        },
        if (objective$mask_known) "known partners masked"
    )
}

resolve_objective.info_nce <- function(objective) {
    if (objective$negatives == "uniform") {
        association_objective("info_nce_uniform", objective,
            n_negatives = objective$n_negatives
        )
    } else {
        association_objective("info_nce", objective,
            mask_known = objective$mask_known
        )
    }
}
