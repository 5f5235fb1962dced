#ifndef KITH_SEQ_EXPAND_H
#define KITH_SEQ_EXPAND_H

#include "nn/real.h"

#include <stddef.h>

#define transcripts_expand REAL_NAME(transcripts_expand)

/* Writes the tracks of a transcript as a network reads them: `out` is
 * positions x n_tracks, row-major. Columns are A, C, G, T (one of them 1, or
 * all 0.25 for another letter) and, with n_tracks 6, the first base of each
 * codon and the last base of each exon. Positions behind the end of the
 * transcript are 0; bases behind the last position are left out. */
void transcripts_expand(const unsigned char *codes, size_t length,
                        size_t positions, int n_tracks, real *out);

#endif
