# Small plans and runs of the tasks of drug response (src/task/response_*.c),
# and what they compute in plain R.

bag_of <- function(n_in, n_out, dropout = 0) {
    network_of_layers(n_in, list(
        layer("linear", 7), layer("relu"),
        if (dropout > 0) layer("dropout", option = dropout),
        layer("linear", n_out)
    ))
}

response_networks <- function(head = TRUE, text = c("both", "number", "none"),
                              dropout = 0) {
    text <- match.arg(text)
    c(
        list(
            drug = bag_of(6, 4, dropout), cell = bag_of(5, 3, dropout),
            fusion = bag_of(7, 5)
        ),
        if (head) {
            list(head = network_of_layers(5, list(
                layer("relu"),
                if (dropout > 0) layer("dropout", option = dropout),
                layer("linear", 1)
            )))
        },
        if (text == "both") {
            list(drug_text = bag_of(8, 9), cell_text = bag_of(4, 9))
        },
        if (text != "none") {
            list(number = bag_of(6, 9), sentence = bag_of(9, 5, dropout))
        }
    )
}

# four drugs share three texts, six cells four
response_task_arrays <- function(n = 30, n_numbers = 40, seed = 1,
                                 text = c("both", "number", "none")) {
    text <- match.arg(text)
    withr::with_seed(seed, c(
        list(
            drugs = random_matrix(4, 6), cells = random_matrix(6, 5),
            drug = sample(4L, n, TRUE) - 1L, cell = sample(6L, n, TRUE) - 1L,
            y = cbind(stats::runif(n))
        ),
        if (text != "none") {
            list(
                numbers = random_matrix(n_numbers, 6),
                number = sample(n_numbers, n, TRUE) - 1L
            )
        },
        if (text == "both") {
            list(
                drug_words = random_matrix(3, 8),
                cell_words = random_matrix(4, 4), drug_text = c(0L, 2L, 1L, 0L),
                cell_text = c(3L, 0L, 1L, 2L, 1L, 0L)
            )
        }
    ))
}

all_options <- c(
    caption_weight = 1, chain_weight = 0.1, head_weight = 0.5, n_hard = 3,
    near_least = 2, near_most = 8, sigma = 0, equal = 1, most_scale = 100,
    chain_ahead = 0.1, chain_back = 0, chain_mean = 1, chain_learned = 1
)

response_plan <- function(networks, options = c(temperature = 0),
                          task = "response_pairs", objective = "squared_error",
                          batch_size = 12, weight_decay = 0) {
    list(
        task = task, objective = objective, networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = weight_decay, clip_norm = Inf)
        ),
        options = options, optimizer = resolve_optimizer(train_control()),
        batch_size = batch_size, key = draw_key(5L)
    )
}

pairs_run <- function(arrays = response_task_arrays(text = "none"), ...,
                      dropout = 0, precision = "double") {
    networks <- response_networks(TRUE, "none", dropout)
    engine_create(response_plan(networks, ...), precision, arrays)
}

captions_run <- function(arrays, text = "both", options = numeric(),
                         dropout = 0, precision = "double", ...) {
    all <- all_options
    all[names(options)] <- options
    networks <- response_networks(all[["head_weight"]] > 0, text, dropout)
    plan <- response_plan(networks, all, "response_captions", "captions", ...)
    engine_create(plan, precision, arrays)
}

# ---- plain R ----------------------------------------------------------------

unit_rows_r <- function(x) x / sqrt(rowSums(x^2))

# drawn: further numbers of each item, a row each
response_loss_r <- function(run, arrays, networks, items, drawn, options) {
    parameters <- engine_read(run, "parameters")
    encode <- function(role, x) {
        i <- match(role, names(networks))
        network_encode(
            networks[[i]], "double",
            numbers_of(list(parameters = parameters), networks, i)$parameters,
            x, 1L
        )
    }
    at <- items + 1L
    drug <- arrays$drug[at] + 1L
    cell <- arrays$cell[at] + 1L
    y <- arrays$y[at]
    n <- length(at)
    z <- encode("fusion", cbind(
        encode("drug", arrays$drugs)[drug, ],
        encode("cell", arrays$cells)[cell, ]
    ))
    parts <- c(caption = 0, chain = 0, head = 0)
    if ("head" %in% names(networks)) {
        parts["head"] <- mean((encode("head", z) - y)^2)
    }
    if (!"number" %in% names(networks)) {
        return(parts)
    }
    count <- sum(vapply(networks, n_parameters_in, 0))
    own <- parameters[-seq_len(count)]
    number <- encode("number", arrays$numbers)
    named <- matrix(0, n, ncol(number))
    if ("drug_text" %in% names(networks)) {
        named <- encode("drug_text", arrays$drug_words)[
            arrays$drug_text[drug] + 1L, ] +
            encode("cell_text", arrays$cell_words)[
                arrays$cell_text[cell] + 1L, ]
    }
    k <- arrays$number[at] + 1L
    t <- unit_rows_r(encode("sentence", named + number[k, ]))
    zu <- unit_rows_r(z)
    scale <- min(exp(own[1]), options[["most_scale"]])
    scores <- scale * zu %*% t(t)
    further <- NULL
    if (options[["n_hard"]] > 0) {
        further <- t(vapply(seq_len(n), function(i) {
            rows <- named[rep(i, ncol(drawn)), ] + number[drawn[i, ] + 1L, ]
            drop(unit_rows_r(encode("sentence", rows)) %*% zu[i, ]) * scale
        }, numeric(ncol(drawn))))
    }
    weight <- if (options[["sigma"]] > 0) {
        exp(-outer(y, y, "-")^2 / 2 / options[["sigma"]]^2)
    } else if (options[["equal"]] == 1) {
        said <- if ("drug_text" %in% names(networks)) {
            paste(arrays$drug_text[drug], arrays$cell_text[cell], k)
        } else {
            k
        }
        outer(said, said, "==") * 1
    } else {
        diag(n)
    }
    cross_entropy <- function(scores, weight, others = NULL) {
        logs <- apply(cbind(scores, others), 1, function(row) {
            max(row) + log(sum(exp(row - max(row))))
        })
        mean(logs - rowSums(weight * scores) / rowSums(weight))
    }
    parts["caption"] <- (cross_entropy(scores, weight, further) +
        cross_entropy(t(scores), t(weight))) / 2
    if (options[["chain_weight"]] > 0) {
        step <- own[-1]
        from <- number[-nrow(number), ]
        to <- number[-1, ]
        p <- rowSums(abs(sweep(from - to, 2, step, "+")))
        q <- rowSums(abs(sweep(to - from, 2, step, "+")))
        terms <- pmax(0, 1 + p - q) + options[["chain_ahead"]] * p +
            options[["chain_back"]] * q
        parts["chain"] <- if (options[["chain_mean"]] == 1) {
            mean(terms)
        } else {
            sum(terms)
        }
    }
    parts
}

n_parameters_in <- function(network) sum(layer_table(network)$parameters)
