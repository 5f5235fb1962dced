# From what a file has to profiles that the learners take: gene ids, missing
# values, repeated genes.

# 10005_POLR2D_P1P2_ENSG00000144231: number, symbol, promoter, Ensembl id
perturbation_name <- "^[0-9]+_(.+)_[^_]+_([^_]+)$"
perturbation_strict <- "^[0-9]+_.+_[^_]+_(ENS[A-Z]*G[0-9.]+|non-targeting)$"

# found: what was read, see read-profiles-table.R; x may be a DelayedMatrix.
# list(x = the profiles, examples = genes whose rows were merged, and dates)
clean_profiles <- function(found, id, repeated, missing, max_missing, call) {
    x <- found$x
    if (!found$chosen) {
        check_no_row_numbers(found$ids, found$source, found$ignored, call)
    }
    gene <- drop_missing_marks(gene_names(drop_missing_marks(found$ids), id))
    lost <- is.na(gene)
    control <- !lost & grepl("^non[-_ ]?targeting", gene, TRUE)
    # several genes may have become one date
    date <- !lost & look_like_dates(gene)
    n <- c(
        "input rows" = nrow(x), genes = 0, "missing ids" = sum(lost),
        controls = sum(control), dates = sum(date)
    )
    examples <- list(dates = unique(gene[date]))
    if (any(lost | control | date)) {
        keep <- !lost & !control & !date
        x <- x[keep, , drop = FALSE]
        gene <- gene[keep]
    }
    check_left(x, "gene", "an id", call)
    features <- as.character(found$features)
    complete <- complete_profiles(x, gene, features, missing, max_missing, call)
    gene <- gene[complete$rows]
    x <- join_repeated(complete$x, gene, repeated, call)
    n["genes"] <- nrow(x)
    n <- c(n, complete$n)
    n["merged rows"] <- length(gene) - nrow(x)
    if (nrow(x) < length(gene)) {
        examples$merged <- unique(gene[duplicated(gene)])
        gene <- unique(gene)
    }
    dimnames(x) <- list(make.unique(gene), features[complete$columns])
    attr(x, "report") <- new_report(names(n), n)
    attr(x, "gene") <- gene
    list(x = x, examples = examples)
}

# what to take from a name that holds two ids
id_parts <- c("symbol", "accession", "name")

# names as the file has them -> gene ids; NA for a control's accession only if
# that of its symbol is none
gene_names <- function(names, id) {
    names <- as.character(names)
    known <- names[!is.na(names)]
    form <- if (mostly(grepl(perturbation_strict, known))) {
        perturbation_name
    } else if (mostly(grepl(depmap_name, known))) {
        depmap_name
    }
    if (is.null(form)) {
        return(names)
    }
    symbol <- sub(form, "\\1", names)
    control <- grepl("^non[-_ ]?targeting", symbol, TRUE)
    if (id == "symbol") {
        return(symbol)
    }
    gene <- if (id == "accession") sub(form, "\\2", names) else names
    gene[gene %in% "nan"] <- NA
    gene[control] <- symbol[control]
    gene
}

mostly <- function(x) sum(x) > length(x) / 2

check_left <- function(x, what, condition, call) {
    if (nrow(x) == 0L || ncol(x) == 0L) {
        abort_input(c(
            "{.arg file} must have a {what} with {condition}.",
            x = "It has none."
        ), call = call)
    }
}

# ---- missing and infinite values ------------------------------------------

# list(x, rows, columns = which are left, n = counts)
complete_profiles <- function(x, gene, features, missing, max_missing, call) {
    rows <- seq_len(nrow(x))
    columns <- seq_len(ncol(x))
    bad <- count_bad(x)
    n <- c(
        "incomplete genes" = 0, "merged rows" = 0, "input features" = ncol(x),
        features = ncol(x), "incomplete features" = 0,
        "missing values" = sum(bad$row) - bad$infinite,
        "infinite values" = bad$infinite, "filled in" = 0
    )
    if (!any(bad$row > 0)) {
        return(list(x = x, rows = rows, columns = columns, n = n))
    }
    if (missing == "error") {
        abort_missing(x, bad, gene, features, call)
    }
    columns <- which(is_complete(bad$column, nrow(x), max_missing))
    if (length(columns) < ncol(x)) {
        x <- x[, columns, drop = FALSE]
        check_left(x, "feature", "enough values", call)
        bad <- count_bad(x)
    }
    rows <- which(is_complete(bad$row, ncol(x), max_missing))
    if (length(rows) < nrow(x)) {
        x <- x[rows, , drop = FALSE]
        check_left(x, "gene", "enough values", call)
    }
    n["features"] <- ncol(x)
    n["incomplete features"] <- n["input features"] - ncol(x)
    n["incomplete genes"] <- length(bad$row) - nrow(x)
    n["filled in"] <- sum(bad$row[rows])
    if (n["filled in"] > 0) {
        x <- fill_in(x, missing, call)
    }
    list(x = x, rows = rows, columns = columns, n = n)
}

is_complete <- function(n_bad, n, max_missing) {
    n_bad < n & n_bad <= max_missing * n
}

# values that are not finite by row and by column, and how many are infinite
count_bad <- function(x) {
    counts <- list(
        row = numeric(nrow(x)), column = numeric(ncol(x)), infinite = 0
    )
    for (columns in column_blocks(x)) {
        block <- dense_block(x, columns)
        bad <- !is.finite(block)
        if (any(bad)) {
            counts$row <- counts$row + unname(rowSums(bad))
            counts$column[columns] <- colSums(bad)
            counts$infinite <- counts$infinite + sum(is.infinite(block))
        }
    }
    counts
}

abort_missing <- function(x, bad, gene, features, call) {
    row <- which(bad$row > 0)[1L]
    values <- as.matrix(x[row, , drop = FALSE])[1L, ]
    column <- which(!is.finite(values))[1L]
    abort_input(c(
        "{.arg file} must have finite values only with
        {.code missing = \"error\"}.",
        x = "Others: {format_count(sum(bad$row))}, first {values[column]} for
        {.val {gene[row]}} in {.val {features[column]}}.",
        i = "{.code missing = \"mean\"} or {.code \"zero\"} fills them in."
    ), call = call)
}

fill_in <- function(x, missing, call) {
    if (!is.matrix(x)) {
        if (missing == "mean") {
            abort_not_delayed("missing", "zero", "there are missing values",
                call
            )
        }
        x[!is.finite(x)] <- 0
        return(x)
    }
    at <- which(!is.finite(x))
    x[at] <- NA
    x[at] <- if (missing == "zero") {
        0
    } else {
        rowMeans(x, na.rm = TRUE)[(at - 1) %% nrow(x) + 1]
    }
    x
}

abort_not_delayed <- function(argument, other, why, call) {
    abort_input(c(
        "{.arg {argument}} must not be {.val mean} with
        {.code delayed = TRUE}, because {why}.",
        i = "Use {.code {argument} = \"{other}\"}, or
        {.code delayed = FALSE}."
    ), call = call)
}

# ---- several rows of one gene ---------------------------------------------

join_repeated <- function(x, gene, repeated, call) {
    if (repeated == "mean" && anyDuplicated(gene)) {
        if (!is.matrix(x)) {
            abort_not_delayed("repeated", "keep", "genes have several rows",
                call
            )
        }
        count <- tabulate(match(gene, unique(gene)))
        x <- rowsum(x, gene, reorder = FALSE) / count
    }
    if (is.matrix(x)) {
        storage.mode(x) <- "double"
    }
    x
}
