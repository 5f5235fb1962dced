# Views: what is known of drugs and of cells, beside the response. A view is a
# numeric matrix with ids as row names; several views of one side (expression
# and proteins of cells) are a named list of them.

# Drugs or cells as a user gives them -> named list of matrices whose rows are
# the ids that all views have, in the order of the first. side: "drugs" or
# "cells", also the name of the argument.
feature_views <- function(x, side, call = rlang::caller_env()) {
    if (is.list(x) && !is.data.frame(x)) {
        check_view_names(x, side, call)
        views <- Map(function(one, name) {
            view_matrix(one, paste0(side, "$", name), call)
        }, x, names(x))
    } else {
        views <- list(features = view_matrix(x, side, call))
    }
    ids <- Reduce(intersect, lapply(views, rownames))
    if (length(ids) == 0L) {
        abort_input(c(
            "The views in {.arg {side}} must have {side} in common.",
            x = "They are {.val {names(views)}}, and no id is in all.",
            i = advise_ids(rownames(views[[1L]]), rownames(views[[2L]]),
                genes = FALSE
            )
        ), call = call)
    }
    lapply(views, function(view) view[ids, , drop = FALSE])
}

check_view_names <- function(x, side, call) {
    names <- names(x)
    if (length(x) == 0L || is.null(names) || anyDuplicated(names) ||
        !all(nzchar(names))) {
        abort_input(c(
            "Several views in {.arg {side}} must be a list with a name for
            each.",
            x = if (length(x) == 0L) {
                "It is an empty list."
            } else if (is.null(names)) {
                "It is a list without names."
            } else {
                "Its names are {.val {names}}."
            },
            i = "For instance
            {.code list(expression = x, proteins = y)}."
        ), call = call)
    }
}

# One view: ids in rows, features in columns. Of a SummarizedExperiment features
# are the rows.
view_matrix <- function(x, name, call) {
    x <- view_values(x, name, call)
    if (!is.matrix(x) || !(is.numeric(x) || is.logical(x))) {
        abort_input(c(
            "{.arg {name}} must be a numeric matrix or data frame with ids as
            row names, a {.cls SummarizedExperiment}, or a named list of such.",
            x = if (is.matrix(x)) {
                "It is a matrix of type {typeof(x)}."
            } else {
                "It is {describe_value(x)}."
            }
        ), call = call)
    }
    if (nrow(x) == 0L || ncol(x) == 0L || is.null(rownames(x))) {
        abort_input(c(
            "{.arg {name}} must have ids as row names, and features.",
            x = if (nrow(x) == 0L || ncol(x) == 0L) {
                "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
            } else {
                "Its rows have no names."
            }
        ), call = call)
    }
    check_unique_ids(rownames(x), name, rows = TRUE, call = call)
    if (is.null(colnames(x))) colnames(x) <- paste0("V", seq_len(ncol(x)))
    check_unique_ids(colnames(x), paste("the features of", name), call = call)
    storage.mode(x) <- "double"
    scan_features(x, name, call)
    x
}

# as a matrix, if it can be one
view_values <- function(x, name, call) {
    if (methods::is(x, "SummarizedExperiment")) {
        return(t(as.matrix(chosen_assay(x, 1L, name, call))))
    }
    if (methods::is(x, "DataFrame")) x <- as.data.frame(x, optional = TRUE)
    if (is.data.frame(x)) {
        view_of_table(x, name, call)
    } else if (methods::is(x, "Matrix")) {
        as.matrix(x)
    } else {
        x
    }
}

view_of_table <- function(x, name, call) {
    numeric <- vapply(x, function(one) is.numeric(one) || is.logical(one), NA)
    if (!all(numeric)) {
        abort_input(c(
            "{.arg {name}} must have numbers in all columns.",
            x = "Column {.field {names(x)[!numeric][1L]}} has
            {class(x[[which(!numeric)[1L]]])[1L]} values.",
            i = "Take ids as row names, and leave other columns of text out."
        ), call = call)
    }
    if (.row_names_info(x) < 0L) {
        abort_input(c(
            "{.arg {name}} must have ids as row names.",
            x = "It has numbers of rows only.",
            i = "Turn it into a matrix, and set {.code rownames({name})}."
        ), call = call)
    }
    as.matrix(x)
}

# ---- with the response ------------------------------------------------------

# list(response, drugs, cells): views of the drugs and cells of the response, in
# the order of its ids, so that its numbers of drugs and cells are rows of every
# view. What has no features is left out, and told.
response_views <- function(response, drugs, cells,
                           call = rlang::caller_env()) {
    check_class(response, "drug_response", "drug_response", call = call)
    check_drug_response(response, "response", call)
    views <- list(
        drugs = feature_views(drugs, "drugs", call),
        cells = feature_views(cells, "cells", call)
    )
    kept <- lapply(c(drugs = "drugs", cells = "cells"), function(side) {
        part <- sub("s$", "", side)
        used <- response[[side]][sort(unique(response[[part]]))]
        view <- views[[side]][[1L]]
        check_ids_match(used, view, response, side, call)
        intersect(used, rownames(view))
    })
    rows <- response$drugs[response$drug] %in% kept$drugs &
        response$cells[response$cell] %in% kept$cells
    aligned <- renumber_response(response[rows])
    tell_lost(response, aligned, kept)
    check_drug_response(aligned, "response", call)
    list(
        response = aligned,
        drugs = lapply(views$drugs, function(view) {
            view[aligned$drugs, , drop = FALSE]
        }),
        cells = lapply(views$cells, function(view) {
            view[aligned$cells, , drop = FALSE]
        })
    )
}

# Ids without features are left out, but not where they are written in another
# case, which is a mistake. used: ids of one side of the response.
check_ids_match <- function(used, view, response, side, call) {
    known <- rownames(view)
    other <- setdiff(c("drugs", "cells"), side)
    lost <- setdiff(used, known)
    other_case <- known[match(tolower(lost), tolower(known))]
    written <- which(!is.na(other_case))
    if (length(written)) {
        first <- written[1L]
        abort_input(c(
            "The ids of {.arg response} and {.arg {side}} must be written
            alike.",
            x = "{.val {lost[first]}} in the response is
            {.val {other_case[first]}} in {.arg {side}}; {length(written)} of
            {length(used)} differ in case.",
            i = "Use {.fn toupper} on both, or leave those rows out."
        ), call = call)
    }
    if (length(lost) == length(used)) {
        abort_input(c(
            "{.arg {side}} must have features of the {side} of the response.",
            x = "{.val {lost[1L]}} has none, nor has any other.",
            i = if (any(used %in% colnames(view))) {
                "They stand above the columns: turn the matrix with
                {.fn t}."
            } else if (any(known %in% response[[other]])) {
                "It has {other} of the response: are {.arg drugs} and
                {.arg cells} swapped?"
            } else {
                advise_ids(used, known, genes = FALSE)
            }
        ), call = call)
    }
}

# without ids that no value has
renumber_response <- function(x) {
    drugs <- sort(unique(x$drug))
    cells <- sort(unique(x$cell))
    new_drug_response(
        match(x$drug, drugs), match(x$cell, cells), x$value, x$drugs[drugs],
        x$cells[cells], x$direction, x$unit
    )
}

# kept: the drugs and cells of the response with features
tell_lost <- function(response, aligned, kept) {
    told <- character()
    for (side in c("drugs", "cells")) {
        part <- sub("s$", "", side)
        used <- response[[side]][sort(unique(response[[part]]))]
        lost <- setdiff(used, kept[[side]])
        if (length(lost)) {
            told <- c(told, sprintf(
                "%s of %s have no features: %s", format_count(length(lost)),
                count_of(length(used), part), first_of(lost)
            ))
        }
    }
    n_lost <- length(response) - length(aligned)
    if (n_lost > 0L) {
        inform_kith(c(
            "!" = "{format_count(n_lost)} of {format_count(length(response))}
            values are left out for want of features.",
            stats::setNames(
                sprintf("{told[%d]}", seq_along(told)), rep("i", length(told))
            )
        ), class = "kith_message_response")
    }
}

# Drugs or cells that a fit is asked about, with the views and features it was
# trained on. known: named list of the columns of each view.
new_views <- function(x, known, side, call = rlang::caller_env()) {
    views <- feature_views(x, side, call)
    if (length(known) == 1L && length(views) == 1L) names(views) <- names(known)
    lost <- setdiff(names(known), names(views))
    if (length(lost)) {
        abort_input(c(
            "{.arg {side}} must have the views that the fit was trained on.",
            x = "There is none called {.val {lost[1L]}}; those of the fit are
            {.val {names(known)}}."
        ), call = call)
    }
    Map(function(columns, name) {
        view_columns(views[[name]], columns, side, call)
    }, known, names(known))
}

# what messages call a view
view_label <- function(name, views, side) {
    if (length(views) > 1L) paste0(side, "$", name) else side
}

# columns of a view, all of which must be there
view_columns <- function(view, columns, name, call) {
    lost <- setdiff(columns, colnames(view))
    if (length(lost)) {
        abort_input(c(
            "{.arg {name}} must have the features that the fit was trained
            on.",
            x = "{length(lost)} of {length(columns)} are missing, the first is
            {.val {lost[1L]}}.",
            i = advise_ids(lost, colnames(view), genes = FALSE)
        ), call = call)
    }
    view[, columns, drop = FALSE]
}
