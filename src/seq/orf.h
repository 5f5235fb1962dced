#ifndef KITH_SEQ_ORF_H
#define KITH_SEQ_ORF_H

#include "seq/code.h"

/* The longest open reading frame of the strand as it is written: from an ATG
 * to the first stop codon (TAA, TAG, TGA) in its frame, that codon included.
 * The first one where several are of one length; first == last if there is
 * none. A codon with another letter than A, C, G, T is no stop. */
base_span longest_orf(const unsigned char *codes, size_t length);

#endif
