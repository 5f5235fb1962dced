#include "task/collapse.h"

static void collapse_metrics(const real *encoded, size_t n, size_t d,
                             real *sums, double metric[2]) {
  double total = 0, ones = 0, n_same = 0;
  memset(sums, 0, d * sizeof(real));
  for (size_t i = 0; i < n; ++i) {
    const real *row = encoded + i * d;
    double squares = 0;
    for (size_t j = 0; j < d; ++j) squares += (double)row[j] * (double)row[j];
    if (squares == 0) continue; /* a row of zeros has no direction */
    const real factor = C(1 / sqrt(squares));
    for (size_t j = 0; j < d; ++j) sums[j] += factor * row[j];
    ones += 1;
  }
  for (size_t j = 0; j < d; ++j) {
    size_t i = 1;
    while (i < n && encoded[i * d + j] == encoded[j]) ++i;
    n_same += i == n;
    total += (double)sums[j] * (double)sums[j];
  }
  double n_pairs = (double)n * ((double)n - 1);
  metric[0] = n_pairs > 0 ? (total - ones) / n_pairs * (double)n : 0;
  metric[1] = n_same / (double)d * (double)n;
}
