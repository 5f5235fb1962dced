# What a run watches: a measure with a name and a direction.

# name: as in the column validation_<name> of a history; label: for print
new_measure <- function(name, label, higher_is_better) {
    list(name = name, label = label, higher_is_better = higher_is_better)
}

measure_auc <- new_measure("auc", "AUC", TRUE)

validation_column <- function(measure) paste0("validation_", measure$name)

# is a value of the measure better than another? (NULL: there is no other)
is_better <- function(measure, value, than) {
    if (is.null(than)) {
        return(TRUE)
    }
    if (measure$higher_is_better) value > than else value < than
}

# The best epoch so far, where early stopping asks for it: list(epoch, value,
# parameters, state), or NULL.
keep_best <- function(best, job, run, epoch, value) {
    if (is.null(job$control$patience) ||
        !is_better(job$measure, value, best$value)) {
        return(best)
    }
    list(
        epoch = epoch, value = value,
        parameters = engine_read(run, "parameters"),
        state = engine_read(run, "state")
    )
}

# early stopping: has the measure not improved for `patience` epochs?
is_stopped <- function(state, job) {
    !is.null(state$best) &&
        state$at[["epoch"]] - state$best$epoch >= job$control$patience
}
