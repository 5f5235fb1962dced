#ifndef KITH_NN_PLAN_H
#define KITH_NN_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* What is to be trained, free of precision: the glue fills these from R's
 * lists, the engines read them. */

typedef struct {
  const char *type; /* name of a layer type */
  size_t n_out;     /* 0: as many as go in */
  double option;
} layer_plan;

typedef struct {
  size_t n_in;
  size_t n_layers;
  const layer_plan *layers;
} network_plan;

typedef struct {
  const char *type; /* name of an objective type */
  double temperature;
  int transform_keys;       /* keys go through the network, too */
  size_t n_negatives;       /* per anchor, where the objective draws them */
  int mask_known;           /* known partners are not negatives */
  int all_keys;             /* genes without a known partner are keys, too */
  double degree_weight;     /* an anchor weighs degree^degree_weight */
  double degree_correction; /* times log(degree), added while training */
} objective_plan;

typedef enum { OPTIMIZER_ADAMW, OPTIMIZER_SGD } optimizer_kind;

typedef struct {
  optimizer_kind kind;
  double weight_decay;
  double beta_1, beta_2, epsilon; /* AdamW */
  double momentum;                /* SGD */
  double clip_norm;               /* of all gradients; infinity: none */
} optimizer_plan;

typedef struct {
  network_plan network;
  objective_plan objective;
  optimizer_plan optimizer;
  size_t n_genes;
  size_t n_pairs;
  size_t n_partnered; /* genes that occur in a pair */
  size_t batch_size;  /* items of a batch: pairs, or genes */
  uint64_t key;
} training_plan;

#endif
