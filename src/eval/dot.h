#ifndef KITH_EVAL_DOT_H
#define KITH_EVAL_DOT_H

#include "base/threads.h"

#include <stddef.h>

/* Scalar products of rows in one fixed order of summation, so that a pair has
 * the same score to the last bit wherever it is computed. */

#define DOT_LANES 8

/* a and b: length numbers each. */
KERNEL_INLINE double dot(const double *a, const double *b, size_t length) {
  double lanes[DOT_LANES] = {0};
  size_t i = 0;
  for (; i + DOT_LANES <= length; i += DOT_LANES)
    for (size_t lane = 0; lane < DOT_LANES; ++lane)
      lanes[lane] += a[i + lane] * b[i + lane];
  double rest = 0;
  for (; i < length; ++i) rest += a[i] * b[i];
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) + rest;
}

/* From column-major n x d, as R stores it, to row-major n x d. */
void to_row_major(const double *x, size_t n, size_t d, double *rows);

#endif
