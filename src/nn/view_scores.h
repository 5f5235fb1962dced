#ifndef KITH_NN_VIEW_SCORES_H
#define KITH_NN_VIEW_SCORES_H

#include "nn/losses.h"
#include "nn/unit_rows.h"

/* Scores between all rows of two views, for losses of head_batch whose rows i
 * and i + n/2 are two views of one item: with u the rows at unit length,
 *
 *     S = u u' / option (the temperature).
 *
 * With G the gradient of S, that of u is (G + G') u / option. */

typedef struct {
  size_t n, d;
  real sharpness;      /* 1 / temperature */
  real *scores;        /* n x n: S; the loss turns it into G */
  real *unit, *d_unit; /* n x d */
  real *norm;          /* n: of the rows */
} view_scores;

/* Rows and columns of a square that one thread adds to its mirror image. */
#define TILE_ROWS 64

/* Values of scratch that score_views() takes, from the first on. */
static inline size_t view_scores_scratch(size_t n, size_t d) {
  return n * n + 2 * n * d + n;
}

static view_scores score_views(const head_batch *b) {
  size_t n = b->n, d = b->n_columns;
  view_scores v = {.n = n,
                   .d = d,
                   .sharpness = C(1.0 / b->option),
                   .scores = b->scratch,
                   .unit = b->scratch + n * n,
                   .d_unit = b->scratch + n * n + n * d,
                   .norm = b->scratch + n * n + 2 * n * d};
  for (size_t i = 0; i < n; ++i) {
    memcpy(v.d_unit + i * d, b->x + i * d, d * sizeof(real));
    v.norm[i] = normalize_row(d, v.d_unit + i * d, v.unit + i * d);
  }
  product_shape shape = {
      .transpose_b = 1, .m = n, .n = n, .k = d, .lda = d, .ldb = d, .ldc = n};
  real_product(&shape, v.sharpness, v.unit, v.unit, 0, v.scores, b->n_threads);
  return v;
}

/* x = x + x' (n x n), tile by tile with its mirror image */
static void add_mirrored(size_t n, real *x, int n_threads) {
  int n_pieces = count_pieces(n, TILE_ROWS);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * TILE_ROWS;
    size_t last = smaller(first + TILE_ROWS, n);
    for (size_t left = first; left < n; left += TILE_ROWS)
      for (size_t i = first; i < last; ++i)
        for (size_t j = i > left ? i : left; j < smaller(left + TILE_ROWS, n);
             ++j)
          x[i * n + j] = x[j * n + i] = x[i * n + j] + x[j * n + i];
  }
}

/* G, in v->scores, to the gradient of the rows. */
static void differentiate_views(const head_batch *b, const view_scores *v) {
  size_t n = v->n, d = v->d;
  add_mirrored(n, v->scores, b->n_threads);
  product_shape shape = {.m = n, .n = d, .k = n, .lda = n, .ldb = d, .ldc = d};
  real_product(&shape, v->sharpness, v->scores, v->unit, 0, v->d_unit,
               b->n_threads);
  for (size_t i = 0; i < n; ++i)
    normalize_input_row(d, v->norm[i], v->unit + i * d, v->d_unit + i * d,
                        b->d_x + i * d);
}

#endif
