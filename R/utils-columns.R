# Tables of a class that have lost columns: the class no longer fits.

# A subset of a table, without its class where a column is gone.
plain_if_columns_lost <- function(subset, table) {
    if (is.data.frame(subset) && !all(names(table) %in% names(subset))) {
        class(subset) <- "data.frame"
    }
    subset
}

# for print methods of tables whose columns may have been removed
lacks_columns <- function(table, columns) !all(columns %in% names(table))

#' @export
`[.study_table` <- function(x, ...) plain_if_columns_lost(NextMethod(), x)

#' @export
`[.association_evaluation` <- function(x, ...) {
    plain_if_columns_lost(NextMethod(), x)
}

#' @export
`[.kith_datasets` <- function(x, ...) plain_if_columns_lost(NextMethod(), x)
