/* Training: batches, steps, epochs, and the state between them. Everything
 * lies in one arena that is sized before training. */

#include "nn/engine.h"
#include "nn/layers.h"
#include "nn/objectives.h"

struct trainer {
  training_plan plan;
  network net;
  objective objective;
  parameter_blocks blocks;
  double *piece_squares; /* scratch of the gradient norm */
  real *x;               /* n_genes x n_in */
  int *first, *second;   /* n_pairs */
  partner_lists known;
  key_set keys;       /* where the objective goes by genes */
  int *anchors;       /* likewise: the genes with a partner */
  size_t n_items;     /* of an epoch: pairs, or anchors */
  int *order;         /* of the items in this epoch */
  int *slot_of_gene;  /* n_genes: row of the batch's encodings, or -1 */
  int *encoded_genes; /* which gene a row of the encodings is */
  size_t n_encoded;
  int *batch_first, *batch_second; /* batch_size: genes of the batch ... */
  int *first_slot, *second_slot;   /* ... and their rows */
  int *negatives;                  /* 2 x batch_size x n_negatives */
  real *bank;                      /* n_genes x n_out */
  progress at;
  int n_threads;
};

/* ---- laying out ---------------------------------------------------------- */

/* Genes that anchors are compared with, where the objective goes by genes. */
static size_t count_keys(const training_plan *plan) {
  return plan->objective.all_keys ? plan->n_genes : plan->n_partnered;
}

/* Genes that a batch has the network encode, at most. */
static size_t rows_of_batch(const training_plan *plan) {
  const objective_plan *aim = &plan->objective;
  const objective_type *type = find_objective_type(aim->type);
  size_t n = plan->batch_size;
  if (type == NULL) return n;
  if (type->by_gene)
    return aim->transform_keys ? count_keys(plan) : smaller(n, plan->n_genes);
  return smaller(type->encodes_second(aim) ? 2 * n : n, plan->n_genes);
}

static status_code trainer_lay_out(const training_plan *plan, arena *a,
                                   trainer **made, status *st) {
  trainer counted; /* stands in while sizes are added up */
  trainer *t = arena_take(a, 1, sizeof(trainer));
  *made = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  t->plan = *plan;
  size_t n = plan->batch_size, max_rows = rows_of_batch(plan);
  if (network_create(&plan->network, max_rows, 1, a, &t->net, st) ||
      objective_create(&t->plan, t->net.n_out, a, &t->objective, st))
    return st->code;
  const objective_type *type = t->objective.type;
  if (!plan->objective.transform_keys && t->net.n_out != t->net.n_in)
    return status_fail(st, STATUS_INTERNAL,
                       "raw keys have %zu values, encodings %zu", t->net.n_in,
                       t->net.n_out);
  parameter_blocks *blocks = &t->blocks;
  blocks->n = t->net.n_parameters;
  blocks->parameters = arena_take(a, blocks->n, sizeof(real));
  blocks->gradients = arena_take(a, blocks->n, sizeof(real));
  blocks->moment_1 = arena_take(a, blocks->n, sizeof(real));
  blocks->moment_2 = arena_take(a, blocks->n, sizeof(real));
  t->piece_squares = arena_take(
      a, (size_t)count_pieces(blocks->n, ELEMENTS_PER_PIECE), sizeof(double));
  t->x = arena_take(a, plan->n_genes * plan->network.n_in, sizeof(real));
  t->first = arena_take(a, plan->n_pairs, sizeof(int));
  t->second = arena_take(a, plan->n_pairs, sizeof(int));
  partner_lists_take(plan->n_genes, plan->n_pairs, a, &t->known);
  t->n_items = type->by_gene ? plan->n_partnered : plan->n_pairs;
  t->order = arena_take(a, t->n_items, sizeof(int));
  if (type->by_gene) {
    t->keys.n = count_keys(plan);
    t->keys.genes = arena_take(a, t->keys.n, sizeof(int));
    t->keys.of_gene = arena_take(a, plan->n_genes, sizeof(int));
    t->anchors = arena_take(a, plan->n_partnered, sizeof(int));
  }
  t->slot_of_gene = arena_take(a, plan->n_genes, sizeof(int));
  t->encoded_genes = arena_take(a, max_rows, sizeof(int));
  t->batch_first = arena_take(a, n, sizeof(int));
  t->batch_second = arena_take(a, n, sizeof(int));
  t->first_slot = arena_take(a, n, sizeof(int));
  t->second_slot = arena_take(a, n, sizeof(int));
  if (type->draws_negatives) {
    size_t n_drawn;
    if (!size_multiply(2 * n, plan->objective.n_negatives, &n_drawn))
      a->overflow = 1;
    t->negatives = arena_take(a, n_drawn, sizeof(int));
    t->bank = arena_take(a, plan->n_genes * t->net.n_out, sizeof(real));
  }
  t->n_threads = 1;
  t->plan.network.layers = NULL; /* the caller's; t->net has what counts */
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "training on %zu genes and %zu pairs does not fit "
                       "into memory",
                       plan->n_genes, plan->n_pairs);
  return STATUS_OK;
}

static status_code trainer_size(const training_plan *plan, size_t *bytes,
                                status *st) {
  arena counting = {NULL, 0, 0};
  trainer *none;
  trainer_lay_out(plan, &counting, &none, st);
  *bytes = counting.used;
  return st->code;
}

static size_t count_partnered(const partner_lists *known) {
  size_t n = 0;
  for (size_t i = 0; i < known->n_genes; ++i)
    n += partner_count(known, (int)i) > 0;
  return n;
}

/* Anchors and keys, in the order of the genes. */
static void choose_keys(trainer *t) {
  size_t n_anchors = 0, n_keys = 0;
  for (size_t i = 0; i < t->plan.n_genes; ++i) {
    int partnered = partner_count(&t->known, (int)i) > 0;
    int is_key = partnered || t->plan.objective.all_keys;
    if (partnered) t->anchors[n_anchors++] = (int)i;
    t->keys.of_gene[i] = is_key ? (int)n_keys : -1;
    if (is_key) t->keys.genes[n_keys++] = (int)i;
  }
}

static status_code trainer_create(const training_plan *plan, void *memory,
                                  const double *x, const int *first,
                                  const int *second, trainer **made,
                                  status *st) {
  arena a = {memory, 0, 0};
  if (trainer_lay_out(plan, &a, made, st)) return st->code;
  trainer *t = *made;
  size_t d = plan->network.n_in;
  for (size_t i = 0; i < plan->n_genes; ++i)
    for (size_t j = 0; j < d; ++j)
      t->x[i * d + j] = C(x[j * plan->n_genes + i]);
  memcpy(t->first, first, plan->n_pairs * sizeof(int));
  memcpy(t->second, second, plan->n_pairs * sizeof(int));
  for (size_t i = 0; i < plan->n_genes; ++i) t->slot_of_gene[i] = -1;
  partner_lists_fill(&t->known, first, second, plan->n_pairs);
  size_t n_partnered = count_partnered(&t->known);
  if (n_partnered != plan->n_partnered)
    return status_fail(st, STATUS_INTERNAL,
                       "%zu genes have a partner, the plan says %zu",
                       n_partnered, plan->n_partnered);
  if (t->objective.type->by_gene) choose_keys(t);
  /* read by a checkpoint, also before the first epoch fills it */
  if (t->bank != NULL)
    memset(t->bank, 0, plan->n_genes * t->net.n_out * sizeof(real));
  memset(t->blocks.moment_1, 0, t->blocks.n * sizeof(real));
  memset(t->blocks.moment_2, 0, t->blocks.n * sizeof(real));
  return STATUS_OK;
}

static void trainer_initialise(trainer *t) {
  network_initialise(&t->net, t->plan.key, t->blocks.parameters);
}

static void trainer_shape(const trainer *t, size_t *n_genes, size_t *n_out) {
  *n_genes = t->plan.n_genes;
  *n_out = t->net.n_out;
}

static void set_threads(trainer *t, int n_threads) {
  t->n_threads = n_threads;
}

/* ---- state --------------------------------------------------------------- */

static real *block_data(const trainer *t, block_name block) {
  switch (block) {
    case BLOCK_PARAMETERS:
      return t->blocks.parameters;
    case BLOCK_MOMENT_1:
      return t->blocks.moment_1;
    case BLOCK_MOMENT_2:
      return t->blocks.moment_2;
    case BLOCK_GRADIENTS:
      return t->blocks.gradients;
    default:
      return t->bank;
  }
}

static size_t block_length(const trainer *t, block_name block) {
  if (block != BLOCK_BANK) return t->blocks.n;
  return t->bank == NULL ? 0 : t->plan.n_genes * t->net.n_out;
}

static void block_read(const trainer *t, block_name block, double *to) {
  const real *from = block_data(t, block);
  size_t n = block_length(t, block);
  for (size_t i = 0; i < n; ++i) to[i] = (double)from[i];
}

static void block_write(trainer *t, block_name block, const double *from) {
  real *to = block_data(t, block);
  size_t n = block_length(t, block);
  for (size_t i = 0; i < n; ++i) to[i] = C(from[i]);
}

static size_t n_items(const trainer *t) {
  return t->n_items;
}

static void epoch_order(const trainer *t, double epoch, int *order) {
  rng r = rng_open(t->plan.key, RNG_ORDER, (uint32_t)epoch, 0);
  for (size_t i = 0; i < t->n_items; ++i) order[i] = (int)i;
  rng_shuffle(&r, order, t->n_items);
}

static progress progress_read(const trainer *t) {
  return t->at;
}

static void progress_write(trainer *t, progress at) {
  t->at = at;
  epoch_order(t, at.epoch, t->order);
}

/* ---- encoding ------------------------------------------------------------ */

static pass pass_of(const trainer *t, size_t n_rows, int training) {
  pass p = {n_rows,
            t->n_threads,
            training,
            t->plan.key,
            (uint32_t)t->at.n_steps,
            t->blocks.parameters,
            t->blocks.gradients,
            NULL,
            0,
            NULL};
  return p;
}

/* Calls per chunk of at most max_rows genes: rows (NULL: genes 0 .. n - 1) of
 * x without dropout; the encodings stand in t->net.output. */
static void encode_chunk(trainer *t, const int *rows, size_t first,
                         size_t n_rows) {
  size_t d = t->plan.network.n_in;
  if (rows != NULL)
    gather_rows(t->x, rows + first, n_rows, d, t->net.input);
  else
    memcpy(t->net.input, t->x + first * d, n_rows * d * sizeof(real));
  pass p = pass_of(t, n_rows, 0);
  network_forward(&t->net, &p);
}

static void fill_bank(trainer *t) {
  size_t d = t->net.n_out;
  if (!t->plan.objective.transform_keys) {
    memcpy(t->bank, t->x, t->plan.n_genes * d * sizeof(real));
    return;
  }
  for (size_t first = 0; first < t->plan.n_genes; first += t->net.max_rows) {
    size_t n_rows = smaller(t->net.max_rows, t->plan.n_genes - first);
    encode_chunk(t, NULL, first, n_rows);
    memcpy(t->bank + first * d, t->net.output, n_rows * d * sizeof(real));
  }
}

static void trainer_encode(trainer *t, const int *rows, size_t n,
                           double *out) {
  size_t d = t->net.n_out;
  for (size_t first = 0; first < n; first += t->net.max_rows) {
    size_t n_rows = smaller(t->net.max_rows, n - first);
    encode_chunk(t, rows, first, n_rows);
    for (size_t i = 0; i < n_rows * d; ++i)
      out[first * d + i] = (double)t->net.output[i];
  }
}

/* ---- batches ------------------------------------------------------------- */

/* The row of a gene among the batch's encodings; a new gene gets the next. */
static int slot_for(trainer *t, int gene) {
  if (t->slot_of_gene[gene] < 0) {
    t->slot_of_gene[gene] = (int)t->n_encoded;
    t->encoded_genes[t->n_encoded++] = gene;
  }
  return t->slot_of_gene[gene];
}

/* Genes of a batch of pairs, each distinct one with a row of its own. */
static void collect_pairs(trainer *t, const int *pairs, size_t n) {
  int both = t->objective.type->encodes_second(&t->plan.objective);
  t->n_encoded = 0;
  for (size_t i = 0; i < n; ++i) {
    t->batch_first[i] = t->first[pairs[i]];
    t->batch_second[i] = t->second[pairs[i]];
    t->first_slot[i] = slot_for(t, t->batch_first[i]);
    t->second_slot[i] = both ? slot_for(t, t->batch_second[i]) : -1;
  }
  for (size_t i = 0; i < t->n_encoded; ++i)
    t->slot_of_gene[t->encoded_genes[i]] = -1;
}

/* Genes of a batch of anchors: transformed keys are encoded one and all, in
 * their order, and the anchors are among them. */
static void collect_anchors(trainer *t, const int *anchors, size_t n) {
  int transformed = t->plan.objective.transform_keys;
  for (size_t i = 0; i < n; ++i) {
    int gene = t->anchors[anchors[i]];
    t->batch_first[i] = gene;
    t->first_slot[i] = transformed ? t->keys.of_gene[gene] : (int)i;
  }
  t->n_encoded = transformed ? t->keys.n : n;
  memcpy(t->encoded_genes, transformed ? t->keys.genes : t->batch_first,
         t->n_encoded * sizeof(int));
}

/* Negatives of 2 n queries, each from a stream of its own. */
static void draw_negatives(trainer *t, size_t n) {
  size_t n_negatives = t->plan.objective.n_negatives;
  int n_pieces = count_pieces(2 * n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(t->n_threads, 2 * n * n_negatives))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, 2 * n);
    for (size_t i = first; i < last; ++i) {
      rng r = rng_open(t->plan.key, RNG_NEGATIVES, (uint32_t)t->at.n_steps,
                       (uint32_t)i);
      int *row = t->negatives + i * n_negatives;
      for (size_t j = 0; j < n_negatives; ++j)
        row[j] = (int)rng_below_u32(&r, (uint32_t)t->plan.n_genes);
    }
  }
}

/* Loss and, in blocks.gradients, its gradient. */
static batch_result evaluate_batch(trainer *t, const batch_choice *choice) {
  size_t n = choice->n_items, d = t->net.n_out;
  int by_gene = t->objective.type->by_gene;
  if (by_gene)
    collect_anchors(t, choice->items, n);
  else
    collect_pairs(t, choice->items, n);
  const int *negatives = choice->negatives;
  if (t->objective.type->draws_negatives && negatives == NULL) {
    draw_negatives(t, n);
    negatives = t->negatives;
  }
  gather_rows(t->x, t->encoded_genes, t->n_encoded, t->plan.network.n_in,
              t->net.input);
  pass p = pass_of(t, t->n_encoded, 1);
  network_forward(&t->net, &p);
  memset(t->net.upstream, 0, t->n_encoded * d * sizeof(real));
  item_batch batch = {n,
                      d,
                      t->batch_first,
                      t->batch_second,
                      t->first_slot,
                      t->second_slot,
                      t->x,
                      t->net.output,
                      t->net.upstream,
                      t->bank,
                      negatives,
                      &t->known,
                      by_gene ? &t->keys : NULL,
                      t->n_threads};
  batch_result result = t->objective.type->evaluate(&t->objective, &batch);
  network_backward(&t->net, &p);
  return result;
}

static status_code check_loss(const trainer *t, double loss, status *st) {
  if (isfinite(loss)) return STATUS_OK;
  return status_fail(st, STATUS_NOT_FINITE,
                     "the loss is no longer finite at epoch %.0f, batch %.0f: "
                     "lower the learning rate, raise the temperature or set "
                     "clip_norm",
                     t->at.epoch + 1, t->at.n_batches + 1);
}

static status_code step_batch(trainer *t, const batch_choice *choice,
                              double learning_rate, batch_result *result,
                              status *st) {
  *result = evaluate_batch(t, choice);
  if (check_loss(t, result->loss, st)) return st->code;
  double scale = 1;
  if (isfinite(t->plan.optimizer.clip_norm)) {
    double norm = gradient_norm(&t->blocks, t->piece_squares, t->n_threads);
    scale = t->plan.optimizer.clip_norm / (norm + 1e-6);
    if (scale > 1) scale = 1;
  }
  t->at.n_steps += 1;
  optimizer_step(&t->plan.optimizer, &t->blocks, t->at.n_steps, learning_rate,
                 scale, t->n_threads);
  return STATUS_OK;
}

/* A bank is made at the start of an epoch; single batches make it too. */
static status_code batch_gradient(trainer *t, const batch_choice *choice,
                                  double *loss, status *st) {
  if (choice->n_items > t->plan.batch_size)
    return status_fail(st, STATUS_INTERNAL,
                       "a batch of %zu items is too large", choice->n_items);
  *loss = evaluate_batch(t, choice).loss;
  return check_loss(t, *loss, st);
}

static status_code batch_step(trainer *t, const batch_choice *choice,
                              double learning_rate, double *loss, status *st) {
  batch_result result;
  if (choice->n_items > t->plan.batch_size)
    return status_fail(st, STATUS_INTERNAL,
                       "a batch of %zu items is too large", choice->n_items);
  if (step_batch(t, choice, learning_rate, &result, st)) return st->code;
  *loss = result.loss;
  return STATUS_OK;
}

/* ---- epochs -------------------------------------------------------------- */

static void epoch_begin(trainer *t, double epoch) {
  progress start = {epoch, 0, t->at.n_steps, 0, 0, 0};
  progress_write(t, start);
  if (t->objective.type->draws_negatives) fill_bank(t);
}

static status_code epoch_advance(trainer *t, double n_steps,
                                 double learning_rate, int *done, status *st) {
  *done = 0;
  for (double step = 0; step < n_steps; ++step) {
    size_t position = (size_t)t->at.position;
    size_t n = smaller(t->plan.batch_size, t->n_items - position);
    if (n < SMALLEST_BATCH) {
      *done = 1;
      return STATUS_OK;
    }
    batch_choice choice = {t->order + position, n, NULL};
    batch_result result;
    if (step_batch(t, &choice, learning_rate, &result, st)) return st->code;
    t->at.position += (double)n;
    t->at.loss_sum += result.loss;
    t->at.hit_sum += result.n_hits;
    t->at.n_batches += 1;
  }
  *done = t->n_items - (size_t)t->at.position < SMALLEST_BATCH;
  return STATUS_OK;
}
