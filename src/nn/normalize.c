/* L2 normalisation of the channels of each position: y = x / |x|. */

#include "nn/layers.h"
#include "nn/unit_rows.h"

static void normalize_forward(const pass *p, const layer *l,
                              const layer_tape *at, real *y) {
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  for (size_t i = 0; i < n_rows; ++i)
    at->row_state[i] = normalize_row(n, at->x[0] + i * n, y + i * n);
}

static void normalize_backward(const pass *p, const layer *l,
                               const layer_tape *at, const real *dy,
                               real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  for (size_t i = 0; i < n_rows; ++i)
    normalize_input_row(n, at->row_state[i], at->x[0] + i * n, dy + i * n,
                        dx[0] + i * n);
}

static const layer_type normalize_layer = {.name = "normalize",
                                           .n_inputs = 1,
                                           .n_row_state = 1,
                                           .lay_out = keep_shape,
                                           .forward = normalize_forward,
                                           .backward = normalize_backward};
