# Arms: the models of a study or benchmark. An arm is a list of class
# c("<kind>_arm", "compare_arm") with
#   label     a data frame of one row that names it
#   settings  list(control, ...), for its threads and what it reports
#   folder    where its result is kept, NULL: nowhere
# and what fit_arm() needs. Arms share nothing, so they may go to workers;
# results that a folder holds are read instead, so a stopped study goes on.

# ...: what fit_arm() needs; first, so that no name of it is a part of another
new_compare_arm <- function(..., kind, label, settings, folder) {
    structure(
        list(label = label, settings = settings, folder = folder, ...),
        class = c(paste0(kind, "_arm"), "compare_arm")
    )
}

# Trains an arm and returns its result: list(label, ...).
fit_arm <- function(arm) UseMethod("fit_arm")

# Results of arms, in their order; where they run changes no number.
run_arms <- function(arms, workers) {
    for (folder in unique(unlist(lapply(arms, `[[`, "folder")))) {
        if (!dir.exists(dirname(folder))) {
            abort_input(c(
                "The folder of finished arms must lie in one that exists.",
                x = "There is no folder {.file {dirname(folder)}}."
            ), call = NULL)
        }
        dir.create(folder, showWarnings = FALSE)
    }
    sent <- Map(function(arm, i) {
        arm$settings$control <- shared_control(arm$settings$control, workers)
        arm$place <- paste(i, "of", length(arms))
        arm
    }, arms, seq_along(arms))
    # a fit keeps the control that was asked for
    Map(function(end, arm) {
        if (!is.null(end$fit)) end$fit$control <- arm$settings$control
        end
    }, map_on(workers, sent, run_arm), arms)
}

run_arm <- function(arm) {
    if (arm$settings$control$verbose) {
        what <- paste(names(arm$label), vapply(arm$label, format, ""))
        inform_kith("Arm {arm$place}: {toString(what)}", "kith_message_arm")
    }
    if (is.null(arm$folder)) {
        return(fit_arm(arm))
    }
    file <- file.path(arm$folder, paste0("arm-", arm_hash(arm), ".rds"))
    if (file.exists(file)) {
        return(read_checkpoint(file))
    }
    result <- fit_arm(arm)
    write_checkpoint(result, file)
    result
}

# What makes two arms the same. A function is known by its text: its environment
# may differ from call to call.
arm_hash <- function(arm) {
    arm <- lapply(arm, function(field) {
        if (is.function(field)) deparse(field) else field
    })
    arm$settings <- lapply(arm$settings, function(setting) {
        if (inherits(setting, "train_control")) {
            deciding_control(setting)
        } else {
            setting
        }
    })
    arm[c("place", "folder")] <- NULL
    # R may note in a vector, in use, that it is sorted or has no NA, and a hash
    # sees it; version 2 of serialize() writes values alone
    values <- serialize(list(arm, kith_version()), NULL, version = 2L)
    rlang::hash(values)
}

# ---- what benchmarks check --------------------------------------------------

# names: of all arms; name: of the argument that some of them come from
check_arm_names <- function(names, name, call = rlang::caller_env()) {
    if (anyDuplicated(names)) {
        abort_input(c(
            "{.arg {name}} must have names of their own.",
            x = "{.val {names[duplicated(names)][1]}} is the name of two arms."
        ), call = call)
    }
}

# a benchmark has many runs, and a file is that of one
check_no_checkpoint <- function(control, name = rlang::caller_arg(control),
                                call = rlang::caller_env()) {
    if (!is.null(control$checkpoint)) {
        abort_input(c(
            "{.arg {name}} must have no {.arg checkpoint} here.",
            i = "Finished folds are kept in {.arg folder}."
        ), call = call)
    }
}
