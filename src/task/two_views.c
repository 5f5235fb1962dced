/* Two views of each row, one network for both, and a target that follows it:
 * bootstrap your own latent (Grill et al. 2020, arXiv:2006.07733). No learner
 * uses it: it is there for tests, and as the example of CONTRIBUTING.md.
 *
 * Array of the plan: `x` (rows x values). Networks: "encoder", whose dropout
 * makes the views, and "predictor". The target has the encoder's structure;
 * its parameters t follow those of the encoder, p, after each step by
 * t = momentum t + (1 - momentum) p, and take no gradient. For each view v,
 *
 *     loss_v = L(predictor(encoder(v)), target(other view)),
 *
 * and the loss is the mean of both. L is the head loss that the plan's
 * objective names: "squared_error" as published. */

#include "nn/losses.h"
#include "task/tasks.h"

#define N_VIEWS 2

typedef struct {
  size_t n_rows, n_in, n_out;
  size_t encoder, predictor; /* numbers of the networks */
  double momentum;
  const head_loss *loss;
  real *x;
  tape encoder_tapes[N_VIEWS], predictor_tapes[N_VIEWS], target_tape;
  real *targets[N_VIEWS]; /* batch_size x n_out */
  real *loss_scratch;
  double *row_loss;
} two_views;

/* ---- the target, in the task's part of the store's state ----------------- */

static real *target_parameters(const run *r) {
  return task_state(r);
}

static real *target_state(const run *r) {
  const two_views *t = r->data;
  return task_state(r) + r->networks[t->encoder].n_parameters;
}

/* ---- laying out ---------------------------------------------------------- */

static void read_plan(const training_plan *plan, const run *r, two_views *t,
                      status *st) {
  t->n_rows = plan_array(plan, "x", st).n_rows;
  t->n_in = plan_array(plan, "x", st).n_columns;
  t->momentum = plan_option(plan, "momentum", st);
  t->encoder = plan_network(plan, "encoder", st);
  t->predictor = plan_network(plan, "predictor", st);
  t->n_out = row_size(r->networks[t->encoder].out);
  t->loss = find_head_loss(plan->objective);
  if (t->loss == NULL)
    status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\"",
                plan->objective);
  if (st->code == STATUS_OK &&
      (row_size(r->networks[t->encoder].in) != t->n_in ||
       row_size(r->networks[t->predictor].in) != t->n_out ||
       row_size(r->networks[t->predictor].out) != t->n_out))
    status_fail(st, STATUS_INTERNAL,
                "encoder and predictor do not fit each other or `x`");
}

static status_code two_views_lay_out(const training_plan *plan, run *r,
                                     arena *a, status *st) {
  two_views counted; /* stands in while sizes are added up */
  two_views *t = arena_take(a, 1, sizeof(two_views));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  read_plan(plan, r, t, st);
  if (st->code) return st->code;
  const network *encoder = &r->networks[t->encoder];
  size_t n = plan->batch_size;
  t->x = arena_take(a, t->n_rows, t->n_in * sizeof(real));
  for (int view = 0; view < N_VIEWS; ++view) {
    tape_take(encoder, n, 1, a, &t->encoder_tapes[view]);
    tape_take(&r->networks[t->predictor], n, 1, a, &t->predictor_tapes[view]);
    t->targets[view] = arena_take(a, n, t->n_out * sizeof(real));
  }
  tape_take(encoder, n, 0, a, &t->target_tape);
  t->loss_scratch = arena_take(a, t->loss->scratch(n, t->n_out), sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  r->n_items = t->n_rows;
  r->n_task_state = encoder->n_parameters + encoder->n_state;
  return STATUS_OK;
}

static status_code two_views_load(run *r, const array_block *block,
                                  status *st) {
  const two_views *t = r->data;
  return load_numbers(block, t->x, st);
}

/* The target starts as a copy of the encoder. */
static status_code two_views_start(run *r, status *st) {
  const two_views *t = r->data;
  const network *encoder = &r->networks[t->encoder];
  (void)st;
  memcpy(target_parameters(r), r->values.parameters + encoder->first_parameter,
         encoder->n_parameters * sizeof(real));
  memcpy(target_state(r), r->values.state + encoder->first_state,
         encoder->n_state * sizeof(real));
  return STATUS_OK;
}

/* ---- batches ------------------------------------------------------------- */

/* Predictions from one view. */
static status_code predict_view(const run *r, two_views *t, int view,
                                const batch_choice *choice, status *st) {
  size_t n = choice->n_items;
  tape *encoded = &t->encoder_tapes[view];
  tape *predicted = &t->predictor_tapes[view];
  pass p = run_pass(r, t->encoder, (uint32_t)view, n, 1);
  gather_rows(t->x, choice->items, n, t->n_in, encoded->input);
  if (network_forward(&r->networks[t->encoder], encoded, &p, st))
    return st->code;
  memcpy(predicted->input, encoded->output, n * t->n_out * sizeof(real));
  p = run_pass(r, t->predictor, (uint32_t)view, n, 1);
  return network_forward(&r->networks[t->predictor], predicted, &p, st);
}

/* The target's encodings of one view. */
static status_code encode_target(const run *r, two_views *t, int view,
                                 const batch_choice *choice, status *st) {
  size_t n = choice->n_items;
  pass p = run_pass(r, t->encoder, (uint32_t)view, n, 1);
  p.parameters = target_parameters(r);
  p.state = target_state(r);
  gather_rows(t->x, choice->items, n, t->n_in, t->target_tape.input);
  if (network_forward(&r->networks[t->encoder], &t->target_tape, &p, st))
    return st->code;
  memcpy(t->targets[view], t->target_tape.output, n * t->n_out * sizeof(real));
  return STATUS_OK;
}

/* Adds half of the loss of one view; its gradients go back through both
 * networks, in passes like those forward. */
static status_code learn_view(const run *r, two_views *t, int view, size_t n,
                              double *loss, status *st) {
  tape *predicted = &t->predictor_tapes[view];
  head_batch head = {.n = n,
                     .n_columns = t->n_out,
                     .n_target_columns = t->n_out,
                     .x = predicted->output,
                     .target = t->targets[1 - view],
                     .d_x = predicted->upstream,
                     .scratch = t->loss_scratch,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  *loss += 0.5 * t->loss->evaluate(&head);
  for (size_t j = 0; j < n * t->n_out; ++j) head.d_x[j] *= C(0.5);
  pass p = run_pass(r, t->predictor, (uint32_t)view, n, 1);
  p.d_input = t->encoder_tapes[view].upstream;
  network_backward(&r->networks[t->predictor], predicted, &p);
  p = run_pass(r, t->encoder, (uint32_t)view, n, 1);
  network_backward(&r->networks[t->encoder], &t->encoder_tapes[view], &p);
  return STATUS_OK;
}

static status_code two_views_evaluate(run *r, const batch_choice *choice,
                                      batch_result *result, status *st) {
  two_views *t = r->data;
  for (int view = 0; view < N_VIEWS; ++view)
    if (predict_view(r, t, view, choice, st) ||
        encode_target(r, t, view, choice, st))
      return st->code;
  for (int view = 0; view < N_VIEWS; ++view)
    if (learn_view(r, t, view, choice->n_items, &result->loss, st))
      return st->code;
  return STATUS_OK;
}

static void two_views_stepped(run *r) {
  const two_views *t = r->data;
  const network *encoder = &r->networks[t->encoder];
  const real *from = r->values.parameters + encoder->first_parameter;
  const real kept = C(t->momentum), fresh = C(1 - t->momentum);
  real *to = target_parameters(r);
  SIMD for (size_t j = 0; j < encoder->n_parameters; ++j) to[j] =
      kept * to[j] + fresh * from[j];
}

/* ---- output -------------------------------------------------------------- */

static size_t two_views_output_width(const run *r) {
  const two_views *t = r->data;
  return t->n_out;
}

static status_code two_views_output(run *r, const int *rows, size_t n,
                                    double *out, status *st) {
  two_views *t = r->data;
  return output_rows(r, t->encoder, &t->encoder_tapes[0], t->x, t->n_rows,
                     rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const two_views_arrays[] = {"x", NULL};
static const char *const two_views_metrics[] = {NULL};

static const task_type two_views_task = {
    .name = "two_views",
    .arrays = two_views_arrays,
    .metrics = two_views_metrics,
    .lay_out = two_views_lay_out,
    .load = two_views_load,
    .start = two_views_start,
    .evaluate = two_views_evaluate,
    .stepped = two_views_stepped,
    .output_width = two_views_output_width,
    .output = two_views_output};
