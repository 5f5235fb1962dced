#ifndef KITH_EVAL_CONCORDANCE_H
#define KITH_EVAL_CONCORDANCE_H

#include "eval/sort.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How well predictions order items, over all pairs of items, in O(n log n):
 * items enter in the order of their truth, and a Fenwick tree over the ranks of
 * the prediction counts how many of those before lie below (Fenwick 1994). */

/* Numbers of pairs, exact while all weights together stay below 2^32 (see
 * weights_fit()): there are then fewer than 2^63 pairs. */
typedef struct {
  uint64_t concordant, discordant;
  uint64_t tied_prediction; /* ... where the truth differs */
  uint64_t tied_truth;      /* ... where the prediction differs */
  uint64_t tied_both;
} pair_counts;

/* Items sorted once, so that many weightings need no sorting. */
typedef struct {
  size_t n, n_ranks;
  uint32_t *item;          /* n: upwards by truth, then by prediction */
  uint32_t *rank;          /* n: of its prediction, from 1; ties share one */
  unsigned char *ends_tie; /* n: the next item has a higher truth */
} ranked_items;

/* Fills the arrays of `ranked`, which the caller gives, from n < 2^31 values
 * that are not NaN. work has room for 2 n elements. */
void rank_items(const double *predicted, const double *truth, size_t n,
                keyed_item *work, ranked_items *ranked);

/* Do the weights add up to less than 2^32? */
bool weights_fit(const uint32_t *weights, size_t n);

/* Counts pairs; item i counts weights[i] times (NULL: once). tree and held
 * have room for n_ranks + 1 numbers each. */
pair_counts count_pairs(const ranked_items *ranked, const uint32_t *weights,
                        uint64_t *tree, uint64_t *held);

/* Share of the pairs with different truth that are ordered right, a tie of the
 * prediction counting one half; NaN where there is no such pair. */
double concordance_of(const pair_counts *counts);

/* Kendall's tau-b; NaN where either is constant. */
double tau_b_of(const pair_counts *counts);

/* The bootstrap: units are drawn with replacement, each with all of its
 * items. */
typedef struct {
  size_t n_items, n_units;
  const int *unit; /* n_items, 0 .. n_units - 1; NULL: each item is one */
  uint64_t key;
} unit_design;

/* How often each item counts in draw r; counts has room for n_units. */
void draw_units(const unit_design *design, size_t r, uint32_t *counts,
                uint32_t *weights);

#endif
