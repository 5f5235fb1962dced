/* Networks and losses on their own, and the table of what an engine can do. */

#include "nn/engine.h"

#include "nn/corrupt.h"
#include "nn/losses.h"
#include "nn/network.h"
#include "nn/rows.h"
#include "nn/run.h"

/* ---- networks ------------------------------------------------------------ */

/* Memory of a network alone: a tape, parameters and state, and for the way
 * back gradients of parameters and input. */
typedef struct {
  network net;
  tape tape;
  real *parameters, *state, *gradients, *d_input;
} lone_network;

static status_code lone_network_take(const network_plan *plan, size_t max_rows,
                                     int with_gradients, arena *a,
                                     lone_network *alone, status *st) {
  network *net = &alone->net;
  if (network_lay_out(plan, net, st)) return st->code;
  tape_take(net, max_rows, with_gradients, a, &alone->tape);
  alone->parameters = arena_take(a, net->n_parameters, sizeof(real));
  alone->state = arena_take(a, net->n_state, sizeof(real));
  if (with_gradients) {
    size_t row = row_size(net->in) * sizeof(real);
    alone->gradients = arena_take(a, net->n_parameters, sizeof(real));
    alone->d_input = arena_take(a, max_rows, row);
  }
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "a network for %zu rows does not fit into memory",
                       max_rows);
  return STATUS_OK;
}

static status_code network_size(const network_plan *plan, size_t max_rows,
                                int with_gradients, size_t *bytes,
                                layer_description *layers, status *st) {
  arena counting = {NULL, 0, 0};
  lone_network alone;
  if (lone_network_take(plan, max_rows, with_gradients, &counting, &alone, st))
    return st->code;
  *bytes = counting.used;
  for (size_t i = 0; i < plan->n_layers; ++i) {
    const layer *l = &alone.net.layers[i];
    layer_description described = {.type = l->type->name,
                                   .in = l->in[0],
                                   .out = l->out,
                                   .n_parameters = l->n_parameters,
                                   .n_state = l->n_state};
    layers[i] = described;
  }
  return STATUS_OK;
}

/* In memory that network_size() has measured, for a plan that it accepted. */
static void lone_network_in(const network_plan *plan, size_t max_rows,
                            int with_gradients, void *memory,
                            lone_network *alone) {
  status st = {STATUS_OK, ""};
  arena a = {memory, 0, 0};
  lone_network_take(plan, max_rows, with_gradients, &a, alone, &st);
}

static void to_real(const double *from, size_t n, real *to) {
  for (size_t i = 0; i < n; ++i) to[i] = C(from[i]);
}

static void from_real(const real *from, size_t n, double *to) {
  for (size_t i = 0; i < n; ++i) to[i] = (double)from[i];
}

static void network_first_values(const network_plan *plan, uint64_t key,
                                 void *memory, double *parameters,
                                 double *state) {
  lone_network alone;
  lone_network_in(plan, 1, 0, memory, &alone);
  network_initialise(&alone.net, key, 0, alone.parameters, alone.state);
  from_real(alone.parameters, alone.net.n_parameters, parameters);
  from_real(alone.state, alone.net.n_state, state);
}

static void network_encode(const network_plan *plan, size_t max_rows,
                           void *memory, const double *parameters,
                           const double *state, const double *x,
                           const int *filled, size_t n_all, size_t first,
                           size_t last, double *y, int n_threads) {
  lone_network alone;
  lone_network_in(plan, max_rows, 0, memory, &alone);
  const network *net = &alone.net;
  size_t n_in = row_size(net->in), n_out = row_size(net->out);
  status st = {STATUS_OK, ""}; /* a pass that does not train cannot fail */
  to_real(parameters, net->n_parameters, alone.parameters);
  to_real(state, net->n_state, alone.state);
  for (size_t start = first; start < last; start += max_rows) {
    size_t stop = smaller(start + max_rows, last);
    rows_from_r(x, n_all, n_in, start, stop, alone.tape.input);
    pass p = {.n_rows = stop - start,
              .n_threads = n_threads,
              .parameters = alone.parameters,
              .state = alone.state,
              .filled = filled == NULL ? NULL : filled + start};
    network_forward(net, &alone.tape, &p, &st);
    rows_to_r(alone.tape.output, n_all, n_out, start, stop, y);
  }
}

static status_code network_try(const network_plan *plan, void *memory,
                               const network_trial *trial, status *st) {
  lone_network alone;
  lone_network_in(plan, trial->n, 1, memory, &alone);
  const network *net = &alone.net;
  size_t n = trial->n, n_in = row_size(net->in), n_out = row_size(net->out);
  to_real(trial->parameters, net->n_parameters, alone.parameters);
  to_real(trial->state, net->n_state, alone.state);
  memset(alone.gradients, 0, net->n_parameters * sizeof(real));
  rows_from_r(trial->x, n, n_in, 0, n, alone.tape.input);
  pass p = {.n_rows = n,
            .n_threads = trial->n_threads,
            .training = trial->training,
            .key = trial->key,
            .network = trial->network,
            .view = trial->view,
            .step = trial->step,
            .parameters = alone.parameters,
            .gradients = alone.gradients,
            .state = alone.state,
            .d_input = alone.d_input,
            .filled = trial->filled};
  if (network_forward(net, &alone.tape, &p, st)) return st->code;
  rows_to_r(alone.tape.output, n, n_out, 0, n, trial->y);
  rows_from_r(trial->dy, n, n_out, 0, n, alone.tape.upstream);
  network_backward(net, &alone.tape, &p);
  rows_to_r(alone.d_input, n, n_in, 0, n, trial->dx);
  from_real(alone.gradients, net->n_parameters, trial->d_parameters);
  from_real(alone.state, net->n_state, trial->state);
  return STATUS_OK;
}

/* ---- losses -------------------------------------------------------------- */

static head_batch lone_loss_take(const loss_trial *trial,
                                 const head_loss *loss, arena *a) {
  size_t n = trial->n_rows, k = trial->n_columns;
  real *x = arena_take(a, n * k, sizeof(real));
  real *target = arena_take(a, n * trial->n_target_columns, sizeof(real));
  if (x != NULL) {
    rows_from_r(trial->x, n, k, 0, n, x);
    rows_from_r(trial->target, n, trial->n_target_columns, 0, n, target);
  }
  head_batch b = {.n = n,
                  .n_columns = k,
                  .n_target_columns = trial->n_target_columns,
                  .x = x,
                  .target = target,
                  .d_x = arena_take(a, n * k, sizeof(real)),
                  .option = trial->option,
                  .scratch = arena_take(a, loss->scratch(n, k), sizeof(real)),
                  .row_loss = arena_take(a, n, sizeof(double)),
                  .row_hit = trial->row_hit,
                  .n_threads = trial->n_threads};
  return b;
}

static status_code loss_size(const loss_trial *trial, size_t *bytes,
                             status *st) {
  arena counting = {NULL, 0, 0};
  const head_loss *loss = find_head_loss(trial->name);
  if (loss == NULL)
    return status_fail(st, STATUS_INTERNAL, "there is no loss \"%s\"",
                       trial->name);
  lone_loss_take(trial, loss, &counting);
  *bytes = counting.used;
  return STATUS_OK;
}

static status_code loss_try(const loss_trial *trial, void *memory,
                            double *loss, status *st) {
  arena a = {memory, 0, 0};
  const head_loss *type = find_head_loss(trial->name);
  head_batch b = lone_loss_take(trial, type, &a);
  if (type->check(&b, st)) return st->code;
  *loss = type->evaluate(&b);
  rows_to_r(b.d_x, b.n, b.n_columns, 0, b.n, trial->d_x);
  return STATUS_OK;
}

/* ---- corruption ---------------------------------------------------------- */

typedef struct {
  corruption corruption;
  real *x, *corrupted;
  int *items;
} corruption_room;

static corruption_room corruption_room_take(const corruption_trial *trial,
                                            arena *a) {
  size_t n = trial->n_rows, k = trial->n_columns;
  corruption_room room = {.x = arena_take(a, n, k * sizeof(real)),
                          .corrupted = arena_take(a, n, k * sizeof(real)),
                          .items = arena_take(a, n, sizeof(int))};
  corruption c = {.n_rows = n,
                  .n_columns = k,
                  .x = room.x,
                  .rule = (corruption_rule)trial->rule,
                  .rate = trial->rate,
                  .fixed = trial->fixed};
  room.corruption = c;
  corruption_take(&room.corruption, n, a);
  return room;
}

static status_code corrupt_size(const corruption_trial *trial, size_t *bytes,
                                status *st) {
  arena counting = {NULL, 0, 0};
  if (trial->rule < 0 || trial->rule >= N_CORRUPTIONS || trial->n_rows == 0)
    return status_fail(st, STATUS_INTERNAL, "%zu rows, rule %d", trial->n_rows,
                       trial->rule);
  corruption_room_take(trial, &counting);
  *bytes = counting.used;
  if (counting.overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "corrupted copies of %zu rows do not fit into memory",
                       trial->n_rows);
  return STATUS_OK;
}

static void corrupt(const corruption_trial *trial, void *memory) {
  arena a = {memory, 0, 0};
  size_t n = trial->n_rows, k = trial->n_columns;
  corruption_room room = corruption_room_take(trial, &a);
  rows_from_r(trial->x, n, k, 0, n, room.x);
  for (size_t i = 0; i < n; ++i) room.items[i] = (int)i;
  corruption_start(&room.corruption);
  corrupt_rows(&room.corruption, room.items, n, trial->key, trial->step,
               room.corrupted, trial->n_threads);
  rows_to_r(room.corrupted, n, k, 0, n, trial->corrupted);
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

/* ---- the table ----------------------------------------------------------- */

#ifdef KITH_SINGLE
#define PRECISION "single"
#else
#define PRECISION "double"
#endif

const engine REAL_NAME(engine) = {.precision = PRECISION,
                                  .run_size = run_size,
                                  .run_create = run_create,
                                  .run_load = run_load,
                                  .run_start = run_start,
                                  .block_length = block_length,
                                  .block_read = block_read,
                                  .block_write = block_write,
                                  .progress_read = progress_read,
                                  .progress_write = progress_write,
                                  .metrics = metrics,
                                  .set_threads = set_threads,
                                  .epoch_begin = epoch_begin,
                                  .epoch_prepare = epoch_prepare,
                                  .epoch_advance = epoch_advance,
                                  .n_items = n_items,
                                  .epoch_order = epoch_order,
                                  .batch = batch,
                                  .output_width = output_width,
                                  .output = output,
                                  .network_size = network_size,
                                  .network_initialise = network_first_values,
                                  .network_encode = network_encode,
                                  .network_try = network_try,
                                  .corrupt_size = corrupt_size,
                                  .corrupt = corrupt,
                                  .loss_size = loss_size,
                                  .loss_try = loss_try,
                                  .elementary = elementary};
