/* Pairwise logistic loss (RankNet, Burges et al. 2005) over all pairs of rows:
 * with t_ij 1 where target_i > target_j and 0 where it is smaller,
 *
 *     loss = mean over pairs of log(1 + exp(x_j - x_i)) where t_ij = 1,
 *     dL/dx_i = sum_j (sigmoid(x_i - x_j) - t_ij) / number of pairs.
 *
 * Pairs with equal targets have no order: with option 0 they are left out,
 * with option 1 they count as t_ij = 1/2.
 *
 * A batch of n rows costs n exponentials and n^2 divisions, as
 * sigmoid(x_i - x_j) = e_i / (e_i + e_j) with e = exp(x), and one logarithm for
 * the product of several such numbers. */

#include "nn/losses.h"

#define PAIRS_PER_CHUNK 256
#define PAIRS_PER_LOG 8

/* Scores this far apart still have a product of PAIRS_PER_LOG sigmoids that is
 * a normal double, and a sigmoid that is a normal float. */
#define WIDEST_RANGE 80

/* e = exp(x), and how many pairs a row has */
static size_t pairwise_scratch(size_t n, size_t n_columns) {
  (void)n_columns;
  return 2 * n;
}

typedef struct {
  double loss, slope, n_pairs; /* sums over pairs of one row */
} pair_sums;

/* Adds the pairs of a row (own, own_target) with n <= PAIRS_PER_CHUNK others.
 * A pair's loss belongs to the row that should score higher, of ties half to
 * either. A row with itself has slope 0. */
FOR_EACH_CPU
static void pairwise_chunk(real own, real own_target, const real *e,
                           const real *target, size_t n, real keep_ties,
                           pair_sums *sums) {
  real right[PAIRS_PER_CHUNK]; /* chance that the pair is ordered right */
  real slope = 0, n_pairs = 0;
  SIMD_SUM(slope, n_pairs)
  for (size_t j = 0; j < n; ++j) {
    const real chance = own / (own + e[j]);
    const real above = own_target > target[j] ? C(1) : C(0);
    const real tied = own_target == target[j] ? keep_ties : C(0);
    const real below = own_target < target[j] ? C(1) : C(0);
    slope += (above + tied + below) * chance - above - C(0.5) * tied;
    n_pairs += above + C(0.5) * tied;
    const real of_tie = tied > 0 ? real_sqrt(chance) : C(1);
    right[j] = above > 0 ? chance : of_tie;
  }
  for (size_t j = n; j < PAIRS_PER_CHUNK; ++j) right[j] = 1;
  const size_t n_logs = PAIRS_PER_CHUNK / PAIRS_PER_LOG;
  double product[PAIRS_PER_CHUNK / PAIRS_PER_LOG];
  SIMD for (size_t k = 0; k < n_logs; ++k) product[k] = (double)right[k];
  for (size_t part = 1; part < PAIRS_PER_LOG; ++part)
    SIMD for (size_t k = 0; k < n_logs; ++k) product[k] *=
        (double)right[part * n_logs + k];
  for (size_t k = 0; k < n_logs; ++k) sums->loss -= log(product[k]);
  sums->slope += (double)slope;
  sums->n_pairs += (double)n_pairs;
}

/* Any scores: an exponential and a logarithm for each pair. */
static void pairwise_row(const head_batch *b, size_t i, pair_sums *sums) {
  const double keep_ties = b->option != 0;
  for (size_t j = 0; j < b->n; ++j) {
    double ahead = (double)(b->x[i] - b->x[j]);
    double fall = exp(-fabs(ahead)); /* never overflows */
    double chance = ahead >= 0 ? 1 / (1 + fall) : fall / (1 + fall);
    double loss = log1p(fall) + (ahead >= 0 ? 0 : -ahead);
    double above = b->target[i] > b->target[j];
    double tied = b->target[i] == b->target[j] ? keep_ties : 0;
    double below = b->target[i] < b->target[j];
    sums->slope += (above + tied + below) * chance - above - 0.5 * tied;
    sums->n_pairs += above + 0.5 * tied;
    sums->loss += (above + 0.5 * tied) * loss;
  }
}

/* Fills e with exp(x), from the middle of x. Returns 0 where scores lie too far
 * apart, or are no numbers. */
static int exponentials(const head_batch *b, real *e) {
  real top = b->x[0], bottom = b->x[0];
  for (size_t i = 1; i < b->n; ++i) {
    top = b->x[i] > top ? b->x[i] : top;
    bottom = b->x[i] < bottom ? b->x[i] : bottom;
  }
  const real middle = C(0.5) * top + C(0.5) * bottom;
  int usable = top - bottom <= WIDEST_RANGE;
  for (size_t i = 0; i < b->n; ++i) {
    usable = usable && b->x[i] == b->x[i];
    e[i] = real_exp(b->x[i] - middle);
  }
  return usable;
}

static double pairwise_logistic(const head_batch *b) {
  const size_t n = b->n;
  const real keep_ties = b->option != 0 ? C(1) : C(0);
  real *e = b->scratch, *row_pairs = e + n;
  const int is_close = exponentials(b, e);
  const int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(b->n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i) {
      pair_sums sums = {0, 0, 0};
      if (is_close)
        for (size_t j = 0; j < n; j += PAIRS_PER_CHUNK)
          pairwise_chunk(e[i], b->target[i], e + j, b->target + j,
                         smaller(PAIRS_PER_CHUNK, n - j), keep_ties, &sums);
      else
        pairwise_row(b, i, &sums);
      /* the row with itself was counted as a tie */
      sums.loss -= 0.5 * (double)keep_ties * 0.69314718055994530942;
      sums.n_pairs -= 0.5 * (double)keep_ties;
      b->row_loss[i] = sums.loss;
      b->d_x[i] = C(sums.slope);
      row_pairs[i] = C(sums.n_pairs);
    }
  }
  double n_pairs = 0, loss = 0;
  for (size_t i = 0; i < n; ++i) n_pairs += (double)row_pairs[i];
  const double share = n_pairs > 0 ? 1 / n_pairs : 0;
  for (size_t i = 0; i < n; ++i) {
    b->d_x[i] *= C(share);
    b->row_loss[i] *= share;
    loss += b->row_loss[i];
  }
  return loss;
}
