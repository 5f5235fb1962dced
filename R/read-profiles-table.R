# Gene profiles in text tables. Each reader returns list(x = matrix of rows x
# features, ids = the id of each row as in the file, features, source = where
# the ids are from, chosen = by the user?, ignored = names of columns that were
# not read, notes = what was decided).

# DepMap's headers: "POLR2D (5433)", "TSPAN6 (ENSG00000000003)"
depmap_name <- "^(.*[^ ]) *[(]([0-9]+|nan|Unknown|ENS[A-Z]*[0-9.]+)[)]$"

# names of columns whose numbers are ids
number_id <- "entrez|^gene.?id$|^ncbi"

# columns of featureCounts between ids and counts
position_columns <- c("chr", "start", "end", "strand", "length")

read_wide <- function(file, gene_id, genes_in, feature, repeated, options,
                      call) {
    table <- open_table(
        file, options, header_rule(is_profile_header, gene_id, feature),
        profile_formats, call = call
    )
    on.exit(close_lines(table$lines))
    check_gct_columns(table, call)
    if (wide_genes_in(table, genes_in, gene_id) == "columns") {
        read_genes_in_columns(table, gene_id, feature, repeated, call)
    } else {
        if (!is.null(feature)) check_long(feature, NULL, call)
        read_genes_in_rows(table, gene_id, call)
    }
}

# Are the fields of the first line names of columns? rest: columns of the next
# lines. Numbers above all columns of numbers are a row, if nothing names ids.
is_profile_header <- function(first, rest) {
    number <- vapply(rest, is_number, logical(1))
    number[1L] <- FALSE
    values <- first[number]
    values <- values[!values %in% c("NA", "")]
    length(values) == 0L || !all(parses(values)) ||
        grepl(id_column, squeeze(first[1L]))
}

# a name as squeeze() leaves it, above ids
id_column <- paste0(
    "^(|x|index|unnamed0|rown(ames?|umber)|rows?|id|ids|names?|symbols?|",
    "(gene|hgnc|ensembl|entrez|ncbi|refseq|probe|feature|protein|uniprot|",
    "transcript|locus|target|sample|cellline|model|depmap|accession)[a-z]*)$"
)

# names above samples and the like
sample_column <- paste0(
    "^(sample|cell|cellline|barcode|patient|donor|subject|individual|model|",
    "depmap)s?(id|name|barcode)?s?$"
)

wide_genes_in <- function(table, genes_in, gene_id) {
    if (!is.null(genes_in)) {
        return(genes_in)
    }
    number <- which(table$types == "number")
    if (mostly(grepl(depmap_name, table$columns[setdiff(number, 1L)]))) {
        note(table, "genes in columns, as their names are like GENE (number)")
        return("columns")
    }
    if (is.null(gene_id) &&
        grepl(sample_column, squeeze(table$columns[1L]))) {
        note(
            table, "genes in columns, as the rows are called ",
            table$columns[1L]
        )
        return("columns")
    }
    first <- table$sample[[1L]]
    if (is.null(gene_id) && is.null(table$n_ids) && look_like_samples(first) &&
        !look_like_samples(table$columns[-1L])) {
        note(
            table, "genes in columns, as the rows are samples (",
            first[1L], ")"
        )
        return("columns")
    }
    "rows"
}

# ---- genes in rows --------------------------------------------------------

read_genes_in_rows <- function(table, gene_id, call) {
    label <- if (is.null(gene_id)) {
        guess_label(table)
    } else {
        find_column(table_sample(table), gene_id, "gene_id", call, "file")
    }
    roles <- column_roles(table, label, TRUE, call)
    check_wide(table, roles, label, call)
    types <- c(
        label = "text", feature = "number", id = "skip", ignored = "skip"
    )
    rows <- read_rows(table, unname(types[roles]), call)
    at <- which(roles == "feature")
    list(
        x = as_columns(rows[at]), ids = rows[[label]],
        features = feature_names(table, at),
        source = column_source(table, label),
        chosen = !is.null(gene_id) ||
            grepl(number_id, table$columns[label], TRUE),
        ignored = table$columns[roles %in% c("id", "ignored")],
        notes = table$notes
    )
}

as_columns <- function(columns) {
    matrix(unlist(columns, use.names = FALSE), ncol = length(columns))
}

# columns of values without names are numbered from 1
feature_names <- function(table, at) {
    if (table$header) table$columns[at] else paste0("V", seq_along(at))
}

column_source <- function(table, at) {
    name <- table$columns[at]
    if (nzchar(name)) dQuote(name, FALSE) else paste("column", at)
}

# The column of the gene ids: the first, if it does not number the rows before a
# column of text.
guess_label <- function(table) {
    columns <- table$columns
    numbered <- look_like_row_numbers(table$sample[[1L]]) &&
        !grepl(number_id, columns[1L], TRUE)
    if (numbered && length(columns) > 1L && table$types[2L] == "text") {
        2L
    } else {
        1L
    }
}

# What each column is: the "label" of the rows, a further "id" of them, a
# "feature", or "ignored", text among the features. genes: do the rows hold
# genes?
column_roles <- function(table, label, genes, call) {
    columns <- table$columns
    number <- table$types == "number"
    roles <- ifelse(number, "feature", "ignored")
    ids <- table$n_ids %||% 1L
    # a label behind all numbers leaves them features
    last <- if (any(number[-seq_len(label)])) label else 1L
    while (ids < length(columns) && (ids < last || !number[ids + 1L] ||
        (genes && grepl(number_id, columns[ids + 1L], TRUE)))) {
        ids <- ids + 1L
    }
    if (all(position_columns %in% tolower(columns))) {
        at <- match(position_columns, tolower(columns))
        ids <- max(ids, at)
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
            "{.file {table$file}} must have numbers in column
            {.field {table$columns[at]}}.",
            x = "Row {row} has {.val {show_text(values[row])}}.",
            i = "Write {.val NA} for what is missing and numbers with a
            decimal point, without commas; or remove the column."
        ), call = call)
    }
}

check_wide <- function(table, roles, label, call) {
    rows <- table$sample
    if (length(rows[[1L]]) == 0L) {
        # the lines do not fit: reading them says which
        read_rows(table, rep("text", length(roles)), call)
    }
    if (!any(roles == "feature")) {
        first <- show_text(vapply(rows, `[`, "", 1L))
        abort_input(c(
            "{.file {table$file}} must have columns of numbers.",
            x = "The first of its {length(roles)} column{?s}
            {cli::qty(length(roles))}{?has/have} in the first row
            {.val {utils::head(first, 3L)}}.",
            i = "Is {.arg sep} right? Numbers have a decimal point, no comma."
        ), call = call)
    }
    long <- find_long_feature(rows, roles, label)
    if (!is.null(long)) {
        abort_input(c(
            "{.file {table$file}} must have one row per gene, or be read as a
            long table.",
            x = "It has a row for each {.field {table$columns[label]}} and
            {.field {table$columns[long]}}.",
            i = "Give {.code feature = \"{table$columns[long]}\"} and
            {.arg value}, one of
            {.field {table$columns[roles == 'feature']}}."
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

check_gct_columns <- function(table, call) {
    n <- table$n_columns
    if (!is.null(n) && n != length(table$columns)) {
        abort_input(c(
            "{.file {table$file}} must have {n} columns, as it says in its
            second line.",
            x = "It has {length(table$columns)}."
        ), call = call)
    }
}

# ---- genes in columns -----------------------------------------------------

# columns that name the models of DepMap, and that say which entries to take
model_columns <- c("modelid", "depmapid")
default_column <- "isdefaultentryformodel"

read_genes_in_columns <- function(table, gene_id, feature, repeated, call) {
    if (!is.null(gene_id)) {
        abort_input(c(
            "{.arg gene_id} is for tables with genes in rows.",
            i = "Here the gene ids are the names of the columns. {.arg feature}
            chooses the column with the names of the rows."
        ), call = call)
    }
    label <- if (is.null(feature)) {
        guess_feature_label(table)
    } else {
        find_column(table_sample(table), feature, "feature", call, "file")
    }
    roles <- column_roles(table, label, FALSE, call)
    depmap <- grepl(depmap_name, table$columns)
    if (any(depmap)) roles[roles == "feature" & !depmap] <- "ignored"
    check_wide(table, roles, label, call)
    types <- c(
        label = "text", feature = "number", id = "skip", ignored = "skip"
    )[roles]
    chooses <- which(squeeze(table$columns) == default_column)[1L]
    by_default <- !is.na(chooses) &&
        squeeze(table$columns[label]) %in% model_columns
    if (by_default) types[chooses] <- "text"
    rows <- read_rows(table, unname(types), call)
    at <- which(roles == "feature")
    x <- as_columns(rows[at])
    names <- rows[[label]]
    if (by_default) {
        first <- tolower(rows[[chooses]]) %in% c("yes", "true", "1")
        note(
            table, format_count(sum(!first)),
            " rows that are not the default entry of their model left out"
        )
        x <- x[first, , drop = FALSE]
        names <- names[first]
    }
    joined <- join_features(x, names, repeated, table)
    list(
        x = t(joined$x), ids = table$columns[at], features = joined$names,
        source = "the names of the columns", chosen = TRUE,
        ignored = table$columns[setdiff(which(roles != "feature"), label)],
        notes = table$notes
    )
}

# the first column that names models, else the first that numbers no rows
guess_feature_label <- function(table) {
    model <- match(model_columns, squeeze(table$columns))
    model <- model[!is.na(model)]
    if (length(model)) {
        return(model[1L])
    }
    guess_label(table)
}

# rows of the table with one name, such as several profiles of one model
join_features <- function(x, names, repeated, table) {
    if (repeated == "keep" || !anyDuplicated(names[!is.na(names)])) {
        return(list(x = x, names = names))
    }
    different <- unique(names)
    note(
        table, format_count(length(names) - length(different)),
        " rows averaged with others of one name, such as ",
        names[duplicated(names)][1L]
    )
    count <- tabulate(match(names, different))
    list(
        x = rowsum(x, match(names, different), reorder = FALSE) / count,
        names = different
    )
}

# ---- long tables ----------------------------------------------------------

read_long <- function(file, gene_id, feature, value, options, call) {
    table <- open_table(
        file, options, header_rule(is_profile_header, gene_id, feature, value),
        call = call
    )
    on.exit(close_lines(table$lines))
    sample <- table_sample(table)
    label <- if (is.null(gene_id)) guess_label(table) else gene_id
    at <- c(
        find_column(sample, label, "gene_id", call, "file"),
        find_column(sample, feature, "feature", call, "file"),
        find_column(sample, value, "value", call, "file")
    )
    types <- rep("skip", length(table$columns))
    types[at] <- c("text", "text", "number")
    rows <- read_rows(table, types, call)[at]
    n_lost <- sum(is.na(rows[[2L]]))
    if (n_lost > 0) {
        note(
            table, format_count(n_lost), " ", plural(n_lost, "row"),
            " without ", table$columns[at[2L]], " left out"
        )
    }
    c(spread(rows[[1L]], rows[[2L]], rows[[3L]]), list(
        source = column_source(table, at[1L]), chosen = !is.null(gene_id),
        ignored = table$columns[-at], notes = table$notes
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
