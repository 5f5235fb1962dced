#ifndef KITH_EVAL_TOP_PARTNERS_H
#define KITH_EVAL_TOP_PARTNERS_H

#include "eval/score.h"

#include <stddef.h>

/* The genes that score highest with each query.
 *
 * A block of queries is multiplied with all genes by the BLAS, which tells
 * which genes can be among the best (eval/candidates.h). Those are scored by
 * pair_score() in a fixed order, and equal scores are ranked by the lower
 * gene, so neither blocks nor threads nor the BLAS decide. */

typedef struct {
  pair_scorer scorer;
  const int *query_genes;      /* n_queries: the gene of a query, which is
                                  not its own partner, or -1; or NULL */
  const int *exclusion_starts; /* n_queries + 1, or NULL for none */
  const int *exclusions;       /* genes that are no partners of query q:
                                  those from starts[q] to starts[q + 1] */
  size_t n_top;
} partner_task;

typedef struct {
  double score;
  int gene;
} partner;

/* How many queries a block holds: some 32 MB of scores. */
size_t partner_block(const partner_task *task);

/* How many products a block of queries takes. */
size_t partner_products(const partner_task *task);

/* How many partners a query can have at most: min(n_top, n_genes). */
size_t partner_places(const partner_task *task);

/* Queries first .. last - 1, at most a block of them. genes and scores are
 * column-major n_queries x n_top: the partners from best to worst, then gene
 * -1 and score NaN where candidates ran out. products has room for
 * partner_products(task) numbers, heaps for block * places partners. */
void top_partners(const partner_task *task, size_t first, size_t last,
                  double *products, partner *heaps, int n_threads, int *genes,
                  double *scores);

#endif
