#ifndef KITH_SEQ_PACK_H
#define KITH_SEQ_PACK_H

#include <stddef.h>

/* Writes a code for each of `length` letters: DNA or RNA, upper or lower case,
 * with the ambiguity codes of IUPAC. Returns the number of letters written,
 * which is `length` unless it stopped at a letter that is none of these. */
size_t pack_letters(const char *letters, size_t length, unsigned char *codes);

/* Marks the first base of every codon of a CDS, bases first .. last - 1. */
void mark_codons(unsigned char *codes, size_t first, size_t last);

/* Marks the last base of each exon, given their lengths in transcript order.
 * Returns 0, with nothing marked, unless they add up to `length`. */
int mark_exons(unsigned char *codes, size_t length, const int *exons,
               size_t n_exons);

/* Writes a letter of A, C, G, T, N for each code. */
void unpack_letters(const unsigned char *codes, size_t length, char *letters);

#endif
