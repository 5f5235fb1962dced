# Drug response: the class and what makes one.

#' Drug response of cells
#'
#' Collects how strongly cells (cell lines, samples) respond to drugs into one
#' object: a value for each pair of a drug and a cell that was measured. Pairs
#' that were not measured are absent. What a low value means differs between
#' measures (a low IC50 or AUC of viability means a sensitive cell, a low
#' activity area or `-log10 GI50` a resistant one), so `direction` must be
#' given; it is never guessed.
#'
#' Concentrations are stored as log10 M, whatever their unit, which a message
#' says: so values of several sources compare, and low ones stay low.
#'
#' @param x What holds the response:
#'   * a data frame (also a [S4Vectors::DataFrame]) with one row for each pair
#'     of a drug and a cell;
#'   * a numeric matrix with ids as row and column names, where `NA` stands for
#'     a pair that was not measured;
#'   * a [SummarizedExperiment::SummarizedExperiment], of which an assay is such
#'     a matrix.
#' @param drug,cell,value Columns of a data frame, by name or number: ids of
#'   drugs, ids of cells (character, factor or whole numbers, compared as they
#'   are) and the numeric response.
#' @param direction Which values mean that the cell is sensitive to the drug:
#'   `"low"` or `"high"`.
#' @param rows For a matrix or SummarizedExperiment: do its rows stand for
#'   `"drugs"` or for `"cells"`? The columns are the others.
#' @param assay Assay of a SummarizedExperiment, by name or number.
#' @param unit Unit of the values: a concentration (`"M"`, `"mM"`, `"uM"`,
#'   `"nM"`), its logarithm (`"log10 M"`, `"log10 uM"`, `"ln uM"`, or the
#'   negative `"-log10 M"`, as in pIC50), `"AUC"` or `"none"`. Of a data frame
#'   it may be a column that has the unit of each row. `NULL` is `"none"`.
#' @param duplicates What to do with several values of one drug and cell:
#'   `"stop"`, or take their `"mean"`, which a message counts. Concentrations
#'   are averaged on the log scale.
#' @param ... Not used.
#'
#' @return An object of class `drug_response`, a list:
#'   \describe{
#'   \item{drug, cell}{integer, for each value the place of its drug in `drugs`
#'     and of its cell in `cells`}
#'   \item{value}{numeric}
#'   \item{drugs, cells}{character, the ids in order of appearance}
#'   \item{direction}{`"low"` or `"high"`}
#'   \item{unit}{`"log10 M"`, `"-log10 M"`, `"AUC"` or `NULL`}
#'   }
#'   `length()` is the number of values. `[` picks values, by number, logical
#'   or negative, and keeps all ids, so that numbers of drugs and cells stay
#'   what they were. `as.data.frame()` has the columns `drug`, `cell` (ids) and
#'   `value`. `summary()` counts values of drugs and cells and tells which share
#'   of the variance the means of the drugs explain, and which those of the
#'   cells beyond them: a model has to explain the rest.
#' @section Errors:
#' An error of class `kith_error_input` is raised for columns that are not
#' there, missing or empty ids, values that are no finite numbers, a response
#' without variation, of one drug or of one cell alone, duplicated pairs (unless
#' averaged), units that are not known, do not mix or do not fit the direction,
#' concentrations of zero or less, and where `direction` or `rows` is missing.
#' @family drug response functions
#' @seealso [read_response()] reads files, [simulate_response()] draws a
#'   response with a known truth.
#' @examples
#' measured <- data.frame(
#'     drug = c("erlotinib", "erlotinib", "lapatinib", "lapatinib"),
#'     cell = c("A549", "MCF7", "A549", "MCF7"),
#'     ic50 = c(8, 5.1, 6.3, 0.2)
#' )
#' response <- drug_response(measured,
#'     value = "ic50", unit = "uM", direction = "low"
#' )
#' response
#' as.data.frame(response[1:2])
#'
#' activity <- rbind(A549 = c(a = 1.2, b = NA), MCF7 = c(0.3, 2.1))
#' drug_response(activity, rows = "cells", direction = "high")
#' @export
drug_response <- function(x, ...) {
    UseMethod("drug_response")
}

#' @rdname drug_response
#' @export
drug_response.default <- function(x, ...) {
    call <- rlang::current_env()
    abort_input(c(
        "{.arg x} must be a data frame with a row for each drug and cell, a
        numeric matrix of drugs by cells, or a {.cls SummarizedExperiment}.",
        x = "It is {describe_value(x)}."
    ), call = call)
}

#' @rdname drug_response
#' @export
drug_response.data.frame <- function(x, drug = "drug", cell = "cell",
                                     value = "value", direction, unit = NULL,
                                     duplicates = c("stop", "mean"), ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    direction <- check_direction(if (!missing(direction)) direction, call)
    at <- c(
        drug = find_column(x, drug, "drug", call),
        cell = find_column(x, cell, "cell", call),
        value = find_column(x, value, "value", call)
    )
    if (is_unit_column(unit, names(x))) unit <- x[[unit]]
    response_from_columns(
        x[[at[["drug"]]]], x[[at[["cell"]]]], x[[at[["value"]]]], direction,
        unit, duplicates, call,
        label = stats::setNames(names(x)[at], names(at))
    )
}

#' @rdname drug_response
#' @export
drug_response.DataFrame <- function(x, ...) {
    drug_response.data.frame(as.data.frame(x, optional = TRUE), ...)
}

#' @rdname drug_response
#' @export
drug_response.matrix <- function(x, rows, direction, unit = NULL, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    direction <- check_direction(if (!missing(direction)) direction, call)
    rows <- check_rows(if (!missing(rows)) rows, call)
    response_from_matrix(x, rows, direction, unit, call)
}

#' @rdname drug_response
#' @export
drug_response.SummarizedExperiment <- function(x, rows, direction, assay = 1,
                                               unit = NULL, ...) {
    call <- rlang::current_env()
    rlang::check_dots_empty(call = call)
    direction <- check_direction(if (!missing(direction)) direction, call)
    rows <- check_rows(if (!missing(rows)) rows, call)
    values <- as.matrix(chosen_assay(x, assay, "x", call))
    response_from_matrix(values, rows, direction, unit, call)
}

# ---- checks -----------------------------------------------------------------

check_direction <- function(direction, call) {
    if (!is.character(direction) || length(direction) != 1L ||
        !direction %in% c("low", "high")) {
        abort_input(c(
            "{.arg direction} must be {.val low} or {.val high}: which values
            mean that a cell is sensitive?",
            x = if (is.null(direction)) {
                "It is missing."
            } else {
                "It is {describe_value(direction)}."
            },
            i = "Low ones do for IC50, GI50, EC50 and the area under the curve
            of viability; high ones for activity area and -log10 GI50."
        ), call = call)
    }
    direction
}

check_rows <- function(rows, call) {
    if (!is.character(rows) || length(rows) != 1L ||
        !rows %in% c("drugs", "cells")) {
        abort_input(c(
            "{.arg rows} must be {.val drugs} or {.val cells}: what do the rows
            stand for?",
            x = if (is.null(rows)) {
                "It is missing."
            } else {
                "It is {describe_value(rows)}."
            }
        ), call = call)
    }
    rows
}

# is it a column that has the unit of each row? "AUC" may be both
is_unit_column <- function(unit, columns) {
    is.character(unit) && length(unit) == 1L && unit %in% columns &&
        !plain_unit(unit) %in% response_units
}

# ---- the one way to make the class ------------------------------------------

response_from_matrix <- function(x, rows, direction, unit, call) {
    if (!is.numeric(x)) {
        abort_input(c(
            "{.arg x} must be numeric.",
            x = "It is a matrix of type {typeof(x)}."
        ), call = call)
    }
    if (is.null(rownames(x)) || is.null(colnames(x))) {
        abort_input(c(
            "{.arg x} must have ids of drugs and cells as row and column
            names.",
            x = "Its {if (is.null(rownames(x))) 'rows' else 'columns'} have
            none."
        ), call = call)
    }
    check_unique_ids(rownames(x), "x", rows = TRUE, call = call)
    check_unique_ids(colnames(x), "the columns of x", call = call)
    # NaN comes of a computation that failed, NA of no measurement
    measured <- which(!is.na(x) | is.nan(x), arr.ind = TRUE)
    of_rows <- rownames(x)[measured[, 1L]]
    of_columns <- colnames(x)[measured[, 2L]]
    response_from_columns(
        if (rows == "drugs") of_rows else of_columns,
        if (rows == "drugs") of_columns else of_rows,
        x[measured], direction, unit, "stop", call,
        label = c(drug = "x", cell = "x", value = "x")
    )
}

# label: what messages call the drugs, cells and values
response_from_columns <- function(drug, cell, value, direction, unit,
                                  duplicates, call, label) {
    duplicates <- check_choice(duplicates, c("stop", "mean"), call = call)
    drug <- check_ids(drug, label[["drug"]], call)
    cell <- check_ids(cell, label[["cell"]], call)
    check_values(value, drug, cell, label[["value"]], call)
    converted <- convert_units(
        as.double(value), unit, label[["value"]], call
    )
    check_unit_direction(converted$unit, direction, call)
    drugs <- unique(drug)
    cells <- unique(cell)
    x <- new_drug_response(
        match(drug, drugs), match(cell, cells), converted$value, drugs, cells,
        direction, converted$unit
    )
    x <- join_duplicates(x, duplicates, call)
    check_drug_response(x, "x", call)
    if (!is.null(converted$told)) {
        inform_kith(c(i = "{converted$told}"), class = "kith_message_response")
    }
    x
}

# from parts that are known to be fine
new_drug_response <- function(drug, cell, value, drugs, cells, direction,
                              unit = NULL) {
    structure(
        list(
            drug = drug, cell = cell, value = value, drugs = drugs,
            cells = cells, direction = direction, unit = unit
        ),
        class = "drug_response"
    )
}

check_values <- function(value, drug, cell, name, call) {
    if (!is.numeric(value)) {
        abort_input(c(
            "The response {.field {name}} must be numeric.",
            x = "It is {describe_value(value)}."
        ), call = call)
    }
    bad <- which(!is.finite(value))
    if (length(bad)) {
        first <- bad[1L]
        abort_input(c(
            "The response {.field {name}} must have finite values only.",
            x = "That of {.val {drug[first]}} in {.val {cell[first]}} is
            {format(value[first])}, the first of {length(bad)}.",
            i = if (anyNA(value)) {
                "Leave out pairs that were not measured."
            } else {
                "Leave such pairs out, or put the highest dose that was tested
                in the place of an infinite concentration."
            }
        ), call = call)
    }
}

# one value for each pair of a drug and a cell
join_duplicates <- function(x, duplicates, call) {
    pair <- (x$drug - 1) * length(x$cells) + x$cell
    again <- duplicated(pair)
    if (!any(again)) {
        return(x)
    }
    if (duplicates == "stop") {
        first <- which(again)[1L]
        abort_input(c(
            "Each drug and cell must have one value.",
            x = "{.val {x$drugs[x$drug[first]]}} in
            {.val {x$cells[x$cell[first]]}} has {sum(pair == pair[first])}; in
            all {sum(again)} value{?s} {?comes/come} again.",
            i = "Average them with {.code duplicates = \"mean\"} if they are
            replicates; if ids stand for several batches or screens, make them
            differ first."
        ), call = call)
    }
    kept <- which(!again)
    group <- match(pair, pair[kept])
    means <- rowsum(x$value, group)[, 1L] / tabulate(group)
    inform_kith(c(
        i = "{format_count(sum(tabulate(group) > 1))} of
        {count_of(length(kept), 'pair')} of a drug and a cell had several
        values, and have their mean now."
    ), class = "kith_message_response")
    new_drug_response(
        x$drug[kept], x$cell[kept], unname(means), x$drugs, x$cells,
        x$direction, x$unit
    )
}

# Stops if there is nothing to learn.
check_drug_response <- function(x, name, call) {
    for (side in c("drug", "cell")) {
        n <- length(unique(x[[side]]))
        if (n < 2L) {
            ids <- x[[paste0(side, "s")]][unique(x[[side]])]
            abort_input(c(
                "{.arg {name}} must have at least two {side}s.",
                x = if (n == 0L) {
                    "It has no value."
                } else {
                    "All values are of {.val {ids}}."
                },
                i = if (n == 1L && side == "drug") {
                    "The response of cells to one drug is a number for each
                    sample: {.fn probe} learns it from their expression."
                }
            ), call = call)
        }
    }
    if (all(x$value == x$value[1L])) {
        abort_input(c(
            "{.arg {name}} must have values that differ.",
            x = "All {length(x)} are {format(x$value[1L])}."
        ), call = call)
    }
    x
}
