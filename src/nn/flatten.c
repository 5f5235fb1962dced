/* All positions of a row side by side: rows x positions x n to
 * rows x 1 x (positions n). The numbers and their order stay. */

#include "nn/layers.h"

static status_code flatten_lay_out(layer *l, size_t n_out, status *st) {
  l->out.positions = 1;
  l->out.channels = row_size(l->in[0]);
  if (n_out > 0 && n_out != l->out.channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"flatten\" gives %zu channels, not %zu",
                       l->out.channels, n_out);
  return STATUS_OK;
}

static void flatten_forward(const pass *p, const layer *l,
                            const layer_tape *at, real *y) {
  memcpy(y, at->x[0], p->n_rows * l->out.channels * sizeof(real));
}

static void flatten_backward(const pass *p, const layer *l,
                             const layer_tape *at, const real *dy,
                             real *const dx[LAYER_INPUTS]) {
  (void)at;
  if (dx[0] != NULL && dx[0] != dy)
    memcpy(dx[0], dy, p->n_rows * l->out.channels * sizeof(real));
}

static const layer_type flatten_layer = {.name = "flatten",
                                         .n_inputs = 1,
                                         .lay_out = flatten_lay_out,
                                         .forward = flatten_forward,
                                         .backward = flatten_backward};
