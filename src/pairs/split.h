#ifndef KITH_PAIRS_SPLIT_H
#define KITH_PAIRS_SPLIT_H

#include "base/rng.h"

#include <stddef.h>

/* Holds out a random n - n_train of the items 0 .. n - 1 (pairs or genes):
 * held_out[i] is 1 for these and 0 for the others. Every choice of that size
 * is equally likely. order[n] is scratch. */
void split_items(rng *r, size_t n, size_t n_train, int *order, int *held_out);

/* How many genes of each pair are held out (0, 1 or 2).
 *
 * a, b      [n_pairs] gene codes from 0
 * held_out  [genes] 1 for a gene that training may not see, else 0 */
void count_unseen(const int *a, const int *b, size_t n_pairs,
                  const int *held_out, int *n_unseen);

#endif
