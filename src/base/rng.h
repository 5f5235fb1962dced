#ifndef KITH_BASE_RNG_H
#define KITH_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel
 * random numbers: as easy as 1, 2, 3"). A draw is a function of a key, a
 * purpose, two coordinates (an epoch and a step, say) and a position, so the
 * random design of a fit depends neither on the number of threads nor on
 * what was drawn before it. The key comes once per call from R's stream. */

typedef enum {
  RNG_INITIALISE = 1, /* first weights of a network */
  RNG_ORDER,          /* the order of the pairs in an epoch */
  RNG_NEGATIVES,      /* negatives drawn while training */
  RNG_DROPOUT,
  RNG_SPLIT,  /* which pairs or genes are held out */
  RNG_SAMPLE, /* negative pairs for evaluation */
  RNG_BOOTSTRAP,
  RNG_SIMULATE,
  RNG_KEY,     /* keys of the parts of a fit */
  RNG_CORRUPT, /* values that are replaced while training */
  RNG_VIEW     /* views of sequences: members of sets, crops, masks, shifts */
} rng_purpose;

typedef struct {
  uint32_t key[2];
  uint32_t counter[4]; /* position, coordinate 2, coordinate 1, purpose */
  uint32_t block[4];   /* the four numbers of the current position */
  int n_left;          /* how many of them are unused */
} rng;

/* The purpose of draws that differ by network (0 to 31) and by view (0 to 63,
 * how often the network has run in the step). Network 0 in view 0 draws what
 * the bare purpose draws. */
static inline uint32_t rng_stream(rng_purpose purpose, uint32_t network,
                                  uint32_t view) {
  return (uint32_t)purpose | network << 5 | view << 10;
}

/* The stream of a purpose (bare, or from rng_stream()) at the coordinates
 * (major, minor). */
rng rng_open(uint64_t key, uint32_t stream, uint32_t major, uint32_t minor);

uint32_t rng_u32(rng *r);

/* Uniform on the open interval (0, 1). */
double rng_unit(rng *r);

/* Uniform on 0 .. n - 1 without bias; n must be positive. */
uint64_t rng_below(rng *r, uint64_t n);
uint32_t rng_below_u32(rng *r, uint32_t n); /* with half the draws */

/* Fisher-Yates: puts x[0 .. n - 1] into a random order. */
void rng_shuffle(rng *r, int *x, size_t n);

/* A key from a user's integer seed. */
uint64_t rng_key_from_seed(int64_t seed);

#endif
