# The settings of kernels, chosen one after the other on blind folds of the
# training part.

# shares of a kernel that a search goes through, and the noise's factor
own_shares <- c(0, 0.03, 0.1, 0.3, 0.6, 0.9)

profile_shares <- c(0, 0.3, 0.6, 0.8, 0.9, 0.97)

step_factor <- 3

search_tolerance <- 1e-2

# drugs or cells that must have been predicted before later folds are left out
enough_units <- 200L

# For each side list(sharpness, weight (of views), own, profile), and noise: in
# units of the variance of the kernels.
first_setting <- function(problem) {
    of <- lapply(problem$sides, function(side) {
        n <- length(side$kinds)
        list(
            # of fingerprints, likeness to the power of about 1.5
            sharpness = as.numeric(side$kinds == "fingerprint"),
            weight = rep(1, n), own = 0.1, profile = 0
        )
    })
    if (problem$profile != "none") {
        of[[problem$profile]]$own <- 0
        of[[problem$profile]]$profile <- 0.9
    }
    c(of, list(noise = 0.5))
}

# list(setting, tried: how many settings were compared)
search_kernels <- function(problem, table, blind, groups, k, key, data, rows) {
    setting <- first_setting(problem)
    folds <- search_folds(problem, table, blind, groups, k, key, data, rows)
    if (length(folds) == 0L) {
        return(list(setting = setting, tried = 0L))
    }
    loss <- function(setting) {
        unlist(lapply(folds, fold_losses, setting))
    }
    at <- list(setting = setting, loss = loss(setting), tried = 1L)
    moves <- kernel_moves(problem, blind)
    for (move in c(moves, moves["noise"])) {
        at <- climb(at, move, loss)
    }
    list(setting = at$setting, tried = at$tried)
}

# Goes up, else down, by a move for as long as that helps. move(setting, by):
# the next setting, NULL where there is none.
climb <- function(at, move, loss) {
    for (by in c(1, -1)) {
        moved <- FALSE
        repeat {
            setting <- move(at$setting, by)
            if (is.null(setting)) break
            new <- loss(setting)
            at$tried <- at$tried + 1L
            if (!is_gain(new, at$loss)) break
            at$setting <- setting
            at$loss <- new
            moved <- TRUE
        }
        if (moved) break
    }
    at
}

# Is the loss of a new setting smaller by more than chance? loss, new: squared
# errors of each held-out drug or cell. Where these are few, the first setting
# stays.
is_gain <- function(new, loss) {
    gain <- loss - new
    chance <- 0.5 * stats::sd(gain) * sqrt(length(gain))
    isTRUE(sum(gain) > max(1e-4 * sum(loss), chance))
}

kernel_moves <- function(problem, blind) {
    of_side <- function(side) {
        kinds <- problem$sides[[side]]$kinds
        views <- seq_along(kinds)
        c(
            lapply(views, function(view) {
                range <- sharpness_range[[kinds[view]]]
                function(setting, by) {
                    new <- setting[[side]]$sharpness[view] + by
                    if (new < range[1L] || new > range[2L]) {
                        return(NULL)
                    }
                    setting[[side]]$sharpness[view] <- new
                    setting
                }
            }),
            list(move_share(side, "own", own_shares)),
            if (problem$profile == side) {
                list(move_share(side, "profile", profile_shares))
            },
            if (length(views) > 1L) {
                lapply(views, function(view) {
                    function(setting, by) {
                        weight <- setting[[side]]$weight
                        weight[view] <- weight[view] * step_factor^by
                        if (max(weight) > 1000 * min(weight)) {
                            return(NULL)
                        }
                        setting[[side]]$weight <- weight
                        setting
                    }
                })
            }
        )
    }
    noise <- function(setting, by) {
        setting$noise <- setting$noise * step_factor^by
        if (setting$noise < 1e-3 || setting$noise > 1e3) NULL else setting
    }
    # the side that is new decides most
    sides <- if (blind == "cell") c("cell", "drug") else c("drug", "cell")
    c(list(noise = noise), unlist(lapply(sides, of_side), recursive = FALSE))
}

move_share <- function(side, name, shares) {
    function(setting, by) {
        at <- match(setting[[side]][[name]], shares) + by
        if (at < 1L || at > length(shares)) {
            return(NULL)
        }
        setting[[side]][[name]] <- shares[at]
        setting
    }
}

# ---- folds -------------------------------------------------------------------

# Folds with what does not depend on the setting; none where the response is too
# small for them, which keeps the first setting.
search_folds <- function(problem, table, blind, groups, k, key, data, rows) {
    folds <- tryCatch(
        blind_folds(data$response[rows], blind, key, k,
            drug_groups = groups$drug, cell_groups = groups$cell
        ),
        kith_error_input = function(condition) list()
    )
    pairs <- response_pairs(data, rows)
    pairs$drug <- match(pairs$drug, table$drugs)
    pairs$cell <- match(pairs$cell, table$cells)
    taken <- list()
    n_units <- 0L
    for (fold in folds) {
        taken <- c(
            taken, list(prepare_fold(problem, table, pairs, fold, blind))
        )
        n_units <- n_units + held_out_units(pairs, fold, blind)
        if (n_units >= enough_units) break
    }
    taken
}

# what held-out values are independent by
loss_units <- c(cell = "cell", drug = "drug", both = "drug", pair = "cell")

# how many independent things a fold tests on
held_out_units <- function(pairs, fold, blind) {
    units <- c(
        drug = length(unique(pairs$drug[fold$test])),
        cell = length(unique(pairs$cell[fold$test])),
        pair = length(fold$test)
    )
    if (blind == "both") min(units) else units[[blind]]
}

# The part of the problem that a fold trains on, and its held-out truth.
prepare_fold <- function(problem, table, pairs, fold, blind) {
    train <- pairs[fold$train, ]
    used <- list(
        drug = sort(unique(train$drug)), cell = sort(unique(train$cell))
    )
    value <- matrix(NA_real_, nrow(table$value), ncol(table$value))
    at <- as.matrix(train)
    value[at] <- table$value[at]
    part <- problem
    part$sides <- Map(take_side, problem$sides, used)
    means <- table_means(
        value[used$drug, used$cell, drop = FALSE], problem$profile
    )
    test <- list(
        drug = sort(unique(pairs$drug[fold$test])),
        cell = sort(unique(pairs$cell[fold$test]))
    )
    cross <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        list(
            alike = lapply(problem$sides[[side]]$alike, function(alike) {
                alike[test[[side]], used[[side]], drop = FALSE]
            }),
            kinds = problem$sides[[side]]$kinds,
            known = match(test[[side]], used[[side]])
        )
    })
    at <- cbind(
        match(pairs$drug[fold$test], test$drug),
        match(pairs$cell[fold$test], test$cell)
    )
    list(
        problem = part, means = means, cross = cross, at = at,
        truth = table$value[as.matrix(pairs[fold$test, ])],
        unit = pairs[[loss_units[[blind]]]][fold$test],
        memory = new.env(parent = emptyenv())
    )
}

take_side <- function(side, rows) {
    side$alike <- lapply(side$alike, function(alike) {
        alike[rows, rows, drop = FALSE]
    })
    side$folds <- side$folds[rows]
    side$ids <- side$ids[rows]
    side
}

# squared errors of the held-out values, the sum for each drug or cell
fold_losses <- function(fold, setting) {
    fitted <- fit_table(
        fold$problem, fold$means, setting, search_tolerance, fold$memory
    )
    cross <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        one <- fold$cross[[side]]
        list(
            features = join_views(one$alike, one$kinds, setting[[side]]),
            known = one$known
        )
    })
    predicted <- predict_table(
        cross, fitted$effects, fold$means$profile, fitted$coefficients, setting
    )
    drop(rowsum((predicted[fold$at] - fold$truth)^2, fold$unit))
}
