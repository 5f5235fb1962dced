/* Dropout (Srivastava et al. 2014), inverted: while training an element is
 * zeroed with probability rate, and kept ones are divided by 1 - rate. x is
 * left holding the factors, so slope_backward() serves. */

#include "base/philox.h"
#include "nn/slope.h"

#define DRAWS_PER_BLOCK 8 /* 16 bits each */

/* Block b of eight elements draws from the counter (b, layer, step, stream). */
FOR_EACH_CPU
static void dropout_values(size_t first_block, size_t n_blocks, size_t n,
                           const pass *p, const layer *l, real *x, real *y) {
  const uint32_t half_key[2] = {(uint32_t)p->key, (uint32_t)(p->key >> 32)};
  const uint32_t stream = rng_stream(RNG_DROPOUT, p->network, p->view);
  const double rate = l->option[0];
  const uint32_t threshold = (uint32_t)(rate * 65536.0 + 0.5);
  const real kept = C(1.0 / (1.0 - rate));
  for (size_t block = first_block; block < first_block + n_blocks; ++block) {
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)l->index, p->step,
                           stream};
    uint32_t draws[4];
    philox_rounds(counter, half_key, draws);
    size_t start = block * DRAWS_PER_BLOCK;
    size_t count = smaller(DRAWS_PER_BLOCK, n - start);
    for (size_t j = 0; j < count; ++j) {
      uint32_t draw = draws[j / 2] >> (j % 2 * 16) & 0xFFFFu;
      real factor = draw < threshold ? 0 : kept;
      y[start + j] = x[start + j] * factor;
      x[start + j] = factor;
    }
  }
}

static void dropout_forward(const pass *p, const layer *l,
                            const layer_tape *at, real *y) {
  size_t n = layer_rows(p, l) * l->in[0].channels;
  real *x = at->x[0];
  if (!p->training || l->option[0] == 0) {
    memcpy(y, x, n * sizeof(real));
    for (size_t j = 0; j < n; ++j) x[j] = 1;
    return;
  }
  size_t n_blocks = (n + DRAWS_PER_BLOCK - 1) / DRAWS_PER_BLOCK;
  const size_t per_piece = 1024;
  int n_pieces = count_pieces(n_blocks, per_piece);
  PARALLEL_FOR(threads_for(p->n_threads, n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * per_piece;
    dropout_values(first, smaller(per_piece, n_blocks - first), n, p, l, x, y);
  }
}

/* option: the rate */
static const layer_type dropout_layer = {.name = "dropout",
                                         .n_inputs = 1,
                                         .lay_out = keep_shape,
                                         .forward = dropout_forward,
                                         .backward = slope_backward};
