#' Shuffle partners
#'
#' Gives every gene new partners and leaves it as many as it had: the pairs of
#' an organism in which only the number of partners is true. A model that
#' scores real pairs as well after it was trained on these has learned degrees,
#' not associations.
#'
#' As in the paper the second genes of the pairs change places, so each gene
#' stands as often on either side as before. Here no gene is paired with itself
#' and no pair comes twice: two pairs at a time exchange their second genes
#' where that leaves valid pairs, each about `rounds` times. A network with
#' little freedom (a star, a clique) can hardly be shuffled; the report tells
#' how many pairs came out as they were.
#'
#' The draw comes from R's random numbers: `set.seed()` decides.
#'
#' @param pairs Gene pairs: what [gene_pairs()] makes or accepts.
#' @param rounds How often an exchange is tried for each pair. 20 is more than
#'   enough to forget the start: most tries succeed.
#' @return [gene_pairs()] with a row for each of `pairs`, the same `from` and
#'   the same multiset of `to`, without scores. Its `report` has the rows
#'   `"pairs"` and `"known"` (pairs that are also in `pairs`, by chance or for
#'   want of freedom).
#' @section Errors: fewer than two pairs; `rounds` that is no whole number of
#'   at least 1.
#' @references J. Dury (2026). arXiv:2603.20955 (ablations). Maslov S, Sneppen K
#'   (2002). Specificity and stability in topology of protein networks. Science
#'   296, 910-913 (exchanges that keep degrees).
#' @family gene pairs
#' @export
#' @examples
#' set.seed(1)
#' ring <- gene_pairs(data.frame(from = letters, to = c(letters[-1], "a")))
#' shuffled <- shuffle_pairs(ring)
#' shuffled
#' identical(sort(shuffled$to), sort(ring$to))
shuffle_pairs <- function(pairs, rounds = 20) {
    pairs <- check_pairs(pairs, min = 2L)
    rounds <- check_count(rounds)
    genes <- pair_genes(pairs)
    at <- match_pairs(pairs, genes)
    code <- function(a, b) pair_codes(a, b, length(genes))
    to <- at$b
    half <- length(to) %/% 2L
    for (round in seq_len(rounds)) {
        order <- sample.int(length(to))
        i <- order[seq_len(half)]
        j <- order[half + seq_len(half)]
        first <- code(at$a[i], to[j])
        second <- code(at$a[j], to[i])
        # all exchanges of a round are made at once: no two may give one pair
        taken <- c(code(at$a, to), first, second)
        taken <- taken[duplicated(taken)]
        fine <- at$a[i] != to[j] & at$a[j] != to[i] &
            !first %in% taken & !second %in% taken
        to[c(i[fine], j[fine])] <- to[c(j[fine], i[fine])]
    }
    known <- sum(code(at$a, to) %in% code(at$a, at$b))
    new_gene_pairs(pairs$from, genes[to + 1L],
        report = new_report(c("pairs", "known"), c(length(to), known))
    )
}
