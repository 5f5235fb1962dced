#ifndef KITH_EVAL_BOOTSTRAP_H
#define KITH_EVAL_BOOTSTRAP_H

#include "eval/auc.h"

#include <stddef.h>
#include <stdint.h>

/* Bootstrap of the AUC. Every draw gives each item (a scored pair) a weight,
 * and all columns of scores are judged with the same weights, so that their
 * differences are paired.
 *
 *   over items  positives are drawn with replacement from the positives, and
 *               negatives from the negatives; the weight is the count.
 *   over genes  n_genes genes are drawn with replacement; the weight of a
 *               pair is the product of the counts of its two genes.
 *
 * Draw r has its own random stream, whoever computes it. */

typedef struct {
  size_t n_items;
  size_t n_positives;
  const uint32_t *members;    /* n_items: the positives, then the negatives */
  size_t n_genes;             /* 0: over items */
  const int *gene_a, *gene_b; /* n_items, 0 .. n_genes - 1; NULL over items */
  uint64_t key;
} bootstrap_design;

/* Fills members (n) and returns the number of positives. */
size_t list_members(const int *positive, size_t n, uint32_t *members);

/* The weights (n_items) of draw r; counts has room for n_genes numbers and is
 * not used over items. */
void bootstrap_weights(const bootstrap_design *design, size_t r,
                       double *counts, double *weights);

/* The AUC of each column in draws first .. last - 1, written to
 * aucs[column * n_draws + draw], NaN where a draw leaves no positive or no
 * negative. work has room for n_lanes * (n_items + n_genes) doubles; each of
 * the n_lanes threads takes every n_lanes-th draw. */
void bootstrap_auc(const bootstrap_design *design,
                   const sorted_scores *columns, size_t n_columns,
                   size_t first, size_t last, size_t n_draws, int n_lanes,
                   double *work, double *aucs);

/* How many draws make up a piece of about a tenth of a second. */
size_t bootstrap_piece(size_t n_items, size_t n_columns, int n_lanes);

#endif
