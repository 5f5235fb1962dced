# Heads: what is learned from few labels on spaces that stay as they are. A head
# is a matrix of coefficients, (1 + dimensions) x outputs, with the intercept
# first. All are ridge regressions: with so few samples the solution lies in the
# span of their rows, so what is computed has no more columns than samples.

# Multinomial logistic regression: minimises the summed cross-entropy plus
# penalty / 2 |b|^2 over all coefficients but the intercepts. class: from 1;
# weights: of the samples, with a mean of about 1.
softmax_head <- function(x, class, n_classes, penalty, threads = 1L,
                         weights = NULL) {
    axes <- principal_axes(x)
    head <- softmax_on_axes(
        axes$x, class, n_classes, penalty, threads, weights
    )
    head_off_axes(head, axes$basis)
}

# Coordinates of rows along their principal axes, which no ridge penalty feels:
# list(x, basis).
principal_axes <- function(x) {
    axes <- svd(x, nu = 0L)
    kept <- axes$d > max(axes$d, .Machine$double.xmin) * 1e-10
    basis <- axes$v[, kept, drop = FALSE]
    list(x = x %*% basis, basis = basis)
}

# a head on such coordinates as one on what they were made of
head_off_axes <- function(head, basis) {
    rbind(head[1L, ], basis %*% head[-1L, , drop = FALSE])
}

# softmax_head() where the columns of x are about orthogonal. What is looked for
# are coefficients in units of about their own curvature, which takes L-BFGS
# there in few steps.
softmax_on_axes <- function(x, class, n_classes, penalty, threads, weights) {
    columns <- cbind(1, x)
    spread <- (n_classes - 1) / n_classes^2
    curvature <- c(nrow(x) * spread, penalty + colSums(x^2) * spread)
    size <- rep(1 / sqrt(curvature), n_classes)
    penalised <- rep(c(0, rep(penalty, ncol(x))), n_classes)
    z <- minimise(numeric(length(size)), function(z) {
        b <- size * z
        scores <- columns %*% matrix(b, ncol = n_classes)
        found <- cross_entropy(scores, class, threads, weights)
        list(
            loss = found$loss + sum(penalised * b^2) / 2,
            gradient = size *
                (c(crossprod(columns, found$gradient)) + penalised * b)
        )
    })
    matrix(size * z, ncol = n_classes)
}

# summed over rows, and its gradient by the scores
cross_entropy <- function(scores, class, threads, weights = NULL) {
    n <- nrow(scores)
    found <- .Call(
        C_loss_gradients, "softmax_cross_entropy", "double", scores,
        cbind(as.double(class - 1L), weights), 0, threads
    )
    list(loss = n * found$loss, gradient = n * found$dx)
}

# Linear discriminant analysis with equal priors; the covariance within classes
# is the mean of that of the samples and a multiple of the identity with its
# trace. In the span of the samples, which holds all that is found.
discriminant_head <- function(x, class) {
    found <- svd(x - rep(colMeans(x), each = nrow(x)), nu = 0L)
    basis <- found$v[, found$d > found$d[1L] * 1e-8, drop = FALSE]
    x <- x %*% basis
    means <- class_means(x, class)
    within <- x - means[class, , drop = FALSE]
    covariance <- crossprod(within) / max(1, nrow(x) - nrow(means))
    level <- max(mean(diag(covariance)), 1e-9)
    shrunken <- 0.5 * covariance + 0.5 * diag(level, ncol(x))
    weights <- solve(shrunken, t(means))
    rbind(-colSums(t(means) * weights) / 2, basis %*% weights)
}

class_means <- function(x, class) {
    rowsum(x, class) / as.vector(table(class))
}

ridge_penalties <- 10^seq(-2, 4, by = 0.5)

# Ridge regression of y, with the penalty that predicts samples best that are
# left out one at a time, or with all of their group. Returns
# list(coefficients, held_out, penalty).
ridge_head <- function(x, y, penalties = ridge_penalties, groups = NULL) {
    centre <- colMeans(x)
    centred <- x - rep(centre, each = nrow(x))
    found <- svd(centred)
    kept <- found$d > max(found$d, .Machine$double.xmin) * 1e-10
    d <- found$d[kept]
    u <- found$u[, kept, drop = FALSE]
    uy <- crossprod(u, y - mean(y))
    members <- if (!is.null(groups)) split(seq_along(y), groups)
    members <- members[lengths(members) > 1L]
    left_out <- vapply(penalties, function(penalty) {
        shrunken <- d^2 / (d^2 + penalty)
        fitted <- mean(y) + drop(u %*% (shrunken * uy))
        y - left_out_residuals(y - fitted, u, shrunken, members)
    }, numeric(length(y)))
    best <- which.min(colMeans((left_out - y)^2))
    slope <- found$v[, kept, drop = FALSE] %*%
        (d / (d^2 + penalties[best]) * uy)
    list(
        coefficients = rbind(mean(y) - sum(centre * slope), slope),
        held_out = left_out[, best], penalty = penalties[best]
    )
}

# Residuals of rows by the ridge regression without them, exactly: with the hat
# matrix H = 1 / n + u diag(shrunken) u', those of the rows g left out together
# are (I - H[g, g])^-1 residuals[g]. members: groups of more than one row.
left_out_residuals <- function(residuals, u, shrunken, members) {
    n <- length(residuals)
    leverage <- 1 / n + drop(u^2 %*% shrunken)
    result <- residuals / pmax(1 - leverage, 1e-8)
    root <- sqrt(shrunken)
    for (rows in members) {
        # H[g, g] = z z'
        scaled <- u[rows, , drop = FALSE] * rep(root, each = length(rows))
        z <- cbind(1 / sqrt(n), scaled)
        e <- residuals[rows]
        result[rows] <- if (nrow(z) <= ncol(z)) {
            solve(diag(1 + 1e-10, nrow(z)) - tcrossprod(z), e)
        } else {
            # the same by the smaller side
            inner <- diag(1 + 1e-10, ncol(z)) - crossprod(z)
            e + z %*% solve(inner, crossprod(z, e))
        }
    }
    result
}

head_scores <- function(head, x) {
    x %*% head[-1L, , drop = FALSE] + rep(head[1L, ], each = nrow(x))
}

# logarithms of the probabilities of classes
log_softmax <- function(scores) {
    scores <- scores - apply(scores, 1L, max)
    scores - log(rowSums(exp(scores)))
}

# ---- pooling ----------------------------------------------------------------

# Weights of at least 0 of heads in the sum of their log-probabilities, with the
# least cross-entropy. logs: a list of matrices, of samples that no head was
# trained on. They pool and calibrate at once. Few labelled samples tell little
# of this, and what classifies all of them right would always fit better with
# larger weights: so weights are held near `start`.
pool_weights <- function(logs, class, start, threads = 1L) {
    minimise(start, function(w) {
        found <- cross_entropy(weighted_sum(logs, w), class, threads)
        list(
            loss = found$loss + pool_penalty * sum((w - start)^2),
            gradient = 2 * pool_penalty * (w - start) +
                vapply(logs, function(one) {
                    sum(one * found$gradient)
                }, numeric(1))
        )
    }, lower = 0)
}

# chosen on public sets, among 1, 5 and 20
pool_penalty <- 5

weighted_sum <- function(values, weights) {
    Reduce(`+`, Map(`*`, values, weights))
}

# the share of the first of two predictions of y with the least squared error
pool_share <- function(first, second, y) {
    difference <- first - second
    if (sum(difference^2) == 0) {
        return(0.5)
    }
    share <- sum(difference * (y - second)) / sum(difference^2)
    min(max(share, 0), 1)
}
