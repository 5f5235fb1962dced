/* The decoupled contrastive loss (Yeh et al. 2021, arXiv:2110.06848): NT-Xent
 * without the positive among what it is compared with. Rows i and i + n/2 are
 * two views of pair i; with S as in nn/view_scores.h, p(k) the other view of k
 * and w_k the weight of its pair,
 *
 *     "decoupled_one_sum" (equation 6):
 *         loss = mean_k [log sum_l exp(S_kl) - w_k S_k,p(k)],
 *     "decoupled": a logarithm for each view,
 *         loss = mean_k [log sum_{l in own view} exp(S_kl)
 *                        + log sum_{l in other view} exp(S_kl)
 *                        - w_k S_k,p(k)].
 *
 * The second is what lightly and the released code of IsoCLR (Fradkin et al.
 * 2023, arXiv:2310.08738) compute, L = (L(a, b) + L(b, a)) / 2 of n/2 pairs.
 *
 * Sums are over the rows of other sets than that of k, so without k and p(k).
 * A batch of one set has no such rows and keeps its positive terms alone; to
 * refuse it is for the task.
 *
 * Targets: the set, a whole number, and the weight; the same for both views.
 */

#include "nn/losses.h"
#include "nn/view_scores.h"

/* Whole numbers up to it are exact in single precision. */
#define LARGEST_SET 16777216.0

static size_t decoupled_scratch(size_t n, size_t n_columns) {
  return view_scores_scratch(n, n_columns) + n;
}

static status_code check_pair(const head_batch *b, size_t i, status *st) {
  const real *first = b->target + 2 * i, *second = first + b->n;
  double set = (double)first[0], weight = (double)first[1];
  if (!(fabs(set) <= LARGEST_SET && set == floor(set)))
    return status_fail(st, STATUS_BAD_INPUT,
                       "pair %zu has set %g: sets are whole numbers", i + 1,
                       set);
  if (!(weight >= 0 && isfinite(weight)))
    return status_fail(st, STATUS_BAD_INPUT,
                       "pair %zu has weight %g: weights are 0 or more", i + 1,
                       weight);
  if (first[0] != second[0] || first[1] != second[1])
    return status_fail(st, STATUS_BAD_INPUT,
                       "the views of pair %zu have different sets or weights",
                       i + 1);
  return STATUS_OK;
}

static status_code check_decoupled(const head_batch *b, status *st) {
  if (b->n < 4 || b->n % 2 != 0 || !(b->option > 0))
    return status_fail(st, STATUS_BAD_INPUT,
                       "the decoupled loss takes two views of at least two "
                       "pairs and a temperature above 0, not %zu rows and %g",
                       b->n, b->option);
  if (b->n_target_columns != 2)
    return status_fail(st, STATUS_BAD_INPUT,
                       "2 columns of targets, set and weight, are needed, "
                       "not %zu",
                       b->n_target_columns);
  for (size_t i = 0; i < b->n / 2; ++i)
    if (check_pair(b, i, st)) return st->code;
  return STATUS_OK;
}

/* The highest of n scores against other sets, -INFINITY if there is none. */
FOR_EACH_CPU
static real highest_negative(size_t n, real own, const real *set,
                             const real *scores) {
  real top = -INFINITY;
  SIMD_MAX(top)
  for (size_t l = 0; l < n; ++l) {
    real score = set[l] != own ? scores[l] : -INFINITY;
    top = score > top ? score : top;
  }
  return top;
}

/* Scores become share times their softmax over other sets, 0 within the own.
 * Returns log sum exp of those over other sets; without any 0. */
FOR_EACH_CPU
static double negative_softmax(size_t n, real own, const real *set, real top,
                               real share, real *scores) {
  if (top == -INFINITY) {
    memset(scores, 0, n * sizeof(real));
    return 0;
  }
  real total = 0;
  SIMD_SUM(total)
  for (size_t l = 0; l < n; ++l) {
    real score = real_exp(scores[l] - top);
    scores[l] = set[l] != own ? score : 0;
    total += scores[l];
  }
  const real factor = share / total;
  SIMD for (size_t l = 0; l < n; ++l) scores[l] *= factor;
  return log((double)total) + (double)top;
}

/* Row k of S becomes row k of G. n_sums: 1, or one for each view. */
static void decoupled_row(const head_batch *b, const real *set, size_t k,
                          size_t n_sums, real *scores) {
  const size_t half = b->n / 2, other = (k + half) % b->n;
  const size_t first[2] = {0, half};
  const real own = scores[other], weight = b->target[2 * k + 1];
  const real share = C(1.0 / (double)b->n);
  real top[2];
  for (int view = 0; view < 2; ++view)
    top[view] = highest_negative(half, set[k], set + first[view],
                                 scores + first[view]);
  if (b->row_hit != NULL) b->row_hit[k] = own >= top[k < half];
  double loss = -(double)weight * (double)own;
  if (n_sums == 1)
    loss += negative_softmax(b->n, set[k], set,
                             top[0] > top[1] ? top[0] : top[1], share, scores);
  for (size_t view = 0; n_sums == 2 && view < 2; ++view)
    loss += negative_softmax(half, set[k], set + first[view], top[view], share,
                             scores + first[view]);
  scores[other] -= share * weight;
  b->row_loss[k] = loss / (double)b->n;
}

static double decoupled_sums(const head_batch *b, size_t n_sums) {
  const size_t n = b->n;
  view_scores v = score_views(b);
  real *set = b->scratch + view_scores_scratch(n, b->n_columns);
  for (size_t k = 0; k < n; ++k) set[k] = b->target[2 * k];
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(b->n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t k = first; k < last; ++k)
      decoupled_row(b, set, k, n_sums, v.scores + k * n);
  }
  differentiate_views(b, &v);
  double total = 0;
  for (size_t k = 0; k < n; ++k) total += b->row_loss[k];
  return total;
}

static double decoupled(const head_batch *b) {
  return decoupled_sums(b, 2);
}

static double decoupled_one_sum(const head_batch *b) {
  return decoupled_sums(b, 1);
}
