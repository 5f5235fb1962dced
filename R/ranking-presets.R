#' The published forms of pairwise ranking
#'
#' What `preset = "paper"` and `preset = "paper_concat"` of [learn_ranking()]
#' train, setting by setting as in the authors' code. They are there to compare
#' with; the default ranks better.
#'
#' Both take the signal as it is (no transform, no scaling). Networks have
#' hidden layers of 64 and 32 with leaky ReLU (slope 0.1) and dropout 0.3 behind
#' both. Each item is a pair of two different genes; the label is 1 where the
#' first is expressed more, else 0, so ties are 0. The loss is the mean binary
#' cross-entropy, plus 0.005 times the sum of the induced 1-norms of the three
#' weight matrices (the largest column sum of absolute weights) and 0.001 times
#' that of their spectral norms. SGD with rate 1e-4 and momentum 0.9, batches of
#' 32; the rate falls to a tenth when the loss of the validation pairs has not
#' fallen for more than 5 epochs; at most 100 epochs.
#'
#' * `"paper"`: the twin network. One scorer f for both genes, P = sigmoid(f(i)
#'   - f(j)). 8,000 pairs are drawn once, 1,000 for validation; training stops
#'   when their loss has not fallen by 1e-4 for 10 epochs, and the best epoch is
#'   kept.
#' * `"paper_concat"`: the earlier form. The network sees both genes side by
#'   side, P = sigmoid(f(x_i, x_j)), so that P(i, j) and P(j, i) need not add
#'   up to 1 and there is no score of a gene; where one is asked for, it is half
#'   the mean of f(x_i, x_r) - f(x_r, x_i) over 100 training genes r. 80,000
#'   pairs are drawn anew in each epoch, 10,000 once for validation; no early
#'   stopping.
#'
#' Of the genes given, a ninth are kept for validation pairs (`validation` of
#' [train_control()]); with a tenth kept out as test genes before, that is the
#' authors' 80/10/10. Of `control`, `epochs`, `batch_size`, `learning_rate`,
#' `weight_decay`, `validation`, `patience`, `precision`, `threads`, `seed`,
#' `checkpoint` and `verbose` have a say where they are not `NULL`; optimiser
#' and schedule are the preset's.
#'
#' @references Datta D, Li S, Munif A, Ward C (2025). bioRxiv
#'   2025.09.04.674139. The authors' repository is munif/epi-thesis on GitHub.
#' @family ranking functions
#' @name ranking_presets
NULL

published_rankings <- list(
    paper = list(
        objective = "twin", fresh = FALSE, n_pairs = 8000L,
        n_watched = 1000L, patience = 10L
    ),
    paper_concat = list(
        objective = "concat", fresh = TRUE, n_pairs = 80000L,
        n_watched = 10000L, patience = NULL
    )
)

published_scorer <- function() {
    encoder_mlp(
        hidden = c(64, 32), activation = "leaky_relu", slope = 0.1,
        norm = "none", dropout = 0.3, blend = FALSE, normalize = FALSE,
        n_out = 1
    )
}

# The loss of watched pairs, as early stopping and the schedule see it: smaller
# by 1e-4 at least is better.
measure_pair_loss <- c(
    new_measure("loss", "loss of pairs", FALSE, function(predicted, truth) {
        mean(log1p(exp(-abs(predicted))) + pmax(predicted, 0) -
            truth * predicted)
    }),
    list(least = 1e-4)
)

published_control <- function(control, preset) {
    asked <- function(name, default) control[[name]] %||% default
    train_control(
        epochs = asked("epochs", 100), batch_size = asked("batch_size", 32),
        learning_rate = asked("learning_rate", 1e-4),
        weight_decay = asked("weight_decay", 0), schedule = "plateau",
        validation = asked("validation", 1 / 9),
        patience = asked("patience", preset$patience), optimizer = "sgd",
        momentum = 0.9, precision = control$precision,
        threads = control$threads, seed = control$seed,
        checkpoint = control$checkpoint, verbose = control$verbose
    )
}

learn_published_ranking <- function(data, name, control,
                                    call = rlang::caller_env()) {
    preset <- published_rankings[[name]]
    control <- published_control(control, preset)
    check_training_genes(data, control, call)
    key <- draw_key(control$seed)
    job <- published_job(data, name, preset, control, key)
    finish_job(job, run_jobs(list(job)))
}

published_job <- function(data, name, preset, control, key) {
    x <- unname(data$signal$values)
    ranks <- expression_ranks(data$y)
    watch <- draw_held_out(
        length(ranks), 1 - control$validation, derive_key(key, "validation", 1L)
    ) == 1L
    rows <- which(!watch)
    n_in <- ncol(x) * if (preset$objective == "concat") 2L else 1L
    networks <- list(scorer = resolve_network(published_scorer(), n_in))
    pairs <- published_pairs(
        length(rows), preset$n_pairs, derive_key(key, "negatives", 1L)
    )
    held <- which(watch)
    watched <- published_pairs(
        length(held), preset$n_watched, derive_key(key, "negatives", 2L)
    )
    plan <- list(
        task = "ranking_pairs", objective = preset$objective,
        networks = networks, groups = engine_groups(networks, control),
        options = c(
            fresh = as.double(preset$fresh), norm_1 = 0.005, norm_2 = 0.001
        ),
        optimizer = resolve_optimizer(control),
        batch_size = choose_batch_size(
            control$batch_size, length(pairs$first), "pairs", "x"
        ),
        key = key
    )
    new_job(
        "published_ranking_job", plan,
        list(
            x = x[rows, , drop = FALSE], y = ranks[rows],
            first = pairs$first, second = pairs$second
        ),
        length(pairs$first), control, measure_pair_loss,
        watched = list(
            first = x[held[watched$first + 1L], , drop = FALSE],
            second = x[held[watched$second + 1L], , drop = FALSE],
            above = as.double(
                ranks[held[watched$first + 1L]] >
                    ranks[held[watched$second + 1L]]
            )
        ),
        learned = list(
            signal = data$signal, y = data$y, preset = name,
            reference = x[rows[spread_rows(length(rows), 100L)], , drop = FALSE]
        )
    )
}

# Pairs of two different genes of n, from 0, drawn with replacement of pairs.
published_pairs <- function(n, n_pairs, key) {
    draw <- function(n, i) {
        .Call(C_draw_items, n, n_pairs, derive_key(key, "units", i))
    }
    first <- draw(n, 1L)
    second <- draw(n - 1L, 2L)
    list(first = first, second = second + (second >= first))
}

# logits of pairs, a row of first and second each
pair_logits <- function(objective, network, precision, parameters, first,
                        second, threads) {
    encode <- function(x) {
        network_encode(network, precision, parameters, x, threads)[, 1L]
    }
    if (objective == "concat") {
        encode(cbind(first, second))
    } else {
        encode(first) - encode(second)
    }
}

validate_job.published_ranking_job <- function(job, run) {
    logits <- pair_logits(
        job$plan$objective, job$plan$networks$scorer, job$control$precision,
        engine_read(run, "parameters"), job$watched$first, job$watched$second,
        job$control$threads
    )
    job$measure$of(logits, job$watched$above)
}

finish_job.published_ranking_job <- function(job, ends) {
    learned <- job$learned
    end <- ends[[1L]]
    signal <- learned$signal
    member <- c(fit_member(end), list(input = list(
        transform = fit_transform(signal, "none"),
        # the signal as it is
        standardiser = list(
            centre = numeric(ncol(signal$values)),
            scale = rep(1, ncol(signal$values)),
            limit = rep(Inf, ncol(signal$values))
        )
    )))
    part <- list(
        scorer = published_scorer(), network = job$plan$networks$scorer,
        members = list(member)
    )
    if (job$plan$objective == "concat") part$reference <- learned$reference
    new_fit("ranking_fit", list(job),
        scorers = list(network = part), weights = c(network = 1),
        shares = c(network = 1),
        folds = data.frame(
            scorer = character(), setting = character(),
            concordance = numeric(), chosen = logical()
        ),
        history = cbind(scorer = "network", member_histories(ends)),
        marks = signal$marks, n_bins = signal$n_bins, bins = signal$bins,
        transform = "none",
        direction = mark_directions(signal, learned$y),
        genes = signal_genes(signal), ties = FALSE, preset = learned$preset
    )
}

# ---- pairs side by side -----------------------------------------------------

# Half the mean of f([x; r]) - f([r; x]) over the reference genes r.
reference_scores <- function(part, x, precision, threads) {
    reference <- part$reference
    parameters <- part$members[[1L]]$parameters
    against <- function(rows) {
        m <- nrow(reference)
        each <- x[rep(rows, each = m), , drop = FALSE]
        other <- reference[rep(seq_len(m), length(rows)), , drop = FALSE]
        there <- pair_logits(
            "concat", part$network, precision, parameters, each, other, threads
        )
        back <- pair_logits(
            "concat", part$network, precision, parameters, other, each, threads
        )
        colMeans(matrix(there - back, m)) / 2
    }
    unlist(lapply(block_rows(nrow(x), 100L), against))
}
