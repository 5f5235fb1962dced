#' Public data sets, listed and fetched
#'
#' Without a name, lists the public sources that kith can use, with licence,
#' citation, version and size; nothing is fetched. With names, fetches those
#' files into a cache and returns their paths. A file that is there already is
#' checked and used as it is, without the network.
#'
#' A download that breaks off is resumed at the next call, from where it
#' stopped, unless the file has changed on the server or the server does not say
#' whether it has. What has come is checked: its size and MD5 sum where the
#' source publishes them (STRING and some others do not), the size that the
#' server announced, and compressed files down to their last byte. The MD5 sum
#' of every file is kept beside it, in `<file>.md5`, and compared whenever the
#' file is asked for again. Sources whose version is `current` change with time;
#' delete the file and its sum to have the newest.
#'
#' Two R processes that ask for one file at the same time fetch it once.
#'
#' The terms of use of a source are told once per session.
#'
#' @param name Names of data sets, as `kith_dataset()` lists them.
#' @param species For STRING: the species, as its taxon id at NCBI (human 9606,
#'   mouse 10090, yeast 4932, E. coli K-12 511145). The default is human.
#' @param cache Folder that the files are kept in. Each source has a folder of
#'   its own there. The default is the option `kith.cache`, and without it
#'   `tools::R_user_dir("kith", "cache")`, where R keeps caches of packages.
#'   Nothing is written anywhere else.
#'
#' @return Without `name`, a data frame of class `kith_datasets` with one row
#'   per data set and the columns
#'   \describe{
#'   \item{name}{what to ask for}
#'   \item{source, version}{who publishes it, and which release it is;
#'     `"current"` for sources without fixed releases}
#'   \item{title}{what is in it}
#'   \item{organism}{whose genes: a taxon id at NCBI, or `"any"` for `species`}
#'   \item{size}{bytes; `NA` where it is not published. Rounded and about for
#'     sources whose version is `"current"`}
#'   \item{licence}{`NA` where none is stated}
#'   \item{citation}{the publication to cite}
#'   \item{page}{address of the page that describes it}
#'   \item{file}{name of the file}
#'   \item{folder}{folder of the source within the cache}
#'   \item{address}{where it is fetched from}
#'   \item{md5}{published MD5 sum, or `NA`}
#'   }
#'   With `name`, a character vector of paths, named by `name`.
#'
#' @section Without a network, or behind a firewall:
#' The error of a download that fails says which file it was, what its address
#' is and where to put it: a file that is saved there by hand is checked and
#' used. A proxy is taken from the environment variables `http_proxy` and
#' `https_proxy`. For many users, put a copy of a filled cache on a web server
#' and set `options(kith.mirror = "https://server/folder")`: files are then
#' fetched from `<mirror>/<folder>/<file>`, with the same checks. Or let all of
#' them use one folder, which may be read-only, as `cache`.
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for a name that is not
#' listed (the message has the nearest), a `species` that is no taxon id or not
#' that of the data set, and a `cache` or mirror that is not one string; one of
#' class `kith_error_package` when a package for downloads is not installed;
#' one of class `kith_error_download` when the server cannot be reached or
#' refuses, when what came is not what it should be, when a file in the cache
#' has changed, and when the cache cannot be written. It names the file, its
#' address, what was expected and found, and what to do.
#'
#' @examples
#' kith_dataset()
#'
#' # the files for mouse, and how large those are that say so
#' mouse <- kith_dataset(species = 10090)
#' mouse$address[mouse$source == "STRING"]
#'
#' if (interactive()) {
#'     files <- kith_dataset(c("string_links", "string_info"))
#' }
#' @family data sets
#' @export
kith_dataset <- function(name = NULL, species = 9606,
                         cache = getOption(
                             "kith.cache", tools::R_user_dir("kith", "cache")
                         )) {
    call <- rlang::current_env()
    any_species <- missing(species)
    species <- check_taxon(species, call)
    datasets <- read_datasets(species)
    if (is.null(name)) {
        return(datasets)
    }
    chosen <- datasets[match_datasets(name, datasets$name, call), ]
    if (!any_species) {
        check_organism(chosen, species, call)
    }
    cache <- absolute_path(check_string(cache, call = call))
    paths <- vapply(seq_len(nrow(chosen)), function(i) {
        fetch_dataset(chosen[i, ], cache, call)
    }, "")
    lapply(split(chosen, chosen$source), tell_terms)
    stats::setNames(paths, chosen$name)
}

# also of what does not exist yet
absolute_path <- function(path) {
    path <- path.expand(path)
    if (!grepl("^([/\\\\]|[A-Za-z]:)", path)) {
        path <- file.path(getwd(), path)
    }
    normalizePath(path, winslash = "/", mustWork = FALSE)
}

# the rows of the names, or an error with the nearest name
match_datasets <- function(name, known, call) {
    if (!is.character(name) || length(name) == 0L) {
        abort_input(c(
            "{.arg name} must be the names of data sets.",
            x = "It is {describe_value(name)}.",
            i = "{.code kith_dataset()} lists them."
        ), call = call)
    }
    rows <- match(name, known)
    if (anyNA(rows)) {
        wrong <- name[is.na(rows)][1L]
        near <- nearest_names(wrong, known)
        abort_input(c(
            "{.arg name} must be the names of data sets.",
            x = "There is no {.val {wrong}}.",
            i = "Did you mean {.or {.val {near}}}?",
            i = "{.code kith_dataset()} lists them all."
        ), call = call)
    }
    unique(rows)
}

check_taxon <- function(species, call) {
    whole <- is.numeric(species) && length(species) == 1L &&
        is.finite(species) && species == round(species) && species > 0
    if (!whole) {
        abort_input(c(
            "{.arg species} must be one taxon id of NCBI, a whole number.",
            x = "It is {describe_value(species)}.",
            i = "Human is 9606, mouse 10090, yeast 4932, {.emph E. coli} K-12
            511145."
        ), call = call)
    }
    format(species, scientific = FALSE)
}

check_organism <- function(chosen, species, call) {
    other <- which(!chosen$organism %in% c("any", species))
    if (length(other)) {
        first <- chosen[other[1L], ]
        abort_input(c(
            "{.arg species} must be that of the data set.",
            x = "{.val {first$name}} is of taxon {first$organism}, not
            {species}.",
            i = "Leave out {.arg species}; only STRING has several."
        ), call = call)
    }
}

tell_terms <- function(chosen) {
    first <- chosen[1L, ]
    terms <- if (is.na(first$licence)) {
        "{first$source} ({first$version}) states no licence with its files:
        see {.url {first$page}} before you pass them on."
    } else {
        "{first$source} ({first$version}) may be used under {first$licence}."
    }
    inform_kith(
        c(i = paste(terms, "Cite {first$citation}.")), "kith_message_terms",
        .frequency = "once", .frequency_id = paste0("kith_", first$source)
    )
}

#' @method print kith_datasets
#' @export
print.kith_datasets <- function(x, ...) {
    n_sources <- length(unique(x$source))
    cat(cli::pluralize(
        "<kith_datasets> {nrow(x)} file{?s} of {n_sources} public source{?s}"
    ), "\n\n", sep = "")
    wide <- max(0L, nchar(x$name))
    for (source in unique(x$source)) {
        rows <- x[x$source == source, ]
        licence <- rows$licence[1L]
        cat(sprintf(
            "%s %s, %s\n", source, rows$version[1L],
            if (is.na(licence)) "no licence stated" else licence
        ))
        about <- ifelse(rows$version == "current", "~", "")
        size <- ifelse(
            is.na(rows$size), "", paste0(about, format_size(rows$size))
        )
        cat(sprintf(
            "  %-*s %9s  %s\n", wide, rows$name, size, rows$title
        ), "\n", sep = "")
    }
    cat(
        "kith_dataset(name) fetches a file. Citations, addresses and checksums",
        "are columns: as.data.frame(kith_dataset())",
        sep = "\n"
    )
    invisible(x)
}

#' @method as.data.frame kith_datasets
#' @export
as.data.frame.kith_datasets <- function(x, ...) {
    class(x) <- "data.frame"
    x
}

# bytes as a person says them
format_size <- function(bytes) {
    unit <- pmin(floor(log(pmax(bytes, 1), 1000)), 3)
    digits <- ifelse(unit == 0, 0, ifelse(bytes / 1000^unit < 100, 1, 0))
    sprintf(
        "%.*f %s", digits, bytes / 1000^unit, c("B", "kB", "MB", "GB")[unit + 1]
    )
}
