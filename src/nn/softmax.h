#ifndef KITH_NN_SOFTMAX_H
#define KITH_NN_SOFTMAX_H

#include "nn/real.h"

/* Softmax of the rows and of the columns of a matrix of scores, as the gradient
 * of the log of the sum of their exponentials. */

/* d_scores = row softmax * weight. Returns log sum exp(row) - row[own]; *hit
 * is 1 where no other score reaches the own one. */
FOR_EACH_CPU
static double softmax_row(size_t n, size_t own, real weight,
                          const real *scores, real *d_scores, double *hit) {
  real top = scores[0];
  SIMD_MAX(top)
  for (size_t j = 0; j < n; ++j) top = scores[j] > top ? scores[j] : top;
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) {
    d_scores[j] = real_exp(scores[j] - top);
    total += d_scores[j];
  }
  real factor = weight / total;
  SIMD for (size_t j = 0; j < n; ++j) d_scores[j] *= factor;
  *hit = scores[own] >= top;
  return log((double)total) + (double)top - (double)scores[own];
}

/* Adds column softmax * weight to columns first .. last - 1 of d_scores, n rows
 * that lie `stride` apart, and leaves in column_loss[j] log sum exp(column j) -
 * scores[j, j]. */
FOR_EACH_CPU
static void softmax_columns(size_t n, size_t stride, size_t first, size_t last,
                            real weight, const real *scores, real *d_scores,
                            double *column_loss) {
  real top[COLUMNS_PER_PIECE], total[COLUMNS_PER_PIECE];
  size_t width = last - first;
  for (size_t j = 0; j < width; ++j) {
    top[j] = scores[first + j];
    total[j] = 0;
  }
  for (size_t i = 1; i < n; ++i) {
    const real *row = scores + i * stride + first;
    SIMD for (size_t j = 0; j < width; ++j) top[j] =
        row[j] > top[j] ? row[j] : top[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * stride + first;
    SIMD for (size_t j = 0; j < width; ++j) total[j] +=
        real_exp(row[j] - top[j]);
  }
  for (size_t j = 0; j < width; ++j) {
    column_loss[first + j] = log((double)total[j]) + (double)top[j] -
                             (double)scores[(first + j) * stride + first + j];
    total[j] = weight / total[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * stride + first;
    real *d_row = d_scores + i * stride + first;
    SIMD for (size_t j = 0; j < width; ++j) d_row[j] +=
        real_exp(row[j] - top[j]) * total[j];
  }
}

#endif
