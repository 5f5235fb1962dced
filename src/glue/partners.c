#include "base/blas.h"
#include "base/threads.h"
#include "eval/dot.h"
#include "eval/guilt.h"
#include "eval/neighbours.h"
#include "eval/top_partners.h"
#include "glue/check.h"
#include "glue/entries.h"

#include <limits.h>

#define PAIRS_PER_PIECE ((size_t)1 << 20)
#define GENES_PER_PIECE ((size_t)1024)

static const double *row_major(double_matrix x) {
  double *rows = scratch_unset(x.n_rows * x.n_columns, sizeof *rows);
  to_row_major(x.data, x.n_rows, x.n_columns, rows);
  return rows;
}

static partner_task task_from_r(SEXP left, SEXP right, size_t n_top) {
  double_matrix l = get_double_matrix(left, "left");
  double_matrix r = get_double_matrix(right, "right");
  if (l.n_columns != r.n_columns)
    Rf_error(
        "internal error in kith, please report it: `left` and `right` "
        "differ in their number of columns");
  partner_task task = {.left = row_major(l),
                       .right = row_major(r),
                       .n_queries = l.n_rows,
                       .n_genes = r.n_rows,
                       .d = l.n_columns,
                       .n_top = n_top};
  task.right_norm = longest_row(task.right, task.n_genes, task.d);
  return task;
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
    Rf_error(
        "internal error in kith, please report it: the starts of `%s` "
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
  double *products = scratch_unset(block * task->n_genes, sizeof *products);
  partner *heaps = scratch_unset(block * partner_places(task), sizeof *heaps);
  for (size_t first = 0; first < task->n_queries; first += block) {
    size_t last =
        task->n_queries - first < block ? task->n_queries : first + block;
    int held = blas_hold();
    top_partners(task, first, last, products, heaps, n_threads, genes, scores);
    blas_release(held);
    R_CheckUserInterrupt();
  }
}

static SEXP partner_matrix(SEXPTYPE type, const partner_task *task) {
  return Rf_allocMatrix(type, (int)task->n_queries, (int)task->n_top);
}

/* ---- .Call entry points ------------------------------------------------- */

/* left: queries x d, right: genes x d, query_genes: a gene from 0 or -1 for
 * each query, the lists of excluded genes by query. A list of two matrices
 * queries x n_top: genes from 0 (-1 where there is none) and scores. */
SEXP C_top_partners(SEXP left, SEXP right, SEXP query_genes,
                    SEXP exclusion_starts, SEXP exclusions, SEXP n_top,
                    SEXP threads) {
  partner_task task = task_from_r(left, right, get_count(n_top, "n"));
  task.query_genes = get_indices_or_none(query_genes, task.n_queries,
                                         task.n_genes, "queries");
  get_lists(exclusion_starts, exclusions, task.n_queries, task.n_genes,
            "exclude", &task.exclusion_starts, &task.exclusions);
  SEXP genes = PROTECT(partner_matrix(INTSXP, &task));
  SEXP scores = PROTECT(partner_matrix(REALSXP, &task));
  run_task(&task, threads, INTEGER(genes), REAL(scores));
  const char *names[] = {"genes", "scores"};
  const SEXP values[] = {genes, scores};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

/* a: rows of left from 0, b: rows of right from 0. */
SEXP C_dot_pairs(SEXP left, SEXP right, SEXP a, SEXP b, SEXP threads) {
  partner_task task = task_from_r(left, right, 0);
  size_t n_pairs = (size_t)XLENGTH(a);
  const int *rows_a = get_indices(a, n_pairs, task.n_queries, "a");
  const int *rows_b = get_indices(b, n_pairs, task.n_genes, "b");
  int n_threads = threads_usable(get_int(threads, "threads"));
  SEXP scores = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n_pairs));
  for (size_t first = 0; first < n_pairs; first += PAIRS_PER_PIECE) {
    size_t n = n_pairs - first;
    if (n > PAIRS_PER_PIECE) n = PAIRS_PER_PIECE;
    dot_pairs(task.left, task.right, task.d, rows_a + first, rows_b + first, n,
              n_threads, REAL(scores) + first);
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return scores;
}

/* x: genes x d, training: training genes x d, both of unit rows. A list of
 * two matrices genes x k: training genes from 0 (-1 where there is none) and
 * their weights. */
SEXP C_neighbours(SEXP x, SEXP training, SEXP k, SEXP temperature,
                  SEXP threads) {
  partner_task task = task_from_r(x, training, get_count(k, "k"));
  SEXP genes = PROTECT(partner_matrix(INTSXP, &task));
  SEXP weights = PROTECT(partner_matrix(REALSXP, &task));
  run_task(&task, threads, INTEGER(genes), REAL(weights));
  neighbour_weights(INTEGER(genes), task.n_queries, task.n_top,
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
