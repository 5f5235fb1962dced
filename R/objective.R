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

#' Objective: every known partner a positive, against all genes
#'
#' Compares each gene of a batch (an anchor) with all genes at once and asks
#' for its whole set of known partners: no true partner is pushed away, and an
#' epoch goes once over the genes, not over the pairs.
#'
#' For anchor i and keys j, \eqn{S_{ij} = f(x_i) \cdot k_j / temperature}, a
#' gene with itself left out. With d the number of a gene's known partners,
#' P(i) the partners of i and \eqn{o = c \log d} for the degree correction c,
#'
#' \deqn{row_i = -\frac{1}{d_i} \sum_{j \in P(i)}
#'   \log softmax_j(S_{ij} + o_j)}
#'
#' and the same down the batch for every key that has a partner in it; the
#' loss is half the weighted mean of the rows plus half that of the columns.
#'
#' **Degree.** Genes with many known partners are partners of anything more
#' often. While training, \eqn{o_j} answers for that, so the scores need not:
#' with `degree_correction = 1` they follow what belongs to the two genes
#' alone, with 0 also their popularity.
#'
#' Memory: a batch has a score for each anchor and key (512 anchors and 20,000
#' genes: 41 MB in single precision), and with transformed keys the network
#' keeps the values of all keys.
#'
#' @param temperature Divides the scores before the softmax; positive.
#' @param keys `"transformed"`: keys are encodings and take part in the
#'   gradient; `"raw"`: keys are the genes' own unit vectors, which spares the
#'   forward pass of all keys.
#' @param against `"partnered"`: keys are the genes with a known partner;
#'   `"all"`: all genes, so that the absence of partners is learned as well.
#' @param degree_correction The c above: 0 for none, 1 for all of the degree.
#' @param degree_weight An anchor weighs degree^`degree_weight`: 0 for all
#'   genes alike, 1 for all pairs alike.
#'
#' @return An object of class `objective`: a list of the arguments.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Khosla P et al. (2020). Supervised contrastive learning.
#'   arXiv:2004.11362. Menon AK et al. (2021). Long-tail learning via logit
#'   adjustment. arXiv:2007.07314.
#' @family building blocks
#' @examples
#' multi_positive()
#' multi_positive(keys = "raw", against = "all", degree_correction = 0)
#' @export
multi_positive <- function(temperature = 0.2,
                           keys = c("transformed", "raw"),
                           against = c("partnered", "all"),
                           degree_correction = 1, degree_weight = 0.5) {
    structure(
        list(
            temperature = check_number(temperature, 0, Inf, open = TRUE),
            keys = check_choice(keys, c("transformed", "raw")),
            against = check_choice(against, c("partnered", "all")),
            degree_correction = check_number(degree_correction, 0, Inf),
            degree_weight = check_number(degree_weight, 0, Inf)
        ),
        class = c("multi_positive", "objective")
    )
}

#' @method print objective
#' @export
print.objective <- function(x, ...) {
    parts <- if (inherits(x, "multi_positive")) {
        c(
            "all partners positive", paste("temperature", x$temperature),
            paste(x$keys, "keys of", x$against, "genes"),
            paste("degree correction", x$degree_correction),
            paste("degree weight", x$degree_weight)
        )
    } else {
        c(
            "InfoNCE", paste("temperature", x$temperature),
            paste(x$keys, "keys"),
            if (x$negatives == "batch") {
                "in-batch negatives"
            } else {
                paste(x$n_negatives, "uniform negatives")
            },
            if (x$mask_known) "known partners masked"
        )
    }
    cli::cat_line("<objective: ", toString(parts), ">")
    invisible(x)
}

# An objective as C wants it: list(type, options), with a place for every
# option of the task.
resolve_objective <- function(objective) {
    options <- c(
        temperature = objective$temperature,
        transform_keys = as.double(objective$keys == "transformed"),
        n_negatives = 0, mask_known = 0, all_keys = 0, degree_weight = 0,
        degree_correction = 0
    )
    type <- "multi_positive"
    if (inherits(objective, "multi_positive")) {
        options[["all_keys"]] <- as.double(objective$against == "all")
        options[["degree_weight"]] <- objective$degree_weight
        options[["degree_correction"]] <- objective$degree_correction
    } else if (objective$negatives == "uniform") {
        type <- "info_nce_uniform"
        options[["n_negatives"]] <- objective$n_negatives
    } else {
        type <- "info_nce"
        options[["mask_known"]] <- as.double(objective$mask_known)
    }
    list(type = type, options = options)
}

# does an epoch go over genes (or over pairs)?
goes_by_gene <- function(objective) {
    inherits(objective, "multi_positive")
}
