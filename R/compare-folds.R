# Folds: which part of the items each arm is tested on. Draws come from a key,
# so that folds do not depend on what was drawn before.

# The fold of each of n items, 1 to k, all of nearly one size.
#   groups  items of one group stay together
#   strata  each fold has its share of every stratum (of whole groups, where
#           these are given: a group then lies in one stratum)
item_folds <- function(n, k, key, groups = NULL, strata = NULL) {
    units <- if (is.null(groups)) seq_len(n) else match(groups, unique(groups))
    first <- !duplicated(units)
    of_unit <- if (is.null(strata)) {
        rep(1L, sum(first))
    } else {
        match(strata[first], unique(strata))
    }
    folds <- integer(sum(first))
    for (stratum in unique(of_unit)) {
        inside <- which(of_unit == stratum)
        folds[inside] <- deal(inside, k, key, stratum)
    }
    folds[units]
}

# Deals items to k folds: a k-th of them to the first, of those left a (k - 1)th
# to the second, and so on. i: number of the draw, for its keys.
deal <- function(items, k, key, i = 1L) {
    folds <- integer(length(items))
    left <- seq_along(items)
    for (f in seq_len(k - 1L)) {
        out <- draw_held_out(
            length(left), 1 - 1 / (k - f + 1),
            derive_key(key, "folds", (i - 1L) * k + f)
        ) == 1L
        folds[left[out]] <- f
        left <- left[!out]
    }
    folds[left] <- as.integer(k)
    folds
}
