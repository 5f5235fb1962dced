#include "eval/rank.h"

#include <math.h>

void mid_ranks(const double *x, size_t n, keyed_item *work, double *ranks) {
  const keyed_item *order = sort_doubles(x, n, work);
  for (size_t start = 0; start < n;) {
    size_t end = start + 1;
    while (end < n && order[end].key == order[start].key) ++end;
    double rank = ((double)start + 1 + (double)end) / 2;
    for (size_t i = start; i < end; ++i) ranks[order[i].item] = rank;
    start = end;
  }
}

double spearman_of_ranks(const double *x_ranks, const double *y_ranks,
                         size_t n) {
  double mean = ((double)n + 1) / 2;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < n; ++i) {
    double x = x_ranks[i] - mean, y = y_ranks[i] - mean;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  if (!(xx > 0 && yy > 0)) return NAN;
  double r = xy / (sqrt(xx) * sqrt(yy));
  return r > 1 ? 1 : r < -1 ? -1 : r;
}
