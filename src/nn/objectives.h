#ifndef KITH_NN_OBJECTIVES_H
#define KITH_NN_OBJECTIVES_H

#include "base/arena.h"
#include "base/status.h"
#include "nn/plan.h"
#include "nn/real.h"

/* An objective gives the loss of a batch of pairs and its gradient with
 * respect to the encodings of the batch's genes. */

/* A batch of n_pairs pairs (first_i, second_i). Each gene that the network
 * has to encode stands once in `encoded`; the slots say where. */
typedef struct {
  size_t n_pairs, d;
  const int *first, *second;           /* rows of `x` */
  const int *first_slot, *second_slot; /* rows of `encoded`, or -1 */
  const real *x;                       /* raw vectors, n_genes x d */
  const real *encoded;                 /* n_encoded x d */
  real *d_encoded;                     /* zeroed; the objective adds */
  const real *bank;     /* n_genes x d: what `negatives` refers to */
  const int *negatives; /* 2 x n_pairs x n_negatives rows of `bank` */
  int n_threads;
} pair_batch;

typedef struct {
  double loss;
  double n_hits; /* anchors whose own partner has the highest score */
} batch_result;

typedef struct objective objective;

typedef struct {
  const char *name;
  /* must the second genes be encoded? (the first ones always are) */
  int (*encodes_second)(const objective_plan *plan);
  int draws_negatives;
  void (*create)(size_t max_pairs, size_t d, arena *a, objective *o);
  batch_result (*evaluate)(const objective *o, const pair_batch *batch);
} objective_type;

struct objective {
  const objective_type *type;
  const objective_plan *plan;
  real *queries, *keys;     /* max_pairs x d: gathered encodings */
  real *d_queries, *d_keys; /* and their gradients */
  real *scores;             /* max_pairs x max_pairs */
  real *d_scores;
  double *row_loss, *row_hit;
};

/* NULL if there is no objective of that name. */
static const objective_type *find_objective_type(const char *name);

#endif
