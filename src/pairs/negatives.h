#ifndef KITH_PAIRS_NEGATIVES_H
#define KITH_PAIRS_NEGATIVES_H

#include "base/status.h"
#include "pairs/universe.h"

/* Uniform negatives: n different unordered pairs of the universe that are not
 * excluded, every set of n of them equally likely.
 *
 * While pairs are plenty, they are drawn with replacement and the ones met
 * before are rejected. Once drawn and excluded pairs would fill more than half
 * of the universe, what exists is written down and drawn from instead, so
 * the work stays in proportion to the memory.
 *
 * The work is cut into steps of bounded length, so that the caller can look
 * after interrupts in between:
 *
 *     uniform_negatives_open(&sampler, ...);
 *     while (uniform_negatives_step(&sampler)) ...;
 */
typedef struct {
  pair_universe universe;
  pair_set *taken; /* what may not be drawn (again) */
  rng random;
  size_t n_wanted, n_drawn;
  int *from, *to; /* [n_room]; the first n_wanted are the result */

  int listing;     /* write down, then pick; else draw and reject */
  size_t n_listed; /* pairs written down */
  size_t next_row; /* of the left list, while writing down */
} uniform_negatives;

/* How many pairs there are to draw from: those of the universe without the
 * n_inside excluded ones. */
size_t uniform_negatives_count(const pair_universe *u, size_t n_inside);

/* How many entries `from` and `to` need: n_wanted when drawing and rejecting,
 * all that exist when they are written down. */
size_t uniform_negatives_room(const pair_universe *u, size_t n_inside,
                              size_t n_wanted);

/* taken       holds the excluded pairs, of which n_inside lie in the universe;
 *             made for at least n_wanted more
 * from, to    [uniform_negatives_room()] gene codes; from is of the left list
 *
 * STATUS_EXHAUSTED if more is wanted than exists. */
status_code uniform_negatives_open(uniform_negatives *s,
                                   pair_universe universe, pair_set *taken,
                                   size_t n_inside, size_t n_wanted,
                                   rng random, int *from, int *to, status *st);

/* Does one step; 0 when all is done. */
int uniform_negatives_step(uniform_negatives *s);

#endif
