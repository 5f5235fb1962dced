#ifndef KITH_NN_MAXIMA_H
#define KITH_NN_MAXIMA_H

#include "nn/real.h"

/* The largest value of each channel over neighbouring positions, and where it
 * is. */

/* y = the maxima of n_positions >= 1 rows of n in x, which is left holding 1
 * at the first maximum of each column, 0 elsewhere. A NaN is a maximum. */
FOR_EACH_CPU
static void take_maxima(size_t n_positions, size_t n, real *x, real *y) {
  real is_open[COLUMNS_PER_PIECE]; /* no maximum has been marked yet */
  for (size_t first = 0; first < n; first += COLUMNS_PER_PIECE) {
    size_t count = smaller(COLUMNS_PER_PIECE, n - first);
    real *top = y + first;
    memcpy(top, x + first, count * sizeof(real));
    for (size_t t = 1; t < n_positions; ++t) {
      const real *row = x + t * n + first;
      SIMD for (size_t j = 0; j < count; ++j) top[j] =
          row[j] > top[j] || row[j] != row[j] ? row[j] : top[j];
    }
    for (size_t j = 0; j < count; ++j) is_open[j] = 1;
    for (size_t t = 0; t < n_positions; ++t) {
      real *row = x + t * n + first;
      SIMD for (size_t j = 0; j < count; ++j) {
        row[j] = row[j] == top[j] ? is_open[j] : 0;
        is_open[j] -= row[j];
      }
    }
  }
}

/* dx = dy where x marks a maximum, 0 elsewhere */
FOR_EACH_CPU
static void maxima_input_row(size_t n, const real *x, const real *dy,
                             real *dx) {
  SIMD for (size_t j = 0; j < n; ++j) dx[j] = x[j] * dy[j];
}

#endif
