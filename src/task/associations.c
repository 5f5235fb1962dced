/* The task of learn_associations(): its data, its batches, its output. What a
 * batch's loss is: associations_pairs.c, associations_anchors.c. */

#include "task/associations.h"
#include "task/tasks.h"

#include "nn/rows.h"

static const association_objective *const association_objectives[] = {
    &in_batch_objective, &uniform_objective, &multi_positive_objective};

static const association_objective *find_association_objective(
    const char *name) {
  size_t n = sizeof association_objectives / sizeof *association_objectives;
  for (size_t i = 0; i < n; ++i)
    if (strcmp(association_objectives[i]->name, name) == 0)
      return association_objectives[i];
  return NULL;
}

/* ---- laying out ---------------------------------------------------------- */

static void read_options(const training_plan *plan, associations *t,
                         status *st) {
  association_options *o = &t->options;
  o->temperature = plan_option(plan, "temperature", st);
  o->transform_keys = plan_option(plan, "transform_keys", st) != 0;
  o->n_negatives = (size_t)plan_option(plan, "n_negatives", st);
  o->mask_known = plan_option(plan, "mask_known", st) != 0;
  o->all_keys = plan_option(plan, "all_keys", st) != 0;
  o->degree_weight = plan_option(plan, "degree_weight", st);
  o->degree_correction = plan_option(plan, "degree_correction", st);
  t->n_partnered = (size_t)plan_option(plan, "n_partnered", st);
  t->n_genes = plan_array(plan, "x", st).n_rows;
  t->n_in = plan_array(plan, "x", st).n_columns;
  t->n_pairs = plan_array(plan, "first", st).n_rows;
  t->objective = find_association_objective(plan->objective);
  if (t->objective == NULL)
    status_fail(st, STATUS_INTERNAL, "there is no objective \"%s\"",
                plan->objective);
  if (plan_array(plan, "second", st).n_rows != t->n_pairs)
    status_fail(st, STATUS_INTERNAL, "`first` and `second` differ in length");
}

static void find_network(const training_plan *plan, const run *r,
                         associations *t, status *st) {
  size_t number = plan_network(plan, "encoder", st);
  if (st->code) return;
  t->net = &r->networks[number];
  t->n_out = t->net->out.channels;
  if (t->net->in.positions != 1 || t->net->in.channels != t->n_in)
    status_fail(st, STATUS_INTERNAL, "`x` has %zu columns, not %zu", t->n_in,
                t->net->in.channels);
  if (!t->options.transform_keys && t->n_out != t->n_in)
    status_fail(st, STATUS_INTERNAL, "raw keys have %zu values, encodings %zu",
                t->n_in, t->n_out);
}

/* Genes that a batch has the network encode, at most. */
static size_t rows_of_batch(const associations *t, size_t n) {
  const association_objective *aim = t->objective;
  if (aim->by_gene)
    return t->options.transform_keys ? t->keys.n : smaller(n, t->n_genes);
  return smaller(aim->encodes_second(&t->options) ? 2 * n : n, t->n_genes);
}

static void take_data(associations *t, arena *a) {
  t->x = arena_take(a, t->n_genes, t->n_in * sizeof(real));
  t->first = arena_take(a, t->n_pairs, sizeof(int));
  t->second = arena_take(a, t->n_pairs, sizeof(int));
  partner_lists_take(t->n_genes, t->n_pairs, a, &t->known);
  if (!t->objective->by_gene) return;
  t->keys.genes = arena_take(a, t->keys.n, sizeof(int));
  t->keys.of_gene = arena_take(a, t->n_genes, sizeof(int));
  t->anchors = arena_take(a, t->n_partnered, sizeof(int));
}

static void take_batch(associations *t, size_t n, arena *a) {
  size_t max_rows = rows_of_batch(t, n);
  tape_take(t->net, max_rows, 1, a, &t->tape);
  t->objective->take(t, n, a);
  t->slot_of_gene = arena_take(a, t->n_genes, sizeof(int));
  t->encoded_genes = arena_take(a, max_rows, sizeof(int));
  t->batch_first = arena_take(a, n, sizeof(int));
  t->batch_second = arena_take(a, n, sizeof(int));
  t->first_slot = arena_take(a, n, sizeof(int));
  t->second_slot = arena_take(a, n, sizeof(int));
  if (!t->objective->draws_negatives) return;
  size_t n_drawn;
  if (!size_multiply(2 * n, t->options.n_negatives, &n_drawn)) a->overflow = 1;
  t->negatives = arena_take(a, n_drawn, sizeof(int));
}

static status_code associations_lay_out(const training_plan *plan, run *r,
                                        arena *a, status *st) {
  associations counted; /* stands in while sizes are added up */
  associations *t = arena_take(a, 1, sizeof(associations));
  r->data = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  read_options(plan, t, st);
  find_network(plan, r, t, st);
  if (st->code) return st->code;
  if (t->objective->by_gene)
    t->keys.n = t->options.all_keys ? t->n_genes : t->n_partnered;
  take_data(t, a);
  take_batch(t, plan->batch_size, a);
  r->n_items = t->objective->by_gene ? t->n_partnered : t->n_pairs;
  if (t->objective->draws_negatives) r->n_task_state = t->n_genes * t->n_out;
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "training on %zu genes and %zu pairs does not fit into "
                       "memory",
                       t->n_genes, t->n_pairs);
  return STATUS_OK;
}

/* ---- data ---------------------------------------------------------------- */

static status_code associations_load(run *r, const array_block *block,
                                     status *st) {
  const associations *t = r->data;
  if (strcmp(block->name, "first") == 0)
    return load_indices(block, t->n_genes, t->first, st);
  if (strcmp(block->name, "second") == 0)
    return load_indices(block, t->n_genes, t->second, st);
  return load_numbers(block, t->x, st);
}

static size_t count_partnered(const associations *t) {
  size_t n = 0;
  for (size_t i = 0; i < t->n_genes; ++i)
    n += partner_count(&t->known, (int)i) > 0;
  return n;
}

/* Anchors and keys, in the order of the genes; partners by their key. */
static void choose_keys(associations *t) {
  size_t n_anchors = 0, n_keys = 0;
  for (size_t i = 0; i < t->n_genes; ++i) {
    int partnered = partner_count(&t->known, (int)i) > 0;
    int is_key = partnered || t->options.all_keys;
    if (partnered) t->anchors[n_anchors++] = (int)i;
    t->keys.of_gene[i] = is_key ? (int)n_keys : -1;
    if (is_key) t->keys.genes[n_keys++] = (int)i;
  }
  for (int k = 0; k < t->known.starts[t->n_genes]; ++k)
    t->known.partners[k] = t->keys.of_gene[t->known.partners[k]];
}

static status_code associations_start(run *r, status *st) {
  associations *t = r->data;
  for (size_t i = 0; i < t->n_genes; ++i) t->slot_of_gene[i] = -1;
  partner_lists_fill(&t->known, t->first, t->second, t->n_pairs);
  if (count_partnered(t) != t->n_partnered)
    return status_fail(st, STATUS_INTERNAL,
                       "%zu genes have a partner, the plan says %zu",
                       count_partnered(t), t->n_partnered);
  if (t->objective->by_gene) choose_keys(t);
  if (t->objective->draws_negatives) t->uniform.bank = task_state(r);
  return STATUS_OK;
}

/* ---- encoding outside of batches ----------------------------------------- */

static size_t network_number(const run *r) {
  const associations *t = r->data;
  return (size_t)(t->net - r->networks);
}

/* A piece of the bank of negatives: all genes without dropout, or raw. */
static int associations_epoch_begin(run *r, size_t piece) {
  associations *t = r->data;
  if (!t->objective->draws_negatives) return 0;
  size_t per_piece = smaller(t->tape.max_rows, ENCODE_ROWS);
  size_t first = piece * per_piece;
  if (first >= t->n_genes) return 0;
  size_t n_rows = smaller(per_piece, t->n_genes - first);
  size_t bytes = n_rows * t->n_out * sizeof(real);
  real *bank = task_state(r) + first * t->n_out;
  const real *x = t->x + first * t->n_in;
  if (!t->options.transform_keys) {
    memcpy(bank, x, bytes);
    return 1;
  }
  status st = {STATUS_OK, ""}; /* a pass that does not train cannot fail */
  pass p = run_pass(r, network_number(r), 0, n_rows, 0);
  memcpy(t->tape.input, x, n_rows * t->n_in * sizeof(real));
  network_forward(t->net, &t->tape, &p, &st);
  memcpy(bank, t->tape.output, bytes);
  return 1;
}

static size_t associations_output_width(const run *r) {
  const associations *t = r->data;
  return t->n_out;
}

static status_code associations_output(run *r, const int *rows, size_t n,
                                       double *out, status *st) {
  associations *t = r->data;
  return output_rows(r, network_number(r), &t->tape, t->x, t->n_genes, rows, n,
                     out, st);
}

/* ---- batches ------------------------------------------------------------- */

/* The row of a gene among the batch's encodings; a new gene gets the next. */
static int slot_for(associations *t, int gene) {
  if (t->slot_of_gene[gene] < 0) {
    t->slot_of_gene[gene] = (int)t->n_encoded;
    t->encoded_genes[t->n_encoded++] = gene;
  }
  return t->slot_of_gene[gene];
}

/* Genes of a batch of pairs, each distinct one with a row of its own. */
static void collect_pairs(associations *t, const int *pairs) {
  int both = t->objective->encodes_second(&t->options);
  t->n_encoded = 0;
  for (size_t i = 0; i < t->n; ++i) {
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
static void collect_anchors(associations *t, const int *anchors) {
  int transformed = t->options.transform_keys;
  for (size_t i = 0; i < t->n; ++i) {
    int gene = t->anchors[anchors[i]];
    t->batch_first[i] = gene;
    t->first_slot[i] = transformed ? t->keys.of_gene[gene] : (int)i;
  }
  t->n_encoded = transformed ? t->keys.n : t->n;
  memcpy(t->encoded_genes, transformed ? t->keys.genes : t->batch_first,
         t->n_encoded * sizeof(int));
}

/* Negatives of both genes of every pair, each from a stream of its own. */
static void draw_negatives(const run *r, const associations *t) {
  size_t n_negatives = t->options.n_negatives, n_queries = 2 * t->n;
  int n_pieces = count_pieces(n_queries, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(r->n_threads, n_queries * n_negatives))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_queries);
    for (size_t i = first; i < last; ++i) {
      rng stream = rng_open(r->key, RNG_NEGATIVES, (uint32_t)r->at.n_steps,
                            (uint32_t)i);
      int *row = t->negatives + i * n_negatives;
      for (size_t j = 0; j < n_negatives; ++j)
        row[j] = (int)rng_below_u32(&stream, (uint32_t)t->n_genes);
    }
  }
}

/* The negatives of a batch: drawn, or those that a test gives. */
static const int *choose_negatives(const run *r, const associations *t,
                                   const batch_choice *choice, status *st) {
  if (!t->objective->draws_negatives) return NULL;
  if (choice->drawn == NULL) {
    draw_negatives(r, t);
    return t->negatives;
  }
  if (choice->n_drawn != 2 * t->n * t->options.n_negatives)
    status_fail(st, STATUS_INTERNAL, "a batch has %zu negatives, not %zu",
                2 * t->n * t->options.n_negatives, choice->n_drawn);
  for (size_t i = 0; i < choice->n_drawn; ++i)
    if (choice->drawn[i] < 0 || (size_t)choice->drawn[i] >= t->n_genes)
      status_fail(st, STATUS_INTERNAL,
                  "`negatives` holds an index out of range");
  return choice->drawn;
}

static status_code associations_evaluate(run *r, const batch_choice *choice,
                                         batch_result *result, status *st) {
  associations *t = r->data;
  t->n = choice->n_items;
  if (t->objective->by_gene)
    collect_anchors(t, choice->items);
  else
    collect_pairs(t, choice->items);
  const int *negatives = choose_negatives(r, t, choice, st);
  if (st->code) return st->code;
  gather_rows(t->x, t->encoded_genes, t->n_encoded, t->n_in, t->tape.input);
  pass p = run_pass(r, network_number(r), 0, t->n_encoded, 1);
  if (network_forward(t->net, &t->tape, &p, st)) return st->code;
  memset(t->tape.upstream, 0, t->n_encoded * t->n_out * sizeof(real));
  loss_result found = t->objective->evaluate(t, negatives, r->n_threads);
  network_backward(t->net, &t->tape, &p);
  result->loss = found.loss;
  result->metric[0] = found.n_hits;
  return STATUS_OK;
}

/* ---- the task ------------------------------------------------------------ */

/* accuracy: anchors for which a partner of theirs scores highest */
static const char *const association_arrays[] = {"x", "first", "second", NULL};
static const char *const association_metrics[] = {"accuracy", NULL};

static const task_type associations_task = {
    .name = "associations",
    .arrays = association_arrays,
    .metrics = association_metrics,
    .lay_out = associations_lay_out,
    .load = associations_load,
    .start = associations_start,
    .epoch_begin = associations_epoch_begin,
    .evaluate = associations_evaluate,
    .output_width = associations_output_width,
    .output = associations_output};
