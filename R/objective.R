# What all objectives share.

# An objective as C wants it: list(type, options), named numbers.
resolve_objective <- function(objective) UseMethod("resolve_objective")

# what print() shows of an objective, in a few words each
objective_parts <- function(objective) UseMethod("objective_parts")

#' @method print objective
#' @export
print.objective <- function(x, ...) {
    cli::cat_line("<objective: ", toString(objective_parts(x)), ">")
    invisible(x)
}

# An objective of the task of associations, which wants every option. ...:
# those of this one, the others are 0.
association_objective <- function(type, objective, ...) {
    options <- c(
        temperature = objective$temperature,
        transform_keys = objective$keys == "transformed",
        n_negatives = 0, mask_known = 0, all_keys = 0, degree_weight = 0,
        degree_correction = 0
    )
    own <- c(...)
    options[names(own)] <- own
    list(type = type, options = options)
}
