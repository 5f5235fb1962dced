/* Maximum over windows of positions, for each channel:
 *
 *     y[q, j] = max of x[t, j] over q window <= t + left < (q + 1) window
 *
 * from rows x positions x n to rows x (positions / window) x n. By default the
 * quotient is rounded down and left is 0, as in PyTorch: positions behind the
 * last whole window are dropped. Rounded up, windows at the edges reach beyond
 * the row, with TensorFlow's "same" padding: left is half of what is missing,
 * rounded down.
 *
 * x is left holding 1 at the first maximum of each window, 0 elsewhere: the
 * slope of the layer. A NaN is a maximum. */

#include "nn/layers.h"
#include "nn/maxima.h"

static status_code pool_lay_out(layer *l, size_t n_out, status *st) {
  double window = l->option[0];
  if (!(window >= 1 && window <= 0x1p20 && window == floor(window)))
    return status_fail(
        st, STATUS_BAD_INPUT,
        "the window of a pool is a whole number from 1 to 2^20, "
        "not %g",
        window);
  if (keep_shape(l, n_out, st)) return st->code;
  size_t n = l->in[0].positions, width = (size_t)window;
  l->out.positions = n / width + (l->option[1] != 0 && n % width > 0);
  l->out_stride = l->stride * width;
  if (l->out.positions == 0)
    return status_fail(st, STATUS_BAD_INPUT,
                       "a pool over windows of %zu positions has nothing left "
                       "of %zu",
                       width, n);
  return STATUS_OK;
}

/* Positions that the first window reaches beyond the start of a row. */
static size_t pool_left(const layer *l) {
  size_t covered = l->out.positions * (size_t)l->option[0];
  return covered > l->in[0].positions ? (covered - l->in[0].positions) / 2 : 0;
}

static void pool_forward(const pass *p, const layer *l, const layer_tape *at,
                         real *y) {
  size_t n = l->in[0].channels, n_before = l->in[0].positions;
  size_t n_after = l->out.positions, n_windows = p->n_rows * n_after;
  size_t window = (size_t)l->option[0], left = pool_left(l);
  int n_pieces = count_pieces(n_windows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_windows);
    for (size_t i = first; i < last; ++i) {
      size_t q = i % n_after;
      size_t from = q == 0 ? 0 : q * window - left;
      size_t to = smaller((q + 1) * window - left, n_before);
      take_maxima(to - from, n, at->x[0] + (i / n_after * n_before + from) * n,
                  y + i * n);
    }
  }
}

static void pool_backward(const pass *p, const layer *l, const layer_tape *at,
                          const real *dy, real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  size_t n = l->in[0].channels, n_before = l->in[0].positions;
  size_t n_after = l->out.positions, n_rows = layer_rows(p, l);
  size_t window = (size_t)l->option[0], left = pool_left(l);
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, n_rows * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    for (size_t i = first; i < last; ++i) {
      size_t q = (i % n_before + left) / window;
      real *dx_row = dx[0] + i * n;
      if (q < n_after)
        maxima_input_row(n, at->x[0] + i * n,
                         dy + (i / n_before * n_after + q) * n, dx_row);
      else
        memset(dx_row, 0, n * sizeof(real));
    }
  }
}

/* options: the window, which is also the stride; 1 to round up */
static const layer_type pool_layer = {.name = "pool",
                                      .n_inputs = 1,
                                      .own_dx = 1,
                                      .lay_out = pool_lay_out,
                                      .forward = pool_forward,
                                      .backward = pool_backward};
