#include "eval/top_pairs.h"

#include "base/blas.h"
#include "base/threads.h"
#include "eval/candidates.h"
#include "eval/dot.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_ROOM 1024

size_t room_for_pairs(size_t n_top, size_t n) {
  size_t room = n_top < LEAST_ROOM ? 2 * LEAST_ROOM : 2 * n_top;
  size_t n_pairs = n < 2 ? 1 : n * (n - 1) / 2;
  return room < n_pairs ? room : n_pairs;
}

/* ---- the best so far ---------------------------------------------------- */

static int compare_pairs(const void *x, const void *y) {
  const scored_pair *one = x, *other = y;
  if (one->score != other->score) return one->score > other->score ? -1 : 1;
  if (one->a != other->a) return one->a < other->a ? -1 : 1;
  return one->b < other->b ? -1 : one->b > other->b;
}

void keep_best(const pair_search *search, best_pairs *found) {
  qsort(found->pairs, found->n, sizeof *found->pairs, compare_pairs);
  if (found->n < search->n_top) return;
  found->n = search->n_top;
  found->cut = found->pairs[search->n_top - 1].score;
}

/* ---- search ------------------------------------------------------------- */

/* Pairs of `row` with those after it; products: of it and rows first, ... */
static void search_row(const pair_search *search, size_t row, size_t first,
                       const double *products, best_pairs *found) {
  const double *left = search->rows + row * search->d;
  double slack = product_slack(left, search->d, search->longest);
  size_t n = search->n - first;
  for (size_t place = row + 1 - first;; ++place) {
    double least = found->cut > search->least ? found->cut : search->least;
    double cut = least - slack;
    if (!(cut >= -DBL_MAX)) cut = -DBL_MAX;
    place = next_candidate(products, place, n, cut);
    if (place == n) break;
    size_t other = first + place;
    if (search->group != NULL && search->group[row] != 0 &&
        search->group[row] == search->group[other])
      continue;
    double score = dot(left, search->rows + other * search->d, search->d);
    scored_pair pair = {score, (int)row, (int)other};
    if (score < least) continue;
    if (found->n == found->room) keep_best(search, found);
    found->pairs[found->n++] = pair;
  }
}

void search_pairs(const pair_search *search, size_t first, size_t last,
                  double *products, best_pairs *found, int n_threads) {
  size_t d = search->d, n = search->n - first;
  const double *rows = search->rows + first * d;
  multiply_rows(rows, last - first, rows, n, d, products, n_threads);
  for (size_t row = first; row < last; ++row)
    search_row(search, row, first, products + (row - first) * n, found);
}
