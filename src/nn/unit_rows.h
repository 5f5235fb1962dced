#ifndef KITH_NN_UNIT_ROWS_H
#define KITH_NN_UNIT_ROWS_H

#include "nn/real.h"

/* Rows at unit length, and the gradient through that. */

/* Rows shorter than this are divided by it instead of by their norm, as in
 * PyTorch's F.normalize. */
#define SHORTEST_NORM 1e-12

/* y = x / norm, also left in x; returns the norm */
FOR_EACH_CPU
static real normalize_row(size_t n, real *x, real *y) {
  real squares = 0;
  SIMD_SUM(squares)
  for (size_t j = 0; j < n; ++j) squares += x[j] * x[j];
  real norm = real_sqrt(squares);
  if (norm < C(SHORTEST_NORM)) norm = C(SHORTEST_NORM);
  SIMD for (size_t j = 0; j < n; ++j) y[j] = x[j] = x[j] / norm;
  return norm;
}

/* dx = (dy - y (y . dy)) / norm, with y in x */
FOR_EACH_CPU
static void normalize_input_row(size_t n, real norm, const real *x,
                                const real *dy, real *dx) {
  real along = 0;
  SIMD_SUM(along)
  for (size_t j = 0; j < n; ++j) along += x[j] * dy[j];
  SIMD for (size_t j = 0; j < n; ++j) dx[j] = (dy[j] - x[j] * along) / norm;
}

#endif
