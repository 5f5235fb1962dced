/* Linear layer: y = x W' + b for each position, with W (n_out x n_in) and b
 * (n_out) in the order and with the first values of PyTorch's nn.Linear. */

#include "nn/layers.h"
#include "nn/rows.h"

static status_code linear_lay_out(layer *l, size_t n_out, status *st) {
  (void)st;
  l->out = l->in[0];
  if (n_out > 0) l->out.channels = n_out;
  l->n_parameters = l->out.channels * (l->in[0].channels + 1);
  l->n_offsets = l->out.channels;
  return STATUS_OK;
}

/* Uniform on +-1 / sqrt(n_in), weights first. */
static void linear_initialise(const layer *l, rng *r, real *parameters,
                              real *state) {
  (void)state;
  double bound = 1.0 / sqrt((double)l->in[0].channels);
  for (size_t i = 0; i < l->n_parameters; ++i)
    parameters[i] = C(bound * (2.0 * rng_unit(r) - 1.0));
}

static void linear_forward(const pass *p, const layer *l, const layer_tape *at,
                           real *y) {
  size_t n_rows = layer_rows(p, l);
  size_t n_in = l->in[0].channels, n_out = l->out.channels;
  const real *weight = p->parameters + l->first_parameter;
  const real *bias = weight + n_out * n_in;
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n_out))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    for (size_t i = first; i < last; ++i)
      memcpy(y + i * n_out, bias, n_out * sizeof(real));
  }
  product_shape shape = {.transpose_b = 1,
                         .m = n_rows,
                         .n = n_out,
                         .k = n_in,
                         .lda = n_in,
                         .ldb = n_in,
                         .ldc = n_out};
  real_product(&shape, 1, at->x[0], weight, 1, y, p->n_threads);
}

static void linear_backward(const pass *p, const layer *l,
                            const layer_tape *at, const real *dy,
                            real *const dx[LAYER_INPUTS]) {
  size_t n_rows = layer_rows(p, l);
  size_t n_in = l->in[0].channels, n_out = l->out.channels;
  const real *weight = p->parameters + l->first_parameter;
  real *d_weight = p->gradients + l->first_parameter;
  real *d_bias = d_weight + n_out * n_in;
  product_shape of_weight = {.transpose_a = 1,
                             .m = n_out,
                             .n = n_in,
                             .k = n_rows,
                             .lda = n_out,
                             .ldb = n_in,
                             .ldc = n_in};
  real_product(&of_weight, 1, dy, at->x[0], 1, d_weight, p->n_threads);
  int n_pieces = count_pieces(n_out, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n_out))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    sum_columns(dy, n_rows, n_out, first,
                smaller(first + COLUMNS_PER_PIECE, n_out), d_bias);
  }
  if (dx[0] == NULL) return;
  product_shape of_input = {.m = n_rows,
                            .n = n_in,
                            .k = n_out,
                            .lda = n_out,
                            .ldb = n_in,
                            .ldc = n_in};
  real_product(&of_input, 1, dy, weight, 0, dx[0], p->n_threads);
}

static const layer_type linear_layer = {.name = "linear",
                                        .n_inputs = 1,
                                        .own_dx = 1,
                                        .lay_out = linear_lay_out,
                                        .initialise = linear_initialise,
                                        .forward = linear_forward,
                                        .backward = linear_backward};
