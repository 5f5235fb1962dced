/* InfoNCE with negatives drawn uniformly from all genes (CAL, section 2 of
 * arXiv:2603.20955, "random negatives").
 *
 * For query q, its partner's key k and its own N negatives z_1 .. z_N
 *
 *     loss(q, k) = log(exp(q . k / t) + sum_n exp(q . z_n / t)) - q . k / t,
 *
 * averaged over all pairs and over both directions (first gene as query, then
 * second). Queries are encodings. Keys and negatives are raw vectors or
 * encodings; the encoded negatives come from a bank that is made anew at each
 * epoch and take no gradient. */

#include "nn/objectives.h"

static int info_nce_uniform_encodes_second(const objective_plan *plan) {
  (void)plan;
  return 1;
}

static void info_nce_uniform_create(const training_plan *plan, size_t d,
                                    arena *a, objective *o) {
  size_t max_pairs = plan->batch_size;
  o->d_queries = arena_take(a, 2 * max_pairs * d, sizeof(real));
  o->d_keys = arena_take(a, 2 * max_pairs * d, sizeof(real));
  size_t n_scores;
  if (!size_multiply(2 * max_pairs, o->plan->n_negatives, &n_scores))
    a->overflow = 1;
  o->scores = arena_take(a, n_scores, sizeof(real));
  o->row_loss = arena_take(a, 2 * max_pairs, sizeof(double));
  o->row_hit = arena_take(a, 2 * max_pairs, sizeof(double));
}

KERNEL_INLINE real dot(const real *a, const real *b, size_t d) {
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < d; ++j) total += a[j] * b[j];
  return total;
}

KERNEL_INLINE void add_scaled(const real *a, real factor, size_t d, real *to) {
  SIMD for (size_t j = 0; j < d; ++j) to[j] += factor * a[j];
}

/* One query: its loss, and the gradients of query and key, scaled by weight.
 * `scores` has room for n_negatives. */
FOR_EACH_CPU
static double uniform_query(const real *query, const real *key,
                            const real *bank, const int *negatives,
                            size_t n_negatives, size_t d, real sharpness,
                            real weight, real *scores, real *d_query,
                            real *d_key, double *hit) {
  const real own = sharpness * dot(query, key, d);
  real top = own;
  for (size_t n = 0; n < n_negatives; ++n) {
    scores[n] = sharpness * dot(query, bank + (size_t)negatives[n] * d, d);
    top = scores[n] > top ? scores[n] : top;
  }
  real own_share = real_exp(own - top), total = own_share;
  SIMD_SUM(total)
  for (size_t n = 0; n < n_negatives; ++n) {
    scores[n] = real_exp(scores[n] - top);
    total += scores[n];
  }
  const real of_own = weight * sharpness * (own_share / total - 1);
  const real of_other = weight * sharpness / total;
  for (size_t j = 0; j < d; ++j) {
    d_query[j] = of_own * key[j];
    d_key[j] = of_own * query[j];
  }
  for (size_t n = 0; n < n_negatives; ++n)
    add_scaled(bank + (size_t)negatives[n] * d, of_other * scores[n], d,
               d_query);
  *hit = own >= top;
  return log((double)total) + (double)top - (double)own;
}

/* Query i of both directions: 0 .. n - 1 from the first genes to the second,
 * n .. 2n - 1 back. */
static void uniform_direction(const objective *o, const item_batch *batch,
                              size_t i) {
  size_t n = batch->n_items, d = batch->d;
  size_t n_negatives = o->plan->n_negatives;
  int back = i >= n;
  size_t pair = back ? i - n : i;
  const int *query_slot = back ? batch->second_slot : batch->first_slot;
  const int *key_slot = back ? batch->first_slot : batch->second_slot;
  const int *key_gene = back ? batch->first : batch->second;
  const real *query = batch->encoded + (size_t)query_slot[pair] * d;
  const real *key = o->plan->transform_keys
                        ? batch->encoded + (size_t)key_slot[pair] * d
                        : batch->x + (size_t)key_gene[pair] * d;
  o->row_loss[i] = uniform_query(
      query, key, batch->bank, batch->negatives + i * n_negatives, n_negatives,
      d, C(1.0 / o->plan->temperature), C(0.5) / (real)n,
      o->scores + i * n_negatives, o->d_queries + i * d, o->d_keys + i * d,
      &o->row_hit[i]);
}

static batch_result info_nce_uniform_evaluate(const objective *o,
                                              const item_batch *batch) {
  size_t n = batch->n_items, d = batch->d;
  int n_pieces = count_pieces(2 * n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(batch->n_threads, 2 * n * o->plan->n_negatives * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, 2 * n);
    for (size_t i = first; i < last; ++i) uniform_direction(o, batch, i);
  }
  batch_result result = {0, 0};
  for (size_t i = 0; i < 2 * n; ++i) {
    result.loss += 0.5 * o->row_loss[i] / (double)n;
    result.n_hits += 0.5 * o->row_hit[i];
  }
  real *d_encoded = batch->d_encoded;
  scatter_add_rows(o->d_queries, batch->first_slot, n, d, d_encoded);
  scatter_add_rows(o->d_queries + n * d, batch->second_slot, n, d, d_encoded);
  if (o->plan->transform_keys) {
    scatter_add_rows(o->d_keys, batch->second_slot, n, d, d_encoded);
    scatter_add_rows(o->d_keys + n * d, batch->first_slot, n, d, d_encoded);
  }
  return result;
}
