/* The response of a drug in a cell, predicted from both (the fine-tuning of
 * CLDR: Li & Hu 2023, arXiv:2312.10707; alone, a plain network on drug and
 * cell), or z of the pairs brought into the order of their responses.
 *
 * Arrays and networks: task/response_rows.h. The objective names a head loss
 * that takes one target of each row: with a head "squared_error", without one
 * "rank_n_contrast". Option `temperature`: what that loss takes as its
 * option. */

#include "task/response_rows.h"
#include "task/tasks.h"

typedef struct {
  response_rows rows;
  response_loss loss;
} response_pairs;

static status_code response_pairs_lay_out(const training_plan *plan, run *r,
                                          arena *a, status *st) {
  response_pairs counted; /* stands in while sizes are added up */
  response_pairs *t = arena_take(a, 1, sizeof(response_pairs));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  response_rows_lay_out(plan, r, a, &t->rows, st);
  response_loss_lay_out(plan, r, &t->rows, plan->objective,
                        plan_option(plan, "temperature", st), a, &t->loss, st);
  r->n_items = t->rows.n_pairs;
  return st->code;
}

static status_code response_pairs_load(run *r, const array_block *block,
                                       status *st) {
  const response_pairs *t = r->data;
  return response_rows_load(&t->rows, block, st);
}

static status_code response_pairs_start(run *r, status *st) {
  const response_pairs *t = r->data;
  response_rows_start(&t->rows);
  return st->code;
}

static status_code response_pairs_evaluate(run *r, const batch_choice *choice,
                                           batch_result *result, status *st) {
  response_pairs *t = r->data;
  size_t n = choice->n_items;
  real *d_z = t->rows.fusion_tape.upstream;
  if (response_rows_forward(r, &t->rows, choice->items, n, 1, st))
    return st->code;
  memset(d_z, 0, n * t->rows.n_out * sizeof(real));
  if (response_loss_evaluate(r, &t->loss, &t->rows, choice, 1, d_z,
                             &result->loss, st))
    return st->code;
  response_rows_learn(r, &t->rows, n);
  return STATUS_OK;
}

static size_t response_pairs_output_width(const run *r) {
  const response_pairs *t = r->data;
  return t->rows.n_out;
}

static status_code response_pairs_output(run *r, const int *rows, size_t n,
                                         double *out, status *st) {
  response_pairs *t = r->data;
  return response_rows_output(r, &t->rows, rows, n, out, st);
}

static const char *const response_pairs_arrays[] = {"drugs", "cells", "drug",
                                                    "cell",  "y",     NULL};
static const char *const response_pairs_metrics[] = {NULL};

static const task_type response_pairs_task = {
    .name = "response_pairs",
    .arrays = response_pairs_arrays,
    .metrics = response_pairs_metrics,
    .lay_out = response_pairs_lay_out,
    .load = response_pairs_load,
    .start = response_pairs_start,
    .evaluate = response_pairs_evaluate,
    .output_width = response_pairs_output_width,
    .output = response_pairs_output};
