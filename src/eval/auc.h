#ifndef KITH_EVAL_AUC_H
#define KITH_EVAL_AUC_H

#include "eval/sort.h"

#include <stddef.h>
#include <stdint.h>

/* How well scores rank positives above negatives.
 *
 * AUC: the probability that a random positive scores above a random negative,
 * a tie counting one half (Mann and Whitney 1947). Average precision: the sum
 * over the thresholds of (recall gained) * (precision there), all items of
 * one score entering together, so the order of tied items has no say. */

/* The scores of each class as sort keys, upwards. */
typedef struct {
  const uint64_t *positives, *negatives;
  size_t n_positives, n_negatives;
} sorted_classes;

/* Splits and sorts scores (n, no NaN) by positive (n, zero or not); items
 * whose subset (n, may be NULL) is zero are left out. work has room for 2 n
 * keys, and the result lies within it. */
sorted_classes sort_classes(const double *scores, const int *positive,
                            const int *subset, size_t n, uint64_t *work);

/* Exact: counted in integers and divided once. NaN without a positive or
 * without a negative. */
double auc_of_classes(const sorted_classes *classes);

/* NaN without a positive. */
double average_precision_of_classes(const sorted_classes *classes);

/* Scores sorted once so that many weightings of their items cost one linear
 * pass each: the items upwards, each with its marks. */
typedef struct {
  size_t n;
  uint32_t *items;      /* n */
  unsigned char *marks; /* n, of SCORE_* */
} sorted_scores;

#define SCORE_POSITIVE 1u
#define SCORE_ENDS_TIE 2u /* the next item has a higher score */

/* Fills sorted->items and sorted->marks (n each, given by the caller) from
 * scores (n, no NaN) and positive (n). n is below 2^32; work has room for
 * 2 n elements. */
void sort_scores(const double *scores, const int *positive, size_t n,
                 keyed_item *work, sorted_scores *sorted);

/* The AUC where item i counts weights[i] >= 0 times. NaN where the positives
 * or the negatives weigh nothing. */
double weighted_auc(const sorted_scores *sorted, const double *weights);

#endif
