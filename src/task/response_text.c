/* See task/response_text.h. */

#include "task/response_text.h"

/* ---- laying out ---------------------------------------------------------- */

static void response_text_read_plan(const training_plan *plan, const run *r,
                                    const response_rows *pairs,
                                    response_text *t, status *st) {
  array_plan numbers = plan_array(plan, "numbers", st);
  array_plan number = plan_array(plan, "number", st);
  t->number = plan_network(plan, "number", st);
  t->sentence = plan_network(plan, "sentence", st);
  t->n_hard = (size_t)plan_option(plan, "n_hard", st);
  t->near_least = (size_t)plan_option(plan, "near_least", st);
  t->near_most = (size_t)plan_option(plan, "near_most", st);
  t->names_pairs = plan_has_network(plan, "drug_text");
  if (st->code) return;
  const network *net = &r->networks[t->number];
  const network *sentence = &r->networks[t->sentence];
  t->n_captions = 1 + t->n_hard;
  t->n_numbers = numbers.n_rows;
  t->n_values = numbers.n_columns;
  t->width = row_size(net->out);
  t->n_out = row_size(sentence->out);
  if (number.n_rows != pairs->n_pairs || row_size(net->in) != t->n_values ||
      row_size(sentence->in) != t->width || t->n_out != pairs->n_out)
    status_fail(st, STATUS_INTERNAL,
                "the networks of captions do not fit each other, their arrays "
                "or the fusion");
  else if (t->n_hard > 0 &&
           (t->near_least < 1 || t->near_most < t->near_least ||
            t->n_numbers < 2 * t->near_most + 2))
    status_fail(st, STATUS_INTERNAL,
                "of %zu numbers none are %zu to %zu away, or farther",
                t->n_numbers, t->near_least, t->near_most);
}

static void response_text_take_names(const training_plan *plan, const run *r,
                                     const response_rows *pairs, arena *a,
                                     response_text *t, status *st) {
  size_t n = plan->batch_size;
  t->n_drugs = plan_array(plan, "drug_text", st).n_rows;
  t->n_cells = plan_array(plan, "cell_text", st).n_rows;
  shared_rows_lay_out(plan, r, "drug_words", "drug_filled", "drug_text", n, a,
                      &t->drug, st);
  shared_rows_lay_out(plan, r, "cell_words", "cell_filled", "cell_text", n, a,
                      &t->cell, st);
  if (st->code) return;
  t->drug_text = arena_take(a, t->n_drugs, sizeof(int));
  t->cell_text = arena_take(a, t->n_cells, sizeof(int));
  if (t->n_drugs != pairs->drug.n_x || t->n_cells != pairs->cell.n_x ||
      t->drug.n_out != t->width || t->cell.n_out != t->width)
    status_fail(st, STATUS_INTERNAL,
                "the texts do not fit drugs and cells, or their numbers");
}

static void response_text_lay_out(const training_plan *plan, const run *r,
                                  const response_rows *pairs, arena *a,
                                  response_text *t, status *st) {
  size_t n = plan->batch_size, n_rows;
  response_text_read_plan(plan, r, pairs, t, st);
  if (st->code == STATUS_OK && t->names_pairs)
    response_text_take_names(plan, r, pairs, a, t, st);
  if (st->code) return;
  if (!size_multiply(n, t->n_captions, &n_rows)) a->overflow = 1;
  t->numbers = arena_take(a, t->n_numbers, t->n_values * sizeof(real));
  tape_take(&r->networks[t->number], t->n_numbers, 1, a, &t->number_tape);
  tape_take(&r->networks[t->sentence], n_rows, 1, a, &t->sentence_tape);
  if (plan_has_array(plan, "number_filled"))
    t->number_filled = arena_take(a, t->n_numbers, sizeof(int));
  t->number_of = arena_take(a, pairs->n_pairs, sizeof(int));
  t->caption = arena_take(a, n_rows, sizeof(int));
  t->rows = arena_take(a, n, sizeof(int));
  t->named = arena_take(a, n, t->width * sizeof(real));
  t->d_caption = arena_take(a, n_rows, t->width * sizeof(real));
}

static int response_text_load(const response_text *t, const array_block *block,
                              status *st) {
  const char *name = block->name;
  if (strcmp(name, "numbers") == 0)
    load_numbers(block, t->numbers, st);
  else if (strcmp(name, "number") == 0)
    load_indices(block, t->n_numbers, t->number_of, st);
  else if (strcmp(name, "number_filled") == 0)
    load_filled(block, t->n_values, t->number_filled, st);
  else if (!t->names_pairs)
    return 0;
  else if (strcmp(name, "drug_filled") == 0)
    load_filled(block, t->drug.n_in, t->drug.filled, st);
  else if (strcmp(name, "cell_filled") == 0)
    load_filled(block, t->cell.n_in, t->cell.filled, st);
  else if (strcmp(name, "drug_words") == 0)
    load_numbers(block, t->drug.x, st);
  else if (strcmp(name, "cell_words") == 0)
    load_numbers(block, t->cell.x, st);
  else if (strcmp(name, "drug_text") == 0)
    load_indices(block, t->drug.n_x, t->drug_text, st);
  else if (strcmp(name, "cell_text") == 0)
    load_indices(block, t->cell.n_x, t->cell_text, st);
  else
    return 0;
  return 1;
}

static void response_text_start(const response_text *t) {
  if (!t->names_pairs) return;
  shared_rows_start(&t->drug);
  shared_rows_start(&t->cell);
}

/* ---- further captions ---------------------------------------------------- */

/* One of the numbers of k +- least .. most that there are, each alike. */
static int draw_near(const response_text *t, rng *r, size_t k) {
  size_t below = smaller(k, t->near_most);
  size_t above = smaller(t->n_numbers - 1 - k, t->near_most);
  size_t n_below = below < t->near_least ? 0 : below - t->near_least + 1;
  size_t n_above = above < t->near_least ? 0 : above - t->near_least + 1;
  size_t draw = rng_below_u32(r, (uint32_t)(n_below + n_above));
  if (draw < n_below) return (int)(k - t->near_least - draw);
  return (int)(k + t->near_least + draw - n_below);
}

/* One of the numbers that are farther away, each alike. */
static int draw_far(const response_text *t, rng *r, size_t k) {
  size_t most = t->near_most;
  size_t n_below = k > most ? k - most : 0;
  size_t n_above =
      k + most + 1 < t->n_numbers ? t->n_numbers - 1 - k - most : 0;
  size_t draw = rng_below_u32(r, (uint32_t)(n_below + n_above));
  if (draw < n_below) return (int)draw;
  return (int)(k + most + 1 + draw - n_below);
}

/* The numbers of all captions; further ones are drawn, or given. */
static void response_text_choose(const run *r, response_text *t,
                                 const batch_choice *choice) {
  size_t n_near = (t->n_hard + 1) / 2;
  for (size_t i = 0; i < choice->n_items; ++i) {
    int *caption = t->caption + i * t->n_captions;
    caption[0] = t->number_of[choice->items[i]];
    rng stream =
        rng_open(r->key, RNG_NEGATIVES, (uint32_t)r->at.n_steps, (uint32_t)i);
    for (size_t h = 0; h < t->n_hard; ++h)
      caption[1 + h] = choice->drawn != NULL ? choice->drawn[i * t->n_hard + h]
                       : h < n_near ? draw_near(t, &stream, (size_t)caption[0])
                                    : draw_far(t, &stream, (size_t)caption[0]);
  }
}

static status_code response_text_check(const response_text *t,
                                       const batch_choice *choice,
                                       status *st) {
  if (choice->drawn == NULL) return STATUS_OK;
  int is_good = choice->n_drawn == choice->n_items * t->n_hard;
  for (size_t i = 0; is_good && i < choice->n_drawn; ++i)
    is_good = choice->drawn[i] >= 0 && (size_t)choice->drawn[i] < t->n_numbers;
  return is_good
             ? STATUS_OK
             : status_fail(st, STATUS_INTERNAL,
                           "`drawn` does not hold %zu numbers of each pair",
                           t->n_hard);
}

static pass response_number_pass(const run *r, const response_text *t) {
  pass p = run_pass(r, t->number, 0, t->n_numbers, 1);
  p.filled = t->number_filled;
  return p;
}

/* ---- forward ------------------------------------------------------------- */

static status_code response_text_prepare_names(const run *r, response_text *t,
                                               const response_rows *pairs,
                                               const batch_choice *choice,
                                               status *st) {
  size_t n = choice->n_items;
  for (size_t i = 0; i < n; ++i)
    t->rows[i] = t->drug_text[pairs->drug_of[choice->items[i]]];
  if (shared_rows_forward(r, &t->drug, t->rows, n, 1, st)) return st->code;
  for (size_t i = 0; i < n; ++i)
    t->rows[i] = t->cell_text[pairs->cell_of[choice->items[i]]];
  if (shared_rows_forward(r, &t->cell, t->rows, n, 1, st)) return st->code;
  shared_rows_spread(&t->drug, n, t->width, 0, t->named);
  shared_rows_spread(&t->cell, n, t->width, 1, t->named);
  return STATUS_OK;
}

static status_code response_text_prepare(const run *r, response_text *t,
                                         const response_rows *pairs,
                                         const batch_choice *choice,
                                         status *st) {
  if (response_text_check(t, choice, st)) return st->code;
  response_text_choose(r, t, choice);
  memcpy(t->number_tape.input, t->numbers,
         t->n_numbers * t->n_values * sizeof(real));
  pass p = response_number_pass(r, t);
  if (network_forward(&r->networks[t->number], &t->number_tape, &p, st))
    return st->code;
  if (t->names_pairs)
    return response_text_prepare_names(r, t, pairs, choice, st);
  memset(t->named, 0, choice->n_items * t->width * sizeof(real));
  return STATUS_OK;
}

/* to = a + b */
FOR_EACH_CPU
static void add_rows(size_t n, const real *a, const real *b, real *to) {
  SIMD for (size_t j = 0; j < n; ++j) to[j] = a[j] + b[j];
}

/* What goes into the sentence: texts of pair i of the batch, number k. */
static void fill_caption(const response_text *t, size_t i, int k, real *to) {
  add_rows(t->width, t->named + i * t->width,
           t->number_tape.output + (size_t)k * t->width, to);
}

static status_code response_text_without_number(const run *r, response_text *t,
                                                size_t n, status *st) {
  tape *said = &t->sentence_tape;
  for (size_t i = 0; i < n; ++i)
    fill_caption(t, i, (int)(t->n_numbers / 2), said->input + i * t->width);
  pass p = run_pass(r, t->sentence, 0, n, 0);
  return network_forward(&r->networks[t->sentence], said, &p, st);
}

/* The row of caption c of pair i, of n pairs. */
static size_t caption_row(const response_text *t, size_t n, size_t i,
                          size_t c) {
  return c == 0 ? i : n + i * t->n_hard + c - 1;
}

static status_code response_text_forward(const run *r, response_text *t,
                                         size_t n, status *st) {
  tape *said = &t->sentence_tape;
  for (size_t i = 0; i < n; ++i)
    for (size_t c = 0; c < t->n_captions; ++c)
      fill_caption(t, i, t->caption[i * t->n_captions + c],
                   said->input + caption_row(t, n, i, c) * t->width);
  pass p = run_pass(r, t->sentence, 0, n * t->n_captions, 1);
  return network_forward(&r->networks[t->sentence], said, &p, st);
}

/* ---- back ---------------------------------------------------------------- */

static void response_text_learn(const run *r, response_text *t, size_t n) {
  size_t width = t->width;
  real *d_number = t->number_tape.upstream;
  pass p = run_pass(r, t->sentence, 0, n * t->n_captions, 1);
  p.d_input = t->d_caption;
  network_backward(&r->networks[t->sentence], &t->sentence_tape, &p);
  memset(d_number, 0, t->n_numbers * width * sizeof(real));
  memset(t->named, 0, n * width * sizeof(real));
  for (size_t i = 0; i < n; ++i)
    for (size_t c = 0; c < t->n_captions; ++c) {
      const real *d = t->d_caption + caption_row(t, n, i, c) * width;
      size_t k = (size_t)t->caption[i * t->n_captions + c];
      add_values(d, width, d_number + k * width);
      if (t->names_pairs) add_values(d, width, t->named + i * width);
    }
  if (!t->names_pairs) return;
  shared_rows_learn(r, &t->drug, n, width, t->named);
  shared_rows_learn(r, &t->cell, n, width, t->named);
}

static void response_text_learn_numbers(const run *r, response_text *t) {
  pass p = response_number_pass(r, t);
  network_backward(&r->networks[t->number], &t->number_tape, &p);
}

static int response_text_same(const response_text *t, size_t i, size_t j) {
  if (t->caption[i * t->n_captions] != t->caption[j * t->n_captions]) return 0;
  return !t->names_pairs || (t->drug.slot[i] == t->drug.slot[j] &&
                             t->cell.slot[i] == t->cell.slot[j]);
}
