# Units of drug response. Concentrations of all units become log10 M, so that
# values of several sources compare and low ones stay low; what has no unit
# stays as it is.

# how many M one of each unit is
molar_units <- c("M" = 1, "mM" = 1e-3, "uM" = 1e-6, "nM" = 1e-9)

response_units <- c(
    names(molar_units), "log10 M", "-log10 M", "log10 uM", "ln uM", "AUC",
    "none"
)

# Other spellings: "µM" (both signs that stand for micro), "log10(uM)".
plain_unit <- function(unit) {
    unit <- gsub("\u00b5|\u03bc", "u", enc2utf8(as.character(unit)))
    trimws(gsub("[() ]+", " ", unit))
}

# The unit of values, one for all or one of each: list(unit = as the object
# keeps it, NULL for none; value = in that unit, told = what was converted, or
# NULL). name: the argument of the values, in messages.
convert_units <- function(value, unit, name, call) {
    if (is.null(unit)) {
        return(list(value = value, unit = NULL))
    }
    if (!length(unit) %in% c(1L, length(value))) {
        abort_input(c(
            "{.arg unit} must be one unit, or one for each value.",
            x = "It is {describe_value(unit)}."
        ), call = call)
    }
    given <- plain_unit(unit)
    known <- unique(given)
    unknown <- which(!given %in% response_units)
    if (length(unknown)) {
        row <- unknown[1L]
        abort_input(c(
            "{.arg unit} must be one of {.val {response_units}}, or a column
            that holds them.",
            x = if (length(given) > 1L) {
                "Row {row} has {.val {as.character(unit)[row]}}."
            } else {
                "It is {describe_value(unit)}."
            }
        ), call = call)
    }
    check_one_scale(known, given, call)
    if (known[1L] %in% c("AUC", "none")) {
        return(list(value = value, unit = if (known[1L] == "AUC") "AUC"))
    }
    if (known[1L] == "-log10 M") {
        return(list(value = value, unit = "-log10 M"))
    }
    given <- rep_len(given, length(value))
    linear <- given %in% names(molar_units)
    check_concentrations(value, linear, given, name, call)
    value[linear] <- log10(value[linear]) + log10(molar_units[given[linear]])
    micro <- given == "log10 uM"
    value[micro] <- value[micro] - 6
    natural <- given == "ln uM"
    value[natural] <- value[natural] / log(10) - 6
    converted <- setdiff(known, "log10 M")
    list(
        value = value, unit = "log10 M",
        told = if (length(converted)) {
            paste0(
                "Values in ", paste(converted, collapse = " and "),
                " are stored as log10 M."
            )
        }
    )
}

# Concentrations and their logarithms convert into each other; areas, bare
# numbers and negative logarithms (of which high ones mean sensitive) do not.
check_one_scale <- function(known, given, call) {
    alone <- known %in% c("AUC", "none", "-log10 M")
    if (length(known) > 1L && any(alone)) {
        other <- known[known != known[alone][1L]][1L]
        abort_input(c(
            "{.arg unit} must not mix what cannot be converted.",
            x = "Row {match(known[alone][1L], given)} has
            {.val {known[alone][1L]}}, row {match(other, given)}
            {.val {other}}.",
            i = "Make an object of the rows of each, or convert them first."
        ), call = call)
    }
}

check_concentrations <- function(value, linear, given, name, call) {
    bad <- which(linear & !is.na(value) & value <= 0)
    if (length(bad)) {
        abort_input(c(
            "Concentrations in {.arg {name}} must be positive, as their
            logarithm is stored.",
            x = "Value {bad[1L]} is {format(value[bad[1L]])}
            {given[bad[1L]]}, the first of {length(bad)}.",
            i = "Leave such rows out, or put the lowest dose that was tested in
            their place. Values that are logarithms already have the unit
            {.val log10 M}, {.val log10 uM} or {.val ln uM}."
        ), call = call)
    }
}

# Low concentrations mean sensitive whatever the measure is called, so a
# direction that says otherwise is a mistake.
check_unit_direction <- function(unit, direction, call) {
    fits <- switch(unit %||% "none",
        "log10 M" = "low", "-log10 M" = "high", direction
    )
    if (direction != fits) {
        abort_input(c(
            "{.arg direction} must be {.val {fits}} for values in {unit}.",
            x = "It is {.val {direction}}: but a drug to which cells are
            sensitive works at low concentrations.",
            i = "If the values are no concentrations, give another
            {.arg unit}."
        ), call = call)
    }
}
