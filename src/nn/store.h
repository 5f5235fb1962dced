#ifndef KITH_NN_STORE_H
#define KITH_NN_STORE_H

#include "base/arena.h"
#include "nn/network.h"

/* A block of parameters: an array of a layer, such as its weights or its
 * biases (see nn/layers.h). */
typedef struct {
  size_t first, n;
} parameter_block;

/* Parameters that the optimiser treats alike, n_blocks blocks. */
typedef struct {
  size_t first, n, first_block, n_blocks;
  double rate, decay, clip; /* see group_plan in nn/plan.h */
  int by_block, frozen;
} parameter_group;

/* All numbers of a run that change while it trains: they are what a checkpoint
 * keeps. The networks lie one after the other, what the task has of its own
 * behind them. */
typedef struct {
  size_t n, n_state, n_groups;
  parameter_group groups[MAX_GROUPS + 1]; /* the plan's, then the task's */
  parameter_block *blocks; /* of all networks, one after the other */
  real *parameters, *gradients;
  real *moment_1, *moment_2; /* AdamW: both; SGD: the first, as velocity;
                                RMSprop: the second */
  real *state;               /* of the networks, then of the task */
  double *piece_squares;     /* scratch of the gradient norm */
} store;

/* Takes the memory for the networks and for what the task has of its own. The
 * task's parameters take the learning rate as it is, without decay and
 * clipping. */
static status_code store_take(const training_plan *plan,
                              const network *networks,
                              size_t n_task_parameters, size_t n_task_state,
                              arena *a, store *s, status *st);

/* Optimiser step number t (from 1) on all groups that are not frozen. */
static void optimizer_step(const optimizer_plan *plan, const store *s,
                           double t, double learning_rate, int n_threads);

#endif
