#' Simulate transcripts with a known truth
#'
#' Draws families of genes, their isoforms and the half-lives of their RNA, for
#' which it is known what half-life depends on:
#'
#' * genes of a family (paralogs) descend from one ancestor: a share
#'   `divergence` of their codons is drawn anew, and their untranslated regions
#'   are changed by as much;
#' * each family prefers codons that end in G or C, or avoids them, to a degree
#'   of its own; so the share of such codons varies between families more than
#'   within;
#' * the 3' untranslated region has none to three copies of the motif
#'   `TGTAAATA` (of Pumilio proteins);
#' * isoforms of a gene lack one inner exon of the coding sequence each, which
#'   keeps the frame, as exons end with codons.
#'
#' Log half-life is the share of codons that end in G or C less 0.7 times the
#' copies of the motif less 0.5 times the log of the length, each standardised
#' over genes, plus noise. All draws come from R's stream: `set.seed()` decides.
#'
#' @param n_genes Number of genes.
#' @param genes_per_family,isoforms Largest number of genes of a family and of
#'   transcripts of a gene; numbers from 1 on are equally frequent.
#' @param codons Smallest and largest number of codons of a gene, from 10 to
#'   4000, or one number for all.
#' @param divergence Share of codons in which paralogs differ from their
#'   ancestor, from 0 to 1.
#' @param noise Standard deviation of the log half-life given the sequence; that
#'   of what the sequence decides is about 1.3.
#'
#' @return A list of class `simulated_transcripts`:
#'   \describe{
#'   \item{transcripts}{data frame as [encode_transcripts()] takes it: `id`,
#'     `sequence`, `cds_start`, `cds_end`, `exon_lengths`; the first transcript
#'     of a gene has all exons}
#'   \item{gene}{the gene of each transcript, named by transcripts}
#'   \item{homology}{the family of each gene, named by genes}
#'   \item{y}{log half-life of each gene, named by genes}
#'   \item{truth}{data frame, a row for each gene: `gene`, `family`, `gc3`
#'     (share of codons that end in G or C), `motifs`, `length`, `expected` (log
#'     half-life without noise)}
#'   }
#' @section Errors: Of class `kith_error_input`: numbers out of range.
#' @family simulated data
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(20)
#' cells
#' encode_transcripts(cells$transcripts)
#' transcript_sets(cells$transcripts, cells$gene, cells$homology)
#' @export
simulate_transcripts <- function(n_genes = 200, genes_per_family = 3,
                                 isoforms = 4, codons = c(60, 200),
                                 divergence = 0.3, noise = 0.7) {
    n_genes <- check_count(n_genes, min = 2)
    genes_per_family <- check_count(genes_per_family)
    isoforms <- check_count(isoforms)
    codons <- check_codon_range(codons)
    check_number(divergence, 0, 1)
    check_number(noise, 0, 1e3)
    genes <- numbered_ids("G", n_genes)
    family <- draw_families(n_genes, genes_per_family)
    parts <- vector("list", n_genes)
    for (members in split(seq_len(n_genes), family)) {
        ancestor <- draw_ancestor(codons)
        parts[members] <- lapply(members, function(i) {
            draw_paralog(ancestor, divergence)
        })
    }
    tables <- lapply(seq_len(n_genes), function(i) {
        gene_isoforms(parts[[i]], genes[i], sample.int(isoforms, 1L))
    })
    transcripts <- do.call(rbind, tables)
    n_isoforms <- vapply(tables, nrow, 0L)
    homology <- stats::setNames(sprintf("F%03d", family), genes)
    truth <- half_life_truth(genes, unname(homology), parts)
    structure(
        list(
            transcripts = transcripts,
            gene = stats::setNames(rep(genes, n_isoforms), transcripts$id),
            homology = homology,
            y = stats::setNames(
                truth$expected + stats::rnorm(n_genes, sd = noise), genes
            ),
            truth = truth
        ),
        class = "simulated_transcripts"
    )
}

check_codon_range <- function(codons, call = rlang::caller_env()) {
    codons <- c(
        check_count(codons[1L], min = 10, name = "codons", call = call),
        check_count(codons[length(codons)],
            max = 4000, name = "codons",
            call = call
        )
    )
    if (codons[1L] > codons[2L]) {
        abort_input(c(
            "{.arg codons} must be the smallest and the largest number of
            codons.",
            x = "It is {toString(codons)}.",
            i = "For instance {.code c(60, 200)}."
        ), call = call)
    }
    codons
}

# the number of the family of each gene
draw_families <- function(n_genes, genes_per_family) {
    sizes <- sample.int(genes_per_family, n_genes, replace = TRUE)
    rep(seq_len(n_genes), sizes)[seq_len(n_genes)]
}

sense_codons <- setdiff(
    paste0(
        rep(c("A", "C", "G", "T"), each = 16L),
        rep(rep(c("A", "C", "G", "T"), each = 4L), 4L),
        rep(c("A", "C", "G", "T"), 16L)
    ),
    c("TAA", "TAG", "TGA")
)

ends_in_gc <- grepl("[CG]$", sense_codons)

draw_bases <- function(n) {
    sample(c("A", "C", "G", "T"), n, replace = TRUE)
}

# preference: log odds of codons that end in G or C
draw_codons <- function(n, preference) {
    sample(sense_codons, n,
        replace = TRUE, prob = exp(preference * ends_in_gc)
    )
}

draw_ancestor <- function(codons) {
    n <- codons[1L] + sample.int(codons[2L] - codons[1L] + 1L, 1L) - 1L
    preference <- stats::rnorm(1L)
    list(
        preference = preference, codons = draw_codons(n, preference),
        utr5 = draw_bases(20L + sample.int(60L, 1L)),
        utr3 = draw_bases(60L + sample.int(300L, 1L)),
        n_exons = 3L + sample.int(3L, 1L)
    )
}

# A gene: codons between the first and the stop codon, untranslated regions, and
# after which codons exons end.
draw_paralog <- function(ancestor, divergence) {
    codons <- ancestor$codons
    anew <- stats::runif(length(codons)) < divergence
    codons[anew] <- draw_codons(sum(anew), ancestor$preference)
    motifs <- sample(0:3, 1L)
    list(
        codons = codons, utr5 = mutate_bases(ancestor$utr5, divergence),
        utr3 = plant_motifs(mutate_bases(ancestor$utr3, divergence), motifs),
        motifs = motifs,
        ends = sort(sample.int(length(codons) - 1L, ancestor$n_exons - 1L))
    )
}

mutate_bases <- function(bases, divergence) {
    anew <- stats::runif(length(bases)) < divergence
    bases[anew] <- draw_bases(sum(anew))
    bases
}

# copies of the motif at places that do not overlap, one in each part
plant_motifs <- function(bases, n) {
    motif <- strsplit("TGTAAATA", "")[[1L]]
    part <- length(bases) %/% max(n, 1L)
    for (i in seq_len(n)) {
        at <- (i - 1L) * part + sample.int(part - length(motif) + 1L, 1L)
        bases[at + seq_along(motif) - 1L] <- motif
    }
    bases
}

# The transcripts of a gene: with all exons, and each without an inner one.
gene_isoforms <- function(parts, gene, n) {
    exon <- findInterval(
        seq_along(parts$codons), parts$ends,
        left.open = TRUE
    ) + 1L
    n_exons <- length(parts$ends) + 1L
    inner <- seq_len(n_exons)[-c(1L, n_exons)]
    skipped <- c(0L, inner[sample.int(length(inner))])
    skipped <- skipped[seq_len(min(n, length(skipped)))]
    rows <- lapply(skipped, function(skip) {
        one_isoform(parts, exon, skip)
    })
    table <- do.call(rbind, rows)
    data.frame(id = paste0(gene, ".", seq_len(nrow(table))), table)
}

# exon: of each codon; skip: the one that is left out, 0 for none
one_isoform <- function(parts, exon, skip) {
    kept <- exon != skip
    bases <- 3 * tabulate(exon[kept], max(exon))
    # the first exon has the start codon, the last one the stop codon
    bases[1L] <- bases[1L] + length(parts$utr5) + 3
    last <- length(bases)
    bases[last] <- bases[last] + length(parts$utr3) + 3
    data.frame(
        sequence = paste(
            c(parts$utr5, "ATG", parts$codons[kept], "TAA", parts$utr3),
            collapse = ""
        ),
        cds_start = length(parts$utr5) + 1,
        cds_end = length(parts$utr5) + 3 * sum(kept) + 6,
        exon_lengths = paste(bases[bases > 0], collapse = ",")
    )
}

half_life_truth <- function(genes, family, parts) {
    gc3 <- vapply(parts, function(gene) {
        mean(grepl("[CG]$", gene$codons))
    }, 0)
    motifs <- vapply(parts, `[[`, 0L, "motifs")
    length <- vapply(parts, function(gene) {
        length(gene$utr5) + 3 * length(gene$codons) + 6 + length(gene$utr3)
    }, 0)
    expected <- unit_scale(gc3) - 0.7 * unit_scale(motifs) -
        0.5 * unit_scale(log(length))
    data.frame(
        gene = genes, family = family, gc3 = gc3, motifs = motifs,
        length = length, expected = expected
    )
}

# mean 0 and standard deviation 1; 0 where all values are one
unit_scale <- function(x) {
    spread <- stats::sd(x)
    if (spread > 0) (x - mean(x)) / spread else rep(0, length(x))
}

#' @method print simulated_transcripts
#' @export
print.simulated_transcripts <- function(x, ...) {
    cli::cat_line(sprintf(
        "<simulated_transcripts> %d transcripts of %d genes in %d families",
        nrow(x$transcripts), length(x$y), length(unique(x$homology))
    ))
    cli::cat_line(sprintf(
        "correlation of half-life with what the sequence decides: %.2f",
        stats::cor(x$y, x$truth$expected)
    ))
    invisible(x)
}
