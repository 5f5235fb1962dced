/* Pairwise ranking: one number for each row, learned from which of two rows
 * has the larger target. All pairs of a batch are compared: one pass over n
 * rows serves n (n - 1) / 2 pairs.
 *
 * Arrays of the plan: `x` (rows x values) and `y` (the targets, of which the
 * order alone counts; ranks, so that single precision keeps ties apart). The
 * network's role is "scorer"; it has one output. Option `keep_ties`: 1 where
 * pairs with equal targets count as one half, 0 where they are left out. */

#include "nn/losses.h"
#include "task/tasks.h"

typedef struct {
  size_t n_rows, n_in;
  size_t scorer; /* number of the network */
  double keep_ties;
  const head_loss *loss;
  real *x, *y;
  tape tape;
  real *target; /* of the batch */
  real *loss_scratch;
  double *row_loss;
} ranking;

/* ---- laying out ---------------------------------------------------------- */

static void ranking_read_plan(const training_plan *plan, const run *r,
                              ranking *t, status *st) {
  array_plan x = plan_array(plan, "x", st), y = plan_array(plan, "y", st);
  t->n_rows = x.n_rows;
  t->n_in = x.n_columns;
  t->keep_ties = plan_option(plan, "keep_ties", st);
  t->scorer = plan_network(plan, "scorer", st);
  t->loss = find_head_loss("pairwise_logistic");
  if (st->code != STATUS_OK) return;
  const network *net = &r->networks[t->scorer];
  if (y.n_rows != t->n_rows || y.n_columns != 1)
    status_fail(st, STATUS_INTERNAL, "`y` must have one value for each row");
  else if (row_size(net->in) != t->n_in || row_size(net->out) != 1)
    status_fail(st, STATUS_INTERNAL,
                "the scorer must lead from the rows of `x` to one value");
}

static status_code ranking_lay_out(const training_plan *plan, run *r, arena *a,
                                   status *st) {
  ranking counted; /* stands in while sizes are added up */
  ranking *t = arena_take(a, 1, sizeof(ranking));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  ranking_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  size_t n = plan->batch_size;
  t->x = arena_take(a, t->n_rows, t->n_in * sizeof(real));
  t->y = arena_take(a, t->n_rows, sizeof(real));
  tape_take(&r->networks[t->scorer], n, 1, a, &t->tape);
  t->target = arena_take(a, n, sizeof(real));
  t->loss_scratch = arena_take(a, t->loss->scratch(n, 1), sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  r->n_items = t->n_rows;
  return STATUS_OK;
}

static status_code ranking_load(run *r, const array_block *block, status *st) {
  const ranking *t = r->data;
  return load_numbers(block, strcmp(block->name, "x") == 0 ? t->x : t->y, st);
}

/* ---- batches ------------------------------------------------------------- */

static status_code ranking_evaluate(run *r, const batch_choice *choice,
                                    batch_result *result, status *st) {
  ranking *t = r->data;
  size_t n = choice->n_items;
  const network *net = &r->networks[t->scorer];
  pass p = run_pass(r, t->scorer, 0, n, 1);
  gather_rows(t->x, choice->items, n, t->n_in, t->tape.input);
  gather_rows(t->y, choice->items, n, 1, t->target);
  if (network_forward(net, &t->tape, &p, st)) return st->code;
  head_batch head = {.n = n,
                     .n_columns = 1,
                     .n_target_columns = 1,
                     .x = t->tape.output,
                     .target = t->target,
                     .d_x = t->tape.upstream,
                     .option = t->keep_ties,
                     .scratch = t->loss_scratch,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  result->loss = t->loss->evaluate(&head);
  network_backward(net, &t->tape, &p);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static size_t ranking_output_width(const run *r) {
  (void)r;
  return 1;
}

static status_code ranking_output(run *r, const int *rows, size_t n,
                                  double *out, status *st) {
  ranking *t = r->data;
  return output_rows(r, t->scorer, &t->tape, t->x, t->n_rows, rows, n, out,
                     st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const ranking_arrays[] = {"x", "y", NULL};
static const char *const ranking_metrics[] = {NULL};

static const task_type ranking_task = {.name = "ranking",
                                       .arrays = ranking_arrays,
                                       .metrics = ranking_metrics,
                                       .lay_out = ranking_lay_out,
                                       .load = ranking_load,
                                       .evaluate = ranking_evaluate,
                                       .output_width = ranking_output_width,
                                       .output = ranking_output};
