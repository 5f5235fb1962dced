#ifndef KITH_NN_SLOPE_H
#define KITH_NN_SLOPE_H

#include "nn/layers.h"

/* dx = dy * slope: the backward pass of all layers that leave in x the slope
 * of every element (activations, dropout). */
static void slope_backward(const pass *p, const layer *l, const layer_tape *at,
                           const real *dy, real *const dx[LAYER_INPUTS]);

#endif
