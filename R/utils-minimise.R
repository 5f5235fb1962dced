# Where f, which gives list(loss, gradient), is least: by L-BFGS, or with bounds
# by PORT, as the bounds of optim() were seen to crash R 4.2. tolerance: the
# control `factr` of optim().
minimise <- function(start, f, lower = -Inf, steps = 1000L,
                     tolerance = 1e7) {
    # value and gradient at one place are asked for apart
    last <- new.env(parent = emptyenv())
    evaluate <- function(b) {
        if (!identical(b, last$b)) {
            last$at <- f(b)
            last$b <- b
        }
        last$at
    }
    loss <- function(b) evaluate(b)$loss
    gradient <- function(b) evaluate(b)$gradient
    if (any(lower > -Inf)) {
        return(stats::nlminb(start, loss, gradient,
            lower = lower, control = list(
                iter.max = steps, eval.max = 2L * steps,
                rel.tol = tolerance * .Machine$double.eps
            )
        )$par)
    }
    stats::optim(start, loss, gradient,
        method = "L-BFGS-B", control = list(maxit = steps, factr = tolerance)
    )$par
}
