#include "base/rng.h"

#define PHILOX_ROUNDS 10
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

void philox4x32(const uint32_t counter[4], const uint32_t key[2],
                uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PHILOX_ROUNDS; ++round) {
    uint64_t p0 = (uint64_t)PHILOX_M0 * c0;
    uint64_t p1 = (uint64_t)PHILOX_M1 * c2;
    uint32_t next0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    uint32_t next2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = next0;
    c2 = next2;
    k0 += PHILOX_W0;
    k1 += PHILOX_W1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

rng rng_open(uint64_t key, rng_purpose purpose, uint32_t major,
             uint32_t minor) {
  rng r = {{(uint32_t)key, (uint32_t)(key >> 32)},
           {0, minor, major, (uint32_t)purpose},
           {0, 0, 0, 0},
           0};
  return r;
}

uint32_t rng_u32(rng *r) {
  if (r->n_left == 0) {
    philox4x32(r->counter, r->key, r->block);
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
