#ifndef KITH_NN_PENALTY_H
#define KITH_NN_PENALTY_H

#include "nn/network.h"

/* Penalties on parameters that the optimiser's decay does not know. */

/* Power iteration has converged long before, but for two singular values that
 * are nearly the same: then either vector is a gradient. */
#define PENALTY_MAX_STEPS 10000

/* Doubles that induced_penalty() needs as room. */
static size_t induced_scratch(const network *net);

/* The value of the penalty of induced norms (penalty_induced.c) on all linear
 * layers of a network; adds its gradient. */
static double induced_penalty(const network *net, const real *parameters,
                              double rate_1, double rate_2, real *gradients,
                              double *scratch);

#endif
