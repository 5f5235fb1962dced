# What learn_ranking() and the methods of its fits take as marks, in one form:
# a list of class "ranking_signal" with
#   values  genes x (bins of mark 1, bins of mark 2, ...), with gene ids
#   marks   names of the marks
#   n_bins  bins of a mark, 1 where a mark is one number
#   bins    list(width, n_bins, flip) of bin_signal(), NULL for other input
# name: of the argument, for messages.

ranking_signal <- function(x, name = "x", call = rlang::caller_env()) {
    UseMethod("ranking_signal")
}

# one number for each mark
ranking_signal.default <- function(x, name = "x", call = rlang::caller_env()) {
    if (is.array(x) && length(dim(x)) == 3L) {
        return(signal_of_array(x, name, call))
    }
    values <- gene_matrix(x, name = name, call = call)
    new_signal(values, colnames(values), 1L, name, call)
}

# genes x bins x marks
signal_of_array <- function(x, name, call) {
    marks <- dimnames(x)[[3L]] %||% paste0("mark", seq_len(dim(x)[3L]))
    by_mark <- lapply(seq_len(dim(x)[3L]), function(m) {
        matrix(x[, , m], dim(x)[1L], dim(x)[2L],
            dimnames = list(dimnames(x)[[1L]], NULL)
        )
    })
    join_marks(stats::setNames(by_mark, marks), name, call)
}

ranking_signal.list <- function(x, name = "x", call = rlang::caller_env()) {
    if (length(x) == 0L || is.null(names(x)) || any(!nzchar(names(x)))) {
        abort_input(c(
            "{.arg {name}} as a list must have a named matrix for each mark.",
            x = "It has {length(x)} element{?s}, of which
            {sum(nzchar(names(x) %||% ''))} {?has/have} a name.",
            i = "For instance {.code list(H3K4me3 = m1, H3K27me3 = m2)}."
        ), call = call)
    }
    join_marks(lapply(x, as_bin_matrix), name, call)
}

ranking_signal.data.frame <- function(x, name = "x",
                                      call = rlang::caller_env()) {
    ranking_signal.default(x, name, call)
}

# rows are genes, columns bins, assays marks
ranking_signal.SummarizedExperiment <- function(x, name = "x",
                                                call = rlang::caller_env()) {
    assays <- as.list(SummarizedExperiment::assays(x))
    names(assays) <- SummarizedExperiment::assayNames(x) %||%
        paste0("mark", seq_along(assays))
    signal <- ranking_signal.list(assays, name, call)
    known <- S4Vectors::metadata(x)[c("width", "n_bins", "flip")]
    if (!any(vapply(known, is.null, NA))) signal$bins <- known
    signal
}

as_bin_matrix <- function(x) {
    if (is.matrix(x)) x else as.matrix(x)
}

# marks side by side, with the genes in the order of the first
join_marks <- function(by_mark, name, call) {
    marks <- names(by_mark)
    first <- gene_matrix(by_mark[[1L]], name = name, call = call)
    genes <- rownames(first)
    for (mark in marks[-1L]) {
        one <- gene_matrix(by_mark[[mark]], name = name, call = call)
        if (ncol(one) != ncol(first)) {
            abort_input(c(
                "All marks of {.arg {name}} must have as many bins.",
                x = "{.val {marks[1]}} has {ncol(first)}, {.val {mark}}
                {ncol(one)}.",
                i = "Bin them alike ({.fn bin_signal}), or repeat wider bins:
                {.code m[, rep(seq_len(ncol(m)), each = k)]}."
            ), call = call)
        }
        lost <- setdiff(genes, rownames(one))
        if (length(lost) || nrow(one) != nrow(first)) {
            abort_input(c(
                "All marks of {.arg {name}} must have the same genes.",
                x = "{.val {marks[1]}} has {nrow(first)} genes, {.val {mark}}
                {nrow(one)}; {length(lost)} of the first {?is/are} missing
                there{if (length(lost)) paste0(', such as ', lost[1])}.",
                i = "Keep those that all have, for instance by
                {.code Reduce(intersect, lapply({name}, rownames))}."
            ), call = call)
        }
        by_mark[[mark]] <- one[genes, , drop = FALSE]
    }
    by_mark[[1L]] <- first
    new_signal(do.call(cbind, unname(by_mark)), marks, ncol(first), name, call)
}

new_signal <- function(values, marks, n_bins, name, call) {
    values <- as.matrix(values)
    if (!all(is.finite(values))) {
        abort_not_finite(values, name = name, call = call)
    }
    marks <- marks %||% paste0("mark", seq_len(ncol(values) %/% n_bins))
    twice <- marks[duplicated(marks)]
    if (length(twice)) {
        abort_input(c(
            "The marks of {.arg {name}} must have different names.",
            x = "{.val {twice[1]}} comes more than once.",
            i = "Name them apart, for instance by {.fn make.unique}."
        ), call = call)
    }
    genes <- rownames(values)
    values <- unclass_matrix(values)
    rownames(values) <- genes
    structure(
        list(values = values, marks = marks, n_bins = as.integer(n_bins)),
        class = "ranking_signal"
    )
}

signal_genes <- function(signal) rownames(signal$values)

# some genes of a signal
signal_rows <- function(signal, rows) {
    signal$values <- signal$values[rows, , drop = FALSE]
    signal
}

# some marks of a signal
signal_marks <- function(signal, marks) {
    columns <- mark_columns(signal, marks)
    signal$values <- signal$values[, columns, drop = FALSE]
    signal$marks <- marks
    signal
}

# the columns of marks, in their order
mark_columns <- function(signal, marks) {
    at <- match(marks, signal$marks)
    c(outer(seq_len(signal$n_bins), (at - 1L) * signal$n_bins, `+`))
}

# The signal of other genes, with the marks and bins that a fit was trained on;
# marks may come in another order.
matching_signal <- function(newdata, fit, name = "newdata",
                            call = rlang::caller_env()) {
    signal <- ranking_signal(newdata, name, call)
    lost <- setdiff(fit$marks, signal$marks)
    if (length(lost)) {
        abort_input(c(
            "{.arg {name}} must have the marks that the fit was trained on.",
            x = "{.val {lost[1]}} is missing.",
            i = "It needs {.val {fit$marks}}; it has {.val {signal$marks}}."
        ), call = call)
    }
    if (signal$n_bins != fit$n_bins) {
        abort_input(c(
            "{.arg {name}} must have the bins that the fit was trained on.",
            x = "It has {signal$n_bins} for each mark, the fit {fit$n_bins}."
        ), call = call)
    }
    unnamed <- grepl("^mark[0-9]+$", c(fit$marks, signal$marks))
    if (all(unnamed) && length(signal$marks) != length(fit$marks)) {
        abort_input(c(
            "{.arg {name}} must have as many marks as the fit was trained on.",
            x = "It has {length(signal$marks)}, the fit {length(fit$marks)}.",
            i = "With names, marks are matched by these."
        ), call = call)
    }
    check_same_bins(signal$bins, fit$bins, name, call)
    check_no_lower(signal, fit$transform, name, call)
    signal_marks(signal, fit$marks)
}

# of bin_signal()
check_same_bins <- function(bins, trained, name, call) {
    if (is.null(bins) || is.null(trained)) {
        return(invisible())
    }
    differs <- names(trained)[!mapply(identical, bins, trained)]
    if (length(differs)) {
        first <- differs[1L]
        abort_input(c(
            "{.arg {name}} must be binned as the genes that the fit was trained
            on.",
            x = "It has {.code {first} = {bins[[first]]}}, they had
            {.code {first} = {trained[[first]]}}."
        ), call = call)
    }
}

# ---- expression -------------------------------------------------------------

# Signal and expression of the genes that have both: list(signal, y). y may be
# named, and is then matched by the ids.
match_expression <- function(signal, y, call = rlang::caller_env()) {
    genes <- signal_genes(signal)
    if (!is.numeric(y) || is.factor(y) || length(dim(y)) > 1L) {
        abort_input(c(
            "{.arg y} must be a numeric vector: the expression of each gene.",
            x = "It is {describe_value(y)}."
        ), call = call)
    }
    if (is.null(names(y))) {
        if (length(y) != length(genes)) {
            abort_input(c(
                "{.arg y} must have one value for each gene of {.arg x}, or
                gene ids as names.",
                x = "There are {length(genes)} genes and {length(y)} values."
            ), call = call)
        }
    } else {
        check_unique_ids(names(y), "names(y)",
            advice = "Merge such genes, for instance by {.fn tapply}.",
            call = call
        )
        y <- match_named_expression(y, genes, call)
    }
    y <- as.double(y)
    if (any(is.infinite(y))) {
        at <- which(is.infinite(y))[1L]
        abort_input(c(
            "{.arg y} must have finite values.",
            x = "Gene {.val {genes[at]}} has {y[at]}.",
            i = "Ranks decide, so a logarithm is not needed; where it was taken
            of 0, give {.code pmax(y, min(y[is.finite(y)]))}."
        ), call = call)
    }
    known <- !is.na(y)
    if (!all(known)) {
        inform_kith(
            "{sum(!known)} of {length(genes)} genes have no expression in
            {.arg y} and are left out.",
            class = "kith_message_dropped"
        )
    }
    list(signal = signal_rows(signal, known), y = y[known])
}

match_named_expression <- function(y, genes, call) {
    common <- sum(genes %in% names(y))
    if (common == 0L) {
        abort_input(c(
            "The names of {.arg y} must be gene ids of {.arg x}.",
            x = "None is: {.arg x} has {.val {genes[1]}}, {.arg y}
            {.val {names(y)[1]}}.",
            i = "{advise_ids(names(y), genes)}"
        ), call = call)
    }
    n_other <- length(y) - common
    if (n_other > 0L) {
        inform_kith(
            "{n_other} of {length(y)} genes of {.arg y} have no marks in
            {.arg x} and are left out.",
            class = "kith_message_dropped"
        )
    }
    y[genes]
}

# Ranks of the expression, tied where it is: what the numerics compare, exact
# also in single precision.
expression_ranks <- function(y, name = "y", call = rlang::caller_env()) {
    ranks <- as.double(match(y, sort(unique(y))))
    if (length(ranks) && max(ranks) == 1) {
        abort_input(c(
            "{.arg {name}} must have at least two different values.",
            x = "All {length(y)} genes have {format(y[1])}: no pair has an
            order."
        ), call = call)
    }
    ranks
}
