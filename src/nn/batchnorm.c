/* Batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167; as PyTorch):
 * y = scale * (x - mean) / sqrt(variance + epsilon) + shift for each channel,
 * over all rows and positions. While training, mean and (biased) variance are
 * those of the pass, and running means of both (there the unbiased variance)
 * move towards them; otherwise the running ones are used.
 *
 * Two views in one pass share their statistics; a pass for each view
 * normalises each by its own and moves the running ones twice.
 *
 * Masked, only filled positions count, in the statistics and the gradients, and
 * y is 0 beyond them, so that padding stays 0 behind a shift.
 *
 * Options: epsilon, the share of a pass in the running means, 1 for masked.
 * Parameters: scale, shift. State: running mean, running variance. */

#include "nn/layers.h"

#define BATCHNORM_FEWEST_ROWS 2

static status_code batchnorm_lay_out(layer *l, size_t n_out, status *st) {
  l->n_parameters = 2 * l->in[0].channels;
  l->n_offsets = l->in[0].channels;
  l->n_state = 2 * l->in[0].channels;
  l->masked = l->option[2] != 0;
  return keep_shape(l, n_out, st);
}

/* scale 1, shift 0; mean 0, variance 1 */
static void batchnorm_initialise(const layer *l, rng *r, real *parameters,
                                 real *state) {
  (void)r;
  size_t n = l->in[0].channels;
  for (size_t j = 0; j < n; ++j) {
    parameters[j] = state[n + j] = 1;
    parameters[n + j] = state[j] = 0;
  }
}

/* What a block of columns needs, on the way there and back. */
typedef struct {
  const pass *p;
  const layer *l;
  size_t n, counted; /* channels; positions that count, over all rows */
  size_t first, last;
  const real *scale, *shift;
  real *mean, *variance; /* running */
  real epsilon, share;
} batchnorm_block;

/* The first column of a block at the first position of a row. */
static inline size_t batchnorm_start(const batchnorm_block *b, size_t row) {
  return row * b->l->in[0].positions * b->n + b->first;
}

/* Sets a row's columns of a block beyond its filled positions to 0. */
static inline void batchnorm_clear(const batchnorm_block *b, size_t row,
                                   size_t filled, real *values) {
  real *to = values + batchnorm_start(b, row) + filled * b->n;
  for (size_t t = filled; t < b->l->in[0].positions; ++t, to += b->n)
    memset(to, 0, (b->last - b->first) * sizeof(real));
}

/* Means and variances of columns first .. last - 1, at most COLUMNS_PER_PIECE,
 * in two passes over the rows; the running ones follow. */
FOR_EACH_CPU
static void batchnorm_moments(const batchnorm_block *b, const real *x,
                              real *mean, real *variance) {
  size_t width = b->last - b->first;
  memset(mean, 0, width * sizeof(real));
  memset(variance, 0, width * sizeof(real));
  for (size_t i = 0; i < b->p->n_rows; ++i) {
    const real *row = x + batchnorm_start(b, i);
    size_t filled = filled_positions(b->p, b->l, i);
    for (size_t t = 0; t < filled; ++t, row += b->n)
      SIMD for (size_t j = 0; j < width; ++j) mean[j] += row[j];
  }
  for (size_t j = 0; j < width; ++j) mean[j] /= (real)b->counted;
  for (size_t i = 0; i < b->p->n_rows; ++i) {
    const real *row = x + batchnorm_start(b, i);
    size_t filled = filled_positions(b->p, b->l, i);
    for (size_t t = 0; t < filled; ++t, row += b->n)
      SIMD for (size_t j = 0; j < width; ++j) variance[j] +=
          (row[j] - mean[j]) * (row[j] - mean[j]);
  }
  const real unbiased = (real)b->counted / (real)(b->counted - 1);
  for (size_t j = 0; j < width; ++j) {
    variance[j] /= (real)b->counted;
    real *running_mean = &b->mean[b->first + j];
    real *running = &b->variance[b->first + j];
    *running_mean += b->share * (mean[j] - *running_mean);
    *running += b->share * (variance[j] * unbiased - *running);
  }
}

/* Normalises columns; x is left normalised, 1 / sqrt(variance + epsilon) of
 * each column goes to `inverse`. */
FOR_EACH_CPU
static void batchnorm_columns(const batchnorm_block *b, int training, real *x,
                              real *y, real *inverse) {
  real mean[COLUMNS_PER_PIECE], variance[COLUMNS_PER_PIECE];
  size_t width = b->last - b->first;
  if (training) {
    batchnorm_moments(b, x, mean, variance);
  } else {
    memcpy(mean, b->mean + b->first, width * sizeof(real));
    memcpy(variance, b->variance + b->first, width * sizeof(real));
  }
  const real *scale = b->scale + b->first, *shift = b->shift + b->first;
  inverse += b->first;
  for (size_t j = 0; j < width; ++j)
    inverse[j] = 1 / real_sqrt(variance[j] + b->epsilon);
  for (size_t i = 0; i < b->p->n_rows; ++i) {
    size_t start = batchnorm_start(b, i);
    real *row = x + start, *y_row = y + start;
    size_t filled = filled_positions(b->p, b->l, i);
    for (size_t t = 0; t < filled; ++t, row += b->n, y_row += b->n)
      SIMD for (size_t j = 0; j < width; ++j) {
        row[j] = (row[j] - mean[j]) * inverse[j];
        y_row[j] = scale[j] * row[j] + shift[j];
      }
    batchnorm_clear(b, i, filled, y);
  }
}

/* dx = scale / sqrt(variance) (dy - mean(dy) - x mean(dy x)) with x the
 * normalised rows; where the statistics are fixed the means drop out. */
FOR_EACH_CPU
static void batchnorm_back(const batchnorm_block *b, int training,
                           const real *x, const real *dy, const real *inverse,
                           real *d_scale, real *d_shift, real *dx) {
  real total[COLUMNS_PER_PIECE] = {0}, along[COLUMNS_PER_PIECE] = {0};
  size_t width = b->last - b->first;
  for (size_t i = 0; i < b->p->n_rows; ++i) {
    size_t start = batchnorm_start(b, i);
    const real *row = x + start, *dy_row = dy + start;
    size_t filled = filled_positions(b->p, b->l, i);
    for (size_t t = 0; t < filled; ++t, row += b->n, dy_row += b->n)
      SIMD for (size_t j = 0; j < width; ++j) {
        total[j] += dy_row[j];
        along[j] += dy_row[j] * row[j];
      }
  }
  const real *scale = b->scale + b->first;
  inverse += b->first;
  real factor[COLUMNS_PER_PIECE];
  for (size_t j = 0; j < width; ++j) {
    d_shift[b->first + j] += total[j];
    d_scale[b->first + j] += along[j];
    total[j] = training ? total[j] / (real)b->counted : 0;
    along[j] = training ? along[j] / (real)b->counted : 0;
    factor[j] = scale[j] * inverse[j];
  }
  if (dx == NULL) return;
  for (size_t i = 0; i < b->p->n_rows; ++i) {
    size_t start = batchnorm_start(b, i);
    const real *row = x + start, *dy_row = dy + start;
    real *dx_row = dx + start;
    size_t filled = filled_positions(b->p, b->l, i);
    for (size_t t = 0; t < filled;
         ++t, row += b->n, dy_row += b->n, dx_row += b->n)
      SIMD for (size_t j = 0; j < width; ++j) dx_row[j] =
          factor[j] * (dy_row[j] - total[j] - row[j] * along[j]);
    batchnorm_clear(b, i, filled, dx);
  }
}

static batchnorm_block block_of(const pass *p, const layer *l, int piece) {
  size_t n = l->in[0].channels, first = (size_t)piece * COLUMNS_PER_PIECE;
  const real *scale = p->parameters + l->first_parameter;
  real *mean = p->state + l->first_state;
  batchnorm_block b = {.p = p,
                       .l = l,
                       .n = n,
                       .counted = counted_rows(p, l),
                       .first = first,
                       .last = smaller(first + COLUMNS_PER_PIECE, n),
                       .scale = scale,
                       .shift = scale + n,
                       .mean = mean,
                       .variance = mean + n,
                       .epsilon = C(l->option[0]),
                       .share = C(l->option[1])};
  return b;
}

static void batchnorm_forward(const pass *p, const layer *l,
                              const layer_tape *at, real *y) {
  size_t n = l->in[0].channels;
  int n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    batchnorm_block b = block_of(p, l, piece);
    batchnorm_columns(&b, p->training, at->x[0], y, at->channel_state);
  }
}

static void batchnorm_backward(const pass *p, const layer *l,
                               const layer_tape *at, const real *dy,
                               real *const dx[LAYER_INPUTS]) {
  size_t n = l->in[0].channels;
  real *d_scale = p->gradients + l->first_parameter;
  int n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    batchnorm_block b = block_of(p, l, piece);
    batchnorm_back(&b, p->training, at->x[0], dy, at->channel_state, d_scale,
                   d_scale + n, dx[0]);
  }
}

static const layer_type batchnorm_layer = {
    .name = "batchnorm",
    .n_inputs = 1,
    .n_channel_state = 1,
    .fewest_rows = BATCHNORM_FEWEST_ROWS,
    .lay_out = batchnorm_lay_out,
    .initialise = batchnorm_initialise,
    .forward = batchnorm_forward,
    .backward = batchnorm_backward};
