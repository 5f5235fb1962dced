# Checks of arguments. Each returns its argument (in the type that C wants) or
# stops with an error of class "kith_error_input" that names the argument, the
# first offending value and the way out.

abort_input <- function(message, ..., call = rlang::caller_env()) {
    abort_kith(message, "kith_error_input",
        ...,
        call = call, .envir = rlang::caller_env()
    )
}

check_count <- function(x, min = 1, max = .Machine$integer.max,
                        name = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
    whole <- is.numeric(x) && length(x) == 1L && is.finite(x) &&
        x == round(x) && x >= min && x <= max
    if (!whole) {
        at_most <- if (max < .Machine$integer.max) {
            paste(" and at most", max)
        } else {
            ""
        }
        abort_input(c(
            "{.arg {name}} must be one whole number of at least
            {min}{at_most}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    as.integer(x)
}

check_number <- function(x, min = -Inf, max = Inf, open = FALSE,
                         name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    ok <- is.numeric(x) && length(x) == 1L && is.finite(x) && if (open) {
        x > min && x < max
    } else {
        x >= min && x <= max
    }
    if (!ok) {
        is_open <- open | is.infinite(c(min, max))
        edges <- ifelse(is_open, c("(", ")"), c("[", "]"))
        range <- paste0(edges[1], min, ", ", max, edges[2])
        abort_input(c(
            "{.arg {name}} must be one number in {range}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    as.double(x)
}

check_flag <- function(x, name = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
    if (!isTRUE(x) && !isFALSE(x)) {
        abort_input(c(
            "{.arg {name}} must be {.code TRUE} or {.code FALSE}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    x
}

check_string <- function(x, name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    if (!is.character(x) || length(x) != 1L || is.na(x) || !nzchar(x)) {
        abort_input(c(
            "{.arg {name}} must be one string.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    x
}

# one of `choices`; all of them, as a default argument has them, is the first
check_choice <- function(x, choices, name = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
    if (identical(x, choices)) {
        return(choices[1L])
    }
    if (!is.character(x) || length(x) != 1L || !x %in% choices) {
        abort_input(c(
            "{.arg {name}} must be one of {.or {.val {choices}}}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    x
}

check_class <- function(x, class, constructor, name = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
    if (!inherits(x, class)) {
        abort_input(c(
            "{.arg {name}} must come from {.fn {constructor}}.",
            x = "It is {describe_value(x)}."
        ), call = call)
    }
    x
}

# Stops with the first value of a matrix that is not finite. block: the columns
# of x, dense, among which it is.
abort_not_finite <- function(x, block = x, columns = seq_len(ncol(x)),
                             name = "x", call = rlang::caller_env(),
                             advice = "Drop or impute such genes or features
                             first.") {
    at <- arrayInd(which(!is.finite(block))[1], dim(block))
    column <- columns[at[2]]
    column_name <- colnames(x)[column]
    where <- if (is.null(column_name)) column else dQuote(column_name, FALSE)
    value <- format(block[at])
    abort_input(c(
        "{.arg {name}} must have finite values only.",
        x = "Row {.val {rownames(x)[at[1]]}}, column {where} is {value}.",
        i = advice
    ), call = call)
}

# a value as an error message shows it: short, with its type
describe_value <- function(x) {
    if (is.null(x)) {
        return("NULL")
    }
    if (is.atomic(x) && length(x) == 1L) {
        return(if (is.character(x)) dQuote(x, FALSE) else format(x))
    }
    if (is.atomic(x) && !is.object(x) && is.null(dim(x))) {
        article <- if (is.integer(x)) "an" else "a"
        return(sprintf(
            "%s %s vector of length %d", article, typeof(x), length(x)
        ))
    }
    paste("an object of class", paste(class(x), collapse = "/"))
}

# stops unless the package is there, with the line that installs it
need_package <- function(package, purpose, call = rlang::caller_env()) {
    if (!requireNamespace(package, quietly = TRUE)) {
        install <- sprintf("BiocManager::install(\"%s\")", package)
        abort_kith(c(
            "{purpose} needs the package {.pkg {package}}.",
            i = "Install it with {.code {install}}."
        ), "kith_error_package", call = call)
    }
}
