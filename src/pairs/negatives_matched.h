#ifndef KITH_PAIRS_NEGATIVES_MATCHED_H
#define KITH_PAIRS_NEGATIVES_MATCHED_H

#include "pairs/universe.h"

/* Degree-matched negatives: for each positive pair, per_positive pairs of two
 * genes whose degrees (numbers of pairs) are like the positive's.
 *
 * With m the mean degree of the positive's two genes, both genes of a negative
 * come from the genes with a degree in [0.8 m, 1.2 m]; where these are fewer
 * than 20, from those in [0.5 m, max(1.5 m, 5)]; where these are fewer than
 * 2, from all. Windows are found on each side of the universe by itself. Each
 * negative gets 100 tries to be a pair of two different genes that is not
 * known.
 *
 * Negatives are drawn independently, so a pair may come more than once: among
 * hubs there are fewer free pairs than negatives, and without repeats those
 * would run out and leave negatives of lower degree than the positives. */
typedef struct {
  pair_universe universe;
  const pair_set *known; /* what may not be drawn */
  rng random;
  const int *degree;       /* per gene code */
  const int *left, *right; /* the two lists by ascending degree */
  const int *a, *b;        /* [n_positives] */
  size_t n_positives, per_positive;

  size_t next;    /* negative to be tried for: those of positive p start with
                     p * per_positive */
  size_t n_drawn; /* pairs in from and to, in the order of the positives */
  int *from, *to; /* [n_positives * per_positive] */
  int *n_found;   /* [n_positives] how many negatives each has got */
} matched_negatives;

/* The half-open range [first, last) of a list of genes by ascending degree
 * from which the genes of a negative are drawn. */
typedef struct {
  size_t first, last;
} degree_window;

/* genes  [n_genes] codes by ascending degree
 * m      the mean degree to be matched */
degree_window find_window(const int *genes, size_t n_genes, const int *degree,
                          double m);

/* Sorts genes[n] by ascending degree, equal ones in the order given.
 * counts[n_degrees + 1] is scratch; degrees lie below n_degrees. */
void sort_by_degree(const int *genes, size_t n, const int *degree,
                    size_t n_degrees, size_t *counts, int *sorted);

/* Adds up the degree[n_genes] of each gene over the pairs; returns the highest
 * degree. */
int count_degrees(const int *a, const int *b, size_t n_pairs, size_t n_genes,
                  int *degree);

/* Does one step of bounded length; 0 when all is done. The sampler starts with
 * `next`, `n_drawn` and n_found[] at 0. */
int matched_negatives_step(matched_negatives *s);

#endif
