/* Symmetric InfoNCE with in-batch negatives (van den Oord et al. 2018; CAL,
 * section 2 of arXiv:2603.20955): for scores S of n queries against n keys
 *
 *     loss = 1/2 mean_i [-log softmax_j(S_i.)_i]
 *          + 1/2 mean_j [-log softmax_i(S_.j)_j].
 *
 * The gradient with respect to S_ij is (row softmax + column softmax) / 2n,
 * less 1/n on the diagonal. */

#include "nn/losses.h"
#include "nn/softmax.h"

static void info_nce_take(size_t max_rows, arena *a, info_nce_room *room) {
  size_t n_scores;
  if (!size_multiply(max_rows, max_rows, &n_scores)) a->overflow = 1;
  room->scores = arena_take(a, n_scores, sizeof(real));
  room->d_scores = arena_take(a, n_scores, sizeof(real));
  room->row_loss = arena_take(a, 2 * max_rows, sizeof(double));
  room->row_hit = arena_take(a, max_rows, sizeof(double));
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
    softmax_columns(n, n, first, smaller(first + COLUMNS_PER_PIECE, n), weight,
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
