#ifndef KITH_PAIRS_PARTNER_LISTS_H
#define KITH_PAIRS_PARTNER_LISTS_H

#include "base/arena.h"

/* The known partners of every gene, whatever the precision. */
typedef struct {
  size_t n_genes;
  int *starts;   /* n_genes + 1: gene i has partners[starts[i]] ... */
  int *partners; /* ... to partners[starts[i + 1] - 1], ascending */
} partner_lists;

/* Room for the lists of n_pairs pairs; the arena overflows where their ends
 * cannot be counted in int. */
void partner_lists_take(size_t n_genes, size_t n_pairs, arena *a,
                        partner_lists *lists);

/* Repeated pairs count once; the order of pairs and genes has no effect. */
void partner_lists_fill(partner_lists *lists, const int *first,
                        const int *second, size_t n_pairs);

/* How many partners a gene has. */
static inline int partner_count(const partner_lists *lists, int gene) {
  return lists->starts[gene + 1] - lists->starts[gene];
}

#endif
