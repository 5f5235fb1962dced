# Captions, tokens, numbers as words and labels.

# FNV-1a of 64 bits, folded, modulo n: numbers as four limbs of 16 bits, the
# lowest first
oracle_hash <- function(role, piece, n) {
    carry <- function(limbs) {
        for (i in 1:3) {
            limbs[i + 1] <- limbs[i + 1] + limbs[i] %/% 65536
            limbs[i] <- limbs[i] %% 65536
        }
        limbs[4] <- limbs[4] %% 65536
        limbs
    }
    hash <- c(0x2325, 0x8422, 0x9ce4, 0xcbf2)
    for (byte in as.integer(c(charToRaw(role), charToRaw(piece)))) {
        hash[1] <- bitwXor(hash[1], byte)
        # times 2^40 + 435
        hash <- carry(carry(435 * hash) + c(0, 0, 256 * hash[1:2]))
    }
    low <- bitwXor(hash[1:2], hash[3:4])
    # modulo n, from the highest limb on
    value <- 0
    for (limb in c(hash[4:3], low[2:1])) value <- (value * 65536 + limb) %% n
    value
}

oracle_features <- function(text, n) {
    plain <- paste0(" ", trimws(gsub("[ \t\n]+", " ", tolower(text))), " ")
    letters <- strsplit(plain, "")[[1]]
    at <- seq_len(length(letters) - 2)
    trigrams <- paste0(letters[at], letters[at + 1], letters[at + 2])
    words <- regmatches(plain, gregexpr("[a-z0-9\u0080-\uffff]+", plain))[[1]]
    shares <- function(pieces, role, share) {
        columns <- vapply(pieces, function(piece) {
            oracle_hash(role, piece, n)
        }, 0)
        share * tabulate(columns + 1, n) / max(1, length(pieces))
    }
    share <- if (length(words)) 0.5 else 1
    shares(trigrams, "t", share) + shares(words, "w", share)
}

test_that("captions are shares of hashed trigrams and words", {
    texts <- c(
        smiles = "CC(=O)Oc1ccccc1C(=O)O", words = "MEK\tinhibitor,  oral",
        short = "A", signs = "#-=", accents = "\u03b1-tubulin \u00b5"
    )
    for (n in c(1L, 7L, 4096L)) {
        features <- caption_features(texts, n)
        expect_identical(dim(features), c(5L, n))
        expect_identical(rownames(features), names(texts))
        for (i in seq_along(texts)) {
            expect_equal(
                unname(features)[i, ], oracle_features(texts[[i]], n)
            )
        }
        expect_equal(unname(rowSums(features)), rep(1, 5))
    }
    expect_identical(
        caption_features("a  MEK\ninhibitor "),
        caption_features("A mek INHIBITOR")
    )
    expect_identical(unname(caption_features(c("", " "), 5L)), matrix(0, 2, 5))
    expect_identical(dim(caption_features(character(), 5L)), c(0L, 5L))
})

test_that("texts that share words and parts of words are alike", {
    unit <- function(x) x / sqrt(rowSums(x^2))
    x <- unit(caption_features(c(
        "lung carcinoma A549", "lung cell line A427", "skin melanoma SKMEL5"
    )))
    alike <- tcrossprod(x)
    expect_gt(alike[1, 2], alike[1, 3] + 0.1)
})

test_that("tokens are pieces of words between a start and an end", {
    found <- text_tokens(c("Zero  point", "A549_LUNG", ""), 8L, 1000L)
    hash <- function(role, piece) 3 + oracle_hash(role, piece, 997)
    expect_equal(found$tokens[1, ], c(
        1, hash("w", "zer"), hash("i", "o"), hash("w", "poi"), hash("i", "nt"),
        2, 0, 0
    ))
    expect_equal(found$tokens[2, ], c(
        1, hash("w", "a54"), hash("i", "9"), hash("w", "_"), hash("w", "lun"),
        hash("i", "g"), 2, 0
    ))
    expect_identical(found$tokens[3, ], as.integer(c(1, 2, rep(0, 6))))
    expect_identical(found$lengths, c(6L, 7L, 2L))
    greek <- text_tokens("\u03b1\u03b2\u03b3\u03b4", 5L, 1000L)
    expect_equal(greek$tokens[1, ], c(
        1, hash("w", "\u03b1\u03b2\u03b3"), hash("i", "\u03b4"), 2, 0
    ))
})

test_that("long texts are cut and counted", {
    texts <- c(a = "one two three", b = "one")
    expect_message(
        found <- text_tokens(texts, 4L), "1 of 2, of which the longest has 6",
        class = "kith_message_text"
    )
    whole <- text_tokens(texts, 6L)
    expect_identical(found$tokens["a", ], c(whole$tokens["a", 1:3], 2L))
    expect_identical(found$tokens["b", ], whole$tokens["b", 1:4])
    expect_identical(found$lengths, c(4L, 3L))
    expect_message(bare <- text_tokens("one two", 2L), "cut to 2")
    expect_identical(bare$tokens[1, ], 1:2)
    # all numbers below that of tokens are in range
    many <- text_tokens(number_words(), 20L, 5L)$tokens
    expect_setequal(many, 0:4)
})

test_that("what is no text is refused", {
    for (f in list(caption_features, text_tokens)) {
        expect_input_error(f(1), "must be a character vector")
        expect_input_error(f(c("a", NA)), "Element 2 is missing")
        bad <- "\xff\xfe"
        Encoding(bad) <- "UTF-8"
        expect_input_error(f(bad), "another encoding")
    }
    expect_input_error(caption_features("a", 0), "at least 1")
    expect_input_error(text_tokens("a", 1), "at least 2")
    expect_input_error(text_tokens("a", 9, 3), "at least 4")
})

test_that("texts are those of the ids, which stand for what is missing", {
    ids <- c("b", "a", "c")
    expect_identical(
        caption_texts(NULL, ids, "drug_text"), c(b = "b", a = "a", c = "c")
    )
    texts <- c(a = "one", q = "two", c = "three", b = "four")
    expect_silent(found <- caption_texts(texts, ids, "drug_text"))
    expect_identical(found, c(b = "four", a = "one", c = "three"))
    texts[c("a", "c")] <- c(NA, "")
    expect_message(
        found <- caption_texts(texts, ids, "drug_text"), "2 of 3 ids",
        class = "kith_message_text"
    )
    expect_identical(found, c(b = "four", a = "a", c = "c"))
    refuse <- function(texts, pattern) {
        expect_input_error(caption_texts(texts, ids, "drug_text"), pattern)
    }
    refuse(list("a"), "must be a character vector")
    refuse("a", "no names")
    refuse(c(a = "x", a = "y"), "each id once")
    refuse(c(A = "x"), "upper case")
})

test_that("numbers are read digit by digit", {
    expect_identical(
        number_words(c(0L, 532L, 999L)),
        paste("zero point", c(
            "zero zero zero", "five three two", "nine nine nine"
        ))
    )
    expect_length(unique(number_words()), 1000L)
    x <- number_features()
    expect_identical(dim(x), c(1000L, 39L))
    expect_identical(
        which(x[533, 1:30] == 1), c(1L + 5L, 11L + 3L, 21L + 2L)
    )
    expect_true(all(rowSums(x[, 1:30]) == 3))
    expect_equal(x[533, 31:39], c(0.532, rbind(
        sinpi(0.532 * c(1, 2, 4, 8)), cospi(0.532 * c(1, 2, 4, 8))
    )))
})

test_that("labels are numbers of the training quantiles, and back", {
    set.seed(1)
    y <- rnorm(500)^3
    label <- fit_label(y)
    ends <- unname(quantile(y, c(0.002, 0.998)))
    number <- label_number(label, y)
    expect_equal(number, floor(
        1000 * pmin(pmax((y - ends[1]) / diff(ends), 0), 0.9994)
    ))
    expect_identical(range(number), c(0L, 999L))
    # back and forth without a change, for all numbers and any scale
    for (scale in c(1e-9, 1, 1e12)) {
        label <- fit_label(scale * (y + 3))
        expect_identical(
            label_number(label, number_label(label, 0:999)), 0:999
        )
    }
    label <- fit_label(y)
    inside <- y > label$low & y < label$high
    width <- (label$high - label$low) / 1000
    error <- number_label(label, number) - y
    expect_lte(max(abs(error[inside])), width * 0.51)
    # means of numbers are means of values
    expect_equal(
        number_label(label, 2.5), mean(number_label(label, c(2, 3)))
    )
    # mostly one value, and one alone
    expect_identical(fit_label(c(rep(2, 999), 3)), list(low = 2, high = 3))
    expect_identical(label_number(fit_label(c(5, 5)), 5), 0L)
})
