# Runs of the task on sequences (src/task/sequences_contrast.c), its views and
# its loss in plain R.

plain_views <- c(
    temperature = 0.5, crop = 1, codon = 1, shift = 0, mask_rate = 0,
    mask_all = 0, mask_codons = 0, mask_value = 0.25, different = 1,
    shortest = 16, most_positions = 2^16, masked = 0
)

# convolutions and a linear layer, without a kink where `smooth`
sequence_encoder <- function(tracks, positions, smooth = FALSE, norm = NULL,
                             dropout = 0) {
    network_of_layers(tracks, list(
        layer("conv", 5, option = c(3, 1)), norm,
        layer(if (smooth) "gelu" else "relu"),
        if (!smooth) layer("pool", option = 2),
        if (dropout > 0) layer("dropout", option = dropout),
        layer("mean_positions"), layer("linear", 4)
    ), positions)
}

sequence_projector <- function(norm = NULL, smooth = FALSE) {
    network_of_layers(4, list(
        layer("linear", 6), norm, layer(if (smooth) "gelu" else "relu"),
        layer("linear", 3)
    ))
}

sequence_plan <- function(x, ..., objective = "decoupled", batch_size = 12,
                          options = numeric(), positions = NULL, norm = NULL,
                          head_norm = NULL, smooth = FALSE, dropout = 0,
                          control = train_control(), weight_decay = 0) {
    wanted <- plain_views
    wanted[names(options)] <- options
    longest <- max(x$length) + wanted[["shift"]]
    positions <- positions %||% max(bucket_lengths(longest))
    networks <- list(
        encoder = sequence_encoder(x$tracks, positions, smooth, norm, dropout),
        projector = sequence_projector(head_norm, smooth)
    )
    list(
        task = "sequences_contrast", objective = objective,
        networks = networks,
        groups = engine_groups(
            networks, list(weight_decay = weight_decay, clip_norm = Inf)
        ),
        options = wanted, optimizer = resolve_optimizer(control),
        batch_size = batch_size, key = draw_key(5L)
    )
}

sequence_run <- function(x, set, ..., precision = "double", weighted = TRUE) {
    engine_create(
        sequence_plan(x, ...), precision, sequence_arrays(x, set, weighted)
    )
}

# so many transcripts of 20 to 110 bases, and sets of one to three of them
some_sequences <- function(n = 30, seed = 1) {
    table <- random_transcripts(n, seed, c("A", "C", "G", "T"))
    encode_transcripts(table)
}

some_sets_of <- function(x) {
    rep(seq_along(x$id), rep(1:3, length.out = length(x$id)))[seq_along(x$id)]
}

draw_members_r <- function(size, step, item, different = 1L,
                           key = draw_key(5L)) {
    .Call(C_draw_members, size, different, key, as.integer(c(step, item, 0)))
}

view_rules_r <- function(options, tracks) {
    c(
        options[c("crop", "codon", "shift", "mask_rate", "mask_all",
            "mask_codons", "mask_value")],
        tracks
    )
}

draw_view_r <- function(codes, rules, positions, step, item, view,
                        key = draw_key(5L)) {
    .Call(
        C_draw_view, codes, as.double(rules), as.double(positions), key,
        as.integer(c(step, item, view))
    )
}

# The tracks of both views of items (from 0) in a run of such a plan: a list of
# matrices, first views first.
views_of_batch <- function(x, set, plan, items, step = 0) {
    members <- split(seq_along(x$id), set)
    buckets <- bucket_lengths(max(plan$networks$encoder$positions))
    buckets <- buckets[buckets >= plan$options[["shortest"]]]
    rules <- view_rules_r(plan$options, x$tracks)
    views <- lapply(0:1, function(view) {
        lapply(items, function(item) {
            own <- members[[item + 1L]]
            drawn <- draw_members_r(length(own), step, item)
            codes <- bytes_of(x, own[drawn[view + 1L] + 1L])
            span <- draw_view_r(codes, rules, 1, step, item, view)$span
            filled <- span[3L] + span[2L] - span[1L]
            positions <- buckets[buckets >= filled][1L]
            draw_view_r(codes, rules, positions, step, item, view)$tracks
        })
    })
    c(views[[1L]], views[[2L]])
}

# one row (positions x channels) through sequence_encoder()
encode_sequence_r <- function(tracks, p, smooth = FALSE) {
    n_in <- ncol(tracks)
    weight <- array(p[seq_len(15 * n_in)], c(3, n_in, 5))
    at <- 15 * n_in
    bias <- p[at + 1:5]
    padded <- rbind(0, tracks, 0)
    n <- nrow(tracks)
    y <- matrix(rep(bias, each = n), n)
    for (k in 1:3) {
        y <- y + padded[k - 1L + seq_len(n), ] %*% weight[k, , ]
    }
    if (smooth) {
        y <- y * stats::pnorm(y)
    } else {
        y <- pmax(y, 0)
        odd <- seq(1, n - 1, by = 2)
        y <- pmax(y[odd, ], y[odd + 1, ])
    }
    linear <- matrix(p[at + 5 + 1:20], 4, byrow = TRUE)
    drop(linear %*% colMeans(y)) + p[at + 25 + 1:4]
}

project_r <- function(encoded, p, smooth = FALSE) {
    hidden <- encoded %*% t(matrix(p[1:24], 6, byrow = TRUE)) +
        rep(p[25:30], each = nrow(encoded))
    hidden <- if (smooth) hidden * stats::pnorm(hidden) else pmax(hidden, 0)
    hidden %*% t(matrix(p[30 + 1:18], 3, byrow = TRUE)) +
        rep(p[49:51], each = nrow(encoded))
}

# the loss of two views of different sets, one below the other
view_loss_r <- function(z, weight, temperature, objective) {
    n <- nrow(z) / 2
    unit <- z / sqrt(rowSums(z^2))
    scores <- unit %*% t(unit) / temperature
    other <- c(n + seq_len(n), seq_len(n))
    mean(vapply(seq_len(2 * n), function(k) {
        own <- scores[k, other[k]]
        if (objective == "nt_xent") {
            return(log(sum(exp(scores[k, -k]))) - own)
        }
        w <- weight[(k - 1L) %% n + 1L]
        left <- setdiff(seq_len(n), (k - 1L) %% n + 1L)
        sums <- c(sum(exp(scores[k, left])), sum(exp(scores[k, n + left])))
        if (objective == "decoupled") {
            sum(log(sums)) - w * own
        } else {
            log(sum(sums)) - w * own
        }
    }, 0))
}

# the bytes of the longest of them
longest_codes <- function() {
    x <- some_sequences()
    bytes_of(x, which.max(x$length))
}
