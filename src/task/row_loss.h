#ifndef KITH_TASK_ROW_LOSS_H
#define KITH_TASK_ROW_LOSS_H

#include "nn/losses.h"
#include "nn/task.h"

/* Losses of rows that have nothing to do with each other, weighted. */

/* The head loss that the plan's objective names, where it is a mean over rows:
 * "softmax_cross_entropy", "binary_cross_entropy" or "squared_error"; others
 * are an error. */
static const head_loss *find_row_loss(const training_plan *plan, status *st);
/* From the mean over the rows of `head`, which has been evaluated, to their
 * part of a weighted mean: loss and gradient. weight: of each row; total: of
 * all rows of that mean, of which these may be some. */
static double weigh_row_losses(const head_batch *head, const double *weight,
                               double total);

#endif
