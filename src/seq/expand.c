#include "seq/expand.h"

#include "seq/code.h"

#define LETTER_TRACKS 4

void transcripts_expand(const unsigned char *codes, size_t length,
                        size_t positions, int n_tracks, real *out) {
  size_t width = (size_t)n_tracks, n = smaller(length, positions);
  memset(out, 0, positions * width * sizeof *out);
  for (size_t i = 0; i < n; ++i) {
    real *at = out + i * width;
    unsigned int base = codes[i] & BASE_MASK;
    if (base < LETTER_TRACKS) {
      at[base] = 1;
    } else {
      for (int track = 0; track < LETTER_TRACKS; ++track) at[track] = C(0.25);
    }
    if (n_tracks > LETTER_TRACKS) {
      at[LETTER_TRACKS] = (codes[i] & CODON_BIT) != 0;
      at[LETTER_TRACKS + 1] = (codes[i] & EXON_END_BIT) != 0;
    }
  }
}
