#ifndef KITH_EVAL_TOP_PAIRS_H
#define KITH_EVAL_TOP_PAIRS_H

#include <stddef.h>

/* The pairs of rows with the largest products, of all pairs of a matrix and
 * without their matrix: blocks of rows meet the rows from their first on, and
 * a buffer keeps what can still be among the best. Equal scores are ranked by
 * the lower rows, so neither blocks nor threads nor the BLAS decide. */

typedef struct {
  const double *rows; /* n x d, row-major, finite */
  size_t n, d;
  double longest;   /* from longest_row(rows) */
  const int *group; /* pairs of one group, other than 0, are left out */
  double least;     /* so are scores below this */
  size_t n_top;     /* at least 1 */
} pair_search;

typedef struct {
  double score;
  int a, b; /* a < b */
} scored_pair;

typedef struct {
  scored_pair *pairs; /* room for room_for_pairs() */
  size_t n, room;
  double cut; /* scores below cannot be among the best; at first -Inf */
} best_pairs;

/* Twice the pairs asked for, so that sorting them is rare, and no more than n
 * rows have. */
size_t room_for_pairs(size_t n_top, size_t n);

/* Rows first .. last - 1, at most product_block(n, n) of them, with all that
 * follow each; products has room for (last - first) * (n - first) numbers. */
void search_pairs(const pair_search *search, size_t first, size_t last,
                  double *products, best_pairs *found, int n_threads);

/* Leaves the n_top best, from best to worst. */
void keep_best(const pair_search *search, best_pairs *found);

#endif
