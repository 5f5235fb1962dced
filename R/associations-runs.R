# The training runs behind one fit. A member is a network trained on all
# training pairs. A fold is a network trained without a third of the genes and
# without a tenth of the remaining pairs; what it says of the pairs that it has
# not seen is what the combination of scores is learned from
# (associations-combine.R). Runs share nothing, so they may go to workers.

n_folds <- 3L
# share of a fold's pairs that stay for training when genes are kept out
fold_prop <- 0.9

# x is an embedding, index holds the 0-based rows of the training pairs, parts
# comes from hold_out().
association_runs <- function(x, index, parts, settings, key,
                             call = rlang::caller_env()) {
    # network number i: the first `members` are members, the others folds
    job_of <- function(i, a, b, watched) {
        control <- settings$control
        control$checkpoint <- run_checkpoint(settings, i)
        own_key <- if (i == 1L) key else derive_key(key, "network", i)
        job_new(x, a, b, settings$encoder, settings$objective, control,
            own_key, watched, call
        )
    }
    members <- lapply(seq_len(settings$members), function(i) {
        job <- job_of(i, index$a, index$b, parts$watched)
        job$learned <- list(
            genes = rownames(x), preprocessing = attr(x, "preprocessing"),
            encoder = settings$encoder, objective = settings$objective,
            pairs = parts$train, validation = parts$validation,
            alone = settings$members == 1L && !settings$combine
        )
        list(job = job, test = NULL)
    })
    if (!settings$combine) {
        return(members)
    }
    settings$control[c("validation", "patience")] <- list(NULL)
    known <- join_index(index, match_known(parts$validation, rownames(x)))
    folds <- draw_folds(index, key)
    keys <- lapply(seq_len(n_folds), function(f) derive_key(key, "fold", f))
    splits <- lapply(seq_len(n_folds), function(f) {
        split_fold(index, folds == f, keys[[f]])
    })
    n_items <- check_folds(splits, settings$objective, call)
    # a batch that fits all pairs may be too large for those of a fold
    if (!is.null(settings$control$batch_size)) {
        settings$control$batch_size <- min(settings$control$batch_size, n_items)
    }
    tests <- Map(function(split, key) {
        fold_test(split, index, known, nrow(x), key)
    }, splits, keys)
    check_fold_tests(tests, call)
    c(members, lapply(seq_len(n_folds), function(f) {
        train <- splits[[f]]$train
        list(
            job = job_of(settings$members + f, train$a, train$b, NULL),
            test = tests[[f]]
        )
    }))
}

# the fewest items that a fold has to train on
check_folds <- function(splits, objective, call) {
    n_items <- min(vapply(splits, function(split) {
        count_items(objective, split$train)
    }, integer(1)))
    if (n_items < smallest_batch) {
        items <- if (goes_by_gene(objective)) "genes" else "pairs"
        abort_input(c(
            "{.arg pairs} are too few to learn a combination of scores from.",
            x = "Of {items} to train on, at least {smallest_batch}, they leave
            {n_items} where a third of the genes is held out.",
            i = "Set {.code combine = FALSE}."
        ), call = call)
    }
    n_items
}

# weights are learned from known pairs and others
check_fold_tests <- function(tests, call) {
    positive <- unlist(lapply(tests, `[[`, "positive"))
    if (all(positive)) {
        abort_input(c(
            "{.arg pairs} must leave pairs of their genes that are not known,
            to learn a combination of scores from.",
            x = "They hold nearly all pairs of their genes.",
            i = "Set {.code combine = FALSE}."
        ), call = call)
    }
}

# one file for each run, where there are several
run_checkpoint <- function(settings, i) {
    file <- settings$control$checkpoint
    if (is.null(file) || (settings$members == 1L && !settings$combine)) {
        return(file)
    }
    extension <- sub(".*(\\.[^.]*)$|.*", "\\1", basename(file))
    stem <- substr(file, 1L, nchar(file) - nchar(extension))
    paste0(stem, "-", i, extension)
}

# Runs on this process, one after the other, or on workers.
run_all <- function(runs, workers) {
    sent <- lapply(runs, function(run) {
        run$job$control <- shared_control(run$job$control, workers)
        run
    })
    # the fit keeps the control that was asked for
    Map(function(end, run) {
        end$job <- run$job
        end
    }, map_on(workers, sent, run_one), runs)
}

# list(job, state), and for a fold the scores of its test pairs
run_one <- function(run) {
    state <- train(run$job, state_for(run$job))
    scores <- if (!is.null(run$test)) fold_scores(run$job, state, run$test)
    list(job = run$job, state = state, scores = scores)
}

final_parameters <- function(state) {
    if (is.null(state$best)) state$blocks$parameters else state$best$parameters
}

# ---- folds ------------------------------------------------------------------

match_known <- function(pairs, genes) {
    if (is.null(pairs)) {
        return(list(a = integer(), b = integer()))
    }
    match_pairs(pairs, genes)[c("a", "b")]
}

join_index <- function(x, y) {
    list(a = c(x$a, y$a), b = c(x$b, y$b))
}

# for each row of x that occurs in a pair the number of its fold, else 0
draw_folds <- function(index, key) {
    left <- sort(unique(c(index$a, index$b))) + 1L
    folds <- integer(max(left))
    for (f in seq_len(n_folds - 1L)) {
        out <- draw_held_out(
            length(left), 1 - 1 / (n_folds - f + 1),
            derive_key(key, "folds", f)
        ) == 1L
        folds[left[out]] <- f
        left <- left[!out]
    }
    folds[left] <- n_folds
    folds
}

# Pairs to train on, those to test, and the genes of either kind (rows of x
# from 0): a gene without a training pair is unseen.
split_fold <- function(index, held_out, key) {
    hidden <- held_out[index$a + 1L] | held_out[index$b + 1L]
    shown <- which(!hidden)
    hidden[shown] <- draw_held_out(length(shown), fold_prop, key) == 1L
    train <- list(a = index$a[!hidden], b = index$b[!hidden])
    seen <- sort(unique(c(train$a, train$b)))
    list(
        train = train,
        test = list(a = index$a[hidden], b = index$b[hidden]),
        seen = seen, unseen = setdiff(c(index$a, index$b), seen)
    )
}

# The test pairs of a fold with five negatives each, drawn from genes of the
# same kind: data frame with a, b (rows of x from 1), positive, kind (1, 2, 3:
# no, one or two genes unseen) and degree (d_a d_b in all training pairs).
fold_test <- function(split, index, known, n_genes, key) {
    unseen <- !(seq_len(n_genes) - 1L) %in% split$seen
    kind <- 1L + unseen[split$test$a + 1L] + unseen[split$test$b + 1L]
    sides <- list(
        list(split$seen, NULL), list(split$seen, split$unseen),
        list(split$unseen, NULL)
    )
    tables <- lapply(1:3, function(k) {
        negatives <- draw_coded_negatives(
            sides[[k]], known, n_genes, 5 * sum(kind == k),
            derive_key(key, "negatives", k)
        )
        data.frame(
            a = c(split$test$a[kind == k], negatives$from) + 1L,
            b = c(split$test$b[kind == k], negatives$to) + 1L,
            positive = rep(
                c(TRUE, FALSE), c(sum(kind == k), length(negatives$from))
            ),
            kind = rep(k, sum(kind == k) + length(negatives$from))
        )
    })
    test <- do.call(rbind, tables)
    degree <- tabulate(c(index$a, index$b) + 1L, n_genes)
    test$degree <- as.double(degree[test$a]) * degree[test$b]
    test
}

# at most n pairs of the sides that are not known, as rows from 0
draw_coded_negatives <- function(sides, known, n_genes, n, key) {
    if (n == 0) {
        return(list(from = integer(), to = integer()))
    }
    left <- as.integer(sides[[1L]])
    right <- if (!is.null(sides[[2L]])) as.integer(sides[[2L]])
    existing <- .Call(
        C_count_negatives, left, right, known$a, known$b, n_genes
    )
    .Call(
        C_uniform_negatives, left, right, known$a, known$b, n_genes,
        min(n, existing, max_uniform_negatives), key
    )
}
