#include "pairs/negatives.h"

#define STEP 262144 /* draws, cells or picks in one step: a few ms */

size_t uniform_negatives_count(const pair_universe *u, size_t n_inside) {
  return (size_t)(universe_size(u) - n_inside);
}

/* 1 if drawing and rejecting would meet known pairs more often than not. */
static int crowded(const pair_universe *u, size_t n_inside, size_t n_wanted) {
  return (uint64_t)n_inside + n_wanted > universe_size(u) / 2;
}

size_t uniform_negatives_room(const pair_universe *u, size_t n_inside,
                              size_t n_wanted) {
  return crowded(u, n_inside, n_wanted) ? uniform_negatives_count(u, n_inside)
                                        : n_wanted;
}

status_code uniform_negatives_open(uniform_negatives *s,
                                   pair_universe universe, pair_set *taken,
                                   size_t n_inside, size_t n_wanted,
                                   rng random, int *from, int *to,
                                   status *st) {
  size_t n_existing = uniform_negatives_count(&universe, n_inside);
  if (n_wanted > n_existing)
    return status_fail(st, STATUS_EXHAUSTED,
                       "%.0f negatives were asked for, but only %.0f exist",
                       (double)n_wanted, (double)n_existing);
  s->universe = universe;
  s->taken = taken;
  s->random = random;
  s->n_wanted = n_wanted;
  s->n_drawn = 0;
  s->from = from;
  s->to = to;
  s->listing = crowded(&universe, n_inside, n_wanted);
  s->n_listed = 0;
  s->next_row = 0;
  return STATUS_OK;
}

/* A pair that both orders give would come twice as often as one that only one
 * order gives: half of the former are passed over. In one list all pairs are
 * of the former kind, so nothing needs to be done. */
static int passed_over(uniform_negatives *s, int a, int b) {
  return !s->universe.one_list && universe_has_twice(&s->universe, a, b) &&
         (rng_u32(&s->random) & 1u);
}

static void draw_step(uniform_negatives *s) {
  const pair_universe *u = &s->universe;
  for (size_t i = 0; i < STEP && s->n_drawn < s->n_wanted; ++i) {
    int a = u->left[rng_below(&s->random, u->n_left)];
    int b = u->right[rng_below(&s->random, u->n_right)];
    if (a == b || passed_over(s, a, b) || !pair_set_add(s->taken, a, b))
      continue;
    s->from[s->n_drawn] = a;
    s->to[s->n_drawn] = b;
    ++s->n_drawn;
  }
}

/* Writes down the pairs of one gene of the left list, each unordered pair
 * once, in the order (smaller code, larger code) where both are possible. */
static void list_row(uniform_negatives *s, size_t row) {
  const pair_universe *u = &s->universe;
  int a = u->left[row];
  for (size_t j = 0; j < u->n_right; ++j) {
    int b = u->right[j];
    if (a == b || (a > b && universe_has_twice(u, a, b)) ||
        pair_set_has(s->taken, a, b))
      continue;
    s->from[s->n_listed] = a;
    s->to[s->n_listed] = b;
    ++s->n_listed;
  }
}

static void list_step(uniform_negatives *s) {
  size_t n_cells = 0;
  while (n_cells < STEP && s->next_row < s->universe.n_left) {
    list_row(s, s->next_row++);
    n_cells += s->universe.n_right;
  }
}

static void swap_entries(int *x, size_t i, size_t j) {
  int held = x[i];
  x[i] = x[j];
  x[j] = held;
}

/* Partial Fisher-Yates: the first n_wanted of the list become the sample. A
 * pair that both orders give is turned round half of the time, as when it is
 * drawn. */
static void pick_step(uniform_negatives *s) {
  for (size_t i = 0; i < STEP && s->n_drawn < s->n_wanted; ++i) {
    size_t k = s->n_drawn++;
    size_t j = k + (size_t)rng_below(&s->random, s->n_listed - k);
    swap_entries(s->from, k, j);
    swap_entries(s->to, k, j);
    if (universe_has_twice(&s->universe, s->from[k], s->to[k]) &&
        (rng_u32(&s->random) & 1u)) {
      int held = s->from[k];
      s->from[k] = s->to[k];
      s->to[k] = held;
    }
  }
}

int uniform_negatives_step(uniform_negatives *s) {
  if (!s->listing) {
    draw_step(s);
  } else if (s->next_row < s->universe.n_left) {
    list_step(s);
  } else {
    pick_step(s);
  }
  return s->n_drawn < s->n_wanted;
}
