# What a drug response answers to: subsetting, counting, printing.

#' @method length drug_response
#' @export
length.drug_response <- function(x) length(.subset2(x, "value"))

#' @method [ drug_response
#' @export
`[.drug_response` <- function(x, i) {
    rows <- seq_along(x$value)
    if (!missing(i)) rows <- rows[i]
    if (anyNA(rows) || anyDuplicated(rows)) {
        abort_input(c(
            "{.arg i} must pick each of the {length(x)} values at most once.",
            x = if (anyNA(rows)) {
                "It picks one that is not there."
            } else {
                "It picks value {rows[duplicated(rows)][1L]} again."
            }
        ), call = rlang::current_env())
    }
    for (part in c("drug", "cell", "value")) x[[part]] <- x[[part]][rows]
    x
}

#' @method as.data.frame drug_response
#' @export
as.data.frame.drug_response <- function(x, ...) {
    data.frame(drug = x$drugs[x$drug], cell = x$cells[x$cell], value = x$value)
}

#' @method print drug_response
#' @export
print.drug_response <- function(x, n = 6L, ...) {
    cli::cat_line("<drug_response> ", describe_response(x))
    shown <- utils::head(as.data.frame(x[seq_len(min(n, length(x)))]), n)
    if (nrow(shown)) {
        print(shown, row.names = FALSE)
    }
    if (length(x) > nrow(shown)) {
        cli::cat_line(
            "... and ", format_count(length(x) - nrow(shown)), " more"
        )
    }
    cli::cat_line(describe_direction(x))
    invisible(x)
}

# how many values of how many drugs and cells
describe_response <- function(x) {
    n_drugs <- length(unique(x$drug))
    n_cells <- length(unique(x$cell))
    share <- length(x) / max(1, n_drugs * n_cells)
    paste0(
        count_of(length(x), "value"), " of ", count_of(n_drugs, "drug"),
        " in ", count_of(n_cells, "cell"),
        sprintf(" (%.3g %% of all pairs)", 100 * share)
    )
}

describe_direction <- function(x) {
    unit <- if (is.null(x$unit)) "" else paste0(", ", x$unit)
    sprintf(
        "%s values mean sensitive%s",
        if (x$direction == "low") "low" else "high", unit
    )
}

#' @method summary drug_response
#' @export
summary.drug_response <- function(object, ...) {
    structure(
        list(
            text = describe_response(object),
            direction = describe_direction(object),
            value = stats::quantile(object$value),
            per_drug = stats::quantile(tabulate(object$drug), names = FALSE),
            per_cell = stats::quantile(tabulate(object$cell), names = FALSE),
            shares = response_shares(object)
        ),
        class = "summary_drug_response"
    )
}

# Shares of the variance of a response: explained by the mean of each drug, by
# that of each cell in what the drugs leave, and by neither.
response_shares <- function(x) {
    total <- sum((x$value - mean(x$value))^2)
    left <- x$value
    shares <- c(drug = 0, cell = 0, rest = 1)
    for (side in c("drug", "cell")) {
        before <- sum((left - mean(left))^2)
        left <- left - stats::ave(left, x[[side]])
        shares[[side]] <- (before - sum(left^2)) / total
    }
    shares[["rest"]] <- sum(left^2) / total
    shares
}

#' @method print summary_drug_response
#' @export
print.summary_drug_response <- function(x, ...) {
    cli::cat_line("<drug_response> ", x$text)
    cli::cat_line(
        "values ", format(x$value[[1L]], digits = 3), " to ",
        format(x$value[[5L]], digits = 3), ", median ",
        format(x$value[[3L]], digits = 3), "; ", x$direction
    )
    for (side in c("drug", "cell")) {
        n <- x[[paste0("per_", side)]]
        cli::cat_line(sprintf(
            "values of a %s: %g to %g, median %g", side, n[1L], n[5L], n[3L]
        ))
    }
    shares <- 100 * x$shares
    cli::cat_line(sprintf(
        paste(
            "variance: %.0f %% means of drugs, then %.0f %% means of cells;",
            "%.0f %% is left to learn"
        ),
        shares[["drug"]], shares[["cell"]], shares[["rest"]]
    ))
    invisible(x)
}
