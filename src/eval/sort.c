#include "eval/sort.h"

#define DIGIT_BITS 11
#define N_DIGITS 6 /* 6 * 11 >= 64 */
#define N_BUCKETS (1 << DIGIT_BITS)

KERNEL_INLINE size_t digit_of(uint64_t key, int digit) {
  return (size_t)(key >> (digit * DIGIT_BITS)) & (N_BUCKETS - 1);
}

/* Elements are `width` words, the first of which is the key. A constant width
 * at each call lets the compiler build one version for each. One reading
 * counts all digits; a digit that all keys share costs no pass. */
KERNEL_INLINE uint64_t *sort_words(uint64_t *from, uint64_t *to, size_t n,
                                   size_t width) {
  size_t counts[N_DIGITS][N_BUCKETS];
  memset(counts, 0, sizeof counts);
  for (size_t i = 0; i < n; ++i) {
    uint64_t key = from[i * width];
    for (int digit = 0; digit < N_DIGITS; ++digit)
      ++counts[digit][digit_of(key, digit)];
  }
  for (int digit = 0; digit < N_DIGITS && n > 0; ++digit) {
    size_t *start = counts[digit];
    if (start[digit_of(from[0], digit)] == n) continue;
    for (size_t bucket = 0, sum = 0; bucket < N_BUCKETS; ++bucket) {
      size_t count = start[bucket];
      start[bucket] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; ++i) {
      const uint64_t *element = from + i * width;
      size_t place = start[digit_of(element[0], digit)]++;
      for (size_t w = 0; w < width; ++w) to[place * width + w] = element[w];
    }
    uint64_t *held = from;
    from = to;
    to = held;
  }
  return from;
}

uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, size_t n) {
  return sort_words(keys, spare, n, 1);
}

/* A keyed_item is two words without padding, key first. */
keyed_item *sort_items(keyed_item *items, keyed_item *spare, size_t n) {
  if (n < 2) return items; /* of nothing there may be no first word */
  return (keyed_item *)sort_words(&items->key, &spare->key, n, 2);
}

const keyed_item *sort_doubles(const double *x, size_t n, keyed_item *work) {
  for (size_t i = 0; i < n; ++i) {
    work[i].key = sort_key(x[i]);
    work[i].item = i;
  }
  return sort_items(work, work + n, n);
}
