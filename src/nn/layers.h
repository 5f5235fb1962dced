#ifndef KITH_NN_LAYERS_H
#define KITH_NN_LAYERS_H

#include "base/rng.h"
#include "base/status.h"
#include "nn/plan.h"
#include "nn/real.h"

/* A layer maps one or two values (rows x positions x channels, row-major) to
 * one. To most layers a position is a row of its own.
 *
 * forward may replace its inputs by whatever its own backward needs (the
 * normalised rows, the slope of an activation): each layer has a copy of its
 * own. backward finds them as forward left them, turns the gradient dy of the
 * output into the gradients dx of the inputs, and adds the gradients of its
 * parameters to those that are there. */

typedef struct layer layer;

/* What holds for one run of rows through a network. */
typedef struct {
  size_t n_rows;
  int n_threads;
  int training;           /* dropout is on, batch statistics are taken */
  uint64_t key;           /* of the random draws, with ... */
  uint32_t network, view; /* ... the names of the stream, and ... */
  uint32_t step;          /* ... the number of the step */
  const real *parameters; /* of the whole network */
  real *gradients;        /* likewise, added to by the backward pass */
  real *state;            /* likewise: numbers that are not learned */
  real *d_input;          /* where the input's gradient goes, or NULL */
  const int *filled; /* positions of each row of the input that hold data, from
                        the first; NULL: all */
} pass;

/* The part of a tape that belongs to one layer. */
typedef struct {
  real *x[LAYER_INPUTS]; /* the inputs, see above */
  real *row_state;       /* type->n_row_state values for each position */
  real *channel_state;   /* type->n_channel_state values for each channel */
  real *scratch;         /* l->n_scratch values that no pass leaves behind;
                            all layers of a tape share them */
} layer_tape;

typedef struct {
  const char *name;
  int n_inputs;
  int own_dx;         /* dx needs memory of its own; else it takes dy's */
  size_t n_row_state; /* values per position that backward needs beside x */
  size_t n_channel_state; /* likewise, per channel */
  size_t fewest_rows;     /* counted_rows() of a training pass */
  /* Sets the layer's output shape and its counts of parameters (of offsets
   * among them), state and scratch, from its inputs' shapes and the number of channels that are asked
   * for (0: whatever fits). */
  status_code (*lay_out)(layer *l, size_t n_out, status *st);
  /* First parameters and state; NULL where a layer has neither. */
  void (*initialise)(const layer *l, rng *r, real *parameters, real *state);
  void (*forward)(const pass *p, const layer *l, const layer_tape *at,
                  real *y);
  /* dx[i] is NULL where the gradient of input i is not needed. */
  void (*backward)(const pass *p, const layer *l, const layer_tape *at,
                   const real *dy, real *const dx[LAYER_INPUTS]);
} layer_type;

struct layer {
  const layer_type *type;
  int index; /* place in the network, from 0 */
  row_shape in[LAYER_INPUTS], out;
  int from[LAYER_INPUTS]; /* values that go in, see nn/plan.h; -1: none */
  double option[LAYER_OPTIONS];
  /* The parameters are one array, or two: the last n_offsets are a bias or
   * shift, the others weights or scales. */
  size_t first_parameter, n_parameters, n_offsets;
  size_t first_state, n_state;
  size_t n_scratch; /* values to work with, however many rows there are */
  /* Positions of the network's input that one of in[0], and one of out,
   * stands for: the product of the windows of the pools before it. */
  size_t stride, out_stride;
  int masked; /* what lies beyond the filled positions does not count */
};

/* Rows as a layer sees them: those of the pass times the positions. */
static inline size_t layer_rows(const pass *p, const layer *l) {
  return p->n_rows * l->in[0].positions;
}

/* The positions that count in a row of the layer's first input: for a masked
 * layer those that hold at least one filled position of the network's input,
 * filled / stride rounded up, but no more than there are (a pool that rounds
 * down may have dropped the last); otherwise all. */
static inline size_t filled_positions(const pass *p, const layer *l,
                                      size_t row) {
  size_t all = l->in[0].positions;
  if (!l->masked || p->filled == NULL) return all;
  return smaller(((size_t)p->filled[row] + l->stride - 1) / l->stride, all);
}

/* Their sum over the rows of the pass. */
static inline size_t counted_rows(const pass *p, const layer *l) {
  if (!l->masked || p->filled == NULL) return layer_rows(p, l);
  size_t total = 0;
  for (size_t row = 0; row < p->n_rows; ++row)
    total += filled_positions(p, l, row);
  return total;
}

/* lay_out of layers whose output has the shape of their first input. */
static status_code keep_shape(layer *l, size_t n_out, status *st);
/* The same for layers with two inputs, which must be of one shape. */
static status_code keep_pair_shape(layer *l, size_t n_out, status *st);

/* One position, of the channels of the first input; option 1 for masked. */
static status_code reduce_positions_lay_out(layer *l, size_t n_out,
                                            status *st);

/* One file for each; the table that finds them by name is in network.c. */
static const layer_type linear_layer, layernorm_layer, batchnorm_layer,
    gelu_layer, relu_layer, dropout_layer, normalize_layer, blend_layer,
    add_layer, concat_layer, conv_layer, pool_layer, max_positions_layer,
    mean_positions_layer, mask_positions_layer, flatten_layer,
    fold_positions_layer, words_layer, embed_layer, attention_layer,
    last_position_layer, quickgelu_layer;

#endif
