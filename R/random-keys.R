# Keys of random draws: two doubles of 32 bits each, see src/base/rng.h. All
# draws of a call come from one key.

# the key of a call: from a seed, or from R's stream, so that set.seed() decides
draw_key <- function(seed = NULL) {
    if (is.null(seed)) {
        .Call(C_draw_key)
    } else {
        .Call(C_key_from_seed, seed)
    }
}

# the parts of a fit that draw for themselves
key_parts <- c(
    network = 1L, folds = 2L, fold = 3L, negatives = 4L, units = 5L,
    validation = 6L, blocks = 7L, scorer = 8L, split = 9L,
    halves = 10L
)

# the key of the i-th part of a name, from the key of the whole
derive_key <- function(key, part, i) {
    .Call(C_derive_key, key, key_parts[[part]], as.integer(i))
}
