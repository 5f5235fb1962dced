/* Element-wise activations. Each leaves its slope in x for slope_backward(). */

#include "nn/slope.h"

/* ReLU and leaky ReLU: y = x for x > 0, else slope * x. */
FOR_EACH_CPU
static void relu_values(size_t n, real leak, real *x, real *y) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real slope = x[j] > 0 ? 1 : leak;
    y[j] = x[j] * slope;
    x[j] = slope;
  }
}

/* GELU (Hendrycks & Gimpel 2016), exact form: y = x P(X <= x) for a standard
 * normal X, slope P(X <= x) + x times the density. */
FOR_EACH_CPU
static void gelu_values(size_t n, real *x, real *y) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real distribution, density;
    normal_distribution(x[j], &distribution, &density);
    y[j] = x[j] * distribution;
    x[j] = distribution + x[j] * density;
  }
}

/* QuickGELU (CLIP: Radford et al. 2021): y = x s with s the sigmoid of 1.702 x,
 * slope s + 1.702 x s (1 - s). */
FOR_EACH_CPU
static void quickgelu_values(size_t n, real *x, real *y) {
  const real sharpness = C(1.702);
  SIMD for (size_t j = 0; j < n; ++j) {
    real share = 1 / (1 + real_exp(-sharpness * x[j]));
    y[j] = x[j] * share;
    x[j] = share + sharpness * y[j] * (1 - share);
  }
}

static void relu_forward(const pass *p, const layer *l, const layer_tape *at,
                         real *y) {
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  real *x = at->x[0];
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    relu_values((last - first) * n, C(l->option[0]), x + first * n,
                y + first * n);
  }
}

/* y of x, and in place of x the slope there, for n values. */
typedef void bend(size_t n, real *x, real *y);

static void bend_rows(const pass *p, const layer *l, const layer_tape *at,
                      bend *values, real *y) {
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  real *x = at->x[0];
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    values((last - first) * n, x + first * n, y + first * n);
  }
}

static void gelu_forward(const pass *p, const layer *l, const layer_tape *at,
                         real *y) {
  bend_rows(p, l, at, gelu_values, y);
}

static void quickgelu_forward(const pass *p, const layer *l,
                              const layer_tape *at, real *y) {
  bend_rows(p, l, at, quickgelu_values, y);
}

static const layer_type quickgelu_layer = {.name = "quickgelu",
                                           .n_inputs = 1,
                                           .lay_out = keep_shape,
                                           .forward = quickgelu_forward,
                                           .backward = slope_backward};

static const layer_type gelu_layer = {.name = "gelu",
                                      .n_inputs = 1,
                                      .lay_out = keep_shape,
                                      .forward = gelu_forward,
                                      .backward = slope_backward};

/* option: the slope below zero */
static const layer_type relu_layer = {.name = "relu",
                                      .n_inputs = 1,
                                      .lay_out = keep_shape,
                                      .forward = relu_forward,
                                      .backward = slope_backward};
