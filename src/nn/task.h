#ifndef KITH_NN_TASK_H
#define KITH_NN_TASK_H

#include "base/team.h"
#include "nn/engine.h"
#include "nn/rows.h"
#include "nn/store.h"

/* A training run knows its task by these functions alone; a task is one file
 * in task/ that owns its data, fills batches, runs the networks, and adds the
 * gradients of its losses. */

/* Rows that go through a network at a time outside of batches: few enough for
 * Ctrl-C to be answered between them. */
#define ENCODE_ROWS 512

typedef struct task_type task_type;

struct run {
  uint64_t key;
  size_t batch_size;
  optimizer_plan optimizer;
  size_t n_networks;
  network networks[MAX_NETWORKS];
  store values;
  const task_type *task;
  void *data; /* the task's own, from the run's arena */
  /* Set by the task when it lays itself out: items of an epoch, and values
   * that it keeps in the store beside the networks' state and parameters. */
  size_t n_items, n_task_state, n_task_parameters;
  int *order; /* of the items in this epoch */
  progress at;
  int n_threads; /* of what runs now */
  team team;     /* of the steps of an epoch */
};

/* Functions that may be NULL do nothing then; all others must be there. */
struct task_type {
  const char *name;
  /* Names of the plan's arrays, NULL at the end; a run has no others. lay_out()
   * asks for each by plan_array(), or first by plan_has_array() for one that
   * may be missing. */
  const char *const *arrays;
  /* What evaluate() counts beside the loss, NULL at the end (and alone where
   * there is nothing); each is a sum over items. */
  const char *const *metrics;
  /* Takes its memory and sets n_items, n_task_state and n_task_parameters.
   * Runs twice, the first time over an arena without memory: r->data is NULL
   * then. */
  status_code (*lay_out)(const training_plan *plan, run *r, arena *a,
                         status *st);
  /* Takes over a block of one of the arrays. */
  status_code (*load)(run *r, const array_block *block, status *st);
  /* After all arrays and the first parameters. May be NULL. */
  status_code (*start)(run *r, status *st);
  /* Piece 0, 1, ... of what an epoch needs at its start, each short of a
   * second; returns 0 where no piece is left. May be NULL. */
  int (*epoch_begin)(run *r, size_t piece);
  /* Loss and metrics of a batch; adds the gradients. */
  status_code (*evaluate)(run *r, const batch_choice *choice,
                          batch_result *result, status *st);
  /* After a step of the optimiser (moving averages). May be NULL. */
  void (*stepped)(run *r);
  /* The fit's view of rows of the task's data: n x output_width values. */
  size_t (*output_width)(const run *r);
  status_code (*output)(run *r, const int *rows, size_t n, double *out,
                        status *st);
};

/* NULL if there is no task of that name (the table is in task/table.c). */
static const task_type *find_task_type(const char *name);

/* What a task asks of its run. */

/* Value of an option of the plan; a missing one is an error. */
static double plan_option(const training_plan *plan, const char *name,
                          status *st);
/* Array of the plan; a missing one is an error, and an empty one is given. */
static array_plan plan_array(const training_plan *plan, const char *name,
                             status *st);
static int plan_has_array(const training_plan *plan, const char *name);
static int plan_has_network(const training_plan *plan, const char *name);
/* Number of the network that plays a role; a missing one is an error. */
static size_t plan_network(const training_plan *plan, const char *name,
                           status *st);
/* n_rows rows through network `number`, in its view-th pass of the step. */
static pass run_pass(const run *r, size_t number, uint32_t view, size_t n_rows,
                     int training);
/* The task's own part of the store's state. */
static real *task_state(const run *r);
/* The task's own parameters and their gradients: numbers that are learned and
 * belong to no network. start() gives them their first values. */
static real *task_parameters(const run *r);
static real *task_gradients(const run *r);

/* Puts a block of numbers in its place among the rows of `to`. */
static status_code load_numbers(const array_block *block, real *to,
                                status *st);
/* The same of a column of indices from 0, each below n. */
static status_code load_indices(const array_block *block, size_t n, int *to,
                                status *st);
/* Runs rows of x (n_x rows) through a network as it is without training; out
 * gets n x output values. The most common output() of a task. */
static status_code output_rows(const run *r, size_t number, tape *t,
                               const real *x, size_t n_x, const int *rows,
                               size_t n, double *out, status *st);

#endif
