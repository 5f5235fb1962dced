#ifndef KITH_NN_OBJECTIVES_H
#define KITH_NN_OBJECTIVES_H

#include "base/arena.h"
#include "base/status.h"
#include "nn/partner_lists.h"
#include "nn/plan.h"
#include "nn/real.h"

/* An objective gives the loss of a batch and its gradient with respect to
 * the encodings of the batch's genes. A batch is made of items: pairs or,
 * where the objective goes by genes, genes that are compared with all keys. */

/* The genes that anchors are compared with, in the order of the genes. */
typedef struct {
  size_t n;
  int *genes;   /* n */
  int *of_gene; /* n_genes: place among the keys, or -1 */
} key_set;

/* Item i is the pair (first_i, second_i), or the gene first_i. Each gene that
 * the network has to encode stands once in `encoded`; the slots say where. */
typedef struct {
  size_t n_items, d;
  const int *first, *second;           /* rows of `x`; second: of pairs */
  const int *first_slot, *second_slot; /* rows of `encoded`, or -1 */
  const real *x;                       /* raw vectors, n_genes x d */
  const real *encoded;                 /* n_encoded x d */
  real *d_encoded;                     /* zeroed; the objective adds */
  const real *bank;     /* n_genes x d: what `negatives` refers to */
  const int *negatives; /* 2 x n_items x n_negatives rows of `bank` */
  const partner_lists *known;
  const key_set *keys; /* where the objective goes by genes */
  int n_threads;
} item_batch;

typedef struct {
  double loss;
  double n_hits; /* anchors for which a partner of theirs scores highest */
} batch_result;

typedef struct objective objective;

/* What multi_positive knows of the anchors (rows of the scores) and keys
 * (columns) of a batch. */
typedef struct {
  real *row_weight; /* share of the loss; over all rows 1 */
  real *row_offset; /* added to the row where columns are summed */
  real *column_weight, *column_offset; /* likewise */
  real *column_top;   /* largest score of the column, with offsets */
  real *column_scale; /* weight over the sum of the exponentials */
  int *column_count;  /* anchors that are partners of the key */
  double *column_loss;
} score_margins;

typedef struct {
  const char *name;
  int by_gene; /* items are genes; transformed keys are encoded in order */
  int draws_negatives;
  /* must the second genes be encoded? (the first ones always are) */
  int (*encodes_second)(const objective_plan *plan);
  /* d: values of an encoding */
  void (*create)(const training_plan *plan, size_t d, arena *a, objective *o);
  batch_result (*evaluate)(const objective *o, const item_batch *batch);
} objective_type;

struct objective {
  const objective_type *type;
  const objective_plan *plan;
  real *queries, *keys;     /* gathered encodings, d values each */
  real *d_queries, *d_keys; /* and their gradients */
  real *scores;             /* of queries against keys */
  real *d_scores;
  double *row_loss, *row_hit;
  int *first_column, *next_column; /* see mask_known_partners() */
  score_margins margins;           /* of multi_positive */
};

/* NULL if there is no objective of that name. */
static const objective_type *find_objective_type(const char *name);

#endif
