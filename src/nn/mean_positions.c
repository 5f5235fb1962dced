/* Mean over the positions of a row, for each channel: rows x positions x n to
 * rows x 1 x n. Masked, it is that of the filled positions alone; a row without
 * any has a mean of 0.
 *
 * Option: 1 for masked. */

#include "nn/layers.h"

FOR_EACH_CPU
static void mean_of_row(size_t n_positions, size_t n, const real *x, real *y) {
  memset(y, 0, n * sizeof(real));
  for (size_t t = 0; t < n_positions; ++t) {
    const real *row = x + t * n;
    SIMD for (size_t j = 0; j < n; ++j) y[j] += row[j];
  }
  for (size_t j = 0; n_positions > 0 && j < n; ++j) y[j] /= (real)n_positions;
}

static void mean_positions_forward(const pass *p, const layer *l,
                                   const layer_tape *at, real *y) {
  size_t n = l->in[0].channels, n_positions = l->in[0].positions;
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int i = 0; i < n_rows; ++i)
    mean_of_row(filled_positions(p, l, (size_t)i), n,
                at->x[0] + (size_t)i * n_positions * n, y + (size_t)i * n);
}

/* Every position of dx is dy / positions; those beyond have no gradient. */
FOR_EACH_CPU
static void spread_over_row(size_t n_positions, size_t n, const real *dy,
                            real *dx) {
  for (size_t t = 0; t < n_positions; ++t) {
    real *row = dx + t * n;
    SIMD for (size_t j = 0; j < n; ++j) row[j] = dy[j] / (real)n_positions;
  }
}

static void mean_positions_backward(const pass *p, const layer *l,
                                    const layer_tape *at, const real *dy,
                                    real *const dx[LAYER_INPUTS]) {
  (void)at;
  if (dx[0] == NULL) return;
  size_t n = l->in[0].channels, n_positions = l->in[0].positions;
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int i = 0; i < n_rows; ++i) {
    size_t filled = filled_positions(p, l, (size_t)i);
    real *dx_row = dx[0] + (size_t)i * n_positions * n;
    spread_over_row(filled, n, dy + (size_t)i * n, dx_row);
    memset(dx_row + filled * n, 0, (n_positions - filled) * n * sizeof(real));
  }
}

static const layer_type mean_positions_layer = {
    .name = "mean_positions",
    .n_inputs = 1,
    .own_dx = 1,
    .lay_out = reduce_positions_lay_out,
    .forward = mean_positions_forward,
    .backward = mean_positions_backward};
