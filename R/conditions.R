# How kith raises conditions: each has the class of its kind ("kith_error",
# "kith_warning", "kith_message") behind a finer one, so that a handler may
# catch them all or one. Messages are cli's, with values of the caller.

abort_kith <- function(message, class, ..., call = rlang::caller_env(),
                       .envir = rlang::caller_env()) {
    cli::cli_abort(message,
        ...,
        class = c(class, "kith_error"), call = call, .envir = .envir
    )
}

warn_kith <- function(message, class, .envir = rlang::caller_env()) {
    cli::cli_warn(message, class = c(class, "kith_warning"), .envir = .envir)
}

inform_kith <- function(message, class, ..., .envir = rlang::caller_env()) {
    cli::cli_inform(message,
        ...,
        class = c(class, "kith_message"), .envir = .envir
    )
}

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
