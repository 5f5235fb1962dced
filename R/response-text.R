# Captions of drugs and cells, and numbers as texts, for the contrast of a
# response with words (Li and Hu 2023, arXiv:2312.10707). Nothing has to be
# learned or fetched for them: pieces of text are hashed, see src/seq/text.h.

# A text for each id: those of a user where there are any, else the id itself,
# which is counted. texts: named by ids, or NULL.
caption_texts <- function(texts, ids, name, call = rlang::caller_env()) {
    texts <- check_named_texts(texts, name, call)
    found <- stats::setNames(ids, ids)
    if (is.null(texts)) {
        return(found)
    }
    known <- ids %in% names(texts)
    if (!any(known)) {
        abort_input(c(
            "{.arg {name}} must have texts of the ids in training.",
            x = "{.val {ids[1L]}} has none, nor has any other.",
            i = advise_ids(names(texts), ids, genes = FALSE)
        ), call = call)
    }
    if (!all(known)) {
        inform_kith(c(
            "!" = "{sum(!known)} of {length(ids)} ids have no text in
            {.arg {name}}, such as {.val {ids[!known][1L]}}: the id stands for
            it."
        ), class = "kith_message_text")
    }
    found[known] <- texts[ids[known]]
    found
}

# Texts by id, without those that are missing or empty; NULL stays NULL.
check_named_texts <- function(texts, name, call) {
    if (is.null(texts)) {
        return(NULL)
    }
    if (!is.character(texts) || is.null(names(texts))) {
        abort_input(c(
            "{.arg {name}} must be a character vector with ids as names.",
            x = if (is.character(texts)) {
                "It has no names."
            } else {
                "It is {describe_value(texts)}."
            }
        ), call = call)
    }
    check_unique_ids(names(texts), paste("the names of", name), call = call)
    texts <- texts[!is.na(texts) & nzchar(texts)]
    check_texts(texts, name, call)
    texts
}

# texts x n: shares of the words and of the trigrams of each text, hashed to n
# columns. The sum of a row is 1, or 0 for an empty text.
caption_features <- function(texts, n = 4096L, name = "texts",
                             call = rlang::caller_env()) {
    check_texts(texts, name, call)
    n <- check_count(n, call = call)
    features <- .Call(C_text_frequencies, enc2utf8(unname(texts)), n)
    rownames(features) <- names(texts)
    features
}

# Tokens of texts for a transformer: list(tokens: an integer matrix texts x
# longest, 0 behind the end of a text, 1 at its start, 2 at its end; lengths).
# Texts that are longer are cut, and counted.
text_tokens <- function(texts, longest = 100L, n_tokens = 4096L,
                        name = "texts", call = rlang::caller_env()) {
    check_texts(texts, name, call)
    longest <- check_count(longest, min = 2, call = call)
    n_tokens <- check_count(n_tokens, min = 4, call = call)
    found <- .Call(
        C_text_tokens, enc2utf8(unname(texts)), longest, n_tokens
    )
    cut <- sum(found$needed > longest)
    if (cut > 0L) {
        inform_kith(c(
            "!" = "Texts in {.arg {name}} are cut to {longest} tokens:
            {format_count(cut)} of {format_count(length(texts))}, of which the
            longest has {format_count(max(found$needed))}."
        ), class = "kith_message_text")
    }
    rownames(found$tokens) <- names(texts)
    list(
        tokens = found$tokens, lengths = as.integer(pmin(found$needed, longest))
    )
}

check_texts <- function(texts, name, call) {
    if (!is.character(texts)) {
        abort_input(c(
            "{.arg {name}} must be a character vector.",
            x = "It is {describe_value(texts)}."
        ), call = call)
    }
    wrong <- which(is.na(texts) | !validUTF8(enc2utf8(texts)))
    if (length(wrong)) {
        missing <- is.na(texts[wrong[1L]])
        fault <- if (missing) "missing" else "in another encoding"
        abort_input(c(
            "{.arg {name}} must have texts in UTF-8, none missing.",
            x = "Element {wrong[1L]} is {fault}.",
            i = "Where nothing is known of a drug or cell, put its id."
        ), call = call)
    }
}

# ---- numbers ----------------------------------------------------------------

# numbers 0.000 to 0.999 that a response is written as
n_numbers <- 1000L

number_words <- function(numbers = seq_len(n_numbers) - 1L) {
    names <- c(
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
        "nine"
    )
    digits <- decimal_digits(numbers)
    paste(
        "zero point", names[digits[, 1L] + 1L], names[digits[, 2L] + 1L],
        names[digits[, 3L] + 1L]
    )
}

# numbers x 3: tenths, hundredths, thousandths
decimal_digits <- function(numbers) {
    cbind(numbers %/% 100L, numbers %/% 10L %% 10L, numbers %% 10L)
}

# 1000 x 39, a row for each number from 0: which of ten digits stands at each of
# three places; the number as a share; its sine and cosine at a half, one, two
# and four turns.
number_features <- function() {
    numbers <- seq_len(n_numbers) - 1L
    digits <- decimal_digits(numbers)
    one_hot <- lapply(seq_len(3L), function(place) {
        outer(digits[, place], 0:9, `==`) + 0
    })
    share <- numbers / n_numbers
    waves <- lapply(c(0.5, 1, 2, 4), function(turns) {
        cbind(sin(2 * pi * turns * share), cos(2 * pi * turns * share))
    })
    do.call(cbind, c(one_hot, list(share), waves))
}

# ---- labels -----------------------------------------------------------------

# What turns a response into a number: list(low, high), quantiles of the
# training values, so that a few extreme ones do not press all others together.
fit_label <- function(y) {
    ends <- stats::quantile(y, c(0.002, 0.998), names = FALSE)
    if (ends[1L] == ends[2L]) ends <- range(y)
    # of values that are all one
    if (ends[1L] == ends[2L]) ends[2L] <- ends[1L] + 1
    list(low = ends[1L], high = ends[2L])
}

# values -> numbers 0 to 999; beyond the quantiles the first and the last
label_number <- function(label, y) {
    share <- (y - label$low) / (label$high - label$low)
    as.integer(floor(n_numbers * pmin(pmax(share, 0), 0.9994)))
}

# numbers, also means of several -> values: the middle of those that a number
# stands for
number_label <- function(label, number) {
    label$low + (number + 0.5) / n_numbers * (label$high - label$low)
}
