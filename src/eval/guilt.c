#include "eval/guilt.h"

#include "base/threads.h"

/* The gene of a pair under which it is listed, and the other one. */
KERNEL_INLINE int lower(int a, int b) {
  return a < b ? a : b;
}

KERNEL_INLINE int higher(int a, int b) {
  return a < b ? b : a;
}

void group_pairs(const int *a, const int *b, size_t n_pairs, size_t n_genes,
                 size_t *starts, size_t *order) {
  for (size_t g = 0; g <= n_genes; ++g) starts[g] = 0;
  for (size_t i = 0; i < n_pairs; ++i) ++starts[lower(a[i], b[i])];
  for (size_t g = 0, sum = 0; g <= n_genes; ++g) {
    sum += starts[g];
    starts[g] = sum; /* the end of g, which filling turns into its start */
  }
  for (size_t i = n_pairs; i > 0; --i)
    order[--starts[lower(a[i - 1], b[i - 1])]] = i - 1;
}

/* spread += w_gene A, or spread = 0 where it had put something. */
static void spread_gene(const neighbourhoods *near, const adjacency *known,
                        size_t gene, int clear, double *spread) {
  for (size_t place = 0; place < near->k; ++place) {
    size_t at = place * near->n_genes + gene;
    int i = near->neighbours[at];
    if (i < 0) break;
    for (int j = known->starts[i]; j < known->starts[i + 1]; ++j) {
      double *entry = spread + known->partners[j];
      *entry = clear ? 0 : *entry + near->weights[at];
    }
  }
}

/* spread . w_gene */
static double collect(const neighbourhoods *near, size_t gene,
                      const double *spread) {
  double score = 0;
  for (size_t place = 0; place < near->k; ++place) {
    size_t at = place * near->n_genes + gene;
    if (near->neighbours[at] < 0) break;
    score += spread[near->neighbours[at]] * near->weights[at];
  }
  return score;
}

void guilt_scores(const neighbourhoods *near, const adjacency *known,
                  const pairs_by_gene *pairs, size_t first, size_t last,
                  int n_lanes, double *spread, double *scores) {
  const size_t *starts = pairs->starts;
  PARALLEL_FOR(n_lanes)
  for (int lane = 0; lane < n_lanes; ++lane) {
    double *row = spread + (size_t)lane * near->n_training;
    for (size_t g = first + (size_t)lane; g < last; g += (size_t)n_lanes) {
      if (starts[g] == starts[g + 1]) continue;
      spread_gene(near, known, g, 0, row);
      for (size_t p = starts[g]; p < starts[g + 1]; ++p) {
        size_t i = pairs->order[p];
        int other = higher(pairs->a[i], pairs->b[i]);
        scores[i] = collect(near, (size_t)other, row);
      }
      spread_gene(near, known, g, 1, row);
    }
  }
}
