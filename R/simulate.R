#' Simulate an organism with a known truth
#'
#' Draws gene vectors and gene pairs for which it is known which genes belong
#' together, and which of those look alike. Each complex has a latent code and
#' each gene a role. The vector of a gene is its role's linear map of its
#' complex's code, plus an offset of the role, plus noise. So two genes of one
#' complex and one role look alike (kin), and two genes of one complex and
#' different roles do not (kith), although the vector of each tells of the
#' complex. A model that learns the maps of the roles recognises partners in
#' complexes that it has never seen; the cosine of the vectors cannot.
#'
#' With the defaults the cosine tells kin pairs from random pairs with an area
#' under the curve of about .99, kith pairs with .49 and all pairs with .61.
#'
#' Sizes of complexes are spread evenly on a log scale, tilted so that the
#' complexes take up exactly the genes there are for them. In a complex of up to
#' `max_partners + 1` genes all genes are partners of each other. In a larger
#' one the genes stand on a ring in random order and each is the partner of the
#' nearest `max_partners` (rounded down to an even number), so that the number
#' of pairs grows with the number of genes and not with its square.
#'
#' Vectors are drawn such that the signal of each feature has a variance of
#' about 1. The maps of the roles are random, and orthogonal to each other where
#' the features have room for them (`n_roles * n_latent <= n_features`). A gene
#' without a complex has a code of its own, so that its vector does not give it
#' away. All draws come from R's own stream: `set.seed()` decides.
#'
#' @param n_genes Number of genes, all together.
#' @param n_complexes Number of complexes; `NULL` for one per 12.5 genes.
#' @param n_roles Number of roles. About one pair in `n_roles` is kin.
#' @param n_features Number of features, the length of a gene's vector.
#' @param n_latent Length of the latent code of a complex.
#' @param size Smallest and largest number of genes in a complex.
#' @param noise Standard deviation of the noise of each feature.
#' @param offset Standard deviation of the roles' offsets, over features.
#' @param spurious Share of the observed pairs that are spurious: of two genes
#'   without a common complex.
#' @param missing Share of the true pairs that are not observed.
#' @param max_partners Largest number of true partners of a gene.
#' @param n_unattached Number of genes without a complex; `NULL` for a tenth.
#'
#' @return A list of class `simulated_network`:
#'   \describe{
#'   \item{vectors}{numeric matrix, genes x features, with row names such as
#'     `"G0001"`}
#'   \item{pairs}{data frame of the observed pairs, in random order, columns
#'     `from` and `to`}
#'   \item{truth}{data frame of the true and the spurious pairs, columns `from`,
#'     `to`, `status` (`"true"`: observed; `"spurious"`: observed and not true;
#'     `"missing"`: true and not observed) and `kin` (do both have the same
#'     role?)}
#'   \item{genes}{data frame, one row per gene, columns `gene`, `complex` (`NA`
#'     without one) and `role`}
#'   }
#'
#' @section Errors:
#' An error of class `kith_error_input` is raised for numbers out of range, and
#' when complexes of the sizes asked for cannot take up `n_genes` less
#' `n_unattached` genes.
#'
#' @examples
#' set.seed(1)
#' organism <- simulate_network(300)
#' organism
#' table(organism$truth$status, kin = organism$truth$kin)
#' @family simulated data
#' @export
simulate_network <- function(n_genes = 1500, n_complexes = NULL, n_roles = 4,
                             n_features = 50, n_latent = 6, size = c(3, 40),
                             noise = 0.7, offset = 0.2, spurious = 0.05,
                             missing = 0.1, max_partners = 12,
                             n_unattached = NULL) {
    n_genes <- check_count(n_genes, min = 2)
    size <- check_size(size)
    n_complexes <- if (is.null(n_complexes)) {
        max(1L, as.integer(n_genes / 12.5))
    } else {
        check_count(n_complexes)
    }
    n_unattached <- if (is.null(n_unattached)) {
        n_genes %/% 10L
    } else {
        check_count(n_unattached, min = 0)
    }
    n_roles <- check_count(n_roles)
    n_features <- check_count(n_features)
    n_latent <- check_count(n_latent)
    check_number(noise, min = 0, max = 1e6)
    check_number(offset, min = 0, max = 1e6)
    check_number(spurious, min = 0, max = 0.9)
    check_number(missing, min = 0, max = 0.9)
    max_partners <- check_count(max_partners, min = 2)

    sizes <- draw_sizes(n_genes - n_unattached, n_complexes, size)
    genes <- draw_genes(n_genes, sizes, n_roles)
    vectors <- draw_vectors(
        genes, n_roles, n_features, n_latent, noise, offset
    )
    truth <- draw_pairs(genes, spurious, missing, max_partners)
    observed <- truth[truth$status != "missing", c("from", "to")]
    observed <- observed[sample.int(nrow(observed)), ]
    rownames(observed) <- NULL
    structure(
        list(
            vectors = vectors, pairs = observed, truth = truth, genes = genes
        ),
        class = "simulated_network"
    )
}

check_size <- function(size, call = rlang::caller_env()) {
    whole <- is.numeric(size) && length(size) == 2L &&
        all(is.finite(size), size == round(size))
    if (!whole || any(size < 2, diff(size) < 0)) {
        abort_input(c(
            "{.arg size} must be two whole numbers, the smallest (at least 2)
            and the largest size of a complex.",
            x = "It is {describe_value(size)}."
        ), call = call)
    }
    as.integer(size)
}

# Sizes of the complexes, which add up to n: size[1] (size[2] / size[1])^(u^g)
# for uniform u, with g such that the sum fits, rounded to whole numbers.
draw_sizes <- function(n, n_complexes, size, call = rlang::caller_env()) {
    if (n < n_complexes * size[1] || n > n_complexes * size[2]) {
        abort_input(c(
            "{.arg n_complexes} complexes of {size[1]} to {size[2]} genes
            ({.arg size}) must take up {.arg n_genes} less {.arg n_unattached},
            which is {n}.",
            x = "{n_complexes} complex{?es} take{?s/} up
            {n_complexes * size[1]} to {n_complexes * size[2]} genes."
        ), call = call)
    }
    u <- stats::runif(n_complexes)
    sizes_at <- function(log_g) size[1] * (size[2] / size[1])^(u^exp(log_g))
    excess <- function(log_g) sum(sizes_at(log_g)) - n
    range <- c(-20, 20)
    log_g <- if (excess(range[1]) <= 0) {
        range[1]
    } else if (excess(range[2]) >= 0) {
        range[2]
    } else {
        stats::uniroot(excess, range, tol = 1e-10)$root
    }
    # cutting the running sum at whole numbers moves no size by one or more
    sizes <- diff(c(0, round(cumsum(sizes_at(log_g)))))
    repair_sizes(as.integer(sizes), n, size)
}

# adds or takes single genes, evenly, until all sizes are in range and add up
repair_sizes <- function(sizes, n, size) {
    sizes <- pmin(pmax(sizes, size[1]), size[2])
    while (sum(sizes) != n) {
        step <- sign(n - sum(sizes))
        free <- which(if (step > 0) sizes < size[2] else sizes > size[1])
        free <- utils::head(free, abs(n - sum(sizes)))
        sizes[free] <- sizes[free] + as.integer(step)
    }
    sizes
}

# one row per gene: gene, complex (NA without one), role
draw_genes <- function(n_genes, sizes, n_roles) {
    label <- function(prefix, number, largest) {
        sprintf("%s%0*d", prefix, nchar(largest), number)
    }
    gene <- seq_len(n_genes)
    complex <- rep(NA_integer_, n_genes)
    complex[seq_len(sum(sizes))] <- rep(seq_along(sizes), sizes)
    complex <- complex[sample.int(n_genes)]
    role <- sample.int(n_roles, n_genes, replace = TRUE)
    data.frame(
        gene = label("G", gene, max(n_genes, 1000L)),
        complex = ifelse(is.na(complex), NA,
            label("C", complex, max(length(sizes), 100L))
        ),
        role = label("R", role, n_roles)
    )
}

# genes x features: map of the role times code of the complex, plus the role's
# offset, plus noise
draw_vectors <- function(genes, n_roles, n_features, n_latent, noise, offset) {
    n_genes <- nrow(genes)
    role <- as.integer(factor(genes$role))
    complex <- ifelse(is.na(genes$complex), genes$gene, genes$complex)
    complex <- as.integer(factor(complex))
    code <- matrix(stats::rnorm(max(complex) * n_latent), ncol = n_latent)
    maps <- draw_maps(n_roles, n_features, n_latent)
    offsets <- matrix(stats::rnorm(n_roles * n_features, sd = offset), n_roles)
    vectors <- matrix(stats::rnorm(n_genes * n_features, sd = noise), n_genes)
    for (r in unique(role)) {
        member <- role == r
        vectors[member, ] <- vectors[member, ] +
            code[complex[member], , drop = FALSE] %*% maps[[r]] +
            rep(offsets[r, ], each = sum(member))
    }
    dimnames(vectors) <- list(
        genes$gene, sprintf("F%0*d", nchar(n_features), seq_len(n_features))
    )
    vectors
}

# a list of n_latent x n_features matrices, one per role
draw_maps <- function(n_roles, n_features, n_latent) {
    n_rows <- n_roles * n_latent
    maps <- matrix(stats::rnorm(n_features * n_rows), n_features)
    maps <- if (n_rows <= n_features) {
        qr.Q(qr(maps)) * sqrt(n_features / n_latent)
    } else {
        maps / sqrt(n_latent)
    }
    lapply(seq_len(n_roles), function(r) {
        t(maps[, (r - 1L) * n_latent + seq_len(n_latent), drop = FALSE])
    })
}

# the truth: from, to, status, kin
draw_pairs <- function(genes, spurious, missing, max_partners) {
    members <- split(seq_len(nrow(genes)), genes$complex)
    true <- do.call(rbind, unname(lapply(members, pair_up, max_partners)))
    n_missing <- round(missing * nrow(true))
    n_spurious <- round(spurious / (1 - spurious) * (nrow(true) - n_missing))
    status <- rep("true", nrow(true))
    status[sample.int(nrow(true), n_missing)] <- "missing"
    false <- draw_spurious(n_spurious, genes$complex)
    pairs <- rbind(true, false)
    turned <- stats::runif(nrow(pairs)) < 0.5
    pairs[turned, ] <- pairs[turned, 2:1]
    data.frame(
        from = genes$gene[pairs[, 1]],
        to = genes$gene[pairs[, 2]],
        status = c(status, rep("spurious", n_spurious)),
        kin = genes$role[pairs[, 1]] == genes$role[pairs[, 2]]
    )
}

# members of one complex -> two-column matrix of pairs
pair_up <- function(members, max_partners) {
    n <- length(members)
    if (n - 1L <= max_partners) {
        return(t(utils::combn(members, 2)))
    }
    ring <- members[sample.int(n)]
    steps <- rep(seq_len(max_partners %/% 2L), each = n)
    place <- rep(seq_len(n), max_partners %/% 2L)
    cbind(ring[place], ring[(place + steps - 1L) %% n + 1L])
}

# n distinct pairs of genes (positions) that share no complex
draw_spurious <- function(n, complex, call = rlang::caller_env(2)) {
    n_genes <- length(complex)
    alone <- is.na(complex)
    complex[alone] <- paste("none", which(alone))
    room <- choose(n_genes, 2) - sum(choose(table(complex), 2))
    if (n > room) {
        abort_input(c(
            "{.arg spurious} must leave room for pairs without a common
            complex.",
            x = "It asks for {n} such pair{?s} of {room}."
        ), call = call)
    }
    pairs <- matrix(0L, 0L, 2L)
    while (nrow(pairs) < n) {
        ends <- matrix(sample.int(n_genes, 4L * n, replace = TRUE), ncol = 2)
        ends <- cbind(pmin(ends[, 1], ends[, 2]), pmax(ends[, 1], ends[, 2]))
        keep <- complex[ends[, 1]] != complex[ends[, 2]]
        pairs <- unique(rbind(pairs, ends[keep, , drop = FALSE]))
    }
    pairs[seq_len(n), , drop = FALSE]
}

#' @method print simulated_network
#' @export
print.simulated_network <- function(x, ...) {
    count <- function(n) format(n, big.mark = ",")
    status <- table(factor(
        x$truth$status, c("true", "spurious", "missing")
    ))
    true <- x$truth$status != "spurious"
    unattached <- sum(is.na(x$genes$complex))
    cat(sprintf(
        "<simulated_network> %s genes x %d features\n",
        count(nrow(x$vectors)), ncol(x$vectors)
    ))
    cat(sprintf(
        "%s complexes, %d roles, %s genes without a complex\n",
        count(length(unique(x$genes$complex)) - (unattached > 0L)),
        length(unique(x$genes$role)), count(unattached)
    ))
    cat(sprintf(
        "%s pairs observed: %s true, %s spurious; %s true ones are missing\n",
        count(nrow(x$pairs)), count(status[["true"]]),
        count(status[["spurious"]]), count(status[["missing"]])
    ))
    cat(sprintf(
        "kin (same role): %.0f %% of the true pairs\n",
        100 * mean(x$truth$kin[true])
    ))
    invisible(x)
}
