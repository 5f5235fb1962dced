#include "base/rng.h"

#include "base/philox.h"

rng rng_open(uint64_t key, uint32_t stream, uint32_t major, uint32_t minor) {
  rng r = {.key = {(uint32_t)key, (uint32_t)(key >> 32)},
           .counter = {0, minor, major, stream}};
  return r;
}

uint32_t rng_u32(rng *r) {
  if (r->n_left == 0) {
    philox_rounds(r->counter, r->key, r->block);
    /* 2^34 numbers per stream; the carry keeps longer streams distinct */
    if (++r->counter[0] == 0) r->counter[3] += 0x10000u;
    r->n_left = 4;
  }
  return r->block[--r->n_left];
}

static uint64_t rng_u64(rng *r) {
  uint64_t high = rng_u32(r);
  return high << 32 | rng_u32(r);
}

double rng_unit(rng *r) {
  return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

uint64_t rng_below(rng *r, uint64_t n) {
  uint64_t bound = UINT64_MAX - UINT64_MAX % n;
  uint64_t draw;
  do {
    draw = rng_u64(r);
  } while (draw >= bound);
  return draw % n;
}

uint32_t rng_below_u32(rng *r, uint32_t n) {
  /* multiply and keep the high word; the few low words that would favour
   * some results are drawn again (Lemire 2019) */
  uint64_t product = (uint64_t)rng_u32(r) * n;
  if ((uint32_t)product < n) {
    uint32_t uneven = (uint32_t)(-n) % n;
    while ((uint32_t)product < uneven) product = (uint64_t)rng_u32(r) * n;
  }
  return (uint32_t)(product >> 32);
}

void rng_shuffle(rng *r, int *x, size_t n) {
  for (size_t i = n; i > 1; --i) {
    size_t j = (size_t)rng_below(r, i);
    int held = x[i - 1];
    x[i - 1] = x[j];
    x[j] = held;
  }
}

uint64_t rng_key_from_seed(int64_t seed) {
  /* the finaliser of splitmix64, so that near seeds give far keys */
  uint64_t z = (uint64_t)seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
