#include "base/arena.h"
#include "base/rng.h"
#include "glue/check.h"
#include "glue/entries.h"
#include "pairs/negatives.h"
#include "pairs/negatives_matched.h"
#include "pairs/split.h"
#include "pairs/unique.h"

#include <limits.h>
#include <string.h>

/* Gene codes from 0: integers below n_genes. */
typedef struct {
  const int *data;
  size_t n;
} gene_codes;

static gene_codes get_codes(SEXP x, size_t n_genes, const char *name) {
  gene_codes codes = {get_ints(x, (size_t)Rf_xlength(x), name),
                      (size_t)Rf_xlength(x)};
  for (size_t i = 0; i < codes.n; ++i)
    if (codes.data[i] < 0 || (size_t)codes.data[i] >= n_genes)
      raise_error(STATUS_INTERNAL,
                  "`%s` holds a code "
                  "that is no gene",
                  name);
  return codes;
}

typedef struct {
  const int *a, *b;
  size_t n;
} code_pairs;

static code_pairs get_code_pairs(SEXP a, SEXP b, size_t n_genes) {
  code_pairs pairs = {get_codes(a, n_genes, "a").data,
                      get_codes(b, n_genes, "b").data, (size_t)Rf_xlength(a)};
  get_ints(b, pairs.n, "b");
  return pairs;
}

/* An empty set that takes up to n_pairs pairs. */
static pair_set scratch_set(size_t n_pairs) {
  size_t n_slots = pair_set_slots(n_pairs);
  if (n_slots == 0)
    raise_error(STATUS_NO_MEMORY, "cannot allocate %.0f pairs",
                (double)n_pairs);
  pair_set set;
  pair_set_open(&set, scratch(n_slots, sizeof *set.slots), n_slots);
  return set;
}

static SEXP ints_to_r(const int *x, size_t n) {
  SEXP result = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  if (n > 0) memcpy(INTEGER(result), x, n * sizeof *x);
  UNPROTECT(1);
  return result;
}

static pair_universe scratch_universe(SEXP left, SEXP right, size_t n_genes) {
  int one_list = Rf_isNull(right);
  gene_codes l = get_codes(left, n_genes, "left");
  gene_codes r = {NULL, 0};
  if (!one_list) r = get_codes(right, n_genes, "right");
  return universe_open(l.data, l.n, r.data, r.n, n_genes,
                       scratch(n_genes, sizeof(unsigned char)));
}

/* ---- .Call entry points ------------------------------------------------- */

/* a, b: gene codes from 0, NA where missing; score: doubles or NULL.
 * list(kept = rows from 0, score = doubles or NULL, times = rows that name each
 * kept pair, counts = kept, missing, self, duplicated, reversed). */
SEXP C_unique_pairs(SEXP a, SEXP b, SEXP score) {
  size_t n = (size_t)Rf_xlength(a);
  const int *codes_a = get_ints(a, n, "a"), *codes_b = get_ints(b, n, "b");
  const double *scores =
      Rf_isNull(score) ? NULL : get_doubles(score, n, "score");
  pair_set set = scratch_set(n);
  int *first_at = scratch(set.n_slots, sizeof(int));
  int *kept = scratch(n, sizeof(int));
  double *best = scores ? scratch(n, sizeof(double)) : NULL;
  int *times = scratch(n, sizeof(int));
  unique_counts counts = unique_pairs(codes_a, codes_b, scores, n, &set,
                                      first_at, kept, best, times);

  SEXP rows = PROTECT(ints_to_r(kept, counts.n_kept));
  SEXP highest = R_NilValue;
  if (scores) highest = Rf_allocVector(REALSXP, (R_xlen_t)counts.n_kept);
  PROTECT(highest);
  if (scores && counts.n_kept > 0)
    memcpy(REAL(highest), best, counts.n_kept * sizeof *best);
  SEXP n_rows = PROTECT(ints_to_r(times, counts.n_kept));
  SEXP numbers = PROTECT(Rf_allocVector(REALSXP, 5));
  REAL(numbers)[0] = (double)counts.n_kept;
  REAL(numbers)[1] = (double)counts.n_missing;
  REAL(numbers)[2] = (double)counts.n_self;
  REAL(numbers)[3] = (double)counts.n_duplicated;
  REAL(numbers)[4] = (double)counts.n_reversed;
  const char *names[] = {"kept", "score", "times", "counts"};
  SEXP values[] = {rows, highest, n_rows, numbers};
  SEXP result = named_list(4, names, values);
  UNPROTECT(4);
  return result;
}

/* 1 for each of the n items that is held out, else 0. */
SEXP C_split_items(SEXP n, SEXP n_train, SEXP key) {
  size_t n_items = get_count(n, "n"), n_kept = get_count(n_train, "n_train");
  if (n_items > INT_MAX || n_kept > n_items)
    raise_error(STATUS_INTERNAL, "%.0f of %.0f items cannot be kept",
                (double)n_kept, (double)n_items);
  rng r = rng_open(get_key(key), RNG_SPLIT, 0, 0);
  int *order = scratch(n_items, sizeof(int));
  SEXP held_out = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n_items));
  split_items(&r, n_items, n_kept, order, INTEGER(held_out));
  UNPROTECT(1);
  return held_out;
}

/* The number of held-out genes of each pair. */
SEXP C_count_unseen(SEXP a, SEXP b, SEXP held_out) {
  size_t n_genes = (size_t)Rf_xlength(held_out);
  const int *flags = get_ints(held_out, n_genes, "held_out");
  code_pairs pairs = get_code_pairs(a, b, n_genes);
  SEXP n_unseen = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)pairs.n));
  count_unseen(pairs.a, pairs.b, pairs.n, flags, INTEGER(n_unseen));
  UNPROTECT(1);
  return n_unseen;
}

/* The number of pairs of each gene. */
SEXP C_count_degrees(SEXP a, SEXP b, SEXP n_genes) {
  size_t n = get_count(n_genes, "n_genes");
  code_pairs pairs = get_code_pairs(a, b, n);
  SEXP degree = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  count_degrees(pairs.a, pairs.b, pairs.n, n, INTEGER(degree));
  UNPROTECT(1);
  return degree;
}

/* How many pairs of the universe (left x right, or all pairs of left where
 * right is NULL) are none of the pairs (a, b). */
SEXP C_count_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes) {
  size_t n = get_count(n_genes, "n_genes");
  pair_universe universe = scratch_universe(left, right, n);
  code_pairs known = get_code_pairs(a, b, n);
  pair_set set = scratch_set(known.n);
  size_t n_inside =
      universe_exclude(&universe, known.a, known.b, known.n, &set);
  return Rf_ScalarReal((double)uniform_negatives_count(&universe, n_inside));
}

/* n of these, drawn uniformly: list(from = , to = ) of codes from 0. */
SEXP C_uniform_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes,
                         SEXP n, SEXP key) {
  size_t n_codes = get_count(n_genes, "n_genes"), n_wanted = get_count(n, "n");
  pair_universe universe = scratch_universe(left, right, n_codes);
  code_pairs known = get_code_pairs(a, b, n_codes);
  /* no more than all pairs, before memory is asked for them */
  size_t n_all = (size_t)uniform_negatives_count(&universe, 0);
  if (n_wanted > n_all)
    raise_error(STATUS_EXHAUSTED, "there are %.0f pairs, not %.0f",
                (double)n_all, (double)n_wanted);
  pair_set taken = scratch_set(known.n + n_wanted);
  size_t n_inside =
      universe_exclude(&universe, known.a, known.b, known.n, &taken);
  size_t n_room = uniform_negatives_room(&universe, n_inside, n_wanted);
  int *from = scratch(n_room, sizeof(int)), *to = scratch(n_room, sizeof(int));

  uniform_negatives sampler;
  status st = {STATUS_OK, ""};
  uniform_negatives_open(&sampler, universe, &taken, n_inside, n_wanted,
                         rng_open(get_key(key), RNG_SAMPLE, 0, 0), from, to,
                         &st);
  raise_failure(&st);
  while (uniform_negatives_step(&sampler)) R_CheckUserInterrupt();

  SEXP drawn_from = PROTECT(ints_to_r(from, n_wanted));
  SEXP drawn_to = PROTECT(ints_to_r(to, n_wanted));
  const char *names[] = {"from", "to"};
  SEXP values[] = {drawn_from, drawn_to};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

/* The genes of a list by ascending degree. */
static int *scratch_by_degree(const int *genes, size_t n, const int *degree,
                              size_t n_degrees) {
  int *sorted = scratch(n, sizeof(int));
  size_t *counts = scratch(n_degrees + 1, sizeof(size_t));
  sort_by_degree(genes, n, degree, n_degrees, counts, sorted);
  return sorted;
}

/* A sampler over scratch memory; see C_matched_negatives. */
static void scratch_matched(matched_negatives *s, SEXP left, SEXP right,
                            code_pairs known, code_pairs positives,
                            size_t n_genes, size_t per_positive) {
  size_t n_all;
  if (!size_multiply(positives.n, per_positive, &n_all))
    raise_error(STATUS_NO_MEMORY,
                "cannot allocate %.0f negatives per positive",
                (double)per_positive);
  int *degree = scratch(n_genes, sizeof(int));
  size_t n_degrees =
      1 + (size_t)count_degrees(known.a, known.b, known.n, n_genes, degree);
  s->universe = scratch_universe(left, right, n_genes);
  const pair_universe *u = &s->universe;
  if (positives.n > 0 && (u->n_left == 0 || (!u->one_list && u->n_right == 0)))
    raise_error(STATUS_INTERNAL, "a side of the negatives is empty");
  s->degree = degree;
  s->left = scratch_by_degree(u->left, u->n_left, degree, n_degrees);
  s->right = scratch_by_degree(u->right, u->n_right, degree, n_degrees);
  s->a = positives.a;
  s->b = positives.b;
  s->n_positives = positives.n;
  s->per_positive = per_positive;
  s->next = 0;
  s->n_drawn = 0;
  s->from = scratch(n_all, sizeof(int));
  s->to = scratch(n_all, sizeof(int));
  s->n_found = scratch(positives.n, sizeof(int));
}

/* per_positive negatives for each pair of positives, matched by the degrees
 * that the pairs (a, b) give: list(from = , to = , n_found = negatives found
 * for each positive), in the order of the positives. */
SEXP C_matched_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes,
                         SEXP positives_a, SEXP positives_b, SEXP per_positive,
                         SEXP key) {
  size_t n = get_count(n_genes, "n_genes");
  code_pairs known = get_code_pairs(a, b, n);
  code_pairs positives = get_code_pairs(positives_a, positives_b, n);
  pair_set set = scratch_set(known.n);
  matched_negatives sampler;
  scratch_matched(&sampler, left, right, known, positives, n,
                  get_count(per_positive, "per_positive"));
  universe_exclude(&sampler.universe, known.a, known.b, known.n, &set);
  sampler.known = &set;
  sampler.random = rng_open(get_key(key), RNG_SAMPLE, 1, 0);
  while (matched_negatives_step(&sampler)) R_CheckUserInterrupt();

  SEXP from = PROTECT(ints_to_r(sampler.from, sampler.n_drawn));
  SEXP to = PROTECT(ints_to_r(sampler.to, sampler.n_drawn));
  SEXP n_found = PROTECT(ints_to_r(sampler.n_found, positives.n));
  const char *names[] = {"from", "to", "n_found"};
  SEXP values[] = {from, to, n_found};
  SEXP result = named_list(3, names, values);
  UNPROTECT(3);
  return result;
}
