/* Words of neighbouring letters (the three bases of a codon), one channel for
 * each: rows x positions x n to rows x (positions / k) x 4^k. Of each position
 * the first four channels count, which hold the letter: 1 and three 0, or
 * shares of the four. With x_i those of the i-th position of a word,
 *
 *     y[4^(k-1) a_1 + ... + a_k] = x_1[a_1] ... x_k[a_k]
 *
 * The quotient is rounded up; a word that lacks letters is 0.
 *
 * Option: k. */

#include "nn/layers.h"

#define N_LETTERS 4
#define MOST_WORD_LETTERS 5

static status_code words_lay_out(layer *l, size_t n_out, status *st) {
  double option = l->option[0];
  if (!(option >= 1 && option <= MOST_WORD_LETTERS && option == floor(option)))
    return status_fail(st, STATUS_BAD_INPUT,
                       "words have 1 to %d letters, a whole number, not %g",
                       MOST_WORD_LETTERS, option);
  if (l->in[0].channels < N_LETTERS)
    return status_fail(st, STATUS_BAD_INPUT,
                       "words need a channel for each of %d letters, not %zu",
                       N_LETTERS, l->in[0].channels);
  size_t k = (size_t)option, n = l->in[0].positions;
  l->out.positions = n / k + (n % k > 0);
  l->out.channels = 1;
  for (size_t i = 0; i < k; ++i) l->out.channels *= N_LETTERS;
  l->out_stride = l->stride * k;
  if (n_out > 0 && n_out != l->out.channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"words\" gives %zu channels, not %zu",
                       l->out.channels, n_out);
  return STATUS_OK;
}

/* Words of the letters in k rows of n in x. What is there of y grows from its
 * end by a letter at a time, so nothing is read that has been written. */
static void write_words(size_t k, size_t n, const real *x, real *y) {
  size_t known = 1;
  y[0] = 1;
  for (size_t i = 0; i < k; ++i, known *= N_LETTERS)
    for (size_t w = known; w-- > 0;) {
      real before = y[w];
      for (size_t a = 0; a < N_LETTERS; ++a)
        y[w * N_LETTERS + a] = before * x[i * n + a];
    }
}

static void words_forward(const pass *p, const layer *l, const layer_tape *at,
                          real *y) {
  size_t n = l->in[0].channels, n_words = l->out.positions;
  size_t k = (size_t)l->option[0], whole = l->in[0].positions / k;
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * row_size(l->out)))
  for (int i = 0; i < n_rows; ++i) {
    const real *x = at->x[0] + (size_t)i * row_size(l->in[0]);
    real *row = y + (size_t)i * row_size(l->out);
    for (size_t q = 0; q < whole; ++q)
      write_words(k, n, x + q * k * n, row + q * l->out.channels);
    memset(row + whole * l->out.channels, 0,
           (n_words - whole) * l->out.channels * sizeof(real));
  }
}

/* dx[i, a] = sum over words with letter a at place i of dy times the other
 * letters' values */
static void words_input(size_t k, size_t n, const real *x, size_t n_words,
                        const real *dy, real *dx) {
  memset(dx, 0, k * n * sizeof(real));
  for (size_t w = 0; w < n_words; ++w)
    for (size_t i = 0; i < k; ++i) {
      real product = dy[w];
      size_t rest = w, own = 0;
      for (size_t j = k; j-- > 0; rest /= N_LETTERS) {
        if (j == i)
          own = rest % N_LETTERS;
        else
          product *= x[j * n + rest % N_LETTERS];
      }
      dx[i * n + own] += product;
    }
}

static void words_backward(const pass *p, const layer *l, const layer_tape *at,
                           const real *dy, real *const dx[LAYER_INPUTS]) {
  if (dx[0] == NULL) return;
  size_t n = l->in[0].channels, width = row_size(l->in[0]);
  size_t k = (size_t)l->option[0], whole = l->in[0].positions / k;
  int n_rows = (int)p->n_rows;
  PARALLEL_FOR(threads_for(p->n_threads, p->n_rows * row_size(l->out)))
  for (int i = 0; i < n_rows; ++i) {
    const real *x = at->x[0] + (size_t)i * width;
    const real *dy_row = dy + (size_t)i * row_size(l->out);
    real *dx_row = dx[0] + (size_t)i * width;
    for (size_t q = 0; q < whole; ++q)
      words_input(k, n, x + q * k * n, l->out.channels,
                  dy_row + q * l->out.channels, dx_row + q * k * n);
    memset(dx_row + whole * k * n, 0, (width - whole * k * n) * sizeof(real));
  }
}

static const layer_type words_layer = {.name = "words",
                                       .n_inputs = 1,
                                       .own_dx = 1,
                                       .lay_out = words_lay_out,
                                       .forward = words_forward,
                                       .backward = words_backward};
