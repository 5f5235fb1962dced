/* Weighted losses of single rows (see task/row_loss.h). */

#include "task/row_loss.h"

static const head_loss *find_row_loss(const training_plan *plan, status *st) {
  const char *name = plan->objective;
  if (strcmp(name, "softmax_cross_entropy") != 0 &&
      strcmp(name, "binary_cross_entropy") != 0 &&
      strcmp(name, "squared_error") != 0)
    status_fail(st, STATUS_INTERNAL, "rows have no loss \"%s\" of their own",
                name);
  return find_head_loss(name);
}

static double weigh_row_losses(const head_batch *head, const double *weight,
                               double total) {
  size_t n = head->n, k = head->n_columns;
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    /* 1 / n is there already */
    double share = (double)n * weight[i] / total;
    loss += share * head->row_loss[i];
    for (size_t j = i * k; j < (i + 1) * k; ++j) head->d_x[j] *= C(share);
  }
  return loss;
}
