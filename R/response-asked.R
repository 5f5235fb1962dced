# What a fit of learn_response() is asked about: pairs of drugs and cells, those
# of the fit and new ones.

# list(drugs, cells: views of all that are asked for, drug_text, cell_text,
# pairs: numbers of their rows, drug_ids, cell_ids)
asked_pairs <- function(fit, newdata, drugs, cells, drug_text = NULL,
                        cell_text = NULL, call = rlang::caller_env()) {
    known <- fit$data
    new_drugs <- given_views(drugs, fit, "drugs", call)
    new_cells <- given_views(cells, fit, "cells", call)
    drug_text <- check_named_texts(drug_text, "drug_text", call)
    cell_text <- check_named_texts(cell_text, "cell_text", call)
    tell_altered(new_drugs, known$drugs, "drugs")
    tell_altered(new_cells, known$cells, "cells")
    if (is.null(newdata)) {
        newdata <- expand.grid(
            drug = view_ids(new_drugs %||% known$drugs),
            cell = view_ids(new_cells %||% known$cells),
            stringsAsFactors = FALSE
        )
    }
    check_asked(newdata, call)
    drug <- chosen_views(newdata$drug, new_drugs, known$drugs, "drugs", call)
    cell <- chosen_views(newdata$cell, new_cells, known$cells, "cells", call)
    list(
        drugs = drug$views, cells = cell$views,
        pairs = data.frame(drug = drug$row, cell = cell$row),
        drug_ids = as.character(newdata$drug),
        cell_ids = as.character(newdata$cell),
        drug_text = chosen_text(drug$views, drug_text, known$drug_text),
        cell_text = chosen_text(cell$views, cell_text, known$cell_text)
    )
}

view_ids <- function(views) rownames(views[[1L]])

# views of new drugs or cells with the columns of the fit's, NULL of none
given_views <- function(x, fit, side, call) {
    if (is.null(x)) {
        return(NULL)
    }
    known <- fit$data[[side]]
    views <- new_views(x, lapply(known, colnames), side, call)
    for (name in names(Filter(is_fingerprint, known))) {
        check_fingerprint(
            views[[name]], view_label(name, known, side), call
        )
    }
    views
}

# Ids of the fit stand for its drugs and cells, whatever features they have now.
tell_altered <- function(new, known, side) {
    if (is.null(new)) {
        return(invisible())
    }
    shared <- intersect(view_ids(new), view_ids(known))
    differs <- Reduce(`|`, Map(function(now, then) {
        then <- then[shared, , drop = FALSE]
        change <- abs(now[shared, , drop = FALSE] - then)
        # files round
        rowSums(change > 1e-6 * (1 + abs(then))) > 0
    }, new[names(known)], known))
    altered <- shared[differs]
    if (length(altered)) {
        inform_kith(c(
            "!" = "Features in {.arg {side}} are others than those that the fit
            was trained on for {count_of(length(altered), 'id')}, such as
            {.val {altered[1L]}}.",
            i = "An id of the fit stands for what it stood for there; new
            {side} need ids of their own."
        ), class = "kith_message_response")
    }
}

# Bounds come of residuals of what was held out: they know nothing of drugs that
# are new to a fit that is blind to cells.
tell_newer <- function(fit, asked) {
    held_out <- switch(fit$blind,
        both = c("drug", "cell"),
        pair = character(),
        fit$blind
    )
    for (side in setdiff(c("drug", "cell"), held_out)) {
        new <- setdiff(
            asked[[paste0(side, "_ids")]],
            fit$data$response[[paste0(side, "s")]]
        )
        if (length(new)) {
            advised <- if (length(held_out)) "both" else side
            inform_kith(c(
                "!" = "{.val {new[1L]}} is a {side} that the fit does not know,
                but its bounds are those of {blind_words[[fit$blind]]}: they are
                too narrow.",
                i = "Learn with {.code blind = \"{advised}\"} for bounds that
                hold there."
            ), class = "kith_message_response")
        }
    }
}

check_asked <- function(newdata, call) {
    if (!is.data.frame(newdata) || !all(c("drug", "cell") %in%
        names(newdata))) {
        abort_input(c(
            "{.arg newdata} must be a data frame with the columns {.field drug}
            and {.field cell}.",
            x = "It is {describe_value(newdata)}.",
            i = "Features of new ones go to {.arg drugs} and {.arg cells}."
        ), call = call)
    }
    if (nrow(newdata) == 0L) {
        abort_input(c(
            "{.arg newdata} must have a row for each pair that is asked for.",
            x = "It has none."
        ), call = call)
    }
}

# Views of the drugs or cells with these ids, new ones before those of the fit:
# list(views, row: of each id)
chosen_views <- function(ids, new, known, name, call) {
    ids <- as.character(ids)
    wanted <- unique(ids)
    views <- Map(function(of_fit, which) {
        rows <- rbind(new[[which]], of_fit[
            setdiff(rownames(of_fit), rownames(new[[which]])), ,
            drop = FALSE
        ])
        lost <- setdiff(wanted, rownames(rows))
        if (length(lost) > 0L) {
            abort_input(c(
                "The {name} that are asked for must have features.",
                x = "{length(lost)} {?has/have} none, the first is
                {.val {lost[1L]}}.",
                i = "Give features of new ones as {.arg {name}}. Those of the
                fit are like {.val {utils::head(rownames(of_fit), 2L)}}."
            ), call = call)
        }
        rows[wanted, , drop = FALSE]
    }, known, names(known))
    list(views = views, row = match(ids, wanted))
}

# words about drugs or cells: new ones, those of the fit, else the id
chosen_text <- function(views, new, known) {
    ids <- view_ids(views)
    text <- stats::setNames(ids, ids)
    for (words in list(known, new)) {
        there <- intersect(ids, names(words))
        text[there] <- words[there]
    }
    text
}
