/* Rank-N-Contrast (Zha et al. 2023, arXiv:2210.01189): rows lie in the order of
 * their targets. With T the option and s_ij = -|x_i - x_j| / T,
 *
 *     loss = mean over i and j != i of log sum_k exp(s_ik) - s_ij,
 *
 * where k goes over the rows other than i whose target is at least as far from
 * that of i as that of j is. T is 2 as published.
 *
 * In the order of the targets the rows around i get farther on both sides, so
 * the sums of a row are made while walking from both ends to it, and its
 * gradients on the way back. Sums are kept as logarithms. */

#include <stdlib.h>

#include "nn/losses.h"

/* A target and its row; a row is a number that real holds exactly. */
typedef struct {
  real target, row;
} ranked_row;

/* Distances and gradients, and the order of the targets. */
static size_t rank_n_contrast_scratch(size_t n, size_t n_columns) {
  (void)n_columns;
  return 2 * n * n + 2 * n;
}

static status_code check_rank_n_contrast(const head_batch *b, status *st) {
  if (check_one_target(b, st)) return st->code;
  for (size_t i = 0; i < b->n; ++i)
    if (!isfinite(b->target[i]))
      return status_fail(st, STATUS_BAD_INPUT, "row %zu has target %g", i + 1,
                         (double)b->target[i]);
  if (b->n >= 2 && b->option > 0) return STATUS_OK;
  return status_fail(st, STATUS_BAD_INPUT,
                     "Rank-N-Contrast takes two rows or more and a "
                     "temperature above 0, not %zu and %g",
                     b->n, b->option);
}

static int compare_ranked(const void *a, const void *b) {
  const ranked_row *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* distance[j] = |x_i - x_j| for the rows of x */
FOR_EACH_CPU
static void row_distances(size_t n, size_t d, const real *own, const real *x,
                          real *distance) {
  for (size_t j = 0; j < n; ++j) {
    const real *other = x + j * d;
    real squares = 0;
    SIMD_SUM(squares)
    for (size_t c = 0; c < d; ++c)
      squares += (own[c] - other[c]) * (own[c] - other[c]);
    distance[j] = real_sqrt(squares);
  }
}

/* log(exp(a) + exp(b)) */
static double log_add(double a, double b) {
  double top = a > b ? a : b, low = a > b ? b : a;
  return top == -INFINITY ? top : top + log1p(exp(low - top));
}

/* What a walk over the other rows of `at` needs. */
typedef struct {
  const ranked_row *order;
  size_t n, at;
  const real *distance; /* from the row at `at` */
  double sharpness;     /* 1 / T */
} ranked_walk;

static size_t row_at(const ranked_walk *w, size_t place) {
  return (size_t)w->order[place].row;
}

static real far_from(const ranked_walk *w, size_t place) {
  return real_abs(w->order[place].target - w->order[w->at].target);
}

static double log_score(const ranked_walk *w, size_t place) {
  return -(double)w->distance[row_at(w, place)] * w->sharpness;
}

/* From the far ends to the row: log_sum[k] of row k gets the log of the sum of
 * all rows that are as far as k or farther. Returns the row's loss. */
static double walk_in(const ranked_walk *w, real *log_sum) {
  size_t left = 0, right = w->n; /* next from the left, after that from the
                                    right */
  double total = -INFINITY, loss = 0;
  while (left < w->at || right > w->at + 1) {
    real of_left = left < w->at ? far_from(w, left) : -1;
    real of_right = right > w->at + 1 ? far_from(w, right - 1) : -1;
    real far = of_left > of_right ? of_left : of_right;
    size_t first = left, last = right;
    for (; left < w->at && far_from(w, left) >= far; ++left)
      total = log_add(total, log_score(w, left));
    for (; right > w->at + 1 && far_from(w, right - 1) >= far; --right)
      total = log_add(total, log_score(w, right - 1));
    for (size_t k = first; k < left; ++k) {
      log_sum[row_at(w, k)] = C(total);
      loss += total - log_score(w, k);
    }
    for (size_t k = right; k < last; ++k) {
      log_sum[row_at(w, k)] = C(total);
      loss += total - log_score(w, k);
    }
  }
  return loss;
}

/* Back out: log_sum becomes the gradient of the scores, times share. */
static void walk_out(const ranked_walk *w, double share, real *log_sum) {
  size_t left = w->at, right = w->at + 1; /* after the next from the left,
                                             next from the right */
  double total = -INFINITY; /* log of the sum of 1 / sums so far */
  while (left > 0 || right < w->n) {
    real of_left = left > 0 ? far_from(w, left - 1) : INFINITY;
    real of_right = right < w->n ? far_from(w, right) : INFINITY;
    real near = of_left < of_right ? of_left : of_right;
    size_t first = left, last = right;
    for (; left > 0 && far_from(w, left - 1) <= near; --left)
      total = log_add(total, -(double)log_sum[row_at(w, left - 1)]);
    for (; right < w->n && far_from(w, right) <= near; ++right)
      total = log_add(total, -(double)log_sum[row_at(w, right)]);
    for (size_t k = left; k < first; ++k)
      log_sum[row_at(w, k)] = C(share * (exp(log_score(w, k) + total) - 1));
    for (size_t k = last; k < right; ++k)
      log_sum[row_at(w, k)] = C(share * (exp(log_score(w, k) + total) - 1));
  }
}

/* pull = (g + g') / (T distance), in place of the distance; 0 where two rows
 * are in one place */
static void pull_of_row(const head_batch *b, size_t i, const real *g,
                        real *distance) {
  size_t n = b->n;
  const real sharpness = C(1 / b->option);
  for (size_t j = 0; j < n; ++j) {
    real *at = distance + i * n + j;
    *at = *at > 0 ? (g[i * n + j] + g[j * n + i]) * sharpness / *at : 0;
  }
}

/* d_x_i = sum_j pull_ij (x_j - x_i): the product with x is there already */
static void finish_row(const head_batch *b, size_t i, const real *pull) {
  size_t d = b->n_columns;
  real total = 0;
  for (size_t j = 0; j < b->n; ++j) total += pull[i * b->n + j];
  for (size_t c = 0; c < d; ++c) b->d_x[i * d + c] -= total * b->x[i * d + c];
}

static double rank_n_contrast(const head_batch *b) {
  size_t n = b->n, d = b->n_columns;
  real *distance = b->scratch, *g = distance + n * n;
  ranked_row *order = (ranked_row *)(g + n * n);
  const double share = 1 / ((double)n * (double)(n - 1));
  for (size_t i = 0; i < n; ++i) {
    ranked_row own = {b->target[i], C(i)};
    order[i] = own;
  }
  qsort(order, n, sizeof *order, compare_ranked);
  int n_rows = (int)n;
  PARALLEL_FOR(threads_for(b->n_threads, n * n))
  for (int place = 0; place < n_rows; ++place) {
    size_t i = (size_t)order[place].row;
    ranked_walk w = {.order = order,
                     .n = n,
                     .at = (size_t)place,
                     .distance = distance + i * n,
                     .sharpness = 1 / b->option};
    row_distances(n, d, b->x + i * d, b->x, distance + i * n);
    b->row_loss[i] = share * walk_in(&w, g + i * n);
    walk_out(&w, share, g + i * n);
    g[i * n + i] = 0;
  }
  PARALLEL_FOR(threads_for(b->n_threads, n * n))
  for (int i = 0; i < n_rows; ++i) pull_of_row(b, (size_t)i, g, distance);
  product_shape shape = {.m = n, .n = d, .k = n, .lda = n, .ldb = d, .ldc = d};
  real_product(&shape, 1, distance, b->x, 0, b->d_x, b->n_threads);
  for (size_t i = 0; i < n; ++i) finish_row(b, i, distance);
  return sum_of_rows(b);
}
