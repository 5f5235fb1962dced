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
