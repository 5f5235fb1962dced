/* Maximum over the positions of a row, for each channel: rows x positions x n
 * to rows x 1 x n. Masked, it is that of the filled positions alone; a row
 * without any has a maximum of 0. The gradient goes to the first maximum.
 *
 * x is left holding 1 there, 0 at the other positions that count: the slope of
 * the layer.
 *
 * Option: 1 for masked. */

#include "nn/layers.h"
#include "nn/maxima.h"

static void max_positions_forward(const pass *p, const layer *l,
                                  const layer_tape *at, real *y) {
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int i = 0; i < n_rows; ++i) {
    size_t filled = filled_positions(p, l, (size_t)i);
    real *top = y + (size_t)i * n;
    if (filled > 0)
      take_maxima(filled, n, at->x[0] + (size_t)i * width, top);
    else
      memset(top, 0, n * sizeof(real));
  }
}

static void max_positions_backward(const pass *p, const layer *l,
                                   const layer_tape *at, const real *dy,
                                   real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int i = 0; i < n_rows; ++i) {
    size_t filled = filled_positions(p, l, (size_t)i);
    const real *x = at->x[0] + (size_t)i * width;
    real *dx_row = dx[0] + (size_t)i * width;
    for (size_t t = 0; t < filled; ++t)
      maxima_input_row(n, x + t * n, dy + (size_t)i * n, dx_row + t * n);
    memset(dx_row + filled * n, 0, (width - filled * n) * sizeof(real));
  }
}

static const layer_type max_positions_layer = {
    .name = "max_positions",
    .n_inputs = 1,
    .own_dx = 1,
    .lay_out = reduce_positions_lay_out,
    .forward = max_positions_forward,
    .backward = max_positions_backward};
