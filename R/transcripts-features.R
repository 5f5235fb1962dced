#' Features of sequences
#'
#' Simple numbers that describe transcripts: lengths, composition, codons, words
#' of k letters and exons. They are what a learned encoding has to beat, and
#' what may be joined to it.
#'
#' Where a transcript lacks what a feature is of (a coding sequence, exons, a
#' word that can be read), the feature is 0; messages count transcripts without
#' coding sequence or exons. Words and codons with other letters than A, C, G, T
#' are left out, of the total as well.
#'
#' @param x What [encode_transcripts()] returns, or what it takes.
#' @param k Lengths of words for `"kmers"`, from 1 to 6.
#' @param features Groups of features, of which all are taken by default that
#'   there is data for:
#'   * `"length"`: `length`, log2 of the bases. With coding sequences
#'     `cds_length`, `utr5_length` and `utr3_length`, log2(1 + bases).
#'   * `"gc"`: `gc`, the share of G and C. With coding sequences `gc3`, that
#'     among the third letters of codons.
#'   * `"codons"`: `codon_AAA` to `codon_TTT`, the share of each among the
#'     codons of the coding sequence; with `codon_weights` also
#'     `codon_adaptation`.
#'   * `"kmers"`: `kmer_A` and so on, the share of each word among those of its
#'     length; of other regions `kmer_cds_A`, `kmer_utr5_A`, `kmer_utr3_A`.
#'   * `"exons"`: `exon_density`, junctions of exons per kilobase of the
#'     transcript. With coding sequences `cds_exon_density`, junctions within
#'     the coding sequence per kilobase of it, as Saluki has it.
#' @param regions Where words are counted: `"transcript"`, `"cds"`, `"utr5"`,
#'   `"utr3"`, one or several.
#' @param codon_weights A positive number for each codon (or some), with codons
#'   as names, such as relative adaptiveness for the codon adaptation index or
#'   tRNA weights: `codon_adaptation` is their geometric mean over the codons
#'   that have one. Give no weight to stop codons.
#' @param threads Number of threads, as in [train_control()]; they do not change
#'   the result.
#' @param ... For `x` that is not yet encoded: passed to [encode_transcripts()].
#'
#' @return A numeric matrix, transcripts x features, with the names of both.
#' @section Errors: Of class `kith_error_input`: groups of features asked for by
#'   name that there is no data for, weights that are not positive or of no
#'   codon, `k` out of range; and those of [encode_transcripts()].
#' @references Agarwal V, Kelley DR (2022). The genetic and biochemical
#'   determinants of mRNA degradation rates in mammals. Genome Biology 23, 245
#'   (exon density, codons). Sharp PM, Li WH (1987). The codon adaptation index.
#'   Nucleic Acids Research 15, 1281-1295.
#' @family transcript functions
#' @examples
#' transcripts <- encode_transcripts(
#'     c(t1 = "GGATGAAAGCCTAGCC", t2 = "ATGGCCTAA"),
#'     cds = data.frame(
#'         id = c("t1", "t2"), cds_start = c(3, 1), cds_end = c(14, 9)
#'     )
#' )
#' sequence_features(transcripts, features = c("length", "gc"))
#' sequence_features(transcripts, k = 2, features = "kmers", regions = "cds")
#' @export
sequence_features <- function(x, k = 1:4,
                              features = c(
                                  "length", "gc", "codons", "kmers", "exons"
                              ),
                              regions = "transcript", codon_weights = NULL,
                              threads = NULL, ...) {
    if (!inherits(x, "transcripts")) {
        x <- encode_transcripts(x, ...)
    } else {
        rlang::check_dots_empty()
    }
    k <- check_word_lengths(k)
    regions <- check_several(regions, c("transcript", names(region_words)[-1L]))
    codon_weights <- or_null(codon_weights, check_codon_weights)
    threads <- check_threads(threads)
    groups <- groups_with_data(
        x, check_several(features, all_feature_groups), regions, codon_weights
    )
    codons <- if (any(c("gc", "codons") %in% groups) && has_cds(x)) {
        word_frequencies(x, "cds", 3L, threads, step = 3L)
    }
    parts <- lapply(groups, function(group) {
        switch(group,
            length = length_features(x),
            gc = gc_features(x, codons, threads),
            codons = codon_features(codons, codon_weights),
            kmers = word_features(x, k, regions, threads),
            exons = exon_features(x)
        )
    })
    result <- do.call(cbind, parts)
    rownames(result) <- x$id
    result
}

all_feature_groups <- c("length", "gc", "codons", "kmers", "exons")

has_cds <- function(x) !all(is.na(x$cds_start))

check_word_lengths <- function(k, call = rlang::caller_env()) {
    ok <- is.numeric(k) && length(k) > 0L && all(k %in% seq_len(6L))
    if (!ok) {
        abort_input(c(
            "{.arg k} must hold whole numbers from 1 to 6.",
            x = "It is {describe_value(k)}."
        ), call = call)
    }
    sort(unique(as.integer(k)))
}

# Of the groups asked for those that there is data for. All of them are what a
# user gets who has not chosen, so there those without data are left out.
groups_with_data <- function(x, groups, regions, codon_weights,
                           call = rlang::caller_env()) {
    chosen <- !identical(groups, all_feature_groups)
    no_exons <- all(is.na(x$exons))
    lacks <- c(
        codons = !has_cds(x), exons = no_exons,
        kmers = !has_cds(x) && !identical(regions, "transcript")
    )
    lacking <- intersect(names(lacks)[lacks], groups)
    if (length(lacking) > 0L && (chosen || "kmers" %in% lacking)) {
        abort_input(c(
            "{.arg x} must have what {.val {lacking[1L]}} are made of.",
            x = if (lacking[1L] == "exons") {
                "No transcript has exons."
            } else {
                "No transcript has a coding sequence, and {.arg regions} are
                {.val {regions}}."
            },
            i = "Give {.arg cds} and {.arg exons} to {.fn encode_transcripts}
            (or {.code find_orfs = TRUE} to guess coding sequences), or leave
            out such {.arg features} and {.arg regions}."
        ), call = call)
    }
    if (!is.null(codon_weights) && "codons" %in% lacking) {
        abort_input(c(
            "{.arg x} must have coding sequences where {.arg codon_weights} are
            given.",
            x = "No transcript has one.",
            i = "Give {.arg cds} to {.fn encode_transcripts}."
        ), call = call)
    }
    report_lacking(x, lacking)
    setdiff(groups, lacking)
}

report_lacking <- function(x, lacking) {
    if (length(lacking) > 0L) {
        inform_kith(
            "No transcript has {.or {c(codons = 'a coding sequence',
            exons = 'exons')[lacking]}}: features of {.val {lacking}} are left
            out.",
            class = "kith_message_features"
        )
    }
    no_cds <- sum(is.na(x$cds_start))
    if (has_cds(x) && no_cds > 0L) {
        inform_kith(
            "{no_cds} of {length(x)} transcripts {cli::qty(no_cds)}{?has/have}
            no coding sequence: {?its/their} features of it are 0.",
            class = "kith_message_features"
        )
    }
    no_exons <- sum(is.na(x$exons))
    if (no_exons > 0L && no_exons < length(x)) {
        inform_kith(
            "{no_exons} of {length(x)} transcripts
            {cli::qty(no_exons)}{?has/have} no exons: {?its/their} density of
            exons is 0.",
            class = "kith_message_features"
        )
    }
}

# ---- groups of features -----------------------------------------------------

# bases of the CDS and before and behind it; 0 without a CDS
region_lengths <- function(x) {
    lengths <- cbind(
        cds = x$cds_end - x$cds_start + 1, utr5 = x$cds_start - 1,
        utr3 = x$length - x$cds_end
    )
    lengths[is.na(lengths)] <- 0
    lengths
}

length_features <- function(x) {
    result <- cbind(length = log2(x$length))
    if (has_cds(x)) {
        regions <- log2(1 + region_lengths(x))
        colnames(regions) <- paste0(colnames(regions), "_length")
        result <- cbind(result, regions)
    }
    result
}

# codons: their frequencies, or NULL without any CDS
gc_features <- function(x, codons, threads) {
    letters <- word_frequencies(x, "transcript", 1L, threads)
    result <- cbind(gc = letters[, "C"] + letters[, "G"])
    if (!is.null(codons)) {
        third <- substr(colnames(codons), 3L, 3L) %in% c("C", "G")
        result <- cbind(result, gc3 = rowSums(codons[, third, drop = FALSE]))
    }
    result
}

codon_features <- function(codons, weights) {
    adaptation <- if (!is.null(weights)) {
        shares <- codons[, names(weights), drop = FALSE]
        total <- rowSums(shares)
        mean_log <- drop(shares %*% log(weights)) / total
        ifelse(total > 0, exp(mean_log), 0)
    }
    colnames(codons) <- paste0("codon_", colnames(codons))
    cbind(codons, codon_adaptation = adaptation)
}

# weights by codons as DNA in upper case
check_codon_weights <- function(x, name = "codon_weights",
                                call = rlang::caller_env()) {
    if (!is.numeric(x) || is.null(names(x)) || length(x) == 0L) {
        abort_input(c(
            "{.arg {name}} must be numbers with codons as names.",
            x = "It is {describe_value(x)}{if (is.null(names(x))) ' without
            names'}.",
            i = "For instance {.code c(AAA = 0.8, AAG = 1)}."
        ), call = call)
    }
    names(x) <- chartr("U", "T", toupper(names(x)))
    known <- names(x) %in% all_words(3L)
    if (!all(known)) {
        abort_input(c(
            "The names of {.arg {name}} must be codons.",
            x = "{.val {names(x)[!known][1L]}} is none."
        ), call = call)
    }
    check_unique_ids(names(x), paste0("names(", name, ")"), call = call)
    wrong <- which(!is.finite(x) | x <= 0)
    if (length(wrong) > 0L) {
        abort_input(c(
            "{.arg {name}} must be positive, as their geometric mean is taken.",
            x = "{.val {names(x)[wrong[1L]]}} has {x[[wrong[1L]]]}.",
            i = "Leave out codons without a weight, such as stop codons: {.code
            weights[is.finite(weights) & weights > 0]}."
        ), call = call)
    }
    x
}

exon_features <- function(x) {
    # the last exon ends with the transcript, not at a junction
    junctions <- ifelse(is.na(x$exons), 0, x$exons - 1)
    result <- cbind(exon_density = 1000 * junctions / x$length)
    if (has_cds(x)) {
        cds <- cds_spans(x)
        # an exon that ends with the CDS has no junction within it
        last <- pmax(cds$first, cds$last - 1)
        within <- .Call(C_count_exon_ends, x$codes, cds$first, last)
        bases <- pmax(1, cds$last - cds$first)
        result <- cbind(result, cds_exon_density = 1000 * within / bases)
    }
    result
}

# ---- words ------------------------------------------------------------------

region_words <- c(
    transcript = "kmer_", cds = "kmer_cds_", utr5 = "kmer_utr5_",
    utr3 = "kmer_utr3_"
)

word_features <- function(x, k, regions, threads) {
    parts <- lapply(regions, function(region) {
        words <- word_frequencies(x, region, k, threads)
        colnames(words) <- paste0(region_words[[region]], colnames(words))
        words
    })
    do.call(cbind, parts)
}

# transcripts x words of each length in k; step = 3, k = 3: codons
word_frequencies <- function(x, region, k, threads, step = 1L) {
    spans <- region_spans(x, region)
    words <- .Call(
        C_word_frequencies, x$codes, spans$first, spans$last, k, step, threads
    )
    colnames(words) <- unlist(lapply(k, all_words))
    words
}

region_spans <- function(x, region) {
    whole <- transcript_spans(x)
    cds <- cds_spans(x)
    none <- is.na(x$cds_start)
    switch(region,
        transcript = whole,
        cds = cds,
        utr5 = list(first = whole$first, last = cds$first),
        utr3 = list(
            first = ifelse(none, whole$last, cds$last), last = whole$last
        )
    )
}

# all words of k letters, as C numbers them: in the order of the alphabet
all_words <- function(k) {
    letters <- c("A", "C", "G", "T")
    words <- ""
    for (i in seq_len(k)) {
        words <- paste0(rep(words, each = 4L), letters)
    }
    words
}
