#include "seq/views.h"

#include "seq/expand.h"

#define CODON 3

/* Each kind of draw has a stream of its own. */
typedef enum { DRAW_CROP, DRAW_MASK, DRAW_MEMBERS, DRAW_SHIFT } view_draw;

static rng view_stream(const view_place *place, view_draw kind) {
  uint32_t view = kind < DRAW_MEMBERS ? place->view : 0;
  uint32_t item = kind == DRAW_SHIFT ? 0 : place->item;
  return rng_open(place->key, rng_stream(RNG_VIEW, (uint32_t)kind, view),
                  place->step, item);
}

void draw_members(const view_place *place, uint32_t size, int different,
                  uint32_t members[2]) {
  rng r = view_stream(place, DRAW_MEMBERS);
  members[0] = rng_below_u32(&r, size);
  do {
    members[1] = rng_below_u32(&r, size);
  } while (different && size > 1 && members[1] == members[0]);
}

int first_frame(const unsigned char *codes, size_t length) {
  for (size_t i = 0; i < length; ++i)
    if (codes[i] & CODON_BIT) return (int)(i % CODON);
  return -1;
}

static base_span draw_crop(const view_rules *rules, size_t length, int frame,
                           const view_place *place) {
  base_span whole = {0, length};
  size_t kept = (size_t)(rules->crop * (double)length), first = 0, step = 1;
  if (rules->crop >= 1) return whole;
  if (rules->codon && frame >= 0) {
    first = (size_t)frame;
    step = CODON;
    kept -= kept % CODON;
  }
  if (kept < step) kept = step;
  if (first + kept > length) return whole;
  rng r = view_stream(place, DRAW_CROP);
  uint32_t n_starts = (uint32_t)((length - kept - first) / step + 1);
  first += step * rng_below_u32(&r, n_starts);
  base_span span = {first, first + kept};
  return span;
}

sequence_view draw_view(const view_rules *rules, size_t length, int frame,
                        const view_place *place) {
  sequence_view view = {draw_crop(rules, length, frame, place), 0, frame};
  if (frame >= 0)
    view.frame = (frame + CODON - (int)(view.span.first % CODON)) % CODON;
  if (rules->shift > 0) {
    rng r = view_stream(place, DRAW_SHIFT);
    view.shift = rng_below_u32(&r, (uint32_t)rules->shift + 1);
  }
  return view;
}

/* Of `wanted` among n units of so many positions each has the same chance
 * (selection sampling: Knuth, volume 2, 3.4.2, algorithm S). */
static void mask_units(const view_rules *rules, const view_place *place,
                       size_t unit, size_t n, real *out) {
  size_t wanted = (size_t)(rules->mask_rate * (double)n);
  size_t width = unit * (size_t)rules->n_tracks;
  rng r = view_stream(place, DRAW_MASK);
  for (size_t i = 0; wanted > 0; ++i) {
    if (rng_below_u32(&r, (uint32_t)(n - i)) >= wanted) continue;
    --wanted;
    for (size_t j = 0; j < width; ++j)
      out[i * width + j] = C(rules->mask_value);
  }
}

void write_view(const view_rules *rules, const unsigned char *codes,
                const sequence_view *view, const view_place *place,
                size_t positions, real *out) {
  size_t width = (size_t)rules->n_tracks;
  size_t before = smaller(view->shift, positions);
  real *bases = out + before * width;
  memset(out, 0, before * width * sizeof(real));
  transcripts_expand(codes + view->span.first,
                     view->span.last - view->span.first, positions - before,
                     rules->n_tracks, bases);
  size_t first = rules->mask_all ? 0 : before, unit = 1;
  size_t last =
      rules->mask_all ? positions : smaller(view_length(view), positions);
  if (rules->mask_codons && view->frame >= 0) {
    unit = CODON;
    first += (before - first + (size_t)view->frame) % CODON;
  }
  size_t n_units = last > first ? (last - first) / unit : 0;
  mask_units(rules, place, unit, n_units, out + first * width);
}
