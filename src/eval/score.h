#ifndef KITH_EVAL_SCORE_H
#define KITH_EVAL_SCORE_H

#include "eval/dot.h"

#include <math.h>

/* The score of a query q (a row on the left) and a gene g (on the right): a
 * product of their rows or, with weights, a combination of three products and
 * of a number that each gene has,
 *
 *     w0 + w1 learned + w2 slog(propagated / scale) + w3 cosine
 *        + w4 (sum_q + sum_g),
 *
 * slog(x) = sign(x) log(1 + |x|), with weights for each number of the two
 * genes (0, 1, 2) that have no known partner. */

typedef struct {
  const double *left;  /* n_queries x d, row-major, finite */
  const double *right; /* n_genes x d, row-major, finite */
  size_t d;
  double right_norm; /* from longest_row(right) */
} score_term;

enum { TERM_LEARNED, TERM_PROPAGATED, TERM_COSINE, N_TERMS };

#define WEIGHTS_PER_KIND (1 + N_TERMS + 1)

typedef struct {
  size_t n_queries, n_genes;
  score_term terms[N_TERMS]; /* without weights the first alone */
  const double *weights;     /* 3 x WEIGHTS_PER_KIND, or NULL */
  double scale;              /* this and what follows: with weights */
  const int *left_unseen, *right_unseen; /* 1: no known partner */
  const double *left_sum, *right_sum;
} pair_scorer;

KERNEL_INLINE double term_score(const score_term *term, size_t q, size_t g) {
  return dot(term->left + q * term->d, term->right + g * term->d, term->d);
}

KERNEL_INLINE const double *kind_weights(const pair_scorer *s, size_t q,
                                         size_t g) {
  return s->weights +
         WEIGHTS_PER_KIND * (s->left_unseen[q] + s->right_unseen[g]);
}

KERNEL_INLINE double combine_terms(const pair_scorer *s, size_t q, size_t g,
                                   const double products[N_TERMS]) {
  const double *w = kind_weights(s, q, g);
  double propagated = products[TERM_PROPAGATED];
  double level = log1p(fabs(propagated) / s->scale);
  return w[0] + w[1] * products[TERM_LEARNED] +
         w[2] * (propagated < 0 ? -level : level) +
         w[3] * products[TERM_COSINE] +
         w[4] * (s->left_sum[q] + s->right_sum[g]);
}

KERNEL_INLINE double pair_score(const pair_scorer *s, size_t q, size_t g) {
  if (s->weights == NULL) return term_score(&s->terms[0], q, g);
  double products[N_TERMS];
  for (int t = 0; t < N_TERMS; ++t)
    products[t] = term_score(&s->terms[t], q, g);
  return combine_terms(s, q, g, products);
}

/* The largest Euclidean length of the rows of x (n x d, row-major). */
double longest_row(const double *x, size_t n, size_t d);

/* scores[i] of query a[i] and gene b[i] for n_pairs pairs. */
void score_pairs(const pair_scorer *s, const int *a, const int *b,
                 size_t n_pairs, int n_threads, double *scores);

#endif
