#ifndef KITH_NN_NETWORK_H
#define KITH_NN_NETWORK_H

#include "base/arena.h"
#include "nn/layers.h"

/* The structure of a network alone: no parameters, no activations. Layers stand
 * in the order in which they run; each takes values that came before it. */
typedef struct {
  size_t n_layers;
  layer layers[MAX_LAYERS];
  row_shape in, out;
  /* Layers that take a value, of which the first ... */
  int n_uses[MAX_LAYERS + 1], first_use[MAX_LAYERS + 1];
  /* ... is the next layer and the only one: its gradient stays in place. */
  int is_chain[MAX_LAYERS + 1];
  size_t n_parameters, n_state;
  size_t first_parameter, first_state; /* in the store of a run */
} network;

/* What one pass of at most max_rows rows leaves behind for its way back. A
 * network that runs several times in a step has a tape for each time. */
typedef struct {
  size_t max_rows;
  layer_tape layers[MAX_LAYERS];
  real *input;    /* max_rows x in: where the rows go in; not kept */
  real *output;   /* max_rows x out */
  real *upstream; /* max_rows x widest: the gradient of the output goes in */
  real *spare;    /* likewise: the other buffer on the way back */
  real *second;   /* likewise, where a layer has two inputs */
  /* Sums of the gradients of values that are no link of the chain. */
  real *d_value[MAX_LAYERS + 1];
} tape;

static status_code network_lay_out(const network_plan *plan, network *net,
                                   status *st);

/* First parameters (and state) of all layers, from one stream. */
static void network_initialise(const network *net, uint64_t key,
                               uint32_t number, real *parameters, real *state);

/* Takes the memory of a tape; for encoding alone with_gradients is 0. */
static void tape_take(const network *net, size_t max_rows, int with_gradients,
                      arena *a, tape *t);

/* t->input (p->n_rows rows) to t->output. */
static status_code network_forward(const network *net, tape *t, const pass *p,
                                   status *st);

/* The gradient of the output, in t->upstream, to p->gradients (added) and,
 * where p->d_input is given, to the gradient of the input (written). Needs the
 * forward pass of the same rows before it. */
static void network_backward(const network *net, tape *t, const pass *p);

#endif
