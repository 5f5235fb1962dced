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

static void collapse_metrics(const real *encoded, size_t n, size_t d,
                             real *sums, double metric[2]) {
  double total = 0, ones = 0, n_same = 0;
  memset(sums, 0, d * sizeof(real));
  for (size_t i = 0; i < n; ++i) {
    const real *row = encoded + i * d;
    double squares = 0;
    for (size_t j = 0; j < d; ++j) squares += (double)row[j] * (double)row[j];
    if (squares == 0) continue; /* a row of zeros has no direction */
    const real factor = C(1 / sqrt(squares));
    for (size_t j = 0; j < d; ++j) sums[j] += factor * row[j];
    ones += 1;
  }
  for (size_t j = 0; j < d; ++j) {
    size_t i = 1;
    while (i < n && encoded[i * d + j] == encoded[j]) ++i;
    n_same += i == n;
    total += (double)sums[j] * (double)sums[j];
  }
  double n_pairs = (double)n * ((double)n - 1);
  metric[0] = n_pairs > 0 ? (total - ones) / n_pairs * (double)n : 0;
  metric[1] = n_same / (double)d * (double)n;
}
