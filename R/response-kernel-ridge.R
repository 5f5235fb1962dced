# Kernel ridge regression on a table of drugs x cells with missing entries:
# effects, covariance of profiles, and the interaction of pairs.

# ---- effects -----------------------------------------------------------------

# What means of rows and columns leave, and what is needed to fit it:
# list(overall, effect and variance (of each drug, of each cell), residual (0
# where not measured), measured (1 or 0), profile). Rows and columns must have a
# measured entry each.
table_means <- function(value, profile) {
    measured <- !is.na(value)
    at <- which(measured, arr.ind = TRUE)
    means <- fit_effects(
        data.frame(drug = at[, 1L], cell = at[, 2L]), value[measured]
    )
    # what rounding leaves of a constant response is none
    clean <- function(x) {
        if (max(abs(x)) < 1e-10 * abs(means$overall)) x * 0 else x
    }
    effect <- list(
        drug = clean(unname(means$drug[as.character(seq_len(nrow(value)))])),
        cell = clean(unname(means$cell[as.character(seq_len(ncol(value)))]))
    )
    residual <- value - means$overall - outer(effect$drug, effect$cell, `+`)
    residual[!measured] <- 0
    residual <- clean(residual)
    noise <- sum(residual^2) / sum(measured)
    list(
        overall = means$overall, effect = effect,
        variance = list(
            drug = noise / rowSums(measured), cell = noise / colSums(measured)
        ),
        residual = residual, measured = measured + 0,
        profile = profile_covariance(residual, measured, profile)
    )
}

effect_penalties <- 10^seq(-2, 1.5, by = 0.5)

# Effects as a Gaussian process on the kernel of views plus what is each one's
# own, measured with a variance: list(mean, own, coefficients). own: variance
# of what is its own, in units of the kernel's, by leaving folds out.
fit_effect <- function(effect, variance, features, folds) {
    middle <- mean(effect)
    spread <- mean((effect - middle)^2)
    n <- length(effect)
    if (spread == 0) {
        return(list(mean = middle, own = 1, coefficients = numeric(n)))
    }
    fits <- lapply(effect_penalties, function(own) {
        # the kernel's variance, if that of all effects is `spread`
        unit <- spread / (1 + own)
        system <- features
        diag(system) <- diag(system) + own + variance / unit
        inverse <- chol2inv(chol(system))
        coefficients <- drop(inverse %*% (effect - middle))
        list(
            own = own, coefficients = coefficients,
            loss = sum(fold_residuals(inverse, coefficients, folds)^2)
        )
    })
    # Where features tell nothing (drugs of one group), all penalties do
    # equally well, and each drug keeps its own effect.
    losses <- vapply(fits, `[[`, 0, "loss")
    best <- fits[[max(which(losses <= min(losses) * (1 + 1e-6)))]]
    list(mean = middle, own = best$own, coefficients = best$coefficients)
}

# What kernel ridge regression leaves of the values of a fold that it was fitted
# without: solve(inverse[f, f], coefficients[f]) of each fold f. inverse: of the
# kernel plus penalty of all values; coefficients: its product with them.
fold_residuals <- function(inverse, coefficients, folds) {
    residual <- coefficients
    for (at in split(seq_along(folds), folds)) {
        residual[at] <- solve(
            inverse[at, at, drop = FALSE], coefficients[at]
        )
    }
    residual
}

# effects of the rows of cross: list(features, known)
predict_effect <- function(fitted, cross) {
    own <- fitted$own * fitted$coefficients[cross$known]
    own[is.na(own)] <- 0
    fitted$mean + drop(cross$features %*% fitted$coefficients) + own
}

# ---- covariance of profiles --------------------------------------------------

# list(drug = ) or list(cell = ): covariance of the rows of one side over the
# other, its mean variance 1. Missing entries are estimated by the covariance of
# the smaller side.
profile_covariance <- function(residual, measured, side) {
    if (side == "none") {
        return(list())
    }
    by_drug <- nrow(residual) <= ncol(residual)
    filled <- if (by_drug) {
        fit_covariance(residual, measured)
    } else {
        fit_covariance(t(residual), t(measured))
    }
    covariance <- if (by_drug == (side == "drug")) {
        filled$covariance
    } else {
        crossprod(filled$values)
    }
    level <- mean(diag(covariance))
    stats::setNames(list(covariance / if (level > 0) level else 1), side)
}

covariance_rounds <- 6L

# in units of the number of columns, the weight of a diagonal covariance
covariance_shrinkage <- 0.02

# Covariance of the rows of x, of mean 0, over its columns, with the
# missing entries by expectation-maximisation: list(covariance, values: x with
# expected values in the gaps).
fit_covariance <- function(x, measured, rounds = covariance_rounds) {
    n <- ncol(x)
    variance <- rowSums(x^2) / pmax(rowSums(measured), 1)
    if (all(variance == 0)) {
        return(list(covariance = diag(nrow(x)), values = x))
    }
    covariance <- diag(variance + 1e-3 * mean(variance), nrow(x))
    gaps <- lapply(seq_len(n), function(j) which(!measured[, j]))
    for (turn in seq_len(rounds)) {
        spread <- matrix(0, nrow(x), nrow(x))
        for (j in which(lengths(gaps) > 0L)) {
            gap <- gaps[[j]]
            root <- chol(covariance[-gap, -gap, drop = FALSE])
            weights <- backsolve(root, covariance[-gap, gap, drop = FALSE],
                transpose = TRUE
            )
            x[gap, j] <- crossprod(weights, backsolve(
                root, x[-gap, j],
                transpose = TRUE
            ))
            spread[gap, gap] <- spread[gap, gap] +
                covariance[gap, gap] - crossprod(weights)
        }
        total <- tcrossprod(x) + spread
        diag(total) <- diag(total) * (1 + covariance_shrinkage)
        covariance <- total / (n * (1 + covariance_shrinkage))
    }
    list(covariance = covariance, values = x)
}

# ---- interaction -------------------------------------------------------------

final_tolerance <- 1e-3

most_steps <- 300L

# Effects and interaction of a table: list(effects, coefficients). memory: an
# environment that keeps what the next setting may leave as it is.
fit_table <- function(problem, means, setting, tolerance,
                      memory = new.env(parent = emptyenv())) {
    kept <- function(name, of, make) {
        done <- memory[[name]]
        if (!identical(done$of, of)) {
            done <- list(of = of, value = make())
            assign(name, done, envir = memory)
        }
        done$value
    }
    sides <- c(drug = "drug", cell = "cell")
    effects <- lapply(sides, function(side) {
        one <- problem$sides[[side]]
        kept(paste(side, "effect"), setting[[side]][view_settings], function() {
            fit_effect(
                means$effect[[side]], means$variance[[side]],
                join_views(one$alike, one$kinds, setting[[side]]), one$folds
            )
        })
    })
    kernels <- lapply(sides, function(side) {
        one <- problem$sides[[side]]
        kept(paste(side, "kernel"), setting[[side]], function() {
            kernel <- mix_kernel(
                join_views(one$alike, one$kinds, setting[[side]]),
                seq_along(one$ids), means$profile[[side]], setting[[side]]
            )
            list(kernel = kernel, eigen = eigen(kernel, symmetric = TRUE))
        })
    })
    list(
        effects = c(list(overall = means$overall), effects),
        coefficients = solve_pairs(
            means$residual, means$measured, kernels$drug, kernels$cell,
            setting$noise, tolerance
        )
    )
}

# what the kernel of views depends on
view_settings <- c("sharpness", "weight")

# Coefficients a, 0 where nothing was measured, of
#   measured * (K_drug a K_cell) + noise a = residual
# by conjugate gradients. drug, cell: list(kernel, eigen). The solution of a
# table without gaps preconditions them, so that such a table takes one step.
solve_pairs <- function(residual, measured, drug, cell, noise, tolerance,
                        steps = most_steps) {
    left <- drug$eigen$vectors
    right <- cell$eigen$vectors
    shrink <- 1 / (outer(
        pmax(drug$eigen$values, 0), pmax(cell$eigen$values, 0)
    ) + noise)
    precondition <- function(x) {
        within <- shrink * (crossprod(left, x) %*% right)
        measured * (left %*% tcrossprod(within, right))
    }
    multiply <- function(x) {
        measured * (drug$kernel %*% x %*% cell$kernel) + noise * x
    }
    found <- residual * 0
    rest <- residual
    goal <- tolerance^2 * sum(residual^2)
    ahead <- direction <- precondition(rest)
    slope <- sum(rest * ahead)
    for (step in seq_len(steps)) {
        if (sum(rest^2) <= goal) break
        image <- multiply(direction)
        size <- slope / sum(direction * image)
        found <- found + size * direction
        rest <- rest - size * image
        ahead <- precondition(rest)
        before <- slope
        slope <- sum(rest * ahead)
        direction <- ahead + (slope / before) * direction
    }
    found
}
