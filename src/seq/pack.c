#include "seq/pack.h"

#include "seq/code.h"

/* The code of a letter; BASE_MASK for what is none. */
static unsigned char letter_code(char letter) {
  switch (letter) {
    case 'A':
    case 'a':
      return BASE_A;
    case 'C':
    case 'c':
      return BASE_C;
    case 'G':
    case 'g':
      return BASE_G;
    case 'T':
    case 't':
    case 'U':
    case 'u':
      return BASE_T;
    default:
      break;
  }
  const char *others = "RYSWKMBDHVNryswkmbdhvn";
  for (size_t i = 0; others[i] != '\0'; ++i)
    if (letter == others[i]) return BASE_OTHER;
  return BASE_MASK;
}

size_t pack_letters(const char *letters, size_t length, unsigned char *codes) {
  for (size_t i = 0; i < length; ++i) {
    codes[i] = letter_code(letters[i]);
    if (codes[i] == BASE_MASK) return i;
  }
  return length;
}

void mark_codons(unsigned char *codes, size_t first, size_t last) {
  for (size_t i = first; i < last; i += 3) codes[i] |= CODON_BIT;
}

int mark_exons(unsigned char *codes, size_t length, const int *exons,
               size_t n_exons) {
  size_t end = 0;
  for (size_t i = 0; i < n_exons; ++i) {
    if (exons[i] < 1 || (size_t)exons[i] > length - end) return 0;
    end += (size_t)exons[i];
  }
  if (end != length) return 0;
  end = 0;
  for (size_t i = 0; i < n_exons; ++i) {
    end += (size_t)exons[i];
    codes[end - 1] |= EXON_END_BIT;
  }
  return 1;
}

void unpack_letters(const unsigned char *codes, size_t length, char *letters) {
  for (size_t i = 0; i < length; ++i)
    letters[i] = "ACGTNNNN"[codes[i] & BASE_MASK];
}
