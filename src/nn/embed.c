/* Tokens to vectors: y_t = E[x_t] + P[t] for the token x_t (a whole number from
 * 0) at position t, with E (n_tokens x n) and P (positions x n) learned. Tokens
 * have no gradient.
 *
 * Option: n_tokens. First values are normal with standard deviation 0.02 (E)
 * and 0.01 (P), as in CLIP (Radford et al. 2021, arXiv:2103.00020). */

#include "nn/layers.h"

static status_code embed_lay_out(layer *l, size_t n_out, status *st) {
  if (l->in[0].channels != 1 || n_out == 0 || !(l->option[0] >= 1))
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"embed\" turns one token of each position into "
                       "channels, not %zu into %zu",
                       l->in[0].channels, n_out);
  size_t n_tokens = (size_t)l->option[0];
  l->out = l->in[0];
  l->out.channels = n_out;
  l->n_offsets = l->in[0].positions * n_out;
  l->n_parameters = n_tokens * n_out + l->n_offsets;
  return STATUS_OK;
}

static real draw_normal(rng *r, double deviation) {
  double radius = sqrt(-2 * log(rng_unit(r)));
  return C(deviation * radius * cos(6.283185307179586 * rng_unit(r)));
}

static void embed_initialise(const layer *l, rng *r, real *parameters,
                             real *state) {
  (void)state;
  size_t n_tokens = l->n_parameters - l->n_offsets;
  for (size_t i = 0; i < l->n_parameters; ++i)
    parameters[i] = draw_normal(r, i < n_tokens ? 0.02 : 0.01);
}

/* Row of E of a token; what is none counts as token 0. */
static size_t token_row(const layer *l, real token) {
  return token >= 0 && (double)token < l->option[0] ? (size_t)token : 0;
}

static void embed_forward(const pass *p, const layer *l, const layer_tape *at,
                          real *y) {
  size_t n = l->out.channels, n_positions = l->in[0].positions;
  const real *tokens = p->parameters + l->first_parameter;
  const real *places = tokens + l->n_parameters - l->n_offsets;
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int row = 0; row < n_rows; ++row)
    for (size_t t = 0; t < n_positions; ++t) {
      size_t i = (size_t)row * n_positions + t;
      const real *token = tokens + token_row(l, at->x[0][i]) * n;
      const real *place = places + t * n;
      SIMD for (size_t j = 0; j < n; ++j) y[i * n + j] = token[j] + place[j];
    }
}

/* Adds columns first .. last - 1 of the gradients of E and P. */
static void embed_columns(const pass *p, const layer *l, const real *x,
                          const real *dy, size_t first, size_t last) {
  size_t n = l->out.channels, n_positions = l->in[0].positions;
  real *tokens = p->gradients + l->first_parameter;
  real *places = tokens + l->n_parameters - l->n_offsets;
  for (size_t row = 0; row < p->n_rows; ++row)
    for (size_t t = 0; t < n_positions; ++t) {
      size_t i = row * n_positions + t;
      real *token = tokens + token_row(l, x[i]) * n;
      real *place = places + t * n;
      SIMD for (size_t j = first; j < last; ++j) {
        token[j] += dy[i * n + j];
        place[j] += dy[i * n + j];
      }
    }
}

static void embed_backward(const pass *p, const layer *l, const layer_tape *at,
                           const real *dy, real *const dx[LAYER_INPUTS]) {
  size_t n = l->out.channels;
  int n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(p->n_threads, layer_rows(p, l) * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    embed_columns(p, l, at->x[0], dy, first,
                  smaller(first + COLUMNS_PER_PIECE, n));
  }
  if (dx[0] != NULL) memset(dx[0], 0, layer_rows(p, l) * sizeof(real));
}

static const layer_type embed_layer = {.name = "embed",
                                       .n_inputs = 1,
                                       .own_dx = 1,
                                       .lay_out = embed_lay_out,
                                       .initialise = embed_initialise,
                                       .forward = embed_forward,
                                       .backward = embed_backward};
