#ifndef KITH_SEQ_VIEWS_H
#define KITH_SEQ_VIEWS_H

#include "base/rng.h"
#include "nn/real.h"
#include "seq/code.h"

#define draw_members REAL_NAME(draw_members)
#define draw_view REAL_NAME(draw_view)
#define write_view REAL_NAME(write_view)
#define first_frame REAL_NAME(first_frame)

/* Random views of sequences, for learners that compare two of them. All draws
 * are those of a place: the same place gives the same view, whatever was drawn
 * before it. */

typedef struct {
  double crop;       /* share of a sequence that is kept; 1: all */
  int codon;         /* crops keep the reading frame, where there is one */
  int shift;         /* positions that a view is moved to the right, at most */
  double mask_rate;  /* share of positions that are masked */
  int mask_all;      /* of all positions, or only of those with a base */
  int mask_codons;   /* three positions at a time, where there is a frame */
  double mask_value; /* what all tracks of a masked position get */
  int n_tracks;
} view_rules;

/* Where draws come from: step, item, and which view of the item (0 or 1). */
typedef struct {
  uint64_t key;
  uint32_t step, item, view;
} view_place;

/* Bases first .. last - 1 of a sequence, behind `shift` positions of zeros. */
typedef struct {
  base_span span;
  size_t shift;
  int frame; /* the phase, 0 to 2, of codons in the span; -1 without codons */
} sequence_view;

/* Positions of a view that hold data, from the first. */
static inline size_t view_length(const sequence_view *view) {
  return view->shift + view->span.last - view->span.first;
}

/* Two of the `size` members of the item's set, from 0; with `different` the
 * second is another one than the first where there are several. */
void draw_members(const view_place *place, uint32_t size, int different,
                  uint32_t members[2]);

/* The phase, 0 to 2, of the first codon of a sequence; -1 without codons. */
int first_frame(const unsigned char *codes, size_t length);

/* A crop of floor(crop x length) bases, at least one, whose start is uniform.
 * In a frame length and start, counted from the first codon, are multiples of
 * three; a sequence that is too short for that stays whole. The shift is that
 * of the step: the same for all items and views. */
sequence_view draw_view(const view_rules *rules, size_t length, int frame,
                        const view_place *place);

/* The tracks of a view (see seq/expand.h), positions x n_tracks. Exactly
 * floor(mask_rate x n) positions are masked, drawn without replacement from n:
 * all, or those that hold a base. With `mask_codons`, n are the whole codons
 * that these positions have in the frame of the coding sequence, which is
 * carried on beyond its ends. */
void write_view(const view_rules *rules, const unsigned char *codes,
                const sequence_view *view, const view_place *place,
                size_t positions, real *out);

#endif
