#ifndef KITH_GLUE_PLAN_H
#define KITH_GLUE_PLAN_H

#include "glue/check.h"
#include "nn/engine.h"

/* R's descriptions of networks and runs as the engines want them. Names
 * point into the R objects, arrays come from scratch memory. */

/* list(positions = , channels = , type = , n_out = , from = , option = ), a
 * place for each layer in type and n_out, a row for each in the matrices from
 * and option */
network_plan get_network_plan(SEXP network, const char *name);

/* list(task = , objective = , networks = , groups = , options = ,
 * optimizer = , batch_size = , key = ); arrays: named list of c(rows,
 * columns) */
training_plan get_training_plan(SEXP plan, SEXP arrays);

/* "single" or "double" */
const engine *get_engine(SEXP precision);

#endif
