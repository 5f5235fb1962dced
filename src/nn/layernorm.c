/* Layer normalisation: y = scale * (x - mean) / sqrt(variance + 1e-5) + shift
 * over each row, with the biased variance (Ba et al. 2016, as PyTorch). */

#include "nn/layers.h"

#define LAYERNORM_EPSILON 1e-5

static size_t layernorm_count(const layer *l) {
  return 2 * l->n_in;
}

/* scale 1, shift 0 */
static void layernorm_initialise(const layer *l, rng *r, real *parameters) {
  (void)r;
  for (size_t j = 0; j < l->n_in; ++j) {
    parameters[j] = 1;
    parameters[l->n_in + j] = 0;
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

static void layernorm_forward(const pass *p, const layer *l, real *x,
                              real *y) {
  const real *scale = p->parameters + l->first_parameter;
  const real *shift = scale + l->n_in;
  int n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    for (size_t i = first; i < last; ++i)
      l->row_state[i] = layernorm_row(l->n_in, scale, shift, x + i * l->n_in,
                                      y + i * l->n_in);
  }
}

/* Columns first .. last - 1 of the gradients of scale and shift. */
FOR_EACH_CPU
static void layernorm_parameters(size_t n_rows, size_t n, size_t first,
                                 size_t last, const real *x, const real *dy,
                                 real *d_scale, real *d_shift) {
  memset(d_scale + first, 0, (last - first) * sizeof(real));
  memset(d_shift + first, 0, (last - first) * sizeof(real));
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

static void layernorm_backward(const pass *p, const layer *l, const real *x,
                               const real *dy, real *dx) {
  const real *scale = p->parameters + l->first_parameter;
  real *d_scale = p->gradients + l->first_parameter;
  int n_pieces = count_pieces(l->n_in, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    layernorm_parameters(p->n_rows, l->n_in, first,
                         smaller(first + COLUMNS_PER_PIECE, l->n_in), x, dy,
                         d_scale, d_scale + l->n_in);
  }
  if (!p->want_dx) return;
  n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    for (size_t i = first; i < last; ++i)
      layernorm_input_row(l->n_in, l->row_state[i], scale, x + i * l->n_in,
                          dy + i * l->n_in, dx + i * l->n_in);
  }
}
