#ifndef KITH_TASK_RESPONSE_ROWS_H
#define KITH_TASK_RESPONSE_ROWS_H

#include "nn/losses.h"
#include "task/shared_rows.h"

/* What the tasks of drug response share: pairs of a drug and a cell, and the
 * networks that place a pair and predict its response,
 *
 *     z = fusion([drug(d), cell(c)]),   prediction = head(z).
 *
 * Arrays of the plan: `drugs` (drugs x values), `cells` (cells x values), and of
 * each pair `drug`, `cell` (their rows, from 0) and `y` (the response).
 * Networks: "drug", "cell", "fusion", and where responses are predicted "head",
 * with one output. */

typedef struct {
  size_t n_pairs, n_joined, n_out; /* n_joined: what goes into the fusion */
  shared_rows drug, cell;
  size_t fusion;
  tape fusion_tape;
  int *drug_of, *cell_of; /* of each pair */
  real *y;
  int *rows;      /* of the batch: drugs, or cells */
  real *d_joined; /* batch x n_joined */
} response_rows;

/* A loss of the responses: of what the head predicts or, where the plan has no
 * head, of z itself. */
typedef struct {
  int is_there; /* is there a head? */
  size_t number;
  size_t n_columns; /* of what the loss sees */
  tape tape;
  const head_loss *loss;
  double option;
  real *target, *scratch, *d_x;
  double *row_loss;
} response_loss;

static void response_rows_lay_out(const training_plan *plan, const run *r,
                                  arena *a, response_rows *t, status *st);
/* One of the arrays above. */
static status_code response_rows_load(const response_rows *t,
                                      const array_block *block, status *st);
static void response_rows_start(const response_rows *t);

/* z of n pairs, in fusion_tape.output. */
static status_code response_rows_forward(const run *r, response_rows *t,
                                         const int *items, size_t n,
                                         int training, status *st);
/* The way back from the gradient of z, in fusion_tape.upstream. */
static void response_rows_learn(const run *r, response_rows *t, size_t n);
/* z of pairs without training: the output() of both tasks. */
static status_code response_rows_output(const run *r, response_rows *t,
                                        const int *rows, size_t n, double *out,
                                        status *st);

/* name: of a head loss that takes one target of each row. */
static void response_loss_lay_out(const training_plan *plan, const run *r,
                                  const response_rows *t, const char *name,
                                  double option, arena *a, response_loss *l,
                                  status *st);
/* The loss of the batch whose z are there. Its gradient, times weight, is added
 * to that of the head's parameters, and to d_z. */
static status_code response_loss_evaluate(const run *r, response_loss *l,
                                          const response_rows *t,
                                          const batch_choice *choice,
                                          double weight, real *d_z,
                                          double *loss, status *st);

#endif
