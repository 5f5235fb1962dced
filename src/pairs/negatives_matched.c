#include "pairs/negatives_matched.h"

#include <string.h>

#define STEP 65536 /* tries in one step, about */
#define TRIES 100  /* per negative */
#define FEW 20     /* genes in the narrow window below which it is widened */
#define TOO_FEW 2  /* genes in the wide window below which all are taken */

int count_degrees(const int *a, const int *b, size_t n_pairs, size_t n_genes,
                  int *degree) {
  int highest = 0;
  memset(degree, 0, n_genes * sizeof *degree);
  for (size_t p = 0; p < n_pairs; ++p) {
    ++degree[a[p]];
    ++degree[b[p]];
  }
  for (size_t g = 0; g < n_genes; ++g)
    if (degree[g] > highest) highest = degree[g];
  return highest;
}

void sort_by_degree(const int *genes, size_t n, const int *degree,
                    size_t n_degrees, size_t *counts, int *sorted) {
  memset(counts, 0, (n_degrees + 1) * sizeof *counts);
  for (size_t i = 0; i < n; ++i) ++counts[degree[genes[i]] + 1];
  for (size_t d = 1; d <= n_degrees; ++d) counts[d] += counts[d - 1];
  for (size_t i = 0; i < n; ++i) sorted[counts[degree[genes[i]]]++] = genes[i];
}

/* The first gene whose degree is at least (or, with above, over) a bound. */
static size_t first_gene(const int *genes, size_t n, const int *degree,
                         double bound, int above) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    double d = degree[genes[middle]];
    if (above ? d > bound : d >= bound) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

static degree_window window_between(const int *genes, size_t n,
                                    const int *degree, double lowest,
                                    double highest) {
  degree_window w = {first_gene(genes, n, degree, lowest, 0),
                     first_gene(genes, n, degree, highest, 1)};
  return w;
}

degree_window find_window(const int *genes, size_t n_genes, const int *degree,
                          double m) {
  degree_window w = window_between(genes, n_genes, degree, 0.8 * m, 1.2 * m);
  if (w.last - w.first < FEW) {
    double highest = 1.5 * m > 5 ? 1.5 * m : 5;
    w = window_between(genes, n_genes, degree, 0.5 * m, highest);
  }
  if (w.last - w.first < TOO_FEW) {
    w.first = 0;
    w.last = n_genes;
  }
  return w;
}

static int pick(rng *r, const int *genes, degree_window w) {
  return genes[w.first + rng_below(r, w.last - w.first)];
}

/* One negative from the two windows: 1 if one of the tries gave it. *n_tries
 * grows by the tries that it took. */
static int draw_one(matched_negatives *s, degree_window left,
                    degree_window right, size_t *n_tries) {
  for (int i = 0; i < TRIES; ++i) {
    int a = pick(&s->random, s->left, left);
    int b = pick(&s->random, s->right, right);
    ++*n_tries;
    if (a == b || pair_set_has(s->known, a, b)) continue;
    s->from[s->n_drawn] = a;
    s->to[s->n_drawn] = b;
    ++s->n_drawn;
    return 1;
  }
  return 0;
}

int matched_negatives_step(matched_negatives *s) {
  const pair_universe *u = &s->universe;
  size_t n_all = s->n_positives * s->per_positive, n_tries = 0;
  for (; n_tries < STEP && s->next < n_all; ++s->next) {
    size_t p = s->next / s->per_positive;
    double m = ((double)s->degree[s->a[p]] + s->degree[s->b[p]]) / 2;
    degree_window left = find_window(s->left, u->n_left, s->degree, m);
    degree_window right = find_window(s->right, u->n_right, s->degree, m);
    s->n_found[p] += draw_one(s, left, right, &n_tries);
  }
  return s->next < n_all;
}
