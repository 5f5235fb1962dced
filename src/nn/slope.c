#include "nn/slope.h"

FOR_EACH_CPU
static void multiply_values(size_t n, const real *a, const real *b,
                            real *product) {
  SIMD for (size_t j = 0; j < n; ++j) product[j] = a[j] * b[j];
}

static void slope_backward(const pass *p, const layer *l, const layer_tape *at,
                           const real *dy, real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  size_t n_rows = layer_rows(p, l), n = l->in[0].channels;
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    multiply_values((last - first) * n, at->x[0] + first * n, dy + first * n,
                    dx[0] + first * n);
  }
}
