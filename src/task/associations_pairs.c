/* Objectives whose items are pairs (first_i, second_i). */

#include "nn/rows.h"
#include "task/associations.h"

/* ---- in-batch negatives -------------------------------------------------- */

/* Queries are f(x_first(i)), keys raw (x_second(j)) or transformed
 * (f(x_second(j))), scores their product over the temperature. With
 * mask_known, score ij is left out for j != i where first(i) and second(j) are
 * known partners or the same gene. */

static int in_batch_encodes_second(const association_options *options) {
  return options->transform_keys;
}

static void in_batch_take(associations *t, size_t n, arena *a) {
  t->queries = arena_take(a, n * t->n_out, sizeof(real));
  t->keys_gathered = arena_take(a, n * t->n_out, sizeof(real));
  t->d_queries = arena_take(a, n * t->n_out, sizeof(real));
  t->d_keys = arena_take(a, n * t->n_out, sizeof(real));
  info_nce_take(n, a, &t->in_batch);
  if (t->options.mask_known) {
    t->first_column = arena_take(a, t->n_genes, sizeof(int));
    t->next_column = arena_take(a, n, sizeof(int));
  }
}

/* Leaves out of row i the columns of a gene, but for the own one. */
static void mask_gene(const associations *t, int gene, size_t i) {
  for (int j = t->first_column[gene]; j >= 0; j = t->next_column[j])
    if ((size_t)j != i) t->in_batch.scores[i * t->n + (size_t)j] = -INFINITY;
}

/* Leaves known partners, and a gene against itself, out of the negatives.
 * The columns of each second gene form a list. */
static void mask_known_partners(const associations *t) {
  const partner_lists *known = &t->known;
  for (size_t gene = 0; gene < t->n_genes; ++gene) t->first_column[gene] = -1;
  for (size_t j = 0; j < t->n; ++j) {
    t->next_column[j] = t->first_column[t->batch_second[j]];
    t->first_column[t->batch_second[j]] = (int)j;
  }
  for (size_t i = 0; i < t->n; ++i) {
    int gene = t->batch_first[i];
    mask_gene(t, gene, i);
    for (int k = known->starts[gene]; k < known->starts[gene + 1]; ++k)
      mask_gene(t, known->partners[k], i);
  }
}

static loss_result in_batch_evaluate(const associations *t,
                                     const int *negatives, int n_threads) {
  (void)negatives;
  size_t n = t->n, d = t->n_out;
  const real sharpness = C(1.0 / t->options.temperature);
  const real *encoded = t->tape.output;
  real *d_encoded = t->tape.upstream;
  int transformed = t->options.transform_keys;
  gather_rows(encoded, t->first_slot, n, d, t->queries);
  if (transformed)
    gather_rows(encoded, t->second_slot, n, d, t->keys_gathered);
  else
    gather_rows(t->x, t->batch_second, n, d, t->keys_gathered);

  product_shape of_scores = {
      .transpose_b = 1, .m = n, .n = n, .k = d, .lda = d, .ldb = d, .ldc = n};
  real_product(&of_scores, sharpness, t->queries, t->keys_gathered, 0,
               t->in_batch.scores, n_threads);
  if (t->options.mask_known) mask_known_partners(t);
  loss_result result = info_nce(&t->in_batch, n, n_threads);

  product_shape of_queries = {
      .m = n, .n = d, .k = n, .lda = n, .ldb = d, .ldc = d};
  real_product(&of_queries, sharpness, t->in_batch.d_scores, t->keys_gathered,
               0, t->d_queries, n_threads);
  scatter_add_rows(t->d_queries, t->first_slot, n, d, d_encoded);
  if (transformed) {
    product_shape of_keys = {.transpose_a = 1,
                             .m = n,
                             .n = d,
                             .k = n,
                             .lda = n,
                             .ldb = d,
                             .ldc = d};
    real_product(&of_keys, sharpness, t->in_batch.d_scores, t->queries, 0,
                 t->d_keys, n_threads);
    scatter_add_rows(t->d_keys, t->second_slot, n, d, d_encoded);
  }
  return result;
}

static const association_objective in_batch_objective = {
    .name = "info_nce",
    .encodes_second = in_batch_encodes_second,
    .take = in_batch_take,
    .evaluate = in_batch_evaluate};

/* ---- uniform negatives --------------------------------------------------- */

/* Both directions of a pair: first gene as query, then second. Queries are
 * encodings. Keys and negatives are raw vectors or encodings; the encoded
 * negatives come from a bank that is made anew at each epoch. */

static int uniform_encodes_second(const association_options *options) {
  (void)options;
  return 1;
}

static void uniform_take(associations *t, size_t n, arena *a) {
  info_nce_uniform_take(2 * n, t->n_out, t->options.n_negatives, a,
                        &t->uniform);
  t->uniform.temperature = t->options.temperature;
}

/* Query i of both directions: 0 .. n - 1 from the first genes to the second,
 * n .. 2n - 1 back. */
static void uniform_direction(const associations *t, const int *negatives,
                              size_t i) {
  size_t n = t->n, d = t->n_out;
  int back = i >= n;
  size_t pair = back ? i - n : i;
  const int *query_slot = back ? t->second_slot : t->first_slot;
  const int *key_slot = back ? t->first_slot : t->second_slot;
  const int *key_gene = back ? t->batch_first : t->batch_second;
  const real *query = t->tape.output + (size_t)query_slot[pair] * d;
  const real *key = t->options.transform_keys
                        ? t->tape.output + (size_t)key_slot[pair] * d
                        : t->x + (size_t)key_gene[pair] * d;
  info_nce_uniform(&t->uniform, i, query, key,
                   negatives + i * t->options.n_negatives, C(0.5) / (real)n);
}

static loss_result uniform_evaluate(const associations *t,
                                    const int *negatives, int n_threads) {
  size_t n = t->n, d = t->n_out;
  const uniform_room *room = &t->uniform;
  int n_pieces = count_pieces(2 * n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, 2 * n * room->n_negatives * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, 2 * n);
    for (size_t i = first; i < last; ++i) uniform_direction(t, negatives, i);
  }
  loss_result result = {0, 0};
  for (size_t i = 0; i < 2 * n; ++i) {
    result.loss += 0.5 * room->row_loss[i] / (double)n;
    result.n_hits += 0.5 * room->row_hit[i];
  }
  real *d_encoded = t->tape.upstream;
  scatter_add_rows(room->d_queries, t->first_slot, n, d, d_encoded);
  scatter_add_rows(room->d_queries + n * d, t->second_slot, n, d, d_encoded);
  if (t->options.transform_keys) {
    scatter_add_rows(room->d_keys, t->second_slot, n, d, d_encoded);
    scatter_add_rows(room->d_keys + n * d, t->first_slot, n, d, d_encoded);
  }
  return result;
}

static const association_objective uniform_objective = {
    .name = "info_nce_uniform",
    .draws_negatives = 1,
    .encodes_second = uniform_encodes_second,
    .take = uniform_take,
    .evaluate = uniform_evaluate};
