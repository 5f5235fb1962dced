# Plain-R oracles of pairs and negatives, and networks to try them on.

row_kind_r <- function(a, b, n_same, n_turned) {
    missing <- anyNA(c(a, b)) || "" %in% c(a, b)
    kinds <- c(
        "missing ids" = missing, "self pairs" = !missing && a == b,
        duplicated = n_same > 0, reversed = n_turned > 0, kept = TRUE
    )
    names(kinds)[which(kinds)[1]]
}

gene_pairs_r <- function(from, to, score = NULL) {
    n <- c(
        "input rows" = length(from), kept = 0, "self pairs" = 0,
        "missing ids" = 0, duplicated = 0, reversed = 0
    )
    out <- data.frame(from = character(), to = character())
    best <- numeric()
    for (row in seq_along(from)) {
        a <- from[row]
        b <- to[row]
        same <- which(out$from == a & out$to == b)
        turned <- which(out$from == b & out$to == a)
        what <- row_kind_r(a, b, length(same), length(turned))
        n[what] <- n[what] + 1
        if (what == "kept") {
            out <- rbind(out, data.frame(from = a, to = b))
            best <- c(best, score[row])
        } else if (what %in% c("duplicated", "reversed")) {
            at <- c(same, turned)
            values <- c(best[at], score[row])
            if (!is.null(score) && !all(is.na(values))) {
                best[at] <- max(values, na.rm = TRUE)
            }
        }
    }
    if (!is.null(score)) out$score <- as.numeric(best)
    list(pairs = out, report = n)
}

pair_degree_r <- function(pairs, genes) {
    vapply(genes, function(gene) {
        sum(pairs$from == gene) + sum(pairs$to == gene)
    }, integer(1), USE.NAMES = FALSE)
}

expect_same_pairs <- function(pairs, oracle) {
    expect_s3_class(pairs, c("gene_pairs", "data.frame"), exact = TRUE)
    expect_identical(as.list(as.data.frame(pairs)), as.list(oracle$pairs))
    report <- attr(pairs, "report")
    expect_identical(
        stats::setNames(report$n, report$reason), oracle$report
    )
}

random_rows <- function(n, n_genes) {
    ids <- c(NA, "", paste0("g", seq_len(n_genes)))
    data.frame(from = sample(ids, n, TRUE), to = sample(ids, n, TRUE))
}

# canonical text of a pair
pair_text <- function(a, b) paste(pmin(a, b), pmax(a, b))

# all pairs of the universe that are none of the pairs
non_pairs_r <- function(pairs, left, right = left) {
    all <- expand.grid(a = left, b = right, stringsAsFactors = FALSE)
    all <- all[all$a != all$b, ]
    setdiff(pair_text(all$a, all$b), pair_text(pairs$from, pairs$to))
}

# the genes from which a matched negative of mean degree m may come
window_r <- function(degree, m) {
    at <- which(degree >= 0.8 * m & degree <= 1.2 * m)
    if (length(at) < 20) {
        at <- which(degree >= 0.5 * m & degree <= max(1.5 * m, 5))
    }
    if (length(at) < 2) at <- seq_along(degree)
    names(degree)[at]
}

degree_of <- function(pairs, genes) {
    stats::setNames(pair_degree(pairs, genes)$degree, genes)
}

report_of <- function(negatives) {
    report <- attr(negatives, "report")
    stats::setNames(report$n, report$reason)
}

random_network <- function(n_genes, n_pairs) {
    ends <- utils::combn(paste0("g", seq_len(n_genes)), 2L)
    rows <- sample(ncol(ends), n_pairs)
    gene_pairs(data.frame(from = ends[1, rows], to = ends[2, rows]))
}

# how far the counts of n draws each without replacement from equally likely
# things are from even: about uniform on (0, 1) if they are
evenness <- function(drawn, things, n_draws) {
    counts <- table(factor(drawn, things))
    n <- length(things)
    per_draw <- length(drawn) / n_draws
    expected <- length(drawn) / n
    # variance of one count against a multinomial one's
    shrink <- (n - per_draw) / (n - 1)
    stats::pchisq(
        sum((counts - expected)^2 / expected) / shrink, n - 1,
        lower.tail = FALSE
    )
}
