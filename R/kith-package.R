#' kith: contrastive learning of functional gene associations
#'
#' Kin look alike; kith belong together. kith learns from gene vectors and
#' known gene pairs which genes belong together where looking alike is not
#' enough. Start with [learn_associations()]; see `vignette("kith")` for a
#' first tour.
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
