/* Labels or numbers predicted for rows: a head on an encoder that learns with
 * it, or stays as it is.
 *
 * Arrays: `x` (rows x values), `y` (targets, as the loss takes them) and
 * `weight` (of each row in the loss: the weighted mean over a batch). Networks:
 * "encoder" and "head". The objective names a head loss that is a mean over
 * rows: "softmax_cross_entropy", "binary_cross_entropy" or "squared_error".
 * Option `frozen`: 1 where the encoder runs as it does without training, and
 * neither its parameters nor its running statistics change. */

#include "task/row_loss.h"
#include "task/tasks.h"

typedef struct {
  size_t n_rows, n_in, n_encoded, n_out, n_targets;
  size_t encoder, head; /* numbers of the networks */
  int frozen;
  const head_loss *loss;
  real *x, *y, *weight;
  tape encoder_tape, head_tape;
  real *target; /* of the batch */
  double *row_loss, *row_weight;
} labels;

/* ---- laying out ---------------------------------------------------------- */

static void labels_read_plan(const training_plan *plan, const run *r,
                             labels *t, status *st) {
  array_plan x = plan_array(plan, "x", st), y = plan_array(plan, "y", st);
  array_plan weight = plan_array(plan, "weight", st);
  t->n_rows = x.n_rows;
  t->n_in = x.n_columns;
  t->n_targets = y.n_columns;
  t->frozen = plan_option(plan, "frozen", st) != 0;
  t->encoder = plan_network(plan, "encoder", st);
  t->head = plan_network(plan, "head", st);
  t->loss = find_row_loss(plan, st);
  if (st->code) return;
  const network *encoder = &r->networks[t->encoder];
  const network *head = &r->networks[t->head];
  t->n_encoded = row_size(encoder->out);
  t->n_out = row_size(head->out);
  if (y.n_rows != t->n_rows || weight.n_rows != t->n_rows ||
      weight.n_columns != 1)
    status_fail(st, STATUS_INTERNAL,
                "`y` and `weight` must have a row for each of `x`");
  else if (row_size(encoder->in) != t->n_in ||
           row_size(head->in) != t->n_encoded)
    status_fail(st, STATUS_INTERNAL,
                "encoder and head do not fit each other or `x`");
}

static status_code labels_lay_out(const training_plan *plan, run *r, arena *a,
                                  status *st) {
  labels counted; /* stands in while sizes are added up */
  labels *t = arena_take(a, 1, sizeof(labels));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  labels_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  size_t n = plan->batch_size;
  t->x = arena_take(a, t->n_rows, t->n_in * sizeof(real));
  t->y = arena_take(a, t->n_rows, t->n_targets * sizeof(real));
  t->weight = arena_take(a, t->n_rows, sizeof(real));
  tape_take(&r->networks[t->encoder], n, 1, a, &t->encoder_tape);
  tape_take(&r->networks[t->head], n, 1, a, &t->head_tape);
  t->target = arena_take(a, n, t->n_targets * sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  t->row_weight = arena_take(a, n, sizeof(double));
  r->n_items = t->n_rows;
  return STATUS_OK;
}

static status_code labels_load(run *r, const array_block *block, status *st) {
  const labels *t = r->data;
  real *to = strcmp(block->name, "x") == 0   ? t->x
             : strcmp(block->name, "y") == 0 ? t->y
                                             : t->weight;
  return load_numbers(block, to, st);
}

/* ---- batches ------------------------------------------------------------- */

/* The weights of the rows of a batch; returns their sum. */
static double labels_weights(const labels *t, const int *items, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; ++i)
    total += t->row_weight[i] = (double)t->weight[items[i]];
  return total;
}

static status_code labels_evaluate(run *r, const batch_choice *choice,
                                   batch_result *result, status *st) {
  labels *t = r->data;
  size_t n = choice->n_items;
  pass p = run_pass(r, t->encoder, 0, n, !t->frozen);
  gather_rows(t->x, choice->items, n, t->n_in, t->encoder_tape.input);
  gather_rows(t->y, choice->items, n, t->n_targets, t->target);
  if (network_forward(&r->networks[t->encoder], &t->encoder_tape, &p, st))
    return st->code;
  memcpy(t->head_tape.input, t->encoder_tape.output,
         n * t->n_encoded * sizeof(real));
  p = run_pass(r, t->head, 0, n, 1);
  if (network_forward(&r->networks[t->head], &t->head_tape, &p, st))
    return st->code;
  head_batch head = {.n = n,
                     .n_columns = t->n_out,
                     .n_target_columns = t->n_targets,
                     .x = t->head_tape.output,
                     .target = t->target,
                     .d_x = t->head_tape.upstream,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  t->loss->evaluate(&head);
  double total = labels_weights(t, choice->items, n);
  result->loss = weigh_row_losses(&head, t->row_weight, total);
  p = run_pass(r, t->head, 0, n, 1);
  if (!t->frozen) p.d_input = t->encoder_tape.upstream;
  network_backward(&r->networks[t->head], &t->head_tape, &p);
  if (t->frozen) return STATUS_OK;
  p = run_pass(r, t->encoder, 0, n, 1);
  network_backward(&r->networks[t->encoder], &t->encoder_tape, &p);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static size_t labels_output_width(const run *r) {
  const labels *t = r->data;
  return t->n_encoded;
}

static status_code labels_output(run *r, const int *rows, size_t n,
                                 double *out, status *st) {
  labels *t = r->data;
  return output_rows(r, t->encoder, &t->encoder_tape, t->x, t->n_rows, rows, n,
                     out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const labels_arrays[] = {"x", "y", "weight", NULL};
static const char *const labels_metrics[] = {NULL};

static const task_type samples_labels_task = {
    .name = "samples_labels",
    .arrays = labels_arrays,
    .metrics = labels_metrics,
    .lay_out = labels_lay_out,
    .load = labels_load,
    .evaluate = labels_evaluate,
    .output_width = labels_output_width,
    .output = labels_output};
