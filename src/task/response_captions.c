/* Pairs of a drug and a cell find their captions (contrastive language
 * supervision of drug response, CLDR: Li & Hu 2023, arXiv:2312.10707).
 *
 * With z of pairs (task/response_rows.h) and t of captions
 * (task/response_text.h) the loss of a batch is
 *
 *     caption_weight InfoNCE(z, t) + chain_weight chain(numbers)
 *                                  + head_weight squared error of the head,
 *
 * with InfoNCE as in nn/loss_soft_info_nce.c, its scale learned, and the chain
 * of nn/loss_chain.c over what the network "number" makes of the numbers, in
 * their order. Options, beside those of the captions:
 *
 *     sigma          above 0: caption j belongs to pair i by
 *                    exp(-(y_i - y_j)^2 / 2 sigma^2); 0: equal captions do
 *     equal          with sigma 0: do equal captions of other pairs belong, or
 *                    the own alone?
 *     most_scale     above which the scale does not rise
 *     chain_ahead, chain_back   weights of p and q in the chain
 *     chain_mean     1: mean over the neighbours; 0: their sum
 *     chain_learned  1: the step is learned; 0: it stays as it was drawn
 *
 * The task's own parameters are the log of the scale and, with a chain, its
 * step, which starts at random with an L1 norm of 1. */

#include "task/response_text.h"
#include "task/tasks.h"

#define FIRST_TEMPERATURE 0.07

typedef struct {
  response_rows pairs;
  response_text text;
  response_loss head;
  soft_info_nce_room room;
  double caption_weight, chain_weight, head_weight;
  double sigma, most_scale, chain_ahead, chain_back;
  int equal, chain_mean, chain_learned;
  real *d_z;
} response_captions;

/* ---- laying out ---------------------------------------------------------- */

static void response_captions_read_plan(const training_plan *plan,
                                        response_captions *t, status *st) {
  t->caption_weight = plan_option(plan, "caption_weight", st);
  t->chain_weight = plan_option(plan, "chain_weight", st);
  t->head_weight = plan_option(plan, "head_weight", st);
  t->sigma = plan_option(plan, "sigma", st);
  t->equal = plan_option(plan, "equal", st) != 0;
  t->most_scale = plan_option(plan, "most_scale", st);
  t->chain_ahead = plan_option(plan, "chain_ahead", st);
  t->chain_back = plan_option(plan, "chain_back", st);
  t->chain_mean = plan_option(plan, "chain_mean", st) != 0;
  t->chain_learned = plan_option(plan, "chain_learned", st) != 0;
  if (st->code == STATUS_OK &&
      plan_has_network(plan, "head") != (t->head_weight > 0))
    status_fail(st, STATUS_INTERNAL,
                "a head goes with a weight of its loss, and without one there "
                "is none");
}

static status_code response_captions_lay_out(const training_plan *plan, run *r,
                                             arena *a, status *st) {
  response_captions counted; /* stands in while sizes are added up */
  response_captions *t = arena_take(a, 1, sizeof(response_captions));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  size_t n = plan->batch_size;
  response_captions_read_plan(plan, t, st);
  if (st->code) return st->code;
  response_rows_lay_out(plan, r, a, &t->pairs, st);
  if (st->code) return st->code;
  response_text_lay_out(plan, r, &t->pairs, a, &t->text, st);
  if (st->code) return st->code;
  if (t->head_weight > 0)
    response_loss_lay_out(plan, r, &t->pairs, "squared_error", 0, a, &t->head,
                          st);
  soft_info_nce_take(n, t->pairs.n_out, t->text.n_hard, a, &t->room);
  t->d_z = arena_take(a, n, t->pairs.n_out * sizeof(real));
  r->n_items = t->pairs.n_pairs;
  r->n_task_parameters = 1 + (t->chain_weight > 0 ? t->text.width : 0);
  return st->code;
}

static status_code response_captions_load(run *r, const array_block *block,
                                          status *st) {
  const response_captions *t = r->data;
  if (response_text_load(&t->text, block, st)) return st->code;
  return response_rows_load(&t->pairs, block, st);
}

/* A step of random direction, its L1 norm 1. */
static void draw_step(const run *r, size_t n, real *step) {
  rng stream =
      rng_open(r->key, rng_stream(RNG_INITIALISE, MAX_NETWORKS, 0), 0, 0);
  double total = 0;
  for (size_t j = 0; j < n; ++j) {
    double draw = 2 * rng_unit(&stream) - 1;
    step[j] = C(draw);
    total += fabs(draw);
  }
  for (size_t j = 0; j < n; ++j) step[j] /= C(total);
}

static status_code response_captions_start(run *r, status *st) {
  const response_captions *t = r->data;
  real *own = task_parameters(r);
  response_rows_start(&t->pairs);
  response_text_start(&t->text);
  own[0] = C(-log(FIRST_TEMPERATURE));
  draw_step(r, r->n_task_parameters - 1, own + 1);
  return st->code;
}

/* ---- batches ------------------------------------------------------------- */

/* How much caption j belongs to pair i. */
static real caption_share(const response_captions *t, const int *items,
                          size_t i, size_t j) {
  if (i == j) return 1;
  if (t->sigma > 0) {
    double apart =
        (double)(t->pairs.y[items[i]] - t->pairs.y[items[j]]) / t->sigma;
    return C(exp(-0.5 * apart * apart));
  }
  return t->equal && response_text_same(&t->text, i, j) ? 1 : 0;
}

static void fill_caption_shares(const response_captions *t,
                                const batch_choice *choice) {
  size_t n = choice->n_items;
  real *weight = t->room.weight;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j)
      weight[i * n + j] = weight[j * n + i] =
          caption_share(t, choice->items, i, j);
}

/* InfoNCE of the batch: its gradients to d_z and to the captions' networks,
 * where `number_tape.upstream` waits for the chain. */
static status_code response_captions_contrast(const run *r,
                                              response_captions *t, size_t n,
                                              batch_result *result,
                                              status *st) {
  response_text *text = &t->text;
  const real *z = t->pairs.fusion_tape.output;
  real *d_t = text->sentence_tape.upstream;
  if (response_text_without_number(r, text, n, st)) return st->code;
  result->metric[3] = soft_info_nce_hits(
      &t->room, n, z, text->sentence_tape.output, r->n_threads);
  if (response_text_forward(r, text, n, st)) return st->code;
  soft_result found = soft_info_nce(&t->room, n, z, text->sentence_tape.output,
                                    (double)task_parameters(r)[0],
                                    t->most_scale, t->d_z, d_t, r->n_threads);
  const real weight = C(t->caption_weight);
  for (size_t i = 0; i < n * t->pairs.n_out; ++i) t->d_z[i] *= weight;
  for (size_t i = 0; i < n * text->n_captions * text->n_out; ++i)
    d_t[i] *= weight;
  task_gradients(r)[0] += C(t->caption_weight * found.d_log_scale);
  result->metric[0] = (double)n * found.loss;
  result->metric[2] = found.n_hits;
  result->loss += t->caption_weight * found.loss;
  response_text_learn(r, text, n);
  return STATUS_OK;
}

static void response_captions_chain(const run *r, response_captions *t,
                                    size_t n, batch_result *result) {
  const response_text *text = &t->text;
  size_t n_steps = text->n_numbers - 1;
  chain_batch chain = {
      .n = text->n_numbers,
      .d = text->width,
      .x = text->number_tape.output,
      .step = task_parameters(r) + 1,
      .ahead = t->chain_ahead,
      .back = t->chain_back,
      .share = t->chain_weight / (t->chain_mean ? (double)n_steps : 1),
      .d_x = text->number_tape.upstream,
      .d_step = t->chain_learned ? task_gradients(r) + 1 : NULL};
  double loss = chain_loss(&chain);
  result->metric[1] = (double)n * loss / t->chain_weight;
  result->loss += loss;
}

static status_code response_captions_evaluate(run *r,
                                              const batch_choice *choice,
                                              batch_result *result,
                                              status *st) {
  response_captions *t = r->data;
  size_t n = choice->n_items;
  if (response_rows_forward(r, &t->pairs, choice->items, n, 1, st) ||
      response_text_prepare(r, &t->text, &t->pairs, choice, st))
    return st->code;
  fill_caption_shares(t, choice);
  if (response_captions_contrast(r, t, n, result, st)) return st->code;
  if (t->chain_weight > 0) response_captions_chain(r, t, n, result);
  response_text_learn_numbers(r, &t->text);
  double squares = 0;
  if (t->head_weight > 0 &&
      response_loss_evaluate(r, &t->head, &t->pairs, choice, t->head_weight,
                             t->d_z, &squares, st))
    return st->code;
  result->loss += t->head_weight * squares;
  memcpy(t->pairs.fusion_tape.upstream, t->d_z,
         n * t->pairs.n_out * sizeof(real));
  response_rows_learn(r, &t->pairs, n);
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static size_t response_captions_output_width(const run *r) {
  const response_captions *t = r->data;
  return t->pairs.n_out;
}

static status_code response_captions_output(run *r, const int *rows, size_t n,
                                            double *out, status *st) {
  response_captions *t = r->data;
  return response_rows_output(r, &t->pairs, rows, n, out, st);
}

/* ---- the task ------------------------------------------------------------ */

static const char *const response_captions_arrays[] = {
    "drugs",     "cells",     "drug",          "cell",        "y",
    "numbers",   "number",    "number_filled", "drug_words",  "cell_words",
    "drug_text", "cell_text", "drug_filled",   "cell_filled", NULL};
/* hits: pairs whose own caption scores highest in the batch, and whose caption
 * does so without its number */
static const char *const response_captions_metrics[] = {
    "caption_loss", "chain_loss", "hits", "hits_without_number", NULL};

static const task_type response_captions_task = {
    .name = "response_captions",
    .arrays = response_captions_arrays,
    .metrics = response_captions_metrics,
    .lay_out = response_captions_lay_out,
    .load = response_captions_load,
    .start = response_captions_start,
    .evaluate = response_captions_evaluate,
    .output_width = response_captions_output_width,
    .output = response_captions_output};
