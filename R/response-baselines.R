# Baselines of benchmark_response(). Each is a function of
#   data, rows     the data and its training rows
#   out            rows to predict
#   blind, groups  as the members have them
#   key, threads
# that returns a prediction for each row of `out`.

response_baselines <- list(
    "drug mean" = list(
        suits = c("cell", "pair"),
        predict = function(task) predict_means(task, "drug")
    ),
    "cell mean" = list(
        suits = c("drug", "pair"),
        predict = function(task) predict_means(task, "cell")
    ),
    "mean effects" = list(
        suits = c("cell", "drug", "both", "pair"),
        predict = function(task) predict_means(task, "effects")
    ),
    "kernel ridge" = list(
        suits = c("cell", "drug", "both"),
        predict = function(task) predict_ridge_of_each(task)
    ),
    "random forest" = list(
        suits = c("cell", "drug", "both", "pair"),
        predict = function(task) predict_response_forest(task)
    ),
    "low rank" = list(
        suits = "pair",
        predict = function(task) predict_low_rank(task)
    )
)

task_pairs <- function(task, rows) response_pairs(task$data, rows)

task_effects <- function(task) {
    fit_effects(
        task_pairs(task, task$rows), task$data$response$value[task$rows]
    )
}

predict_means <- function(task, kind) {
    predict_effects(task_effects(task), task_pairs(task, task$out), kind)
}

# ---- kernel ridge regression, one side at a time -----------------------------

# New cells: for each drug a ridge regression of its responses, beyond their
# mean, on the kernel of cells; new drugs: for each cell on that of drugs. Both
# new: the mean of a drug from its kernel plus that of a cell from its own. The
# penalty, the same for all, is the one that predicts rows best that are left
# out one at a time.
predict_ridge_of_each <- function(task) {
    effects <- task_effects(task)
    pairs <- task_pairs(task, task$rows)
    new <- task_pairs(task, task$out)
    kernels <- list(
        drug = baseline_kernel(task$data$drugs[[1L]], unique(pairs$drug)),
        cell = baseline_kernel(task$data$cells[[1L]], unique(pairs$cell))
    )
    of_side <- function(side, mean) {
        seen <- as.integer(names(mean))
        found <- ridge_of_kernel(
            kernels[[side]][seen, seen, drop = FALSE], list(seq_along(seen)),
            list(mean)
        )
        predicted <- kernels[[side]][, seen, drop = FALSE] %*% found[[1L]]
        predicted[new[[side]]]
    }
    if (task$blind == "both") {
        return(effects$overall + of_side("drug", effects$drug) +
            of_side("cell", effects$cell))
    }
    known <- if (task$blind == "cell") "drug" else "cell"
    predict_residual_profiles(task, pairs, new, effects, known, kernels)
}

predict_residual_profiles <- function(task, pairs, new, effects, known,
                                      kernels) {
    side <- setdiff(c("drug", "cell"), known)
    kernel <- kernels[[side]]
    plain <- predict_effects(effects, pairs, known)
    residual <- task$data$response$value[task$rows] - plain
    rows <- split(seq_along(residual), pairs[[known]])
    found <- ridge_of_kernel(
        kernel, lapply(rows, function(at) pairs[[side]][at]),
        lapply(rows, function(at) residual[at])
    )
    names(found) <- names(rows)
    predicted <- predict_effects(effects, new, known)
    for (id in intersect(names(rows), unique(new[[known]]))) {
        at <- which(new[[known]] == as.integer(id))
        columns <- pairs[[side]][rows[[id]]]
        predicted[at] <- predicted[at] + drop(
            kernel[new[[side]][at], columns, drop = FALSE] %*% found[[id]]
        )
    }
    predicted
}

# Tanimoto's, or the RBF kernel of features standardised on the training rows,
# with the median squared distance of these as its width
baseline_kernel <- function(view, rows) {
    if (is_fingerprint(view)) {
        return(tanimoto(view))
    }
    scaled <- apply_view(fit_view(view, rows), view)
    squares <- rowSums(scaled^2)
    distance <- pmax(outer(squares, squares, `+`) - 2 * tcrossprod(scaled), 0)
    among <- distance[rows, rows]
    exp(-distance / stats::median(among[upper.tri(among)]))
}

# Coefficients of ridge regressions on parts of one kernel: members, values: of
# each regression. One penalty for all, by the squared error of left-out values.
ridge_of_kernel <- function(kernel, members, values) {
    parts <- Map(function(at, y) {
        found <- eigen(kernel[at, at, drop = FALSE], symmetric = TRUE)
        list(
            values = pmax(found$values, 0), vectors = found$vectors,
            y = crossprod(found$vectors, y)
        )
    }, members, values)
    losses <- vapply(kernel_penalties, function(penalty) {
        sum(vapply(parts, function(part) {
            shrunken <- 1 / (part$values + penalty)
            alpha <- drop(part$vectors %*% (shrunken * part$y))
            # left-out residuals of kernel ridge: alpha / diag((K + penalty)^-1)
            diagonal <- drop(part$vectors^2 %*% shrunken)
            sum((alpha / diagonal)^2)
        }, numeric(1)))
    }, numeric(1))
    penalty <- kernel_penalties[which.min(losses)]
    lapply(parts, function(part) {
        drop(part$vectors %*% (part$y / (part$values + penalty)))
    })
}

kernel_penalties <- 10^seq(-2, 2, by = 0.5)

# ---- random forest -----------------------------------------------------------

# On principal components of both sides, of what the means of the known sides
# leave: what is new has no mean when it is predicted, so the trees learn it.
predict_response_forest <- function(task) {
    need_package("ranger", "The baseline of trees")
    effects <- task_effects(task)
    pairs <- task_pairs(task, task$rows)
    new <- task_pairs(task, task$out)
    space <- lapply(c(drug = "drug", cell = "cell"), function(side) {
        view <- task$data[[paste0(side, "s")]][[1L]]
        seen <- sort(unique(pairs[[side]]))
        scaled <- apply_view(fit_view(view, seen), view)
        n <- min(forest_components, length(seen) - 1L, ncol(scaled))
        axes <- stats::prcomp(scaled[seen, , drop = FALSE], rank. = n)
        stats::predict(axes, scaled)
    })
    features <- function(at) {
        both <- cbind(space$drug[at$drug, , drop = FALSE],
            space$cell[at$cell, , drop = FALSE])
        colnames(both) <- paste0("f", seq_len(ncol(both)))
        both
    }
    residual <- task$data$response$value[task$rows] -
        predict_known(effects, pairs, task$blind)
    seed <- as.integer(task$key[1L] %% .Machine$integer.max)
    forest <- ranger::ranger(
        x = features(pairs), y = residual, num.trees = 200,
        min.node.size = 5, num.threads = task$threads, verbose = FALSE,
        seed = seed
    )
    # without a seed prediction too draws one of R's random numbers
    predict_known(effects, new, task$blind) + stats::predict(
        forest, features(new),
        num.threads = task$threads, verbose = FALSE, seed = seed
    )$predictions
}

# what the means say of the sides that are known where `blind` are not
predict_known <- function(effects, pairs, blind) {
    if (blind == "both") {
        return(rep(effects$overall, nrow(pairs)))
    }
    kind <- switch(blind, cell = "drug", drug = "cell", pair = "effects")
    predict_effects(effects, pairs, kind)
}

forest_components <- 30L

# ---- low rank ----------------------------------------------------------------

# Mean effects and a matrix of low rank for what they leave, whose missing
# entries are filled by itself, its singular values shrunken (soft-impute:
# Mazumder et al. 2010). Shrinkage is chosen on a tenth of the training pairs.
predict_low_rank <- function(task) {
    effects <- task_effects(task)
    pairs <- task_pairs(task, task$rows)
    residual <- task$data$response$value[task$rows] -
        predict_effects(effects, pairs)
    size <- c(
        length(task$data$response$drugs), length(task$data$response$cells)
    )
    watched <- draw_held_out(
        length(residual), 0.9, derive_key(task$key, "validation", 1L)
    ) == 1L
    losses <- vapply(low_rank_shrinkages, function(shrinkage) {
        filled <- soft_impute(
            size, pairs[!watched, ], residual[!watched], shrinkage
        )
        mean((filled[as.matrix(pairs[watched, ])] - residual[watched])^2)
    }, numeric(1))
    filled <- soft_impute(
        size, pairs, residual, low_rank_shrinkages[which.min(losses)]
    )
    new <- task_pairs(task, task$out)
    predict_effects(effects, new) + filled[as.matrix(new)]
}

# of the largest singular value of what is measured
low_rank_shrinkages <- c(0.02, 0.05, 0.1, 0.2)

low_rank <- 12L

soft_impute <- function(size, pairs, value, shrinkage) {
    at <- as.matrix(pairs)
    filled <- matrix(0, size[1L], size[2L])
    filled[at] <- value
    level <- NULL
    n <- min(low_rank, size - 1L)
    for (turn in seq_len(30L)) {
        # irlba is for few of many
        found <- if (4L * n < min(size)) {
            irlba::irlba(filled, nv = n, nu = n, v = start_vector(size[2L]))
        } else {
            svd(filled, n, n)
        }
        level <- level %||% (shrinkage * found$d[1L])
        d <- pmax(found$d[seq_len(n)] - level, 0)
        filled <- found$u %*% (d * t(found$v))
        smooth <- filled
        filled[at] <- value
    }
    smooth
}
