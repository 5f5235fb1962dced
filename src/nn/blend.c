/* Learned blend of two values: y = a x1 + (1 - a) x0 with a = sigmoid(logit),
 * one learned number that starts at 0. With x1 the input of the network it is
 * the residual of CAL (section 1 of arXiv:2603.20955). */

#include "nn/layers.h"

static status_code blend_lay_out(layer *l, size_t n_out, status *st) {
  l->n_parameters = 1;
  return keep_pair_shape(l, n_out, st);
}

static void blend_initialise(const layer *l, rng *r, real *parameters,
                             real *state) {
  (void)l;
  (void)r;
  (void)state;
  *parameters = 0;
}

static real blend_share(const pass *p, const layer *l) {
  return 1 / (1 + real_exp(-p->parameters[l->first_parameter]));
}

static void blend_forward(const pass *p, const layer *l, const layer_tape *at,
                          real *y) {
  const real share = blend_share(p, l), *x = at->x[0], *other = at->x[1];
  size_t n = layer_rows(p, l) * l->in[0].channels;
  SIMD for (size_t j = 0; j < n; ++j) y[j] =
      share * other[j] + (1 - share) * x[j];
}

static void blend_backward(const pass *p, const layer *l, const layer_tape *at,
                           const real *dy, real *const dx[LAYER_INPUTS]) {
  const real share = blend_share(p, l), *x = at->x[0], *other = at->x[1];
  size_t n = layer_rows(p, l) * l->in[0].channels;
  double along = 0;
  for (size_t j = 0; j < n; ++j) along += dy[j] * (other[j] - x[j]);
  p->gradients[l->first_parameter] += C(along) * share * (1 - share);
  /* dx[0] may be dy's own memory, so it comes last */
  if (dx[1] != NULL)
    SIMD for (size_t j = 0; j < n; ++j) dx[1][j] = share * dy[j];
  if (dx[0] != NULL)
    SIMD for (size_t j = 0; j < n; ++j) dx[0][j] = (1 - share) * dy[j];
}

static const layer_type blend_layer = {.name = "blend",
                                       .n_inputs = 2,
                                       .lay_out = blend_lay_out,
                                       .initialise = blend_initialise,
                                       .forward = blend_forward,
                                       .backward = blend_backward};
