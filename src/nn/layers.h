#ifndef KITH_NN_LAYERS_H
#define KITH_NN_LAYERS_H

#include "base/rng.h"
#include "base/status.h"
#include "nn/plan.h"
#include "nn/real.h"

/* A layer maps x (n_rows x n_in) to y (n_rows x n_out), both row-major.
 *
 * forward may replace x by whatever its own backward pass needs (the
 * normalised rows, the slope of an activation): no layer needs its output in
 * backward, so one buffer per layer is enough. backward finds x as forward
 * left it, turns dy into dx (one buffer, unless the layer changes the width)
 * and writes, not adds, the gradients of its parameters. */

typedef struct layer layer;

/* What holds for one pass through a network. */
typedef struct {
  size_t n_rows;
  int n_threads;
  int training;           /* dropout is on */
  uint64_t key;           /* of the random draws, with ... */
  uint32_t step;          /* ... the number of the step */
  const real *parameters; /* of the whole network */
  real *gradients;        /* likewise; NULL in a forward pass */
  const real *input;      /* what went into the network, n_rows x n_in */
  int want_dx;            /* is the gradient of the layer's input needed? */
  real *d_input;          /* gradient of `input`, or NULL */
} pass;

typedef struct {
  const char *name;
  int changes_width; /* n_out may differ from n_in; dx needs its own buffer */
  size_t (*count_parameters)(const layer *l);
  /* values per row that backward needs beside x */
  size_t n_row_state;
  void (*initialise)(const layer *l, rng *r, real *parameters);
  void (*forward)(const pass *p, const layer *l, real *x, real *y);
  void (*backward)(const pass *p, const layer *l, const real *x,
                   const real *dy, real *dx);
} layer_type;

struct layer {
  const layer_type *type;
  int index; /* place in the network */
  size_t n_in, n_out;
  double option; /* dropout rate, slope of leaky ReLU */
  size_t first_parameter, n_parameters;
  real *x;         /* max_rows x n_in: the input, see above */
  real *row_state; /* max_rows x type->n_row_state */
};

/* NULL if there is no layer of that name. */
static const layer_type *find_layer_type(const char *name);

#endif
