# Gene profiles in text tables. Each reader returns list(x = matrix of rows x
# features, ids = the id of each row as in the file, features, n_rows, ignored =
# names of columns that were not read).

# DepMap's headers: "POLR2D (5433)"
depmap_name <- "^(.*[^ ]) *[(]([0-9]+|nan)[)]$"

# names of columns whose numbers are ids
number_id <- "entrez|^gene.?id$|^ncbi"

read_wide <- function(file, gene_id, genes_in, sep, call) {
    table <- open_table(file, sep, call = call)
    on.exit(close(table$con))
    columns <- table$layout$columns
    depmap <- grepl(depmap_name, columns)
    if (is.null(genes_in)) {
        genes_in <- if (mostly(depmap[-1L])) "columns" else "rows"
    }
    if (genes_in == "columns" && !is.null(gene_id)) {
        abort_input(c(
            "{.arg gene_id} is for tables with genes in rows.",
            i = "Here the gene ids are the names of the columns."
        ), call = call)
    }
    label <- if (is.null(gene_id)) {
        1L
    } else {
        find_column(table_sample(table), gene_id, "gene_id", call, "file")
    }
    roles <- column_roles(table, label, genes_in == "rows", call)
    if (genes_in == "columns" && any(depmap)) {
        roles[roles == "feature" & !depmap] <- "ignored"
    }
    check_wide(table, roles, label, call)
    layout <- table$layout
    layout$types <- unname(c(
        label = "text", feature = "number", id = "skip", ignored = "skip"
    )[roles])
    rows <- scan_rows(table$con, layout, call = call)
    check_complete(table$con, file, call)
    values <- which(roles == "feature")
    x <- matrix(unlist(rows[values], use.names = FALSE), ncol = length(values))
    ignored <- columns[roles %in% c("id", "ignored")]
    if (genes_in == "columns") {
        return(list(
            x = t(x), ids = columns[values], features = rows[[label]],
            ignored = ignored
        ))
    }
    list(
        x = x, ids = rows[[label]], features = columns[values],
        ignored = ignored
    )
}

# What each column is: the "label" of the rows, a further "id" of them, a
# "feature", or "ignored", text among the features.
column_roles <- function(table, label, genes, call) {
    columns <- table$layout$columns
    number <- table$layout$types == "number"
    roles <- ifelse(number, "feature", "ignored")
    ids <- 1L
    while (ids < length(columns) && (ids < label || !number[ids + 1L] ||
        (genes && grepl(number_id, columns[ids + 1L], TRUE)))) {
        ids <- ids + 1L
    }
    roles[seq_len(ids)] <- "id"
    roles[label] <- "label"
    ids_of_genes <- roles == "id" & grepl(number_id, columns, TRUE)
    for (at in setdiff(which(!number & !ids_of_genes), label)) {
        check_no_numbers(table, at, call)
    }
    roles
}

# text where most values are numbers is a column of numbers with a fault
check_no_numbers <- function(table, at, call) {
    values <- table$sample[[at]]
    # 1,5 and 1,200 are meant to be numbers, too
    plain <- gsub(",", "", values, fixed = TRUE, useBytes = TRUE)
    parsed <- parses(plain)[!is.na(values)]
    if (mostly(parsed)) {
        row <- which(!parses(values))[1L]
        abort_input(c(
            "{.file {table$layout$file}} must have numbers in column
            {.field {table$layout$columns[at]}}.",
            x = "Row {row} after the header has {.val {values[row]}}.",
            i = "Write {.val NA} for what is missing and numbers with a
            decimal point, without commas; or remove the column."
        ), call = call)
    }
}

check_wide <- function(table, roles, label, call) {
    file <- table$layout$file
    columns <- table$layout$columns
    rows <- table$sample
    if (length(rows[[1L]]) == 0L) {
        # the lines do not fit: reading them says which
        scan_rows(table$con, table$layout, call = call)
    }
    if (!any(roles == "feature")) {
        first <- vapply(rows, `[`, "", 1L)
        abort_input(c(
            "{.file {file}} must have columns of numbers.",
            x = "The first of its {length(columns)} column{?s}
            {cli::qty(length(columns))}{?has/have} in the first row
            {.val {utils::head(first, 3L)}}.",
            i = "Is {.arg sep} right? Numbers have a decimal point, no comma."
        ), call = call)
    }
    long <- find_long_feature(rows, roles, label)
    if (!is.null(long)) {
        abort_input(c(
            "{.file {file}} must have one row per gene, or be read as a long
            table.",
            x = "It has a row for each {.field {columns[label]}} and
            {.field {columns[long]}}.",
            i = "Give {.code feature = \"{columns[long]}\"} and {.arg value},
            one of {.field {columns[roles == 'feature']}}."
        ), call = call)
    }
}

# the column that makes rows of few numbers different where genes come often
find_long_feature <- function(rows, roles, label) {
    genes <- rows[[label]]
    often <- length(genes) >= 2 * length(unique(genes))
    if (!often || sum(roles == "feature") > 5L) {
        return(NULL)
    }
    for (at in which(roles == "id")) {
        if (!anyDuplicated(paste(genes, rows[[at]], sep = "\t"))) {
            return(at)
        }
    }
}

# ---- long tables ----------------------------------------------------------

read_long <- function(file, gene_id, feature, value, sep, call) {
    table <- open_table(file, sep, call = call)
    on.exit(close(table$con))
    sample <- table_sample(table)
    at <- c(
        find_column(sample, gene_id %||% 1L, "gene_id", call, "file"),
        find_column(sample, feature, "feature", call, "file"),
        find_column(sample, value, "value", call, "file")
    )
    layout <- table$layout
    layout$types[] <- "skip"
    layout$types[at] <- c("text", "text", "number")
    rows <- scan_rows(table$con, layout, call = call)[at]
    check_complete(table$con, file, call)
    n_lost <- sum(is.na(rows[[2L]]))
    if (n_lost > 0) {
        inform_kith(
            c(i = "{format_count(n_lost)} {plural(n_lost, 'row')} without
            {.field {layout$columns[at[2L]]}} left out."),
            class = "kith_message_profiles"
        )
    }
    c(spread(rows[[1L]], rows[[2L]], rows[[3L]]), list(
        ignored = layout$columns[-at]
    ))
}

# one value per row -> genes x features; several of one place are averaged
spread <- function(gene, feature, value) {
    genes <- unique(gene)
    features <- unique(feature[!is.na(feature)])
    x <- matrix(NA_real_, length(genes), length(features))
    place <- match(gene, genes) + (match(feature, features) - 1) * length(genes)
    known <- !is.na(place) & !is.na(value)
    places <- unique(place[known])
    group <- match(place[known], places)
    x[places] <- rowsum(value[known], group, reorder = FALSE)[, 1L] /
        tabulate(group, length(places))
    list(x = x, ids = genes, features = features)
}
