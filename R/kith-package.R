#' kith: contrastive learning of functional gene associations
#'
#' Kin look alike; kith belong together. kith learns from gene vectors and
#' known gene pairs which genes belong together where looking alike is not
#' enough. Start with [learn_associations()]; see `vignette("kith")` for a
#' first tour.
#'
#' On the same engine stand [learn_ranking()] (expression from histone marks),
#' [learn_samples()] (labels of few samples from bulk expression),
#' [learn_transcripts()] (labels of transcripts from their sequences) and
#' [learn_response()] (drug response of new cells and new drugs).
#'
#' @keywords internal
#' @useDynLib kith, .registration = TRUE
#' @importFrom rlang .data %||%
"_PACKAGE"

# A process that parallel forked, and that loads kith only now.
.onLoad <- function(libname, pkgname) {
    if (isNamespaceLoaded("parallel") &&
        get("isChild", asNamespace("parallel"))()) {
        .Call(C_threads_give_up)
    }
}

# A BLAS that does not know a processor takes its oldest kernels, with which
# products of matrices take up to five times as long.
.onAttach <- function(libname, pkgname) {
    features <- .Call(C_build_features)
    hint <- slow_blas_hint(features$blas_core, features$blas_best_core)
    if (!is.null(hint)) packageStartupMessage(hint)
}

# core, best: names of OpenBLAS, NA where there is none to tell
slow_blas_hint <- function(core, best) {
    old <- tolower(core) %in% c(
        "katmai", "coppermine", "northwood", "prescott", "banias", "atom",
        "core2", "penryn", "dunnington", "nehalem", "opteron",
        "opteron_sse3", "barcelona", "bobcat", "athlon"
    )
    if (!old || is.na(best)) {
        return(NULL)
    }
    paste0(
        "OpenBLAS takes this processor for an old one (", core, "), so ",
        "training is several times slower than it could be.\n",
        "Set OPENBLAS_CORETYPE=", best, " where R is started from, as in\n",
        "    OPENBLAS_CORETYPE=", best, " R\n",
        "(.Renviron is read too late for this)."
    )
}
