# The jobs behind one fit. A member is a network trained on all training pairs.
# A fold is a network trained without a third of the genes and without a tenth
# of the remaining pairs; its scores of the pairs that it has not seen are what
# the combination of scores is learned from (associations-combine.R). Jobs share
# nothing, so they may go to workers.

n_folds <- 3L
# share of a fold's pairs that stay for training when genes are kept out
fold_prop <- 0.9

# ---- one job ----------------------------------------------------------------

# x: numeric matrix genes x dimensions; first, second: 0-based rows of x, one
# for each pair; watched: NULL or list(a, b, positive), 0-based rows of x and
# whether the pair is a known one. ...: further fields of the job.
association_job <- function(x, first, second, encoder, objective, control, key,
                            watched = NULL, ..., call = rlang::caller_env()) {
    networks <- list(encoder = resolve_network(encoder, ncol(x)))
    check_keys(objective, network_n_out(networks$encoder), ncol(x), call)
    n_items <- count_items(objective, list(a = first, b = second))
    aim <- resolve_objective(objective)
    plan <- list(
        task = "associations", objective = aim$type, networks = networks,
        groups = engine_groups(networks, control),
        options = c(
            aim$options, n_partnered = length(unique(c(first, second)))
        ),
        optimizer = resolve_optimizer(control),
        batch_size = association_batch_size(control, n_items, objective, call),
        key = key
    )
    new_job(
        "association_job", plan,
        list(x = unclass_matrix(x), first = first, second = second),
        n_items, control, measure_auc,
        keys = objective$keys, watched = watched, ...
    )
}

# does an epoch go over genes (or over pairs)?
goes_by_gene <- function(objective) {
    inherits(objective, "multi_positive")
}

# pairs, or genes with a known partner
association_batch_size <- function(control, n_items, objective,
                                   call = rlang::caller_env()) {
    if (goes_by_gene(objective)) {
        # a step costs a pass over all keys: some four to an epoch, as in the
        # data that the settings were chosen on, also with more genes
        most <- min(max(512L, ceiling(n_items / 4)), 2048L)
        choose_batch_size(
            control$batch_size, n_items, "genes", "pairs", most, call
        )
    } else {
        choose_batch_size(
            control$batch_size, n_items, "pairs", "pairs",
            call = call
        )
    }
}

# how many pairs, or genes with a partner, an epoch goes through
count_items <- function(objective, index) {
    if (goes_by_gene(objective)) {
        length(unique(c(index$a, index$b)))
    } else {
        length(index$a)
    }
}

# raw keys are compared with encodings, so both need one length
check_keys <- function(objective, n_out, n_in, call = rlang::caller_env()) {
    if (objective$keys == "raw" && n_out != n_in) {
        abort_input(c(
            "{.arg n_out} must stay {.code NULL} with raw keys.",
            x = "Encodings of {n_out} dimensions cannot be compared with gene
            vectors of {n_in}.",
            i = "Set {.code keys = \"transformed\"} in the objective."
        ), call = call)
    }
}

# AUC of the watched pairs
validate_job.association_job <- function(job, run) {
    watched <- job$watched
    if (is.null(watched)) {
        return(NA_real_)
    }
    genes <- sort(unique(c(watched$a, watched$b)))
    encoded <- engine_output(run, genes, job$control$threads)
    vectors <- job$arrays$x[genes + 1L, , drop = FALSE]
    a <- match(watched$a, genes)
    b <- match(watched$b, genes)
    scorer <- score_factors(vectors, encoded, default_how(job$keys))
    auc(score_rows(scorer, a, b), watched$positive)
}

# the scores of a fold's test pairs
end_job.association_fold_job <- function(job, state) {
    fold_scores(job, state, job$test)
}

finish_job.association_job <- function(job, ends) association_fit(ends)

# ---- all jobs of a fit ------------------------------------------------------

# x is an embedding, index holds the 0-based rows of the training pairs, parts
# comes from hold_out().
association_jobs <- function(x, index, parts, settings, key,
                             call = rlang::caller_env()) {
    alone <- settings$members == 1L && !settings$combine
    file <- settings$control$checkpoint
    x_hash <- rlang::hash(unclass_matrix(x))
    # network number i: the first `members` are members, the others folds
    job_of <- function(i, a, b, watched, learned = NULL) {
        control <- settings$control
        if (!is.null(file) && !alone) {
            control$checkpoint <- numbered_file(file, i)
        }
        own_key <- if (i == 1L) key else derive_key(key, "network", i)
        association_job(
            x, a, b, settings$encoder, settings$objective, control, own_key,
            watched,
            learned = learned, alone = alone,
            stem = file_stem(file),
            data_hash = c(
                list(x = x_hash),
                if (!is.null(learned)) list(learned = rlang::hash(learned))
            ),
            call = call
        )
    }
    learned <- list(
        genes = rownames(x), preprocessing = attr(x, "preprocessing"),
        encoder = settings$encoder, objective = settings$objective,
        preset = settings$preset, pairs = parts$train,
        validation = parts$validation
    )
    members <- lapply(seq_len(settings$members), function(i) {
        job_of(i, index$a, index$b, parts$watched, learned)
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
        job <- job_of(settings$members + f, train$a, train$b, NULL)
        job$test <- tests[[f]]
        class(job) <- c("association_fold_job", class(job))
        job
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
    paired <- sort(unique(c(index$a, index$b))) + 1L
    folds <- integer(max(paired))
    folds[paired] <- item_folds(length(paired), n_folds, key)
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
