/* Rows and their corrupted copies (see task/samples_views.h). */

#include "task/samples_views.h"

static void views_lay_out(const training_plan *plan, arena *a, sample_views *v,
                          status *st) {
  array_plan x = plan_array(plan, "x", st);
  const double rule = plan_option(plan, "rule", st);
  v->n_rows = x.n_rows;
  v->n_in = x.n_columns;
  if (st->code) return;
  if (!(rule >= 0 && rule < N_CORRUPTIONS)) {
    status_fail(st, STATUS_INTERNAL, "there is no corruption %g", rule);
    return;
  }
  v->x = arena_take(a, v->n_rows, v->n_in * sizeof(real));
  corruption c = {.n_rows = v->n_rows,
                  .n_columns = v->n_in,
                  .x = v->x,
                  .rule = (corruption_rule)rule,
                  .rate = plan_option(plan, "rate", st),
                  .fixed = plan_option(plan, "fixed", st) != 0};
  v->corruption = c;
  if (!plan_has_array(plan, "corrupted")) {
    corruption_take(&v->corruption, plan->batch_size, a);
    return;
  }
  array_plan corrupted = plan_array(plan, "corrupted", st);
  if (corrupted.n_rows != v->n_rows || corrupted.n_columns != v->n_in)
    status_fail(st, STATUS_INTERNAL, "`x` and `corrupted` differ in shape");
  v->corrupted = arena_take(a, v->n_rows, v->n_in * sizeof(real));
}

static status_code views_load(const sample_views *v, const array_block *block,
                              status *st) {
  int is_x = strcmp(block->name, "x") == 0;
  return load_numbers(block, is_x ? v->x : v->corrupted, st);
}

static void views_start(sample_views *v) {
  if (v->corrupted == NULL) corruption_start(&v->corruption);
}

static void views_clean(const sample_views *v, const batch_choice *choice,
                        real *to) {
  gather_rows(v->x, choice->items, choice->n_items, v->n_in, to);
}

static void views_corrupted(const run *r, const sample_views *v,
                            const batch_choice *choice, real *to) {
  if (v->corrupted != NULL)
    gather_rows(v->corrupted, choice->items, choice->n_items, v->n_in, to);
  else
    corrupt_rows(&v->corruption, choice->items, choice->n_items, r->key,
                 (uint32_t)r->at.n_steps, to, r->n_threads);
}
