/* A row and its corrupted copy are to be each other's nearest in a batch
 * (SCARF: Bahri et al. 2022, arXiv:2106.15147; as Dradjat et al. 2025, doi
 * 10.1093/bioinformatics/btaf533, use it).
 *
 * Networks: "encoder" and "projector". Each view takes a pass of its own, so
 * batch normalisation sees one view at a time. The loss is the head loss that
 * the objective names ("nt_xent") of the projections of both views, one below
 * the other; option `temperature`. The rest of the plan is in
 * task/samples_views.h. */

#include "nn/losses.h"
#include "task/collapse.h"
#include "task/samples_views.h"
#include "task/tasks.h"

#define N_VIEWS 2

typedef struct {
  sample_views views;
  size_t n_encoded, n_out;
  size_t encoder, projector; /* numbers of the networks */
  double temperature;
  const head_loss *loss;
  tape encoder_tapes[N_VIEWS], projector_tapes[N_VIEWS];
  real *projected, *d_projected; /* of both views: 2 batch_size x n_out */
  real *loss_scratch, *sums;
  double *row_loss;
} contrast;

/* ---- laying out ---------------------------------------------------------- */

static void contrast_read_plan(const training_plan *plan, const run *r,
                               contrast *t, status *st) {
  t->temperature = plan_option(plan, "temperature", st);
  t->encoder = plan_network(plan, "encoder", st);
  t->projector = plan_network(plan, "projector", st);
  t->loss = find_head_loss(plan->objective);
  if (t->loss == NULL)
    status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\"",
                plan->objective);
  if (st->code) return;
  const network *encoder = &r->networks[t->encoder];
  const network *projector = &r->networks[t->projector];
  t->n_encoded = row_size(encoder->out);
  t->n_out = row_size(projector->out);
  if (row_size(encoder->in) != t->views.n_in ||
      row_size(projector->in) != t->n_encoded)
    status_fail(st, STATUS_INTERNAL,
                "encoder and projector do not fit each other or `x`");
}

static status_code contrast_lay_out(const training_plan *plan, run *r,
                                    arena *a, status *st) {
  contrast counted; /* stands in while sizes are added up */
  contrast *t = arena_take(a, 1, sizeof(contrast));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  views_lay_out(plan, a, &t->views, st);
  contrast_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  size_t n = plan->batch_size;
  for (int view = 0; view < N_VIEWS; ++view) {
    tape_take(&r->networks[t->encoder], n, 1, a, &t->encoder_tapes[view]);
    tape_take(&r->networks[t->projector], n, 1, a, &t->projector_tapes[view]);
  }
  t->projected = arena_take(a, N_VIEWS * n, t->n_out * sizeof(real));
  t->d_projected = arena_take(a, N_VIEWS * n, t->n_out * sizeof(real));
  t->loss_scratch =
      arena_take(a, t->loss->scratch(N_VIEWS * n, t->n_out), sizeof(real));
  t->sums = arena_take(a, t->n_encoded, sizeof(real));
  t->row_loss = arena_take(a, N_VIEWS * n, sizeof(double));
  r->n_items = t->views.n_rows;
  return STATUS_OK;
}

static status_code contrast_load(run *r, const array_block *block,
                                 status *st) {
  const contrast *t = r->data;
  return views_load(&t->views, block, st);
}

static status_code contrast_start(run *r, status *st) {
  contrast *t = r->data;
  views_start(&t->views);
  return st->code;
}

/* ---- batches ------------------------------------------------------------- */

/* The rows of a view, in the encoder's input, to their place in `projected`. */
static status_code project_view(const run *r, contrast *t, int view, size_t n,
                                status *st) {
  tape *encoded = &t->encoder_tapes[view];
  tape *projected = &t->projector_tapes[view];
  pass p = run_pass(r, t->encoder, (uint32_t)view, n, 1);
  if (network_forward(&r->networks[t->encoder], encoded, &p, st))
    return st->code;
  memcpy(projected->input, encoded->output, n * t->n_encoded * sizeof(real));
  p = run_pass(r, t->projector, (uint32_t)view, n, 1);
  if (network_forward(&r->networks[t->projector], projected, &p, st))
    return st->code;
  size_t size = n * t->n_out;
  memcpy(t->projected + (size_t)view * size, projected->output,
         size * sizeof(real));
  return STATUS_OK;
}

static void learn_projected_view(const run *r, contrast *t, int view,
                                 size_t n) {
  tape *projected = &t->projector_tapes[view];
  size_t size = n * t->n_out;
  memcpy(projected->upstream, t->d_projected + (size_t)view * size,
         size * sizeof(real));
  pass p = run_pass(r, t->projector, (uint32_t)view, n, 1);
  p.d_input = t->encoder_tapes[view].upstream;
  network_backward(&r->networks[t->projector], projected, &p);
  p = run_pass(r, t->encoder, (uint32_t)view, n, 1);
  network_backward(&r->networks[t->encoder], &t->encoder_tapes[view], &p);
}

static status_code contrast_evaluate(run *r, const batch_choice *choice,
                                     batch_result *result, status *st) {
  contrast *t = r->data;
  size_t n = choice->n_items;
  views_clean(&t->views, choice, t->encoder_tapes[0].input);
  views_corrupted(r, &t->views, choice, t->encoder_tapes[1].input);
  for (int view = 0; view < N_VIEWS; ++view)
    if (project_view(r, t, view, n, st)) return st->code;
  collapse_metrics(t->encoder_tapes[0].output, n, t->n_encoded, t->sums,
                   result->metric);
  head_batch head = {.n = N_VIEWS * n,
                     .n_columns = t->n_out,
                     .n_target_columns = t->n_out,
                     .x = t->projected,
                     .target = t->projected,
                     .d_x = t->d_projected,
                     .option = t->temperature,
                     .scratch = t->loss_scratch,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  result->loss = t->loss->evaluate(&head);
  for (int view = 0; view < N_VIEWS; ++view)
    learn_projected_view(r, t, view, n);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static size_t contrast_output_width(const run *r) {
  const contrast *t = r->data;
  return t->n_encoded;
}

static status_code contrast_output(run *r, const int *rows, size_t n,
                                   double *out, status *st) {
  contrast *t = r->data;
  return output_rows(r, t->encoder, &t->encoder_tapes[0], t->views.x,
                     t->views.n_rows, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const contrast_arrays[] = {"x", "corrupted", NULL};
static const char *const contrast_metrics[] = {"mean_cosine", "dead", NULL};

static const task_type samples_contrast_task = {
    .name = "samples_contrast",
    .arrays = contrast_arrays,
    .metrics = contrast_metrics,
    .lay_out = contrast_lay_out,
    .load = contrast_load,
    .start = contrast_start,
    .evaluate = contrast_evaluate,
    .output_width = contrast_output_width,
    .output = contrast_output};
