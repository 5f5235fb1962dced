#ifndef KITH_EVAL_SORT_H
#define KITH_EVAL_SORT_H

#include "base/threads.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sorting of scores in linear time: a radix sort on the bits of a double. */

/* An unsigned number that compares as the double does: -Inf is the lowest,
 * Inf the highest, and -0 and 0 have one key. x must not be NaN. */
KERNEL_INLINE uint64_t sort_key(double x) {
  uint64_t bits;
  x += 0.0; /* turns -0 into 0 */
  memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

typedef struct {
  uint64_t key;
  uint64_t item;
} keyed_item;

/* Both sort n elements by key, upwards and stably, with a spare array of the
 * same length; they return the one of the two arrays that holds the result.
 * The content of the other is undefined. */
uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, size_t n);
keyed_item *sort_items(keyed_item *items, keyed_item *spare, size_t n);

/* The items 0 .. n - 1 of x (n, no NaN) from the lowest to the highest; equal
 * values in the order of their index. work has room for 2 n elements, and the
 * result lies within it. */
const keyed_item *sort_doubles(const double *x, size_t n, keyed_item *work);

#endif
