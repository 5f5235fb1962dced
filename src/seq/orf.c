#include "seq/orf.h"

#define CODON(a, b, c) ((a) << 6 | (b) << 3 | (c))

static unsigned int codon_at(const unsigned char *codes) {
  return CODON(codes[0] & BASE_MASK, codes[1] & BASE_MASK,
               codes[2] & BASE_MASK);
}

static int is_stop(unsigned int codon) {
  return codon == CODON(BASE_T, BASE_A, BASE_A) ||
         codon == CODON(BASE_T, BASE_A, BASE_G) ||
         codon == CODON(BASE_T, BASE_G, BASE_A);
}

base_span longest_orf(const unsigned char *codes, size_t length) {
  base_span longest = {0, 0};
  const size_t none = (size_t)-1;
  size_t start[3] = {none, none, none}; /* the first ATG of each frame */
  for (size_t i = 0; i + 3 <= length; ++i) {
    unsigned int codon = codon_at(codes + i);
    size_t *open = start + i % 3;
    if (codon == CODON(BASE_A, BASE_T, BASE_G)) {
      if (*open == none) *open = i;
    } else if (*open != none && is_stop(codon)) {
      size_t bases = i + 3 - *open, best = longest.last - longest.first;
      if (bases > best || (bases == best && *open < longest.first)) {
        longest.first = *open;
        longest.last = i + 3;
      }
      *open = none;
    }
  }
  return longest;
}
