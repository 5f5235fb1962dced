# Where f, which gives list(loss, gradient), is least, by L-BFGS. tolerance: the
# control `factr` of optim().
minimise <- function(start, f, steps = 1000L, tolerance = 1e7) {
    # optim() asks for value and gradient at one place apart
    last <- new.env(parent = emptyenv())
    evaluate <- function(b) {
        if (!identical(b, last$b)) {
            last$at <- f(b)
            last$b <- b
        }
        last$at
    }
    stats::optim(start, function(b) evaluate(b)$loss,
        function(b) evaluate(b)$gradient,
        method = "L-BFGS-B",
        control = list(maxit = steps, factr = tolerance)
    )$par
}
