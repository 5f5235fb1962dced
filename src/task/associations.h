#ifndef KITH_TASK_ASSOCIATIONS_H
#define KITH_TASK_ASSOCIATIONS_H

#include "nn/losses.h"
#include "nn/task.h"
#include "pairs/partner_lists.h"

/* Contrastive association learning: genes with a vector each, known pairs of
 * genes, and one network that encodes vectors.
 *
 * Arrays of the plan: `x` (genes x values), `first` and `second` (pairs: rows
 * of x from 0). The network's role is "encoder". */

/* How a batch is made and what its loss is. */
typedef struct association_objective association_objective;

/* Options of the plan; those that the objective does not use are 0. */
typedef struct {
  double temperature;
  int transform_keys;       /* keys go through the network, too */
  size_t n_negatives;       /* per anchor, where the objective draws them */
  int mask_known;           /* known partners are not negatives */
  int all_keys;             /* genes without a known partner are keys, too */
  double degree_weight;     /* an anchor weighs degree^degree_weight */
  double degree_correction; /* times log(degree), added while training */
} association_options;

/* The genes that anchors are compared with, in the order of the genes. */
typedef struct {
  size_t n;
  int *genes;   /* n */
  int *of_gene; /* n_genes: place among the keys, or -1 */
} key_set;

typedef struct {
  association_options options;
  const association_objective *objective;
  const network *net;
  tape tape;
  size_t n_genes, n_pairs, n_partnered;
  size_t n_in, n_out;
  real *x;             /* n_genes x n_in */
  int *first, *second; /* n_pairs */
  /* The known partners of each gene; where the objective goes by genes, as
   * places among the keys. */
  partner_lists known;
  key_set keys; /* where the objective goes by genes */
  int *anchors; /* likewise: the genes with a partner */

  /* The batch: each gene that the network has to encode has one row. */
  size_t n;
  int *slot_of_gene;  /* n_genes: row of the encodings, or -1 */
  int *encoded_genes; /* which gene a row of the encodings is */
  size_t n_encoded;
  int *batch_first, *batch_second; /* batch_size: genes of the batch ... */
  int *first_slot, *second_slot;   /* ... and their rows */
  int *negatives;                  /* 2 x batch_size x n_negatives */

  real *queries, *keys_gathered;   /* gathered encodings, n_out values each */
  real *d_queries, *d_keys;        /* and their gradients */
  int *first_column, *next_column; /* see mask_known_partners() */
  info_nce_room in_batch;
  uniform_room uniform;
  multi_positive_room all;
  positive_lists positives;
} associations;

struct association_objective {
  const char *name;
  int by_gene; /* items are genes; transformed keys are encoded in order */
  int draws_negatives;
  /* must the second genes be encoded? (the first ones always are) */
  int (*encodes_second)(const association_options *options);
  /* Takes the memory of batches of n items. */
  void (*take)(associations *t, size_t n, arena *a);
  /* Loss of the encoded batch; the gradient goes to t->tape.upstream. */
  loss_result (*evaluate)(const associations *t, const int *negatives,
                          int n_threads);
};

/* Each in a file of its own: associations_pairs.c, associations_anchors.c. */
static const association_objective in_batch_objective, uniform_objective,
    multi_positive_objective;

#endif
