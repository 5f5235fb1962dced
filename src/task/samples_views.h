#ifndef KITH_TASK_SAMPLES_VIEWS_H
#define KITH_TASK_SAMPLES_VIEWS_H

#include "nn/corrupt.h"
#include "nn/task.h"

/* What the tasks that learn from corrupted rows share: the rows and their
 * corrupted copies.
 *
 * Array `x` of the plan: rows x values. Array `corrupted`, of the same shape,
 * may be there: it is taken in place of copies that each batch draws anew.
 * Options: `rule` (number of a corruption_rule), `rate`, `fixed`. */

typedef struct {
  size_t n_rows, n_in;
  real *x;
  real *corrupted; /* of all rows, or NULL */
  corruption corruption;
} sample_views;

static void views_lay_out(const training_plan *plan, arena *a, sample_views *v,
                          status *st);
static status_code views_load(const sample_views *v, const array_block *block,
                              status *st);
static void views_start(sample_views *v);

/* The rows of a batch to `to`, and their corrupted copies. */
static void views_clean(const sample_views *v, const batch_choice *choice,
                        real *to);
static void views_corrupted(const run *r, const sample_views *v,
                            const batch_choice *choice, real *to);

#endif
