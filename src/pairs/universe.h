#ifndef KITH_PAIRS_UNIVERSE_H
#define KITH_PAIRS_UNIVERSE_H

#include "base/rng.h"
#include "pairs/pair_set.h"

/* The pairs that negatives are drawn from: one gene of the left list and one
 * of the right list, both without repeats. With one_list the two are the same
 * list, and the universe is every unordered pair of its genes. */

#define SIDE_LEFT 1
#define SIDE_RIGHT 2
#define SIDE_BOTH (SIDE_LEFT | SIDE_RIGHT)

typedef struct {
  const int *left, *right; /* gene codes from 0 */
  size_t n_left, n_right;
  int one_list;
  const unsigned char *sides; /* per gene code: the sides it stands on */
} pair_universe;

/* Fills sides[n_genes] from the two lists and ties up the universe. A right
 * list of NULL means one list. */
pair_universe universe_open(const int *left, size_t n_left, const int *right,
                            size_t n_right, size_t n_genes,
                            unsigned char *sides);

/* 1 if the pair can be had, one gene from each side, in this or the other
 * order. */
int universe_has(const pair_universe *u, int a, int b);

/* 1 if the pair can be had in both orders. */
int universe_has_twice(const pair_universe *u, int a, int b);

/* The number of unordered pairs of two different genes. Lists are at most
 * 2^31 long, so it fits. */
uint64_t universe_size(const pair_universe *u);

/* Puts the pairs into the set and returns how many of those that were new
 * lie in the universe. */
size_t universe_exclude(const pair_universe *u, const int *a, const int *b,
                        size_t n_pairs, pair_set *set);

#endif
