/* Sequences in sets, and views of them (see task/sequences_sets.h). */

#include "task/sequences_sets.h"

static size_t sequence_rows_of(const training_plan *plan, const char *name,
                               size_t n, status *st) {
  array_plan array = plan_array(plan, name, st);
  if (array.n_columns != 1 || (n > 0 && array.n_rows != n))
    status_fail(st, STATUS_INTERNAL, "`%s` has %zu rows and %zu columns", name,
                array.n_rows, array.n_columns);
  return array.n_rows;
}

static view_rules plan_view_rules(const training_plan *plan, int n_tracks,
                                  status *st) {
  view_rules rules = {.crop = plan_option(plan, "crop", st),
                      .codon = plan_option(plan, "codon", st) != 0,
                      .mask_rate = plan_option(plan, "mask_rate", st),
                      .mask_all = plan_option(plan, "mask_all", st) != 0,
                      .mask_codons = plan_option(plan, "mask_codons", st) != 0,
                      .mask_value = plan_option(plan, "mask_value", st),
                      .n_tracks = n_tracks};
  double shift = plan_option(plan, "shift", st);
  if (st->code) return rules;
  if (!(rules.crop > 0 && rules.crop <= 1 && rules.mask_rate >= 0 &&
        rules.mask_rate <= 1 && shift >= 0 && shift <= 1024))
    status_fail(st, STATUS_INTERNAL, "crop, mask or shift is out of range");
  else
    rules.shift = (int)shift;
  if (n_tracks != 4 && n_tracks != 6)
    status_fail(st, STATUS_INTERNAL, "sequences have 4 or 6 tracks, not %d",
                n_tracks);
  return rules;
}

static void sequence_sets_lay_out(const training_plan *plan, int n_tracks,
                                  arena *a, sequence_sets *s, status *st) {
  s->n_bases = sequence_rows_of(plan, "codes", 0, st);
  s->n_sequences = sequence_rows_of(plan, "start", 0, st);
  sequence_rows_of(plan, "length", s->n_sequences, st);
  s->n_sets = sequence_rows_of(plan, "set_start", 0, st);
  sequence_rows_of(plan, "set_size", s->n_sets, st);
  sequence_rows_of(plan, "weight", s->n_sets, st);
  s->rules = plan_view_rules(plan, n_tracks, st);
  s->different = plan_option(plan, "different", st) != 0;
  if (st->code) return;
  s->codes = arena_take(a, s->n_bases, 1);
  s->start = arena_take(a, s->n_sequences, sizeof(double));
  s->length = arena_take(a, s->n_sequences, sizeof(int));
  s->frame = arena_take(a, s->n_sequences, sizeof(int));
  s->set_start = arena_take(a, s->n_sets, sizeof(int));
  s->set_size = arena_take(a, s->n_sets, sizeof(int));
  s->weight = arena_take(a, s->n_sets, sizeof(double));
}

/* ---- loading ------------------------------------------------------------- */

static status_code load_sequence_codes(const sequence_sets *s,
                                       const array_block *block, status *st) {
  if (block->integers == NULL)
    return status_fail(st, STATUS_INTERNAL, "`codes` does not hold integers");
  for (size_t i = 0; i < block->n_rows; ++i) {
    if (block->integers[i] < 0 || block->integers[i] > 255)
      return status_fail(st, STATUS_INTERNAL, "`codes` does not hold bytes");
    s->codes[block->first_row + i] = (unsigned char)block->integers[i];
  }
  return STATUS_OK;
}

static status_code load_sequence_doubles(const array_block *block, double *to,
                                         status *st) {
  if (block->doubles == NULL)
    return status_fail(st, STATUS_INTERNAL, "`%s` does not hold doubles",
                       block->name);
  if (block->n_rows > 0)
    memcpy(to + block->first_row, block->doubles,
           block->n_rows * sizeof(double));
  return STATUS_OK;
}

static status_code sequence_sets_load(const sequence_sets *s,
                                      const array_block *block, status *st) {
  if (strcmp(block->name, "codes") == 0)
    return load_sequence_codes(s, block, st);
  if (strcmp(block->name, "start") == 0)
    return load_sequence_doubles(block, s->start, st);
  if (strcmp(block->name, "weight") == 0)
    return load_sequence_doubles(block, s->weight, st);
  if (strcmp(block->name, "length") == 0)
    return load_indices(block, s->n_bases + 1, s->length, st);
  if (strcmp(block->name, "set_start") == 0)
    return load_indices(block, s->n_sequences, s->set_start, st);
  return load_indices(block, s->n_sequences + 1, s->set_size, st);
}

static status_code sequence_sets_start(const sequence_sets *s, status *st) {
  for (size_t i = 0; i < s->n_sequences; ++i) {
    double start = s->start[i], length = (double)s->length[i];
    if (!(start >= 0 && start == floor(start) && length >= 1 &&
          start + length <= (double)s->n_bases))
      return status_fail(st, STATUS_INTERNAL,
                         "sequence %zu lies outside of the codes", i + 1);
    s->frame[i] = first_frame(s->codes + (size_t)start, (size_t)s->length[i]);
  }
  for (size_t i = 0; i < s->n_sets; ++i) {
    size_t first = (size_t)s->set_start[i], size = (size_t)s->set_size[i];
    if (size < 1 || size > s->n_sequences - first)
      return status_fail(st, STATUS_INTERNAL,
                         "set %zu has members that are not there", i + 1);
  }
  return STATUS_OK;
}

/* ---- views --------------------------------------------------------------- */

static void sequence_sets_draw(const run *r, const sequence_sets *s,
                               const batch_choice *choice, uint32_t n_views,
                               sequence_row *rows) {
  size_t n = choice->n_items;
  for (size_t i = 0; i < n; ++i) {
    size_t set = (size_t)choice->items[i];
    view_place place = {
        .key = r->key, .step = (uint32_t)r->at.n_steps, .item = (uint32_t)set};
    uint32_t members[2];
    draw_members(&place, (uint32_t)s->set_size[set], s->different, members);
    for (uint32_t view = 0; view < n_views; ++view) {
      sequence_row *row = &rows[view * n + i];
      row->sequence = (size_t)s->set_start[set] + members[view];
      place.view = view;
      row->place = place;
      row->view = draw_view(&s->rules, (size_t)s->length[row->sequence],
                            s->frame[row->sequence], &place);
    }
  }
}

static sequence_row whole_sequence(const sequence_sets *s, size_t sequence) {
  sequence_row row = {
      .sequence = sequence,
      .view = {{0, (size_t)s->length[sequence]}, 0, s->frame[sequence]}};
  return row;
}

static void write_sequence_row(const sequence_sets *s, const view_rules *rules,
                               const sequence_row *row, size_t positions,
                               real *out) {
  const unsigned char *codes = s->codes + (size_t)s->start[row->sequence];
  write_view(rules, codes, &row->view, &row->place, positions, out);
}
