#ifndef KITH_NN_RUN_H
#define KITH_NN_RUN_H

#include "nn/task.h"

/* What the engine's table offers of a run; see nn/engine.h. */

static status_code run_size(const training_plan *plan, size_t *bytes,
                            status *st);
static status_code run_create(const training_plan *plan, void *memory,
                              run **made, status *st);
static status_code run_load(run *r, const array_block *block, status *st);
static status_code run_start(run *r, status *st);
static void set_threads(run *r, int n_threads);
static size_t block_length(const run *r, block_name block);
static void block_read(const run *r, block_name block, double *to);
static void block_write(run *r, block_name block, const double *from);
static size_t n_items(const run *r);
static const char *const *metrics(const run *r);
static void epoch_order(const run *r, double epoch, int *order);
static progress progress_read(const run *r);
static status_code progress_write(run *r, progress at, status *st);
static status_code batch(run *r, const batch_choice *choice, int step,
                         double learning_rate, double *loss, status *st);
static void epoch_begin(run *r, double epoch);
static int epoch_prepare(run *r, size_t piece);
static status_code epoch_advance(run *r, double n_steps, double learning_rate,
                                 int *done, status *st);
static size_t output_width(const run *r);
static status_code output(run *r, const int *rows, size_t n, double *out,
                          status *st);

#endif
