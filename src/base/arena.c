#include "base/arena.h"

#include <stdint.h>

#define ALIGNMENT 64

int size_multiply(size_t a, size_t b, size_t *out) {
  if (a != 0 && b > SIZE_MAX / a) return 0;
  *out = a * b;
  return 1;
}

void *arena_take(arena *a, size_t count, size_t size) {
  size_t bytes;
  if (!size_multiply(count, size, &bytes) ||
      bytes > SIZE_MAX - a->used - 2 * ALIGNMENT) {
    a->overflow = 1;
    return NULL;
  }
  size_t start = (a->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  a->used = start + bytes;
  return a->base == NULL ? NULL : a->base + start;
}
