/* Sets what lies beyond the filled positions of a row to 0, and the gradient
 * there likewise: y = x where there is data. A shift or bias makes padding
 * differ from 0, and the next convolution would carry that into the data; with
 * this behind each of them (batch normalisation can do it itself), a row comes
 * out alike however far it is padded. */

#include "nn/layers.h"

static status_code mask_positions_lay_out(layer *l, size_t n_out, status *st) {
  l->masked = 1;
  return keep_shape(l, n_out, st);
}

/* The same way forward and back; from and to may be one. */
static void mask_rows(const pass *p, const layer *l, const real *from,
                      real *to) {
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * width))
  for (int i = 0; i < n_rows; ++i) {
    size_t start = (size_t)i * width;
    size_t kept = filled_positions(p, l, (size_t)i) * n;
    if (from != to) memcpy(to + start, from + start, kept * sizeof(real));
    memset(to + start + kept, 0, (width - kept) * sizeof(real));
  }
}

static void mask_positions_forward(const pass *p, const layer *l,
                                   const layer_tape *at, real *y) {
  mask_rows(p, l, at->x[0], y);
}

static void mask_positions_backward(const pass *p, const layer *l,
                                    const layer_tape *at, const real *dy,
                                    real *const dx[LAYER_INPUTS]) {
  (void)at;
  if (dx[0] != NULL) mask_rows(p, l, dy, dx[0]);
}

static const layer_type mask_positions_layer = {
    .name = "mask_positions",
    .n_inputs = 1,
    .lay_out = mask_positions_lay_out,
    .forward = mask_positions_forward,
    .backward = mask_positions_backward};
