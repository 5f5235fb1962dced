#include "base/threads.h"
#include "eval/auc.h"
#include "eval/bootstrap.h"
#include "eval/concordance.h"
#include "eval/rank.h"
#include "glue/check.h"
#include "glue/entries.h"

#include <limits.h>

static sorted_classes classes_from_r(SEXP scores, SEXP positive, SEXP subset) {
  size_t n = (size_t)XLENGTH(scores);
  const double *values = get_doubles(scores, n, "scores");
  const int *flags = get_flags(positive, n, "positive");
  const int *mask = Rf_isNull(subset) ? NULL : get_flags(subset, n, "subset");
  uint64_t *work = scratch_unset(2 * n, sizeof *work);
  return sort_classes(values, flags, mask, n, work);
}

/* Columns of scores (n x n_columns, column-major), each sorted. */
static sorted_scores *sort_columns(const double *scores, const int *positive,
                                   size_t n, size_t n_columns) {
  if (n > INT_MAX)
    raise_error(STATUS_BAD_INPUT, "`scores` has more than 2^31 - 1 rows");
  sorted_scores *columns = scratch(n_columns, sizeof *columns);
  keyed_item *work = scratch_unset(2 * n, sizeof *work);
  for (size_t column = 0; column < n_columns; ++column) {
    columns[column].items = scratch_unset(n, sizeof(uint32_t));
    columns[column].marks = scratch_unset(n, 1);
    sort_scores(scores + column * n, positive, n, work, columns + column);
  }
  return columns;
}

static bootstrap_design design_from_r(SEXP positive, SEXP gene_a, SEXP gene_b,
                                      SEXP n_genes, SEXP key) {
  size_t n = (size_t)XLENGTH(positive);
  if (n > INT_MAX)
    raise_error(STATUS_BAD_INPUT, "`positive` has more than 2^31 - 1 items");
  bootstrap_design design = {.n_items = n,
                             .n_genes = get_count(n_genes, "n_genes"),
                             .key = get_key(key)};
  uint32_t *members = scratch_unset(n, sizeof *members);
  design.n_positives =
      list_members(get_flags(positive, n, "positive"), n, members);
  design.members = members;
  if (design.n_genes > 0) {
    design.gene_a = get_indices(gene_a, n, design.n_genes, "gene_a");
    design.gene_b = get_indices(gene_b, n, design.n_genes, "gene_b");
  }
  return design;
}

/* ---- .Call entry points ------------------------------------------------- */

SEXP C_auc(SEXP scores, SEXP positive, SEXP subset) {
  sorted_classes classes = classes_from_r(scores, positive, subset);
  return Rf_ScalarReal(auc_of_classes(&classes));
}

SEXP C_average_precision(SEXP scores, SEXP positive) {
  sorted_classes classes = classes_from_r(scores, positive, R_NilValue);
  return Rf_ScalarReal(average_precision_of_classes(&classes));
}

/* For tests: the AUC under explicit weights. */
SEXP C_weighted_auc(SEXP scores, SEXP positive, SEXP weights) {
  size_t n = (size_t)XLENGTH(scores);
  const sorted_scores *sorted =
      sort_columns(get_doubles(scores, n, "scores"),
                   get_flags(positive, n, "positive"), n, 1);
  return Rf_ScalarReal(
      weighted_auc(sorted, get_doubles(weights, n, "weights")));
}

SEXP C_mid_ranks(SEXP x) {
  size_t n = (size_t)XLENGTH(x);
  const double *values = get_doubles(x, n, "x");
  keyed_item *work = scratch_unset(2 * n, sizeof *work);
  SEXP ranks = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  mid_ranks(values, n, work, REAL(ranks));
  UNPROTECT(1);
  return ranks;
}

SEXP C_spearman(SEXP x, SEXP y) {
  size_t n = (size_t)XLENGTH(x);
  keyed_item *work = scratch_unset(2 * n, sizeof *work);
  double *x_ranks = scratch_unset(n, sizeof *x_ranks);
  double *y_ranks = scratch_unset(n, sizeof *y_ranks);
  mid_ranks(get_doubles(x, n, "x"), n, work, x_ranks);
  mid_ranks(get_doubles(y, n, "y"), n, work, y_ranks);
  return Rf_ScalarReal(spearman_of_ranks(x_ranks, y_ranks, n));
}

/* scores: n x columns; gene_a, gene_b: n genes from 0, or NULL with
 * n_genes = 0 for a bootstrap over items. A matrix draws x columns. */
SEXP C_bootstrap_auc(SEXP scores, SEXP positive, SEXP gene_a, SEXP gene_b,
                     SEXP n_genes, SEXP draws, SEXP key, SEXP threads) {
  double_matrix matrix = get_double_matrix(scores, "scores");
  const int *flags = get_flags(positive, matrix.n_rows, "positive");
  bootstrap_design design =
      design_from_r(positive, gene_a, gene_b, n_genes, key);
  const sorted_scores *columns =
      sort_columns(matrix.data, flags, matrix.n_rows, matrix.n_columns);
  size_t n_draws = (size_t)get_int(draws, "draws");
  int n_lanes = threads_usable(get_int(threads, "threads"));
  size_t piece = bootstrap_piece(matrix.n_rows, matrix.n_columns, n_lanes);
  double *work = scratch_unset(
      (size_t)n_lanes * (matrix.n_rows + design.n_genes), sizeof *work);
  SEXP aucs =
      PROTECT(Rf_allocMatrix(REALSXP, (int)n_draws, (int)matrix.n_columns));
  for (size_t first = 0; first < n_draws; first += piece) {
    size_t last = n_draws - first < piece ? n_draws : first + piece;
    bootstrap_auc(&design, columns, matrix.n_columns, first, last, n_draws,
                  n_lanes, work, REAL(aucs));
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return aucs;
}

/* For tests: the weights of each item in draw number `draw`, from 0. */
SEXP C_bootstrap_weights(SEXP positive, SEXP gene_a, SEXP gene_b, SEXP n_genes,
                         SEXP draw, SEXP key) {
  bootstrap_design design =
      design_from_r(positive, gene_a, gene_b, n_genes, key);
  double *counts = scratch_unset(design.n_genes, sizeof *counts);
  SEXP weights = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)design.n_items));
  bootstrap_weights(&design, get_count(draw, "draw"), counts, REAL(weights));
  UNPROTECT(1);
  return weights;
}

/* ---- concordance -------------------------------------------------------- */

static ranked_items ranked_from_r(const double *predicted, const double *truth,
                                  size_t n) {
  if (n > INT_MAX)
    raise_error(STATUS_BAD_INPUT, "`predicted` has more than 2^31 - 1 values");
  ranked_items ranked = {.item = scratch_unset(n, sizeof(uint32_t)),
                         .rank = scratch_unset(n, sizeof(uint32_t)),
                         .ends_tie = scratch_unset(n, 1)};
  rank_items(predicted, truth, n, scratch_unset(2 * n, sizeof(keyed_item)),
             &ranked);
  return ranked;
}

static void check_weights(const uint32_t *weights, size_t n) {
  if (!weights_fit(weights, n))
    raise_error(STATUS_BAD_INPUT,
                "the weights of items add up to 2^32 or more");
}

/* Numbers of pairs of n items. weights: whole numbers, or NULL. */
SEXP C_concordance(SEXP predicted, SEXP truth, SEXP weights) {
  size_t n = (size_t)XLENGTH(predicted);
  ranked_items ranked = ranked_from_r(get_doubles(predicted, n, "predicted"),
                                      get_doubles(truth, n, "truth"), n);
  uint32_t *counted = NULL;
  if (!Rf_isNull(weights)) {
    const int *given = get_indices(weights, n, INT_MAX, "weights");
    counted = scratch_unset(n, sizeof *counted);
    for (size_t i = 0; i < n; ++i) counted[i] = (uint32_t)given[i];
    check_weights(counted, n);
  }
  uint64_t *tree = scratch_unset(ranked.n_ranks + 1, sizeof *tree);
  uint64_t *held = scratch_unset(ranked.n_ranks + 1, sizeof *held);
  pair_counts counts = count_pairs(&ranked, counted, tree, held);
  const char *names[] = {
      "concordant", "discordant",  "tied_prediction", "tied_truth",
      "tied_both",  "concordance", "tau_b",           ""};
  SEXP result = PROTECT(Rf_mkNamed(REALSXP, names));
  double *values = REAL(result);
  values[0] = (double)counts.concordant;
  values[1] = (double)counts.discordant;
  values[2] = (double)counts.tied_prediction;
  values[3] = (double)counts.tied_truth;
  values[4] = (double)counts.tied_both;
  values[5] = concordance_of(&counts);
  values[6] = tau_b_of(&counts);
  UNPROTECT(1);
  return result;
}

/* predicted: n x columns; unit: n units from 0, or NULL for one each. Matrix
 * draws x columns of concordances, NaN where a draw has no pair. */
SEXP C_bootstrap_concordance(SEXP predicted, SEXP truth, SEXP unit,
                             SEXP n_units, SEXP draws, SEXP key) {
  double_matrix matrix = get_double_matrix(predicted, "predicted");
  size_t n = matrix.n_rows, n_columns = matrix.n_columns;
  const double *values = get_doubles(truth, n, "truth");
  unit_design design = {.n_items = n,
                        .n_units = get_count(n_units, "n_units"),
                        .key = get_key(key)};
  if (!Rf_isNull(unit))
    design.unit = get_indices(unit, n, design.n_units, "unit");
  ranked_items *columns = scratch(n_columns, sizeof *columns);
  for (size_t column = 0; column < n_columns; ++column)
    columns[column] = ranked_from_r(matrix.data + column * n, values, n);
  size_t n_draws = (size_t)get_int(draws, "draws");
  uint32_t *counts = scratch_unset(design.n_units, sizeof *counts);
  uint32_t *weights = scratch_unset(n, sizeof *weights);
  uint64_t *tree = scratch_unset(n + 1, sizeof *tree);
  uint64_t *held = scratch_unset(n + 1, sizeof *held);
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)n_draws, (int)n_columns));
  for (size_t r = 0; r < n_draws; ++r) {
    draw_units(&design, r, counts, weights);
    check_weights(weights, n);
    for (size_t column = 0; column < n_columns; ++column) {
      pair_counts found = count_pairs(columns + column, weights, tree, held);
      REAL(result)[column * n_draws + r] = concordance_of(&found);
    }
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return result;
}

/* For tests: how often each item counts in draw number `draw`, from 0. */
SEXP C_unit_weights(SEXP unit, SEXP n_units, SEXP draw, SEXP key) {
  unit_design design = {.n_items = (size_t)XLENGTH(unit),
                        .n_units = get_count(n_units, "n_units"),
                        .key = get_key(key)};
  design.unit = get_indices(unit, design.n_items, design.n_units, "unit");
  uint32_t *counts = scratch_unset(design.n_units, sizeof *counts);
  uint32_t *weights = scratch_unset(design.n_items, sizeof *weights);
  draw_units(&design, get_count(draw, "draw"), counts, weights);
  SEXP result = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)design.n_items));
  for (size_t i = 0; i < design.n_items; ++i)
    INTEGER(result)[i] = (int)weights[i];
  UNPROTECT(1);
  return result;
}
