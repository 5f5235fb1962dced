/* Rows from and to their places. */

#include "nn/real.h"

/* to[i] = from[rows[i]], rows of d */
static void gather_rows(const real *from, const int *rows, size_t n_rows,
                        size_t d, real *to) {
  for (size_t i = 0; i < n_rows; ++i)
    memcpy(to + i * d, from + (size_t)rows[i] * d, d * sizeof(real));
}

/* to[rows[i]] += from[i], rows of d, in order */
static void scatter_add_rows(const real *from, const int *rows, size_t n_rows,
                             size_t d, real *to) {
  for (size_t i = 0; i < n_rows; ++i) {
    real *target = to + (size_t)rows[i] * d;
    const real *source = from + i * d;
    SIMD for (size_t j = 0; j < d; ++j) target[j] += source[j];
  }
}
