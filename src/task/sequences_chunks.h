#ifndef KITH_TASK_SEQUENCES_CHUNKS_H
#define KITH_TASK_SEQUENCES_CHUNKS_H

#include "task/sequences_sets.h"

/* Rows of different lengths on their way through an encoder, in bounded memory.
 *
 * A row is padded to the smallest of a list of lengths, its bucket: powers of
 * two and one and a half times them, multiples of 16 from option `shortest` up
 * to the positions of the plan's encoder, which are the longest. Each bucket
 * has the encoder's layers over so many positions, and the same parameters; so
 * positions must become one vector before anything that has parameters for each
 * of them, which is checked.
 *
 * Rows of a bucket run in chunks of at most `most_positions` positions (and at
 * least one row). Only one chunk is in memory at a time: all tapes share one
 * region. The way back runs each chunk forward once more, as its activations
 * are gone by then. So batch normalisation within the encoder sees a chunk, not
 * the batch, and running statistics move once for each chunk, in the second
 * pass alone.
 *
 * Option `masked`: layers are given the number of positions that hold data
 * (`filled` in nn/layers.h). */

#define MAX_BUCKETS 64

/* Rows order[first] .. order[first + n_rows - 1], all of one bucket. */
typedef struct {
  size_t bucket, first, n_rows;
} sequence_chunk;

typedef struct {
  size_t encoder; /* number of the network */
  size_t max_rows, n_in, n_out;
  size_t n_buckets, positions[MAX_BUCKETS], most_rows[MAX_BUCKETS];
  network *networks; /* of each bucket */
  tape *tapes;
  int masked;
  /* of the rows that were handed over last */
  sequence_row *rows;
  size_t n_rows, n_chunks;
  int *bucket, *order; /* of each row; rows by bucket */
  sequence_chunk *chunks;
  int *filled;     /* of the rows of a chunk */
  real *encoded;   /* max_rows x n_out */
  real *d_encoded; /* likewise */
  real *state;     /* of the encoder, as it was before the first pass */
} sequence_chunks;

/* Room for max_rows rows; c->rows is filled by the task. */
static void sequence_chunks_lay_out(const training_plan *plan, const run *r,
                                    size_t encoder, size_t max_rows, arena *a,
                                    sequence_chunks *c, status *st);
/* Cuts the n rows in c->rows into chunks. */
static void sequence_chunks_cut(sequence_chunks *c, size_t n);
/* One chunk forward, as views are (with masks and, in layers, draws) or, with
 * training 0, as they are; its rows come out in the order of the chunk. */
static const real *sequence_chunk_encode(const run *r, sequence_chunks *c,
                                         const sequence_sets *s, size_t number,
                                         int training, status *st);
/* The gradient of these outputs is to be written here ... */
static real *sequence_chunk_upstream(const sequence_chunks *c, size_t number);
/* ... before those of the encoder's parameters are added. Follows
 * sequence_chunk_encode() of this chunk with training. */
static void sequence_chunk_learn(const run *r, sequence_chunks *c,
                                 size_t number);
/* All rows to c->encoded. */
static status_code sequence_chunks_encode(const run *r, sequence_chunks *c,
                                          const sequence_sets *s, int training,
                                          status *st);
/* Adds the gradients of the encoder's parameters, from c->d_encoded. Follows
 * sequence_chunks_encode() with training. */
static status_code sequence_chunks_learn(const run *r, sequence_chunks *c,
                                         const sequence_sets *s, status *st);
/* Encodings of n whole sequences: output() of a task. */
static status_code sequence_chunks_output(const run *r, sequence_chunks *c,
                                          const sequence_sets *s,
                                          const int *rows, size_t n,
                                          double *out, status *st);
/* The pass of a chunk's rows through a network. Chunks of a step draw what
 * layers draw (dropout) under keys of their own. */
static pass chunk_pass(const run *r, size_t network, size_t number,
                       size_t n_rows, int training);

#endif
