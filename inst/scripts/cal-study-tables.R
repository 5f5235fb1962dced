# Published values, the comparison with them, and writing: parts of
# cal-study.R.

# `digits`: decimals as printed; `tolerance` for what is trained.
read_published <- function(folder) {
    file <- file.path(folder, "cal-study-published.csv")
    table <- utils::read.csv(file, colClasses = "character")
    table$half_unit <- 0.5 * 10^-nchar(sub("^[^.]*[.]?", "", table$published))
    table
}

# What a part found: a value for each published row that it can answer. Rows
# without value (NA) need a reason.
found_value <- function(table, quantity, kith, reason = "") {
    data.frame(
        table = table, quantity = quantity, kith = as.double(kith),
        reason = reason
    )
}

with_kind <- function(values, data, kind, reason = "") {
    values$data <- data
    values$kind <- kind
    values$reason <- ifelse(nzchar(values$reason) & nzchar(reason),
        paste0(values$reason, "; ", reason), paste0(values$reason, reason)
    )
    values
}

# "1 %" of a published value, or a number, or empty for half a unit
tolerance_of <- function(published, kind) {
    value <- as.double(published$published)
    stated <- published$tolerance
    relative <- grepl("%", stated)
    number <- as.double(sub(" *%$", "", stated))
    trained <- ifelse(relative, abs(value) * number / 100, number)
    # a sum of binary fractions may miss the edge by a last bit
    half <- published$half_unit * (1 + 1e-9)
    ifelse(kind == "no matrix" | is.na(trained), half, trained)
}

compare <- function(published, values) {
    at <- match(
        paste(values$table, values$quantity),
        paste(published$table, published$quantity)
    )
    if (anyNA(at)) stop("no published value: ", values$quantity[is.na(at)][1L])
    rows <- published[at, ]
    rows[c("data", "kind", "kith", "reason")] <-
        values[c("data", "kind", "kith", "reason")]
    rows <- rbind(rows, unanswered(published, rows))
    tolerance <- tolerance_of(rows, rows$kind)
    value <- as.double(rows$published)
    rows$matched <- !is.na(rows$kith) & abs(rows$kith - value) <= tolerance
    rows$reason[rows$matched] <- ""
    rows$tolerance <- tolerance
    rows$kind[is.na(rows$kith)] <- "not in the data"
    order <- order(
        match(rows$data, unique(rows$data)),
        match(
            paste(rows$table, rows$quantity),
            paste(published$table, published$quantity)
        )
    )
    rows <- rows[order, ]
    rownames(rows) <- NULL
    rows[c(
        "data", "kind", "table", "quantity", "source", "published", "kith",
        "tolerance", "matched", "reason"
    )]
}

# Published values that no data at hand can answer.
unanswered <- function(published, rows) {
    key <- function(x) paste(x$table, x$quantity)
    left <- published[!key(published) %in% key(rows), ]
    if (nrow(left) == 0L) {
        return(NULL)
    }
    left$data <- "none"
    left$kind <- "not in the data"
    left$kith <- NA_real_
    left$reason <- why_unanswered(left)
    left[names(rows)]
}

why_unanswered <- function(rows) {
    ifelse(rows$table == "depmap",
        "needs DepMap 23Q4: kith_dataset() has it for a user with a network",
        ifelse(grepl("^drug", rows$table),
            "drug screens are not part of kith_dataset()",
            ifelse(grepl("400", rows$quantity),
                "pairs below a score of 700 are not in the data",
                "a part of the study that was not run: see --parts and --sets"
            )
        )
    )
}

# ---- tables -----------------------------------------------------------------

# tables of the same name one below the other
add_tables <- function(tables, more) {
    for (name in names(more)) {
        tables[[name]] <- rbind(tables[[name]], more[[name]])
    }
    tables
}

# a result of a study function as plain rows, with what it is of in front
label_rows <- function(rows, ...) {
    rows <- as.data.frame(rows)
    names(rows)[names(rows) == "pairs"] <- "n_pairs"
    if (nrow(rows) > 0L) data.frame(..., rows)
}

# ---- the order of the ablations ----------------------------------------------

published_order <- c("full", "uniform", "similar", "shuffled")

# Do the arms come in the published order (full, random negatives, similar
# positives, shuffled partners)? A row for each setting and subset.
order_ablations <- function(ablation) {
    rows <- ablation[ablation$arm %in% published_order, ]
    kept <- c("all", "cross-boundary", "degree-matched")
    rows <- rows[rows$subset %in% kept, ]
    groups <- split(rows, paste(rows$data, rows$setting, rows$subset))
    found <- do.call(rbind, lapply(unname(groups), function(group) {
        auc <- group$auc[match(published_order, group$arm)]
        second <- group[group$arm == "uniform", ]
        data.frame(
            group[1L, c("data", "pairs", "model", "epochs", "setting")],
            subset = group$subset[1L],
            order = paste(published_order[order(-auc)], collapse = " > "),
            as_published = !is.unsorted(-auc),
            # by how much an arm is above one that is printed before it
            out_by = max(0, outer(auc, auc, "-")[lower.tri(diag(4L))]),
            second[c("drop", "drop_lower", "drop_upper")]
        )
    }))
    found$reason <- why_order(found)
    found[order(found$data, found$subset, found$setting), ]
}

# In-batch negatives are drawn as often as genes have partners, uniform ones
# are not: with these, Spearman's correlation of degree and score among held-out
# pairs is higher (HPA64: .14 to .15 instead of 0 to .04; K562: .06 to .14
# instead of .02 to .08; 20 epochs, one split).
why_order <- function(found) {
    key <- paste(found$data, found$setting)
    matched <- found$subset == "degree-matched" & found$as_published
    by_degree <- found$subset == "all" & key %in% key[matched]
    near <- found$subset == "cross-boundary" &
        regexpr("shuffled", found$order) < regexpr("similar", found$order)
    tied <- found$drop_lower <= 0 & found$drop_upper >= 0
    parts <- list(
        ifelse(tied, paste(
            "full and random negatives cannot be told apart (the interval",
            "of their difference holds 0)"
        ), ""),
        ifelse(by_degree, paste(
            "as published against negatives of the same degree: random",
            "negatives in training let scores follow the number of partners",
            "more than in-batch ones do"
        ), ""),
        ifelse(near, paste(
            "pairs of the highest cosines teach nothing of pairs that do not",
            "look alike"
        ), ""),
        sprintf("out of order by %.3f at most", found$out_by)
    )
    reason <- vapply(seq_along(near), function(i) {
        told <- vapply(parts, `[`, "", i)
        paste(told[nzchar(told)], collapse = "; ")
    }, "")
    ifelse(found$as_published, "", reason)
}

write_tables <- function(tables, folder) {
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    tables <- Filter(Negate(is.null), tables)
    for (name in names(tables)) {
        table <- tables[[name]]
        numbers <- vapply(table, is.double, NA)
        table[numbers] <- lapply(table[numbers], signif, digits = 4L)
        if (name == "published") {
            # counts of five digits, and the channels' as published
            table$kith <- signif(tables[[name]]$kith, 7L)
        }
        file <- file.path(folder, paste0(name, ".csv"))
        utils::write.csv(table, file, row.names = FALSE, na = "")
    }
    length(tables)
}

minutes_since <- function(began) {
    as.double(difftime(Sys.time(), began, units = "mins"))
}

# ---- telling ----------------------------------------------------------------

say <- function(...) cat(..., "\n", sep = "")

tell_order <- function(rows) {
    if (is.null(rows)) {
        return(invisible())
    }
    say("Order of the ablations, published: ",
        paste(published_order, collapse = " > ")
    )
    verdict <- ifelse(rows$as_published, "as published",
        paste0("NOT: ", rows$order, "; ", rows$reason)
    )
    say(paste0("  ", rows$data, ", ", rows$setting, ", ", rows$subset, ": ",
        verdict,
        collapse = "\n"
    ))
    say("")
}

tell <- function(compared, n_written, began) {
    off <- compared[!compared$matched, ]
    if (nrow(off) > 0L) {
        say("Off, with the reason (published, kith):")
        say_off(off)
    }
    say("")
    say("Matched of all rows, by what may be expected of them:")
    kinds <- split(compared$matched, compared$kind)
    for (kind in names(kinds)) {
        say("  ", format(kind, width = 16L), sum(kinds[[kind]]), " of ",
            length(kinds[[kind]])
        )
    }
    say("")
    say("tables_written: ", n_written)
    say("published_rows_matched: ", sum(compared$matched))
    say("published_rows_off: ", nrow(off))
    say("study_minutes: ", sprintf("%.1f", minutes_since(began)))
}

say_off <- function(off) {
    for (i in seq_len(nrow(off))) {
        row <- off[i, ]
        say(
            "  ", row$data, ", ", row$table, ", ", row$quantity, " (",
            row$published, ", ", format(row$kith, digits = 4L), "): ",
            row$reason
        )
    }
}
