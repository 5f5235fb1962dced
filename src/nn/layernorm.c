/* Layer normalisation: y = scale * (x - mean) / sqrt(variance + 1e-5) + shift
 * over the channels of each position, with the biased variance (Ba et al.
 * 2016, as PyTorch). */

#include "nn/layers.h"

#define LAYERNORM_EPSILON 1e-5

static status_code layernorm_lay_out(layer *l, size_t n_out, status *st) {
  l->n_parameters = 2 * l->in[0].channels;
  l->n_offsets = l->in[0].channels;
  return keep_shape(l, n_out, st);
}

/* scale 1, shift 0 */
static void layernorm_initialise(const layer *l, rng *r, real *parameters,
                                 real *state) {
  (void)r;
  (void)state;
  size_t n = l->in[0].channels;
  for (size_t j = 0; j < n; ++j) {
    parameters[j] = 1;
    parameters[n + j] = 0;
  }
}

/* One row of n: x becomes the normalised row; returns 1 / sqrt(variance). */
FOR_EACH_CPU
static real layernorm_row(size_t n, const real *scale, const real *shift,
                          real *x, real *y) {
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) total += x[j];
  real mean = total / (real)n;
  real squares = 0;
  SIMD_SUM(squares)
  for (size_t j = 0; j < n; ++j) squares += (x[j] - mean) * (x[j] - mean);
  real inverse = 1 / real_sqrt(squares / (real)n + C(LAYERNORM_EPSILON));
  SIMD for (size_t j = 0; j < n; ++j) {
    x[j] = (x[j] - mean) * inverse;
    y[j] = scale[j] * x[j] + shift[j];
  }
  return inverse;
}

static void layernorm_forward(const pass *p, const layer *l,
                              const layer_tape *at, real *y) {
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  const real *scale = p->parameters + l->first_parameter, *shift = scale + n;
  real *x = at->x[0];
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    for (size_t i = first; i < last; ++i)
      at->row_state[i] = layernorm_row(n, scale, shift, x + i * n, y + i * n);
  }
}

/* Adds columns first .. last - 1 of the gradients of scale and shift. */
FOR_EACH_CPU
static void layernorm_parameters(size_t n_rows, size_t n, size_t first,
                                 size_t last, const real *x, const real *dy,
                                 real *d_scale, real *d_shift) {
  for (size_t i = 0; i < n_rows; ++i) {
    const real *x_row = x + i * n, *dy_row = dy + i * n;
    SIMD for (size_t j = first; j < last; ++j) {
      d_scale[j] += dy_row[j] * x_row[j];
      d_shift[j] += dy_row[j];
    }
  }
}

/* dx = (g - mean(g) - x mean(g x)) / sqrt(variance) with g = scale dy and x
 * the normalised row. */
FOR_EACH_CPU
static void layernorm_input_row(size_t n, real inverse, const real *scale,
                                const real *x, const real *dy, real *dx) {
  real total = 0, along = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) total += scale[j] * dy[j];
  SIMD_SUM(along)
  for (size_t j = 0; j < n; ++j) along += scale[j] * dy[j] * x[j];
  total /= (real)n;
  along /= (real)n;
  SIMD for (size_t j = 0; j < n; ++j) dx[j] =
      inverse * (scale[j] * dy[j] - total - x[j] * along);
}

static void layernorm_backward(const pass *p, const layer *l,
                               const layer_tape *at, const real *dy,
                               real *const dx[LAYER_INPUTS]) {
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  const real *scale = p->parameters + l->first_parameter, *x = at->x[0];
  real *d_scale = p->gradients + l->first_parameter;
  int n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    layernorm_parameters(n_rows, n, first,
                         smaller(first + COLUMNS_PER_PIECE, n), x, dy, d_scale,
                         d_scale + n);
  }
  if (dx[0] == NULL) return;
  n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    for (size_t i = first; i < last; ++i)
      layernorm_input_row(n, at->row_state[i], scale, x + i * n, dy + i * n,
                          dx[0] + i * n);
  }
}

static const layer_type layernorm_layer = {.name = "layernorm",
                                           .n_inputs = 1,
                                           .n_row_state = 1,
                                           .lay_out = layernorm_lay_out,
                                           .initialise = layernorm_initialise,
                                           .forward = layernorm_forward,
                                           .backward = layernorm_backward};
