/* Every known partner a positive, against all genes in one softmax: supervised
 * contrastive learning (Khosla et al. 2020, arXiv:2004.11362) on a graph.
 *
 * Anchors i with queries q_i = f(x_i); keys j, raw (x_j) or transformed
 * (f(x_j)); S_ij = q_i . k_j / temperature, a gene with itself left out. With
 * d the number of a gene's known partners, o = degree_correction * log(d) and
 * P(i) the partners of i,
 *
 *     row_i = -1/d_i sum_{j in P(i)} log softmax_j(S_ij + o_j)
 *     column_j = -1/c_j sum_{i in P(j)} log softmax_i(S_ij + o_i),
 *
 * where the second sums run over the anchors of the batch and c_j counts the
 * partners of j among them (keys without any have no column term), and
 *
 *     loss = 1/2 (sum_i a_i row_i + sum_j b_j column_j),
 *
 * a and b proportional to d^degree_weight and each of sum 1. The offsets o let
 * the scores leave the popularity of a gene to o, as logit adjustment does
 * for frequent classes (Menon et al. 2021, arXiv:2007.07314). */

#include "nn/objectives.h"

static void multi_positive_create(const training_plan *plan, size_t d,
                                  arena *a, objective *o) {
  size_t n = plan->batch_size;
  size_t n_keys = o->plan->all_keys ? plan->n_genes : plan->n_partnered;
  o->queries = arena_take(a, n * d, sizeof(real));
  o->d_queries = arena_take(a, n * d, sizeof(real));
  if (!o->plan->transform_keys)
    o->keys = arena_take(a, n_keys * d, sizeof(real));
  size_t n_scores;
  if (!size_multiply(n, n_keys, &n_scores)) a->overflow = 1;
  o->scores = arena_take(a, n_scores, sizeof(real));
  o->row_loss = arena_take(a, n, sizeof(double));
  o->row_hit = arena_take(a, n, sizeof(double));
  score_margins *m = &o->margins;
  m->row_weight = arena_take(a, n, sizeof(real));
  m->row_offset = arena_take(a, n, sizeof(real));
  m->column_weight = arena_take(a, n_keys, sizeof(real));
  m->column_offset = arena_take(a, n_keys, sizeof(real));
  m->column_top = arena_take(a, n_keys, sizeof(real));
  m->column_scale = arena_take(a, n_keys, sizeof(real));
  m->column_count = arena_take(a, n_keys, sizeof(int));
  m->column_loss = arena_take(a, n_keys, sizeof(double));
}

/* ---- weights and offsets ------------------------------------------------- */

/* A gene without a known partner counts as one with half a partner. */
static double degree_offset(const objective_plan *plan, int degree) {
  return plan->degree_correction * log(degree > 0 ? degree : 0.5);
}

static double degree_weight(const objective_plan *plan, int degree) {
  return degree > 0 ? pow(degree, plan->degree_weight) : 0;
}

static void divide_all(real *values, size_t n, double total) {
  for (size_t i = 0; i < n; ++i) values[i] = C((double)values[i] / total);
}

static void weigh_rows(const objective *o, const item_batch *batch) {
  double total = 0;
  for (size_t i = 0; i < batch->n_items; ++i) {
    int degree = partner_count(batch->known, batch->first[i]);
    double weight = degree_weight(o->plan, degree);
    o->margins.row_offset[i] = C(degree_offset(o->plan, degree));
    o->margins.row_weight[i] = C(weight);
    total += weight;
  }
  divide_all(o->margins.row_weight, batch->n_items, total);
}

static void weigh_columns(const objective *o, const item_batch *batch) {
  const score_margins *m = &o->margins;
  const partner_lists *known = batch->known;
  size_t n_keys = batch->keys->n;
  memset(m->column_count, 0, n_keys * sizeof(int));
  for (size_t i = 0; i < batch->n_items; ++i) {
    int gene = batch->first[i];
    for (int k = known->starts[gene]; k < known->starts[gene + 1]; ++k)
      m->column_count[batch->keys->of_gene[known->partners[k]]] += 1;
  }
  double total = 0;
  for (size_t j = 0; j < n_keys; ++j) {
    int degree = partner_count(known, batch->keys->genes[j]);
    double weight =
        m->column_count[j] > 0 ? degree_weight(o->plan, degree) : 0;
    m->column_offset[j] = C(degree_offset(o->plan, degree));
    m->column_weight[j] = C(weight);
    total += weight;
  }
  divide_all(m->column_weight, n_keys, total);
}

/* ---- sums ---------------------------------------------------------------- */

/* Top, scale and loss of columns first .. last - 1; the loss is the weighted
 * log of the sum, which the rows complete. */
FOR_EACH_CPU
static void sum_score_columns(const score_margins *m, const real *scores,
                              size_t n, size_t n_keys, size_t first,
                              size_t last) {
  real top[COLUMNS_PER_PIECE], total[COLUMNS_PER_PIECE];
  size_t width = last - first;
  for (size_t j = 0; j < width; ++j) {
    top[j] = -INFINITY;
    total[j] = 0;
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n_keys + first;
    const real offset = m->row_offset[i];
    SIMD for (size_t j = 0; j < width; ++j) top[j] =
        row[j] + offset > top[j] ? row[j] + offset : top[j];
  }
  for (size_t i = 0; i < n; ++i) {
    const real *row = scores + i * n_keys + first;
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
static double sum_score_row(const score_margins *m, const real *scores,
                            size_t n_keys, real *largest) {
  const real *offset = m->column_offset;
  real top = -INFINITY, total = 0;
  SIMD_MAX(top)
  for (size_t j = 0; j < n_keys; ++j)
    top = scores[j] + offset[j] > top ? scores[j] + offset[j] : top;
  SIMD_SUM(total)
  for (size_t j = 0; j < n_keys; ++j)
    total += real_exp(scores[j] + offset[j] - top);
  *largest = top;
  return log((double)total) + (double)top;
}

/* Replaces the scores of a row by twice the gradient, but for partners. */
FOR_EACH_CPU
static void differentiate_row(const score_margins *m, real row_weight,
                              real row_offset, real log_total, size_t n_keys,
                              real *scores) {
  const real *offset = m->column_offset, *top = m->column_top;
  const real *scale = m->column_scale;
  SIMD for (size_t j = 0; j < n_keys; ++j) scores[j] =
      row_weight * real_exp(scores[j] + offset[j] - log_total) +
      scale[j] * real_exp(scores[j] + row_offset - top[j]);
}

/* Row i: its own loss and its part of the columns' losses; scores become
 * twice the gradient. */
static double multi_positive_row(const objective *o, const item_batch *batch,
                                 size_t i, double *hit) {
  const score_margins *m = &o->margins;
  const partner_lists *known = batch->known;
  const int *key_of_gene = batch->keys->of_gene;
  size_t n_keys = batch->keys->n;
  real *scores = o->scores + i * n_keys;
  int gene = batch->first[i], n_partners = partner_count(known, gene);
  const int *partners = known->partners + known->starts[gene];
  real top, best = -INFINITY;
  double log_total = sum_score_row(m, scores, n_keys, &top);
  double weight = (double)m->row_weight[i];
  double loss = weight * log_total;
  for (int k = 0; k < n_partners; ++k) {
    int j = key_of_gene[partners[k]];
    real in_row = scores[j] + m->column_offset[j];
    real in_column = scores[j] + m->row_offset[i];
    loss -=
        weight * (double)in_row / n_partners +
        (double)m->column_weight[j] * (double)in_column / m->column_count[j];
    if (in_row > best) best = in_row;
  }
  *hit = best >= top;
  differentiate_row(m, m->row_weight[i], m->row_offset[i], C(log_total),
                    n_keys, scores);
  for (int k = 0; k < n_partners; ++k) {
    int j = key_of_gene[partners[k]];
    scores[j] -= m->row_weight[i] / (real)n_partners +
                 m->column_weight[j] / (real)m->column_count[j];
  }
  return loss;
}

/* Loss, and twice the gradient in place of the scores. */
static batch_result multi_positive_softmax(const objective *o,
                                           const item_batch *batch) {
  size_t n = batch->n_items, n_keys = batch->keys->n;
  int n_pieces = count_pieces(n_keys, COLUMNS_PER_PIECE);
  PARALLEL_FOR(threads_for(batch->n_threads, n * n_keys))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * COLUMNS_PER_PIECE;
    sum_score_columns(&o->margins, o->scores, n, n_keys, first,
                      smaller(first + COLUMNS_PER_PIECE, n_keys));
  }
  n_pieces = count_pieces(n, ROWS_PER_PIECE);
  PARALLEL_FOR(threads_for(batch->n_threads, n * n_keys))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n);
    for (size_t i = first; i < last; ++i)
      o->row_loss[i] = multi_positive_row(o, batch, i, &o->row_hit[i]);
  }
  batch_result result = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    result.loss += 0.5 * o->row_loss[i];
    result.n_hits += o->row_hit[i];
  }
  for (size_t j = 0; j < n_keys; ++j)
    result.loss += 0.5 * o->margins.column_loss[j];
  return result;
}

static batch_result multi_positive_evaluate(const objective *o,
                                            const item_batch *batch) {
  size_t n = batch->n_items, n_keys = batch->keys->n, d = batch->d;
  int transformed = o->plan->transform_keys;
  const real sharpness = C(1.0 / o->plan->temperature);
  gather_rows(batch->encoded, batch->first_slot, n, d, o->queries);
  if (!transformed)
    gather_rows(batch->x, batch->keys->genes, n_keys, d, o->keys);
  const real *keys = transformed ? batch->encoded : o->keys;
  product_shape of_scores = {0, 1, n, n_keys, d, d, d, n_keys};
  real_product(&of_scores, sharpness, o->queries, keys, 0, o->scores,
               batch->n_threads);
  for (size_t i = 0; i < n; ++i) {
    int own = batch->keys->of_gene[batch->first[i]];
    o->scores[i * n_keys + (size_t)own] = -INFINITY;
  }
  weigh_rows(o, batch);
  weigh_columns(o, batch);
  batch_result result = multi_positive_softmax(o, batch);

  const real half = C(0.5) * sharpness;
  product_shape of_queries = {0, 0, n, d, n_keys, n_keys, d, d};
  real_product(&of_queries, half, o->scores, keys, 0, o->d_queries,
               batch->n_threads);
  if (transformed) {
    product_shape of_keys = {1, 0, n_keys, d, n, n_keys, d, d};
    real_product(&of_keys, half, o->scores, o->queries, 1, batch->d_encoded,
                 batch->n_threads);
  }
  scatter_add_rows(o->d_queries, batch->first_slot, n, d, batch->d_encoded);
  return result;
}
