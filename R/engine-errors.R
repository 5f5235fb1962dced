# Raises what the C engine reports. C calls this by name, with the finer class
# and the message: it has no way of its own to give a condition a class.
raise_engine_error <- function(class, message) {
    if (class == "kith_error_internal") {
        message <- paste(
            "internal error in kith, please report it:", message
        )
    }
    stop(structure(
        class = c(class, "kith_error", "error", "condition"),
        list(message = message, call = NULL)
    ))
}
