#ifndef KITH_SEQ_WORDS_H
#define KITH_SEQ_WORDS_H

#include "seq/code.h"

/* Words of k letters (k-mers, and codons, which do not overlap). A word has
 * the number that its letters give in base 4, A 0 to T 3, the first letter
 * counting most: so words of one k are in the order of the alphabet. */

#define MAX_WORD 6

typedef struct {
  const int *k; /* lengths of words, each 1 .. MAX_WORD */
  int n_k;
  int step; /* 1: words overlap; 3, with k = 3: codons */
} word_kinds;

/* Number of different words of all kinds. */
size_t count_words(const word_kinds *kinds);

/* frequencies[i, ] = the share of each word among those of its length in span
 * i of the codes: n_spans x count_words(), row-major. Words with another
 * letter than A, C, G, T are left out; where none remains the shares are 0. */
void word_frequencies(const unsigned char *codes, const base_span *spans,
                      size_t n_spans, const word_kinds *kinds, int n_threads,
                      double *frequencies);

/* Number of exons that end within a span. */
size_t count_exon_ends(const unsigned char *codes, base_span span);

#endif
