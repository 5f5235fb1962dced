#include "seq/words.h"

#include "base/threads.h"

#include <string.h>

static size_t words_of(int k) {
  return (size_t)1 << (2 * k);
}

size_t count_words(const word_kinds *kinds) {
  size_t n = 0;
  for (int i = 0; i < kinds->n_k; ++i) n += words_of(kinds->k[i]);
  return n;
}

/* Counts to shares; the total is 0 only if all counts are. */
static void divide_by_total(double *counts, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; ++i) total += counts[i];
  if (total > 0)
    for (size_t i = 0; i < n; ++i) counts[i] /= total;
}

static void count_span(const unsigned char *codes, base_span span,
                       const word_kinds *kinds, double *counts) {
  size_t word = 0,
         n_letters = 0; /* the last letters, and how many are known */
  for (size_t i = span.first; i < span.last; ++i) {
    unsigned int base = codes[i] & BASE_MASK;
    n_letters = base < BASE_OTHER ? n_letters + 1 : 0;
    word = word << 2 | (base & 3u);
    if ((i - span.first + 1) % (size_t)kinds->step != 0) continue;
    double *of_kind = counts;
    for (int j = 0; j < kinds->n_k; ++j) {
      size_t n_words = words_of(kinds->k[j]);
      if (n_letters >= (size_t)kinds->k[j]) of_kind[word & (n_words - 1)] += 1;
      of_kind += n_words;
    }
  }
}

static void span_frequencies(const unsigned char *codes, base_span span,
                             const word_kinds *kinds, double *frequencies) {
  memset(frequencies, 0, count_words(kinds) * sizeof *frequencies);
  count_span(codes, span, kinds, frequencies);
  for (int j = 0; j < kinds->n_k; ++j) {
    divide_by_total(frequencies, words_of(kinds->k[j]));
    frequencies += words_of(kinds->k[j]);
  }
}

void word_frequencies(const unsigned char *codes, const base_span *spans,
                      size_t n_spans, const word_kinds *kinds, int n_threads,
                      double *frequencies) {
  size_t n_words = count_words(kinds);
  PARALLEL_FOR(n_threads)
  for (size_t i = 0; i < n_spans; ++i)
    span_frequencies(codes, spans[i], kinds, frequencies + i * n_words);
}

size_t count_exon_ends(const unsigned char *codes, base_span span) {
  size_t n = 0;
  for (size_t i = span.first; i < span.last; ++i)
    n += (codes[i] & EXON_END_BIT) != 0;
  return n;
}
