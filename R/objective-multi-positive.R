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

objective_parts.multi_positive <- function(objective) {
    c(
        "all partners positive", paste("temperature", objective$temperature),
        paste(objective$keys, "keys of", objective$against, "genes"),
        paste("degree correction", objective$degree_correction),
        paste("degree weight", objective$degree_weight)
    )
}

resolve_objective.multi_positive <- function(objective) {
    association_objective("multi_positive", objective,
        all_keys = objective$against == "all",
        degree_weight = objective$degree_weight,
        degree_correction = objective$degree_correction
    )
}
