# The jobs behind a member of method_cldr(): what networks, arrays and options
# each stage has. A job trains one network in one stage.

# ---- networks ---------------------------------------------------------------

# linear, ReLU and dropout for each of `hidden`, then a linear layer
perceptron <- function(n_in, hidden, n_out, dropout = 0) {
    blocks <- lapply(hidden, function(width) {
        list(
            layer("linear", width), layer("relu"),
            if (dropout > 0) layer("dropout", option = dropout)
        )
    })
    network_of_layers(n_in, c(
        unlist(blocks, recursive = FALSE),
        list(if (n_out > 0) layer("linear", n_out))
    ))
}

# of pairs; n_in: features of drugs, of cells
pair_networks <- function(method, n_in) {
    w <- as.list(method$widths)
    side <- function(n) perceptron(n, c(w$hidden, w$side), 0, method$dropout)
    list(
        drug = side(n_in[["drugs"]]), cell = side(n_in[["cells"]]),
        fusion = perceptron(
            2L * w$side, w$fusion, w$embedding, method$dropout
        ),
        head = network_of_layers(w$embedding, list(
            layer("relu"),
            if (method$dropout > 0) layer("dropout", option = method$dropout),
            layer("linear", 1L)
        ))
    )
}

# width of the texts of drugs, cells and numbers, and of the layer before it
text_width <- 256L
text_hidden <- 64L

# of captions; n_words: columns of the texts of drugs, cells and numbers
caption_networks <- function(method, n_words) {
    part <- function(n_in) {
        if (reads_order(method)) {
            text_network(method$text, n_in, text_width)
        } else {
            perceptron(n_in, text_hidden, text_width)
        }
    }
    parts <- lapply(n_words, part)
    c(
        if (method$caption == "full") {
            list(drug_text = parts$drug, cell_text = parts$cell)
        },
        list(
            number = parts$number,
            sentence = network_of_layers(text_width, list(
                layer("relu"), layer("linear", method$widths[["embedding"]])
            ))
        )
    )
}

# ---- what is estimated on training rows --------------------------------------

# list(views (fitted, of drugs and cells), label, centre, scale, words (of drug
# and cell, see text_columns())) from some rows of the data
fit_response_scales <- function(method, data, rows) {
    used <- list(
        drugs = sort(unique(data$response$drug[rows])),
        cells = sort(unique(data$response$cell[rows]))
    )
    y <- data$response$value[rows]
    views <- lapply(c(drugs = "drugs", cells = "cells"), function(side) {
        Map(function(view, name) {
            fit_view(
                view, used[[side]], method$most_columns,
                view_label(name, data[[side]], side), NULL
            )
        }, data[[side]], names(data[[side]]))
    })
    spread <- stats::sd(y)
    list(
        views = views, label = fit_label(y), centre = mean(y),
        scale = if (is.na(spread) || spread == 0) 1 else spread,
        words = if (method$caption == "full") {
            list(
                drug = text_columns(method, data$drug_text[used$drugs]),
                cell = text_columns(method, data$cell_text[used$cells])
            )
        }
    )
}

# features of drugs, or cells, of all views side by side
joined_views <- function(fitted, views) {
    unname(do.call(cbind, Map(apply_view, fitted, views[names(fitted)])))
}

# ---- texts ------------------------------------------------------------------

# The columns that texts of one side have: those of hashed pieces that occur in
# training texts, or one for each token of the longest.
text_columns <- function(method, texts) {
    texts <- unname(texts)
    if (!reads_order(method)) {
        occurs <- which(colSums(caption_features(texts)) > 0)
        # of empty texts any column will do
        return(if (length(occurs)) occurs else 1L)
    }
    seq_len(max(text_tokens(
        texts, method$text$longest, method$text$n_tokens
    )$lengths))
}

# list(x, filled): texts as their network takes them; filled: their numbers of
# tokens, NULL for texts without an order
text_inputs <- function(method, texts, columns) {
    texts <- unname(texts)
    if (!reads_order(method)) {
        x <- caption_features(texts)[, columns, drop = FALSE]
        return(list(x = unname(x)))
    }
    # what is cut was told when columns were counted
    found <- suppressMessages(
        text_tokens(texts, max(2L, length(columns)), method$text$n_tokens),
        classes = "kith_message_text"
    )
    list(x = unname(found$tokens) + 0, filled = found$lengths)
}

# Numbers likewise. In a bag their size counts for more than each of their
# digits, so that they are in order from the start.
number_inputs <- function(method) {
    if (reads_order(method)) {
        words <- number_words()
        return(text_inputs(method, words, text_columns(method, words)))
    }
    numbers <- number_features()
    share <- seq(-0.5, 0.5, length.out = nrow(numbers))
    list(x = cbind(numbers, 16 * share))
}

# ---- arrays -----------------------------------------------------------------

pair_arrays <- function(scales, features, response, rows) {
    c(features, list(
        drug = response$drug[rows] - 1L, cell = response$cell[rows] - 1L,
        y = cbind((response$value[rows] - scales$centre) / scales$scale)
    ))
}

caption_arrays <- function(method, scales, data, rows) {
    number <- number_inputs(method)
    arrays <- c(
        list(
            numbers = number$x,
            number = label_number(scales$label, data$response$value[rows])
        ),
        filled_array("number", number)
    )
    if (method$caption != "full") {
        return(arrays)
    }
    for (side in c("drug", "cell")) {
        texts <- data[[paste0(side, "_text")]]
        distinct <- unique(texts)
        words <- text_inputs(method, distinct, scales$words[[side]])
        own <- list(words$x, match(texts, distinct) - 1L)
        names(own) <- paste0(side, c("_words", "_text"))
        arrays <- c(arrays, own, filled_array(side, words))
    }
    arrays
}

filled_array <- function(name, words) {
    if (!is.null(words$filled)) {
        stats::setNames(list(words$filled), paste0(name, "_filled"))
    }
}

# ---- plans ------------------------------------------------------------------

chain_options <- function(kg) {
    switch(kg,
        repaired = c(
            caption_weight = 1, chain_weight = 0.1, chain_ahead = 0.1,
            chain_back = 0, chain_mean = 1, chain_learned = 1
        ),
        paper = c(
            caption_weight = 0.9, chain_weight = 0.1, chain_ahead = 1,
            chain_back = 1, chain_mean = 0, chain_learned = 0
        ),
        none = c(
            caption_weight = 1, chain_weight = 0, chain_ahead = 0,
            chain_back = 0, chain_mean = 1, chain_learned = 0
        )
    )
}

# how many numbers away a hard caption is near
near_numbers <- c(20, 100)

caption_options <- function(method, scales) {
    range <- scales$label$high - scales$label$low
    c(
        chain_options(method$kg),
        head_weight = as.double(method$joint), n_hard = method$hard,
        near_least = near_numbers[1L], near_most = near_numbers[2L],
        sigma = method$soft * range / scales$scale,
        equal = as.double(method$equal), most_scale = method$most_scale
    )
}

# what differs between the stages: list(task, objective, options, networks)
response_stage <- function(method, stage, scales, n_in) {
    pairs <- pair_networks(method, n_in)
    if (stage == "captions") {
        if (!method$joint) pairs$head <- NULL
        return(list(
            task = "response_captions", objective = "captions",
            options = caption_options(method, scales),
            networks = c(
                pairs, caption_networks(method, c(
                    lapply(scales$words, length),
                    list(number = ncol(number_inputs(method)$x))
                ))
            )
        ))
    }
    if (stage == "order") pairs$head <- NULL
    list(
        task = "response_pairs",
        objective = c(order = "rank_n_contrast", response = "squared_error")[[
            stage]],
        # of Rank-N-Contrast, as published
        options = c(temperature = 2), networks = pairs
    )
}

# pairs in a batch, where there are so many
pair_batch <- 256L

# A job of one stage on some rows. settings: epochs and rate, see method_cldr();
# watched: rows whose response is watched, or NULL; first: numbers that the
# networks begin with, or NULL.
response_job <- function(method, stage, data, scales, features, rows, watched,
                         settings, control, key, first = NULL,
                         call = rlang::caller_env()) {
    part <- response_stage(method, stage, scales, c(
        drugs = ncol(features$drugs), cells = ncol(features$cells)
    ))
    control[names(settings)] <- settings
    if (is.null(watched)) control["patience"] <- list(NULL)
    arrays <- pair_arrays(scales, features, data$response, rows)
    if (stage == "captions") {
        arrays <- c(arrays, caption_arrays(method, scales, data, rows))
    }
    plan <- list(
        task = part$task, objective = part$objective,
        networks = part$networks,
        groups = engine_groups(part$networks, control),
        options = part$options, optimizer = resolve_optimizer(control),
        batch_size = choose_batch_size(
            control$batch_size, length(rows), "values", "response", pair_batch,
            call
        ),
        key = key
    )
    new_job("response_job", plan, arrays, length(rows), control,
        measure = if (!is.null(watched)) measure_rmse,
        watched = if (!is.null(watched)) {
            list(
                drug = data$response$drug[watched],
                cell = data$response$cell[watched],
                y = (data$response$value[watched] - scales$centre) /
                    scales$scale
            )
        },
        first = first
    )
}

validate_job.response_job <- function(job, run) {
    numbers <- list(
        parameters = engine_read(run, "parameters"),
        state = engine_read(run, "state")
    )
    predicted <- run_pair_networks(
        job$plan$networks, numbers, job$arrays, job$watched, job$control,
        "head"
    )
    job$measure$of(drop(predicted), job$watched$y)
}

# The networks as they ended, of each job.
finish_job.response_job <- function(job, ends) lapply(ends, fit_member)

# ---- running networks -------------------------------------------------------

# rows of pairs that go through the fusion at a time
pair_block <- 2^16

# Network `role` of a list on x; numbers: of all, see numbers_of(); filled: see
# network_encode().
run_role <- function(networks, numbers, role, x, control, filled = NULL) {
    at <- match(role, names(networks))
    own <- numbers_of(numbers, networks, at)
    network_encode(
        networks[[at]], control$precision, own$parameters, x, control$threads,
        own$state %||% double(), filled
    )
}

# z of pairs (to = "fusion") or what the head makes of them (to = "head").
# features: list(drugs, cells), matrices; pairs: list(drug, cell), their rows.
run_pair_networks <- function(networks, numbers, features, pairs, control,
                              to = c("fusion", "head")) {
    side <- function(role, x, rows) {
        used <- sort(unique(rows))
        list(
            x = run_role(
                networks, numbers, role, x[used, , drop = FALSE], control
            ),
            row = match(rows, used)
        )
    }
    drug <- side("drug", features$drugs, pairs$drug)
    cell <- side("cell", features$cells, pairs$cell)
    blocks <- lapply(block_rows(length(pairs$drug), pair_block), function(at) {
        z <- run_role(networks, numbers, "fusion", cbind(
            drug$x[drug$row[at], , drop = FALSE],
            cell$x[cell$row[at], , drop = FALSE]
        ), control)
        if (to == "head") run_role(networks, numbers, "head", z, control) else z
    })
    do.call(rbind, blocks)
}
