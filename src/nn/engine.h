#ifndef KITH_NN_ENGINE_H
#define KITH_NN_ENGINE_H

#include "base/status.h"
#include "nn/plan.h"

/* What the glue can ask of the numerics, once for each precision. Values
 * cross as double; matrices that come from R are column-major. */

/* Batches of fewer items are left out of an epoch. */
#define SMALLEST_BATCH 8
#define MAX_METRICS 4

/* A run lives in one block of memory that its caller provides. */
typedef struct run run;

/* The arrays that make up the state of a run. */
typedef enum {
  BLOCK_PARAMETERS,
  BLOCK_MOMENT_1,
  BLOCK_MOMENT_2,
  BLOCK_STATE,
  BLOCK_GRADIENTS,
  N_BLOCKS
} block_name;

/* Where a run stands. */
typedef struct {
  double epoch;     /* epochs completed or begun before this one */
  double position;  /* items of the epoch that have been used */
  double n_steps;   /* optimiser steps since the start */
  double n_batches; /* of the epoch so far */
  double loss_sum;  /* over these batches */
  double metric_sum[MAX_METRICS]; /* over their items */
} progress;

typedef struct {
  double loss;
  double metric[MAX_METRICS]; /* see task_type */
} batch_result;

/* Items by their index, and for tests what the task would draw at random
 * (NULL: draw it). */
typedef struct {
  const int *items;
  size_t n_items;
  const int *drawn;
  size_t n_drawn;
} batch_choice;

/* One pass of a network alone, for tests: n rows of x, column-major, and where
 * `dy` is given the gradients. training: with the draws of `key`. */
typedef struct {
  size_t n;
  int training;
  uint64_t key;
  uint32_t network, view, step;
  const double *parameters, *x, *dy;
  const int *filled; /* positions with data of each row, or NULL: all */
  double *state;     /* of batch normalisation, moved by a training pass */
  double *y, *dx, *d_parameters;
  int n_threads;
} network_trial;

/* One call of a loss alone, for tests (see nn/losses.h). */
typedef struct {
  const char *name;
  size_t n_rows, n_columns, n_target_columns;
  const double *x, *target; /* column-major */
  double option;
  double *d_x;
  double *row_hit; /* n_rows; kept as they are by losses without hits */
  int n_threads;
} loss_trial;

/* All rows of x, corrupted (see nn/corrupt.h); matrices are column-major. */
typedef struct {
  size_t n_rows, n_columns;
  const double *x;
  int rule, fixed;
  double rate;
  uint64_t key;
  uint32_t step;
  double *corrupted;
  int n_threads;
} corruption_trial;

/* A layer as R shows it. */
typedef struct {
  const char *type;
  row_shape in, out;
  size_t n_parameters, n_state;
} layer_description;

typedef struct {
  const char *precision;

  /* ---- runs: create, load each array, start ---- */

  /* Bytes that a run of the plan needs. */
  status_code (*run_size)(const training_plan *plan, size_t *bytes,
                          status *st);
  status_code (*run_create)(const training_plan *plan, void *memory,
                            run **made, status *st);
  status_code (*run_load)(run *r, const array_block *block, status *st);
  status_code (*run_start)(run *r, status *st);

  size_t (*block_length)(const run *r, block_name block);
  void (*block_read)(const run *r, block_name block, double *to);
  void (*block_write)(run *r, block_name block, const double *from);
  progress (*progress_read)(const run *r);
  status_code (*progress_write)(run *r, progress at, status *st);
  const char *const *(*metrics)(const run *r);
  void (*set_threads)(run *r, int n_threads);

  /* Begins an epoch; epoch_prepare does a piece of what it needs and returns 0
   * where nothing is left. */
  void (*epoch_begin)(run *r, double epoch);
  int (*epoch_prepare)(run *r, size_t piece);
  /* At most n_steps batches; *done says whether the epoch is over. */
  status_code (*epoch_advance)(run *r, double n_steps, double learning_rate,
                               int *done, status *st);
  /* How many items an epoch has, and their order in it. */
  size_t (*n_items)(const run *r);
  void (*epoch_order)(const run *r, double epoch, int *order);
  /* Loss and gradients of one batch; with step != 0 also the step. */
  status_code (*batch)(run *r, const batch_choice *choice, int step,
                       double learning_rate, double *loss, status *st);
  /* The task's view of rows of its data: out is n x output_width. */
  size_t (*output_width)(const run *r);
  status_code (*output)(run *r, const int *rows, size_t n, double *out,
                        status *st);

  /* ---- networks on their own ---- */

  /* Bytes for max_rows rows, and what the network is made of. `layers` has
   * room for the plan's. */
  status_code (*network_size)(const network_plan *plan, size_t max_rows,
                              int with_gradients, size_t *bytes,
                              layer_description *layers, status *st);
  void (*network_initialise)(const network_plan *plan, uint64_t key,
                             void *memory, double *parameters, double *state);
  /* Rows first .. last - 1 of x (n_all x n_in) to y (n_all x n_out), both
   * column-major. filled: positions with data of each row, or NULL: all. */
  void (*network_encode)(const network_plan *plan, size_t max_rows,
                         void *memory, const double *parameters,
                         const double *state, const double *x,
                         const int *filled, size_t n_all, size_t first,
                         size_t last, double *y, int n_threads);
  status_code (*network_try)(const network_plan *plan, void *memory,
                             const network_trial *trial, status *st);

  /* ---- corruption on its own ---- */

  status_code (*corrupt_size)(const corruption_trial *trial, size_t *bytes,
                              status *st);
  void (*corrupt)(const corruption_trial *trial, void *memory);

  /* ---- for tests ---- */

  status_code (*loss_size)(const loss_trial *trial, size_t *bytes, status *st);
  status_code (*loss_try)(const loss_trial *trial, void *memory, double *loss,
                          status *st);
  /* exp, the normal distribution and its density at x */
  void (*elementary)(const double *x, size_t n, double *exponential,
                     double *distribution, double *density);
} engine;

extern const engine engine_double;
#ifdef KITH_HAVE_SGEMM
extern const engine engine_single;
#endif

#endif
