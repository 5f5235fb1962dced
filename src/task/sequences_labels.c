/* Labels or numbers predicted for sequences: a head on an encoder that learns
 * with it, or stays as it is.
 *
 * Items of an epoch are sets (task/sequences_sets.h), whose weight is that of
 * the row in the loss (the weighted mean over a batch); of each a member,
 * which may be the only one, is shown as a view (shifted, masked, cropped).
 * Array `y`: targets of each set, as the loss takes them. Networks: "encoder",
 * as in task/sequences_contrast.c, and "head". The objective names a loss of
 * task/row_loss.h. Option `frozen`: 1 where the encoder runs as it does without
 * training, on views without masks, and neither its parameters nor its running
 * statistics change.
 *
 * The loss is a sum over rows, so each chunk (task/sequences_chunks.h) goes
 * through encoder, head and back once, on its own. The head runs as it does
 * without training: batch normalisation in it goes by running statistics, which
 * stay what they were set to. */

#include "task/row_loss.h"
#include "task/sequences_chunks.h"
#include "task/tasks.h"

typedef struct {
  sequence_sets sets;
  sequence_chunks chunks;
  size_t head, n_out, n_targets;
  int frozen;
  const head_loss *loss;
  tape head_tape;
  real *y;      /* sets x n_targets */
  real *target; /* of a chunk, as what follows */
  double *row_loss, *row_weight;
} sequence_labels;

/* ---- laying out ---------------------------------------------------------- */

static void sequences_labels_read_plan(const training_plan *plan, const run *r,
                                       sequence_labels *t, size_t *encoder,
                                       status *st) {
  array_plan y = plan_array(plan, "y", st);
  t->n_targets = y.n_columns;
  t->frozen = plan_option(plan, "frozen", st) != 0;
  *encoder = plan_network(plan, "encoder", st);
  t->head = plan_network(plan, "head", st);
  t->loss = find_row_loss(plan, st);
  if (st->code) return;
  t->n_out = row_size(r->networks[t->head].out);
  if (row_size(r->networks[*encoder].out) != row_size(r->networks[t->head].in))
    status_fail(st, STATUS_INTERNAL, "encoder and head do not fit each other");
  else if (y.n_rows != plan_array(plan, "set_start", st).n_rows)
    status_fail(st, STATUS_INTERNAL, "`y` must have a row for each set");
}

static status_code sequences_labels_lay_out(const training_plan *plan, run *r,
                                            arena *a, status *st) {
  sequence_labels counted; /* stands in while sizes are added up */
  sequence_labels *t = arena_take(a, 1, sizeof(sequence_labels));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  size_t encoder = 0, n = plan->batch_size;
  sequences_labels_read_plan(plan, r, t, &encoder, st);
  if (st->code) return st->code;
  int n_tracks = (int)smaller(r->networks[encoder].in.channels, 1024);
  sequence_sets_lay_out(plan, n_tracks, a, &t->sets, st);
  if (st->code) return st->code;
  sequence_chunks_lay_out(plan, r, encoder, n, a, &t->chunks, st);
  if (st->code) return st->code;
  tape_take(&r->networks[t->head], n, 1, a, &t->head_tape);
  t->y = arena_take(a, t->sets.n_sets, t->n_targets * sizeof(real));
  t->target = arena_take(a, n, t->n_targets * sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  t->row_weight = arena_take(a, n, sizeof(double));
  r->n_items = t->sets.n_sets;
  return STATUS_OK;
}

static status_code sequences_labels_load(run *r, const array_block *block,
                                         status *st) {
  const sequence_labels *t = r->data;
  if (strcmp(block->name, "y") == 0) return load_numbers(block, t->y, st);
  return sequence_sets_load(&t->sets, block, st);
}

static status_code sequences_labels_start(run *r, status *st) {
  const sequence_labels *t = r->data;
  return sequence_sets_start(&t->sets, st);
}

/* ---- batches ------------------------------------------------------------- */

/* Targets and weights of the rows of a chunk. */
static void sequences_labels_targets(const sequence_labels *t,
                                     const int *items,
                                     const sequence_chunk *chunk) {
  const int *order = t->chunks.order + chunk->first;
  for (size_t i = 0; i < chunk->n_rows; ++i) {
    int set = items[order[i]];
    gather_rows(t->y, &set, 1, t->n_targets, t->target + i * t->n_targets);
    t->row_weight[i] = t->sets.weight[set];
  }
}

/* The loss of what the head makes of a chunk, as its part of the weighted mean;
 * leaves its gradient behind the head. */
static status_code sequences_labels_loss(const run *r,
                                         const sequence_labels *t,
                                         size_t n_rows, double total,
                                         double *loss, status *st) {
  head_batch head = {.n = n_rows,
                     .n_columns = t->n_out,
                     .n_target_columns = t->n_targets,
                     .x = t->head_tape.output,
                     .target = t->target,
                     .d_x = t->head_tape.upstream,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  if (t->loss->check(&head, st)) return st->code;
  t->loss->evaluate(&head);
  *loss += weigh_row_losses(&head, t->row_weight, total);
  return STATUS_OK;
}

/* One chunk through encoder, head and back. */
static status_code sequences_labels_chunk(run *r, const int *items,
                                          size_t number, double total,
                                          double *loss, status *st) {
  sequence_labels *t = r->data;
  sequence_chunks *c = &t->chunks;
  const network *head = &r->networks[t->head];
  size_t n_rows = c->chunks[number].n_rows;
  const real *encoded =
      sequence_chunk_encode(r, c, &t->sets, number, !t->frozen, st);
  if (encoded == NULL) return st->code;
  memcpy(t->head_tape.input, encoded, n_rows * c->n_out * sizeof(real));
  pass p = chunk_pass(r, t->head, number, n_rows, 0);
  if (network_forward(head, &t->head_tape, &p, st)) return st->code;
  sequences_labels_targets(t, items, &c->chunks[number]);
  if (sequences_labels_loss(r, t, n_rows, total, loss, st)) return st->code;
  if (!t->frozen) p.d_input = sequence_chunk_upstream(c, number);
  network_backward(head, &t->head_tape, &p);
  if (!t->frozen) sequence_chunk_learn(r, c, number);
  return STATUS_OK;
}

static status_code sequences_labels_evaluate(run *r,
                                             const batch_choice *choice,
                                             batch_result *result,
                                             status *st) {
  sequence_labels *t = r->data;
  sequence_chunks *c = &t->chunks;
  size_t n = choice->n_items;
  double total = 0;
  for (size_t i = 0; i < n; ++i) total += t->sets.weight[choice->items[i]];
  sequence_sets_draw(r, &t->sets, choice, 1, c->rows);
  sequence_chunks_cut(c, n);
  for (size_t i = 0; i < c->n_chunks; ++i)
    if (sequences_labels_chunk(r, choice->items, i, total, &result->loss, st))
      return st->code;
  return STATUS_OK;
}

/* ---- output: encodings of whole sequences -------------------------------- */

static size_t sequences_labels_output_width(const run *r) {
  const sequence_labels *t = r->data;
  return t->chunks.n_out;
}

static status_code sequences_labels_output(run *r, const int *rows, size_t n,
                                           double *out, status *st) {
  sequence_labels *t = r->data;
  return sequence_chunks_output(r, &t->chunks, &t->sets, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const sequences_labels_arrays[] = {
    "codes", "start", "length", "set_start", "set_size", "weight", "y", NULL};
static const char *const sequences_labels_metrics[] = {NULL};

static const task_type sequences_labels_task = {
    .name = "sequences_labels",
    .arrays = sequences_labels_arrays,
    .metrics = sequences_labels_metrics,
    .lay_out = sequences_labels_lay_out,
    .load = sequences_labels_load,
    .start = sequences_labels_start,
    .evaluate = sequences_labels_evaluate,
    .output_width = sequences_labels_output_width,
    .output = sequences_labels_output};
