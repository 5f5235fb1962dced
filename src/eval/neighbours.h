#ifndef KITH_EVAL_NEIGHBOURS_H
#define KITH_EVAL_NEIGHBOURS_H

#include <stddef.h>

/* Genes seen through their nearest training genes. The k nearest by cosine
 * are the top partners of unit rows (top_partners.h). */

typedef struct {
  size_t n_genes, n_training, k;
  const int *neighbours; /* n_genes x k, column-major: training genes from
                            the nearest on, or -1 */
  const double *weights; /* the same shape: from neighbour_weights() */
} neighbourhoods;

/* Turns cosines (n x k, column-major) into weights, a softmax of
 * cosine / temperature along each row; places whose neighbour is -1 get
 * weight 0. */
void neighbour_weights(const int *neighbours, size_t n, size_t k,
                       double temperature, double *cosines);

#endif
