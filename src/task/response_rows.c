/* See task/response_rows.h. */

#include "task/response_rows.h"

/* ---- pairs --------------------------------------------------------------- */

static void response_check_shapes(const training_plan *plan,
                                  const response_rows *t, const run *r,
                                  status *st) {
  array_plan drug = plan_array(plan, "drug", st);
  array_plan cell = plan_array(plan, "cell", st);
  array_plan y = plan_array(plan, "y", st);
  if (st->code) return;
  if (drug.n_rows != t->n_pairs || cell.n_rows != t->n_pairs ||
      y.n_rows != t->n_pairs || y.n_columns != 1)
    status_fail(st, STATUS_INTERNAL,
                "`drug`, `cell` and `y` must have a row for each pair");
  else if (row_size(r->networks[t->fusion].in) != t->n_joined)
    status_fail(st, STATUS_INTERNAL,
                "the fusion does not fit the networks of drugs and cells");
}

static void response_rows_lay_out(const training_plan *plan, const run *r,
                                  arena *a, response_rows *t, status *st) {
  size_t n = plan->batch_size;
  t->n_pairs = plan_array(plan, "drug", st).n_rows;
  t->fusion = plan_network(plan, "fusion", st);
  shared_rows_lay_out(plan, r, "drugs", NULL, "drug", n, a, &t->drug, st);
  shared_rows_lay_out(plan, r, "cells", NULL, "cell", n, a, &t->cell, st);
  if (st->code) return;
  t->n_joined = t->drug.n_out + t->cell.n_out;
  t->n_out = row_size(r->networks[t->fusion].out);
  response_check_shapes(plan, t, r, st);
  tape_take(&r->networks[t->fusion], n, 1, a, &t->fusion_tape);
  t->drug_of = arena_take(a, t->n_pairs, sizeof(int));
  t->cell_of = arena_take(a, t->n_pairs, sizeof(int));
  t->y = arena_take(a, t->n_pairs, sizeof(real));
  t->rows = arena_take(a, n, sizeof(int));
  t->d_joined = arena_take(a, n, t->n_joined * sizeof(real));
}

static status_code response_rows_load(const response_rows *t,
                                      const array_block *block, status *st) {
  if (strcmp(block->name, "drugs") == 0)
    return load_numbers(block, t->drug.x, st);
  if (strcmp(block->name, "cells") == 0)
    return load_numbers(block, t->cell.x, st);
  if (strcmp(block->name, "drug") == 0)
    return load_indices(block, t->drug.n_x, t->drug_of, st);
  if (strcmp(block->name, "cell") == 0)
    return load_indices(block, t->cell.n_x, t->cell_of, st);
  return load_numbers(block, t->y, st);
}

static void response_rows_start(const response_rows *t) {
  shared_rows_start(&t->drug);
  shared_rows_start(&t->cell);
}

/* to[i] = of[items[i]] */
static void gather_indices(const int *of, const int *items, size_t n,
                           int *to) {
  for (size_t i = 0; i < n; ++i) to[i] = of[items[i]];
}

static status_code response_rows_forward(const run *r, response_rows *t,
                                         const int *items, size_t n,
                                         int training, status *st) {
  tape *fused = &t->fusion_tape;
  gather_indices(t->drug_of, items, n, t->rows);
  if (shared_rows_forward(r, &t->drug, t->rows, n, training, st))
    return st->code;
  gather_indices(t->cell_of, items, n, t->rows);
  if (shared_rows_forward(r, &t->cell, t->rows, n, training, st))
    return st->code;
  shared_rows_spread(&t->drug, n, t->n_joined, 0, fused->input);
  shared_rows_spread(&t->cell, n, t->n_joined, 0,
                     fused->input + t->drug.n_out);
  pass p = run_pass(r, t->fusion, 0, n, training);
  return network_forward(&r->networks[t->fusion], fused, &p, st);
}

static void response_rows_learn(const run *r, response_rows *t, size_t n) {
  pass p = run_pass(r, t->fusion, 0, n, 1);
  p.d_input = t->d_joined;
  network_backward(&r->networks[t->fusion], &t->fusion_tape, &p);
  shared_rows_learn(r, &t->drug, n, t->n_joined, t->d_joined);
  shared_rows_learn(r, &t->cell, n, t->n_joined, t->d_joined + t->drug.n_out);
}

static status_code response_rows_output(const run *r, response_rows *t,
                                        const int *rows, size_t n, double *out,
                                        status *st) {
  size_t at_once = smaller(t->fusion_tape.max_rows, ENCODE_ROWS);
  for (size_t i = 0; i < n; ++i)
    if (rows[i] < 0 || (size_t)rows[i] >= t->n_pairs)
      return status_fail(st, STATUS_INTERNAL,
                         "`rows` holds an index out of range");
  for (size_t first = 0; first < n; first += at_once) {
    size_t n_rows = smaller(at_once, n - first);
    if (response_rows_forward(r, t, rows + first, n_rows, 0, st))
      return st->code;
    for (size_t i = 0; i < n_rows * t->n_out; ++i)
      out[first * t->n_out + i] = (double)t->fusion_tape.output[i];
  }
  return STATUS_OK;
}

/* ---- their loss ---------------------------------------------------------- */

static void response_loss_lay_out(const training_plan *plan, const run *r,
                                  const response_rows *t, const char *name,
                                  double option, arena *a, response_loss *l,
                                  status *st) {
  size_t n = plan->batch_size;
  l->loss = find_head_loss(name);
  l->option = option;
  l->is_there = plan_has_network(plan, "head");
  l->n_columns = t->n_out;
  if (l->loss == NULL)
    status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\"", name);
  if (st->code) return;
  if (l->is_there) {
    l->number = plan_network(plan, "head", st);
    const network *head = &r->networks[l->number];
    l->n_columns = row_size(head->out);
    if (row_size(head->in) != t->n_out || l->n_columns != 1) {
      status_fail(st, STATUS_INTERNAL,
                  "the head must lead from the fusion to one value");
      return;
    }
    tape_take(head, n, 1, a, &l->tape);
  }
  l->target = arena_take(a, n, sizeof(real));
  l->d_x = arena_take(a, n, t->n_out * sizeof(real));
  l->scratch = arena_take(a, l->loss->scratch(n, l->n_columns), sizeof(real));
  l->row_loss = arena_take(a, n, sizeof(double));
}

static status_code response_head_forward(const run *r, response_loss *l,
                                         const real *z, size_t n, status *st) {
  const network *head = &r->networks[l->number];
  pass p = run_pass(r, l->number, 0, n, 1);
  memcpy(l->tape.input, z, n * row_size(head->in) * sizeof(real));
  return network_forward(head, &l->tape, &p, st);
}

static void response_head_learn(const run *r, response_loss *l, size_t n) {
  pass p = run_pass(r, l->number, 0, n, 1);
  p.d_input = l->d_x;
  network_backward(&r->networks[l->number], &l->tape, &p);
}

static status_code response_loss_evaluate(const run *r, response_loss *l,
                                          const response_rows *t,
                                          const batch_choice *choice,
                                          double weight, real *d_z,
                                          double *loss, status *st) {
  size_t n = choice->n_items;
  const real *z = t->fusion_tape.output;
  gather_rows(t->y, choice->items, n, 1, l->target);
  if (l->is_there && response_head_forward(r, l, z, n, st)) return st->code;
  head_batch head = {.n = n,
                     .n_columns = l->n_columns,
                     .n_target_columns = 1,
                     .x = l->is_there ? l->tape.output : z,
                     .target = l->target,
                     .d_x = l->is_there ? l->tape.upstream : l->d_x,
                     .option = l->option,
                     .scratch = l->scratch,
                     .row_loss = l->row_loss,
                     .n_threads = r->n_threads};
  if (l->loss->check(&head, st)) return st->code;
  *loss = l->loss->evaluate(&head);
  for (size_t i = 0; i < n * l->n_columns; ++i) head.d_x[i] *= C(weight);
  if (l->is_there) response_head_learn(r, l, n);
  add_values(l->d_x, n * t->n_out, d_z);
  return STATUS_OK;
}
