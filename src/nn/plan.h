#ifndef KITH_NN_PLAN_H
#define KITH_NN_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* What is to be trained, free of precision: the glue fills these from R's
 * lists, the engines read them. Nothing of a plan is kept beyond the call that
 * it is handed to. */

#define MAX_NETWORKS 8
#define MAX_LAYERS 256
#define MAX_GROUPS 4
#define LAYER_INPUTS 2
#define LAYER_OPTIONS 3

/* A row is a sequence of positions with so many channels each; a plain vector
 * has one position. */
typedef struct {
  size_t positions, channels;
} row_shape;

static inline size_t row_size(row_shape shape) {
  return shape.positions * shape.channels;
}

/* Value 0 of a network is its input, value i the output of its layer i,
 * counted from 1. */
typedef struct {
  const char *type;       /* name of a layer type */
  size_t n_out;           /* channels; 0: as many as go in */
  int from[LAYER_INPUTS]; /* values that go in; -1: none */
  double option[LAYER_OPTIONS];
} layer_plan;

typedef struct {
  const char *name; /* the role that the task knows it by */
  row_shape in;
  size_t n_layers;
  const layer_plan *layers;
} network_plan;

typedef struct {
  const char *name;
  double value;
} option_plan;

/* An array that the task will be given, in one piece or in blocks of rows. */
typedef struct {
  const char *name;
  size_t n_rows, n_columns;
} array_plan;

/* Networks that the optimiser treats alike. */
typedef struct {
  size_t first_network, n_networks;
  double rate;  /* times the learning rate of the step */
  double decay; /* AdamW: decoupled weight decay; others: L2 penalty */
  double clip;  /* L2 norm that the group's gradients are scaled down to */
  int by_block; /* clip each block of the group by itself, see nn/store.h */
  int frozen;   /* keeps its parameters */
} group_plan;

typedef enum {
  OPTIMIZER_ADAMW,
  OPTIMIZER_SGD,
  OPTIMIZER_RMSPROP
} optimizer_kind;

typedef struct {
  optimizer_kind kind;
  double beta_1, beta_2, epsilon; /* AdamW; RMSprop: the last two */
  double momentum;                /* SGD */
} optimizer_plan;

typedef struct {
  const char *task;      /* name of a task type */
  const char *objective; /* what the task minimises, by its own names */
  size_t n_networks, n_groups, n_options, n_arrays;
  const network_plan *networks;
  const group_plan *groups;
  const option_plan *options;
  const array_plan *arrays;
  optimizer_plan optimizer;
  size_t batch_size; /* items of a batch */
  uint64_t key;
} training_plan;

/* Rows first_row, first_row + 1, ... of an array, column-major as R holds
 * them. Of doubles or of integers, the other pointer is NULL. */
typedef struct {
  const char *name;
  size_t first_row, n_rows, n_columns;
  const double *doubles;
  const int *integers;
} array_block;

#endif
