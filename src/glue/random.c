#include "base/philox.h"
#include "base/rng.h"
#include "glue/check.h"
#include "glue/entries.h"

#include <R_ext/Random.h>

#include <limits.h>

/* A key as two doubles of 32 bits each. */
static SEXP key_to_r(uint64_t key) {
  SEXP halves = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(halves)[0] = (double)(key >> 32);
  REAL(halves)[1] = (double)(key & 0xFFFFFFFFu);
  UNPROTECT(1);
  return halves;
}

/* ---- .Call entry points ------------------------------------------------- */

/* A key from R's stream: two draws, so set.seed() decides. */
SEXP C_draw_key(void) {
  GetRNGstate();
  uint64_t high = (uint64_t)(unif_rand() * 0x1p32);
  uint64_t low = (uint64_t)(unif_rand() * 0x1p32);
  PutRNGstate();
  return key_to_r(high << 32 | low);
}

SEXP C_key_from_seed(SEXP seed) {
  return key_to_r(rng_key_from_seed(get_int(seed, "seed")));
}

/* A key from another key, for the i-th of the parts of one name that draw
 * for themselves. */
SEXP C_derive_key(SEXP key, SEXP part, SEXP i) {
  rng r = rng_open(get_key(key), RNG_KEY, (uint32_t)get_int(part, "part"),
                   (uint32_t)get_int(i, "i"));
  uint64_t high = rng_u32(&r);
  return key_to_r(high << 32 | rng_u32(&r));
}

/* n_draws of the numbers 0 .. n - 1, drawn with replacement. */
SEXP C_draw_items(SEXP n, SEXP n_draws, SEXP key) {
  size_t n_items = get_count(n, "n"), size = get_count(n_draws, "n_draws");
  if (n_items > INT_MAX || size > INT_MAX)
    raise_error(STATUS_BAD_INPUT, "`n` or `n_draws` is above 2^31 - 1");
  if (n_items == 0 && size > 0)
    raise_error(STATUS_BAD_INPUT, "`n` leaves nothing to draw");
  rng r = rng_open(get_key(key), RNG_BOOTSTRAP, 0, 0);
  SEXP drawn = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)size));
  for (size_t i = 0; i < size; ++i)
    INTEGER(drawn)[i] = (int)rng_below(&r, n_items);
  UNPROTECT(1);
  return drawn;
}

/* For tests: what the generator gives for a counter and a key. */
SEXP C_philox(SEXP counter, SEXP key) {
  const double *c = get_doubles(counter, 4, "counter");
  const double *k = get_doubles(key, 2, "key");
  uint32_t in[4], half[2], out[4];
  for (int i = 0; i < 4; ++i) in[i] = (uint32_t)c[i];
  for (int i = 0; i < 2; ++i) half[i] = (uint32_t)k[i];
  philox_rounds(in, half, out);
  SEXP result = PROTECT(Rf_allocVector(REALSXP, 4));
  for (int i = 0; i < 4; ++i) REAL(result)[i] = out[i];
  UNPROTECT(1);
  return result;
}
