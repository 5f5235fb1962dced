#ifndef KITH_EVAL_TANIMOTO_H
#define KITH_EVAL_TANIMOTO_H

#include <stddef.h>
#include <stdint.h>

/* The Tanimoto similarity |a and b| / |a or b| of rows of bits, packed into
 * words of 64. Two rows without any bit are equal, so their similarity is 1. */

typedef struct {
  const uint64_t *words; /* n x n_words, row-major; bits past the last are 0 */
  const int *counts;     /* bits that are on in each row */
  size_t n, n_words;
} bit_rows;

size_t words_for_bits(size_t n_bits);

/* Packs column-major n x d numbers, each 0 or 1, into words (zeroed) and
 * counts (zeroed). Returns the place of the first number that is neither, n * d
 * if there is none. */
size_t pack_doubles(const double *x, size_t n, size_t d, uint64_t *words,
                    int *counts);
size_t pack_ints(const int *x, size_t n, size_t d, uint64_t *words,
                 int *counts);

/* similarities[(j - first) * x->n + i] of row i of x and row j of y, for the
 * rows first .. last - 1 of y. */
void tanimoto_columns(const bit_rows *x, const bit_rows *y, size_t first,
                      size_t last, int n_threads, double *similarities);

/* close[(i - first) * x->n + j] = 1 where rows i and j > i are more similar
 * than the threshold, for the rows first .. last - 1 of x, which are sorted by
 * rising counts; only what lies behind i is written. */
void find_close(const bit_rows *x, size_t first, size_t last, double threshold,
                int n_threads, unsigned char *close);

/* Joins what find_close() found: leader[i] is a row of the group of row i, at
 * first i itself. */
void join_close(size_t n, size_t first, size_t last,
                const unsigned char *close, int *leader);

/* Makes every row's leader the first row of its group. */
void settle_leaders(size_t n, int *leader);

#endif
