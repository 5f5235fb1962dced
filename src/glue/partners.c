#include "base/blas.h"
#include "base/threads.h"
#include "eval/candidates.h"
#include "eval/dot.h"
#include "eval/guilt.h"
#include "eval/neighbours.h"
#include "eval/score.h"
#include "eval/top_pairs.h"
#include "eval/top_partners.h"
#include "glue/check.h"
#include "glue/entries.h"

#include <limits.h>

#define PAIRS_PER_LOOK ((size_t)1 << 20) /* for Ctrl-C */
#define GENES_PER_PIECE ((size_t)1024)

static const double *row_major(double_matrix x) {
  double *rows = scratch_unset(x.n_rows * x.n_columns, sizeof *rows);
  to_row_major(x.data, x.n_rows, x.n_columns, rows);
  return rows;
}

static score_term get_term(SEXP list) {
  double_matrix left = get_double_matrix(get_element(list, "left"), "left");
  double_matrix right = get_double_matrix(get_element(list, "right"), "right");
  if (left.n_columns != right.n_columns)
    raise_error(STATUS_INTERNAL,
                "`left` and `right` "
                "differ in their number of columns");
  const double *rows = row_major(right);
  score_term term = {row_major(left), rows, left.n_columns,
                     longest_row(rows, right.n_rows, right.n_columns)};
  return term;
}

/* scorer: list(left, right), or that and `propagated` and `cosine` (each such
 * a list), `weights` (5 x 3), `scale`, `left_unseen`, `right_unseen`,
 * `left_sum`, `right_sum`. */
static pair_scorer get_scorer(SEXP scorer) {
  pair_scorer s = {.n_queries = (size_t)Rf_nrows(get_element(scorer, "left")),
                   .n_genes = (size_t)Rf_nrows(get_element(scorer, "right")),
                   .terms = {get_term(scorer)}};
  if (Rf_xlength(scorer) == 2) return s;
  s.weights = get_doubles(get_element(scorer, "weights"), 3 * WEIGHTS_PER_KIND,
                          "weights");
  s.terms[TERM_PROPAGATED] = get_term(get_element(scorer, "propagated"));
  s.terms[TERM_COSINE] = get_term(get_element(scorer, "cosine"));
  s.scale = get_double(get_element(scorer, "scale"), "scale");
  s.left_unseen = get_indices(get_element(scorer, "left_unseen"), s.n_queries,
                              2, "left_unseen");
  s.right_unseen = get_indices(get_element(scorer, "right_unseen"), s.n_genes,
                               2, "right_unseen");
  s.left_sum =
      get_doubles(get_element(scorer, "left_sum"), s.n_queries, "left_sum");
  s.right_sum =
      get_doubles(get_element(scorer, "right_sum"), s.n_genes, "right_sum");
  return s;
}

/* Lists that starts (n + 1) cuts out of entries, each below n_genes. */
static void get_lists(SEXP starts, SEXP entries, size_t n, size_t n_genes,
                      const char *name, const int **list_starts,
                      const int **list_entries) {
  size_t n_entries = (size_t)XLENGTH(entries);
  const int *cuts = get_ints(starts, n + 1, name);
  int sound = cuts[0] == 0 && (size_t)cuts[n] == n_entries;
  for (size_t i = 0; i < n; ++i) sound = sound && cuts[i] <= cuts[i + 1];
  if (!sound)
    raise_error(STATUS_INTERNAL,
                "the starts of `%s` "
                "do not fit its entries",
                name);
  *list_starts = cuts;
  *list_entries = get_indices(entries, n_entries, n_genes, name);
}

/* Runs the task block by block into two matrices n_queries x n_top. The BLAS
 * gets its threads back before R can jump away. */
static void run_task(const partner_task *task, SEXP threads, int *genes,
                     double *scores) {
  int n_threads = threads_usable(get_int(threads, "threads"));
  size_t block = partner_block(task);
  double *products = scratch_unset(partner_products(task), sizeof *products);
  partner *heaps = scratch_unset(block * partner_places(task), sizeof *heaps);
  size_t n_queries = task->scorer.n_queries;
  for (size_t first = 0; first < n_queries; first += block) {
    size_t last = n_queries - first < block ? n_queries : first + block;
    int held = blas_hold();
    top_partners(task, first, last, products, heaps, n_threads, genes, scores);
    blas_release(held);
    R_CheckUserInterrupt();
  }
}

static SEXP partner_matrix(SEXPTYPE type, const partner_task *task) {
  return Rf_allocMatrix(type, (int)task->scorer.n_queries, (int)task->n_top);
}

/* ---- .Call entry points ------------------------------------------------- */

/* scorer: of queries on the left, genes on the right; query_genes: a gene
 * from 0 or -1 for each query; the lists of excluded genes by query. A list of
 * two matrices queries x n_top: genes from 0 (-1 where there is none) and
 * scores. */
SEXP C_top_partners(SEXP scorer, SEXP query_genes, SEXP exclusion_starts,
                    SEXP exclusions, SEXP n_top, SEXP threads) {
  partner_task task = {.scorer = get_scorer(scorer),
                       .n_top = get_count(n_top, "n")};
  size_t n_queries = task.scorer.n_queries, n_genes = task.scorer.n_genes;
  task.query_genes =
      get_indices_or_none(query_genes, n_queries, n_genes, "queries");
  get_lists(exclusion_starts, exclusions, n_queries, n_genes, "exclude",
            &task.exclusion_starts, &task.exclusions);
  SEXP genes = PROTECT(partner_matrix(INTSXP, &task));
  SEXP scores = PROTECT(partner_matrix(REALSXP, &task));
  run_task(&task, threads, INTEGER(genes), REAL(scores));
  const char *names[] = {"genes", "scores"};
  const SEXP values[] = {genes, scores};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

/* a: rows on the left from 0, b: rows on the right from 0. */
SEXP C_score_pairs(SEXP scorer, SEXP a, SEXP b, SEXP threads) {
  pair_scorer task = get_scorer(scorer);
  size_t n_pairs = (size_t)XLENGTH(a);
  const int *rows_a = get_indices(a, n_pairs, task.n_queries, "a");
  const int *rows_b = get_indices(b, n_pairs, task.n_genes, "b");
  int n_threads = threads_usable(get_int(threads, "threads"));
  SEXP scores = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n_pairs));
  for (size_t first = 0; first < n_pairs; first += PAIRS_PER_LOOK) {
    size_t n = n_pairs - first;
    if (n > PAIRS_PER_LOOK) n = PAIRS_PER_LOOK;
    score_pairs(&task, rows_a + first, rows_b + first, n, n_threads,
                REAL(scores) + first);
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return scores;
}

/* scorer: genes on the left, training genes on the right, all of unit length.
 * A list of two matrices genes x k: training genes from 0 (-1 where there is
 * none) and their weights. */
SEXP C_neighbours(SEXP scorer, SEXP k, SEXP temperature, SEXP threads) {
  partner_task task = {.scorer = get_scorer(scorer),
                       .n_top = get_count(k, "k")};
  SEXP genes = PROTECT(partner_matrix(INTSXP, &task));
  SEXP weights = PROTECT(partner_matrix(REALSXP, &task));
  run_task(&task, threads, INTEGER(genes), REAL(weights));
  neighbour_weights(INTEGER(genes), task.scorer.n_queries, task.n_top,
                    get_double(temperature, "temperature"), REAL(weights));
  const char *names[] = {"genes", "weights"};
  const SEXP values[] = {genes, weights};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

/* neighbours: from C_neighbours; starts, partners: the symmetric adjacency of
 * the training genes; a, b: genes from 0. */
SEXP C_guilt(SEXP neighbours, SEXP starts, SEXP partners, SEXP a, SEXP b,
             SEXP threads) {
  double_matrix weights =
      get_double_matrix(get_element(neighbours, "weights"), "weights");
  if (XLENGTH(starts) == 0)
    raise_error(STATUS_INTERNAL, "the starts of `pairs` are empty");
  neighbourhoods near = {.n_genes = weights.n_rows,
                         .n_training = (size_t)XLENGTH(starts) - 1,
                         .k = weights.n_columns,
                         .weights = weights.data};
  near.neighbours =
      get_indices_or_none(get_element(neighbours, "genes"),
                          near.n_genes * near.k, near.n_training, "genes");
  adjacency known;
  get_lists(starts, partners, near.n_training, near.n_training, "pairs",
            &known.starts, &known.partners);
  size_t n_pairs = (size_t)XLENGTH(a);
  const int *genes_a = get_indices(a, n_pairs, near.n_genes, "a");
  const int *genes_b = get_indices(b, n_pairs, near.n_genes, "b");
  int n_lanes = threads_usable(get_int(threads, "threads"));
  size_t *pair_starts = scratch(near.n_genes + 1, sizeof *pair_starts);
  size_t *order = scratch_unset(n_pairs, sizeof *order);
  double *spread = scratch((size_t)n_lanes * near.n_training, sizeof *spread);
  SEXP scores = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n_pairs));
  pairs_by_gene pairs = {genes_a, genes_b, pair_starts, order};
  group_pairs(genes_a, genes_b, n_pairs, near.n_genes, pair_starts, order);
  for (size_t first = 0; first < near.n_genes; first += GENES_PER_PIECE) {
    size_t last = first + GENES_PER_PIECE;
    if (last > near.n_genes) last = near.n_genes;
    guilt_scores(&near, &known, &pairs, first, last, n_lanes, spread,
                 REAL(scores));
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return scores;
}

/* x: rows x d; group: a number of each row, pairs of one group other than 0
 * are left out; least: as are scores below; n_top: how many pairs at most. A
 * list of a, b (rows from 0, a < b) and score, from best to worst. */
SEXP C_top_pairs(SEXP x, SEXP group, SEXP least, SEXP n_top, SEXP threads) {
  double_matrix m = get_double_matrix(x, "x");
  const double *rows = row_major(m);
  pair_search search = {.rows = rows,
                        .n = m.n_rows,
                        .d = m.n_columns,
                        .longest = longest_row(rows, m.n_rows, m.n_columns),
                        .group = get_ints(group, m.n_rows, "group"),
                        .least = get_double(least, "least"),
                        .n_top = get_count(n_top, "n_top")};
  int n_threads = threads_usable(get_int(threads, "threads"));
  best_pairs found = {.room = room_for_pairs(search.n_top, search.n),
                      .cut = R_NegInf};
  found.pairs = scratch_unset(found.room, sizeof *found.pairs);
  size_t block = product_block(search.n, search.n);
  double *products = scratch_unset(block * search.n, sizeof *products);
  for (size_t first = 0; first < search.n; first += block) {
    size_t last = search.n - first < block ? search.n : first + block;
    int held = blas_hold();
    search_pairs(&search, first, last, products, &found, n_threads);
    blas_release(held);
    R_CheckUserInterrupt();
  }
  keep_best(&search, &found);
  SEXP a = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)found.n));
  SEXP b = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)found.n));
  SEXP score = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)found.n));
  for (size_t i = 0; i < found.n; ++i) {
    INTEGER(a)[i] = found.pairs[i].a;
    INTEGER(b)[i] = found.pairs[i].b;
    REAL(score)[i] = found.pairs[i].score;
  }
  const char *names[] = {"a", "b", "score"};
  const SEXP values[] = {a, b, score};
  SEXP result = named_list(3, names, values);
  UNPROTECT(3);
  return result;
}
