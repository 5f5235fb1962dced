/* Learned residual blend: y = a x0 + (1 - a) x with x0 the input of the
 * network and a = sigmoid(logit), one learned number that starts at 0
 * (CAL, section 1 of arXiv:2603.20955). */

#include "nn/layers.h"

static size_t blend_count(const layer *l) {
  (void)l;
  return 1;
}

static void blend_initialise(const layer *l, rng *r, real *parameters) {
  (void)l;
  (void)r;
  *parameters = 0;
}

static real blend_share(const pass *p, const layer *l) {
  return 1 / (1 + real_exp(-p->parameters[l->first_parameter]));
}

static void blend_forward(const pass *p, const layer *l, real *x, real *y) {
  const real share = blend_share(p, l);
  size_t n = p->n_rows * l->n_in;
  SIMD for (size_t j = 0; j < n; ++j) y[j] =
      share * p->input[j] + (1 - share) * x[j];
}

static void blend_backward(const pass *p, const layer *l, const real *x,
                           const real *dy, real *dx) {
  const real share = blend_share(p, l);
  size_t n = p->n_rows * l->n_in;
  double along = 0;
  for (size_t j = 0; j < n; ++j) along += dy[j] * (p->input[j] - x[j]);
  p->gradients[l->first_parameter] = C(along) * share * (1 - share);
  if (p->d_input != NULL)
    for (size_t j = 0; j < n; ++j) p->d_input[j] += share * dy[j];
  if (!p->want_dx) return;
  SIMD for (size_t j = 0; j < n; ++j) dx[j] = (1 - share) * dy[j];
}
