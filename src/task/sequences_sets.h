#ifndef KITH_TASK_SEQUENCES_SETS_H
#define KITH_TASK_SEQUENCES_SETS_H

#include "nn/task.h"
#include "seq/views.h"

/* Sequences in sets of such that belong together. Arrays of the plan:
 *
 *   codes      a base each (seq/code.h), of all sequences one after the other;
 *              kept as bytes
 *   start      bases before each sequence, doubles
 *   length     bases of each sequence, integers
 *   set_start  the first sequence of each set, an integer from 0: the members
 *   set_size   of a set, an integer, follow on one another
 *   weight     of each set, doubles
 *
 * Options: `crop`, `codon`, `shift`, `mask_rate`, `mask_all`, `mask_codons`,
 * `mask_value` (see view_rules in seq/views.h), and `different`: are the two members drawn of a
 * set two different ones? */

typedef struct {
  size_t n_bases, n_sequences, n_sets;
  unsigned char *codes;
  double *start;
  int *length, *frame; /* see first_frame() */
  int *set_start, *set_size;
  double *weight;
  int different;
  view_rules rules;
} sequence_sets;

/* A row of a batch: a view of a sequence. */
typedef struct {
  size_t sequence;
  sequence_view view;
  view_place place;
} sequence_row;

static void sequence_sets_lay_out(const training_plan *plan, int n_tracks,
                                  arena *a, sequence_sets *s, status *st);
static status_code sequence_sets_load(const sequence_sets *s,
                                      const array_block *block, status *st);
/* Once all arrays are there: checks that they fit each other. */
static status_code sequence_sets_start(const sequence_sets *s, status *st);

/* n_views (1 or 2) views of each set of a batch: rows i and i + n_items are two
 * of one. */
static void sequence_sets_draw(const run *r, const sequence_sets *s,
                               const batch_choice *choice, uint32_t n_views,
                               sequence_row *rows);
/* A sequence as it is. */
static sequence_row whole_sequence(const sequence_sets *s, size_t sequence);
static void write_sequence_row(const sequence_sets *s, const view_rules *rules,
                               const sequence_row *row, size_t positions,
                               real *out);

#endif
