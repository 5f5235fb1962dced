#' Learn a space of transcripts from isoforms and paralogs
#'
#' Learns from sequences alone which transcripts belong together: those of one
#' gene, or of paralogs, are to lie near each other and far from all others. The
#' encodings are features for what is known of few transcripts, such as
#' half-lives: they need no labels themselves.
#'
#' A convolutional encoder reads the tracks of a transcript (letters and, where
#' known, codons and exon ends) and gives a vector; `method` decides how it
#' learns, see [method_isoclr()]. On 6,599 coding sequences of yeast (one fit
#' with the defaults, three minutes of one core; ridge regression, five folds
#' that keep paralogs together, all labels) encodings correlated at 0.370 with
#' half-life and 0.497 with expression, those of the untrained encoder at 0.345
#' and 0.477, codons and length of [sequence_features()] at 0.433 and 0.529.
#' What [probe()] makes of both together reached 0.434 and 0.530, with the
#' untrained encoder 0.433 and 0.530: counts of codons are a floor that is hard
#' to beat. Settings were chosen on these two data sets.
#'
#' @section Default encoders:
#' * Where all transcripts begin with their coding sequence, codons are read as
#'   words:
#'   `encoder_residual(channels = c(64, 64), blocks = 1, width = 3, fold = 3,
#'   words = TRUE, stem_pool = 1, pool = 1, dilation = c(1, 4), dropout = 0,
#'   readout = "mean_max")`. New transcripts have to begin likewise.
#' * Of other sequences of at most 256 bases each base is read:
#'   `encoder_residual(channels = c(64, 64), blocks = 1, width = 5,
#'   stem_pool = 1, pool = c(2, 1), dilation = 1, dropout = 0,
#'   readout = "mean_max")`.
#' * Else `encoder_conv(c(64, 96), width = 7, pool = 4, dropout = 0, hidden =
#'   integer(0))`, whose pools make long transcripts cheap.
#'
#' @section Memory:
#' Activations take as much memory for a large batch as for a small one: rows
#' pass the encoder in chunks of 65,536 positions, once to find the loss and
#' once more for its gradient. A chunk of the default encoder takes some 120 MB.
#'
#' @param x What [encode_transcripts()] returns, or what that takes.
#' @param sets What [transcript_sets()] returns, or a vector of genes that has
#'   the ids of transcripts as names. Transcripts without a set are sets of
#'   their own; a message counts them, and members of sets that are not in `x`.
#'   `NULL`: every transcript is a set of its own, and its two views differ by
#'   crop and masks alone.
#' @param encoder An encoder for sequences of any length, such as
#'   [encoder_residual()], or [encoder_conv()] with the readout `"mean"`.
#'   `NULL`: see Default encoders.
#' @param method What [method_isoclr()] returns; or [method_untrained()], for
#'   the encoder as it was drawn, to compare with.
#' @param control What [train_control()] returns; `validation` is a share of the
#'   sets. What it leaves open comes from the method.
#' @param ... Where `x` is no object of class `transcripts`: arguments of
#'   [encode_transcripts()], such as `cds` or `longest`.
#'
#' @return An object of class `transcripts_fit`, a `kith_fit`: plain R data. Its
#'   parts: `method`, `encoder`, `network`, `tracks`, `begins_coding` (do all
#'   begin with their coding sequence?), `n_sets`, `length` (bases of each
#'   transcript), `member` (the encoder's parameters), `encoded` (transcripts x
#'   dimensions), `history` (`NULL` of what is untrained), `diagnostics` (see
#'   [glance()][transcripts_fit]), `control`, `version`, `blas`.
#' @section Errors: Of class `kith_error_input`: what [encode_transcripts()]
#'   refuses, fewer than 8 sets, sets of other transcripts, an encoder that has
#'   weights for each position or whose pools need longer transcripts. A space
#'   that has collapsed is a warning of class `kith_warning_collapsed`.
#' @references Fradkin P, Shi R, Wang B, Frey B, Lee LJ (2023). Splicing up your
#'   predictions with RNA contrastive learning. arXiv:2310.08738.
#' @family transcript functions
#' @examples
#' set.seed(1)
#' cells <- simulate_transcripts(20, codons = c(20, 40))
#' x <- encode_transcripts(cells$transcripts)
#' sets <- transcript_sets(x, cells$gene, cells$homology)
#' fit <- learn_transcripts(x, sets,
#'     encoder = encoder_conv(c(8, 16), hidden = integer(0)),
#'     control = train_control(epochs = 3, threads = 1)
#' )
#' fit
#' dim(encode(fit, x[1:5]))
#' @export
learn_transcripts <- function(x, sets = NULL, encoder = NULL,
                              method = method_isoclr(),
                              control = train_control(), ...) {
    check_class(control, "train_control", "train_control")
    check_class(method, "transcript_method", "method_isoclr")
    if (!is.null(encoder)) {
        check_transcript_encoder(encoder)
    }
    call <- rlang::current_env()
    x <- as_transcripts(x, ..., call = call)
    encoder <- encoder %||% default_encoder(x)
    set <- set_of_each(x, sets, call)
    key <- draw_key(control$seed)
    if (method$name == "untrained") {
        return(untrained_transcripts(x, set, method, encoder, control, key))
    }
    learned <- list(
        x = x, method = method, encoder = encoder, n_sets = max(set)
    )
    job <- transcript_job(x, set, method, encoder, control, key, learned, call)
    finish_job(job, run_jobs(list(job)))
}

# transcripts, or what encode_transcripts() takes with arguments `...`
as_transcripts <- function(x, ..., call = rlang::caller_env()) {
    if (!inherits(x, "transcripts")) {
        x <- encode_transcripts(x, ...)
    } else if (...length() > 0L) {
        given <- c(...names(), "a value without a name")[1L]
        abort_input(c(
            "{.arg ...} must be empty where {.arg x} is encoded already.",
            x = "It has {given}.",
            i = "Arguments of {.fn encode_transcripts} go with sequences;
            settings of the method are those of {.fn method_isoclr}."
        ), call = call)
    }
    if (length(x) == 0L) {
        abort_input("{.arg x} must have at least one transcript.", call = call)
    }
    x
}

# The number of the set of each transcript, from 1, all of them taken.
set_of_each <- function(x, sets, call = rlang::caller_env()) {
    if (is.null(sets)) {
        return(seq_along(x$id))
    }
    if (!inherits(sets, "transcript_sets")) {
        if (is.null(names(sets))) {
            abort_input(c(
                "{.arg sets} must come from {.fn transcript_sets}, or be genes
                with ids of transcripts as names.",
                x = "It is {describe_value(sets)}."
            ), call = call)
        }
        sets <- transcript_sets(x, sets)
    }
    at <- match(x$id, sets$id)
    if (all(is.na(at))) {
        abort_input(c(
            "{.arg sets} must have transcripts of {.arg x}.",
            x = "It has none of them; the first of {.arg x} is
            {.val {x$id[1L]}}.",
            i = advise_ids(x$id, sets$id, genes = FALSE)
        ), call = call)
    }
    report_sets(x$id, sets$id, at)
    label <- sets$set[at]
    alone <- is.na(at)
    label[alone] <- -seq_len(sum(alone))
    match(label, unique(label))
}

report_sets <- function(id, known, at) {
    alone <- sum(is.na(at))
    if (alone > 0L) {
        inform_kith(
            "{alone} of {length(id)} transcripts {cli::qty(alone)}{?has/have} no
            set and {?is a set/are sets} of {?its/their} own, the first is
            {.val {id[is.na(at)][1L]}}.",
            class = "kith_message_sets"
        )
    }
    absent <- setdiff(known, id)
    if (length(absent) > 0L) {
        inform_kith(
            "{length(absent)} of {length(known)} transcripts in {.arg sets}
            {cli::qty(length(absent))}{?is/are} not in {.arg x} and left out,
            the first is {.val {absent[1L]}}.",
            class = "kith_message_sets"
        )
    }
}
