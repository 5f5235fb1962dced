/* Layers without parameters that join two values: their sum, and their
 * channels side by side. */

#include "nn/layers.h"

static void add_forward(const pass *p, const layer *l, const layer_tape *at,
                        real *y) {
  const real *a = at->x[0], *b = at->x[1];
  size_t n = layer_rows(p, l) * l->in[0].channels;
  SIMD for (size_t j = 0; j < n; ++j) y[j] = a[j] + b[j];
}

static void add_backward(const pass *p, const layer *l, const layer_tape *at,
                         const real *dy, real *const dx[LAYER_INPUTS]) {
  (void)at;
  size_t n = layer_rows(p, l) * l->in[0].channels;
  for (int i = 0; i < LAYER_INPUTS; ++i)
    if (dx[i] != NULL && dx[i] != dy) memcpy(dx[i], dy, n * sizeof(real));
}

static status_code concat_lay_out(layer *l, size_t n_out, status *st) {
  row_shape a = l->in[0], b = l->in[1];
  if (a.positions != b.positions)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"concat\" takes two values of as many "
                       "positions, not %zu and %zu",
                       a.positions, b.positions);
  l->out = a;
  l->out.channels += b.channels;
  if (n_out > 0 && n_out != l->out.channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"concat\" gives %zu channels, not %zu",
                       l->out.channels, n_out);
  return STATUS_OK;
}

static void concat_forward(const pass *p, const layer *l, const layer_tape *at,
                           real *y) {
  size_t n_a = l->in[0].channels, n_b = l->in[1].channels;
  for (size_t i = 0; i < layer_rows(p, l); ++i) {
    memcpy(y + i * (n_a + n_b), at->x[0] + i * n_a, n_a * sizeof(real));
    memcpy(y + i * (n_a + n_b) + n_a, at->x[1] + i * n_b, n_b * sizeof(real));
  }
}

static void concat_backward(const pass *p, const layer *l,
                            const layer_tape *at, const real *dy,
                            real *const dx[LAYER_INPUTS]) {
  (void)at;
  size_t n_a = l->in[0].channels, n_b = l->in[1].channels;
  for (size_t i = 0; i < layer_rows(p, l); ++i) {
    const real *row = dy + i * (n_a + n_b);
    if (dx[0] != NULL) memcpy(dx[0] + i * n_a, row, n_a * sizeof(real));
    if (dx[1] != NULL) memcpy(dx[1] + i * n_b, row + n_a, n_b * sizeof(real));
  }
}

static const layer_type add_layer = {.name = "add",
                                     .n_inputs = 2,
                                     .lay_out = keep_pair_shape,
                                     .forward = add_forward,
                                     .backward = add_backward};

static const layer_type concat_layer = {.name = "concat",
                                        .n_inputs = 2,
                                        .own_dx = 1,
                                        .lay_out = concat_lay_out,
                                        .forward = concat_forward,
                                        .backward = concat_backward};
