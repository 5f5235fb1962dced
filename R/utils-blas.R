# Products that R itself asks of the BLAS.

# Evaluates an expression while a BLAS with threads of its own is held to one,
# on which the last bits of its products would depend.
with_one_blas_thread <- function(expression) {
    held <- .Call(C_blas_hold)
    on.exit(.Call(C_blas_release, held))
    force(expression)
}
