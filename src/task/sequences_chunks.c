/* Rows in buckets and chunks (see task/sequences_chunks.h). */

#include "task/sequences_chunks.h"

#define SHORTEST_BUCKET 16

/* ---- laying out ---------------------------------------------------------- */

/* 16, 32, 48, 64, 96, 128, 192 ...: 24 is no multiple of 16. */
static size_t next_bucket(size_t positions) {
  int is_power = (positions & (positions - 1)) == 0;
  if (positions == SHORTEST_BUCKET) return 2 * SHORTEST_BUCKET;
  return is_power ? positions / 2 * 3 : positions / 3 * 4;
}

static void list_buckets(size_t shortest, size_t longest, size_t max_rows,
                         double most_positions, sequence_chunks *c) {
  size_t positions = SHORTEST_BUCKET;
  while (c->n_buckets < MAX_BUCKETS) {
    if (positions >= shortest || positions >= longest) {
      size_t length = smaller(positions, longest);
      double rows = floor(most_positions / (double)length);
      size_t most = rows >= (double)max_rows ? max_rows : (size_t)rows;
      c->positions[c->n_buckets] = length;
      c->most_rows[c->n_buckets++] = most < 1 ? 1 : most;
    }
    if (positions >= longest) return;
    positions = next_bucket(positions);
  }
}

/* The encoder over so many positions. */
static status_code lay_out_bucket(const training_plan *plan,
                                  const network *encoder, size_t number,
                                  size_t positions, network *net, status *st) {
  network_plan part = plan->networks[number];
  part.in.positions = positions;
  if (network_lay_out(&part, net, st)) return st->code;
  if (net->n_parameters != encoder->n_parameters ||
      net->n_state != encoder->n_state ||
      row_size(net->out) != row_size(encoder->out))
    return status_fail(st, STATUS_BAD_INPUT,
                       "the encoder has other parameters for %zu positions "
                       "than for %zu: its readout must not depend on them",
                       positions, encoder->in.positions);
  return STATUS_OK;
}

/* All tapes begin at one place: one of them is in use at a time. */
static void lay_out_tapes(const training_plan *plan, const network *encoder,
                          arena *a, sequence_chunks *c, status *st) {
  size_t begin = a->used, end = a->used;
  for (size_t i = 0; i < c->n_buckets; ++i) {
    network counted; /* stand in while sizes are added up */
    tape counted_tape;
    network *net = c->networks == NULL ? &counted : &c->networks[i];
    tape *t = c->tapes == NULL ? &counted_tape : &c->tapes[i];
    if (lay_out_bucket(plan, encoder, c->encoder, c->positions[i], net, st))
      return;
    a->used = begin;
    tape_take(net, c->most_rows[i], 1, a, t);
    if (a->used > end) end = a->used;
  }
  a->used = end;
}

static void sequence_chunks_lay_out(const training_plan *plan, const run *r,
                                    size_t encoder, size_t max_rows, arena *a,
                                    sequence_chunks *c, status *st) {
  const network *net = &r->networks[encoder];
  double shortest = plan_option(plan, "shortest", st);
  double most_positions = plan_option(plan, "most_positions", st);
  c->masked = plan_option(plan, "masked", st) != 0;
  if (st->code) return;
  if (!(shortest >= 0 && shortest <= 0x1p30 && most_positions >= 1)) {
    status_fail(st, STATUS_INTERNAL,
                "`shortest` or `most_positions` is out "
                "of range");
    return;
  }
  c->encoder = encoder;
  c->max_rows = max_rows;
  c->n_in = net->in.channels;
  c->n_out = row_size(net->out);
  list_buckets((size_t)shortest, net->in.positions, max_rows, most_positions,
               c);
  c->networks = arena_take(a, c->n_buckets, sizeof(network));
  c->tapes = arena_take(a, c->n_buckets, sizeof(tape));
  c->rows = arena_take(a, max_rows, sizeof(sequence_row));
  c->bucket = arena_take(a, max_rows, sizeof(int));
  c->order = arena_take(a, max_rows, sizeof(int));
  c->chunks = arena_take(a, max_rows, sizeof(sequence_chunk));
  c->filled = arena_take(a, max_rows, sizeof(int));
  c->encoded = arena_take(a, max_rows, c->n_out * sizeof(real));
  c->d_encoded = arena_take(a, max_rows, c->n_out * sizeof(real));
  c->state = arena_take(a, net->n_state, sizeof(real));
  lay_out_tapes(plan, net, a, c, st);
}

/* ---- chunks -------------------------------------------------------------- */

/* The smallest bucket that holds a view; the longest cuts it. */
static int bucket_of(const sequence_chunks *c, const sequence_view *view) {
  size_t i = 0;
  while (i + 1 < c->n_buckets && c->positions[i] < view_length(view)) ++i;
  return (int)i;
}

/* Cuts the n rows of a bucket, from `first` on in the order, into chunks of
 * nearly one size. */
static void cut_bucket(sequence_chunks *c, size_t bucket, size_t first,
                       size_t n) {
  size_t most = c->most_rows[bucket], n_parts = (n + most - 1) / most;
  for (size_t part = 0; part < n_parts; ++part) {
    size_t from = n * part / n_parts, to = n * (part + 1) / n_parts;
    sequence_chunk chunk = {bucket, first + from, to - from};
    c->chunks[c->n_chunks++] = chunk;
  }
}

static void sequence_chunks_cut(sequence_chunks *c, size_t n) {
  c->n_rows = n;
  c->n_chunks = 0;
  for (size_t i = 0; i < n; ++i) c->bucket[i] = bucket_of(c, &c->rows[i].view);
  size_t n_ordered = 0;
  for (size_t bucket = 0; bucket < c->n_buckets; ++bucket) {
    size_t first = n_ordered;
    for (size_t i = 0; i < n; ++i)
      if (c->bucket[i] == (int)bucket) c->order[n_ordered++] = (int)i;
    cut_bucket(c, bucket, first, n_ordered - first);
  }
}

/* The rows of a chunk to the input of its tape. */
static void fill_chunk(const run *r, sequence_chunks *c,
                       const sequence_sets *s, const sequence_chunk *chunk,
                       int training) {
  size_t positions = c->positions[chunk->bucket];
  real *input = c->tapes[chunk->bucket].input;
  const int *order = c->order + chunk->first;
  view_rules rules = s->rules;
  if (!training) rules.mask_rate = 0;
  int n_rows = (int)chunk->n_rows;
  PARALLEL_FOR(threads_for(r->n_threads, chunk->n_rows * positions))
  for (int i = 0; i < n_rows; ++i) {
    const sequence_row *row = &c->rows[order[i]];
    write_sequence_row(s, &rules, row, positions,
                       input + (size_t)i * positions * c->n_in);
    c->filled[i] = (int)smaller(view_length(&row->view), positions);
  }
}

static pass chunk_pass(const run *r, size_t network, size_t number,
                       size_t n_rows, int training) {
  pass p = run_pass(r, network, 0, n_rows, training);
  if (number > 0) p.key = rng_key_from_seed((int64_t)(r->key + number));
  return p;
}

static pass encoder_pass(const run *r, const sequence_chunks *c, size_t number,
                         int training) {
  size_t n_rows = c->chunks[number].n_rows;
  pass p = chunk_pass(r, c->encoder, number, n_rows, training);
  if (c->masked) p.filled = c->filled;
  return p;
}

static const real *sequence_chunk_encode(const run *r, sequence_chunks *c,
                                         const sequence_sets *s, size_t number,
                                         int training, status *st) {
  const sequence_chunk *chunk = &c->chunks[number];
  tape *t = &c->tapes[chunk->bucket];
  fill_chunk(r, c, s, chunk, training);
  pass p = encoder_pass(r, c, number, training);
  return network_forward(&c->networks[chunk->bucket], t, &p, st) ? NULL
                                                                 : t->output;
}

static real *sequence_chunk_upstream(const sequence_chunks *c, size_t number) {
  return c->tapes[c->chunks[number].bucket].upstream;
}

static void sequence_chunk_learn(const run *r, sequence_chunks *c,
                                 size_t number) {
  size_t bucket = c->chunks[number].bucket;
  pass p = encoder_pass(r, c, number, 1);
  network_backward(&c->networks[bucket], &c->tapes[bucket], &p);
}

static status_code sequence_chunks_encode(const run *r, sequence_chunks *c,
                                          const sequence_sets *s, int training,
                                          status *st) {
  const network *encoder = &r->networks[c->encoder];
  real *state = r->values.state + encoder->first_state;
  size_t n_state_bytes = encoder->n_state * sizeof(real);
  if (n_state_bytes > 0) memcpy(c->state, state, n_state_bytes);
  for (size_t i = 0; i < c->n_chunks; ++i) {
    const sequence_chunk *chunk = &c->chunks[i];
    const real *output = sequence_chunk_encode(r, c, s, i, training, st);
    if (output == NULL) return st->code;
    for (size_t k = 0; k < chunk->n_rows; ++k)
      memcpy(c->encoded + (size_t)c->order[chunk->first + k] * c->n_out,
             output + k * c->n_out, c->n_out * sizeof(real));
  }
  /* it moves in the second pass */
  if (n_state_bytes > 0) memcpy(state, c->state, n_state_bytes);
  return STATUS_OK;
}

static status_code sequence_chunks_learn(const run *r, sequence_chunks *c,
                                         const sequence_sets *s, status *st) {
  /* from the last chunk, whose activations are still there, to the first */
  int there = r->networks[c->encoder].n_state == 0;
  for (size_t i = c->n_chunks; i-- > 0; there = 0) {
    const sequence_chunk *chunk = &c->chunks[i];
    if (!there && sequence_chunk_encode(r, c, s, i, 1, st) == NULL)
      return st->code;
    gather_rows(c->d_encoded, c->order + chunk->first, chunk->n_rows, c->n_out,
                sequence_chunk_upstream(c, i));
    sequence_chunk_learn(r, c, i);
  }
  return STATUS_OK;
}

/* ---- output -------------------------------------------------------------- */

static status_code sequence_chunks_output(const run *r, sequence_chunks *c,
                                          const sequence_sets *s,
                                          const int *rows, size_t n,
                                          double *out, status *st) {
  for (size_t i = 0; i < n; ++i)
    if (rows[i] < 0 || (size_t)rows[i] >= s->n_sequences)
      return status_fail(st, STATUS_INTERNAL,
                         "`rows` holds an index out of range");
  for (size_t first = 0; first < n; first += c->max_rows) {
    size_t n_rows = smaller(c->max_rows, n - first);
    for (size_t i = 0; i < n_rows; ++i)
      c->rows[i] = whole_sequence(s, (size_t)rows[first + i]);
    sequence_chunks_cut(c, n_rows);
    if (sequence_chunks_encode(r, c, s, 0, st)) return st->code;
    for (size_t i = 0; i < n_rows * c->n_out; ++i)
      out[first * c->n_out + i] = (double)c->encoded[i];
  }
  return STATUS_OK;
}
