# What the fits of all learners share: class c("<what>_fit", "kith_fit").

# A fit of jobs that have ended. fields: the learner's own, before those that
# all fits have.
new_fit <- function(class, jobs, ...) {
    first <- jobs[[1L]]
    control <- first$control
    # the file that the call named
    if (!is.null(control$checkpoint) && !first$alone) {
        control$checkpoint <- call_file(first)
    }
    structure(
        list(
            ...,
            control = control, call_hash = jobs_hash(jobs),
            version = kith_version(), blas = extSoftVersion()[["BLAS"]]
        ),
        class = c(class, "kith_fit")
    )
}

# The same of a fit that no network belongs to.
new_plain_fit <- function(class, control, ...) {
    structure(
        list(
            ...,
            control = control, version = kith_version(),
            blas = extSoftVersion()[["BLAS"]]
        ),
        class = c(class, "kith_fit")
    )
}

# Base R's plot() of what has a figure of its own draws that.
plot_figure <- function(x, ...) {
    figure <- ggplot2::autoplot(x, ...)
    print(figure)
    invisible(figure)
}

#' @rawNamespace
#' S3method(plot, association_evaluation, plot_figure)
#' S3method(plot, cluster_enrichment, plot_figure)
#' S3method(plot, gene_clusters, plot_figure)
#' S3method(plot, kith_fit, plot_figure)
#' S3method(plot, mark_ablation, plot_figure)
#' S3method(plot, ranking_benchmark, plot_figure)
#' S3method(plot, ranking_evaluation, plot_figure)
#' S3method(plot, ranking_importance, plot_figure)
#' S3method(plot, samples_benchmark, plot_figure)
#' S3method(plot, study_table, plot_figure)
NULL

# a network of a fit, from an ended job; `state` holds what is not learned, such
# as running statistics, where there is any
fit_member <- function(end) {
    final <- final_numbers(end$state)
    member <- list(
        parameters = final$parameters, best_epoch = end$state$best$epoch,
        key = end$job$plan$key
    )
    if (length(final$state)) member$state <- final$state
    member
}

# the histories of all networks, one below the other
member_histories <- function(ends) {
    do.call(rbind, Map(function(end, i) {
        cbind(member = i, end$state$history)
    }, ends, seq_along(ends)))
}

kith_version <- function() {
    as.character(utils::packageVersion("kith"))
}
