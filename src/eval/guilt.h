#ifndef KITH_EVAL_GUILT_H
#define KITH_EVAL_GUILT_H

#include "eval/neighbours.h"

#include <stddef.h>

/* Guilt by association: two genes belong together when those that look like
 * one are partners of those that look like the other,
 *
 *     score(a, b) = sum_ij w_ai A_ij w_bj
 *
 * with A the 0/1 adjacency of the training pairs and w_a the weights of a
 * over its k nearest training genes. */

typedef struct {
  const int *starts;   /* n_training + 1 */
  const int *partners; /* of training gene i: from starts[i] to starts[i+1] */
} adjacency;

/* Pairs (a[i], b[i]) grouped by the lower of their two genes: those of gene g
 * are order[starts[g]] to order[starts[g + 1] - 1]. */
typedef struct {
  const int *a, *b;
  const size_t *starts, *order;
} pairs_by_gene;

/* Fills starts (n_genes + 1) and order (n_pairs). */
void group_pairs(const int *a, const int *b, size_t n_pairs, size_t n_genes,
                 size_t *starts, size_t *order);

/* Scores of the pairs whose lower gene is first .. last - 1; the same bits for
 * (a, b) and (b, a): A must be symmetric. w_a A is made once for each gene,
 * and a pair then costs k steps. spread holds n_lanes * n_training zeros and
 * is left so. */
void guilt_scores(const neighbourhoods *near, const adjacency *known,
                  const pairs_by_gene *pairs, size_t first, size_t last,
                  int n_lanes, double *spread, double *scores);

#endif
