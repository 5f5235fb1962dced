/* Networks on their own, and the table of what an engine can do. */

#include "nn/engine.h"
#include "nn/layers.h"

static status_code network_size(const network_plan *plan, size_t max_rows,
                                int with_gradients, size_t *bytes,
                                size_t *n_parameters, size_t *n_out,
                                status *st) {
  arena counting = {NULL, 0, 0};
  network net;
  if (network_create(plan, max_rows, with_gradients, &counting, &net, st))
    return st->code;
  /* parameters, their gradients, and the gradient of the input */
  arena_take(&counting, net.n_parameters, sizeof(real));
  if (with_gradients) {
    arena_take(&counting, net.n_parameters, sizeof(real));
    arena_take(&counting, max_rows * plan->n_in, sizeof(real));
  }
  *bytes = counting.used;
  *n_parameters = net.n_parameters;
  *n_out = net.n_out;
  return STATUS_OK;
}

/* A network whose sizes network_size() has checked. */
static network network_in(const network_plan *plan, size_t max_rows,
                          int with_gradients, arena *a) {
  status st = {STATUS_OK, ""};
  network net;
  network_create(plan, max_rows, with_gradients, a, &net, &st);
  return net;
}

static void network_initialise_double(const network_plan *plan, uint64_t key,
                                      void *memory, double *parameters) {
  arena a = {memory, 0, 0};
  network net = network_in(plan, 1, 0, &a);
  real *values = arena_take(&a, net.n_parameters, sizeof(real));
  network_initialise(&net, key, values);
  for (size_t i = 0; i < net.n_parameters; ++i)
    parameters[i] = (double)values[i];
}

/* Rows first .. last - 1 of from (n_all x n_columns, column-major) as
 * row-major reals, and back. */
static void rows_from_r(const double *from, size_t n_all, size_t n_columns,
                        size_t first, size_t last, real *to) {
  for (size_t i = first; i < last; ++i)
    for (size_t j = 0; j < n_columns; ++j)
      to[(i - first) * n_columns + j] = C(from[j * n_all + i]);
}

static void rows_to_r(const real *from, size_t n_all, size_t n_columns,
                      size_t first, size_t last, double *to) {
  for (size_t i = first; i < last; ++i)
    for (size_t j = 0; j < n_columns; ++j)
      to[j * n_all + i] = (double)from[(i - first) * n_columns + j];
}

static void network_encode(const network_plan *plan, size_t max_rows,
                           void *memory, const double *parameters,
                           const double *x, size_t n_all, size_t first,
                           size_t last, double *y, int n_threads) {
  arena a = {memory, 0, 0};
  network net = network_in(plan, max_rows, 0, &a);
  real *values = arena_take(&a, net.n_parameters, sizeof(real));
  for (size_t i = 0; i < net.n_parameters; ++i) values[i] = C(parameters[i]);
  for (size_t start = first; start < last; start += max_rows) {
    size_t stop = smaller(start + max_rows, last);
    rows_from_r(x, n_all, net.n_in, start, stop, net.input);
    pass p = {stop - start, n_threads, 0, 0, 0, values, NULL, NULL, 0, NULL};
    network_forward(&net, &p);
    rows_to_r(net.output, n_all, net.n_out, start, stop, y);
  }
}

static void network_gradients(const network_plan *plan, size_t n, void *memory,
                              uint64_t key, int training,
                              const double *parameters, const double *x,
                              const double *dy, double *y, double *dx,
                              double *d_parameters, int n_threads) {
  arena a = {memory, 0, 0};
  network net = network_in(plan, n, 1, &a);
  real *values = arena_take(&a, net.n_parameters, sizeof(real));
  real *gradients = arena_take(&a, net.n_parameters, sizeof(real));
  real *d_input = arena_take(&a, n * net.n_in, sizeof(real));
  for (size_t i = 0; i < net.n_parameters; ++i) values[i] = C(parameters[i]);
  rows_from_r(x, n, net.n_in, 0, n, net.input);
  pass p = {n,      n_threads, training, key, 0,
            values, gradients, NULL,     0,   d_input};
  network_forward(&net, &p);
  rows_to_r(net.output, n, net.n_out, 0, n, y);
  rows_from_r(dy, n, net.n_out, 0, n, net.upstream);
  network_backward(&net, &p);
  rows_to_r(d_input, n, net.n_in, 0, n, dx);
  for (size_t i = 0; i < net.n_parameters; ++i)
    d_parameters[i] = (double)gradients[i];
}

static void elementary(const double *x, size_t n, double *exponential,
                       double *distribution, double *density) {
  for (size_t i = 0; i < n; ++i) {
    real at = C(x[i]), phi, bell;
    normal_distribution(at, &phi, &bell);
    exponential[i] = (double)real_exp(at);
    distribution[i] = (double)phi;
    density[i] = (double)bell;
  }
}

#ifdef KITH_SINGLE
#define PRECISION "single"
#else
#define PRECISION "double"
#endif

const engine REAL_NAME(engine) = {PRECISION,      trainer_size,
                                  trainer_create, trainer_initialise,
                                  trainer_shape,  block_length,
                                  block_read,     block_write,
                                  progress_read,  progress_write,
                                  set_threads,    epoch_begin,
                                  epoch_advance,  batch_gradient,
                                  batch_step,     n_items,
                                  epoch_order,    trainer_encode,
                                  network_size,   network_initialise_double,
                                  network_encode, network_gradients,
                                  elementary};
