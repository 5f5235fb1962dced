#ifndef KITH_NN_ROWS_H
#define KITH_NN_ROWS_H

#include "nn/real.h"

/* Rows from and to their places, and their sums. */

/* to[i] = from[rows[i]], rows of d */
static inline void gather_rows(const real *from, const int *rows,
                               size_t n_rows, size_t d, real *to) {
  for (size_t i = 0; i < n_rows; ++i)
    memcpy(to + i * d, from + (size_t)rows[i] * d, d * sizeof(real));
}

/* to[rows[i]] += from[i], rows of d, in order */
static inline void scatter_add_rows(const real *from, const int *rows,
                                    size_t n_rows, size_t d, real *to) {
  for (size_t i = 0; i < n_rows; ++i) {
    real *target = to + (size_t)rows[i] * d;
    const real *source = from + i * d;
    SIMD for (size_t j = 0; j < d; ++j) target[j] += source[j];
  }
}

/* to += from, n values */
static inline void add_values(const real *from, size_t n, real *to) {
  SIMD for (size_t j = 0; j < n; ++j) to[j] += from[j];
}

/* sums[j] += the sum of column j of dy (n_rows x n), rows in order. */
FOR_EACH_CPU
static void sum_columns(const real *dy, size_t n_rows, size_t n, size_t first,
                        size_t last, real *sums) {
  for (size_t i = 0; i < n_rows; ++i) {
    const real *row = dy + i * n;
    SIMD for (size_t j = first; j < last; ++j) sums[j] += row[j];
  }
}

/* Rows first .. last - 1 of from (n_all x n_columns, column-major) as
 * row-major reals, and back. */
static inline void rows_from_r(const double *from, size_t n_all,
                               size_t n_columns, size_t first, size_t last,
                               real *to) {
  for (size_t i = first; i < last; ++i)
    for (size_t j = 0; j < n_columns; ++j)
      to[(i - first) * n_columns + j] = C(from[j * n_all + i]);
}

static inline void rows_to_r(const real *from, size_t n_all, size_t n_columns,
                             size_t first, size_t last, double *to) {
  for (size_t i = first; i < last; ++i)
    for (size_t j = 0; j < n_columns; ++j)
      to[j * n_all + i] = (double)from[(i - first) * n_columns + j];
}

#endif
