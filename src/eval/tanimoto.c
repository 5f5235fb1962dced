#include "eval/tanimoto.h"

#include "base/threads.h"

#include <string.h>

#define WORD_BITS 64

/* ---- packing ------------------------------------------------------------ */

size_t words_for_bits(size_t n_bits) {
  return n_bits / WORD_BITS + (n_bits % WORD_BITS > 0);
}

/* A function for numbers of a type, see the header. */
#define PACK_BITS(name, type)                                     \
  size_t name(const type *x, size_t n, size_t d, uint64_t *words, \
              int *counts) {                                      \
    size_t n_words = words_for_bits(d);                           \
    for (size_t j = 0; j < d; ++j) {                              \
      uint64_t bit = (uint64_t)1 << (j % WORD_BITS);              \
      for (size_t i = 0; i < n; ++i) {                            \
        if (x[j * n + i] == 1) {                                  \
          words[i * n_words + j / WORD_BITS] |= bit;              \
          ++counts[i];                                            \
        } else if (!(x[j * n + i] == 0)) {                        \
          return j * n + i;                                       \
        }                                                         \
      }                                                           \
    }                                                             \
    return n * d;                                                 \
  }

PACK_BITS(pack_doubles, double)
PACK_BITS(pack_ints, int)

/* ---- similarity --------------------------------------------------------- */

KERNEL_INLINE int count_bits(uint64_t word) {
#ifdef __GNUC__
  return __builtin_popcountll(word);
#else
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return (int)(word * 0x0101010101010101u >> 56);
#endif
}

KERNEL_INLINE double similarity(const uint64_t *a, const uint64_t *b,
                                size_t n_words, int count_a, int count_b) {
  int both = 0;
  for (size_t w = 0; w < n_words; ++w) both += count_bits(a[w] & b[w]);
  int either = count_a + count_b - both;
  return either == 0 ? 1 : (double)both / either;
}

/* Of one row with all of x. */
FOR_EACH_CPU
static void tanimoto_column(const bit_rows *x, const uint64_t *row, int count,
                            double *similarities) {
  for (size_t i = 0; i < x->n; ++i)
    similarities[i] = similarity(x->words + i * x->n_words, row, x->n_words,
                                 x->counts[i], count);
}

void tanimoto_columns(const bit_rows *x, const bit_rows *y, size_t first,
                      size_t last, int n_threads, double *similarities) {
  PARALLEL_FOR(n_threads)
  for (size_t j = first; j < last; ++j)
    tanimoto_column(x, y->words + j * y->n_words, y->counts[j],
                    similarities + (j - first) * x->n);
}

/* ---- groups ------------------------------------------------------------- */

/* Both has at most the bits of the row with fewer, either at least those of the
 * row with more: so rows with too many more are out of reach, and so are all
 * rows behind them. */
FOR_EACH_CPU
static void close_row(const bit_rows *x, size_t row, double threshold,
                      unsigned char *close) {
  const uint64_t *words = x->words + row * x->n_words;
  size_t j = row + 1;
  for (; j < x->n && !(x->counts[row] < threshold * x->counts[j]); ++j)
    close[j] = similarity(words, x->words + j * x->n_words, x->n_words,
                          x->counts[row], x->counts[j]) > threshold;
  if (j < x->n) memset(close + j, 0, x->n - j);
}

void find_close(const bit_rows *x, size_t first, size_t last, double threshold,
                int n_threads, unsigned char *close) {
  PARALLEL_FOR(n_threads)
  for (size_t i = first; i < last; ++i)
    close_row(x, i, threshold, close + (i - first) * x->n);
}

/* The row that leads to itself; shortens the way there. */
static int find_leader(int row, int *leader) {
  while (leader[row] != row) row = leader[row] = leader[leader[row]];
  return row;
}

void join_close(size_t n, size_t first, size_t last,
                const unsigned char *close, int *leader) {
  for (size_t i = first; i < last; ++i)
    for (size_t j = i + 1; j < n; ++j) {
      if (!close[(i - first) * n + j]) continue;
      int a = find_leader((int)i, leader), b = find_leader((int)j, leader);
      if (a < b)
        leader[b] = a;
      else
        leader[a] = b;
    }
}

void settle_leaders(size_t n, int *leader) {
  for (size_t i = 0; i < n; ++i) leader[i] = find_leader((int)i, leader);
}
