#ifndef KITH_PAIRS_PAIR_SET_H
#define KITH_PAIRS_PAIR_SET_H

#include <stddef.h>
#include <stdint.h>

/* A set of unordered pairs of non-negative ints: (a, b) and (b, a) are one
 * member. An open-addressing hash of 64-bit keys (smaller << 32 | larger);
 * adding and asking take constant time on average. The memory is the
 * caller's. */

typedef struct {
  uint64_t *slots; /* PAIR_SET_FREE where nobody sits */
  size_t n_slots;  /* a power of two, larger than n_pairs */
  size_t n_pairs;
  int shift; /* leaves as many bits of a hash as slots need */
} pair_set;

#define PAIR_SET_FREE UINT64_MAX

/* How many slots a set of up to n_pairs pairs needs, 0 if more than size_t
 * holds. At most half of them are taken, so searches stay short. */
size_t pair_set_slots(size_t n_pairs);

/* An empty set over slots[n_slots], n_slots as pair_set_slots() gave it. */
void pair_set_open(pair_set *set, uint64_t *slots, size_t n_slots);

/* The slot in which the pair sits, or would sit if it were added. */
size_t pair_set_slot(const pair_set *set, int a, int b);

/* 1 if the pair is new, 0 if it was there. The caller sees to it that no
 * more pairs are added than the set was made for. */
int pair_set_add(pair_set *set, int a, int b);

int pair_set_has(const pair_set *set, int a, int b);

#endif
