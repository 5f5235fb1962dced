#' What clusters are made of
#'
#' Over-representation of gene sets (pathways, complexes, terms of the Gene
#' Ontology) in clusters of genes, beside random clusters of the same sizes.
#'
#' The p-value is that of the hypergeometric distribution: of N genes, K are of
#' the set; a cluster of k genes has `overlap` of them or more. The N genes are
#' those of `background` that are in any of the sets. Genes in no set cannot be
#' in an overlap: to count them would make N too large and the p-values too
#' small. For the same reason the background is that of the clustering and not
#' the genome.
#'
#' p-values are corrected after Benjamini and Hochberg, apart for each space,
#' over all pairs of one of its clusters and a tested set, also those without a
#' common gene.
#'
#' A cluster is coherent, by the paper's rule, if a set has a corrected p-value
#' below `alpha` and holds more than `min_coverage` of the genes of the cluster.
#' Genes in no set count as genes that the set does not hold. Random clusters
#' may be coherent, too, where sets are wide or the background is: `summary()`
#' tells how many are, and only the difference counts. And where the pairs that
#' a fit has learned come from the same knowledge as the sets, as those of
#' STRING and terms of the Gene Ontology do, coherent clusters show that the fit
#' has learned its pairs, not that it finds new ones.
#'
#' @param clusters A result of [cluster_genes()], or a data frame with the
#'   columns `gene` and `cluster` and perhaps `space` (else `"given"`).
#'   Unclustered genes have the cluster 0 or `NA`.
#' @param sets Gene sets: a named list of character vectors, such as
#'   [read_gene_sets()] and [go_gene_sets()] give; or an annotation object, or
#'   the name of its package (`"org.Hs.eg.db"`), for the Gene Ontology.
#' @param background Genes that could have been in a cluster: `NULL` for all of
#'   `clusters`, unclustered ones too. Say so where `clusters` does not list
#'   the unclustered genes. Random clusters are drawn from these.
#' @param min_size,max_size Sets of so many genes of the background are tested.
#' @param alpha,min_coverage When a cluster is coherent, see below.
#' @param n_random How often to draw random clusters, each time one of the size
#'   of every cluster; 0 for none. `set.seed()` decides which.
#' @param ontology,keytype As in [go_gene_sets()], where `sets` is an annotation
#'   object.
#'
#' @return A data frame of class `cluster_enrichment`, a row for each cluster
#'   and set with a common gene, by space, cluster and p-value:
#'   \describe{
#'   \item{space, cluster}{the cluster}
#'   \item{set, name}{id of the set and, for the Gene Ontology, its name}
#'   \item{size}{genes of the background in the set}
#'   \item{overlap}{genes of the cluster in the set}
#'   \item{expected}{the overlap of a random cluster}
#'   \item{fold}{overlap / expected}
#'   \item{p, p_adjusted}{p-values, as they are and corrected}
#'   \item{coverage}{overlap / genes of the cluster, 0 to 1}
#'   \item{coherent}{does this set make the cluster a coherent one?}
#'   \item{genes}{the common genes, separated by commas}
#'   }
#'   `tidy()` gives a row for each cluster, with its best set, and `summary()`
#'   the share of coherent clusters by space and in random clusters (see
#'   [tidy.cluster_enrichment()]); `autoplot()` draws them. Rows taken by `[`
#'   are a plain data frame.
#'
#' @section Errors: Of class `kith_error_input`: sets without names or with
#'   names that come twice, sets of which none has a gene of the background
#'   (the message tells where upper and lower case are at fault) or is of the
#'   sizes asked for, a clustering without a cluster. Of class
#'   `kith_error_package`: packages that an annotation object needs.
#' @references Dury J (2026). arXiv:2603.20955. Benjamini Y, Hochberg Y (1995).
#'   Controlling the false discovery rate. J R Stat Soc B 57, 289-300.
#' @family clusters
#' @examplesIf requireNamespace("dbscan", quietly = TRUE)
#' set.seed(1)
#' organism <- simulate_network(n_genes = 250)
#' clusters <- cluster_genes(organism$vectors)
#' # the true complexes
#' complexes <- split(organism$genes$gene, organism$genes$complex)
#' names(complexes) <- paste("complex", names(complexes))
#' found <- enrich_clusters(clusters, complexes, n_random = 20)
#' found
#' head(tidy(found))
#' summary(found)
#' @export
enrich_clusters <- function(clusters, sets, background = NULL, min_size = 3,
                            max_size = 500, alpha = 0.05, min_coverage = 0.5,
                            n_random = 50, ontology = c("BP", "MF", "CC"),
                            keytype = "SYMBOL") {
    members <- cluster_members(clusters)
    background <- if (is.null(background)) {
        unique(members$gene)
    } else {
        unique(check_ids(background, "background"))
    }
    settings <- list(
        min_size = check_count(min_size),
        max_size = check_count(max_size, min = min_size),
        alpha = check_number(alpha, 0, 1),
        min_coverage = check_number(min_coverage, 0, 1),
        n_random = check_count(n_random, min = 0)
    )
    if (methods::is(sets, "AnnotationDb") || rlang::is_string(sets)) {
        sets <- go_gene_sets(sets, background, ontology, keytype)
    }
    tested <- prepare_sets(check_sets(sets), background, settings)
    members <- clustered_members(members, background)
    spaces <- split(members, factor(members$space, unique(members$space)))
    found <- lapply(spaces, enrich_space, tested, settings)
    structure(
        do.call(rbind, unname(found)),
        clusters = enriched_clusters(members, clusters),
        random = do.call(rbind, unname(lapply(
            spaces, enrich_random, background, tested, settings
        ))),
        tested = tested$report, settings = settings,
        class = c("cluster_enrichment", "data.frame")
    )
}

# data frame of space, gene, cluster (0 without one)
cluster_members <- function(clusters, call = rlang::caller_env()) {
    if (!is.data.frame(clusters) ||
        !all(c("gene", "cluster") %in% names(clusters))) {
        abort_input(c(
            "{.arg clusters} must come from {.fn cluster_genes}, or be a data
            frame with the columns {.field gene} and {.field cluster}.",
            x = "It is {describe_value(clusters)}."
        ), call = call)
    }
    cluster <- clusters$cluster
    if (is.factor(cluster)) cluster <- as.character(cluster)
    if (!is.numeric(cluster) && !is.character(cluster)) {
        abort_input(c(
            "Column {.field cluster} of {.arg clusters} must be numbers or
            names.",
            x = "It is {describe_value(cluster)}."
        ), call = call)
    }
    cluster[is.na(cluster)] <- 0L
    if (!any(cluster != 0)) {
        abort_input(c(
            "{.arg clusters} must have a cluster.",
            x = "All of its {nrow(clusters)} genes are unclustered."
        ), call = call)
    }
    members <- data.frame(
        space = as.character(clusters$space %||% "given"),
        gene = check_ids(clusters$gene, "clusters$gene", call),
        cluster = cluster
    )
    repeated <- duplicated(members)
    if (any(repeated)) {
        inform_kith(
            "{sum(repeated)} row{?s} of {.arg clusters} repeat{?s/} a gene of
            the same cluster: it counts once.",
            class = "kith_message_dropped"
        )
    }
    members[!repeated, ]
}

# the rows of members in clusters, all of them in the background
clustered_members <- function(members, background,
                              call = rlang::caller_env()) {
    members <- members[members$cluster != 0, ]
    unknown <- setdiff(members$gene, background)
    if (length(unknown) > 0L) {
        abort_input(c(
            "{.arg background} must hold all genes that are in clusters.",
            x = "{length(unknown)} {?is/are} missing, the first is
            {.val {unknown[1]}}."
        ), call = call)
    }
    members
}

check_sets <- function(sets, call = rlang::caller_env()) {
    names <- names(sets)
    if (!is.list(sets) || is.data.frame(sets) || is.null(names)) {
        abort_input(c(
            "{.arg sets} must be a named list of gene sets.",
            x = if (is.list(sets) && !is.data.frame(sets) && length(sets)) {
                "Its {length(sets)} set{?s} {?has/have} no names."
            } else {
                "It is {describe_value(sets)}."
            },
            i = "{.fn read_gene_sets} and {.fn go_gene_sets} make one."
        ), call = call)
    }
    unnamed <- is.na(names) | !nzchar(names)
    if (any(unnamed)) {
        abort_input(c(
            "Each of {.arg sets} must have a name.",
            x = "Number {which(unnamed)[1]} has none."
        ), call = call)
    }
    if (anyDuplicated(names)) {
        abort_input(c(
            "The names of {.arg sets} must be unique.",
            x = "{.val {names[duplicated(names)][1]}} comes more than once.",
            i = "See {.fn make.unique}."
        ), call = call)
    }
    bad <- !vapply(sets, function(set) {
        is.character(set) && !anyNA(set)
    }, logical(1))
    if (any(bad)) {
        abort_input(c(
            "{.arg sets} must hold gene ids, none of them missing.",
            x = "Set {.val {names[bad][1]}} is
            {describe_value(sets[bad][[1]])}{if (is.character(sets[bad][[1]]))
            ' with NA'}."
        ), call = call)
    }
    sets
}

# The sets to test, as a sparse 0/1 matrix of annotated genes of the background
# x sets, with their names and a report of what was left out.
prepare_sets <- function(sets, background, settings,
                         call = rlang::caller_env()) {
    given <- unlist(sets, use.names = FALSE)
    universe <- intersect(background, given)
    if (length(universe) == 0L) {
        abort_input(c(
            "{.arg sets} must have genes of the background.",
            x = "None of {length(unique(given))} genes in {length(sets)} set{?s}
            is one: the sets have such as {.val {utils::head(given, 3)}}, the
            background such as {.val {utils::head(background, 3)}}.",
            i = "{advise_ids(background, given)}"
        ), call = call)
    }
    gene <- match(given, universe)
    set <- rep(seq_along(sets), lengths(sets))
    cells <- unique(data.frame(gene, set)[!is.na(gene), ])
    sizes <- tabulate(cells$set, length(sets))
    small <- sizes < settings$min_size
    large <- sizes > settings$max_size
    kept <- which(!small & !large)
    report <- new_report(
        c(
            "sets", "tested", "too small", "too large", "background",
            "annotated"
        ),
        c(
            length(sets), length(kept), sum(small), sum(large),
            length(background), length(universe)
        )
    )
    if (length(kept) == 0L) {
        abort_input(c(
            "{.arg sets} must have a set of {settings$min_size} to
            {settings$max_size} genes of the background ({.arg min_size},
            {.arg max_size}).",
            x = "{sum(small)} {?is/are} smaller, {sum(large)} {?is/are} larger."
        ), call = call)
    }
    cells <- cells[cells$set %in% kept, ]
    list(
        membership = Matrix::sparseMatrix(
            cells$gene, match(cells$set, kept),
            x = 1, dims = c(length(universe), length(kept))
        ),
        genes = universe, set = names(sets)[kept],
        name = unname((attr(sets, "term") %||% names(sets))[kept]),
        size = sizes[kept], report = report
    )
}

# One row for each cluster and set with a common gene. cluster: of each of the
# genes, from 1 to length(sizes); sizes: genes of the clusters, also those that
# are in no set.
count_overlaps <- function(gene, cluster, sizes, tested) {
    row <- match(gene, tested$genes)
    there <- !is.na(row)
    grouped <- Matrix::sparseMatrix(row[there], cluster[there],
        x = 1, dims = c(length(tested$genes), length(sizes))
    )
    counts <- methods::as(
        Matrix::crossprod(grouped, tested$membership), "TsparseMatrix"
    )
    cells <- data.frame(
        cluster = counts@i + 1L, set = counts@j + 1L,
        overlap = as.integer(counts@x)
    )
    universe <- length(tested$genes)
    size <- tested$size[cells$set]
    drawn <- Matrix::colSums(grouped)[cells$cluster]
    cells$expected <- drawn * size / universe
    cells$p <- stats::phyper(cells$overlap - 1L, size, universe - size, drawn,
        lower.tail = FALSE
    )
    cells$coverage <- cells$overlap / sizes[cells$cluster]
    cells
}

# corrected over all pairs of a cluster and a set, of which those without a
# common gene have p = 1
adjust <- function(p, n_clusters, tested) {
    stats::p.adjust(p, "BH", n = n_clusters * length(tested$set))
}

is_coherent <- function(cells, settings) {
    cells$p_adjusted < settings$alpha & cells$coverage > settings$min_coverage
}

enrich_space <- function(members, tested, settings) {
    numbers <- sort(unique(members$cluster))
    cluster <- match(members$cluster, numbers)
    sizes <- tabulate(cluster, length(numbers))
    cells <- count_overlaps(members$gene, cluster, sizes, tested)
    cells <- cells[order(cells$cluster, cells$p, cells$set), ]
    cells$p_adjusted <- adjust(cells$p, length(numbers), tested)
    data.frame(
        space = rep(members$space[1], nrow(cells)),
        cluster = numbers[cells$cluster], set = tested$set[cells$set],
        name = tested$name[cells$set], size = tested$size[cells$set],
        overlap = cells$overlap, expected = cells$expected,
        fold = cells$overlap / cells$expected, p = cells$p,
        p_adjusted = cells$p_adjusted, coverage = cells$coverage,
        coherent = is_coherent(cells, settings),
        genes = common_genes(cells, members$gene, cluster, tested)
    )
}

# the genes that each cluster and set have in common, as one string
common_genes <- function(cells, gene, cluster, tested) {
    row <- match(gene, tested$genes)
    there <- which(!is.na(row))
    of_genes <- methods::as(
        tested$membership[row[there], , drop = FALSE], "TsparseMatrix"
    )
    key <- function(cluster, set) (cluster - 1) * length(tested$set) + set
    gene <- gene[there][of_genes@i + 1L]
    cell <- match(
        key(cluster[there][of_genes@i + 1L], of_genes@j + 1L),
        key(cells$cluster, cells$set)
    )
    # most have one gene in common, and need no pasting
    text <- character(nrow(cells))
    text[cell] <- gene
    several <- cells$overlap[cell] > 1L
    pasted <- vapply(split(gene[several], cell[several]), paste, "",
        collapse = ","
    )
    text[as.integer(names(pasted))] <- pasted
    text
}

# Random clusters of the sizes of a space's clusters, drawn again and again: a
# data frame with the number of coherent ones of each draw.
enrich_random <- function(members, background, tested, settings) {
    sizes <- as.integer(table(members$cluster))
    draws <- seq_len(settings$n_random)
    coherent <- vapply(draws, function(draw) {
        genes <- unlist(lapply(sizes, sample.int, n = length(background)))
        cells <- count_overlaps(
            background[genes], rep(seq_along(sizes), sizes), sizes, tested
        )
        cells$p_adjusted <- adjust(cells$p, length(sizes), tested)
        length(unique(cells$cluster[is_coherent(cells, settings)]))
    }, integer(1))
    data.frame(
        space = rep(members$space[1], length(draws)), draw = draws,
        n_clusters = rep(length(sizes), length(draws)), n_coherent = coherent
    )
}

# space, cluster, size and whether it is of association space alone, if known
enriched_clusters <- function(members, clusters) {
    found <- stats::aggregate(
        list(size = members$gene),
        members[c("cluster", "space")], length
    )
    found <- found[order(match(found$space, members$space), found$cluster), ]
    found <- found[c("space", "cluster", "size")]
    known <- attr(clusters, "clusters")
    key <- function(x) paste(x$space, x$cluster)
    found$specific <- if (is.null(known)) {
        NA
    } else {
        known$specific[match(key(found), key(known))]
    }
    rownames(found) <- NULL
    found
}
