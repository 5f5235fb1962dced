/* Supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362) of rows
 * with any number of positive columns each.
 *
 * For scores S of rows i against columns j, offsets o, weights a and b, P(i)
 * the positives of row i and P'(j) the rows that column j is a positive of,
 *
 *     row_i = -mean_{j in P(i)} log softmax_j(S_ij + o_j)
 *     column_j = -mean_{i in P'(j)} log softmax_i(S_ij + o_i)
 *     loss = 1/2 (sum_i a_i row_i + sum_j b_j column_j),
 *
 * where columns that are no row's positive have no term. A score of -INFINITY
 * is left out of all sums. */

#include "nn/losses.h"

static void multi_positive_take(size_t max_rows, size_t n_columns, arena *a,
                                multi_positive_room *room) {
  size_t n_scores;
  if (!size_multiply(max_rows, n_columns, &n_scores)) a->overflow = 1;
  room->scores = arena_take(a, n_scores, sizeof(real));
  room->row_loss = arena_take(a, max_rows, sizeof(double));
  room->row_hit = arena_take(a, max_rows, sizeof(double));
  room->row_weight = arena_take(a, max_rows, sizeof(real));
  room->row_offset = arena_take(a, max_rows, sizeof(real));
  room->column_weight = arena_take(a, n_columns, sizeof(real));
  room->column_offset = arena_take(a, n_columns, sizeof(real));
  room->column_top = arena_take(a, n_columns, sizeof(real));
  room->column_scale = arena_take(a, n_columns, sizeof(real));
  room->column_count = arena_take(a, n_columns, sizeof(int));
  room->column_loss = arena_take(a, n_columns, sizeof(double));
}

/* Top, scale and loss of columns first .. last - 1; the loss is the weighted
 * log of the sum, which the rows complete. */
FOR_EACH_CPU
static void sum_score_columns(const multi_positive_room *m, const real *scores,
                              size_t n, size_t n_columns, size_t first,
                              size_t last) {
  real top[COLUMNS_PER_PIECE], total[COLUMNS_PER_PIECE];
  size_t width = last - first;
  for (size_t j = 0; j < width; ++j) {
    top[j] = -INFINITY;
    total[j] = 0;
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n_columns + first;
    const real offset = m->row_offset[i];
    SIMD for (size_t j = 0; j < width; ++j) top[j] =
        row[j] + offset > top[j] ? row[j] + offset : top[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n_columns + first;
    const real offset = m->row_offset[i];
    SIMD for (size_t j = 0; j < width; ++j) total[j] +=
        real_exp(row[j] + offset - top[j]);
  }
  for (size_t j = 0; j < width; ++j) {
    double weight = (double)m->column_weight[first + j];
    m->column_top[first + j] = top[j];
    m->column_scale[first + j] = C(weight / (double)total[j]);
    m->column_loss[first + j] =
        weight * (log((double)total[j]) + (double)top[j]);
  }
}

/* Log of the row's sum of exponentials, offsets of the columns included. */
FOR_EACH_CPU
static double sum_score_row(const multi_positive_room *m, const real *scores,
                            size_t n_columns, real *largest) {
  const real *offset = m->column_offset;
  real top = -INFINITY, total = 0;
  SIMD_MAX(top)
  for (size_t j = 0; j < n_columns; ++j)
    top = scores[j] + offset[j] > top ? scores[j] + offset[j] : top;
  SIMD_SUM(total)
  for (size_t j = 0; j < n_columns; ++j)
    total += real_exp(scores[j] + offset[j] - top);
  *largest = top;
  return log((double)total) + (double)top;
}

/* Replaces the scores of a row by twice the gradient, but for positives. */
FOR_EACH_CPU
static void differentiate_row(const multi_positive_room *m, real row_weight,
                              real row_offset, real log_total,
                              size_t n_columns, real *scores) {
  const real *offset = m->column_offset, *top = m->column_top;
  const real *scale = m->column_scale;
  SIMD for (size_t j = 0; j < n_columns; ++j) scores[j] =
      row_weight * real_exp(scores[j] + offset[j] - log_total) +
      scale[j] * real_exp(scores[j] + row_offset - top[j]);
}

/* Row i: its own loss and its part of the columns' losses; scores become
 * twice the gradient. */
static double multi_positive_row(const multi_positive_room *m,
                                 const int *positives, int n_positives,
                                 size_t i, size_t n_columns) {
  real *scores = m->scores + i * n_columns;
  real top, best = -INFINITY;
  double log_total = sum_score_row(m, scores, n_columns, &top);
  double weight = (double)m->row_weight[i];
  double loss = weight * log_total;
  for (int k = 0; k < n_positives; ++k) {
    int j = positives[k];
    real in_row = scores[j] + m->column_offset[j];
    real in_column = scores[j] + m->row_offset[i];
    loss -=
        weight * (double)in_row / n_positives +
        (double)m->column_weight[j] * (double)in_column / m->column_count[j];
    if (in_row > best) best = in_row;
  }
  m->row_hit[i] = best >= top;
  differentiate_row(m, m->row_weight[i], m->row_offset[i], C(log_total),
                    n_columns, scores);
  for (int k = 0; k < n_positives; ++k) {
    int j = positives[k];
    scores[j] -= m->row_weight[i] / (real)n_positives +
                 m->column_weight[j] / (real)m->column_count[j];
  }
  return loss;
}

static loss_result multi_positive(const multi_positive_room *room,
                                  const positive_lists *positives, size_t n,
                                  size_t n_columns, int n_threads) {
  int n_pieces = count_pieces(n_columns, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n_columns))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    sum_score_columns(room, room->scores, n, n_columns, first,
                      smaller(first + COLUMNS_PER_PIECE, n_columns));
  }
  n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n_columns))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      room->row_loss[i] = multi_positive_row(room, positives->columns[i],
                                             positives->n[i], i, n_columns);
  }
  loss_result result = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    result.loss += 0.5 * room->row_loss[i];
    result.n_hits += room->row_hit[i];
  }
  for (size_t j = 0; j < n_columns; ++j)
    result.loss += 0.5 * room->column_loss[j];
  return result;
}
