/* Ranking as published (Datta et al. 2025): items are pairs of rows, each
 * looked at alone, with mean binary cross-entropy on whether the first row has
 * the larger target (ties count as "no") and a penalty of induced norms. One
 * objective of two:
 *
 *   "twin"    one scorer for both rows: logit = f(x_first) - f(x_second)
 *   "concat"  both rows side by side: logit = f([x_first; x_second])
 *
 * Arrays of the plan: `x` (rows x values), `y` (targets), `first` and `second`
 * (rows of x from 0, one for each pair). With option `fresh` 1 each epoch draws
 * as many pairs anew, of two different rows. Options `norm_1`, `norm_2`: rates
 * of the penalty. */

#include "base/rng.h"
#include "nn/losses.h"
#include "nn/penalty.h"
#include "task/tasks.h"

#define N_SIDES 2

typedef struct {
  size_t n_rows, n_in, n_pairs;
  size_t scorer; /* number of the network */
  int concat, fresh;
  double drawn_epoch; /* that the pairs are of; -1: those that were given */
  double norm_1, norm_2;
  const head_loss *loss;
  real *x, *y;
  int *first, *second;         /* n_pairs, as given */
  int *now_first, *now_second; /* of this epoch */
  tape tapes[N_SIDES];         /* concat: the first alone */
  int *rows;                   /* of a side of the batch */
  real *logit, *target, *d_logit;
  double *row_loss, *scratch;
} pair_ranking;

/* ---- laying out ---------------------------------------------------------- */

static void pair_ranking_check(const run *r, const pair_ranking *t,
                               status *st) {
  const network *net = &r->networks[t->scorer];
  if (row_size(net->in) != t->n_in * (t->concat ? 2 : 1) ||
      row_size(net->out) != 1)
    status_fail(st, STATUS_INTERNAL,
                "the scorer must lead from one row (twin) or two (concat) to "
                "one value");
  else if (t->n_rows < 2)
    status_fail(st, STATUS_INTERNAL, "pairs need at least two rows");
}

static void pair_ranking_read_plan(const training_plan *plan, const run *r,
                                   pair_ranking *t, status *st) {
  t->n_rows = plan_array(plan, "x", st).n_rows;
  t->n_in = plan_array(plan, "x", st).n_columns;
  t->n_pairs = plan_array(plan, "first", st).n_rows;
  t->fresh = plan_option(plan, "fresh", st) != 0;
  t->norm_1 = plan_option(plan, "norm_1", st);
  t->norm_2 = plan_option(plan, "norm_2", st);
  t->scorer = plan_network(plan, "scorer", st);
  t->concat = strcmp(plan->objective, "concat") == 0;
  t->loss = find_head_loss("binary_cross_entropy");
  if (st->code != STATUS_OK) return;
  if (!t->concat && strcmp(plan->objective, "twin") != 0)
    status_fail(st, STATUS_INTERNAL, "there is no objective \"%s\"",
                plan->objective);
  else if (plan_array(plan, "y", st).n_rows != t->n_rows ||
           plan_array(plan, "second", st).n_rows != t->n_pairs)
    status_fail(st, STATUS_INTERNAL,
                "`y` does not fit `x`, or `second` not `first`");
  else
    pair_ranking_check(r, t, st);
}

static status_code pair_ranking_lay_out(const training_plan *plan, run *r,
                                        arena *a, status *st) {
  pair_ranking counted; /* stands in while sizes are added up */
  pair_ranking *t = arena_take(a, 1, sizeof(pair_ranking));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  pair_ranking_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  const network *net = &r->networks[t->scorer];
  size_t n = plan->batch_size;
  t->x = arena_take(a, t->n_rows, t->n_in * sizeof(real));
  t->y = arena_take(a, t->n_rows, sizeof(real));
  t->first = arena_take(a, t->n_pairs, sizeof(int));
  t->second = arena_take(a, t->n_pairs, sizeof(int));
  t->now_first = arena_take(a, t->n_pairs, sizeof(int));
  t->now_second = arena_take(a, t->n_pairs, sizeof(int));
  for (int side = 0; side < (t->concat ? 1 : N_SIDES); ++side)
    tape_take(net, n, 1, a, &t->tapes[side]);
  t->rows = arena_take(a, n, sizeof(int));
  t->logit = arena_take(a, n, sizeof(real));
  t->target = arena_take(a, n, sizeof(real));
  t->d_logit = arena_take(a, n, sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  t->scratch = arena_take(a, induced_scratch(net), sizeof(double));
  r->n_items = t->n_pairs;
  return STATUS_OK;
}

static status_code pair_ranking_load(run *r, const array_block *block,
                                     status *st) {
  const pair_ranking *t = r->data;
  if (strcmp(block->name, "x") == 0) return load_numbers(block, t->x, st);
  if (strcmp(block->name, "y") == 0) return load_numbers(block, t->y, st);
  int *to = strcmp(block->name, "first") == 0 ? t->first : t->second;
  return load_indices(block, t->n_rows, to, st);
}

static status_code pair_ranking_start(run *r, status *st) {
  pair_ranking *t = r->data;
  (void)st;
  memcpy(t->now_first, t->first, t->n_pairs * sizeof(int));
  memcpy(t->now_second, t->second, t->n_pairs * sizeof(int));
  t->drawn_epoch = -1;
  return STATUS_OK;
}

/* The pairs of an epoch depend on its number alone, so a run that is resumed
 * within an epoch has those that it had. */
static void draw_pairs(const run *r, pair_ranking *t) {
  rng draws =
      rng_open(r->key, RNG_NEGATIVES, (uint32_t)r->at.epoch, UINT32_MAX);
  for (size_t i = 0; i < t->n_pairs; ++i) {
    int a = (int)rng_below(&draws, t->n_rows);
    int b = (int)rng_below(&draws, t->n_rows - 1);
    t->now_first[i] = a;
    t->now_second[i] = b + (b >= a);
  }
  t->drawn_epoch = r->at.epoch;
}

/* ---- batches ------------------------------------------------------------- */

/* Rows of one side of the batch, at a distance of `stride` values. */
static void gather_side(const pair_ranking *t, const int *pairs, size_t n,
                        int side, size_t stride, real *to) {
  const int *of_pair = side == 0 ? t->now_first : t->now_second;
  for (size_t i = 0; i < n; ++i)
    memcpy(to + i * stride, t->x + (size_t)of_pair[pairs[i]] * t->n_in,
           t->n_in * sizeof(real));
}

static status_code score_sides(const run *r, pair_ranking *t, const int *pairs,
                               size_t n, status *st) {
  const network *net = &r->networks[t->scorer];
  if (t->concat) {
    real *input = t->tapes[0].input;
    gather_side(t, pairs, n, 0, 2 * t->n_in, input);
    gather_side(t, pairs, n, 1, 2 * t->n_in, input + t->n_in);
  }
  for (int side = 0; side < (t->concat ? 1 : N_SIDES); ++side) {
    tape *at = &t->tapes[side];
    pass p = run_pass(r, t->scorer, (uint32_t)side, n, 1);
    if (!t->concat) gather_side(t, pairs, n, side, t->n_in, at->input);
    if (network_forward(net, at, &p, st)) return st->code;
  }
  for (size_t i = 0; i < n; ++i) {
    t->logit[i] = t->tapes[0].output[i];
    if (!t->concat) t->logit[i] -= t->tapes[1].output[i];
    t->target[i] =
        t->y[t->now_first[pairs[i]]] > t->y[t->now_second[pairs[i]]];
  }
  return STATUS_OK;
}

static status_code pair_ranking_evaluate(run *r, const batch_choice *choice,
                                         batch_result *result, status *st) {
  pair_ranking *t = r->data;
  size_t n = choice->n_items;
  const network *net = &r->networks[t->scorer];
  if (t->fresh && t->drawn_epoch != r->at.epoch) draw_pairs(r, t);
  if (score_sides(r, t, choice->items, n, st)) return st->code;
  head_batch head = {.n = n,
                     .n_columns = 1,
                     .n_target_columns = 1,
                     .x = t->logit,
                     .target = t->target,
                     .d_x = t->d_logit,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  result->loss = t->loss->evaluate(&head);
  for (size_t i = 0; i < n; ++i)
    result->metric[0] += (t->logit[i] >= 0) == (t->target[i] > 0);
  for (int side = 0; side < (t->concat ? 1 : N_SIDES); ++side) {
    pass p = run_pass(r, t->scorer, (uint32_t)side, n, 1);
    for (size_t i = 0; i < n; ++i)
      t->tapes[side].upstream[i] = side == 0 ? t->d_logit[i] : -t->d_logit[i];
    network_backward(net, &t->tapes[side], &p);
  }
  if (t->norm_1 > 0 || t->norm_2 > 0)
    result->loss += induced_penalty(
        net, r->values.parameters + net->first_parameter, t->norm_1, t->norm_2,
        r->values.gradients + net->first_parameter, t->scratch);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

/* of a twin: the score of rows; of concatenated rows there is none */
static size_t pair_ranking_output_width(const run *r) {
  const pair_ranking *t = r->data;
  return t->concat ? 0 : 1;
}

static status_code pair_ranking_output(run *r, const int *rows, size_t n,
                                       double *out, status *st) {
  pair_ranking *t = r->data;
  if (t->concat) return STATUS_OK;
  return output_rows(r, t->scorer, &t->tapes[0], t->x, t->n_rows, rows, n, out,
                     st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const pair_ranking_arrays[] = {"x", "y", "first", "second",
                                                  NULL};
static const char *const pair_ranking_metrics[] = {"accuracy", NULL};

static const task_type pair_ranking_task = {
    .name = "ranking_pairs",
    .arrays = pair_ranking_arrays,
    .metrics = pair_ranking_metrics,
    .lay_out = pair_ranking_lay_out,
    .load = pair_ranking_load,
    .start = pair_ranking_start,
    .evaluate = pair_ranking_evaluate,
    .output_width = pair_ranking_output_width,
    .output = pair_ranking_output};
