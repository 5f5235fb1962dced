/* Losses of predictions against targets, one function for each (that of pairs
 * of rows is in loss_pairwise.c, that of views without their positives in
 * loss_decoupled.c, that of rows in order in loss_rank_n_contrast.c). All are means, so that their size does not
 * depend on the batch. */

#include "nn/losses.h"
#include "nn/unit_rows.h"
#include "nn/view_scores.h"

static size_t no_scratch(size_t n, size_t n_columns) {
  (void)n;
  (void)n_columns;
  return 0;
}

/* A target for each prediction, or one for each row. */
static status_code check_columns(const head_batch *b, size_t wanted,
                                 status *st) {
  if (b->n_target_columns == wanted) return STATUS_OK;
  return status_fail(st, STATUS_BAD_INPUT,
                     "%zu columns of targets are needed, not %zu", wanted,
                     b->n_target_columns);
}

static status_code check_same_shape(const head_batch *b, status *st) {
  return check_columns(b, b->n_columns, st);
}

static status_code check_one_target(const head_batch *b, status *st) {
  return check_columns(b, 1, st);
}

static double sum_of_rows(const head_batch *b) {
  double total = 0;
  for (size_t i = 0; i < b->n; ++i) total += b->row_loss[i];
  return total;
}

/* The mean over all values of what `row` sums over a row; it writes the
 * gradient of share times that sum. */
static double mean_of_values(const head_batch *b,
                             double (*row)(size_t k, const real *x,
                                           const real *target, real share,
                                           real *d_x)) {
  size_t k = b->n_columns;
  const double share = 1.0 / ((double)b->n * (double)k);
  int n_pieces = count_pieces(b->n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(b->n_threads, b->n * k))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, b->n);
    for (size_t i = first; i < last; ++i)
      b->row_loss[i] = share * row(k, b->x + i * k, b->target + i * k,
                                   C(share), b->d_x + i * k);
  }
  return sum_of_rows(b);
}

/* ---- squared error ------------------------------------------------------- */

/* mean_ij (x_ij - target_ij)^2 */
FOR_EACH_CPU
static double squared_error_row(size_t k, const real *x, const real *target,
                                real share, real *d_x) {
  double total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < k; ++j) {
    real difference = x[j] - target[j];
    total += (double)difference * (double)difference;
    d_x[j] = 2 * share * difference;
  }
  return total;
}

static double squared_error(const head_batch *b) {
  return mean_of_values(b, squared_error_row);
}

/* ---- cross-entropy ------------------------------------------------------- */

/* -mean_i w_i log softmax_j(x_ij)[class_i]; the target is the class, from 0,
 * and may have the weight w_i beside it (else 1). */
static status_code check_classes(const head_batch *b, status *st) {
  size_t n_targets = b->n_target_columns == 2 ? 2 : 1;
  if (check_columns(b, n_targets, st)) return st->code;
  for (size_t i = 0; i < b->n; ++i) {
    double class = (double)b->target[i * n_targets];
    if (!(class >= 0 && class < (double)b->n_columns && class == floor(class)))
      return status_fail(st, STATUS_BAD_INPUT,
                         "row %zu has class %g: classes are 0 to %zu", i + 1,
                         class, b->n_columns - 1);
    if (n_targets == 2 && !(b->target[i * 2 + 1] >= 0))
      return status_fail(st, STATUS_BAD_INPUT,
                         "row %zu has weight %g: weights are at least 0",
                         i + 1, (double)b->target[i * 2 + 1]);
  }
  return STATUS_OK;
}

static double softmax_cross_entropy(const head_batch *b) {
  size_t k = b->n_columns, n_targets = b->n_target_columns;
  for (size_t i = 0; i < b->n; ++i) {
    const real *x = b->x + i * k, *target = b->target + i * n_targets;
    real *d_x = b->d_x + i * k, top = x[0];
    size_t class = (size_t)target[0];
    double share = (n_targets == 2 ? (double)target[1] : 1) / (double)b->n;
    for (size_t j = 1; j < k; ++j) top = x[j] > top ? x[j] : top;
    double total = 0;
    for (size_t j = 0; j < k; ++j) {
      d_x[j] = real_exp(x[j] - top);
      total += (double)d_x[j];
    }
    const real factor = C(share / total);
    for (size_t j = 0; j < k; ++j) d_x[j] *= factor;
    d_x[class] -= C(share);
    b->row_loss[i] = share * (log(total) + (double)(top - x[class]));
  }
  return sum_of_rows(b);
}

/* ---- binary cross-entropy ------------------------------------------------ */

/* mean_ij of -log P(target_ij), with P(1) = sigmoid(x_ij); targets are
 * probabilities, from 0 to 1. */
static status_code check_probabilities(const head_batch *b, status *st) {
  if (check_same_shape(b, st)) return st->code;
  for (size_t i = 0; i < b->n * b->n_columns; ++i)
    if (!(b->target[i] >= 0 && b->target[i] <= 1))
      return status_fail(st, STATUS_BAD_INPUT,
                         "target %zu is %g: targets lie between 0 and 1",
                         i + 1, (double)b->target[i]);
  return STATUS_OK;
}

FOR_EACH_CPU
static double binary_cross_entropy_row(size_t k, const real *x,
                                       const real *target, real share,
                                       real *d_x) {
  double total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < k; ++j) {
    real fall = real_exp(-real_abs(x[j])); /* never overflows */
    real chance = (x[j] >= 0 ? 1 : fall) / (1 + fall);
    real above = x[j] > 0 ? x[j] : 0;
    total += (double)(real_log1p(fall) + above - target[j] * x[j]);
    d_x[j] = share * (chance - target[j]);
  }
  return total;
}

static double binary_cross_entropy(const head_batch *b) {
  return mean_of_values(b, binary_cross_entropy_row);
}

/* ---- cosine -------------------------------------------------------------- */

/* mean_i (2 - 2 cos(x_i, target_i)): the squared distance at unit length */
static size_t cosine_scratch(size_t n, size_t n_columns) {
  (void)n;
  return 3 * n_columns;
}

static double cosine_distance(const head_batch *b) {
  size_t k = b->n_columns;
  real *x = b->scratch, *unit = x + k, *target = unit + k;
  for (size_t i = 0; i < b->n; ++i) {
    memcpy(target, b->target + i * k, k * sizeof(real));
    normalize_row(k, target, unit);
    memcpy(x, b->x + i * k, k * sizeof(real));
    real norm = normalize_row(k, x, unit);
    double cosine = 0;
    for (size_t j = 0; j < k; ++j)
      cosine += (double)unit[j] * (double)target[j];
    for (size_t j = 0; j < k; ++j) target[j] *= C(-2.0 / (double)b->n);
    normalize_input_row(k, norm, unit, target, b->d_x + i * k);
    b->row_loss[i] = (2 - 2 * cosine) / (double)b->n;
  }
  return sum_of_rows(b);
}

/* ---- NT-Xent ------------------------------------------------------------- */

/* Normalised temperature-scaled cross-entropy (Chen et al. 2020,
 * arXiv:2002.05709). Rows i and i + n/2 are two views of one item; with S as
 * in nn/view_scores.h and p(k) the other view of k,
 *
 *     loss = mean_k [log sum_{l != k} exp(S_kl) - S_k,p(k)]. */
static status_code check_views(const head_batch *b, status *st) {
  if (b->n >= 2 && b->n % 2 == 0 && b->option > 0) return STATUS_OK;
  return status_fail(st, STATUS_BAD_INPUT,
                     "NT-Xent takes two views of each item and a temperature "
                     "above 0, not %zu rows and %g",
                     b->n, b->option);
}

/* Row k of S becomes row k of G; returns the row's loss. */
FOR_EACH_CPU
static double nt_xent_row(size_t n, size_t k, size_t other, real *scores) {
  const double own = (double)scores[other];
  scores[k] = -INFINITY;
  real top = scores[other], total = 0;
  SIMD_MAX(top)
  for (size_t l = 0; l < n; ++l) top = scores[l] > top ? scores[l] : top;
  SIMD_SUM(total)
  for (size_t l = 0; l < n; ++l) {
    scores[l] = real_exp(scores[l] - top);
    total += scores[l];
  }
  const real factor = 1 / (total * (real)n);
  SIMD for (size_t l = 0; l < n; ++l) scores[l] *= factor;
  scores[other] -= 1 / (real)n;
  return (log((double)total) + (double)top - own) / (double)n;
}

/* Does the other view of row k score highest among the rows of that view? */
static int other_is_highest(size_t n, size_t k, const real *scores) {
  const real *view = scores + (k < n / 2 ? n / 2 : 0);
  real own = view[k % (n / 2)];
  for (size_t l = 0; l < n / 2; ++l)
    if (view[l] > own) return 0;
  return 1;
}

static double nt_xent(const head_batch *b) {
  size_t n = b->n;
  view_scores v = score_views(b);
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(b->n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t k = first; k < last; ++k) {
      if (b->row_hit != NULL)
        b->row_hit[k] = other_is_highest(n, k, v.scores + k * n);
      b->row_loss[k] = nt_xent_row(n, k, (k + n / 2) % n, v.scores + k * n);
    }
  }
  differentiate_views(b, &v);
  return sum_of_rows(b);
}

/* ---- table --------------------------------------------------------------- */

static const head_loss head_losses[] = {{.name = "squared_error",
                                         .scratch = no_scratch,
                                         .check = check_same_shape,
                                         .evaluate = squared_error},
                                        {.name = "softmax_cross_entropy",
                                         .scratch = no_scratch,
                                         .check = check_classes,
                                         .evaluate = softmax_cross_entropy},
                                        {.name = "binary_cross_entropy",
                                         .scratch = no_scratch,
                                         .check = check_probabilities,
                                         .evaluate = binary_cross_entropy},
                                        {.name = "pairwise_logistic",
                                         .scratch = pairwise_scratch,
                                         .check = check_one_target,
                                         .evaluate = pairwise_logistic},
                                        {.name = "cosine_distance",
                                         .scratch = cosine_scratch,
                                         .check = check_same_shape,
                                         .evaluate = cosine_distance},
                                        {.name = "nt_xent",
                                         .scratch = view_scores_scratch,
                                         .check = check_views,
                                         .evaluate = nt_xent},
                                        {.name = "decoupled",
                                         .scratch = decoupled_scratch,
                                         .check = check_decoupled,
                                         .evaluate = decoupled},
                                        {.name = "decoupled_one_sum",
                                         .scratch = decoupled_scratch,
                                         .check = check_decoupled,
                                         .evaluate = decoupled_one_sum},
                                        {.name = "rank_n_contrast",
                                         .scratch = rank_n_contrast_scratch,
                                         .check = check_rank_n_contrast,
                                         .evaluate = rank_n_contrast}};

static const head_loss *find_head_loss(const char *name) {
  for (size_t i = 0; i < sizeof head_losses / sizeof *head_losses; ++i)
    if (strcmp(head_losses[i].name, name) == 0) return &head_losses[i];
  return NULL;
}
