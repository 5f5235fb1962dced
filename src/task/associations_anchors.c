/* The objective whose items are genes (anchors), each compared with all keys
 * at once.
 *
 * Queries are q_i = f(x_i), keys raw (x_j) or transformed (f(x_j)), scores
 * S_ij = q_i . k_j / temperature, a gene with itself left out. With d the
 * number of a gene's known partners, the offsets of the loss are
 * degree_correction * log(d), and rows and columns weigh d^degree_weight: the
 * offsets let the scores leave the popularity of a gene aside, as logit
 * adjustment does for frequent classes (Menon et al. 2021, arXiv:2007.07314). */

#include "nn/rows.h"
#include "task/associations.h"

static void multi_positive_objective_take(associations *t, size_t n,
                                          arena *a) {
  t->queries = arena_take(a, n * t->n_out, sizeof(real));
  t->d_queries = arena_take(a, n * t->n_out, sizeof(real));
  if (!t->options.transform_keys)
    t->keys_gathered = arena_take(a, t->keys.n * t->n_out, sizeof(real));
  multi_positive_take(n, t->keys.n, a, &t->all);
  t->positives.columns = arena_take(a, n, sizeof(int *));
  t->positives.n = arena_take(a, n, sizeof(int));
}

/* ---- weights and offsets ------------------------------------------------- */

/* A gene without a known partner counts as one with half a partner. */
static double degree_offset(const association_options *options, int degree) {
  return options->degree_correction * log(degree > 0 ? degree : 0.5);
}

/* Weights (share of the loss) and offsets of genes. Weights are relative to
 * the largest degree and divided by their sum before they are rounded, so that
 * no power overflows. counted: genes with a 0 there have no weight (NULL: all
 * have one). */
static void weigh_genes(const associations *t, const int *genes,
                        const int *counted, size_t n, real *weight,
                        real *offset) {
  double largest = 0, total = 0;
  for (size_t i = 0; i < n; ++i) {
    int degree = partner_count(&t->known, genes[i]);
    if ((counted == NULL || counted[i] > 0) && degree > largest)
      largest = degree;
  }
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < n; ++i) {
      int degree = partner_count(&t->known, genes[i]);
      int has_weight = degree > 0 && (counted == NULL || counted[i] > 0);
      double relative =
          has_weight ? pow(degree / largest, t->options.degree_weight) : 0;
      if (pass == 0) {
        total += relative;
        continue;
      }
      weight[i] = C(relative / total);
      offset[i] = C(degree_offset(&t->options, degree));
    }
  }
}

/* How many anchors of the batch each key is a positive of. */
static void count_positives(const associations *t) {
  memset(t->all.column_count, 0, t->keys.n * sizeof(int));
  for (size_t i = 0; i < t->n; ++i)
    for (int k = 0; k < t->positives.n[i]; ++k)
      t->all.column_count[t->positives.columns[i][k]] += 1;
}

static void weigh(const associations *t) {
  const multi_positive_room *room = &t->all;
  count_positives(t);
  weigh_genes(t, t->batch_first, NULL, t->n, room->row_weight,
              room->row_offset);
  weigh_genes(t, t->keys.genes, room->column_count, t->keys.n,
              room->column_weight, room->column_offset);
}

/* ---- the batch ----------------------------------------------------------- */

/* The positives of each anchor, and itself left out of its row. */
static void list_positives(const associations *t) {
  for (size_t i = 0; i < t->n; ++i) {
    int gene = t->batch_first[i];
    t->positives.columns[i] = t->known.partners + t->known.starts[gene];
    t->positives.n[i] = partner_count(&t->known, gene);
    size_t own = (size_t)t->keys.of_gene[gene];
    t->all.scores[i * t->keys.n + own] = -INFINITY;
  }
}

static loss_result multi_positive_evaluate(const associations *t,
                                           const int *negatives,
                                           int n_threads) {
  (void)negatives;
  size_t n = t->n, n_keys = t->keys.n, d = t->n_out;
  int transformed = t->options.transform_keys;
  const real sharpness = C(1.0 / t->options.temperature);
  gather_rows(t->tape.output, t->first_slot, n, d, t->queries);
  if (!transformed)
    gather_rows(t->x, t->keys.genes, n_keys, d, t->keys_gathered);
  const real *keys = transformed ? t->tape.output : t->keys_gathered;
  product_shape of_scores = {.transpose_b = 1,
                             .m = n,
                             .n = n_keys,
                             .k = d,
                             .lda = d,
                             .ldb = d,
                             .ldc = n_keys};
  real_product(&of_scores, sharpness, t->queries, keys, 0, t->all.scores,
               n_threads);
  list_positives(t);
  weigh(t);
  loss_result result =
      multi_positive(&t->all, &t->positives, n, n_keys, n_threads);

  const real half = C(0.5) * sharpness;
  product_shape of_queries = {
      .m = n, .n = d, .k = n_keys, .lda = n_keys, .ldb = d, .ldc = d};
  real_product(&of_queries, half, t->all.scores, keys, 0, t->d_queries,
               n_threads);
  if (transformed) {
    product_shape of_keys = {.transpose_a = 1,
                             .m = n_keys,
                             .n = d,
                             .k = n,
                             .lda = n_keys,
                             .ldb = d,
                             .ldc = d};
    real_product(&of_keys, half, t->all.scores, t->queries, 1,
                 t->tape.upstream, n_threads);
  }
  scatter_add_rows(t->d_queries, t->first_slot, n, d, t->tape.upstream);
  return result;
}

static const association_objective multi_positive_objective = {
    .name = "multi_positive",
    .by_gene = 1,
    .take = multi_positive_objective_take,
    .evaluate = multi_positive_evaluate};
