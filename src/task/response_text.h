#ifndef KITH_TASK_RESPONSE_TEXT_H
#define KITH_TASK_RESPONSE_TEXT_H

#include "nn/losses.h"
#include "task/response_rows.h"

/* Captions of pairs: what a drug is, what a cell is, and the response as one of
 * n_numbers numbers in words. The caption of drug text a, cell text b and
 * number k is
 *
 *     t = sentence(drug_text(a) + cell_text(b) + number(k)),
 *
 * where the sum stands for a linear layer of the three side by side.
 *
 * Arrays: `numbers` (n_numbers x values) and of each pair `number` (from 0);
 * and, unless captions hold the number alone, `drug_words` and `cell_words`
 * (distinct texts x values), and `drug_text`, `cell_text`: which of these each
 * drug, or cell, has. Networks: "number", "sentence", "drug_text",
 * "cell_text". Texts that are sequences of tokens have their lengths in
 * `number_filled`, `drug_filled`, `cell_filled`.
 *
 * Option `n_hard`: so many further captions of each pair, with other numbers.
 * Half of them (rounded up) are `near_least` to `near_most` numbers away, the
 * others farther. */

typedef struct {
  int names_pairs; /* do captions hold drug and cell? */
  size_t n_numbers, n_values, width, n_out;
  size_t n_hard, n_captions; /* 1 + n_hard, of each pair */
  size_t near_least, near_most;
  shared_rows drug, cell;
  size_t n_drugs, n_cells;
  int *drug_text, *cell_text; /* of each drug, and cell */
  size_t number, sentence;    /* numbers of the networks */
  real *numbers;
  int *number_filled; /* or NULL */
  tape number_tape, sentence_tape;
  int *number_of;  /* of each pair */
  int *caption;    /* batch x n_captions: numbers, the own one first */
  int *rows;       /* of the batch: texts */
  real *named;     /* batch x width: drug_text + cell_text, their gradient */
  real *d_caption; /* batch n_captions x width */
} response_text;

static void response_text_lay_out(const training_plan *plan, const run *r,
                                  const response_rows *pairs, arena *a,
                                  response_text *t, status *st);
/* One of the arrays above; returns 0 where the block is of another. */
static int response_text_load(const response_text *t, const array_block *block,
                              status *st);
static void response_text_start(const response_text *t);

/* Numbers and texts of a batch: what its captions are made of. */
static status_code response_text_prepare(const run *r, response_text *t,
                                         const response_rows *pairs,
                                         const batch_choice *choice,
                                         status *st);
/* Captions of the n pairs with the middle number in place of their own, without
 * training, in sentence_tape.output. */
static status_code response_text_without_number(const run *r, response_text *t,
                                                size_t n, status *st);
/* All captions: those of the n pairs, then the further ones of pair 0, of pair
 * 1, ..., in sentence_tape.output. */
static status_code response_text_forward(const run *r, response_text *t,
                                         size_t n, status *st);
/* The way back from sentence_tape.upstream to number_tape.upstream (written)
 * and through the texts' networks. */
static void response_text_learn(const run *r, response_text *t, size_t n);
/* The rest of it: from number_tape.upstream. */
static void response_text_learn_numbers(const run *r, response_text *t);

/* Do pairs i and j of the batch have one caption? */
static int response_text_same(const response_text *t, size_t i, size_t j);

#endif
