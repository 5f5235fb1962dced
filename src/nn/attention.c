/* Attention of several heads (Vaswani et al. 2017, arXiv:1706.03762): rows x
 * positions x 3 n, queries, keys and values side by side, to rows x positions x
 * n. Each head has d = n / heads channels of the three,
 *
 *     P = softmax over rows of Q K' / sqrt(d),   y = P V.
 *
 * A position looks at all filled positions of its row or, causal, at those up to
 * itself; what lies beyond the filled positions gives 0. The linear maps before
 * and after are layers of their own. Backward makes P anew.
 *
 * Options: number of heads; 1 for causal. */

#include "nn/layers.h"

/* Rows are dealt to so many pieces, each with scratch of its own. */
#define ATTENTION_PIECES 8

static status_code attention_lay_out(layer *l, size_t n_out, status *st) {
  size_t heads = l->option[0] >= 1 ? (size_t)l->option[0] : 1;
  size_t n = l->in[0].channels / 3, t = l->in[0].positions;
  if (n * 3 != l->in[0].channels || n % heads != 0 || n == 0 ||
      (n_out > 0 && n_out != n))
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"attention\" of %zu heads cannot turn %zu "
                       "channels into %zu",
                       heads, l->in[0].channels, n_out);
  l->out = l->in[0];
  l->out.channels = n;
  l->masked = 1;
  l->n_scratch = ATTENTION_PIECES * 2 * t * t;
  return STATUS_OK;
}

/* One head of one row: its n positions are `stride` apart. */
typedef struct {
  size_t n, d, stride, out_stride;
  int causal;
  const real *q, *k, *v;
  real *p;
} attention_head;

/* scores of n to their softmax, the others up to n_all to 0 */
FOR_EACH_CPU
static void attention_softmax(size_t n, size_t n_all, real *scores) {
  real top = scores[0], total = 0;
  SIMD_MAX(top)
  for (size_t j = 0; j < n; ++j) top = scores[j] > top ? scores[j] : top;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) {
    scores[j] = real_exp(scores[j] - top);
    total += scores[j];
  }
  const real share = 1 / total;
  SIMD for (size_t j = 0; j < n; ++j) scores[j] *= share;
  memset(scores + n, 0, (n_all - n) * sizeof(real));
}

static real attention_scale(const attention_head *h) {
  return C(1 / sqrt((double)h->d));
}

/* P of a head, to h->p */
static void attention_shares(const attention_head *h) {
  product_shape shape = {.transpose_b = 1,
                         .m = h->n,
                         .n = h->n,
                         .k = h->d,
                         .lda = h->stride,
                         .ldb = h->stride,
                         .ldc = h->n};
  real_product(&shape, attention_scale(h), h->q, h->k, 0, h->p, 1);
  for (size_t i = 0; i < h->n; ++i)
    attention_softmax(h->causal ? i + 1 : h->n, h->n, h->p + i * h->n);
}

static attention_head attention_of(const layer *l, const real *row, size_t n,
                                   size_t head, real *scratch) {
  size_t width = l->out.channels, d = width / (size_t)l->option[0];
  attention_head h = {.n = n,
                      .d = d,
                      .stride = 3 * width,
                      .out_stride = width,
                      .causal = l->option[1] != 0,
                      .q = row + head * d,
                      .k = row + width + head * d,
                      .v = row + 2 * width + head * d,
                      .p = scratch};
  return h;
}

static void attention_row(const pass *p, const layer *l, size_t row,
                          const real *x, real *y, real *scratch) {
  size_t width = l->out.channels, n = filled_positions(p, l, row);
  for (size_t head = 0; head < (size_t)l->option[0]; ++head) {
    attention_head h = attention_of(l, x, n, head, scratch);
    attention_shares(&h);
    product_shape shape = {
        .m = n, .n = h.d, .k = n, .lda = n, .ldb = h.stride, .ldc = width};
    real_product(&shape, 1, h.p, h.v, 0, y + head * h.d, 1);
  }
  memset(y + n * width, 0, (l->out.positions - n) * width * sizeof(real));
}

/* dp = p (dp - sum p dp), row by row */
FOR_EACH_CPU
static void attention_slope(size_t n, const real *p, real *dp) {
  real along = 0;
  SIMD_SUM(along)
  for (size_t j = 0; j < n; ++j) along += p[j] * dp[j];
  SIMD for (size_t j = 0; j < n; ++j) dp[j] = p[j] * (dp[j] - along);
}

static void attention_head_back(const attention_head *h, const real *dy,
                                real *dp, real *dq, real *dk, real *dv) {
  size_t n = h->n, d = h->d;
  attention_shares(h);
  product_shape of_values = {.transpose_a = 1,
                             .m = n,
                             .n = d,
                             .k = n,
                             .lda = n,
                             .ldb = h->out_stride,
                             .ldc = h->stride};
  real_product(&of_values, 1, h->p, dy, 0, dv, 1);
  product_shape of_shares = {.transpose_b = 1,
                             .m = n,
                             .n = n,
                             .k = d,
                             .lda = h->out_stride,
                             .ldb = h->stride,
                             .ldc = n};
  real_product(&of_shares, 1, dy, h->v, 0, dp, 1);
  for (size_t i = 0; i < n; ++i) attention_slope(n, h->p + i * n, dp + i * n);
  product_shape of_queries = {
      .m = n, .n = d, .k = n, .lda = n, .ldb = h->stride, .ldc = h->stride};
  real_product(&of_queries, attention_scale(h), dp, h->k, 0, dq, 1);
  product_shape of_keys = of_queries;
  of_keys.transpose_a = 1;
  real_product(&of_keys, attention_scale(h), dp, h->q, 0, dk, 1);
}

static void attention_row_back(const pass *p, const layer *l, size_t row,
                               const real *x, const real *dy, real *dx,
                               real *scratch) {
  size_t width = l->out.channels, t = l->in[0].positions;
  size_t n = filled_positions(p, l, row);
  for (size_t head = 0; head < (size_t)l->option[0]; ++head) {
    attention_head h = attention_of(l, x, n, head, scratch);
    real *dq = dx + head * h.d;
    attention_head_back(&h, dy + head * h.d, scratch + t * t, dq, dq + width,
                        dq + 2 * width);
  }
  memset(dx + n * 3 * width, 0, (t - n) * 3 * width * sizeof(real));
}

/* Rows of a piece, dx NULL on the way forward. */
static void attention_piece(const pass *p, const layer *l,
                            const layer_tape *at, int piece, const real *dy,
                            real *dx, real *y) {
  size_t t = l->in[0].positions, in = row_size(l->in[0]);
  size_t out = row_size(l->out);
  size_t each = (p->n_rows + ATTENTION_PIECES - 1) / ATTENTION_PIECES;
  size_t first = (size_t)piece * each, last = smaller(first + each, p->n_rows);
  real *scratch = at->scratch + (size_t)piece * 2 * t * t;
  for (size_t row = first; row < last; ++row)
    if (dx == NULL)
      attention_row(p, l, row, at->x[0] + row * in, y + row * out, scratch);
    else
      attention_row_back(p, l, row, at->x[0] + row * in, dy + row * out,
                         dx + row * in, scratch);
}

static void attention_forward(const pass *p, const layer *l,
                              const layer_tape *at, real *y) {
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * row_size(l->in[0])))
  for (int piece = 0; piece < ATTENTION_PIECES; ++piece)
    attention_piece(p, l, at, piece, NULL, NULL, y);
}

static void attention_backward(const pass *p, const layer *l,
                               const layer_tape *at, const real *dy,
                               real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * row_size(l->in[0])))
  for (int piece = 0; piece < ATTENTION_PIECES; ++piece)
    attention_piece(p, l, at, piece, dy, dx[0], NULL);
}

static const layer_type attention_layer = {.name = "attention",
                                           .n_inputs = 1,
                                           .own_dx = 1,
                                           .lay_out = attention_lay_out,
                                           .forward = attention_forward,
                                           .backward = attention_backward};
