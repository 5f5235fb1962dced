#include "pairs/partner_lists.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void partner_lists_take(size_t n_genes, size_t n_pairs, arena *a,
                        partner_lists *lists) {
  lists->n_genes = n_genes;
  lists->starts = arena_take(a, n_genes + 1, sizeof(int));
  size_t n_ends;
  if (!size_multiply(2, n_pairs, &n_ends) || n_ends > INT_MAX) a->overflow = 1;
  lists->partners = arena_take(a, n_ends, sizeof(int));
}

static int compare_ints(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

/* Sorts every list and closes the gaps that repeated partners leave. */
static void sort_and_compact(partner_lists *lists) {
  int kept = 0, start = 0;
  for (size_t gene = 0; gene < lists->n_genes; ++gene) {
    int end = lists->starts[gene + 1];
    int *list = lists->partners + start;
    qsort(list, (size_t)(end - start), sizeof(int), compare_ints);
    lists->starts[gene] = kept;
    for (int i = 0; i < end - start; ++i)
      if (i == 0 || list[i] != list[i - 1]) lists->partners[kept++] = list[i];
    start = end;
  }
  lists->starts[lists->n_genes] = kept;
}

void partner_lists_fill(partner_lists *lists, const int *first,
                        const int *second, size_t n_pairs) {
  int *starts = lists->starts;
  memset(starts, 0, (lists->n_genes + 1) * sizeof(int));
  for (size_t i = 0; i < n_pairs; ++i) {
    starts[first[i]] += 1;
    starts[second[i]] += 1;
  }
  /* the end of each list, which moves down to its start while it fills */
  for (size_t gene = 1; gene <= lists->n_genes; ++gene)
    starts[gene] += starts[gene - 1];
  for (size_t i = n_pairs; i > 0; --i) {
    lists->partners[--starts[first[i - 1]]] = second[i - 1];
    lists->partners[--starts[second[i - 1]]] = first[i - 1];
  }
  sort_and_compact(lists);
}
