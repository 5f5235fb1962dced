# Spaces that probes of transcripts lie in: a named list of numeric matrices
# with the same rows, ids of transcripts.

# spaces as doubles, their rows in the order of the first
check_transcript_spaces <- function(spaces, name, call = rlang::caller_env()) {
    check_space_names(spaces, name, call)
    for (which in names(spaces)) {
        check_space(spaces[[which]], which, name, call)
    }
    ids <- rownames(spaces[[1L]])
    lapply(stats::setNames(nm = names(spaces)), function(which) {
        space <- spaces[[which]]
        check_same_rows(rownames(space), ids, which, names(spaces)[1L], name,
            call
        )
        space <- space[match(ids, rownames(space)), , drop = FALSE]
        storage.mode(space) <- "double"
        space
    })
}

check_space_names <- function(spaces, name, call) {
    names <- names(spaces)
    ok <- length(spaces) > 0L && length(spaces) <= most_spaces &&
        !is.null(names) && all(nzchar(names)) && !anyDuplicated(names) &&
        !"joint" %in% names
    if (!ok) {
        abort_input(c(
            "{.arg {name}} must be a named list of at most {most_spaces}
            matrices, or one matrix.",
            x = if (is.null(names)) {
                "It is {describe_value(spaces)} without names."
            } else {
                "It has {length(spaces)} element{?s} with the name{?s}
                {.val {names}}."
            },
            i = "For instance {.code list(encoding = encodings, features =
            sequence_features(x))}; {.val joint} is the name of all of them."
        ), call = call)
    }
}

# which: of the space with these rows; first: of the one whose rows are ids
check_same_rows <- function(rows, ids, which, first, name, call) {
    lacking <- setdiff(ids, rows)
    if (length(lacking) > 0L || length(rows) != length(ids)) {
        abort_input(c(
            "The matrices of {.arg {name}} must have the same rows.",
            x = if (length(lacking)) {
                "{.field {which}} lacks {.val {lacking[1L]}}, the first of
                {length(lacking)} rows of {.field {first}}."
            } else {
                "{.field {which}} has {length(rows)}, {.field {first}}
                {length(ids)}."
            },
            i = "Take the rows of both: {.code intersect(rownames(a),
            rownames(b))}."
        ), call = call)
    }
}

# heads of all subsets are compared
most_spaces <- 5L

check_space <- function(space, which, name, call) {
    if (!is.matrix(space) || !is.numeric(space) || length(space) == 0L) {
        abort_input(c(
            "{.arg {name}} must hold numeric matrices, with a row for each
            transcript.",
            x = "{.field {which}} is {describe_value(space)}."
        ), call = call)
    }
    if (is.null(rownames(space))) {
        abort_input(c(
            "{.arg {name}} must have the ids of transcripts as row names.",
            x = "{.field {which}} has none.",
            i = "Set them with {.code rownames(x) <- ids}."
        ), call = call)
    }
    check_unique_ids(rownames(space), name, rows = TRUE, call = call)
    if (!all(is.finite(space))) {
        abort_not_finite(space,
            name = name, call = call,
            advice = "Leave out such columns, or impute them first."
        )
    }
}

# ---- of transcripts ---------------------------------------------------------

# transcripts, encoded if they are not yet
probed_transcripts <- function(x, name, call) {
    if (inherits(x, "transcripts")) x else encode_transcripts(x)
}

# Arguments of sequence_features(), the same for all transcripts to come; NULL:
# no features.
feature_settings <- function(features, x, call = rlang::caller_env()) {
    if (isFALSE(features)) {
        return(NULL)
    }
    if (!isTRUE(features) && !is.list(features)) {
        abort_input(c(
            "{.arg features} must be {.code TRUE}, {.code FALSE} or a list of
            arguments of {.fn sequence_features}.",
            x = "It is {describe_value(features)}."
        ), call = call)
    }
    if (is.null(x)) {
        abort_input(c(
            "{.arg x} must hold the labelled transcripts where features are
            joined.",
            x = "It is {.code NULL}, and a fit does not keep sequences.",
            i = "Give {.arg x}, or {.code features = FALSE} for encodings
            alone."
        ), call = call)
    }
    if (is.list(features)) features else default_features(x)
}

# k: lengths of words, where there are no coding sequences
default_features <- function(x, k = 1:4) {
    if (has_cds(x)) {
        exons <- if (any(!is.na(x$exons))) "exons"
        list(features = c("length", "codons", exons))
    } else {
        list(features = c("length", "kmers"), k = k)
    }
}

# encodings of transcripts, those of the fit where there are none, and features
transcript_spaces <- function(fit, x, features) {
    encoding <- if (is.null(x)) fit$encoded else encode(fit, x)
    # what follows an encoding is no wider than a plain matrix
    spaces <- list(encoding = unclass(encoding))
    if (!is.null(features)) {
        spaces$features <- rlang::inject(sequence_features(x, !!!features))
    }
    check_transcript_spaces(spaces, "x")
}

# spaces of new transcripts, scaled, as a probe needs them
probed_spaces <- function(probe, newdata, call = rlang::caller_env()) {
    if (is.null(probe$fit)) {
        if (is.matrix(newdata) && length(probe$scaling) == 1L) {
            newdata <- stats::setNames(list(newdata), names(probe$scaling))
        }
        if (!is.list(newdata) || !all(names(probe$scaling) %in%
            names(newdata))) {
            abort_input(c(
                "{.arg newdata} must hold the spaces of {.arg fit}:
                {.val {names(probe$scaling)}}.",
                x = "It is {describe_value(newdata)}."
            ), call = call)
        }
        spaces <- check_transcript_spaces(
            newdata[names(probe$scaling)], "newdata", call
        )
    } else {
        newdata <- or_null(newdata, probed_transcripts)
        if (is.null(newdata) && !is.null(probe$features)) {
            abort_input(c(
                "{.arg newdata} must hold transcripts.",
                x = "It is {.code NULL}, and the probe has heads on features of
                sequences."
            ), call = call)
        }
        spaces <- transcript_spaces(probe$fit, newdata, probe$features)
    }
    spaces <- Map(function(space, one, which) {
        same_columns(space, one, which, call)
    }, spaces, probe$scaling, names(probe$scaling))
    apply_scaling(spaces, probe$scaling)
}

# the columns of a space that heads were learned on, by name
same_columns <- function(space, scaling, which, call) {
    known <- scaling$columns
    if (is.null(known) || is.null(colnames(space))) {
        if (ncol(space) != length(scaling$centre)) {
            abort_input(c(
                "{.arg newdata} must have the columns that the probe has
                learned on.",
                x = "{.field {which}} has {ncol(space)} columns without names,
                not {length(scaling$centre)}."
            ), call = call)
        }
        return(space)
    }
    lacking <- setdiff(known, colnames(space))
    if (length(lacking) > 0L) {
        abort_input(c(
            "{.arg newdata} must have the columns that the probe has learned
            on.",
            x = "{.field {which}} lacks {.val {lacking[1L]}}, the first of
            {length(lacking)}.",
            i = "Make them in the same way, as by {.fn sequence_features} with
            the same arguments, of transcripts of which as much is known."
        ), call = call)
    }
    space[, known, drop = FALSE]
}
