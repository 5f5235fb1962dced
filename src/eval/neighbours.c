#include "eval/neighbours.h"

#include <math.h>

void neighbour_weights(const int *neighbours, size_t n, size_t k,
                       double temperature, double *cosines) {
  for (size_t gene = 0; gene < n; ++gene) {
    double nearest = k > 0 ? cosines[gene] : 0, total = 0;
    for (size_t place = 0; place < k; ++place) {
      size_t at = place * n + gene;
      cosines[at] =
          neighbours[at] < 0 ? 0 : exp((cosines[at] - nearest) / temperature);
      total += cosines[at];
    }
    for (size_t place = 0; place < k && total > 0; ++place)
      cosines[place * n + gene] /= total;
  }
}
