/* Convolution over positions, with stride 1 and zeros outside of the row:
 *
 *     y[t, o] = b[o] + sum over i and k of W[o, i, k] x[t + k d - left, i]
 *
 * from rows x positions x n_in to rows x positions x n_out, with `width` taps
 * k = 0, 1, ... that lie d positions apart (the dilation). The padding is
 * TensorFlow's "same", left = (width - 1) d / 2 rounded down; that of PyTorch
 * is the same where (width - 1) d is even. W (n_out x n_in x width) and b
 * (n_out) have the order of PyTorch's nn.Conv1d and, unless asked otherwise,
 * its first values.
 *
 * The taps of a block of positions are copied side by side, which makes the
 * block one matrix product. A fixed number of lanes take the blocks in turn;
 * each has room for one block and a sum of its own, and sums are added in the
 * order of lanes. Products of a tap each, straight from x, need no copies, but
 * their inner length is n_in, not n_in times the width: some 15 to 40 % slower
 * forward from 5 to 9 channels, and as fast from 64. */

#include <limits.h>

#include "base/arena.h"
#include "nn/layers.h"
#include "nn/rows.h"

#define CONV_LANES 8
#define CONV_BLOCK 128 /* positions; those of short rows share a block */

/* Rules of first values. */
enum { CONV_UNIFORM, CONV_HE, CONV_GLOROT };

static size_t conv_width(const layer *l) {
  return (size_t)l->option[0];
}

static size_t conv_dilation(const layer *l) {
  return (size_t)l->option[1];
}

/* The larger of what forward, the gradient of W and b, and that of x need:
 * copied taps, and a reordered W or a sum of gradients for each lane. */
static size_t conv_scratch(size_t n_in, size_t n_out, size_t width) {
  size_t n_weights = n_in * n_out * width;
  size_t taps = CONV_LANES * CONV_BLOCK * width;
  size_t sums = taps * n_in + CONV_LANES * (n_weights + n_out);
  size_t of_input = taps * n_out + n_weights;
  return sums > of_input ? sums : of_input;
}

static status_code conv_lay_out(layer *l, size_t n_out, status *st) {
  for (int i = 0; i < 2; ++i)
    if (!(l->option[i] >= 1 && l->option[i] <= 0x1p20 &&
          l->option[i] == floor(l->option[i])))
      return status_fail(st, STATUS_BAD_INPUT,
                         "the %s of a convolution is a whole number from 1 to "
                         "2^20, not %g",
                         i == 0 ? "width" : "dilation", l->option[i]);
  double rule = l->option[2];
  if (rule != CONV_UNIFORM && rule != CONV_HE && rule != CONV_GLOROT)
    return status_fail(st, STATUS_INTERNAL,
                       "there is no rule %g of first values", rule);
  l->out = l->in[0];
  if (n_out > 0) l->out.channels = n_out;
  size_t n_in = l->in[0].channels, width = conv_width(l);
  size_t most = n_in > l->out.channels ? n_in : l->out.channels, ignored;
  /* rows of a product are counted in int, scratch in size_t */
  if (most > INT_MAX / width ||
      !size_multiply(most * width, 2 * CONV_LANES * (CONV_BLOCK + most),
                     &ignored))
    return status_fail(st, STATUS_NO_MEMORY,
                       "a convolution of width %zu from %zu to %zu channels "
                       "is too large",
                       width, n_in, l->out.channels);
  l->n_parameters = l->out.channels * (n_in * width + 1);
  l->n_offsets = l->out.channels;
  l->n_scratch = conv_scratch(n_in, l->out.channels, width);
  return STATUS_OK;
}

static void fill_uniform(rng *r, double bound, size_t n, real *values) {
  for (size_t i = 0; i < n; ++i)
    values[i] = C(bound * (2.0 * rng_unit(r) - 1.0));
}

/* Normal with this deviation, drawn anew beyond two deviations of the normal
 * that is cut off there (Box and Muller's method; 0.8796... is the deviation
 * of a standard normal cut off at two). */
static void fill_normal(rng *r, double deviation, size_t n, real *values) {
  for (size_t i = 0; i < n;) {
    double radius = sqrt(-2.0 * log(rng_unit(r)));
    double draw = radius * cos(6.283185307179586 * rng_unit(r));
    if (fabs(draw) <= 2.0)
      values[i++] = C(deviation / 0.87962566103423978 * draw);
  }
}

/* Weights first. By default all are uniform on +-1 / sqrt(n_in width). Biases
 * are 0 with the other two: He's normal weights of variance 2 / (n_in width)
 * (He et al. 2015, arXiv:1502.01852), for a ReLU behind, and Glorot's, uniform
 * on +-sqrt(6 / (n_in width + n_out width)) (Glorot & Bengio 2010). */
static void conv_initialise(const layer *l, rng *r, real *parameters,
                            real *state) {
  (void)state;
  size_t n_weights = l->n_parameters - l->n_offsets;
  double n_taps = (double)(l->in[0].channels * conv_width(l));
  double n_back = (double)(l->out.channels * conv_width(l));
  int rule = (int)l->option[2];
  if (rule == CONV_UNIFORM) {
    fill_uniform(r, 1.0 / sqrt(n_taps), l->n_parameters, parameters);
    return;
  }
  if (rule == CONV_HE)
    fill_normal(r, sqrt(2.0 / n_taps), n_weights, parameters);
  else
    fill_uniform(r, sqrt(6.0 / (n_taps + n_back)), n_weights, parameters);
  for (size_t i = n_weights; i < l->n_parameters; ++i) parameters[i] = 0;
}

/* What the taps of a position reach: n channels each of its row. */
typedef struct {
  size_t n_all, positions; /* of all rows, of a row */
  size_t n, width, dilation, left;
} conv_reach;

/* Left of a position in x, or in dy, which the taps see in reverse. */
static conv_reach reach_of(const pass *p, const layer *l, int reverse) {
  size_t span = (conv_width(l) - 1) * conv_dilation(l);
  conv_reach reach = {.n_all = layer_rows(p, l),
                      .positions = l->in[0].positions,
                      .n = reverse ? l->out.channels : l->in[0].channels,
                      .width = conv_width(l),
                      .dilation = conv_dilation(l),
                      .left = reverse ? span - span / 2 : span / 2};
  return reach;
}

/* The taps of positions first .. first + count - 1 (over all rows), each a row
 * of width x n. */
static void copy_taps(const conv_reach *reach, const real *x, size_t first,
                      size_t count, real *taps) {
  size_t n = reach->n, left = reach->left, n_taps = reach->width * n;
  for (size_t i = first; i < first + count; ++i, taps += n_taps) {
    size_t t = i % reach->positions;
    const real *row = x + (i - t) * n;
    if (reach->dilation == 1 && t >= left &&
        t - left + reach->width <= reach->positions) {
      memcpy(taps, row + (t - left) * n, n_taps * sizeof(real));
      continue;
    }
    for (size_t k = 0; k < reach->width; ++k) {
      size_t at = t + k * reach->dilation;
      if (at >= left && at - left < reach->positions)
        memcpy(taps + k * n, row + (at - left) * n, n * sizeof(real));
      else
        memset(taps + k * n, 0, n * sizeof(real));
    }
  }
}

static int count_lanes(int n_blocks) {
  return n_blocks < CONV_LANES ? n_blocks : CONV_LANES;
}

/* y = taps weight' (+ bias), with weight n_to x (width x n). */
static void conv_multiply(const conv_reach *reach, const real *x,
                          const real *weight, const real *bias, size_t n_to,
                          real *y, real *scratch, int n_threads) {
  size_t n_taps = reach->width * reach->n;
  int n_blocks = count_pieces(reach->n_all, CONV_BLOCK);
  int n_lanes = count_lanes(n_blocks);
  PARALLEL_FOR(threads_for(n_threads, reach->n_all * (n_taps + n_to)))
  for (int lane = 0; lane < n_lanes; ++lane) {
    real *taps = scratch + (size_t)lane * CONV_BLOCK * n_taps;
    for (int block = lane; block < n_blocks; block += n_lanes) {
      size_t first = (size_t)block * CONV_BLOCK;
      size_t count = smaller(CONV_BLOCK, reach->n_all - first);
      real *to = y + first * n_to;
      copy_taps(reach, x, first, count, taps);
      if (bias != NULL)
        for (size_t i = 0; i < count; ++i)
          memcpy(to + i * n_to, bias, n_to * sizeof(real));
      product_shape shape = {.transpose_b = 1,
                             .m = count,
                             .n = n_to,
                             .k = n_taps,
                             .lda = n_taps,
                             .ldb = n_taps,
                             .ldc = n_to};
      real_product(&shape, 1, taps, weight, bias != NULL, to, 1);
    }
  }
}

static void conv_forward(const pass *p, const layer *l, const layer_tape *at,
                         real *y) {
  size_t n_in = l->in[0].channels, n_out = l->out.channels;
  size_t width = conv_width(l), n_weights = n_out * n_in * width;
  const real *weight = p->parameters + l->first_parameter;
  conv_reach reach = reach_of(p, l, 0);
  real *by_tap = at->scratch; /* n_out x width x n_in */
  for (size_t o = 0; o < n_out; ++o)
    for (size_t i = 0; i < n_in; ++i)
      for (size_t k = 0; k < width; ++k)
        by_tap[(o * width + k) * n_in + i] =
            weight[(o * n_in + i) * width + k];
  conv_multiply(&reach, at->x[0], by_tap, weight + n_weights, n_out, y,
                by_tap + n_weights, p->n_threads);
}

/* Adds the gradients of W and b. */
static void conv_parameters(const pass *p, const layer *l, const real *x,
                            const real *dy, real *scratch) {
  size_t n_in = l->in[0].channels, n_out = l->out.channels;
  size_t width = conv_width(l), n_taps = width * n_in;
  size_t n_weights = n_out * n_taps, n_sums = n_weights + n_out;
  conv_reach reach = reach_of(p, l, 0);
  int n_blocks = count_pieces(reach.n_all, CONV_BLOCK);
  int n_lanes = count_lanes(n_blocks);
  real *all_sums = scratch + CONV_LANES * CONV_BLOCK * n_taps;
  PARALLEL_FOR(threads_for(p->n_threads, reach.n_all * (n_taps + n_out)))
  for (int lane = 0; lane < n_lanes; ++lane) {
    real *taps = scratch + (size_t)lane * CONV_BLOCK * n_taps;
    real *sums = all_sums + (size_t)lane * n_sums;
    memset(sums, 0, n_sums * sizeof(real));
    for (int block = lane; block < n_blocks; block += n_lanes) {
      size_t first = (size_t)block * CONV_BLOCK;
      size_t count = smaller(CONV_BLOCK, reach.n_all - first);
      copy_taps(&reach, x, first, count, taps);
      product_shape shape = {.transpose_a = 1,
                             .m = n_out,
                             .n = n_taps,
                             .k = count,
                             .lda = n_out,
                             .ldb = n_taps,
                             .ldc = n_taps};
      real_product(&shape, 1, dy + first * n_out, taps, 1, sums, 1);
      sum_columns(dy + first * n_out, count, n_out, 0, n_out,
                  sums + n_weights);
    }
  }
  real *d_weight = p->gradients + l->first_parameter;
  for (int lane = 0; lane < n_lanes; ++lane) {
    const real *sums = all_sums + (size_t)lane * n_sums;
    for (size_t o = 0; o < n_out; ++o)
      for (size_t i = 0; i < n_in; ++i)
        for (size_t k = 0; k < width; ++k)
          d_weight[(o * n_in + i) * width + k] +=
              sums[(o * width + k) * n_in + i];
    add_values(sums + n_weights, n_out, d_weight + n_weights);
  }
}

/* dx is a convolution of dy by the same taps in reverse. */
static void conv_backward(const pass *p, const layer *l, const layer_tape *at,
                          const real *dy, real *const dx[LAYER_INPUTS]) {
  conv_parameters(p, l, at->x[0], dy, at->scratch);
  if (dx[0] == NULL) return;
  size_t n_in = l->in[0].channels, n_out = l->out.channels;
  size_t width = conv_width(l);
  const real *weight = p->parameters + l->first_parameter;
  conv_reach reach = reach_of(p, l, 1);
  real *by_tap = at->scratch; /* n_in x width x n_out */
  for (size_t o = 0; o < n_out; ++o)
    for (size_t i = 0; i < n_in; ++i)
      for (size_t k = 0; k < width; ++k)
        by_tap[(i * width + width - 1 - k) * n_out + o] =
            weight[(o * n_in + i) * width + k];
  conv_multiply(&reach, dy, by_tap, NULL, n_in, dx[0],
                by_tap + n_in * n_out * width, p->n_threads);
}

/* options: width, dilation; first values: 0 uniform, 1 He's, 2 Glorot's */
static const layer_type conv_layer = {.name = "conv",
                                      .n_inputs = 1,
                                      .own_dx = 1,
                                      .lay_out = conv_lay_out,
                                      .initialise = conv_initialise,
                                      .forward = conv_forward,
                                      .backward = conv_backward};
