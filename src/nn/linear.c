/* Linear layer: y = x W' + b, with W (n_out x n_in) and b (n_out) in the
 * order and with the first values of PyTorch's nn.Linear. */

#include "nn/layers.h"

static size_t linear_count(const layer *l) {
  return l->n_out * l->n_in + l->n_out;
}

/* Uniform on +-1 / sqrt(n_in), weights first. */
static void linear_initialise(const layer *l, rng *r, real *parameters) {
  double bound = 1.0 / sqrt((double)l->n_in);
  for (size_t i = 0; i < l->n_parameters; ++i)
    parameters[i] = C(bound * (2.0 * rng_unit(r) - 1.0));
}

static void linear_forward(const pass *p, const layer *l, real *x, real *y) {
  const real *weight = p->parameters + l->first_parameter;
  const real *bias = weight + l->n_out * l->n_in;
  int n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_out))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    for (size_t i = first; i < last; ++i)
      memcpy(y + i * l->n_out, bias, l->n_out * sizeof(real));
  }
  product_shape shape = {0,       1,       p->n_rows, l->n_out,
                         l->n_in, l->n_in, l->n_in,   l->n_out};
  real_product(&shape, 1, x, weight, 1, y, p->n_threads);
}

/* sums[j] = the sum of column j of dy (n_rows x n), rows in order. */
FOR_EACH_CPU
static void sum_columns(const real *dy, size_t n_rows, size_t n, size_t first,
                        size_t last, real *sums) {
  memset(sums + first, 0, (last - first) * sizeof(real));
  for (size_t i = 0; i < n_rows; ++i) {
    const real *row = dy + i * n;
    SIMD for (size_t j = first; j < last; ++j) sums[j] += row[j];
  }
}

static void linear_backward(const pass *p, const layer *l, const real *x,
                            const real *dy, real *dx) {
  const real *weight = p->parameters + l->first_parameter;
  real *d_weight = p->gradients + l->first_parameter;
  real *d_bias = d_weight + l->n_out * l->n_in;
  product_shape of_weight = {1,         0,        l->n_out, l->n_in,
                             p->n_rows, l->n_out, l->n_in,  l->n_in};
  real_product(&of_weight, 1, dy, x, 0, d_weight, p->n_threads);
  int n_pieces = count_pieces(l->n_out, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_out))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    sum_columns(dy, p->n_rows, l->n_out, first,
                smaller(first + COLUMNS_PER_PIECE, l->n_out), d_bias);
  }
  if (!p->want_dx) return;
  product_shape of_input = {0,        0,        p->n_rows, l->n_in,
                            l->n_out, l->n_out, l->n_in,   l->n_in};
  real_product(&of_input, 1, dy, weight, 0, dx, p->n_threads);
}
