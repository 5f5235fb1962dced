#include "eval/candidates.h"

#include "base/threads.h"
#include "eval/dot.h"

#include <float.h>
#include <math.h>

#define BLOCK_PRODUCTS ((size_t)4 << 20) /* 32 MB of doubles */
#define MAX_BLOCK 512
#define SCAN_WIDTH 16

size_t product_block(size_t n_rows, size_t n_columns) {
  size_t rows = n_columns == 0 ? MAX_BLOCK : BLOCK_PRODUCTS / n_columns;
  if (rows > MAX_BLOCK) rows = MAX_BLOCK;
  if (rows > n_rows) rows = n_rows;
  return rows < 1 ? 1 : rows;
}

FOR_EACH_CPU
static size_t scan_products(const double *products, size_t from, size_t n,
                            double cut) {
  size_t place = from;
  for (; place + SCAN_WIDTH <= n; place += SCAN_WIDTH) {
    double n_reached = 0;
    SIMD_SUM(n_reached)
    for (size_t i = 0; i < SCAN_WIDTH; ++i)
      n_reached += products[place + i] >= cut ? 1 : 0;
    if (n_reached > 0) break;
  }
  while (place < n && !(products[place] >= cut)) ++place;
  return place;
}

size_t next_candidate(const double *products, size_t from, size_t n,
                      double cut) {
  return scan_products(products, from, n, cut);
}

double product_slack(const double *left, size_t d, double longest) {
  return 4 * ((double)d + 1) * DBL_EPSILON * sqrt(dot(left, left, d)) *
             longest +
         DBL_MIN;
}
