/* Symmetric InfoNCE of cosines with soft targets, a learned scale, and further
 * negatives of each row.
 *
 * With q and k the queries and keys at unit length, c = min(exp(s), most) and w
 * (n x n, symmetric, diagonal above 0) how much key j belongs to query i, as
 * much as key i to query j,
 *
 *     S_ij = c q_i . k_j,   j = 1 .. n, and for row i its own further keys,
 *     loss = 1/2 mean_i [log sum_j exp(S_ij) - sum_j w_ij S_ij / sum_j w_ij]
 *          + 1/2 mean_j [log sum_i exp(S_ij) - sum_i w_ij S_ij / sum_i w_ij].
 *
 * Further keys are in the sums of their row alone. With w the unit matrix and
 * no further keys this is the loss of CLIP (Radford et al. 2021,
 * arXiv:2103.00020), whose scale exp(s) is held below 100 there. */

#include "nn/losses.h"
#include "nn/softmax.h"
#include "nn/unit_rows.h"

static void soft_info_nce_take(size_t max_rows, size_t d, size_t n_further,
                               arena *a, soft_info_nce_room *room) {
  size_t n_keys, n_scores;
  if (!size_multiply(max_rows, 1 + n_further, &n_keys) ||
      !size_multiply(max_rows, max_rows + n_further, &n_scores))
    a->overflow = 1;
  room->d = d;
  room->n_further = n_further;
  room->weight = arena_take(a, max_rows, max_rows * sizeof(real));
  room->weight_sum = arena_take(a, max_rows, sizeof(real));
  room->scores = arena_take(a, n_scores, sizeof(real));
  room->d_scores = arena_take(a, n_scores, sizeof(real));
  room->queries = arena_take(a, max_rows, d * sizeof(real));
  room->keys = arena_take(a, n_keys, d * sizeof(real));
  room->query_norm = arena_take(a, max_rows, sizeof(real));
  room->key_norm = arena_take(a, n_keys, sizeof(real));
  room->d_unit = arena_take(a, n_keys, d * sizeof(real));
  room->row_loss = arena_take(a, 2 * max_rows, sizeof(double));
}

/* ---- scores -------------------------------------------------------------- */

/* Rows of x at unit length, and what they were divided by. */
static void unit_rows(const real *x, size_t n, size_t d, real *unit,
                      real *norm, int n_threads) {
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    memcpy(unit + first * d, x + first * d, (last - first) * d * sizeof(real));
    for (size_t i = first; i < last; ++i)
      norm[i] = normalize_row(d, unit + i * d, unit + i * d);
  }
}

/* Scores of a row against its n_further keys. */
FOR_EACH_CPU
static void score_further(size_t n_further, size_t d, real scale,
                          const real *query, const real *keys, real *scores) {
  for (size_t h = 0; h < n_further; ++h) {
    const real *key = keys + h * d;
    real along = 0;
    SIMD_SUM(along)
    for (size_t j = 0; j < d; ++j) along += query[j] * key[j];
    scores[h] = scale * along;
  }
}

/* Scores of all queries: n rows of n + n_further. */
static void score_keys(const soft_info_nce_room *room, size_t n, real scale,
                       int n_threads) {
  size_t d = room->d, h = room->n_further;
  product_shape shape = {.transpose_b = 1,
                         .m = n,
                         .n = n,
                         .k = d,
                         .lda = d,
                         .ldb = d,
                         .ldc = n + h};
  real_product(&shape, scale, room->queries, room->keys, 0, room->scores,
               n_threads);
  int n_pieces = h == 0 ? 0 : count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * h * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      score_further(h, d, scale, room->queries + i * d,
                    room->keys + (n + i * h) * d,
                    room->scores + i * (n + h) + n);
  }
}

/* Of the keys that score highest for a row (further ones left out), the share
 * with the full weight of 1. */
FOR_EACH_CPU
static double row_hits(size_t n, const real *scores, const real *weight) {
  real top = scores[0];
  SIMD_MAX(top)
  for (size_t j = 0; j < n; ++j) top = scores[j] > top ? scores[j] : top;
  double n_top = 0, n_right = 0;
  for (size_t j = 0; j < n; ++j) {
    n_top += scores[j] >= top;
    n_right += scores[j] >= top && weight[j] >= 1;
  }
  return n_right / n_top;
}

static double count_row_hits(const soft_info_nce_room *room, size_t n) {
  size_t stride = n + room->n_further;
  double hits = 0;
  for (size_t i = 0; i < n; ++i)
    hits += row_hits(n, room->scores + i * stride, room->weight + i * n);
  return hits;
}

static double soft_info_nce_hits(const soft_info_nce_room *room, size_t n,
                                 const real *queries, const real *keys,
                                 int n_threads) {
  size_t d = room->d, stride = n + room->n_further;
  unit_rows(queries, n, d, room->queries, room->query_norm, n_threads);
  unit_rows(keys, n, d, room->keys, room->key_norm, n_threads);
  product_shape shape = {.transpose_b = 1,
                         .m = n,
                         .n = n,
                         .k = d,
                         .lda = d,
                         .ldb = d,
                         .ldc = stride};
  real_product(&shape, 1, room->queries, room->keys, 0, room->scores,
               n_threads);
  return count_row_hits(room, n);
}

/* ---- loss ---------------------------------------------------------------- */

static void sum_weights(const soft_info_nce_room *room, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    double total = 0;
    for (size_t j = 0; j < n; ++j) total += (double)room->weight[i * n + j];
    room->weight_sum[i] = C(total);
  }
}

/* Takes the pull towards the targets of row i off d_scores; returns
 * sum_j w_ij (1 / sum_i + 1 / sum_j) S_ij. */
FOR_EACH_CPU
static double pull_row(size_t n, real own_sum, const real *weight,
                       const real *weight_sum, real share, const real *scores,
                       real *d_scores) {
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) {
    real target = weight[j] * (1 / own_sum + 1 / weight_sum[j]);
    d_scores[j] -= share * target;
    total += target * scores[j];
  }
  return (double)total;
}

/* The sum of two rows' products: how the loss changes with the log of the
 * scale. */
FOR_EACH_CPU
static double product_of_rows(size_t n, const real *a, const real *b) {
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) total += a[j] * b[j];
  return (double)total;
}

/* Scores to d_scores; returns the loss, row by row in row_loss. */
static double soft_targets(const soft_info_nce_room *room, size_t n,
                           int n_threads) {
  const size_t stride = n + room->n_further;
  const real share = C(0.5) / (real)n;
  double *row_loss = room->row_loss, *column_loss = row_loss + n;
  sum_weights(room, n);
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * stride))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i) {
      const real *scores = room->scores + i * stride;
      real *d_scores = room->d_scores + i * stride;
      double hit; /* of the row itself, which soft targets do not look at */
      row_loss[i] = softmax_row(stride, i, share, scores, d_scores, &hit) +
                    (double)scores[i] -
                    pull_row(n, room->weight_sum[i], room->weight + i * n,
                             room->weight_sum, share, scores, d_scores);
    }
  }
  n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    softmax_columns(n, stride, first, smaller(first + COLUMNS_PER_PIECE, n),
                    share, room->scores, room->d_scores, column_loss);
  }
  double loss = 0;
  for (size_t i = 0; i < n; ++i)
    loss +=
        0.5 *
        (row_loss[i] + column_loss[i] + (double)room->scores[i * stride + i]) /
        (double)n;
  return loss;
}

/* ---- back to queries and keys -------------------------------------------- */

/* A row's further keys: their gradient, and what they add to the query's. */
FOR_EACH_CPU
static void differentiate_further(size_t n_further, size_t d, real scale,
                                  const real *d_scores, const real *query,
                                  const real *keys, real *d_query,
                                  real *d_keys) {
  for (size_t h = 0; h < n_further; ++h) {
    const real pull = scale * d_scores[h];
    const real *key = keys + h * d;
    real *d_key = d_keys + h * d;
    SIMD for (size_t j = 0; j < d; ++j) {
      d_key[j] = pull * query[j];
      d_query[j] += pull * key[j];
    }
  }
}

/* The gradient of unit rows, in room->d_unit, to that of the rows. */
static void leave_unit_rows(const soft_info_nce_room *room, size_t n,
                            const real *unit, const real *norm, real *d_x,
                            int n_threads) {
  size_t d = room->d;
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      normalize_input_row(d, norm[i], unit + i * d, room->d_unit + i * d,
                          d_x + i * d);
  }
}

/* Further keys of all rows: writes their part of d_unit, adds to d_queries,
 * the gradients of the queries at unit length. */
static void differentiate_all_further(const soft_info_nce_room *room, size_t n,
                                      real scale, real *d_queries,
                                      int n_threads) {
  size_t d = room->d, h = room->n_further;
  int n_pieces = h == 0 ? 0 : count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * h * d))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      differentiate_further(h, d, scale, room->d_scores + i * (n + h) + n,
                            room->queries + i * d,
                            room->keys + (n + i * h) * d, d_queries + i * d,
                            room->d_unit + (n + i * h) * d);
  }
}

static void differentiate_scores(const soft_info_nce_room *room, size_t n,
                                 real scale, real *d_queries, real *d_keys,
                                 int n_threads) {
  size_t d = room->d, h = room->n_further;
  product_shape of_queries = {
      .m = n, .n = d, .k = n, .lda = n + h, .ldb = d, .ldc = d};
  real_product(&of_queries, scale, room->d_scores, room->keys, 0, d_queries,
               n_threads);
  differentiate_all_further(room, n, scale, d_queries, n_threads);
  product_shape of_keys = {.transpose_a = 1,
                           .m = n,
                           .n = d,
                           .k = n,
                           .lda = n + h,
                           .ldb = d,
                           .ldc = d};
  real_product(&of_keys, scale, room->d_scores, room->queries, 0, room->d_unit,
               n_threads);
  leave_unit_rows(room, n * (1 + h), room->keys, room->key_norm, d_keys,
                  n_threads);
  memcpy(room->d_unit, d_queries, n * d * sizeof(real));
  leave_unit_rows(room, n, room->queries, room->query_norm, d_queries,
                  n_threads);
}

static soft_result soft_info_nce(const soft_info_nce_room *room, size_t n,
                                 const real *queries, const real *keys,
                                 double log_scale, double most_scale,
                                 real *d_queries, real *d_keys,
                                 int n_threads) {
  size_t d = room->d, stride = n + room->n_further;
  const int is_held = exp(log_scale) >= most_scale;
  const real scale = C(is_held ? most_scale : exp(log_scale));
  unit_rows(queries, n, d, room->queries, room->query_norm, n_threads);
  unit_rows(keys, n * (1 + room->n_further), d, room->keys, room->key_norm,
            n_threads);
  score_keys(room, n, scale, n_threads);
  soft_result result = {.loss = soft_targets(room, n, n_threads),
                        .n_hits = count_row_hits(room, n)};
  for (size_t i = 0; i < n && !is_held; ++i)
    result.d_log_scale += product_of_rows(stride, room->scores + i * stride,
                                          room->d_scores + i * stride);
  differentiate_scores(room, n, scale, d_queries, d_keys, n_threads);
  return result;
}
