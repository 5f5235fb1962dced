#ifndef KITH_BASE_ARENA_H
#define KITH_BASE_ARENA_H

#include <stddef.h>

/* One block of memory from which many arrays are taken in order.
 *
 * The same code runs twice: first over an arena without a base, which only
 * adds up what will be needed, then over the real block. So sizes are
 * written once, and nothing is allocated while training. */

typedef struct {
  char *base; /* NULL while sizes are being added up */
  size_t used;
  int overflow; /* a size did not fit into size_t */
} arena;

/* `count` elements of `size` bytes, aligned to 64 bytes. NULL while sizes
 * are being added up. */
void *arena_take(arena *a, size_t count, size_t size);

/* Checked sizes: 0 on overflow, else 1 and the product in *out. */
int size_multiply(size_t a, size_t b, size_t *out);

#endif
