#' Look into the sets of clusters
#'
#' @param x,object A result of [enrich_clusters()].
#' @param ... Not used.
#'
#' @return
#' * `tidy`: a data frame with a row for each cluster: `space`, `cluster`,
#'   `size` (genes), `specific` (is it of association space alone, see
#'   [tidy.gene_clusters()]; `NA` where that is not known), `coherent`, and of
#'   its best set `set`, `name`, `overlap`, `p_adjusted` and `coverage`. The
#'   best is the one of the smallest p-value, in coherent clusters among those
#'   that make them so; `NA` for clusters without a gene in any set.
#' * `summary`: a data frame with a row for each space and kind of cluster:
#'   `space`, `clusters` (`"all"`, `"specific"`, or `"random"` for random ones
#'   of the sizes of all), `n_clusters`, `n_coherent`, `share` (of coherent
#'   ones), `sd` (of `n_coherent` among the random draws, of which `n_coherent`
#'   is the mean; else `NA`).
#' * `glance`: a data frame with one row: `sets` (given), `tested`,
#'   `background` (genes), `annotated` (how many of them are in a set),
#'   `clusters`, `coherent`, `random_share` (mean share of coherent ones among
#'   random clusters of the same sizes).
#' * `as.data.frame`: the rows as a plain data frame.
#' @family clusters
#' @examples
#' clusters <- data.frame(
#'     gene = paste0("g", 1:12), cluster = rep(c(1, 2, 0), each = 4)
#' )
#' sets <- list(first = paste0("g", 1:4), other = paste0("g", c(5, 9:12)))
#' found <- enrich_clusters(clusters, sets, n_random = 5)
#' tidy(found)
#' summary(found)
#' @name tidy.cluster_enrichment
NULL

#' @rdname tidy.cluster_enrichment
#' @method tidy cluster_enrichment
#' @export
tidy.cluster_enrichment <- function(x, ...) {
    clusters <- attr(x, "clusters")
    rows <- as.data.frame(x)
    # rows are sorted by p-value already
    rows <- rows[order(!rows$coherent), ]
    key <- function(x) paste(x$space, x$cluster)
    best <- rows[match(key(clusters), key(rows)), ]
    result <- data.frame(clusters,
        coherent = !is.na(best$coherent) & best$coherent,
        best[c("set", "name", "overlap", "p_adjusted", "coverage")]
    )
    rownames(result) <- NULL
    result
}

#' @rdname tidy.cluster_enrichment
#' @method summary cluster_enrichment
#' @export
summary.cluster_enrichment <- function(object, ...) {
    clusters <- tidy(object)
    random <- attr(object, "random")
    row <- function(space, kind, n, coherent, sd = NA_real_) {
        data.frame(
            space = space, clusters = kind, n_clusters = n,
            n_coherent = coherent, share = coherent / n, sd = sd
        )
    }
    parts <- lapply(unique(clusters$space), function(space) {
        of_space <- clusters[clusters$space == space, ]
        specific <- of_space[of_space$specific %in% TRUE, ]
        draws <- random[random$space == space, ]
        rbind(
            row(space, "all", nrow(of_space), sum(of_space$coherent)),
            if (nrow(specific) > 0L) {
                row(space, "specific", nrow(specific), sum(specific$coherent))
            },
            if (nrow(draws) > 0L) {
                row(
                    space, "random", nrow(of_space), mean(draws$n_coherent),
                    stats::sd(draws$n_coherent)
                )
            }
        )
    })
    do.call(rbind, parts)
}

#' @rdname tidy.cluster_enrichment
#' @method glance cluster_enrichment
#' @export
glance.cluster_enrichment <- function(x, ...) {
    report <- attr(x, "tested")
    count <- function(reason) {
        as.integer(report$n[report$reason == reason])
    }
    clusters <- tidy(x)
    random <- attr(x, "random")
    data.frame(
        sets = count("sets"), tested = count("tested"),
        background = count("background"), annotated = count("annotated"),
        clusters = nrow(clusters), coherent = sum(clusters$coherent),
        random_share = if (nrow(random) > 0L) {
            sum(random$n_coherent) / sum(random$n_clusters)
        } else {
            NA_real_
        }
    )
}

#' @method print cluster_enrichment
#' @export
print.cluster_enrichment <- function(x, n = 6, ...) {
    row <- glance(x)
    settings <- attr(x, "settings")
    count <- function(n) format(n, big.mark = ",")
    cli::cat_line(
        "<cluster_enrichment> of ", row$clusters, " clusters in ",
        count(row$tested), " of ", count(row$sets), " sets (",
        settings$min_size, " to ", settings$max_size, " genes)"
    )
    cli::cat_line(
        "  background: ", count(row$annotated), " of ",
        count(row$background), " genes, those in any set"
    )
    cli::cat_line(sprintf(
        "  coherent: corrected p < %s and more than %s %% of the genes",
        format(settings$alpha), format(100 * settings$min_coverage)
    ))
    shares <- summary(x)
    kind <- c(
        all = "clusters", specific = "specific clusters",
        random = "random clusters"
    )[shares$clusters]
    coherent <- ifelse(shares$clusters == "random",
        sprintf("%.1f +- %.1f", shares$n_coherent, shares$sd),
        sprintf("%d", as.integer(round(shares$n_coherent)))
    )
    cli::cat_line(sprintf(
        "  %-11s %-17s %s of %d (%.0f %%)", shares$space, kind, coherent,
        shares$n_clusters, 100 * shares$share
    ))
    best <- tidy(x)
    best <- best[best$coherent, c(
        "space", "cluster", "size", "name", "p_adjusted", "coverage"
    )]
    if (nrow(best) > 0L) {
        best$name <- shorten(best$name, 40L)
        cli::cat_line()
        print(utils::head(best, n), row.names = FALSE, digits = 2)
    }
    if (nrow(best) > n) {
        cli::cat_line("... ", nrow(best) - n, " more: tidy()")
    }
    invisible(x)
}

# texts of at most so many characters
shorten <- function(text, width) {
    long <- nchar(text) > width
    text[long] <- paste0(strtrim(text[long], width - 3L), "...")
    text
}

#' @export
`[.cluster_enrichment` <- function(x, ...) {
    as.data.frame(x)[...]
}

#' @rdname tidy.cluster_enrichment
#' @method as.data.frame cluster_enrichment
#' @export
as.data.frame.cluster_enrichment <- function(x, ...) {
    attributes(x) <- attributes(x)[c("names", "row.names")]
    class(x) <- "data.frame"
    x
}
