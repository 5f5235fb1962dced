/* Each of two views of a row predicts what a target, which follows the
 * network, makes of the other: bootstrap your own latent (BYOL: Grill et al.
 * 2020, arXiv:2006.07733; on expression: Dradjat et al. 2025, doi
 * 10.1093/bioinformatics/btaf533).
 *
 * Networks, in this order: "encoder", "projector", "predictor". The views are a
 * row and its corrupted copy (task/samples_views.h); both go through the
 * networks in one pass, so batch normalisation sees them together. The target
 * has the structure of encoder and projector; its parameters and running
 * statistics t follow theirs, p, after each step by
 * t = momentum t + (1 - momentum) p, and take no gradient. With q the
 * predictions of a batch and t the target's projections,
 *
 *     loss = mean_i L(q_i(view 1), t_i(view 2)) + L(q_i(view 2), t_i(view 1)).
 *
 * L is the head loss that the objective names: "cosine_distance" as published.
 * Options: `momentum`, and `rise_steps`, after so many steps of which it has
 * come to 1 along half a cosine; 0 for never. */

#include "nn/losses.h"
#include "task/collapse.h"
#include "task/samples_views.h"
#include "task/tasks.h"

#define N_VIEWS 2

typedef struct {
  sample_views views;
  size_t n_encoded, n_out;
  size_t encoder, projector, predictor; /* numbers of the networks */
  size_t n_parameters, n_state; /* of encoder and projector, side by side */
  double momentum, rise_steps;
  const head_loss *loss;
  tape encoder_tape, projector_tape, predictor_tape;
  tape target_encoder_tape, target_projector_tape;
  real *targets; /* 2 batch_size x n_out: for row i that of its other view */
  real *loss_scratch, *sums;
  double *row_loss;
} bootstrap;

/* ---- the target, in the task's part of the store's state ----------------- */

static real *target_parameters(const run *r) {
  return task_state(r);
}

static real *target_state(const run *r) {
  const bootstrap *t = r->data;
  return task_state(r) + t->n_parameters;
}

/* to = kept to + (1 - kept) from */
FOR_EACH_CPU
static void follow(const real *from, size_t n, real kept, real *to) {
  const real fresh = 1 - kept;
  SIMD for (size_t j = 0; j < n; ++j) to[j] = kept * to[j] + fresh * from[j];
}

/* Encoder and projector are the first networks of the store. */
static void follow_networks(const run *r, double kept) {
  const bootstrap *t = r->data;
  follow(r->values.parameters, t->n_parameters, C(kept), target_parameters(r));
  follow(r->values.state, t->n_state, C(kept), target_state(r));
}

/* ---- laying out ---------------------------------------------------------- */

static void bootstrap_read_plan(const training_plan *plan, const run *r,
                                bootstrap *t, status *st) {
  t->momentum = plan_option(plan, "momentum", st);
  t->rise_steps = plan_option(plan, "rise_steps", st);
  t->encoder = plan_network(plan, "encoder", st);
  t->projector = plan_network(plan, "projector", st);
  t->predictor = plan_network(plan, "predictor", st);
  t->loss = find_head_loss(plan->objective);
  if (t->loss == NULL)
    status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\"",
                plan->objective);
  if (st->code) return;
  const network *encoder = &r->networks[t->encoder];
  const network *projector = &r->networks[t->projector];
  const network *predictor = &r->networks[t->predictor];
  t->n_encoded = row_size(encoder->out);
  t->n_out = row_size(projector->out);
  t->n_parameters = encoder->n_parameters + projector->n_parameters;
  t->n_state = encoder->n_state + projector->n_state;
  if (t->encoder != 0 || t->projector != 1)
    status_fail(st, STATUS_INTERNAL,
                "the first networks must be encoder and projector");
  else if (row_size(encoder->in) != t->views.n_in ||
           row_size(projector->in) != t->n_encoded ||
           row_size(predictor->in) != t->n_out ||
           row_size(predictor->out) != t->n_out)
    status_fail(st, STATUS_INTERNAL,
                "encoder, projector and predictor do not fit each other or "
                "`x`");
}

static void bootstrap_take(const run *r, size_t n, arena *a, bootstrap *t) {
  const network *encoder = &r->networks[t->encoder];
  const network *projector = &r->networks[t->projector];
  tape_take(encoder, n, 1, a, &t->encoder_tape);
  tape_take(projector, n, 1, a, &t->projector_tape);
  tape_take(&r->networks[t->predictor], n, 1, a, &t->predictor_tape);
  tape_take(encoder, n, 0, a, &t->target_encoder_tape);
  tape_take(projector, n, 0, a, &t->target_projector_tape);
  t->targets = arena_take(a, n, t->n_out * sizeof(real));
  t->loss_scratch = arena_take(a, t->loss->scratch(n, t->n_out), sizeof(real));
  t->sums = arena_take(a, t->n_encoded, sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
}

static status_code bootstrap_lay_out(const training_plan *plan, run *r,
                                     arena *a, status *st) {
  bootstrap counted; /* stands in while sizes are added up */
  bootstrap *t = arena_take(a, 1, sizeof(bootstrap));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  views_lay_out(plan, a, &t->views, st);
  bootstrap_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  bootstrap_take(r, N_VIEWS * plan->batch_size, a, t);
  r->n_items = t->views.n_rows;
  r->n_task_state = t->n_parameters + t->n_state;
  return STATUS_OK;
}

static status_code bootstrap_load(run *r, const array_block *block,
                                  status *st) {
  const bootstrap *t = r->data;
  return views_load(&t->views, block, st);
}

/* The target starts as a copy. */
static status_code bootstrap_start(run *r, status *st) {
  bootstrap *t = r->data;
  views_start(&t->views);
  follow_networks(r, 0);
  return st->code;
}

/* ---- batches ------------------------------------------------------------- */

/* Runs n rows of a tape's input through network `number`. */
static status_code online_forward(const run *r, size_t number, tape *t,
                                  size_t n, status *st) {
  pass p = run_pass(r, number, 0, n, 1);
  return network_forward(&r->networks[number], t, &p, st);
}

/* The same with the target's parameters, and dropout of its own. */
static status_code target_forward(const run *r, size_t number, tape *t,
                                  size_t n, status *st) {
  const network *net = &r->networks[number];
  pass p = run_pass(r, number, 1, n, 1);
  p.parameters = target_parameters(r) + net->first_parameter;
  p.state = target_state(r) + net->first_state;
  return network_forward(net, t, &p, st);
}

/* Predictions of n rows, half of each view; metrics of the clean ones. */
static status_code predict_views(const run *r, bootstrap *t, size_t n,
                                 batch_result *result, status *st) {
  if (online_forward(r, t->encoder, &t->encoder_tape, n, st)) return st->code;
  collapse_metrics(t->encoder_tape.output, n / N_VIEWS, t->n_encoded, t->sums,
                   result->metric);
  memcpy(t->projector_tape.input, t->encoder_tape.output,
         n * t->n_encoded * sizeof(real));
  if (online_forward(r, t->projector, &t->projector_tape, n, st))
    return st->code;
  memcpy(t->predictor_tape.input, t->projector_tape.output,
         n * t->n_out * sizeof(real));
  return online_forward(r, t->predictor, &t->predictor_tape, n, st);
}

/* What the target makes of them, each in the place of its other view. */
static status_code project_targets(const run *r, bootstrap *t, size_t n,
                                   status *st) {
  tape *encoded = &t->target_encoder_tape;
  tape *projected = &t->target_projector_tape;
  if (target_forward(r, t->encoder, encoded, n, st)) return st->code;
  memcpy(projected->input, encoded->output, n * t->n_encoded * sizeof(real));
  if (target_forward(r, t->projector, projected, n, st)) return st->code;
  size_t half = n / N_VIEWS * t->n_out;
  memcpy(t->targets, projected->output + half, half * sizeof(real));
  memcpy(t->targets + half, projected->output, half * sizeof(real));
  return STATUS_OK;
}

/* From the predictions' gradient back through all three networks. */
static void learn_predictions(const run *r, bootstrap *t, size_t n) {
  pass p = run_pass(r, t->predictor, 0, n, 1);
  p.d_input = t->projector_tape.upstream;
  network_backward(&r->networks[t->predictor], &t->predictor_tape, &p);
  p = run_pass(r, t->projector, 0, n, 1);
  p.d_input = t->encoder_tape.upstream;
  network_backward(&r->networks[t->projector], &t->projector_tape, &p);
  p = run_pass(r, t->encoder, 0, n, 1);
  network_backward(&r->networks[t->encoder], &t->encoder_tape, &p);
}

static status_code bootstrap_evaluate(run *r, const batch_choice *choice,
                                      batch_result *result, status *st) {
  bootstrap *t = r->data;
  size_t n = N_VIEWS * choice->n_items;
  size_t half = choice->n_items * t->views.n_in;
  real *input = t->encoder_tape.input;
  views_clean(&t->views, choice, input);
  views_corrupted(r, &t->views, choice, input + half);
  memcpy(t->target_encoder_tape.input, input, 2 * half * sizeof(real));
  if (predict_views(r, t, n, result, st) || project_targets(r, t, n, st))
    return st->code;
  head_batch head = {.n = n,
                     .n_columns = t->n_out,
                     .n_target_columns = t->n_out,
                     .x = t->predictor_tape.output,
                     .target = t->targets,
                     .d_x = t->predictor_tape.upstream,
                     .scratch = t->loss_scratch,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  /* a mean over both views, of which the loss is the sum */
  result->loss = N_VIEWS * t->loss->evaluate(&head);
  for (size_t j = 0; j < n * t->n_out; ++j) head.d_x[j] *= N_VIEWS;
  learn_predictions(r, t, n);
  return STATUS_OK;
}

static void bootstrap_stepped(run *r) {
  const bootstrap *t = r->data;
  double kept = t->momentum;
  if (t->rise_steps > 0) {
    const double pi = 3.14159265358979323846;
    double share = r->at.n_steps / t->rise_steps;
    share = share < 1 ? share : 1;
    kept = 1 - (1 - kept) * (1 + cos(pi * share)) / 2;
  }
  follow_networks(r, kept);
}

/* ---- output -------------------------------------------------------------- */

static size_t bootstrap_output_width(const run *r) {
  const bootstrap *t = r->data;
  return t->n_encoded;
}

static status_code bootstrap_output(run *r, const int *rows, size_t n,
                                    double *out, status *st) {
  bootstrap *t = r->data;
  return output_rows(r, t->encoder, &t->encoder_tape, t->views.x,
                     t->views.n_rows, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const bootstrap_arrays[] = {"x", "corrupted", NULL};
static const char *const bootstrap_metrics[] = {"mean_cosine", "dead", NULL};

static const task_type samples_bootstrap_task = {
    .name = "samples_bootstrap",
    .arrays = bootstrap_arrays,
    .metrics = bootstrap_metrics,
    .lay_out = bootstrap_lay_out,
    .load = bootstrap_load,
    .start = bootstrap_start,
    .evaluate = bootstrap_evaluate,
    .stepped = bootstrap_stepped,
    .output_width = bootstrap_output_width,
    .output = bootstrap_output};
