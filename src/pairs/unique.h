#ifndef KITH_PAIRS_UNIQUE_H
#define KITH_PAIRS_UNIQUE_H

#include "pairs/pair_set.h"

/* Rows of a pair list and what became of them. Every row is counted once:
 * n_rows = n_kept + n_missing + n_self + n_duplicated + n_reversed. */
typedef struct {
  size_t n_kept;
  size_t n_missing;    /* one code or both are negative */
  size_t n_self;       /* a gene with itself */
  size_t n_duplicated; /* seen before, the same way round */
  size_t n_reversed;   /* seen before, the other way round */
} unique_counts;

/* Keeps the first of the rows that name the same unordered pair.
 *
 * a, b      [n_rows] gene codes from 0, negative where the id is missing
 * score     [n_rows], NaN where missing; NULL if the pairs have none
 * set       empty, made for n_rows pairs
 * first_at  [set->n_slots] scratch
 * kept      [n_rows] takes the n_kept rows that stay, from 0 and ascending
 * best      [n_rows] takes the highest score of each kept pair (a missing
 *           score loses against any number); not touched if score is NULL
 * times     [n_rows] takes the number of rows that name each kept pair */
unique_counts unique_pairs(const int *a, const int *b, const double *score,
                           size_t n_rows, pair_set *set, int *first_at,
                           int *kept, double *best, int *times);

#endif
