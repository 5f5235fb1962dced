#include "eval/auc.h"

#include <math.h>

sorted_classes sort_classes(const double *scores, const int *positive,
                            const int *subset, size_t n, uint64_t *work) {
  sorted_classes classes = {0};
  size_t n_positives = 0, n_negatives = 0;
  /* positives fill the first half from the left, negatives from the right;
   * both ends are written and one moves, which saves an unforeseeable jump */
  for (size_t i = 0; i < n; ++i) {
    if (subset != NULL && !subset[i]) continue;
    uint64_t key = sort_key(scores[i]);
    work[n_positives] = key;
    work[n - 1 - n_negatives] = key;
    if (positive[i])
      ++n_positives;
    else
      ++n_negatives;
  }
  uint64_t *negatives = work + n - n_negatives;
  classes.n_positives = n_positives;
  classes.n_negatives = n_negatives;
  classes.positives = sort_keys(work, work + n, n_positives);
  classes.negatives = sort_keys(negatives, negatives + n, n_negatives);
  return classes;
}

/* Where the run of keys equal to keys[start] ends. */
static size_t tie_end(const uint64_t *keys, size_t start, size_t n) {
  size_t end = start + 1;
  while (end < n && keys[end] == keys[start]) ++end;
  return end;
}

double auc_of_classes(const sorted_classes *classes) {
  size_t n_positives = classes->n_positives;
  size_t n_negatives = classes->n_negatives;
  if (n_positives == 0 || n_negatives == 0) return NAN;
  uint64_t half_wins = 0;
  size_t below = 0;
  for (size_t i = 0; i < n_positives;) {
    uint64_t key = classes->positives[i];
    size_t end = tie_end(classes->positives, i, n_positives);
    while (below < n_negatives && classes->negatives[below] < key) ++below;
    size_t not_above = below;
    while (not_above < n_negatives && classes->negatives[not_above] == key)
      ++not_above;
    half_wins += (uint64_t)(end - i) * (below + not_above);
    below = not_above;
    i = end;
  }
  return (double)half_wins / 2 / ((double)n_positives * (double)n_negatives);
}

double average_precision_of_classes(const sorted_classes *classes) {
  size_t n_positives = classes->n_positives;
  size_t n_negatives = classes->n_negatives;
  if (n_positives == 0) return NAN;
  double total = 0;
  size_t left = n_negatives; /* negatives that score below the threshold */
  for (size_t end = n_positives; end > 0;) {
    uint64_t key = classes->positives[end - 1];
    size_t start = end - 1;
    while (start > 0 && classes->positives[start - 1] == key) --start;
    while (left > 0 && classes->negatives[left - 1] >= key) --left;
    double hits = (double)(n_positives - start);
    double called = hits + (double)(n_negatives - left);
    total += (double)(end - start) * (hits / called);
    end = start;
  }
  return total / (double)n_positives;
}

void sort_scores(const double *scores, const int *positive, size_t n,
                 keyed_item *work, sorted_scores *sorted) {
  const keyed_item *order = sort_doubles(scores, n, work);
  sorted->n = n;
  for (size_t i = 0; i < n; ++i) {
    unsigned marks = positive[order[i].item] ? SCORE_POSITIVE : 0;
    if (i + 1 == n || order[i + 1].key != order[i].key)
      marks |= SCORE_ENDS_TIE;
    sorted->items[i] = (uint32_t)order[i].item;
    sorted->marks[i] = (unsigned char)marks;
  }
}

double weighted_auc(const sorted_scores *sorted, const double *weights) {
  double wins = 0, positives = 0, below = 0;
  double tied_positives = 0, tied_negatives = 0;
  for (size_t i = 0; i < sorted->n; ++i) {
    double weight = weights[sorted->items[i]];
    unsigned marks = sorted->marks[i];
    tied_positives += marks & SCORE_POSITIVE ? weight : 0;
    tied_negatives += marks & SCORE_POSITIVE ? 0 : weight;
    if (marks & SCORE_ENDS_TIE) {
      wins += tied_positives * (below + tied_negatives / 2);
      positives += tied_positives;
      below += tied_negatives;
      tied_positives = tied_negatives = 0;
    }
  }
  return positives > 0 && below > 0 ? wins / (positives * below) : NAN;
}
