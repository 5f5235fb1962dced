#' Compare ways to learn from sequences of transcripts
#'
#' Folds of the transcripts that keep groups together; in each fold some of the
#' training transcripts, drawn at random, show their label. All arms see the
#' same labels and are tested on the same transcripts.
#'
#' A learned space has three arms: `<name> alone` (a head on its encodings),
#' `<name> joint` (one head on encodings and features) and `<name>` (the average
#' of all heads, what [probe()][probe_transcripts] predicts by). The features
#' beside it are those of the probe: length, codons and exons, or length and
#' words where there are no coding sequences. Baselines are heads of the same
#' kind on features alone: `"codons"` (and length), `"k-mers + codons"`,
#' `"k-mers"` (and length; without coding sequences), `"length + exons"`,
#' `"length"` (without exons), and `"random forest"` on the features of the
#' probe (500 trees, by `ranger`).
#'
#' Encodings that come as a matrix or a fit have seen the sequences of all
#' transcripts, if not their labels: they are transductive, and the result says
#' so. A function learns from the training transcripts of each fold alone.
#'
#' @param x Transcripts: what [encode_transcripts()] returns or takes.
#' @param y Labels, in the form that [probe()][probe_transcripts] takes. Classes
#'   are benchmarked as labels, one for each class.
#' @param groups Transcripts that must not be parted by a fold (genes, families
#'   of genes, mothers of variants): see [probe()][probe_transcripts].
#' @param methods A named list of what is compared with the baselines:
#'   * a numeric matrix of encodings with ids of transcripts as row names;
#'   * a fit that [encode()][samples_fit] takes;
#'   * a function of the training transcripts of a fold, which returns a fit or
#'     a function that makes encodings of transcripts.
#'
#'   So a network that was trained, one that was not, and one of another
#'   preset are three of them; [method_untrained()] gives the second.
#' @param labels How many labelled transcripts, all where there are fewer;
#'   `Inf`: all. A number below 1 is a share.
#' @param baselines Names of those to compare with. `NULL`: all that there is
#'   data for.
#' @param k Lengths of words, of baselines and of features beside a space.
#' @param folds How many folds; or the fold of each transcript, a vector in the
#'   form of `groups`, where `NA` (a published split) is only trained on.
#' @param draws Draws of labels in each fold.
#' @param fine_tune Is a fit of [learn_transcripts()], from `methods` or from a
#'   function there, also trained on with the labels? `TRUE`, or a list of
#'   arguments of [fine_tune()][fine_tune_transcripts], such as `list(control =
#'   train_control(epochs = 20), dropout = 0)`, of which a seed does not count.
#'   Two arms more show it: `<name> fine-tuned`, and `<name> from scratch`, the
#'   same network with the same optimiser and rule to stop, from other random
#'   first parameters in each draw. Both take minutes for some thousand labels.
#' @param control Its `threads` and `seed` count.
#' @param folder Where finished folds are kept, so that a stopped benchmark goes
#'   on. `NULL`: nowhere.
#' @param BPPARAM Where folds are computed: see [kith-workers].
#'
#' @return A data frame of class `transcripts_benchmark` with a row for each
#'   fold, number of labels, draw and arm: `fold`, `labels`, `draw`, `method`,
#'   for numbers `pearson`, `spearman` and `rmse`, for labels `micro_auc`,
#'   `macro_auc` and `micro_precision` (average precision); `n_train`, `n_test`.
#'   Its attribute `"transductive"` has the names of methods that have seen the
#'   test sequences; `"predicted"`, for numbers, a row for each test transcript,
#'   number of labels and draw: `labels`, `draw`, `transcript`, `group`, `y` and
#'   the prediction of each arm. `summary()` has a row for each number of labels
#'   and arm: `mean` of a measure over folds and draws, `sd` over folds, how
#'   much better the first method is (`margin`), paired by fold, with its
#'   standard error, and for numbers bounds of that from a paired bootstrap over
#'   groups (`margin_lower`, `margin_upper`; of the test transcripts of all
#'   folds together).
#' @section Errors: Of class `kith_error_input`: fewer groups than folds,
#'   methods that are none of the above or lack encodings of some transcripts,
#'   and those of [probe()][probe_transcripts].
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(120)
#' genes <- cells$transcripts[!duplicated(cells$gene), ]
#' genes$id <- unname(cells$gene[genes$id])
#' result <- benchmark_transcripts(genes, cells$y, cells$homology,
#'     labels = c(40, Inf), baselines = c("codons", "length + exons"),
#'     folds = 3, draws = 2
#' )
#' summary(result, bootstrap = 50)
#' @order 1
#' @export
benchmark_transcripts <- function(x, y, groups = NULL, methods = list(),
                                  labels = c(40, 150, 600, Inf),
                                  baselines = NULL, k = 1:4, folds = 10,
                                  draws = 5, fine_tune = FALSE,
                                  control = train_control(),
                                  folder = NULL,
                                  BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    check_no_checkpoint(control)
    x <- probed_transcripts(x)
    data <- transcript_benchmark_data(x, y, groups)
    key <- draw_key(control$seed)
    fold <- transcript_folds(folds, data, derive_key(key, "folds", 1L))
    k <- check_word_lengths(k)
    sets <- baseline_features(x, k)
    settings <- list(
        control = control, labels = check_label_counts(labels),
        draws = check_count(draws),
        baselines = sets[check_transcript_baselines(baselines, sets)],
        beside = default_features(x, k)
    )
    settings$tuning <- benchmark_tuning(fine_tune, methods)
    if ("random forest" %in% names(settings$baselines)) {
        need_package("ranger", "A baseline of trees")
    }
    methods <- check_transcript_methods(
        methods, names(settings$baselines), !is.null(settings$tuning)
    )
    jobs <- lapply(sort(unique(fold[!is.na(fold)])), function(f) {
        new_compare_arm(
            kind = "transcripts", label = data.frame(fold = f),
            settings = settings, folder = folder, x = x, labels = data$labels,
            groups = data$groups, methods = methods,
            test = !is.na(fold) & fold == f, key = derive_key(key, "fold", f)
        )
    })
    results <- run_arms(jobs, BPPARAM)
    rows <- lapply(results, function(result) cbind(result$label, result$rows))
    rows <- do.call(rbind, rows)
    structure(rows,
        class = c("transcripts_benchmark", "data.frame"),
        predicted = do.call(rbind, lapply(results, `[[`, "predicted")),
        kind = data$labels$kind,
        ours = setdiff(unique(rows$method), names(settings$baselines)),
        transductive = names(Filter(Negate(is.function), methods))
    )
}

space_arms <- c("", " alone", " joint")

tuned_arms <- c(" fine-tuned", " from scratch")

# all that there may be
transcript_arms <- function(methods, tuned = FALSE) {
    unlist(lapply(names(methods), paste0, c(space_arms, if (tuned) tuned_arms)))
}

check_transcript_methods <- function(methods, baselines, tuned = FALSE,
                                     call = rlang::caller_env()) {
    named <- is.list(methods) && !inherits(methods, "kith_fit") &&
        (length(methods) == 0L || !is.null(names(methods)) &&
            all(nzchar(names(methods))))
    known <- named && all(vapply(methods, function(one) {
        is.function(one) || is.matrix(one) && is.numeric(one) || is.object(one)
    }, NA))
    if (!known) {
        abort_input(c(
            "{.arg methods} must be a named list of encodings, fits and
            functions of training transcripts.",
            x = "It is {describe_value(methods)}.",
            i = "For instance {.code list(kith = encode(fit, x))}."
        ), call = call)
    }
    check_arm_names(
        c(transcript_arms(methods, tuned), baselines), "methods", call
    )
    if (length(methods) + length(baselines) == 0L) {
        abort_input(
            "{.arg methods} or {.arg baselines} must name what to compare.",
            call = call
        )
    }
    methods
}

# list(labels, groups): labels as transcript_labels() has them, with classes as
# labels, of all transcripts by number (rows: those that have one)
transcript_benchmark_data <- function(x, y, groups,
                                      call = rlang::caller_env()) {
    labels <- transcript_labels(y, x$id, call)
    if (labels$kind == "class") {
        labels$y <- lapply(stats::setNames(nm = labels$levels), function(one) {
            factor(labels$y == one, c(FALSE, TRUE))
        })
        labels$kind <- "labels"
    }
    list(labels = labels, groups = transcript_groups(groups, x$id, call))
}

# the fold of each transcript, NA of those that are never tested
transcript_folds <- function(folds, data, key, call = rlang::caller_env()) {
    rows <- data$labels$rows
    n <- length(data$groups)
    fold <- rep(NA_integer_, n)
    if (length(folds) == 1L && is.null(names(folds))) {
        folds <- check_count(folds, min = 2, call = call)
        n_groups <- length(unique(data$groups[rows]))
        if (n_groups < folds) {
            abort_input(c(
                "There must be at least {folds} groups of labelled transcripts,
                one for each fold.",
                x = "There {cli::qty(n_groups)}{?is/are} {n_groups}.",
                i = "Take fewer {.arg folds}."
            ), call = call)
        }
        fold[rows] <- item_folds(
            length(rows), folds, key,
            groups = data$groups[rows]
        )
        return(fold)
    }
    if (length(folds) != n || !all(is.na(folds) | folds == round(folds))) {
        abort_input(c(
            "{.arg folds} must be a number of folds, or the number of the fold
            of each of the {n} transcripts.",
            x = "It is {describe_value(folds)}."
        ), call = call)
    }
    fold[rows] <- as.integer(folds)[rows]
    tested <- unique(data$groups[!is.na(fold)])
    if (length(tested) == 0L || all(!is.na(fold[rows])) &&
        length(unique(fold[rows])) < 2L) {
        abort_input(c(
            "{.arg folds} must leave labelled transcripts to test and to train
            on.",
            x = "It has {sum(!is.na(fold[rows]))} in folds, of {length(rows)}."
        ), call = call)
    }
    fold
}
