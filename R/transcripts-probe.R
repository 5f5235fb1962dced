#' Learn labels from spaces of transcripts
#'
#' Puts penalised heads on encodings of transcripts, on simple features of
#' their sequences, or on both: ridge regression for numbers (half-life,
#' expression, ribosome load), logistic regression for classes and for several
#' labels (terms of gene ontology). What encodes stays as it is, and some
#' labelled transcripts are enough.
#'
#' Columns are standardised on the labelled transcripts, and each space is
#' scaled to the same total variance, whatever its number of columns. With two
#' spaces there are three heads: one in each, and one in both side by side
#' (`joint`). Their predictions are averaged, with weights of at least 0 that
#' fit held-out predictions best. They start at 0.8 for the head on `features`,
#' which few labels suffice for, and leave that as far as labels show what
#' encodings add; where no space has that name they start at even weights.
#'
#' For numbers, penalties (of a wide grid) and weights are those that predict
#' best each group of transcripts by the others, which is exact and takes one
#' decomposition for each head. For classes, five inner folds that keep groups
#' together decide; with fewer than five labelled transcripts of a class a
#' medium penalty and the first weights are taken.
#'
#' @param fit A fit of `learn_transcripts()`; or a numeric matrix with ids of
#'   transcripts as row names, such as [sequence_features()] returns; or a
#'   named list of such matrices for the same transcripts, for instance
#'   encodings of any other model and features.
#' @param y Labels, with ids of transcripts as names (or row names), or for all
#'   transcripts in their order: a numeric vector (a number is predicted), a
#'   factor, character or logical vector (classes), or a logical matrix or data
#'   frame with a column for each label (several may hold). `NA`: no label.
#' @param x The labelled transcripts, and others at will: what
#'   [encode_transcripts()] returns, or what it takes. `NULL`: the labelled ones
#'   are among those of the fit, which then has to do without features, as it
#'   does not keep sequences.
#' @param features Join features of the sequences to the encodings? `TRUE`:
#'   length, codons and exons of transcripts with coding sequences, which did
#'   better than words of letters beside them; else length and words of up to
#'   four letters. A list: arguments of [sequence_features()], such as
#'   `list(features = "kmers", k = 1:5)`.
#' @param groups Transcripts that held-out predictions keep together, as they
#'   are alike: a vector in the form of `y` (gene, family of genes, mother of
#'   variants), or a result of [transcript_sets()]. `NULL`: each by itself.
#' @param class_weights Of each transcript in logistic heads: `"none"`
#'   (probabilities follow how frequent classes are, so that those of several
#'   labels can be compared), `"balanced"` (all classes count the same), or a
#'   number for each class, by name.
#' @param folds How many inner folds, for classes.
#' @param threads Number of threads, as in [train_control()].
#' @param ... Not used.
#'
#' @return An object of class `transcripts_probe`, a `kith_fit`: plain R data
#'   with the `fit` (`NULL` of matrices), what was `learned` (heads, `weights`,
#'   `penalties`), `kind` (`"response"`, `"class"` or `"labels"`), `levels`,
#'   `scaling` of the spaces and the ids of labelled `transcripts`. See
#'   [transcripts_probe].
#' @section Errors: Of class `kith_error_input`: labels or groups of unknown
#'   transcripts, without names and of another length, one class only, fewer
#'   than three numbers or numbers that are all the same, a single group;
#'   matrices without row names or with missing values; features without `x`.
#' @references Fradkin P et al. (2023). Splicing up your predictions with RNA
#'   contrastive learning. arXiv:2310.08738 (linear probes). Cook RD, Weisberg S
#'   (1982). Residuals and Influence in Regression (groups that are left out).
#'   Breiman L (1996). Stacked regressions. Machine Learning 24, 49-64.
#' @seealso [probe()] of samples, [benchmark_transcripts()].
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(100)
#' genes <- cells$transcripts[!duplicated(cells$gene), ]
#' features <- sequence_features(genes, features = c("length", "codons"))
#' rownames(features) <- cells$gene[genes$id]
#' known <- probe(features, cells$y[1:70], groups = cells$homology)
#' known
#' evaluate(known, features[71:100, ], cells$y[71:100])
#' @name probe_transcripts
NULL

#' @rdname probe_transcripts
#' @method probe matrix
#' @export
probe.matrix <- function(fit, y, groups = NULL, class_weights = "none",
                         folds = 5, threads = NULL, ...) {
    rlang::check_dots_empty()
    probe.list(list(features = fit), y, groups, class_weights, folds, threads)
}

#' @rdname probe_transcripts
#' @method probe list
#' @export
probe.list <- function(fit, y, groups = NULL, class_weights = "none",
                       folds = 5, threads = NULL, ...) {
    rlang::check_dots_empty()
    spaces <- check_transcript_spaces(fit, "fit")
    probe_spaces(
        spaces, y, groups, class_weights, folds,
        train_control(threads = threads)
    )
}

#' @rdname probe_transcripts
#' @method probe transcripts_fit
#' @export
probe.transcripts_fit <- function(fit, y, x = NULL, features = TRUE,
                                  groups = NULL, class_weights = "none",
                                  folds = 5, ...) {
    rlang::check_dots_empty()
    x <- or_null(x, probed_transcripts)
    features <- feature_settings(features, x)
    spaces <- transcript_spaces(fit, x, features)
    if (is.null(groups) && inherits(fit$sets, "transcript_sets")) {
        inform_kith(c(
            "!" = "Each transcript is held out by itself, though the fit knows
            which belong together.",
            i = "{.code groups = fit$sets} keeps those of a set together."
        ), class = "kith_message_groups")
    }
    probe_spaces(
        spaces, y, groups, class_weights, folds, fit$control, fit, features
    )
}

# The probe of spaces of the same rows; fit, features: what gives the spaces of
# new transcripts, NULL where these come as matrices.
probe_spaces <- function(spaces, y, groups, class_weights, folds, control,
                         fit = NULL, features = NULL,
                         call = rlang::caller_env()) {
    folds <- check_count(folds, min = 2, call = call)
    ids <- rownames(spaces[[1L]])
    labels <- transcript_labels(y, ids, call)
    weights <- head_weights(class_weights, labels, call)
    groups <- transcript_groups(groups, ids, call)[labels$rows]
    check_two_groups(groups, call)
    spaces <- lapply(spaces, function(space) space[labels$rows, , drop = FALSE])
    scaling <- space_scaling(spaces)
    learned <- learn_labels(
        apply_scaling(spaces, scaling), labels, groups, weights, folds, control
    )
    new_plain_fit("transcripts_probe", control,
        fit = fit, features = features, kind = labels$kind, learned = learned,
        levels = labels$levels, scaling = scaling,
        transcripts = ids[labels$rows],
        n_groups = length(unique(groups))
    )
}

# weights: of the rows, or a list of them, for each label
learn_labels <- function(spaces, labels, groups, weights, folds, control) {
    if (labels$kind == "response") {
        return(learn_numbers(spaces, labels$y, groups))
    }
    settings <- list(
        weights = weights, folds = folds, threads = control$threads,
        key = draw_key(control$seed)
    )
    axes <- lapply(spaces, principal_axes)
    if (labels$kind == "class") {
        return(learn_transcript_classes(axes, labels$y, groups, settings))
    }
    Map(function(one, weights) {
        settings$weights <- weights
        learn_transcript_classes(axes, one, groups, settings)
    }, labels$y, weights)
}

# ---- labels and groups ------------------------------------------------------

# As sample_labels() has them: list(kind, y, levels, rows).
transcript_labels <- function(y, ids, call = rlang::caller_env()) {
    if (inherits(y, "Surv")) {
        abort_input(c(
            "{.arg y} must be numbers, classes or logical labels.",
            x = "It holds survival times, which are those of samples."
        ), call = call)
    }
    check_label_ids(y, ids, "y", call)
    sample_labels(y, ids, call)
}

# Stops unless y is named by some of the ids, or is as long as they are.
check_label_ids <- function(y, ids, name, call) {
    table <- is.matrix(y) || is.data.frame(y)
    own <- if (!table) {
        names(y)
    } else if (is.matrix(y) || is.character(attr(y, "row.names"))) {
        rownames(y)
    }
    n <- if (table) nrow(y) else length(y)
    if (is.null(own)) {
        if (n != length(ids)) {
            abort_input(c(
                "{.arg {name}} must have names that are ids of transcripts, or
                a value for each of the {length(ids)} transcripts.",
                x = "It has {n} value{?s} and no names.",
                i = "Set them with
                {.code {if (table) 'rownames' else 'names'}({name}) <- ids}."
            ), call = call)
        }
        return(invisible())
    }
    check_unique_ids(own, paste("the names of", name), call = call)
    unknown <- setdiff(own, ids)
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg {name}} must name transcripts that there are.",
            x = "{.val {unknown[1]}} is none of them
            ({length(unknown)} of {n} are not).",
            i = "Keep those that there are: {.code {name}[names({name}) %in%
            ids]}.",
            i = advise_ids(unknown, ids, genes = FALSE)
        ), call = call)
    }
}

# a group for each of the transcripts; those without one are by themselves
transcript_groups <- function(groups, ids, call = rlang::caller_env()) {
    if (inherits(groups, "transcript_sets")) {
        groups <- stats::setNames(groups$set, groups$id)
    }
    if (is.null(groups)) {
        return(ids)
    }
    # groups of more transcripts than are labelled are no fault
    if (!is.null(names(groups))) {
        known <- names(groups) %in% ids
        if (any(known)) groups <- groups[known]
    }
    check_label_ids(groups, ids, "groups", call)
    sample_groups(groups, ids, call)
}

check_two_groups <- function(groups, call) {
    if (length(unique(groups)) < 2L) {
        abort_input(c(
            "{.arg groups} must part the labelled transcripts.",
            x = "All {length(groups)} are in one group, so none can be held
            out.",
            i = "Label transcripts of other groups, or leave out {.arg groups}."
        ), call = call)
    }
}
