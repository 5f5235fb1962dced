/* InfoNCE with negatives drawn uniformly (CAL, section 2 of arXiv:2603.20955,
 * "random negatives"). For query q, its key k and its own N negatives z_1 ..
 * z_N
 *
 *     loss(q, k) = log(exp(q . k / t) + sum_n exp(q . z_n / t)) - q . k / t.
 *
 * Negatives take no gradient. */

#include "nn/losses.h"

static void info_nce_uniform_take(size_t n_queries, size_t d,
                                  size_t n_negatives, arena *a,
                                  uniform_room *room) {
  size_t n_scores;
  room->d = d;
  room->n_negatives = n_negatives;
  room->d_queries = arena_take(a, n_queries * d, sizeof(real));
  room->d_keys = arena_take(a, n_queries * d, sizeof(real));
  if (!size_multiply(n_queries, n_negatives, &n_scores)) a->overflow = 1;
  room->scores = arena_take(a, n_scores, sizeof(real));
  room->row_loss = arena_take(a, n_queries, sizeof(double));
  room->row_hit = arena_take(a, n_queries, sizeof(double));
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

static void info_nce_uniform(const uniform_room *room, size_t i,
                             const real *query, const real *key,
                             const int *negatives, real weight) {
  size_t d = room->d, n_negatives = room->n_negatives;
  room->row_loss[i] = uniform_query(
      query, key, room->bank, negatives, n_negatives, d,
      C(1.0 / room->temperature), weight, room->scores + i * n_negatives,
      room->d_queries + i * d, room->d_keys + i * d, &room->row_hit[i]);
}
