# Blind folds: a model is tested on drugs, cells or both that it has never met.

# k folds, each list(train, test) of numbers of values of the response, dealt by
# a key.
#   by      "pair": values at random; "cell" and "drug": all values of a cell or
#           drug (a group, where given) are tested together; "both": tested are
#           values whose drug and whose cell are held out, and those that share
#           one of the two with a tested value are used for neither
#   drug_groups, cell_groups   the group of each id in response$drugs and
#           response$cells: its members stay in one fold
#   name    the argument that k comes from
# Values are tested once each, but by "both", where a k-th of them is.
blind_folds <- function(response, by = c("pair", "cell", "drug", "both"), key,
                        k = 5L, drug_groups = NULL, cell_groups = NULL,
                        name = "folds", call = rlang::caller_env()) {
    by <- check_choice(by, c("pair", "cell", "drug", "both"), call = call)
    k <- check_count(k, min = 2, name = name, call = call)
    if (by == "pair") {
        check_enough_groups(length(response), k, "values", name, call)
        fold <- item_folds(length(response), k, key)
        return(folds_of(list(fold), k))
    }
    sides <- list(
        drug = if (by != "cell") {
            side_folds(
                response$drug, length(response$drugs), drug_groups, k,
                # of its own, so that drugs lie as they do when cells do not
                derive_key(key, "fold", 1L), "drug", name, call
            )
        },
        cell = if (by != "drug") {
            side_folds(
                response$cell, length(response$cells), cell_groups, k,
                derive_key(key, "fold", 2L), "cell", name, call
            )
        }
    )
    folds <- folds_of(Filter(Negate(is.null), sides), k)
    for (f in seq_len(k)) {
        check_fold(folds[[f]], f, k, by, call)
    }
    folds
}

# the fold of each value, by the drug or cell at that place
side_folds <- function(at, n, groups, k, key, side, name, call) {
    if (is.null(groups)) groups <- seq_len(n)
    if (length(groups) != n || anyNA(groups)) {
        holder <- paste0(side, "_groups")
        abort_input(c(
            "{.arg {holder}} must have a group for each of the {n} {side}s of
            the response.",
            x = if (anyNA(groups)) {
                "Group {which(is.na(groups))[1L]} is missing."
            } else {
                "It has {length(groups)}."
            }
        ), call = call)
    }
    used <- sort(unique(at))
    check_enough_groups(
        length(unique(groups[used])), k, paste0("groups of ", side, "s"), name,
        call
    )
    folds <- item_folds(length(used), k, key, groups = groups[used])
    folds[match(at, used)]
}

check_enough_groups <- function(n, k, what, name, call) {
    if (n < k) {
        abort_input(c(
            "{.arg {name}} must be at most the number of {what}.",
            x = "It is {k}, and there {cli::qty(n)}{?is/are} {n}.",
            i = if (n < 2L) "What is tested needs others to learn from."
        ), call = call)
    }
}

# sides: the fold of each value, of one side or of two
folds_of <- function(sides, k) {
    lapply(seq_len(k), function(f) {
        held_out <- lapply(sides, `==`, f)
        list(
            train = which(!Reduce(`|`, held_out)),
            test = which(Reduce(`&`, held_out))
        )
    })
}

# by "both" a sparse response may leave nothing
check_fold <- function(fold, f, k, by, call) {
    if (length(fold$test) == 0L || length(fold$train) == 0L) {
        part <- if (length(fold$test)) "training" else "testing"
        abort_input(c(
            "Blind folds by {.val {by}} must have values for training and for
            testing.",
            x = "Fold {f} of {k} has none for {part}.",
            i = "Use fewer folds, or folds by drug or by cell."
        ), call = call)
    }
}
