/* From a corrupted row, which values were replaced and what the row was (VIME,
 * its self-supervised part: Yoon et al. 2020, NeurIPS; as Dradjat et al. 2025,
 * doi 10.1093/bioinformatics/btaf533, use it).
 *
 * Networks: "encoder", and from its encodings "mask_decoder" and
 * "value_decoder", both as wide as `x`. With m the mask of values that differ
 * from those of the row x,
 *
 *     loss = BCE(mask_decoder, m) + alpha mean (x - value_decoder)^2,
 *
 * both means over all values; option `alpha`. A value that was replaced by an
 * equal one counts as kept. The rest of the plan is in task/samples_views.h. */

#include "nn/losses.h"
#include "task/collapse.h"
#include "task/samples_views.h"
#include "task/tasks.h"

typedef struct {
  sample_views views;
  size_t n_encoded;
  size_t encoder, mask_decoder, value_decoder; /* numbers of the networks */
  double alpha;
  const head_loss *mask_loss, *value_loss;
  tape encoder_tape, mask_tape, value_tape;
  real *clean, *mask; /* batch_size x n_in: what is to be found */
  real *d_encoded;    /* batch_size x n_encoded */
  real *sums;
  double *row_loss;
} reconstruct;

/* ---- laying out ---------------------------------------------------------- */

static void reconstruct_read_plan(const training_plan *plan, const run *r,
                                  reconstruct *t, status *st) {
  t->alpha = plan_option(plan, "alpha", st);
  t->encoder = plan_network(plan, "encoder", st);
  t->mask_decoder = plan_network(plan, "mask_decoder", st);
  t->value_decoder = plan_network(plan, "value_decoder", st);
  t->mask_loss = find_head_loss("binary_cross_entropy");
  t->value_loss = find_head_loss("squared_error");
  if (st->code) return;
  const network *encoder = &r->networks[t->encoder];
  const network *mask = &r->networks[t->mask_decoder];
  const network *value = &r->networks[t->value_decoder];
  size_t n_in = t->views.n_in;
  t->n_encoded = row_size(encoder->out);
  if (row_size(encoder->in) != n_in || row_size(mask->in) != t->n_encoded ||
      row_size(value->in) != t->n_encoded || row_size(mask->out) != n_in ||
      row_size(value->out) != n_in)
    status_fail(st, STATUS_INTERNAL,
                "encoder and decoders do not fit each other or `x`");
}

static status_code reconstruct_lay_out(const training_plan *plan, run *r,
                                       arena *a, status *st) {
  reconstruct counted; /* stands in while sizes are added up */
  reconstruct *t = arena_take(a, 1, sizeof(reconstruct));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  views_lay_out(plan, a, &t->views, st);
  reconstruct_read_plan(plan, r, t, st);
  if (st->code) return st->code;
  size_t n = plan->batch_size, n_in = t->views.n_in;
  tape_take(&r->networks[t->encoder], n, 1, a, &t->encoder_tape);
  tape_take(&r->networks[t->mask_decoder], n, 1, a, &t->mask_tape);
  tape_take(&r->networks[t->value_decoder], n, 1, a, &t->value_tape);
  t->clean = arena_take(a, n, n_in * sizeof(real));
  t->mask = arena_take(a, n, n_in * sizeof(real));
  t->d_encoded = arena_take(a, n, t->n_encoded * sizeof(real));
  t->sums = arena_take(a, t->n_encoded, sizeof(real));
  t->row_loss = arena_take(a, n, sizeof(double));
  r->n_items = t->views.n_rows;
  return STATUS_OK;
}

static status_code reconstruct_load(run *r, const array_block *block,
                                    status *st) {
  const reconstruct *t = r->data;
  return views_load(&t->views, block, st);
}

static status_code reconstruct_start(run *r, status *st) {
  reconstruct *t = r->data;
  views_start(&t->views);
  return st->code;
}

/* ---- batches ------------------------------------------------------------- */

/* The rows of a batch, their corrupted copies (the encoder's input) and the
 * mask of the values that differ. */
static void prepare_rows(const run *r, reconstruct *t,
                         const batch_choice *choice) {
  const real *corrupted = t->encoder_tape.input;
  views_clean(&t->views, choice, t->clean);
  views_corrupted(r, &t->views, choice, t->encoder_tape.input);
  for (size_t j = 0; j < choice->n_items * t->views.n_in; ++j)
    t->mask[j] = corrupted[j] != t->clean[j];
}

static status_code decode(const run *r, reconstruct *t, size_t number,
                          tape *decoder, size_t n, status *st) {
  pass p = run_pass(r, number, 0, n, 1);
  memcpy(decoder->input, t->encoder_tape.output,
         n * t->n_encoded * sizeof(real));
  return network_forward(&r->networks[number], decoder, &p, st);
}

/* The loss of a decoder against its target, times weight; its gradient is in
 * the decoder's upstream then. */
static double decoder_loss(const run *r, const reconstruct *t,
                           const head_loss *loss, const tape *decoder,
                           const real *target, size_t n, double weight) {
  size_t n_in = t->views.n_in;
  head_batch head = {.n = n,
                     .n_columns = n_in,
                     .n_target_columns = n_in,
                     .x = decoder->output,
                     .target = target,
                     .d_x = decoder->upstream,
                     .row_loss = t->row_loss,
                     .n_threads = r->n_threads};
  double value = loss->evaluate(&head);
  if (weight != 1)
    for (size_t j = 0; j < n * n_in; ++j) head.d_x[j] *= C(weight);
  return weight * value;
}

/* Back through a decoder; the gradient of the encodings goes to d_encoded. */
static void learn_decoder(const run *r, size_t number, tape *decoder, size_t n,
                          real *d_encoded) {
  pass p = run_pass(r, number, 0, n, 1);
  p.d_input = d_encoded;
  network_backward(&r->networks[number], decoder, &p);
}

/* Values whose logit has the sign of the mask, over n_in: a sum over rows. */
static double count_mask_hits(const reconstruct *t, size_t n) {
  size_t n_hits = 0;
  for (size_t j = 0; j < n * t->views.n_in; ++j)
    n_hits += (t->mask_tape.output[j] > 0) == (t->mask[j] > 0);
  return (double)n_hits / (double)t->views.n_in;
}

static status_code reconstruct_evaluate(run *r, const batch_choice *choice,
                                        batch_result *result, status *st) {
  reconstruct *t = r->data;
  size_t n = choice->n_items;
  prepare_rows(r, t, choice);
  pass p = run_pass(r, t->encoder, 0, n, 1);
  if (network_forward(&r->networks[t->encoder], &t->encoder_tape, &p, st) ||
      decode(r, t, t->mask_decoder, &t->mask_tape, n, st) ||
      decode(r, t, t->value_decoder, &t->value_tape, n, st))
    return st->code;
  result->metric[0] = count_mask_hits(t, n);
  collapse_metrics(t->encoder_tape.output, n, t->n_encoded, t->sums,
                   result->metric + 1);
  result->loss =
      decoder_loss(r, t, t->mask_loss, &t->mask_tape, t->mask, n, 1) +
      decoder_loss(r, t, t->value_loss, &t->value_tape, t->clean, n, t->alpha);
  learn_decoder(r, t->mask_decoder, &t->mask_tape, n, t->d_encoded);
  learn_decoder(r, t->value_decoder, &t->value_tape, n,
                t->encoder_tape.upstream);
  add_values(t->d_encoded, n * t->n_encoded, t->encoder_tape.upstream);
  p = run_pass(r, t->encoder, 0, n, 1);
  network_backward(&r->networks[t->encoder], &t->encoder_tape, &p);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static size_t reconstruct_output_width(const run *r) {
  const reconstruct *t = r->data;
  return t->n_encoded;
}

static status_code reconstruct_output(run *r, const int *rows, size_t n,
                                      double *out, status *st) {
  reconstruct *t = r->data;
  return output_rows(r, t->encoder, &t->encoder_tape, t->views.x,
                     t->views.n_rows, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const reconstruct_arrays[] = {"x", "corrupted", NULL};
static const char *const reconstruct_metrics[] = {"mask_accuracy",
                                                  "mean_cosine", "dead", NULL};

static const task_type samples_reconstruct_task = {
    .name = "samples_reconstruct",
    .arrays = reconstruct_arrays,
    .metrics = reconstruct_metrics,
    .lay_out = reconstruct_lay_out,
    .load = reconstruct_load,
    .start = reconstruct_start,
    .evaluate = reconstruct_evaluate,
    .output_width = reconstruct_output_width,
    .output = reconstruct_output};
