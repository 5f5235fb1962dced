/* Training: batches, steps, epochs, and the state between them; what a trainer
 * holds: nn/trainer_create.c. */

static void trainer_initialise(trainer *t) {
  network_initialise(&t->net, t->plan.key, t->blocks.parameters);
}

static void trainer_shape(const trainer *t, size_t *n_genes, size_t *n_out) {
  *n_genes = t->plan.n_genes;
  *n_out = t->net.n_out;
}

static void set_threads(trainer *t, int n_threads) {
  t->n_threads = n_threads;
  team_limit(&t->team, n_threads);
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
    t->n_threads = team_size(&t->team);
    double start = threads_clock();
    if (step_batch(t, &choice, learning_rate, &result, st)) return st->code;
    team_tell(&t->team, (threads_clock() - start) / (double)n);
    t->at.position += (double)n;
    t->at.loss_sum += result.loss;
    t->at.hit_sum += result.n_hits;
    t->at.n_batches += 1;
  }
  *done = t->n_items - (size_t)t->at.position < SMALLEST_BATCH;
  return STATUS_OK;
}
