/* The last filled position of a row: rows x positions x n to rows x 1 x n. */

#include "nn/layers.h"

static status_code last_position_lay_out(layer *l, size_t n_out, status *st) {
  if (keep_shape(l, n_out, st)) return st->code;
  l->out.positions = 1;
  l->masked = 1;
  return STATUS_OK;
}

/* Where it is, in values from the start of its row. */
static size_t last_position_of(const pass *p, const layer *l, size_t row) {
  size_t filled = filled_positions(p, l, row);
  return (filled > 0 ? filled - 1 : 0) * l->in[0].channels;
}

static void last_position_forward(const pass *p, const layer *l,
                                  const layer_tape *at, real *y) {
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  for (size_t i = 0; i < p->n_rows; ++i)
    memcpy(y + i * n, at->x[0] + i * width + last_position_of(p, l, i),
           n * sizeof(real));
}

static void last_position_backward(const pass *p, const layer *l,
                                   const layer_tape *at, const real *dy,
                                   real *const dx[LAYER_INPUTS]) {
  (void)at;
  if (dx[0] == NULL) return;
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  memset(dx[0], 0, p->n_rows * width * sizeof(real));
  for (size_t i = 0; i < p->n_rows; ++i)
    memcpy(dx[0] + i * width + last_position_of(p, l, i), dy + i * n,
           n * sizeof(real));
}

static const layer_type last_position_layer = {
    .name = "last_position",
    .n_inputs = 1,
    .own_dx = 1,
    .lay_out = last_position_lay_out,
    .forward = last_position_forward,
    .backward = last_position_backward};
