#include "pairs/split.h"

void split_items(rng *r, size_t n, size_t n_train, int *order, int *held_out) {
  for (size_t i = 0; i < n; ++i) order[i] = (int)i;
  rng_shuffle(r, order, n);
  for (size_t i = 0; i < n; ++i) held_out[order[i]] = i >= n_train;
}

void count_unseen(const int *a, const int *b, size_t n_pairs,
                  const int *held_out, int *n_unseen) {
  for (size_t p = 0; p < n_pairs; ++p)
    n_unseen[p] = held_out[a[p]] + held_out[b[p]];
}
