#ifndef KITH_NN_ENGINE_H
#define KITH_NN_ENGINE_H

#include "base/status.h"
#include "nn/plan.h"

/* What the glue can ask of the numerics, once for each precision. Values
 * cross as double; matrices that come from R are column-major. */

/* Batches of fewer items are left out of an epoch. An item is a pair or,
 * where the objective goes by genes, a gene with a known partner. */
#define SMALLEST_BATCH 8

/* A trainer lives in one block of memory that its caller provides. */
typedef struct trainer trainer;

/* The arrays that make up the state of a run. */
typedef enum {
  BLOCK_PARAMETERS,
  BLOCK_MOMENT_1,
  BLOCK_MOMENT_2,
  BLOCK_GRADIENTS,
  BLOCK_BANK, /* encoded genes that negatives are drawn from */
  N_BLOCKS
} block_name;

/* Where a run stands. */
typedef struct {
  double epoch;     /* epochs completed or begun before this one */
  double position;  /* items of the epoch that have been used */
  double n_steps;   /* optimiser steps since the start */
  double loss_sum;  /* over the batches of the epoch so far */
  double hit_sum;   /* anchors with their own partner on top */
  double n_batches; /* of the epoch so far */
} progress;

/* Items given by their index (of a pair; of a gene among those with a
 * partner), with the negatives of each query if the objective draws any
 * (2 x n_items x n_negatives, or NULL: draw them). */
typedef struct {
  const int *items;
  size_t n_items;
  const int *negatives;
} batch_choice;

typedef struct {
  const char *precision;

  /* Bytes that a trainer for the plan needs. */
  status_code (*trainer_size)(const training_plan *plan, size_t *bytes,
                              status *st);
  /* x is n_genes x n_in; pairs are rows of x. */
  status_code (*trainer_create)(const training_plan *plan, void *memory,
                                const double *x, const int *first,
                                const int *second, trainer **made, status *st);
  void (*trainer_initialise)(trainer *t);
  /* Genes that it knows, and values of an encoding. */
  void (*trainer_shape)(const trainer *t, size_t *n_genes, size_t *n_out);
  size_t (*block_length)(const trainer *t, block_name block);
  void (*block_read)(const trainer *t, block_name block, double *to);
  void (*block_write)(trainer *t, block_name block, const double *from);
  progress (*progress_read)(const trainer *t);
  void (*progress_write)(trainer *t, progress at);
  void (*set_threads)(trainer *t, int n_threads);

  /* Begins an epoch: its order of items, its bank of negatives. */
  void (*epoch_begin)(trainer *t, double epoch);
  /* At most n_steps batches; *done says whether the epoch is over. */
  status_code (*epoch_advance)(trainer *t, double n_steps,
                               double learning_rate, int *done, status *st);
  /* Loss and gradients of one batch; with a learning rate also the step. */
  status_code (*batch_gradient)(trainer *t, const batch_choice *choice,
                                double *loss, status *st);
  status_code (*batch_step)(trainer *t, const batch_choice *choice,
                            double learning_rate, double *loss, status *st);
  /* How many items an epoch has, and their order as epoch_begin makes it. */
  size_t (*n_items)(const trainer *t);
  void (*epoch_order)(const trainer *t, double epoch, int *order);

  /* Encodes rows of the trainer's own x into out (n x n_out, row-major). */
  void (*trainer_encode)(trainer *t, const int *rows, size_t n, double *out);

  /* Networks on their own: n rows of x (n x n_in, column-major) to y
   * (n x n_out, column-major), in memory of network_size bytes. */
  status_code (*network_size)(const network_plan *plan, size_t max_rows,
                              int with_gradients, size_t *bytes,
                              size_t *n_parameters, size_t *n_out, status *st);
  void (*network_initialise)(const network_plan *plan, uint64_t key,
                             void *memory, double *parameters);
  void (*network_encode)(const network_plan *plan, size_t max_rows,
                         void *memory, const double *parameters,
                         const double *x, size_t n_all, size_t first,
                         size_t last, double *y, int n_threads);
  /* For tests: with dy (n x n_out) the gradients as well, in training mode
   * where a key is given. */
  void (*network_gradients)(const network_plan *plan, size_t n, void *memory,
                            uint64_t key, int training,
                            const double *parameters, const double *x,
                            const double *dy, double *y, double *dx,
                            double *d_parameters, int n_threads);
  /* For tests: exp, the normal distribution and its density at x. */
  void (*elementary)(const double *x, size_t n, double *exponential,
                     double *distribution, double *density);
} engine;

extern const engine engine_double;
#ifdef KITH_HAVE_SGEMM
extern const engine engine_single;
#endif

#endif
