#include "eval/bootstrap.h"

#include "base/rng.h"
#include "base/threads.h"

#include <string.h>

/* Item visits in a piece of the work of one thread. */
#define PIECE_VISITS 1e7

size_t list_members(const int *positive, size_t n, uint32_t *members) {
  size_t n_positives = 0, n_negatives = 0;
  for (size_t i = 0; i < n; ++i)
    if (positive[i]) members[n_positives++] = (uint32_t)i;
  for (size_t i = 0; i < n; ++i)
    if (!positive[i]) members[n_positives + n_negatives++] = (uint32_t)i;
  return n_positives;
}

/* Uniform on 0 .. n - 1 without bias, from the high half of a product
 * (Lemire 2019); n is positive. Half the price of rng_below. */
static uint32_t draw_below(rng *r, uint32_t n) {
  uint64_t product = (uint64_t)rng_u32(r) * n;
  if ((uint32_t)product < n) {
    uint32_t biased = (uint32_t)(0 - n) % n;
    while ((uint32_t)product < biased) product = (uint64_t)rng_u32(r) * n;
  }
  return (uint32_t)(product >> 32);
}

static void draw_members(rng *r, const uint32_t *members, size_t n,
                         double *weights) {
  for (size_t i = 0; i < n; ++i)
    weights[members[draw_below(r, (uint32_t)n)]] += 1;
}

void bootstrap_weights(const bootstrap_design *design, size_t r,
                       double *counts, double *weights) {
  size_t n = design->n_items, n_genes = design->n_genes;
  size_t n_positives = design->n_positives;
  rng stream = rng_open(design->key, RNG_BOOTSTRAP, (uint32_t)r, 0);
  if (n_genes == 0) {
    memset(weights, 0, n * sizeof *weights);
    draw_members(&stream, design->members, n_positives, weights);
    draw_members(&stream, design->members + n_positives, n - n_positives,
                 weights);
    return;
  }
  memset(counts, 0, n_genes * sizeof *counts);
  for (size_t i = 0; i < n_genes; ++i)
    counts[draw_below(&stream, (uint32_t)n_genes)] += 1;
  for (size_t i = 0; i < n; ++i)
    weights[i] = counts[design->gene_a[i]] * counts[design->gene_b[i]];
}

void bootstrap_auc(const bootstrap_design *design,
                   const sorted_scores *columns, size_t n_columns,
                   size_t first, size_t last, size_t n_draws, int n_lanes,
                   double *work, double *aucs) {
  size_t lane_size = design->n_items + design->n_genes;
  PARALLEL_FOR(n_lanes)
  for (int lane = 0; lane < n_lanes; ++lane) {
    double *weights = work + (size_t)lane * lane_size;
    double *counts = weights + design->n_items;
    for (size_t r = first + (size_t)lane; r < last; r += (size_t)n_lanes) {
      bootstrap_weights(design, r, counts, weights);
      for (size_t column = 0; column < n_columns; ++column)
        aucs[column * n_draws + r] = weighted_auc(columns + column, weights);
    }
  }
}

size_t bootstrap_piece(size_t n_items, size_t n_columns, int n_lanes) {
  double visits = ((double)n_items + 1) * ((double)n_columns + 1);
  double n_draws = PIECE_VISITS / visits;
  return (size_t)n_lanes * (n_draws < 1 ? 1 : (size_t)n_draws);
}
