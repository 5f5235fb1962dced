#' Simulate histone marks and expression with a known truth
#'
#' Draws the state of each gene's promoter, the bins of its marks given that
#' state, and its expression given the same. It is known which marks tell of
#' expression and which are redundant:
#'
#' * an activity a, standard normal, decides expression and three active marks.
#'   `H3K4me3` lies in two peaks around the start site, `H3K27ac` in the same
#'   place, so that either alone tells nearly all that both tell (they are
#'   redundant), and `H3K36me3` along the body of the gene;
#' * a repression r, independent of a, lowers expression, and widens
#'   `H3K27me3`, the only mark that tells of it;
#' * `H3K9me3` is noise.
#'
#' A bin of a mark is a count: Poisson, with a rate of the mark's shape along
#' the gene times exp(slope x state), plus a background of 0.3. A gene's own
#' amount of each mark varies by `mark_noise`, which `H3K4me3` and `H3K27ac`
#' share. Expression is
#' exp(1.5 a - r + noise), and 0 below a detection limit, as in RNA-seq. All
#' draws come from R's stream: `set.seed()` decides.
#'
#' @param n_genes Number of genes.
#' @param n_bins Bins of a mark; the start site lies in the middle.
#' @param noise Standard deviation of the log expression given the states: the
#'   higher, the lower the best concordance there can be.
#' @param mark_noise Standard deviation of a gene's log amount of each mark.
#' @param undetected Share of genes with expression 0.
#'
#' @return A list of class `simulated_marks`:
#'   \describe{
#'   \item{marks}{integer array, genes x bins x marks, with gene ids such as
#'     `"G0001"`}
#'   \item{expression}{named numeric vector}
#'   \item{chromosome}{named character vector, one of ten}
#'   \item{truth}{data frame, a row for each gene: `gene`, `activity`,
#'     `repression`, `expected` (log expression without noise: no score can rank
#'     better than it)}
#'   }
#' @section Errors: Of class `kith_error_input`: numbers out of range.
#' @family simulated data
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 200)
#' cells
#' concordance(cells$truth$expected, cells$expression)
#' @export
simulate_marks <- function(n_genes = 2000, n_bins = 50, noise = 0.7,
                           mark_noise = 0.5, undetected = 0.2) {
    n_genes <- check_count(n_genes, min = 2)
    n_bins <- check_count(n_bins, min = 4)
    check_number(noise, 0, 1e3)
    check_number(mark_noise, 0, 10)
    check_number(undetected, 0, 0.9)
    genes <- numbered_ids("G", n_genes)
    activity <- stats::rnorm(n_genes)
    repression <- stats::rnorm(n_genes)
    states <- cbind(activity, repression)
    shapes <- mark_shapes(n_bins)
    marks <- array(0L, c(n_genes, n_bins, ncol(shapes)),
        dimnames = list(genes, NULL, colnames(shapes))
    )
    for (mark in colnames(shapes)) {
        # that of the mark before is also H3K27ac's
        if (mark != "H3K27ac") own <- stats::rnorm(n_genes, sd = mark_noise)
        amount <- exp(drop(states %*% mark_slopes[, mark]) + own)
        rate <- 0.3 + outer(amount, shapes[, mark])
        marks[, , mark] <- stats::rpois(length(rate), rate)
    }
    expected <- 1.5 * activity - repression
    level <- expected + stats::rnorm(n_genes, sd = noise)
    expression <- exp(level)
    limit <- stats::quantile(level, undetected)
    if (undetected > 0) expression[level <= limit] <- 0
    structure(
        list(
            marks = marks,
            expression = stats::setNames(expression, genes),
            chromosome = stats::setNames(
                paste0("chr", sample.int(10L, n_genes, replace = TRUE)), genes
            ),
            truth = data.frame(
                gene = genes, activity = activity, repression = repression,
                expected = expected
            )
        ),
        class = "simulated_marks"
    )
}

# how the log amount of a mark goes with activity and repression
mark_slopes <- matrix(
    c(1, 0, 0.9, 0, 0.6, 0, -0.2, 0.9, 0, 0), 2L,
    dimnames = list(
        c("activity", "repression"),
        c("H3K4me3", "H3K27ac", "H3K36me3", "H3K27me3", "H3K9me3")
    )
)

# expected counts of a gene of average state: bins x marks, in thirds of a
# window whose middle is the start site
mark_shapes <- function(n_bins) {
    place <- (seq_len(n_bins) - 0.5) / n_bins - 0.5
    peak <- function(centre, width) exp(-((place - centre) / width)^2 / 2)
    cbind(
        H3K4me3 = 2 * peak(-0.05, 0.03) + 3 * peak(0.06, 0.05),
        H3K27ac = 2 * peak(-0.06, 0.04) + 2 * peak(0.08, 0.06),
        H3K36me3 = stats::plogis((place - 0.15) / 0.05),
        H3K27me3 = peak(0, 0.25),
        H3K9me3 = rep(0.5, n_bins)
    )
}

#' @method print simulated_marks
#' @export
print.simulated_marks <- function(x, ...) {
    size <- dim(x$marks)
    cli::cat_line(
        "<simulated_marks> ", size[1L], " genes x ", size[2L], " bins x ",
        size[3L], " marks (", toString(dimnames(x$marks)[[3L]]), ")"
    )
    cli::cat_line(sprintf(
        "%.0f %% of genes have expression 0; best concordance there is %.3f",
        100 * mean(x$expression == 0),
        concordance(x$truth$expected, x$expression)
    ))
    invisible(x)
}
