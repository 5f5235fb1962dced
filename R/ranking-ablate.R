#' Which marks are needed?
#'
#' Trains a scorer on every subset of the marks, on the same folds of the genes,
#' and compares the order of held-out genes. Marks that tell the same are then
#' seen: one of them is as good as all.
#'
#' With m marks there are 2^m - 1 subsets; `size` keeps them few. The
#' smallest subset within one standard error of all marks is the smallest whose
#' mean concordance lies above that of all marks less the standard error of
#' their paired difference over the folds; of several of one size the best.
#'
#' @inheritParams learn_ranking
#' @param scorer One scorer, as in [learn_ranking()]. The default is a kernel
#'   with squared loss, which needs no optimiser, so that many subsets take
#'   minutes.
#' @param size Sizes of the subsets: whole numbers. All marks together and all
#'   but one are always there. `NULL`: all sizes up to eight marks; of more 1, 2
#'   and all but one.
#' @param folds How many folds of the genes; each is held out once.
#' @param groups As in [benchmark_ranking()]: genes of one group lie in one
#'   fold.
#' @param folder As in [benchmark_ranking()].
#' @param BPPARAM Where subsets are trained.
#'
#' @return A data frame of class `mark_ablation` with a row for each subset:
#'   `marks` (joined by " + "), `n_marks`, `concordance` (mean over the folds),
#'   `se` (over the folds), `difference` (to all marks), `difference_se`
#'   (paired by fold), `within` (above all marks less the standard error?),
#'   `smallest` (the smallest such subset), and a logical column for each mark.
#'   The attribute `"folds"` is a matrix folds x subsets of concordances.
#' @section Errors: Of class `kith_error_input`: one mark alone, more than 4,095
#'   subsets.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 200)
#' result <- mark_ablation(cells$marks, cells$expression,
#'     scorer = scorer_linear(penalty = 100), size = 1, folds = 3
#' )
#' result
#' plot(result)
#' @export
mark_ablation <- function(x, y,
                          scorer = scorer_kernel(loss = "squared"),
                          size = NULL, folds = 5, groups = NULL,
                          control = train_control(), transform = NULL,
                          folder = NULL,
                          BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    signal <- ranking_signal(x)
    groups <- check_groups(groups, signal)
    data <- match_expression(signal, y)
    if (!is.null(groups)) {
        kept <- match(signal_genes(data$signal), signal_genes(signal))
        groups <- groups[kept]
    }
    check_training_genes(data, control)
    check_no_checkpoint(control)
    folds <- check_count(folds, min = 2, max = 100)
    check_fold_units(folds, groups, length(data$y))
    check_scorers(scorer, data$signal)
    check_mark_names(data$signal$marks)
    # one for all subsets, so that they differ by their marks alone
    transform <- check_transform(transform, data$signal)
    subsets <- mark_subsets(data$signal$marks, size)
    key <- draw_key(control$seed)
    held_out <- item_folds(
        length(data$y), folds, derive_key(key, "split", 1L), groups
    )
    arms <- unlist(lapply(seq_along(subsets), function(s) {
        part <- data
        part$signal <- signal_marks(data$signal, subsets[[s]])
        lapply(seq_len(folds), function(f) {
            new_compare_arm(
                kind = "ranking",
                label = data.frame(marks = join_names(subsets[[s]]), fold = f),
                settings = list(control = control), folder = folder,
                data = part, test = held_out == f, method = scorer,
                transform = transform, key = derive_key(key, "fold", f)
            )
        })
    }), recursive = FALSE)
    results <- run_arms(arms, BPPARAM)
    values <- vapply(results, function(r) r$row$concordance, numeric(1))
    summarise_subsets(
        matrix(values, folds), subsets, data$signal$marks
    )
}

check_fold_units <- function(folds, groups, n, call = rlang::caller_env()) {
    units <- if (is.null(groups)) n %/% 2L else length(unique(groups))
    if (folds > units) {
        abort_input(c(
            "{.arg folds} must be at most {units} here.",
            x = "It is {folds}, and there are {n} genes{if (!is.null(groups))
            paste(' in', units, 'groups')}.",
            i = if (is.null(groups)) "A fold tests at least two genes."
        ), call = call)
    }
}

# marks become columns of the result
check_mark_names <- function(marks, call = rlang::caller_env()) {
    taken <- c(
        "marks", "n_marks", "concordance", "se", "difference",
        "difference_se", "within", "smallest"
    )
    wrong <- intersect(marks, taken)
    if (length(wrong)) {
        abort_input(c(
            "The marks of {.arg x} must not be named as columns of the result.",
            x = "One is {.val {wrong[1]}}.", i = "Give it another name."
        ), call = call)
    }
}

join_names <- function(names) paste(names, collapse = " + ")

most_subsets <- 4095L

# all marks first, then by size
mark_subsets <- function(marks, size, call = rlang::caller_env()) {
    m <- length(marks)
    if (m < 2L) {
        abort_input(c(
            "{.arg x} must have at least two marks.",
            x = "It has {m}: {.val {marks}}."
        ), call = call)
    }
    if (is.null(size)) {
        size <- if (m <= 8L) seq_len(m) else 1:2
    }
    whole <- is.numeric(size) && length(size) > 0L &&
        all(size %in% seq_len(m))
    if (!whole) {
        abort_input(c(
            "{.arg size} must hold whole numbers from 1 to {m}.",
            x = "It is {describe_value(size)}."
        ), call = call)
    }
    size <- sort(unique(c(size, m - 1L, m)), decreasing = TRUE)
    n <- sum(choose(m, size))
    if (n > most_subsets) {
        abort_input(c(
            "{.arg size} must leave at most {most_subsets} subsets.",
            x = "Of {m} marks there are {n}.",
            i = "For instance {.code size = 1:2}."
        ), call = call)
    }
    unlist(lapply(size, function(k) {
        utils::combn(m, k, function(chosen) marks[chosen], simplify = FALSE)
    }), recursive = FALSE)
}

# values: folds x subsets, all marks first
summarise_subsets <- function(values, subsets, marks) {
    n_folds <- nrow(values)
    se_of <- function(x) stats::sd(x) / sqrt(n_folds)
    difference <- values - values[, 1L]
    table <- data.frame(
        marks = vapply(subsets, join_names, ""), n_marks = lengths(subsets),
        concordance = colMeans(values), se = apply(values, 2L, se_of),
        difference = colMeans(difference),
        difference_se = apply(difference, 2L, se_of)
    )
    table$within <- table$difference >= -table$difference_se
    few <- table$within & table$n_marks == min(table$n_marks[table$within])
    best <- which(few)[which.max(table$concordance[few])]
    table$smallest <- seq_len(nrow(table)) == best
    for (mark in marks) {
        table[[mark]] <- vapply(subsets, function(s) mark %in% s, NA)
    }
    colnames(values) <- table$marks
    structure(table,
        class = c("mark_ablation", "data.frame"), folds = values,
        mark_names = marks
    )
}

#' @method print mark_ablation
#' @export
print.mark_ablation <- function(x, n = 12L, ...) {
    if (lacks_columns(x, c("marks", "concordance", "within", "smallest"))) {
        return(NextMethod())
    }
    all <- x[which.max(x$n_marks), ]
    cli::cat_line(sprintf(
        "<mark_ablation> %d subsets of %d marks; all: concordance %.3f",
        nrow(x), all$n_marks, all$concordance
    ))
    best <- x[x$smallest, ]
    if (nrow(best)) {
        cli::cat_line(sprintf(
            "Smallest within one standard error: %s (%.3f)", best$marks,
            best$concordance
        ))
    }
    shown <- x[order(-x$concordance), ]
    shown <- shown[seq_len(min(n, nrow(shown))), ]
    cli::cat_line(sprintf(
        "  %.3f +- %.3f  %s%s", shown$concordance, shown$se, shown$marks,
        ifelse(shown$smallest, "  <- smallest", "")
    ))
    if (nrow(x) > nrow(shown)) {
        cli::cat_line("  ... and ", nrow(x) - nrow(shown), " more")
    }
    invisible(x)
}

#' @export
`[.mark_ablation` <- function(x, ...) plain_if_columns_lost(NextMethod(), x)
