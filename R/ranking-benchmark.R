#' Compare rankings on held-out genes
#'
#' Splits the genes again and again, trains every arm on the same training
#' genes and compares the order of the test genes with their expression, over
#' all pairs. What an arm has to choose (penalties, tree sizes, weights) it
#' chooses within the training genes.
#'
#' The baselines are: the mean of the best mark, ridge regression (glmnet), a
#' random forest (ranger) on the bins and on smoothed bins, boosted trees (gbm),
#' and where there are at most three features a generalised additive model
#' (mgcv). All but the first are trained on the ranks of the expression, ridge
#' on its normal scores.
#'
#' @inheritParams learn_ranking
#' @param arms Named list of scorers, or lists of scorers, each as `scorer` of
#'   [learn_ranking()]; `NULL` is its default. A function
#'   `function(x, y, newdata)` that returns a score for each gene of `newdata`
#'   (marks as `"ranking_signal"`: a list with `values`, genes x features,
#'   `marks` and `n_bins`) is an arm as well.
#' @param baselines Which of the baselines, by name. `NULL`: all that suit.
#' @param splits How many random splits.
#' @param prop Share of the genes that are trained on.
#' @param groups `NULL` to split genes, or a value for each gene: genes of one
#'   group stay together. With chromosomes this is the stricter test, as
#'   neighbours share windows and promoters.
#' @param folder Folder in which finished arms are kept, so that a stopped
#'   benchmark goes on; `NULL`: nowhere. A function is known by its text, and
#'   kith by its version: empty the folder where what they call has changed.
#'
#' @return A data frame of class `ranking_benchmark` with a row for each split
#'   and arm: `split`, `method`, `concordance`, `spearman`, `auc` (against the
#'   median of the test genes), `n_test`, `seconds`.
#' @family ranking functions
#' @examples
#' set.seed(1)
#' cells <- simulate_marks(n_genes = 200)
#' result <- benchmark_ranking(cells$marks, cells$expression,
#'     arms = list(linear = scorer_linear()), baselines = "best mark",
#'     splits = 2
#' )
#' summary(result)
#' @export
benchmark_ranking <- function(x, y, arms = list(kith = NULL),
                              baselines = NULL, splits = 10, prop = 0.8,
                              groups = NULL, control = train_control(),
                              transform = NULL, folder = NULL,
                              BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    signal <- ranking_signal(x)
    groups <- check_groups(groups, signal)
    data <- match_expression(signal, y)
    splits <- check_count(splits)
    prop <- check_number(prop, 0, 1, open = TRUE)
    arms <- check_ranking_arms(arms, data$signal)
    key <- draw_key(control$seed)
    if (!is.null(groups)) {
        kept <- match(signal_genes(data$signal), signal_genes(signal))
        groups <- groups[kept]
    }
    # a baseline is kept by its name: two copies of a function may differ
    methods <- c(arms, lapply(
        stats::setNames(nm = names(usable_baselines(data$signal, baselines))),
        structure,
        class = "ranking_baseline"
    ))
    check_arm_names(names(methods), "arms")
    check_no_checkpoint(control)
    tested <- lapply(seq_len(splits), function(s) {
        split_genes(
            groups, prop, derive_key(key, "split", s), length(data$y)
        )
    })
    check_split_sizes(tested, prop)
    jobs <- unlist(lapply(seq_len(splits), function(s) {
        lapply(seq_along(methods), function(m) {
            new_compare_arm(
                kind = "ranking",
                label = data.frame(split = s, method = names(methods)[m]),
                settings = list(control = control), folder = folder,
                data = data, test = tested[[s]], method = methods[[m]],
                transform = transform, key = derive_key(key, "fold", s)
            )
        })
    }), recursive = FALSE)
    rows <- lapply(run_arms(jobs, BPPARAM), function(result) {
        cbind(result$label, result$row)
    })
    structure(do.call(rbind, rows),
        class = c("ranking_benchmark", "data.frame"),
        by = if (is.null(groups)) "gene" else "group", ours = names(arms)
    )
}

check_groups <- function(groups, signal, call = rlang::caller_env()) {
    if (is.null(groups)) {
        return(NULL)
    }
    n <- nrow(signal$values)
    if (!is.null(names(groups))) {
        groups <- groups_by_name(groups, signal_genes(signal), call)
    }
    if (length(groups) != n) {
        abort_input(c(
            "{.arg groups} must have a value for each gene of {.arg x}.",
            x = "There are {n} genes and {length(groups)} values."
        ), call = call)
    }
    if (anyNA(groups)) {
        first <- which(is.na(groups))[1L]
        abort_input(c(
            "{.arg groups} must have no missing values.",
            x = "Gene {.val {signal_genes(signal)[first]}} has none: its
            chromosome may be unknown.",
            i = "Leave out such genes, or give them a group of their own."
        ), call = call)
    }
    groups <- as.character(groups)
    if (length(unique(groups)) < 2L) {
        abort_input(c(
            "{.arg groups} must hold at least two groups.",
            x = "All genes are of {.val {groups[1]}}.",
            i = "With {.code groups = NULL} genes are split at random."
        ), call = call)
    }
    groups
}

# a group for each gene, by the names of the groups
groups_by_name <- function(groups, genes, call) {
    lost <- setdiff(genes, names(groups))
    if (length(lost)) {
        abort_input(c(
            "The names of {.arg groups} must be those of the genes.",
            x = "{length(lost)} gene{?s} {?has/have} none, such as
            {.val {lost[1]}}.",
            i = "With {.code unname()} they are taken in the order of the
            genes."
        ), call = call)
    }
    groups[match(genes, names(groups))]
}

check_ranking_arms <- function(arms, signal, call = rlang::caller_env()) {
    if (!is.list(arms) || inherits(arms, c("scorer", "encoder")) ||
        length(arms) == 0L || is.null(names(arms)) ||
        any(!nzchar(names(arms)))) {
        abort_input(c(
            "{.arg arms} must be a named list of scorers.",
            x = "It is {describe_value(arms)}.",
            i = "For instance {.code list(kith = NULL, linear =
            scorer_linear())}."
        ), call = call)
    }
    for (arm in arms) {
        if (!is.function(arm)) check_scorers(arm, signal, call)
    }
    arms
}

check_split_sizes <- function(tested, prop, call = rlang::caller_env()) {
    n_tested <- vapply(tested, sum, numeric(1))
    n_trained <- vapply(tested, function(out) sum(!out), numeric(1))
    if (any(n_tested < 2) || any(n_trained < smallest_batch)) {
        abort_input(c(
            "{.arg prop} must leave at least {smallest_batch} genes to train on
            and 2 to test.",
            x = "{prop} of {length(tested[[1]])} leaves {min(n_trained)} and
            {min(n_tested)}."
        ), call = call)
    }
}

# which genes are tested
split_genes <- function(groups, prop, key, n) {
    if (is.null(groups)) {
        return(draw_held_out(n, prop, key) == 1L)
    }
    units <- match(groups, unique(groups))
    n_units <- max(units)
    n_out <- min(max(round((1 - prop) * n_units), 1), n_units - 1)
    out <- draw_held_out(n_units, 1 - n_out / n_units, key) == 1L
    out[units]
}

fit_arm.ranking_arm <- function(arm) {
    control <- arm$settings$control
    test <- signal_rows(arm$data$signal, arm$test)
    truth <- arm$data$y[arm$test]
    train <- list(
        signal = signal_rows(arm$data$signal, !arm$test),
        y = arm$data$y[!arm$test]
    )
    started <- proc.time()[["elapsed"]]
    scores <- if (is.function(arm$method)) {
        arm$method(train$signal, train$y, test)
    } else if (inherits(arm$method, "ranking_baseline")) {
        ranking_baselines[[arm$method]]$score(
            train$signal, train$y, test, control$threads
        )
    } else {
        settings <- ranking_settings(
            train$signal, arm$method, control, arm$transform
        )
        fit <- learn_ranking_settled(train, settings, arm$key)
        score_genes(fit, test)
    }
    seconds <- proc.time()[["elapsed"]] - started
    list(label = arm$label, row = data.frame(
        concordance = concordance(scores, truth),
        spearman = spearman(scores, truth),
        auc = auc_at_median(scores, truth),
        n_test = length(truth), seconds = seconds
    ))
}

#' @rdname benchmark_ranking
#' @param object A result of `benchmark_ranking()`.
#' @param first Which arm the others are compared with.
#' @param ... Not used.
#' @method summary ranking_benchmark
#' @export
summary.ranking_benchmark <- function(object, first = attr(object, "ours")[1L],
                                      ...) {
    values <- tapply(
        object$concordance, list(object$split, object$method), mean
    )
    values <- values[, unique(object$method), drop = FALSE]
    compare_folds(values, first, measure_concordance)
}
