#' Read drug response from a table
#'
#' Reads a text table of drug response, such as those of PharmacoGx, DepMap,
#' PRISM, CTRP or CellMiner, long (a row for each drug and cell) or wide (a
#' matrix of drugs by cells), and gives it to [drug_response()]. A message says
#' what was taken from which column, what was left out and what was converted.
#'
#' Files may be plain or compressed (gz, xz, bz2, zip), in UTF-8, with the line
#' ends of any system. One line is one row: a line with another number of fields
#' is an error. Ids are read as text. Rows without a value (`NA`, nothing) were
#' not measured, and rows without an id belong nowhere: both are left out and
#' counted.
#'
#' What the values are is asked for and never guessed: `unit` and `direction`
#' must be given. In the units of concentrations values are stored as log10 M,
#' for which `direction` is `"low"`.
#'
#' @param file Path of a text file.
#' @param layout `"long"`: a row for each drug and cell; `"wide"`: a row for
#'   each drug and a column for each cell, or the other way round.
#' @param drug,cell,value Columns, by name or number. Of a long table all three
#'   must be given. Of a wide one `drug` is the column with the ids of the rows
#'   where these are drugs, `cell` where they are cells (by default the first);
#'   its other columns of numbers are values, and those of text are left out,
#'   which the message says.
#' @param unit Unit of the values, as in [drug_response()], or the column of a
#'   long table that has the unit of each row. `"none"` for scores without
#'   unit.
#' @param direction Which values mean that the cell is sensitive to the drug:
#'   `"low"` or `"high"`.
#' @param rows Of a wide table: do its rows stand for `"drugs"` or for
#'   `"cells"`?
#' @inheritParams drug_response
#' @param sep,header,skip,comment As in [read_pairs()].
#' @return A `drug_response`; see [drug_response()].
#' @section Errors: Those of [drug_response()], and of class `kith_error_input`
#'   for a file that does not exist, is empty, has a header only, is cut off or
#'   is no text in UTF-8; for lines with another number of fields than the first
#'   and values that are no numbers (the message names the line); for columns
#'   that are not there.
#' @family readers
#' @family drug response functions
#' @examples
#' file <- tempfile(fileext = ".csv")
#' writeLines(c(
#'     "compound,cell_line,IC50_uM",
#'     "erlotinib,A549,8",
#'     "erlotinib,HCC827,0.02",
#'     "lapatinib,A549,6.3",
#'     "lapatinib,HCC827,"
#' ), file)
#' read_response(file,
#'     drug = "compound", cell = "cell_line", value = "IC50_uM", unit = "uM",
#'     direction = "low"
#' )
#' unlink(file)
#' @export
read_response <- function(file, layout = c("long", "wide"), drug = NULL,
                          cell = NULL, value = NULL, unit, direction,
                          rows = NULL, duplicates = c("stop", "mean"),
                          sep = NULL, header = NA, skip = 0, comment = NA) {
    call <- rlang::current_env()
    path <- check_file(file)
    layout <- check_choice(layout, c("long", "wide"))
    direction <- check_direction(if (!missing(direction)) direction, call)
    if (missing(unit)) unit <- NULL
    check_string_unit(unit, call)
    options <- table_options(sep, header, skip, comment, call)
    table <- open_table(
        path, options, header_rule(is_profile_header, drug, cell, value),
        missing = missing_marks, call = call
    )
    on.exit(close_lines(table$lines))
    found <- if (layout == "long") {
        read_long_response(table, drug, cell, value, unit, rows, call)
    } else {
        read_wide_response(table, drug, cell, value, rows, call)
    }
    measured <- measured_rows(found, file, call)
    response <- response_from_columns(
        found$drug[measured$kept], found$cell[measured$kept],
        found$value[measured$kept], direction,
        if (length(found$unit)) found$unit[measured$kept] else unit,
        duplicates, call,
        label = found$label
    )
    inform_response(response, file, found, measured$told, table)
    response
}

check_string_unit <- function(unit, call) {
    if (is.null(unit)) {
        abort_input(c(
            "{.arg unit} must be given: what are the values?",
            x = "It is missing.",
            i = "It is one of {.val {response_units}}, or a column of a long
            table."
        ), call = call)
    }
    check_string(unit, "unit", call)
}

# ---- long -------------------------------------------------------------------

# list(drug, cell, value, unit (of each row, or NULL), label, source)
read_long_response <- function(table, drug, cell, value, unit, rows, call) {
    if (!is.null(rows)) {
        abort_input(c(
            "{.arg rows} is for {.code layout = \"wide\"}.",
            x = "{.arg layout} is {.val long}."
        ), call = call)
    }
    columns <- table_sample(table)
    given <- list(drug = drug, cell = cell, value = value)
    at <- vapply(names(given), function(name) {
        find_column(columns, given[[name]], name, call, "file")
    }, 1L)
    check_different_columns(at, table, call)
    of_unit <- if (is_unit_column(unit, names(columns))) {
        match(unit, names(columns))
    }
    types <- rep("skip", length(table$columns))
    types[c(at[c("drug", "cell")], of_unit)] <- "text"
    types[at[["value"]]] <- "number"
    found <- read_rows(table, types, call)
    sources <- vapply(at, function(one) column_source(table, one), "")
    list(
        drug = found[[at[["drug"]]]], cell = found[[at[["cell"]]]],
        value = found[[at[["value"]]]],
        unit = if (!is.null(of_unit)) found[[of_unit]],
        label = stats::setNames(table$columns[at], names(at)),
        source = sprintf(
            "%s (drugs), %s (cells) and %s", sources[["drug"]],
            sources[["cell"]], sources[["value"]]
        )
    )
}

check_different_columns <- function(at, table, call) {
    again <- which(duplicated(at))
    if (length(again)) {
        names <- names(at)[at == at[again[1L]]]
        abort_input(c(
            "{.arg {names}} must be different columns.",
            x = "They are all
            {.field {table$columns[at[again[1L]]]}}."
        ), call = call)
    }
}

# ---- wide -------------------------------------------------------------------

# the same, of a matrix in a file
read_wide_response <- function(table, drug, cell, value, rows, call) {
    rows <- check_rows(rows, call)
    given <- list(drugs = drug, cells = cell)
    other <- setdiff(names(given), rows)
    if (!is.null(value) || !is.null(given[[other]])) {
        name <- if (is.null(value)) sub("s$", "", other) else "value"
        abort_input(c(
            "{.arg {name}} cannot be given for a wide table with {rows} in
            rows.",
            i = "Its columns are the {other}."
        ), call = call)
    }
    label <- given[[rows]]
    label <- if (is.null(label)) {
        guess_label(table)
    } else {
        find_column(
            table_sample(table), label, sub("s$", "", rows), call, "file"
        )
    }
    at <- setdiff(which(table$types == "number"), label)
    ignored <- setdiff(seq_along(table$columns), c(at, label))
    for (column in ignored) check_no_numbers(table, column, call)
    if (length(at) == 0L) {
        abort_input(c(
            "{.file {table$file}} must have columns of numbers.",
            x = "All {length(table$columns)} are text.",
            i = "Is {.arg sep} right? Is it a long table?"
        ), call = call)
    }
    types <- rep("skip", length(table$columns))
    types[label] <- "text"
    types[at] <- "number"
    found <- read_rows(table, types, call)
    ids <- found[[label]]
    columns <- feature_names(table, at)
    ends <- list(
        rep(ids, times = length(at)), rep(columns, each = length(ids))
    )
    names(ends) <- c(sub("s$", "", rows), sub("s$", "", other))
    list(
        drug = ends$drug, cell = ends$cell,
        value = unlist(found[at], use.names = FALSE),
        label = c(drug = "drug", cell = "cell", value = "value"),
        ignored = table$columns[ignored],
        source = sprintf(
            "a table of %s (%s) by %s", count_of(length(ids), sub("s$", "",
                rows
            )), column_source(table, label),
            count_of(length(at), sub("s$", "", other))
        )
    )
}

# ---- what both have in common -----------------------------------------------

# list(kept = rows with ids and value, told = how many are without)
measured_rows <- function(found, file, call) {
    no_id <- is.na(found$drug) | is.na(found$cell)
    # NaN is as little a measurement as NA is in a file
    no_value <- is.na(found$value)
    kept <- which(!no_id & !no_value)
    if (length(kept) == 0L) {
        abort_input(c(
            "{.file {file}} must have a row with drug, cell and value.",
            x = "Of {length(no_id)}, {sum(no_id)} lack an id and
            {sum(no_value)} a value."
        ), call = call)
    }
    counts <- c(
        "without a value" = sum(no_value & !no_id), "without an id" = sum(no_id)
    )
    counts <- counts[counts > 0]
    list(
        kept = kept,
        told = if (length(counts)) {
            paste(format_count(counts), names(counts), collapse = ", ")
        }
    )
}

inform_response <- function(response, file, found, left_out, table) {
    notes <- sprintf("{table$notes[%d]}.", seq_along(table$notes))
    inform_kith(c(
        "{.file {basename(file)}}: {describe_response(response)} from
        {found$source}.",
        i = "Drugs: {first_of(response$drugs)}; cells:
        {first_of(response$cells)}",
        i = if (!is.null(left_out)) "Left out: {left_out}.",
        i = if (length(found$ignored)) {
            "Columns not read: {.field {found$ignored}}."
        },
        i = "Direction: {describe_direction(response)}.",
        stats::setNames(notes, rep("i", length(notes)))
    ), class = "kith_message_response")
}
