#include "pairs/pair_set.h"

#define FEWEST_SLOTS 8 /* 2^3 */

size_t pair_set_slots(size_t n_pairs) {
  size_t n_slots = FEWEST_SLOTS;
  while (n_slots / 2 < n_pairs) {
    if (n_slots > SIZE_MAX / 2) return 0;
    n_slots *= 2;
  }
  return n_slots;
}

void pair_set_open(pair_set *set, uint64_t *slots, size_t n_slots) {
  set->slots = slots;
  set->n_slots = n_slots;
  set->n_pairs = 0;
  set->shift = 64;
  for (size_t i = n_slots; i > 1; i /= 2) --set->shift;
  for (size_t i = 0; i < n_slots; ++i) slots[i] = PAIR_SET_FREE;
}

static uint64_t pair_key(int a, int b) {
  uint32_t low = (uint32_t)(a < b ? a : b), high = (uint32_t)(a < b ? b : a);
  return (uint64_t)low << 32 | high;
}

/* The slot of a key by linear probing. Two rounds of multiplying spread every
 * bit of the key, so that neighbouring genes do not crowd; the upper bits of
 * the product are the hash. */
static size_t slot_of_key(const pair_set *set, uint64_t key) {
  uint64_t mixed = (key ^ key >> 32) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ mixed >> 29) * 0x94D049BB133111EBu;
  size_t slot = (size_t)(mixed >> set->shift);
  while (set->slots[slot] != key && set->slots[slot] != PAIR_SET_FREE)
    slot = (slot + 1) & (set->n_slots - 1);
  return slot;
}

size_t pair_set_slot(const pair_set *set, int a, int b) {
  return slot_of_key(set, pair_key(a, b));
}

int pair_set_add(pair_set *set, int a, int b) {
  uint64_t key = pair_key(a, b);
  size_t slot = slot_of_key(set, key);
  if (set->slots[slot] == key) return 0;
  set->slots[slot] = key;
  ++set->n_pairs;
  return 1;
}

int pair_set_has(const pair_set *set, int a, int b) {
  uint64_t key = pair_key(a, b);
  return set->slots[slot_of_key(set, key)] == key;
}
