#ifndef KITH_TASK_COLLAPSE_H
#define KITH_TASK_COLLAPSE_H

#include "nn/real.h"

/* The two metrics of a batch of encodings (n x d), each times n so that they
 * add up over items: the mean cosine of two of them, and the share of values
 * that are the same in all. sums: d numbers to work with. */
static void collapse_metrics(const real *encoded, size_t n, size_t d,
                             real *sums, double metric[2]);

#endif
