#include "eval/dot.h"

void to_row_major(const double *x, size_t n, size_t d, double *rows) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) rows[i * d + j] = x[j * n + i];
}
