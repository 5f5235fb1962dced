#ifndef KITH_SEQ_CODE_H
#define KITH_SEQ_CODE_H

#include <stddef.h>

/* A base of a transcript is one byte: its letter in the low bits, and a bit
 * for each annotation track. */

#define BASE_A 0u
#define BASE_C 1u
#define BASE_G 2u
#define BASE_T 3u
#define BASE_OTHER 4u /* an ambiguity code of IUPAC, such as N */

#define BASE_MASK 7u
#define CODON_BIT 8u     /* the first base of a codon of the CDS */
#define EXON_END_BIT 16u /* the last base of an exon */

/* A part of a code array: bases first .. last - 1. */
typedef struct {
  size_t first, last;
} base_span;

#endif
