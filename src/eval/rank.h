#ifndef KITH_EVAL_RANK_H
#define KITH_EVAL_RANK_H

#include "eval/sort.h"

#include <stddef.h>

/* The ranks 1 .. n of x (n, no NaN), tied values sharing the mean of theirs.
 * work has room for 2 n elements. */
void mid_ranks(const double *x, size_t n, keyed_item *work, double *ranks);

/* Spearman's correlation from two vectors of mid-ranks (n each): Pearson's
 * correlation of the ranks. NaN where either is constant. */
double spearman_of_ranks(const double *x_ranks, const double *y_ranks,
                         size_t n);

#endif
