/* Symmetric InfoNCE with in-batch negatives (van den Oord et al. 2018; CAL,
 * section 2 of arXiv:2603.20955): for scores S of n queries against n keys
 *
 *     loss = 1/2 mean_i [-log softmax_j(S_i.)_i]
 *          + 1/2 mean_j [-log softmax_i(S_.j)_j].
 *
 * The gradient with respect to S_ij is (row softmax + column softmax) / 2n,
 * less 1/n on the diagonal. */

#include "nn/losses.h"

static void info_nce_take(size_t max_rows, arena *a, info_nce_room *room) {
  size_t n_scores;
  if (!size_multiply(max_rows, max_rows, &n_scores)) a->overflow = 1;
  room->scores = arena_take(a, n_scores, sizeof(real));
  room->d_scores = arena_take(a, n_scores, sizeof(real));
  room->row_loss = arena_take(a, 2 * max_rows, sizeof(double));
  room->row_hit = arena_take(a, max_rows, sizeof(double));
}

/* d_scores = row softmax * weight. Returns log sum exp(row) - row[own]; *hit
 * is 1 where no other score reaches the own one. */
FOR_EACH_CPU
static double softmax_row(size_t n, size_t own, real weight,
                          const real *scores, real *d_scores, double *hit) {
  real top = scores[0];
  SIMD_MAX(top)
  for (size_t j = 0; j < n; ++j) top = scores[j] > top ? scores[j] : top;
  real total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j) {
    d_scores[j] = real_exp(scores[j] - top);
    total += d_scores[j];
  }
  real factor = weight / total;
  SIMD for (size_t j = 0; j < n; ++j) d_scores[j] *= factor;
  *hit = scores[own] >= top;
  return log((double)total) + (double)top - (double)scores[own];
}

/* Adds column softmax * weight to columns first .. last - 1 of d_scores, and
 * leaves in column_loss[j] log sum exp(column j) - scores[j, j]. */
FOR_EACH_CPU
static void softmax_columns(size_t n, size_t first, size_t last, real weight,
                            const real *scores, real *d_scores,
                            double *column_loss) {
  real top[COLUMNS_PER_PIECE], total[COLUMNS_PER_PIECE];
  size_t width = last - first;
  for (size_t j = 0; j < width; ++j) {
    top[j] = scores[first + j];
    total[j] = 0;
  }
  for (size_t i = 1; i < n; ++i) {
    const real *row = scores + i * n + first;
    SIMD for (size_t j = 0; j < width; ++j) top[j] =
        row[j] > top[j] ? row[j] : top[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n + first;
    SIMD for (size_t j = 0; j < width; ++j) total[j] +=
        real_exp(row[j] - top[j]);
  }
  for (size_t j = 0; j < width; ++j) {
    column_loss[first + j] = log((double)total[j]) + (double)top[j] -
                             (double)scores[(first + j) * n + first + j];
    total[j] = weight / total[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n + first;
    real *d_row = d_scores + i * n + first;
    SIMD for (size_t j = 0; j < width; ++j) d_row[j] +=
        real_exp(row[j] - top[j]) * total[j];
  }
}

static loss_result info_nce(const info_nce_room *room, size_t n,
                            int n_threads) {
  const real weight = C(0.5) / (real)n;
  double *row_loss = room->row_loss, *column_loss = room->row_loss + n;
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      row_loss[i] = softmax_row(n, i, weight, room->scores + i * n,
                                room->d_scores + i * n, &room->row_hit[i]);
  }
  n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    softmax_columns(n, first, smaller(first + COLUMNS_PER_PIECE, n), weight,
                    room->scores, room->d_scores, column_loss);
  }
  loss_result result = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    result.loss += 0.5 * (row_loss[i] + column_loss[i]) / (double)n;
    result.n_hits += room->row_hit[i];
    room->d_scores[i * n + i] -= 2 * weight;
  }
  return result;
}
