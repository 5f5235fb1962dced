/* Element-wise activations. Each leaves its slope in x, so that one backward
 * pass, dx = dy * slope, serves them all (and dropout). */

#include "nn/layers.h"

static size_t no_parameters(const layer *l) {
  (void)l;
  return 0;
}

static void initialise_nothing(const layer *l, rng *r, real *parameters) {
  (void)l;
  (void)r;
  (void)parameters;
}

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

FOR_EACH_CPU
static void multiply_values(size_t n, const real *a, const real *b,
                            real *product) {
  SIMD for (size_t j = 0; j < n; ++j) product[j] = a[j] * b[j];
}

static void relu_forward(const pass *p, const layer *l, real *x, real *y) {
  int n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    relu_values((last - first) * l->n_in, C(l->option), x + first * l->n_in,
                y + first * l->n_in);
  }
}

static void gelu_forward(const pass *p, const layer *l, real *x, real *y) {
  int n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    gelu_values((last - first) * l->n_in, x + first * l->n_in,
                y + first * l->n_in);
  }
}

static void slope_backward(const pass *p, const layer *l, const real *x,
                           const real *dy, real *dx) {
  if (!p->want_dx) return;
  int n_pieces = count_pieces(p->n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * l->n_in))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, p->n_rows);
    multiply_values((last - first) * l->n_in, x + first * l->n_in,
                    dy + first * l->n_in, dx + first * l->n_in);
  }
}
