#include "pairs/universe.h"

#include <string.h>

pair_universe universe_open(const int *left, size_t n_left, const int *right,
                            size_t n_right, size_t n_genes,
                            unsigned char *sides) {
  int one_list = right == NULL;
  pair_universe u = {left,     one_list ? left : right,
                     n_left,   one_list ? n_left : n_right,
                     one_list, sides};
  memset(sides, 0, n_genes);
  for (size_t i = 0; i < u.n_left; ++i) sides[u.left[i]] |= SIDE_LEFT;
  for (size_t i = 0; i < u.n_right; ++i) sides[u.right[i]] |= SIDE_RIGHT;
  return u;
}

static int has_ordered(const pair_universe *u, int a, int b) {
  return (u->sides[a] & SIDE_LEFT) && (u->sides[b] & SIDE_RIGHT);
}

int universe_has(const pair_universe *u, int a, int b) {
  return a != b && (has_ordered(u, a, b) || has_ordered(u, b, a));
}

int universe_has_twice(const pair_universe *u, int a, int b) {
  return a != b && has_ordered(u, a, b) && has_ordered(u, b, a);
}

uint64_t universe_size(const pair_universe *u) {
  uint64_t n_shared = 0;
  for (size_t i = 0; i < u->n_left; ++i)
    n_shared += u->sides[u->left[i]] == SIDE_BOTH;
  /* without each shared gene with itself, and with each pair of shared genes
   * counted once */
  uint64_t n_ordered = (uint64_t)u->n_left * u->n_right - n_shared;
  return n_ordered - (n_shared > 1 ? n_shared * (n_shared - 1) / 2 : 0);
}

size_t universe_exclude(const pair_universe *u, const int *a, const int *b,
                        size_t n_pairs, pair_set *set) {
  size_t n_inside = 0;
  for (size_t p = 0; p < n_pairs; ++p)
    if (pair_set_add(set, a[p], b[p])) n_inside += universe_has(u, a[p], b[p]);
  return n_inside;
}
