# Members of a response fit that method_cldr() makes: two stages of training,
# predictions, places of pairs, and what captions say.

# ---- fitting ----------------------------------------------------------------

fit_response_member.method_cldr <- function(method, data, rows, blind, groups,
                                            key, control) {
    check_stages_alone(control)
    scales <- fit_response_scales(method, data, rows)
    features <- list(
        drugs = joined_views(scales$views$drugs, data$drugs),
        cells = joined_views(scales$views$cells, data$cells)
    )
    parts <- watched_parts(
        data$response, rows, blind, groups, method$networks,
        derive_key(key, "validation", 1L)
    )
    # networks differ by their draws and by what they watch
    keys <- lapply(seq_len(method$networks), function(i) {
        derive_key(key, "network", i)
    })
    n <- min(vapply(parts, function(part) length(part$train), 0L))
    method <- fill_epochs(method, n, control$batch_size)
    jobs_of <- function(stage, settings, first, watches, second = FALSE) {
        lapply(seq_along(parts), function(i) {
            response_job(
                method, stage, data, scales, features, parts[[i]]$train,
                if (watches) parts[[i]]$watched, settings, control,
                if (second) derive_key(keys[[i]], "network", 1L) else keys[[i]],
                first[[i]]
            )
        })
    }
    stages <- run_stages(method, jobs_of)
    last <- stages$last
    structure(
        list(
            method = method, scales = scales,
            networks = last$jobs[[1L]]$plan$networks[pair_roles],
            members = lapply(last$ends, function(end) {
                first_numbers(
                    final_numbers(end$state), end$job$plan$networks, pair_roles
                )
            }),
            captions = caption_part(stages),
            drug_text = data$drug_text, cell_text = data$cell_text,
            history = stage_histories(stages),
            control = control[c("precision", "threads")]
        ),
        class = c("cldr_member", "response_member")
    )
}

# Epochs that the method leaves open: so many, or as many more as make so many
# steps, as a small screen has few to an epoch.
stage_epochs <- list(
    pretrain = c(epochs = 10, steps = 300),
    finetune = c(epochs = 20, steps = 600)
)

fill_epochs <- function(method, n, batch_size) {
    steps <- max(1L, n %/% (batch_size %||% pair_batch))
    for (stage in names(stage_epochs)) {
        least <- stage_epochs[[stage]]
        if (is.null(method[[stage]]$epochs)) {
            method[[stage]]$epochs <- as.integer(max(
                least[["epochs"]], ceiling(least[["steps"]] / steps)
            ))
        }
    }
    method
}

pair_roles <- c("drug", "cell", "fusion", "head")

# Epochs and rates belong to the stages of the method.
check_stages_alone <- function(control, call = rlang::caller_env()) {
    given <- Filter(
        function(name) !is.null(control[[name]]),
        c("epochs", "learning_rate", "weight_decay", "validation", "patience")
    )
    if (length(given)) {
        abort_input(c(
            "{.arg control} must leave {.arg {given[1L]}} to the method.",
            x = "It is {describe_value(control[[given[1L]]])}.",
            i = "Both stages have their own: {.code method_cldr(pretrain =
            list(), finetune = list())}."
        ), call = call)
    }
}

# list(first, last): of each stage list(jobs, ends), `first` NULL where there is
# one stage only.
run_stages <- function(method, jobs_of) {
    run <- function(jobs) list(jobs = jobs, ends = run_jobs(jobs))
    by <- pretrains_by(method)
    if (by == "nothing" || method$joint) {
        # as many epochs as both stages together, at the first one's rate
        settings <- method$finetune
        settings$epochs <- settings$epochs + method$pretrain$epochs
        settings$learning_rate <- method$pretrain$learning_rate
        stage <- if (method$joint) by else "response"
        return(list(last = run(jobs_of(stage, settings, NULL, TRUE))))
    }
    first <- run(jobs_of(by, method$pretrain, NULL, FALSE))
    begun <- lapply(first$ends, function(end) {
        first_numbers(
            final_numbers(end$state), end$job$plan$networks,
            setdiff(pair_roles, "head")
        )
    })
    list(
        first = first,
        last = run(jobs_of("response", method$finetune, begun, TRUE, TRUE))
    )
}

# numbers of the first networks, those with these roles
first_numbers <- function(numbers, networks, roles) {
    stopifnot(identical(names(networks)[seq_along(roles)], roles))
    sizes <- function(block) {
        sum(vapply(networks[roles], function(network) {
            sum(.Call(C_network_table, network)[[block]])
        }, numeric(1)))
    }
    list(
        parameters = numbers$parameters[seq_len(sizes("parameters"))],
        state = numbers$state[seq_len(sizes("state"))]
    )
}

# networks and numbers of the stage that learned captions; NULL: none did
caption_part <- function(stages) {
    stage <- stages$first %||% stages$last
    if (stage$jobs[[1L]]$plan$task != "response_captions") {
        return(NULL)
    }
    list(
        networks = stage$jobs[[1L]]$plan$networks,
        members = lapply(stage$ends, function(end) {
            final_numbers(end$state)[c("parameters", "state")]
        })
    )
}

# list(first, last), data frames, a row for each epoch of each network
stage_histories <- function(stages) {
    lapply(stages, function(stage) member_histories(stage$ends))
}

# ---- what is watched ---------------------------------------------------------

# The rows that each network trains on, and those that it watches, as new to it
# as what the fit will predict: a list of list(train, watched). NULL is watched
# where the rows are too few to part.
watched_parts <- function(response, rows, blind, groups, n, key) {
    folds <- NULL
    for (k in if (blind == "both") 4:2 else c(10L, 5L, 3L, 2L)) {
        folds <- tryCatch(
            blind_folds(response[rows], blind, key, k,
                drug_groups = groups$drug, cell_groups = groups$cell
            ),
            # too few groups for so many folds
            kith_error_input = function(error) NULL
        )
        least <- vapply(folds, function(fold) length(fold$train), 0L)
        if (length(folds) && all(least >= smallest_batch)) break
        folds <- NULL
    }
    lapply(seq_len(n), function(i) {
        if (is.null(folds)) {
            return(list(train = rows, watched = NULL))
        }
        fold <- folds[[(i - 1L) %% length(folds) + 1L]]
        list(train = rows[fold$train], watched = rows[fold$test])
    })
}

# ---- predictions ------------------------------------------------------------

member_features <- function(member, drugs, cells) {
    list(
        drugs = joined_views(member$scales$views$drugs, drugs),
        cells = joined_views(member$scales$views$cells, cells)
    )
}

predict_response_member.cldr_member <- function(member, drugs, cells, pairs) {
    features <- member_features(member, drugs, cells)
    predicted <- lapply(member$members, function(numbers) {
        drop(run_pair_networks(
            member$networks, numbers, features, pairs, member$control, "head"
        ))
    })
    mean_of_list(predicted) * member$scales$scale + member$scales$centre
}

mean_of_list <- function(x) Reduce(`+`, x) / length(x)

# z of the first network, a row for each pair
embed_response_pairs <- function(member, drugs, cells, pairs) {
    run_pair_networks(
        member$networks, member$members[[1L]],
        member_features(member, drugs, cells), pairs, member$control, "fusion"
    )
}

# What captions say of pairs: data frame prediction, spread, mean and standard
# deviation of the numbers, by the softmax of how well their captions fit, in
# units of the response. drug_text, cell_text: words by id; NULL: those of the
# fit, else ids.
predict_captions <- function(member, drugs, cells, pairs, drug_text = NULL,
                             cell_text = NULL) {
    features <- member_features(member, drugs, cells)
    words <- list(
        drug = chosen_text(drugs, drug_text, member$drug_text),
        cell = chosen_text(cells, cell_text, member$cell_text)
    )
    moments <- lapply(member$captions$members, function(numbers) {
        caption_moments(member, numbers, features, words, pairs)
    })
    found <- mean_of_list(moments)
    label <- member$scales$label
    step <- number_label(label, 1) - number_label(label, 0)
    data.frame(
        prediction = number_label(label, found[, "mean"]),
        # networks that differ spread the numbers as well
        spread = step * sqrt(pmax(found[, "square"] - found[, "mean"]^2, 0))
    )
}

# captions, a pair with a number each, that are made at a time
caption_block <- 2^15

# pairs x (mean, square): of the numbers that a network's captions give them
caption_moments <- function(member, numbers, features, words, pairs) {
    networks <- member$captions$networks
    control <- member$control
    run <- function(role, x, filled = NULL) {
        run_role(networks, numbers, role, x, control, filled)
    }
    z <- unit_length(run_pair_networks(
        networks, numbers, features, pairs, control, "fusion"
    ))
    own <- utils::tail(
        numbers$parameters,
        length(numbers$parameters) - n_parameters_of_networks(networks)
    )
    scale <- min(exp(own[1L]), member$method$most_scale)
    said <- number_inputs(member$method)
    number <- run("number", said$x, said$filled)
    if (member$method$caption != "full") {
        said <- unit_length(run("sentence", number))
        return(number_moments(scale * tcrossprod(z, said)))
    }
    text <- function(side) {
        own <- text_inputs(
            member$method, words[[side]], member$scales$words[[side]]
        )
        run(paste0(side, "_text"), own$x, own$filled)
    }
    drug <- text("drug")
    cell <- text("cell")
    n <- length(pairs$drug)
    blocks <- block_rows(n, max(1L, caption_block %/% nrow(number)))
    do.call(rbind, lapply(blocks, function(at) {
        named <- drug[pairs$drug[at], , drop = FALSE] +
            cell[pairs$cell[at], , drop = FALSE]
        each <- rep(seq_along(at), each = nrow(number))
        all <- named[each, , drop = FALSE] +
            number[rep(seq_len(nrow(number)), length(at)), , drop = FALSE]
        said <- unit_length(run("sentence", all))
        scores <- rowSums(said * z[at[each], , drop = FALSE])
        number_moments(
            scale * matrix(scores, length(at), byrow = TRUE)
        )
    }))
}

# scores: pairs x numbers
number_moments <- function(scores) {
    shares <- exp(log_softmax(scores))
    numbers <- seq_len(ncol(scores)) - 1
    cbind(mean = drop(shares %*% numbers), square = drop(shares %*% numbers^2))
}

n_parameters_of_networks <- function(networks) {
    sum(vapply(networks, function(network) {
        sum(.Call(C_network_table, network)$parameters)
    }, numeric(1)))
}
