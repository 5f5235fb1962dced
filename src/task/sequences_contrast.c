/* Two views of a set of sequences are to be each other's nearest in a batch
 * (IsoCLR: Fradkin et al. 2023, arXiv:2310.08738).
 *
 * Items of an epoch are sets. A view is a member of the set, drawn at random,
 * cropped, shifted and masked (task/sequences_sets.h). Networks: "encoder",
 * over positions x 4 or 6 tracks, whose positions are the longest that a view
 * may have, and "projector". Rows pass the encoder in chunks
 * (task/sequences_chunks.h) and the projector all at once, both views below one
 * another, so its batch normalisation sees both. The loss is the head loss that
 * the objective names: "decoupled", "decoupled_one_sum" (by sets and their
 * weights) or "nt_xent" (without weights); option `temperature`. */

#include "nn/losses.h"
#include "task/collapse.h"
#include "task/sequences_chunks.h"
#include "task/tasks.h"

#define N_SEQUENCE_VIEWS 2
#define N_PAIR_TARGETS 2 /* set and weight */

/* Numbers of sets that the loss takes. */
#define MOST_SEQUENCE_SETS ((size_t)1 << 24)

typedef struct {
  sequence_sets sets;
  sequence_chunks chunks;
  size_t projector, n_out;
  double temperature;
  const head_loss *loss;
  tape projector_tape;
  real *target; /* 2 batch_size x N_PAIR_TARGETS */
  real *d_projected, *loss_scratch, *sums;
  double *row_loss, *row_hit;
} sequence_contrast;

/* ---- laying out ---------------------------------------------------------- */

static void sequences_contrast_read_plan(const training_plan *plan,
                                         const run *r, sequence_contrast *t,
                                         size_t *encoder, status *st) {
  t->temperature = plan_option(plan, "temperature", st);
  *encoder = plan_network(plan, "encoder", st);
  t->projector = plan_network(plan, "projector", st);
  t->loss = find_head_loss(plan->objective);
  if (t->loss == NULL ||
      (t->loss->check != check_decoupled && t->loss->check != check_views))
    status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\" of two views",
                plan->objective);
  if (st->code) return;
  t->n_out = row_size(r->networks[t->projector].out);
  if (row_size(r->networks[*encoder].out) !=
      row_size(r->networks[t->projector].in))
    status_fail(st, STATUS_INTERNAL,
                "encoder and projector do not fit each other");
}

static status_code sequences_contrast_lay_out(const training_plan *plan,
                                              run *r, arena *a, status *st) {
  sequence_contrast counted; /* stands in while sizes are added up */
  sequence_contrast *t = arena_take(a, 1, sizeof(sequence_contrast));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  size_t encoder = 0, n = N_SEQUENCE_VIEWS * plan->batch_size;
  sequences_contrast_read_plan(plan, r, t, &encoder, st);
  if (st->code) return st->code;
  int n_tracks = (int)smaller(r->networks[encoder].in.channels, 1024);
  sequence_sets_lay_out(plan, n_tracks, a, &t->sets, st);
  if (st->code) return st->code;
  if (t->sets.n_sets > MOST_SEQUENCE_SETS)
    return status_fail(st, STATUS_BAD_INPUT, "%zu sets are too many",
                       t->sets.n_sets);
  sequence_chunks_lay_out(plan, r, encoder, n, a, &t->chunks, st);
  if (st->code) return st->code;
  tape_take(&r->networks[t->projector], n, 1, a, &t->projector_tape);
  t->target = arena_take(a, n, N_PAIR_TARGETS * sizeof(real));
  t->d_projected = arena_take(a, n, t->n_out * sizeof(real));
  t->loss_scratch = arena_take(a, t->loss->scratch(n, t->n_out), sizeof(real));
  t->sums = arena_take(a, t->chunks.n_out, sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  t->row_hit = arena_take(a, n, sizeof(double));
  r->n_items = t->sets.n_sets;
  return STATUS_OK;
}

static status_code sequences_contrast_load(run *r, const array_block *block,
                                           status *st) {
  const sequence_contrast *t = r->data;
  return sequence_sets_load(&t->sets, block, st);
}

static status_code sequences_contrast_start(run *r, status *st) {
  const sequence_contrast *t = r->data;
  return sequence_sets_start(&t->sets, st);
}

/* ---- batches ------------------------------------------------------------- */

/* Sets other than the own are what a view is compared with. */
static status_code sequences_check_batch(const batch_choice *choice,
                                         status *st) {
  for (size_t i = 1; i < choice->n_items; ++i)
    if (choice->items[i] != choice->items[0]) return STATUS_OK;
  return status_fail(st, STATUS_BAD_INPUT,
                     "a batch needs at least two sets of sequences");
}

static void sequences_fill_targets(const sequence_contrast *t,
                                   const batch_choice *choice) {
  size_t n = choice->n_items;
  for (size_t i = 0; i < N_SEQUENCE_VIEWS * n; ++i) {
    int set = choice->items[i % n];
    t->target[N_PAIR_TARGETS * i] = C(set);
    t->target[N_PAIR_TARGETS * i + 1] = C(t->sets.weight[set]);
  }
}

/* The loss of the projections, and their gradient. */
static status_code sequences_take_loss(const run *r, sequence_contrast *t,
                                       size_t n_rows, double *loss,
                                       status *st) {
  head_batch head = {.n = n_rows,
                     .n_columns = t->n_out,
                     .n_target_columns = N_PAIR_TARGETS,
                     .x = t->projector_tape.output,
                     .target = t->target,
                     .d_x = t->d_projected,
                     .option = t->temperature,
                     .scratch = t->loss_scratch,
                     .row_loss = t->row_loss,
                     .row_hit = t->row_hit,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  *loss = t->loss->evaluate(&head);
  return STATUS_OK;
}

static status_code sequences_contrast_evaluate(run *r,
                                               const batch_choice *choice,
                                               batch_result *result,
                                               status *st) {
  sequence_contrast *t = r->data;
  sequence_chunks *c = &t->chunks;
  const network *projector = &r->networks[t->projector];
  size_t n = choice->n_items, n_rows = N_SEQUENCE_VIEWS * n;
  if (sequences_check_batch(choice, st)) return st->code;
  sequence_sets_draw(r, &t->sets, choice, N_SEQUENCE_VIEWS, c->rows);
  sequence_chunks_cut(c, n_rows);
  if (sequence_chunks_encode(r, c, &t->sets, 1, st)) return st->code;
  tape *projected = &t->projector_tape;
  memcpy(projected->input, c->encoded, n_rows * c->n_out * sizeof(real));
  pass p = run_pass(r, t->projector, 0, n_rows, 1);
  if (network_forward(projector, projected, &p, st)) return st->code;
  sequences_fill_targets(t, choice);
  if (sequences_take_loss(r, t, n_rows, &result->loss, st)) return st->code;
  for (size_t i = 0; i < n_rows; ++i)
    result->metric[0] += t->row_hit[i] / N_SEQUENCE_VIEWS;
  collapse_metrics(c->encoded, n, c->n_out, t->sums, result->metric + 1);
  memcpy(projected->upstream, t->d_projected,
         n_rows * t->n_out * sizeof(real));
  p.d_input = c->d_encoded;
  network_backward(projector, projected, &p);
  return sequence_chunks_learn(r, c, &t->sets, st);
}

/* ---- output: encodings of whole sequences -------------------------------- */

static size_t sequences_contrast_output_width(const run *r) {
  const sequence_contrast *t = r->data;
  return t->chunks.n_out;
}

static status_code sequences_contrast_output(run *r, const int *rows, size_t n,
                                             double *out, status *st) {
  sequence_contrast *t = r->data;
  return sequence_chunks_output(r, &t->chunks, &t->sets, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const sequences_contrast_arrays[] = {
    "codes", "start", "length", "set_start", "set_size", "weight", NULL};
static const char *const sequences_contrast_metrics[] = {"hits", "mean_cosine",
                                                         "dead", NULL};

static const task_type sequences_contrast_task = {
    .name = "sequences_contrast",
    .arrays = sequences_contrast_arrays,
    .metrics = sequences_contrast_metrics,
    .lay_out = sequences_contrast_lay_out,
    .load = sequences_contrast_load,
    .start = sequences_contrast_start,
    .evaluate = sequences_contrast_evaluate,
    .output_width = sequences_contrast_output_width,
    .output = sequences_contrast_output};
