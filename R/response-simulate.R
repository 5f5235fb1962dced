#' Simulate drug response with a known truth
#'
#' Draws drugs, cells and a response for which it is known what it depends on:
#'
#' * the potency of a drug, the same in all cells. Drugs come in chemical series
#'   whose members share most bits of their fingerprint; a share `from_series`
#'   of the variance of potency is that of the series, and can be predicted for
#'   a drug that was never measured; the rest is the drug's own;
#' * the sensitivity of a cell, the same for all drugs;
#' * an interaction: each series acts on one target class, and a cell responds
#'   to it as the pathway of that class is active there;
#' * noise.
#'
#' The four have the shares of variance that are asked for, over all pairs of a
#' drug and a cell, of which a share `missing` is then left out. Cells come from
#' lineages whose pathways differ, and their features (as of expression, on a
#' log scale) are mixtures of pathways and sensitivity, plus noise of
#' `feature_noise` standard deviations. High values mean sensitive. All draws
#' come from R's stream: `set.seed()` decides.
#'
#' @param n_drugs,n_cells Numbers of drugs and cells.
#' @param n_series,n_lineages Numbers of chemical series and of lineages.
#' @param n_targets Number of target classes, and of their pathways.
#' @param n_bits,n_features Numbers of bits of a fingerprint and of features of
#'   a cell.
#' @param shares Named shares of variance: `drug` (potency), `cell`
#'   (sensitivity), `interaction`, `noise`. They are divided by their sum.
#' @param from_series Share of the variance of potency that is that of series.
#' @param feature_noise Standard deviation of the noise of a cell's feature,
#'   whose signal has a variance of about 1.
#' @param missing Share of pairs without a value, at random; each drug and each
#'   cell keeps one at least.
#'
#' @return A list of class `simulated_response`:
#'   \describe{
#'   \item{response}{a `drug_response`, see [drug_response()]}
#'   \item{drugs}{fingerprints: a matrix of 0 and 1, drugs x bits}
#'   \item{cells}{a numeric matrix, cells x features}
#'   \item{drug_text}{named character, for each drug a structure like a SMILES
#'     string, which shows the series, and the class of its target in words}
#'   \item{cell_text}{named character, lineage and name}
#'   \item{truth}{a list: `drugs` (data frame `drug`, `series`, `target`,
#'     `potency`), `cells` (data frame `cell`, `lineage`, `sensitivity`),
#'     `pathways` (cells x target classes), `expected` (drugs x cells: the
#'     response without noise) and `shares`}
#'   }
#' @section Errors: Of class `kith_error_input`: numbers out of range.
#' @family simulated data
#' @family drug response functions
#' @examples
#' set.seed(1)
#' screen <- simulate_response(n_drugs = 40, n_cells = 30)
#' screen
#' summary(screen$response)
#' screen$drug_text[1:2]
#' @export
simulate_response <- function(n_drugs = 120, n_cells = 80,
                              n_series = max(2, ceiling(n_drugs / 8)),
                              n_lineages = 5, n_targets = 4, n_bits = 256,
                              n_features = 100,
                              shares = c(
                                  drug = 0.5, cell = 0.1, interaction = 0.2,
                                  noise = 0.2
                              ), from_series = 0.6, feature_noise = 1,
                              missing = 0.1) {
    n_drugs <- check_count(n_drugs, min = 4)
    n_cells <- check_count(n_cells, min = 4)
    n_series <- check_count(n_series, min = 2, max = n_drugs)
    n_lineages <- check_count(n_lineages, max = n_cells)
    n_targets <- check_count(n_targets, min = 2)
    n_bits <- check_count(n_bits, min = 16)
    n_features <- check_count(n_features, min = 2)
    shares <- check_shares(shares)
    check_number(from_series, 0, 1)
    check_number(feature_noise, 0, 1e3)
    check_number(missing, 0, 0.9)
    drugs <- draw_drugs(n_drugs, n_series, n_targets, n_bits, from_series)
    cells <- draw_cells(
        n_cells, n_lineages, n_targets, n_features, feature_noise
    )
    parts <- response_parts(drugs$truth, cells)
    expected <- Reduce(`+`, Map(
        function(part, share) sqrt(share) * part, parts, shares[names(parts)]
    ))
    noise <- matrix(stats::rnorm(n_drugs * n_cells), n_drugs)
    values <- expected + sqrt(shares[["noise"]]) * unit_variance(noise)
    values[drop_pairs_at_random(n_drugs, n_cells, missing)] <- NA
    drugs$truth$potency <- sqrt(shares[["drug"]]) * drugs$truth$potency
    cells$truth$sensitivity <- sqrt(shares[["cell"]]) *
        cells$truth$sensitivity
    structure(
        list(
            response = drug_response(values,
                rows = "drugs", direction = "high"
            ),
            drugs = drugs$fingerprints, cells = cells$features,
            drug_text = drugs$text, cell_text = cells$text,
            truth = list(
                drugs = drugs$truth, cells = cells$truth,
                pathways = cells$pathways, expected = expected, shares = shares
            )
        ),
        class = "simulated_response"
    )
}

check_shares <- function(shares, call = rlang::caller_env()) {
    parts <- c("drug", "cell", "interaction", "noise")
    ok <- is.numeric(shares) && setequal(names(shares), parts) &&
        length(shares) == 4L && all(is.finite(shares) & shares >= 0) &&
        sum(shares) > 0
    if (!ok) {
        abort_input(c(
            "{.arg shares} must be numbers of at least 0 called {.val {parts}},
            not all of them 0.",
            x = "It is {describe_value(shares)} with the names
            {.val {names(shares)}}."
        ), call = call)
    }
    shares[parts] / sum(shares)
}

# mean 0 and variance 1 over all values
unit_variance <- function(x) {
    x <- x - mean(x)
    x / sqrt(mean(x^2))
}

# ---- drugs ------------------------------------------------------------------

# list(truth: a data frame, fingerprints, text)
draw_drugs <- function(n, n_series, n_targets, n_bits, from_series) {
    ids <- numbered_ids("D", n)
    # each series has a drug at least
    series <- sort(c(
        seq_len(n_series), sample.int(n_series, n - n_series, replace = TRUE)
    ))
    target <- rep_len(seq_len(n_targets), n_series)[series]
    of_series <- unit_variance(stats::rnorm(n_series)[series])
    own <- unit_variance(stats::rnorm(n))
    potency <- unit_variance(
        sqrt(from_series) * of_series + sqrt(1 - from_series) * own
    )
    list(
        truth = data.frame(
            drug = ids, series = series, target = target, potency = potency
        ),
        fingerprints = draw_fingerprints(ids, series, n_bits),
        text = stats::setNames(
            paste0(
                draw_structures(series), " inhibitor of ",
                target_names(n_targets)[target]
            ),
            ids
        )
    )
}

# A series has an eighth of all bits; a drug has nine in ten of them, and one in
# fifty of the others.
draw_fingerprints <- function(ids, series, n_bits) {
    core <- matrix(
        stats::runif(max(series) * n_bits) < 1 / 8, max(series)
    )
    # one bit at least, so that no drug is without
    core[cbind(seq_len(nrow(core)), sample.int(n_bits, nrow(core), TRUE))] <-
        TRUE
    draw <- matrix(stats::runif(length(series) * n_bits), length(series))
    on <- ifelse(core[series, , drop = FALSE], draw < 0.9, draw < 0.02)
    first <- max.col(core[series, , drop = FALSE] + 0, "first")
    on[cbind(seq_along(series), first)] <- TRUE
    matrix(as.double(on), length(series),
        dimnames = list(ids, paste0("bit", seq_len(n_bits)))
    )
}

# a scaffold for each series, and a drug's own ends
draw_structures <- function(series) {
    pieces <- c(
        "c1ccccc1", "C1CCNCC1", "c1ccncc1", "C(=O)N", "S(=O)(=O)", "OC", "N",
        "C#N", "c1cnc2ccccc2n1", "C(F)(F)F", "CC", "Cl"
    )
    ends <- c("C", "F", "Cl", "OC", "N(C)C", "C#N", "CC", "O")
    scaffolds <- vapply(seq_len(max(series)), function(i) {
        paste(sample(pieces, 4L, replace = TRUE), collapse = "")
    }, "")
    paste0(
        sample(ends, length(series), replace = TRUE), scaffolds[series],
        sample(ends, length(series), replace = TRUE)
    )
}

target_names <- function(n) {
    known <- c(
        "MAPK signalling", "PI3K signalling", "DNA repair", "the cell cycle",
        "apoptosis", "chromatin", "tubulin", "the proteasome"
    )
    c(known, paste("pathway", seq_len(n)))[seq_len(n)]
}

# ---- cells ------------------------------------------------------------------

# list(truth: a data frame, pathways, features, text)
draw_cells <- function(n, n_lineages, n_targets, n_features, noise) {
    ids <- numbered_ids("C", n)
    lineage <- sort(rep_len(seq_len(n_lineages), n))
    of_lineage <- matrix(stats::rnorm(n_lineages * n_targets), n_lineages)
    pathways <- sqrt(0.4) * of_lineage[lineage, , drop = FALSE] +
        sqrt(0.6) * matrix(stats::rnorm(n * n_targets), n)
    sensitivity <- unit_variance(stats::rnorm(n))
    states <- cbind(pathways, sensitivity)
    loadings <- matrix(
        stats::rnorm(ncol(states) * n_features), ncol(states)
    ) / sqrt(ncol(states))
    features <- states %*% loadings + noise * stats::rnorm(n * n_features)
    # as of expression, on a log scale
    features <- features + rep(stats::runif(n_features, 2, 12), each = n)
    dimnames(features) <- list(ids, paste0("gene", seq_len(n_features)))
    dimnames(pathways) <- list(ids, target_names(n_targets))
    list(
        truth = data.frame(
            cell = ids, lineage = lineage, sensitivity = sensitivity
        ),
        pathways = pathways, features = features,
        text = stats::setNames(
            paste(lineage_names(n_lineages)[lineage], "cell line", ids), ids
        )
    )
}

lineage_names <- function(n) {
    known <- c("lung", "breast", "skin", "blood", "colon", "ovary", "bone")
    c(known, paste("lineage", seq_len(n)))[seq_len(n)]
}

# ---- response ---------------------------------------------------------------

# Drugs x cells, of variance 1 each and without correlation: the interaction has
# neither a mean of its own for a drug nor for a cell.
response_parts <- function(drugs, cells) {
    n_cells <- nrow(cells$truth)
    activity <- t(cells$pathways)[drugs$target, , drop = FALSE]
    activity <- activity - rowMeans(activity)
    interaction <- activity - rep(colMeans(activity), each = nrow(activity))
    ids <- list(drugs$drug, cells$truth$cell)
    list(
        drug = matrix(drugs$potency, nrow(drugs), n_cells, dimnames = ids),
        cell = matrix(cells$truth$sensitivity, nrow(drugs), n_cells,
            byrow = TRUE
        ),
        interaction = unit_variance(interaction)
    )
}

# Numbers of the entries that are left out, but for one in each row and column.
drop_pairs_at_random <- function(n_drugs, n_cells, missing) {
    kept <- rbind(
        cbind(seq_len(n_drugs), sample.int(n_cells, n_drugs, TRUE)),
        cbind(sample.int(n_drugs, n_cells, TRUE), seq_len(n_cells))
    )
    free <- matrix(TRUE, n_drugs, n_cells)
    free[kept] <- FALSE
    free <- which(free)
    n <- min(length(free), round(missing * n_drugs * n_cells))
    free[sample.int(length(free), n)]
}

#' @method print simulated_response
#' @export
print.simulated_response <- function(x, ...) {
    cli::cat_line("<simulated_response> ", describe_response(x$response))
    cli::cat_line(
        length(unique(x$truth$drugs$series)), " series of drugs (",
        ncol(x$drugs), " bits), ", length(unique(x$truth$cells$lineage)),
        " lineages of cells (", ncol(x$cells), " features)"
    )
    shares <- 100 * x$truth$shares
    cli::cat_line(
        "shares of variance: ",
        toString(sprintf("%s %.0f %%", names(shares), shares))
    )
    invisible(x)
}
