#ifndef KITH_GLUE_PLAN_H
#define KITH_GLUE_PLAN_H

#include "glue/check.h"
#include "nn/engine.h"

/* R's descriptions of networks and runs as the engines want them. Names
 * point into the R objects, arrays come from scratch memory. */

/* list(n_in = , type = , n_out = , option = ), a place for each layer */
network_plan get_network_plan(SEXP network);

/* list(network = , objective = , optimizer = , batch_size = , key = ) */
training_plan get_training_plan(SEXP plan, size_t n_genes, size_t n_pairs);

/* "single" or "double" */
const engine *get_engine(SEXP precision);

#endif
