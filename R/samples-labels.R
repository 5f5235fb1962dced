# Labels of samples, in all forms that probe() and fine_tune() take.

# list(kind, y, levels, rows): rows of the samples that have a label, y in their
# order. tested: need there not be two classes?
sample_labels <- function(y, samples, call = rlang::caller_env(),
                          tested = FALSE) {
    if (inherits(y, "Surv")) {
        return(survival_labels(y, samples, call))
    }
    if (is.matrix(y) || is.data.frame(y)) {
        return(several_labels(y, samples, call, tested))
    }
    if (!is.atomic(y) || is.null(y)) {
        abort_input(c(
            "{.arg y} must be a vector of labels or numbers, or a matrix of
            logical labels.",
            x = "It is {describe_value(y)}."
        ), call = call)
    }
    rows <- labelled_rows(names(y), length(y), samples, "y", call)
    there <- !is.na(y)
    rows <- rows[there]
    if (is.numeric(y)) {
        return(list(
            kind = "response", y = number_labels(y[there], call), rows = rows
        ))
    }
    classes <- factor(y[there])
    check_two_classes(classes, "y", call)
    list(
        kind = "class", y = classes, levels = levels(classes), rows = rows
    )
}

several_labels <- function(y, samples, call, tested) {
    y <- as.data.frame(y)
    logical <- vapply(y, function(one) {
        is.logical(one) || all(as.character(one) %in% c("0", "1", NA))
    }, NA)
    if (!all(logical) || ncol(y) == 0L) {
        abort_input(c(
            "{.arg y} must have logical columns, one for each label.",
            x = if (ncol(y) == 0L) {
                "It has no column."
            } else {
                "Column {.field {names(y)[!logical][1]}} has other values."
            },
            i = "One label for each sample is a vector."
        ), call = call)
    }
    ids <- if (is.character(attr(y, "row.names"))) rownames(y)
    rows <- labelled_rows(ids, nrow(y), samples, "y", call)
    there <- stats::complete.cases(y)
    tell_partly_labelled(y, there)
    labels <- lapply(y, function(one) {
        one <- as.character(one[there])
        factor(one %in% c("1", "TRUE"), c(FALSE, TRUE))
    })
    for (name in names(labels)[!tested]) {
        check_two_classes(
            droplevels(labels[[name]]), paste0("y$", name), call
        )
    }
    list(
        kind = "labels", y = labels, levels = names(y), rows = rows[there]
    )
}

tell_partly_labelled <- function(y, there) {
    n <- sum(!there & rowSums(!is.na(y)) > 0L)
    if (n > 0L) {
        inform_kith(c(
            "!" = "{n} sample{?s} {?has/have} some labels of {.arg y} and not
            others, and {?is/are} left out."
        ), class = "kith_message_labels")
    }
}

# the rows among the samples that values with such names stand for
labelled_rows <- function(ids, n, samples, name, call) {
    if (is.null(ids)) {
        if (n != length(samples)) {
            abort_input(c(
                "{.arg {name}} must have names that are sample ids, or a value
                for each of the {length(samples)} samples.",
                x = "It has {n} value{?s} and no names."
            ), call = call)
        }
        return(seq_len(n))
    }
    check_unique_ids(ids, paste("the names of", name), call = call)
    unknown <- setdiff(ids, samples)
    if (length(unknown)) {
        abort_input(c(
            "{.arg {name}} must name samples that there are.",
            x = "{.val {unknown[1]}} is none of them
            ({length(unknown)} of {n} are not).",
            i = "Labelled samples that the fit was not trained on come with
            their expression, as {.arg x}.",
            i = advise_ids(unknown, samples, genes = FALSE)
        ), call = call)
    }
    match(ids, samples)
}

# a group for each of the samples
sample_groups <- function(groups, samples, call = rlang::caller_env()) {
    if (is.null(groups)) {
        return(samples)
    }
    rows <- labelled_rows(
        names(groups), length(groups), samples, "groups", call
    )
    # samples without a group are groups of their own
    all <- paste("sample", samples)
    there <- !is.na(groups)
    all[rows[there]] <- paste("group", groups[there])
    all
}

check_two_classes <- function(classes, name, call) {
    if (nlevels(classes) < 2L) {
        n <- length(classes)
        abort_input(c(
            "{.arg {name}} must have at least two classes.",
            x = if (n == 0L) {
                "No sample has a label."
            } else {
                "{n} labelled sample{?s} {?has/have} {.val {levels(classes)}}
                alone."
            },
            i = "Label samples of another class, too."
        ), call = call)
    }
}

number_labels <- function(y, call) {
    if (length(y) < 3L || !all(is.finite(y)) || stats::sd(y) == 0) {
        found <- if (length(y) < 3L) {
            paste("There are", length(y))
        } else if (!all(is.finite(y))) {
            paste("One is", y[!is.finite(y)][1L])
        } else {
            paste("All are", format(y[1L]))
        }
        abort_input(c(
            "{.arg y} must have at least three finite numbers that differ.",
            x = "{found}.",
            i = "Numbers that stand for classes are a {.fn factor}."
        ), call = call)
    }
    n_values <- length(unique(y))
    if (n_values <= 10L && n_values < length(y) / 2 && all(y == round(y))) {
        inform_kith(c(
            "!" = "{.arg y} has {n_values} different whole numbers: a number is
            predicted.",
            i = "If they stand for classes, give {.code factor(y)}."
        ), class = "kith_message_labels")
    }
    as.double(y)
}

# weights of samples in heads; of several labels a list of them, for each label
head_weights <- function(class_weights, labels,
                         call = rlang::caller_env()) {
    if (labels$kind != "labels") {
        return(label_weights(class_weights, labels, call))
    }
    class_weights <- check_choice(
        class_weights, c("none", "balanced"),
        call = call
    )
    lapply(labels$y, function(one) {
        if (class_weights == "none") {
            rep(1, length(one))
        } else {
            balanced_weights(one)
        }
    })
}
