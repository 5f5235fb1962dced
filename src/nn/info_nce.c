/* Symmetric InfoNCE with in-batch negatives (van den Oord et al. 2018; CAL,
 * section 2 of arXiv:2603.20955).
 *
 * With queries q_i = f(x_first(i)) and keys k_j, either raw (x_second(j)) or
 * transformed (f(x_second(j))), S_ij = q_i . k_j / temperature and
 *
 *     loss = 1/2 mean_i [-log softmax_j(S_i.)_i]
 *          + 1/2 mean_j [-log softmax_i(S_.j)_j].
 *
 * The gradient with respect to S_ij is (row softmax + column softmax) / 2n,
 * less 1/n on the diagonal. With mask_known, S_ij is left out of all sums for
 * j != i where first(i) and second(j) are known partners or the same gene. */

#include "nn/objectives.h"

static int info_nce_encodes_second(const objective_plan *plan) {
  return plan->transform_keys;
}

static void info_nce_create(const training_plan *plan, size_t d, arena *a,
                            objective *o) {
  size_t max_pairs = plan->batch_size;
  o->queries = arena_take(a, max_pairs * d, sizeof(real));
  o->keys = arena_take(a, max_pairs * d, sizeof(real));
  o->d_queries = arena_take(a, max_pairs * d, sizeof(real));
  o->d_keys = arena_take(a, max_pairs * d, sizeof(real));
  size_t n_scores;
  if (!size_multiply(max_pairs, max_pairs, &n_scores)) a->overflow = 1;
  o->scores = arena_take(a, n_scores, sizeof(real));
  o->d_scores = arena_take(a, n_scores, sizeof(real));
  o->row_loss = arena_take(a, 2 * max_pairs, sizeof(double));
  o->row_hit = arena_take(a, max_pairs, sizeof(double));
  if (plan->objective.mask_known) {
    o->first_column = arena_take(a, plan->n_genes, sizeof(int));
    o->next_column = arena_take(a, max_pairs, sizeof(int));
  }
}

/* Leaves out of row i the columns of a gene, but for the own one. */
static void mask_gene(const objective *o, int gene, size_t i, size_t n) {
  for (int j = o->first_column[gene]; j >= 0; j = o->next_column[j])
    if ((size_t)j != i) o->scores[i * n + (size_t)j] = -INFINITY;
}

/* Leaves known partners, and a gene against itself, out of the negatives.
 * The columns of each second gene form a list. */
static void mask_known_partners(const objective *o, const item_batch *batch) {
  size_t n = batch->n_items;
  const partner_lists *known = batch->known;
  for (size_t gene = 0; gene < known->n_genes; ++gene)
    o->first_column[gene] = -1;
  for (size_t j = 0; j < n; ++j) {
    o->next_column[j] = o->first_column[batch->second[j]];
    o->first_column[batch->second[j]] = (int)j;
  }
  for (size_t i = 0; i < n; ++i) {
    int gene = batch->first[i];
    mask_gene(o, gene, i, n);
    for (int k = known->starts[gene]; k < known->starts[gene + 1]; ++k)
      mask_gene(o, known->partners[k], i, n);
  }
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

/* Loss and d_scores from scores (n x n). */
static batch_result info_nce_softmax(const objective *o, size_t n,
                                     int n_threads) {
  const real weight = C(0.5) / (real)n;
  double *row_loss = o->row_loss, *column_loss = o->row_loss + n;
  int n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      row_loss[i] = softmax_row(n, i, weight, o->scores + i * n,
                                o->d_scores + i * n, &o->row_hit[i]);
  }
  n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, n * n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    softmax_columns(n, first, smaller(first + COLUMNS_PER_PIECE, n), weight,
                    o->scores, o->d_scores, column_loss);
  }
  batch_result result = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    result.loss += 0.5 * (row_loss[i] + column_loss[i]) / (double)n;
    result.n_hits += o->row_hit[i];
    o->d_scores[i * n + i] -= 2 * weight;
  }
  return result;
}

static batch_result info_nce_evaluate(const objective *o,
                                      const item_batch *batch) {
  size_t n = batch->n_items, d = batch->d;
  const real sharpness = C(1.0 / o->plan->temperature);
  int transformed = o->plan->transform_keys;
  gather_rows(batch->encoded, batch->first_slot, n, d, o->queries);
  if (transformed)
    gather_rows(batch->encoded, batch->second_slot, n, d, o->keys);
  else
    gather_rows(batch->x, batch->second, n, d, o->keys);

  product_shape of_scores = {0, 1, n, n, d, d, d, n};
  real_product(&of_scores, sharpness, o->queries, o->keys, 0, o->scores,
               batch->n_threads);
  if (o->plan->mask_known) mask_known_partners(o, batch);
  batch_result result = info_nce_softmax(o, n, batch->n_threads);

  product_shape of_queries = {0, 0, n, d, n, n, d, d};
  real_product(&of_queries, sharpness, o->d_scores, o->keys, 0, o->d_queries,
               batch->n_threads);
  scatter_add_rows(o->d_queries, batch->first_slot, n, d, batch->d_encoded);
  if (transformed) {
    product_shape of_keys = {1, 0, n, d, n, n, d, d};
    real_product(&of_keys, sharpness, o->d_scores, o->queries, 0, o->d_keys,
                 batch->n_threads);
    scatter_add_rows(o->d_keys, batch->second_slot, n, d, batch->d_encoded);
  }
  return result;
}
