#ifndef KITH_EVAL_SCORE_H
#define KITH_EVAL_SCORE_H

#include "eval/dot.h"

#include <math.h>

/* The score of a query q (a row on the left) and a gene g (on the right): a
 * product of their rows or, with weights, a combination of two products and
 * of a number that each gene has,
 *
 *     w0 + w1 product + w2 slog(propagated / scale) + w3 (sum_q + sum_g),
 *
 * slog(x) = sign(x) log(1 + |x|), with weights for each number of the two
 * genes (0, 1, 2) that have no known partner. */

typedef struct {
  const double *left;  /* n_queries x d, row-major, finite */
  const double *right; /* n_genes x d, row-major, finite */
  size_t d;
  double right_norm; /* from longest_row(right) */
} score_term;

#define WEIGHTS_PER_KIND 4

typedef struct {
  size_t n_queries, n_genes;
  score_term product;
  const double *weights; /* 3 x WEIGHTS_PER_KIND; NULL: the product alone */
  score_term propagated; /* this and what follows: with weights */
  double scale;
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
                                   double product, double propagated) {
  const double *w = kind_weights(s, q, g);
  double level = log1p(fabs(propagated) / s->scale);
  return w[0] + w[1] * product + w[2] * (propagated < 0 ? -level : level) +
         w[3] * (s->left_sum[q] + s->right_sum[g]);
}

KERNEL_INLINE double pair_score(const pair_scorer *s, size_t q, size_t g) {
  double product = term_score(&s->product, q, g);
  if (s->weights == NULL) return product;
  return combine_terms(s, q, g, product, term_score(&s->propagated, q, g));
}

/* The largest Euclidean length of the rows of x (n x d, row-major). */
double longest_row(const double *x, size_t n, size_t d);

/* scores[i] of query a[i] and gene b[i] for n_pairs pairs. */
void score_pairs(const pair_scorer *s, const int *a, const int *b,
                 size_t n_pairs, int n_threads, double *scores);

#endif
